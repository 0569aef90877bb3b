#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Builds prototypes, the mean faces of two labels, from a table of faces: prototypes.py faces.csv RESULT.yml.gz"""

import argparse
import os
import sys

import cv2
from face_table import largest_face, read_face_table


def main():
    parser = argparse.ArgumentParser(description="Builds prototypes from a table of faces.")
    parser.add_argument("table", help="CSV with the columns file (relative to it) and the attribute, and landmarks "
                                      "if it has them")
    parser.add_argument("result", help="file to write, .yml.gz; a file that is there is not overwritten")
    parser.add_argument("--attribute", default="gender",
                        help="column of the label: male or female, 1 or 0; default: gender")
    options = parser.parse_args()
    if os.path.exists(options.result):
        sys.exit(f"{options.result} is there already")

    left_out = 0
    ## [prototypes]
    builder, detector = cv2.sanprivacy.PrototypeBuilder.create(), cv2.sanprivacy.FaceDetector.create()
    for face in read_face_table(options.table, options.attribute, os.path.dirname(options.table)):
        image, landmarks = cv2.imread(face.file), face.landmarks
        if landmarks is None and image is not None:
            landmarks = largest_face(detector.detect(image))
        if landmarks is None or image is None:
            left_out += 1
            print(f"{face.file}: no face found, or no image", file=sys.stderr)
            continue
        _, crop = cv2.sanprivacy.alignFace(image, landmarks)
        builder.add(crop, face.label)
    builder.save(options.result)
    ## [prototypes]
    print(f"{builder.count(0):.0f} face(s) of label 0, {builder.count(1):.0f} of label 1: {options.result}")
    sys.exit(left_out > 0)


if __name__ == "__main__":
    try:
        main()
    except cv2.error as error:  # a folder that is not there, a missing network
        sys.exit(error.err)
