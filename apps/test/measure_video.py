#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Counts the face-frames that the command `video` leaves unprotected in a long video of the sample portraits, whose places are known.

    measure_video.py [--frames 2500] [--seed 1] SANPRIVACY [OPTION of `video` ...]

Four faces at a time enter, leave, cross, grow, shrink and roll over a smooth ground. A face counts where at least half of it, from
the eyes to the mouth, is inside the frame and not behind another one. It is covered (`--replace solid`), so that
every changed pixel is seen: a face is protected where 9 of 10 pixels of that part have changed."""

import argparse
import os
import subprocess
import tempfile
import threading
import time

import cv2
import numpy as np

PORTRAITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "portraits")
WIDTH, HEIGHT, RATE, AT_ONCE = 640, 480, 25, 4
EYES_TO_MOUTH = np.float32([[118, 155], [202, 155], [195, 245], [125, 245]])  # of every portrait, pixels
HEAD = np.float32([[60, 40], [260, 40], [260, 350], [60, 350]])
CHANGED = 24  # gray levels; compression alone stays below


class Actor:
    """A portrait that crosses the frame on a straight line, rolls, and changes its size."""

    def __init__(self, rng, portraits, frame):
        self.portrait = portraits[rng.integers(len(portraits))]
        self.begin, self.life = frame, int(rng.integers(80, 200))
        self.size = rng.uniform(.3, .6, 2)
        self.roll = rng.uniform(-25, 25, 2)
        side = rng.integers(2)
        self.path = np.array([[-120 if side else WIDTH + 120, rng.uniform(80, HEIGHT - 80)],
                              [WIDTH + 120 if side else -120, rng.uniform(80, HEIGHT - 80)]])

    def place(self, frame):
        """2x3, of the portrait's pixels."""
        t = (frame - self.begin) / self.life
        h, w = self.portrait.shape[:2]
        matrix = cv2.getRotationMatrix2D((w / 2, 200), self.roll @ (1 - t, t), self.size @ (1 - t, t))
        matrix[:, 2] += (1 - t) * self.path[0] + t * self.path[1] - (w / 2, 200)
        return matrix


def region(points, matrix):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillConvexPoly(mask, np.int32(np.round(points @ matrix[:, :2].T + matrix[:, 2])), 1)
    return mask > 0


def frames(count, seed=1):
    """Images, the visible parts of their faces, and where heads are."""
    rng = np.random.default_rng(seed)
    portraits = [cv2.imread(os.path.join(PORTRAITS, name)) for name in sorted(os.listdir(PORTRAITS)) if name.endswith(".jpg")]
    ground = cv2.resize(rng.integers(60, 190, (9, 12, 3), np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    actors = []
    for t in range(count):
        actors = [actor for actor in actors if t < actor.begin + actor.life]
        while len(actors) < AT_ONCE:
            actors.append(Actor(rng, portraits, t))
        image, parts, heads = ground.copy(), [], np.zeros((HEIGHT, WIDTH), bool)
        for actor in actors:
            matrix = actor.place(t)
            head = region(HEAD, matrix)
            warped = cv2.warpAffine(actor.portrait, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
            image[head] = warped[head]
            parts = [part & ~head for part in parts] + [region(EYES_TO_MOUTH, matrix)]
            heads |= head
        whole = [abs(np.linalg.det(actor.place(t)[:, :2])) * cv2.contourArea(EYES_TO_MOUTH) for actor in actors]
        yield image, [part for part, area in zip(parts, whole) if part.sum() >= area / 2], heads


def write_video(images, path):
    """BGR images of one size, RATE of them a second."""
    encoder = None
    for image in images:
        if encoder is None:
            height, width = image.shape[:2]
            encoder = subprocess.Popen(["ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(RATE),
                                        "-i", "-", "-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p", path], stdin=subprocess.PIPE)
        encoder.stdin.write(image.tobytes())
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise SystemExit("ffmpeg failed")


def main():
    parser = argparse.ArgumentParser(description="Counts unprotected face-frames.")
    parser.add_argument("sanprivacy")
    parser.add_argument("--frames", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="of the command video")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video, result = os.path.join(folder, "video.mkv"), os.path.join(folder, "result.mkv")
        write_video((image for image, _, _ in frames(options.frames, options.seed)), video)

        start, largest = time.monotonic(), []
        process = subprocess.Popen([options.sanprivacy, "video", video, result, "--replace", "solid", *options.options])

        def watch():
            while process.poll() is None:
                with open(f"/proc/{process.pid}/statm") as stream:
                    largest.append(int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
                time.sleep(.2)

        watcher = threading.Thread(target=watch)
        watcher.start()
        if process.wait() != 0:
            raise SystemExit("video failed")
        watcher.join()
        seconds = time.monotonic() - start

        before, after = cv2.VideoCapture(video), cv2.VideoCapture(result)
        faces = unprotected = background = changed_background = 0
        for t, (_, parts, heads) in enumerate(frames(options.frames, options.seed)):
            changed = cv2.absdiff(before.read()[1], after.read()[1]).max(axis=2) > CHANGED
            for part in parts:
                faces += 1
                if changed[part].mean() < .9:
                    unprotected += 1
                    y, x = np.nonzero(part)
                    print(f"frame {t}: unprotected at {x.mean():.0f},{y.mean():.0f}, {changed[part].mean():.2f} covered")
            surroundings = ~cv2.dilate(np.uint8(heads), np.ones((41, 41), np.uint8)).astype(bool)
            background += surroundings.sum()
            changed_background += changed[surroundings].sum()
        tenth = max(1, len(largest) // 10)
        print(f"{unprotected} of {faces} face-frames unprotected; {100 * changed_background / background:.3f} % of the background changed; "
              f"{options.frames / seconds:.1f} frames/s; memory {np.median(largest[tenth:2 * tenth]):.0f} MiB early, "
              f"{np.median(largest[-tenth:]):.0f} MiB late")


if __name__ == "__main__":
    main()
