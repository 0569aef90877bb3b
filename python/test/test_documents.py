# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Links within the documents lead to files and headings that exist."""

import pathlib
import re
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = (".", "data", "doc", "modules/sanprivacy", "samples", "samples/python/try_it", "trainer")
HEADING = re.compile(r"^#+ (.+)$|^(.+)\n(?:=+|-+)$", re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchor_of(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(document):
    return {anchor_of(one or other) for one, other in HEADING.findall(document.read_text())}


class Documents(unittest.TestCase):
    def test_links(self):
        documents = [document for folder in FOLDERS for document in sorted((REPOSITORY / folder).glob("*.md"))]
        self.assertGreater(len(documents), 10)
        for document in documents:
            text = re.sub(r"```.*?```", "", document.read_text(), flags=re.S)
            for link in LINK.findall(text):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (document.parent / path) if path else document
                with self.subTest(f"{document.relative_to(REPOSITORY)}: {link}"):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target))


if __name__ == "__main__":
    unittest.main()
