# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `contact-sheet`: one row per face, originals in the first column."""

import os
import shutil
import unittest

import cv2
import numpy as np

from command import CommandTest, files, portrait, portraits, run, write


class Sheet(CommandTest):
    def test_rows(self):
        heights = []
        for number in (1, 2, 3):
            done = run("contact-sheet", *self.networks, *portraits()[:number], "-o", self.path("sheet.png"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.one_line(done.stdout, "sheet.png", f"{number} face")
            sheet = cv2.imread(self.path("sheet.png"))
            heights.append(sheet.shape[0])
        self.assertEqual(heights[2] - heights[1], heights[1] - heights[0])
        self.assertGreater(heights[1] - heights[0], 200)
        # The columns differ: the original from all, same- from opposite-gender output.
        width = sheet.shape[1] // 4
        views = [sheet[60:240, k * width + 40:k * width + 160].astype(float) for k in range(4)]
        self.assertGreater(np.abs(views[0] - views[1]).mean(), 3)
        self.assertGreater(np.abs(views[1] - views[3]).mean(), .1)

    def test_a_image_without_a_face_is_named(self):
        cv2.imwrite(self.path("in", "empty.png"), np.full((200, 200, 3), 90, np.uint8))
        done = run("contact-sheet", *self.networks, portraits()[0], self.path("in"), "-o", self.path("sheet.png"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "empty.png", "no face found")
        self.assertEqual(files(self.folder), ["in/empty.png", "sheet.png"])
        os.remove(self.path("sheet.png"))
        done = run("contact-sheet", *self.networks, self.path("in"), "-o", self.path("sheet.png"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "no sheet written")
        self.assertEqual(files(self.folder), ["in/empty.png"])

    def test_images_that_use_a_small_part_of_their_range(self):
        sheets = {}
        for name, image in (("whole", portrait().astype(np.uint16) * 257), ("ten", portrait().astype(np.uint16) * 4)):
            cv2.imwrite(self.path(name + ".png"), image)
            done = run("contact-sheet", *self.networks, "--label", "female", self.path(name + ".png"), "-o",
                       self.path("sheet.png"))
            self.assertEqual(done.returncode, 0, done.stderr)
            sheets[name] = cv2.imread(self.path("sheet.png")).astype(int)
        self.assertLess(np.abs(sheets["ten"] - sheets["whole"]).mean(), 2)

    def test_folder_of_the_sheet(self):
        """Made before there is anything to write; gone where nothing is."""
        sheet = os.path.join(self.folder, "new", "folder", "sheet.png")
        done = run("contact-sheet", *self.networks, portraits()[0], "-o", sheet)
        self.assertEqual((done.returncode, files(self.folder)), (0, ["new/folder/sheet.png"]), done.stderr)
        cv2.imwrite(self.path("plain.png"), np.zeros((64, 64, 3), np.uint8))
        for command in (["contact-sheet", self.path("plain.png"), "-o", self.path("other", "sheet.png")],
                        ["prototypes", "--labels", self.path("no.csv"), "-o", os.path.join(self.folder, "prototypes")]):
            write(self.path("no.csv"), b"file,gender\nplain.png,M\n")
            shutil.rmtree(os.path.join(self.folder, "other"), ignore_errors=True)
            done = run(*command)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(sorted(os.listdir(self.folder)), ["new", "no.csv", "plain.png"])
        write(self.path("file"), b"")
        done = run("contact-sheet", portraits()[0], "-o", os.path.join(self.folder, "file", "sheet.png"))
        self.one_line(done.stderr, "cannot create the folder '" + os.path.join(self.folder, "file"))

    def test_wrong_arguments(self):
        write(self.path("file"), b"")
        for output in ("sheet", "sheet.txt", "sheet.j2k", "sheet.exr"):  # OpenCV's encoder of EXR takes no 8 bits
            done = run("contact-sheet", *self.networks, portraits()[0], "-o", self.path(output))
            self.assertEqual(done.returncode, 2)
            self.one_line(done.stderr, "the name of an image is expected")
            self.assertEqual(files(self.folder), ["file"])


if __name__ == "__main__":
    unittest.main()
