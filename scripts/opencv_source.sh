#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Fetches Debian's source of the installed OpenCV, whose generator makes the Python bindings, and prints its folder:
#   opencv_source.sh [FOLDER]
# FOLDER (default: build/opencv-source) receives about 130 MB the first time.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(realpath -m "${1:-$repository/build/opencv-source}")
version=$(dpkg-query -W -f='${source:Version}' libopencv-dev)
source="$work/opencv-${version%%+*}"
if [ ! -e "$source/.complete" ]; then
    # A package list of its own, since few machines have one of source packages.
    mkdir -p "$work/apt/lists/partial"
    . /etc/os-release
    echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main" >"$work/apt/sources.list"
    apt=(apt-get -qq -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
         -o Dir::State::Lists="$work/apt/lists")
    "${apt[@]}" update >&2
    (cd "$work" && "${apt[@]}" source "opencv=$version" >/dev/null 2>&1)
    found=$(find "$work" -mindepth 1 -maxdepth 1 -type d -name 'opencv-*' | head -n 1)
    [ "$found" = "$source" ] || mv "$found" "$source"
    rm -f "$work"/opencv_*
    touch "$source/.complete"
fi
echo "$source"
