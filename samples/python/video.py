#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Protects every face of a video, and tells what was done: video.py VIDEO RESULT.avi

Image only; `sanprivacy video` also keeps sound and time stamps."""

import argparse
import collections
import sys

import cv2
from video_source import open_video, open_writer

sp = cv2.sanprivacy
REPLACEMENTS = {"san": sp.REPLACE_SAN, "blur": sp.REPLACE_BLUR, "pixelation": sp.REPLACE_PIXELATION,
                "solid": sp.REPLACE_SOLID}
STATES = {sp.FACE_FOUND: "found", sp.FACE_TRACKED: "tracked", sp.FACE_BACKTRACKED: "backtracked", sp.FACE_HELD: "held"}


def main():
    parser = argparse.ArgumentParser(description="Protects every face of a video.")
    parser.add_argument("video", help="video")
    parser.add_argument("result", help="protected video, .avi; a file that is there is not overwritten")
    parser.add_argument("--replace", choices=REPLACEMENTS, default="san",
                        help="what replaces a face; default: san, the perturbed face")
    parser.add_argument("--label", type=int, default=sp.LABEL_PREDICT,
                        help="gender of all faces, 1: male, 0: female; default: predicted for each person")
    options = parser.parse_args()

    ## [anonymize]
    video = open_video(options.video)
    params = sp.StreamParams()
    params.replacement, params.label = REPLACEMENTS[options.replace], options.label
    perturber = sp.Perturber.create() if options.replace == "san" else None
    anonymizer = sp.StreamAnonymizer.create(sp.FaceDetector.create(), perturber, params)
    writer, frames, faces = None, 0, collections.Counter()  # faces in each state
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
            faces.update(face.state for face in record.faces)
            if record.error:
                print(f"Frame {record.frame}: {record.error}", file=sys.stderr)
    if writer is not None:
        writer.release()
    ## [anonymize]
    print(", ".join([f"{frames} frame(s)", *(f"{faces[state]} face(s) {STATES[state]}" for state in sorted(faces))]))
    sys.exit(None if faces else "No face found: the result shows what the video shows")


if __name__ == "__main__":
    try:
        main()
    except cv2.error as error:  # a missing network, a bad option
        sys.exit(error.err)
