# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Arguments of cv2.sanprivacy that OpenCV's own conversions take although they can only be mistakes."""

import pathlib
import unittest

import cv2
import numpy as np
import sanprivacy

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SIDE = 224


class Arguments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.photo = cv2.imread(str(REPOSITORY / "data" / "portraits" / "woman-fair-hair.jpg"))
        cls.perturber = cv2.sanprivacy.Perturber.create()
        cls.landmarks = cv2.sanprivacy.getCanonicalLandmarks()
        cls.crop = np.full((SIDE, SIDE, 3), 99, np.uint8)

    def refused(self, expected, call, *args, **named):
        with self.assertRaisesRegex((TypeError, cv2.error), expected):
            call(*args, **named)

    def test_a_text_is_no_list_of_attributes(self):
        self.refused("'attributes': expected a list, found str", cv2.sanprivacy.PerturberParams, "age")
        params = cv2.sanprivacy.PerturberParams()
        self.refused("expected a list, found str", setattr, params, "attributes", "age")
        self.assertEqual(params.attributes, ("gender",))
        self.assertEqual(cv2.sanprivacy.PerturberParams(["age"]).attributes, ("age",))

    def test_a_text_that_is_not_utf_8_does_not_crash(self):
        """As os.listdir() gives it for a file name of other bytes."""
        for text in ("a\udcff.gz", "a\0b"):
            self.refused("'filename': expected a text of UTF-8", cv2.sanprivacy.PrototypeBuilder.load, text)
            self.refused("'model': expected a text of UTF-8", cv2.sanprivacy.PerturberParams, model=text)
            self.refused("'attributes': expected a text of UTF-8", cv2.sanprivacy.PerturberParams, [text])
            self.refused("expected a text of UTF-8", setattr, cv2.sanprivacy.PerturberParams(), "model", text)

    def test_none_is_no_number(self):
        """It would be 0: a woman's face, no strength, a person exempt at any score."""
        builder = cv2.sanprivacy.PrototypeBuilder.create((SIDE, SIDE))
        self.refused("'label': expected a value, found NoneType", builder.add, self.crop, None)
        self.assertEqual(builder.count(0), 0)
        self.refused("'strength'", self.perturber.setColorStrength, None)
        self.refused("'weaken'", self.perturber.setWeakenMarks, weaken=None)
        self.refused("'threshold'", cv2.sanprivacy.errorRate, np.array([.1]), np.array([1]), None)
        description = cv2.sanprivacy.ModelDescription()
        description.mean = (1, 2, 3)
        self.refused("'value': expected a list of three numbers or four, found", setattr, description, "mean", 5)
        self.refused("'value': expected a list of three numbers or four, found", setattr, description, "mean", (5, 6))
        self.assertEqual(description.mean[:3], (1, 2, 3))
        description.mean = (0, 0, 0)
        description.name, description.task = "quarters", cv2.sanprivacy.NETWORK_MATCHER
        description.size, description.square = (32, 32), 1.
        description.file = str(REPOSITORY / "modules" / "sanprivacy" / "testdata" / "descriptor.onnx")
        matcher = cv2.sanprivacy.FaceNetwork.create(description)
        stream = cv2.sanprivacy.StreamAnonymizer.create(None, self.perturber)
        self.refused("'min_score'", stream.addExemptPerson, matcher, np.ones((1, 12), np.float32), None)
        self.refused("None in it", self.perturber.perturbBatch, [self.crop], labels=[None])
        for field in ("label", "gray"):
            self.refused("expected a value", setattr, cv2.sanprivacy.PerturbParams(), field, None)
        unlabelled = cv2.sanprivacy.PerturbParams(label=None)  # may be left out
        self.assertEqual(unlabelled.label, cv2.sanprivacy.LABEL_PREDICT)

    def test_a_number_is_no_array(self):
        """An argument at the place of a result would be without effect."""
        detector, size = cv2.sanprivacy.FaceDetector.create(), (112, 112)
        self.refused("'dst': expected an array of NumPy, found tuple", cv2.sanprivacy.alignFace, self.photo,
                     self.landmarks, size)
        self.refused("'faces': expected an array of NumPy, found bool", detector.detect, self.photo, True)
        self.refused("'dst'", self.perturber.perturbBatch, [self.crop], [0])
        self.refused("'samples': expected an array of NumPy, found float", cv2.sanprivacy.confidenceInterval, .5)
        self.refused("expected an array of NumPy, found int", cv2.sanprivacy.brightnessGain, 10 ** 30)
        self.refused("too large|image", cv2.sanprivacy.brightnessGain, (10 ** 30,))

    def test_arrays_that_cannot_be_used(self):
        fixed = self.crop.copy()
        fixed.setflags(write=False)
        perturbed = self.crop[:, :, 0].copy()
        self.refused("'image'.*read-only", cv2.sanprivacy.blendFace, fixed, self.crop, perturbed, self.landmarks)
        self.refused("'dst'.*read-only", cv2.sanprivacy.alignFace, self.photo, self.landmarks, fixed)
        np.testing.assert_array_equal(fixed, self.crop)
        np.testing.assert_array_equal(cv2.sanprivacy.alignFace(fixed, self.landmarks)[1], self.crop)  # is only read
        swapped = self.photo.astype(np.dtype(np.uint16).newbyteorder())
        self.refused("byte order", cv2.sanprivacy.alignFace, swapped, self.landmarks)
        for identities in (np.array([0, 2 ** 32]), np.array([0, 2 ** 31], np.uint32), np.array([0, -2 ** 31 - 1]),
                           np.array([0, 2 ** 64 - 1], np.uint64)):
            self.refused("'identities': expected integers of 32 bits, found larger ones", cv2.sanprivacy.bootstrapMean,
                         np.zeros(2), identities)
        cv2.sanprivacy.bootstrapMean(np.zeros(2), np.array([-2 ** 31, 2 ** 31 - 1]))
        self.refused("found one of float16", self.perturber.predict, self.crop.astype(np.float16))

    def test_functions_of_opencv_stay_as_they_are(self):
        half = cv2.resize(self.photo, None, fx=.5, fy=.5)
        self.assertEqual(half.shape[0], self.photo.shape[0] // 2)


class Package(unittest.TestCase):
    def test_wrong_arguments_are_told_in_one_line(self):
        photo = np.full((50, 50, 3), 99, np.uint8)
        for wrong, found in ((dict(strength=True), "found True"), (dict(strength=photo), "found array"),
                             (dict(prototype=photo), "found array"), (dict(label=[photo], faces=[range(15)]), "array")):
            with self.assertRaisesRegex(ValueError, found) as told:
                sanprivacy.perturb(photo, **wrong)
            self.assertNotIn("\n", str(told.exception))


if __name__ == "__main__":
    unittest.main()
