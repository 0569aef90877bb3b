# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Whole images that OpenCV would decode wrongly without an error, or not at all; what a file says twice."""

import io
import struct
import unittest
import zlib

import numpy as np
from PIL import Image, ImageCms

from command import CommandTest, files, run, write

WIDTH, HEIGHT = 64, 48


def ramp():
    """Gray from left to right and colors from top to bottom: each channel differs. 16 bits."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    return np.uint16(65535 * np.dstack([x, y, x * y]))


def tiff(pixels, bits=8, photometric=2, planar=1, compression=1):
    """One uncompressed strip for each plane. A name of another compression does not change the bytes."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    planes = [pixels] if planar == 1 else [pixels[..., k] for k in range(channels)]
    strips = [np.packbits(np.unpackbits(np.uint8(plane)[..., None], axis=2)[..., 8 - bits:].reshape(HEIGHT, -1), axis=1)
              if bits < 8 else plane.astype("<u2" if bits == 16 else np.uint8) for plane in planes]
    strips = [strip.tobytes() for strip in strips]
    entries = [(256, 4, [WIDTH]), (257, 4, [HEIGHT]), (258, 3, [bits] * channels), (259, 3, [compression]),
               (262, 3, [photometric]), (273, 4, [0] * len(strips)), (277, 3, [channels]), (278, 4, [HEIGHT]),
               (279, 4, [len(strip) for strip in strips]), (284, 3, [planar])]
    place = 8 + 2 + 12 * len(entries) + 4
    lists = sum(struct.calcsize(f"<{len(v)}{'HI'[kind == 4]}") for _, kind, v in entries if len(v) > 1)
    starts = [place + lists + sum(map(len, strips[:k])) for k in range(len(strips))]
    directory, further = struct.pack("<H", len(entries)), b""
    for tag, kind, values in entries:
        data = struct.pack(f"<{len(values)}{'HI'[kind == 4]}", *(starts if tag == 273 else values))
        directory += struct.pack("<HHI", tag, kind, len(values))
        directory += data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", place + len(further))
        further += data if len(data) > 4 else b""
    return (b"II*\0" + struct.pack("<I", 8) + directory + bytes(4)).ljust(place, b"\0") + further.ljust(
        lists, b"\0") + b"".join(strips)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


class UnusualImages(CommandTest):
    def copy(self, code=0):
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"), "--no-face", "copy")
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def written(self, name):
        with Image.open(self.path("out", name)) as image:
            return np.asarray(image).astype(float)

    def test_tiff_that_is_read(self):
        """The files of the next test, without what makes them unusual."""
        write(self.path("in", "interleaved.tif"), tiff(ramp(), bits=16))
        write(self.path("in", "planes.tif"), tiff(ramp() >> 8, planar=2))
        write(self.path("in", "gray.tif"), tiff(ramp()[..., 0] >> 8, photometric=1))
        self.copy()
        for name in ("planes.tif", "interleaved.tif"):
            self.assertLess(np.abs(self.written(name) - (ramp() >> 8)).max(), 2, name)
        self.assertTrue((self.written("gray.tif") == ramp()[..., 0] >> 8).all())

    def test_tiff_that_is_not_read(self):
        """Never a black or mixed-up image in its place, nor the word that there is no face."""
        contents = {
            "planes.tif": (tiff(ramp(), bits=16, planar=2), "16 bits whose channels are stored one after the other"),
            "jpeg2000.tif": (tiff(ramp() >> 8, compression=34712), "compression 34712, which cannot be read"),
            "png.tif": (tiff(ramp() >> 8, compression=34933), "compression 34933, which cannot be read"),
            "four.tif": (tiff(ramp()[..., 0] >> 12, bits=4, photometric=1), "4 bits, or is damaged"),
            "cut.jp2": (encoded(Image.fromarray(np.uint8(ramp() >> 8)), "JPEG2000")[:200], "JPEG 2000 image of a kind")}
        for name, (content, _) in contents.items():
            write(self.path("in", name), content)
        done = self.copy(code=1)
        for name, (_, reason) in contents.items():
            self.one_line(done.stderr, name + ": ", reason)
        self.assertEqual(files(self.path("out")), [])

    def test_two_orientations(self):
        """Of two segments of Exif, as some editors leave them, the first counts, as in viewers."""
        photo = encoded(Image.fromarray(np.uint8(ramp() >> 8)), "JPEG", quality=95)

        def segment(orientation):
            exif = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 0x112, 3, 1, orientation, 0) + bytes(4)
            return b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif

        write(self.path("in", "turned.jpg"), photo[:2] + segment(6) + segment(1) + photo[2:])
        write(self.path("in", "upright.jpg"), photo[:2] + segment(1) + segment(6) + photo[2:])
        self.copy()
        self.assertEqual(self.written("turned.jpg").shape[:2], (WIDTH, HEIGHT))
        self.assertEqual(self.written("upright.jpg").shape[:2], (HEIGHT, WIDTH))

    def test_code_points_besides_a_profile(self):
        """cICP counts: Display P3 becomes sRGB, whatever the profile says; the gray diagonal stays."""
        pixels = np.uint8(ramp() >> 8)
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        for name, profile in (("both.png", srgb), ("alone.png", None)):
            png = encoded(Image.fromarray(pixels), "PNG", icc_profile=profile)
            write(self.path("in", name), png[:33] + png_chunk(b"cICP", bytes([12, 13, 0, 1])) + png[33:])
        self.copy()
        self.assertTrue((self.written("both.png") == self.written("alone.png")).all())
        self.assertGreater(np.abs(self.written("both.png") - pixels).max(), 10)


if __name__ == "__main__":
    unittest.main()
