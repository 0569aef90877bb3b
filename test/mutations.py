#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Plants mistakes in a copy of the module, one at a time, and sees whether the tests find them: mutations.py [NUMBER...]

Each mistake is a change of one line that compiles and would cost privacy or falsify a figure. The copy is built in build/mutations;
only the tests named with a mistake run. Exit code 1: a mistake was not found, or its line is no longer there."""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build", "mutations")
COPY, BUILD = os.path.join(WORK, "source"), os.path.join(WORK, "build")
SOURCES = os.path.join("modules", "sanprivacy", "src")

# what is wrong, file, right line, wrong line, tests
MISTAKES = [
    ("a prototype choice beyond the last is taken", "perturber_impl.cpp",
     "prototype > PROTOTYPE_RANDOM)", "prototype > PROTOTYPE_RANDOM + 1)", "SanPrivacy_Perturber.refuses_bad_labels_and_prototypes"),
    ("a stream asks the network for the same gender", "face_replacer.cpp",
     "random() ? PROTOTYPE_SAME : PrototypeChoice(params_.prototype)", "PROTOTYPE_SAME", "SanPrivacy_FaceReplacer.each_prototype*"),
    ("of many impostor pairs the worst are kept", "best_pairs.cpp",
     "pairs.begin(), pairs.begin() + (most - 1), pairs.end());", "pairs.rbegin(), pairs.rbegin() + (most - 1), pairs.rend());",
     "SanPrivacy_MatchEvaluation.best_of_many*"),
    ("the bits of two attributes are swapped where they are asked for", "perturber_impl.cpp",
     "(probability.at<float>((int)row) >= 0.5f) << k", "(probability.at<float>((int)row) >= 0.5f) << (1 - k)",
     "SanPrivacy_Perturber.hides_several_attributes"),
    ("the bit of one attribute chooses another's prototype", "generator.cpp",
     "same(label >> k & 1, mean)", "same(label & 1, mean)", "SanPrivacy_Perturber.hides_several_attributes"),
    ("the bits of two attributes are swapped in a stream's votes", "face_replacer.cpp",
     "track.label >> k & 1) << k;", "track.label >> k & 1) << (votes.size() - 1 - k);", "SanPrivacy_FaceReplacer.attributes_are_not_mixed_up"),
    ("the change fades over .3 of a face", "alignment.cpp", "FEATHER = .12", "FEATHER = .3", "SanPrivacy_Alignment.*"),
    ("the change is enlarged linearly", "alignment.cpp", "to_image, INTER_CUBIC", "to_image, INTER_LINEAR", "SanPrivacy_Alignment.*"),
    ("a held face does not count as doubtful", "face_replacer.cpp",
     "observation.confident && observation.state != FACE_HELD", "observation.confident", "SanPrivacy_FaceReplacer.a_held_face*"),
    ("twelve colors remain across a head", "face_cover.cpp", "CELLS = 6;", "CELLS = 12;", "SanPrivacy_FaceReplacer.six_colors*"),
    ("saved prototypes are not read back", "prototypes.cpp",
     "load(temporary); // FileStorage", "// FileStorage", "SanPrivacy_Prototypes.file_that_was_cut*"),
    ("of two thresholds with equal errors the lower one is taken", "roc.cpp",
     "std::abs(fpr[i] + tpr[i] - 1) < std::abs", "std::abs(fpr[i] + tpr[i] - 1) <= std::abs", "SanPrivacy_Roc.equal_error_threshold*"),
    ("lips keep their color in a stream", "face_replacer.cpp",
     "params_.prototype == PROTOTYPE_SAME ? 0 : perturber_->getColorStrength()", "0.", "SanPrivacy_ColorEvening.faces_of_a_stream*"),
    ("teeth take the color of skin", "color_evening.cpp",
     "square < mean_square ? square / mean_square : 1.f", "1.f", "SanPrivacy_ColorEvening.is_the_documented*"),
    ("an output of the perturbing network that is no number is taken", "generator.cpp",
     "if (!checkRange(image))", "if (false)", "SanPrivacy_PerturbFaces.network_that*"),
    ("an output of the perturbing network that is no image is taken", "generator.cpp",
     "if (least < -OUTPUT_TOLERANCE || most > 1 + OUTPUT_TOLERANCE)", "if (false)",
     "SanPrivacy_PerturbFaces.network_that*"),
    ("a probability that is no number is taken", "attribute_classifier.cpp",
     "probability >= -TOLERANCE && probability <= 1 + TOLERANCE", "!(probability < -TOLERANCE || probability > 1 + TOLERANCE)",
     "SanPrivacy_PerturbFaces.network_that*"),
    ("a descriptor that is no number is taken", "networks.cpp",
     "if (!checkRange(rows.row(i)))", "if (false)", "SanPrivacy_FaceNetwork.answers_that*"),
    ("a stream leaves a face whose networks answer no number", "face_replacer.cpp",
     "observation->growth), false, record, heads);", "observation->growth), true, record, heads);",
     "SanPrivacy_FaceReplacer.a_network_without*"),
]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def build():
    done = run("cmake", "--build", BUILD, "-j", os.environ.get("JOBS", str(os.cpu_count())), "--target", "opencv_test_sanprivacy")
    if done.returncode != 0:
        sys.exit("cannot be built:\n" + done.stdout[-3000:])


def tests_fail(pattern):
    """Whether one of the tests fails, or ends the program; that there are none, or that they are skipped, is an error."""
    done = run(os.path.join(BUILD, "bin", "opencv_test_sanprivacy"), "--gtest_filter=" + pattern)
    if "[ RUN " not in done.stdout or "SKIPPED" in done.stdout:
        sys.exit(f"{pattern} could not be run:\n" + done.stdout[-3000:] + done.stderr[-1000:])
    return done.returncode != 0


def main(chosen):
    shutil.rmtree(COPY, ignore_errors=True)
    for name in ("cmake", "modules", "doc", "data"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(COPY, name), copy_function=shutil.copy)  # newer than what is built
    shutil.copy(os.path.join(ROOT, "CMakeLists.txt"), COPY)
    os.environ.update(CCACHE_BASEDIR=WORK, CCACHE_NOHASHDIR="1", CCACHE_COMPILERCHECK="content")
    off = [f"-DSANPRIVACY_BUILD_{part}=OFF" for part in ("APPS", "EXAMPLES", "PYTHON", "TRAINER")]
    done = run("cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", *off)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    build()
    if tests_fail(":".join(sorted({tests for *_, tests in MISTAKES}))):
        sys.exit("the tests fail without any mistake")

    missed = 0
    for number, (what, name, right, wrong, tests) in enumerate(MISTAKES, 1):
        if chosen and number not in chosen:
            continue
        path = os.path.join(COPY, SOURCES, name)
        with open(path) as stream:
            text = stream.read()
        found = False
        if text.count(right) != 1:
            print(f"{number:2} {what}: '{right}' is not there once; write this mistake anew", flush=True)
        else:
            with open(path, "w") as stream:
                stream.write(text.replace(right, wrong))
            build()
            found = tests_fail(tests)
            with open(path, "w") as stream:
                stream.write(text)
            print(f"{number:2} {what}: {'found' if found else 'NOT found'}", flush=True)
        missed += not found
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main({int(number) for number in sys.argv[1:]}))
