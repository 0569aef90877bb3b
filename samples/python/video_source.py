# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Opens videos and cameras for the samples: with OpenCV, or with PyAV where this OpenCV cannot, as that of our wheel without FFmpeg."""

import sys

import cv2
import numpy as np


class PyAvVideo:
    """What the samples use of cv2.VideoCapture, on PyAV."""

    def __init__(self, source):
        import av

        self.container = av.open(source)
        self.stream = self.container.streams.video[0]
        self.frames = self.container.decode(self.stream)
        self.first = next(self.frames)
        self.turns = self.first.rotation // 90  # to the left, as the file asks for
        self.time = 0.

    def read(self):
        frame, self.first = self.first or next(self.frames, None), None
        if frame is None:
            return False, None
        self.time = frame.time or 0.
        return True, np.ascontiguousarray(np.rot90(frame.to_ndarray(format="bgr24"), self.turns))

    def get(self, which):
        width, height = self.stream.width, self.stream.height
        if self.turns % 2:
            width, height = height, width
        return float({cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height, cv2.CAP_PROP_POS_MSEC: 1000 * self.time,
                      cv2.CAP_PROP_FPS: self.stream.average_rate or 0}[which])


def open_video(source):
    """source: file, URL, or number of a camera. Ends the program where it cannot be read."""
    video = cv2.VideoCapture(source)
    if video.isOpened():
        return video
    if isinstance(source, int):
        sys.exit(f"Cannot open the camera {source}")
    try:
        return PyAvVideo(source)
    except ImportError:
        sys.exit(f"Cannot read {source}; this OpenCV may be one without FFmpeg: pip install av")
    except (OSError, ValueError, LookupError, StopIteration) as error:
        sys.exit(f"Cannot read {source}: {error or 'no frames'}")
