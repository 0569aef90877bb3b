#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Perturbs every face of a photo, so that a matcher still recognises the person and a gender classifier is misled:
photo.py PHOTO RESULT"""

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
prototype = getattr(cv2.sanprivacy, "PROTOTYPE_" + options.prototype.upper())
try:
    f"{options.photo} {options.result}".encode()  # OpenCV would crash
    photo = cv2.imread(options.photo, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)  # gray and 16 bits stay
    if photo is None:
        sys.exit(f"Cannot read {options.photo}")
    if cv2.imread(options.photo, cv2.IMREAD_UNCHANGED).shape[2:] == (4,):
        sys.exit(f"{options.photo} has transparency, which would be lost")
    if photo.dtype == "uint16" and not options.result.endswith((".png", ".tif", ".tiff")):
        sys.exit(f"{options.photo} has 16 bits: expected a result named .png, .tif or .tiff")
    if os.path.exists(options.result):
        sys.exit(f"{options.result} is there already")
    ## [perturb]
    faces = cv2.sanprivacy.FaceDetector.create().detect(photo)
    if faces is None:
        sys.exit("No face found, nothing written")
    params = cv2.sanprivacy.PerturbParams(prototype)
    perturbed = cv2.sanprivacy.Perturber.create().perturbFaces(photo, faces, params=params)
    if not cv2.imwrite(options.result, perturbed):
        sys.exit(f"Cannot write {options.result}")
    ## [perturb]
except cv2.error as error:  # a missing network, a face that cannot be protected
    sys.exit(error.err)
except UnicodeEncodeError:
    sys.exit("A name is not UTF-8")
print(f"{len(faces)} face(s) perturbed: {options.result}")
