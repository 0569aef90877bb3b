#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Perturbs the faces of a photo: photo.py PHOTO RESULT"""

import sys

import cv2

photo = cv2.imread(sys.argv[1])
faces = cv2.sanprivacy.FaceDetector.create().detect(photo)
result = cv2.sanprivacy.Perturber.create().perturbFaces(photo, faces)
cv2.imwrite(sys.argv[2], result)
print(f"{len(faces)} face(s)")
