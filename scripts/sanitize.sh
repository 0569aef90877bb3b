#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Module and command line under clang's sanitizers: sanitize.sh [asan|tsan] (default: both)
#   asan  the tests of module, common and apps, and a short run of every command, under AddressSanitizer, LeakSanitizer and
#         UndefinedBehaviorSanitizer
#   tsan  what runs on several threads, under ThreadSanitizer: StreamAnonymizer, objects that threads share, the command `video`
# The first report fails. Reports about libraries that are not instrumented are left out by name, see test/sanitizers.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/sanitizers.sh"
mkdir -p "$root/build"

# sharded TEST ARGUMENT...: a gtest program as several processes
sharded()
{
    local shards pids=() k failed=0
    shards="$(nproc)"
    for ((k = 0; k < shards; ++k)); do
        GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$k "$@" >"$root/build/sanitize-$k.log" 2>&1 &
        pids+=($!)
    done
    for ((k = 0; k < shards; ++k)); do
        wait "${pids[$k]}" || { failed=1; grep -vE '^\[ (RUN|      OK)' "$root/build/sanitize-$k.log" | tail -n 60 >&2; }
    done
    [ $failed -eq 0 ] && grep -h '^\[==========\].*ran' "$root"/build/sanitize-*.log
}

address()
{
    build_with asan opencv_test_sanprivacy sanprivacy test_common test_app
    local bin="$root/build/asan/bin"
    sharded "$bin/opencv_test_sanprivacy"
    "$bin/test_common" --gtest_brief=1
    "$bin/test_app" --gtest_brief=1
    "$root/test/sanitizers/commands.sh" "$bin/sanprivacy"
}

threads()
{
    build_with tsan opencv_test_sanprivacy sanprivacy
    local bin="$root/build/tsan/bin"
    # OpenCV's own threads hand their work over by atomics that ThreadSanitizer does not see: on one core OpenCV starts none.
    taskset -c 0 "$bin/opencv_test_sanprivacy" --gtest_brief=1 --gtest_filter='*StreamAnonymizer*:*thread*'
    taskset -c 0 "$root/test/sanitizers/commands.sh" "$bin/sanprivacy" video
}

for kind in ${1:-asan tsan}; do
    case $kind in
    asan) address ;;
    tsan) threads ;;
    *) echo "sanitize.sh: '$kind' is neither asan nor tsan" >&2; exit 2 ;;
    esac
    echo "$kind: no report"
done
