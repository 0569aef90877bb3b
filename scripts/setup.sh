#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Installs what the project needs from Debian's own packages:
# setup.sh [run|test|browser|style|in-opencv|fuzz|coverage|wheel|fresh-machine]
#   run   the module and the command line (default)
#   test  also the trainer and all that the tests use
#   browser  only what the test of the page in samples/python/try_it needs
#   style  only what check_style.sh needs
#   in-opencv  also what a build of OpenCV itself needs, see build_in_opencv.sh
#   fuzz  also what the sanitizers and fuzzers need, see sanitize.sh and fuzz.sh
#   coverage  also what coverage.sh needs
#   wheel  only what build_wheel.sh needs
#   fresh-machine  only what fresh_machine.sh needs
# Does nothing where everything is there.
set -euo pipefail

packages=(build-essential cmake ninja-build ccache
          libopencv-dev opencv-data libcli11-dev nlohmann-json3-dev libcsv-dev libjpeg-dev libpng-dev
          liblcms2-dev zlib1g-dev libssl-dev libsqlite3-dev libgtest-dev ffmpeg)
case "${1:-run}" in
run) ;;
test) packages+=(doxygen texlive-base libjs-mathjax libtorch-dev libonnx-dev libopenblas0-openmp
                 dpkg-dev python3 python3-dev python3-venv python3-numpy python3-onnx python3-opencv python3-pil
                 python3-sklearn python3-tqdm python3-matplotlib python3-dask python3-distributed
                 python3-fastapi python3-uvicorn) ;;
browser) packages=(chromium chromium-driver python3-selenium python3-fastapi python3-uvicorn python3-pil) ;;
in-opencv) packages+=(dpkg-dev python3 python3-dev python3-venv python3-numpy zlib1g-dev libjpeg-dev libpng-dev
                      libprotobuf-dev protobuf-compiler) ;;
fuzz) packages+=(clang libclang-rt-dev python3 python3-numpy python3-opencv) ;;
coverage) packages+=(gcovr python3 python3-numpy python3-opencv python3-pil python3-sklearn) ;;
wheel) packages=(build-essential ccache nasm python3 python3-dev python3-venv) ;;
style) packages=(git clang-format-14 clang-tidy-14 pyflakes3) ;;
fresh-machine) packages=(debootstrap git util-linux) ;;
*)
    echo "setup.sh: '$1' is not run, test, browser, style, in-opencv, fuzz, coverage, wheel or fresh-machine" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "setup.sh: this system has no dpkg; install what is the same as these packages of Debian: ${packages[*]}" >&2
    exit 1
fi
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup.sh: there is no sudo; as root: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing: ${missing[*]}"
apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
"${apt_get[@]}" update

# Another distribution may lack a library of the trainer, say: the build then leaves out what needs it.
available=()
for package in "${missing[@]}"; do
    if apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then
        available+=("$package")
    else
        echo "setup.sh: this distribution has no package $package; what needs it is left out" >&2
    fi
done
[ ${#available[@]} -gt 0 ] || exit 0
"${apt_get[@]}" install --yes --no-install-recommends "${available[@]}" </dev/null >/dev/null
