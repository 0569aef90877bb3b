# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `video` with files at addresses whose servers do not do what is expected of them."""

import os
import re
import unittest

from command import files, read
from test_live import QuietHandler, serve
from video_files import VideoTest, ffmpeg, probe


class Addresses(VideoTest):
    def test_another_video_at_each_request(self):
        """As the newest recording of a camera. Where the sound was, the other one has images: none of them is kept."""
        first, later = self.path("first.mp4"), self.path("later.mp4")
        ffmpeg("-i", self.original, "-c", "copy", "-movflags", "faststart", first)
        ffmpeg("-i", self.original, "-map", "0:a", "-map", "0:v", "-c", "copy", "-movflags", "faststart", later)
        requests = []
        changes_after = 1000

        class Handler(QuietHandler):
            def do_GET(self):
                content = read(first if len(requests) < changes_after else later)
                requests.append(self.path)
                wanted = re.match(r"bytes=(\d+)", self.headers.get("Range", ""))
                begin = int(wanted[1]) if wanted else 0
                self.send_response(206 if wanted else 200)
                self.send_header("Content-Length", str(len(content) - begin))
                if wanted:
                    self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
                self.end_headers()
                try:
                    self.wfile.write(content[begin:])
                except OSError:
                    pass  # nobody listens any more

        address = serve(self, Handler) + "newest.mp4"
        done = self.video(address, self.path("out.mp4"), "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        for changes_after in range(1, len(requests)):
            with self.subTest(changes_after=changes_after):
                requests.clear()
                if os.path.exists(self.path("out.mp4")):
                    os.remove(self.path("out.mp4"))
                done = self.video(address, self.path("out.mp4"), "--replace", "solid")
                if done.returncode == 0:
                    self.assertEqual(probe(self.path("out.mp4"), "stream=codec_type", "v"), ["video"])
                    self.check_protected(self.path("out.mp4"))
                else:
                    self.one_line(done.stderr, "newest.mp4: ")
                    self.assertNotIn("out.mp4", files(self.folder))


if __name__ == "__main__":
    unittest.main()
