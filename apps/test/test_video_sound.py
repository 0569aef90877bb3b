# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Sound that the command `video` cannot copy, though the container might take its packets."""

import struct
import subprocess
import unittest

import numpy as np

from command import TIMEOUT, read, write
from video_files import VideoTest, ffmpeg, probe


def box(name, content):
    return struct.pack(">I", len(content) + 8) + name + content


def boxes(content):
    """Names and whole boxes of ISO/IEC 14496-12 that follow one another."""
    place = 0
    while place < len(content):
        size = int.from_bytes(content[place:place + 4], "big")
        yield content[place + 4:place + 8], content[place:place + size]
        place += size


def with_edits(content, edits):
    """An MP4 file whose index comes last, and whose tracks show these parts: seconds of begin and length."""
    result = b""
    for name, whole in boxes(content):
        if name == b"moov":
            parts = dict(boxes(whole[8:]))
            scale, tracks = int.from_bytes(parts[b"mvhd"][20:24], "big"), b""
            for part_name, part in boxes(whole[8:]):
                if part_name == b"trak":
                    track = dict(boxes(part[8:]))
                    header = dict(boxes(track[b"mdia"][8:]))[b"mdhd"]
                    ticks = int.from_bytes(header[20:24], "big")
                    table = b"".join(struct.pack(">IiHH", round(length * scale), round(begin * ticks), 1, 0)
                                     for begin, length in edits)
                    edit_list = box(b"edts", box(b"elst", struct.pack(">II", 0, len(edits)) + table))
                    part = box(b"trak", b"".join((edit_list if kind == b"mdia" else b"") + inside
                                                 for kind, inside in boxes(part[8:]) if kind != b"edts"))
                tracks += part
            whole = box(b"moov", tracks)
        result += whole
    return result


class Sound(VideoTest):
    def samples(self, name):
        return np.frombuffer(subprocess.run(["ffmpeg", "-v", "error", "-i", self.path(name), "-map", "0:a", "-ac", "1",
                                             "-ar", "8000", "-f", "s16le", "-"], check=True, capture_output=True,
                                            timeout=TIMEOUT).stdout, np.int16)

    def test_several_edits(self):
        """As programs that cut without encoding write them."""
        ffmpeg("-i", self.original, "-c:v", "libx264", "-crf", 12, "-bf", 0, "-g", 5, "-c:a", "aac",
               self.path("whole.mp4"))
        for edits, seconds in (([(0, .32), (.4, .32)], .64), ([(.08, .6), (.08, .6)], 1.2)):
            write(self.path("edited.mp4"), with_edits(read(self.path("whole.mp4")), edits))
            frames = self.shown(self.path("edited.mp4"))
            self.assertAlmostEqual(len(frames), seconds * 25, delta=1)
            for target in ("out.mp4", "out.mkv"):
                with self.subTest(edits=edits, target=target):
                    self.one_line(self.protect("edited.mp4", target).stderr, "sound of several edits",
                                  "encoded anew (aac)")
                    self.assertEqual(len(self.shown(self.path(target))), len(frames))
                    self.assertAlmostEqual(len(self.samples(target)) / 8000, seconds, delta=.1)

    def test_copies_that_nobody_can_read(self):
        ffmpeg("-i", self.original, "-c:v", "copy", "-c:a", "g726", "-ar", 8000, self.path("in.mkv"))
        self.one_line(self.protect("in.mkv", "out.mov").stderr, "sound", "encoded anew (aac)")
        self.assertGreater(len(self.samples("out.mov")), .7 * 8000)
        self.assertEqual(self.protect("in.mkv", "out.mkv").stderr, "")

    def test_copies_that_can_be_read(self):
        for ending in ("mp4", "mov", "mkv", "ts", "m2ts", "3gp", "flv", "nut", "avi"):
            with self.subTest(ending):
                self.assertEqual(self.protect("video.mp4", "out." + ending).stderr, "")
                self.assertEqual(probe(self.path("out." + ending), "stream=codec_name", "a")[0], "aac")

        ffmpeg("-stream_loop", 3, "-i", self.original, "-c:v", "copy", "-c:a", "ac3", "-ac", 1, self.path("in.mkv"))
        self.assertEqual(self.protect("in.mkv", "out.mpg").stderr, "")
        self.assertEqual(probe(self.path("out.mpg"), "stream=codec_name", "a")[0], "ac3")

    def test_speakers_at_the_sides(self):
        ffmpeg("-i", self.original, "-c:v", "copy", "-c:a", "ac3", "-ac", 6, self.path("in.mkv"))
        self.assertEqual(probe(self.path("in.mkv"), "stream=channel_layout", "a"), ["5.1(side)"])
        self.one_line(self.protect("in.mkv", "out.webm").stderr, "sound", "encoded anew (libopus)")
        self.assertEqual(probe(self.path("out.webm"), "stream=codec_name,channels", "a"), ["opus,6"])


if __name__ == "__main__":
    unittest.main()
