# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Files and names of someone who means harm: sizes, nesting, escapes of terminals, links, permissions."""

import gzip
import os
import shutil
import struct
import subprocess
import unittest
import zlib

import cv2

from command import CommandTest, SOURCE, portrait, portraits, run, write, write_labels

ESCAPE = "\x1b[2J"  # clears a terminal
VIDEO_OPTIONS = ["--replace", "solid", "--no-face", "copy"]


def png_header(width, height, bits):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))


class Sizes(CommandTest):
    def commands(self, photo):
        """A call of each command that reads images."""
        other = self.path("in", "b.png")
        shutil.copy(photo, other)
        write_labels(self.path("labels.csv"), [(photo, "M"), (other, "F")])
        write(self.path("models.yml"), b'%YAML:1.0\n---\nc:\n  task: "classifier"\n  file: "' + os.path.join(
            SOURCE, "modules", "sanprivacy", "testdata", "classifier.onnx").encode() +
            b'"\n  width: 224\n  height: 224\n  color: "gray"\n  scale: 0.0039215686\n  square: 1.0\n')
        sequence = self.path("sequence", "0001.png")
        shutil.copy(photo, sequence)
        return {
            "perturb": ["perturb", photo, "-o", self.path("out"), *self.networks],
            "contact-sheet": ["contact-sheet", photo, "-o", self.path("sheet.png"), *self.networks],
            "prototypes": ["prototypes", "--labels", self.path("labels.csv"), "-o", self.path("means")],
            "bench": ["bench", "video", photo, "--frames", "2", *self.networks],
            "evaluate": ["evaluate", "--faces", os.path.dirname(photo), "--labels", self.path("labels.csv"),
                         "--models", self.path("models.yml"), "-o", self.path("report"), "--cache", self.path("cache"),
                         *self.networks],
            "video": ["video", os.path.join(os.path.dirname(sequence), "%04d.png"), self.path("o.mkv"), *VIDEO_OPTIONS],
        }

    def test_every_command_that_names_max_pixels_has_it(self):
        photo = self.path("in", "a.png")
        cv2.imwrite(photo, portrait())
        height, width = portrait().shape[:2]
        for name, arguments in self.commands(photo).items():
            with self.subTest(name):
                done = run(*arguments, "--max-pixels", width * height - 1)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"is of {width}x{height} pixels; at most {width * height - 1} are read (--max-pixels)",
                              done.stderr)
                if name == "bench":
                    continue  # takes its time
                done = run(*arguments, "--max-pixels", width * height)
                self.assertNotIn("max-pixels", done.stderr)

    def test_sixteen_bits_count_twice(self):
        done = {}
        for bits in (8, 16):
            write(self.path("in", "a.png"), png_header(200, 200, bits))
            done[bits] = run("perturb", self.path("in", "a.png"), "-o", self.path("out"), "--max-pixels", 40000,
                             *self.networks).stderr
        self.assertIn("a.png: is of 200x200 pixels of 16 bits, which count twice; at most 40000", done[16])
        self.assertNotIn("max-pixels", done[8])

    def test_pixels_that_are_not_in_the_file(self):
        """10,000 x 10,000 pixels in 1,200 bytes: known before 300 MB are asked for."""
        side = 10000
        write(self.path("in", "a.bmp"), b"BM" + struct.pack("<IIIIiiHHIIiiII", 1200, 0, 54, 40, side, -side, 1, 24, 0,
                                                            0, 0, 0, 0, 0)
              + bytes(1146))
        write(self.path("in", "b.ppm"), b"P6 10000 10000 65535\n" + bytes(1000))
        done = run("perturb", self.path("in"), "-o", self.path("out"), *self.networks)
        self.one_line(done.stderr, "a.bmp: is truncated: its pixels take 300000000 bytes, the file has 1200")
        self.one_line(done.stderr, "b.ppm: is truncated: its pixels take 600000000 bytes")
        self.assertEqual(done.returncode, 1)

    def test_frames_of_a_video(self):
        subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "color=s=320x240:d=0.2",
                        self.path("a.mkv")], check=True)
        done = run("video", self.path("a.mkv"), self.path("o.mkv"), "--max-pixels", 76799, *VIDEO_OPTIONS)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "is of 320x240 pixels; at most 76799 are read (--max-pixels)")
        self.assertEqual(run("video", self.path("a.mkv"), self.path("o.mkv"), "--max-pixels", 76800,
                             *VIDEO_OPTIONS).returncode, 0)
        for size in ("40000x1", "1x40000", "0x5", "-3x3"):
            done = run("video", "-", self.path("o.mkv"), "--raw", size, *VIDEO_OPTIONS)
            self.assertEqual(done.returncode, 2, size)
            self.one_line(done.stderr, "--raw: expected a size up to 32767")


