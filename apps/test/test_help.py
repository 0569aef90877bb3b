# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The help of commands: it fits the width of a screen and names every argument."""

import unittest

from command import run


class Help(unittest.TestCase):
    def test_no_line_is_wider_than_a_screen(self):
        for command in ("", "perturb", "contact-sheet", "prototypes", "evaluate", "video", "bench", "bench faces",
                        "bench video", "bench matching"):
            with self.subTest(command):
                done = run(*command.split(), "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 120)

    def test_help_as_a_command(self):
        self.assertEqual(run("help").stdout, run("--help").stdout)
        self.assertEqual(run("help", "bench", "faces").stdout, run("bench", "faces", "--help").stdout)

    def test_the_usage_of_video_names_the_output(self):
        self.assertIn("sanprivacy video [OPTIONS] IN... OUT\n", run("video", "--help").stdout)


if __name__ == "__main__":
    unittest.main()
