#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Builds the module inside OpenCV's own source tree, as an extra module, and runs its tests there on opencv_ts:
#   build_in_opencv.sh [FOLDER] [CMAKE OPTION...]
# FOLDER (default: build/in-opencv) receives the build of Debian's source of the installed OpenCV: about 1 GB, and
# some 1000 CPU seconds the first time. JOBS=n sets the number of parallel jobs.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(realpath -m "${1:-$repository/build/in-opencv}")
jobs=${JOBS:-$(nproc)}
"$repository/scripts/setup.sh" in-opencv
mkdir -p "$work"

source=$("$repository/scripts/opencv_source.sh")

off=(-DBUILD_EXAMPLES -DBUILD_JAVA -DBUILD_opencv_apps -DBUILD_opencv_python2
     -DBUILD_PROTOBUF -DBUILD_ZLIB -DBUILD_JPEG -DBUILD_PNG)
for library in 1394 ADE CLP EIGEN FFMPEG FLATBUFFERS GDAL GDCM GPHOTO2 GSTREAMER GTK IPP ITT JASPER LAPACK OPENCL OPENEXR \
               OPENGL OPENJPEG QUIRC TBB TIFF V4L VA VTK WEBP; do
    off+=("-DWITH_$library")
done
cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DOPENCV_EXTRA_MODULES_PATH="$repository/modules" \
    -DBUILD_LIST=core,imgproc,imgcodecs,video,videoio,highgui,dnn,objdetect,python3,ts,sanprivacy \
    -DBUILD_TESTS=ON -DBUILD_PERF_TESTS=ON -DPROTOBUF_UPDATE_FILES=ON -DOPENCV_DOWNLOAD_TRIES_LIST= \
    -DPYTHON_DEFAULT_EXECUTABLE=/usr/bin/python3 -DPYTHON3_EXECUTABLE=/usr/bin/python3 -DCPU_BASELINE=SSE3 -DCPU_DISPATCH=AVX2 \
    "${off[@]/%/=OFF}" "${@:2}" >"$work/configure.log"

ninja -C "$work/build" -j "$jobs" opencv_sanprivacy opencv_test_sanprivacy opencv_perf_sanprivacy opencv_python3
"$work/build/bin/opencv_test_sanprivacy"
PYTHONPATH="$work/build/python_loader" /usr/bin/python3 -m unittest discover -s "$repository/modules/sanprivacy/misc/python/test"
