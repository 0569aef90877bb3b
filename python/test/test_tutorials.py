# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Runs the commands of README.md and of the tutorials, in their order, in a temporary folder that looks like the
repository.

A block that cannot run anywhere has a comment before it in the document: <!-- not run: why -->. A block that needs a
program which was not built is skipped. The folder of the build is the environment variable SANPRIVACY_BUILD, default:
build."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import cv2

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SANPRIVACY_BUILD", REPOSITORY / "build")).resolve()
TUTORIALS = REPOSITORY / "modules" / "sanprivacy" / "tutorials"
TIMEOUT = 600
COMMENT = r"<!-- not run: (?P<reason>[^\n]+) -->\n+"
FENCED = re.compile(rf"(?:{COMMENT})?```(?P<language>\w+)\n(?P<code>.*?)```", re.S)
INDENTED = re.compile(rf"(?:{COMMENT})?(?P<code>(?:^ {{4}}\S[^\n]*\n)(?:^(?: {{4}}[^\n]*)?\n)*)", re.M)
MADE = {  # what must be there when the last command of a document has run
    "photos": ["protected/man-bald.jpg", "sheet.png", "protected-with-labels/man-bald.jpg",
               "protected-by-cpp/man-bald.jpg",
               "protected-by-python/man-bald.jpg"],
    "video": ["protected.mp4", "anonymous.mp4", "protected.jsonl", "minimal.avi", "minimal-python.avi"],
    "strength": ["opposite/man-bald.jpg", "random/man-bald.jpg", "strengths.jpg", "hair-blurred/man-bald.jpg",
                 "surroundings.jpg",
                 "strength-1.25.png", "stronger.png", "neutral.png", "neutral-python.png"],
    "evaluation": ["my-report/report.html", "figures/roc-my-classifier.png", "figures-python/roc-my-classifier.png"],
    "training": ["training/san.onnx", "trained/man-bald.jpg"],
    "attributes": ["without-age/man-bald.jpg", "without-both/man-bald.jpg", "both.png", "man-as-older-woman.png",
                   "glasses/prototypes-glasses.yml.gz", "glasses-cpp.yml.gz", "glasses-python.yml.gz"],
    "cluster": ["results/man-bald.jpg", "results/prototypes.yml.gz"],
    "README": ["protected-portraits/man-bald.jpg", "result.png", "protected.mp4"],
}


def blocks(document):
    """(number of the line, language, code, why it is not run or None) of each block, in their order"""
    text = document.read_text()
    found = [(block.start("code"), block["language"], block["code"], block["reason"])
             for block in FENCED.finditer(text)]
    if document.name == "README.md":  # its commands are indented
        blank = FENCED.sub(lambda block: re.sub(r"[^\n]", "x", block[0]), text)
        found += [(block.start("code"), "sh", block["code"], block["reason"]) for block in INDENTED.finditer(blank)]
    return [(text.count("\n", 0, start) + 1, language, code, reason) for start, language, code, reason in sorted(found)]


def missing(code):
    """The programs of the build that the code wants and that are not there."""
    return [name for name in re.findall(r"build/bin/([\w-]+)", code) if not (BUILD / "bin" / name).exists()]


def of_the_build():
    package = importlib.util.find_spec("sanprivacy")
    return package is not None and (BUILD / "python") in pathlib.Path(package.origin).resolve().parents


@unittest.skipUnless(of_the_build(), "the tutorials use the Python bindings of the build, and these are others")
class Tutorials(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("samples", "scripts"):
            (self.folder / name).symlink_to(REPOSITORY / name)
        (self.folder / "data").mkdir()
        for path in (REPOSITORY / "data").iterdir():
            if path.name != "portraits":
                (self.folder / "data" / path.name).symlink_to(path)
        (self.folder / "data" / "portraits").mkdir()
        for path in (REPOSITORY / "data" / "portraits").iterdir():
            (self.folder / "data" / "portraits" / path.name).write_bytes(path.read_bytes())
        (self.folder / "build").mkdir()
        for name in ("bin", "python"):
            (self.folder / "build" / name).symlink_to(BUILD / name)

    def run_block(self, language, code):
        command = ["bash", "-euo", "pipefail", "-c", code] if language == "sh" else [sys.executable, "-c", code]
        environment = dict(os.environ, XDG_CACHE_HOME=str(self.folder / ".cache"))
        done = subprocess.run(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True,
                              errors="replace", timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, f"{code}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")

    def check_document(self, document):
        skipped = set()
        for line, language, code, reason in blocks(document):
            if reason or language not in ("sh", "python"):
                continue
            with self.subTest(f"{document.name}:{line}"):
                if missing(code):
                    skipped.update(missing(code))
                elif not skipped:
                    self.run_block(language, code)
        if skipped:
            self.skipTest("not built: " + ", ".join(sorted(skipped)))
        for name in MADE.get(document.stem, []):
            with self.subTest(f"{document.name}: {name}"):
                self.assertGreater((self.folder / name).stat().st_size, 0)

    def test_readme(self):
        (self.folder / "photo.jpg").write_bytes((REPOSITORY / "data" / "portraits" / "man-bald.jpg").read_bytes())
        portrait = cv2.imread(str(self.folder / "photo.jpg"))
        writer = cv2.VideoWriter(str(self.folder / "meeting.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25,
                                 portrait.shape[1::-1])
        for _ in range(5):
            writer.write(portrait)
        writer.release()
        self.check_document(REPOSITORY / "README.md")

    def test_every_tutorial_is_listed_and_has_a_test(self):
        listed = re.findall(r"@subpage tutorial_sanprivacy_(\w+)",
                            (TUTORIALS / "table_of_content_sanprivacy.markdown").read_text())
        self.assertEqual(sorted(listed), sorted(path.stem for path in TUTORIALS.glob("*/*.markdown")))
        for name in listed:
            self.assertTrue(hasattr(self, "test_" + name), name)
            text = (TUTORIALS / name / (name + ".markdown")).read_text()
            self.assertIn(f"{{#tutorial_sanprivacy_{name}}}", text.splitlines()[0])

    def test_blocks_are_found(self):
        path = self.folder / "README.md"
        path.write_text("Text\n\n    one\n    two\n\n<!-- not run: why -->\n    three\n\n```sh\nfour\n```\n\n<!-- not "
                        "run: so -->\n```sh\n    five\n```\n")
        self.assertEqual(blocks(path), [(3, "sh", "    one\n    two\n\n", None), (7, "sh", "    three\n\n", "why"),
                                        (10, "sh", "four\n", None),
                                        (15, "sh", "    five\n", "so")])


def add_test(name):
    setattr(Tutorials, "test_" + name, lambda self: self.check_document(TUTORIALS / name / (name + ".markdown")))


for tutorial in sorted(TUTORIALS.glob("*/*.markdown")):
    add_test(tutorial.stem)

if __name__ == "__main__":
    unittest.main()
