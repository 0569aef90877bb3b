#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Ends every command in its middle, and sees what is left: faults.py PROGRAM [ROUNDS], of sanprivacy or
sanprivacy-train

Each round ends each command after a random share of the time that it takes: by SIGTERM, by SIGKILL, by a disk that is
full (a file size limit), and runs it twice at once with one target. Whatever is left under the name of an output must
be whole, inputs must be as they were, and a run afterwards must succeed; a training goes on with --resume. What SIGKILL
leaves has a hidden name, and is removed by a later run: an unfinished video by the next, other files by one a day
later. Exit code 1: something was not so."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

import cv2

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PORTRAITS = os.path.join(ROOT, "data", "portraits")
NETWORKS = os.path.join(ROOT, "modules", "sanprivacy", "testdata")
QUICK = ["--model", os.path.join(NETWORKS, "generator_project.onnx"), "--classifier",
         os.path.join(NETWORKS, "classifier.onnx")]
MODELS = """%YAML:1.0
---
brightness: {{ task: "classifier", file: "{0}/classifier.onnx", width: 224, height: 224, scale: 0.0039, color: "gray",
               square: 1.2 }}
cells: {{ task: "matcher", file: "{0}/descriptor.onnx", width: 32, height: 32, color: "bgr", square: 1.2,
          distance: "euclidean" }}
"""


def contents(folder):
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as stream:
                found[os.path.relpath(os.path.join(path, name), folder)] = stream.read()
    return found


def is_whole(path):
    """Whether a file that carries the name of an output is one."""
    name = os.path.basename(path)
    if name.endswith((".jpg", ".png")):
        with open(path, "rb") as stream:
            data = stream.read()
        return cv2.imread(path) is not None and (name.endswith(".png") or data.endswith(b"\xff\xd9"))
    if name.endswith(".yml.gz"):
        return not cv2.FileStorage(path, cv2.FILE_STORAGE_READ).getNode("count_1").empty()
    if name.endswith(".json"):
        with open(path) as stream:
            return bool(json.load(stream))
    if name.endswith(".pt"):
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    if name.endswith(".onnx"):
        return not cv2.dnn.readNetFromONNX(path).empty()
    if name in ("loss.csv", "held-out.csv"):  # empty before the first line
        with open(path) as stream:
            lines = stream.readlines()
        return all(line.endswith("\n") and line.count(",") == lines[0].count(",") for line in lines)
    if name.endswith((".mp4", ".mkv")):
        return subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-"],
                              capture_output=True).returncode == 0
    return os.path.getsize(path) > 0


