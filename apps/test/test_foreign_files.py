# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Files as face databases, cameras and recorders have them: each is protected, or told to be of another kind."""

import io
import os
import re
import shutil
import struct
import unittest

import numpy as np
from PIL import Image

from command import CommandTest, files, portraits, read, run, write
from video_files import FRAMES, VideoTest, face_box, ffmpeg, frames_of, probe, times


def encoded(format_name):
    stream = io.BytesIO()
    Image.open(portraits()[0]).save(stream, format_name)
    return stream.getvalue()


def face_record(image):
    """ISO/IEC 19794-5: one face, its information, the image's, and the image."""
    face = bytes(20) + struct.pack(">BBHHBBHH", 1, 0, 320, 384, 1, 2, 0, 0) + image
    return b"FAC\x00010\x00" + struct.pack(">IHI", 18 + len(face), 1, 4 + len(face)) + face


class Images(CommandTest):
    def test_what_is_no_image_is_told_by_its_kind(self):
        photo = read(portraits()[0])
        contents = {
            "face record": [face_record(photo), face_record(encoded("JPEG2000")),
                            b"\x75\x82\x10\x00" + face_record(photo)],
            "raw image of a camera": [b"FUJIFILMCCD-RAW 0201" + bytes(400), b"IIRO\x08\0\0\0" + bytes(99),
                                      b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99), b"FOVb" + bytes(99)],
            "PostScript": [encoded("EPS")], "icon": [encoded("ICO")], "PDF": [encoded("PDF")],
            "SVG": [b'<svg xmlns="http://www.w3.org/2000/svg"/>'], "ZIP": [b"PK\3\4" + bytes(99)],
            "web page": [b"<!DOCTYPE html>\n<html><body>404</body></html>", b"<HTML></HTML>"],
            "Git LFS pointer": [b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"]}
        for kind, list_of_contents in contents.items():
            for k, content in enumerate(list_of_contents):
                write(self.path("in", f"{kind}{k}.jpg"), content)
        done = run("perturb", self.path("in"), "-o", self.path("out"), *self.networks)
        self.assertEqual(done.returncode, 1)
        for name in files(self.path("in")):
            self.one_line(done.stderr, name, "is of the format " + name[:-5], "cannot be read: ")
        self.assertEqual(files(self.path("out")), [])

    def test_names_and_endings_of_a_database(self):
        """Any case, names that differ by case only, no UTF-8, endings of another format, folders in folders."""
        names = [b"a.jpg", b"A.jpg", b"a.JPG", b"b.Jpeg", b"c.jfif", b"M\xfcller.jpg", "M\u00fcller.jpg".encode(),
                 b"x/y/Z/a.jpg"]
        for name in names:
            path = os.path.join(self.folder.encode(), b"in", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(portraits()[0], path)
        write(self.path("in", "jpeg.png"), read(portraits()[0]))
        write(self.path("in", "zero.jpg"), b"")
        write(self.path("in", "Thumbs.db"), b"x")
        Image.new("RGB", (1, 1)).save(self.path("in", "dot.png"))
        done = run("perturb", self.path("in"), "-o", self.path("out"), *self.networks)
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "zero.jpg", "the file is empty")
        self.one_line(done.stderr, "dot.png", "no face found")
        self.one_line(done.stdout, "9 images perturbed", "1 without a face, 1 failed")
        self.one_line(done.stdout, "Skipped 1 other file (1 .db)")
        for name in names:
            self.assertTrue(os.path.exists(os.path.join(self.folder.encode(), b"out", name)), name)


def dhav(stream):
    """Frames of H.264 in the container of Dahua's recorders; its clock has whole seconds."""
    starts = [match.start() for match in re.finditer(b"\0\0\0?\1", stream)]
    units, seen = [0], False
    for start in starts:
        kind, first = stream[stream.index(b"\1", start) + 1:][:2]
        picture = kind & 31 in (1, 5)
        if seen and (not picture or first & 128):
            units.append(start)
            seen = False
        seen = seen or picture
    content = b""
    for k, (begin, end) in enumerate(zip(units, [*units[1:], len(stream)])):
        extra = bytes([0x80, 0, 40, 30, 0x81, 0, 2, 25]) if k == 0 else b""
        size = 24 + len(extra) + end - begin + 8
        date = 24 << 26 | 5 << 22 | 6 << 17 | 10 << 12 | k // 25
        head = b"DHAV" + bytes([0xfd if k == 0 else 0xfc, 0, 0, 0])
        head += struct.pack("<IIIHB", k, size, date, k * 40, len(extra))
        content += head + bytes([sum(head) & 255]) + extra + stream[begin:end] + b"dhav" + struct.pack("<I", size)
    return content


class Videos(VideoTest):
    def covers(self, source, target, frames=FRAMES):
        self.assertEqual(self.protect(source, target).stderr, "")
        self.covered(target, frames)

    def covered(self, name, frames=FRAMES):
        found = frames_of(self.path(name))
        self.assertEqual(len(found), frames)
        for t, frame in enumerate(found):
            self.assertGreater((np.abs(frame[face_box(t % FRAMES)].astype(int) - 128) < 12).mean(), .95, f"frame {t}")

    def test_recorders(self):
        ffmpeg("-i", self.original, "-an", "-c", "copy", "-bsf:v", "h264_mp4toannexb", self.path("a.h264"))
        shutil.copy(self.path("a.h264"), self.path("stream.dav"))
        write(self.path("dahua.dav"), dhav(read(self.path("a.h264"))))
        for name in ("a.h264", "stream.dav", "dahua.dav"):
            self.covers(name, "out.mp4")
        done = self.video(self.path("dahua.dav"), self.path("out.dav"), "--replace", "solid")
        self.one_line(done.stderr, "ffmpeg writes no videos with the ending .dav; name another output")

    def test_a_folder_of_recordings(self):
        """ffmpeg reads .dav and files without an ending, but does not write them."""
        ffmpeg("-i", self.original, "-an", "-c", "copy", "-bsf:v", "h264_mp4toannexb", self.path("a.h264"))
        for name in ("stream.dav", "deep/stream.dav", "video"):
            os.makedirs(os.path.dirname(self.path("in", name)), exist_ok=True)
            shutil.copy(self.path("a.h264"), self.path("in", name))
        shutil.copy(self.original, self.path("in", "stream.mp4"))
        shutil.copy(self.original, self.path("z.mp4"))
        cases = (([self.path("in")], ["deep/stream.dav.mp4", "stream.dav.mp4", "stream.mp4", "video.mp4"]),
                 ([self.path("in", "stream.dav"), self.path("z.mp4")], ["stream.dav.mp4", "z.mp4"]))
        for inputs, names in cases:
            out = self.path(f"out{len(inputs)}")
            done = self.video(*inputs, out, "--replace", "solid")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(files(out), names)
            self.one_line(done.stderr, "in/stream.dav: written as", "stream.dav.mp4", "no videos with the ending .dav")
            for name in names:
                self.covered(os.path.join(out, name))

    def test_streams_whose_time_stamps_leap(self):
        """Two recordings in one file, and a clock that begins anew after 26.5 hours."""
        ffmpeg("-i", self.original, "-c", "copy", self.path("a.ts"))
        write(self.path("twice.ts"), 2 * read(self.path("a.ts")))
        self.covers("twice.ts", "out.ts", 2 * FRAMES)
        ffmpeg("-i", self.original, "-c", "copy", "-output_ts_offset", 2 ** 33 / 90000 - 1.4 - .4, self.path("wrap.ts"))
        self.covers("wrap.ts", "out.mkv")
        self.assertEqual(len(times(self.path("out.mkv"))), FRAMES)

    def test_an_avi_of_a_camera_that_lost_its_power(self):
        """No index, and no sizes and numbers in the header; every fifth frame is empty."""
        ffmpeg("-i", self.original, "-an", "-c:v", "mjpeg", "-q:v", 2, "-pix_fmt", "yuvj420p", self.path("a.avi"))
        content = bytearray(read(self.path("a.avi")))
        content = content[:content.rindex(b"idx1")]
        movi = content.index(b"movi")
        for place in (4, content.index(b"avih") + 24, content.index(b"strh") + 40, movi - 4):
            content[place:place + 4] = bytes(4)
        write(self.path("power.avi"), bytes(content))
        self.covers("power.avi", "out.mkv")
        place, k, gaps = movi + 4, 0, content[:movi + 4]
        while place + 8 < len(content):
            size = 8 + int.from_bytes(content[place + 4:place + 8], "little")
            k += 1
            gaps += content[place:place + 4] + bytes(4) if k % 5 == 0 else content[place:place + size + size % 2]
            place += size + size % 2
        write(self.path("gaps.avi"), bytes(gaps))
        done = self.video(self.path("gaps.avi"), self.path("out.mkv"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(frames_of(self.path("out.mkv"))), FRAMES * 4 // 5)

    def test_endings_that_take_one_encoding(self):
        ffmpeg("-i", self.original, "-an", "-c", "copy", self.path("silent.mp4"))
        for ending, codec in ((".ivf", "vp9"), (".y4m", "rawvideo"), (".lrv", "h264"), (".trp", "h264"),
                              (".3gpp", "h264")):
            with self.subTest(ending):
                self.covers("silent.mp4", "out" + ending)
                self.assertEqual(set(probe(self.path("out" + ending), "stream=codec_name")), {codec})
        done = self.video(self.path("silent.mp4"), self.path("out.obu"), "--replace", "solid")
        self.assertEqual(done.returncode, 2)
        self.one_line(done.stderr, "ffmpeg writes no videos with the ending .obu; name another output", "out.mp4")
        self.assertEqual([name for name in files(self.folder) if "obu" in name], [])


if __name__ == "__main__":
    unittest.main()
