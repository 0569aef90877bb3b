# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Image sequences through the command `video`, and the outputs that it writes or refuses."""

import json
import os
import shutil
import stat
import subprocess
import time
import unittest

import cv2
import numpy as np

from command import EXECUTABLE, TIMEOUT, files, portraits, read, run, write
from video_files import FRAMES, HEIGHT, WIDTH, VideoTest, face_box, ffmpeg, frame_at, frames_of, probe, times


class Sequences(VideoTest):
    def numbered(self, numbers, name="d/{}.png"):
        for k, number in enumerate(numbers):
            cv2.imwrite(self.path(*name.format(number).split("/")), frame_at(k))

    def test_numbers_stay_over_gaps_and_from_any_one_on(self):
        for numbers in ([1, 2, 5, 6, 12], [100, 101], [0, 3]):
            with self.subTest(numbers):
                shutil.rmtree(self.path("d", ""), ignore_errors=True)
                shutil.rmtree(self.path("o", ""), ignore_errors=True)
                self.numbered(numbers)
                self.path("o", "x")
                self.protect("d/%d.png", "o/%03d.png")
                self.assertEqual(files(self.path("o")), [f"{number:03}.png" for number in numbers])
                for k, number in enumerate(numbers):
                    self.assertTrue((cv2.imread(self.path("o", f"{number:03}.png"))[face_box(k)] == 128).mean() > .9)

    def test_no_original_is_overwritten(self):
        self.numbered([1, 2, 10])
        before = [read(self.path("d", f"{number}.png")) for number in (1, 2, 10)]
        os.makedirs(self.path("e"))
        os.symlink(self.path("d", "2.png"), self.path("e", "0002.png"))
        for source, target in (("d/%d.png", "d/%d.png"), ("d/%d.png", "d/%02d.png"), ("d/%d.png", "e/%04d.png"),
                               ("d/2.png", "d/%d.png")):
            done = self.video(self.path(source), self.path(target), "--replace", "solid")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "is an input")
        self.assertEqual([read(self.path("d", f"{number}.png")) for number in (1, 2, 10)], before)

    def test_an_image_that_cannot_be_read_is_told_and_the_others_are_protected(self):
        self.numbered([1, 2, 3])
        write(self.path("d", "2.png"), b"no image")
        self.path("o", "x")
        done = self.video(self.path("d", "%d.png"), self.path("o", "%d.png"), "--replace", "solid")
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "2.png")
        self.assertEqual(files(self.path("o")), ["1.png", "3.png"])

    def test_what_is_left_out_of_an_image_is_told(self):
        self.numbered([1, 2, 3])
        for k in (1, 2, 3):
            cv2.imwrite(self.path("d", f"{k}.jpg"), cv2.imread(self.path("d", f"{k}.png")))
        for k in (2, 3):
            write(self.path("d", f"{k}.jpg"), read(self.path("d", f"{k}.jpg")) + read(self.path("d", "1.jpg")))
        self.path("o", "x")
        done = self.protect("d/%d.jpg", "o/%d.png")
        self.one_line(done.stderr, "2.jpg: left out: a further image behind the image (and 1 other image)")

    def test_images_that_use_a_small_part_of_their_range(self):
        """12 bits of a camera in 16, and one frame that is darker still: found, and written with the levels that
        they had."""
        for k in range(4):
            deep = frame_at(k).astype(np.uint16) * 16
            cv2.imwrite(self.path("d", f"{k}.png"), deep // 16 if k == 2 else deep)
            cv2.imwrite(self.path("dark", f"{k}.png"), frame_at(k) // 8)
        self.path("o", "x")
        self.protect("d/%d.png", "o/%d.png")
        self.protect("dark/%d.png", "o/dark%d.png")
        self.protect("d/%d.png", "o/%d.jpg")
        for k in range(4):
            before, after = (cv2.imread(self.path(folder, f"{k}.png"), cv2.IMREAD_UNCHANGED) for folder in ("d", "o"))
            dark = cv2.imread(self.path("o", f"dark{k}.png"), cv2.IMREAD_UNCHANGED)
            self.assertEqual((after.dtype, dark.dtype), (np.uint16, np.uint8))
            self.assertTrue((after[:, :40] == before[:, :40]).all())
            self.assertTrue((dark[:, :40] == frame_at(k)[:, :40] // 8).all())
            self.assertGreater((np.abs(after[face_box(k)].astype(int) - 128 * 16) < 32).mean(), .9, k)
            self.assertGreater((dark[face_box(k)] == 16).mean(), .9)
            self.assertLessEqual(cv2.imread(self.path("o", f"{k}.jpg")).max(), 17)

    def test_transparency_of_images(self):
        """It stays from images to images; a face that shows in it is protected on white; a video says that it is
        lost."""
        matte = np.full((HEIGHT, WIDTH), 255, np.uint8)
        matte[:40] = 90
        for k in range(3):
            frame = frame_at(k)
            cv2.imwrite(self.path("d", f"{k}.png"), np.dstack([frame, matte]))
            gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
            cv2.imwrite(self.path("ink", f"{k}.png"), np.dstack([np.zeros_like(frame), 255 - gray]))
            cv2.imwrite(self.path("pale", f"{k}.png"), np.dstack([np.full_like(frame, 252), gray]))
        self.path("o", "x")
        self.assertEqual(self.protect("d/%d.png", "o/%d.png").stderr, "")
        self.assertEqual(self.protect("d/%d.png", "o/%d.webp").stderr, "")
        for k in range(3):
            before = cv2.imread(self.path("d", f"{k}.png"), cv2.IMREAD_UNCHANGED)
            for ending in ("png", "webp"):
                after = cv2.imread(self.path("o", f"{k}.{ending}"), cv2.IMREAD_UNCHANGED)
                self.assertTrue((after[..., 3] == before[..., 3]).all())
                self.assertGreater((np.abs(after[..., :3][face_box(k)].astype(int) - 128) < 8).mean(), .9)
        self.one_line(self.protect("d/%d.png", "o/a.mp4").stderr, "left out: transparency")
        self.one_line(self.protect("ink/%d.png", "o/ink%d.png").stderr,
                      "0.png: written on white: a face shows in the transparency", "(and 2 other images)")
        self.one_line(self.protect("pale/%d.png", "o/pale%d.png").stderr, "0.png: written on black",
                      "(and 2 other images)")
        for k in range(3):
            for name in (f"ink{k}.png", f"pale{k}.png"):
                after = cv2.imread(self.path("o", name), cv2.IMREAD_UNCHANGED)
                self.assertEqual(after.shape[2], 3)
                self.assertTrue((after[face_box(k)] == 128).mean() > .9)

    def test_small_faces_in_the_transparency_of_large_images_are_told(self):
        alpha = np.full((900, 3840), 255, np.uint8)
        alpha[:, :900] = 0
        image = np.full((900, 3840, 3), 128, np.uint8)
        image[:720, 1000:1960] = cv2.resize(frame_at(0), (960, 720))
        cv2.imwrite(self.path("d", "1.png"), np.dstack([image, alpha]))
        self.path("o", "x")
        self.one_line(self.protect("d/%d.png", "o/%d.png").stdout,
                      "In the transparency, faces without half-transparent areas",
                      "narrower than 36 pixels")
        ffmpeg("-i", self.original, "-vf", "format=yuva420p", "-an", "-c:v", "libvpx-vp9", self.path("in.webm"))
        self.one_line(self.protect("in.webm", "o/b%d.png").stderr, "left out: transparency")


class Outputs(VideoTest):
    def test_no_output_is_an_input(self):
        hidden = self.path(".sanprivacy-out.mp4")
        shutil.copy(self.original, hidden)
        for source, *arguments in ((self.original, self.path("out.mp4"), "--log", self.original),
                                   (hidden, self.path("out.mp4")),
                                   (self.original, self.path("out.mp4"), "--log", self.networks[1])):
            done = self.video(source, *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "is an input")
        self.assertEqual(read(hidden), read(self.original))

    def test_streams_without_a_container_and_endings_ffmpeg_does_not_know(self):
        for name, encoder in (("a.m2v", "mpeg2video"), ("a.mjpeg", "mjpeg"), ("a.hevc", "libx265"),
                              ("a.h264", "libx264"), ("a.ogg", "libtheora")):
            with self.subTest(name):
                quiet = ("-x265-params", "log-level=error") if encoder == "libx265" else ()
                ffmpeg("-i", self.original, "-an", "-c:v", encoder, *quiet, self.path(name))
                self.assertEqual(self.protect(name, "out" + name[1:]).stderr, "")
                self.assertEqual(probe(self.path("out" + name[1:]), "stream=codec_name"),
                                 probe(self.path(name), "stream=codec_name"))
                self.assertEqual(len(self.shown(self.path("out" + name[1:]))), FRAMES)
        ffmpeg("-i", self.original, "-c", "copy", "-f", "mov", self.path("b.qt"))
        self.protect("b.qt", "out.qt")
        self.assertEqual(len(times(self.path("out.qt"))), FRAMES)

    def test_pipes(self):
        os.mkfifo(self.path("pipe.mp4"))
        done = self.video(self.path("pipe.mp4"), self.path("out.mp4"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "pipe.mp4", "not a regular file", "--raw")
        with open(self.original, "rb") as video:
            done = subprocess.run([EXECUTABLE, "video", *self.networks, "/dev/stdin", self.path("out.mp4"), "--replace",
                                   "solid"], stdin=video,
                                  capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(times(self.path("out.mp4"))), FRAMES)

    def test_images_are_refused(self):
        cv2.imwrite(self.path("photo.jpg"), frame_at(0))
        done = self.video(self.path("photo.jpg"), self.path("out.jpg"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "photo.jpg", "perturb")
        done = self.video(self.original, self.path("out.jpg"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "out.jpg", "%d")
        self.assertFalse(os.path.exists(self.path("out.jpg")))

    def test_what_cannot_become_a_video(self):
        os.mkfifo(self.path("pipe.mp4"))
        for name, reason, code in (("pipe.mp4", "not a regular file", 1), ("out", ".mp4", 2)):
            done = self.video(self.original, self.path(name), "--replace", "solid")
            self.assertEqual(done.returncode, code)
            self.one_line(done.stderr, name, reason)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe.mp4")).st_mode))
        self.assertFalse([name for name in files(self.folder) if name.startswith((".", "out"))])

    def test_addresses_are_no_outputs(self):
        for address in ("http://127.0.0.1/out.mp4", "rtmp://user:secret@host/live/out.flv"):
            done = self.video(self.original, address, "--replace", "solid", cwd=self.folder)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "/" + address.split("/")[-1] + "' is an address; expected a file")
            self.assertNotIn("secret", done.stderr)
        done = run("perturb", *self.networks, portraits()[0], "-o", "s3://bucket/out", cwd=self.folder)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.one_line(done.stderr, "s3://bucket/out", "is an address; expected a file")
        self.assertFalse([name for name in files(self.folder) if "out" in name])
        os.mkdir(self.path("s3:"))
        done = run("perturb", *self.networks, portraits()[0], "-o", "s3://bucket/out", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)  # a folder of this name is there
        self.assertEqual(files(self.path("s3:")), ["bucket/out/" + os.path.basename(portraits()[0])])
        done = self.video(self.original, "file://" + self.path("a b.mp4"), "--replace", "solid", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(frames_of(self.path("a b.mp4"))), FRAMES)

    def test_outputs_of_several_files_or_of_other_codecs(self):
        """A playlist would overwrite the parts of another one; a .yuv or .m1v file would hold H.264."""
        parts = [self.path("out", f"{name}.m4s") for name in ("init-stream0", "chunk-stream0-00001")]
        for part in parts:
            write(part, b"part of another video")
        for ending in (".mpd", ".m3u8", ".yuv", ".m1v", ".rm", ".gxf"):
            done = self.video(self.original, self.path("out", "a" + ending), "--replace", "solid")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "no videos with the ending " + ending, "a.mp4")
            self.assertEqual(files(self.path("out")), sorted(os.path.basename(part) for part in parts))
        self.assertEqual({read(part) for part in parts}, {b"part of another video"})
        ffmpeg("-i", self.original, "-an", "-c:v", "rv20", "-b:v", "2M", self.path("old", "a.rm"))
        done = self.video(self.path("old"), self.path("new"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.one_line(done.stderr, "a.rm: written as", "a.rm.mp4", "no videos with the ending .rm")
        self.assertEqual(files(self.path("new")), ["a.rm.mp4"])

    def test_log_on_standard_output(self):
        done = self.video(self.original, self.path("out.mp4"), "--replace", "solid", "--log", "/dev/stdout")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([json.loads(line)["frame"] for line in done.stdout.splitlines() if line.startswith("{")],
                         list(range(FRAMES)))

    def test_videos_without_a_face(self):
        ffmpeg("-f", "lavfi", "-i", "color=gray:s=320x240:r=25:d=0.4", self.path("nobody.mp4"))
        for choice, code, written in ((None, 1, False), ("error", 1, False), ("skip", 0, False), ("copy", 0, True)):
            with self.subTest(choice):
                done = self.video(self.path("nobody.mp4"), self.path("out.mp4"),
                                  *(("--no-face", choice) if choice else ()))
                self.assertEqual(done.returncode, code)
                self.one_line(done.stderr, "nobody.mp4", "no face found")
                self.one_line(done.stdout, "0 videos protected", "1 copied" if written else "1 without a face")
                self.assertEqual([name for name in files(self.folder) if name.startswith((".", "out"))],
                                 ["out.mp4"] * written)

    def test_two_runs_with_one_target(self):
        first = subprocess.Popen([EXECUTABLE, "video", *self.networks, "-", self.path("out.mp4"), "--raw",
                                  f"{WIDTH}x{HEIGHT}", "--replace", "solid",
                                  "--look-ahead", "0"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        first.stdin.write(b"".join(frame_at(t).tobytes() for t in range(4)))
        first.stdin.flush()
        while first.poll() is None and not os.path.exists(self.path(".sanprivacy~out.mp4")):
            time.sleep(.02)
        second = self.video(self.original, self.path("out.mp4"), "--replace", "blur")
        self.assertEqual(second.returncode, 1)
        self.one_line(second.stderr, "out.mp4", "another run")
        first.communicate(b"".join(frame_at(t).tobytes() for t in range(4, 10)), timeout=TIMEOUT)
        self.assertEqual(first.returncode, 0)
        self.assertEqual(len(frames_of(self.path("out.mp4"))), 10)
        self.assertFalse([name for name in files(self.folder) if name.startswith(".")])

    def test_a_log_named_like_standard_output(self):
        done = self.video(self.original, self.path("out.mkv"), "--replace", "solid", "--log", "-")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, "'-' is not taken for standard output")
        self.assertFalse(os.path.exists(self.path("out.mkv")) or os.path.exists("-"))


if __name__ == "__main__":
    unittest.main()
