#!/usr/bin/python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Makes the sample portraits of data/portraits: nobody's faces, each the average of at least eight people.

  make_portraits.py FOLDER LANDMARKS68 [OUTPUT]

FOLDER       official portraits of members of the United States Congress (public domain), <id>.jpg of 335x410 below
             images/, and labels.csv with five landmarks of each
LANDMARKS68  ONNX network of 68 landmarks: BGR square of 112 in, 0..1 of the square out
OUTPUT       folder of the portraits, data/portraits by default

Every face is warped triangle by triangle onto the mean shape of its group before the group is averaged, so that brows,
eyes, mouths and chins coincide and the averages come out nearly as sharp as a photograph.
"""

import csv
import os
import sys

import cv2
import numpy as np

# Who looks alike enough to be averaged: gender, hair, glasses, complexion.
GROUPS = {
    "man-dark-hair": "B001296 G000585 G000598 N000193 R000603 S001213 V000129 F000246 P000616 I000056",
    "man-gray-hair": "F000465 L000583 L000585 M001177 S001148 S001183 V000133 W000804 J000302 R000103 C000059 B001302",
    "man-glasses": "A000369 D000633 J000301 K000381 P000096 T000165 T000469 R000395 F000474",
    "man-bald": "L000600 L000601 M001199 C001069 G000597 V000135 S001176 C001117",
    "man-dark-skin": "C000537 F000476 B001287 L000582 G000598 G000585 S001177 N000193",
    "man-white-hair": "C001051 H000874 N000015 M001177 S001183 P000608 J000295 F000465",
    "man-short-hair": "F000478 M000871 C001117 S001176 B001299 L000583 F000246 P000608",
    "man-brown-hair": "B001306 D000623 N000188 W000804 P000616 R000603 G000578 I000056",
    "man-beard": "B001287 E000246 F000476 G000061 S001214 V000135 R000609 G000590",
    "woman-dark-skin": "B001313 C001127 H001081 L000551 P000610 S001185 F000477 C001067 S001223",
    "woman-dark-hair": "B001300 E000299 L000273 L000595 M000317 O000172 S001135 B001318 C001080 C001135",
    "woman-fair-hair": "B001315 D000624 D000631 H001093 S001218 S001216 R000305 G000596 C001101",
    "woman-brown-hair": "C001066 D000197 L000590 M001159 M001135 P000618 S001216 G000582 S001226",
    "woman-short-hair": "B001285 F000450 F000462 G000377 N000179 R000305 S000929 K000009",
    "woman-curls": "L000595 P000618 W000187 J000032 M001160 L000602 C001127 P000610 F000477",
    "woman-glasses": "H001085 K000009 M001215 P000597 D000617 M001227 S001226 L000397",
}
LEAST_PEOPLE = 8
RAYS = range(-10, 191, 20)  # degrees, from one ear over the top of the head to the other
FIGURE_DISTANCE = 25        # between the chroma of the background and of a person, CIELAB

SIZE = (320, 384)        # of a portrait: head, hair and shoulders
EYES = (160, 164)        # middle between the eyes
EYE_DISTANCE = 72        # so that the head with its hair fills half of the height
NETWORK_SIZE = 112
SQUARE = 1.1             # side of the network's square in units of the face box
JPEG_QUALITY = 92


def similarity(source, target):
    """2x3 least-squares similarity from one set of points to another."""
    transform, _ = cv2.estimateAffinePartial2D(np.float32(source), np.float32(target), method=cv2.LMEDS)
    return transform


def apply(transform, points):
    return points @ transform[:, :2].T + transform[:, 2]


class Landmarks68:
    def __init__(self, model):
        self.net = cv2.dnn.readNet(model)

    def __call__(self, image, five):
        """68 points of the face with the given five."""
        centre, eye_distance = five.mean(0), np.linalg.norm(five[1] - five[0])
        side = SQUARE * 2.4 * eye_distance  # a face box is about 2.4 inter-ocular distances high
        corner = centre - side * np.array([.5, .54])  # the five points lie a little below the middle of a face
        scale = NETWORK_SIZE / side
        crop = cv2.warpAffine(image, np.float64([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]]),
                              (NETWORK_SIZE, NETWORK_SIZE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        self.net.setInput(cv2.dnn.blobFromImage(crop, swapRB=True))
        return self.net.forward().reshape(68, 2) * side + corner


def frame_points():
    """Points of the border, and of the hair above the face: they hold still what lies outside the face."""
    w, h = SIZE[0] - 1, SIZE[1] - 1
    return np.float64([[x * w / 4, y * h / 4] for y in range(5) for x in range(5) if x in (0, 4) or y in (0, 4)])


def forehead(points):
    """Points above the brows, where the 68 have none: the chin line mirrored at the eyes."""
    eyes = (points[36:42].mean(0) + points[42:48].mean(0)) / 2
    up = eyes - points[8]
    return np.float64([points[0] + .45 * up, points[3] + 1.0 * up, eyes + .75 * up, points[13] + 1.0 * up,
                       points[16] + .45 * up])


def silhouette(image):
    """Where head and hair end, along rays from between the eyes; the portraits' background is one blue."""
    background = cv2.cvtColor(image[:SIZE[1] // 8, :SIZE[0] // 8], cv2.COLOR_BGR2LAB).reshape(-1, 3)
    distance = np.linalg.norm(cv2.cvtColor(image, cv2.COLOR_BGR2LAB)[..., 1:] - np.median(background, 0)[1:], axis=2)
    figure = cv2.morphologyEx(np.uint8(distance > FIGURE_DISTANCE), cv2.MORPH_OPEN, np.ones((5, 5)))
    points = []
    for angle in np.radians(RAYS):
        ray = np.arange(EYE_DISTANCE * .8, EYE_DISTANCE * 1.9)
        x, y = EYES[0] + ray * np.cos(angle), EYES[1] - ray * np.sin(angle)
        inside = np.nonzero(figure[np.int32(np.clip(y, 0, SIZE[1] - 1)), np.int32(np.clip(x, 0, SIZE[0] - 1))])[0]
        radius = ray[inside[-1]] if len(inside) else ray[0]
        points.append([EYES[0] + radius * np.cos(angle), EYES[1] - radius * np.sin(angle)])
    return np.float64(points)


def warp(image, source, target):
    """Moves `source` points to `target` points, triangle by triangle."""
    plane = cv2.Subdiv2D((-1, -1, SIZE[0] + 2, SIZE[1] + 2))
    index = {}
    for i, point in enumerate(np.float32(target)):
        plane.insert((float(point[0]), float(point[1])))
        index[tuple(point)] = i
    result = np.zeros((SIZE[1], SIZE[0], 3), np.float32)
    for triangle in plane.getTriangleList().reshape(-1, 3, 2):
        corners = [index.get(tuple(corner)) for corner in triangle]
        if None in corners:
            continue
        to = np.float32(target[corners])
        transform = cv2.getAffineTransform(np.float32(source[corners]), to)
        moved = cv2.warpAffine(image, transform, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        cv2.fillConvexPoly(mask, np.int32(np.round(to * 16)), 255, shift=4)
        result[mask > 0] = moved[mask > 0]
    return result


def average(people, landmarks68):
    """The portrait of a group: [(image, five landmarks)] to one image."""
    faces = []
    for image, five in people:
        eyes = five[:2]
        place = np.float64([[EYES[0] - EYE_DISTANCE / 2, EYES[1]], [EYES[0] + EYE_DISTANCE / 2, EYES[1]]])
        transform = similarity(eyes, place)
        upright = cv2.warpAffine(image, transform, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        faces.append((upright, apply(transform, landmarks68(image, five))))
    shape = np.mean([points for _, points in faces], 0)
    shape = (shape + mirrored(shape)) / 2
    outline = np.mean([silhouette(image) for image, _ in faces], 0)
    outline = (outline + outline[::-1] * [-1, 1] + [2 * EYES[0], 0]) / 2
    warped = []
    for image, points in faces:
        source = np.vstack([points, forehead(points), silhouette(image), frame_points()])
        target = np.vstack([shape, forehead(shape), outline, frame_points()])
        warped.append(warp(np.float32(image), source, target))
    # Interquartile mean by brightness, pixel by pixel: what only one or two of the people wear leaves no ghost.
    warped = np.array(warped)
    order = np.argsort(warped.mean(3), 0)[len(warped) // 4:len(warped) - len(warped) // 4]
    mean = np.take_along_axis(warped, order[..., None], 0).mean(0)
    # An average loses contrast in the fine detail: give it back to the head. Clothes do not coincide: out of focus.
    head = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.fillConvexPoly(head, cv2.convexHull(np.int32(np.vstack([shape, outline]))), 255)
    head = cv2.GaussianBlur(np.float64(cv2.dilate(head, np.ones((9, 9)))) / 255, (0, 0), 6)[..., None]
    sharp = mean + .4 * (mean - cv2.GaussianBlur(mean, (0, 0), 1.5))
    portrait = head * sharp + (1 - head) * cv2.GaussianBlur(mean, (0, 0), 5)
    return np.clip(portrait, 0, 255).astype(np.uint8)


def mirrored(points):
    """The 68 points of the mirrored face, in the order of the 68."""
    order = (list(range(16, -1, -1)) + list(range(26, 16, -1)) + list(range(27, 31)) + list(range(35, 30, -1))
             + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
             + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65])
    flipped = points[order].copy()
    flipped[:, 0] = 2 * EYES[0] - flipped[:, 0]
    return flipped


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    folder, model = sys.argv[1:3]
    output = sys.argv[3] if len(sys.argv) == 4 else os.path.join(os.path.dirname(__file__), "..", "data", "portraits")
    os.makedirs(output, exist_ok=True)
    landmarks68 = Landmarks68(model)
    names = ["right_eye", "left_eye", "nose", "right_mouth", "left_mouth"]
    listed = {}
    with open(os.path.join(folder, "labels.csv")) as table:
        for row in csv.DictReader(table):
            five = np.float64([[row[name + "_x"], row[name + "_y"]] for name in names])
            listed[os.path.splitext(os.path.basename(row["file"]))[0]] = (os.path.join(folder, row["file"]), five)
    for name, members in GROUPS.items():
        members = members.split()
        assert len(set(members)) >= LEAST_PEOPLE, name
        people = [(cv2.imread(listed[member][0]), listed[member][1]) for member in members]
        cv2.imwrite(os.path.join(output, name + ".jpg"), average(people, landmarks68),
                    [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        print(f"{name}: {len(people)} people")


if __name__ == "__main__":
    main()
