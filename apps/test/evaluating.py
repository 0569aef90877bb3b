# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the tests of the command `evaluate` share: drawn faces, networks, a run over all, readers of a report."""

import contextlib
import csv
import html.parser
import os
import sqlite3

import cv2
import numpy as np

from command import CommandTest, TEST_NETWORKS, portraits, run, write_labels

CANONICAL = [67.2, 68, 157.2, 68, 112, 120, 76, 160, 148, 160]  # about: enough of a landmark_template for a test

NETWORKS = """%YAML:1.0
---
brightness:
  task: "classifier"
  file: "{folder}/classifier.onnx"
  width: 224
  height: 224
  scale: {scale}
  color: "gray"
  landmark_template: [ {landmark_template} ]
cells:
  task: "matcher"
  file: "{folder}/descriptor.onnx"
  width: 32
  height: 32
  color: "bgr"
  square: 1.2
  distance: "euclidean"
"""


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def table(folder, name):
    with open(os.path.join(folder, name + ".csv"), newline="") as lines:
        return list(csv.DictReader(lines))


def row(rows, **values):
    found = [r for r in rows if all(r[k] == v for k, v in values.items())]
    assert len(found) == 1, (values, rows)
    return found[0]


def results(cache):
    """How many results a cache holds."""
    with contextlib.closing(sqlite3.connect(cache)) as database:
        return database.execute("SELECT count(*) FROM results").fetchone()[0]


class Parser(html.parser.HTMLParser):
    """Collects the tags, every place that a browser would load something from, and what SVG elements draw and write."""

    def __init__(self):
        super().__init__()
        self.tags, self.sources, self.paths, self.texts = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        self.paths += [value for name, value in attributes if tag == "path" and name == "d"]

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "text":
            self.texts.append(data)


class EvaluateTest(CommandTest):
    """People of the sample portraits, three images each; the "men" tend to be brighter, as the classifier has it."""

    PEOPLE, IMAGES = 4, 3
    FACES = PEOPLE * IMAGES
    METHODS = ["original", "same", "neutral", "opposite", "random", "blur 6", "pixelation 12", "mixing 0.4",
               "search", "darker"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = np.random.default_rng(3)
        cls.faces = os.path.join(cls.shared_folder, "faces")
        cls.darker = os.path.join(cls.shared_folder, "darker")  # what somebody else's method made of them
        cls.rows = []
        for folder in (cls.faces, cls.darker):
            os.makedirs(os.path.join(folder, "images"))
        for person, path in enumerate(portraits()[:cls.PEOPLE]):
            for k in range(cls.IMAGES):
                name = f"images/{person}-{k}.png"
                image = cv2.imread(path).astype(float)
                gray = image.mean()
                image = image - gray + 110 + 12 * (person % 2) + rng.normal(0, 10) + rng.normal(0, 5, image.shape)
                cv2.imwrite(os.path.join(cls.faces, name), image.clip(0, 255).astype(np.uint8))
                cv2.imwrite(os.path.join(cls.darker, name), (image - 20).clip(0, 255).astype(np.uint8))
                race = ("one", "other")[person // 2]
                cls.rows.append((name, "M" if person % 2 else "F", f"person{person}", race, 21 + 10 * k))
        cls.labels = os.path.join(cls.shared_folder, "faces.csv")
        cls.write_labels(cls.labels, cls.rows)
        cls.models = os.path.join(cls.shared_folder, "models.yml")
        with open(cls.models, "w") as models:
            models.write(NETWORKS.format(folder=TEST_NETWORKS, scale=1 / 255,
                                         landmark_template=", ".join(map(str, CANONICAL))))
        cls.cache = os.path.join(cls.shared_folder, "cache", "results.sqlite")
        cls.report = os.path.join(cls.shared_folder, "report")
        cls.all_methods = ["--methods", f"san,random,blur,pixelation=12,mixing=0.4,search,folder={cls.darker}",
                           "--attackers", "jpeg,flip"]
        cls.done = cls.evaluate(*cls.all_methods, "-o", cls.report)
        assert cls.done.returncode == 0, cls.done.stderr

    @staticmethod
    def write_labels(path, rows):
        write_labels(path, rows, columns=("file", "gender", "identity", "race", "age"))

    @classmethod
    def evaluate(cls, *arguments, labels=None, models=None, cache=None, program=None):
        model = cls.networks[:2] + cls.networks[4:]
        return run("evaluate", "--faces", cls.faces, "--labels", labels or cls.labels,
                   "--models", models or cls.models, *model, "--cache", cache or cls.cache, "--replicates", 200,
                   *arguments, program=program)
