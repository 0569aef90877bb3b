# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Refuses a folder cv2 that two distributions own: pip lets one overwrite the files of the other without a word."""


def _check():
    from importlib.metadata import distributions
    from os.path import abspath, dirname

    folder = dirname(abspath(__file__))
    for name in ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"):
        for other in distributions(name=name, path=[dirname(folder)]):
            raise ImportError(f"{name} {other.version} and opencv-sanprivacy both own {folder}, and one has "
                              "overwritten the other. "
                              f"Keep one: pip uninstall --yes {name} opencv-sanprivacy, then install the wheel of "
                              "opencv-sanprivacy again")


_check()
