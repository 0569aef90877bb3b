# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the programs measure_*.py share: tables of faces, the command `evaluate`, and videos of faces whose places are
known."""

import argparse
import csv
import json
import os
import subprocess

import cv2
import numpy as np

POINTS = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")
LANDMARKS = [f"{point}_{axis}" for point in POINTS for axis in "xy"]  # columns of a label file

WIDTH, HEIGHT, RATE = 640, 480, 25
AT_ONCE = 4  # faces in a frame
CHANGED = 24  # gray levels; compression alone stays below


def faces_parser(description, columns):
    """Arguments of a program that measures labelled photographs. columns: those that it needs of the label file."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sanprivacy", help="the program")
    parser.add_argument("--faces", required=True, metavar="DIR", help="folder with the images that the labels name")
    parser.add_argument("--labels", required=True, metavar="CSV", help=f"label file with the columns {columns}")
    return parser


def read_rows(path):
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(path, rows, columns=None):
    with open(path, "w", newline="") as stream:
        writer = csv.DictWriter(stream, columns or list(rows[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def landmarks_of(row):
    """5x2, pixels."""
    return np.float64([row[column] for column in LANDMARKS]).reshape(5, 2)


def evaluate(sanprivacy, faces, labels, models, report, methods, *options):
    """The tables of the report of `sanprivacy evaluate`, without attackers."""
    subprocess.run([sanprivacy, "evaluate", "--faces", faces, "--labels", labels, "--models", models, "--attackers",
                    "none", "-o", report, *options, "--methods", *methods], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(report, "report.json")) as stream:
        return json.load(stream)["tables"]


def write_video(images, path):
    """BGR images of one size, RATE of them a second."""
    encoder = None
    for image in images:
        if encoder is None:
            height, width = image.shape[:2]
            encoder = subprocess.Popen(["ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24",
                                        "-s", f"{width}x{height}", "-r", str(RATE), "-i", "-", "-c:v", "libx264",
                                        "-crf", "12", "-pix_fmt", "yuv420p", path], stdin=subprocess.PIPE)
        encoder.stdin.write(image.tobytes())
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise SystemExit("ffmpeg failed")


def changes(before, after):
    """Of each frame of two videos, which pixels differ by more than compression alone."""
    before, after = cv2.VideoCapture(before), cv2.VideoCapture(after)
    while True:
        (more, original), (_, result) = before.read(), after.read()
        if not more:
            return
        yield cv2.absdiff(original, result).max(axis=2) > CHANGED


class Passer:
    """A face that crosses the frame on a straight line, rolls, and changes its size."""

    def __init__(self, rng, frame, image, face, border):
        """frame: the first one; face, border: convex polygons in pixels of the image. The border is drawn."""
        self.image, self.face, self.border = image, face, border
        self.begin, self.life = frame, int(rng.integers(80, 200))
        self.size = rng.uniform(.3, .6, 2)
        self.roll = rng.uniform(-25, 25, 2)
        side = rng.integers(2)
        self.path = np.array([[-120 if side else WIDTH + 120, rng.uniform(80, HEIGHT - 80)],
                              [WIDTH + 120 if side else -120, rng.uniform(80, HEIGHT - 80)]])

    def place(self, frame):
        """2x3, of the image's pixels."""
        t = (frame - self.begin) / self.life
        h, w = self.image.shape[:2]
        matrix = cv2.getRotationMatrix2D((w / 2, 200), self.roll @ (1 - t, t), self.size @ (1 - t, t))
        matrix[:, 2] += (1 - t) * self.path[0] + t * self.path[1] - (w / 2, 200)
        return matrix


def region(points, matrix):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillConvexPoly(mask, np.int32(np.round(points @ matrix[:, :2].T + matrix[:, 2])), 1)
    return mask > 0


def crossing(count, rng, next_passer):
    """Frames in which AT_ONCE faces cross a smooth ground.

    next_passer(frame): the face that enters.
    Yields the image, (passer, visible part of the face) where at least half of it shows, and where something is drawn.
    """
    ground = cv2.resize(rng.integers(60, 190, (9, 12, 3), np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    passers = []
    for t in range(count):
        passers = [passer for passer in passers if t < passer.begin + passer.life]
        while len(passers) < AT_ONCE:
            passers.append(next_passer(t))
        image, parts, drawn = ground.copy(), [], np.zeros((HEIGHT, WIDTH), bool)
        for passer in passers:
            matrix = passer.place(t)
            border = region(passer.border, matrix)
            warped = cv2.warpAffine(passer.image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
            image[border] = warped[border]
            parts = [part & ~border for part in parts] + [region(passer.face, matrix)]
            drawn |= border
        whole = [abs(np.linalg.det(passer.place(t)[:, :2])) * cv2.contourArea(passer.face) for passer in passers]
        shown = [(passer, part) for passer, part, area in zip(passers, parts, whole) if part.sum() >= area / 2]
        yield image, shown, drawn
