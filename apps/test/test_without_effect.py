# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Who gives an option that has no effect beside another one is told so."""

import os
import unittest

import cv2

from command import CommandTest, PORTRAITS, TEST_NETWORKS, portraits, run, write_labels

WHOLE_IMAGE = (["--color-strength", "1"], ["--surroundings-blur", "0.25"])
OF_NETWORK = (*WHOLE_IMAGE, ["--strength", "1"], ["--keep-marks"], ["--hide", "gender"])
MODELS = """%YAML:1.0
---
gender: {{ task: "classifier", file: "{}", width: 32, height: 32, color: "rgb", square: 1.0, output: "probability" }}
"""


class WithoutEffect(CommandTest):
    def told(self, arguments, options, *because, of=None):
        for option in options:
            with self.subTest(option=option, because=because):
                done = run(*arguments, *option, idle_options=True)
                lines = [line for line in done.stderr.splitlines() if "no effect" in line]
                self.assertEqual(len(lines), 1, done.stderr)
                self.one_line(lines[0], (of or option[0]) + ": no effect", *because)

    def of_files(self):
        return [self.networks[k:k + 2] for k in (0, 2, 4)]  # --model, --classifier, --prototypes

    def test_video(self):
        command = ["video", self.path("in.mp4"), self.path("out.mp4")]
        for how in ("blur", "pixelation", "solid"):
            self.told([*command, "--replace", how],
                      (*OF_NETWORK, *self.of_files(), ["--label", "male"], ["--prototype", "opposite"],
                       ["--refresh-interval", "0"]), "--replace " + how)
        self.told([*command, "--prototype", "same"], WHOLE_IMAGE, "--prototype same")
        for prototype in ("random", "neutral"):
            self.told([*command, "--prototype", prototype], [["--label", "male"], self.networks[2:4]],
                      "--prototype " + prototype)
        self.told(command, [["--exempt-score", "0.5"]], "without --exempt")
        self.told(command, [["--raw", "640x480"]], "without the input -")
        for output in ("-", self.path("%d.png")):
            self.told(["video", self.path("in.mp4"), output], [["--quality", "18"], ["--resume"]], output)
        for ending in ("avi", "mpg.mxf", "gif", "mjpeg"):
            output = self.path("out." + ending)
            self.told(["video", self.path("in.mp4"), output], [["--quality", "18"]], output)

    def test_several_are_named_in_one_line(self):
        done = run("video", "in.mp4", self.path("out.mp4"), "--replace", "blur", "--strength", 1, "--keep-marks",
                   idle_options=True)
        self.assertIn("--strength, --keep-marks: no effect with --replace blur\n", done.stderr)

    def test_what_has_an_effect(self):
        """The input is not there."""
        for options in (["--replace", "solid", "--backend", "cpu", "--low-confidence", "drop", "--detector", "cascade"],
                        ["--prototype", "same", "--strength", ".5", "--color-strength", "0"], ["--quality", "3"],
                        ["--replace", "san", "--strength", ".5"]):
            done = run("video", self.path("in.mp4"), self.path("out.mp4"), *options, idle_options=True)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.one_line(done.stderr, "in.mp4", "no such file")

    def test_perturb(self):
        command = ["perturb", portraits()[0], "-o", self.path("out")]
        self.told([*command, "--crop"], (*WHOLE_IMAGE, ["--gray"], ["--keep-marks"], ["--no-face", "copy"]), "--crop")
        self.told([*command, "--model", "san2018"], [["--keep-marks"]], "network san2018")
        self.told([*command, "--gray"], WHOLE_IMAGE[:1], "--gray")
        self.told([*command, "--prototype", "same"], WHOLE_IMAGE, "--prototype same")
        png = self.path("a.png")
        cv2.imwrite(png, cv2.imread(portraits()[0]))
        self.told(["perturb", png, "-o", self.path("png")], [["--quality", "90"]], "without an output of JPEG or WebP")
        done = run("perturb", png, *command[1:], "--quality", "90", idle_options=True)
        self.assertNotIn("no effect", done.stderr)
        os.remove(self.path("out", "a.png"))
        for name in ("a.webp", "a.JPE"):
            done = run("perturb", png, "-o", self.path(name), "--quality", "90", idle_options=True)
            self.assertNotIn("no effect", done.stderr)
            os.remove(self.path(name))
        labels = self.path("labels.csv")
        write_labels(labels, [(os.path.basename(portraits()[0]), "M")])
        for prototype in ("random", "neutral"):
            without_labels = [*command, "--prototype", prototype]
            self.told(without_labels, [["--label", "male"], ["--labels", labels]], "--prototype " + prototype)
            done = run(*without_labels, "--labels", labels, "--landmarks", idle_options=True)
            self.assertNotIn("--labels: no effect", done.stderr)
        done = run(*command, "--prototype", "neutral", "--model", "san2018", "--label", "male", idle_options=True)
        self.assertNotIn("no effect", done.stderr)
        self.assertEqual(os.listdir(self.path("out")), [os.path.basename(portraits()[0])])

    def evaluate(self, *arguments):
        with open(self.path("models.yml"), "w", encoding="utf-8") as models:
            models.write(MODELS.format(os.path.join(TEST_NETWORKS, "classifier.onnx")))
        names = [os.path.basename(path) for path in portraits()[:2]]
        labels = self.path("labels.csv")
        write_labels(labels, [(name, "M", "x", "y") for name in names], ("file", "gender", "Race", "RACE"))
        return ["evaluate", "--faces", PORTRAITS, "--labels", labels, "--models", self.path("models.yml"), "--cache",
                self.path("cache"), "-o", self.path("report"), "--attackers", "none", *arguments]

    def test_evaluate(self):
        model = os.path.join(TEST_NETWORKS, "generator_project.onnx")
        self.told(self.evaluate("--methods", "same,blur"), WHOLE_IMAGE, "--methods same")
        methods = f"opposite={model},blur"
        self.told(self.evaluate("--methods", methods), [["--model", "residual"]], "name their models")
        self.told(self.evaluate("--gray"), WHOLE_IMAGE[:1], "--gray")
        self.told(self.evaluate(), [self.networks[2:4]], "labels that every evaluated face has")
        self.told(self.evaluate("--methods", "blur"), [["--groups", "gender"]], "--attribute gender",
                  of="--groups gender")
        self.told(self.evaluate("--methods", "blur,mixing"), (*OF_NETWORK, *self.of_files()), "no network makes")

    def test_prototypes(self):
        labels = self.path("labels.csv")
        write_labels(labels, [(path, "FM"["/man" in path]) for path in (portraits()[0], portraits()[-1])])
        self.told(["prototypes", "--labels", labels, "-o", self.path("out")], [["--detector", "cascade"]], "landmarks")

    def test_columns_that_are_asked_for_must_be_there(self):
        """The usual ones need not."""
        for option, reason in ((["--groups", "age"], "no column 'age'"),
                               (["--identity", "person"], "no column 'person'"),
                               (["--groups", "race"], "several columns for 'race': Race, RACE")):
            done = run(*self.evaluate("--methods", "blur", *option))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.one_line(done.stderr, "labels.csv", reason)


if __name__ == "__main__":
    unittest.main()
