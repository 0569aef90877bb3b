# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The type stub says what the module has: the same names, the same arguments in the same order."""

import ast
import copy
import os
import pathlib
import pickle
import re
import sys
import unittest

import cv2

FILE = getattr(cv2.sanprivacy, "__file__", "")  # none in a cv2 that was built in OpenCV's own source tree
BESIDE = FILE.endswith(".so")  # an installed cv2, and not in a wheel
STUB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "package", "sanprivacy.pyi")


def documented(function):
    """Arguments of each overload by a generated docstring: 'f(a[, b[, c]]) -> d' at the start of a line."""
    overloads = re.findall(r"^\w+\((.*?)\) ->", function.__doc__, re.MULTILINE)
    return [re.findall(r"\w+", arguments) for arguments in overloads]


def stubbed(function):
    return [argument.arg for argument in function.args.args if argument.arg != "self"]


def classes():
    return [value for value in vars(cv2.sanprivacy).values() if isinstance(value, type)]


@unittest.skipUnless(FILE, "OpenCV's own bindings let these pass")
class Classes(unittest.TestCase):
    def test_none_can_be_derived_from(self):
        """OpenCV's glue frees an object of a derived class wrongly: Python would crash."""
        for name in ("Perturber", "FaceDetector", "StreamAnonymizer", "StreamParams"):
            real = getattr(cv2.sanprivacy, name)
            with self.assertRaises(TypeError):
                type("Own", (real,), {})

    def test_no_object_is_copied(self):
        for make in (copy.copy, copy.deepcopy, pickle.dumps):
            for real in classes():
                with self.assertRaises(TypeError):
                    make(real())

    @unittest.skipUnless(BESIDE, "in a wheel nothing can tell this from a call of the class")
    def test_no_object_is_made_without_its_contents(self):
        """Python would crash at its first use."""
        self.assertGreater(len(classes()), 5)
        for real in classes():
            for make in (lambda: real.__new__(real), lambda: object.__new__(real)):
                with self.assertRaises(TypeError):
                    make()
        self.assertIsInstance(cv2.sanprivacy.PerturbParams(), cv2.sanprivacy.PerturbParams)


class Calls(unittest.TestCase):
    def test_constructors_without_arguments_tell_what_to_call(self):
        for name, told in (("FaceDetector", "create"), ("Perturber", "create"), ("MatchEvaluation", "create"),
                           ("StreamParams", "fields"), ("ModelDescription", "fields")):
            real = getattr(cv2.sanprivacy, name)
            for call in (lambda: real("residual"), lambda: real(model="residual")):
                with self.assertRaisesRegex(TypeError, f"{name}.. takes no arguments.*{told}"):
                    call()
        with self.assertRaisesRegex(TypeError, "integer"):
            cv2.sanprivacy.PerturbParams("same")

    def test_methods_without_arguments_refuse_some(self):
        """Python's own error tells nothing: a function returned NULL without setting an exception."""
        detector = cv2.sanprivacy.FaceDetector()
        for call in (lambda: detector.empty(1), lambda: detector.empty(quick=True),
                     lambda: cv2.sanprivacy.PrototypeBuilder().getSize(1, 2)):
            with self.assertRaisesRegex(TypeError, "expected no arguments; found [12]$"):
                call()
        self.assertTrue(detector.empty())


class Stub(unittest.TestCase):
    def setUp(self):
        with open(STUB) as stream:
            self.body = ast.parse(stream.read()).body

    def check_members(self, stub, real, where):
        for member in stub:
            if isinstance(member, ast.AnnAssign):
                self.assertTrue(hasattr(real, member.target.id), f"{where}.{member.target.id}")
            elif isinstance(member, ast.FunctionDef):
                self.assertTrue(hasattr(real, member.name), f"{where}.{member.name}")
                if member.name != "__init__" and callable(getattr(real, member.name)):
                    self.assertIn(stubbed(member), documented(getattr(real, member.name)), f"{where}.{member.name}")
        names = {m.target.id if isinstance(m, ast.AnnAssign) else m.name
                 for m in stub if isinstance(m, (ast.AnnAssign, ast.FunctionDef, ast.ClassDef))}
        return names

    def test_agrees_with_the_module(self):
        module = cv2.sanprivacy
        names = self.check_members(self.body, module, "sanprivacy")
        for node in self.body:
            if isinstance(node, ast.ClassDef):
                real = getattr(module, node.name)
                found = self.check_members(node.body, real, node.name)
                self.assertEqual({name for name in vars(real) if not name.startswith("_")} - found, set(), node.name)
        without_aliases = {name for name in vars(module)
                           if not name.startswith("_") and "_create" not in name and "_load" not in name}
        self.assertEqual(without_aliases - names, set())

    @unittest.skipUnless(FILE, "OpenCV's own bindings come without this project's stub")
    def test_type_checkers_find_it(self):
        folder = next(path / "cv2" for path in map(pathlib.Path, sys.path) if (path / "cv2" / "__init__.py").exists())
        self.assertTrue((folder / "py.typed").exists())
        self.assertIn("import sanprivacy as sanprivacy", (folder / "__init__.pyi").read_text())


if __name__ == "__main__":
    unittest.main()
