#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Measures what perturbing does, with figures: evaluation.py FOLDER labels.csv models.yml -o FIGURES

FOLDER holds the images that labels.csv names (`file`, `gender`; with `identity`, matchers are measured too); the model description
file describes classifiers and matchers. The command `evaluate` does more; this shows the measures one by one."""

# %% Options and data
import argparse
import pathlib
import sys

import cv2
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from tqdm import tqdm

sp = cv2.sanprivacy
parser = argparse.ArgumentParser(description="Measures what perturbing does to gender classifiers and matchers, with figures.")
parser.add_argument("folder", type=pathlib.Path, help="folder with the images that the table names")
parser.add_argument("labels", help="CSV with the columns file and gender; with identity, matchers are measured too")
parser.add_argument("models", help="model description file of classifiers and matchers")
parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("figures"),
                    help="folder for the ROC curves; it must not be there")
parser.add_argument("--limit", type=int, default=200, help="number of faces, from the first line of the table; default: 200")
options = parser.parse_args()
if options.output.exists():
    sys.exit(f"{options.output} is there already")
table = pd.read_csv(options.labels).head(options.limit)
if not {"file", "gender"} <= set(table):
    sys.exit(f"{options.labels}: expected the columns 'file' and 'gender', separated by commas; found {list(table)}")
table["label"] = table["gender"].astype(str).str.lower().map({"m": 1, "male": 1, "1": 1, "f": 0, "female": 0, "0": 0})
table = table.dropna(subset=["label"])

# %% What every network answers about originals and opposite-gender output
## [answers]
detector, perturber = sp.FaceDetector.create(), sp.Perturber.create()
networks = {d.name: sp.FaceNetwork.create(d) for d in sp.readModelDescriptions(options.models)}
answers = {name: {"original": [], "opposite": []} for name in networks}
seen = []  # index of the rows whose face was found
for row in tqdm(table.itertuples(), total=len(table), unit="image"):
    image = cv2.imread(str(options.folder / row.file))
    faces = detector.detect(image) if image is not None else None
    if faces is None:
        print(f"{row.file}: no face found, or no image", file=sys.stderr)
        continue
    face = faces[:1]
    seen.append(row.Index)
    perturbed = perturber.perturbFaces(image, face, labels=[int(row.label)])
    for name, network in networks.items():
        original, opposite = network.forward([network.crop(image, face), network.crop(perturbed, face)])
        answers[name]["original"].append(original)
        answers[name]["opposite"].append(opposite)
table = table.loc[seen]
## [answers]
if table["label"].nunique() < 2:
    sys.exit(f"{options.labels}: expected faces of both genders among the first {options.limit} lines; --limit takes more")

# %% Classifiers: ROC curves, and the error at the threshold of equal errors on the originals
options.output.mkdir(parents=True)
results = []
## [classifier]
labels = table["label"].to_numpy(np.int32)
for name in (n for n in networks if networks[n].getDescription().task == sp.NETWORK_CLASSIFIER):
    figure, axes = plt.subplots(figsize=(4, 4))
    threshold = None
    for method, values in answers[name].items():
        scores = np.float64(values).ravel()
        fpr, tpr, thresholds = sp.rocCurve(scores, labels)
        if threshold is None:
            threshold = sp.equalErrorThreshold(fpr, tpr, thresholds)  # the same for both
        auc, error = sp.areaUnderCurve(fpr, tpr), sp.errorRate(scores, labels, threshold)
        results.append({"network": name, "faces": method, "error": error, "AUC": auc})
        axes.plot(fpr, tpr, label=f"{method}, AUC {auc:.3f}")
    axes.set(xlabel="women taken for men", ylabel="men taken for men", title=name)
    axes.legend()
    figure.tight_layout()
    figure.savefig(options.output / f"roc-{name}.png", dpi=120)
## [classifier]

# %% Matchers: originals with originals, and perturbed faces with all originals but their own
## [matcher]
identities = pd.factorize(table["identity"])[0].astype(np.int32) if "identity" in table else np.int32([])
for name in (n for n in networks if networks[n].getDescription().task == sp.NETWORK_MATCHER and len(set(identities)) > 1):
    originals, distance = np.float32(answers[name]["original"]), networks[name].getDescription().distance
    for method, perturbed in (("original", None), ("opposite", np.float32(answers[name]["opposite"]))):
        matches = sp.MatchEvaluation.create(originals, perturbed, identities, distance)
        results.append({"network": name, "faces": method, "TMR at FMR 1 %": matches.trueMatchRate(.01)})
## [matcher]
results = pd.DataFrame(results)
results.to_csv(options.output / "results.csv", index=False)
print(results.to_string(index=False, na_rep=""))
