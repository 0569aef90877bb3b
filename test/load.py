#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Long loads, and how much memory they take: load.py BUILD [--seconds N] [--images N] [--hours N] [--rate N] [LOAD...]

LOAD is one of library (8 threads share one detector and one perturber), page (8 visitors of samples/python/try_it),
images (one run of `perturb`), video (one run of `video` over a clip that repeats); all by default. BUILD is the build
folder. Exit code 1: an answer was not as the first one to the same question, something was lost, or memory has grown
between the first third of a load and its end."""

import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PORTRAITS = sorted(glob.glob(os.path.join(ROOT, "data", "portraits", "*.jpg")))
NETWORKS = os.path.join(ROOT, "modules", "sanprivacy", "testdata")
QUICK = ["--model", os.path.join(NETWORKS, "generator_project.onnx"), "--classifier",
         os.path.join(NETWORKS, "classifier.onnx")]
THREADS = 8
LEAST_GROWTH = 16  # MiB that count as none


class Memory:
    """Samples the resident memory of a process until it ends or stop() is called."""

    def __init__(self, process):
        self.samples, self._process, self._stop = [], process, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(.5):
            try:
                with open(f"/proc/{self._process}/statm") as stream:
                    resident = int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except (OSError, IndexError):
                return
            if resident:
                self.samples.append(resident / (1 << 20))

    def stop(self):
        """-> MiB: the most in the first third, the most in the last"""
        self._stop.set()
        self._thread.join()
        third = max(1, len(self.samples) // 3)
        return max(self.samples[:third]), max(self.samples[-third:])


def report(name, what, memory):
    first, last = memory.stop()
    grown = last - first > LEAST_GROWTH + .05 * first
    print(f"{name}: {what}; {first:.0f} MiB in the first third, {last:.0f} MiB in the "
          f"last{': memory has grown' if grown else ''}", flush=True)
    return not grown


def in_threads(seconds, ask):
    """Calls ask(n) with the numbers of the portraits from several threads. -> (calls, answers that differ from the
    first)"""
    first, wrong, calls, lock, end = {}, 0, 0, threading.Lock(), time.monotonic() + seconds

    def run(number):
        nonlocal wrong, calls
        while time.monotonic() < end:
            number = (number + 1) % len(PORTRAITS)
            answer = ask(number)
            with lock:
                calls += 1
                wrong += first.setdefault(number, answer) != answer

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(run, number) for number in range(THREADS)]:
            done.result()
    return calls, wrong


def library(options):
    import cv2
    sp = cv2.sanprivacy
    images = [cv2.resize(cv2.imread(name), None, fx=.5, fy=.5) for name in PORTRAITS]
    detector, perturber = sp.FaceDetector.create(), sp.Perturber.create()

    def ask(number):
        faces = detector.detect(images[number])
        return perturber.perturbFaces(images[number], faces, params=sp.PerturbParams(sp.PROTOTYPE_OPPOSITE,
                                                                                     number % 2)).tobytes()

    in_threads(1, ask)  # what is made once
    memory = Memory(os.getpid())
    calls, wrong = in_threads(options.seconds, ask)
    return report("library", f"{THREADS} threads, {calls} images, {wrong} of them wrong", memory) and wrong == 0


def page(options):
    server = subprocess.Popen([sys.executable, os.path.join(ROOT, "samples", "python", "try_it"), "--port", "0"],
                              stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+", server.stdout.readline()).group()
        photos = []
        for name in PORTRAITS:
            with open(name, "rb") as stream:
                photos.append(stream.read())

        def ask(number):
            request = urllib.request.Request(address + "/perturb?label=female", photos[number],
                                             {"Content-Type": "image/jpeg"})
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.read()

        in_threads(1, ask)
        memory = Memory(server.pid)
        calls, wrong = in_threads(options.seconds, ask)
        return report("page", f"{THREADS} visitors, {calls} photos, {wrong} of them answered wrongly",
                      memory) and wrong == 0
    finally:
        server.terminate()
        server.wait()


def run_command(options, name, arguments):
    process = subprocess.Popen([os.path.join(options.build, "bin", "sanprivacy"), *arguments], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    memory = Memory(process.pid)
    errors = process.communicate()[1].decode(errors="replace")
    if process.returncode != 0:
        print(f"{name}: exit code {process.returncode}: {errors[-500:]}")
    return process.returncode == 0, memory


def images(options):
    with tempfile.TemporaryDirectory() as work:
        source, target = os.path.join(work, "in"), os.path.join(work, "out")
        os.makedirs(source)
        for number in range(options.images):
            name = os.path.join(source, f"{number:06}.jpg")
            if number < len(PORTRAITS):
                subprocess.run(["ffmpeg", "-v", "error", "-i", PORTRAITS[number], "-vf", "scale=160:-2", name],
                               check=True, stdin=subprocess.DEVNULL)
            else:
                os.link(os.path.join(source, f"{number % len(PORTRAITS):06}.jpg"), name)
        fine, memory = run_command(options, "images", ["perturb", source, "-o", target, *QUICK])
        written = len(glob.glob(os.path.join(target, "*.jpg")))
        return report("images", f"{options.images} images, {written} written",
                      memory) and fine and written == options.images


def frames_of(name):
    found = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries",
                            "stream=nb_read_packets", "-of", "csv=p=0",
                            name], capture_output=True, text=True, check=True)
    return int(found.stdout.strip().strip(","))


def video(options):
    with tempfile.TemporaryDirectory() as work:
        clip, long, target = (os.path.join(work, name) for name in ("clip.mp4", "long.mp4", "protected.mp4"))
        make = ["ffmpeg", "-v", "error"]
        # A face crosses the frame within the first 6 of 20 s.
        rate = str(options.rate)
        subprocess.run([*make, "-f", "lavfi", "-i", f"color=gray:160x120:rate={rate}", "-loop", "1", "-framerate", rate,
                        "-i", PORTRAITS[0],
                        "-filter_complex", "[1]scale=80:-2[face];[0][face]overlay=40*t-80:12", "-t", "20", clip],
                       check=True, stdin=subprocess.DEVNULL)
        subprocess.run([*make, "-stream_loop", "-1", "-i", clip, "-t", str(int(options.hours * 3600)), "-c", "copy",
                        long], check=True,
                       stdin=subprocess.DEVNULL)
        fine, memory = run_command(options, "video", ["video", long, target, "--label", "male", *QUICK])
        frames, written = frames_of(long), frames_of(target) if fine else 0
        return report("video", f"{options.hours:g} hours, {frames} frames, {written} written",
                      memory) and fine and frames == written


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--seconds", type=float, default=600, help="of library and page, each (default: %(default)s)")
    parser.add_argument("--images", type=int, default=24000, help="default: %(default)s")
    parser.add_argument("--hours", type=float, default=2, help="of the video (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=5, help="frames a second of the video (default: %(default)s)")
    loads = {"library": library, "page": page, "images": images, "video": video}
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=", ".join(loads))
    options = parser.parse_intermixed_args()
    options.build = os.path.abspath(options.build)
    unknown = sorted(set(options.loads) - set(loads))
    if unknown:
        parser.error(f"no load {unknown[0]}")
    # The page and the library find cv2.sanprivacy of this build.
    if os.environ.get("PYTHONPATH", "").split(":")[0] != os.path.join(options.build, "python"):
        os.environ["PYTHONPATH"] = os.path.join(options.build, "python")
        os.execv(sys.executable, [sys.executable, *sys.argv])
    passed = [loads[name](options) for name in options.loads or loads]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
