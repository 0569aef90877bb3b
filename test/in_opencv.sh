#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# The module and its tests inside OpenCV's own build, where the compiler cache has seen that before: in_opencv.sh
# $SANPRIVACY_IN_OPENCV=1 does it in any case. Exit code 77: left out.
set -euo pipefail
scripts="$(cd "$(dirname "$0")/../scripts" && pwd)"
cache=cold
[ ! -e "$(ccache --get-config cache_dir)/sanprivacy-in-opencv-debian-$(dpkg-query -W -f='${source:Version}' libopencv-dev)" ] || cache=warm

if [ $cache = cold ] && [ -z "${SANPRIVACY_IN_OPENCV:-}" ]; then
    echo "In OpenCV's own build: left out, the compiler cache is cold (scripts/build_in_opencv.sh fills it in ten minutes)"
    exit 77
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$scripts/build_in_opencv.sh" debian >"$log" 2>&1 || { cat "$log"; exit 1; }
echo "In OpenCV's own build: done, the compiler cache was $cache; $(grep -o '[0-9]* tests from .* ran' "$log"); Python: $(grep '^Ran ' "$log" | paste -sd ' ')"
