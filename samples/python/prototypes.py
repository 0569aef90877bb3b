#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Builds prototypes from a pandas table of faces: prototypes.py faces.csv RESULT.yml.gz

The table has the columns `file` (relative to it) and the attribute, male or female or 0 or 1; with landmark columns
(`right_eye_x` ...) the faces are cut out by them."""

import argparse
import pathlib
import sys

import cv2
import numpy as np
import pandas as pd

LANDMARKS = [f"{point}_{axis}" for point in ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth") for axis in "xy"]
LABELS = {"m": 1, "male": 1, "1": 1, "f": 0, "female": 0, "0": 0}


def landmarks_of(row, image, detector):
    if set(LANDMARKS) <= set(row.index):
        return row[LANDMARKS].to_numpy(np.float32).reshape(5, 2)
    faces = detector.detect(image)
    return faces[0, 4:14].reshape(5, 2) if faces is not None else None


def main():
    parser = argparse.ArgumentParser(description="Builds prototypes from a table of faces.")
    parser.add_argument("table", type=pathlib.Path,
                        help="CSV with the columns file (relative to it) and the attribute, and landmarks if it has them")
    parser.add_argument("result", type=pathlib.Path, help="file to write, .yml.gz")
    parser.add_argument("--attribute", default="gender", help="column of the label, male or female, 1 or 0; default: gender")
    options = parser.parse_args()
    if options.result.exists():
        sys.exit(f"{options.result} is there already")

    table = pd.read_csv(options.table)
    if not {"file", options.attribute} <= set(table):
        sys.exit(f"{options.table}: expected the columns 'file' and '{options.attribute}', separated by commas; found {list(table)}")
    table["label"] = table[options.attribute].astype(str).str.lower().map(LABELS)
    ## [prototypes]
    builder, detector, left_out = cv2.sanprivacy.PrototypeBuilder.create(), cv2.sanprivacy.FaceDetector.create(), []
    for _, row in table.dropna(subset=["label"]).iterrows():
        image = cv2.imread(str(options.table.parent / row["file"]))
        landmarks = landmarks_of(row, image, detector) if image is not None else None
        if landmarks is None:
            left_out.append(row["file"])
            continue
        builder.add(cv2.sanprivacy.alignFace(image, landmarks)[1], int(row["label"]))
    builder.save(str(options.result))
    ## [prototypes]
    print(pd.Series({label: builder.count(label) for label in (0, 1)}, name="faces").to_string())
    sys.exit("\n".join(f"{name}: no face found, or no image" for name in left_out) or None)


if __name__ == "__main__":
    main()
