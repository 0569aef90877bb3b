# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What the command `video` keeps of the frames: colors, depth, fields."""

import re
import subprocess
import unittest

import cv2
import numpy as np

from video_files import FRAMES, HEIGHT, WIDTH, VideoTest, face_box, ffmpeg, frame_at, frames_of, probe, times

BARS = [(40, 40, 200), (40, 200, 40), (200, 40, 40), (40, 200, 200), (200, 80, 200), (60, 60, 60), (128, 128, 128),
        (200, 200, 200)]
BAR_ROWS = np.s_[-50:-10]


def with_bars(width, height):
    """A face above bars of known colors."""
    image = np.full((height, width, 3), (120, 130, 140), np.uint8)
    image[:HEIGHT - 60, :WIDTH] = frame_at(0)[:HEIGHT - 60]
    for k, color in enumerate(BARS):
        image[-60:, k * width // len(BARS):(k + 1) * width // len(BARS)] = color
    return image


class Colors(VideoTest):
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
            self.assertEqual(probe(self.path(target),
                                   "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries"), [tags])
        return done

    def test_tagged_and_of_usual_size(self):
        bt709 = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
        self.check("sd709.mp4", "out1.mp4", (640, 360), "-vf",
                   f"scale=out_color_matrix=bt709,format=yuv420p,{bt709}:range=tv",
                   tags="yuv420p,tv,bt709,bt709,bt709")
        self.check("sd.mp4", "out2.mp4", (640, 360), "-vf", "scale=out_color_matrix=bt601,format=yuv420p",
                   matrix="bt601")
        self.check("hd.mp4", "out3.mp4", (1280, 720), "-vf", "scale=out_color_matrix=bt709,format=yuv420p",
                   matrix="bt709")
        self.check("full.mp4", "out4.mp4", (640, 360), "-vf",
                   f"scale=out_color_matrix=bt709:out_range=pc,format=yuv420p,{bt709}:range=pc",
                   tags="yuvj420p,pc,bt709,bt709,bt709")

    def test_from_rgb(self):
        self.check("rgb.mkv", "out.mkv", (1280, 720), "-c:v", "libx264rgb", "-crf", 0)
        self.assertEqual(probe(self.path("out.mkv"), "stream=color_space"), ["bt709"])

    def test_order_of_luma_and_chroma(self):
        for order in ("yuyv422", "uyvy422"):
            self.check("packed.avi", "out.mp4", (1280, 720), "-vf", f"scale=out_color_matrix=bt709,format={order}",
                       "-c:v", "rawvideo", matrix="bt709")

    def test_files_without_tags(self):
        self.check("sd709.mp4", "out.avi", (640, 360), "-vf",
                   "scale=out_color_matrix=bt709,format=yuv420p,setparams=colorspace=bt709", tolerance=5.)

    def test_high_dynamic_range(self):
        for transfer in ("smpte2084", "arib-std-b67"):
            bt2020 = f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}:range=tv"
            done = self.check("hdr.mkv", "out.mkv", (640, 360), "-vf",
                              f"scale=out_color_matrix=bt2020,format=yuv420p10le,{bt2020}",
                              "-c:v", "libx265", "-x265-params", "log-level=error",
                              tags=f"yuv420p10le,tv,bt2020nc,{transfer},bt2020")
            self.assertEqual(done.stderr, "")
        self.one_line(self.protect("hdr.mkv", "out.avi").stderr, "high dynamic range")
        screen = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
        ffmpeg("-i", self.path("hdr.mkv"), "-an", "-frames:v", "4", "-c:v", "libx265", "-pix_fmt", "yuv420p10le",
               "-x265-params",
               "log-level=error:colorprim=9:transfer=16:colormatrix=9:" + screen, self.path("screen.mp4"))
        self.one_line(self.protect("screen.mp4", "out.mp4").stderr, "left out: Dolby Vision and mastering metadata")

    def test_ten_bits_are_kept(self):
        """A ramp of steps that 8 bits do not tell apart."""
        ramp = np.full((HEIGHT, WIDTH, 3), 30000, np.uint16) + np.arange(WIDTH, dtype=np.uint16)[None, :, None] * 8
        ramp[30:30 + HEIGHT - 60] = frame_at(0)[30:30 + HEIGHT - 60].astype(np.uint16) * 257
        cv2.imwrite(self.path("ramp.png"), ramp)
        ffmpeg("-loop", 1, "-i", self.path("ramp.png"), "-frames:v", 5, "-pix_fmt", "yuv420p10le", "-c:v", "libx264",
               "-crf", 0, self.path("deep.mkv"))
        self.protect("deep.mkv", "out.mkv", "--quality", 1)
        ffmpeg("-i", self.path("out.mkv"), "-frames:v", 1, "-pix_fmt", "gray16le", "-y", self.path("out.png"))
        self.assertGreater(len(np.unique(cv2.imread(self.path("out.png"), -1)[5])), 2 * WIDTH * 8 / 257)
        changed = frames_of(self.path("out.mkv"))[2].astype(int) - frames_of(self.path("deep.mkv"))[2]
        self.assertGreater(np.abs(changed[face_box(0)]).mean(), 8)

    def test_fields(self):
        for order, name in (("tff", "tt"), ("bff", "bb")):
            ffmpeg("-i", self.original, "-vf", f"setfield={order}", "-flags", "+ildct+ilme", "-c:v", "libx264",
                   "-x264-params", order + "=1", self.path("fields.mp4"))
            self.assertEqual(probe(self.path("fields.mp4"), "stream=field_order"), [name])
            self.protect("fields.mp4", "out.mp4")
            self.assertEqual(probe(self.path("out.mp4"), "stream=field_order"), [name])
            ffmpeg("-i", self.path("fields.mp4"), "-flags", "+ildct+ilme", "-c:v", "libx264", "-x264-params",
                   order + "=1", self.path("fields.mkv"))
            for source in ("fields.mp4", "fields.mkv"):  # Matroska files call the order otherwise
                for target in ("out.mp4", "out.mkv"):
                    self.protect(source, target)
                    self.assertEqual(set(probe(self.path(target), "frame=interlaced_frame,top_field_first")),
                                     {f"1,{int(order == 'tff')}"})
        self.one_line(self.protect("fields.mp4", "out.webm").stderr, "interlaced")

    def test_images_of_a_gif_file(self):
        """Their times are hundredths of a second, and players show none for less than two of them."""
        for rate, name in ((30, "in.gif"), (30, "in.mp4"), (120, "in.mp4")):
            with self.subTest(rate=rate, name=name):
                ffmpeg("-stream_loop", 2, "-i", self.original, "-an", "-vf", f"setpts=N/{rate}/TB", "-r", rate,
                       self.path(name))
                told = self.protect(name, "out.gif").stderr
                before, after = times(self.path(name)), times(self.path("out.gif"))
                if rate == 30:
                    self.assertEqual(told, "")
                    np.testing.assert_allclose(np.subtract(after, after[0]), np.subtract(before, before[0]), atol=.011)
                else:
                    self.one_line(told, "left out: images that follow another one within 0.02 s")
                    self.assertGreater(np.diff(after).min(), .0199)
                    self.assertAlmostEqual(after[-1] - after[0], before[-1] - before[0], delta=.03)
        ffmpeg("-i", self.original, "-an", "-vf", "setpts=floor(N/2)/15/TB", "-fps_mode", "passthrough",
               "-enc_time_base", "1:1000", "-c:v", "libx264", "-bf", 0, self.path("pairs.mkv"))
        self.protect("pairs.mkv", "out.gif")
        np.testing.assert_allclose(times(self.path("out.gif")), np.arange(FRAMES / 2) / 15, atol=.011)


