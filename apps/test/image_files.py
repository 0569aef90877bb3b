# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the tests of image files share: drawings without a face, and how they are copied."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from command import CommandTest, run


def drawing(size=(64, 48)):
    """Smooth colors without symmetry; no face."""
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    return Image.fromarray(np.uint8(np.dstack([40 + 180 * x, 200 - 150 * y, 60 + 120 * x * y])))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(png, chunks):
    """A PNG file with these between its header and the rest."""
    return png[:33] + chunks + png[33:]


def values(image):
    return np.asarray(image).astype(float)


class ImageTest(CommandTest):
    def copy(self, *arguments, code=0):
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"), "--no-face", "copy", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def written(self, name):
        image = Image.open(self.path("out", name))
        self.addCleanup(image.close)
        return image

    def encoded(self, image, kind, **options):
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()
