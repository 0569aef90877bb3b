#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# The project as a folder of another one: only the module is built, and it works from there: subdirectory.sh BUILD
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${here%/*}
work=$(mktemp -d -p "$(realpath "$1")") # not in /tmp: on some machines no program may run from there
trap 'rm -rf "$work"' EXIT
. "$root/scripts/compiler_cache.sh"
cmake -S "$here/subdirectory" -B "$work" -DSANPRIVACY="$root" -DCMAKE_CXX_COMPILER_LAUNCHER="$compiler_cache" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work" --parallel 2 >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
programs=$(find "$work" -type f -perm -u+x ! -name '*.so*' ! -path '*/CMakeFiles/*' -printf '%f\n')
[ "$programs" = consumer ] || { echo "more was built than the module: $programs"; exit 1; }
"$work/consumer" "$here/../data/portraits/woman-fair-hair.jpg" "$work/result.png"
test -s "$work/result.png"
