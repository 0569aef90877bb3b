# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The samples in C++ for photos, folders, prototypes and evaluation; those for videos are in test_video.py."""

import os
import shutil
import subprocess
import unittest

import cv2
import numpy as np

from command import EXECUTABLE, PORTRAITS, TEST_NETWORKS, TIMEOUT, CommandTest, difference, files, portraits, read, write, write_labels

MODELS = f"""%YAML:1.0
---
shade: {{ task: "classifier", file: "{TEST_NETWORKS}/classifier.onnx", width: 224, height: 224, scale: 0.00392156863,
  color: "gray", landmark_template: [ 66.5, 68, 156.5, 68, 111.5, 120.5, 72.5, 160, 150.5, 160 ] }}
squares: {{ task: "matcher", file: "{TEST_NETWORKS}/descriptor.onnx", width: 224, height: 224, scale: 0.00392156863,
  color: "gray", distance: "cosine", landmark_template: [ 66.5, 68, 156.5, 68, 111.5, 120.5, 72.5, 160, 150.5, 160 ] }}
"""


def sample(name):
    return os.path.join(os.path.dirname(EXECUTABLE), "example_sanprivacy_" + name)


@unittest.skipUnless(os.path.exists(sample("folder")), "built without samples")
class Samples(CommandTest):
    def run_sample(self, name, *arguments, code=0):
        done = subprocess.run([sample(name), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def check_refused(self, reason, name, *arguments):
        done = self.run_sample(name, *arguments, code=1)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("[ WARN")]  # of OpenCV's own, where a file is missing
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertIn(reason, lines[0])

    def test_arguments(self):
        for name in ("photo", "folder", "prototypes", "evaluation"):
            with self.subTest(name):
                self.assertIn("Usage", self.run_sample(name, "--help").stdout)
                self.assertIn("Usage", self.run_sample(name, code=2).stdout)

    def test_photo(self):
        result = self.path("result.png")
        self.assertIn("1 face", self.run_sample("photo", portraits()[0], result).stdout)
        self.assertGreater(difference(cv2.imread(result), cv2.imread(portraits()[0])), .5)
        before = read(result)
        self.check_refused("is there already", "photo", portraits()[0], result)
        self.check_refused("Cannot read", "photo", self.path("none.jpg"), self.path("other.png"))
        cv2.imwrite(self.path("empty.png"), np.full((200, 200, 3), 127, np.uint8))
        self.check_refused("No face found", "photo", self.path("empty.png"), self.path("other.png"))
        self.assertEqual((files(self.folder), read(result)), (["empty.png", "result.png"], before))

    def test_folder(self):
        for path in portraits()[:3]:
            shutil.copy(path, self.path("in", os.path.basename(path)))
        write(self.path("in", "broken.jpg"), b"no image")
        write(self.path("in", "labels.csv"), b"file,gender\n")
        cv2.imwrite(self.path("in", "empty.png"), np.full((200, 200, 3), 128, np.uint8))
        done = self.run_sample("folder", self.path("in"), self.path("out"), code=1)
        self.assertIn("3 of 5 image(s)", done.stdout)
        self.one_line(done.stderr, "broken.jpg: no image")
        self.one_line(done.stderr, "empty.png: no face")
        names = [os.path.basename(path) for path in portraits()[:3]]
        self.assertEqual(files(self.path("out")), names)
        for name in names:
            self.assertGreater(difference(cv2.imread(self.path("out", name)), cv2.imread(os.path.join(PORTRAITS, name))), .5)

        for results in ("out", "in"):  # nothing is overwritten, the originals least of all
            before = {name: read(self.path(results, name)) for name in files(self.path(results))}
            done = self.run_sample("folder", self.path("in"), self.path(results), code=1)
            self.one_line(done.stderr, names[0], "is there already")
            self.assertEqual({name: read(self.path(results, name)) for name in files(self.path(results))}, before)
        self.check_refused("no such folder", "folder", self.path("none"), self.path("other"))

    def test_prototypes(self):
        rows = [(path, "M" if "/man" in path else "F") for path in portraits()]
        write_labels(self.path("labels.csv"), rows)
        self.run_sample("prototypes", self.path("labels.csv"), self.path("result.yml.gz"))

        def contents(path):
            storage = cv2.FileStorage(path, cv2.FILE_STORAGE_READ)
            return {key: storage.getNode(key) for key in storage.root().keys()}, storage

        expected, _first = contents(os.path.join(self.shared_folder, "prototypes-gender.yml.gz"))
        found, _second = contents(self.path("result.yml.gz"))
        self.assertEqual(found.keys(), expected.keys())
        for key in expected:
            if expected[key].isMap():
                np.testing.assert_allclose(found[key].mat(), expected[key].mat(), atol=1e-6)
            elif not expected[key].isSeq():
                self.assertEqual((found[key].real(), found[key].string()), (expected[key].real(), expected[key].string()))

        self.check_refused("is there already", "prototypes", self.path("labels.csv"), self.path("result.yml.gz"))
        self.check_refused("Cannot read the table", "prototypes", self.path("none.csv"), self.path("other.yml.gz"))
        self.check_refused("'file' and 'age'", "prototypes", self.path("labels.csv"), self.path("other.yml.gz"), "--attribute=age")
        self.check_refused("folder", "prototypes", self.path("labels.csv"), os.path.join(self.folder, "none", "other.yml.gz"))
        self.assertEqual(files(self.folder), ["labels.csv", "result.yml.gz"])

    def test_evaluation(self):
        names = [os.path.basename(path) for path in portraits()[6:12]]  # of both genders
        rows = [(name, "M" if name.startswith("man") else "F", i // 2) for i, name in enumerate(names)]
        write_labels(self.path("labels.csv"), rows, ("file", "gender", "identity"), landmarks=False)
        write(self.path("models.yml"), MODELS.encode())
        arguments = PORTRAITS, self.path("labels.csv"), self.path("models.yml"), "-o=" + self.path("figures")
        done = self.run_sample("evaluation", *arguments)
        for part in ("shade, original: error", "shade, opposite: error", "squares, original: TMR", "squares, opposite: TMR"):
            self.one_line(done.stdout, part)
        self.assertEqual(files(self.path("figures")), ["roc-shade.png"])
        self.check_refused("is there already", "evaluation", *arguments)
        self.check_refused("", "evaluation", PORTRAITS, self.path("labels.csv"), self.path("none.yml"), "-o=" + self.path("other"))
        self.assertFalse(os.path.exists(self.path("other")))


if __name__ == "__main__":
    unittest.main()
