# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""cv2.sanprivacy as a user of Python meets it: the same tests inside OpenCV's own build and beside an installed
OpenCV."""

import inspect
import os
import sys
import tempfile
import threading
import unittest

import cv2 as cv
import numpy as np

MODULE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
DATA = os.path.join(MODULE, "..", "..", "data")
SIDE = 224


def network(name):
    return os.path.join(MODULE, "testdata", name + ".onnx")


def portrait(name="woman-fair-hair"):
    return cv.imread(os.path.join(DATA, "portraits", name + ".jpg"))


def face(seed=1):
    return np.random.default_rng(seed).random((SIDE, SIDE), np.float32)


def labelled(label, prototype=cv.sanprivacy.PROTOTYPE_OPPOSITE):
    return cv.sanprivacy.PerturbParams(prototype, label)


def in_threads(work, count):
    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def prototypes(folder):
    """A file of two flat prototypes, (.2, .2, .2) and (.6, .6, .6)."""
    builder = cv.sanprivacy.PrototypeBuilder.create()
    for label, value in ((0, .2), (1, .6)):
        builder.add(np.full((SIDE, SIDE, 3), value, np.float32), label)
    path = os.path.join(folder, "prototypes.yml.gz")
    builder.save(path)
    return path


class SanprivacyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def perturber(self, name="generator_residual"):
        return cv.sanprivacy.Perturber.create(cv.sanprivacy.PerturberParams(
            model=network(name), prototypes=prototypes(self.folder), classifier=network("classifier")))

    def test_everything_is_there(self):
        classes = ("Perturber", "PerturberParams", "PerturbParams", "FaceResult", "PrototypeBuilder", "FaceDetector",
                   "FaceNetwork", "ModelDescription", "MatchEvaluation",
                   "StreamAnonymizer", "StreamParams", "StreamFace", "StreamRecord")
        for name in classes:
            self.assertTrue(inspect.isclass(getattr(cv.sanprivacy, name)), name)
            self.assertIs(getattr(cv, "sanprivacy_" + name), getattr(cv.sanprivacy, name))
        self.assertEqual(cv.sanprivacy.Perturber.__module__, "cv2.sanprivacy")
        self.assertEqual((cv.sanprivacy.PROTOTYPE_SAME, cv.sanprivacy.PROTOTYPE_NEUTRAL,
                          cv.sanprivacy.PROTOTYPE_OPPOSITE,
                          cv.sanprivacy.PROTOTYPE_RANDOM), (100, 101, 102, 103))
        self.assertIn("perturb(face[, dst[, params]]) -> dst", cv.sanprivacy.Perturber.perturb.__doc__)

    def test_what_is_empty_says_so(self):
        for kind in (cv.sanprivacy.Perturber, cv.sanprivacy.FaceDetector, cv.sanprivacy.StreamAnonymizer):
            self.assertTrue(kind().empty())
        with self.assertRaisesRegex(cv.error, "empty"):
            cv.sanprivacy.Perturber().perturb(face())
        with self.assertRaisesRegex(cv.error, "empty"):
            cv.sanprivacy.FaceDetector().detect(np.zeros((9, 9), np.uint8))

    def test_perturb(self):
        # sigmoid(4 x - 2 + (.5 - .25 + .125) same + (1 - .5 + .25) target)
        perturber = self.perturber("generator_authors")
        x = face()
        result = perturber.perturb(x, params=labelled(0))
        self.assertEqual((result.shape, result.dtype), ((SIDE, SIDE), np.float32))
        expected = 1 / (1 + np.exp(-(4 * x - 2 + .375 * .2 + .75 * .6)))
        np.testing.assert_allclose(result, expected, atol=1e-5)
        same, neutral, opposite = perturber.perturbAll(x, label=0)
        np.testing.assert_array_equal(opposite, result)
        self.assertGreater(neutral.mean(), same.mean())
        self.assertEqual(perturber.getInputSize(), (SIDE, SIDE))

    def test_a_result_is_written_where_it_is_wanted(self):
        perturber, x = self.perturber(), face()
        target = np.zeros((SIDE, SIDE), np.float32)
        result = perturber.perturb(x, target, labelled(1))
        self.assertIs(result, target)
        np.testing.assert_array_equal(target, perturber.perturb(face=x, params=labelled(1)))

    def test_batches(self):
        perturber, faces = self.perturber(), [face(seed) for seed in range(3)]
        results = perturber.perturbBatch(faces, labels=[0, 1, 1])
        for one, x, label in zip(results, faces, (0, 1, 1)):
            np.testing.assert_allclose(one, perturber.perturb(x, params=labelled(label)), atol=1e-6)

    def test_umat(self):
        perturber, x = self.perturber(), face()
        result = perturber.perturb(cv.UMat(x), params=labelled(1))
        self.assertIsInstance(result, cv.UMat)
        np.testing.assert_array_equal(result.get(), perturber.perturb(x, params=labelled(1)))

    def test_wrong_input(self):
        perturber = self.perturber()
        for wrong in (np.zeros((9, 9), np.float32), np.full((SIDE, SIDE), np.nan, np.float32),
                      np.zeros((SIDE, SIDE, 2), np.uint8),
                      np.zeros((0, 0), np.uint8), "a face"):
            with self.assertRaises((cv.error, TypeError)):
                perturber.perturb(wrong)
        with self.assertRaises((cv.error, TypeError)):
            perturber.perturb(face(), params=cv.sanprivacy.PerturbParams(label="male"))
        for wrong in (0, 1, cv.sanprivacy.PROTOTYPE_SAME):  # neither a label nor a prototype stands for the parameters
            with self.assertRaises((cv.error, TypeError)):
                perturber.perturb(face(), None, wrong)
        for wrong in (cv.sanprivacy.PerturbParams(1), cv.sanprivacy.PerturbParams(label=cv.sanprivacy.PROTOTYPE_SAME)):
            with self.assertRaises(cv.error):
                perturber.perturb(face(), params=wrong)
        with self.assertRaisesRegex(cv.error, "none.onnx"):
            cv.sanprivacy.Perturber.create(cv.sanprivacy.PerturberParams(model="none.onnx"))

    def test_cuda_without_a_device_is_an_error(self):
        if cv.cuda.getCudaEnabledDeviceCount() > 0:
            self.skipTest("there is a CUDA device")
        with self.assertRaisesRegex(cv.error, "no device"):
            cv.sanprivacy.Perturber.create(cv.sanprivacy.PerturberParams(backend_id=cv.dnn.DNN_BACKEND_CUDA,
                                                                         target_id=cv.dnn.DNN_TARGET_CUDA))

    def test_prototypes_of_parts_are_those_of_all(self):
        faces = [np.full((8, 8, 3), value, np.uint8) for value in (10, 20, 60, 200)]
        whole, first, second = (cv.sanprivacy.PrototypeBuilder.create((8, 8)) for _ in range(3))
        for i, image in enumerate(faces):
            whole.add(image, i % 2)
            (first if i < 2 else second).add(image, i % 2)
        first.merge(second)
        self.assertEqual((first.count(0), first.count(1)), (2, 2))
        np.testing.assert_allclose(first.neutral(), whole.neutral(), atol=1e-6)
        np.testing.assert_allclose(first.same(0), np.full((8, 8, 3), 35 / 255), atol=1e-6)

    def test_geometry(self):
        landmarks = cv.sanprivacy.getCanonicalLandmarks()
        self.assertEqual(landmarks.shape, (5, 2))
        image = (255 * face()).astype(np.uint8)
        inside, crop = cv.sanprivacy.alignFace(image, landmarks)
        self.assertEqual(inside, 1)
        np.testing.assert_array_equal(crop, image)
        x = np.float32(image) / 255
        blended = cv.sanprivacy.blendFace(image.copy(), x, np.clip(x + .1, 0, 1), landmarks)
        self.assertGreater(int(blended[112, 112]), int(image[112, 112]))

    def test_evaluation(self):
        scores, labels = np.array([.1, .4, .35, .8]), np.array([0, 0, 1, 1])
        fpr, tpr, thresholds = cv.sanprivacy.rocCurve(scores, labels)
        self.assertAlmostEqual(cv.sanprivacy.areaUnderCurve(fpr, tpr), .75)
        self.assertEqual(len(thresholds), 5)
        low, high = cv.sanprivacy.confidenceInterval(np.arange(101.), .9)
        self.assertAlmostEqual(low, 5)
        self.assertAlmostEqual(high, 95)
        people = np.repeat(np.arange(3), 2)
        matching = cv.sanprivacy.MatchEvaluation.create(np.eye(3, dtype=np.float32)[people], None, people)
        self.assertEqual((matching.genuinePairs(), matching.impostorPairs()), (3, 12))
        self.assertEqual(matching.trueMatchRate(.01), 1)

    def matcher(self):
        d = cv.sanprivacy.ModelDescription()
        d.name, d.file, d.size, d.square = "mine", network("descriptor"), (32, 32), 1.
        d.task, d.distance = cv.sanprivacy.NETWORK_MATCHER, cv.sanprivacy.DISTANCE_EUCLIDEAN
        return cv.sanprivacy.FaceNetwork.create(d)

    def test_arrays_of_another_shape_are_refused(self):
        """A batch as networks take them, or one row of numbers, has no rows and columns and would pass for an empty
        image."""
        perturber, landmarks = self.perturber(), cv.sanprivacy.getCanonicalLandmarks()
        batch, x = np.zeros((2, SIDE, SIDE, 3), np.uint8), face()
        faces = np.zeros((1, 15), np.float32)
        faces[0, 4:14] = landmarks.ravel()
        for call in (lambda: perturber.perturbFaces(batch, faces), lambda: perturber.perturbFaces(batch, None),
                     lambda: perturber.tryPerturbFaces(batch, faces), lambda: perturber.perturb(batch),
                     lambda: perturber.predict(batch),
                     lambda: perturber.perturbAll(batch), lambda: cv.sanprivacy.alignFace(batch, landmarks),
                     lambda: cv.sanprivacy.blendFace(batch, x, x, landmarks),
                     lambda: cv.sanprivacy.PrototypeBuilder.create((SIDE, SIDE)).add(batch, 0),
                     lambda: cv.sanprivacy.FaceDetector.create().detect(batch),
                     lambda: self.matcher().crop(batch, faces), lambda: perturber.perturbFaces(x, batch)):
            with self.assertRaisesRegex(cv.error, "two dimensions.*2x224x224"):
                call()
        for call in (lambda: cv.sanprivacy.FaceDetector.create().detect(np.zeros(300, np.uint8)),
                     lambda: perturber.perturbFaces(np.zeros(300, np.uint8), faces),
                     lambda: perturber.perturbFaces(np.zeros(300, np.uint8), None)):
            with self.assertRaisesRegex(cv.error, "rows and columns; found 300x1"):
                call()
        with self.assertRaisesRegex(cv.error, "Nx15"):
            perturber.perturbFaces(x, faces[:, :14])
        np.testing.assert_array_equal(perturber.perturbFaces(x, faces[0]), perturber.perturbFaces(x, faces))

    def test_each_face_has_its_result(self):
        perturber, x = self.perturber(), np.full((SIDE, SIDE, 3), 150, np.uint8)
        faces = np.zeros((3, 15), np.float32)
        faces[:, 4:14] = cv.sanprivacy.getCanonicalLandmarks().ravel()
        faces[1, 4:14] += 5000
        faces[2, 4:14] /= SIDE  # shares of the image in place of pixels
        with self.assertRaisesRegex(cv.error, "Face 1 of 3"):
            perturber.perturbFaces(x, faces)
        every, result, told = perturber.tryPerturbFaces(x, faces, labels=[0, 1, 1])
        self.assertFalse(every)
        self.assertEqual([face.status for face in told],
                         [cv.sanprivacy.FACE_PERTURBED, cv.sanprivacy.FACE_OUTSIDE_IMAGE, cv.sanprivacy.FACE_TOO_SMALL])
        self.assertEqual((told[0].label, told[0].reason), (0, ""))
        self.assertIn("pixels", told[2].reason)
        np.testing.assert_array_equal(result, perturber.perturbFaces(x, faces[:1], labels=[0]))
        self.assertTrue(perturber.tryPerturbFaces(x, faces[:1])[0])

    def test_networks_from_memory(self):
        model, parts, classifier = (np.fromfile(file, np.uint8) for file in
                                    (network("generator_residual"), prototypes(self.folder), network("classifier")))
        np.testing.assert_array_equal(cv.sanprivacy.Perturber.create(model, parts, classifier).perturb(face()),
                                      self.perturber().perturb(face()))
        self.assertEqual(cv.sanprivacy.PrototypeBuilder.load(parts).count(0), 1)
        with self.assertRaises(cv.error):
            cv.sanprivacy.Perturber.create(model[:100], parts, classifier)

    def test_networks_file(self):
        path = os.path.join(self.folder, "models.yml")
        with open(path, "w") as stream:
            stream.write('%YAML:1.0\n---\nmine: { task: "matcher", file: "'
                         + network("descriptor") + '", width: 32, height: 32, '
                         'color: "rgb", square: 1.0, output: "descriptor", distance: "euclidean" }\n')
        descriptions = cv.sanprivacy.readModelDescriptions(path)
        self.assertEqual([(d.name, d.size, d.distance) for d in descriptions],
                         [("mine", (32, 32), cv.sanprivacy.DISTANCE_EUCLIDEAN)])
        matcher = cv.sanprivacy.FaceNetwork.create(descriptions[0])
        crops = [np.full((32, 32, 3), value, np.uint8) for value in (10, 10, 90)]
        descriptors = matcher.forward(crops)
        self.assertGreater(matcher.match(descriptors[0], descriptors[1]), matcher.match(descriptors[0], descriptors[2]))

    def test_another_thread_goes_on_meanwhile(self):
        """With threads that are never switched by force, this one goes on within the other's call only where the lock
        is released."""
        perturber, x = self.perturber(), [face()] * 16
        began, ended = threading.Event(), []

        def work():
            began.set()
            for _ in range(4):
                perturber.perturbBatch(x)
            ended.append(True)

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1000)
        try:
            worker = threading.Thread(target=work)
            worker.start()
            began.wait()
            self.assertFalse(ended)
        finally:
            sys.setswitchinterval(interval)
            worker.join()

    def test_two_threads_perturb_at_once(self):
        expected, results = self.perturber().perturb(face(), params=labelled(1)), [None, None]

        def work(i):
            perturber = self.perturber()
            for _ in range(20):
                results[i] = perturber.perturb(face(), params=labelled(1))

        in_threads(work, 2)
        for result in results:
            np.testing.assert_array_equal(result, expected)

    def test_four_threads_share_one_object(self):
        perturber, faces = self.perturber(), [face(seed) for seed in range(4)]
        expected = [perturber.perturb(x) for x in faces]
        builder = cv.sanprivacy.PrototypeBuilder.create((SIDE, SIDE))
        matcher = self.matcher()
        detector, photo = cv.sanprivacy.FaceDetector.create(), cv.resize(portrait(), (160, 196))
        found = detector.detect(photo, quick=True)
        self.assertEqual(len(found), 1)
        crops = [np.full((32, 32, 3), 20 * i, np.uint8) for i in range(1, 5)]
        descriptors = [matcher.forward([crop]) for crop in crops]
        wrong = []

        def work(i):
            for k in range(25):
                if not np.array_equal(perturber.perturb(faces[i]), expected[i]):
                    wrong.append(i)
                if k % 5 == 0 and not 0 <= perturber.predict(faces[i]) <= 1:
                    wrong.append(i)
                if k % 5 == 0 and not np.array_equal(detector.detect(photo, quick=True), found):
                    wrong.append(i)
                if not np.array_equal(matcher.forward([crops[i]]), descriptors[i]):
                    wrong.append(i)
                builder.add(faces[i], i % 2)

        in_threads(work, 4)
        self.assertEqual(wrong, [])
        self.assertEqual((builder.count(0), builder.count(1)), (50, 50))

    def test_no_memory_is_lost(self):
        def resident():
            with open("/proc/self/statm") as stream:
                return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        if not os.path.exists("/proc/self/statm"):
            self.skipTest("no /proc")
        perturber, x, landmarks = self.perturber(), face(), cv.sanprivacy.getCanonicalLandmarks()

        def work(times):
            for _ in range(times):
                _, crop = cv.sanprivacy.alignFace(x, landmarks, size=(64, 64))
                cv.sanprivacy.ModelDescription().landmark_template = landmarks
                cv.sanprivacy.rocCurve(crop[0], np.int32(crop[0] > crop[0].mean()))
                perturber.predict(x)

        work(500)
        before = resident()
        work(10000)
        self.assertLess(resident() - before, 10 << 20)  # one crop lost each time would be 164 MB

    def test_photo(self):
        photo = portrait()
        faces = cv.sanprivacy.FaceDetector.create().detect(photo)
        self.assertIsNone(cv.sanprivacy.FaceDetector.create().detect(np.full((200, 200, 3), 127, np.uint8)))
        self.assertEqual(faces.shape, (1, 15))
        perturber = cv.sanprivacy.Perturber.create()
        result = perturber.perturbFaces(photo, faces)
        self.assertEqual((result.shape, result.dtype), (photo.shape, photo.dtype))
        self.assertGreater(np.abs(result.astype(int) - photo).mean(), .5)

    def test_several_attributes(self):
        def hiding(names):
            return cv.sanprivacy.Perturber.create(cv.sanprivacy.PerturberParams(names))

        perturber = hiding(["gender", "age"])
        self.assertEqual(perturber.getAttributes(), ("gender", "age"))
        x = face()
        self.assertTrue(0 <= perturber.predict(x, attribute=1) <= 1)
        same = [perturber.perturb(x, params=labelled(label, cv.sanprivacy.PROTOTYPE_SAME)) for label in range(4)]
        for label in range(4):
            opposite = perturber.perturb(x, params=labelled(label))
            self.assertTrue(np.array_equal(opposite, same[3 - label]))
            self.assertFalse(any(np.array_equal(same[label], other) for other in same[:label]))
        only_age = hiding(["age"]).perturb(x, params=labelled(1, cv.sanprivacy.PROTOTYPE_SAME))
        self.assertFalse(any(np.array_equal(only_age, other) for other in same))
        with self.assertRaises((cv.error, TypeError)):
            hiding("age and gender")
        with self.assertRaises(cv.error):
            hiding(["shoe size"])

    def test_stream(self):
        detector = cv.sanprivacy.FaceDetector.create()
        params = cv.sanprivacy.StreamParams()
        params.replacement, params.look_ahead = cv.sanprivacy.REPLACE_BLUR, .08
        anonymizer = cv.sanprivacy.StreamAnonymizer.create(detector, None, params)
        self.assertEqual(anonymizer.getParams().look_ahead, .08)
        frame, records, results = portrait(), [], []
        for _ in range(5):
            anonymizer.push(frame)
        anonymizer.finish()
        while anonymizer.ready():
            more, result, record = anonymizer.pop()
            self.assertTrue(more)
            records.append(record)
            results.append(result)
        self.assertEqual([record.frame for record in records], list(range(5)))
        for record, result in zip(records, results):
            self.assertEqual([f.protection for f in record.faces], [cv.sanprivacy.PROTECTION_REPLACED])
            self.assertEqual(len(record.faces[0].landmarks), 5)
            self.assertGreater(np.abs(result.astype(int) - frame).mean(), 1)

        # The caller's own detections, and times.
        faces = detector.detect(frame)
        given = cv.sanprivacy.StreamAnonymizer.create(None, None, params)
        for t in range(3):
            given.push(frame, faces, time=float(t))
        with self.assertRaises(cv.error):
            given.push(frame, 3.)
        given.finish()
        self.assertEqual(given.ready(), 3)
        for t in range(3):
            record = given.pop()[2]
            self.assertEqual((record.time, len(record.faces)), (t, 1))
        self.assertLess(anonymizer.getSmallestFace((640, 480)), anonymizer.getSmallestFace((1280, 720)))


if __name__ == "__main__":
    unittest.main()
