#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Measures how much of gender or age linear probes still find in perturbed faces, with labelled outputs to learn from.

    PYTHONPATH=build/python measure_linear_probe.py --train DIR [--test DIR] --models YML --matcher NAME
        [--hide gender age] [--prototype random] [--model ONNX] [--strength 1] [--limit 1800] [--scores CSV]

Each linear probe is a logistic regression (scikit-learn): on a matcher's descriptors; on histograms of oriented
gradients of the aligned crop; on those of its border alone, where the perturbation fades. It learns from the first
`--limit` faces of one set and tells the labels of another set's, other people. DIR has labels.csv with landmarks and
the attributes; age is in years, or such a span as 30-39.

Without --test: what the linear probe of `sanprivacy evaluate` must find in the descriptors of the originals. People
(column identity) are dealt to five parts as there, and ridge regressions and logistic regressions tell the gender of
each part from the other four. --scores, a scores.csv of that command, lists the faces that it evaluated."""

import argparse
import os
import re

import cv2
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from measuring import landmarks_of, read_rows

# Around the mean of the landmarks, in inter-ocular distances: left, up, width, height
BOX = np.array([1.2, 1.75, 2.4, 3.])
COLUMNS, LANDMARK, SCORE = 15, 4, 14  # of the rows of FaceDetector
HOG = cv2.HOGDescriptor((96, 96), (16, 16), (8, 8), (8, 8), 9)
BORDER = 12  # pixels of 96
COMPONENTS = 300
LABELS = {
    "gender": lambda row: row["gender"] in ("M", "1", "male"),
    "age": lambda row: int(re.search(r"\d+", row["age"]).group()) >= 40,
}
PROTOTYPES = ("same", "neutral", "opposite", "random")


def detector_row(row):
    """What FaceDetector would give for a row of a label file."""
    points = np.float32(landmarks_of(row))
    eyes, centre = np.linalg.norm(points[1] - points[0]), points.mean(axis=0)
    face = np.zeros((1, COLUMNS), np.float32)
    face[0, :2], face[0, 2:LANDMARK] = centre - BOX[:2] * eyes, BOX[2:] * eyes
    face[0, LANDMARK:SCORE], face[0, SCORE] = points.ravel(), 1
    return face


def read_faces(folder, attributes, limit):
    """Images, their detector rows, and their labels."""
    return [(cv2.imread(os.path.join(folder, row["file"])), detector_row(row),
             [LABELS[attribute](row) for attribute in attributes])
            for row in read_rows(os.path.join(folder, "labels.csv"))[:limit]]


def oriented_gradients(image, face, only_border):
    crop = cv2.cvtColor(cv2.sanprivacy.alignFace(image, face)[1], cv2.COLOR_BGR2GRAY)
    crop = cv2.resize(crop, HOG.winSize, interpolation=cv2.INTER_AREA)
    if only_border:
        crop[BORDER:-BORDER, BORDER:-BORDER] = 0
    return HOG.compute(crop).ravel()


def features(matcher, faces, perturber=None, prototype=None):
    """A row per face for each of the probes: descriptors, gradients, gradients of the border."""
    bits = [sum(int(label) << k for k, label in enumerate(labels)) for _, _, labels in faces]
    shown = [image for image, _, _ in faces]
    if perturber is not None:
        shown = [perturber.perturbFaces(image, face, params=cv2.sanprivacy.PerturbParams(prototype, label))
                 for (image, face, _), label in zip(faces, bits)]
    seen = [(image, face) for image, (_, face, _) in zip(shown, faces)]
    crops = [matcher.crop(image, face) for image, face in seen]
    rows = np.concatenate([matcher.forward(crops[i:i + 32]) for i in range(0, len(crops), 32)])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True),
            np.array([oriented_gradients(image, face, False) for image, face in seen]),
            np.array([oriented_gradients(image, face, True) for image, face in seen]))


def auc(learnt_from, labels, probed, truth):
    components = PCA(min(COMPONENTS, *learnt_from.shape), random_state=0)
    probe = make_pipeline(StandardScaler(), components, LogisticRegression(C=.01, max_iter=2000))
    probe.fit(learnt_from, labels)
    return roc_auc_score(truth, probe.decision_function(probed))


def deal_parts(labels, people, parts=5):
    """As the program deals them: people of each label in turn."""
    part_of, dealt = {}, [0, 0]
    for label, person in zip(labels, people):
        if person not in part_of:
            part_of[person] = dealt[label] % parts
            dealt[label] += 1
    return np.array([part_of[person] for person in people])


def cross_validate(matcher, folder, scores, limit):
    """AUC of linear models of the descriptors of the originals, of faces of other people."""
    rows = read_rows(os.path.join(folder, "labels.csv"))
    if scores:
        evaluated = {row["file"] for row in read_rows(scores)}
        rows = [row for row in rows if row["file"] in evaluated]
    else:
        rows = rows[:limit]
    labels = np.array([int(LABELS["gender"](row)) for row in rows])
    people = [row["identity"] for row in rows]
    crops = [matcher.crop(cv2.imread(os.path.join(folder, row["file"])), detector_row(row)) for row in rows]
    descriptors = np.array([matcher.forward([crop])[0] for crop in crops], float)
    parts = deal_parts(labels, people)
    print(f"{len(rows)} faces of {len(set(people))} people")
    for name, model in (("ridge .1 per face, as the program", lambda n: Ridge(alpha=.1 * n)),
                        ("ridge 10 per face", lambda n: Ridge(alpha=10 * n)),
                        ("logistic regression, C = 1", lambda _: LogisticRegression(max_iter=2000)),
                        ("logistic regression, C = .01", lambda _: LogisticRegression(C=.01, max_iter=2000))):
        told = np.zeros(len(rows))
        for part in set(parts):
            known = parts != part
            probe = make_pipeline(StandardScaler(), model(known.sum())).fit(descriptors[known], 2 * labels[known] - 1)
            answer = probe.decision_function if hasattr(probe, "decision_function") else probe.predict
            told[~known] = answer(descriptors[~known])
        print(f"{name}: AUC {roc_auc_score(labels, told):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, metavar="DIR", help="set of faces to learn from")
    parser.add_argument("--test", metavar="DIR", help="set of other people's faces, to be told; default: see above")
    parser.add_argument("--models", required=True, metavar="YML", help="model description file of the matcher")
    parser.add_argument("--matcher", required=True, metavar="NAME", help="the matcher whose descriptors are probed")
    parser.add_argument("--hide", nargs="+", choices=LABELS, default=["gender"],
                        help="attributes that the perturbation hides, each probed for; default: gender")
    parser.add_argument("--prototype", choices=PROTOTYPES, default="random",
                        help="output of the perturbing network; default: %(default)s")
    parser.add_argument("--model", default="", metavar="ONNX", help="perturbing network; default: the shipped one")
    parser.add_argument("--strength", type=float, default=1, help="of the perturbation; default: %(default)s")
    parser.add_argument("--limit", type=int, default=1800, help="number of faces to learn from; default: %(default)s")
    parser.add_argument("--scores", metavar="CSV",
                        help="without --test: scores.csv of evaluate, whose faces are taken in place of the first ones")
    options = parser.parse_args()

    described = {network.name: network for network in cv2.sanprivacy.readModelDescriptions(options.models)}
    matcher = cv2.sanprivacy.FaceNetwork.create(described[options.matcher])
    if not options.test:
        cross_validate(matcher, options.train, options.scores, options.limit)
        return
    perturber = cv2.sanprivacy.Perturber.create(cv2.sanprivacy.PerturberParams(options.hide, options.model))
    perturber.setStrength(options.strength)
    prototype = getattr(cv2.sanprivacy, "PROTOTYPE_" + options.prototype.upper())
    train = read_faces(options.train, options.hide, options.limit)
    test = read_faces(options.test, options.hide, None)
    plain, perturbed = ([features(matcher, faces, *how) for faces in (train, test)]
                        for how in ((), (perturber, prototype)))

    outputs = f"{options.prototype} outputs"
    print(f"AUC, {len(train)} faces to learn from, {len(test)} to tell: untouched, learnt from untouched ones; "
          f"{outputs}, learnt from untouched ones; {outputs}, learnt from such outputs")
    for k, attribute in enumerate(options.hide):
        labels, truth = ([labels[k] for _, _, labels in faces] for faces in (train, test))
        names = f"descriptors of {options.matcher}", "oriented gradients", "those of the border"
        for probe, name in enumerate(names):
            learnt, probed = (rows[probe] for rows in plain)
            learnt_outputs, probed_outputs = (rows[probe] for rows in perturbed)
            print(f"{attribute}, {name}: {auc(learnt, labels, probed, truth):.3f} "
                  f"{auc(learnt, labels, probed_outputs, truth):.3f} "
                  f"{auc(learnt_outputs, labels, probed_outputs, truth):.3f}")


if __name__ == "__main__":
    main()
