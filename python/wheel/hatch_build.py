# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

import sysconfig

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Tag(BuildHookInterface):
    """cv2 is compiled, for all of Python from 3.9 on."""

    def initialize(self, version, build_data):
        build_data["pure_python"] = False
        build_data["tag"] = "cp39-abi3-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
