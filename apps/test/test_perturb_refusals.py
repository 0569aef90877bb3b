# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What `perturb` refuses: images that it cannot protect, wrong labels and arguments, and runs that cannot end well."""

import io
import os
import resource
import shutil
import signal
import struct
import subprocess
import time
import unittest
import zlib

import cv2
import numpy as np
from PIL import Image

from command import EXECUTABLE, TEST_NETWORKS, TIMEOUT, files, portrait, portraits, read, run, write, write_labels
from perturbing import PerturbTest


class Bad(PerturbTest):
    def check_refused(self, name, *reasons, arguments=()):
        """The image `name` is named with the reason; the good one beside it is done, and nothing else is there."""
        self.save("good.png")
        done = self.perturb(self.path("in", ""), "-o", self.path("out"), *arguments)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, name + ": ", *reasons)
        self.assertEqual(files(self.path("out")), ["good.png"])

    def test_truncated(self):
        for name in ("a.jpg", "a.png", "a.webp", "a.bmp", "a.tif", "a.jp2", "a.ppm"):
            with self.subTest(name):
                path = self.save(name)
                content = read(path)
                write(path, content[:len(content) * 2 // 3])
                self.check_refused(name, "truncated")
                os.remove(path)
                shutil.rmtree(self.path("out"))

    def test_jpeg_that_lacks_only_its_end(self):
        path = self.save("a.jpg")
        content = read(path)
        write(path, content[:-20])
        self.check_refused("a.jpg", "truncated")

    def test_jpeg_that_lacks_only_the_marker_of_its_end(self):
        """Some cameras leave it out, and every viewer shows the image."""
        content = read(self.save("a.jpg"))
        self.assertEqual(content[-2:], b"\xff\xd9")
        write(self.path("in", "b.jpg"), content[:-2])
        done = self.perturb(self.path("in"), "-o", self.path("out"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(read(self.path("out", "a.jpg")), read(self.path("out", "b.jpg")))

    def test_truncated_jpeg_with_a_whole_thumbnail(self):
        thumbnail = io.BytesIO()
        Image.open(portraits()[0]).resize((80, 96)).save(thumbnail, "JPEG")
        whole = io.BytesIO()
        Image.open(portraits()[0]).save(whole, "JPEG", exif=b"Exif\0\0" + thumbnail.getvalue())
        write(self.path("in", "a.jpg"), whole.getvalue()[:-len(whole.getvalue()) // 3])
        self.check_refused("a.jpg", "truncated")

    def test_empty(self):
        write(self.path("in", "a.jpg"), b"")
        self.check_refused("a.jpg", "empty")

    def test_no_image(self):
        write(self.path("in", "a.jpg"), b"this is a text")
        self.check_refused("a.jpg", "no image")

    def test_images_that_use_a_small_part_of_their_range(self):
        """12 bits of a camera in 16, say: a face that can be seen once they are brighter is found and perturbed."""
        for name, bits, factor in (("whole", 16, 256), ("twelve", 16, 16), ("ten", 16, 4), ("dark", 8, 1 / 16)):
            image = portrait().astype(np.uint16) if bits == 16 else portrait() // 16
            cv2.imwrite(self.path("in", name + ".png"), image * int(factor) if bits == 16 else image)
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"), "--label", "female")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        after = {name: cv2.imread(self.path("out", name + ".png"), cv2.IMREAD_UNCHANGED)
                 for name in ("whole", "twelve", "ten", "dark")}
        whole = after["whole"].astype(float) / 256
        self.assertGreater(np.abs(whole - portrait()).mean(), .5)
        for name, step in (("twelve", 16), ("ten", 4)):
            self.assertEqual(after[name].dtype, np.uint16)
            self.assertLessEqual(np.abs(after[name] / step - whole).max(), 1 / step, name)
        self.assertEqual(after["dark"].dtype, np.uint8)
        self.assertLessEqual(after["dark"].max(), 16)
        self.assertLess(np.abs(after["dark"] * 16. - whole).mean(), 16)
        same = (whole == portrait()).all(2)  # outside of the face
        self.assertTrue((after["dark"][same] == portrait()[same] // 16).mean() > .9)

    def test_floating_point(self):
        self.save("a.tif", portrait().astype(np.float32))
        self.check_refused("a.tif", "CV_32F;", "8-bit or 16-bit")
        shutil.rmtree(self.path("out"))
        Image.fromarray(np.zeros((8, 8), np.float32)).save(self.path("in", "a.tif"))
        self.check_refused("a.tif", "floating-point", "8-bit or 16-bit")

    def test_pages(self):
        pages = [Image.open(path) for path in portraits()[:3]]
        pages[0].save(self.path("in", "a.tif"), save_all=True, append_images=pages[1:])
        self.check_refused("a.tif", "several images")

    def test_animation(self):
        frames = [Image.open(path) for path in portraits()[:3]]
        frames[0].save(self.path("in", "a.webp"), save_all=True, append_images=frames[1:], duration=100)
        self.check_refused("a.webp")

    def test_too_huge(self):
        chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data
                                    + struct.pack(">I", zlib.crc32(kind + data)))
        write(
            self.path("in", "a.png"),
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 200000, 200000, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))
        self.check_refused("a.png", "200000x200000 pixels")

    def test_one_pixel(self):
        self.save("a.png", portrait()[:1, :1])
        self.write_labels([("good.png", "F")])
        self.check_refused("a.png", "no face found")

    def test_no_face(self):
        wall = np.full((200, 200, 3), (230, 200, 160), np.uint8)
        wall[120:] = (60, 80, 150)
        for action, code, written in (("error", 1, []), ("skip", 0, []), ("copy", 0, ["a.png"])):
            with self.subTest(action):
                done = run("perturb", *self.networks, self.save("a.png", wall), "-o", self.path(action),
                           "--no-face", action)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn("1 without a face" if action != "copy" else "1 copied", done.stdout)
                self.assertEqual(files(self.path(action, "")), written)
        self.assertTrue((cv2.imread(self.path("copy", "a.png")) == wall).all())

    def test_label_file(self):
        self.save("a.png")
        header = "file,gender"
        contents = {
            "no gender": ("file,age\na.png,30\n", ["no column 'gender'", "file, age"]),
            "no file": ("name,gender\na.png,F\n", ["no column 'file'", "name, gender"]),
            "odd value": (header + "\na.png,robot\n", ["row 2", "'robot'", "M, F"]),
            "ragged": (header + "\na.png\n", ["row 2", "1 values", "header 2"]),
            "contradiction": (header + "\na.png,M\na.png,F\n", ["contradicting", "a.png"]),
            "empty": ("", ["empty"]),
            "no text": ("\0\1\2\xff" * 1000, []),
        }
        for name, (content, expected) in contents.items():
            with self.subTest(name):
                path = self.path(name + ".csv")
                write(path, content.encode("latin1"))
                done = run("perturb", *self.networks, "--labels", path, self.path("in", "a.png"), "-o",
                           self.path("out"))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.one_line(done.stderr, path, *expected)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))

    def test_unknown_names_in_the_label_file(self):
        self.save("a.png")
        self.save("another.png")
        self.write_labels([("in/a.png", "F"), ("in/another.png", "F"), ("ghost.png", "M")])
        done = self.perturb(self.path("in", "a.png"), "-o", self.path("out"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "labels.csv", "1 image not found", "'ghost.png'")
        self.assertEqual(files(self.path("out")), ["a.png"])

    def test_labels_of_other_files_of_the_same_name(self):
        for folder in ("train", "val"):
            cv2.imwrite(self.path(folder, "1.png"), portrait(folder == "val"))
        self.write_labels([("train/1.png", "F")])
        done = self.perturb(self.path("val"), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.one_line(done.stdout, "Labels of 1 image taken from other files of the same name", "train/1.png' for '",
                      "val/1.png'")
        self.assertNotIn("same name", self.perturb(self.path("train"), "-o", self.path("out2")).stdout)

    def test_rows_that_repeat(self):
        self.save("a.png")
        self.write_labels([("a.png", "F"), ("a.png", "F"), ("./a.png", "F")])
        done = self.perturb(self.path("in"), "-o", self.path("out"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_wrong_networks(self):
        self.save("a.png")
        content = read(TEST_NETWORKS, "generator_project.onnx")
        write(self.path("truncated.onnx"), content[:len(content) // 2])
        write(self.path("text.onnx"), b"no network")
        for model in (self.path("truncated.onnx"), self.path("text.onnx"),
                      os.path.join(TEST_NETWORKS, "descriptor.onnx")):
            with self.subTest(model):
                done = self.perturb(self.path("in", "a.png"), "-o", self.path("out"), "--model", model)
                self.assertEqual(done.returncode, 1)
                self.one_line(done.stderr, "sanprivacy: ", model)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))

    def test_unavailable_backend(self):
        if "NVIDIA CUDA:                   YES" in cv2.getBuildInformation():
            self.skipTest("this OpenCV has CUDA")
        self.save("a.png")
        done = self.perturb(self.path("in", "a.png"), "-o", self.path("out"), "--backend", "cuda")
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "sanprivacy: ")

    def test_unwritable_folder(self):
        self.save("a.png")
        write(self.path("file"), b"")
        done = self.perturb(self.path("in", "a.png"), "-o", self.folder + "/file/out")
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "cannot create the folder", "file/out")
        done = self.perturb(self.path("in", "a.png"), "-o", "/proc/self")
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "/proc/self")

    def test_full_disk(self):
        self.save("a.png")
        self.save("a.ppm")
        limit = os.path.getsize(self.path("in", "a.ppm")) // 2  # a file that grows beyond it cannot be written
        self.assertLess(limit, os.path.getsize(self.path("in", "a.png")) * 2)
        done = self.perturb(self.path("in", ""), "-o", self.path("out"),
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "a.ppm: ", "cannot write", "File too large")
        self.one_line(done.stdout, "1 image perturbed (1 face)", "1 failed")
        self.assertNotIn("a.ppm", files(self.path("out")))
        self.assertFalse([name for name in files(self.path("out")) if name.startswith(".")])

    def test_interrupted(self):
        image = portrait()
        names = [f"{k}.png" for k in range(400)]
        for name in names:
            self.save(name, image)
        self.write_labels([(name, "F") for name in names])
        out = self.path("out", "")
        process = subprocess.Popen([EXECUTABLE, "perturb", *self.networks, "--labels", self.path("labels.csv"),
                                    "--landmarks",
                                    self.path("in", ""), "-o", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        started = time.monotonic()
        while len(files(out)) < 3 and time.monotonic() - started < TIMEOUT:
            time.sleep(.01)
        process.send_signal(signal.SIGINT)
        time.sleep(.01)
        process.send_signal(signal.SIGINT)  # as `timeout` does: one interrupt, not a second one
        _, errors = process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 1)
        self.one_line(errors, "interrupted", "not begun")
        self.assertLess(len(files(out)), len(names))
        for name in files(out):
            self.assertIn(name, names)
            self.assertIsNotNone(cv2.imread(os.path.join(out, name)))


class Usage(PerturbTest):
    def test_closed_streams(self):
        self.save("a.png")
        write(self.path("in", "b.png"), b"no image")
        arguments = ["perturb", *self.networks, self.path("in", ""), "-o"]
        self.assertEqual(run(*arguments, self.path("open")).returncode, 1)
        closed = run("-c", 'exec "$0" "$@" <&- >&- 2>&-', EXECUTABLE, *arguments, self.path("closed"),
                     program="/bin/sh")
        self.assertEqual(closed.returncode, 1)
        self.assertEqual(files(self.path("closed")), ["a.png"])
        self.assertEqual(read(self.path("closed", "a.png")), read(self.path("open", "a.png")))

    def test_without_home_and_temporary_folder(self):
        environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
        done = run("--version", env={**environment, "TMPDIR": self.path("none")})
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_wrong_arguments(self):
        image = self.save("a.png")
        self.save("b/a.png")
        write_labels(self.path("plain.csv"), [("a.png", "F")], landmarks=False)
        for arguments, expected in {
            (): "expected a command",
            ("perturb",): "required",
            ("perturb", image): "required",
            ("perturb", image, "-o", self.path("out"), "--prototype", "other"): "other",
            ("perturb", image, "-o", self.path("out"), "--strength", "0"): "--strength",
            ("perturb", image, "-o", self.path("out"), "--color-strength", "2"): "--color-strength",
            ("perturb", image, "-o", self.path("out"), "--surroundings-blur", "2"): "--surroundings-blur",
            ("perturb", image, "-o", self.path("out"), "--label", "neutral"): "--label neutral has no opposite",
            ("perturb", image, "-o", self.path("out"), "--landmarks"): "--labels",
            ("perturb", image, "-o", self.path("out"), "--labels", self.path("plain.csv"),
             "--landmarks"): "no landmark",
            ("perturb", self.path("nothing"), "-o", self.path("out")): "no such file",
            ("perturb", image, self.path("in", "b", "a.png"), "-o", self.path("out")): "both be written",
            ("perturb", self.path("in"), "-o", self.path("in")): "overwritten",
            ("perturb", image, "-o", self.path("in")): "overwritten",
            ("perturb", image, "-o", self.path("out"), "--model", self.path("nothing.onnx")): "nothing.onnx",
            ("perturb", self.path("empty", ""), "-o", self.path("out")): "no images found",
            ("wash", image): "",
        }.items():
            with self.subTest(arguments):
                before = read(image)
                done = run(*arguments, *(self.networks if arguments[:1] == ("perturb",) and "--model" not in arguments
                                         else []))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(expected, done.stderr)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))
                self.assertEqual(read(image), before)

    def test_not_a_number(self):
        """NaN is in no range."""
        image = self.save("a.png")
        write_labels(self.path("labels.csv"), [(image, "F")])
        perturb = ("perturb", image, "-o", self.path("out.png"))
        video = ("video", image, self.path("out.mp4"))
        prototypes = ("prototypes", "--labels", self.path("labels.csv"), "-o", self.path("out"))
        for command, *options in ((perturb, "--strength", "--color-strength", "--surroundings-blur"),
                                  (video, "--interval", "--look-ahead", "--hold", "--refresh-interval"),
                                  (prototypes, "--coverage")):
            for option in options:
                for value in ("nan", "NAN(1)"):
                    with self.subTest(option=option, value=value):
                        done = run(*command, f"{option}={value}")
                        self.assertEqual(done.returncode, 2, done.stderr)
                        self.one_line(done.stderr, f"{option}: expected a number from ", " to ", f"; found {value}")
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("out")], [])

    def test_help_fits_a_screen(self):
        for arguments in (["--help"], ["perturb", "--help"], ["contact-sheet", "--help"], ["prototypes", "--help"]):
            with self.subTest(arguments):
                done = run(*arguments)
                self.assertEqual(done.returncode, 0, done.stderr)
                lines = done.stdout.splitlines()
                self.assertLessEqual(len(lines), 40)
                self.assertLessEqual(max(map(len, lines)), 120)

    def test_names_without_an_ending_of_an_image(self):
        for name in ("photo", "photo.xyz"):
            shutil.copy(portraits()[0], self.path(name))
            done = run("perturb", *self.networks, self.path(name), "-o", self.path("out"))
            self.assertEqual(done.returncode, 1)
            self.one_line(done.stderr, f"{name}: the name has no ending", ".png")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))

    def test_names_in_another_form_of_unicode(self):
        """A table from a Mac has an o and its dots as two characters; where both forms are there, each gets its own
        row."""
        composed, decomposed = "M\u00f6ller/\u304c\u00e9.jpg", "Mo\u0308ller/\u304b\u3099e\u0301.jpg"
        for k, (there, listed) in enumerate(((composed, decomposed), (decomposed, composed))):
            shutil.copy(portraits()[0], self.path(f"in{k}", there))
            write_labels(self.path(f"{k}.csv"), [(listed, "M")])
            done = run("perturb", *self.networks, self.path(f"in{k}"), "-o", self.path(f"out{k}"), "--labels",
                       self.path(f"{k}.csv"))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertNotIn("not in", done.stdout)
            self.assertEqual(files(self.path(f"out{k}")), [there])
            shutil.copy(self.path(f"{k}.csv"), self.path(f"in{k}", "labels.csv"))
            done = run("prototypes", "--labels", self.path(f"in{k}", "labels.csv"), "-o", self.path("prototypes"))
            self.assertNotIn("no such file", done.stderr)
        shutil.copy(portraits()[0], self.path("in0", decomposed))
        write_labels(self.path("both.csv"), [(composed, "M"), (decomposed, "F")])
        done = run("perturb", *self.networks, self.path("in0"), "-o", self.path("both"), "--labels",
                   self.path("both.csv"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotEqual(read(self.path("both", composed)), read(self.path("both", decomposed)))


if __name__ == "__main__":
    unittest.main()
