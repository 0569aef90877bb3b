#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# What sanitize.sh and fuzz.sh share; they source it.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# OpenCV is not instrumented: a std::vector that it has filled is not marked as one, so its bounds within its memory are not checked.
export ASAN_OPTIONS="detect_container_overflow=0:allocator_may_return_null=1:detect_leaks=1"
export LSAN_OPTIONS="suppressions=$root/test/sanitizers/leaks.txt:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="suppressions=$root/test/sanitizers/threads.txt:halt_on_error=0:exitcode=66:history_size=4"

# build_with PRESET TARGET...: builds targets into build/PRESET
build_with()
{
    local preset="$1"
    shift
    "$root/scripts/setup.sh" fuzz
    . "$root/scripts/compiler_cache.sh"
    (cd "$root" && cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER="$compiler_cache" >"build/$preset.log" 2>&1) || { cat "$root/build/$preset.log" >&2; return 1; }
    cmake --build "$root/build/$preset" --target "$@" >>"$root/build/$preset.log" 2>&1 || { tail -n 40 "$root/build/$preset.log" >&2; return 1; }
}
