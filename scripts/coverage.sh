#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Which lines of the module, of the command line and of what it shares with the trainer the tests run: coverage.sh [module]
# Prints each source with its share, and the whole of each part; a page of each source is build/coverage/report/index.html.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
"$root/scripts/setup.sh" coverage
cd "$root"
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$root}" CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content
bin=build/coverage/bin
parts=(modules/sanprivacy/src)
targets=(opencv_test_sanprivacy)
if [ "${1:-}" != module ]; then
    parts+=(common apps)
    targets+=(test_common test_app sanprivacy)
fi
mkdir -p build
cmake --preset coverage -DSANPRIVACY_BUILD_APPS=ON -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >build/coverage.log
cmake --build build/coverage --target "${targets[@]}" >>build/coverage.log
find build/coverage -name '*.gcda' -delete
# What is left of sources that are no more: gcovr ends at them.
ninja -C build/coverage -t cleandead >>build/coverage.log
find build/coverage -name '*.gcno' -exec sh -c 'for notes; do [ -e "${notes%.gcno}.o" ] || rm "$notes"; done' sh {} +
$bin/opencv_test_sanprivacy --gtest_brief=1
if [ "${1:-}" != module ]; then
    $bin/test_common --gtest_brief=1
    $bin/test_app --gtest_brief=1
    export SANPRIVACY="$root/$bin/sanprivacy" SANPRIVACY_SOURCE_DIR="$root"
    for test in apps/test/test_*.py; do
        /usr/bin/python3 "$test" >"build/coverage/$(basename "$test" .py).log" 2>&1 || echo "$test failed, see build/coverage/$(basename "$test" .py).log"
    done
fi
report=(--root . --exclude '.*/test/' --exclude-throw-branches)
mkdir -p build/coverage/report
for part in "${parts[@]}"; do
    gcovr "${report[@]}" --filter "$part/" --txt - build/coverage
done
gcovr "${report[@]}" "${parts[@]/#/--filter=}" --print-summary --html-details build/coverage/report/index.html build/coverage
