#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Perturbs the faces of a photo: photo.py PHOTO RESULT"""

import argparse
import os
import sys

import cv2

parser = argparse.ArgumentParser(description="Perturbs the faces of a photo.")
parser.add_argument("photo", help="photo")
parser.add_argument("result", help="perturbed photo; a file that is there is not overwritten")
parser.add_argument("--prototype", choices=("same", "neutral", "opposite", "random"), default="opposite",
                    help="how the gender appears; default: opposite")
options = parser.parse_args()

photo = cv2.imread(options.photo)
if photo is None:
    sys.exit(f"Cannot read {options.photo}")
if os.path.exists(options.result):
    sys.exit(f"{options.result} is there already")
prototype = getattr(cv2.sanprivacy, "PROTOTYPE_" + options.prototype.upper())
## [perturb]
faces = cv2.sanprivacy.FaceDetector.create().detect(photo)
if faces is None:
    sys.exit("No face found, nothing written")
result = cv2.sanprivacy.Perturber.create().perturbFaces(photo, faces, params=cv2.sanprivacy.PerturbParams(prototype))
cv2.imwrite(options.result, result)
## [perturb]
print(f"{len(faces)} face(s) perturbed: {options.result}")
