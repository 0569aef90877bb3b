# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `evaluate` on drawn data: what it reports is what numpy and scikit-learn make of the same faces."""

import contextlib
import csv
import html.parser
import json
import math
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
import unittest.mock

import cv2
import numpy as np

from command import CommandTest, EXECUTABLE, LANDMARK_COLUMNS, LANDMARKS, TEST_NETWORKS, files, portraits, run, write_labels

CANONICAL = [67.2, 68, 157.2, 68, 112, 120, 76, 160, 148, 160]  # about: enough of a landmark_template for a test

NETWORKS = """%YAML:1.0
---
brightness:
  task: "classifier"
  file: "{folder}/classifier.onnx"
  width: 224
  height: 224
  scale: {scale}
  color: "gray"
  landmark_template: [ {landmark_template} ]
cells:
  task: "matcher"
  file: "{folder}/descriptor.onnx"
  width: 32
  height: 32
  color: "bgr"
  square: 1.2
  distance: "euclidean"
"""


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def table(folder, name):
    with open(os.path.join(folder, name + ".csv"), newline="") as lines:
        return list(csv.DictReader(lines))


def row(rows, **values):
    found = [r for r in rows if all(r[k] == v for k, v in values.items())]
    assert len(found) == 1, (values, rows)
    return found[0]


def results(cache):
    """How many results a cache holds."""
    with contextlib.closing(sqlite3.connect(cache)) as database:
        return database.execute("SELECT count(*) FROM results").fetchone()[0]


class Parser(html.parser.HTMLParser):
    """Collects the tags, every place that a browser would load something from, and what SVG elements draw and write."""

    def __init__(self):
        super().__init__()
        self.tags, self.sources, self.paths, self.texts = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        self.paths += [value for name, value in attributes if tag == "path" and name == "d"]

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "text":
            self.texts.append(data)


