#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Counts how often `video --exempt` leaves the wrong person, and the right one, in videos of photographs that cross the
frame.

    measure_exempt.py SANPRIVACY --faces DIR --labels CSV --matcher YML [--people 30] [--frames 500]
        [OPTION of `video` ...]

For each person a video in which every third face is theirs, each time another photograph; one more is the reference.
Faces move like those of measure_video.py: they enter, leave, cross, grow, shrink and roll. `CSV` has identities and
landmarks. A face of somebody else is unprotected where fewer than 9 of 10 of its pixels have changed; it is taken for
the person where, besides, the log says so."""

import json
import os
import subprocess
import tempfile

import cv2
import numpy as np

from measuring import Passer, changes, crossing, faces_parser, landmarks_of, read_rows, write_video

EYES = 72  # inter-ocular distance that every photograph is brought to, pixels, as that of the portraits
ONE_OF = 3  # faces is the person's


class Photograph:
    def __init__(self, folder, row):
        self.path, self.identity = os.path.join(folder, row["file"]), row["identity"]
        self.landmarks = np.float32(landmarks_of(row))

    def load(self):
        """The image, its face from the eyes to the mouth, and its border, at the scale of the portraits."""
        image = cv2.imread(self.path)
        scale = EYES / np.linalg.norm(self.landmarks[1] - self.landmarks[0])
        image = cv2.resize(image, None, fx=scale, fy=scale,
                           interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        h, w = image.shape[:2]
        border = np.float32([[2, 2], [w - 2, 2], [w - 2, h - 2], [2, h - 2]])
        return image, cv2.convexHull(self.landmarks * np.float32(scale))[:, 0], border


def coming(rng, own, others):
    """Photographs in the order in which they enter, and whether each is the person's."""
    while True:
        for i in range(ONE_OF):
            pick = own if i == 0 else others
            yield pick[rng.integers(len(pick))], i == 0


def frames(count, seed, own, others):
    """Images, and the visible part of each face with whether it is the person's."""
    rng = np.random.default_rng(seed)
    entrance = coming(rng, own, others)

    def next_passer(frame):
        photograph, is_person = next(entrance)
        passer = Passer(rng, frame, *photograph.load())
        passer.is_person = is_person
        return passer

    for image, parts, _ in crossing(count, rng, next_passer):
        yield image, [(part, passer.is_person) for passer, part in parts]


def measure(options, video_options, seed, reference, own, others):
    """Counts of one video: face-frames of the person, of these not changed; those of others, of these unprotected and
    taken for the person."""
    faces = left = strangers = bare = mistaken = 0
    with tempfile.TemporaryDirectory() as folder:
        video, result, log = (os.path.join(folder, name) for name in ("video.mkv", "result.mkv", "log"))
        truth = []

        def images():
            for image, parts in frames(options.frames, seed, own, others):
                truth.append([(np.nonzero(part), person) for part, person in parts])
                yield image

        write_video(images(), video)
        subprocess.run([options.sanprivacy, "video", video, result, "--replace", "solid", "--log", log,
                        "--exempt", reference.path, "--matcher", options.matcher, *video_options],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(log) as stream:
            records = [json.loads(line) for line in stream]
        for t, (record, parts, changed) in enumerate(zip(records, truth, changes(video, result))):
            exempt = [np.mean(face["landmarks"], axis=0) for face in record["faces"] if face["exempt"]]
            for (y, x), person in parts:
                covered = changed[y, x].mean()
                if person:
                    faces += 1
                    left += covered < .1
                    continue
                strangers += 1
                if covered >= .9:
                    continue
                taken = any(x.min() <= u <= x.max() and y.min() <= v <= y.max() for u, v in exempt)
                bare += 1
                mistaken += taken
                what = "taken for the person" if taken else "unprotected"
                print(f"person {reference.identity}, frame {t}: {what} at {x.mean():.0f},{y.mean():.0f}, "
                      f"{covered:.2f} covered", flush=True)
    return np.array([faces, left, strangers, bare, mistaken])


def main():
    parser = faces_parser(__doc__, "file, identity and landmarks")
    parser.add_argument("--matcher", required=True, metavar="YML",
                        help="model description file of the matcher that recognises the person")
    parser.add_argument("--people", type=int, default=30,
                        help="number of people who are exempt, each in a video of their own; default: %(default)s")
    parser.add_argument("--frames", type=int, default=500, help="length of each video; default: %(default)s")
    options, video_options = parser.parse_known_args()
    photographs = [Photograph(options.faces, row) for row in read_rows(options.labels)]
    people = {}
    for photograph in photographs:
        people.setdefault(photograph.identity, []).append(photograph)
    people = {identity: own for identity, own in sorted(people.items()) if len(own) > 2}

    counts = np.zeros(5, int)
    for seed in range(options.people):
        reference, *own = list(people.values())[seed * len(people) // options.people]
        others = [photograph for photograph in photographs if photograph.identity != reference.identity]
        counts += measure(options, video_options, seed, reference, own, others)
    faces, left, strangers, bare, mistaken = counts
    print(f"{left} of {faces} face-frames of the person left as they are; of {strangers} of others {bare} unprotected, "
          f"{mistaken} taken for the person")


if __name__ == "__main__":
    main()
