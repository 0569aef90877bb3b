# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The Python samples as a user runs them, and the cluster's with a worker that dies."""

import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock

import cv2
import numpy as np

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SAMPLES, PORTRAITS = REPOSITORY / "samples" / "python", REPOSITORY / "data" / "portraits"
BUILD = pathlib.Path(os.environ.get("SANPRIVACY_BUILD", REPOSITORY / "build")).resolve()
TIMEOUT = 300
FRAMES = 6


def missing(*packages):
    return [package for package in packages if importlib.util.find_spec(package) is None]


class Samples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_sample(self, name, *arguments, code=0):
        done = subprocess.run([sys.executable, SAMPLES / (name + ".py"), *map(str, arguments)], capture_output=True,
                              text=True, errors="replace", timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def check_refused(self, reason, name, *arguments):
        """In one line, beside what OpenCV and FFmpeg tell of themselves."""
        with unittest.mock.patch.dict(os.environ, OPENCV_LOG_LEVEL="SILENT"):
            text = self.run_sample(name, *arguments, code=1)
        lines = [line for line in text.splitlines() if not line.startswith("[")]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(reason, lines[0])

    def photo_without_a_face(self, path):
        cv2.imwrite(str(path), np.full((200, 200, 3), 127, np.uint8))
        return path

    def video(self, image=None):
        path = str(self.folder / "video.avi")
        image = cv2.imread(str(PORTRAITS / "woman-fair-hair.jpg")) if image is None else image
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 25, image.shape[1::-1])
        for _ in range(FRAMES):
            writer.write(image)
        writer.release()
        return path

    def frames_of(self, path):
        video = cv2.VideoCapture(str(path))
        return [frame for more, frame in iter(video.read, (False, None))]

    def test_both_languages_have_the_same_arguments(self):
        checked = 0
        for sample in sorted((REPOSITORY / "samples" / "cpp").glob("*.cpp")):
            executable = BUILD / "bin" / f"example_sanprivacy_{sample.stem}"
            if sample.stem == "video_minimal" or not executable.exists():
                continue
            if sample.stem == "evaluation" and missing("matplotlib"):
                continue
            with self.subTest(sample.stem):
                checked += 1
                usage = subprocess.run([executable, "--help"], capture_output=True, text=True, check=True).stdout
                positional = re.search(r"Usage: \S+ \[params\] (.*)", usage).group(1).split()
                text = self.run_sample(sample.stem, "--help")
                self.assertEqual(set(re.findall(r"--[\w-]+", text)), set(re.findall(r"--[\w-]+", usage)))
                listed = text.split("arguments:")[1]
                self.assertEqual(re.findall(r"^  (\w+)", listed.split("option")[0], re.M), positional)
                for option, value in re.findall(r"(--[\w-]+) \(value:(\w+)\)", usage):  # defaults
                    if value not in ("0", "true"):  # what these stand for is told in words
                        self.assertRegex(" ".join(text.split()), option + r"\b[^-]+[^.]*default: " + value)
        if not checked:
            self.skipTest("the samples in C++ are not built")

    def test_photo(self):
        photo, result, other = PORTRAITS / "man-bald.jpg", self.folder / "result.png", self.folder / "other.png"
        self.assertIn("1 face", self.run_sample("photo", photo, result))
        self.assertGreater(np.abs(cv2.imread(str(result)).astype(int) - cv2.imread(str(photo))).mean(), .5)
        self.check_refused("is there already", "photo", photo, result)
        self.check_refused("Cannot read", "photo", self.folder / "none.jpg", other)
        self.check_refused("No face found", "photo", self.photo_without_a_face(self.folder / "empty.png"), other)
        self.check_refused("Cannot write", "photo", photo, self.folder / "none" / "other.png")
        self.check_refused("writer", "photo", photo, self.folder / "other.none")
        self.check_refused("not UTF-8", "photo", photo, os.path.join(self.folder, os.fsdecode(b"\xff.png")))
        self.assertEqual(sorted(os.listdir(self.folder)), ["empty.png", "result.png"])

    def kinds(self, folder):
        """A photo in gray, of 16 bits, and with transparency."""
        photo = cv2.imread(str(PORTRAITS / "man-bald.jpg"))
        for name, image in (("gray.jpg", photo[:, :, 1]), ("deep.png", photo.astype(np.uint16) * 256),
                            ("clear.png", np.dstack([photo, photo[:, :, 0]]))):
            cv2.imwrite(str(folder / name), image)

    def test_kinds_of_images_stay_or_are_refused(self):
        source, out = self.folder / "in", self.folder / "out"
        source.mkdir()
        self.kinds(source)
        (source / "deep.jpg").write_bytes((source / "deep.png").read_bytes())
        for name in ("gray.jpg", "deep.png"):
            self.run_sample("photo", source / name, self.folder / name)
        self.check_refused("transparency", "photo", source / "clear.png", self.folder / "clear.png")
        self.check_refused("16 bits", "photo", source / "deep.png", self.folder / "deep.jpg")
        text = self.run_sample("folder", source, out, code=1)
        self.assertIn("clear.png: it has transparency", text)
        self.assertIn("deep.jpg: it has 16 bits", text)
        for path in (self.folder, out):
            self.assertEqual(sorted(p.name for p in path.glob("*.*")), ["deep.png", "gray.jpg"])
            for name in ("gray.jpg", "deep.png"):
                before, after = (cv2.imread(str(p / name), cv2.IMREAD_UNCHANGED) for p in (source, path))
                self.assertEqual((after.shape, after.dtype), (before.shape, before.dtype), name)

    def test_folder(self):
        source, out = self.folder / "in", self.folder / "out"
        self.assertIn("16 of 16 image(s)", self.run_sample("folder", PORTRAITS, out))
        self.assertEqual(sorted(os.listdir(out)), sorted(p.name for p in PORTRAITS.glob("*.jpg")))
        source.mkdir()
        (source / "broken.jpg").write_bytes(b"no image")
        self.check_refused("broken.jpg: no image", "folder", source, out)
        (source / "broken.jpg").unlink()
        self.photo_without_a_face(source / "empty.png")
        self.check_refused("empty.png: no face found", "folder", source, out)
        self.assertFalse((out / "empty.png").exists())
        (source / "empty.png").unlink()
        (source / "man-bald.jpg").write_bytes((PORTRAITS / "man-bald.jpg").read_bytes())
        self.check_refused("is there already", "folder", source, source)
        self.assertEqual((source / "man-bald.jpg").read_bytes(), (PORTRAITS / "man-bald.jpg").read_bytes())
        self.check_refused("no such folder", "folder", self.folder / "none", self.folder / "other")
        self.check_refused("man-bald.jpg", "folder", source, source / "man-bald.jpg")

    def test_folder_with_images_that_opencv_refuses(self):
        """They do not keep the others from being protected."""
        source, out = self.folder / "in", self.folder / "out"
        source.mkdir()
        (source / "man-bald.jpg").write_bytes((PORTRAITS / "man-bald.jpg").read_bytes())
        (source / os.fsdecode(b"a-latin-\xe9.jpg")).write_bytes((PORTRAITS / "man-bald.jpg").read_bytes())
        cv2.imwrite(str(source / "large.png"), np.zeros((1200, 1200, 3), np.uint8))
        with unittest.mock.patch.dict(os.environ, OPENCV_IO_MAX_IMAGE_PIXELS=str(1 << 20)):
            text = self.run_sample("folder", source, out, code=1)
        self.assertIn("large.png: ", text)
        self.assertIn("not UTF-8", text)
        self.assertEqual(os.listdir(out), ["man-bald.jpg"])

    def test_videos(self):
        video = self.video()
        before = self.frames_of(video)
        for name in ("video_minimal", "video", "camera"):
            with self.subTest(name):
                result = self.folder / f"protected-{name}.avi"
                self.run_sample(name, video, result)
                frames = self.frames_of(result)
                if name == "camera":  # which drops what it has no time for
                    self.assertGreater(len(frames), 0)
                else:
                    self.assertEqual(len(frames), FRAMES)
                for frame in frames:
                    self.assertGreater(np.abs(frame.astype(int) - before[0]).mean(), .5)
                self.check_refused("Cannot write", name, video, self.folder / "none" / "result.avi")
                self.check_refused("is there already", name, video, video)
                self.check_refused("Cannot read", name, self.folder / "none.avi", self.folder / "other.avi")
        self.assertEqual(len(self.frames_of(video)), FRAMES)
        self.check_refused("Cannot open the camera 99", "camera", 99, self.folder / "other.avi")
        self.check_refused("label", "video", video, self.folder / "other.avi", "--label", 7)
        self.assertFalse((self.folder / "other.avi").exists())

    def test_video_without_a_face(self):
        path = self.video(np.full((200, 200, 3), 127, np.uint8))
        self.check_refused("No face found", "video", path, self.folder / "other.avi")

    def test_videos_that_are_named_as_addresses_or_patterns(self):
        video = pathlib.Path(self.video())
        image = self.photo_without_a_face(self.folder / "0.png")
        before = video.read_bytes(), image.read_bytes()
        for name in ("video_minimal", "video", "camera"):
            self.check_refused("Cannot write", name, video, f"file:{video}")
            self.check_refused("expected a name that ends with .avi", name, video, self.folder / "%d.png")
        self.assertEqual((video.read_bytes(), image.read_bytes()), before)

        sys.path.insert(0, str(SAMPLES))
        self.addCleanup(sys.path.remove, str(SAMPLES))
        from video_source import open_video, open_writer

        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        video.rename("12:30.avi")
        self.assertTrue(open_video("12:30.avi").read()[0])
        open_writer("file:12:30.avi", 25, (200, 200)).release()
        self.assertEqual(pathlib.Path("12:30.avi").read_bytes(), before[0])

    @unittest.skipUnless(hasattr(os, "mkfifo"), "no named pipes")
    @unittest.skipUnless(cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG), "this OpenCV has no FFmpeg")
    def test_a_pipe_is_read_once(self):
        pipe = self.folder / "pipe.avi"
        os.mkfifo(pipe)
        with subprocess.Popen(["cp", self.video(), pipe]) as sender:
            self.addCleanup(sender.kill)
            self.assertIn(f"{FRAMES} frame(s), ", self.run_sample("video", pipe, self.folder / "result.avi"))

    def test_names_that_are_not_utf_8(self):
        odd = os.path.join(self.folder, os.fsdecode(b"\xff.avi"))
        for name in ("video_minimal", "video", "camera"):
            self.check_refused("not UTF-8", name, odd, self.folder / "other.avi")
        self.check_refused("not UTF-8", "video", self.video(), odd)
        self.check_refused("Cannot read the table", "prototypes", odd, self.folder / "other.yml.gz")

    @unittest.skipIf(missing("av"), "no PyAV")
    def test_a_video_that_needs_pyav(self):
        import av

        path = str(self.folder / "video.mp4")
        portrait = cv2.imread(str(PORTRAITS / "woman-fair-hair.jpg"))
        height, width = (side // 2 * 2 for side in portrait.shape[:2])
        with av.open(path, "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", 4000000
            for _ in range(FRAMES):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(portrait[:height, :width], format="bgr24")))
            container.mux(stream.encode(None))

        sys.path.insert(0, str(SAMPLES))
        self.addCleanup(sys.path.remove, str(SAMPLES))
        from video_source import PyAvVideo

        video = PyAvVideo(path)
        known = cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS
        self.assertEqual([video.get(which) for which in known], [width, height, 25])
        frames = [frame for more, frame in iter(video.read, (False, None))]
        self.assertEqual(len(frames), FRAMES)
        for frame in frames:
            self.assertLess(np.abs(frame.astype(int) - portrait[:height, :width]).mean(), 8)
        self.run_sample("video_minimal", path, self.folder / "result.avi")
        self.assertEqual(len(self.frames_of(self.folder / "result.avi")), FRAMES)

    def test_prototypes(self):
        table, result, other = (self.folder / name for name in ("labels.csv", "prototypes.yml.gz", "other.yml.gz"))
        self.run_sample("prototypes", PORTRAITS / "labels.csv", result)
        builder = cv2.sanprivacy.PrototypeBuilder.load(str(result))
        men = len(list(PORTRAITS.glob("man-*.jpg")))
        self.assertEqual((builder.count(0), builder.count(1)), (len(list(PORTRAITS.glob("*.jpg"))) - men, men))
        self.check_refused("is there already", "prototypes", PORTRAITS / "labels.csv", result)
        self.check_refused("'file' and 'age'", "prototypes", PORTRAITS / "labels.csv", other, "--attribute", "age")
        self.check_refused("Cannot read the table", "prototypes", self.folder / "none.csv", other)
        self.check_refused("folder", "prototypes", PORTRAITS / "labels.csv", self.folder / "none" / "other.yml.gz")
        points = "right_eye", "left_eye", "nose", "right_mouth", "left_mouth"
        landmarks = ",".join(f"{point}_x,{point}_y" for point in points)
        table.write_text(f"file,gender,{landmarks}\n{self.photo_without_a_face(self.folder / 'empty.png')},F,"
                         "124,164,196,164,160,205.5,133,239,187,239\n")
        self.run_sample("prototypes", table, self.folder / "by-landmarks.yml.gz")
        table.write_text(f"file,gender,right_eye_x\n{PORTRAITS}/man-bald.jpg,M,left\n")
        self.check_refused("Expected landmarks of", "prototypes", table, other)
        table.write_bytes(b"file,gender\nm\xe4nnlich.jpg,M\n")
        self.check_refused("Cannot read the table", "prototypes", table, other)
        self.assertFalse(other.exists())
        table.write_text(f"file,gender\n{PORTRAITS}/man-bald.jpg,M\n"
                         f"{self.photo_without_a_face(self.folder / 'empty.png')},F\n{PORTRAITS}/man-beard.jpg,\n")
        self.check_refused("empty.png: no face found", "prototypes", table, other)
        builder = cv2.sanprivacy.PrototypeBuilder.load(str(other))
        self.assertEqual((builder.count(0), builder.count(1)), (0, 1))  # though the table has a line without a label

    def test_largest_face_has_the_label(self):
        sys.path.insert(0, str(SAMPLES))
        self.addCleanup(sys.path.remove, str(SAMPLES))
        from face_table import largest_face

        faces = np.float32([[0, 0, 10, 20] + 11 * [1], [0, 0, 20, 20] + 11 * [.9], [0, 0, 15, 20] + 11 * [.8]])
        np.testing.assert_array_equal(largest_face(faces), faces[1:2])
        self.assertIsNone(largest_face(None))

    @unittest.skipIf(missing("matplotlib"), "no matplotlib")
    def test_evaluation(self):
        network = ('width: 224, height: 224, scale: 0.00392156863, color: "gray", '
                   'landmark_template: [ 66.5, 68, 156.5, 68, 111.5, 120.5, 72.5, 160, 150.5, 160 ]')
        networks = REPOSITORY / "modules" / "sanprivacy" / "testdata"
        (self.folder / "models.yml").write_text(f"""%YAML:1.0
---
shade: {{ task: "classifier", file: "{networks}/classifier.onnx", {network} }}
squares: {{ task: "matcher", file: "{networks}/descriptor.onnx", distance: "cosine", width: 32, height: 32,
  color: "rgb", square: 1.2, scale: 0.00392156863 }}
""")
        names = sorted(path.name for path in PORTRAITS.glob("*.jpg"))[6:12]  # of both genders
        rows = [f"{name},{'M' if name.startswith('man') else 'F'},{i // 2}" for i, name in enumerate(names)]
        self.photo_without_a_face(self.folder / "empty.png")
        (self.folder / "labels.csv").write_text("\n".join(["file,gender,identity", *rows,
                                                           f"{self.folder}/empty.png,M,9"]))
        arguments = PORTRAITS, self.folder / "labels.csv", self.folder / "models.yml", "-o", self.folder / "figures"
        text = self.run_sample("evaluation", *arguments)
        for part in ("6 face(s)", "shade, original: error 0.", "shade, opposite: error ",
                     "squares, original: TMR at FMR 1 % ",
                     "squares, opposite: TMR at FMR 1 % "):
            self.assertIn(part, text)
        self.assertEqual(os.listdir(self.folder / "figures"), ["roc-shade.png"])
        self.check_refused("is there already", "evaluation", *arguments)
        other = *arguments[:-1], self.folder / "other"
        self.check_refused("none.yml", "evaluation", *other[:2], self.folder / "none.yml", *other[3:])
        self.check_refused("of both genders", "evaluation", *other, "--limit", 2)
        self.assertFalse((self.folder / "other").exists())


