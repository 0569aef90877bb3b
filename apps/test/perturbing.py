# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the tests of the command `perturb` share."""

import cv2

from command import CommandTest, files, portrait, run, write_labels


class PerturbTest(CommandTest):
    def perturb(self, *arguments, **options):
        """With the small networks, and landmarks from labels.csv in place of the detector."""
        if self.labels is None:
            images = [name for name in files(self.path("in", "")) if "out/" not in name and "." in name]
            write_labels(self.path("labels.csv"), [("in/" + name, "F") for name in images])
        networks = self.prototypes if "--model" in arguments else self.networks
        return run("perturb", *networks, "--labels", self.path("labels.csv"), "--landmarks", *arguments, **options)

    def setUp(self):
        super().setUp()
        self.labels = None

    def write_labels(self, rows, **options):
        """A label file of its own, in place of one that lists every image as female."""
        self.labels = rows
        write_labels(self.path("labels.csv"), rows, **options)

    def save(self, name, image=None, **options):
        path = self.path("in", name)
        self.assertTrue(cv2.imwrite(path, portrait() if image is None else image, **options))
        return path
