# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the wheel says of the licences in source files: each notice once, whatever frames its comment."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "source_notices.py"
TERMS = ["Copyright 2008 {}", "", "Redistributions in", "binary form must reproduce the above copyright notice."]


class SourceNotices(unittest.TestCase):
    def test_each_notice_once(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name, "sources")
            folder.mkdir()
            terms = "\n".join(TERMS)
            lines = terms.format("Ada").split("\n")
            contents = {
                folder / "a.cpp": "/*M///////////\n//\n" + "".join(f"// {line}\n"
                                                                   for line in lines) + "//M*/\nint a;\n",
                folder / "b.h": "/***\n" + "".join(f" * {line}\n" for line in lines) + " ***/\n",
                folder / "c.c": "int c; /* no terms */\n/* " + terms.format("Grace") + " */\n// Use in binary form.\n",
                pathlib.Path(name, "outside.c"): "/* " + terms.format("Linus") + " */\n",
            }
            for path, text in contents.items():
                path.write_text(text)
            files = "".join(f"{path}\n" for path in [*contents, *contents])
            done = subprocess.run([sys.executable, PROGRAM, folder], input=files, capture_output=True, text=True,
                                  check=True)
        first, second = done.stdout.split("-" * 100)
        self.assertRegex(first, r"^a.cpp, and files with the same notice:\s+Copyright 2008 Ada\n\n\s*Redistributions "
                                r"in\n")
        self.assertRegex(second, r"^\nc.c, and files with the same notice:\s+Copyright 2008 Grace\n\nRedistributions "
                                 r"in\n")
        self.assertNotIn("M/", done.stdout)
        self.assertNotIn("no terms", done.stdout)


if __name__ == "__main__":
    unittest.main()
