#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Measures most tables of doc/results.md, and prints them as Markdown.

    measure_results.py SANPRIVACY --faces DIR --models YML -o DIR [celeba|strength|methods|fairface|rolled ...]
        [OPTION of `evaluate` ...]

DIR holds the sets celeba-identities and fairface-val, each with a labels.csv. YML describes the classifiers and
matchers; the names of those that took no part in training are in HELD_OUT. The reports of `evaluate` stay in the folder
of -o, with frontier.png, a picture of recognition against privacy."""

import argparse
import os
import shutil
import subprocess

import cv2
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from measuring import LANDMARKS, evaluate, read_rows, write_rows

HELD_OUT = ["gender-intel-62", "gender-dlib-32", "SFace"]
STRENGTHS = [.5, .75, 1, 1.25, 1.5]
OTHER_METHODS = {"blur": [3, 6, 9, 12], "pixelation": [6, 10, 14], "mixing": [.25, .5]}
MATCHER = "SFace"  # of the picture
ROLLED, ROLL = 330, 30  # images, degrees
GROUP_SIZE = 50  # smaller groups are left out


def untrained_people(faces, folder):
    """The first five images of each person with an odd identity number: training used only even numbers."""
    source = os.path.join(faces, "celeba-identities")
    people = {}
    for row in read_rows(os.path.join(source, "labels.csv")):
        if int(row["identity"]) % 2 == 1:
            people.setdefault(row["identity"], []).append(row)
    rows = [row for images in people.values() for row in images[:5]]
    for row in rows:
        path = os.path.join(folder, row["file"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(os.path.join(source, row["file"]), path)
    write_rows(folder + ".csv", rows)
    return rows


def roll(rows, folder, rolled):
    """Turns images, every second one to the left. The labels then contain no landmarks."""
    for i, row in enumerate(rows):
        image = cv2.imread(os.path.join(folder, row["file"]))
        h, w = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), ROLL if i % 2 else -ROLL, 1)
        path = os.path.join(rolled, row["file"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        cv2.imwrite(path, cv2.warpAffine(image, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    write_rows(rolled + ".csv", [{key: value for key, value in row.items() if key not in LANDMARKS} for row in rows])


def evaluated(options, name, faces, labels, methods, *more):
    """The tables of a report."""
    return evaluate(options.sanprivacy, faces, labels, options.models, os.path.join(options.output, name), methods,
                    "--replicates", "20", *options.of_evaluate, *more)


def percent(value):
    return f"{100 * value:.1f}"


def bold(name):
    return f"**{name}**" if name in HELD_OUT else name


def table(header, numbers, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join(["---"] * (len(header) - numbers) + ["---:"] * numbers) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def gender_rows(tables):
    return [(bold(row["network"]), row["method"], percent(row["error"]), percent(row["error_label_1"]),
             percent(row["error_label_0"]), f"{row['auc']:.3f}") for row in tables["classifiers"]]


def match_rows(tables):
    return [(bold(row["network"]), row["method"],
             *(percent(row[f"tmr_at_fmr_{fmr}"]) for fmr in ("0.01", "0.001", "0.0001")))
            for row in tables["matchers"]]


def print_tables(tables):
    table(["Network", "Output", "Error %", "Men %", "Women %", "AUC"], 4, gender_rows(tables))
    if tables.get("matchers"):
        table(["Matcher", "Output", "FMR 1 %", "FMR 0.1 %", "FMR 0.01 %"], 3, match_rows(tables))
    for row in tables["summary"]:
        psnr = "" if row["psnr"] is None else f", PSNR {row['psnr']:.1f} dB"
        print(f"{row['method']}: faces found {percent(row['detected'])} %{psnr}")
    print()


def measure_celeba(options, faces):
    predicted = os.path.join(options.output, "predicted")
    subprocess.run([options.sanprivacy, "perturb", faces, "-o", predicted, *options.of_evaluate], check=True,
                   stdout=subprocess.DEVNULL)
    methods = ["same", "neutral", "opposite", "random", "folder=" + predicted]
    print_tables(evaluated(options, "celeba", faces, faces + ".csv", methods))


def strength_reports(options, faces):
    return {strength: evaluated(options, f"strength-{strength}", faces, faces + ".csv", ["opposite"],
                                "--strength", str(strength)) for strength in STRENGTHS}


def of(tables, kind, method):
    return [row for row in tables[kind] if row["method"] == method]


def measure_strength(options, faces):
    reports = strength_reports(options, faces)
    error = lambda row: f"{percent(row['error'])}, {row['auc']:.3f}"
    tmr = lambda row: f"{percent(row['tmr_at_fmr_0.01'])}, {percent(row['tmr_at_fmr_0.001'])}"
    for kind, text in (("classifiers", error), ("matchers", tmr)):
        originals = of(reports[1], kind, "original")
        table(["Strength"] + [bold(row["network"]) for row in originals], 0,
              [["0 (original)"] + [text(row) for row in originals]]
              + [[str(strength)] + [text(row) for row in of(tables, kind, "opposite")]
                 for strength, tables in reports.items()])
    for strength, tables in reports.items():
        print(f"strength {strength}: PSNR {of(tables, 'summary', 'opposite')[0]['psnr']:.1f} dB")
    print()


def measure_methods(options, faces):
    """Other methods, and the picture of all: mean error of the held-out classifiers against the TMR of a matcher."""
    methods = [f"{name}={value}" for name, values in OTHER_METHODS.items() for value in values]
    networks = ["opposite=san2018"] + [f"opposite={file}" for file in options.network]
    tables = evaluated(options, "methods", faces, faces + ".csv", methods + networks)
    print_tables(tables)

    def point(tables, method):
        errors = [row["error"] for row in of(tables, "classifiers", method) if row["network"] in HELD_OUT]
        tmr, = (row["tmr_at_fmr_0.01"] for row in of(tables, "matchers", method) if row["network"] == MATCHER)
        return 100 * tmr, 100 * sum(errors) / len(errors)

    figure, axes = plt.subplots(figsize=(7, 4.5))
    curves = {"default network, by strength": [(point(report, "opposite"), strength)
                                               for strength, report in strength_reports(options, faces).items()]}
    for name, values in OTHER_METHODS.items():
        curves[name] = [(point(tables, f"{name} {value:g}"), value) for value in values]
    for method in {row["method"] for row in tables["classifiers"]}:
        if "opposite" in method:
            curves[method] = [(point(tables, method), "")]
    for name, points in curves.items():
        axes.plot(*zip(*(place for place, _ in points)), marker="o", label=name)
        for place, value in points:
            axes.annotate(f"{value}", place, xytext=(5, 3), textcoords="offset points", fontsize=8)
    axes.plot(*point(tables, "original"), "k*", label="originals")
    axes.set(xlabel=f"TMR of {MATCHER} at FMR 1 %, in %", ylabel="mean error of two held-out classifiers, in %")
    axes.grid(alpha=.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(os.path.join(options.output, "frontier.png"), dpi=110)


def measure_fairface(options, _):
    folder = os.path.join(options.faces, "fairface-val")
    tables = evaluated(options, "fairface", folder, os.path.join(folder, "labels.csv"),
                       ["opposite", "neutral", "random"], "--limit", "600")
    print_tables(tables)
    thresholds = {row["network"]: row["threshold"] for row in tables["confusion"]}
    labelled = {row["file"]: row for row in read_rows(os.path.join(folder, "labels.csv"))}
    groups = {}
    for row in read_rows(os.path.join(options.output, "fairface", "scores.csv")):
        for column in ("race", "age"):
            groups.setdefault((column, labelled[row["file"]][column]), []).append(row)

    def error(rows, held_out, method):
        wrong = [(float(row[f"{network} {method}"]) >= threshold) != (row["label"] == "1") for row in rows
                 for network, threshold in thresholds.items()
                 if (network in HELD_OUT) == held_out and row[f"{network} {method}"]]
        return percent(sum(wrong) / len(wrong))

    table(["group", "faces", "held out: original", "`opposite`", "trained with: original", "`opposite`"], 5,
          [[f"{column} {group}", str(len(rows)),
            *(error(rows, held_out, method) for held_out in (True, False) for method in ("original", "opposite"))]
           for (column, group), rows in sorted(groups.items()) if len(rows) >= GROUP_SIZE])


def measure_rolled(options, faces):
    rolled = os.path.join(options.output, "rolled")
    roll(read_rows(faces + ".csv")[:ROLLED], faces, rolled)
    print_tables(evaluated(options, "rolled", rolled, rolled + ".csv", ["opposite"]))


SECTIONS = {"celeba": measure_celeba, "strength": measure_strength, "methods": measure_methods,
            "fairface": measure_fairface, "rolled": measure_rolled}


def main():
    parser = argparse.ArgumentParser(description="Measures most tables of doc/results.md.")
    parser.add_argument("sanprivacy", help="the program")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="default: " + ", ".join(SECTIONS))
    parser.add_argument("--faces", required=True, help="folder of the sets")
    parser.add_argument("--models", required=True, help="model description file")
    parser.add_argument("--network", action="append", default=[], metavar="ONNX",
                        help="another network for the section methods")
    parser.add_argument("-o", "--output", required=True, help="folder for the reports and frontier.png")
    options, options.of_evaluate = parser.parse_known_intermixed_args()
    unknown = [section for section in options.sections if section not in SECTIONS]
    if unknown:
        parser.error(f"'{unknown[0]}' is not one of {', '.join(SECTIONS)}")
    os.makedirs(options.output, exist_ok=True)
    faces = os.path.join(options.output, "untrained")
    untrained_people(options.faces, faces)
    for section in options.sections or SECTIONS:
        print(f"## {section}\n")
        SECTIONS[section](options, faces)


if __name__ == "__main__":
    main()
