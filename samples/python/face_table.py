# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Tables of faces, for the samples."""

import csv
import os
import sys
import typing

import numpy as np

LABELS = {"m": 1, "male": 1, "1": 1, "f": 0, "female": 0, "0": 0}
POINTS = "right_eye", "left_eye", "nose", "right_mouth", "left_mouth"


class LabelledFace(typing.NamedTuple):
    """One line of a table of faces."""

    file: str  # image
    label: int  # 0 or 1
    identity: str  # the person, or empty
    landmarks: np.ndarray  # 5x2 float32, or None


def largest_face(faces):
    """@return the row (1x15) of the largest of the faces that a detector found, whose label the table has; or None"""
    if faces is None:
        return None
    largest = np.argmax(faces[:, 2] * faces[:, 3])
    return faces[largest:largest + 1]


def read_face_table(path, attribute, folder=""):
    """Reads a CSV table with the columns `file` and the attribute (male or female, m or f, 1 or 0), and if it has them
    `identity` and the landmarks (`right_eye_x` ...). Lines without a label are skipped. Ends the program where there is
    nothing to read. folder: what file names are relative to."""
    try:
        f"{path} {folder}".encode()  # OpenCV would crash at a name that is not UTF-8
        with open(path, newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeError, csv.Error):
        sys.exit(f"Cannot read the table {path}")

    faces = []
    for row in rows:
        file, label = row.get("file"), (row.get(attribute) or "").lower()
        if not file or label not in LABELS:
            continue
        landmarks = None
        if row.get("right_eye_x"):
            try:
                landmarks = np.float32([[row[f"{point}_{axis}"] for axis in "xy"] for point in POINTS])
            except (KeyError, TypeError, ValueError):
                sys.exit(f"Expected landmarks of {file} in {path}")
        faces.append(LabelledFace(os.path.join(folder, file), LABELS[label], row.get("identity") or "", landmarks))
    if not faces:
        sys.exit(f"Expected the columns 'file' and '{attribute}' with labels such as M and F in {path}; found none")
    return faces
