#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Perturbs a store of images on a Dask cluster, and builds its prototypes:

    cluster.py faces/ results/ [--labels faces.csv] [--scheduler tcp://HOST:8786 | --workers 2]

Every worker sees the same folders. Results appear whole, one by one, and those that are there are not done again: after
an interruption the same command goes on. With labels, the prototypes of all parts are merged into
results/prototypes.yml.gz. What cannot be protected is listed in results/left-out.csv and not copied."""

import argparse
import csv
import json
import os
import pathlib
import sys

import cv2
import numpy as np
from dask.distributed import Client, LocalCluster, as_completed, get_worker
from face_table import read_face_table
from tqdm import tqdm

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}
UNFINISHED = ".sanprivacy-"  # prefix of files being written
PARTS = ".parts"  # of prototypes, below the results; each with the names of what it holds


def tools():
    """Detector and perturber of a worker: loaded once, each worker has one thread."""
    worker = get_worker()
    if not hasattr(worker, "sanprivacy_tools"):
        cv2.setNumThreads(1)
        worker.sanprivacy_tools = cv2.sanprivacy.FaceDetector.create(), cv2.sanprivacy.Perturber.create()
    return worker.sanprivacy_tools


## [write]
def write_whole(path, write):
    """Writes beside, then renames: nobody ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    if write(str(temporary)) is False:
        raise OSError(f"cannot write {path}")
    os.replace(temporary, path)
## [write]


def perturb_image(path, target, label, prototype, builder):
    """The label is that of the largest face, which is added to the prototypes; of the others nothing is known.
    @return what kept the image from being protected, or None"""
    detector, perturber = tools()
    image = cv2.imread(str(path))
    if image is None:
        return "no image that can be read"
    kept = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if kept.dtype != np.uint8 or kept.shape[2:] == (4,):
        return "it has more than 8 bits, or transparency, which would be lost"
    faces = detector.detect(image)
    if faces is None:
        return "no face found"
    largest = int(np.argmax(faces[:, 2] * faces[:, 3]))
    labels = [cv2.sanprivacy.LABEL_PREDICT] * len(faces)
    labels[largest] = label
    if not target.exists():
        params = cv2.sanprivacy.PerturbParams(prototype)
        complete, perturbed, results = perturber.tryPerturbFaces(image, faces, params=params, labels=labels)
        if not complete:
            reasons = [face.reason for face in results if face.status != cv2.sanprivacy.FACE_PERTURBED]
            return f"a face cannot be protected: {reasons[0]}"
        write_whole(target, lambda name: cv2.imwrite(name, perturbed))
    if label != cv2.sanprivacy.LABEL_PREDICT:
        builder.add(cv2.sanprivacy.alignFace(image, faces[largest:largest + 1])[1], label)
    return None


def perturb_part(folder, results, part, names, labels, prototype):
    """A part of the listing. @return what was left out: (name, reason)"""
    left_out, builder, counted = [], cv2.sanprivacy.PrototypeBuilder.create(), []
    for name in names:
        if labels is None and (results / name).exists():
            continue
        label = (labels or {}).get(name, cv2.sanprivacy.LABEL_PREDICT)
        try:
            f"{folder / name} {results}".encode()  # OpenCV would crash
            reason = perturb_image(folder / name, results / name, label, prototype, builder)
        except cv2.error as error:  # an image that is too large, or of a format that OpenCV cannot write
            reason = error.err
        except UnicodeEncodeError:
            reason = "a name that is not UTF-8"
        if reason:
            left_out.append((name, reason))
        elif label != cv2.sanprivacy.LABEL_PREDICT:
            counted.append(name)
    if counted:  # the list appears after what it lists
        write_whole(results / PARTS / f"{part}.yml.gz", builder.save)
        write_whole(results / PARTS / f"{part}.json", lambda path: pathlib.Path(path).write_text(json.dumps(counted)))
    return left_out


def merge_parts(results, parts):
    """@return the prototypes of all parts, each counted once"""
    whole = cv2.sanprivacy.PrototypeBuilder.create()
    for part in parts:
        path = results / PARTS / f"{part}.yml.gz"
        if path.exists():
            whole.merge(cv2.sanprivacy.PrototypeBuilder.load(str(path)))
    return whole


def perturb(client, folder, results, labels=None, prototype=cv2.sanprivacy.PROTOTYPE_OPPOSITE, part_size=32):
    """@return the images left out, and the merged prototypes (None without labels)"""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix.lower() in IMAGES)
    parts = {f"{i // part_size:06}": names[i:i + part_size] for i in range(0, len(names), part_size)}

    def done(part):
        finished = all((results / name).exists() for name in parts[part])
        return finished and (labels is None or (results / PARTS / f"{part}.json").exists())

    # A worker that dies loses its part, and another does what is missing of it.
    futures = {client.submit(perturb_part, folder, results, part, parts[part], labels, prototype, pure=False,
                             retries=3): part for part in parts if not done(part)}
    left_out, to_do = [], sum(len(parts[part]) for part in futures.values())
    with tqdm(total=len(names), initial=len(names) - to_do, unit="image") as progress:
        for future, found in as_completed(futures, with_results=True):
            left_out += found
            progress.update(len(parts[futures[future]]))
    for path in results.rglob(UNFINISHED + "*"):  # of workers that died
        path.unlink()
    return left_out, None if labels is None else merge_parts(results, parts)


def main():
    parser = argparse.ArgumentParser(description="Perturbs a store of images on a Dask cluster.")
    parser.add_argument("folder", type=pathlib.Path, help="folder with images")
    parser.add_argument("results", type=pathlib.Path,
                        help="folder for the perturbed images, on a file system that all machines share")
    parser.add_argument("--labels",
                        help="CSV with the columns file and gender (M or F), of the largest face of each image")
    parser.add_argument("--prototype", choices=("same", "neutral", "opposite", "random"), default="opposite",
                        help="how the gender appears; default: opposite")
    parser.add_argument("--scheduler", help="address of a running cluster; default: processes on this machine")
    parser.add_argument("--workers", type=int, default=os.cpu_count(),
                        help="processes on this machine; default: one for each core")
    options = parser.parse_args()
    if options.workers < 1:
        parser.error(f"--workers: expected a number above 0, found {options.workers}")
    if not options.folder.is_dir():
        sys.exit(f"{options.folder}: no such folder")
    folder, results = options.folder.resolve(), options.results.resolve()
    if folder in (results, *results.parents):  # the originals would pass for results that are there
        sys.exit(f"{options.results}: expected a folder outside {options.folder}")
    labels = None
    if options.labels:
        labels = {face.file: face.label for face in read_face_table(options.labels, "gender")}
    prototype = getattr(cv2.sanprivacy, "PROTOTYPE_" + options.prototype.upper())

    cluster = options.scheduler or LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
    with Client(cluster) as client:
        left_out, prototypes = perturb(client, folder, results, labels, prototype)
    if prototypes is not None and not prototypes.empty():
        write_whole(results / "prototypes.yml.gz", prototypes.save)
    if left_out:
        with open(results / "left-out.csv", "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
            csv.writer(stream).writerows([("file", "reason"), *sorted(left_out)])
        sys.exit(f"{len(left_out)} left out, see {results / 'left-out.csv'}")


if __name__ == "__main__":
    try:
        main()
    except cv2.error as error:  # a missing network
        sys.exit(error.err)
    except OSError as error:  # no scheduler at that address, a folder that cannot be written
        sys.exit(str(error))
