#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Perturbs every image of a folder: folder.py FOLDER RESULTS

What cannot be protected is named and not copied, and no file is overwritten."""

import argparse
import pathlib
import sys

import cv2

DEEP = {".png", ".tif", ".tiff"}  # formats of 8 or 16 bits
IMAGES = {".jpg", ".jpeg", ".bmp", ".webp"} | DEEP


## [image]
def perturb_image(path, result, detector, perturber, prototype):
    """@return what kept the image from being protected and written, or None"""
    try:
        f"{path} {result}".encode()  # OpenCV would crash
        if result.exists():
            return f"{result} is there already"
        image = cv2.imread(str(path), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)  # gray and 16 bits stay
        if image is None:
            return "no image that can be read"
        if cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape[2:] == (4,):
            return "it has transparency, which would be lost"
        if image.dtype == "uint16" and path.suffix.lower() not in DEEP:
            return "it has 16 bits, which its format cannot hold"
        faces = detector.detect(image)
        if faces is None:
            return "no face found"
        params = cv2.sanprivacy.PerturbParams(prototype)
        complete, perturbed, results = perturber.tryPerturbFaces(image, faces, params=params)
        if not complete:
            reasons = [face.reason for face in results if face.status != cv2.sanprivacy.FACE_PERTURBED]
            return f"a face cannot be protected: {reasons[0]}"
        return None if cv2.imwrite(str(result), perturbed) else f"cannot write {result}"
    except cv2.error as error:  # an image that is too large, or of a format that OpenCV cannot write
        return error.err
    except UnicodeEncodeError:
        return "a name that is not UTF-8"
## [image]


def main():
    parser = argparse.ArgumentParser(description="Perturbs every image of a folder.")
    parser.add_argument("folder", type=pathlib.Path, help="folder with images")
    parser.add_argument("results", type=pathlib.Path,
                        help="folder for the perturbed images; it is made where there is none")
    parser.add_argument("--prototype", choices=("same", "neutral", "opposite", "random"), default="opposite",
                        help="how the gender appears; default: opposite")
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"{options.folder}: no such folder")

    prototype = getattr(cv2.sanprivacy, "PROTOTYPE_" + options.prototype.upper())
    ## [folder]
    detector, perturber = cv2.sanprivacy.FaceDetector.create(), cv2.sanprivacy.Perturber.create()
    options.results.mkdir(parents=True, exist_ok=True)
    images = left_out = 0
    for path in sorted(path for path in options.folder.iterdir() if path.suffix.lower() in IMAGES):
        reason = perturb_image(path, options.results / path.name, detector, perturber, prototype)
        images += 1
        if reason:
            left_out += 1
            print(f"{path.name}: {reason}", file=sys.stderr)
    ## [folder]
    print(f"{images - left_out} of {images} image(s) perturbed: {options.results}")
    sys.exit(left_out > 0)


if __name__ == "__main__":
    try:
        main()
    except cv2.error as error:  # a missing network
        sys.exit(error.err)
    except OSError as error:  # a folder that cannot be made
        sys.exit(f"{error.filename}: {error.strerror}")
