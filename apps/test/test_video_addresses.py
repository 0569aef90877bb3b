# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `video` with files at addresses whose servers do not do what is expected of them."""

import os
import re
import socket
import struct
import unittest

from command import files, read
from test_live import QuietHandler, serve
from video_files import FRAMES, VideoTest, ffmpeg, frames_of, probe


class Addresses(VideoTest):
    def setUp(self):
        super().setUp()
        self.first = self.path("first.mp4")
        ffmpeg("-i", self.original, "-c", "copy", "-movflags", "faststart", self.first)

    def serve(self, content, part=1., tells_length=True, resets=False):
        """An address that answers the k-th request with content(k), but breaks off after a part of its bytes."""
        self.requests = 0
        test = self

        class Handler(QuietHandler):
            def do_GET(self):
                whole = content(test.requests)
                test.requests += 1
                wanted = re.match(r"bytes=(\d+)", self.headers.get("Range", "") if tells_length else "")
                begin = int(wanted[1]) if wanted else 0
                self.send_response(206 if wanted else 200)
                if tells_length:
                    self.send_header("Content-Length", str(len(whole) - begin))
                if wanted:
                    self.send_header("Content-Range", f"bytes {begin}-{len(whole) - 1}/{len(whole)}")
                self.end_headers()
                try:
                    self.wfile.write(whole[begin:int(part * len(whole))])
                    if resets:
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        self.connection.close()
                except OSError:
                    pass  # nobody listens any more

        return serve(self, Handler) + "newest.mp4"

    def test_another_video_at_each_request(self):
        """As the newest recording of a camera. Where the sound was, the other one has images: none of them is kept."""
        later = self.path("later.mp4")
        ffmpeg("-i", self.original, "-map", "0:a", "-map", "0:v", "-c", "copy", "-movflags", "faststart", later)
        changes_after = 1000
        address = self.serve(lambda request: read(self.first if request < changes_after else later))
        done = self.video(address, self.path("out.mp4"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        for changes_after in range(1, self.requests):
            with self.subTest(changes_after=changes_after):
                self.requests = 0
                if os.path.exists(self.path("out.mp4")):
                    os.remove(self.path("out.mp4"))
                done = self.video(address, self.path("out.mp4"), "--replace", "solid")
                if done.returncode == 0:
                    self.assertEqual(probe(self.path("out.mp4"), "stream=codec_type", "v"), ["video"])
                    self.check_protected(self.path("out.mp4"))
                else:
                    self.one_line(done.stderr, "newest.mp4: ")
                    self.assertNotIn("out.mp4", files(self.folder))

    def test_a_server_that_does_not_tell_the_length(self):
        done = self.video(self.serve(lambda _: read(self.first), tells_length=False), self.path("out.mp4"), "--replace",
                          "solid")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check_protected(self.path("out.mp4"))
        self.assertEqual(len(probe(self.path("out.mp4"), "packet=size", "a")),
                         len(probe(self.original, "packet=size", "a")))

    def test_a_connection_that_breaks_off(self):
        """What came is protected, and it is told that it is not all."""
        large = ("-c:v", "libx264", "-crf", 0, "-g", 5)  # ffmpeg reads some ten thousand bytes or nothing
        ffmpeg("-i", self.original, *large, "-movflags", "faststart", self.path("whole.mp4"))
        ffmpeg("-i", self.original, *large, self.path("whole.mkv"))
        ffmpeg("-i", self.original, *large, "-an", self.path("silent.mkv"))
        for name, tracks, resets in (("whole.mp4", 2, False), ("whole.mkv", 2, False), ("silent.mkv", 1, False),
                                     ("whole.mkv", 2, True)):
            with self.subTest(name, resets=resets):
                address = self.serve(lambda _, name=name: read(self.path(name)), part=.8, resets=resets)
                done = self.video(address, self.path("out.mkv"), "--replace", "solid")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.one_line(done.stderr, "truncated or damaged", "out.mkv' holds these")
                self.assertEqual("the sound ends early" in done.stderr, tracks == 2, done.stderr)
                found = len(frames_of(self.path("out.mkv")))
                self.assertTrue(3 < found < FRAMES, found)
                self.check_protected(self.path("out.mkv"), frames=found)
                self.assertEqual(len(probe(self.path("out.mkv"), "stream=index", "a")), tracks - 1)
                os.remove(self.path("out.mkv"))


if __name__ == "__main__":
    unittest.main()
