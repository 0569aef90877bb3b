# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The command `video` with a live stream: the tutorial "Protect a video or a camera" promises what is tested here."""

import http.server
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import numpy as np

from command import EXECUTABLE, TIMEOUT, CommandTest, files, portraits, read, run, write
from video_files import frames_of, probe

WIDTH, HEIGHT, SECONDS = 320, 384, 3


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def serve(test, handler):
    """The address of a server that runs until the test ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}/"


@unittest.skipUnless(shutil.which("ffmpeg"), "the tool ffmpeg is not there")
class Live(CommandTest):
    def setUp(self):
        super().setUp()
        self.stream = self.path("stream.ts")
        subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-r", "25", "-i", portraits()[0],
                        "-f", "lavfi", "-i", "sine", "-t", str(SECONDS), "-vf", f"scale={WIDTH}:{HEIGHT}",
                        "-pix_fmt", "yuv420p", "-c:v", "libx264", "-bf", "0", "-g", "5", "-c:a", "aac", self.stream],
                       check=True, timeout=TIMEOUT)
        self.times = 1  # how often the server sends the stream
        self.stalled = threading.Event()  # where it is set, the server sends no more and does not end either
        self.end = threading.Event()
        self.addCleanup(self.end.set)

    def serve(self, content=None):
        """An address that sends the stream without telling its length, faster than any machine protects it."""
        test, content = self, content or read(self.stream)

        class Handler(QuietHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                try:
                    for _ in range(test.times):
                        self.wfile.write(content)
                        time.sleep(.02)
                    if test.stalled.is_set():
                        test.end.wait(TIMEOUT)
                except OSError:
                    pass  # nobody listens any more

        return serve(self, Handler) + "camera"

    def check_frames(self, frames, log):
        """Every frame has one face, and one gray where it was."""
        records = [json.loads(line) for line in log.splitlines()]
        self.assertEqual(len(records), len(frames))
        self.assertGreater(len(frames), 0)
        for record, frame in zip(records, frames):
            self.assertEqual([face["protection"] for face in record["faces"]], ["replaced"])
            x, y, width, height = record["faces"][0]["box"]
            row, column = int(y + height / 2), int(x + width / 2)
            self.assertLess(np.ptp(frame[row - 10:row + 10, column - 10:column + 10].astype(int)), 12)
        return records

    def test_stream_that_ends(self):
        out, log = self.path("out.mkv"), self.path("log.jsonl")
        done = run("video", *self.networks, self.serve(), out, "--replace", "solid", "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_frames(frames_of(out), read(log).decode())
        self.assertEqual(probe(out, "stream=codec_name", "a"), [])  # no sound
        self.one_line(done.stdout, "of the live source dropped", "faster than this machine", "--interval 1")

    def make(self, name, *arguments, filters=f"scale={WIDTH}:{HEIGHT}", source=(), seconds=SECONDS):
        """A stream without sound, of the first portrait."""
        subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-r", "25", "-i", portraits()[0], *source, "-t",
                        str(seconds), "-vf", filters, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-bf", "0", "-g", "5",
                        *arguments, self.path(name)], check=True, timeout=TIMEOUT)
        return read(self.path(name))

    def check_covered(self, frame, x, y):
        """A face whose middle is there was replaced."""
        self.assertLess(np.ptp(frame[y - 8:y + 8, x - 8:x + 8].astype(int)), 12)

    def test_images_that_change_their_size(self):
        wide = f"scale={WIDTH}:{HEIGHT},pad={2 * WIDTH}:{HEIGHT}"  # the portrait on the left
        parts = [self.make("first.ts", seconds=2), self.make("small.ts", filters="scale=160:192", seconds=2),
                 self.make("wide.ts", filters=wide, seconds=2), self.make("large.ts", filters="scale=640:768")]
        test, answers = self, itertools.count()

        class Handler(QuietHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                later = max(0, next(answers) - 1)  # the first caller only asks what it is
                try:
                    for part in parts[later:]:  # as a live stream, it is not sent twice
                        self.wfile.write(part)
                        test.end.wait(.5)
                except OSError:
                    pass  # nobody listens any more

        out, log = self.path("out.mkv"), self.path("log.jsonl")
        done = run("video", *self.networks, serve(self, Handler) + "camera", out, "--replace", "solid", "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr)
        records = [json.loads(line) for line in read(log).decode().splitlines()]
        frames = frames_of(out)
        self.assertEqual(len(records), len(frames))
        seen = set()
        for record, frame in zip(records, frames):
            self.assertEqual(frame.shape, (HEIGHT, WIDTH, 3))
            self.assertGreater(len(record["faces"]), 0)
            bars = frame[:40, :40].max() < 40
            seen.add(bars)
            x, y = (80, HEIGHT // 4 + 96) if bars else (160, 192)
            self.check_covered(frame, x, y)
        self.assertEqual(seen, {False, True})
        self.one_line(done.stderr, "changed the size of its images and was opened again (3 times)")

    def test_how_a_stream_is_shown(self):
        """Shape of pixels, order of fields, colors and rate go from the stream to the output."""
        content = self.make("interlaced.ts", "-x264-params", "tff=1", "-flags", "+ildct+ilme",
                            filters="scale=720:576,setfield=tff,setsar=64/45,setparams=colorspace=bt709:"
                                    "color_primaries=bt709:color_trc=bt709:range=tv")
        address, out = self.serve_once(content), self.path("out.mkv")
        done = run("video", *self.networks, address, out, "--replace", "solid")
        self.assertEqual(done.returncode, 0, done.stderr)
        for entry, value in (("sample_aspect_ratio", "64:45"), ("color_space", "bt709"),
                             ("color_primaries", "bt709"), ("color_transfer", "bt709"), ("color_range", "tv")):
            self.assertEqual(probe(out, "stream=" + entry), [value], entry)
        self.assertIn(probe(out, "stream=field_order"), (["tt"], ["tb"]))

    def serve_once(self, content):
        """An address of TCP that answers one caller only."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]

        def answer():
            with server.accept()[0] as caller:
                server.close()
                caller.sendall(content)

        threading.Thread(target=answer, daemon=True).start()
        return f"tcp://127.0.0.1:{port}"

    def test_a_stream_that_answers_once(self):
        out, log = self.path("out.mkv"), self.path("log.jsonl")
        done = run("video", *self.networks, self.serve_once(read(self.stream)), out, "--replace", "solid", "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_frames(frames_of(out), read(log).decode())

    def test_images_that_change_their_size_where_nobody_answers_again(self):
        content = read(self.stream) + self.make("small.ts", filters="scale=160:192")
        for address in (self.serve_once(content), self.serve(content)):  # or with the same again
            out, log = self.path("out.mkv"), self.path("log.jsonl")
            done = run("video", *self.networks, address, out, "--replace", "solid", "--log", log)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.one_line(done.stderr, "the stream changed the size of its images, and does not go on")
            self.check_frames(frames_of(out), read(log).decode())

    def test_segments(self):
        """A file of HLS holds many frames. They are read as fast as they are shown, and few are dropped."""
        os.mkdir(self.path("hls"))
        subprocess.run(["ffmpeg", "-v", "error", "-i", self.stream, "-an", "-c", "copy", "-f", "hls", "-hls_time", "1",
                        "-hls_flags", "omit_endlist", self.path("hls", "camera.m3u8")], check=True, timeout=TIMEOUT)
        test = self

        class Handler(QuietHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(read(test.path("hls", self.path[1:])))

        out, log = self.path("out.mkv"), self.path("log.jsonl")
        done = run("video", *self.networks, serve(self, Handler) + "camera.m3u8", out, "--replace", "solid", "--to", 2,
                   "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr)
        frames = frames_of(out)
        self.assertGreater(len(frames), 25)  # of 50
        self.check_frames(frames, read(log).decode())

    def test_streams_by_udp_and_rtsp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        again = ["ffmpeg", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", self.stream, "-an", "-c", "copy", "-f"]
        rtsp = f"rtsp://127.0.0.1:{port}/camera"
        listens = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_flags;listen|listen_timeout;60"}
        for address, sender, options in ((f"udp://127.0.0.1:{port}", ["mpegts"], {}),
                                         (rtsp, ["rtsp", "-rtsp_transport", "tcp"], listens)):
            with self.subTest(address=address):
                out, log = self.path("out.mkv"), self.path("log.jsonl")
                stop = threading.Event()

                def send():
                    while not stop.is_set():  # until somebody listens
                        process = subprocess.Popen([*again, *sender, address], stdin=subprocess.DEVNULL)
                        while process.poll() is None and not stop.is_set():
                            stop.wait(.1)
                        process.kill()
                        process.wait()

                sending = threading.Thread(target=send)
                sending.start()
                try:
                    done = run("video", *self.networks, address, out, "--replace", "solid", "--to", 1, "--log", log,
                               env=dict(os.environ, **options))
                finally:
                    stop.set()
                    sending.join()
                self.assertEqual(done.returncode, 0, done.stderr)
                self.check_frames(frames_of(out), read(log).decode())

    def test_streams_that_cannot_be_opened(self):
        sound = self.path("sound.ts")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine", "-t", "1", sound], check=True,
                       timeout=TIMEOUT)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        for address, reason in ((f"rtsp://me:secret@127.0.0.1:{port}/camera", "cannot be opened: Connection refused"),
                                (f"tcp://127.0.0.1:{port}", "cannot be opened: Connection refused"),
                                (self.serve_once(b"nothing" * 9999), "cannot be opened: Invalid data found"),
                                (self.serve_once(read(sound)), "the stream holds no video")):
            done = run("video", *self.networks, address, self.path("out.mkv"))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.one_line(done.stderr, address.replace("secret", "***") + ": the stream", reason)
            self.assertNotIn("secret", done.stdout + done.stderr)
        done = run("video", *self.networks, self.serve_once(read(self.stream)), self.path("out.mkv"), "--max-pixels",
                   WIDTH * HEIGHT - 1)
        self.one_line(done.stderr, f"is of {WIDTH}x{HEIGHT} pixels", "--max-pixels")
        self.assertNotIn("out.mkv", files(self.folder))

    def test_raw_frames_on_standard_output(self):
        log = self.path("log.jsonl")
        arguments = ["video", *self.networks, self.serve(), "-", "--replace", "solid", "--log", log]
        done = subprocess.run([EXECUTABLE, *arguments], capture_output=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_frames(np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH, 3), read(log).decode())

    def test_interruption_and_end_time(self):
        self.times = 100000
        address, out, log = self.serve(), self.path("out.mkv"), self.path("log.jsonl")
        done = run("video", *self.networks, address, out, "--replace", "solid", "--to", 1, "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr)
        records = self.check_frames(frames_of(out), read(log).decode())
        self.assertLess(records[-1]["time"], 1)  # since the first frame, however long it takes to open a stream
        write(log, b"")
        with subprocess.Popen([EXECUTABLE, "video", *self.networks, address, out, "--replace", "solid", "--log", log],
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            deadline = time.monotonic() + TIMEOUT
            while not read(log) and time.monotonic() < deadline:
                time.sleep(.05)
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=TIMEOUT)[1]
        self.assertEqual(process.returncode, 0, errors)
        self.one_line(errors, "interrupted; ", "holds what came before")
        self.check_frames(frames_of(out), read(log).decode())

    def test_interruption_while_the_source_stalls(self):
        self.times = 10  # as frames are dropped and the first ones wait for those after them
        self.stalled.set()
        decoding = ["ffmpeg", "-v", "error", "-i", self.stream, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
        frames = subprocess.run(decoding, check=True, capture_output=True, timeout=TIMEOUT).stdout
        raw = ["-", "--raw", f"{WIDTH}x{HEIGHT}@25"]
        out, log = self.path("out.mkv"), self.path("log.jsonl")
        for number, source in ((signal.SIGTERM, raw), (signal.SIGINT, [self.serve()])):
            with self.subTest(source=source):
                write(log, b"")
                command = [EXECUTABLE, "video", *self.networks, source[0], out, *source[1:], "--replace", "solid",
                           "--log", log]
                with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE) as process:
                    if source is raw:
                        process.stdin.write(frames + b"part of a frame")
                        process.stdin.flush()
                    deadline = time.monotonic() + TIMEOUT
                    while not read(log) and time.monotonic() < deadline:
                        time.sleep(.05)
                    time.sleep(.5)  # what was sent is read
                    process.send_signal(number)
                    process.wait(TIMEOUT)  # though its standard input stays open
                    errors = process.stderr.read().decode()
                self.assertEqual(process.returncode, 0, errors)
                self.one_line(errors, "interrupted; ", "holds what came before")
                self.check_frames(frames_of(out), read(log).decode())

    def test_interruption_before_the_first_frame(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for target in ("-", self.path("out.mkv")):
                with self.subTest(number=number, target=target):
                    command = [EXECUTABLE, "video", *self.networks, "-", target, "--raw", "320x240"]
                    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                               stderr=subprocess.PIPE, text=True)
                    for _ in range(10 * TIMEOUT):
                        status = read(f"/proc/{process.pid}/status").decode()
                        if int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (number - 1) & 1:  # it is caught
                            break
                        time.sleep(.1)
                    process.send_signal(number)
                    process.wait(TIMEOUT)  # though its standard input stays open
                    output, errors = process.communicate()
                    self.assertEqual(process.returncode, 1, errors)
                    self.one_line(errors, "-: interrupted before the first frame; nothing written")
                    self.one_line(errors if target == "-" else output, "0 videos protected (0 frames", "1 failed")
                    self.assertEqual([name for name in files(self.folder) if name.startswith((".", "out"))], [])


class Stalled(CommandTest):
    """An address that stalls: the first interrupt ends the command."""

    def setUp(self):
        super().setUp()
        self.video = self.path("video.mkv")
        subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-r", "25", "-i", portraits()[0], "-f", "lavfi", "-i",
                        "sine", "-t", "8", "-vf", "scale=320:384,noise=alls=20:allf=t", "-pix_fmt", "yuv420p",
                        "-c:v", "libx264", "-c:a", "aac", self.video], check=True, timeout=TIMEOUT)
        self.end = threading.Event()
        self.addCleanup(self.end.set)

    def serve(self, stalls):
        """The address of the video. stalls(k): the part of its bytes after which the k-th answer stalls; 1: none."""
        test, content, answers = self, read(self.video), itertools.count()

        class Handler(QuietHandler):
            def do_GET(self):
                part = stalls(next(answers))
                if part < 0:
                    test.end.wait(TIMEOUT)
                wanted = re.match(r"bytes=(\d+)", self.headers.get("Range", ""))
                begin = int(wanted[1]) if wanted else 0
                self.send_response(206 if wanted else 200)
                self.send_header("Content-Length", str(len(content) - begin))
                if wanted:
                    self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
                self.end_headers()
                try:
                    self.wfile.write(content[begin:int(part * len(content))])
                    if part < 1:
                        test.end.wait(TIMEOUT)
                except OSError:
                    pass  # nobody listens any more

        return serve(self, Handler) + "video.mkv"

    def interrupt(self, address, is_time):
        """What the command says that is interrupted at a time."""
        command = [EXECUTABLE, "video", *self.networks, address, self.path("out", "out.mkv"), "--replace", "blur",
                   "--log", self.path("log.jsonl")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 60
        while not is_time(process) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        errors = process.communicate(timeout=TIMEOUT)[1]
        self.assertLess(time.monotonic() - begin, 25, errors)  # OpenCV waits for 30
        self.assertEqual(process.returncode, 1, errors)
        return errors

    @staticmethod
    def catches(process):
        status = read(f"/proc/{process.pid}/status").decode()
        return int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (signal.SIGINT - 1) & 1

    def test_before_the_first_frame(self):
        silent = socket.create_server(("127.0.0.1", 0))  # accepts and says nothing
        self.addCleanup(silent.close)
        addresses = [self.serve(lambda answer, part=part, first=first: part if answer >= first else 1)
                     for part, first in ((-1, 0), (0, 0), (.01, 0), (.01, 1), (.3, 3))]
        for address in addresses + [f"rtsp://127.0.0.1:{silent.getsockname()[1]}/camera"]:
            with self.subTest(address=address):
                errors = self.interrupt(address, self.catches)
                self.one_line(errors, "interrupted before the first frame; nothing written")
                self.assertEqual(files(self.path("out", "")), [])

    def frames_are_logged(self, process):
        return os.path.exists(self.path("log.jsonl")) and read(self.path("log.jsonl"))

    def test_in_the_middle(self):
        """The answer that the images come from stalls, and then that of the sound."""
        for first in (2, 6):
            with self.subTest(first=first):
                write(self.path("log.jsonl"), b"")
                errors = self.interrupt(self.serve(lambda answer: .5 if answer == first else 1),
                                        self.frames_are_logged)
                left = files(self.path("out", ""))
                if "nothing written" in errors:
                    self.assertEqual(left, [])
                else:
                    self.one_line(errors, "holds what came before", "--resume goes on from there")
                    self.assertGreater(len(frames_of(self.path("out", "out.mkv"))), 10)


if __name__ == "__main__":
    unittest.main()
