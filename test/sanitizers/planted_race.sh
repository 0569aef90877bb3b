#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Whether ThreadSanitizer, as scripts/sanitize.sh runs it, would find a race: planted_race.sh
# A copy in build/planted, whose StreamAnonymizer pushes frames without the lock, must be reported.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/sanitizers.sh"
copy="$root/build/planted"
source="$copy/modules/sanprivacy/src/stream_anonymizer.cpp"
mkdir -p "$copy/build"
for part in CMakeLists.txt CMakePresets.json README.md apps cmake common data doc modules scripts; do
    rm -rf "${copy:?}/$part"
    cp -r "$root/$part" "$copy"
done

perl -0pi -e 's/(void append.*?\{\n)\s*std::lock_guard<std::mutex> lock\(mutex\);\n/$1/s' "$source"
[ "$(diff "$root/${source#"$copy"/}" "$source" | grep -c '^<')" = 1 ] || { echo "planted_race.sh: the lock is not where it was" >&2; exit 1; }

root="$copy" build_with tsan opencv_test_sanprivacy
if taskset -c 0 "$copy/build/tsan/bin/opencv_test_sanprivacy" --gtest_filter='*StreamAnonymizer.threads_do_not*' >"$copy/race.log" 2>&1; then
    echo "planted_race.sh: the race was NOT found, see $copy/race.log" >&2
    exit 1
fi
grep -o -m 1 'ThreadSanitizer: data race [^ ]* in [^<]*' "$copy/race.log" || { tail -n 20 "$copy/race.log" >&2; exit 1; }
