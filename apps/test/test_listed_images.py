# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Every command that takes a label file finds the image of a row in the same way."""

import csv
import os
import shutil
import unittest

import cv2
import numpy as np

from command import CommandTest, LANDMARK_COLUMNS, LANDMARKS, TEST_NETWORKS, portrait, read, run, write, write_labels

MODELS = """%YAML:1.0
---
brightness: {{ task: "classifier", file: "{}", width: 224, height: 224, scale: 0.00392156863, color: "gray",
  square: 1.2 }}
"""


class ListedImages(CommandTest):
    """Faces in folders of people, as photos/anna/1.png."""

    NAMES = ["anna/1.png", "anna/2.png", "ben/3.png"]

    def setUp(self):
        super().setUp()
        with open(self.path("models.yml"), "w", encoding="utf-8") as models:
            models.write(MODELS.format(os.path.join(TEST_NETWORKS, "classifier.onnx")))
        for k, name in enumerate(self.NAMES):
            cv2.imwrite(self.path("photos", name), portrait(k))

    def evaluate(self, names, *methods, code=0):
        """The rows of the table of scores."""
        write_labels(self.path("labels.csv"), [(name, "FM"[k % 2]) for k, name in enumerate(names)])
        shutil.rmtree(self.path("report"), ignore_errors=True)
        self.done = run("evaluate", "--faces", self.path("photos"), "--labels", self.path("labels.csv"), "--models",
                        self.path("models.yml"), "--cache", self.path("cache"), "-o", self.path("report"),
                        "--attackers", "none", "--replicates", 20, "--methods", *(methods or ["blur"]))
        self.assertEqual(self.done.returncode, code, self.done.stderr)
        with open(self.path("report", "scores.csv"), newline="", encoding="utf-8") as scores:
            return list(csv.reader(scores))[1:]

    def test_evaluate_and_perturb_find_the_same_images(self):
        whole = [row[1:] for row in self.evaluate(self.NAMES)]
        moved = ["elsewhere/" + os.path.basename(name) for name in self.NAMES]
        for names in ([os.path.basename(name) for name in self.NAMES], ["photos/" + name for name in self.NAMES],
                      [self.path("photos", name) for name in self.NAMES], moved):
            with self.subTest(names):
                self.assertEqual([row[1:] for row in self.evaluate(names)], whole)
                done = run("perturb", *self.networks, self.path("photos"), "-o", self.path("out"), "--labels",
                           self.path("labels.csv"))
                self.assertNotIn("not in", done.stdout)

    def test_prototypes_find_the_same_images(self):
        rows = [(os.path.basename(name), "FM"[k % 2]) for k, name in enumerate(self.NAMES)]
        for folder, option in (("photos", []), (".", ["--faces", self.path("photos")])):
            labels = self.path(folder, "labels.csv")
            write_labels(labels, rows)
            done = run("prototypes", "--labels", labels, *option, "-o", self.path("out"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.one_line(done.stdout, "label 1: 1, of label 0: 2", "0 failed")

    def test_a_row_that_several_images_fit(self):
        cv2.imwrite(self.path("photos", "ben", "1.png"), portrait(5))
        self.assertEqual(len(self.evaluate(["1.png", "2.png", "3.png"], code=1)), 2)
        self.one_line(self.done.stderr, "1.png: means 2 images", "anna/1.png and ben/1.png", "list more of the path")
        self.assertEqual(len(self.evaluate(["ben/1.png", "1.png", "3.png"])), 3)  # each of these means one image
        done = run("perturb", *self.networks, self.path("photos"), "-o", self.path("out"), "--labels",
                   self.path("labels.csv"))
        self.assertNotIn("several images", done.stdout)
        write_labels(self.path("labels.csv"), [("1.png", "F")])
        done = run("perturb", *self.networks, self.path("photos"), "-o", self.path("out"), "--labels",
                   self.path("labels.csv"))
        self.one_line(done.stdout, "Labels of 2 images", "several images fit", "'1.png' for", "anna/1.png", "ben/1.png")

    def test_several_faces_of_one_image(self):
        """A row for each, whose landmarks differ: all are perturbed, also where the detector finds none."""
        noise = np.random.default_rng(0).integers(100, 140, (200, 400, 3), np.uint8)
        cv2.imwrite(self.path("photos", "two.png"), noise)
        rows = [[f"{value + (100 * x if k % 2 == 0 else 0)}" for k, value in enumerate(
            [50, 50, 90, 50, 70, 70, 55, 90, 85, 90])] for x in (0, 2)]

        def perturb(labels, *options, code=0):
            write(self.path("labels.csv"), "".join(",".join(line) + "\n" for line in [
                ["file", "gender", *LANDMARK_COLUMNS], *(["two.png", *row] for row in labels)]).encode())
            done = run("perturb", *self.networks, self.path("photos", "two.png"), "-o", self.path("out"), "--labels",
                       self.path("labels.csv"), *options)
            self.assertEqual(done.returncode, code, done.stderr)
            return done

        both = [["M", *rows[0]], ["F", *rows[1]], ["M", *rows[0]]]
        done = perturb(both, "--landmarks")
        self.one_line(done.stdout, "1 image perturbed (2 faces)")
        self.one_line(done.stderr, "no face found at the landmarks of 2 of 2 faces, which are trusted")
        change = np.abs(cv2.imread(self.path("out", "two.png")).astype(int) - noise).max(axis=2)
        for left in (40, 240):
            self.assertGreater((change[40:100, left:left + 60] > 0).mean(), .9)
        self.assertEqual(change[:, 150:190].max(), 0)
        self.one_line(perturb(both, code=1).stderr, "contradicting rows")
        self.one_line(perturb([*both, ["F", *rows[0]]], "--landmarks", code=1).stderr, "contradicting rows")

    def test_the_crop_is_that_of_a_listed_face(self):
        """Not of a larger one that is found beside it."""
        face = portrait()
        small = cv2.resize(face, None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA)
        image = np.full((face.shape[0], face.shape[1] + small.shape[1], 3), 120, np.uint8)
        image[:, :face.shape[1]] = face
        image[:small.shape[0], face.shape[1]:] = small
        cv2.imwrite(self.path("photos", "two.png"), image)
        moved = [value / 2 + (face.shape[1] if k % 2 == 0 else 0) for k, value in enumerate(LANDMARKS)]
        write(self.path("labels.csv"), ",".join(["file", "gender", *LANDMARK_COLUMNS]).encode() + b"\n"
              + ",".join(map(str, ["two.png", "M", *moved])).encode() + b"\n")
        crops = []
        for options in (["--landmarks"], []):
            done = run("perturb", *self.networks, self.path("photos", "two.png"), "-o", self.path("out"), "--labels",
                       self.path("labels.csv"), "--crop", *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            crops.append(cv2.imread(self.path("out", "two.png")).astype(float))
        sharpness = [np.abs(np.diff(crop, axis=1)).mean() for crop in crops]
        self.assertLess(sharpness[0], sharpness[1])  # the small one is enlarged

    def test_decimal_commas(self):
        """Where a spreadsheet separates by semicolons it writes them."""
        landmarks = [50.5, 50, 90, 50.25, 70, 70, 55, 90, 85, 90]
        cv2.imwrite(self.path("photos", "one.png"), np.full((200, 200, 3), 120, np.uint8))
        written = []
        for separator, point in ((",", "."), (";", ","), (";", ".")):
            lines = [["file", "gender", *LANDMARK_COLUMNS], ["one.png", "M", *(f"{x}" for x in landmarks)]]
            text = "".join(separator.join([*line[:2], *(cell.replace(".", point) for cell in line[2:])]) + "\n"
                           for line in lines)
            write(self.path("labels.csv"), text.encode())
            done = run("perturb", *self.networks, self.path("photos", "one.png"), "-o", self.path("out"), "--labels",
                       self.path("labels.csv"), "--landmarks")
            self.assertEqual(done.returncode, 0, done.stderr)
            written.append(read(self.path("out", "one.png")))
        self.assertEqual(written, written[:1] * 3)

    def test_an_image_that_is_nowhere(self):
        self.assertEqual(len(self.evaluate([*self.NAMES, "4.png"], code=1)), 3)
        self.one_line(self.done.stderr, "4.png: no such file in", "photos")

    def folder_scores(self, names, folder, code=0):
        return [row[3] for row in self.evaluate(names, "folder=" + folder, code=code)]

    def test_folder_of_another_method(self):
        """Images of whole paths, of ends of them, and of bare names: never the originals."""
        folders = {"whole": self.NAMES, "photos-of": [os.path.basename(name) for name in self.NAMES]}
        for folder, names in folders.items():
            for k, name in enumerate(names):
                cv2.imwrite(self.path(folder, name), portrait(k) // 2)
        expected = self.folder_scores(self.NAMES, self.path("whole"))
        for names in (self.NAMES, [self.path("photos", name) for name in self.NAMES], [n[-5:] for n in self.NAMES]):
            for folder in folders:
                with self.subTest(folder=folder, names=names):
                    self.assertEqual(self.folder_scores(names, self.path(folder)), expected)

    def test_the_longest_path_in_a_folder_comes_first(self):
        """Whole paths as PNG, and another image of the bare name and the very ending."""
        names = ["anna/1.bmp", "ben/2.bmp"]
        for k, name in enumerate(names):
            cv2.imwrite(self.path("photos", name), portrait(k))
            cv2.imwrite(self.path("whole", name), portrait(k) // 2)
            cv2.imwrite(self.path("mixed", name.replace(".bmp", ".png")), portrait(k) // 2)
            cv2.imwrite(self.path("mixed", os.path.basename(name)), portrait(5))
        self.assertEqual(self.folder_scores(names, self.path("mixed")), self.folder_scores(names, self.path("whole")))

    def test_an_image_that_would_stand_for_two_originals(self):
        cv2.imwrite(self.path("photos", "ben", "1.png"), portrait(5))
        for k, name in enumerate(("1.png", "2.png", "3.png")):
            cv2.imwrite(self.path("flat", name), portrait(k) // 2)
        scores = self.folder_scores([*self.NAMES, "ben/1.png"], self.path("flat"), code=1)
        self.assertEqual([score == "" for score in scores], [True, False, False, True])
        self.one_line(self.done.stderr, "ben/1.png (flat)", "would stand for several originals")


if __name__ == "__main__":
    unittest.main()
