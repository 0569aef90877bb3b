# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What `evaluate` says of wrong arguments, and of faces, networks and methods that cannot be evaluated."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import unittest

import cv2
import numpy as np

from command import EXECUTABLE, TEST_NETWORKS, files, run, write_labels
from evaluating import EvaluateTest, read_text, table, write_text


class Incomplete(EvaluateTest):
    """Whatever is left out is said, on stderr and in the report; the rest is evaluated."""

    def diagnostics(self, done, code=1):
        self.assertEqual(done.returncode, code, done.stderr)
        return table(self.path("report"), "diagnostics")

    def check(self, done, subject, what, code=1):
        self.one_line(done.stderr, subject, what)
        found = [p for p in self.diagnostics(done, code) if subject in p["subject"]]
        self.assertEqual(len(found), 1, found)
        self.assertIn(what, found[0]["diagnostic"])
        self.assertIn(subject, read_text(os.path.join(self.path("report"), "report.html")))

    def evaluate_quickly(self, *arguments, **options):
        return self.evaluate("--methods", "blur", "--attackers", "none", "-o", self.path("report"), *arguments,
                             **options)

    def test_missing_and_broken_images(self):
        broken = os.path.join(self.faces, "images", "broken.jpg")
        write_text(broken, "no image")
        self.addCleanup(os.remove, broken)
        labels = self.path("labels.csv")
        self.write_labels(labels, self.rows + [("images/gone.png", "M", "person1", "one", 30),
                                               ("images/broken.jpg", "F", "person2", "one", 30)])
        done = self.evaluate_quickly(labels=labels)
        self.check(done, "images/gone.png", "no such file")
        self.check(done, "images/broken.jpg", "")
        data = table(self.path("report"), "data")[0]
        self.assertEqual((data["listed"], data["evaluated"]), ("14", "12"))

    def test_images_that_use_a_small_part_of_their_range(self):
        rows, scores = [], {}
        for name, *columns in self.rows:
            deep = name.replace("images", "ten")
            image = cv2.imread(os.path.join(self.faces, name)).astype(np.uint16)
            os.makedirs(os.path.dirname(os.path.join(self.faces, deep)), exist_ok=True)
            cv2.imwrite(os.path.join(self.faces, deep), image * 4)
            rows.append((deep, *columns))
        self.addCleanup(shutil.rmtree, os.path.join(self.faces, "ten"))
        for kind, listed in (("images", self.rows), ("ten", rows)):
            write_labels(self.path("labels.csv"), listed, columns=("file", "gender", "identity", "race", "age"),
                         landmarks=False)
            done = self.evaluate_quickly(labels=self.path("labels.csv"))
            self.assertEqual(done.returncode, 0, done.stderr)
            scores[kind] = [float(face["brightness original"]) for face in table(self.path("report"), "scores")]
        self.assertEqual(len(scores["images"]), self.FACES)
        np.testing.assert_allclose(scores["ten"], scores["images"], atol=.03)

    def test_image_missing_from_a_folder(self):
        folder = self.path("some", "")
        for name, *_ in self.rows[1:]:
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            cv2.imwrite(os.path.join(folder, name), cv2.imread(os.path.join(self.darker, name)))
        done = self.evaluate("--methods", "folder=" + folder, "--attackers", "none", "-o", self.path("report"))
        self.check(done, self.rows[0][0], "no such image")
        self.assertEqual(table(self.path("report"), "scores")[0]["brightness some"], "")

    def test_image_of_another_size(self):
        folder = self.path("small", "")
        for k, (name, *_) in enumerate(self.rows):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            image = cv2.imread(os.path.join(self.darker, name))
            cv2.imwrite(os.path.join(folder, name), image[::2, ::2] if k == 3 else image)
        done = self.evaluate("--methods", "folder=" + folder, "--attackers", "none", "-o", self.path("report"))
        self.check(done, self.rows[3][0], "160x192")

    def test_network_of_another_input_size(self):
        models = self.path("models.yml")
        text = read_text(self.models)
        write_text(models, text + "wrong:" + text.split("cells:")[1].replace("32", "8"))
        done = self.evaluate_quickly(models=models)
        self.check(done, models, "Network 'wrong' does not work as described (8x8")
        self.assertEqual({r["network"] for r in table(self.path("report"), "matchers")}, {"cells"})

    def test_missing_network_file(self):
        models = self.path("models.yml")
        write_text(models, read_text(self.models).replace("descriptor.onnx", "gone.onnx"))
        done = self.evaluate_quickly(models=models)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "cells", "gone.onnx")

    def test_person_with_one_image(self):
        labels = self.path("labels.csv")
        self.write_labels(labels, self.rows[:-2])
        self.check(self.evaluate_quickly(labels=labels), "person3", "one image", code=0)
        self.assertEqual(table(self.path("report"), "data")[0]["people_with_one_image"], "1")

    def test_one_person(self):
        """Intervals are drawn by people."""
        labels = self.path("labels.csv")
        self.write_labels(labels, [(name, gender, "anna", *others) for name, gender, _, *others in self.rows])
        self.check(self.evaluate_quickly(labels=labels), "identity anna", "intervals, for which people are drawn")

    def test_no_identities(self):
        labels = self.path("labels.csv")
        write_labels(labels, [r[:2] for r in self.rows])
        done = self.evaluate_quickly(labels=labels)
        self.check(done, "faces", "no column of identities", code=0)
        self.assertNotIn("matchers.csv", files(self.path("report")))
        self.assertIn("Attackers who retrain", read_text(os.path.join(self.path("report"), "report.html")))
        models = self.path("matchers.yml")
        write_text(models, "%YAML:1.0\n---\ncells:" + read_text(self.models).split("cells:")[1])
        done = self.evaluate_quickly(labels=labels, models=models)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "no column of identities", "matchers")

    def test_rows_and_images_that_repeat(self):
        """The same image twice is a pair that every matcher matches."""
        labels = self.path("labels.csv")
        self.write_labels(labels, self.rows + self.rows[:1])
        done = self.evaluate_quickly(labels=labels)
        self.check(done, self.rows[0][0], "listed more than once", code=0)
        self.assertIn(f"{self.FACES} faces", done.stdout)
        first = self.rows[0]
        self.write_labels(labels, self.rows + [(first[0], "M" if first[1] == "F" else "F", *first[2:])])
        done = self.evaluate_quickly(labels=labels)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, first[0], "contradicting rows")
        twin = os.path.join(self.faces, "images", "twin.png")
        shutil.copy(os.path.join(self.faces, first[0]), twin)
        self.addCleanup(os.remove, twin)
        self.write_labels(labels, self.rows + [("images/twin.png", "M" if first[1] == "F" else "F", *first[2:])])
        done = self.evaluate_quickly(labels=labels)
        self.check(done, "images/twin.png", f"the same image as {first[0]}", code=0)
        self.check(done, first[2], "has images of both genders", code=0)

    def test_damaged_cache(self):
        """What a disk has changed is measured anew."""
        cache = self.path("cache.sqlite")
        self.assertEqual(self.evaluate_quickly(cache=cache).returncode, 0)
        scores = table(self.path("report"), "scores")
        for damage in ("x''", "x'00112233'", "zeroblob(length(value))", "substr(value, 1, length(value) - 1)",
                       "substr(value, 1, 8)"):
            with contextlib.closing(sqlite3.connect(cache)) as database:
                database.execute(f"UPDATE results SET value = CAST({damage} AS BLOB)")
                database.commit()
            done = self.evaluate_quickly(cache=cache)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(table(self.path("report"), "scores"), scores)

    def test_only_one_label(self):
        labels = self.path("labels.csv")
        self.write_labels(labels, [r for r in self.rows if r[1] == "M"])
        done = self.evaluate_quickly(labels=labels)
        self.check(done, labels, "only one label of gender", code=0)
        self.assertEqual(done.stderr.count("only one label"), 1)
        self.assertIn("only one label", done.stderr.splitlines()[0])  # before anything is measured

    def test_no_label_and_no_identity(self):
        labels = self.path("labels.csv")
        self.write_labels(labels, self.rows[:-2] + [(self.rows[-2][0], "", "person3", "one", 1),
                                                    (self.rows[-1][0], "M", "", "one", 1)])
        done = self.evaluate_quickly(labels=labels)
        self.check(done, self.rows[-2][0], "no gender")
        self.check(done, self.rows[-1][0], "no identity")

    def test_face_without_a_direction(self):
        """A descriptor of zeros has no cosine with others: the matcher's figures are without this face."""
        dark, models = "images/dark.png", self.path("models.yml")
        write_text(models, read_text(self.models).replace("euclidean", "cosine"))
        cv2.imwrite(os.path.join(self.faces, dark), np.zeros((240, 320, 3), np.uint8))
        self.addCleanup(os.remove, os.path.join(self.faces, dark))
        self.write_labels(self.path("labels.csv"), self.rows + [(dark, "M", "person1", "one", 30)])
        done = self.evaluate_quickly(labels=self.path("labels.csv"), models=models)
        self.assertEqual(done.returncode, 1)
        for method in ("original", "blur 6"):
            self.one_line(done.stderr, f"{dark} ({method}): network cells: its descriptor is zero")
        self.write_labels(self.path("labels.csv"), self.rows)
        found = table(self.path("report"), "matchers")
        self.assertEqual(self.evaluate_quickly(labels=self.path("labels.csv"), models=models).returncode, 0)
        self.assertEqual(found, table(self.path("report"), "matchers"))

    def test_what_cannot_work_is_told_before_any_image_is_read(self):
        broken = os.path.join(self.faces, "images", "broken.jpg")
        write_text(broken, "no image")
        self.addCleanup(os.remove, broken)
        labels, models, single = self.path("labels.csv"), self.path("models.yml"), self.path("single.yml")
        self.write_labels(labels, self.rows + [("images/broken.jpg", "F", "person2", "one", 30)])
        write_text(single, read_text(self.models).split("cells:")[0])
        write_text(models, read_text(single).replace("gray", "rgb"))
        broken_matcher = self.path("broken.yml")
        first, second = read_text(self.models).split("cells:")
        write_text(broken_matcher, first + "cells:" + second.replace("bgr", "gray"))
        descriptor = os.path.join(TEST_NETWORKS, "descriptor.onnx")
        for code, arguments, said in (
                (1, ["--hide", "colour,gender"], ["method opposite", "prototypes-colour.yml.gz"]),
                (1, ["--hide", "age", "--attribute", "age", "--model", "residual"], ["method opposite", "gender only"]),
                (1, ["--hide", "gender,gender"], ["method opposite", "named twice"]),
                (1, ["--prototypes", labels], ["method opposite", labels, "prototypes file"]),
                (1, ["--model", descriptor], ["method opposite", descriptor, "expected the inputs"]),
                (1, ["--models", models], ["none of the networks runs"]),
                (2, ["--models", single, "--methods", "search"], ["--methods search", "needs a matcher"]),
                (1, ["--models", broken_matcher, "--methods", "search"], ["method search", "networks that work"]),
                (2, ["--methods", "search=cells"], ["--methods search", "'cells' is not a classifier"])):
            with self.subTest(arguments):
                given = {"--methods": "opposite", "--models": self.models, **dict(zip(arguments[::2], arguments[1::2]))}
                done = run("evaluate", "--faces", self.faces, "--labels", labels, "--attackers", "none", "--cache",
                           self.path("cache"), "-o", self.path("report"), *sum(map(list, given.items()), []))
                self.assertEqual(done.returncode, code, done.stderr)
                self.one_line(done.stderr, *said)
                self.assertNotIn("broken.jpg", done.stderr)
                self.assertFalse(os.path.exists(self.path("report")))

    def test_landmarks_that_are_partly_missing(self):
        labels = self.path("labels.csv")
        self.write_labels(labels, self.rows)
        lines = read_text(labels).splitlines()
        column = lines[0].split(",").index("right_eye_x")
        cells = lines[3].split(",")
        for wrong, said in (("", "it is empty"), ("left", "'left' is not a coordinate")):
            write_text(labels, "\n".join(lines[:3] + [",".join(cells[:column] + [wrong] + cells[column + 1:])]))
            done = self.evaluate_quickly(labels=labels)
            self.assertEqual(done.returncode, 1)
            self.one_line(done.stderr, labels + ": row 4: column 'right_eye_x': " + said)

    def test_numbers_that_are_not_whole(self):
        for option, value in (("--limit", "-1"), ("--images", "-3"), ("--replicates", "0"), ("--seed", "-1"),
                              ("--max-pixels", "1e300")):
            done = self.evaluate_quickly(option, value)
            self.assertEqual(done.returncode, 2, option)
            self.assertLess(len(self.one_line(done.stderr, option, f"found '{value}'")), 100)

    def test_wrong_arguments(self):
        for arguments, said in {("--methods", "magic"): "'magic'", ("--methods", "blur=much"): "'much'",
                                ("--methods", "mixing=2"): "from 0 to 1", ("--methods", "folder=/nowhere"): "/nowhere",
                                ("--methods", "opposite=/gone.onnx"): "/gone.onnx",
                                ("--methods", "blur,blur"): "blur 6",
                                ("--attackers", "magic"): "'magic'", ("--retrained", "cells"): "'cells'"}.items():
            with self.subTest(arguments):
                done = self.evaluate(*arguments, "-o", self.path("report"))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.one_line(done.stderr, said)
                self.assertEqual(files(self.path("report", "")), [])

    def test_unusable_cache_and_output(self):
        cache = self.path("cache.sqlite")
        write_text(cache, "no database at all, but text that is long enough")
        done = self.evaluate_quickly(cache=cache)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, cache)
        done = self.evaluate_quickly(cache="/proc/none/cache.sqlite")
        self.check(done, "/proc/none/cache.sqlite", "not kept", code=0)
        taken = self.path("taken")
        write_text(taken, "a file")
        done = self.evaluate("--methods", "blur", "-o", taken)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, taken)

    def test_report_that_cannot_be_written(self):
        """All of its files are written, or none."""
        os.makedirs(self.path("report", "report.html"))
        done = self.evaluate_quickly()
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, self.path("report", "report.html"))
        self.assertEqual(files(self.path("report")), [])

    def test_tables_of_an_earlier_report(self):
        """A table that this report has not would be taken for a part of it."""
        self.assertEqual(self.evaluate_quickly().returncode, 0)
        write_text(self.path("report", "own.csv"), "mine")
        self.assertIn("groups.csv", files(self.path("report")))
        write_labels(self.path("labels.csv"), [row[:3] for row in self.rows], columns=("file", "gender", "identity"))
        self.assertEqual(self.evaluate_quickly(labels=self.path("labels.csv")).returncode, 0)
        found = files(self.path("report"))
        self.assertNotIn("groups.csv", found)
        self.assertLess({"own.csv", "matchers.csv", "scores.csv", "report.html"}, set(found))

    def test_disk_of_the_cache_is_full(self):
        cache = self.path("cache.sqlite")
        self.assertEqual(self.evaluate_quickly(cache=cache).returncode, 0)
        expected = table(self.path("report"), "classifiers")
        with contextlib.closing(sqlite3.connect(cache)) as database:  # as if: no more than a few results are taken
            database.executescript("""DELETE FROM results;
                CREATE TRIGGER full BEFORE INSERT ON results WHEN (SELECT count(*) FROM results) >= 5
                BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;""")
        done = self.evaluate_quickly(cache=cache)
        self.check(done, cache, "disk is full", code=0)
        self.assertEqual(table(self.path("report"), "classifiers"), expected)

    def test_answers_that_are_not_numbers(self):
        # Beyond float's range bright pixels are infinite and dark ones minus infinity; their mean is no number.
        faces = self.path("faces", "")
        dark = self.rows[4][0]
        for name, *_ in self.rows:
            image = cv2.imread(os.path.join(self.faces, name)).clip(10, 255)
            if name == dark:
                image[180:220, 140:180] = 0
            os.makedirs(os.path.dirname(os.path.join(faces, name)), exist_ok=True)
            cv2.imwrite(os.path.join(faces, name), image)
        models = self.path("models.yml")
        text = read_text(self.models)
        brightness = text.split("brightness:")[1].split("cells:")[0]
        write_text(models, text + "never:" + brightness.replace(str(1 / 255), "1e38").replace(
            "color:", "mean: 3\n  color:"))
        self.faces_before, type(self).faces = self.faces, faces
        self.addCleanup(setattr, type(self), "faces", self.faces_before)
        done = self.evaluate("--methods", "folder=" + faces, "--attackers", "none", "-o", self.path("report"),
                             models=models)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, dark, "(original)", "network never")
        self.one_line(done.stderr, dark, "(faces)", "network never")
        scores = {s["file"]: s for s in table(self.path("report"), "scores")}
        self.assertEqual([name for name in scores if scores[name]["never original"] == ""], [dark])
        self.assertNotIn("", [s["brightness original"] for s in scores.values()])  # the other figures have the face
        write_text(models, text + "always:" + text.split("cells:")[1].replace(
            'color: "bgr"', 'scale: 1e38\n  color: "bgr"'))
        done = self.evaluate("--methods", "blur", "--attackers", "none", "-o", self.path("report"), models=models)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "network always (original)", "every face")
        self.assertEqual({r["network"] for r in table(self.path("report"), "matchers")}, {"cells"})

    def test_no_input_is_overwritten(self):
        for name in ("data.csv", "options.csv", "report.json"):
            labels = self.path("report", name)
            self.write_labels(labels, self.rows)
            before = read_text(labels)
            done = self.evaluate_quickly(labels=labels)
            self.assertEqual(done.returncode, 2)
            self.one_line(done.stderr, labels, "input")
            self.assertEqual(read_text(labels), before)
            self.assertEqual(files(self.path("report")), [name])
            os.remove(labels)

    def test_report_has_every_option(self):
        done = self.evaluate_quickly("--strength", 0.75, "--backend", "cpu", "--gray", "--seed", 3,
                                     "--groups", "race,age")
        self.assertEqual(done.returncode, 0, done.stderr)
        options = {o["option"]: (o["value"], o["origin"]) for o in table(self.path("report"), "options")}
        offered = set(re.findall(r"^ {2,16}(?:-\w, *)?(--[\w-]+)", run("evaluate", "--help").stdout, re.M)) - {"--help"}
        self.assertEqual(set(options), offered)
        for option, expected in {"--strength": ("0.75", "given"), "--backend": ("cpu", "given"),
                                 "--gray": ("yes", "given"), "--identity": ("identity", "default"),
                                 "--replicates": ("200", "given"), "--seed": ("3", "given"),
                                 "--images": ("6", "default"), "--groups": ("race,age", "given"),
                                 "--methods": ("blur", "given"), "--prototypes": (self.networks[5], "given")}.items():
            self.assertEqual(options[option], expected, option)
        command = json.loads(read_text(os.path.join(self.path("report"), "report.json")))["command"]
        command = command.replace("sanprivacy", EXECUTABLE, 1).replace(self.path("report"), self.path("again"))
        again = subprocess.run(command, shell=True, capture_output=True)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(table(self.path("again"), "scores"), table(self.path("report"), "scores"))


if __name__ == "__main__":
    unittest.main()
