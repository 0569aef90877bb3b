# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The installed cv2, which may have no stubs, with cv2.sanprivacy, which has."""

from typing import Any

from . import sanprivacy as sanprivacy

class UMat:
    def __init__(self, *arguments: Any) -> None: ...
    def __getattr__(self, name: str) -> Any: ...

def __getattr__(name: str) -> Any: ...
