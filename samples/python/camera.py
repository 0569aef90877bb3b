#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Protects the faces that a camera sees: a webcam in a window, or an RTSP/HTTP camera to a file: camera.py [CAMERA] [RESULT.avi]

The result has square pixels, whatever the stream's are."""

import argparse
import threading
import time

import cv2
from video_source import open_video, open_writer


class NewestFrame(threading.Thread):
    """The newest image of a camera: a slow reader misses images instead of falling behind."""

    def __init__(self, camera):
        super().__init__(daemon=True)
        self.camera, self.frame, self.missed, self.lock = camera, None, 0, threading.Lock()
        self.start()

    def run(self):
        for more, frame in iter(self.camera.read, (False, None)):
            with self.lock:
                self.missed += self.frame is not None
                self.frame = frame

    def take(self):
        with self.lock:
            frame, self.frame = self.frame, None
        return frame


def main():
    parser = argparse.ArgumentParser(description="Protects the faces that a camera sees.")
    parser.add_argument("camera", nargs="?", default="0", help="number of a webcam, or URL of an RTSP or HTTP camera")
    parser.add_argument("result", nargs="?", help="video to write; default: show a window")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after so long")
    options = parser.parse_args()
    camera = open_video(int(options.camera) if options.camera.isdigit() else options.camera)

    ## [camera]
    params = cv2.sanprivacy.StreamParams()
    params.look_ahead = .2  # seconds of delay
    anonymizer = cv2.sanprivacy.StreamAnonymizer.create(cv2.sanprivacy.FaceDetector.create(), cv2.sanprivacy.Perturber.create(), params)
    writer = None

    def show(result):
        nonlocal writer
        if not options.result:
            cv2.imshow("sanprivacy", result)
            return cv2.waitKey(1) < 0
        if writer is None:
            size, rate = (result.shape[1], result.shape[0]), camera.get(cv2.CAP_PROP_FPS) or 25
            writer = open_writer(options.result, rate, size)
        writer.write(result)
        return True

    newest, end, more = NewestFrame(camera), time.monotonic() + options.seconds, True
    while more and time.monotonic() < end:
        last = not newest.is_alive()
        frame = newest.take()
        if frame is not None:
            ready, result = anonymizer.process(frame, time=time.monotonic())
            more = not ready or show(result)
        elif last:
            break
        else:
            time.sleep(.001)
    ready, result = anonymizer.flush()
    while ready:
        show(result)
        ready, result = anonymizer.flush()
    if writer is not None:
        writer.release()
    ## [camera]
    print(f"{newest.missed} image(s) dropped")


if __name__ == "__main__":
    main()
