#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""A page on which photos can be tried, and the same for programs: python3 samples/python/try_it, then
http://127.0.0.1:8000

It keeps no file. By default only this computer reaches it."""

import argparse
import ipaddress
import logging
import socket
import sys

import cv2
import uvicorn

from server import Limits, make_app


def threshold(text):
    name, separator, value = text.partition("=")
    try:
        if separator:
            return name, float(value)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected NAME=SCORE, as in sface=0.363, found {text!r}")


def positive(text):
    try:
        if int(text) > 0:
            return int(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected a whole number above 0, found {text!r}")


def port(text):
    if text.isdecimal() and int(text) < 1 << 16:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, found {text!r}")


def is_local(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_options():
    parser = argparse.ArgumentParser(prog="try_it", description="A page on which photos can be tried.")
    parser.add_argument("--host", default="127.0.0.1",
                        help="address to listen on (default: %(default)s, this computer only)")
    parser.add_argument("--port", type=port, default=8000, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--models", help="model description file: its classifiers and matchers read each face, too")
    parser.add_argument("--same-person", metavar="NAME=SCORE", type=threshold, action="append", default=[],
                        help="score from which the matcher NAME takes two faces for one person")
    parser.add_argument("--max-megabytes", type=positive, default=20, help="largest file (default: %(default)s)")
    parser.add_argument("--max-megapixels", type=positive, default=25, help="largest image (default: %(default)s)")
    parser.add_argument("--threads", type=positive, default=2, help="photos at the same time (default: %(default)s)")
    return parser.parse_args()


def listen(host, port):
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(address)
    listening.listen(100)  # from now on requests wait until the server takes them
    return listening


def main():
    options = parse_options()
    logging.basicConfig(format="%(levelname)s: %(message)s")
    limits = Limits(options.max_megabytes << 20, options.max_megapixels * 1000000, options.threads)
    try:
        app = make_app(limits, options.models, dict(options.same_person))
        listening = listen(options.host, options.port)
    except cv2.error as error:
        sys.exit(f"try_it: {error.err}")
    except ValueError as error:
        sys.exit(f"try_it: {error}")
    except OSError as error:
        sys.exit(f"try_it: cannot listen on {options.host}, port {options.port}: {error.strerror}")
    if not is_local(options.host):
        print(f"Everybody who reaches {options.host} can use this page. Photos travel to it unencrypted.",
              file=sys.stderr)
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(f"Open http://{host}:{listening.getsockname()[1]} in a browser. Ctrl-C ends it.", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, limit_concurrency=100)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
