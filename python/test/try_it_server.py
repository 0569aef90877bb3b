# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The program samples/python/try_it, started for a test."""

import importlib.util
import pathlib
import re
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PORTRAITS = REPOSITORY / "data" / "portraits"
PROGRAM = REPOSITORY / "samples" / "python" / "try_it"
MISSING = [package for package in ("fastapi", "uvicorn", "PIL") if importlib.util.find_spec(package) is None]


class Server:
    """Runs until stop(); url is where it answers."""

    def __init__(self, *options):
        self.program = subprocess.Popen([sys.executable, PROGRAM, "--port", "0", *map(str, options)],
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = self.program.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            raise RuntimeError(f"the server did not start: {line}{self.stop()}")
        self.url = found[0]

    def stop(self):
        """-> what it wrote to stderr"""
        if self.program.poll() is None:
            self.program.terminate()
        return self.program.communicate(timeout=60)[1]
