# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the tests of the command `video` share: videos that are made here, and what is looked up in them."""

import os
import shutil
import subprocess
import unittest

import cv2
import numpy as np

from command import CommandTest, TIMEOUT, files, portrait, run

WIDTH, HEIGHT, FRAMES, RATE = 320, 240, 20, 25

NETWORKS_FILE = """%YAML:1.0
---
quarters: {{ task: "matcher", file: "{}", width: 32, height: 32, color: "rgb", square: 1.0, output: "descriptor",
             distance: "euclidean" }}
"""


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", *map(str, arguments)], check=True, timeout=TIMEOUT,
                   stdin=subprocess.DEVNULL)


def probe(path, entries, stream="v:0"):
    """Values that ffprobe prints for a video's stream, one per line."""
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", entries, "-of",
                           "csv=p=0", path],
                          check=True, capture_output=True, text=True, timeout=TIMEOUT)
    return [line.strip(",") for line in done.stdout.split()]


def times(path):
    return sorted(float(value) for value in probe(path, "packet=pts_time"))


def frame_at(t):
    """A portrait that moves by a pixel a frame over a plain wall."""
    face = cv2.resize(portrait(), None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA)
    image = np.full((HEIGHT, WIDTH, 3), (120, 130, 140), np.uint8)
    image[30:30 + face.shape[0], 60 + t:60 + t + face.shape[1]] = face
    return image


def face_box(t):
    return np.s_[90:145, 115 + t:165 + t]  # eyes to mouth


def frames_of(path):
    video, frames = cv2.VideoCapture(path), []
    while True:
        more, frame = video.read()
        if not more:
            return frames
        frames.append(frame)


@unittest.skipUnless(shutil.which("ffmpeg"), "the tool ffmpeg is not there")
class VideoTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.original = self.path("video.mp4")
        self.make(self.original)

    def make(self, path, *arguments, frames=FRAMES):
        """A video with sound, a title and a place."""
        for t in range(frames):
            cv2.imwrite(self.path("frames", f"{t:04}.png"), frame_at(t))
        ffmpeg("-framerate", RATE, "-i", self.path("frames", "%04d.png"), "-f", "lavfi", "-i",
               f"sine=duration={frames / RATE}",
               "-c:v", "libx264", "-crf", 12, "-pix_fmt", "yuv420p", "-metadata", "title=SECRET TITLE",
               "-metadata", "location=+12.3456+065.4321/", *arguments, path)

    def video(self, *arguments, **options):
        return run("video", *self.networks, *arguments, **options)

    def protect(self, source, target, *arguments):
        done = self.video(self.path(source), self.path(target), "--replace", "solid", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def shown(self, path, matrix="auto"):
        """Frames as a player shows them: turned by the display matrix, in the colors of the tags."""
        folder = self.path(".shown", "%04d.png")
        ffmpeg("-i", path, "-map", "0:v:0", "-vf",
               f"scale=in_color_matrix={matrix}:flags=bicubic+accurate_rnd+full_chroma_int,format=bgr24",
               "-fps_mode", "passthrough", folder)
        frames = [cv2.imread(self.path(".shown", name)) for name in files(os.path.dirname(folder))]
        shutil.rmtree(os.path.dirname(folder))
        return frames

    def check_protected(self, path, frames=FRAMES, first=0, video=None):
        """Every face differs clearly from what it was in the video, and the wall hardly."""
        found, before = frames_of(path), frames_of(video or self.original)
        self.assertEqual(len(found), frames)
        for t, frame in enumerate(found, first):
            change = np.abs(frame.astype(float) - before[t]).mean(axis=2)
            self.assertGreater(change[face_box(t)].mean(), 8, f"frame {t}")
            self.assertLess(change[:, :40].mean(), 4, f"frame {t}")
