# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""`evaluate` says where its figures mean less than they seem to, or refuses to compute them."""

import csv
import os
import unittest

import cv2
import numpy as np

from command import CommandTest, LANDMARK_COLUMNS, TEST_NETWORKS, run

MODELS = """%YAML:1.0
---
brightness: {{ task: "classifier", file: "{folder}/classifier.onnx", width: 224, height: 224, scale: {scale},
  color: "gray", square: 1.2 }}
means: {{ task: "classifier", file: "{folder}/descriptor.onnx", width: 32, height: 32, color: "rgb", square: 1.2 }}
cells: {{ task: "matcher", file: "{folder}/descriptor.onnx", width: 32, height: 32, color: "rgb", square: 1.2,
  distance: "euclidean" }}
"""


class DoubtfulFigures(CommandTest):
    """Plain images, whose brightness is the label: bright for label 1. They need landmarks, as they show no face."""

    PEOPLE = 12

    def evaluate(self, labels, *arguments, images=2, methods=("blur",)):
        """Labels of the people; every person has images of one brightness."""
        rng = np.random.default_rng(1)
        with open(self.path("labels.csv"), "w", newline="", encoding="utf-8") as table:
            writer = csv.writer(table)
            writer.writerow(["file", "gender", "age", "identity", *LANDMARK_COLUMNS])
            for person, label in enumerate(labels):
                for k in range(images):
                    name = f"{person}-{k}.png"
                    image = 60 + 100 * (person % 2) + 2 * person + rng.normal(0, 2, (120, 100, 3))
                    cv2.imwrite(self.path("faces", name), image.astype(np.uint8))
                    writer.writerow([name, label, 20, person, 35, 50, 65, 50, 50, 65, 38, 80, 62, 80])
        with open(self.path("models.yml"), "w", encoding="utf-8") as models:
            models.write(MODELS.format(folder=TEST_NETWORKS, scale=1 / 255))
        return self.run_evaluate(*arguments, "--methods", *methods)

    def run_evaluate(self, *arguments):
        return run("evaluate", "--faces", self.path("faces"), "--labels", self.path("labels.csv"), "--models",
                   self.path("models.yml"), "--cache", self.path("cache"), "-o", self.path("report"), "--replicates",
                   20, "--attackers", "none", *arguments)

    def notes(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("report", "diagnostics.csv"), newline="", encoding="utf-8") as table:
            noted = [row["subject"] + ": " + row["diagnostic"] for row in csv.DictReader(table)]
        self.assertEqual(noted, done.stderr.splitlines())
        return done.stderr

    def test_labels_of_the_other_convention(self):
        right, wrong = ([(person + turned) % 2 for person in range(self.PEOPLE)] for turned in (0, 1))
        self.assertNotIn("label 1 for label 0", self.notes(self.evaluate(right)))
        noted = self.notes(self.evaluate(wrong))
        self.one_line(noted, "brightness: takes label 1 for label 0 (AUC 0.00 on the originals): check `index`")

    def test_classifier_that_tells_nothing(self):
        noted = self.notes(self.evaluate([person // 2 % 2 for person in range(self.PEOPLE)]))
        self.one_line(noted, "brightness: hardly tells the labels apart (AUC 0.5", "`mean`")
        few = self.notes(self.evaluate([person // 2 % 2 for person in range(4)]))
        self.assertNotIn("brightness: hardly", few)

    def test_answers_that_are_no_probabilities(self):
        noted = self.notes(self.evaluate([person % 2 for person in range(4)]))
        self.one_line(noted, "means: its answers go from ", "no probabilities")

    def test_false_match_rates_of_less_than_a_pair(self):
        noted = self.notes(self.evaluate([person % 2 for person in range(self.PEOPLE)]))
        self.one_line(noted, "faces: 264 impostor pairs are too few for a false match rate of 0.1, 0.01 %")

    def test_matcher_that_recognises_nobody(self):
        labels = self.evaluate([0, 1] * 6)
        self.assertNotIn("cells: hardly", self.notes(labels))
        with open(self.path("labels.csv"), encoding="utf-8") as table:
            header, *rows = list(csv.reader(table))
        for k, row in enumerate(rows):
            row[3] = k % 2 * 3 + k // 8  # people of bright and of dark images
        with open(self.path("labels.csv"), "w", newline="", encoding="utf-8") as table:
            csv.writer(table).writerows([header, *rows])
        done = self.run_evaluate("--methods", "blur")
        self.one_line(self.notes(done), "cells: hardly recognises people (EER ")

    def test_people_of_one_image_take_one_line(self):
        done = self.evaluate([person % 2 for person in range(4)], images=1)
        self.one_line(done.stderr, "identity: 4 people have one image only, the first 0", "no genuine pair")

    def test_no_image_is_found(self):
        self.evaluate([0, 1])
        for name in os.listdir(self.path("faces")):
            os.remove(self.path("faces", name))
        done = self.run_evaluate("--methods", "blur")
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.one_line(done.stderr, "labels.csv: none of the 4 images: 0-0.png: no such file in")

    def test_labels_of_what_is_not_hidden(self):
        for arguments, code in ((["--attribute", "age"], 2), (["--hide", "age"], 2)):
            done = self.evaluate([0, 1], *arguments, methods=("blur", "opposite"))
            self.assertEqual(done.returncode, code, done.stderr)
            self.one_line(done.stderr, "its labels would be taken for those of")


if __name__ == "__main__":
    unittest.main()
