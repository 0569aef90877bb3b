# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `prototypes`: its means against means of means, and what it says of faces it cannot use."""

import gzip
import os
import shutil
import unittest

import cv2
import numpy as np

from command import CommandTest, LANDMARK_COLUMNS, LANDMARKS, files, portraits, run, write, write_labels

MEN = [path for path in portraits() if "/man" in path]
WOMEN = [path for path in portraits() if "/woman" in path]


class Prototypes(CommandTest):
    def make(self, rows, *arguments, **options):
        write_labels(self.path("labels.csv"), rows, **options)
        return run("prototypes", "--labels", self.path("labels.csv"), "-o", self.path("out"), *arguments)

    def mean(self, name):
        return cv2.imread(self.path("out", name)).astype(float)

    def test_means(self):
        self.assertEqual(self.make([(MEN[0], "M"), (WOMEN[0], "F")]).returncode, 0)
        first, woman = self.mean("gender-1.png"), self.mean("gender-0.png")
        self.assertEqual(first.shape, (224, 224, 3))
        self.assertEqual(self.make([(MEN[1], "M"), (WOMEN[0], "F")]).returncode, 0)
        second = self.mean("gender-1.png")
        made = self.make([(MEN[0], "male"), (MEN[1], "1"), (WOMEN[0], "f")])
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("label 1: 2, of label 0: 1", made.stdout)
        self.assertEqual(files(self.path("out")),
                         ["gender-0.png", "gender-1.png", "gender-neutral.png", "prototypes-gender.yml.gz"])
        rounding = 1.01  # each image is rounded to whole steps
        self.assertLess(np.abs(self.mean("gender-1.png") - (first + second) / 2).max(), rounding)
        self.assertLess(np.abs(self.mean("gender-0.png") - woman).max(), rounding)
        self.assertLess(np.abs(self.mean("gender-neutral.png") - (first + second + woman) / 3).max(), rounding)
        with gzip.open(self.path("out", "prototypes-gender.yml.gz"), "rt") as stream:
            self.assertTrue(stream.read().startswith("%YAML"))

    def test_another_attribute_and_folder(self):
        for k, path in enumerate(portraits()[:2]):
            shutil.copy(path, self.path("faces", f"{k}.jpg"))
        made = self.make([("0.jpg", "x", "1"), ("1.jpg", "y", "0")], "--attribute", "old",
                         "--faces", self.path("faces"), columns=("file", "name", "old"))
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("prototypes-old.yml.gz", files(self.path("out")))

    def test_faces_that_cannot_be_used(self):
        small = cv2.imread(MEN[0])[130:]  # the top of the crop lies outside
        cv2.imwrite(self.path("cut.png"), small)
        rows = [(MEN[0], "M"), (WOMEN[0], "F"), (self.path("cut.png"), "M"), (WOMEN[1], ""), ("missing.png", "M")]
        write_labels(self.path("labels.csv"), rows)
        with open(self.path("labels.csv")) as table:
            text = table.read()
        row = self.path("cut.png") + ",M"
        moved = ",".join(str(value - (130 if k % 2 else 0)) for k, value in enumerate(LANDMARKS))
        text = text.replace(row + "," + ",".join(map(str, LANDMARKS)), row + "," + moved)
        with open(self.path("labels.csv"), "w") as table:
            table.write(text)
        made = run("prototypes", "--labels", self.path("labels.csv"), "-o", self.path("out"))
        self.assertEqual(made.returncode, 1)
        self.one_line(made.stderr, "missing.png", "no such file")
        self.one_line(made.stdout, "label 1: 1, of label 0: 1", "1 cut off", "1 unlabelled", "1 failed")

    def test_one_label_only(self):
        made = self.make([(path, "M") for path in MEN])
        self.assertEqual(made.returncode, 1)
        self.one_line(made.stderr, "no usable face of gender 0")
        self.assertEqual(files(self.path("out")), [])
        made = self.make([(path, "M") for path in MEN] + [("missing.png", "M"), (WOMEN[0], "")])
        self.assertEqual(made.returncode, 1)
        self.one_line(made.stderr, "no usable face of gender 0")
        self.assertNotIn("missing.png", made.stderr)  # it is told before any image is read

    def test_rows_that_repeat(self):
        """A face counts once, however often and under whatever path it is listed, and cannot have both labels."""
        rows = [(MEN[0], "M"), (MEN[1], "M"), (WOMEN[0], "F")]
        self.assertEqual(self.make(rows).returncode, 0)
        once = self.mean("gender-1.png")
        again = os.path.join(os.path.dirname(MEN[0]), ".", os.path.basename(MEN[0]))
        for landmarks in (True, False):
            made = self.make(rows + [(again, "1"), (MEN[1], "")], landmarks=landmarks)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.one_line(made.stderr, again, "listed more than once", "counted once")
            self.one_line(made.stdout, "label 1: 2, of label 0: 1", "1 unlabelled")
            if landmarks:
                np.testing.assert_array_equal(self.mean("gender-1.png"), once)
        shutil.rmtree(self.path("out"))
        made = self.make(rows + [(again, "F")])
        self.assertEqual(made.returncode, 1)
        self.one_line(made.stderr, "contradicting rows", again)
        self.assertEqual(files(self.folder), ["labels.csv"])

    def test_several_faces_of_one_image(self):
        both = np.hstack([cv2.imread(MEN[0]), cv2.imread(WOMEN[0])])
        cv2.imwrite(self.path("both.png"), both)
        width = both.shape[1] // 2
        moved = [value + (width if k % 2 == 0 else 0) for k, value in enumerate(LANDMARKS)]
        write(self.path("labels.csv"), "".join(",".join(map(str, row)) + "\n" for row in (
            ["file", "gender", *LANDMARK_COLUMNS], ["both.png", "M", *LANDMARKS], ["both.png", "F", *moved])).encode())
        made = run("prototypes", "--labels", self.path("labels.csv"), "-o", self.path("out"))
        self.assertEqual(made.returncode, 0, made.stderr)
        self.one_line(made.stdout, "label 1: 1, of label 0: 1")

    def test_attribute_that_is_no_name_of_a_file(self):
        made = self.make([(MEN[0], "M"), (WOMEN[0], "F")], "--attribute", "gender/sex", columns=("file", "gender/sex"))
        self.assertEqual(made.returncode, 2)
        self.one_line(made.stderr, "--attribute", "'gender/sex'")

    def test_detects_where_no_landmarks_are_given(self):
        self.assertEqual(self.make([(MEN[0], "M"), (WOMEN[0], "F")]).returncode, 0)
        given = self.mean("gender-1.png")
        made = self.make([(MEN[0], "M"), (WOMEN[0], "F")], landmarks=False)
        self.assertEqual(made.returncode, 0, made.stderr)
        found, smooth = self.mean("gender-1.png"), lambda image: cv2.blur(image, (15, 15))
        alike = np.abs(smooth(found) - smooth(given)).mean()  # the given landmarks are not exact
        self.assertLess(alike, .5 * np.abs(smooth(found) - smooth(np.roll(given, 40, 0))).mean())

    def test_images_that_use_a_small_part_of_their_range(self):
        means = {}
        for name, factor in (("whole", 257), ("ten", 4)):
            rows = []
            for k, path in enumerate((WOMEN[0], MEN[0])):
                cv2.imwrite(self.path(name, f"{k}.png"), cv2.imread(path).astype(np.uint16) * factor)
                rows.append((f"{name}/{k}.png", k))
            made = self.make(rows, landmarks=False)
            self.assertEqual(made.returncode, 0, made.stderr)
            means[name] = self.mean("gender-neutral.png")
        self.assertLess(np.abs(means["ten"] - means["whole"]).mean(), 2)


if __name__ == "__main__":
    unittest.main()
