#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Checks the style of the C++ and Python files: check_style.sh [COMMIT]
# .clang-format, pyflakes (unused imports and variables) and lengths, of every file, and .clang-tidy, of the lines of
# C++ that changed since COMMIT, where one is given. The latter wants a build (scripts/build.sh); tests are left out,
# and the trainer, for LibTorch's headers take a minute a file. The tools are those of Debian 12: others format
# differently.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh style

sources() { git ls-files -s -- "$@" | grep -v ^120000 | cut -f2; }
sources '*.cpp' '*.hpp' '*.h' | xargs -d '\n' clang-format-14 --dry-run --Werror
sources '*.py' | xargs -d '\n' pyflakes3
# Neither counts lines, and the first leaves some comments too long. The table of ONNX operators is longer.
sources '*.cpp' '*.hpp' '*.h' '*.py' | xargs -d '\n' env LC_ALL=C.UTF-8 awk '
    length > 120 { print FILENAME ":" FNR ": more than 120 columns"; wrong = 1 }
    FNR == 451 && FILENAME != "trainer/onnx_reader/operators.cpp" { print FILENAME ": more than 450 lines"; wrong = 1 }
    END { exit wrong }'

echo "Style: clang-format and pyflakes find nothing, no line has more than 120 columns, no file more than 450 lines"
[ $# -gt 0 ] || exit 0

diff="$(mktemp)"
trap 'rm -f "$diff"' EXIT
git diff -U0 --no-color "$1" -- '*.cpp' ':!*/misc/python/*' ':!*/test/*' ':!test/*' ':!trainer/*' >"$diff"
if [ -s "$diff" ]; then
    clang-tidy-diff-14.py -p1 -path build -j "$(nproc)" -quiet -clang-tidy-binary clang-tidy-14 <"$diff"
fi
echo "Style: .clang-tidy finds nothing in the lines changed since $(git rev-parse --short "$1")"
