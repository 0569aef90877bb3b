# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the command `video` keeps of a file, as a player shows it: orientation, colors, depth, fields, sound, times, names."""

import base64
import functools
import http.server
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import threading
import time
import unittest

import cv2
import numpy as np

from command import EXECUTABLE, TIMEOUT, files, portraits, read, write
from test_video import FRAMES, HEIGHT, WIDTH, VideoTest, face_box, ffmpeg, frame_at, frames_of, probe, times

BARS = [(40, 40, 200), (40, 200, 40), (200, 40, 40), (40, 200, 200), (200, 80, 200), (60, 60, 60), (128, 128, 128), (200, 200, 200)]
BAR_ROWS = np.s_[-50:-10]


def with_bars(width, height):
    """A face above bars of known colors."""
    image = np.full((height, width, 3), (120, 130, 140), np.uint8)
    image[:HEIGHT - 60, :WIDTH] = frame_at(0)[:HEIGHT - 60]
    for k, color in enumerate(BARS):
        image[-60:, k * width // len(BARS):(k + 1) * width // len(BARS)] = color
    return image


class Formats(VideoTest):
    def protect(self, source, target, *arguments):
        done = self.video(self.path(source), self.path(target), "--replace", "solid", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def shown(self, path, matrix="auto"):
        """Frames as a player shows them: turned by the display matrix, in the colors of the tags."""
        folder = self.path(".shown", "%04d.png")
        ffmpeg("-i", path, "-map", "0:v:0", "-vf", f"scale=in_color_matrix={matrix}:flags=bicubic+accurate_rnd+full_chroma_int,format=bgr24",
               "-vsync", "passthrough", folder)
        frames = [cv2.imread(self.path(".shown", name)) for name in files(os.path.dirname(folder))]
        shutil.rmtree(os.path.dirname(folder))
        return frames


class Orientation(Formats):
    # Rows of the display matrix in the order of ISO/IEC 14496-12; the four signs and places of its 2x2 part.
    MATRICES = {(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0), (0, -1, -1, 0)}

    def turned(self, matrix):
        """The video with that display matrix in its track header."""
        content = bytearray(read(self.original))
        header = content.index(b"tkhd")
        place = header + 4 + 40  # version 0: 40 bytes come before the matrix
        a, b, c, d = (value * 65536 for value in matrix)
        for k, value in enumerate((a, b, 0, c, d, 0, 0, 0, 1 << 30)):
            content[place + 4 * k:place + 4 * k + 4] = (value & 0xFFFFFFFF).to_bytes(4, "big")
        write(self.path("turned.mp4"), bytes(content))

    def test_all_eight(self):
        seen = set()
        for matrix in sorted(self.MATRICES):
            with self.subTest(matrix):
                self.turned(matrix)
                self.protect("turned.mp4", "out.mp4", "--no-face", "copy")
                before, after = self.shown(self.path("turned.mp4")), self.shown(self.path("out.mp4"))
                self.assertEqual(len(before), len(after))
                self.assertEqual(before[3].shape, after[3].shape)
                changed = np.abs(before[3].astype(int) - after[3]).max(axis=2) > 30
                self.assertLess(changed.mean(), .15)  # the face at most
                seen.add(before[3].tobytes())
        self.assertEqual(len(seen), 8)

    def check_turned(self, name, target):
        """Shown as before but for the face; returns how."""
        self.protect(name, target, "--no-face", "copy")
        before, after = self.shown(self.path(name)), self.shown(self.path(target))
        self.assertEqual((len(before), before[3].shape), (len(after), after[3].shape))
        self.assertLess((np.abs(before[3].astype(int) - after[3]).max(axis=2) > 30).mean(), .15)
        return before[3]

    def test_turned_and_mirrored_in_other_containers(self):
        """QuickTime has the same display matrix. Matroska has yaw, which mirrors, and roll: put in place of the color tags."""
        kinds = {}
        for matrix in ((-1, 0, 0, 1), (0, 1, 1, 0)):
            self.turned(matrix)
            ffmpeg("-i", self.path("turned.mp4"), "-c", "copy", self.path("turned.mov"))
            kinds[matrix] = self.check_turned("turned.mov", "out.mov")
        self.assertEqual((kinds[-1, 0, 0, 1].shape, kinds[0, 1, 1, 0].shape), ((HEIGHT, WIDTH, 3), (WIDTH, HEIGHT, 3)))
        ffmpeg("-i", self.original, "-an", "-vf", "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv", "-c:v", "libx264",
               "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
               "-chroma_sample_location", "left", "-write_crc32", 0, self.path("tagged.mkv"))
        content = read(self.path("tagged.mkv"))
        place = content.index(b"\x55\xb0")
        size = 3 + (content[place + 2] & 0x7F)
        for yaw, roll in ((0, 90), (180, 0), (180, 90)):
            with self.subTest(yaw=yaw, roll=roll):
                pose = b"\x76\x73\x84" + struct.pack(">f", yaw) + b"\x76\x75\x84" + struct.pack(">f", roll)
                element = b"\x76\x70" + bytes([0x80 | len(pose)]) + pose
                void = size - len(element) - 2
                self.assertGreaterEqual(void, 0)
                write(self.path("turned.mkv"), content[:place] + element + b"\xec" + bytes([0x80 | void]) + bytes(void) + content[place + size:])
                kinds[yaw, roll] = self.check_turned("turned.mkv", "out.mkv")
        self.assertLess(np.abs(kinds[180, 0].astype(int) - kinds[-1, 0, 0, 1]).mean(), 5, "mirrored alike")

    @functools.cached_property
    def open_video(self):
        """Of the samples in Python."""
        python = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "python")
        self.addCleanup(sys.path.remove, python)
        sys.path.insert(0, python)
        from video_source import open_video
        return open_video

    def protect_by_sample(self, name):
        """Frames of the result of the sample in C++; none where it was not built."""
        executable = os.path.join(os.path.dirname(EXECUTABLE), "example_sanprivacy_video")
        if not os.path.exists(executable):
            return []
        done = subprocess.run([executable, self.path(name), self.path("sample.avi"), "--replace=3"], capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return frames_of(self.path("sample.avi"))

    def test_pixels_that_are_not_square_through_the_samples(self):
        """They become square."""
        for shape, (width, height) in (("2/1", (WIDTH // 2, HEIGHT)), ("1/2", (WIDTH, HEIGHT // 2))):
            with self.subTest(shape):
                ffmpeg("-i", self.original, "-vf", f"scale={width}:{height},setsar={shape}", self.path("narrow.mkv"))
                video = self.open_video(self.path("narrow.mkv"))
                read_by_python = [frame for _, frame in iter(video.read, (False, None))]
                size = video.get(cv2.CAP_PROP_FRAME_HEIGHT), video.get(cv2.CAP_PROP_FRAME_WIDTH)
                self.assertEqual((len(read_by_python), read_by_python[3].shape, size), (FRAMES, (HEIGHT, WIDTH, 3), (HEIGHT, WIDTH)))
                self.assertLess(np.abs(read_by_python[3].astype(int) - frames_of(self.original)[3]).mean(), 8)
                for t, frame in enumerate(self.protect_by_sample("narrow.mkv")):
                    self.assertEqual(frame.shape, (HEIGHT, WIDTH, 3))
                    self.assertGreater((np.abs(frame[face_box(t)].astype(int) - 128) < 12).mean(), .95, f"frame {t}")

    def test_all_eight_through_the_samples(self):
        for matrix in sorted(self.MATRICES):
            with self.subTest(matrix):
                self.turned(matrix)
                before = self.shown(self.path("turned.mp4"))
                video = self.open_video(self.path("turned.mp4"))
                read_by_python = [frame for _, frame in iter(video.read, (False, None))]
                size = video.get(cv2.CAP_PROP_FRAME_HEIGHT), video.get(cv2.CAP_PROP_FRAME_WIDTH)
                self.assertEqual((len(read_by_python), read_by_python[3].shape, size), (len(before), before[3].shape, before[3].shape[:2]))
                self.assertLess(np.abs(before[3].astype(int) - read_by_python[3]).mean(), 4)
                after = self.protect_by_sample("turned.mp4")
                if not after:
                    continue
                self.assertEqual((len(after), after[3].shape), (len(before), before[3].shape))
                self.assertLess((np.abs(before[3].astype(int) - after[3]).max(axis=2) > 30).mean(), .15)  # the face at most


class Colors(Formats):
    def check(self, name, target, size, *arguments, matrix="auto", tolerance=3., tags=None):
        cv2.imwrite(self.path("bars.png"), with_bars(*size))
        ffmpeg("-loop", 1, "-i", self.path("bars.png"), "-frames:v", 5, *arguments, self.path(name))
        done = self.protect(name, target)
        before, after = self.shown(self.path(name), matrix), self.shown(self.path(target), matrix)
        self.assertEqual(len(before), len(after))
        for k in range(len(BARS)):
            middle = (2 * k + 1) * size[0] // (2 * len(BARS))
            difference = before[2][BAR_ROWS, middle].mean(axis=0) - after[2][BAR_ROWS, middle].mean(axis=0)
            self.assertLessEqual(np.abs(difference).max(), tolerance, f"{name}: {BARS[k]}")
        if tags:
            self.assertEqual(probe(self.path(target), "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries"), [tags])
        return done

    def test_tagged_and_of_usual_size(self):
        bt709 = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
        self.check("sd709.mp4", "out1.mp4", (640, 360), "-vf", f"scale=out_color_matrix=bt709,format=yuv420p,{bt709}:range=tv",
                   tags="yuv420p,tv,bt709,bt709,bt709")
        self.check("sd.mp4", "out2.mp4", (640, 360), "-vf", "scale=out_color_matrix=bt601,format=yuv420p", matrix="bt601")
        self.check("hd.mp4", "out3.mp4", (1280, 720), "-vf", "scale=out_color_matrix=bt709,format=yuv420p", matrix="bt709")
        self.check("full.mp4", "out4.mp4", (640, 360), "-vf", f"scale=out_color_matrix=bt709:out_range=pc,format=yuv420p,{bt709}:range=pc",
                   tags="yuvj420p,pc,bt709,bt709,bt709")

    def test_from_rgb(self):
        self.check("rgb.mkv", "out.mkv", (1280, 720), "-c:v", "libx264rgb", "-crf", 0)
        self.assertEqual(probe(self.path("out.mkv"), "stream=color_space"), ["bt709"])

    def test_order_of_luma_and_chroma(self):
        for order in ("yuyv422", "uyvy422"):
            self.check("packed.avi", "out.mp4", (1280, 720), "-vf", f"scale=out_color_matrix=bt709,format={order}", "-c:v", "rawvideo", matrix="bt709")

    def test_files_without_tags(self):
        self.check("sd709.mp4", "out.avi", (640, 360), "-vf", "scale=out_color_matrix=bt709,format=yuv420p,setparams=colorspace=bt709", tolerance=5.)

    def test_high_dynamic_range(self):
        for transfer in ("smpte2084", "arib-std-b67"):
            bt2020 = f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}:range=tv"
            done = self.check("hdr.mkv", "out.mkv", (640, 360), "-vf", f"scale=out_color_matrix=bt2020,format=yuv420p10le,{bt2020}",
                              "-c:v", "libx265", "-x265-params", "log-level=error", tags=f"yuv420p10le,tv,bt2020nc,{transfer},bt2020")
            self.assertEqual(done.stderr, "")
        self.one_line(self.protect("hdr.mkv", "out.avi").stderr, "high dynamic range")
        screen = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
        ffmpeg("-i", self.path("hdr.mkv"), "-an", "-frames:v", "4", "-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params",
               "log-level=error:colorprim=9:transfer=16:colormatrix=9:" + screen, self.path("screen.mp4"))
        self.one_line(self.protect("screen.mp4", "out.mp4").stderr, "left out: Dolby Vision and mastering metadata")

    def test_ten_bits_are_kept(self):
        """A ramp of steps that 8 bits do not tell apart."""
        ramp = np.full((HEIGHT, WIDTH, 3), 30000, np.uint16) + np.arange(WIDTH, dtype=np.uint16)[None, :, None] * 8
        ramp[30:30 + HEIGHT - 60] = frame_at(0)[30:30 + HEIGHT - 60].astype(np.uint16) * 257
        cv2.imwrite(self.path("ramp.png"), ramp)
        ffmpeg("-loop", 1, "-i", self.path("ramp.png"), "-frames:v", 5, "-pix_fmt", "yuv420p10le", "-c:v", "libx264", "-crf", 0, self.path("deep.mkv"))
        self.protect("deep.mkv", "out.mkv", "--quality", 1)
        ffmpeg("-i", self.path("out.mkv"), "-frames:v", 1, "-pix_fmt", "gray16le", "-y", self.path("out.png"))
        self.assertGreater(len(np.unique(cv2.imread(self.path("out.png"), -1)[5])), 2 * WIDTH * 8 / 257)
        changed = frames_of(self.path("out.mkv"))[2].astype(int) - frames_of(self.path("deep.mkv"))[2]
        self.assertGreater(np.abs(changed[face_box(0)]).mean(), 8)

    def test_fields(self):
        for order, name in (("tff", "tt"), ("bff", "bb")):
            ffmpeg("-i", self.original, "-vf", f"setfield={order}", "-flags", "+ildct+ilme", "-c:v", "libx264", "-x264-params", order + "=1",
                   self.path("fields.mp4"))
            self.assertEqual(probe(self.path("fields.mp4"), "stream=field_order"), [name])
            self.protect("fields.mp4", "out.mp4")
            self.assertEqual(probe(self.path("out.mp4"), "stream=field_order"), [name])
            ffmpeg("-i", self.path("fields.mp4"), "-flags", "+ildct+ilme", "-c:v", "libx264", "-x264-params", order + "=1", self.path("fields.mkv"))
            for source in ("fields.mp4", "fields.mkv"):  # Matroska files call the order otherwise
                for target in ("out.mp4", "out.mkv"):
                    self.protect(source, target)
                    self.assertEqual(set(probe(self.path(target), "frame=interlaced_frame,top_field_first")), {f"1,{int(order == 'tff')}"})
        self.one_line(self.protect("fields.mp4", "out.webm").stderr, "interlaced")


class Containers(Formats):
    def sound_after_video(self, path):
        """Seconds from the first image to the first sound."""
        video, sound = (min(float(time) for time in probe(path, "packet=pts_time", stream) if time != "N/A") for stream in ("v:0", "a:0"))
        return sound - video

    def test_odd_sizes_are_filled_up_for_players(self):
        ffmpeg("-i", self.original, "-vf", "crop=319:239:0:0:exact=1,format=yuv444p", "-c:v", "libx264", "-crf", 0, self.path("odd.mkv"))
        self.one_line(self.protect("odd.mkv", "out.mp4").stderr, "319x239", "320x240")
        self.assertEqual(probe(self.path("out.mp4"), "stream=width,height,pix_fmt"), ["320,240,yuv420p"])

    def test_sound_that_the_container_does_not_take(self):
        ffmpeg("-i", self.original, "-c:v", "copy", "-c:a", "pcm_s16le", self.path("pcm.mov"))
        self.assertEqual(self.protect("pcm.mov", "out.mov").stderr, "")
        self.assertEqual(probe(self.path("out.mov"), "stream=codec_name", "a:0"), ["pcm_s16le"])
        told = self.protect("pcm.mov", "out.mp4").stderr
        if told:  # ffmpeg before 6.1 writes no PCM into MP4
            self.one_line(told, "sound", "aac")
        self.assertEqual(probe(self.path("out.mp4"), "stream=codec_name", "a:0"), ["aac" if told else "pcm_s16le"])

    def test_files_that_are_never_of_sound_alone(self):
        ffmpeg("-i", self.original, "-r", 25, "-c:v", "mpeg2video", "-q:v", 2, "-c:a", "pcm_s16le", "-ar", 48000, self.path("in.mxf"))
        self.assertEqual(self.protect("in.mxf", "out.mxf").stderr, "")
        ffmpeg("-i", self.original, "-r", 25, "-s", "720x576", "-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-ac", 2, "-ar", 48000, self.path("in.dv"))
        self.assertEqual(self.protect("in.dv", "out.dv").stderr, "")
        for name in ("out.mxf", "out.dv"):
            self.assertEqual(probe(self.path(name), "stream=codec_name", "a"), ["pcm_s16le"], name)

    def test_transparency_that_is_left_out_is_told(self):
        for name, encoder, pixels in (("in.mov", "qtrle", "argb"), ("in.webm", "libvpx-vp9", "yuva420p")):
            ffmpeg("-i", self.original, "-vf", f"format={pixels}", "-an", "-c:v", encoder, self.path(name))
            self.one_line(self.protect(name, "out.mp4").stderr, name, "left out: transparency")

    def rich(self, name, *codecs):
        """A video with a second one, subtitles and chapters, all of it the original's 0.8 seconds long."""
        write(self.path("words.srt"), b"1\n00:00:00,320 --> 00:00:00,390\nHello\n\n2\n00:00:00,500 --> 00:00:00,700\nGood night\n")
        write(self.path("chapters.txt"), b";FFMETADATA1\ntitle=Secret\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n"
              b"[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=800\ntitle=Two\n")
        ffmpeg("-i", self.original, "-i", self.original, "-i", self.path("words.srt"), "-i", self.path("chapters.txt"), "-map", "0", "-map", "1:v",
               "-map", "2", "-map_metadata", 3, "-map_chapters", 3, "-metadata:s:s:0", "language=ger", "-c", "copy", *codecs, self.path(name))

    def subtitles(self, name):
        """Their words, and when they are shown after the first image, hundredths of a second."""
        ffmpeg("-copyts", "-i", self.path(name), self.path("shown.srt"))
        text = read(self.path("shown.srt")).decode()
        os.remove(self.path("shown.srt"))
        first = times(self.path(name))[0]
        shown = [float(second) + float(thousandth) / 1000 - first for second, thousandth in re.findall(r"00:00:(\d+),(\d+)", text)]
        return re.findall(r"[A-Z].*", text), np.round(np.float64(shown), 2).tolist()

    def chapters(self, name):
        told = subprocess.run(["ffprobe", "-v", "error", "-show_chapters", "-show_format", "-of", "json", self.path(name)], check=True,
                              capture_output=True, text=True, timeout=TIMEOUT).stdout
        self.assertNotIn("Secret", told)
        return [(chapter["tags"]["title"], round(float(chapter["start_time"]), 2), round(float(chapter["end_time"]), 2))
                for chapter in json.loads(told)["chapters"]]

    def test_subtitles_and_chapters_stay(self):
        self.rich("rich.mkv", "-c:s", "srt")
        self.rich("rich.mp4", "-c:s", "mov_text")
        words = ["Hello", "Good night"]
        for source, target in (("mkv", "mkv"), ("mp4", "mp4"), ("mkv", "mp4"), ("mp4", "mkv")):
            with self.subTest(source + " to " + target):
                done = self.protect("rich." + source, "out." + target)
                self.one_line(done.stderr, "1 further video track")
                self.assertNotIn("chapter", done.stderr)
                self.assertEqual(probe(self.path("out." + target), "stream=codec_type", "v"), ["video"])
                self.assertEqual(len(times(self.path("out." + target))), FRAMES)
                before, after = self.subtitles("rich." + source), self.subtitles("out." + target)
                self.assertEqual((before[0], after[0]), (words, words))
                np.testing.assert_allclose(after[1], before[1], atol=.011)
                self.assertEqual([title for title, _, _ in self.chapters("out." + target)], ["One", "Two"])
                np.testing.assert_allclose([time for _, *span in self.chapters("out." + target) for time in span], [0, .4, .4, .8], atol=.03)
                self.assertEqual(probe(self.path("out." + target), "stream_tags=language", "s"), ["ger"])
                self.assertFalse([name for name in files(self.folder) if name.startswith(".")])

    def test_subtitles_and_chapters_of_a_span(self):
        self.rich("rich.mkv", "-c:s", "srt")
        for sound in ((), ("-an",)):
            ffmpeg("-i", self.path("rich.mkv"), "-map", "0", "-c", "copy", *sound, self.path("source.mkv"))
            for target in ("out.mkv", "out.mp4"):
                self.protect("source.mkv", target, "--from", .4, "--to", .72)
                words, shown = self.subtitles(target)
                self.assertEqual(words, ["Good night"])
                np.testing.assert_allclose(shown, [.1, .3], atol=.03)
                title, begin, end = self.chapters(target)[-1]
                self.assertEqual(title, "Two")
                np.testing.assert_allclose([begin, end], [0, .32], atol=.05)

    def test_a_subtitle_that_is_shown_when_a_span_begins(self):
        for codec, ending in (("srt", "mkv"), ("ass", "mkv"), ("mov_text", "mp4")):
            with self.subTest(codec):
                self.rich("rich.mkv", "-c:s", "srt")
                ffmpeg("-i", self.path("rich.mkv"), "-map", "0:v:0", "-map", "0:s", "-c:v", "copy", "-c:s", codec, self.path("source." + ending))
                self.protect("source." + ending, "out." + ending, "--from", .6)
                words, shown = self.subtitles("out." + ending)
                self.assertEqual(words, ["Good night"])
                np.testing.assert_allclose(shown, [0, .1], atol=.03)

    def test_what_is_left_out_is_told(self):
        self.rich("rich.mkv", "-c:s", "srt")
        self.one_line(self.protect("rich.mkv", "out.ts").stderr, "1 subtitle track", "2 chapters", "1 further video track")
        self.assertEqual(len(times(self.path("out.ts"))), FRAMES)

    def test_photographs_beside_the_video_are_left_out_and_told(self):
        photo = portraits()[0]
        ffmpeg("-i", photo, "-i", self.original, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v:0", "attached_pic", self.path("cover.mp4"))
        ffmpeg("-i", self.original, "-attach", photo, "-metadata:s:t", "mimetype=image/jpeg", "-c", "copy", self.path("attached.mkv"))
        for name in ("cover.mp4", "attached.mkv"):
            done = self.protect(name, "out" + name[-4:])
            self.one_line(done.stderr, name, "left out: 1 cover image")
            self.assertEqual(probe(self.path("out" + name[-4:]), "stream=codec_name", "v"), ["h264"])
            self.assertNotIn(b"JFIF", read(self.path("out" + name[-4:])))

    def test_no_image_stays_inside_of_sound_subtitles_and_chapters(self):
        """A cover in an ID3 tag among the packets of MP3, one in the header of ASS subtitles, others as text in base64."""
        cover = cv2.imencode(".jpg", frame_at(0))[1].tobytes()
        code = base64.b64encode(cover).decode()
        cv2.imwrite(self.path("cover.jpg"), frame_at(0))
        ffmpeg("-i", self.original, "-i", self.path("cover.jpg"), "-map", "0:a", "-map", "1", "-c:a", "libmp3lame", "-c:v", "copy",
               "-id3v2_version", 3, "-disposition:v", "attached_pic", self.path("cover.mp3"))
        mp3 = read(self.path("cover.mp3"))
        size = mp3[6] << 21 | mp3[7] << 14 | mp3[8] << 7 | mp3[9]
        ffmpeg("-i", self.original, "-i", self.path("cover.mp3"), "-map", "0:v", "-map", "1:a", "-c:v", "mpeg4", "-c:a", "copy", self.path("plain.avi"))
        avi = read(self.path("plain.avi"))
        begin, end = avi.index(b"movi"), avi.index(b"idx1")
        place = avi.index(b"01wb", begin)
        length, tag = int.from_bytes(avi[place + 4:place + 8], "little"), mp3[:size + 10 + size % 2]
        movie = avi[begin:place + 4] + (len(tag) + length).to_bytes(4, "little") + tag + avi[place + 8:end]
        write(self.path("mp3.avi"), avi[:4] + (begin + len(movie) - 8).to_bytes(4, "little") + avi[8:begin - 4]
              + len(movie).to_bytes(4, "little") + movie)
        lines = "\n".join(code[k:k + 80] for k in range(0, len(code), 80))
        write(self.path("plain.srt"), b"1\n00:00:00,100 --> 00:00:00,500\nHello\n")
        ffmpeg("-i", self.path("plain.srt"), self.path("plain.ass"))
        write(self.path("ass.ass"), read(self.path("plain.ass")).replace(b"[Events]", f"[Graphics]\nfilename: a.jpg\n{lines}\n\n[Events]".encode()))
        write(self.path("srt.srt"), b"1\n00:00:00,100 --> 00:00:00,500\ndata:image/jpeg;base64," + code.encode() + b"\n")
        chapter = f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\nPREVIEW={code}\n"
        write(self.path("chapters.txt"), chapter.encode())
        for name in ("ass.ass", "srt.srt", "chapters.txt"):
            ffmpeg("-i", self.original, "-i", self.path(name), "-map", 0, *(("-map_chapters", 1) if name == "chapters.txt" else ("-map", 1)), "-c", "copy",
                   "-metadata:s:a", "language=" + code, self.path(name[:-4] + ".mkv"))
        expected = {"mp3.avi": (["mpeg4", "mp3"], "1 sound track"), "ass.mkv": (["h264", "aac", "subrip"], "1 subtitle track"),
                    "srt.mkv": (["h264", "aac"], "1 subtitle track"), "chapters.mkv": (["h264", "aac"], "list of chapters")}
        parts = [cover[k:k + 24] for k in range(400, len(cover) - 24, 100)] + [code[k:k + 24].encode() for k in range(400, len(code) - 24, 80)]
        for name, (tracks, words) in expected.items():
            with self.subTest(name):
                self.assertTrue(any(part in read(self.path(name)) for part in parts))
                done = self.protect(name, "out-" + name)
                self.one_line(done.stderr, "left out", words, "image")
                self.assertFalse(any(part in read(self.path("out-" + name)) for part in parts))
                self.assertEqual([probe(self.path("out-" + name), "stream=codec_name", str(k))[0] for k in range(len(tracks))], tracks)

    def test_every_sound_track_stays(self):
        ffmpeg("-i", self.original, "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", self.path("two.mp4"))
        self.protect("two.mp4", "out.mp4")
        self.assertEqual(len(probe(self.path("out.mp4"), "stream=codec_name", "a")), 2)

    def test_parts_whose_time_begins_later(self):
        self.make(self.path("long.mkv"), "-g", 10, "-c:a", "aac", frames=60)
        for ending in ("mkv", "ts", "mp4"):
            with self.subTest(ending):
                ffmpeg("-i", self.path("long.mkv"), "-c", "copy", "-f", "segment", "-segment_time", .8, "-segment_format_options",
                       "movflags=frag_keyframe+empty_moov" if ending == "mp4" else "", self.path("part%d." + ending))
                part = self.path("part1." + ending)
                frames = len(self.shown(part))
                self.protect(f"part1.{ending}", f"out.{ending}")
                self.assertEqual(len(self.shown(self.path("out." + ending))), frames)
                self.assertAlmostEqual(self.sound_after_video(part), self.sound_after_video(self.path("out." + ending)), delta=.03)

    def test_recordings_that_follow_one_another_in_a_stream(self):
        ffmpeg("-i", self.original, "-c", "copy", self.path("a.ts"))
        ffmpeg("-i", self.original, "-c", "copy", "-output_ts_offset", 5000, self.path("b.ts"))
        for name, parts in (("forth.ts", "ab"), ("back.ts", "ba"), ("same.ts", "aa")):
            write(self.path(name), b"".join(read(self.path(part + ".ts")) for part in parts))
            self.protect(name, "out.ts")
            self.assertEqual(len(self.shown(self.path("out.ts"))), 2 * FRAMES, name)

    def test_sound_that_begins_before_or_after_the_video(self):
        for ending, encoders in (("ts", ("copy", "copy")), ("mpg", ("mpeg2video", "mp2")), ("mkv", ("copy", "copy")), ("mp4", ("copy", "copy"))):
            for later in (-.2, .2):
                with self.subTest(f"{ending} {later}"):
                    ffmpeg("-i", self.original, "-itsoffset", later, "-i", self.original, "-map", "0:v", "-map", "1:a", "-c:v", encoders[0],
                           "-c:a", encoders[1], self.path("in." + ending))
                    self.assertAlmostEqual(self.sound_after_video(self.path("in." + ending)), later, delta=.05)
                    self.protect("in." + ending, "out." + ending)
                    self.assertAlmostEqual(self.sound_after_video(self.path("in." + ending)), self.sound_after_video(self.path("out." + ending)),
                                           delta=.03)

    def test_avi_whose_header_counts_fewer_frames(self):
        ffmpeg("-i", self.original, "-an", "-c:v", "mpeg4", "-q:v", 2, self.path("a.avi"))
        content = bytearray(read(self.path("a.avi")))
        for name, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
            place = content.index(name) + offset
            content[place:place + 4] = (5).to_bytes(4, "little")
        write(self.path("a.avi"), bytes(content))
        for target in ("out.mkv", "out.avi"):
            self.protect("a.avi", target)
            self.assertEqual(len(times(self.path(target))), FRAMES)

    def test_long_names(self):
        for name in ("x" * 251 + ".mp4", "\u4eba" * 83 + ".mp4"):
            shutil.copy(self.original, self.path("in", name))
            self.protect(os.path.join("in", name), name)
            self.assertEqual(len(frames_of(self.path(name))), FRAMES)
            os.remove(self.path(name))
            os.remove(self.path("in", name))

    def test_urls(self):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=self.folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        shutil.copy(self.original, self.path("my video.mp4"))
        for url in (f"http://127.0.0.1:{server.server_port}/video.mp4", "file://" + self.path("my video.mp4"),
                    "file://" + self.path("my%20video.mp4")):
            with self.subTest(url):
                done = self.video(url, self.path("out.mp4"), "--replace", "solid")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(len(frames_of(self.path("out.mp4"))), FRAMES)
                self.assertEqual(probe(self.path("out.mp4"), "stream=codec_name", "a:0"), ["aac"])
        missing = f"http://127.0.0.1:{server.server_port}/missing.mp4"
        done = self.video(missing, self.path("none.mp4"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^" + missing + ": cannot be read: [^@]*404[^@]*\n$")
        done = self.video("file://" + self.original, self.original)
        self.assertEqual(done.returncode, 2)
        self.one_line(done.stderr, "is an input")

    def test_folder_is_searched_by_content(self):
        encoders = {"a.mts": "libx264", "b.m2ts": "libx264", "c.3gp": "mpeg4", "deep/er/d.vob": "mpeg2video", "e.mxf": "mpeg2video", "f.gif": "gif",
                    "deep/g.MOV": "libx264", "h.apng": "apng"}
        for name, encoder in encoders.items():
            ffmpeg("-i", self.original, "-an", "-c:v", encoder, self.path("in", name))
        ffmpeg("-i", self.original, "-frames:v", 1, self.path("in", "one.mp4"))
        ffmpeg("-i", self.original, "-frames:v", 1, "-an", "-brand", "heic", "-f", "mp4", self.path("in", "photo.heic"))
        kinds = sorted([*encoders, "one.mp4"])
        write(self.path("in", "notes.txt"), b"no video\n" * 100)
        cv2.imwrite(self.path("in", "photo.jpg"), frame_at(0))
        shutil.copy(self.original, self.path("in", ".sanprivacy-x.mp4"))
        done = self.video(self.path("in"), self.path("in", "out"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(files(self.path("in", "out")), kinds)
        self.one_line(done.stdout, f"{len(kinds)} videos protected")
        self.one_line(done.stdout, "Skipped", "4 other files", "1 .txt", "1 .jpg", "1 .heic")
        for name in kinds:
            self.assertGreaterEqual(len(self.shown(self.path("in", "out", name))), 1 if name == "one.mp4" else FRAMES, name)

    def test_a_video_that_cannot_be_read_is_named(self):
        shutil.copy(self.original, self.path("in", "good.mp4"))
        write(self.path("in", "half.mp4"), read(self.original)[:2000])
        write(self.path("in", "none.MOV"), b"")
        ffmpeg("-i", self.original, "-vn", self.path("sound.mp4"))
        done = self.video(self.path("sound.mp4"), self.path("out.mp4"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, "sound.mp4: holds sound, but no video")
        done = self.video(self.path("in"), self.path("out"), "--replace", "solid")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, "half.mp4: no video that can be read")
        self.one_line(done.stderr, "none.MOV: the file is empty")
        self.one_line(done.stdout, "1 video protected", "2 failed")

    def test_a_preview_needs_a_screen(self):
        screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        without = {name: value for name, value in os.environ.items() if name not in screens}
        done = self.video(self.original, self.path("out.mp4"), "--preview", env=without)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.one_line(done.stderr, "--preview needs a screen")

    def test_an_ending_that_ffmpeg_does_not_write(self):
        done = self.video(self.original, self.path("out.dav"), "--replace", "solid")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, "no videos with the ending .dav", "out.mp4")
        done = self.video(self.original, self.original, self.path("both.mp4"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.one_line(done.stderr, "several videos need a folder", "both.mp4")


class Sequences(Formats):
    def numbered(self, numbers, name="d/{}.png"):
        for k, number in enumerate(numbers):
            cv2.imwrite(self.path(*name.format(number).split("/")), frame_at(k))

    def test_numbers_stay_over_gaps_and_from_any_one_on(self):
        for numbers in ([1, 2, 5, 6, 12], [100, 101], [0, 3]):
            with self.subTest(numbers):
                shutil.rmtree(self.path("d", ""), ignore_errors=True)
                shutil.rmtree(self.path("o", ""), ignore_errors=True)
                self.numbered(numbers)
                self.path("o", "x")
                self.protect("d/%d.png", "o/%03d.png")
                self.assertEqual(files(self.path("o")), [f"{number:03}.png" for number in numbers])
                for k, number in enumerate(numbers):
                    self.assertTrue((cv2.imread(self.path("o", f"{number:03}.png"))[face_box(k)] == 128).mean() > .9)

    def test_no_original_is_overwritten(self):
        self.numbered([1, 2, 10])
        before = [read(self.path("d", f"{number}.png")) for number in (1, 2, 10)]
        os.makedirs(self.path("e"))
        os.symlink(self.path("d", "2.png"), self.path("e", "0002.png"))
        for source, target in (("d/%d.png", "d/%d.png"), ("d/%d.png", "d/%02d.png"), ("d/%d.png", "e/%04d.png"), ("d/2.png", "d/%d.png")):
            done = self.video(self.path(source), self.path(target), "--replace", "solid")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "is an input")
        self.assertEqual([read(self.path("d", f"{number}.png")) for number in (1, 2, 10)], before)

    def test_an_image_that_cannot_be_read_is_told_and_the_others_are_protected(self):
        self.numbered([1, 2, 3])
        write(self.path("d", "2.png"), b"no image")
        self.path("o", "x")
        done = self.video(self.path("d", "%d.png"), self.path("o", "%d.png"), "--replace", "solid")
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "2.png")
        self.assertEqual(files(self.path("o")), ["1.png", "3.png"])

    def test_what_is_left_out_of_an_image_is_told(self):
        self.numbered([1, 2, 3])
        for k in (1, 2, 3):
            cv2.imwrite(self.path("d", f"{k}.jpg"), cv2.imread(self.path("d", f"{k}.png")))
        for k in (2, 3):
            write(self.path("d", f"{k}.jpg"), read(self.path("d", f"{k}.jpg")) + read(self.path("d", "1.jpg")))
        self.path("o", "x")
        done = self.protect("d/%d.jpg", "o/%d.png")
        self.one_line(done.stderr, "2.jpg: left out: a further image behind the image (and 1 other image)")

    def test_images_that_use_a_small_part_of_their_range(self):
        """12 bits of a camera in 16, and one frame that is darker still: found, and written with the levels that they had."""
        for k in range(4):
            deep = frame_at(k).astype(np.uint16) * 16
            cv2.imwrite(self.path("d", f"{k}.png"), deep // 16 if k == 2 else deep)
            cv2.imwrite(self.path("dark", f"{k}.png"), frame_at(k) // 8)
        self.path("o", "x")
        self.protect("d/%d.png", "o/%d.png")
        self.protect("dark/%d.png", "o/dark%d.png")
        self.protect("d/%d.png", "o/%d.jpg")
        for k in range(4):
            before, after = (cv2.imread(self.path(folder, f"{k}.png"), cv2.IMREAD_UNCHANGED) for folder in ("d", "o"))
            dark = cv2.imread(self.path("o", f"dark{k}.png"), cv2.IMREAD_UNCHANGED)
            self.assertEqual((after.dtype, dark.dtype), (np.uint16, np.uint8))
            self.assertTrue((after[:, :40] == before[:, :40]).all())
            self.assertTrue((dark[:, :40] == frame_at(k)[:, :40] // 8).all())
            self.assertGreater((np.abs(after[face_box(k)].astype(int) - 128 * 16) < 32).mean(), .9, k)
            self.assertGreater((dark[face_box(k)] == 16).mean(), .9)
            self.assertLessEqual(cv2.imread(self.path("o", f"{k}.jpg")).max(), 17)

    def test_transparency_of_images(self):
        """It stays from images to images; a face that shows in it is protected on white; a video says that it is lost."""
        matte = np.full((HEIGHT, WIDTH), 255, np.uint8)
        matte[:40] = 90
        for k in range(3):
            frame = frame_at(k)
            cv2.imwrite(self.path("d", f"{k}.png"), np.dstack([frame, matte]))
            gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
            cv2.imwrite(self.path("ink", f"{k}.png"), np.dstack([np.zeros_like(frame), 255 - gray]))
            cv2.imwrite(self.path("pale", f"{k}.png"), np.dstack([np.full_like(frame, 252), gray]))
        self.path("o", "x")
        self.assertEqual(self.protect("d/%d.png", "o/%d.png").stderr, "")
        self.assertEqual(self.protect("d/%d.png", "o/%d.webp").stderr, "")
        for k in range(3):
            before = cv2.imread(self.path("d", f"{k}.png"), cv2.IMREAD_UNCHANGED)
            for ending in ("png", "webp"):
                after = cv2.imread(self.path("o", f"{k}.{ending}"), cv2.IMREAD_UNCHANGED)
                self.assertTrue((after[..., 3] == before[..., 3]).all())
                self.assertGreater((np.abs(after[..., :3][face_box(k)].astype(int) - 128) < 8).mean(), .9)
        self.one_line(self.protect("d/%d.png", "o/a.mp4").stderr, "left out: transparency")
        self.one_line(self.protect("ink/%d.png", "o/ink%d.png").stderr,
                      "0.png: written on white: a face shows in the transparency", "(and 2 other images)")
        self.one_line(self.protect("pale/%d.png", "o/pale%d.png").stderr, "0.png: written on black", "(and 2 other images)")
        for k in range(3):
            for name in (f"ink{k}.png", f"pale{k}.png"):
                after = cv2.imread(self.path("o", name), cv2.IMREAD_UNCHANGED)
                self.assertEqual(after.shape[2], 3)
                self.assertTrue((after[face_box(k)] == 128).mean() > .9)

    def test_small_faces_in_the_transparency_of_large_images_are_told(self):
        alpha = np.full((900, 3840), 255, np.uint8)
        alpha[:, :900] = 0
        image = np.full((900, 3840, 3), 128, np.uint8)
        image[:720, 1000:1960] = cv2.resize(frame_at(0), (960, 720))
        cv2.imwrite(self.path("d", "1.png"), np.dstack([image, alpha]))
        self.path("o", "x")
        self.one_line(self.protect("d/%d.png", "o/%d.png").stdout, "In the transparency, faces without half-transparent areas",
                      "narrower than 36 pixels")
        ffmpeg("-i", self.original, "-vf", "format=yuva420p", "-an", "-c:v", "libvpx-vp9", self.path("in.webm"))
        self.one_line(self.protect("in.webm", "o/b%d.png").stderr, "left out: transparency")


class Outputs(Formats):
    def test_no_output_is_an_input(self):
        hidden = self.path(".sanprivacy-out.mp4")
        shutil.copy(self.original, hidden)
        for source, *arguments in ((self.original, self.path("out.mp4"), "--log", self.original), (hidden, self.path("out.mp4")),
                                   (self.original, self.path("out.mp4"), "--log", self.networks[1])):
            done = self.video(source, *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.one_line(done.stderr, "is an input")
        self.assertEqual(read(hidden), read(self.original))

    def test_streams_without_a_container_and_endings_ffmpeg_does_not_know(self):
        for name, encoder in (("a.m2v", "mpeg2video"), ("a.mjpeg", "mjpeg"), ("a.hevc", "libx265"), ("a.h264", "libx264"), ("a.ogg", "libtheora")):
            with self.subTest(name):
                quiet = ("-x265-params", "log-level=error") if encoder == "libx265" else ()
                ffmpeg("-i", self.original, "-an", "-c:v", encoder, *quiet, self.path(name))
                self.assertEqual(self.protect(name, "out" + name[1:]).stderr, "")
                self.assertEqual(probe(self.path("out" + name[1:]), "stream=codec_name"), probe(self.path(name), "stream=codec_name"))
                self.assertEqual(len(self.shown(self.path("out" + name[1:]))), FRAMES)
        ffmpeg("-i", self.original, "-c", "copy", "-f", "mov", self.path("b.qt"))
        self.protect("b.qt", "out.qt")
        self.assertEqual(len(times(self.path("out.qt"))), FRAMES)

    def test_pipes(self):
        os.mkfifo(self.path("pipe.mp4"))
        done = self.video(self.path("pipe.mp4"), self.path("out.mp4"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "pipe.mp4", "not a regular file", "--raw")
        with open(self.original, "rb") as video:
            done = subprocess.run([EXECUTABLE, "video", *self.networks, "/dev/stdin", self.path("out.mp4"), "--replace", "solid"], stdin=video,
                                  capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(times(self.path("out.mp4"))), FRAMES)

    def test_images_are_refused(self):
        cv2.imwrite(self.path("photo.jpg"), frame_at(0))
        done = self.video(self.path("photo.jpg"), self.path("out.jpg"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "photo.jpg", "perturb")
        done = self.video(self.original, self.path("out.jpg"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "out.jpg", "%d")
        self.assertFalse(os.path.exists(self.path("out.jpg")))

    def test_what_cannot_become_a_video(self):
        os.mkfifo(self.path("pipe.mp4"))
        for name, reason in (("pipe.mp4", "not a regular file"), ("out", ".mp4")):
            done = self.video(self.original, self.path(name), "--replace", "solid")
            self.assertEqual(done.returncode, 1)
            self.one_line(done.stderr, name, reason)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe.mp4")).st_mode))
        self.assertFalse([name for name in files(self.folder) if name.startswith((".", "out"))])

    def test_log_on_standard_output(self):
        done = self.video(self.original, self.path("out.mp4"), "--replace", "solid", "--log", "/dev/stdout")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([json.loads(line)["frame"] for line in done.stdout.splitlines() if line.startswith("{")], list(range(FRAMES)))

    def test_videos_without_a_face(self):
        ffmpeg("-f", "lavfi", "-i", "color=gray:s=320x240:r=25:d=0.4", self.path("nobody.mp4"))
        for choice, code, written in ((None, 1, False), ("error", 1, False), ("skip", 0, False), ("copy", 0, True)):
            with self.subTest(choice):
                done = self.video(self.path("nobody.mp4"), self.path("out.mp4"), *(("--no-face", choice) if choice else ()))
                self.assertEqual(done.returncode, code)
                self.one_line(done.stderr, "nobody.mp4", "no face found")
                self.one_line(done.stdout, "0 videos protected", "1 copied" if written else "1 without a face")
                self.assertEqual([name for name in files(self.folder) if name.startswith((".", "out"))], ["out.mp4"] * written)

    def test_two_runs_with_one_target(self):
        first = subprocess.Popen([EXECUTABLE, "video", *self.networks, "-", self.path("out.mp4"), "--raw", f"{WIDTH}x{HEIGHT}", "--replace", "solid",
                                  "--look-ahead", "0"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        first.stdin.write(b"".join(frame_at(t).tobytes() for t in range(4)))
        first.stdin.flush()
        while first.poll() is None and not os.path.exists(self.path(".sanprivacy~out.mp4")):
            time.sleep(.02)
        second = self.video(self.original, self.path("out.mp4"), "--replace", "blur")
        self.assertEqual(second.returncode, 1)
        self.one_line(second.stderr, "out.mp4", "another run")
        first.communicate(b"".join(frame_at(t).tobytes() for t in range(4, 10)), timeout=TIMEOUT)
        self.assertEqual(first.returncode, 0)
        self.assertEqual(len(frames_of(self.path("out.mp4"))), 10)
        self.assertFalse([name for name in files(self.folder) if name.startswith(".")])


if __name__ == "__main__":
    unittest.main()
