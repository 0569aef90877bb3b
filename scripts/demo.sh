#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Perturbs photographs with the shipped model: demo.sh [PHOTO|FOLDER]... (default: the project's portraits)
# Writes the perturbed images and a contact sheet to out/ of this repository.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[ $# -gt 0 ] || set -- "$root/data/portraits" --labels "$root/data/portraits/labels.csv"

"$root/scripts/setup.sh" run
"$root/scripts/build.sh" sanprivacy

status=0
"$root/build/bin/sanprivacy" perturb "$@" -o "$root/out" || status=$?
"$root/build/bin/sanprivacy" contact-sheet "$@" -o "$root/out/sheet.png" || status=$?
if [ -e "$root/out/sheet.png" ]; then
    echo
    echo "Perturbed images: $root/out"
    echo "Contact sheet:    $root/out/sheet.png"
fi
exit $status