@unittest.skipIf(missing("dask", "distributed", "tqdm"), "no Dask")
class Cluster(unittest.TestCase):
    IMAGES = 36

    def test_a_running_cluster(self):
        """The sample as a script, with workers that know nothing of it."""
        from dask.distributed import LocalCluster

        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p and p != str(SAMPLES)))
        with tempfile.TemporaryDirectory() as name:
            folder, results = pathlib.Path(name, "in"), pathlib.Path(name, "out")
            folder.mkdir()
            for portrait in sorted(PORTRAITS.glob("*.jpg"))[:2]:
                (folder / portrait.name).write_bytes(portrait.read_bytes())
            with LocalCluster(n_workers=0, dashboard_address=None) as scheduler:
                address = scheduler.scheduler_address
                worker = subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_worker", address, "--nworkers",
                                           "1",
                                           "--nthreads", "1", "--no-dashboard", "--local-directory", name],
                                          cwd=name, env=environment, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)
                try:
                    done = subprocess.run([sys.executable, SAMPLES / "cluster.py", folder, results, "--scheduler",
                                           address],
                                          capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
                finally:
                    worker.terminate()
                    worker.wait()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(sorted(os.listdir(results)), sorted(os.listdir(folder)))

    def test_bad_arguments(self):
        """Results within the store would pass for originals, and originals for results."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name, "in")
            folder.mkdir()
            for arguments, reason in (((folder, folder), "expected a folder outside"),
                                      ((folder, folder / "out"), "expected a folder outside"),
                                      ((folder / "none", folder / "out"), "no such folder"),
                                      ((folder, name + "/out", "--labels", name + "/none.csv"),
                                       "Cannot read the table")):
                done = subprocess.run([sys.executable, SAMPLES / "cluster.py", *map(str, arguments)], timeout=TIMEOUT,
                                      capture_output=True, text=True, stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(reason, done.stderr)

    def test_a_killed_worker_loses_and_doubles_nothing(self):
        sys.path.insert(0, str(SAMPLES))
        self.addCleanup(sys.path.remove, str(SAMPLES))
        import cluster
        from dask.distributed import Client, LocalCluster

        with tempfile.TemporaryDirectory() as name:
            folder, results = pathlib.Path(name, "in"), pathlib.Path(name, "out")
            folder.mkdir()
            labels = {}
            portraits = sorted(PORTRAITS.glob("*.jpg"))
            for i in range(self.IMAGES):
                portrait = portraits[i % len(portraits)]
                labels[f"{i:02}.jpg"] = int(portrait.name.startswith("man"))
                cv2.imwrite(str(folder / f"{i:02}.jpg"), cv2.imread(str(portrait)))
            (folder / "broken.jpg").write_bytes(b"no image")
            cv2.imwrite(str(folder / "empty.png"), np.full((200, 200, 3), 127, np.uint8))
            latin = os.fsdecode(b"latin-\xe9.jpg")
            (folder / latin).write_bytes(portraits[0].read_bytes())

            def kill_one(pid):
                while len(list(results.glob("*.jpg"))) < self.IMAGES // 3:
                    time.sleep(.02)
                os.kill(pid, signal.SIGKILL)

            cluster_of_two = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
            with cluster_of_two as workers, Client(workers) as client:
                process = next(iter(workers.workers.values())).process.process
                killer = threading.Thread(target=kill_one, args=(process.pid,), daemon=True)
                killer.start()
                left_out, prototypes = cluster.perturb(client, folder, results, labels, part_size=4)
                killer.join()
                self.assertEqual(process.exitcode, -signal.SIGKILL)
                self.assertEqual(left_out, [("broken.jpg", "no image that can be read"),
                                            ("empty.png", "no face found"), (latin, "a name that is not UTF-8")])
                self.assertEqual(sorted(path.name for path in results.glob("*.jpg")), sorted(labels))
                self.assertEqual((prototypes.count(0), prototypes.count(1)),
                                 (self.IMAGES - sum(labels.values()), sum(labels.values())))
                counted = [n for path in (results / cluster.PARTS).glob("*.json") for n in json.loads(path.read_text())]
                self.assertEqual(sorted(counted), sorted(labels))

                # Again: what is done is not done again.
                times = {path: path.stat().st_mtime_ns for path in results.glob("*.jpg")}
                next(iter(times)).unlink()
                cluster.perturb(client, folder, results, labels, part_size=4)
                after = {path: path.stat().st_mtime_ns for path in results.glob("*.jpg")}
                self.assertEqual(sum(after[path] != time_ for path, time_ in times.items()), 1)
            self.assertFalse([path for path in results.rglob(".sanprivacy-*")])


if __name__ == "__main__":
    unittest.main()
