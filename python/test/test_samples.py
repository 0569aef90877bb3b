# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The Python samples as a user runs them, and the cluster's with a worker that dies."""

import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import cv2
import numpy as np

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SAMPLES, PORTRAITS = REPOSITORY / "samples" / "python", REPOSITORY / "data" / "portraits"
TIMEOUT = 300
FRAMES = 6


def missing(*packages):
    return [package for package in packages if importlib.util.find_spec(package) is None]


class Samples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_sample(self, name, *arguments):
        done = subprocess.run([sys.executable, SAMPLES / (name + ".py"), *map(str, arguments)], capture_output=True, text=True,
                              timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check_refused(self, reason, name, *arguments):
        done = subprocess.run([sys.executable, SAMPLES / (name + ".py"), *map(str, arguments)], capture_output=True, text=True,
                              timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertIn(reason, done.stderr)

    def photo_without_a_face(self, path):
        cv2.imwrite(str(path), np.full((200, 200, 3), 127, np.uint8))
        return path

    def video(self):
        path, portrait = str(self.folder / "video.avi"), cv2.imread(str(PORTRAITS / "woman-fair-hair.jpg"))
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 25, portrait.shape[1::-1])
        for _ in range(FRAMES):
            writer.write(portrait)
        writer.release()
        return path

    def frames_of(self, path):
        video = cv2.VideoCapture(str(path))
        return [frame for more, frame in iter(video.read, (False, None))]

    def test_photo(self):
        self.assertIn("1 face", self.run_sample("photo", PORTRAITS / "man-bald.jpg", self.folder / "result.png"))
        result = cv2.imread(str(self.folder / "result.png"))
        self.assertGreater(np.abs(result.astype(int) - cv2.imread(str(PORTRAITS / "man-bald.jpg"))).mean(), .5)
        self.check_refused("is there already", "photo", PORTRAITS / "man-bald.jpg", self.folder / "result.png")
        self.check_refused("Cannot read", "photo", self.folder / "none.jpg", self.folder / "other.png")
        self.check_refused("No face found", "photo", self.photo_without_a_face(self.folder / "empty.png"), self.folder / "other.png")
        self.assertFalse((self.folder / "other.png").exists())

    @unittest.skipIf(missing("tqdm"), "no tqdm")
    def test_folder(self):
        self.run_sample("folder", PORTRAITS, self.folder / "out")
        self.assertEqual(sorted(os.listdir(self.folder / "out")), sorted(p.name for p in PORTRAITS.glob("*.jpg")))
        (self.folder / "in").mkdir()
        (self.folder / "in" / "broken.jpg").write_bytes(b"no image")
        self.check_refused("broken.jpg: no image", "folder", self.folder / "in", self.folder / "out")
        self.photo_without_a_face(self.folder / "in" / "empty.png")
        self.check_refused("empty.png: no face found", "folder", self.folder / "in", self.folder / "out")
        self.assertFalse((self.folder / "out" / "empty.png").exists())
        (self.folder / "in" / "man-bald.jpg").write_bytes((PORTRAITS / "man-bald.jpg").read_bytes())
        self.check_refused("is there already", "folder", self.folder / "in", self.folder / "in")
        self.assertEqual((self.folder / "in" / "man-bald.jpg").read_bytes(), (PORTRAITS / "man-bald.jpg").read_bytes())
        self.check_refused("no such folder", "folder", self.folder / "none", self.folder / "other")

    def test_videos(self):
        video = self.video()
        before = self.frames_of(video)
        for name in ("video_minimal", "video", "camera"):
            with self.subTest(name):
                self.run_sample(name, video, self.folder / (name + ".avi"))
                frames = self.frames_of(self.folder / (name + ".avi"))
                if name == "camera":  # which drops what it has no time for
                    self.assertGreater(len(frames), 0)
                else:
                    self.assertEqual(len(frames), FRAMES)
                for frame in frames:
                    self.assertGreater(np.abs(frame.astype(int) - before[0]).mean(), .5)
                self.check_refused("Cannot write", name, video, self.folder / "none" / "result.avi")

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
        self.assertEqual([video.get(which) for which in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)],
                         [width, height, 25])
        frames = [frame for more, frame in iter(video.read, (False, None))]
        self.assertEqual(len(frames), FRAMES)
        for frame in frames:
            self.assertLess(np.abs(frame.astype(int) - portrait[:height, :width]).mean(), 8)
        self.run_sample("video_minimal", path, self.folder / "result.avi")
        self.assertEqual(len(self.frames_of(self.folder / "result.avi")), FRAMES)

    @unittest.skipIf(missing("pandas"), "no pandas")
    def test_prototypes(self):
        self.run_sample("prototypes", PORTRAITS / "labels.csv", self.folder / "prototypes.yml.gz")
        builder = cv2.sanprivacy.PrototypeBuilder.load(str(self.folder / "prototypes.yml.gz"))
        men = len(list(PORTRAITS.glob("man-*.jpg")))
        self.assertEqual((builder.count(0), builder.count(1)), (len(list(PORTRAITS.glob("*.jpg"))) - men, men))
        self.check_refused("is there already", "prototypes", PORTRAITS / "labels.csv", self.folder / "prototypes.yml.gz")
        self.check_refused("'file' and 'age'", "prototypes", PORTRAITS / "labels.csv", self.folder / "other.yml.gz", "--attribute", "age")
        (self.folder / "labels.csv").write_text(f"file,gender\n{PORTRAITS}/man-bald.jpg,M\n"
                                                f"{self.photo_without_a_face(self.folder / 'empty.png')},F\n")
        self.check_refused("empty.png: no face found", "prototypes", self.folder / "labels.csv", self.folder / "other.yml.gz")

    @unittest.skipIf(missing("pandas", "matplotlib", "tqdm"), "no pandas, matplotlib or tqdm")
    def test_evaluation(self):
        network = 'width: 224, height: 224, scale: 0.00392156863, color: "gray", landmark_template: [ 66.5, 68, 156.5, 68, 111.5, 120.5, 72.5, 160, 150.5, 160 ]'
        (self.folder / "models.yml").write_text(f"""%YAML:1.0
---
shade: {{ task: "classifier", file: "{REPOSITORY}/modules/sanprivacy/testdata/classifier.onnx", {network} }}
squares: {{ task: "matcher", file: "{REPOSITORY}/modules/sanprivacy/testdata/descriptor.onnx", distance: "cosine", {network} }}
""")
        names = sorted(path.name for path in PORTRAITS.glob("*.jpg"))[6:12]  # of both genders
        rows = [f"{name},{'M' if name.startswith('man') else 'F'},{i // 2}" for i, name in enumerate(names)]
        (self.folder / "labels.csv").write_text("\n".join(["file,gender,identity", *rows]))
        arguments = PORTRAITS, self.folder / "labels.csv", self.folder / "models.yml", "-o", self.folder / "figures"
        self.photo_without_a_face(self.folder / "empty.png")
        with (self.folder / "labels.csv").open("a") as table:
            table.write(f"\n{self.folder}/empty.png,M,9\n")
        text = self.run_sample("evaluation", *arguments)
        self.assertIn("opposite", text)
        self.assertIn("TMR", text)
        self.assertEqual(sorted(os.listdir(self.folder / "figures")), ["results.csv", "roc-shade.png"])
        self.check_refused("is there already", "evaluation", *arguments)
        self.check_refused("of both genders", "evaluation", *arguments[:-1], self.folder / "other", "--limit", 2)
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
                worker = subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_worker", scheduler.scheduler_address, "--nworkers", "1",
                                           "--nthreads", "1", "--no-dashboard", "--local-directory", name], cwd=name, env=environment,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    done = subprocess.run([sys.executable, SAMPLES / "cluster.py", folder, results, "--scheduler", scheduler.scheduler_address],
                                          capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
                finally:
                    worker.terminate()
                    worker.wait()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(sorted(os.listdir(results)), sorted(os.listdir(folder)))

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

            def kill_one(pid):
                while len(list(results.glob("*.jpg"))) < self.IMAGES // 3:
                    time.sleep(.02)
                os.kill(pid, signal.SIGKILL)

            with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers, Client(workers) as client:
                process = next(iter(workers.workers.values())).process.process
                killer = threading.Thread(target=kill_one, args=(process.pid,), daemon=True)
                killer.start()
                left_out, prototypes = cluster.perturb(client, folder, results, labels, part_size=4)
                killer.join()
                self.assertEqual(process.exitcode, -signal.SIGKILL)
                self.assertEqual(left_out, [("broken.jpg", "no image that can be read"), ("empty.png", "no face found")])
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
