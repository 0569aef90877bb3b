# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""One face or one descriptor, faces[0], is an array of one dimension: OpenCV's bindings give it as a column."""

import os
import unittest

import cv2 as cv
import numpy as np

DESCRIPTOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "testdata", "descriptor.onnx")


def matcher():
    d = cv.sanprivacy.ModelDescription()
    d.name, d.task, d.file, d.size, d.square = "mine", cv.sanprivacy.NETWORK_MATCHER, DESCRIPTOR, (32, 32), 1.
    return cv.sanprivacy.FaceNetwork.create(d)


class SingleRows(unittest.TestCase):
    def setUp(self):
        params = cv.sanprivacy.StreamParams()
        params.replacement = cv.sanprivacy.REPLACE_SOLID
        self.anonymizer = cv.sanprivacy.StreamAnonymizer.create(None, None, params)
        self.frame = np.full((240, 320, 3), 90, np.uint8)
        self.faces = np.zeros((1, 15), np.float32)
        self.faces[0, :4] = 40, 10, 150, 190
        self.faces[0, 4:14] = cv.sanprivacy.getCanonicalLandmarks().ravel()

    def test_a_face_of_a_stream(self):
        for faces in (self.faces, self.faces[0]):
            self.anonymizer.push(self.frame, faces)
        self.anonymizer.finish()
        first, second = (self.anonymizer.pop() for _ in range(2))
        self.assertEqual([len(record.faces) for record in (first[2], second[2])], [1, 1])
        self.assertGreater(np.abs(second[1].astype(int) - self.frame).max(), 0)
        with self.assertRaisesRegex(cv.error, "Nx15"):
            self.anonymizer.push(self.frame, self.faces[0, :14])

    def test_descriptors_that_are_matched(self):
        network = matcher()
        descriptors = network.forward([np.full((32, 32, 3), level, np.uint8) for level in (60, 200)])
        expected = network.match(descriptors[:1], descriptors[1:])
        for first in (descriptors[:1], descriptors[0]):
            for second in (descriptors[1:], descriptors[1]):
                self.assertEqual(network.match(first, second), expected)
        with self.assertRaisesRegex(cv.error, "one face"):
            network.match(descriptors[0], descriptors)

    def test_the_descriptor_of_an_exempt_person(self):
        network = matcher()
        descriptors = network.forward([network.crop(self.frame, self.faces[0])] * 2)
        for one in (descriptors[:1], descriptors[0]):
            self.anonymizer.addExemptPerson(network, one, .5)
        with self.assertRaisesRegex(cv.error, "one face"):
            self.anonymizer.addExemptPerson(network, descriptors, .5)


if __name__ == "__main__":
    unittest.main()
