#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Counts the face-frames that the command `video` leaves unprotected in a long video of the sample portraits, whose
places are known.

    measure_video.py [--frames 2500] [--seed 1] SANPRIVACY [OPTION of `video` ...]

Four faces at a time enter, leave, cross, grow, shrink and roll over a smooth ground. A face counts where at least half
of it, from the eyes to the mouth, is inside the frame and not behind another one. It is covered (`--replace solid`), so
that every changed pixel is seen: a face is protected where 9 of 10 pixels of that part have changed."""

import argparse
import os
import subprocess
import tempfile
import threading
import time

import cv2
import numpy as np

from measuring import Passer, changes, crossing, write_video

PORTRAITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "portraits")
EYES_TO_MOUTH = np.float32([[118, 155], [202, 155], [195, 245], [125, 245]])  # of every portrait, pixels
HEAD = np.float32([[60, 40], [260, 40], [260, 350], [60, 350]])


def frames(count, seed):
    """Images, the visible parts of their faces, and where heads are."""
    rng = np.random.default_rng(seed)
    names = sorted(name for name in os.listdir(PORTRAITS) if name.endswith(".jpg"))
    portraits = [cv2.imread(os.path.join(PORTRAITS, name)) for name in names]

    def next_passer(frame):
        portrait = portraits[rng.integers(len(portraits))]
        return Passer(rng, frame, portrait, EYES_TO_MOUTH, HEAD)

    return crossing(count, rng, next_passer)


def protect(options, video, result):
    """@return seconds that it took, and megabytes of memory while it ran"""
    start, megabytes = time.monotonic(), []
    process = subprocess.Popen([options.sanprivacy, "video", video, result, "--replace", "solid", *options.options])

    def watch():
        while process.poll() is None:
            with open(f"/proc/{process.pid}/statm") as stream:
                megabytes.append(int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
            time.sleep(.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if process.wait() != 0:
        raise SystemExit("video failed")
    watcher.join()
    return time.monotonic() - start, megabytes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sanprivacy", help="the program")
    parser.add_argument("--frames", type=int, default=2500, help="length of the video; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1,
                        help="of the random numbers that place the faces; default: %(default)s")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="of the command video")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video, result = os.path.join(folder, "video.mkv"), os.path.join(folder, "result.mkv")
        write_video((image for image, _, _ in frames(options.frames, options.seed)), video)
        seconds, megabytes = protect(options, video, result)

        faces = unprotected = background = changed_background = 0
        truth = frames(options.frames, options.seed)
        for t, ((_, parts, heads), changed) in enumerate(zip(truth, changes(video, result))):
            for _, part in parts:
                faces += 1
                if changed[part].mean() < .9:
                    unprotected += 1
                    y, x = np.nonzero(part)
                    print(f"frame {t}: unprotected at {x.mean():.0f},{y.mean():.0f}, "
                          f"{changed[part].mean():.2f} covered")
            surroundings = ~cv2.dilate(np.uint8(heads), np.ones((41, 41), np.uint8)).astype(bool)
            background += surroundings.sum()
            changed_background += changed[surroundings].sum()
    tenth = max(1, len(megabytes) // 10)
    print(f"{unprotected} of {faces} face-frames unprotected; "
          f"{100 * changed_background / background:.3f} % of the background changed; "
          f"{options.frames / seconds:.1f} frames/s; memory {np.median(megabytes[tenth:2 * tenth]):.0f} MiB early, "
          f"{np.median(megabytes[-tenth:]):.0f} MiB late")


if __name__ == "__main__":
    main()