class Nesting(CommandTest):
    def test_descriptions_and_prototypes(self):
        """100,000 levels end OpenCV's parser; packed they are 200 bytes."""
        deep = b"%YAML:1.0\n---\na: " + b"a: " * 100000
        write(self.path("deep.yml"), deep)
        write(self.path("deep.yml.gz"), gzip.compress(deep))
        write(self.path("large.yml.gz"), gzip.compress(b"%YAML:1.0\n---\n" + b"# nothing\n" * 5000000))
        reasons = {"deep.yml": "nested too deeply", "deep.yml.gz": "nested too deeply",
                   "large.yml.gz": "unpacks to more than 100 times"}
        for name, reason in reasons.items():
            done = run("perturb", portraits()[0], "-o", self.path("out"), *self.networks[:4], "--prototypes",
                       self.path(name))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.one_line(done.stderr, name, reason)
        done = run("evaluate", "--faces", self.path(), "--labels", self.path("none.csv"), "--models",
                   self.path("deep.yml.gz"),
                   "-o", self.path("report"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, "deep.yml.gz", "nested too deeply")


class Names(CommandTest):
    def assert_harmless(self, done):
        for text in (done.stdout, done.stderr):
            self.assertNotIn("\x1b", text)
        self.assertIn("\\x1b", done.stdout + done.stderr)

    def test_escapes_are_not_printed(self):
        photo, out = self.path("in", f"a{ESCAPE}.jpg"), self.path(f"out{ESCAPE}")
        shutil.copy(portraits()[0], photo)
        labels = self.path(f"labels{ESCAPE}.csv")
        women = [path for path in portraits() if "/woman" in path]
        write_labels(labels, [(photo, "M"), (women[0], "F"), (f"none{ESCAPE}.jpg", "M")])
        none = self.path(f"none{ESCAPE}")
        video = self.path(f"v{ESCAPE}.mkv")
        write(video, b"no video")
        for arguments in (["perturb", photo, "-o", out, "--labels", labels, *self.networks],
                          ["perturb", none, "-o", out, *self.networks],
                          ["perturb", photo, "-o", out, "--model", none],
                          ["perturb", photo, "-o", out, "--prototype", ESCAPE],
                          ["perturb", photo, "-o", out, *self.networks[:4], "--prototypes", labels],
                          ["contact-sheet", photo, "-o", self.path(f"sheet{ESCAPE}.png"), *self.networks],
                          ["prototypes", "--labels", labels, "-o", out],
                          ["evaluate", "--faces", self.path(), "--labels", labels, "--models", none, "-o", out],
                          ["video", video, self.path(f"o{ESCAPE}.mkv"), *VIDEO_OPTIONS]):
            with self.subTest(arguments):
                self.assert_harmless(run(*arguments))


class Permissions(CommandTest):
    def mode(self, *parts):
        return oct(os.stat(self.path(*parts)).st_mode & 0o777)

    def test_what_is_made_from_a_private_file_is_private(self):
        usual = 0o666 & ~self.mask()
        subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "color=s=320x240:d=0.2",
                        self.path("a.mkv")], check=True)
        shutil.copy(portraits()[0], self.path("in", "a.jpg"))
        for mode in (0o600, 0o640, 0o644, 0o400):
            os.chmod(self.path("in", "a.jpg"), mode)
            os.chmod(self.path("a.mkv"), mode)
            expected = oct(usual & mode | 0o200)
            shutil.rmtree(self.path("out", ""))
            self.assertEqual(run("perturb", self.path("in"), "-o", self.path("out"), *self.networks).returncode, 0)
            self.assertEqual(self.mode("out", "a.jpg"), expected)
            done = run("video", self.path("a.mkv"), self.path("out", "o.mkv"), *VIDEO_OPTIONS)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.mode("out", "o.mkv"), expected)
            done = run("video", self.path("a.mkv"), self.path("out", "%d.png"), *VIDEO_OPTIONS)
            self.assertEqual((done.returncode, self.mode("out", "1.png")), (0, expected), done.stderr)
            os.chmod(self.path("out", "1.png"), mode)
            done = run("video", self.path("out", "%d.png"), self.path("out", "second-%d.png"), *VIDEO_OPTIONS)
            self.assertEqual((done.returncode, self.mode("out", "second-1.png")), (0, expected), done.stderr)
            done = run("video", self.path("out", "%d.png"), self.path("out", "o.mp4"), "--log", self.path("out", "log"),
                       *VIDEO_OPTIONS)
            self.assertEqual((done.returncode, self.mode("out", "o.mp4"), self.mode("out", "log")),
                             (0, expected, expected), done.stderr)
            done = run("contact-sheet", self.path("in", "a.jpg"), portraits()[1], "-o", self.path("out", "sheet.png"),
                       *self.networks)
            self.assertEqual((done.returncode, self.mode("out", "sheet.png")), (0, expected), done.stderr)
        # What is there already keeps its own.
        os.chmod(self.path("in", "a.jpg"), 0o644)
        os.chmod(self.path("a.mkv"), 0o644)
        os.chmod(self.path("out", "a.jpg"), 0o600)
        os.chmod(self.path("out", "o.mkv"), 0o600)
        self.assertEqual(run("perturb", self.path("in"), "-o", self.path("out"), *self.networks).returncode, 0)
        self.assertEqual(run("video", self.path("a.mkv"), self.path("out", "o.mkv"), *VIDEO_OPTIONS).returncode, 0)
        self.assertEqual((self.mode("out", "a.jpg"), self.mode("out", "o.mkv")), ("0o600", "0o600"))

    @staticmethod
    def mask():
        mask = os.umask(0)
        os.umask(mask)
        return mask

    def test_links_under_the_hidden_names_of_a_video(self):
        """Someone else may write to the folder and knows the names beforehand."""
        subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "color=s=320x240:d=0.2",
                        self.path("a.mkv")], check=True)
        for sign in "-_~+":
            write(self.path("precious"), b"precious")
            os.symlink(self.path("precious"), self.path("out", f".sanprivacy{sign}o.mkv"))
            for options in ([], ["--resume"]):
                run("video", self.path("a.mkv"), self.path("out", "o.mkv"), *VIDEO_OPTIONS, *options)
                with open(self.path("precious"), "rb") as stream:
                    self.assertEqual(stream.read(), b"precious", (sign, options))
            shutil.rmtree(self.path("out", ""))


if __name__ == "__main__":
    unittest.main()
