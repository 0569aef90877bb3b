# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the tests of the command line share: the executable, sample images, small networks."""

import csv
import os
import shutil
import subprocess
import tempfile
import unittest

import cv2
import numpy as np

EXECUTABLE = os.environ["SANPRIVACY"]
SOURCE = os.environ["SANPRIVACY_SOURCE_DIR"]
PORTRAITS = os.path.join(SOURCE, "data", "portraits")
TEST_NETWORKS = os.path.join(SOURCE, "modules", "sanprivacy", "testdata")
TIMEOUT = 300  # seconds; none of the commands below takes more than a few

# Eyes, nose and corners of the mouth of every sample portrait: scripts/make_portraits.py puts them there.
LANDMARK_COLUMNS = ["right_eye_x", "right_eye_y", "left_eye_x", "left_eye_y", "nose_x", "nose_y",
                    "right_mouth_x", "right_mouth_y", "left_mouth_x", "left_mouth_y"]
LANDMARKS = [124, 164, 196, 164, 160, 205, 133, 239, 187, 239]


def shipped(name):
    return os.path.join(SOURCE, "data", name)


def run(*arguments, program=None, idle_options=False, **options):
    """The finished process. Tests give the small networks to all commands, also where they have no effect: what
    test_without_effect.py asks about that is left out of `stderr` elsewhere."""
    done = subprocess.run([program or EXECUTABLE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", timeout=TIMEOUT, **options)
    if not idle_options:
        done.stderr = "".join(line for line in done.stderr.splitlines(True) if ": no effect with" not in line)
    return done


def portraits():
    return sorted(os.path.join(PORTRAITS, name) for name in os.listdir(PORTRAITS) if name.endswith(".jpg"))


def read(*path):
    with open(os.path.join(*path), "rb") as stream:
        return stream.read()


def write(path, content):
    with open(path, "wb") as stream:
        stream.write(content)


def files(folder):
    """Every file below a folder, hidden ones too: what a run has left behind."""
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, names in os.walk(folder) for name in names)


class CommandTest(unittest.TestCase):
    """A temporary folder to work in, and the small networks whose results are quick and known."""

    @classmethod
    def setUpClass(cls):
        # Prototypes of the sample portraits: made by the command line itself.
        cls.shared_folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.shared_folder)
        labels = os.path.join(cls.shared_folder, "labels.csv")
        write_labels(labels, [(path, "M" if "/man" in path else "F") for path in portraits()])
        made = run("prototypes", "--labels", labels, "-o", cls.shared_folder)
        assert made.returncode == 0, made.stderr
        cls.prototypes = ["--classifier", os.path.join(TEST_NETWORKS, "classifier.onnx"),
                          "--prototypes", os.path.join(cls.shared_folder, "prototypes-gender.yml.gz")]
        cls.networks = ["--model", os.path.join(TEST_NETWORKS, "generator_project.onnx")] + cls.prototypes

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *parts):
        """A name in the temporary folder; its own folder exists."""
        path = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def one_line(self, text, *parts):
        """Exactly one line of `text` holds all the parts."""
        lines = [line for line in text.splitlines() if all(part in line for part in parts)]
        self.assertEqual(len(lines), 1, f"{parts} in:\n{text}")
        return lines[0]


def portrait(k=0):
    return cv2.imread(portraits()[k])


def write_labels(path, rows, columns=("file", "gender"), landmarks=True):
    """A label file; every row gets the landmarks of the sample portraits."""
    with open(path, "w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(list(columns) + (LANDMARK_COLUMNS if landmarks else []))
        for row in rows:
            writer.writerow(list(row) + (LANDMARKS if landmarks else []))


def difference(a, b):
    """Mean absolute difference of two images of one size and type, in 8-bit steps."""
    assert a.shape == b.shape and a.dtype == b.dtype, (a.shape, b.shape, a.dtype, b.dtype)
    return float(np.abs(a.astype(float) - b).mean()) * 255 / np.iinfo(a.dtype).max
