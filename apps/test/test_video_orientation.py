# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Videos that are turned, mirrored, or whose pixels are not square: the command `video` and the samples."""

import functools
import os
import struct
import subprocess
import sys
import unittest

import cv2
import numpy as np

from command import EXECUTABLE, TIMEOUT, read, write
from video_files import FRAMES, HEIGHT, WIDTH, VideoTest, face_box, ffmpeg, frames_of


class Orientation(VideoTest):
    # Rows of the display matrix in the order of ISO/IEC 14496-12; the four signs and places of its 2x2 part.
    MATRICES = {(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0),
                (0, -1, -1, 0)}

    def turned(self, matrix):
        """The video with that display matrix in its track header."""
        content = bytearray(read(self.original))
        header = content.index(b"tkhd")
        place = header + 4 + 40  # version 0: 40 bytes come before the matrix
        a, b, c, d = (value * 65536 for value in matrix)
        for k, value in enumerate((a, b, 0, c, d, 0, 0, 0, 1 << 30)):
            content[place + 4 * k:place + 4 * k + 4] = (value & 0xFFFFFFFF).to_bytes(4, "big")
        write(self.path("turned.mp4"), bytes(content))

    def test_all_eight(self):
        seen = set()
        for matrix in sorted(self.MATRICES):
            with self.subTest(matrix):
                self.turned(matrix)
                self.protect("turned.mp4", "out.mp4", "--no-face", "copy")
                before, after = self.shown(self.path("turned.mp4")), self.shown(self.path("out.mp4"))
                self.assertEqual(len(before), len(after))
                self.assertEqual(before[3].shape, after[3].shape)
                changed = np.abs(before[3].astype(int) - after[3]).max(axis=2) > 30
                self.assertLess(changed.mean(), .15)  # the face at most
                seen.add(before[3].tobytes())
        self.assertEqual(len(seen), 8)

    def check_turned(self, name, target):
        """Shown as before but for the face; returns how."""
        self.protect(name, target, "--no-face", "copy")
        before, after = self.shown(self.path(name)), self.shown(self.path(target))
        self.assertEqual((len(before), before[3].shape), (len(after), after[3].shape))
        self.assertLess((np.abs(before[3].astype(int) - after[3]).max(axis=2) > 30).mean(), .15)
        return before[3]

    def test_turned_and_mirrored_in_other_containers(self):
        """QuickTime has the same display matrix. Matroska has yaw, which mirrors, and roll: put in place of
        the color tags."""
        kinds = {}
        for matrix in ((-1, 0, 0, 1), (0, 1, 1, 0)):
            self.turned(matrix)
            ffmpeg("-i", self.path("turned.mp4"), "-c", "copy", self.path("turned.mov"))
            kinds[matrix] = self.check_turned("turned.mov", "out.mov")
        self.assertEqual((kinds[-1, 0, 0, 1].shape, kinds[0, 1, 1, 0].shape), ((HEIGHT, WIDTH, 3), (WIDTH, HEIGHT, 3)))
        ffmpeg("-i", self.original, "-an", "-vf",
               "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv", "-c:v", "libx264",
               "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
               "-chroma_sample_location", "left", "-write_crc32", 0, self.path("tagged.mkv"))
        content = read(self.path("tagged.mkv"))
        place = content.index(b"\x55\xb0")
        size = 3 + (content[place + 2] & 0x7F)
        for yaw, roll in ((0, 90), (180, 0), (180, 90)):
            with self.subTest(yaw=yaw, roll=roll):
                pose = b"\x76\x73\x84" + struct.pack(">f", yaw) + b"\x76\x75\x84" + struct.pack(">f", roll)
                element = b"\x76\x70" + bytes([0x80 | len(pose)]) + pose
                void = size - len(element) - 2
                self.assertGreaterEqual(void, 0)
                write(self.path("turned.mkv"),
                      content[:place] + element + b"\xec" + bytes([0x80 | void]) + bytes(void) + content[place + size:])
                kinds[yaw, roll] = self.check_turned("turned.mkv", "out.mkv")
        self.assertLess(np.abs(kinds[180, 0].astype(int) - kinds[-1, 0, 0, 1]).mean(), 5, "mirrored alike")

    @functools.cached_property
    def open_video(self):
        """Of the samples in Python."""
        python = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "python")
        self.addCleanup(sys.path.remove, python)
        sys.path.insert(0, python)
        from video_source import open_video
        return open_video

    def protect_by_sample(self, name):
        """Frames of the result of the sample in C++; none where it was not built."""
        executable = os.path.join(os.path.dirname(EXECUTABLE), "example_sanprivacy_video")
        if not os.path.exists(executable):
            return []
        if os.path.exists(self.path("sample.avi")):
            os.remove(self.path("sample.avi"))
        done = subprocess.run([executable, self.path(name), self.path("sample.avi"), "--replace=solid"],
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return frames_of(self.path("sample.avi"))

    def test_pixels_that_are_not_square_through_the_samples(self):
        """They become square."""
        for shape, (width, height) in (("2/1", (WIDTH // 2, HEIGHT)), ("1/2", (WIDTH, HEIGHT // 2))):
            with self.subTest(shape):
                ffmpeg("-i", self.original, "-vf", f"scale={width}:{height},setsar={shape}", self.path("narrow.mkv"))
                video = self.open_video(self.path("narrow.mkv"))
                read_by_python = [frame for _, frame in iter(video.read, (False, None))]
                size = video.get(cv2.CAP_PROP_FRAME_HEIGHT), video.get(cv2.CAP_PROP_FRAME_WIDTH)
                self.assertEqual((len(read_by_python), read_by_python[3].shape, size),
                                 (FRAMES, (HEIGHT, WIDTH, 3), (HEIGHT, WIDTH)))
                self.assertLess(np.abs(read_by_python[3].astype(int) - frames_of(self.original)[3]).mean(), 8)
                for t, frame in enumerate(self.protect_by_sample("narrow.mkv")):
                    self.assertEqual(frame.shape, (HEIGHT, WIDTH, 3))
                    self.assertGreater((np.abs(frame[face_box(t)].astype(int) - 128) < 12).mean(), .95, f"frame {t}")

    def test_all_eight_through_the_samples(self):
        for matrix in sorted(self.MATRICES):
            with self.subTest(matrix):
                self.turned(matrix)
                before = self.shown(self.path("turned.mp4"))
                video = self.open_video(self.path("turned.mp4"))
                read_by_python = [frame for _, frame in iter(video.read, (False, None))]
                size = video.get(cv2.CAP_PROP_FRAME_HEIGHT), video.get(cv2.CAP_PROP_FRAME_WIDTH)
                self.assertEqual((len(read_by_python), read_by_python[3].shape, size),
                                 (len(before), before[3].shape, before[3].shape[:2]))
                self.assertLess(np.abs(before[3].astype(int) - read_by_python[3]).mean(), 4)
                after = self.protect_by_sample("turned.mp4")
                if not after:
                    continue
                self.assertEqual((len(after), after[3].shape), (len(before), before[3].shape))
                self.assertLess((np.abs(before[3].astype(int) - after[3]).max(axis=2) > 30).mean(),
                                .15)  # the face at most


if __name__ == "__main__":
    unittest.main()
