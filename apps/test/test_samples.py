# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The samples in C++ as a user runs them. test_video.py and test_video_orientation.py look at their videos."""

import os
import shutil
import subprocess
import unittest
import unittest.mock

import cv2
import numpy as np

from command import (EXECUTABLE, PORTRAITS, TEST_NETWORKS, TIMEOUT, CommandTest, difference, files, portraits, read,
                     write, write_labels)

MODELS = f"""%YAML:1.0
---
shade: {{ task: "classifier", file: "{TEST_NETWORKS}/classifier.onnx", width: 224, height: 224, scale: 0.00392156863,
  color: "gray", landmark_template: [ 66.5, 68, 156.5, 68, 111.5, 120.5, 72.5, 160, 150.5, 160 ] }}
squares: {{ task: "matcher", file: "{TEST_NETWORKS}/descriptor.onnx", width: 32, height: 32, scale: 0.00392156863,
  color: "rgb", square: 1.2, distance: "cosine" }}
"""


def sample(name):
    return os.path.join(os.path.dirname(EXECUTABLE), "example_sanprivacy_" + name)


@unittest.skipUnless(os.path.exists(sample("folder")), "built without samples")
class Samples(CommandTest):
    def run_sample(self, name, *arguments, code=0):
        done = subprocess.run([sample(name), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=TIMEOUT, check=False, cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def check_refused(self, reason, name, *arguments):
        """In one line, beside what OpenCV and FFmpeg tell of themselves."""
        with unittest.mock.patch.dict(os.environ, OPENCV_LOG_LEVEL="SILENT"):
            done = self.run_sample(name, *arguments, code=1)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("[")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertIn(reason, lines[0])

    def test_arguments(self):
        for name in ("photo", "folder", "prototypes", "evaluation", "video"):
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
        self.check_refused("Cannot write", "photo", portraits()[0], os.path.join(self.folder, "none", "other.png"))
        self.check_refused("writer", "photo", portraits()[0], self.path("other.none"))
        self.assertEqual((files(self.folder), read(result)), (["empty.png", "result.png"], before))

    def test_kinds_of_images_stay_or_are_refused(self):
        photo = cv2.imread(portraits()[0])
        os.mkdir(self.path("in"))
        for name, image in (("gray.jpg", photo[:, :, 1]), ("deep.png", photo.astype(np.uint16) * 256),
                            ("clear.png", np.dstack([photo, photo[:, :, 0]]))):
            cv2.imwrite(os.path.join(self.path("in"), name), image)
        write(os.path.join(self.path("in"), "deep.jpg"), read(self.path("in"), "deep.png"))
        for name in ("gray.jpg", "deep.png"):
            self.run_sample("photo", os.path.join(self.path("in"), name), self.path(name))
        for reason, name, result in (("transparency", "clear.png", "clear.png"), ("16 bits", "deep.png", "deep.jpg")):
            self.check_refused(reason, "photo", os.path.join(self.path("in"), name), self.path(result))
        done = self.run_sample("folder", self.path("in"), self.path("out"), code=1)
        self.assertIn("clear.png: it has transparency", done.stderr)
        self.assertIn("deep.jpg: it has 16 bits", done.stderr)
        for folder in (self.folder, self.path("out")):
            self.assertEqual([n for n in sorted(os.listdir(folder)) if "." in n], ["deep.png", "gray.jpg"])
            for name in ("gray.jpg", "deep.png"):
                before, after = (cv2.imread(os.path.join(path, name), cv2.IMREAD_UNCHANGED)
                                 for path in (self.path("in"), folder))
                self.assertEqual((after.shape, after.dtype), (before.shape, before.dtype), name)

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
            original = cv2.imread(os.path.join(PORTRAITS, name))
            self.assertGreater(difference(cv2.imread(self.path("out", name)), original), .5)

        for results in ("out", "in"):  # nothing is overwritten, the originals least of all
            before = {name: read(self.path(results, name)) for name in files(self.path(results))}
            done = self.run_sample("folder", self.path("in"), self.path(results), code=1)
            self.one_line(done.stderr, names[0], "is there already")
            self.assertEqual({name: read(self.path(results, name)) for name in files(self.path(results))}, before)
        self.check_refused("no such folder", "folder", self.path("none"), self.path("other"))

    def test_folder_with_an_image_that_opencv_refuses(self):
        """It does not keep the others from being protected."""
        for path in portraits()[:2]:
            shutil.copy(path, self.path("in", os.path.basename(path)))
        cv2.imwrite(self.path("in", "a-large.png"), np.zeros((1200, 1200, 3), np.uint8))
        with unittest.mock.patch.dict(os.environ, OPENCV_IO_MAX_IMAGE_PIXELS=str(1 << 20)):
            done = self.run_sample("folder", self.path("in"), self.path("out"), code=1)
        self.one_line(done.stderr, "a-large.png: ")
        self.assertIn("2 of 3 image(s)", done.stdout)

    def test_videos(self):
        path, portrait = self.path("video.avi"), cv2.imread(portraits()[0])
        for name, image in (("video.avi", portrait), ("empty.avi", np.full_like(portrait, 127))):
            writer = cv2.VideoWriter(self.path(name), cv2.VideoWriter_fourcc(*"MJPG"), 25, portrait.shape[1::-1])
            for _ in range(3):
                writer.write(image)
            writer.release()
        before = read(path)
        for name in ("video_minimal", "video", "camera"):
            with self.subTest(name):
                self.check_refused("is there already", name, path, path)
                self.assertEqual(read(path), before)
                self.check_refused("Cannot read", name, self.path("none.avi"), self.path("out.avi"))
                self.check_refused("Cannot write", name, path, os.path.join(self.folder, "none", "out.avi"))
        self.check_refused("Cannot open the camera 99", "camera", 99, self.path("out.avi"))
        self.check_refused("label", "video", path, self.path("out.avi"), "--label=7")
        self.assertEqual(files(self.folder), ["empty.avi", "video.avi"])
        self.one_line(self.run_sample("video", path, self.path("out.avi"), "--replace=blur").stdout, "3 frame(s), ")
        self.check_refused("No face found", "video", self.path("empty.avi"), self.path("same.avi"))

    def test_videos_that_are_named_as_addresses_or_patterns(self):
        portrait = cv2.imread(portraits()[0])
        writer = cv2.VideoWriter(self.path("in.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, portrait.shape[1::-1])
        for number in range(3):
            writer.write(portrait)
            cv2.imwrite(self.path(f"{number}.png"), portrait)
        writer.release()
        shutil.copy(self.path("in.avi"), self.path("12:30.avi"))
        before = {name: read(self.folder, name) for name in files(self.folder)}
        for name in ("video_minimal", "video", "camera"):
            with self.subTest(name):
                self.check_refused("expected a name that ends with .avi", name, "%d.png", "%d.png")
                self.run_sample(name, "in.avi", "file:in.avi")
                self.run_sample(name, "12:30.avi", "12:31.avi")
                for written in ("file:in.avi", "12:31.avi"):
                    self.assertTrue(cv2.VideoCapture(self.path(written)).read()[0])
                    os.remove(self.path(written))
        self.assertEqual({name: read(self.folder, name) for name in files(self.folder)}, before)

    def test_a_pipe_is_read_once(self):
        portrait, pipe = cv2.imread(portraits()[0]), self.path("pipe.avi")
        writer = cv2.VideoWriter(self.path("in.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, portrait.shape[1::-1])
        for _ in range(12):
            writer.write(portrait)
        writer.release()
        os.mkfifo(pipe)
        with subprocess.Popen(["cp", self.path("in.avi"), pipe]) as sender:
            self.addCleanup(sender.kill)
            self.one_line(self.run_sample("video", pipe, self.path("out.avi")).stdout, "12 frame(s), ")

    def test_largest_face_has_the_label(self):
        """Not the one that the detector is surest of, here the small one."""
        large, small = (cv2.imread(path) for path in portraits()[:2])
        large = cv2.resize(large, None, fx=1.5, fy=1.5)
        group = np.full((large.shape[0], large.shape[1] + small.shape[1], 3), 128, np.uint8)
        group[:, :large.shape[1]] = large
        group[:small.shape[0], large.shape[1]:] = small
        means = {}
        for name, image in (("group", group), ("large", large), ("small", small)):
            cv2.imwrite(self.path(name + ".png"), image)
            write_labels(self.path("labels.csv"), [(self.path(name + ".png"), "M")], landmarks=False)
            self.run_sample("prototypes", self.path("labels.csv"), self.path(name + ".yml.gz"))
            storage = cv2.FileStorage(self.path(name + ".yml.gz"), cv2.FILE_STORAGE_READ)
            means[name] = next(node.mat() for key in storage.root().keys()
                               for node in [storage.getNode(key)] if node.isMap() and node.mat().any())
        self.assertLess(np.abs(means["group"] - means["large"]).mean(),
                        np.abs(means["group"] - means["small"]).mean() / 3)

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
                self.assertEqual((found[key].real(), found[key].string()),
                                 (expected[key].real(), expected[key].string()))

        self.check_refused("is there already", "prototypes", self.path("labels.csv"), self.path("result.yml.gz"))
        self.check_refused("Cannot read the table", "prototypes", self.path("none.csv"), self.path("other.yml.gz"))
        self.check_refused("'file' and 'age'", "prototypes", self.path("labels.csv"), self.path("other.yml.gz"),
                           "--attribute=age")
        self.check_refused("folder", "prototypes", self.path("labels.csv"),
                           os.path.join(self.folder, "none", "other.yml.gz"))
        self.assertEqual(files(self.folder), ["labels.csv", "result.yml.gz"])

    def test_evaluation(self):
        names = [os.path.basename(path) for path in portraits()[6:12]]  # of both genders
        rows = [(name, "M" if name.startswith("man") else "F", i // 2) for i, name in enumerate(names)]
        write_labels(self.path("labels.csv"), rows, ("file", "gender", "identity"), landmarks=False)
        write(self.path("models.yml"), MODELS.encode())
        arguments = PORTRAITS, self.path("labels.csv"), self.path("models.yml"), "-o=" + self.path("figures")
        done = self.run_sample("evaluation", *arguments)
        for part in ("shade, original: error", "shade, opposite: error", "squares, original: TMR",
                     "squares, opposite: TMR"):
            self.one_line(done.stdout, part)
        self.assertEqual(files(self.path("figures")), ["roc-shade.png"])
        self.check_refused("is there already", "evaluation", *arguments)
        other = *arguments[:-1], "-o=" + self.path("other")
        self.check_refused("none.yml", "evaluation", *other[:2], self.path("none.yml"), other[-1])
        self.check_refused("of both genders", "evaluation", *other, "--limit=2")
        self.assertFalse(os.path.exists(self.path("other")))


if __name__ == "__main__":
    unittest.main()
