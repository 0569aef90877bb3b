#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# What is installed works for somebody who has nothing else of the project: install.sh BUILD
set -euo pipefail
build=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d -p "$build") # not in /tmp: on some machines no program may run from there
manifest="$build/install_manifest.txt" # tells what was installed before, by root, say: it stays
[ ! -e "$manifest" ] || mv "$manifest" "$work/manifest"
trap 'rm -f "$manifest"; [ ! -e "$work/manifest" ] || mv "$work/manifest" "$manifest"; rm -rf "$work"' EXIT
prefix="$work/moved"

echo "Not built yet"
parts=(TESTS EXAMPLES APPS PYTHON TRAINER)
parts=("${parts[@]/#/-DSANPRIVACY_BUILD_}")
cmake -S "$here/.." -B "$work/empty" "${parts[@]/%/=OFF}" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
! cmake --install "$work/empty" --prefix "$work/nothing" >"$work/log" 2>&1 ||
    { echo "what is not built was installed"; exit 1; }
tr -s '[:space:]' ' ' <"$work/log" | grep -q "is not built yet" && [ ! -e "$work/nothing" ] || { cat "$work/log"; exit 1; }

cmake --install "$build" --prefix "$work/installed" >/dev/null
mv "$work/installed" "$prefix"
library=$(dirname "$(find "$prefix" -name libopencv_sanprivacy.so)")
photo="$work/photo.jpg"
test -s "$prefix/share/doc/sanprivacy/LICENSE"
cp "$here/../data/portraits/woman-fair-hair.jpg" "$photo"

echo "CMake"
cmake -S "$here/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
cmake --build "$work/consumer" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$work/consumer/consumer" "$photo" "$work/result.png"
test -s "$work/result.png"

echo "pkg-config"
if command -v pkg-config >/dev/null; then
    flags=$(PKG_CONFIG_PATH="$library/pkgconfig" pkg-config --cflags --libs opencv_sanprivacy)
    # shellcheck disable=SC2086 # a list of flags
    c++ -std=c++11 "$here/consumer/main.cpp" -o "$work/by-pkg-config" $flags -Wl,-rpath,"$library"
    "$work/by-pkg-config" "$photo" "$work/result2.png"
    cmp "$work/result.png" "$work/result2.png"
fi

echo "Command line"
if [ -e "$prefix/bin/sanprivacy" ]; then
    "$prefix/bin/sanprivacy" perturb "$photo" -o "$work/out" >/dev/null
    test -s "$work/out/photo.jpg"
fi

echo "Python"
package=$(find "$prefix" -type d -path '*dist-packages')
if [ -n "$package" ]; then
    PYTHONPATH="$package" /usr/bin/python3 - "$photo" "$work/result.png" <<'END'
import sys
import cv2
photo = cv2.imread(sys.argv[1])
faces = cv2.sanprivacy.FaceDetector.create().detect(photo)
result = cv2.sanprivacy.Perturber.create().perturbFaces(photo, faces)
assert (result == cv2.imread(sys.argv[2])).all(), "Python and C++ differ"
END
fi

echo "Networks"
echo broken >"$(find "$prefix" -name residual.onnx)" # if this goes unnoticed, others than the installed ones were used
if ("$work/consumer/consumer" "$photo" "$work/result3.png") 2>/dev/null; then
    echo "the installed networks are not those that are used" >&2
    exit 1
fi
