#!/bin/sh
# Times the shipped network in ONNX Runtime and in the newest OpenCV of the Python package index, to be compared with
# `sanprivacy bench faces` on the same machine. They are installed in a scratch environment, which is reused.
# usage: scripts/bench_peers.sh [FOLDER] [THREADS]     default: build/peers, 1 thread
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$repository/build/peers}
threads=${2:-1}
python=${PYTHON:-python3}
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/pip" install -q numpy onnxruntime opencv-python-headless
exec "$folder/bin/python" - "$repository/data/residual.onnx" "$threads" <<'PYTHON'
import statistics
import sys
import time

import cv2
import numpy
import onnxruntime

model, threads, runs = sys.argv[1], int(sys.argv[2]), 30
face = numpy.random.default_rng(1).random((1, 1, 224, 224), numpy.float32)
prototype = numpy.random.default_rng(2).random((1, 3, 224, 224), numpy.float32)


def measure(name, call):
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    print(f"{name:34} {statistics.median(times):9.3f} {min(times):9.3f} {max(times):9.3f}")


print(f"ms of {runs} runs, {threads} threads, batch of 1\n{'network':34} {'median':>9} {'least':>9} {'most':>9}")
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
measure("ONNX Runtime " + onnxruntime.__version__, lambda: session.run(None, {"image": face, "target_proto": prototype}))

cv2.setNumThreads(threads)
network = cv2.dnn.readNetFromONNX(model)


def forward():
    network.setInput(face, "image")
    network.setInput(prototype, "target_proto")
    network.forward("perturbed")


measure("OpenCV " + cv2.__version__, forward)
PYTHON
