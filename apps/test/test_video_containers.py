# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the command `video` keeps of a file beside the frames: sound, subtitles, chapters, times, names."""

import base64
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import unittest

import cv2
import numpy as np

from command import TIMEOUT, files, portraits, read, write
from video_files import FRAMES, VideoTest, ffmpeg, frame_at, frames_of, probe, times


class Containers(VideoTest):
    def sound_after_video(self, path):
        """Seconds from the first image to the first sound."""
        video, sound = (min(float(time) for time in probe(path, "packet=pts_time",
                                                          stream) if time != "N/A") for stream in ("v:0", "a:0"))
        return sound - video

    def test_odd_sizes_are_filled_up_for_players(self):
        ffmpeg("-i", self.original, "-vf", "crop=319:239:0:0:exact=1,format=yuv444p", "-c:v", "libx264", "-crf", 0,
               self.path("odd.mkv"))
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

    def test_damaged_sound_that_is_encoded_anew(self):
        """What can be decoded is kept at its time: a tone begins after the damaged second."""
        ffmpeg("-i", self.original, "-f", "lavfi", "-i", "sine=frequency=1000", "-map", "0:v", "-map", "1:a", "-t", 4,
               "-vf", "loop=-1:100,setpts=N/25/TB", "-r", 25, "-af", "volume=0:enable='lt(t,2.5)'", "-c:v", "libx264",
               "-c:a", "aac", self.path("whole.mp4"))
        ffmpeg("-i", self.path("whole.mp4"), "-c", "copy", "-bsf:a", "noise=amount='if(between(n,40,80),20,0)'",
               self.path("in.mp4"))
        self.one_line(self.protect("in.mp4", "out.webm").stderr, "libopus", "parts of the sound are damaged")
        self.assertEqual(self.protect("in.mp4", "out.mp4").stderr, "")  # a copy
        sound = subprocess.run(["ffmpeg", "-v", "quiet", "-i", self.path("out.webm"), "-map", "0:a", "-ac", "1", "-ar",
                                "8000", "-af", "aresample=async=1", "-f", "s16le", "-"], check=True,
                               capture_output=True, timeout=TIMEOUT).stdout
        samples = np.frombuffer(sound, np.int16).astype(int)[:3 * 8000 + 4000]  # from 0 to 3.5 s
        loud = np.abs(samples.reshape(-1, 100)).mean(axis=1) > 500  # in each 80th of a second
        self.assertLess(abs(np.flatnonzero(loud[170:])[0] + 170 - 2.5 * 80), 8)
        self.assertGreater(loud[210:].mean(), .8)

    def test_files_that_are_never_of_sound_alone(self):
        ffmpeg("-i", self.original, "-r", 25, "-c:v", "mpeg2video", "-q:v", 2, "-c:a", "pcm_s16le", "-ar", 48000,
               self.path("in.mxf"))
        self.assertEqual(self.protect("in.mxf", "out.mxf").stderr, "")
        ffmpeg("-i", self.original, "-r", 25, "-s", "720x576", "-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-ac", 2,
               "-ar", 48000, self.path("in.dv"))
        self.assertEqual(self.protect("in.dv", "out.dv").stderr, "")
        for name in ("out.mxf", "out.dv"):
            self.assertEqual(probe(self.path(name), "stream=codec_name", "a"), ["pcm_s16le"], name)

    def test_transparency_that_is_left_out_is_told(self):
        for name, encoder, pixels in (("in.mov", "qtrle", "argb"), ("in.webm", "libvpx-vp9", "yuva420p")):
            ffmpeg("-i", self.original, "-vf", f"format={pixels}", "-an", "-c:v", encoder, self.path(name))
            self.one_line(self.protect(name, "out.mp4").stderr, name, "left out: transparency")

    def rich(self, name, *codecs):
        """A video with a second one, subtitles and chapters, all of it the original's 0.8 seconds long."""
        write(self.path("words.srt"),
              b"1\n00:00:00,320 --> 00:00:00,390\nHello\n\n2\n00:00:00,500 --> 00:00:00,700\nGood night\n")
        write(self.path("chapters.txt"),
              b";FFMETADATA1\ntitle=Secret\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n"
              b"[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=800\ntitle=Two\n")
        ffmpeg("-i", self.original, "-i", self.original, "-i", self.path("words.srt"), "-i", self.path("chapters.txt"),
               "-map", "0", "-map", "1:v",
               "-map", "2", "-map_metadata", 3, "-map_chapters", 3, "-metadata:s:s:0", "language=ger", "-c", "copy",
               *codecs, self.path(name))

    def subtitles(self, name):
        """Their words, and when they are shown after the first image, hundredths of a second."""
        ffmpeg("-copyts", "-i", self.path(name), self.path("shown.srt"))
        text = read(self.path("shown.srt")).decode()
        os.remove(self.path("shown.srt"))
        first = times(self.path(name))[0]
        shown = [float(second) + float(thousandth) / 1000 - first for second,
                 thousandth in re.findall(r"00:00:(\d+),(\d+)", text)]
        return re.findall(r"[A-Z].*", text), np.round(np.float64(shown), 2).tolist()

    def chapters(self, name):
        told = subprocess.run(["ffprobe", "-v", "error", "-show_chapters", "-show_format", "-of", "json",
                               self.path(name)], check=True,
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
                np.testing.assert_allclose([time for _, *span in self.chapters("out." + target) for time in span],
                                           [0, .4, .4, .8], atol=.03)
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
                ffmpeg("-i", self.path("rich.mkv"), "-map", "0:v:0", "-map", "0:s", "-c:v", "copy", "-c:s", codec,
                       self.path("source." + ending))
                self.protect("source." + ending, "out." + ending, "--from", .6)
                words, shown = self.subtitles("out." + ending)
                self.assertEqual(words, ["Good night"])
                np.testing.assert_allclose(shown, [0, .1], atol=.03)

    def test_what_is_left_out_is_told(self):
        self.rich("rich.mkv", "-c:s", "srt")
        self.one_line(self.protect("rich.mkv", "out.ts").stderr, "1 subtitle track", "2 chapters",
                      "1 further video track")
        self.assertEqual(len(times(self.path("out.ts"))), FRAMES)

    def test_photographs_beside_the_video_are_left_out_and_told(self):
        photo = portraits()[0]
        ffmpeg("-i", photo, "-i", self.original, "-map", 0, "-map", 1, "-c", "copy", "-disposition:v:0", "attached_pic",
               self.path("cover.mp4"))
        ffmpeg("-i", self.original, "-attach", photo, "-metadata:s:t", "mimetype=image/jpeg", "-c", "copy",
               self.path("attached.mkv"))
        for name in ("cover.mp4", "attached.mkv"):
            done = self.protect(name, "out" + name[-4:])
            self.one_line(done.stderr, name, "left out: 1 cover image")
            self.assertEqual(probe(self.path("out" + name[-4:]), "stream=codec_name", "v"), ["h264"])
            self.assertNotIn(b"JFIF", read(self.path("out" + name[-4:])))

    def test_no_image_stays_inside_of_sound_subtitles_and_chapters(self):
        """A cover in an ID3 tag among the packets of MP3, one in the header of ASS subtitles, others as text in
        base64."""
        cover = cv2.imencode(".jpg", frame_at(0))[1].tobytes()
        code = base64.b64encode(cover).decode()
        cv2.imwrite(self.path("cover.jpg"), frame_at(0))
        ffmpeg("-i", self.original, "-i", self.path("cover.jpg"), "-map", "0:a", "-map", "1", "-c:a", "libmp3lame",
               "-c:v", "copy",
               "-id3v2_version", 3, "-disposition:v", "attached_pic", self.path("cover.mp3"))
        mp3 = read(self.path("cover.mp3"))
        size = mp3[6] << 21 | mp3[7] << 14 | mp3[8] << 7 | mp3[9]
        ffmpeg("-i", self.original, "-i", self.path("cover.mp3"), "-map", "0:v", "-map", "1:a", "-c:v", "mpeg4", "-c:a",
               "copy", self.path("plain.avi"))
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
        write(self.path("ass.ass"),
              read(self.path("plain.ass")).replace(b"[Events]",
                                                   f"[Graphics]\nfilename: a.jpg\n{lines}\n\n[Events]".encode()))
        write(self.path("srt.srt"),
              b"1\n00:00:00,100 --> 00:00:00,500\ndata:image/jpeg;base64," + code.encode() + b"\n")
        chapter = f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\nPREVIEW={code}\n"
        write(self.path("chapters.txt"), chapter.encode())
        for name in ("ass.ass", "srt.srt", "chapters.txt"):
            ffmpeg("-i", self.original, "-i", self.path(name), "-map", 0,
                   *(("-map_chapters", 1) if name == "chapters.txt" else ("-map", 1)), "-c", "copy",
                   "-metadata:s:a", "language=" + code, self.path(name[:-4] + ".mkv"))
        expected = {"mp3.avi": (["mpeg4", "mp3"], "1 sound track"),
                    "ass.mkv": (["h264", "aac", "subrip"], "1 subtitle track"),
                    "srt.mkv": (["h264", "aac"], "1 subtitle track"), "chapters.mkv": (["h264", "aac"],
                                                                                       "list of chapters")}
        parts = [cover[k:k + 24] for k in range(400, len(cover) - 24,
                                                100)] + [code[k:k + 24].encode() for k in range(400, len(code) - 24,
                                                                                                80)]
        for name, (tracks, words) in expected.items():
            with self.subTest(name):
                self.assertTrue(any(part in read(self.path(name)) for part in parts))
                done = self.protect(name, "out-" + name)
                self.one_line(done.stderr, "left out", words, "image")
                self.assertFalse(any(part in read(self.path("out-" + name)) for part in parts))
                self.assertEqual([probe(self.path("out-" + name), "stream=codec_name",
                                        str(k))[0] for k in range(len(tracks))], tracks)

    def test_every_sound_track_stays(self):
        ffmpeg("-i", self.original, "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", self.path("two.mp4"))
        self.protect("two.mp4", "out.mp4")
        self.assertEqual(len(probe(self.path("out.mp4"), "stream=codec_name", "a")), 2)

    def test_parts_whose_time_begins_later(self):
        self.make(self.path("long.mkv"), "-g", 10, "-c:a", "aac", frames=60)
        for ending in ("mkv", "ts", "mp4"):
            with self.subTest(ending):
                ffmpeg("-i", self.path("long.mkv"), "-c", "copy", "-f", "segment", "-segment_time", .8,
                       "-segment_format_options",
                       "movflags=frag_keyframe+empty_moov" if ending == "mp4" else "", self.path("part%d." + ending))
                part = self.path("part1." + ending)
                frames = len(self.shown(part))
                self.protect(f"part1.{ending}", f"out.{ending}")
                self.assertEqual(len(self.shown(self.path("out." + ending))), frames)
                self.assertAlmostEqual(self.sound_after_video(part), self.sound_after_video(self.path("out." + ending)),
                                       delta=.03)

    def test_asf_holds_the_time_of_each_frame(self):
        """It has no place for that of frames which are decoded in another order than shown."""
        ffmpeg("-i", self.original, "-an", "-vf", "setpts=(N+2*floor(N/3))/25/TB", "-fps_mode", "passthrough",
               self.path("in.mkv"))
        for name in ("out.wmv", "out.asf"):
            self.protect("in.mkv", name)
            shown, expected = ([float(time.rstrip(",")) for time in probe(self.path(
                path), "frame=best_effort_timestamp_time")] for path in (name, "in.mkv"))
            self.assertLess(np.abs(np.subtract(shown, expected) - shown[0] + expected[0]).max(), .003, name)

    def test_ten_bits_for_kinds_of_files_without_h265(self):
        ffmpeg("-i", self.original, "-an", "-frames:v", 6, "-c:v", "ffv1", "-pix_fmt", "yuv420p10le",
               self.path("in.mkv"))
        for ending in ("wmv", "asf", "flv", "f4v", "3gp", "3g2", "3gpp", "m4v", "wtv", "264", "h264"):
            with self.subTest(ending):
                self.one_line(self.protect("in.mkv", "out." + ending).stderr, "8 bits")
                self.assertEqual(probe(self.path("out." + ending), "stream=codec_name,pix_fmt"), ["h264,yuv420p"])
                self.assertEqual(len(frames_of(self.path("out." + ending))), 6)

    def test_recordings_that_follow_one_another_in_a_stream(self):
        ffmpeg("-i", self.original, "-c", "copy", self.path("a.ts"))
        ffmpeg("-i", self.original, "-c", "copy", "-output_ts_offset", 5000, self.path("b.ts"))
        for name, parts in (("forth.ts", "ab"), ("back.ts", "ba"), ("same.ts", "aa")):
            write(self.path(name), b"".join(read(self.path(part + ".ts")) for part in parts))
            self.protect(name, "out.ts")
            self.assertEqual(len(self.shown(self.path("out.ts"))), 2 * FRAMES, name)

    def test_a_stream_that_is_cut_off_within_its_sound(self):
        whole, sound, size = self.path("whole.ts"), 0x101, 188
        ffmpeg("-i", self.original, "-c", "copy", whole)
        content = read(whole)
        packets = [content[k:k + size] for k in range(0, len(content), size)]
        begins = [k for k, packet in enumerate(packets)
                  if packet[1] & 0x40 and (packet[1] & 0x1f) << 8 | packet[2] == sound]
        write(self.path("part.ts"), content[:(begins[len(begins) * 2 // 3] + 1) * size])
        frames = len(frames_of(self.path("part.ts")))
        self.assertGreater(frames, 0)
        for out in ("out.mkv", "out.webm"):  # copied, and encoded anew
            self.video(self.path("part.ts"), self.path(out), "--replace", "solid")
            self.assertEqual(len(frames_of(self.path(out))), frames)
            self.assertEqual(len(probe(self.path(out), "stream=index", "a")), 1)

    def test_sound_that_begins_before_or_after_the_video(self):
        for ending, encoders in (("ts", ("copy", "copy")), ("mpg", ("mpeg2video", "mp2")), ("mkv", ("copy", "copy")),
                                 ("mp4", ("copy", "copy"))):
            for later in (-.2, .2):
                with self.subTest(f"{ending} {later}"):
                    ffmpeg("-i", self.original, "-itsoffset", later, "-i", self.original, "-map", "0:v", "-map", "1:a",
                           "-c:v", encoders[0],
                           "-c:a", encoders[1], self.path("in." + ending))
                    self.assertAlmostEqual(self.sound_after_video(self.path("in." + ending)), later, delta=.05)
                    self.protect("in." + ending, "out." + ending)
                    self.assertAlmostEqual(self.sound_after_video(self.path("in." + ending)),
                                           self.sound_after_video(self.path("out." + ending)),
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

    def test_avi_that_is_cut_off(self):
        ffmpeg("-i", self.original, "-an", "-c:v", "mpeg4", "-q:v", 3, self.path("whole.avi"))
        self.assertEqual(self.protect("whole.avi", "out.avi").stderr, "")
        write(self.path("cut.avi"), read(self.path("whole.avi"))[:-os.path.getsize(self.path("whole.avi")) // 3])
        done = self.video(self.path("cut.avi"), self.path("cut-out.avi"), "--replace", "solid")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.one_line(done.stderr, "cut.avi: truncated or damaged", "cut-out.avi' holds these")
        self.assertGreater(len(frames_of(self.path("cut-out.avi"))), 3)

    def test_damaged_images_are_told(self):
        ffmpeg("-i", self.original, "-an", "-c:v", "libx264", "-g", 1, self.path("whole.mp4"))
        self.assertEqual(self.protect("whole.mp4", "out.mp4").stderr, "")
        content = bytearray(read(self.path("whole.mp4")))
        images = content.index(b"mdat")
        for place in range(images + (len(content) - images) // 3, images + (len(content) - images) // 2, 499):
            content[place] ^= 0x55
        write(self.path("damaged.mp4"), bytes(content))
        done = self.video(self.path("damaged.mp4"), self.path("out-damaged.mp4"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.one_line(done.stderr, "damaged.mp4: damaged: images may be missing or distorted", "ffmpeg says: ")
        self.assertNotIn("0x", done.stderr)
        self.assertGreater(len(frames_of(self.path("out-damaged.mp4"))), FRAMES / 2)

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
        encoders = {"a.mts": "libx264", "b.m2ts": "libx264", "c.3gp": "mpeg4", "deep/er/d.vob": "mpeg2video",
                    "e.mxf": "mpeg2video", "f.gif": "gif",
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
            self.assertGreaterEqual(len(self.shown(self.path("in", "out", name))), 1 if name == "one.mp4" else FRAMES,
                                    name)

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
        self.assertEqual(done.returncode, 2, done.stderr)
        self.one_line(done.stderr, "no videos with the ending .dav", "out.mp4")
        for name in ("out.xyz", "folder.mp4/out.xyz", "out.srt", "out.swf", "out.wav"):  # before the input is read
            done = self.video(self.path("none.mp4"), self.path(name), "--replace", "solid")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.one_line(done.stderr, "no videos with the ending", name[-4:], "out.mp4")
        self.assertFalse([name for name in files(self.folder) if "out" in name])
        done = self.video(self.original, self.original, self.path("both.mp4"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.one_line(done.stderr, "several videos need a folder", "both.mp4")


if __name__ == "__main__":
    unittest.main()