class EvaluateTest(CommandTest):
    """People of the sample portraits, three images each; the "men" tend to be brighter, as the test's classifier has it."""

    PEOPLE, IMAGES = 4, 3
    FACES = PEOPLE * IMAGES
    METHODS = ["original", "same", "neutral", "opposite", "random", "blur 6", "pixelation 12", "mixing 0.4", "search", "darker"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = np.random.default_rng(3)
        cls.faces = os.path.join(cls.shared_folder, "faces")
        cls.darker = os.path.join(cls.shared_folder, "darker")  # what somebody else's method made of them
        cls.rows = []
        for folder in (cls.faces, cls.darker):
            os.makedirs(os.path.join(folder, "images"))
        for person, path in enumerate(portraits()[:cls.PEOPLE]):
            for k in range(cls.IMAGES):
                name = f"images/{person}-{k}.png"
                image = cv2.imread(path).astype(float)
                gray = image.mean()
                image = image - gray + 110 + 12 * (person % 2) + rng.normal(0, 10) + rng.normal(0, 5, image.shape)
                cv2.imwrite(os.path.join(cls.faces, name), image.clip(0, 255).astype(np.uint8))
                cv2.imwrite(os.path.join(cls.darker, name), (image - 20).clip(0, 255).astype(np.uint8))
                cls.rows.append((name, "M" if person % 2 else "F", f"person{person}", ("one", "other")[person // 2], 21 + 10 * k))
        cls.labels = os.path.join(cls.shared_folder, "faces.csv")
        cls.write_labels(cls.labels, cls.rows)
        cls.models = os.path.join(cls.shared_folder, "models.yml")
        with open(cls.models, "w") as models:
            models.write(NETWORKS.format(folder=TEST_NETWORKS, scale=1 / 255, landmark_template=", ".join(map(str, CANONICAL))))
        cls.cache = os.path.join(cls.shared_folder, "cache", "results.sqlite")
        cls.report = os.path.join(cls.shared_folder, "report")
        cls.all_methods = ["--methods", f"san,random,blur,pixelation=12,mixing=0.4,search,folder={cls.darker}", "--attackers", "jpeg,flip"]
        cls.done = cls.evaluate(*cls.all_methods, "-o", cls.report)
        assert cls.done.returncode == 0, cls.done.stderr

    @staticmethod
    def write_labels(path, rows):
        write_labels(path, rows, columns=("file", "gender", "identity", "race", "age"))

    @classmethod
    def evaluate(cls, *arguments, labels=None, models=None, cache=None, program=None):
        model = cls.networks[:2] + cls.networks[4:]
        return run("evaluate", "--faces", cls.faces, "--labels", labels or cls.labels, "--models", models or cls.models, *model,
                   "--cache", cache or cls.cache, "--replicates", 200, *arguments, program=program)


class Complete(EvaluateTest):
    def test_report_is_there_and_needs_no_other_file(self):
        self.assertEqual(files(self.report), sorted(
            [name + ".csv" for name in ("attackers", "classifiers", "confusion", "data", "groups", "matchers", "privacy_gain",
                                        "diagnostics", "options", "scores", "summary")] + ["report.html", "report.json"]))
        page = Parser()
        page.feed(read_text(os.path.join(self.report, "report.html")))
        self.assertEqual([s for s in page.sources if not s.startswith(("data:", "#"))], [])
        self.assertEqual(page.tags.count("svg"), 2)  # a classifier and a matcher
        self.check_curves(page)
        self.assertEqual(page.tags.count("img"), 6 * len(self.METHODS))
        report = json.loads(read_text(os.path.join(self.report, "report.json")))
        self.assertEqual(set(report["tables"]["summary"][0]), set(table(self.report, "summary")[0]))
        self.assertIn("opposite", report["curves"]["matcher cells"])

    def check_curves(self, page):
        """A curve and its entry in the legend for each method; every point inside the axes."""
        curves = [path for path in page.paths if path.count("L") > 1]
        self.assertEqual(len(curves), 2 * len(self.METHODS))
        for curve in curves:
            points = np.array([point.split() for point in curve[1:].split("L")], float)
            self.assertTrue((points >= (61.9, 33.9)).all() and (points <= (452.1, 344.1)).all(), curve)
            self.assertTrue((np.diff(points[:, 0]) >= 0).all() and (np.diff(points[:, 1]) <= 0).all())  # rising
        for method in self.METHODS:
            self.assertEqual(page.texts.count(method), 2, method)

    def test_errors_are_those_of_scikit_learn(self):
        try:
            from sklearn.metrics import roc_auc_score, roc_curve
        except ImportError as missing:
            self.skipTest(str(missing))
        scores = table(self.report, "scores")
        self.assertEqual([s["file"] for s in scores], [r[0] for r in self.rows])
        labels = np.array([int(s["label"]) for s in scores])
        column = lambda method: np.array([float(s["brightness " + method]) for s in scores])
        fpr, tpr, thresholds = roc_curve(labels, column("original"), drop_intermediate=False)
        threshold = thresholds[np.argmin(np.abs(fpr - (1 - tpr)))]
        self.assertTrue(0.02 < np.mean((column("original") >= threshold) != labels) < .4)  # there is something to compare
        for method in ("original", "opposite", "blur 6", "mixing 0.4", "search", "darker"):
            with self.subTest(method):
                found = row(table(self.report, "classifiers"), method=method)
                wrong = (column(method) >= threshold) != labels
                self.assertAlmostEqual(float(found["error"]), wrong.mean(), places=6)
                self.assertAlmostEqual(float(found["error_label_1"]), wrong[labels == 1].mean(), places=6)
                self.assertAlmostEqual(float(found["error_at_0.5"]), np.mean((column(method) >= .5) != labels), places=6)
                self.assertAlmostEqual(float(found["auc"]), roc_auc_score(labels, column(method)), places=6)
                self.assertLessEqual(float(found["error_lower"]), float(found["error"]))
                self.assertLessEqual(float(found["error"]), float(found["error_upper"]))
        groups = table(self.report, "groups")
        self.assertEqual([(g["attribute"], g["group"], g["faces"]) for g in groups],
                         [("race", "one", "6"), ("race", "other", "6"), ("age", "20-29", "4"), ("age", "30-39", "4"), ("age", "40-49", "4")])
        one = np.array([r[3] == "one" for r in self.rows])
        self.assertAlmostEqual(float(groups[0]["darker"]), ((column("darker") >= threshold) != labels)[one].mean(), places=6)

    def test_scores_are_those_of_the_images(self):
        # The test's classifier is a sigmoid of the mean brightness of the crop.
        source = np.float32(LANDMARKS).reshape(5, 2)
        target = np.float32(CANONICAL).reshape(5, 2)
        transform, _ = cv2.estimateAffinePartial2D(source, target, method=cv2.LMEDS)
        for found in table(self.report, "scores")[::5]:
            image = cv2.imread(os.path.join(self.darker, found["file"]))
            crop = cv2.warpAffine(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), transform, (224, 224), borderMode=cv2.BORDER_REPLICATE)
            expected = 1 / (1 + math.exp(-20 * (crop.mean() / 255 - .5)))
            self.assertAlmostEqual(float(found["brightness darker"]), expected, delta=.03)

    def test_methods_do_what_they_should(self):
        summary = table(self.report, "summary")
        self.assertEqual([s["method"] for s in summary], self.METHODS)
        for score in table(self.report, "scores"):  # the search works against this very classifier
            towards_the_other = (float(score["brightness search"]) - float(score["brightness original"])) * (1 - 2 * int(score["label"]))
            self.assertGreaterEqual(towards_the_other, 0)
        scores = table(self.report, "scores")
        # The test's network is told a label: a drawn one, whose opposite it shows, so nothing depends on the face's own.
        opposite = [s["brightness random"] == s["brightness opposite"] for s in scores]
        self.assertTrue(any(opposite) and not all(opposite))
        confusion = row(table(self.report, "confusion"), method="darker")
        self.assertEqual(int(confusion["label_0_as_0"]), self.FACES // 2)  # darker faces are "women" to this classifier
        if "ssim" in summary[0]:  # built with OpenCV's module quality
            quality = {s["method"]: float(s["ssim"]) for s in summary if s["ssim"]}
            self.assertLess(quality["pixelation 12"], quality["darker"])
        psnr = float(row(summary, method="darker")["psnr"])
        self.assertAlmostEqual(psnr, 20 * math.log10(255 / 20), delta=1)

    def test_matching(self):
        data = table(self.report, "data")[0]
        self.assertEqual((data["people"], data["genuine_pairs"], data["impostor_pairs"]), ("4", "12", str(12 * 11 // 2 - 12)))
        for found in table(self.report, "matchers"):
            rates = [float(found["tmr_at_fmr_" + rate]) for rate in ("0.01", "0.001", "0.0001")]
            self.assertEqual(rates, sorted(rates, reverse=True))
            self.assertTrue(all(0 <= rate <= 1 for rate in rates))

    def test_attackers_and_gain(self):
        attackers = row(table(self.report, "attackers"), method="darker")
        # Everything is darker by the same amount: a new threshold undoes it.
        self.assertLess(float(attackers["new_threshold"]), float(attackers["none"]))
        summary = row(table(self.report, "summary"), method="darker")
        self.assertEqual(summary["strongest_attack"], "new threshold")
        self.assertAlmostEqual(float(summary["strongest_attack_error"]), float(attackers["new_threshold"]), places=6)

    def test_adaptive_attackers(self):
        done = self.evaluate("--methods", f"pixelation=12,folder={self.darker}", "--attackers", "inner,neighbors,probe,treated",
                             "-o", self.path("report"))
        self.assertEqual(done.returncode, 0, done.stderr)
        attacks = table(self.path("report"), "adaptive_attackers")
        expected = {(attacker, features, method) for attacker in ("nearest neighbors", "linear probe", "treated or not")
                    for features in ("cells", "gradients") for method in ("original", "pixelation 12", "darker")
                    if (attacker, method) != ("treated or not", "original")}
        self.assertEqual({(a["attacker"], a["features"], a["method"]) for a in attacks}, expected)
        for attack in attacks:
            for column in ("auc", "error", "vote_auc", "inner_auc", "inner_error", "inner_vote_auc"):
                if column.endswith("vote_auc") and attack["attacker"] == "treated or not":
                    self.assertEqual(attack[column], "")
                else:
                    self.assertTrue(0 <= float(attack[column]) <= 1, attack)
        self.assertNotIn("restorer", table(self.path("report"), "attackers")[0])
        # Who sees blocks of pixels knows that somebody made them.
        treated = row(attacks, attacker="treated or not", features="gradients", method="pixelation 12")
        self.assertGreater(float(treated["auc"]), .9)
        self.assertGreater(float(treated["inner_auc"]), .9)

    def test_restorer(self):
        arguments = ["--methods", f"folder={self.darker}", "--attackers", "inner,restorer"]
        done = self.evaluate(*arguments, "-o", self.path("report"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.evaluate(*arguments, "-o", self.path("again")).returncode, 0)
        for found in table(self.path("report"), "attackers"):
            # All faces are darker by the same amount; what is left is the blend's feathered border.
            self.assertLessEqual(float(found["restorer"]), float(found["none"]), found)
            for column in ("restorer_inner", "inner_new_threshold", "inner_vote"):
                self.assertTrue(0 <= float(found[column]) <= 1, found)
        darker = row(table(self.path("report"), "attackers"), method="darker")
        self.assertLess(float(darker["restorer"]), float(darker["none"]))
        self.assertEqual(table(self.path("again"), "attackers"), table(self.path("report"), "attackers"))

    def test_votes_of_the_classifier(self):
        for method in ("original", "random", "darker"):
            people = {}
            for score, (_, gender, person, *_) in zip(table(self.report, "scores"), self.rows):
                p = min(1 - 1e-6, max(1e-6, float(score["brightness " + method])))
                people.setdefault((person, gender), []).append(math.log(p / (1 - p)))
            votes = {gender: sorted(np.mean(v) for (_, g), v in people.items() if g == gender) for gender in "MF"}
            found = float(row(table(self.report, "attackers"), method=method)["vote"])
            if votes["M"][0] > votes["F"][-1] or votes["F"][0] > votes["M"][-1]:
                self.assertEqual(found, 0)  # a threshold parts them
            else:
                self.assertGreater(found, 0)

    def test_second_run_takes_what_is_known(self):
        report, known = self.path("again"), results(self.cache)
        done = self.evaluate(*self.all_methods, "-o", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(results(self.cache), known)
        for name in ("classifiers", "matchers", "attackers", "summary"):
            self.assertEqual(table(report, name), table(self.report, name))

    def test_changed_images_are_measured_anew(self):
        changed = self.path("changed", "")
        for name, *_ in self.rows:
            image = cv2.imread(os.path.join(self.darker, name))
            os.makedirs(os.path.dirname(os.path.join(changed, name)), exist_ok=True)
            cv2.imwrite(os.path.join(changed, name), image // 2)
        done = self.evaluate("--methods", "folder=" + changed, "--attackers", "none", "-o", self.path("report"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(table(self.path("report"), "scores")[0]["brightness changed"],
                            table(self.report, "scores")[0]["brightness darker"])

    def test_path_with_a_folder_that_cannot_be_read(self):
        """It is searched for the trainer; a name that is too long stands for a folder closed to the user."""
        with unittest.mock.patch.dict(os.environ, PATH="x" * 1000 + ":" + os.environ["PATH"]):
            done = self.evaluate("--methods", "same", "--attackers", "none", "-o", self.path("report"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_limit_takes_whole_people(self):
        done = self.evaluate("--methods", "blur", "--attackers", "denoise,downscale", "--limit", 7, "-o", self.path("report"))
        self.assertEqual(done.returncode, 0, done.stderr)
        data = table(self.path("report"), "data")[0]
        self.assertEqual((data["listed"], data["evaluated"], data["people"]), ("12", "9", "3"))
        self.assertLess({"none", "denoise", "downscale"}, set(table(self.path("report"), "attackers")[0]))


class Cache(EvaluateTest):
    """What is kept serves who asks for the same, and nobody else. What the keys are made of: test_cache_keys.cpp."""

    QUICK = ["--methods", "opposite,search", "--attackers", "none", "--limit", 6]

    def test_same_run_and_another_build_of_the_program(self):
        cache = self.path("cache.sqlite")
        self.assertEqual(self.evaluate(*self.QUICK, "-o", self.path("report"), cache=cache).returncode, 0)
        known = results(cache)
        self.assertEqual(self.evaluate(*self.QUICK, "-o", self.path("again"), cache=cache).returncode, 0)
        self.assertEqual(results(cache), known)
        for name in ("scores", "matchers", "classifiers", "summary"):
            self.assertEqual(table(self.path("again"), name), table(self.path("report"), name))
        folder = tempfile.TemporaryDirectory(dir=os.path.dirname(EXECUTABLE))  # on some machines no program may run from /tmp
        self.addCleanup(folder.cleanup)
        program = os.path.join(folder.name, "sanprivacy")
        shutil.copyfile(EXECUTABLE, program)
        with open(program, "ab") as stream:
            stream.write(b"another build")
        os.chmod(program, 0o755)
        self.assertEqual(self.evaluate(*self.QUICK, "-o", self.path("other"), cache=cache, program=program).returncode, 0)
        self.assertGreaterEqual(results(cache), 2 * known)  # nothing of it was used


class Bench(unittest.TestCase):
    def test_matching_compares_all_pairs(self):
        done = run("bench", "matching", "--faces", 200)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("200 faces, 19900 pairs: ", done.stdout)


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
        return self.evaluate("--methods", "blur", "--attackers", "none", "-o", self.path("report"), *arguments, **options)

    def test_missing_and_broken_images(self):
        broken = os.path.join(self.faces, "images", "broken.jpg")
        write_text(broken, "no image")
        self.addCleanup(os.remove, broken)
        labels = self.path("labels.csv")
        self.write_labels(labels, self.rows + [("images/gone.png", "M", "person1", "one", 30), ("images/broken.jpg", "F", "person2", "one", 30)])
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
            write_labels(self.path("labels.csv"), listed, columns=("file", "gender", "identity", "race", "age"), landmarks=False)
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
        self.check(done, "network wrong", "8x8")
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
        for damage in ("x''", "x'00112233'", "zeroblob(length(value))", "substr(value, 1, length(value) - 1)", "substr(value, 1, 8)"):
            with contextlib.closing(sqlite3.connect(cache)) as database:
                database.execute(f"UPDATE results SET value = CAST({damage} AS BLOB)")
                database.commit()
            done = self.evaluate_quickly(cache=cache)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(table(self.path("report"), "scores"), scores)

    def test_only_one_label(self):
        labels = self.path("labels.csv")
        self.write_labels(labels, [r for r in self.rows if r[1] == "M"])
        self.check(self.evaluate_quickly(labels=labels), "brightness", "only one label", code=0)

    def test_no_label_and_no_identity(self):
        labels = self.path("labels.csv")
        self.write_labels(labels, self.rows[:-2] + [(self.rows[-2][0], "", "person3", "one", 1), (self.rows[-1][0], "M", "", "one", 1)])
        done = self.evaluate_quickly(labels=labels)
        self.check(done, self.rows[-2][0], "no gender")
        self.check(done, self.rows[-1][0], "no identity")

    def test_method_that_cannot_work(self):
        models = self.path("models.yml")
        write_text(models, read_text(self.models).split("cells:")[0])
        done = self.evaluate("--methods", "search,blur", "--attackers", "none", "-o", self.path("report"), models=models)
        self.check(done, "method search", "a matcher")
        self.assertEqual([s["method"] for s in table(self.path("report"), "summary")], ["original", "blur 6"])

    def test_numbers_that_are_not_whole(self):
        for option, value in (("--limit", "-1"), ("--images", "-3"), ("--replicates", "0"), ("--seed", "-1"), ("--max-pixels", "1e300")):
            done = self.evaluate_quickly(option, value)
            self.assertEqual(done.returncode, 2, option)
            self.assertLess(len(self.one_line(done.stderr, option, f"found '{value}'")), 100)

    def test_wrong_arguments(self):
        for arguments, said in {("--methods", "magic"): "'magic'", ("--methods", "blur=much"): "'much'",
                                ("--methods", "mixing=2"): "from 0 to 1", ("--methods", "folder=/nowhere"): "/nowhere",
                                ("--methods", "opposite=/gone.onnx"): "/gone.onnx", ("--methods", "blur,blur"): "blur 6",
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
        write_text(models, text + "never:" + text.split("brightness:")[1].split("cells:")[0].replace(str(1 / 255), "1e38").replace(
            "color:", "mean: 3\n  color:"))
        self.faces_before, type(self).faces = self.faces, faces
        self.addCleanup(setattr, type(self), "faces", self.faces_before)
        done = self.evaluate("--methods", "folder=" + faces, "--attackers", "none", "-o", self.path("report"), models=models)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, dark, "(original)", "network never")
        self.one_line(done.stderr, dark, "(faces)", "network never")
        scores = {s["file"]: s for s in table(self.path("report"), "scores")}
        self.assertEqual([name for name in scores if scores[name]["never original"] == ""], [dark])
        self.assertNotIn("", [s["brightness original"] for s in scores.values()])  # the other figures have the face
        write_text(models, text + "always:" + text.split("cells:")[1].replace('color: "bgr"', 'scale: 1e38\n  color: "bgr"'))
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
        done = self.evaluate_quickly("--strength", 0.75, "--backend", "cpu", "--gray", "--seed", 3, "--groups", "race,age")
        self.assertEqual(done.returncode, 0, done.stderr)
        options = {o["option"]: (o["value"], o["origin"]) for o in table(self.path("report"), "options")}
        offered = {word.split(",")[-1] for line in run("evaluate", "--help").stdout.splitlines() if line.strip().startswith("-")
                   for word in line.split()[:1]} - {"--help"}
        self.assertEqual(set(options), offered)
        for option, expected in {"--strength": ("0.75", "given"), "--backend": ("cpu", "given"), "--gray": ("yes", "given"),
                                 "--identity": ("identity", "default"), "--replicates": ("200", "given"), "--seed": ("3", "given"),
                                 "--images": ("6", "default"), "--groups": ("race,age", "given"), "--methods": ("blur", "given"),
                                 "--prototypes": (self.networks[5], "given")}.items():
            self.assertEqual(options[option], expected, option)
        command = json.loads(read_text(os.path.join(self.path("report"), "report.json")))["command"]
        again = subprocess.run(command.replace("sanprivacy", EXECUTABLE, 1).replace(self.path("report"), self.path("again")),
                               shell=True, capture_output=True)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(table(self.path("again"), "scores"), table(self.path("report"), "scores"))


if __name__ == "__main__":
    unittest.main()
