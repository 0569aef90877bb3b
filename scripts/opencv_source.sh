#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Fetches a source of OpenCV and prints its folder: opencv_source.sh [VERSION]
#   debian       that of the installed OpenCV, whose generator makes the Python bindings (default): the source package from
#                the machine's own package sources, or else the same version from the Python package index
#   4.x, 5.x     the newest of these that the Python package index has when it is first asked for (opencv-contrib-python)
#   4.14.0 etc.  this one, from there
# It is kept in $OPENCV_SOURCES (default: build/opencv-source), 130 MB for Debian's, 500 MB for each of the others, and not
# fetched again. apt and pip work with the settings, mirrors and proxies that they have.
# $PYTHON (default: /usr/bin/python3) is the Python whose pip asks the index, in a virtual environment of its own.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
sources=$(realpath -m "${OPENCV_SOURCES:-$repository/build/opencv-source}")
wanted=${1:-debian}
mkdir -p "$sources"
log=$(mktemp)
trap 'rm -rf "$log" "$sources/unpacked" "$sources/apt" "$sources/download"' EXIT

# What a tool said last, for a failure that it caused.
tail_of_log() { sed 's/^/    /' "$log" | tail -n 12; }

# The entries of the distribution in apt's own settings, as entries of source packages, in the folder $1
source_entries() {
    local distribution files file
    distribution=$(. /etc/os-release && echo "${ID^}")
    # shellcheck disable=SC2016 # apt's variable
    files=$(apt-get indextargets --format '$(SOURCESENTRY)' 'Created-By: Packages' "Origin: $distribution" | sed 's/:[0-9]*$//' | sort -u)
    for file in ${files:-/etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources}; do
        [ ! -f "$file" ] || sed -E 's/^deb(-src)?([[:space:]])/deb-src\2/; s/^Types:.*/Types: deb-src/' "$file" >"$1/$(basename "$file")"
    done
}

# A package list of its own, since few machines have one of source packages, and nobody but root writes to theirs.
apt_source() {
    local apt=(apt-get -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$sources/apt/entries"
               -o Dir::State::Lists="$sources/apt/lists" -o Dir::Cache="$sources/apt/cache" -qq)
    rm -rf "$sources/unpacked" "$sources/apt"
    mkdir -p "$sources/unpacked" "$sources"/apt/{entries,lists/partial,cache/archives/partial}
    source_entries "$sources/apt/entries"
    "${apt[@]}" update || true # one entry without source packages does not matter
    cd "$sources/unpacked" && "${apt[@]}" source "opencv=$1" && mv "$sources"/unpacked/opencv-*/ "$2"
}

from_debian() {
    local version release
    version=$(dpkg-query -W -f='${source:Version}' libopencv-dev 2>/dev/null) ||
        { echo "opencv_source.sh: no OpenCV is installed here (package libopencv-dev)" >&2; exit 1; }
    release=${version%%+*}
    source="$sources/opencv-$release"
    [ ! -e "$source/.complete" ] || return 0
    rm -rf "$source"
    if (apt_source "$version" "$source") >"$log" 2>&1; then
        touch "$source/.complete"
    else
        echo "opencv_source.sh: no source package of OpenCV $version; the Python package index is asked instead. apt said:" >&2
        tail_of_log >&2
        from_package_index "$release"
        ln -sfn "$release/opencv" "$sources/opencv-$release"
        source="$sources/opencv-$release"
    fi
}

# pip prepares the metadata of what it downloads, for which OpenCV's set-up needs scikit-build; nothing is compiled.
pip_download() {
    rm -rf "$sources/download"
    mkdir "$sources/download"
    "${PYTHON:-/usr/bin/python3}" -m venv "$sources/download/venv" &&
        "$sources/download/venv/bin/pip" install --quiet setuptools scikit-build &&
        "$sources/download/venv/bin/pip" download --no-deps --no-binary opencv-contrib-python --no-build-isolation --progress-bar off \
            --dest "$sources/download" "opencv-contrib-python==$1.*"
}

from_package_index() {
    local archive folder
    if [ -e "$sources/$1/opencv/.complete" ]; then # a link to the folder of the release
        source="$sources/$(readlink "$sources/$1")/opencv"
        return 0
    fi
    if ! pip_download "${1%.x}" >"$log" 2>&1; then
        echo "opencv_source.sh: no source distribution of opencv-contrib-python $1; pip said:" >&2
        tail_of_log >&2
        exit 1
    fi
    archive=$(find "$sources/download" -maxdepth 1 -name 'opencv*.tar.gz')
    folder="opencv_contrib_python-$(basename "${archive##*python-}" .tar.gz)"
    if [ ! -e "$sources/$folder/opencv/.complete" ]; then
        rm -rf "${sources:?}/$folder"
        mkdir "$sources/$folder"
        tar -xzf "$archive" -C "$sources/$folder" --strip-components=1
        touch "$sources/$folder/opencv/.complete"
    fi
    ln -sfn "$folder" "$sources/$1"
    source="$sources/$folder/opencv"
}

case "$wanted" in
debian) from_debian ;;
[4-9].*) from_package_index "$wanted" ;;
*) echo "opencv_source.sh: '$wanted' is not debian, 4.x, 5.x or the number of a release" >&2; exit 2 ;;
esac
echo "$source"
