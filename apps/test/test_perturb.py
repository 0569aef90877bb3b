# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `perturb` as a user runs it, on images that it can protect."""

import io
import os
import shutil
import struct
import unittest

import cv2
import numpy as np
from PIL import Image

from command import (CommandTest, TEST_NETWORKS, difference, files, portrait, portraits, read, run, write,
                     write_labels)
from perturbing import PerturbTest


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

    def test_one_image_may_be_given_the_name_of_its_output(self):
        self.save("a.png")
        results = []
        for arguments in (["-o", self.path("out")], ["-o", self.path("new", "b.png")], ["-o", "c.png"]):
            done = self.perturb(self.path("in", "a.png"), *arguments, cwd=self.folder)
            self.assertEqual(done.returncode, 0, done.stderr)
        for names in (["out", "a.png"], ["new", "b.png"], ["c.png"]):
            results.append(read(self.folder, *names))
        self.assertEqual(results[1:], results[:1] * 2)
        done = self.perturb(self.path("in", "a.png"), "-o", self.path("out", "b.jpg"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(read(self.folder, "out", "b.jpg")[:2], b"\xff\xd8")  # JPEG
        self.assertIn("Written to " + self.path("out", "b.jpg"), done.stdout)
        os.mkdir(self.path("folder.png"))  # a folder stays one
        done = self.perturb(self.path("in", "a.png"), "-o", self.path("folder.png"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(files(self.path("folder.png")), ["a.png"])
        done = self.perturb(self.path("in", "a.png"), "-o", self.path("in", "a.png"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.one_line(done.stderr, "is an input and would be overwritten")

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
            self.assertIn("found nan", self.perturb(self.path("in", "a.png"), "-o", self.path("nan"), name,
                                                    "nan").stderr)
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
        """Prototypes and classifiers of gender and age in a data folder, as the shipped ones; age is told in years or
        bands."""
        people = [(path, "M" if "/man" in path else "F", ("more than 70", "30-39", "41")[k % 3])
                  for k, path in enumerate(portraits())]
        write_labels(self.path("people.csv"), people, ("file", "gender", "age"))
        for attribute in ("gender", "age"):
            made = run("prototypes", "--labels", self.path("people.csv"), "--attribute", attribute, "-o",
                       self.path("data"))
            self.assertEqual(made.returncode, 0, made.stderr)
            ones = sum(gender == "M" if attribute == "gender" else age != "30-39" for _, gender, age in people)
            self.one_line(made.stdout, f"Faces of label 1: {ones}, of label 0: {len(people) - ones}")
            shutil.copy(os.path.join(TEST_NETWORKS, "classifier.onnx"), self.path("data", attribute + ".onnx"))
        environment = {**os.environ, "OPENCV_SANPRIVACY_DATA_PATH": self.path("data")}
        image = self.save("a.png")

        def output(hidden, prototype, *labels):
            write_labels(self.path("labels.csv"), [("a.png", *labels)], ("file", "gender", "age"))
            done = run("perturb", "--hide", hidden, image, "-o", self.path("out"), "--labels", self.path("labels.csv"),
                       "--landmarks",
                       "--model", os.path.join(TEST_NETWORKS, "generator_residual.onnx"), "--prototype", prototype,
                       *(["--color-strength", "0"] if "gender" in hidden else []),  # else only `same` keeps its color
                       env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            return read(self.folder, "out", "a.png")

        same = {labels: output("gender,age", "same", *labels) for labels in (("M", "20"), ("M", "50-59"), ("F", "20"),
                                                                             ("F", "50-59"))}
        self.assertEqual(len(set(same.values())), 4)
        self.assertEqual(output("gender,age", "opposite", "M", "50-59"), same["F", "20"])
        self.assertEqual(output("age,gender", "opposite", "M", "20"), same["F", "50-59"], "in any order")
        self.assertEqual(output("age", "same", "M", "20"), output("age", "opposite", "F", "41"), "the gender stays")
        for arguments, expected in {("--hide", "gender,age", "--label",
                                     "male"): "--label male has no label of the other attributes",
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
