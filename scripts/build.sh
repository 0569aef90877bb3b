#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Builds targets into build/ of this repository: build.sh [TARGET...] (default: everything)
# A part whose libraries are absent, as the trainer without LibTorch, is left out.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

. "$root/scripts/compiler_cache.sh"

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# Another python3 on PATH may lack the packages of Debian's; libraries of an active conda environment do not go together with Debian's,
# and CMake would find them first. Precompiled headers would keep the compiler cache from being found in another checkout.
if ! cmake -S "$root" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER="$compiler_cache" -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
           -DPython3_EXECUTABLE=/usr/bin/python3 ${CONDA_PREFIX:+"-DCMAKE_IGNORE_PREFIX_PATH=$CONDA_PREFIX"} >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
[ $# -gt 0 ] || grep 'left out' "$log" || true
cmake --build "$root/build" ${@:+--target "$@"}
