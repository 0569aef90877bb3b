# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Prints the licences that stand in comments of source files, each once: source_notices.py FOLDER <list of files
Files outside FOLDER are left out. build_wheel.sh uses it for what OpenCV's own sources took from others, under terms of
their own."""

import pathlib
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/|(?:^[ \t]*//[^\n]*\n)+", re.DOTALL | re.MULTILINE)
FRAME = re.compile(r"^[ \t]*(/\*M?/*|\*+/?|//M\*/|/+)?|[ \t]*(\*+/|//+)?[ \t]*$", re.MULTILINE)
TERMS = re.compile(r"redistributions?('s)? (of|in) (source|binary)|permission (notice|is hereby granted|to use, copy)",
                   re.IGNORECASE)


def notices(files):
    found = {}
    for file in files:
        for comment in COMMENT.findall(file.read_text(errors="replace")):
            text = FRAME.sub("", comment).strip("\n")
            if TERMS.search(" ".join(text.split())):
                found.setdefault(tuple(re.findall(r"\w+", text.lower())), (file, text))
    return found.values()


root = pathlib.Path(sys.argv[1]).resolve()
sources = {pathlib.Path(line.strip()).resolve() for line in sys.stdin}
for number, (path, text) in enumerate(notices(sorted(path for path in sources if root in path.parents))):
    print("" if number == 0 else "\n" + "-" * 100 + "\n", end="")
    print(f"{path.relative_to(root)}, and files with the same notice:\n\n{text}")
