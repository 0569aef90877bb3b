# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Transparency of images: it stays, and a face in it is protected."""

import os
import struct
import unittest
import zlib

import cv2
import numpy as np
from PIL import Image, ImageDraw

from command import files, portraits, read, run, write
from image_files import ImageTest, drawing, png_chunk, values, with_chunks


class Transparency(ImageTest):
    def test_transparency(self):
        alpha = Image.fromarray(np.uint8(np.tile(np.linspace(0, 255, 64), (48, 1))))
        image = drawing()
        image.putalpha(alpha)
        for ending in ("png", "tif", "webp"):
            image.save(self.path("in", "straight." + ending), **({"lossless": True, "exact": True} if ending == "webp"
                                                                 else {}))
        premultiplied = np.dstack([values(drawing()) * values(alpha)[..., None] / 255,
                                   values(alpha)]).round().astype(np.uint8)
        Image.fromarray(premultiplied).save(self.path("in", "associated.tif"))
        content, tag = read(self.path("in", "associated.tif")), struct.pack("<HHIH", 338, 3, 1, 2)
        self.assertEqual(content.count(tag), 1)
        write(self.path("in", "associated.tif"), content.replace(tag, struct.pack("<HHIH", 338, 3, 1, 1)))
        for ending in ("jpg", "ppm"):  # which have none
            image.save(self.path("in", "flat.png"))
            os.rename(self.path("in", "flat.png"), self.path("in", "flat." + ending))
        self.copy()
        for name in ("straight.png", "straight.tif", "straight.webp", "associated.tif"):
            with self.subTest(name):
                after = values(self.written(name))
                self.assertLess(np.abs(after[..., 3] - values(alpha)).max(), 1.01)
                seen = np.s_[:, 20:, :3]
                self.assertLess(np.abs(after[seen] - values(drawing())[seen]).mean(), 3)
        self.assertEqual(self.written("straight.tif").tag_v2.get(338), (2,), "told to be straight")
        white = values(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))
        for name in ("flat.jpg", "flat.ppm"):
            self.assertLess(np.abs(values(self.written(name)) - white).mean(), 3, name)

    def test_a_fourth_channel_of_another_meaning_is_no_transparency(self):
        image = drawing().convert("RGBA")
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(self.path("in", "a.tif"))
        content = read(self.path("in", "a.tif"))
        self.assertIn(struct.pack("<HHIH", 338, 3, 1, 2), content)
        write(self.path("in", "a.tif"), content.replace(struct.pack("<HHIH", 338, 3, 1, 2),
                                                        struct.pack("<HHIH", 338, 3, 1, 0)))
        self.copy()
        self.assertEqual(self.written("a.tif").mode, "RGB")
        self.assertTrue((values(self.written("a.tif")) == values(drawing())).all())

    def test_one_transparent_value_of_gray(self):
        gray = np.asarray(drawing().convert("L")).copy()
        gray[:10] = 7
        Image.fromarray(gray).save(self.path("in", "8.png"), transparency=7)
        key = png_chunk(b"tRNS", struct.pack(">H", 7 * 257))
        write(self.path("in", "16.png"), with_chunks(self.encoded(Image.fromarray(gray.astype(np.uint16) * 257), "PNG"),
                                                     key))
        black = Image.fromarray(np.uint8(gray > 100) * 255).convert("1")
        black.save(self.path("in", "1.png"), transparency=0)
        self.copy()
        for name, opaque in {"8.png": gray != 7, "16.png": gray != 7, "1.png": gray > 100}.items():
            after = cv2.imread(self.path("out", name), cv2.IMREAD_UNCHANGED)
            self.assertEqual(after.shape[2], 4, name)
            self.assertTrue((after[..., 3] == opaque * np.iinfo(after.dtype).max).all(), name)

    def test_a_face_in_the_transparency_is_protected(self):
        """Black ink of varying opacity shows a face, and so does the transparency of an image with a face in its
        colors."""
        face = Image.open(portraits()[0])
        gray = face.convert("L")
        ink = Image.new("RGB", face.size)
        ink.putalpha(gray.point(lambda v: 255 - v))
        ink.save(self.path("in", "ink.png"))
        for name in ("both.png", "both.tif"):
            face.putalpha(gray)
            face.save(self.path("in", name))
        matte = Image.new("L", face.size)
        ImageDraw.Draw(matte).ellipse((60, 60, 260, 330), fill=255)
        face.putalpha(matte)
        face.save(self.path("in", "cutout.png"))
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("ink.png", "both.png", "both.tif"):
            self.one_line(done.stderr, name, "written on white: a face shows in the transparency")
            after = self.written(name)
            self.assertEqual(after.mode, "RGB")
            original = Image.open(self.path("in", name))
            self.addCleanup(original.close)
            on_white = Image.alpha_composite(Image.new("RGBA", after.size, "white"),
                                             original.convert("RGBA")).convert("RGB")
            changed = np.abs(values(after) - values(on_white)).max(axis=2) > 2
            self.assertGreater(changed[140:250, 110:210].mean(), .5)
            self.assertLess(changed[:40].mean(), .01)
        self.assertNotIn("cutout", done.stderr)
        self.assertTrue(np.array_equal(values(self.written("cutout.png"))[..., 3], values(matte)))

    def test_a_small_face_in_the_transparency_of_a_large_image(self):
        """30 pixels of 4000: found where it has shades. What is told of others, and one that is lost on white."""
        small = Image.open(portraits()[0]).convert("L").resize((87, 109), Image.Resampling.BOX)
        for name, color, around, face in (("ink.png", "black", 0, small.point(lambda v: 255 - v)),
                                          ("pale.png", (252, 252, 252), 255, small)):
            alpha = Image.new("L", (4000, 800), around)
            alpha.paste(face, (1500, 400))
            image = Image.new("RGB", alpha.size, color)
            image.putalpha(alpha)
            image.save(self.path("in", name), compress_level=1)
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"))
        self.one_line(done.stderr, "ink.png", "written on white: a face shows in the transparency")
        self.one_line(done.stderr, "pale.png", "written on black: a face shows in the transparency")
        self.one_line(done.stdout, "In the transparency, faces without half-transparent areas",
                      "narrower than 38 pixels")
        self.assertEqual(files(self.path("out")), ["ink.png", "pale.png"])
        for name in ("ink.png", "pale.png"):
            after = values(self.written(name).convert("L"))[400:509, 1500:1587]
            self.assertGreater((np.abs(after - values(small))[38:70, 28:58] > 2).mean(), .5)

    def test_gray_of_few_bits_and_of_sixteen_with_transparency(self):
        gray = np.asarray(drawing().convert("L"))
        height, width = gray.shape

        def png(bits, color_type, rows):
            data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
            return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color_type,
                                                                          0, 0, 0))
                    + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b""))

        bits = np.unpackbits(gray.reshape(height, width, 1), axis=2)
        for number in (1, 2, 4):
            write(self.path("in", f"{number}.png"), png(number, 0, np.packbits(bits[:, :, :number].reshape(height, -1),
                                                                               axis=1)))
        opaque = np.dstack([gray.astype(">u2") * 257 - 1, np.full(gray.shape, 65535)]).astype(">u2")
        write(self.path("in", "16.png"), png(16, 4, opaque))
        self.copy()
        for number in (1, 2, 4):
            expected = (gray >> 8 - number) * (255 // (2 ** number - 1))
            self.assertTrue((values(self.written(f"{number}.png")) == expected).all(), number)
        after = cv2.imread(self.path("out", "16.png"), cv2.IMREAD_UNCHANGED)
        self.assertEqual((after.shape, after.dtype), ((height, width, 4), np.uint16))
        self.assertTrue((after[..., :3] == opaque[..., :1].astype(np.uint16)).all())

    def test_shapes_like_faces_are_not_refused(self):
        """Pale drawings of opaque and transparent parts only: what a detector takes for a face is one where it is
        large."""
        shapes = {}
        for k, path in enumerate(portraits()):
            for side in (64, 320):
                gray = cv2.resize(cv2.imread(path, cv2.IMREAD_GRAYSCALE), (side, side), interpolation=cv2.INTER_AREA)
                shape = cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, side // 10 | 1,
                                              5)
                image = Image.new("RGB", gray.shape[::-1], (252, 252, 252))
                image.putalpha(Image.fromarray(shape))
                image.save(self.path("in", f"{side}-{k}.png"))
                shapes[f"{side}-{k}.png"] = shape
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"), "--no-face", "copy")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name, shape in shapes.items():
            if name.startswith("64"):
                self.assertTrue(np.array_equal(values(self.written(name))[..., 3], shape), name)
        self.assertRegex(done.stderr, "320-.*written on black: a face shows in the transparency")
        for line in done.stderr.splitlines():
            self.assertRegex(line, "320-.*written on black|the shape of something like a face, which is left as it is")


if __name__ == "__main__":
    unittest.main()
