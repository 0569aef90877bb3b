# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Opens videos and cameras for the samples, and the videos that they write: with OpenCV, or with PyAV where this OpenCV
cannot, as that of our wheel without FFmpeg.

A video or stream must not change the size of its images: cv2.VideoCapture of OpenCV 4.6 then gives wrong and repeated
parts, in which faces may be covered in part only, and does not tell. The command `sanprivacy video` copes with it."""

import os
import re
import subprocess
import sys

import cv2
import numpy as np


def display_matrix(source):
    """Where a step to the right and a step down of a video's frames lead as it is shown: [[a, b], [c, d]] of -1, 0
    and 1. None where the tool ffprobe does not tell it, or tells another angle."""
    command = ["ffprobe", "-v", "quiet", "-select_streams", "v:0", "-show_entries", "stream_side_data=displaymatrix"]
    try:
        told = subprocess.run([*command, "-i", source], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False).stdout
    except OSError:
        return None
    rows = re.findall(r"^0000000[01]: +(-?\d+) +(-?\d+)", told, re.MULTILINE)
    matrix = np.sign(np.array(rows, np.int64)).tolist()
    return matrix if np.abs(matrix).tolist() in ([[1, 0], [0, 1]], [[0, 1], [1, 0]]) else None


def pixel_aspect(width, height):
    """Width of a pixel divided by its height; 1 where that is not known, or is a file's mistake."""
    most = 8
    return width / height if width > 0 and height > 0 and 1 / most <= width / height <= most else 1


def with_square_pixels(frame, aspect):
    return frame if aspect == 1 else cv2.resize(frame, None, fx=max(aspect, 1), fy=max(1 / aspect, 1))


def sides_with_square_pixels(width, height, aspect):
    return (width, height) if aspect == 1 else (round(width * max(aspect, 1)), round(height * max(1 / aspect, 1)))


class ShownVideo:
    """cv2.VideoCapture, with frames as a player shows them: with square pixels, turned and mirrored as the file asks
    for. OpenCV 4.6 turns some upside down, and no version mirrors."""

    def __init__(self, video, matrix, aspect):
        self.video, self.matrix, self.aspect = video, matrix or [[1, 0], [0, 1]], aspect
        self.transposed = self.matrix[0][0] == 0
        if matrix:
            video.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)

    def read(self):
        more, frame = self.video.read()
        if not more:
            return False, None
        frame = with_square_pixels(frame, self.aspect)
        if self.transposed:
            frame = frame.transpose(1, 0, 2)
        right, down = self.matrix[0][0] + self.matrix[1][0], self.matrix[0][1] + self.matrix[1][1]
        return True, np.ascontiguousarray(frame[::down, ::right])

    def get(self, which):
        sides = [cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT]
        if which not in sides:
            return self.video.get(which)
        shown = sides_with_square_pixels(self.video.get(sides[0]), self.video.get(sides[1]), self.aspect)
        return shown[sides.index(which) ^ self.transposed]


class PyAvVideo:
    """What the samples use of cv2.VideoCapture, on PyAV."""

    def __init__(self, source):
        import av

        self.container = av.open(source)
        self.stream = self.container.streams.video[0]
        self.frames = self.container.decode(self.stream)
        self.first = next(self.frames)
        self.turns = self.first.rotation // 90  # to the left, as the file asks for
        shape = self.stream.sample_aspect_ratio or 1
        self.aspect = pixel_aspect(shape.numerator, shape.denominator)
        self.time = 0.

    def read(self):
        frame, self.first = self.first or next(self.frames, None), None
        if frame is None:
            return False, None
        self.time = frame.time or 0.
        pixels = with_square_pixels(frame.to_ndarray(format="bgr24"), self.aspect)
        return True, np.ascontiguousarray(np.rot90(pixels, self.turns))

    def get(self, which):
        width, height = sides_with_square_pixels(self.stream.width, self.stream.height, self.aspect)
        if self.turns % 2:
            width, height = height, width
        return float({cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height,
                      cv2.CAP_PROP_POS_MSEC: 1000 * self.time, cv2.CAP_PROP_FPS: self.stream.average_rate or 0}[which])


def check_name(path):
    try:
        str(path).encode()
    except UnicodeEncodeError:
        sys.exit(f"The name {path} is not UTF-8")  # OpenCV would crash


def as_file(path):
    """A path that FFmpeg takes for a file, even where it looks like an address, as 12:30.avi or file:1.avi."""
    return os.path.join(".", path) if ":" in path else path


def can_be_opened_again(source, video):
    """False for a camera, and for a pipe or a live stream, which may serve one reader only: a second one would take its
    images, or wait forever."""
    if isinstance(source, int):
        return False
    return os.path.isfile(source) if os.path.exists(source) else video.get(cv2.CAP_PROP_FRAME_COUNT) > 0


def open_video(source):
    """source: file, URL, or number of a camera. Ends the program where it cannot be read."""
    check_name(source)
    if isinstance(source, str) and os.path.exists(source):
        source = as_file(source)
    video = cv2.VideoCapture(source)
    if video.isOpened():
        matrix = display_matrix(source) if can_be_opened_again(source, video) else None
        aspect = pixel_aspect(video.get(cv2.CAP_PROP_SAR_NUM), video.get(cv2.CAP_PROP_SAR_DEN))
        return ShownVideo(video, matrix, aspect) if matrix or aspect != 1 else video
    if isinstance(source, int):
        sys.exit(f"Cannot open the camera {source}")
    try:
        return PyAvVideo(source)
    except ImportError:
        ffmpeg = cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG)
        sys.exit(f"Cannot read {source}" + ("" if ffmpeg else "; this OpenCV has no FFmpeg: pip install av"))
    except (OSError, ValueError, LookupError, StopIteration) as error:
        sys.exit(f"Cannot read {source}: {error or 'no frames'}")


def open_writer(path, rate, size):
    """A cv2.VideoWriter of Motion JPEG to an .avi file. A file that is there is not overwritten. rate: frames per
    second, 25 where it is not known; size: width and height. Ends the program where it cannot write."""
    check_name(path)
    if os.path.exists(path):
        sys.exit(f"{path} is there already")
    path = str(path)
    if not path.lower().endswith(".avi"):  # %d.jpg would overwrite numbered images
        sys.exit(f"Cannot write {path}; expected a name that ends with .avi")
    backend = cv2.CAP_FFMPEG if cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG) else cv2.CAP_OPENCV_MJPEG
    writer = cv2.VideoWriter(as_file(path), backend, cv2.VideoWriter_fourcc(*"MJPG"), rate if rate > 0 else 25, size)
    if not writer.isOpened():
        sys.exit(f"Cannot write {path}; expected a name that ends with .avi, in a folder that can be written")
    return writer
