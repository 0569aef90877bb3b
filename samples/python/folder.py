#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Perturbs every image of a folder, with a progress bar: folder.py FOLDER RESULTS"""

import argparse
import pathlib

import cv2
from tqdm import tqdm

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


def main():
    parser = argparse.ArgumentParser(description="Perturbs every image of a folder.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--prototype", choices=("same", "neutral", "opposite", "random"), default="opposite")
    parser.add_argument("--detector", default="", help="YuNet ONNX file; default: the shipped YuNet")
    options = parser.parse_args()

    prototype = getattr(cv2.sanprivacy, "PROTOTYPE_" + options.prototype.upper())
    detector, perturber = cv2.sanprivacy.FaceDetector.create(options.detector), cv2.sanprivacy.Perturber.create()
    options.results.mkdir(parents=True, exist_ok=True)
    left_out = []
    for path in tqdm(sorted(p for p in options.folder.iterdir() if p.suffix.lower() in IMAGES), unit="image"):
        image = cv2.imread(str(path))
        faces = detector.detect(image) if image is not None else None
        if faces is None or len(faces) == 0:  # never copied unprotected
            left_out.append(path.name)
            continue
        result = perturber.perturbFaces(image, faces, params=cv2.sanprivacy.PerturbParams(prototype))
        cv2.imwrite(str(options.results / path.name), result)
    for name in left_out:
        print(f"{name}: no face found, or no image")


if __name__ == "__main__":
    main()
