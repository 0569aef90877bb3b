#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Measures what perturbing does: errors of gender classifiers and true match rates of matchers, before and after:
evaluation.py FOLDER labels.csv models.yml -o FIGURES

The command `evaluate` does more; this shows the measures one by one."""

import argparse
import os
import sys

import cv2
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from face_table import largest_face, read_face_table

sp = cv2.sanprivacy


## [classifier]
def measure_classifier(name, answers, labels, figure_file):
    figure, axes = plt.subplots(figsize=(4, 4))
    threshold = None
    for faces, values in answers.items():
        scores = np.float64(values).ravel()
        fpr, tpr, thresholds = sp.rocCurve(scores, labels)
        if threshold is None:
            threshold = sp.equalErrorThreshold(fpr, tpr, thresholds)  # the same for both
        error, auc = sp.errorRate(scores, labels, threshold), sp.areaUnderCurve(fpr, tpr)
        print(f"{name}, {faces}: error {error:.3f}, AUC {auc:.3f}")
        axes.plot(fpr, tpr, "k" if faces == "original" else "r", label=faces)
    axes.set(xlabel="women taken for men", ylabel="men taken for men", title=name)
    axes.legend()
    figure.tight_layout()
    figure.savefig(figure_file)
## [classifier]


## [matcher]
def measure_matcher(name, answers, identities, distance):
    original = np.float32(answers["original"])
    for faces, perturbed in ("original", None), ("opposite", np.float32(answers["opposite"])):
        matches = sp.MatchEvaluation.create(original, perturbed, identities, distance)
        print(f"{name}, {faces}: TMR at FMR 1 % {matches.trueMatchRate(.01):.3f}")
## [matcher]


def main():
    parser = argparse.ArgumentParser(description="Measures what perturbing does to gender classifiers and matchers.")
    parser.add_argument("folder", help="folder with the images that the table names")
    parser.add_argument("table", help="CSV with the columns file and gender; with identity, matchers are measured too")
    parser.add_argument("models", help="model description file of classifiers and matchers")
    parser.add_argument("-o", "--output", default="figures",
                        help="folder for the ROC curves (original black, opposite red); it must not be there; "
                             "default: figures")
    parser.add_argument("--limit", type=int, default=200,
                        help="number of faces, from the first line of the table; default: 200")
    options = parser.parse_args()
    if options.limit < 1:
        parser.error(f"--limit: expected a number above 0, found {options.limit}")
    if os.path.exists(options.output):
        sys.exit(f"{options.output} is there already")
    table = read_face_table(options.table, "gender", options.folder)[:options.limit]
    networks = {d.name: sp.FaceNetwork.create(d) for d in sp.readModelDescriptions(options.models)}

    ## [answers]
    detector, perturber = sp.FaceDetector.create(), sp.Perturber.create()
    answers = {name: {"original": [], "opposite": []} for name in networks}
    labels, identities = [], []
    for face in table:
        image = cv2.imread(face.file)
        largest = largest_face(detector.detect(image)) if image is not None else None
        if largest is None:
            print(f"{face.file}: no face found, or no image", file=sys.stderr)
            continue
        perturbed = perturber.perturbFaces(image, largest, labels=[face.label])
        for name, network in networks.items():
            original, opposite = network.forward([network.crop(image, largest), network.crop(perturbed, largest)])
            answers[name]["original"].append(original)
            answers[name]["opposite"].append(opposite)
        labels.append(face.label)
        identities.append(face.identity)
    ## [answers]
    if len(set(labels)) < 2:
        sys.exit(f"Expected faces of both genders in {options.table}; --limit takes more")

    os.makedirs(options.output)
    print(f"{len(labels)} face(s)")
    labels, numbers = np.int32(labels), np.unique(identities, return_inverse=True)[1].astype(np.int32)  # of people
    for name, network in networks.items():
        description = network.getDescription()
        if description.task == sp.NETWORK_CLASSIFIER:
            measure_classifier(name, answers[name], labels, os.path.join(options.output, f"roc-{name}.png"))
        elif len(set(identities)) > 1:
            measure_matcher(name, answers[name], numbers, description.distance)


if __name__ == "__main__":
    try:
        main()
    except cv2.error as error:  # what cannot be read, a missing network
        sys.exit(error.err)
