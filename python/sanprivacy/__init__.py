# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Soft-biometric privacy for face images, in one call.

    import cv2, sanprivacy
    cv2.imwrite("result.png", sanprivacy.perturb(cv2.imread("photo.jpg")))

Everything else (videos, prototypes, evaluation) is in cv2.sanprivacy.
"""

import numbers
import threading
from typing import Literal, Optional, Sequence, Union

import cv2
import numpy as np

from ._version import __version__

if not hasattr(getattr(cv2, "sanprivacy", None), "Perturber"):
    _found = (f"OpenCV {cv2.__version__}, {cv2.__file__}" if hasattr(cv2, "__version__")
              else f"what is left in {list(cv2.__path__)[0]}")
    raise ImportError(f"the cv2 that Python finds ({_found}) has no sanprivacy. Where pip installed or removed another "
                      "OpenCV: pip uninstall that one and opencv-sanprivacy, then install the wheel of "
                      "opencv-sanprivacy again")

__all__ = ["NoFaceError", "detect", "perturb", "__version__"]

LABELS = {"female": 0, "male": 1}
PROTOTYPES = ("same", "neutral", "opposite", "random")
FACE_COLUMNS = 15
Label = Union[None, int, str]

_networks = threading.local()  # one object serves one thread at a time


class NoFaceError(ValueError):
    """No face was found, so that nothing would be protected."""


def _shown(value) -> str:
    """In one line."""
    most, text = 80, " ".join(repr(value).split())
    return text if len(text) <= most else text[:most] + "..."


def _image(image) -> np.ndarray:
    if not isinstance(image, np.ndarray):
        raise TypeError(f"image: expected an array of NumPy, found {type(image).__name__}" +
                        (" (of cv2.imread, where the file cannot be read)" if image is None else ""))
    kind = image.dtype.newbyteorder("=")  # of this machine, as OpenCV reads it
    shaped = image.ndim == 2 or image.ndim == 3 and image.shape[2] in (1, 3)
    if kind not in (np.uint8, np.uint16) or not shaped or image.size == 0:
        raise ValueError(f"image: expected uint8 or uint16, height x width (gray) or height x width x 3 (BGR), "
                         f"found {image.dtype}, {' x '.join(map(str, image.shape))}")
    return np.ascontiguousarray(image, kind)


def _rows(faces) -> np.ndarray:
    expected = f"faces: expected rows of detect(), number of faces x {FACE_COLUMNS}, found"
    try:
        rows = np.ascontiguousarray(faces, np.float32)
    except (TypeError, ValueError):
        raise ValueError(f"{expected} {type(faces).__name__}") from None
    if rows.size > 0 and (rows.ndim != 2 or rows.shape[1] != FACE_COLUMNS):
        raise ValueError(f"{expected} {' x '.join(map(str, rows.shape))}")
    return rows.reshape(-1, FACE_COLUMNS)


def _labels(label, count) -> list:
    several = isinstance(label, (list, tuple)) or np.ndim(label) > 0
    labels = [_number(one) for one in (label if several else [label] * count)]
    if len(labels) != count:
        raise ValueError(f"label: expected one for all faces or one for each of the {count}, found {len(labels)}")
    return labels


def _number(label) -> int:
    if label is None:
        return cv2.sanprivacy.LABEL_PREDICT
    if isinstance(label, str) and label in LABELS:
        return LABELS[label]
    known = (*LABELS.values(), cv2.sanprivacy.LABEL_PREDICT, cv2.sanprivacy.LABEL_NEUTRAL)
    if isinstance(label, numbers.Integral) and not isinstance(label, bool) and label in known:
        return int(label)
    raise ValueError(f"label: expected None, 'female', 'male', 0 (female) or 1 (male), found {_shown(label)}")


def detect(image: np.ndarray) -> np.ndarray:
    """Finds the faces of an image.

    image: as in perturb().
    Returns one row for each face, the best first: x, y, width, height, five landmarks (x, y), score. No rows if there
    is no face.
    """
    image = _image(image)
    if min(image.shape[:2]) == 1:  # which OpenCV takes for an array of one dimension
        return np.empty((0, FACE_COLUMNS), np.float32)
    if not hasattr(_networks, "detector"):
        _networks.detector = cv2.sanprivacy.FaceDetector.create()
    faces = _networks.detector.detect(image)
    return np.empty((0, FACE_COLUMNS), np.float32) if faces is None else faces


def perturb(image: np.ndarray, label: Union[Label, Sequence[Label], np.ndarray] = None,
            prototype: Literal["opposite", "neutral", "same", "random"] = "opposite", strength: float = 1,
            faces: Optional[np.ndarray] = None) -> np.ndarray:
    """Perturbs every face of an image, so that gender classifiers err and face matchers still recognise the person.

    image: uint8 or uint16, height x width (gray, also x 1) or height x width x 3 in the order blue, green, red, as
        cv2.imread() gives it.
    label: the gender that a face has: None (a classifier predicts it for each face), "female" or 0, "male" or 1; one
        for all faces, or a list with one for each, in the order of detect().
    prototype: the output: "opposite", "neutral", "same", or "random" (male or female, drawn for each face).
    strength: how much the faces change, above 0 and at most 2: more for privacy, less for better matching.
    faces: rows of detect(), if they are already known, or some of them: the other faces stay as they are.

    Returns a new image of the same type and size. Raises NoFaceError where there is no face.
    If the detector misses one of several faces, that face stays as it is: check group photos.
    """
    image = _image(image)
    if not isinstance(prototype, str) or prototype not in PROTOTYPES:
        raise ValueError(f"prototype: expected one of {', '.join(PROTOTYPES)}, found {_shown(prototype)}")
    if not isinstance(strength, numbers.Real) or isinstance(strength, bool) or not 0 < strength <= 2:
        raise ValueError(f"strength: expected a number above 0 and at most 2, found {_shown(strength)}")
    faces = detect(image) if faces is None else _rows(faces)
    if len(faces) == 0:
        raise NoFaceError("no face was found in the image")
    labels = _labels(label, len(faces))
    if not hasattr(_networks, "perturber"):
        _networks.perturber = cv2.sanprivacy.Perturber.create()
    _networks.perturber.setStrength(float(strength))
    params = cv2.sanprivacy.PerturbParams(getattr(cv2.sanprivacy, "PROTOTYPE_" + prototype.upper()))
    return _networks.perturber.perturbFaces(image, faces, params=params, labels=labels).reshape(image.shape)
