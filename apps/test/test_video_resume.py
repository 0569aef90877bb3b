# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `video` that is interrupted, killed, or fails, and goes on with --resume."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
import unittest

from command import EXECUTABLE, TIMEOUT, files, read, write
from video_files import FRAMES, RATE, VideoTest, frames_of, probe, times


class Resume(VideoTest):
    def test_folder_and_resume(self):
        os.makedirs(self.path("in"))
        for name in ("a.mp4", "b.mp4"):
            shutil.copy(self.original, self.path("in", name))
        os.makedirs(self.path("out"))
        write(self.path("out", "a.mp4"), b"done before")
        done = self.video(self.path("in"), self.path("out"), "--replace", "solid", "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(read(self.path("out", "a.mp4")), b"done before")
        self.assertEqual(files(self.path("out")), ["a.mp4", "b.mp4"])
        self.one_line(done.stdout, "1 video protected", "1 finished before")

    LONG = 45
    LOOK_AHEAD = 4  # frames
    SLOW = ("--interval", .04, "--look-ahead", LOOK_AHEAD / RATE, "--replace",
            "solid")  # a detection for every frame, written soon

    def end_early(self, signal_number):
        """A run that gets a signal while it writes. Its messages, or None where it was done before."""
        self.make(self.path("long.mp4"), frames=self.LONG)
        first_log = self.path("first.log")  # a frame is written after its line, and before the next one
        process = subprocess.Popen([EXECUTABLE, "video", *self.networks, self.path("long.mp4"), self.path("out.mp4"),
                                    *map(str, self.SLOW),
                                    "--log", first_log], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        while process.poll() is None and not (os.path.exists(first_log) and read(first_log).count(b"\n") > 1):
            time.sleep(.02)
        process.send_signal(signal_number)
        errors = process.communicate(timeout=TIMEOUT)[1]
        return None if process.returncode == 0 else errors

    def check_resumed(self):
        done = self.video(self.path("long.mp4"), self.path("out.mp4"), "--resume", *self.SLOW, "--log",
                          self.path("log"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("out.mp4"), frames=self.LONG, video=self.path("long.mp4"))
        self.assertEqual(len(times(self.path("out.mp4"))), self.LONG)
        self.assertFalse([name for name in files(self.folder) if name.startswith(".")])
        return [json.loads(line)["frame"] for line in read(self.path("log")).splitlines()]

    def test_interrupt_finishes_the_video_and_resume_goes_on(self):
        errors = self.end_early(signal.SIGINT)
        if errors is None:
            self.skipTest("the video was done before the signal came")
        self.one_line(errors, "interrupted", "holds what came before")
        before = len(frames_of(self.path("out.mp4")))
        self.assertGreater(before, 0)
        self.check_protected(self.path("out.mp4"), frames=before, video=self.path("long.mp4"))
        sound = [float(time) for time in probe(self.path("out.mp4"), "packet=pts_time", "a:0")]
        self.assertLess(max(sound), before / RATE + .1)
        self.assertEqual(self.check_resumed(), list(range(max(0, before - self.LOOK_AHEAD), self.LONG)))

    def test_killed_and_resumed(self):
        if self.end_early(signal.SIGKILL) is None:
            self.skipTest("the video was done before the signal came")
        self.assertFalse(os.path.exists(self.path("out.mp4")))
        left = self.path(".sanprivacy-out.mp4")
        for _ in range(TIMEOUT):  # ffmpeg ends when its input does
            if frames_of(left):
                break
            time.sleep(1)
        frames = len(frames_of(left))
        self.check_protected(left, frames=frames, video=self.path("long.mp4"))
        self.assertEqual(self.check_resumed(), list(range(max(0, frames - self.LOOK_AHEAD), self.LONG)))

    def test_interrupted_before_it_goes_on(self):
        """The log keeps the lines of what the unfinished video keeps, whenever the signal comes."""
        self.make(self.path("long.mp4"), frames=self.LONG)
        command = [EXECUTABLE, "video", *self.networks, self.path("long.mp4"), self.path("out.mp4"), "--resume",
                   *map(str, self.SLOW),
                   "--log", self.path("log")]
        for tenths in (None, 1, 2, 3, 4, 5, 6):
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            if tenths:
                time.sleep(tenths / 10)
            while not tenths and process.poll() is None and not (os.path.exists(self.path("log"))
                                                                 and read(self.path("log")).count(b"\n") > 20):
                time.sleep(.01)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=TIMEOUT)
        self.assertEqual(self.check_resumed(), list(range(self.LONG)))

    def test_log_of_a_resumed_run_whose_name_is_no_text(self):
        """Latin-1, not UTF-8: the lines of the first run are known again, so that each frame has one line in the
        end."""
        original = os.fsdecode(os.path.join(os.fsencode(self.folder), b"caf\xe9.mp4"))
        shutil.copy(self.original, original)
        options = ("--replace", "solid", "--resume", "--log", self.path("log"))
        self.assertEqual(self.video(original, self.path("out.mp4"), *options).returncode, 0)
        os.rename(self.path("out.mp4"), self.path(".sanprivacy-out.mp4"))
        done = self.video(original, self.path("out.mp4"), *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(json.loads(line)["frame"] for line in read(self.path("log")).splitlines()),
                         list(range(FRAMES)))

    def test_what_a_killed_run_left_goes_with_the_next_one(self):
        write(self.path(".sanprivacy-out.mkv"), b"half a video")
        done = self.video(self.original, self.path("out.mkv"), "--replace", "solid", "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("out.mkv"))
        self.assertFalse([name for name in files(self.folder) if name.startswith(".")])

    def test_a_failed_run_leaves_no_video_that_counts_as_finished(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        for resume in (["--resume"], []):
            with self.subTest(resume):
                write(self.path("out.mkv"), b"cut")
                shutil.copy(self.original, self.path(".sanprivacy-out.mkv"))
                self.assertEqual(self.video(self.original, self.path("out.mkv"), *resume, preexec_fn=limit).returncode,
                                 1)
                done = self.video(self.original, self.path("out.mkv"), "--resume", "--replace", "solid")
                self.one_line(done.stdout, "1 video protected")
                self.assertEqual(len(frames_of(self.path("out.mkv"))), FRAMES)


if __name__ == "__main__":
    unittest.main()
