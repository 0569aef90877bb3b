# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""POST /perturb of samples/python/try_it, as a program uses it."""

import base64
import concurrent.futures
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

import cv2
import numpy as np

from try_it_server import MISSING, PORTRAITS, PROGRAM, REPOSITORY, Server

if not MISSING:
    from PIL import Image

TIMEOUT = 300
MATCHER = """%YAML:1.0
---
of-gray-crops: {{ task: "classifier", file: "{file}", width: 224, height: 224, scale: 0.00392156863, color: "gray",
                  landmark_template: [ 66.5, 68, 156.5, 68, 111.5, 120.5, 72.5, 160, 150.5, 160 ] }}
as-matcher: {{ task: "matcher", file: "{file}", width: 224, height: 224, scale: 0.00392156863, color: "gray",
               distance: "euclidean",
               landmark_template: [ 66.5, 68, 156.5, 68, 111.5, 120.5, 72.5, 160, 150.5, 160 ] }}
"""


def portrait(name="man-bald"):
    return (PORTRAITS / (name + ".jpg")).read_bytes()


def encoded(image, image_format, **options):
    content = io.BytesIO()
    image.save(content, image_format, **options)
    return content.getvalue()


@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}")
class TryIt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        models = pathlib.Path(folder.name) / "models.yml"
        models.write_text(MATCHER.format(file=REPOSITORY / "data" / "gender.onnx"))
        cls.models = str(models)
        cls.server = Server("--models", models, "--same-person", "as-matcher=-0.1", "--max-megabytes", 2,
                            "--max-megapixels", 1)
        cls.addClassCleanup(cls.server.stop)

    def ask(self, content, as_json=False, method="POST", path="/perturb", content_type=None, **options):
        """-> (status, headers, content, or what the JSON says)"""
        request = urllib.request.Request(f"{self.server.url}{path}?{urllib.parse.urlencode(options, doseq=True)}",
                                         content, method=method,
                                         headers={"Accept": "application/json"} if as_json else {})
        if content_type:
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                status, headers, body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, headers, body = error.code, error.headers, error.read()
        return status, headers, json.loads(body) if headers["Content-Type"] == "application/json" else body

    def check_refused(self, status, reason, content, **options):
        found, _, answer = self.ask(content, **options)
        self.assertEqual(found, status, answer)
        self.assertIn(reason, answer["error"])

    def image_of(self, answer):
        return np.asarray(Image.open(io.BytesIO(answer)).convert("RGB")).astype(int)

    def test_an_image_comes_back_protected_in_its_own_format(self):
        original = Image.open(io.BytesIO(portrait()))
        for image_format in ("JPEG", "PNG", "WEBP", "BMP"):
            status, headers, answer = self.ask(encoded(original, image_format))
            self.assertEqual((status, headers["X-Faces"]), (200, "1"), image_format)
            result = Image.open(io.BytesIO(answer))
            self.assertEqual((result.format, result.size), ("PNG" if image_format == "BMP" else image_format,
                                                            original.size))
            self.assertEqual(headers["Content-Type"], f"image/{result.format.lower()}")
            self.assertGreater(np.abs(self.image_of(answer) - np.asarray(original)).mean(), .5)
        self.assertEqual(Image.open(io.BytesIO(self.ask(portrait(), format="png")[2])).format, "PNG")

    def test_the_pixels_are_those_of_the_module(self):
        image = cv2.imread(str(PORTRAITS / "man-bald.jpg"))
        faces, perturber = cv2.sanprivacy.FaceDetector.create().detect(image), cv2.sanprivacy.Perturber.create()
        perturber.setStrength(1.5)
        expected = perturber.perturbFaces(image, faces,
                                          params=cv2.sanprivacy.PerturbParams(cv2.sanprivacy.PROTOTYPE_NEUTRAL, 1))
        found = self.ask(encoded(Image.fromarray(image[:, :, ::-1]), "PNG"), prototype="neutral", strength=1.5,
                         label="male")[2]
        np.testing.assert_allclose(self.image_of(found)[:, :, ::-1], expected, atol=1)

    def test_report(self):
        status, _, answer = self.ask(portrait(), True, prototype=["same", "neutral", "opposite"])
        self.assertEqual(status, 200, answer)
        self.assertEqual((answer["width"], answer["height"], len(answer["faces"])), (320, 384, 1))
        face = answer["faces"][0]
        (right_eye, _), (left_eye, _) = face["landmarks"][:2]
        self.assertTrue(0 < face["x"] < right_eye < left_eye < face["x"] + face["width"] < 320)
        original = answer["original"]["readings"][0]["male"]
        self.assertGreater(original["shipped classifier"], .5)
        self.assertGreater(original["of-gray-crops"], .5)
        self.assertEqual(list(answer["outputs"]), ["same", "neutral", "opposite"])
        same, opposite = (answer["outputs"][name]["readings"][0] for name in ("same", "opposite"))
        self.assertLess(opposite["male"]["shipped classifier"], .5)
        self.assertTrue(same["match"]["as-matcher"]["same_person"])
        self.assertFalse(opposite["match"]["as-matcher"]["same_person"])
        self.assertAlmostEqual(opposite["match"]["as-matcher"]["score"],
                               -abs(original["of-gray-crops"] - opposite["male"]["of-gray-crops"]), delta=1e-4)
        header, content = answer["outputs"]["opposite"]["image"].split(",")
        self.assertEqual(header, "data:image/jpeg;base64")
        self.assertEqual(base64.b64decode(content), self.ask(portrait())[2])
        self.assertNotIn("image", answer["original"])

    def test_report_has_an_original_that_browsers_can_show(self):
        answer = self.ask(encoded(Image.open(PORTRAITS / "man-bald.jpg"), "TIFF"), True)[2]
        self.assertTrue(answer["original"]["image"].startswith("data:image/png;base64,"))

    def test_several_faces(self):
        images = [Image.open(io.BytesIO(portrait(name))) for name in ("man-bald", "woman-curls")]
        group = Image.new("RGB", (640, 384))
        for i, image in enumerate(images):
            group.paste(image, (320 * i, 0))
        answer = self.ask(encoded(group, "PNG"), True)[2]
        readings = [(face["x"], reading["male"]["shipped classifier"]) for face, reading in
                    zip(answer["faces"], answer["original"]["readings"])]
        self.assertEqual([male > .5 for _, male in sorted(readings)], [True, False])

    def test_orientation_and_color_profile_stay_and_nothing_else(self):
        exif = Image.Exif()
        exif[0x112], exif[0x10e] = 6, "a secret description"
        turned = encoded(Image.open(io.BytesIO(portrait())).rotate(90, expand=True), "JPEG", exif=exif,
                         icc_profile=b"a profile", quality=95)
        answer = self.ask(turned)[2]
        result = Image.open(io.BytesIO(answer))
        self.assertEqual((result.size, result.info["icc_profile"]), ((320, 384), b"a profile"))
        self.assertNotIn(b"a secret", answer)
        self.assertFalse(result.getexif())

    def test_a_photo_with_another_behind_it(self):
        other = Image.open(io.BytesIO(portrait("woman-curls")))
        answer = self.ask(encoded(Image.open(io.BytesIO(portrait())), "MPO", save_all=True, append_images=[other]))[2]
        self.assertEqual((Image.open(io.BytesIO(answer)).format, answer.count(b"\xff\xd8\xff")), ("JPEG", 1))

    def test_gray_and_transparent_images(self):
        image = Image.open(io.BytesIO(portrait()))
        transparent = image.convert("RGBA")
        transparent.putpixel((0, 0), (10, 20, 30, 0))
        self.assertEqual(self.ask(encoded(image.convert("L"), "PNG"))[0], 200)
        self.assertEqual(self.ask(encoded(image.convert("P"), "PNG"))[0], 200)
        self.assertEqual(self.ask(encoded(image.convert("CMYK"), "JPEG"))[0], 200)
        self.assertEqual(self.image_of(self.ask(encoded(transparent, "PNG"))[2])[0, 0].tolist(), [255, 255, 255])

    def test_bad_images(self):
        image = Image.open(io.BytesIO(portrait()))
        self.check_refused(400, "not an image", b"no image")
        self.check_refused(400, "not an image", portrait()[:5000])
        self.check_refused(400, "not an image", encoded(image, "GIF"))
        self.check_refused(400, "file is empty", b"")
        self.check_refused(400, "--data-binary", portrait(), content_type="multipart/form-data; boundary=x")
        self.check_refused(400, "8 bits", encoded(Image.fromarray(np.full((300, 300), 40000, np.uint16)), "PNG"))
        self.check_refused(422, "No face was found", encoded(Image.new("RGB", (300, 200), "green"), "PNG"))
        self.check_refused(413, "1001 x 1000 pixels", encoded(Image.new("L", (1001, 1000)), "PNG"))
        self.check_refused(413, "20000 x 20000 pixels", encoded(Image.new("1", (20000, 20000)), "PNG"))
        self.check_refused(413, "at most 2 MB", bytes(2 * 1024 * 1024 + 1))
        self.assertEqual(self.ask(portrait())[0], 200)

    def test_bad_options(self):
        for options, reason in (({"strength": 0}, "strength"), ({"strength": 2.1}, "strength"),
                                ({"strength": "nan"}, "strength"),
                                ({"strength": "x"}, "strength"), ({"prototype": "other"}, "prototype"),
                                ({"label": "x"}, "label"),
                                ({"format": "gif"}, "format"), ({"strenght": 2}, "strenght"),
                                ({"prototype": ["same", "opposite"]}, "Accept")):
            self.check_refused(422, reason, portrait(), **options)
        self.check_refused(405, "POST /perturb", None, method="GET")
        self.check_refused(404, "POST /perturb", None, method="GET", path="/none")

    def test_page_loads_nothing_from_elsewhere(self):
        for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript"),
                           ("/sample.jpg", "image/jpeg")):
            status, headers, content = self.ask(None, method="GET", path=path)
            self.assertEqual((status, headers["Content-Type"].split(";")[0]), (200, kind))
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertNotIn(b"//", content if kind == "text/html" else b"")

    def test_many_at_once_and_no_file_kept(self):
        names = ("man-bald", "woman-curls", "man-glasses", "woman-dark-skin") * 2
        alone = {name: self.ask(portrait(name), format="png")[2] for name in set(names)}
        with concurrent.futures.ThreadPoolExecutor(len(names)) as threads:
            together = list(threads.map(lambda name: self.ask(portrait(name), format="png")[2], names))
        for name, answer in zip(names, together):
            self.assertLessEqual(np.abs(self.image_of(answer) - self.image_of(alone[name])).max(), 1, name)
        files = [os.readlink(path) for path in pathlib.Path(f"/proc/{self.server.program.pid}/fd").iterdir()
                 if path.is_symlink()]
        self.assertEqual([file for file in files if file.startswith(tempfile.gettempdir())], [])

    def test_too_many_are_sent_away(self):
        statuses, start = [], threading.Barrier(24)

        def ask():
            start.wait()
            statuses.append(self.ask(portrait("man-glasses"), True, prototype=["same", "opposite", "neutral"])[0])

        threads = [threading.Thread(target=ask) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses) - {503}, {200})
        self.assertEqual(self.ask(portrait())[0], 200)

    def test_wrong_arguments_are_one_line(self):
        taken = self.server.url.rsplit(":", 1)[1]
        for options, reason in ((["--port", taken], "in use"), (["--port", "70000"], "70000"),
                                (["--models", "none.yml"], "none.yml"),
                                (["--same-person", "x=1"], "no matcher 'x'"), (["--same-person", "x"], "NAME=SCORE"),
                                (["--max-megabytes", "0"], "above 0"), (["--host", "no.such.host.invalid"],
                                                                        "no.such.host.invalid")):
            done = subprocess.run([sys.executable, PROGRAM, *options], capture_output=True, text=True, timeout=TIMEOUT,
                                  stdin=subprocess.DEVNULL)
            self.assertNotEqual(done.returncode, 0, options)
            self.assertIn(reason, done.stderr)
            self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