class Shapes(VideoTest):
    """A stream may change the size of its images and the shape of their pixels, as television does."""

    def make(self, path, *arguments, frames=0):
        pass

    def join(self, *parts):
        """One stream in which each part is a circle of a diameter of half the height, as a player shows it."""
        for k, (size, aspect, coding) in enumerate(parts):
            width = round(240 * eval(aspect))
            image = np.full((240, width, 3), 60, np.uint8)
            cv2.circle(image, (width // 2, 120), 60, (230, 230, 230), -1)
            cv2.imwrite(self.path("circle.png"), image)
            ffmpeg("-loop", 1, "-i", self.path("circle.png"), "-frames:v", 10, "-vf",
                   f"scale={size},setdar={aspect},setpts=PTS+{10 * k}/25/TB", "-c:v", coding, "-bf", 0,
                   "-pix_fmt", "yuv420p", "-muxdelay", 0, "-copyts", self.path(f"{k}.ts"))
        with open(self.path("joined.ts"), "wb") as joined:
            for k in range(len(parts)):
                with open(self.path(f"{k}.ts"), "rb") as part:
                    joined.write(part.read())

    def circles(self, *arguments):
        """Width and height of the circle in each frame of the output, of the pixels as they are shown."""
        done = self.video(self.path("joined.ts"), self.path("out.mkv"), "--no-face", "copy", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = frames_of(self.path("out.mkv"))
        width, height, aspect = probe(self.path("out.mkv"), "stream=width,height,sample_aspect_ratio")[0].split(",")
        aspect = eval(aspect.replace(":", "/")) if ":" in aspect else 1
        self.assertEqual({frame.shape for frame in found}, {(int(height), int(width), 3)})
        boxes = [cv2.boundingRect((frame[:, :, 1] > 140).astype(np.uint8)) for frame in found]
        return [(box[2] * aspect, box[3]) for box in boxes]

    def test_pixels_that_change_their_shape(self):
        self.join(("720x240", "4/3", "mpeg2video"), ("720x240", "16/9", "mpeg2video"),
                  ("720x240", "4/3", "mpeg2video"))
        seen = subprocess.run(["ffmpeg", "-nostdin", "-i", self.path("joined.ts"), "-vf", "showinfo", "-f", "null",
                               "-"],
                              check=True, capture_output=True, text=True).stderr
        if len(set(re.findall(r"sar:(\d+/\d+)", seen))) == 1:
            self.skipTest("this ffmpeg (as 7.1) gives the pixels of all images the shape of the first one's")
        circles = self.circles()
        self.assertEqual(len(circles), len(self.shown(self.path("joined.ts"))))  # some are lost where parts meet
        for k, (width, height) in enumerate(circles):
            self.assertAlmostEqual(width / height, 1, delta=.05, msg=f"frame {k}")
        for k, expected in ((0, 120), (14, 90), (-1, 120)):
            self.assertAlmostEqual(circles[k][1], expected, delta=4, msg=f"frame {k}")

    def test_images_that_change_their_size(self):
        self.join(("320x240", "4/3", "libx264"), ("180x240", "3/4", "libx264"), ("640x360", "16/9", "libx264"))
        circles = self.circles()
        self.assertEqual(len(circles), 30)
        for k, (width, height) in enumerate(circles):
            self.assertAlmostEqual(width / height, 1, delta=.05, msg=f"frame {k}")
            self.assertAlmostEqual(height, (120, 120, 90)[k // 10], delta=4, msg=f"frame {k}")


if __name__ == "__main__":
    unittest.main()
