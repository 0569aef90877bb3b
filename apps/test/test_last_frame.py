# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""How long the command `video` shows the last frame of slides: as long as the source says."""

import unittest

import numpy as np

from video_files import FRAMES, RATE, VideoTest, ffmpeg, probe, times

STAMPS, END = [0, 2, 5], 25  # of slides, seconds


def length(path):
    return float(probe(path, "format=duration")[0])


class LastFrame(VideoTest):
    def hold(self, source, target, last, end):
        """A copy in the same container whose last frame is shown until a time."""
        ffmpeg("-i", source, "-c", "copy", "-bsf:v", "setts=pts=PTS:dts=DTS:duration="
               f"'if(gte(PTS*TB,{last - .01})+eq(NEXT_DTS,NOPTS),{end}/TB-PTS,DURATION)'", target)

    def slides(self, name, *encoder):
        """With a short sound."""
        choice = "+".join(f"eq(N\\,{k})*{stamp}" for k, stamp in enumerate(STAMPS))
        ffmpeg("-i", self.original, "-frames:v", len(STAMPS), "-vf", f"settb=1/1000,setpts=({choice})/TB", "-fps_mode",
               "passthrough", "-enc_time_base", "1:1000", *encoder, self.path("short-" + name))
        self.hold(self.path("short-" + name), self.path(name), STAMPS[-1], END)
        self.assertAlmostEqual(length(self.path(name)), END, delta=.05)
        return self.path(name)

    def protected(self, source, target, *arguments):
        self.assertEqual(self.protect(source, target, *arguments).stderr, "")
        return self.path(target)

    def test_slides(self):
        for source in (self.slides("a.mp4", "-c:v", "libx264"), self.slides("b.mkv", "-c:v", "libx264", "-bf", 0),
                       self.slides("c.mov", "-c:v", "libx264", "-an"), self.slides("d.webm", "-c:v", "libvpx", "-an")):
            for target in ("out.mp4", "out.mkv", "out.mov"):
                with self.subTest(source=source, target=target):
                    result = self.protected(source, target)
                    np.testing.assert_allclose(np.subtract(times(result), times(result)[0]), STAMPS, atol=.002)
                    self.assertAlmostEqual(length(result), END, delta=.05)
                    self.assertEqual(probe(result, "stream=codec_type", "a"), probe(source, "stream=codec_type", "a"))
        result = self.protected(self.path("c.mov"), "out.gif")
        self.assertAlmostEqual(length(result), END, delta=.05)
        done = self.video(result, self.path("out.webm"), "--no-face", "copy")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertAlmostEqual(length(self.path("out.webm")), END, delta=.05)

    def test_a_part_of_slides(self):
        source = self.slides("a.mp4", "-c:v", "libx264", "-an")
        for begin, end, stamps in ((0, 12, [0, 2, 5]), (2, 4, [0]), (2, 30, [0, 3])):
            result = self.protected(source, "out.mkv", "--from", begin, "--to", end)
            np.testing.assert_allclose(times(result), stamps, atol=.002)
            self.assertAlmostEqual(length(result), min(end, END) - begin, delta=.05)

    def test_a_last_frame_shown_for_a_moment(self):
        """As by the programs that list the last image of slides twice."""
        self.slides("a.mp4", "-c:v", "libx264", "-an")
        self.hold(self.path("short-a.mp4"), self.path("moment.mp4"), STAMPS[-1], STAMPS[-1] + .04)
        for target in ("out.mp4", "out.mkv"):
            result = self.protected(self.path("moment.mp4"), target)
            self.assertAlmostEqual(length(result), STAMPS[-1] + .04, delta=.02)

    def test_containers_of_one_rate_repeat_it(self):
        ffmpeg("-i", self.original, "-c", "copy", self.path("a.mkv"))
        self.hold(self.path("a.mkv"), self.path("held.mkv"), (FRAMES - 1) / RATE, 3)
        self.assertAlmostEqual(length(self.protected(self.path("held.mkv"), "out.avi")), 3, delta=.1)

    def test_slides_that_are_cut_off_are_told(self):
        """Frames are missing, not only time."""
        self.make(self.path("whole.mkv"), "-g", 5, "-cluster_time_limit", 200)
        with open(self.path("whole.mkv"), "rb") as whole:
            content = whole.read()
        cluster = b"\x1f\x43\xb6\x75"
        places = [k for k in range(len(content)) if content.startswith(cluster, k)]
        with open(self.path("cut.mkv"), "wb") as cut:
            cut.write(content[:places[2]])
        done = self.video(self.path("cut.mkv"), self.path("out.mkv"), "--replace", "solid")
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "cut.mkv", "truncated or damaged")


if __name__ == "__main__":
    unittest.main()
