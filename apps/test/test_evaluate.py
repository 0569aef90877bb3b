# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `evaluate` on drawn data: what it reports is what numpy and scikit-learn make of the same faces."""

import filecmp
import json
import math
import os
import shutil
import tempfile
import unittest
import unittest.mock

import cv2
import numpy as np

from command import EXECUTABLE, LANDMARKS, SOURCE, files, run
from evaluating import CANONICAL, EvaluateTest, Parser, read_text, results, row, table


class Complete(EvaluateTest):
    def test_report_is_there_and_needs_no_other_file(self):
        self.assertEqual(files(self.report), sorted(
            [name + ".csv" for name in ("attackers", "classifiers", "confusion", "data", "groups", "matchers",
                                        "privacy_gain", "diagnostics", "options", "scores", "summary")]
            + ["report.html", "report.json"]))
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
        error = np.mean((column("original") >= threshold) != labels)
        self.assertTrue(0.02 < error < .4)  # there is something to compare
        for method in ("original", "opposite", "blur 6", "mixing 0.4", "search", "darker"):
            with self.subTest(method):
                found = row(table(self.report, "classifiers"), method=method)
                wrong = (column(method) >= threshold) != labels
                self.assertAlmostEqual(float(found["error"]), wrong.mean(), places=6)
                self.assertAlmostEqual(float(found["error_label_1"]), wrong[labels == 1].mean(), places=6)
                error = np.mean((column(method) >= .5) != labels)
                self.assertAlmostEqual(float(found["error_at_0.5"]), error, places=6)
                self.assertAlmostEqual(float(found["auc"]), roc_auc_score(labels, column(method)), places=6)
                self.assertLessEqual(float(found["error_lower"]), float(found["error"]))
                self.assertLessEqual(float(found["error"]), float(found["error_upper"]))
        groups = table(self.report, "groups")
        self.assertEqual([(g["attribute"], g["group"], g["faces"]) for g in groups],
                         [("race", "one", "6"), ("race", "other", "6"), ("age", "20-29", "4"), ("age", "30-39", "4"),
                          ("age", "40-49", "4")])
        one = np.array([r[3] == "one" for r in self.rows])
        error = ((column("darker") >= threshold) != labels)[one].mean()
        self.assertAlmostEqual(float(groups[0]["darker"]), error, places=6)

    def test_scores_are_those_of_the_images(self):
        # The test's classifier is a sigmoid of the mean brightness of the crop.
        source = np.float32(LANDMARKS).reshape(5, 2)
        target = np.float32(CANONICAL).reshape(5, 2)
        transform, _ = cv2.estimateAffinePartial2D(source, target, method=cv2.LMEDS)
        for found in table(self.report, "scores")[::5]:
            image = cv2.imread(os.path.join(self.darker, found["file"]))
            crop = cv2.warpAffine(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), transform, (224, 224),
                                  borderMode=cv2.BORDER_REPLICATE)
            expected = 1 / (1 + math.exp(-20 * (crop.mean() / 255 - .5)))
            self.assertAlmostEqual(float(found["brightness darker"]), expected, delta=.03)

    def test_methods_do_what_they_should(self):
        summary = table(self.report, "summary")
        self.assertEqual([s["method"] for s in summary], self.METHODS)
        for score in table(self.report, "scores"):  # the search works against this very classifier
            change = float(score["brightness search"]) - float(score["brightness original"])
            towards_the_other = change * (1 - 2 * int(score["label"]))
            self.assertGreaterEqual(towards_the_other, 0)
        scores = table(self.report, "scores")
        # The test's network is told a label: a drawn one, whose opposite it shows. Nothing depends on the face's own.
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
        self.assertEqual((data["people"], data["genuine_pairs"], data["impostor_pairs"]),
                         ("4", "12", str(12 * 11 // 2 - 12)))
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
        done = self.evaluate("--methods", f"pixelation=12,folder={self.darker}",
                             "--attackers", "inner,neighbors,probe,treated",
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
        done = self.evaluate("--methods", "blur", "--attackers", "denoise,downscale", "--limit", 7,
                             "-o", self.path("report"))
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
        # On some machines no program may run from /tmp.
        folder = tempfile.TemporaryDirectory(dir=os.path.dirname(EXECUTABLE))
        self.addCleanup(folder.cleanup)
        program = os.path.join(folder.name, "sanprivacy")
        shutil.copyfile(EXECUTABLE, program)
        with open(program, "ab") as stream:
            stream.write(b"another build")
        os.chmod(program, 0o755)
        done = self.evaluate(*self.QUICK, "-o", self.path("other"), cache=cache, program=program)
        self.assertEqual(done.returncode, 0)
        self.assertGreaterEqual(results(cache), 2 * known)  # nothing of it was used


class Bench(unittest.TestCase):
    def test_matching_compares_all_pairs(self):
        done = run("bench", "matching", "--faces", 200)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("200 faces, 19900 pairs: ", done.stdout)

    def test_a_file_for_the_results_that_cannot_be_written_is_told_before_the_work(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("bench", "faces", "--runs", 3, "--json", os.path.join(folder, "none", "times.json"))
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("times.json", done.stderr)
            model = os.path.join(folder, "model.onnx")
            shutil.copyfile(os.path.join(SOURCE, "data", "gender.onnx"), model)
            done = run("bench", "faces", "--classifier", model, "--json", model)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertTrue(filecmp.cmp(model, os.path.join(SOURCE, "data", "gender.onnx"), shallow=False))
            self.assertEqual(os.listdir(folder), ["model.onnx"])

    def test_what_is_no_photo_of_one_face_is_named(self):
        for name, problem in (("none.jpg", "no such file"), ("gender.onnx", "")):
            done = run("bench", "video", os.path.join(SOURCE, "data", name))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"{name}: {problem}", done.stderr)


if __name__ == "__main__":
    unittest.main()
