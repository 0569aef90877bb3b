# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Soft-biometric privacy for face images. cv2 adds here what its library has; this file speaks where that is another's library."""

import cv2 as _cv2

if not hasattr(_cv2._native, "sanprivacy"):
    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(name)
        from cv2 import _conflicts  # which names the other distribution
        raise ImportError(f"{_conflicts.__file__} belongs to another distribution of OpenCV, which has no sanprivacy: "
                          "reinstall opencv-sanprivacy alone")
