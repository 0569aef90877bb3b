#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Protects every face of a video, and tells what was done: video.py VIDEO [RESULT.avi]"""

import argparse
import collections

import cv2
from video_source import open_video, open_writer

sp = cv2.sanprivacy
STATES = {sp.FACE_FOUND: "found", sp.FACE_TRACKED: "tracked", sp.FACE_BACKTRACKED: "backtracked", sp.FACE_HELD: "held"}
REPLACEMENTS = {"san": sp.REPLACE_SAN, "blur": sp.REPLACE_BLUR, "pixelation": sp.REPLACE_PIXELATION, "solid": sp.REPLACE_SOLID}


def main():
    parser = argparse.ArgumentParser(description="Protects every face of a video.")
    parser.add_argument("video", help="video")
    parser.add_argument("result", nargs="?", default="protected.avi", help="protected video; default: protected.avi")
    parser.add_argument("--replace", choices=REPLACEMENTS, default="san", help="what replaces a face; default: san, the perturbed face")
    parser.add_argument("--label", type=int, default=sp.LABEL_PREDICT, help="gender of all faces, 1: male, 0: female; default: predicted")
    parser.add_argument("--detector", default="", help="YuNet ONNX file; default: the shipped YuNet")
    options = parser.parse_args()
    video = open_video(options.video)

    ## [anonymize]
    params = sp.StreamParams()
    params.replacement, params.label = REPLACEMENTS[options.replace], options.label
    perturber = sp.Perturber.create() if options.replace == "san" else None
    anonymizer = sp.StreamAnonymizer.create(sp.FaceDetector.create(options.detector), perturber, params)
    writer, frames, states = None, 0, collections.Counter()
    more = True
    while more:
        more, frame = video.read()
        if more:
            anonymizer.push(frame, video.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        else:
            anonymizer.finish()
        while anonymizer.ready():
            _, result, record = anonymizer.pop()
            if writer is None:
                size = result.shape[1], result.shape[0]
                writer = open_writer(options.result, video.get(cv2.CAP_PROP_FPS), size)
            writer.write(result)
            frames += 1
            states.update(STATES[face.state] for face in record.faces)
    if writer is not None:
        writer.release()
    ## [anonymize]
    print(f"{frames} frames, faces: " + ", ".join(f"{count} {state}" for state, count in states.items()))


if __name__ == "__main__":
    main()
