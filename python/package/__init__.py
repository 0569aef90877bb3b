# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Stands before the installed cv2 on the path: loads it, and attaches cv2.sanprivacy to it."""

from . import _conflicts

del _conflicts  # it has made its check


def _load():
    import glob
    import importlib.machinery
    import importlib.util
    import os
    import sys
    import warnings

    here = os.path.dirname(os.path.abspath(__file__))
    like_this = os.path.join("cv2", "sanprivacy.pyi")
    others = [path for path in sys.path if not os.path.exists(os.path.join(path, like_this))]
    spec = importlib.machinery.PathFinder.find_spec("cv2", others)
    if spec is None or spec.loader is None:
        raise ImportError("cv2.sanprivacy needs OpenCV's own cv2 (Debian's python3-opencv), which is not on the path "
                          "(a virtual environment needs --system-site-packages)")
    cv2 = sys.modules["cv2"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cv2)

    library = next(iter(glob.glob(os.path.join(here, "sanprivacy.*.so"))), None)
    try:
        if library is None:
            raise ImportError(f"no sanprivacy.*.so in {here}")
        spec = importlib.util.spec_from_file_location("cv2.sanprivacy", library)
        cv2.sanprivacy = sys.modules["cv2.sanprivacy"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(cv2.sanprivacy)
    except ImportError as error:
        sys.modules.pop("cv2.sanprivacy", None)
        vars(cv2).pop("sanprivacy", None)
        warnings.warn(f"cv2.sanprivacy is not available: {error}", RuntimeWarning, stacklevel=3)


_load()