class Faults:
    limits = (500, 5000, 20000)  # bytes of a file on a disk that is full

    def __init__(self, program, work):
        self.program, self.work, self.failures, self.tried = program, work, [], 0
        self.inputs, self.out = os.path.join(work, "in"), os.path.join(work, "out")
        os.makedirs(os.path.join(self.inputs, "faces"))
        names = sorted(name for name in os.listdir(PORTRAITS) if name.endswith(".jpg"))
        with open(os.path.join(self.inputs, "faces", "labels.csv"), "w") as labels:
            labels.write("file,gender,identity\n")
            for name in names:
                labels.write(f"{name},{'M' if name.startswith('man') else 'F'},{name[0]}\n")
        for name in names:
            shutil.copy(os.path.join(PORTRAITS, name), os.path.join(self.inputs, "faces"))
        with open(os.path.join(self.inputs, "models.yml"), "w") as models:
            models.write(MODELS.format(NETWORKS))
        self.make_inputs(names)
        self.before = contents(self.inputs)

    def make_inputs(self, names):
        subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-t", "2", "-i", os.path.join(PORTRAITS, names[0]),
                        "-vf", "pad=480:400:80:8",
                        "-r", "25", os.path.join(self.inputs, "video.mp4")], check=True, stdin=subprocess.DEVNULL)

    def commands(self):
        faces, labels = os.path.join(self.inputs, "faces"), os.path.join(self.inputs, "faces", "labels.csv")
        return {
            "perturb": ["perturb", faces, "-o", self.out, *QUICK],
            "contact-sheet": ["contact-sheet", faces, "-o", os.path.join(self.out, "sheet.png"), *QUICK],
            "prototypes": ["prototypes", "--labels", labels, "-o", self.out],
            "evaluate": ["evaluate", "--faces", faces, "--labels", labels, "--models",
                         os.path.join(self.inputs, "models.yml"), "-o", self.out,
                         "--cache", os.path.join(self.work, "cache"), "--methods", "blur=6", "--attackers", "none",
                         "--replicates", "20", *QUICK],
            "video": ["video", os.path.join(self.inputs, "video.mp4"), os.path.join(self.out, "video.mp4"), "--label",
                      "male", *QUICK],
        }

    def start(self, arguments, limit=None):
        prepare = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None
        return subprocess.Popen([self.program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE,
                                preexec_fn=prepare)

    def clear(self):
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        if os.path.exists(os.path.join(self.work, "cache")):
            os.remove(os.path.join(self.work, "cache"))

    @staticmethod
    def is_whole(path):
        try:
            return is_whole(path)
        except (cv2.error, OSError, ValueError, zipfile.BadZipFile):
            return False

    def once_more(self, arguments):
        """What a user runs after a run that ended."""
        return arguments

    def check(self, what, hidden):
        self.tried += 1
        for name in contents(self.out):
            if ".sanprivacy" in os.path.basename(name):
                if not hidden:
                    self.failures.append(f"{what}: {name} is left")
            elif not self.is_whole(os.path.join(self.out, name)):
                self.failures.append(f"{what}: {name} is not whole")
        if contents(self.inputs) != self.before:
            self.failures.append(f"{what}: an input has changed")

    def age(self):
        """As if it were the day after."""
        for name in contents(self.out):
            os.utime(os.path.join(self.out, name), (time.time() - 90000,) * 2)

    def succeed(self, what, arguments):
        done = self.start(self.once_more(arguments))
        errors = done.communicate()[1].decode(errors="replace")
        if done.returncode != 0 or "damaged" in errors:
            self.failures.append(f"{what}: the run afterwards fails: {errors[-300:]}")
        self.check(what + ", afterwards", hidden=False)

    def round(self):
        for name, arguments in self.commands().items():
            self.clear()
            begun = time.monotonic()
            self.succeed(f"{name}, undisturbed", arguments)
            whole = time.monotonic() - begun
            for number in (signal.SIGTERM, signal.SIGKILL):
                self.clear()
                share = random.uniform(.1, .95)
                what = f"{name}, {signal.Signals(number).name} after {share:.2f} of its time"
                process = self.start(arguments)
                time.sleep(share * whole)
                process.send_signal(number)
                process.communicate()
                time.sleep(.5)  # of tools that end with their parent
                self.check(what, hidden=True)
                self.age()
                self.succeed(what, arguments)
            self.clear()
            limit = random.choice(self.limits)
            process = self.start(arguments, limit)
            errors = process.communicate()[1].decode(errors="replace")
            what = f"{name}, files of at most {limit} bytes"
            if process.returncode == 0 and any(len(data) > limit for data in contents(self.out).values()):
                self.failures.append(f"{what}: exit code 0")
            silent = process.returncode != 0 and not errors
            if process.returncode < 0 or silent or "-DIAG" in errors or "terminate" in errors:
                self.failures.append(f"{what}: exit code {process.returncode} without a word of its own: "
                                     f"{errors[:300]}")
            self.check(what, hidden=False)
            self.succeed(what, arguments)
            self.clear()
            both = [self.start(arguments), self.start(arguments)]
            codes = [(process.communicate(), process.returncode)[1] for process in both]
            if 0 not in codes:
                self.failures.append(f"{name}, twice at once: exit codes {codes}")
            self.check(f"{name}, twice at once", hidden=False)


class TrainerFaults(Faults):
    limits = (1000, 1000000, 3000000, 11000000)  # crops have 2.3 MB, checkpoints 4 and 11 MB

    def training(self, name, *more):
        prototypes, models = (os.path.join(self.inputs, file) for file in ("prototypes.yml.gz", "models.yml"))
        arguments = [name, "--data", os.path.join(self.inputs, "faces"), "--cache", os.path.join(self.out, "cache"),
                     "--held-out-share", ".3",
                     "--batch", "2", "--steps", "3", "--checkpoint-minutes", "0", *more]
        return arguments + (["--prototypes", prototypes] if name != "attackers" else []) + (
            ["--models", models, "--matchers", "cells"] if name != "pretrain" else [])

    def make_inputs(self, names):
        self.clear()
        attackers = os.path.join(self.inputs, "attackers")
        for arguments in (["prototypes", "--data", os.path.join(self.inputs, "faces"), "--cache",
                           os.path.join(self.out, "cache"), "-o",
                           os.path.join(self.inputs, "prototypes.yml.gz")], self.training("attackers", "-o", attackers),
                          self.training("residual", "--attackers", attackers + "/checkpoint.pt", "-o",
                                        os.path.join(self.inputs, "residual"))):
            subprocess.run([self.program, *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

    def commands(self):
        run = os.path.join(self.out, "run")
        return {
            "pretrain": self.training("pretrain", "-o", run),
            "residual": self.training("residual", "--attackers", os.path.join(self.inputs, "attackers",
                                                                              "checkpoint.pt"), "-o", run),
            "export": ["export", os.path.join(self.inputs, "residual", "checkpoint.pt"), "-o",
                       os.path.join(self.out, "network.onnx")],
        }

    def once_more(self, arguments):
        begun = os.path.exists(os.path.join(self.out, "run", "checkpoint.pt"))
        return arguments + (["--resume"] if begun else [])


def main(program, rounds):
    work = tempfile.mkdtemp()
    try:
        kind = TrainerFaults if os.path.basename(program).startswith("sanprivacy-train") else Faults
        faults = kind(os.path.abspath(program), work)
        for _ in range(rounds):
            faults.round()
    finally:
        shutil.rmtree(work)
    print("\n".join(faults.failures + [f"{faults.tried} checks, {len(faults.failures)} failures"]))
    return 1 if faults.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1))
