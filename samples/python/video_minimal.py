#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Protects the faces of a video, in ten lines: video_minimal.py VIDEO RESULT.avi"""

import sys

import cv2
from video_source import open_video, open_writer

if len(sys.argv) != 3:
    print("Usage: video_minimal.py VIDEO RESULT.avi", file=sys.stderr)
    sys.exit(2)
try:
    ## [minimal]
    sp = cv2.sanprivacy
    video = open_video(sys.argv[1])  # cv2.VideoCapture whose frames are upright, with square pixels
    anonymizer = sp.StreamAnonymizer.create(sp.FaceDetector.create(), sp.Perturber.create())
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    writer = open_writer(sys.argv[2], video.get(cv2.CAP_PROP_FPS), size)
    for more, frame in iter(video.read, (False, None)):
        ready, result = anonymizer.process(frame, time=video.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        if ready:
            writer.write(result)
    ready, result = anonymizer.flush()
    while ready:
        writer.write(result)
        ready, result = anonymizer.flush()
    writer.release()
    ## [minimal]
except cv2.error as error:  # a missing network
    sys.exit(error.err)
