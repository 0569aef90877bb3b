#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# A short run of every command, and of bad input to some: commands.sh PROGRAM [COMMAND...]
# Any exit code but the expected one fails; a sanitizer's is none of them.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
program="$(realpath "$1")"
shift
wanted=" ${*:-prototypes perturb contact-sheet evaluate video bench} "
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

# expect CODE ARGUMENT...
expect()
{
    local expected="$1" code=0
    shift
    case "$wanted" in *" $1 "*) ;; *) return 0 ;; esac
    "$program" "$@" </dev/null >log 2>&1 || code=$?
    [ "$code" -eq "$expected" ] && return 0
    echo "sanprivacy $*: exit code $code in place of $expected" >&2
    cat log >&2
    exit 1
}

networks="$root/modules/sanprivacy/testdata"
mkdir faces
for name in man-bald man-glasses woman-curls woman-fair-hair; do
    ffmpeg -loglevel error -i "$root/data/portraits/$name.jpg" -vf scale=160:-2 "faces/$name.jpg" </dev/null
done
{ echo file,gender,identity; for file in faces/*.jpg; do
    case $file in *woman*) gender=F ;; *) gender=M ;; esac
    echo "$(basename "$file"),$gender,$gender"
done; } >labels.csv
cp labels.csv faces/
cat >models.yml <<YML
%YAML:1.0
---
brightness:
  task: "classifier"
  file: "$networks/classifier.onnx"
  width: 224
  height: 224
  scale: 0.00392156862745098
  color: "gray"
  square: 1.2
cells:
  task: "matcher"
  file: "$networks/descriptor.onnx"
  width: 32
  height: 32
  color: "bgr"
  square: 1.2
  distance: "euclidean"
YML
quick=(--model "$networks/generator_project.onnx" --classifier "$networks/classifier.onnx")

expect 0 prototypes --labels faces/labels.csv -o means --coverage .5
sed 's/\.jpg/.png/' labels.csv >no-images.csv
expect 1 prototypes --labels no-images.csv -o means
expect 0 perturb faces -o shipped --labels labels.csv
expect 0 perturb faces -o quick "${quick[@]}" --prototype neutral --gray
expect 0 perturb faces -o crops "${quick[@]}" --crop
head -c 2000 faces/man-bald.jpg >cut.jpg
expect 1 perturb cut.jpg models.yml -o bad "${quick[@]}"
expect 2 perturb faces -o faces "${quick[@]}"
expect 0 contact-sheet faces -o sheet.png --labels labels.csv "${quick[@]}"
expect 0 evaluate --faces faces --labels labels.csv --models models.yml -o report --cache cache --methods san,blur=6,pixelation=10,mixing=.5 \
    --attackers none --replicates 20 "${quick[@]}"
ffmpeg -loglevel error -f lavfi -i sine=d=0.5 -loop 1 -t 0.5 -i faces/man-bald.jpg -vf pad=320:240:40:20 -r 12 video.mp4 </dev/null
for how in san blur pixelation solid; do
    expect 0 video video.mp4 "$how.mp4" --replace $how --label male --log "$how.jsonl" "${quick[@]}"
done
expect 0 video video.mp4 automatic.mkv --prototype neutral --exempt faces/woman-curls.jpg --matcher models.yml "${quick[@]}"
head -c 3000 video.mp4 >cut.mp4
expect 1 video cut.mp4 none.mp4
expect 0 bench video "$root/data/portraits/man-bald.jpg" --frames 2 "${quick[@]}"
