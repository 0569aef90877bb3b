#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Measures gender error and matching on frames of videos that the command `video` has perturbed, beside photographs
perturbed one by one.

    measure_frames.py SANPRIVACY --faces DIR --labels CSV --models YML [--limit 160] [--vote] [--output DIR]
        [OPTION of `video` ...]

Each photograph becomes a video of its own, in which the face moves, turns and grows. One frame of each is evaluated by
`sanprivacy evaluate`: as it was, perturbed like a photograph (`opposite`), and out of the video. Labels are given.
`CSV` has identities and landmarks.

With --vote several frames of each video are evaluated, and the attacker takes the mean logit of a classifier over them:
a vote over the track."""

import os
import subprocess
import tempfile

import cv2
import numpy as np

from measuring import LANDMARKS, evaluate, faces_parser, landmarks_of, read_rows, write_rows, write_video

WIDTH, HEIGHT, FRAMES = 480, 360, 12
VOTERS = range(0, FRAMES, 3)
CERTAIN = 1e-6  # a probability that counts as certain
GENDERS = {"M": "male", "F": "female"}
WAYS = {"original": "as they were", "opposite": "perturbed one by one", "video": "out of the video"}
TABLES = {"classifiers": {"error": "gender error", "auc": "AUC"},
          "matchers": {"tmr_at_fmr_0.01": "TMR at FMR 1 %", "tmr_at_fmr_0.001": "0.1 %"}}


def chosen(labels, limit):
    """Rows of whole people, men and women in turn, who have more than one image."""
    people = {}
    for row in read_rows(labels):
        people.setdefault((row["gender"], row["identity"]), []).append(row)
    by_gender = [[faces for (gender, _), faces in sorted(people.items()) if gender == each and len(faces) > 1]
                 for each in sorted(GENDERS)]
    rows = [row for pair in zip(*by_gender) for faces in pair for row in faces]
    return rows[:limit]


def place(photograph, t):
    """2x3, of the photograph's pixels: a slow walk that comes nearer and bends."""
    h, w = photograph.shape[:2]
    share = t / (FRAMES - 1)
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), -6 + 12 * share, 1.1 + .15 * share)
    matrix[:, 2] += (WIDTH / 2 - w / 2 - 16 + 32 * share, HEIGHT / 2 - h / 2)
    return matrix


def moving(photograph):
    for t in range(FRAMES):
        yield cv2.warpAffine(photograph, place(photograph, t), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR,
                             borderMode=cv2.BORDER_CONSTANT, borderValue=(120, 130, 140))


def write_frame(video, t, path):
    reader = cv2.VideoCapture(video)
    frame = None
    for _ in range(t + 1):
        more, frame = reader.read()
        if not more:
            raise SystemExit(f"{video} has no frame {t}")
    cv2.imwrite(path, frame)


def equal_error_threshold(scores, labels):
    """The threshold at which both labels are misread equally often."""
    candidates = np.unique(scores)
    gaps = [abs(np.mean(scores[labels == 0] >= t) - np.mean(scores[labels == 1] < t)) for t in candidates]
    return candidates[int(np.argmin(gaps))]


def error_and_auc(scores, labels, threshold):
    men, women = scores[labels == 1], scores[labels == 0]
    auc = np.mean((men[:, None] > women) + .5 * (men[:, None] == women))
    return np.mean((scores >= threshold) != (labels == 1)), auc


