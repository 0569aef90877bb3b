# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Soft-biometric privacy for face images.

cv2 adds here what its library has; this file speaks where that is another's library."""

import cv2 as _cv2

if not hasattr(getattr(_cv2, "_native", None), "sanprivacy"):
    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(name)
        from cv2 import _conflicts  # which names the other distribution
        raise ImportError(f"{_conflicts.__file__} is not beside the cv2 that it came with: another distribution of "
                          "OpenCV has overwritten or removed that. pip uninstall opencv-sanprivacy, then install its "
                          "wheel again")
else:
    def _refuse(self, *_):
        name = (self if isinstance(self, type) else type(self)).__name__
        raise TypeError(f"{name}: expected a class to call; derived classes, copies and pickles of its objects would "
                        "let Python crash")

    for _value in list(vars(_cv2._native.sanprivacy).values()):
        if isinstance(_value, type):
            _value.__init_subclass__ = classmethod(_refuse)
            _value.__reduce_ex__ = _refuse
