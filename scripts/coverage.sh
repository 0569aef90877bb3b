#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Which lines of the module its tests run: coverage.sh
# Prints each source with its share and the whole; a page of each is build/coverage/report/index.html.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
"$root/scripts/setup.sh" coverage
cd "$root"
. scripts/compiler_cache.sh
mkdir -p build
cmake --preset coverage -DSANPRIVACY_BUILD_APPS=OFF -DCMAKE_CXX_COMPILER_LAUNCHER="$compiler_cache" >build/coverage.log
cmake --build build/coverage --target opencv_test_sanprivacy >>build/coverage.log
find build/coverage -name '*.gcda' -delete
build/coverage/bin/opencv_test_sanprivacy --gtest_brief=1
mkdir -p build/coverage/report
gcovr --root . --filter modules/sanprivacy/src/ --exclude-throw-branches --txt --html-details build/coverage/report/index.html build/coverage
