#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Builds the module inside OpenCV's own source tree, as an extra module, and runs its tests there, on opencv_ts and in the real cv2:
#   build_in_opencv.sh [VERSION [CMAKE OPTION...]]
# VERSION is what opencv_source.sh takes: debian (default), 4.x, 5.x, or the number of a release.
# $IN_OPENCV (default: build/in-opencv) receives about 1 GB for each version; JOBS=n sets the number of parallel jobs.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
version=${1:-debian}
jobs=${JOBS:-$(nproc)}
build=$(realpath -m "${IN_OPENCV:-$root/build/in-opencv}/$version")
"$root/scripts/setup.sh" in-opencv
source=$("$root/scripts/opencv_source.sh" "$version")
mkdir -p "$build"
. "$root/scripts/compiler_cache.sh"

modules="$root/modules"
[ ! -d "$source/../opencv_contrib" ] || modules+=";$(realpath "$source/../opencv_contrib/modules")"
# The rest of the list is there for these: ts wants videoio and highgui; since 5, xobjdetect has the cascades.
list=core,imgproc,imgcodecs,video,videoio,highgui,dnn,objdetect,xobjdetect,cudev,python3,ts,sanprivacy

off=(BUILD_EXAMPLES BUILD_JAVA BUILD_opencv_apps BUILD_opencv_python2 BUILD_PROTOBUF BUILD_ZLIB BUILD_JPEG BUILD_PNG)
for library in 1394 ADE AVIF CLP EIGEN FFMPEG FLATBUFFERS GDAL GDCM GPHOTO2 GSTREAMER GTK IPP ITT JASPER KLEIDICV LAPACK OBSENSOR \
               OPENCL OPENEXR OPENGL OPENJPEG QUIRC TBB TIFF V4L VA VTK WEBP; do
    off+=("WITH_$library")
done
off=("${off[@]/#/-D}")
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER_LAUNCHER="$compiler_cache" -DCMAKE_CXX_COMPILER_LAUNCHER="$compiler_cache" \
    -DOPENCV_EXTRA_MODULES_PATH="$modules" -DBUILD_LIST=$list -DBUILD_TESTS=ON -DBUILD_PERF_TESTS=ON \
    -DPROTOBUF_UPDATE_FILES=ON -DOPENCV_DOWNLOAD_TRIES_LIST= -DCPU_BASELINE=SSE3 -DCPU_DISPATCH=AVX2 \
    -DPYTHON_DEFAULT_EXECUTABLE=/usr/bin/python3 -DPYTHON3_EXECUTABLE=/usr/bin/python3 \
    "${off[@]/%/=OFF}" "${@:2}" >"$build/configure.log"

ninja -C "$build" -j "$jobs" opencv_sanprivacy opencv_test_sanprivacy opencv_perf_sanprivacy opencv_python3
"$build/bin/opencv_test_sanprivacy"
# The package sanprivacy is none of OpenCV's: it is put beside.
package="$build/python_loader/sanprivacy"
rm -rf "$package"
cp -r "$root/python/sanprivacy" "$package"
project_version=$(sed -nE 's/^project\(sanprivacy VERSION ([0-9.]+).*/\1/p' "$root/CMakeLists.txt")
sed "s/@PROJECT_VERSION@/$project_version/" "$package/_version.py.in" >"$package/_version.py"
for tests in modules/sanprivacy/misc/python/test python/test; do
    SANPRIVACY_BUILD="$build" PYTHONPATH="$build/python_loader" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m unittest discover -s "$root/$tests"
done

# What test/in_opencv.sh looks for: the next time the compiler has little to do. Other folders and options are other files to the cache.
[ $# -gt 1 ] || [ -n "${IN_OPENCV:-}${OPENCV_SOURCES:-}" ] ||
    touch "$(ccache --get-config cache_dir)/sanprivacy-in-opencv-$version-$(dpkg-query -W -f='${source:Version}' libopencv-dev)" || true
