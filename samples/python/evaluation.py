#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Measures what a method does, with figures: evaluation.py FOLDER labels.csv models.yml -o FIGURES

FOLDER holds the images that labels.csv names (`file`, `gender`, landmark columns); the model description file describes classifiers.
The command `evaluate` of the command line does it all; this shows the measures one by one."""

# %% Options and data
import argparse
import pathlib

import cv2
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from tqdm import tqdm

sp = cv2.sanprivacy
parser = argparse.ArgumentParser(description="Measures what a method does, with figures.")
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("labels")
parser.add_argument("networks")
parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("figures"))
parser.add_argument("--limit", type=int, default=200)
options = parser.parse_args()
options.output.mkdir(parents=True, exist_ok=True)
table = pd.read_csv(options.labels).head(options.limit)
table["label"] = table["gender"].astype(str).str.lower().map({"m": 1, "male": 1, "1": 1, "f": 0, "female": 0, "0": 0})

# %% Originals and opposite-gender output
detector, perturber = sp.FaceDetector.create(), sp.Perturber.create()
classifiers = [sp.FaceNetwork.create(d) for d in sp.readModelDescriptions(options.networks) if d.task == sp.NETWORK_CLASSIFIER]
scores = {c.getDescription().name: {"original": [], "opposite": []} for c in classifiers}
labels = []
for row in tqdm(table.itertuples(), total=len(table), unit="image"):
    image = cv2.imread(str(options.folder / row.file))
    faces = detector.detect(image) if image is not None else []
    if len(faces) == 0:
        continue
    face = faces[:1]
    labels.append(row.label)
    shown = {"original": image, "opposite": perturber.perturbFaces(image, face, labels=[row.label])}
    for classifier in classifiers:
        for method, image in shown.items():
            probability = classifier.forward([classifier.crop(image, face)])
            scores[classifier.getDescription().name][method].append(float(probability.ravel()[0]))
labels = np.int32(labels)

# %% ROC curves, and the error at the threshold of equal errors on the originals
results = []
for name, by_method in scores.items():
    figure, axes = plt.subplots(figsize=(4, 4))
    threshold = None
    for method, values in by_method.items():
        fpr, tpr, thresholds = sp.rocCurve(np.float64(values), labels)
        if threshold is None:
            threshold = sp.equalErrorThreshold(fpr, tpr, thresholds)
        auc, error = sp.areaUnderCurve(fpr, tpr), sp.errorRate(np.float64(values), labels, threshold)
        results.append({"classifier": name, "faces": method, "error": error, "AUC": auc})
        axes.plot(fpr, tpr, label=f"{method}, AUC {auc:.3f}")
    axes.set(xlabel="women taken for men", ylabel="men taken for men", title=name)
    axes.legend()
    figure.tight_layout()
    figure.savefig(options.output / f"roc-{name}.png", dpi=120)
results = pd.DataFrame(results)
results.to_csv(options.output / "errors.csv", index=False)
print(results.to_string(index=False))
