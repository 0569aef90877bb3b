# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the command line makes of formats, orientations and color profiles; `perturb --no-face copy` shows it."""

import base64
import os
import re
import struct
import unittest
import zlib

import cv2
import numpy as np
from PIL import Image, ImageCms

from command import files, read, run, write
from image_files import ImageTest, drawing, png_chunk, values, with_chunks

# What shows an image of each orientation upright.
TURNS = dict(zip(range(2, 9), (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180,
                               Image.Transpose.FLIP_TOP_BOTTOM,
                               Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE,
                               Image.Transpose.ROTATE_90)))


class Formats(ImageTest):
    def test_eight_orientations_of_every_format(self):
        expected = {}
        for orientation in range(1, 9):
            exif = Image.Exif()
            exif[0x0112] = orientation
            for ending, options in {"jpg": {"quality": 100, "subsampling": 0}, "png": {}, "webp": {"lossless": True},
                                    "tif": {}}.items():
                for kind in ("RGB", "L", "RGBA"):
                    if (ending == "jpg" and kind == "RGBA") or (ending == "webp" and kind == "L"):
                        continue
                    image = drawing()
                    if kind == "RGBA":
                        image.putalpha(Image.linear_gradient("L").resize(image.size).point(lambda v: 100 + v // 2))
                    name = f"{orientation}-{kind}.{ending}"
                    image = image.convert(kind)
                    image.save(self.path("in", name), exif=exif, **options)
                    marked = Image.open(self.path("in", name))
                    self.assertEqual(marked.getexif().get(0x0112, 1), orientation, name)
                    marked.close()
                    expected[name] = image.transpose(TURNS[orientation]) if orientation > 1 else image
        self.copy()
        for name, image in expected.items():
            with self.subTest(name):
                after = self.written(name)
                self.assertEqual(after.getexif().get(0x0112, 1), 1)
                self.assertEqual((after.size, len(after.getbands())), (image.size, len(image.getbands())))
                self.assertLess(np.abs(values(after) - values(image)).mean(), 3 if name.endswith("p")
                                or name.endswith("jpg") else .01)

    def test_profiles_become_srgb(self):
        """A profile whose red and blue primaries are exchanged, and one of linear gray: easily told from sRGB."""
        swapped = self.swapped_profile()
        image = drawing()
        for name, options in {"a.jpg": {"quality": 100, "subsampling": 0}, "a.png": {}, "a.webp": {"lossless": True},
                              "a.tif": {}}.items():
            image.save(self.path("in", name), icc_profile=swapped, **options)
        image.save(self.path("in", "srgb.png"),
                   icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        image.save(self.path("in", "broken.png"), icc_profile=b"no profile")
        image.convert("L").save(self.path("in", "gray.png"), icc_profile=swapped)
        self.copy()
        for name in ("a.jpg", "a.png", "a.webp", "a.tif"):
            with self.subTest(name):
                after = self.written(name)
                self.assertNotIn("icc_profile", after.info)
                self.assertLess(np.abs(values(after) - values(image)[..., ::-1]).mean(), 4)
        for name in ("srgb.png", "broken.png"):
            self.assertTrue((values(self.written(name)) == values(image)).all(), name)
        self.assertTrue((values(self.written("gray.png")) == values(image.convert("L"))).all(), "a profile of color")

    @staticmethod
    def swapped_profile():
        """sRGB whose red and blue columns are exchanged."""
        profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        count = struct.unpack(">I", profile[128:132])[0]
        entries = {bytes(profile[132 + 12 * k:136 + 12 * k]): 132 + 12 * k for k in range(count)}
        red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
        profile[red:red + 4], profile[blue:blue + 4] = profile[blue:blue + 4], profile[red:red + 4]
        return bytes(profile)

    def test_adobe_rgb_of_cameras(self):
        """No profile, but Exif with the index R03."""
        base = struct.pack("<2sHI", b"II", 42, 8)
        exif_at, rules_at = 8 + 2 + 12 + 4, 8 + 2 + 12 + 4 + 2 + 24 + 4
        exif = base + struct.pack("<HHHII", 1, 0x8769, 4, 1, exif_at) + bytes(4)
        exif += struct.pack("<HHHIHHHHII", 2, 0xA001, 3, 1, 0xFFFF, 0, 0xA005, 4, 1, rules_at) + bytes(4)
        exif += struct.pack("<HHHI4s", 1, 1, 2, 4, b"R03\0") + bytes(4)
        green = Image.new("RGB", (64, 48), (100, 180, 100))
        green.save(self.path("in", "a.jpg"), quality=100, subsampling=0, exif=b"Exif\0\0" + exif)
        green.save(self.path("in", "b.jpg"), quality=100, subsampling=0)
        self.copy()
        self.assertLess(np.abs(values(self.written("b.jpg")) - values(green)).mean(), 2)
        # Adobe RGB (1998) to XYZ to sRGB by the matrices of both standards.
        linear = (np.array([100, 180, 100]) / 255) ** (563 / 256)
        xyz = np.array([[.57667, .18556, .18823], [.29734, .62736, .07529], [.02703, .07069, .99134]]) @ linear
        rgb = np.array([[3.2404542, -1.5371385, -.4985314], [-.969266, 1.8760108, .041556],
                        [.0556434, -.2040259, 1.0572252]]) @ xyz
        rgb = 255 * np.where(rgb <= .0031308, 12.92 * rgb, 1.055 * np.maximum(rgb, 0) ** (1 / 2.4) - .055).clip(0, 1)
        self.assertLess(np.abs(values(self.written("a.jpg")).mean((0, 1)) - rgb).max(), 4, rgb)

    def test_sixteen_bits_and_names_of_other_formats(self):
        deep = np.asarray(drawing()).astype(np.uint16)[..., ::-1] * 257
        gray = np.asarray(drawing().convert("L"))
        for name in ("a.jpg", "a.webp", "a.bmp", "a.ppm", "a.tif", "a.jp2"):
            cv2.imwrite(self.path("in", "deep.png"), deep)
            os.rename(self.path("in", "deep.png"), self.path("in", name))
        cv2.imwrite(self.path("in", "gray.pgm"), gray)
        os.rename(self.path("in", "gray.pgm"), self.path("in", "gray.ppm"))
        cv2.imwrite(self.path("in", "color.ppm"), np.uint8(deep // 257))
        os.rename(self.path("in", "color.ppm"), self.path("in", "color.pgm"))
        self.copy()
        for name in ("a.jpg", "a.webp", "a.bmp", "a.ppm", "a.tif", "a.jp2"):
            after = cv2.imread(self.path("out", name), cv2.IMREAD_UNCHANGED)
            full = 257 if after.dtype == np.uint16 else 1
            self.assertEqual(full == 257, name in ("a.ppm", "a.tif", "a.jp2"))
            self.assertLess(np.abs(after / full - deep / 257).mean(), 4, name)
        self.assertTrue((cv2.imread(self.path("out", "gray.ppm"), cv2.IMREAD_UNCHANGED) == gray).all())
        self.assertTrue((cv2.imread(self.path("out", "color.pgm"), cv2.IMREAD_UNCHANGED) == deep // 257).all())

    def test_values_that_do_not_fill_their_bits(self):
        gray = np.asarray(drawing().convert("L")).astype(int)
        size = b"%d %d" % gray.shape[::-1]
        part = lambda largest: np.round(gray * (largest / 255)).astype(int)
        text = lambda largest: " ".join(map(str, part(largest).ravel())).encode()
        contents = {
            "seven.pgm": b"P5 " + size + b" 100\n" + np.uint8(part(100)).tobytes(),
            "ten.pgm": b"P5 " + size + b" 1023\n" + part(1023).astype(">u2").tobytes(),
            "ten.ppm": b"P6 " + size + b" 1023\n" + np.repeat(part(1023), 3).astype(">u2").tobytes(),
            "four.pgm": b"P2 " + size + b" 15\n" + text(15),  # and no end of the last line
            "eight.pgm": b"P2 " + size + b" 255\n" + text(255),
        }
        for name, content in contents.items():
            write(self.path("in", name), content)
        # A code stream of JPEG 2000: 4 rows of 16 pixels of 12 bits, from 0 to 4095 in equal steps.
        write(self.path("in", "twelve.png"), base64.b64decode(
            "/0//UQApAAAAAAAQAAAABAAAAAAAAAAAAAAAEAAAAAQAAAAAAAAAAAABCwEB/1IADAAAAAEAAAQEAAH/XAAEQGD/kAAK"
            "AAAAAABhAAH/k9/hQBFpSxjOZ13nZnb1XJ9aqaj39yCD1yKMMaEeDv6s9I2xtrINq2p7SW11cJyu839K47r5vnFkSJaK"
            "eM2Ec4/ttsDPtdZTVwnXAOGw2Gw2Gw2H/9k="))
        self.copy()
        for name in contents:
            after = cv2.imread(self.path("out", name), cv2.IMREAD_UNCHANGED)
            full = 257 if after.dtype == np.uint16 else 1
            after = after if after.ndim == 3 else after[..., None]
            self.assertLess(np.abs(after / full - gray[..., None]).max(), 10 if name == "four.pgm" else 2, name)
        after = cv2.imread(self.path("out", "twelve.png"), cv2.IMREAD_UNCHANGED)
        self.assertLess(np.abs(after / 65535 - np.linspace(0, 1, 16)).max(), .01)

    def test_jpeg_by_other_names(self):
        for name in ("a.jfif", "a.MPO"):
            drawing().save(self.path("in", name), "JPEG", quality=100, subsampling=0)
        self.copy()
        for name in ("a.jfif", "a.MPO"):
            self.assertLess(np.abs(values(self.written(name)) - values(drawing())).mean(), 2)

    def test_gray_tiff_whose_zero_is_white(self):
        gray = np.asarray(drawing().convert("L"))
        black, white = (struct.pack("<HHIH", 262, 3, 1, value) for value in (1, 0))
        for name, image in {"shallow.tif": gray, "deep.tif": gray.astype(np.uint16) * 257}.items():
            Image.fromarray(image).save(self.path("in", name))
            write(self.path("in", name), read(self.path("in", name)).replace(black, white))
        self.copy()
        for name, full in {"shallow.tif": 1, "deep.tif": 257}.items():
            self.assertTrue((cv2.imread(self.path("out", name),
                                        cv2.IMREAD_UNCHANGED) == (255 - gray.astype(int)) * full).all(), name)

    def test_cmyk_is_right(self):
        cmyk = drawing().convert("CMYK")
        cmyk.save(self.path("in", "a.jpg"), quality=100, subsampling=0)
        cmyk.save(self.path("in", "a.tif"))
        self.copy()
        for name in ("a.jpg", "a.tif"):
            self.assertLess(np.abs(values(self.written(name).convert("RGB")) - values(drawing())).mean(), 4, name)

    def test_no_second_copy_of_the_image_stays_in_the_file(self):
        """Previews, as metadata of many kinds and as bytes behind the image; each input holds one, no output does."""
        preview = self.encoded(drawing((160, 120)), "JPEG", quality=90)
        code, half = base64.b64encode(preview), 60000
        directory = lambda *entries: struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry)
                                                                                for entry in entries)
        exif = (b"II*\0\x08\0\0\0" + directory((0x112, 3, 1, 1)) + struct.pack("<I", 26)
                + directory((0x103, 3, 1, 6), (0x201, 4, 1, 68), (0x202, 4, 1, len(preview))) + bytes(4) + preview)
        xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" GImage:Data="' + code + b'"/>'
        photoshop = (b"Photoshop 3.0\0" + b"8BIM\x04\x0c\0\0" + struct.pack(">I", 28 + len(preview)) + bytes(28)
                     + preview + b"\0")
        profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + preview)
        profile[:4] = struct.pack(">I", len(profile))
        jpeg = self.encoded(drawing(), "JPEG")
        for k, (marker, data) in enumerate(((0xE1, b"Exif\0\0" + exif), (0xED, photoshop),
                                            (0xE0, b"JFXX\0\x10" + preview), (0xFE, code[:half]),
                                            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp),
                                            (0xE2, b"ICC_PROFILE\0\1\1" + profile))):
            write(self.path("in", f"{k}.jpg"),
                  jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data + jpeg[2:])
        write(self.path("in", "moving-or-mpo.jpg"), jpeg + preview)
        for mode in ("RGB", "L", "I;16", "P", "LA"):
            image = drawing().convert("L" if mode == "I;16" else mode)
            png = self.encoded(image if mode != "I;16" else Image.fromarray(np.asarray(image).astype(np.uint16) * 257),
                               "PNG")
            more = png_chunk(b"eXIf", exif) + png_chunk(b"tEXt", b"Preview\0" + code) + png_chunk(b"prIv", preview)
            write(self.path("in", mode.replace(";", "") + ".png"), png[:33] + more + png[33:] + preview)
        webp = self.encoded(drawing(), "WEBP", exif=exif, xmp=xmp, icc_profile=bytes(profile))
        more = b"ABCD" + struct.pack("<I", len(preview)) + preview + bytes(len(preview) % 2)
        write(self.path("in", "a.webp"), b"RIFF" + struct.pack("<I", len(webp) - 8 + len(more)) + webp[8:] + more
              + preview)
        write(self.path("in", "a.tif"), self.encoded(drawing(), "TIFF",
                                                     tiffinfo={700: xmp, 34377: photoshop, 65000: preview}))
        jp2 = cv2.imencode(".jp2", np.asarray(drawing()))[1].tobytes()
        place = jp2.index(b"jp2c") - 4
        box = lambda kind, data: struct.pack(">I", len(data) + 8) + kind + data
        write(self.path("in", "a.jp2"), jp2[:place] + box(b"uuid", bytes(16) + exif) + box(b"xml ", xmp) + jp2[place:])
        ppm = self.encoded(drawing(), "PPM")
        write(self.path("in", "a.ppm"), b"P6\n#" + code[:2000] + ppm[2:] + preview)
        write(self.path("in", "a.bmp"), self.encoded(drawing(), "BMP") + preview)
        names = files(self.path("in", ""))
        self.copy()
        self.assertEqual(files(self.path("out", "")), names)
        parts = [preview[k:k + 24] for k in range(len(preview) // 2, len(preview) - 24, 50)]
        parts += [code[k:k + 32] for k in range(900, 1900, 50)]
        for name in names:
            with self.subTest(name):
                self.assertTrue(any(part in read(self.path("in", name)) for part in parts))
                self.assertFalse(any(part in read(self.path("out", name)) for part in parts))

    def test_colors_of_png_without_a_profile(self):
        """cICP says more than sRGB, and that more than gAMA and cHRM, as browsers have it."""
        image = drawing()
        p3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
        gamma = lambda value: png_chunk(b"gAMA", struct.pack(">I", value))
        cicp = lambda *points: png_chunk(b"cICP", bytes([*points, 0, 1]))
        of_primaries = np.array([[1.22494, -.22494, 0], [-.04206, 1.04206, 0],
                                 [-.01964, -.07864, 1.09828]])  # Display P3 in sRGB
        linear = lambda v: np.where(v <= .04045, v / 12.92, ((v + .055) / 1.055) ** 2.4)
        curved = lambda v: np.where(v <= .0031308, v * 12.92, 1.055 * np.clip(v, 1e-9, None) ** (1 / 2.4) - .055)
        plain = values(image) / 255
        wide = curved(linear(plain) @ of_primaries.T)
        contents = {
            "gamma.png": (gamma(round(1e5 / 1.8)), curved(plain ** 1.8)),
            "usual.png": (gamma(45455), plain),
            "p3.png": (gamma(45455) + png_chunk(b"cHRM", p3), wide),
            "srgb.png": (gamma(100000) + png_chunk(b"cHRM", p3) + png_chunk(b"sRGB", b"\0"), plain),
            "cicp.png": (png_chunk(b"sRGB", b"\0") + cicp(12, 13), wide),
            "video.png": (cicp(1, 1), plain),
            "unspecified.png": (cicp(2, 2), plain),
            "mistake.png": (gamma(1), plain),
        }
        for name, (chunks, _) in contents.items():
            write(self.path("in", name), with_chunks(self.encoded(image, "PNG"), chunks))
        gray = image.convert("L")
        write(self.path("in", "gray.png"), with_chunks(self.encoded(gray, "PNG"), gamma(round(1e5 / 1.8))))
        write(self.path("in", "pq.png"), with_chunks(self.encoded(image, "PNG"), cicp(9, 16)))
        write(self.path("in", "unknown.png"), with_chunks(self.encoded(image, "PNG"), cicp(11, 17)))
        done = self.copy()
        for name, (_, expected) in contents.items():
            self.assertLess(np.abs(values(self.written(name)) - 255 * expected.clip(0, 1)).max(), 2, name)
            self.assertNotIn(name + ": its", done.stderr)
        self.assertLess(np.abs(values(self.written("gray.png")) - 255 * curved((values(gray) / 255) ** 1.8)).max(), 2)
        self.one_line(done.stderr, "pq.png: ", "high dynamic range")
        self.one_line(done.stderr, "unknown.png: its color space cannot be used")

    def test_profiles_of_other_kinds(self):
        """Gray under a profile of colors gets its tone curve; what cannot be used is told."""
        wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        gray = drawing().convert("L")
        gray.save(self.path("in", "srgb.png"), icc_profile=wide)
        linear = bytearray(wide)
        for name in (b"rTRC", b"gTRC", b"bTRC"):  # their curves: none, which is a straight line
            entry = linear.index(name)
            offset, _ = struct.unpack(">II", linear[entry + 4:entry + 12])
            linear[offset:offset + 12] = b"curv" + bytes(8)
        gray.save(self.path("in", "linear.jpg"), quality=100, icc_profile=bytes(linear))
        drawing().save(self.path("in", "damaged.png"), icc_profile=wide[:200])
        drawing().convert("CMYK").save(self.path("in", "cmyk.jpg"), icc_profile=wide)
        done = self.copy()
        self.assertTrue((values(self.written("srgb.png")) == values(gray)).all())
        lit = values(gray) / 255
        expected = 255 * (1.055 * lit ** (1 / 2.4) - .055)
        self.assertLess(np.abs(values(self.written("linear.jpg")) - expected).mean(), 2)
        self.one_line(done.stderr, "damaged.png: its color profile cannot be used")
        self.one_line(done.stderr, "cmyk.jpg: its CMYK colors are converted without their profile")
        self.assertEqual(len(re.findall("(?m)^/", done.stderr)), 2, done.stderr)

    def test_what_lies_behind_the_image_is_told(self):
        """Further images of burst and stereo photos, the video of a motion photo; not the preview inside of Exif."""
        jpeg = self.encoded(drawing(), "JPEG")
        preview = self.encoded(drawing((32, 24)), "JPEG")
        drawing().save(self.path("in", "mpo.jpg"), "MPO", save_all=True,
                       append_images=[drawing().transpose(Image.Transpose.ROTATE_180)])
        write(self.path("in", "motion.jpg"), jpeg + b"\0\0\0\x18ftypmp42" + bytes(100) + b"\xff\xd8\xff")
        write(self.path("in", "both.jpg"), jpeg + preview + b"\0\0\0\x18ftypmp42" + bytes(100))
        write(self.path("in", "preview.jpg"), jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(preview) + 2) + preview
              + jpeg[2:])
        drawing().save(self.path("in", "progressive.jpg"), progressive=True)
        done = self.copy()
        self.assertTrue(self.one_line(done.stderr, "mpo.jpg").endswith(": left out: a further image behind the image"))
        self.assertTrue(self.one_line(done.stderr, "motion.jpg").endswith(": left out: a video behind the image"))
        self.assertTrue(self.one_line(done.stderr,
                                      "both.jpg").endswith(": left out: a further image and a video behind the image"))
        self.assertEqual(len(done.stderr.splitlines()), 3, done.stderr)

    def test_faults_of_what_is_left_out_of_a_png_file(self):
        """A damaged profile is told with the file's name; of other parts that no pixel needs nothing is said."""
        content = self.encoded(drawing(), "PNG")
        text = png_chunk(b"tEXt", b"a\0b")
        for name, chunk in (("gamma", png_chunk(b"gAMA", bytes(4))), ("ground", png_chunk(b"bKGD", bytes(2))),
                            ("text", text[:-1] + bytes([text[-1] ^ 1])),
                            ("profile", png_chunk(b"iCCP", b"x\0\0no profile"))):
            write(self.path("in", f"{name}.png"), content[:33] + chunk + content[33:])
        write(self.path("in", "end.png"), content + b"something else")
        done = self.copy()
        for name in ("gamma", "ground", "text", "profile", "end"):
            self.assertTrue(np.array_equal(values(self.written(f"{name}.png")), values(drawing())), name)
        self.assertNotIn("libpng", done.stderr)
        for line in done.stderr.splitlines():
            self.assertIn("profile.png: ", line)

    def test_what_libraries_print_of_damaged_files_is_not_shown(self):
        """Every line has the file's name."""
        random = np.random.default_rng(1)
        image = drawing((160, 120))
        encodings = {"jpg": ("JPEG", {}), "scans.jpg": ("JPEG", {"progressive": True}), "png": ("PNG", {}),
                     "webp": ("WEBP", {}),
                     "jp2": ("JPEG2000", {}), "tif": ("TIFF", {}), "lzw.tif": ("TIFF", {"compression": "tiff_lzw"}),
                     "jpeg.tif": ("TIFF", {"compression": "jpeg"}),
                     "deflate.tif": ("TIFF", {"compression": "tiff_adobe_deflate"})}
        for ending, (kind, options) in encodings.items():
            content = self.encoded(image, kind, **options)
            for k in range(12):
                damaged = np.frombuffer(content, np.uint8).copy()
                if k < 8:
                    damaged[random.integers(len(content) // 2, len(content) - 2, 6)] = random.integers(0, 255, 6)
                else:
                    damaged[random.integers(20, min(200, len(content)), 2)] ^= 8
                write(self.path("in", f"{k:02}.{ending}"), damaged.tobytes())
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"), "--no-face", "copy")
        for line in done.stderr.splitlines():
            self.assertIn(self.path("in", ""), line)
        self.assertIn(".jpg: the JPEG file is ", done.stderr)
        self.assertIn(".png: the PNG file is damaged or truncated: ", done.stderr)

    def refused(self, contents, *arguments):
        """Files of these names and contents, each refused in a line that holds the given words; nothing is written."""
        for name, (content, _) in contents.items():
            write(self.path("in", name), content)
        done = self.copy(*arguments, code=1)
        for name, (_, reasons) in contents.items():
            self.one_line(done.stderr, "/" + name + ": ", *reasons)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out")))

    def test_what_would_not_come_out_whole(self):
        frames = [drawing(), drawing().transpose(Image.Transpose.ROTATE_180)]
        names = ("a.png", "a.webp", "a.tif", "a.ppm", "a.pgm", "a.pbm")
        for name in names[:3]:
            frames[0].save(self.path("in", name), save_all=True, append_images=frames[1:], duration=100)
        for name, mode in zip(names[3:], ("RGB", "L", "1")):
            frames[0].convert(mode).save(self.path("in", name))
            write(self.path("in", name), 2 * read(self.path("in", name)))
        contents = {name: (read(self.path("in", name)), ["several images"]) for name in names}
        drawing().convert("LA").save(self.path("la.tif"))
        drawing().convert("LAB").save(self.path("lab.tif"))
        drawing().save(self.path("raw.tif"),
                       tiffinfo={254: 1})  # NewSubfileType: the image itself is in a directory below
        contents["raw.tif"] = (read(self.path("raw.tif")), ["smaller copy", "raw files of cameras"])
        contents["lab.tif"] = (read(self.path("lab.tif")), ["CIELAB"])
        contents["la.tif"] = (read(self.path("la.tif")), ["transparency that OpenCV does not read"])
        self.refused(contents)

    def test_formats_that_are_not_read(self):
        drawing().convert("P").save(self.path("a.gif"))
        contents = {"GIF": read(self.path("a.gif")), "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
                    "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + bytes(100), "JPEG XL": b"\xff\x0a" + bytes(100),
                    "PAM": b"P7\nWIDTH 8\nHEIGHT 8\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + bytes(192),
                    "JPEG XR": b"II\xbc\1" + bytes(100), "DICOM": bytes(128) + b"DICM" + bytes(100)}
        frame = lambda marker, bits: (b"\xff\xd8\xff" + bytes([marker]) + b"\0\x0b" + bytes([bits])
                                      + b"\0\x10\0\x10\1\1\x11\0" + bytes(100))
        contents.update({"JPEG-LS": frame(0xF7, 8), "lossless JPEG": frame(0xC3, 16),
                         "JPEG of 12 bits": frame(0xC1, 12)})
        self.refused({format + ".jpg": (content, [format, "convert"]) for format, content in contents.items()})

    def test_hostile_sizes(self):
        """A header of a few bytes that asks for gigabytes is refused before anything is decoded."""
        side = 30000
        contents = {
            "a.png": b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                     + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b""),
            "a.bmp": b"BM" + struct.pack("<IIIIiiHHIIiiII", 1200, 0, 54, 40, side, -side, 1, 24, 0, 0, 0, 0, 0,
                                         0) + bytes(1146),
            "a.ppm": b"P6 # a comment\n%d %d\n255\n" % (side, side) + bytes(1000),
            "a.webp": b"RIFF\x64\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + struct.pack("<I", 16382)[:3] * 2 + bytes(80),
            "a.jpg": b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", side, side) + b"\3\1\x22\0\2\x11\1\3\x11\1"
            + bytes(100),
            "a.tif": b"II*\0\x08\0\0\0\3\0" + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in
                                                         ((256, side), (257, side), (258, 8))) + bytes(50),
            "a.jp2": b"\xff\x4f\xff\x51\0\x2f\0\0" + struct.pack(">IIII", side, side, 0, 0) + bytes(100),
        }
        self.refused({name: (content, ["pixels; at most 200000000 are read"]) for name, content in contents.items()})
        drawing().save(self.path("in", "b.png"))
        done = self.copy("--max-pixels", "3000", code=1)
        self.one_line(done.stderr, "b.png: is of 64x48 pixels; at most 3000")


if __name__ == "__main__":
    unittest.main()
