#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Feeds damaged files to everything that reads files: fuzz.sh [SECONDS] [FUZZER...]
# Each fuzzer of test/fuzz (all of them by default, named as prototypes, labels, ...) runs for SECONDS, 30 by default. What it learns
# stays in build/fuzz and makes the next run better. A finding is a file build/fuzz/NAME-crash-..., and the exit code is 1.
# FUZZ_SEED=1 fuzz.sh ... tries the same inputs each time, as far as it comes.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
seconds="${1:-30}"
shift || true
source "$root/scripts/sanitizers.sh"
build_with asan fuzzers

# fuzz NAME
fuzz()
{
    local name="$1" learned="$root/build/fuzz/$1" seeds="$root/test/fuzz/seeds/$1" log="$root/build/fuzz/$1.log"
    case $name in perturber | network) seeds="$root/modules/sanprivacy/testdata" ;; esac
    mkdir -p "$learned"
    if "$root/build/asan/bin/fuzz_$name" -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=3072 -max_len=8192 \
        -artifact_prefix="$root/build/fuzz/$name-" "$learned" "$seeds" >"$log" 2>&1; then
        echo "$name: $(grep -o 'Done [0-9]* runs in [0-9]* second' "$log" | tail -n 1)s, no finding"
    else
        echo "$name: a finding, see $log"
        grep -E 'ERROR|SUMMARY|runtime error|written to' "$log" || tail -n 5 "$log"
        return 1
    fi
}
export -f fuzz
export root seconds

fuzzers=("$@")
[ $# -gt 0 ] || for source in "$root"/test/fuzz/fuzz_*.cpp; do
    name="$(basename "$source" .cpp)"
    [ ! -x "$root/build/asan/bin/$name" ] || fuzzers+=("${name#fuzz_}") # the trainer's needs LibTorch
done
printf '%s\n' "${fuzzers[@]}" | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'fuzz "{}"' || exit 1
