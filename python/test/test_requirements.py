# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What `pip install .` asks for."""

import pathlib
import re
import unittest

PROJECT = pathlib.Path(__file__).resolve().parents[2] / "pyproject.toml"


class Requirements(unittest.TestCase):
    def test_numpy_is_bounded_as_in_the_build(self):
        """What is built with NumPy 1 does not run with 2."""
        def bounds(key):
            line = re.search(rf"^{key} = (.*)$", PROJECT.read_text(), re.MULTILINE)[1]
            return set(re.findall(r'"numpy[^";]*(<\d)[^";]*; *([^"]*)"', line))

        self.assertTrue(bounds("requires"))
        self.assertEqual(bounds("requires"), bounds("dependencies"))


if __name__ == "__main__":
    unittest.main()
