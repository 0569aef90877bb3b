#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Perturbs every image of a folder, with a progress bar: folder.py FOLDER RESULTS

What cannot be protected is named and not copied, and no file is overwritten."""

import argparse
import pathlib
import sys

import cv2
from tqdm import tqdm

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


## [image]
def perturb_image(path, result, detector, perturber, prototype):
    """@return what kept the image from being protected and written, or None"""
    if result.exists():
        return f"{result} is there already"
    image = cv2.imread(str(path))
    if image is None:
        return "no image that can be read"
    faces = detector.detect(image)
    if faces is None:
        return "no face found"
    complete, perturbed, results = perturber.tryPerturbFaces(image, faces, params=cv2.sanprivacy.PerturbParams(prototype))
    if not complete:
        return "a face cannot be protected: " + next(face.reason for face in results if face.status != cv2.sanprivacy.FACE_PERTURBED)
    return None if cv2.imwrite(str(result), perturbed) else f"cannot write {result}"
## [image]


def main():
    parser = argparse.ArgumentParser(description="Perturbs every image of a folder.")
    parser.add_argument("folder", type=pathlib.Path, help="folder with images")
    parser.add_argument("results", type=pathlib.Path, help="folder for the perturbed images; it is made where there is none")
    parser.add_argument("--prototype", choices=("same", "neutral", "opposite", "random"), default="opposite",
                        help="how the gender appears; default: opposite")
    parser.add_argument("--detector", default="", help="YuNet ONNX file; default: the shipped YuNet")
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"{options.folder}: no such folder")

    prototype = getattr(cv2.sanprivacy, "PROTOTYPE_" + options.prototype.upper())
    ## [folder]
    detector, perturber = cv2.sanprivacy.FaceDetector.create(options.detector), cv2.sanprivacy.Perturber.create()
    options.results.mkdir(parents=True, exist_ok=True)
    left_out = {}
    for path in tqdm(sorted(p for p in options.folder.iterdir() if p.suffix.lower() in IMAGES), unit="image"):
        reason = perturb_image(path, options.results / path.name, detector, perturber, prototype)
        if reason:
            left_out[path.name] = reason
    ## [folder]
    sys.exit("\n".join(f"{name}: {reason}" for name, reason in left_out.items()) or None)


if __name__ == "__main__":
    main()
