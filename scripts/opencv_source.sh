#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Fetches a source of OpenCV with its contrib modules and prints the folder: opencv_source.sh [VERSION]
#   debian       that of the installed OpenCV, whose generator makes the Python bindings (default)
#   4.x, 5.x     the newest of these that the Python package index has (opencv-contrib-python)
#   4.14.0 etc.  this one, from there
# It is kept in $OPENCV_SOURCES (default: build/opencv-source), 130 MB for Debian's, 500 MB for each of the others.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
sources=$(realpath -m "${OPENCV_SOURCES:-$repository/build/opencv-source}")
wanted=${1:-debian}

from_debian() {
    version=$(dpkg-query -W -f='${source:Version}' libopencv-dev)
    source="$sources/opencv-${version%%+*}"
    [ ! -e "$source/.complete" ] || return 0
    # A package list of its own, since few machines have one of source packages.
    mkdir -p "$sources/apt/lists/partial"
    . /etc/os-release
    echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main" >"$sources/apt/sources.list"
    apt=(apt-get -qq -o Dir::Etc::SourceList="$sources/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
         -o Dir::State::Lists="$sources/apt/lists")
    "${apt[@]}" update >&2
    rm -rf "$sources/unpacked"
    mkdir "$sources/unpacked"
    (cd "$sources/unpacked" && "${apt[@]}" source "opencv=$version" >/dev/null 2>&1)
    mv "$sources"/unpacked/opencv-*/ "$source"
    rm -r "$sources/unpacked"
    touch "$source/.complete"
}

from_package_index() {
    read -r release url sha256 < <(/usr/bin/python3 - "$wanted" <<'PYTHON'
import json, re, sys, urllib.parse, urllib.request

index = "https://pypi.org/simple/opencv-contrib-python/"
request = urllib.request.Request(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
files = json.load(urllib.request.urlopen(request))["files"]
prefix = [int(part) for part in sys.argv[1].replace(".x", "").split(".")]
found = []
for file in files:
    name = re.fullmatch(r"opencv[-_]contrib[-_]python-([0-9.]+)\.tar\.gz", file["filename"])
    release = [int(part) for part in name[1].split(".")] if name else []
    if release and release[:len(prefix)] == prefix:
        found.append((release, name[1], urllib.parse.urljoin(index, file["url"]), file["hashes"]["sha256"]))
if not found:
    sys.exit("opencv_source.sh: the package index has no source of OpenCV " + sys.argv[1])
print(*max(found)[1:])
PYTHON
    ) || exit 1
    source="$sources/opencv_contrib_python-$release/opencv"
    [ ! -e "$source/.complete" ] || return 0
    mkdir -p "$sources"
    curl -fsSL "$url" -o "$sources/$release.tar.gz"
    echo "$sha256  $sources/$release.tar.gz" | sha256sum --check --quiet >&2
    tar -xzf "$sources/$release.tar.gz" -C "$sources" "opencv_contrib_python-$release/opencv" "opencv_contrib_python-$release/opencv_contrib"
    rm "$sources/$release.tar.gz"
    touch "$source/.complete"
}

case "$wanted" in
debian) from_debian ;;
[4-9].*) from_package_index ;;
*) echo "opencv_source.sh: '$wanted' is not debian, 4.x, 5.x or the number of a release" >&2; exit 2 ;;
esac
echo "$source"
