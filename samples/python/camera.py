#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Protects the faces that a camera sees: a webcam with a preview window, or an RTSP/HTTP camera to a file:
camera.py [CAMERA] [RESULT.avi]

Images that the program has no time for are dropped."""

import argparse
import sys
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
    parser.add_argument("result", nargs="?", help="video to write, .avi; default: show a window")
    parser.add_argument("--seconds", type=float, default=0,
                        help="end after so long; default: at a key in the window or the end of the stream")
    options = parser.parse_args()
    camera = open_video(int(options.camera) if options.camera.isdecimal() else options.camera)

    ## [camera]
    sp = cv2.sanprivacy
    params = sp.StreamParams()
    params.look_ahead = .2  # seconds of delay, in which faces are protected before they are found
    anonymizer = sp.StreamAnonymizer.create(sp.FaceDetector.create(), sp.Perturber.create(), params)
    writer = None

    def show(result):
        """@return whether to go on"""
        nonlocal writer
        if not options.result:
            cv2.imshow("sanprivacy", result)
            return cv2.waitKey(1) < 0
        if writer is None:
            writer = open_writer(options.result, camera.get(cv2.CAP_PROP_FPS), (result.shape[1], result.shape[0]))
        writer.write(result)
        return True

    newest, start, passed, missed, more = NewestFrame(camera), time.monotonic(), 0, 0, True
    while more and (options.seconds <= 0 or passed < options.seconds):
        last = not newest.is_alive()
        frame = newest.take()
        if frame is not None:
            if newest.missed > missed:
                anonymizer.reportLostFrames()
            missed = newest.missed
            ready, result = anonymizer.process(frame, time=passed)
            more = not ready or show(result)
        elif last:
            more = False
        else:
            time.sleep(.001)
        passed = time.monotonic() - start
    ready, result = anonymizer.flush()
    while ready and options.result:
        show(result)
        ready, result = anonymizer.flush()
    if writer is not None:
        writer.release()
    ## [camera]
    print(f"{newest.missed} image(s) dropped")


if __name__ == "__main__":
    try:
        main()
    except cv2.error as error:  # a missing network, no window
        sys.exit(error.err)
