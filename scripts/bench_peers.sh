#!/bin/sh
# Times the shipped networks in ONNX Runtime, OpenVINO and the newest OpenCV of the Python package index, to be compared
# with `sanprivacy bench faces` on the same machine. They are installed in a scratch environment, which is reused.
# usage: scripts/bench_peers.sh [FOLDER] [THREADS]     default: build/peers, 1 thread
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$repository/build/peers}
threads=${2:-1}
python=${PYTHON:-python3}
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/pip" install -q numpy onnxruntime openvino opencv-python-headless
exec "$folder/bin/python" - "$repository/data" "$threads" <<'PYTHON'
import statistics
import sys
import time

import cv2
import numpy
import onnxruntime
import openvino

data, threads, runs = sys.argv[1], int(sys.argv[2]), 30
random = numpy.random.default_rng(1)
NETWORKS = {
    "residual.onnx": {
        "image": random.random((1, 1, 224, 224), numpy.float32),
        "target_proto": random.random((1, 3, 224, 224), numpy.float32),
    },
    "face_detection_yunet_2023mar.onnx": {"input": 255 * random.random((1, 3, 640, 640), numpy.float32)},
}


def in_onnx_runtime(file, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, inputs)


def in_openvino(file, inputs):
    # In 32 bits, as the others; by itself it takes 16 where the processor has them.
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(file, "CPU", settings)
    return lambda: compiled(inputs)


def in_opencv(file, inputs):
    cv2.setNumThreads(threads)
    network = cv2.dnn.readNetFromONNX(file)

    def forward():
        for name, value in inputs.items():
            network.setInput(value, name)
        network.forward(network.getUnconnectedOutLayersNames())

    return forward


def measure(name, call):
    call()
    elapsed, used = [], []
    for _ in range(runs):
        start, before = time.perf_counter(), time.process_time()
        call()
        elapsed.append((time.perf_counter() - start) * 1000)
        used.append((time.process_time() - before) * 1000)
    print(f"  {name:24} {statistics.median(elapsed):9.2f} {min(elapsed):9.2f} {min(used):9.2f}", flush=True)


engines = {
    "ONNX Runtime " + onnxruntime.__version__: in_onnx_runtime,
    "OpenVINO " + openvino.__version__.split("-")[0]: in_openvino,
    "OpenCV " + cv2.__version__: in_opencv,
}
print(f"ms of {runs} runs, {threads} threads, batch of 1; processor: time of all threads together")
print(f"{'network':26} {'median':>9} {'least':>9} {'processor':>9}")
for network, inputs in NETWORKS.items():
    print(network)
    for engine, prepare in engines.items():
        measure(engine, prepare(f"{data}/{network}", inputs))
PYTHON
