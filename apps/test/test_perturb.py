# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `perturb` as a user runs it, on good images and on every kind of bad ones."""

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

from command import (CommandTest, EXECUTABLE, LANDMARKS, TEST_NETWORKS, TIMEOUT, difference, files, portrait, portraits, read,
                     run, write, write_labels)


class PerturbTest(CommandTest):
    def perturb(self, *arguments, **options):
        """With the small networks, and landmarks from labels.csv in place of the detector."""
        if self.labels is None:
            images = [name for name in files(self.path("in", "")) if "out/" not in name and "." in name]
            write_labels(self.path("labels.csv"), [("in/" + name, "F") for name in images])
        networks = self.prototypes if "--model" in arguments else self.networks
        return run("perturb", *networks, "--labels", self.path("labels.csv"), "--landmarks", *arguments, **options)

    def setUp(self):
        super().setUp()
        self.labels = None

    def write_labels(self, rows, **options):
        """A label file of its own, in place of one that lists every image as female."""
        self.labels = rows
        write_labels(self.path("labels.csv"), rows, **options)

    def save(self, name, image=None, **options):
        path = self.path("in", name)
        self.assertTrue(cv2.imwrite(path, portrait() if image is None else image, **options))
        return path


class Good(PerturbTest):
    def test_name_format_size_and_type_stay(self):
        color, gray = portrait(), cv2.cvtColor(portrait(), cv2.COLOR_BGR2GRAY)
        alpha = np.repeat(np.linspace(0, 255, color.shape[1], dtype=np.uint8)[None], color.shape[0], 0)
        images = {
            "photo.jpg": color, "PHOTO 2.JPEG": color, "gray.jpg": gray, "photo.png": color, "photo.bmp": color,
            "photo.tiff": color, "photo.webp": color, "photo.ppm": color, "gray.pgm": gray, "photo.jp2": color,
            "deep.png": color.astype(np.uint16) * 257, "deep-gray.tif": gray.astype(np.uint16) * 257,
            "clear.png": np.dstack([color, alpha]), "below/it/photo.jpg": color, "umlaut-\u00e4 \u4eba.png": color,
        }
        for name, image in images.items():
            self.save(name, image)
        done = self.perturb(self.path("in", ""), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(files(self.path("out")), sorted(images))
        for name in images:
            before = cv2.imread(self.path("in", name), cv2.IMREAD_UNCHANGED)
            after = cv2.imread(self.path("out", name), cv2.IMREAD_UNCHANGED)
            with self.subTest(name):
                self.assertEqual((before.shape, before.dtype), (after.shape, after.dtype))
                self.assertEqual(read(self.folder, "in", name)[:4], read(self.folder, "out", name)[:4])
                face = np.s_[120:280, 90:230]
                self.assertGreater(difference(before[face], after[face]), 5)
                self.assertLess(difference(before[:20], after[:20]), 2)  # only the encoder has touched the border
        self.assertTrue((cv2.imread(self.path("out", "clear.png"), cv2.IMREAD_UNCHANGED)[..., 3] == alpha).all())

    def test_prototypes_labels_and_gray(self):
        self.save("a.png")
        results = {}
        for name, arguments in {"opposite": [], "same": ["--prototype", "same"], "neutral": ["--prototype", "neutral"],
                                "gray": ["--gray"], "crop": ["--crop"]}.items():
            done = self.perturb(self.path("in", "a.png"), "-o", self.path(name), *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            results[name] = cv2.imread(self.path(name, "a.png"), cv2.IMREAD_UNCHANGED)
        self.assertGreater(difference(results["opposite"], results["same"]), .1)
        self.assertGreater(difference(results["opposite"], results["neutral"]), .1)
        self.assertEqual(results["gray"].shape, portrait().shape[:2])
        self.assertEqual(results["crop"].shape, (224, 224))

    def test_strength(self):
        self.save("a.png")
        change = {}
        for strength in ("0.5", "1", "2"):
            done = self.perturb(self.path("in", "a.png"), "-o", self.path(strength), "--strength", strength)
            self.assertEqual(done.returncode, 0, done.stderr)
            change[strength] = difference(portrait(), cv2.imread(self.path(strength, "a.png")))
        self.assertAlmostEqual(change["0.5"] / change["1"], .5, delta=.05)
        self.assertGreater(change["2"], 1.3 * change["1"])  # some of it is clipped

    def test_keep_marks(self):
        """With the shipped networks: those of the tests leave no marks."""
        original, changes = portraits()[0], {}
        for name, option in (("weakened", []), ("kept", ["--keep-marks"])):
            done = run("perturb", original, "-o", self.path(name), *option)
            self.assertEqual(done.returncode, 0, done.stderr)
            changes[name] = difference(cv2.imread(original), cv2.imread(self.path(name, os.path.basename(original))))
        self.assertLess(changes["weakened"], changes["kept"])
        self.assertGreater(changes["weakened"], .5 * changes["kept"])

    def test_color_strength(self):
        self.save("a.png")
        chroma = {}
        for strength in ("0", "0.5", "1"):
            done = self.perturb(self.path("in", "a.png"), "-o", self.path(strength), "--color-strength", strength)
            self.assertEqual(done.returncode, 0, done.stderr)
            chroma[strength] = cv2.cvtColor(cv2.imread(self.path(strength, "a.png")), cv2.COLOR_BGR2YCrCb)[..., 1:]
        for name in ("--strength", "--color-strength", "--surroundings-blur"):
            self.assertIn("found nan", self.perturb(self.path("in", "a.png"), "-o", self.path("nan"), name, "nan").stderr)
        self.assertFalse(os.path.exists(self.path("nan")))
        moved = difference(chroma["0"], chroma["1"])
        self.assertGreater(moved, .1)
        self.assertAlmostEqual(difference(chroma["0"], chroma["0.5"]) / moved, .5, delta=.2)

    def test_surroundings_blur(self):
        """The face stays as it is without; hair and background around it lose their contrast."""
        original, images = portraits()[0], {}
        for blur in ("0", "0.25"):
            done = run("perturb", original, "-o", self.path(blur), "--surroundings-blur", blur)
            self.assertEqual(done.returncode, 0, done.stderr)
            images[blur] = cv2.imread(self.path(blur, os.path.basename(original))).astype(np.float32)
        height, width = images["0"].shape[:2]
        face = np.s_[height * 2 // 5:height * 3 // 5, width * 2 // 5:width * 3 // 5]
        np.testing.assert_array_equal(images["0"][face], images["0.25"][face])
        sides = np.r_[width // 16:width // 5, width * 4 // 5:width * 15 // 16]
        contrast = {blur: np.abs(image - cv2.blur(image, (9, 9)))[:, sides].mean() for blur, image in images.items()}
        self.assertLess(contrast["0.25"], .9 * contrast["0"])

    def test_no_blur_makes_transparent_colors_visible(self):
        color = portrait()
        height, width = color.shape[:2]
        alpha = np.zeros((height, width), np.uint8)
        cv2.ellipse(alpha, (width // 2, height // 2), (width * 2 // 5, height * 2 // 5), 0, 0, 360, 255, -1)
        results = []
        for hidden in (0, 255):
            color[alpha == 0] = hidden
            self.save(f"{hidden}.png", np.dstack([color, alpha]))
        for hidden in (0, 255):
            done = self.perturb(self.path("in", f"{hidden}.png"), "-o", self.path("out"), "--surroundings-blur", "0.5")
            self.assertEqual(done.returncode, 0, done.stderr)
            results.append(cv2.imread(self.path("out", f"{hidden}.png"), cv2.IMREAD_UNCHANGED))
            np.testing.assert_array_equal(results[-1][..., 3], alpha)
        np.testing.assert_array_equal(results[0][alpha > 0], results[1][alpha > 0])

    def test_a_face_in_the_label_file_gets_its_label(self):
        for name in ("a.png", "b.png", "c/b.png"):
            self.save(name)
        # By relative path, by bare name, by a path below the label file; extra columns do not matter.
        self.write_labels([("a.png", "x", "male"), ("c/b.png", "y", "F"), ("in/b.png", "z", "1")],
                     columns=("file", "comment", "gender"))
        done = self.perturb(self.path("in", ""), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        for label in ("M", "F"):
            self.write_labels([(name, label) for name in ("in/a.png", "in/b.png", "in/c/b.png")])
            self.assertEqual(self.perturb(self.path("in", ""), "-o", self.path(label)).returncode, 0)
        self.assertNotEqual(read(self.folder, "M", "a.png"), read(self.folder, "F", "a.png"))
        self.assertEqual(read(self.folder, "out", "a.png"), read(self.folder, "M", "a.png"))
        self.assertEqual(read(self.folder, "out", "b.png"), read(self.folder, "M", "b.png"))
        self.assertEqual(read(self.folder, "out", "c", "b.png"), read(self.folder, "F", "c", "b.png"))

    def test_several_attributes(self):
        """Prototypes and classifiers of gender and age in a data folder, as the shipped ones; age is told in years or bands."""
        people = [(path, "M" if "/man" in path else "F", ("more than 70", "30-39", "41")[k % 3]) for k, path in enumerate(portraits())]
        write_labels(self.path("people.csv"), people, ("file", "gender", "age"))
        for attribute in ("gender", "age"):
            made = run("prototypes", "--labels", self.path("people.csv"), "--attribute", attribute, "-o", self.path("data"))
            self.assertEqual(made.returncode, 0, made.stderr)
            ones = sum(gender == "M" if attribute == "gender" else age != "30-39" for _, gender, age in people)
            self.one_line(made.stdout, f"Faces of label 1: {ones}, of label 0: {len(people) - ones}")
            shutil.copy(os.path.join(TEST_NETWORKS, "classifier.onnx"), self.path("data", attribute + ".onnx"))
        environment = {**os.environ, "OPENCV_SANPRIVACY_DATA_PATH": self.path("data")}
        image = self.save("a.png")

        def output(hidden, prototype, *labels):
            write_labels(self.path("labels.csv"), [("a.png", *labels)], ("file", "gender", "age"))
            done = run("perturb", "--hide", hidden, image, "-o", self.path("out"), "--labels", self.path("labels.csv"), "--landmarks",
                       "--model", os.path.join(TEST_NETWORKS, "generator_residual.onnx"), "--prototype", prototype,
                       *(["--color-strength", "0"] if "gender" in hidden else []),  # else only `same` keeps its color
                       env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            return read(self.folder, "out", "a.png")

        same = {labels: output("gender,age", "same", *labels) for labels in (("M", "20"), ("M", "50-59"), ("F", "20"), ("F", "50-59"))}
        self.assertEqual(len(set(same.values())), 4)
        self.assertEqual(output("gender,age", "opposite", "M", "50-59"), same["F", "20"])
        self.assertEqual(output("age,gender", "opposite", "M", "20"), same["F", "50-59"], "in any order")
        self.assertEqual(output("age", "same", "M", "20"), output("age", "opposite", "F", "41"), "the gender stays")
        for arguments, expected in {("--hide", "gender,age", "--label", "male"): "--label male has no label of the other attributes",
                                    ("--hide", "age", "--label", "male"): "--label male is a label of gender",
                                    ("--label", "old"): "--label old is a label of age",
                                    ("--hide", "age", "--classifier", image): "--classifier"}.items():
            done = run("perturb", image, "-o", self.path("none"), *arguments, env=environment)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(expected, done.stderr)

    def test_metadata_and_thumbnail_stay_behind(self):
        upright = Image.open(portraits()[0])
        thumbnail = io.BytesIO()
        upright.resize((80, 96)).save(thumbnail, "JPEG")
        # A camera held on its side: orientation 6, its notes, and a second IFD with the thumbnail.
        note = b"SECRET NOTE\0"
        second = 8 + 2 + 2 * 12 + 4
        data = second + 2 + 2 * 12 + 4
        exif = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 2)
        exif += struct.pack("<HHII", 0x010E, 2, len(note), data) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
        exif += struct.pack("<I", second) + struct.pack("<H", 2)
        exif += struct.pack("<HHII", 0x0201, 4, 1, data + len(note))
        exif += struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail.getvalue())) + struct.pack("<I", 0)
        exif += note + thumbnail.getvalue()
        upright.rotate(90, expand=True).save(self.path("in", "a.jpg"), quality=95, exif=b"Exif\0\0" + exif,
                                             comment=b"SECRET COMMENT", icc_profile=b"SECRET PROFILE")
        done = self.perturb(self.path("in", "a.jpg"), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        original, written = read(self.folder, "in", "a.jpg"), read(self.folder, "out", "a.jpg")
        self.assertEqual(original.count(b"SECRET"), 3)
        self.assertEqual(original.count(b"\xff\xd8\xff"), 2)
        self.assertNotIn(b"SECRET", written)
        self.assertNotIn(b"Exif", written)
        self.assertEqual(written.count(b"\xff\xd8\xff"), 1)
        after = cv2.imread(self.path("out", "a.jpg"))
        self.assertEqual(after.shape, portrait().shape)  # upright
        self.assertLess(difference(after[:60], portrait()[:60]), 3)

    def test_cmyk(self):
        Image.open(portraits()[0]).convert("CMYK").save(self.path("in", "a.jpg"), quality=95)
        done = self.perturb(self.path("in", "a.jpg"), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(cv2.imread(self.path("out", "a.jpg"), cv2.IMREAD_UNCHANGED).shape, portrait().shape)

    def test_large_image(self):
        image = np.full((6000, 8000, 3), 120, np.uint8)
        image[:384, :320] = portrait()
        self.save("a.jpg", image)
        done = self.perturb(self.path("in", "a.jpg"), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(cv2.imread(self.path("out", "a.jpg")).shape, image.shape)

    def test_other_files_are_skipped_and_counted(self):
        self.save("a.jpg")
        for name in ("notes.txt", "video.mp4", "video2.mp4", "README"):
            write(self.path("in", name), b"no image")
        done = self.perturb(self.path("in", ""), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.one_line(done.stdout, "Skipped 4 other files", "2 .mp4", "1 .txt")
        self.assertEqual(files(self.path("out")), ["a.jpg"])

    def test_results_inside_the_input_folder_are_no_inputs(self):
        self.save("a.jpg")
        for _ in range(2):
            done = self.perturb(self.path("in", ""), "-o", self.path("in", "out"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(files(self.path("in")), ["a.jpg", "out/a.jpg"])


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
        after = {name: cv2.imread(self.path("out", name + ".png"), cv2.IMREAD_UNCHANGED) for name in ("whole", "twelve", "ten", "dark")}
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
        chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
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
                done = run("perturb", *self.networks, "--labels", path, self.path("in", "a.png"), "-o", self.path("out"))
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
        self.one_line(done.stdout, "Labels of 1 image taken from other files of the same name", "train/1.png' for '", "val/1.png'")
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
        for model in (self.path("truncated.onnx"), self.path("text.onnx"), os.path.join(TEST_NETWORKS, "descriptor.onnx")):
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
        process = subprocess.Popen([EXECUTABLE, "perturb", *self.networks, "--labels", self.path("labels.csv"), "--landmarks",
                                    self.path("in", ""), "-o", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
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
        closed = run("-c", 'exec "$0" "$@" <&- >&- 2>&-', EXECUTABLE, *arguments, self.path("closed"), program="/bin/sh")
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
            ("perturb", image, "-o", self.path("out"), "--labels", self.path("plain.csv"), "--landmarks"): "no landmark",
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
                done = run(*arguments, *(self.networks if arguments[:1] == ("perturb",) and "--model" not in arguments else []))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(expected, done.stderr)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))
                self.assertEqual(read(image), before)

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
        """A table from a Mac has an o and its dots as two characters; where both forms are there, each gets its own row."""
        composed, decomposed = "M\u00f6ller/\u304c\u00e9.jpg", "Mo\u0308ller/\u304b\u3099e\u0301.jpg"
        for k, (there, listed) in enumerate(((composed, decomposed), (decomposed, composed))):
            shutil.copy(portraits()[0], self.path(f"in{k}", there))
            write_labels(self.path(f"{k}.csv"), [(listed, "M")])
            done = run("perturb", *self.networks, self.path(f"in{k}"), "-o", self.path(f"out{k}"), "--labels", self.path(f"{k}.csv"))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertNotIn("not in", done.stdout)
            self.assertEqual(files(self.path(f"out{k}")), [there])
            shutil.copy(self.path(f"{k}.csv"), self.path(f"in{k}", "labels.csv"))
            done = run("prototypes", "--labels", self.path(f"in{k}", "labels.csv"), "-o", self.path("prototypes"))
            self.assertNotIn("no such file", done.stderr)
        shutil.copy(portraits()[0], self.path("in0", decomposed))
        write_labels(self.path("both.csv"), [(composed, "M"), (decomposed, "F")])
        done = run("perturb", *self.networks, self.path("in0"), "-o", self.path("both"), "--labels", self.path("both.csv"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotEqual(read(self.path("both", composed)), read(self.path("both", decomposed)))


class Shipped(CommandTest):
    def test_portraits(self):
        done = run("perturb", os.path.dirname(portraits()[0]), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        number = len(portraits())
        self.one_line(done.stdout, f"{number} images perturbed ({number} faces)")
        self.assertEqual(files(self.path("out")), [os.path.basename(path) for path in portraits()])

    def test_labels_of_another_convention(self):
        """A database's own table: its order of columns, its separators; and one in which 0 stands for male."""
        images = portraits()[:3] + portraits()[-3:]
        for male, warned in ((1, False), (0, True)):
            rows = ["Id;Gender;File", *(f"7;{male if '/man' in path else 1 - male};{path}" for path in images)]
            write(self.path("labels.csv"), "\r\n".join(rows).encode())
            done = run("perturb", *images, "--labels", self.path("labels.csv"), "-o", self.path("out"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("contradict the classifier in 6 of 6 faces" in done.stderr, warned, done.stderr)
        done = run("perturb", *images, "--label", "MALE", "-o", self.path("out"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_cascade(self):
        done = run("perturb", portraits()[0], "-o", self.path("out"), "--detector", "cascade")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.one_line(done.stdout, "1 image perturbed (1 face)")
        done = run("perturb", portraits()[0], "-o", self.path("out"), "--detector", "haar")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("haar", done.stderr)


if __name__ == "__main__":
    unittest.main()
