# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `video` as a user runs it, on videos that are made and broken here."""

import json
import os
import resource
import socket
import subprocess
import time
import unittest

import cv2
import numpy as np

from command import EXECUTABLE, PORTRAITS, TEST_NETWORKS, TIMEOUT, files, portrait, read, run, write
from video_files import (FRAMES, HEIGHT, NETWORKS_FILE, RATE, VideoTest, WIDTH, face_box, ffmpeg, frame_at, frames_of,
                         probe, times)


class Good(VideoTest):
    def test_size_time_and_sound_stay_and_metadata_goes(self):
        done = self.video(self.original, self.path("out.mp4"), "--log", self.path("log"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("out.mp4"))
        for before, after in zip(times(self.original), times(self.path("out.mp4"))):
            self.assertAlmostEqual(before, after, delta=.001)
        self.assertEqual(probe(self.original, "stream=codec_name", "a:0"),
                         probe(self.path("out.mp4"), "stream=codec_name", "a:0"))
        self.assertEqual(probe(self.path("out.mp4"), "stream=r_frame_rate"), [f"{RATE}/1"])
        self.assertIn(b"SECRET", read(self.original))
        for secret in (b"SECRET", b"12.3456", b"Lavf"):
            self.assertNotIn(secret, read(self.path("out.mp4")))
        records = [json.loads(line) for line in read(self.path("log")).splitlines()]
        self.assertEqual([record["frame"] for record in records], list(range(FRAMES)))
        self.assertTrue(all(len(record["faces"]) == 1 for record in records))
        self.assertEqual({face["track"] for record in records for face in record["faces"]}, {0})
        self.assertEqual(records[0]["faces"][0]["state"], "found")
        self.one_line(done.stdout, "1 video protected", f"{FRAMES} frames", f"{FRAMES} faces")

    def test_a_given_label_that_contradicts_the_classifier(self):
        """A man who is called female would show his true gender more clearly: that is told."""
        self.make(self.path("long.mp4"), "-t", 2.4, frames=60)
        for arguments, told in ((["female"], True), (["MALE"], False), (["auto"], False),
                                (["female", "--prototype", "neutral"], False),
                                (["female", "--replace", "blur"], False)):
            done = run("video", self.path("long.mp4"), self.path("out.mp4"), "--label", *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            if told:
                self.one_line(done.stderr, "long.mp4: warning: the given labels of gender contradict the classifier in",
                              "views of faces")
            else:
                self.assertEqual(done.stderr, "", arguments)

    def test_a_part_of_an_mpeg_stream_with_few_key_frames(self):
        """ffmpeg begins at the next key frame there, or finds none: what lies before it is not lost."""
        for interval in (8, 250):
            name = self.path(f"{interval}.ts")
            self.make(name, "-g", interval, "-keyint_min", interval, "-sc_threshold", 0)
            for start in (2, 12):
                done = self.video(name, self.path("out.mkv"), "--replace", "solid", "--from", start / RATE)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(len(frames_of(self.path("out.mkv"))), FRAMES - start)

    def test_uneven_time_stamps(self):
        ffmpeg("-i", self.original, "-vf", "select='not(mod(n,3))+lt(n,8)'", "-fps_mode", "vfr", "-an",
               self.path("uneven.mkv"))
        done = self.video(self.path("uneven.mkv"), self.path("out.mkv"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        before, after = times(self.path("uneven.mkv")), times(self.path("out.mkv"))
        self.assertEqual(len(before), len(after))
        self.assertGreater(len(set(np.diff(before).round(2))), 1)
        self.assertLess(np.abs(np.subtract(before, after)).max(), .002)

    def test_frames_of_one_time_in_a_recording_of_a_screen(self):
        """Long pauses, and two frames with one time stamp: what follows keeps its time."""
        stamps = [0, .1, .2, 3, 3, 3.04, 3.08, 3.12, 8]
        choice = "+".join(f"eq(N\\,{k})*{stamp}" for k, stamp in enumerate(stamps))
        ffmpeg("-r", 2, "-i", self.original, "-frames:v", len(stamps), "-vf", f"settb=1/1000,setpts=({choice})/TB",
               "-an",
               "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-c:v", "libx264", "-bf", "0",
               self.path("screen.mkv"))
        self.assertLess(np.abs(np.subtract(times(self.path("screen.mkv")), stamps)).max(), .002)
        done = self.video(self.path("screen.mkv"), self.path("out.mkv"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        after = times(self.path("out.mkv"))
        self.assertEqual(len(after), len(stamps))
        self.assertLess(np.abs(np.subtract(after, stamps)).max(), .042)

    def test_pixels_that_are_not_square(self):
        self.make(self.path("wide.mkv"), "-vf", "setsar=16/15")
        self.assertEqual(probe(self.path("wide.mkv"), "stream=sample_aspect_ratio"), ["16:15"])
        for name in ("out.mkv", "out.mp4"):
            with self.subTest(name):
                done = self.video(self.path("wide.mkv"), self.path(name), "--replace", "solid")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(probe(self.path(name), "stream=sample_aspect_ratio"), ["16:15"])
                self.check_protected(self.path(name), video=self.path("wide.mkv"))

    def test_faces_that_are_stored_a_quarter_as_wide_or_high(self):
        """They are found and covered as a player shows them; what is told of them are pixels of the stored frame. Where
        the file does not tell the shape, an option does. If that were too large, they are found in a smaller frame of
        this shape."""
        narrow, low, full = (WIDTH // 4, HEIGHT), (WIDTH, HEIGHT // 4), ("--max-pixels", str(WIDTH * HEIGHT // 4))
        for shape, (width, height), option in (("4:1", narrow, ()), ("1:4", low, ()),
                                               ("1:1", narrow, ("--pixel-aspect", "4:1")),
                                               ("1:1", low, ("--pixel-aspect", "1/4")), ("4:1", narrow, full),
                                               ("1:4", low, full)):
            with self.subTest(shape, option=option):
                self.make(self.path("narrow.mkv"), "-vf", f"scale={width}:{height},setsar={shape.replace(':', '/')}")
                done = self.video(self.path("narrow.mkv"), self.path("out.mkv"), "--replace", "solid", "--log",
                                  self.path("log"), *option)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(probe(self.path("out.mkv"), "stream=width,height,sample_aspect_ratio"),
                                 [f"{width},{height},{shape}"])
                before, after = frames_of(self.path("narrow.mkv")), frames_of(self.path("out.mkv"))
                self.assertEqual(len(after), FRAMES)
                x, y = width / WIDTH, height / HEIGHT
                for t, (frame, line) in enumerate(zip(after, read(self.path("log")).splitlines())):
                    rows, columns = face_box(t)
                    face = frame[int(rows.start * y):int(rows.stop * y), int(columns.start * x):int(columns.stop * x)]
                    self.assertGreater((np.abs(face.astype(int) - 128) < 12).mean(), .95, f"frame {t}")
                    self.assertLess(np.abs(frame.astype(int) - before[t])[:, :int(40 * x)].mean(), 4, f"frame {t}")
                    boxes = np.array([face["box"] for face in json.loads(line)["faces"]])
                    self.assertTrue((boxes[:, :2] + boxes[:, 2:] / 2 < (width, height)).all(), f"frame {t}: {boxes}")
                    middle = ((columns.start + columns.stop) / 2 * x, (rows.start + rows.stop) / 2 * y)
                    nearest = np.abs(boxes[:, :2] + boxes[:, 2:] / 2 - middle).max(axis=1).min()
                    self.assertLess(nearest, 20, f"frame {t}: {boxes}")

    def test_pixel_aspects_that_make_no_sense(self):
        for shape in ("2", "2:0", "0:1", "-2:1", "2:1x", "9:1", "1:9"):
            done = self.video(self.original, self.path("out.mkv"), "--pixel-aspect", shape)
            self.assertEqual(done.returncode, 2, shape)
            self.one_line(done.stderr, "--pixel-aspect")
        self.assertRegex(run("video", "--help").stdout, "--pixel-aspect RATIO +Width:height")

    def test_pixels_of_a_live_stream_that_are_not_square(self):
        cv2.imwrite(self.path("face.png"), cv2.resize(portrait(), (WIDTH // 2, HEIGHT), interpolation=cv2.INTER_AREA))
        ffmpeg("-loop", 1, "-i", self.path("face.png"), "-t", 2, "-r", 10, "-vf", "setsar=2/1", "-pix_fmt", "yuv420p",
               self.path("half.ts"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with subprocess.Popen([EXECUTABLE, "video", url + "?listen", self.path("out.mkv"), "--replace", "solid"],
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as process:
            sender = ["ffmpeg", "-loglevel", "quiet", "-re", "-i", self.path("half.ts"), "-c", "copy", "-f", "mpegts",
                      url]
            end = time.monotonic() + TIMEOUT
            while (subprocess.run(sender, check=False, stdin=subprocess.DEVNULL).returncode != 0
                   and process.poll() is None and time.monotonic() < end):
                time.sleep(.2)
            errors = process.communicate(timeout=TIMEOUT)[1]
        self.assertEqual(process.returncode, 0, errors)
        self.assertEqual(probe(self.path("out.mkv"), "stream=width,height,sample_aspect_ratio"),
                         [f"{WIDTH // 2},{HEIGHT},2:1"])
        covered = (np.abs(frames_of(self.path("out.mkv"))[-1].astype(int) - 128) < 6).all(axis=2)
        columns, rows = covered.any(axis=0).sum(), covered.any(axis=1).sum()
        self.assertGreater(columns, 30)
        self.assertGreater(rows, 1.7 * columns, "the cover has the shape of the face as it is stored")

    def test_faces_of_stereo_videos(self):
        """Two views squeezed into one image are found and covered as a player stretches them."""
        for mode, filters, size in (("left_right", f"scale={WIDTH // 2}:{HEIGHT},split[a][b];[a][b]hstack",
                                     (WIDTH, HEIGHT)),
                                    ("top_bottom", f"scale={WIDTH}:{HEIGHT // 2},split[a][b];[a][b]vstack",
                                     (WIDTH, HEIGHT))):
            with self.subTest(mode):
                self.make(self.path("two.mkv"), "-filter_complex", filters, "-metadata:s:v", f"stereo_mode={mode}")
                done = self.video(self.path("two.mkv"), self.path("out.mkv"), "--replace", "solid")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.one_line(done.stderr, "left out: the mark that each image holds two views (stereo)")
                for t, frame in enumerate(frames_of(self.path("out.mkv"))):
                    self.assertEqual(frame.shape, (size[1], size[0], 3))
                    rows, columns = face_box(t)
                    for k in range(2):
                        face = (frame[rows, WIDTH // 2 * k + columns.start // 2:WIDTH // 2 * k + columns.stop // 2]
                                if mode == "left_right" else
                                frame[HEIGHT // 2 * k + rows.start // 2:HEIGHT // 2 * k + rows.stop // 2, columns])
                        self.assertGreater((np.abs(face.astype(int) - 128) < 12).mean(), .95, f"frame {t}, view {k}")

    def test_hidden_images_of_vp8(self):
        for number in (1, 2):
            ffmpeg("-i", self.original, "-an", "-c:v", "libvpx", "-auto-alt-ref", 1, "-lag-in-frames", 16, "-b:v", "1M",
                   "-pass", number,
                   "-passlogfile", self.path("pass"), self.path("hidden.webm"))
        self.assertGreater(len(times(self.path("hidden.webm"))), FRAMES)  # packets
        done = self.video(self.path("hidden.webm"), self.path("out.mkv"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("out.mkv"), video=self.path("hidden.webm"))
        for before, after in zip(sorted(set(times(self.path("hidden.webm")))), times(self.path("out.mkv"))):
            self.assertAlmostEqual(before, after, delta=.002)

    def test_other_replacements(self):
        for kind in ("blur", "pixelation"):
            with self.subTest(kind):
                done = self.video(self.original, self.path(kind + ".mkv"), "--replace", kind)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.check_protected(self.path(kind + ".mkv"))

    def test_other_kinds_of_files(self):
        for name, sound in (("out.avi", "aac"), ("out.webm", "opus"), ("50% off %s.MP4", "aac"),
                            ("my%20day.mp4", "aac")):
            with self.subTest(name):
                done = self.video(self.original, self.path(name))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.check_protected(self.path(name))
                self.assertEqual(probe(self.path(name), "stream=codec_name", "a:0"), [sound])

    def test_relative_names_with_a_colon(self):
        self.make(self.path("12:30.mp4"))
        done = self.video("12:30.mp4", "12:31.mp4", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("12:31.mp4"), video=self.path("12:30.mp4"))

    def test_video_of_images(self):
        done = self.video(self.path("frames", "%04d.png"), self.path("out.mp4"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("out.mp4"))
        self.assertEqual(probe(self.path("out.mp4"), "stream=r_frame_rate"), ["25/1"])

    def test_raw_frames_that_end_within_one(self):
        raw = b"".join(frame_at(t).tobytes() for t in range(12))[:-1]
        done = subprocess.run([EXECUTABLE, "video", *self.networks, "-", self.path("out.mkv"), "--raw",
                               f"{WIDTH}x{HEIGHT}@25"],
                              input=raw, capture_output=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"truncated", done.stderr)
        self.check_protected(self.path("out.mkv"), frames=11)

    def test_span(self):
        done = self.video(self.original, self.path("out.mp4"), "--from", "0.2", "--to", "0:0.6", "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("out.mp4"), frames=10, first=5)

    def test_sound_of_a_span_begins_with_it(self):
        self.make(self.path("long.mp4"), "-g", 250, frames=50)  # one key frame
        for name in ("out.mkv", "out.mp4"):
            with self.subTest(name):
                done = self.video(self.path("long.mp4"), self.path(name), "--from", "1.2", "--replace", "solid")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.check_protected(self.path(name), frames=20, first=30, video=self.path("long.mp4"))
                sound = [float(time) for time in probe(self.path(name), "packet=pts_time", "a:0")]
                self.assertLess(len(sound) * 1024 / 44100, .9)
                self.assertAlmostEqual(min(times(self.path(name))), min(sound), delta=.06)

    def test_span_that_begins_in_a_pause(self):
        ffmpeg("-i", self.original, "-vf", "select='lt(n,5)+gt(n,14)'", "-fps_mode", "vfr", "-an",
               self.path("pause.mkv"))
        done = self.video(self.path("pause.mkv"), self.path("out.mkv"), "--from", "0.4", "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_protected(self.path("out.mkv"), frames=FRAMES - 15, first=15)

    def test_withheld_frames_at_the_start_are_black(self):
        doubtful = 8  # the eyes are less than 10 pixels apart
        for t in range(FRAMES):
            image = frame_at(t)
            if t < doubtful:
                face = cv2.resize(portrait(), None, fx=.12, fy=.12, interpolation=cv2.INTER_AREA)
                image[:] = (120, 130, 140)
                image[30:30 + face.shape[0], 60:60 + face.shape[1]] = face
            cv2.imwrite(self.path("far", f"{t:04}.png"), image)
        os.makedirs(self.path("out"))
        done = self.video(self.path("far", "%04d.png"), self.path("out", "%04d.png"), "--low-confidence", "drop",
                          "--hold", .08, "--interval", .16,
                          "--log", self.path("log"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(files(self.path("out"))), FRAMES)
        withheld = [record["withheld"] for record in map(json.loads, read(self.path("log")).splitlines())]
        self.assertTrue(all(withheld[:doubtful]))
        self.assertFalse(withheld[-1])
        for t in range(FRAMES):
            after = cv2.imread(self.path("out", f"{t:04}.png"))
            self.assertEqual(after.any(), not all(withheld[:t + 1]), f"frame {t}")
        self.assertIn("withheld; each shows the protected frame before it, or black", done.stdout)

    def test_network_that_answers_no_number_in_the_middle(self):
        """The test network gives NaN for bright faces: whatever is to be done where nothing is certain, these are not
        left."""
        bright = range(4, 7)
        for t in range(10):
            gain, more = (1.7, 60) if t in bright else (.7, 0)
            cv2.imwrite(self.path("light", f"{t:04}.png"), np.clip(frame_at(t) * gain + more, 0, 255).astype(np.uint8))
        for choice in ("blur", "drop", "pass"):
            with self.subTest(choice):
                out = self.path(choice, "%04d.png")
                done = run("video", *self.prototypes, "--model", os.path.join(TEST_NETWORKS, "generator_nan.onnx"),
                           self.path("light", "%04d.png"), out, "--low-confidence", choice, "--log", self.path("log"))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.one_line(done.stdout, f"{len(bright)} frames blurred or withheld after an error: ",
                              "output of a network")
                records = [json.loads(line) for line in read(self.path("log")).splitlines()]
                self.assertEqual([r["frame"] for r in records if r.get("error")], list(bright))
                self.assertEqual([r["frame"] for r in records if r["withheld"]], list(bright) if choice == "drop"
                                 else [])
                for t in range(10):
                    shown = bright[0] - 1 if choice == "drop" and t in bright else t
                    before, after = (cv2.imread(name).astype(float) for name in (self.path("light", f"{shown:04}.png"),
                                                                                 out % t))
                    self.assertGreater(np.abs(before - after)[face_box(shown)].mean(), 4, f"frame {t}")
                    self.assertLess(np.abs(before - after)[:, :40].mean(), 4, f"frame {t}")

    def test_raw_frames_through_pipes(self):
        raw = b"".join(frame_at(t).tobytes() for t in range(12))
        done = subprocess.run([EXECUTABLE, "video", *self.networks, "-", "-", "--raw", f"{WIDTH}x{HEIGHT}@25",
                               "--replace", "solid"],
                              input=raw, capture_output=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)
        self.assertEqual(len(result), 12)
        for t, frame in enumerate(result):
            self.assertTrue((frame[face_box(t)] == 128).mean() > .9)
            self.assertTrue((frame[:, :40] == frame_at(t)[:, :40]).all())

    def test_sequence_of_images(self):
        os.makedirs(self.path("out"))
        done = self.video(self.path("frames", "%04d.png"), self.path("out", "%04d.png"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(files(self.path("out"))), FRAMES)
        self.assertTrue((cv2.imread(self.path("out", "0007.png"))[face_box(7)] == 128).mean() > .9)

    def test_exempt_person_is_left_and_no_other(self):
        """The descriptor of the test network is the mean color of the face's quarters; it tells two of the portraits
        apart."""
        dark, fair = (os.path.join(PORTRAITS, name + ".jpg") for name in ("man-dark-skin", "woman-fair-hair"))
        write(self.path("models.yml"), NETWORKS_FILE.format(os.path.join(TEST_NETWORKS, "descriptor.onnx")).encode())
        for t in range(FRAMES):
            image = np.full((HEIGHT, 2 * WIDTH, 3), (120, 130, 140), np.uint8)
            for left, name in ((30 + t, dark), (380, fair)):
                face = cv2.resize(cv2.imread(name), None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA)
                image[30:30 + face.shape[0], left:left + face.shape[1]] = face
            cv2.imwrite(self.path("two", f"{t:04}.png"), image)
        os.makedirs(self.path("out"))
        done = self.video(self.path("two", "%04d.png"), self.path("out", "%04d.png"), "--replace", "solid",
                          "--interval", .16,
                          "--exempt", dark, "--matcher", self.path("models.yml"), "--exempt-score=-35", "--log",
                          self.path("log"))
        self.assertEqual(done.returncode, 0, done.stderr)
        left_alone = 0
        for record in map(json.loads, read(self.path("log")).splitlines()):
            t = record["frame"]
            before, after = (cv2.imread(self.path(folder, f"{t:04}.png")) for folder in ("two", "out"))
            changed = (before != after).any(axis=2)
            self.assertGreater(changed[np.s_[90:145, 435:485]].mean(), .9, f"frame {t}: the other one")
            left_alone += not changed[:, :320].any()
        self.assertGreaterEqual(left_alone, FRAMES / 2)
        self.assertLess(left_alone, FRAMES)  # the first recognition alone is not enough

    def test_samples(self):
        for sample in ("video_minimal", "video", "camera"):
            executable = os.path.join(os.path.dirname(EXECUTABLE), "example_sanprivacy_" + sample)
            if not os.path.exists(executable):
                self.skipTest("built without samples")
            with self.subTest(sample):
                done = subprocess.run([executable, self.original, self.path(sample + ".avi")], capture_output=True,
                                      text=True, timeout=TIMEOUT)
                self.assertEqual(done.returncode, 0, done.stderr)
                found = frames_of(self.path(sample + ".avi"))
                if sample == "camera":  # which drops what it has no time for
                    self.assertGreater(len(found), 0)
                else:
                    self.assertEqual(len(found), FRAMES)
                    self.assertGreater(np.abs(found[7].astype(float) - frame_at(7))[face_box(7)].mean(), 2)


class Bad(VideoTest):
    def check_refused(self, *arguments, code=1, reasons=()):
        done = self.video(*arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.one_line(done.stderr, *reasons)
        self.assertFalse([name for name in files(self.folder) if name.startswith((".", "out"))])

    def test_network_that_cannot_be_read(self):
        """It is told before anything of the videos, which are opened meanwhile."""
        write(self.path("none.onnx"), b"no network")
        write(self.path("log"), b"of an earlier run")
        for video in (self.original, self.path("missing.mp4")):
            self.check_refused(video, self.path("out.mp4"), "--detector", self.path("none.onnx"), "--log",
                               self.path("log"),
                               reasons=("sanprivacy: The face detector", "none.onnx"))
            self.assertEqual(read(self.path("log")), b"of an earlier run")

    def test_what_is_no_video(self):
        write(self.path("empty.mp4"), b"")
        write(self.path("text.mp4"), b"no video" * 100)
        write(self.path("half.mp4"), read(self.original)[:len(read(self.original)) // 2])  # its index comes last
        self.check_refused(self.path("empty.mp4"), self.path("out.mp4"), reasons=("empty.mp4: the file is empty",))
        self.check_refused(self.path("text.mp4"), self.path("out.mp4"), reasons=("text.mp4: no video",))
        self.check_refused(self.path("half.mp4"), self.path("out.mp4"), reasons=("half.mp4: no video", "truncated"))
        self.check_refused(self.path("none.mp4"), self.path("out.mp4"), reasons=("none.mp4: no such file",))

    def test_truncated_video_is_protected_as_far_as_it_goes(self):
        ffmpeg("-i", self.original, "-c:v", "libx264", "-g", 3, "-cluster_time_limit", 100, self.path("whole.mkv"))
        for part in (1 / 4, 2 / 3, 7 / 8):
            with self.subTest(part):
                write(self.path("part.mkv"),
                      read(self.path("whole.mkv"))[:int(part * os.path.getsize(self.path("whole.mkv")))])
                frames = len(frames_of(self.path("part.mkv")))
                self.assertEqual(frames > 0, part > .5)
                done = self.video(self.path("part.mkv"), self.path("out.mkv"))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.one_line(done.stderr, "part.mkv: ", "truncated", f"{frames} frame" if frames else "no f")
                self.assertEqual(os.path.exists(self.path("out.mkv")), frames > 0)
                if frames:
                    self.check_protected(self.path("out.mkv"), frames=frames)
                    for end, code in (("10", 1), ("0.1", 0)):
                        done = self.video(self.path("part.mkv"), self.path("span.mkv"), "--to", end, "--replace",
                                          "solid")
                        self.assertEqual(done.returncode, code, done.stderr)

    def test_damaged_frames_in_the_middle(self):
        content = bytearray(read(self.original))
        middle = len(content) // 2
        content[middle:middle + 200] = os.urandom(200)
        write(self.path("damaged.mp4"), bytes(content))
        self.video(self.path("damaged.mp4"), self.path("out.mp4"))
        before, after = frames_of(self.path("damaged.mp4")), frames_of(self.path("out.mp4"))
        self.assertEqual(len(before), len(after))
        for t, (old, new) in enumerate(zip(before, after)):
            self.assertGreater(np.abs(old.astype(float) - new)[face_box(t)].mean(), 5, f"frame {t}")

    def test_full_disk(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        for name in ("out.mkv", "out.webm"):  # sound is copied, sound is encoded anew
            done = self.video(self.original, self.path(name), preexec_fn=limit)
            self.assertEqual(done.returncode, 1)
            self.assertIn("ffmpeg failed: ", done.stderr)
            self.assertIn("File too large", done.stderr)
            self.assertFalse([name for name in files(self.folder) if name.startswith((".", "out"))])

    def test_usage(self):
        self.check_refused(self.original, code=2, reasons=("expected an input and an output",))
        self.check_refused(self.original, self.original, code=2, reasons=("would be overwritten",))
        self.check_refused(self.original, self.path("out.mp4"), "--from", "x", code=2, reasons=("--from", "'x'"))
        self.check_refused(self.original, self.path("out.mp4"), "--exempt", self.original, code=2,
                           reasons=("--matcher",))
        self.check_refused("-", self.path("out.mp4"), code=2, reasons=("--raw",))

    def test_without_ffmpeg(self):
        done = self.video(self.original, self.path("out.mp4"), env={**os.environ, "PATH": "/nowhere"})
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "ffmpeg", "not installed", "apt install ffmpeg")


if __name__ == "__main__":
    unittest.main()