def print_votes(path):
    """Of a scores.csv whose files are named VIDEO-FRAME.png."""
    rows = read_rows(path)
    videos = np.array([row["file"].split("-")[0] for row in rows])
    labels = np.array([int(row["label"]) for row in rows])
    firsts = np.unique(videos, return_index=True)[1]
    print("\n| network | frames | error of one frame | AUC | error of the vote | AUC |\n|---|---|---|---|---|---|")
    for network in [column[:-len(" original")] for column in rows[0] if column.endswith(" original")]:
        thresholds = []
        for way in ("original", "video"):
            scores = np.clip([float(row[f"{network} {way}"]) for row in rows], CERTAIN, 1 - CERTAIN)
            logits = np.log(scores / (1 - scores))
            votes = np.array([logits[videos == videos[first]].mean() for first in firsts])
            judged = [(logits, labels), (votes, labels[firsts])]
            thresholds = thresholds or [equal_error_threshold(*each) for each in judged]
            figures = [figure for each, threshold in zip(judged, thresholds)
                       for figure in error_and_auc(*each, threshold)]
            print(f"| {network} | {WAYS[way]} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


def make_videos(rows, faces, folder, voting):
    """A video of each photograph, below videos/M and videos/F.
    @return the frames that are evaluated: their rows of a label file. They are written to frames."""
    judged = []
    for i, row in enumerate(rows):
        photograph = cv2.imread(os.path.join(faces, row["file"]))
        row["video"] = os.path.join(row["gender"], f"{i:04}.mkv")
        video = os.path.join(folder, "videos", row["video"])
        os.makedirs(os.path.dirname(video), exist_ok=True)
        write_video(moving(photograph), video)
        for t in VOTERS if voting else [7 * i % FRAMES]:  # all frames in turn
            matrix = place(photograph, t)
            frame = dict(row, at=t, file=f"{i:04}-{t}.png")
            points = landmarks_of(row) @ matrix[:, :2].T + matrix[:, 2]
            frame.update(zip(LANDMARKS, points.ravel().round(1)))
            write_frame(video, t, os.path.join(folder, "frames", frame["file"]))
            judged.append(frame)
    return judged


def main():
    parser = faces_parser(__doc__, "file, gender (M or F), identity and landmarks")
    parser.add_argument("--models", required=True, metavar="YML",
                        help="model description file of gender classifiers and matchers")
    parser.add_argument("--limit", type=int, default=160,
                        help="number of photographs, of whole people, women and men in turn; default: %(default)s")
    parser.add_argument("--vote", action="store_true",
                        help="evaluate several frames of each video, one by one and together")
    parser.add_argument("--output", metavar="DIR", help="folder for the report of evaluate; default: none stays")
    options, video_options = parser.parse_known_args()

    with tempfile.TemporaryDirectory() as folder:
        for name in ("frames", "video"):
            os.makedirs(os.path.join(folder, name))
        rows = chosen(options.labels, options.limit)
        frames = make_videos(rows, options.faces, folder, options.vote)
        for gender in sorted({row["gender"] for row in rows}, reverse=True):
            subprocess.run([options.sanprivacy, "video", os.path.join(folder, "videos", gender),
                            os.path.join(folder, "results", gender), "--label", GENDERS[gender], *video_options],
                           check=True, stderr=subprocess.DEVNULL)
        for row in frames:
            write_frame(os.path.join(folder, "results", row["video"]), row["at"],
                        os.path.join(folder, "video", row["file"]))

        table = os.path.join(folder, "labels.csv")
        write_rows(table, frames, ["file", "gender", "identity", *LANDMARKS])
        report = options.output or os.path.join(folder, "report")
        model = [word for i, word in enumerate(video_options) if "--model" in (word, *video_options[max(i - 1, 0):i])]
        tables = evaluate(options.sanprivacy, os.path.join(folder, "frames"), table, options.models, report,
                          ["opposite", "folder=" + os.path.join(folder, "video")], "--replicates", "100", *model)
        print(f"{len(frames)} frames of {len(rows)} videos of {len({row['identity'] for row in rows})} people")
        if options.vote:
            print_votes(os.path.join(report, "scores.csv"))
            return
    for table, columns in TABLES.items():
        print("\n| network | frames | " + " | ".join(columns.values()) + " |\n|" + "---|" * (2 + len(columns)))
        for row in sorted(tables[table], key=lambda row: row["network"]):
            figures = " | ".join(f"{row[column]:.3f}" for column in columns)
            print(f"| {row['network']} | {WAYS[row['method']]} | {figures} |")


if __name__ == "__main__":
    main()
