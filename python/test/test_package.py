# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The package sanprivacy: one call for an image, and no face left as it is without a word."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import cv2
import numpy as np
import sanprivacy

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PORTRAITS = sorted((REPOSITORY / "data" / "portraits").glob("*.jpg"))


def portrait(name="woman-fair-hair"):
    return cv2.imread(str(REPOSITORY / "data" / "portraits" / (name + ".jpg")))


class Package(unittest.TestCase):
    def test_version_is_that_of_the_project(self):
        text = (REPOSITORY / "CMakeLists.txt").read_text()
        self.assertEqual(sanprivacy.__version__, re.search(r"project\(sanprivacy VERSION ([\d.]+)", text)[1])

    def test_every_portrait_changes_and_keeps_its_form(self):
        for path in PORTRAITS:
            photo = cv2.imread(str(path))
            result = sanprivacy.perturb(photo)
            self.assertEqual((result.shape, result.dtype), (photo.shape, photo.dtype), path.name)
            self.assertGreater(np.abs(result.astype(int) - photo).mean(), .5, path.name)

    def test_is_what_the_module_gives(self):
        photo = portrait()
        faces = cv2.sanprivacy.FaceDetector.create().detect(photo)
        params = cv2.sanprivacy.PerturbParams(cv2.sanprivacy.PROTOTYPE_NEUTRAL, 1)
        expected = cv2.sanprivacy.Perturber.create().perturbFaces(photo, faces, params=params)
        for label in (1, "male", [1], np.array(["male"]), np.int64(1)):
            np.testing.assert_array_equal(sanprivacy.perturb(photo, label, "neutral"), expected)
        np.testing.assert_array_equal(sanprivacy.perturb(photo, 1, "neutral", faces=sanprivacy.detect(photo)), expected)

    def test_label_and_strength_matter(self):
        photo = portrait()
        female, male = sanprivacy.perturb(photo, "female"), sanprivacy.perturb(photo, "male")
        self.assertFalse(np.array_equal(female, male))
        np.testing.assert_array_equal(sanprivacy.perturb(photo), female)  # what the classifier decides
        def change(strength):
            return np.abs(sanprivacy.perturb(photo, strength=strength).astype(int) - photo).mean()
        self.assertLess(change(.5), change(1))
        self.assertLess(change(1), change(2))

    def test_several_faces(self):
        first, second = portrait(), portrait("man-bald")
        height = min(len(first), len(second))
        both = np.hstack([first[:height], second[:height]])
        faces = sanprivacy.detect(both)
        self.assertEqual(len(faces), 2)
        labels = [int(face[0] > first.shape[1]) for face in faces]
        result = sanprivacy.perturb(both, labels)
        for part in (slice(first.shape[1]), slice(first.shape[1], None)):
            self.assertGreater(np.abs(result[:, part].astype(int) - both[:, part]).mean(), .5)
        with self.assertRaisesRegex(ValueError, "each of the 2, found 1"):
            sanprivacy.perturb(both, [1])

    def test_kinds_of_images(self):
        photo = portrait()
        gray = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
        self.assertEqual(sanprivacy.perturb(gray).shape, gray.shape)
        np.testing.assert_array_equal(sanprivacy.perturb(gray[..., None]), sanprivacy.perturb(gray)[..., None])
        self.assertEqual(sanprivacy.perturb(photo.astype(np.uint16) * 257).dtype, np.uint16)
        big_endian = (photo.astype(np.uint16) * 257).astype(">u2")  # as some readers of PNG and TIFF give it
        np.testing.assert_array_equal(sanprivacy.perturb(big_endian), sanprivacy.perturb(big_endian.astype(np.uint16)))
        rgb = photo[:, :, ::-1]  # a view that runs backwards
        self.assertEqual(sanprivacy.perturb(rgb).shape, rgb.shape)
        before = photo.copy()
        sanprivacy.perturb(photo)
        np.testing.assert_array_equal(photo, before)

    def test_images_that_use_a_small_part_of_their_range(self):
        photo = portrait().astype(np.uint16)
        whole = sanprivacy.perturb(photo * 256, "male")
        for factor in (1, 4, 16):
            result = sanprivacy.perturb(photo * factor, "male")
            self.assertEqual(result.dtype, np.uint16)
            self.assertLessEqual(np.abs(result / factor - whole / 256.).max(), 1 / factor)
            np.testing.assert_array_equal(sanprivacy.detect(photo * factor), sanprivacy.detect(photo * 256))

    def test_no_face_is_an_error(self):
        empty = np.full((200, 200, 3), 127, np.uint8)
        self.assertEqual(len(sanprivacy.detect(empty)), 0)
        for faces in (None, np.zeros((0, 15), np.float32)):
            with self.assertRaises(sanprivacy.NoFaceError):
                sanprivacy.perturb(empty, faces=faces)
        for shape in ((1, 1, 3), (1, 500), (500, 1, 3)):
            with self.subTest(shape), self.assertRaises(sanprivacy.NoFaceError):
                sanprivacy.perturb(np.zeros(shape, np.uint8))

    def test_faces_are_any_rows_of_numbers(self):
        photo = portrait()
        expected, faces = sanprivacy.perturb(photo), sanprivacy.detect(photo)
        for same in (faces.astype(float), faces.tolist(), list(faces)):
            np.testing.assert_array_equal(sanprivacy.perturb(photo, faces=same), expected)
        for wrong, found in ((faces[0], "15"), (faces[:, :14], "1 x 14"), (faces[None], "1 x 1 x 15"),
                             ([(9, 9, 50, 50)], "1 x 4"),
                             (1, "1"), ("all", "str"), ({}, "dict")):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError,
                                                             f"faces: expected rows of detect.*found {found}$"):
                sanprivacy.perturb(photo, faces=wrong)

    def test_wrong_arguments_are_told(self):
        photo = portrait()
        for wrong, message in ((dict(label=2), "label.*found 2"), (dict(label="man"), "label.*found 'man'"),
                               (dict(label=True), "label"),
                               (dict(label=.5), "label"), (dict(label=np.float32(1)), "label"),
                               (dict(label=np.bool_(1)), "label"),
                               (dict(label=np.zeros((1, 2))), "label"), (dict(label=[[0]]), "label"),
                               (dict(label=[0, 1]), "label.*found 2"), (dict(label=[]), "label.*found 0"),
                               (dict(prototype="other"), "prototype.*'other'"),
                               (dict(prototype=2), "prototype"), (dict(prototype=np.array(["same", "random"])),
                                                                  "prototype"),
                               (dict(strength=0), "strength"), (dict(strength=3), "strength"),
                               (dict(strength=float("nan")), "strength"),
                               (dict(strength="1"), "strength.*'1'"), (dict(strength=None), "strength"),
                               (dict(strength=np.array([1, 1.5])), "strength"), (dict(strength=1j), "strength")):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, message):
                sanprivacy.perturb(photo, **wrong)
        for wrong in (photo / 255, np.zeros((9, 9, 4), np.uint8), np.zeros((0, 0), np.uint8), np.zeros(9, np.uint8)):
            with self.assertRaisesRegex(ValueError, "image: expected uint8"):
                sanprivacy.perturb(wrong)
        with self.assertRaisesRegex(TypeError, "imread"):
            sanprivacy.perturb(cv2.imread("none.jpg"))

    def test_threads(self):
        photo, results = portrait(), [None] * 3
        expected = sanprivacy.perturb(photo, "female")

        def work(i):
            results[i] = sanprivacy.perturb(photo, "female")

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(results))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            np.testing.assert_array_equal(result, expected)


