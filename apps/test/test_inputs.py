# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the command line takes for its inputs: names, folders, links; and that it never writes to one of them."""

import os
import shutil
import subprocess
import unittest

import cv2
import numpy as np

from command import (CommandTest, EXECUTABLE, LANDMARKS, LANDMARK_COLUMNS, difference, files, portrait, portraits, read,
                     run, write, write_labels)


class Inputs(CommandTest):
    def copy_portrait(self, *parts, k=0):
        shutil.copy(portraits()[k], self.path(*parts))
        return self.path(*parts)

    def perturb(self, *arguments, code=0, **options):
        done = run("perturb", *self.networks, *arguments, "-o", self.path("out"), cwd=self.folder, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_names_in_brackets_are_literal(self):
        self.copy_portrait("[2021]", "a.jpg")
        self.copy_portrait("2021", "b.jpg")
        self.copy_portrait("[a,b].jpg")
        self.perturb("[2021]", "[a,b].jpg")
        self.assertEqual(files(self.path("out")), ["[a,b].jpg", "a.jpg"])
        done = run("contact-sheet", *self.networks, "[2021]", "-o", "[sheet].png", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("[sheet].png", files(self.folder))

    def test_names_that_begin_with_a_dash(self):
        """As a pattern of the shell gives them."""
        self.copy_portrait("-a.jpg")
        self.copy_portrait("b.jpg")
        self.perturb("-a.jpg", "b.jpg")
        self.assertEqual(files(self.path("out")), ["-a.jpg", "b.jpg"])
        self.one_line(self.perturb("-c.jpg", "b.jpg", code=2).stderr, "not expected: -c.jpg")

    def test_formats_that_are_not_written(self):
        """Told before a face is looked for; the other images are perturbed."""
        portrait_name = self.copy_portrait("photos", "a.jpg")
        endings = (".j2k", ".exr", "")
        for ending in endings:
            cv2.imwrite(self.path("plain.png"), np.zeros((64, 64, 3), np.uint8))
            os.rename(self.path("plain.png"), self.path("photos", "a" + ending))
        done = self.perturb(portrait_name, *(self.path("photos", "a" + ending) for ending in endings), code=1)
        self.assertEqual(files(self.path("out")), ["a.jpg"])
        for ending in endings:
            self.one_line(done.stderr, f"a{ending}: the name has no ending of an image format that is written")
        self.one_line(self.perturb(self.path("photos")).stdout, "Skipped 3 other files", "1 .exr, 1 .j2k")

    def test_links_to_folders(self):
        self.copy_portrait("album", "a.jpg")
        self.copy_portrait("elsewhere", "b.jpg")
        os.symlink("../elsewhere", self.path("album", "holiday"))
        os.symlink(".", self.path("album", "again"))
        os.symlink("loop.jpg", self.path("album", "loop.jpg"))
        done = self.perturb("album", code=1)
        self.assertEqual(files(self.path("out")), ["a.jpg", "holiday/b.jpg"])
        self.one_line(done.stderr, "album/loop.jpg: ")
        self.one_line(done.stdout, "1 folder or link could not be read")
        self.one_line(done.stdout, "Skipped 1 link to folders searched already")

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"), "the superuser reads every folder")
    def test_an_unreadable_folder(self):
        self.copy_portrait("disk", "a.jpg")
        os.makedirs(self.path("disk", "lost+found"), mode=0o000)
        self.addCleanup(os.chmod, self.path("disk", "lost+found"), 0o700)
        os.makedirs(self.path("out"))
        command = [EXECUTABLE, "perturb", *self.networks, self.path("disk"), "-o", self.path("out")]
        if os.geteuid() == 0:
            for folder in (self.folder, self.shared_folder, self.path("out"), self.path("disk")):
                os.chmod(folder, 0o777)
            nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            if subprocess.run(nobody + [EXECUTABLE, "--version"], capture_output=True).returncode != 0:
                self.skipTest("others than the superuser cannot run the program where it lies")
            command = nobody + command
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, "lost+found: ")
        self.assertEqual(files(self.path("out")), ["a.jpg"])

    def test_what_an_earlier_run_has_left_is_told(self):
        """The copy of an image that is not protected now could be taken for protected."""
        cv2.imwrite(self.path("photos", "plain.png"), np.full((64, 64, 3), 128, np.uint8))
        write(self.path("photos", "broken.png"), b"no image")
        self.copy_portrait("photos", "a.jpg")
        shutil.copytree(self.path("photos"), self.path("out"))
        for options in ([], ["--no-face", "skip"]):
            done = self.perturb("photos", *options, code=1)
            for name in ("plain.png", "broken.png"):
                self.one_line(done.stderr, "photos/" + name + ": ", "; what was before in " + self.path("out", name))
            self.assertNotIn("photos/a.jpg", done.stderr)

    def test_attributes_of_macos_are_skipped(self):
        self.copy_portrait("stick", "a.jpg")
        self.copy_portrait("stick", "._b.jpg")  # an image, whatever its name
        write(self.path("stick", "._a.jpg"), b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(100))
        done = self.perturb("stick")
        self.assertEqual(files(self.path("out")), ["._b.jpg", "a.jpg"])
        self.one_line(done.stdout, "Skipped 1 other file (1 ._ of macOS)")

    def test_links_to_themselves(self):
        for name in ("a.jpg", "a.mp4", "a.csv", "a"):
            os.symlink(name, self.path(name))
        image = portraits()[0]
        for arguments in (("perturb", self.path("a.jpg"), "-o", self.path("out")),
                          ("perturb", image, "-o", self.path("a")),
                          ("perturb", image, "-o", self.path("out"), "--labels", self.path("a.csv")),
                          ("video", self.path("a.mp4"), self.path("out.mp4")),
                          ("video", self.path("a.mp4"), self.path("a")),
                          ("prototypes", "--labels", self.path("a.csv"), "-o", self.path("out"))):
            done = run(arguments[0], *(self.networks if arguments[0] != "prototypes" else ()), *arguments[1:])
            self.assertIn(done.returncode, (1, 2), arguments)
            self.one_line(done.stderr, self.folder, "expected a file or folder; found a link that leads back to itself")
        self.assertEqual(files(self.folder), ["a", "a.csv", "a.jpg", "a.mp4"])

    def test_names_that_terminals_obey(self):
        write(self.path("in", "a\x1b[31m\nb.jpg"), b"no image")
        done = self.perturb("in", code=1)
        self.assertNotIn("\x1b", done.stdout + done.stderr)
        self.one_line(done.stderr, "a\\x1b[31m\\nb.jpg: ")

    def test_a_label_file_with_a_name_that_no_file_has(self):
        image = self.copy_portrait("a.jpg")
        write_labels(self.path("labels.csv"), [("a.jpg", "M"), ("x" * 5000 + ".jpg", "F")])
        done = self.perturb(image, "--labels", "labels.csv", code=1)
        self.one_line(done.stderr, "labels.csv: lists 1 image not found")
        self.assertEqual(files(self.path("out")), ["a.jpg"])

    def test_no_output_is_an_input(self):
        image, labels = self.copy_portrait("f", "a.jpg"), self.path("f", "gender-1.png")
        os.link(image, self.path("f", "hard.jpg"))
        os.symlink("a.jpg", self.path("f", "symbolic.png"))
        write_labels(labels, [(path, "M" if "/man" in path else "F") for path in portraits()])
        before = {name: read(self.folder, "f", name) for name in files(self.path("f"))}
        for arguments in (["contact-sheet", *self.networks, image, "-o", image],
                          ["contact-sheet", *self.networks, image, "-o", self.path("f", "hard.jpg")],
                          ["contact-sheet", *self.networks, image, "-o", self.path("f", "symbolic.png")],
                          ["contact-sheet", *self.networks, image, "--labels", labels, "-o", labels],
                          ["perturb", *self.networks, image, "-o", self.path("f")],
                          ["perturb", *self.networks, image, "-o", self.path("f", "new", "..")],
                          ["perturb", *self.networks, image, "-o", self.path("f", "new", "..", "hard.jpg")],
                          ["prototypes", "--labels", labels, "-o", self.path("f")]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "is an input and would be overwritten")
            self.assertEqual({name: read(self.folder, "f", name) for name in files(self.path("f"))}, before)

    def test_several_images_need_an_output_folder(self):
        image = self.copy_portrait("in", "a.jpg")
        for inputs in ([self.path("in")], [image, portraits()[1]]):
            done = run("perturb", *self.networks, *inputs, "-o", self.path("b.jpg"))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "--output: expected a folder for several images; found the name of an image",
                          "b.jpg")
            self.assertEqual(files(self.folder), ["in/a.jpg"])
        for ending in ("HEIC", "apng", "j2k", "pam", "pfm"):
            done = run("perturb", *self.networks, image, "-o", self.path("b." + ending))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "--output: expected a folder, or a name as result.png; ",
                          f"'.{ending.lower()}' is no format")
            self.assertEqual(files(self.folder), ["in/a.jpg"])

    def test_passwords_of_addresses_are_not_shown(self):
        done = run("video", *self.networks, "rtsp://me:secret@localhost:1/cam", self.path("out.mp4"))
        self.assertNotEqual(done.returncode, 0)
        self.one_line(done.stderr, "rtsp://me:***@localhost:1/cam")
        self.assertNotIn("secret", done.stdout + done.stderr)

    def test_a_command_that_is_none_is_named(self):
        for arguments in (["protect", portraits()[0]], ["protect", "--strength", "1"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("no such command: 'protect'; expected perturb, ", done.stderr)
        self.assertIn("expected a command: perturb, ", run().stderr)

    def test_labels_of_another_attribute(self):
        for arguments, words in {("--hide", "age", "--label", "male"): "age", ("--label", "old"): "gender"}.items():
            done = run("perturb", portraits()[0], "-o", self.path("out"), *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "--label " + arguments[-1], words)

    def test_landmarks_that_contradict_the_detector(self):
        """Half of the size: the shape of a face where none is. The face that is found is perturbed all the same."""
        image = self.copy_portrait("a.jpg")
        wrong = {"half": [v / 2 for v in LANDMARKS], "shares": [v / 384 for v in LANDMARKS],
                 "line": [v for k in range(5) for v in (100 + 20 * k, 200)]}
        header = "file,gender," + ",".join(LANDMARK_COLUMNS)
        for name, values in wrong.items():
            write(self.path(name + ".csv"), (header + "\na.jpg,F," + ",".join(map(str, values)) + "\n").encode())
        done = self.perturb(image, "--labels", "half.csv", "--landmarks")
        self.one_line(done.stderr, "a.jpg: no face found at the landmarks, the nearest", "perturbed as well: 1 face")
        face = np.s_[150:250, 110:210]
        self.assertGreater(difference(portrait()[face], cv2.imread(self.path("out", "a.jpg"))[face]), 3)
        os.remove(self.path("out", "a.jpg"))
        for name in ("shares", "line"):
            done = self.perturb(image, "--labels", name + ".csv", "--landmarks", code=1)
            self.one_line(done.stderr, "a.jpg: the face at", "cannot be protected", "nothing written")
            self.assertEqual(files(self.path("out")), [])

    def test_a_contact_sheet_shows_the_first_faces(self):
        for k, path in enumerate(portraits()[:6]):
            shutil.copy(path, self.path("in", f"{k}.jpg"))
        sheets = set()
        for _ in range(3):
            done = run("contact-sheet", *self.networks, self.path("in"), "--most-faces", "2", "-o",
                       self.path("sheet.png"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.one_line(done.stdout, "2 faces, 4 more left out")
            sheets.add(read(self.path("sheet.png")))
        done = run("contact-sheet", *self.networks, *portraits()[:2], "-o", self.path("sheet.png"))
        sheets.add(read(self.path("sheet.png")))
        self.assertEqual(len(sheets), 1)


if __name__ == "__main__":
    unittest.main()
