#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# The wheel of scripts/build_wheel.sh in a virtual environment that has nothing of the system's OpenCV: wheel.sh [WHEEL]
# $PYTHON (default: /usr/bin/python3) is the Python, $REQUIREMENTS (default: numpy) what pip installs beside it, as 'numpy<2'.
# Samples that need more are left out without it: REQUIREMENTS='numpy av tqdm matplotlib dask distributed'
# Exit code 77: no wheel was built.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
wheel=${1:-}
[ -n "$wheel" ] || wheel=$(echo "$root"/build/wheel/dist/*.whl)
if [ ! -e "$wheel" ]; then
    echo "Wheel: left out, none was built (scripts/build_wheel.sh)"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${PYTHON:-/usr/bin/python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
read -ra requirements <<<"${REQUIREMENTS:-numpy}"
"$python" -m pip install --quiet --disable-pip-version-check "$wheel" "${requirements[@]}"

cd "$work"
export PYTHONDONTWRITEBYTECODE=1
unset PYTHONPATH OPENCV_SANPRIVACY_DATA_PATH OPENCV_SANPRIVACY_CASCADE_PATH
"$python" - "$root" <<'END'
import importlib.metadata, pathlib, sys
import cv2, numpy, sanprivacy
assert cv2.__file__.startswith(sys.prefix), cv2.__file__
cv2.sanprivacy.Perturber.create()
cv2.sanprivacy.FaceDetector.createCascade()

files = importlib.metadata.files("opencv-sanprivacy")
stubs = {"cv2/py.typed", "cv2/sanprivacy/__init__.pyi", "sanprivacy/py.typed"}
assert stubs <= set(map(str, files)), files
data = {file.name: file.read_binary() for file in files if file.parent.name == "data" and file.parts[0] == "sanprivacy"}
for path in pathlib.Path(sys.argv[1], "data").iterdir():
    assert path.is_dir() or data[path.name] == path.read_bytes(), f"{path.name} has changed since the wheel was built"
licences = " ".join(file.name for file in files if file.parent.name == "licenses")
for part in ("sanprivacy-", "yunet", "gender-dlib-32", "opencv-LICENSE", "SoftFloat", "dlpack", "flatbuffers", "libjpeg-turbo", "libpng",
             "libtiff", "libwebp", "opencl-headers", "openjp", "protobuf", "quirc", "zlib"):
    assert part in licences, f"no licence of {part} among {licences}"
notices = next(file for file in files if file.name == "opencv-source-notices.txt").read_text()
assert "Marius Muja" in notices and "Chih-Jen Lin" in notices  # FLANN, LIBSVM

print(f"Wheel: sanprivacy {sanprivacy.__version__}, OpenCV {cv2.__version__}, NumPy {numpy.__version__}, Python {sys.version.split()[0]}")
END
"$python" -m unittest discover -s "$root/modules/sanprivacy/misc/python/test"
"$python" -m unittest discover -s "$root/python/test"