class Conflicts(unittest.TestCase):
    """As pip leaves it where opencv-python is installed into the same folder."""

    def test_two_owners_of_cv2_are_an_error(self):
        with tempfile.TemporaryDirectory() as name:
            site = pathlib.Path(name)
            (site / "cv2").mkdir()
            conflicts = REPOSITORY / "python" / "package" / "_conflicts.py"
            (site / "cv2" / "__init__.py").write_text("from . import _conflicts\n")
            (site / "cv2" / "_conflicts.py").write_text(conflicts.read_text())

            def import_it():
                return subprocess.run([sys.executable, "-c", "import cv2; print(cv2.__file__)"], cwd=name,
                                      capture_output=True, text=True)

            def check_refused():
                self.assertRegex(import_it().stderr,
                                 "ImportError: opencv-python-headless 4.9.0.80 and opencv-sanprivacy both own "
                                 ".*uninstall")

            self.assertIn(name, import_it().stdout)
            other = site / "opencv_python_headless-4.9.0.80.dist-info"
            other.mkdir()
            (other / "METADATA").write_text("Metadata-Version: 2.1\nName: opencv-python-headless\nVersion: 4.9.0.80\n")
            check_refused()
            shutil.copy(REPOSITORY / "python" / "package" / "__init__.py",
                        site / "cv2")  # which attaches to another cv2
            check_refused()

    def test_what_another_owner_of_cv2_leaves_is_an_error(self):
        """opencv-python was installed later, and uninstalled: only those files of cv2 are there that it does not
        have."""
        with tempfile.TemporaryDirectory() as name:
            site = pathlib.Path(name)
            shutil.copytree(REPOSITORY / "python" / "sanprivacy", site / "sanprivacy")
            (site / "sanprivacy" / "_version.py").write_text("__version__ = '0'\n")
            (site / "cv2" / "sanprivacy").mkdir(parents=True)
            shutil.copy(REPOSITORY / "python" / "package" / "_conflicts.py", site / "cv2")
            shutil.copy(REPOSITORY / "python" / "wheel" / "cv2_sanprivacy.py",
                        site / "cv2" / "sanprivacy" / "__init__.py")
            (site / "numpy.py").touch()
            for code in ("import sanprivacy", "from cv2 import sanprivacy; sanprivacy.Perturber"):
                # without the packages that are installed here
                done = subprocess.run([sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, sys.argv[1]); "
                                       + code, name],
                                      capture_output=True, text=True)
                self.assertRegex(done.stderr, f"ImportError: .*{name}/cv2.*uninstall.* opencv-sanprivacy, then install",
                                 code)


if __name__ == "__main__":
    unittest.main()
