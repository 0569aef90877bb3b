#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Builds everything and runs every test: test.sh [ctest options]
# The last line counts the tests: N passed, N failed, N skipped.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

"$root/scripts/setup.sh" test
"$root/scripts/opencv_source.sh" >/dev/null || echo "The Python bindings are left out: OpenCV's source cannot be fetched" >&2
"$root/scripts/build.sh"

results="$root/build/test-results.xml"
status=0
ctest --test-dir "$root/build" --parallel "$(nproc)" --output-on-failure --no-tests=error --output-junit "$results" "$@" </dev/null || status=$?
grep -oE "(In OpenCV's own build|Wheel): [^<]*" "$results" || true # done, or left out and why
counted() { sed -n "0,/.*\b$1=\"\([0-9]*\)\".*/s//\1/p" "$results"; }
tests=$(counted tests) failed=$(counted failures) skipped=$(( $(counted skipped) + $(counted disabled) ))
echo "$((tests - failed - skipped)) passed, $failed failed, $skipped skipped"
exit $status
