#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Mutation test: changes a copy of the sources, one line at a time, and sees whether the tests notice: mutations.py
[NUMBER...]

Each mutation compiles and would cost privacy or falsify a figure. The copy is built in build/mutations; only the tests
named with a mutation run. Exit code 1: a mutation was not noticed, or its line is no longer there."""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build", "mutations")
COPY = os.path.join(WORK, "source")
BUILD = os.path.join(COPY, "build")  # as in the original: ccache then has most of it
SOURCES = os.path.join("modules", "sanprivacy", "src")
PROGRAMS = {SOURCES: "opencv_test_sanprivacy", "common": "test_common"}  # the tests of what lies in a folder

# what is wrong, file (of the module, where no folder is named), right code, wrong code, tests
MUTATIONS = [
    ("a prototype choice beyond the last is taken", "perturber_impl.cpp",
     "prototype > PROTOTYPE_RANDOM)", "prototype > PROTOTYPE_RANDOM + 1)",
     "SanPrivacy_Perturber.refuses_bad_labels_and_prototypes"),
    ("a stream asks the network for the same gender", "face_replacer.cpp",
     "random() ? PROTOTYPE_SAME : PrototypeChoice(params_.prototype)", "PROTOTYPE_SAME",
     "SanPrivacy_FaceReplacer.each_prototype*"),
    ("of many impostor pairs the worst are kept", "best_pairs.cpp",
     "pairs.begin(), pairs.begin() + (most - 1), pairs.end());",
     "pairs.rbegin(), pairs.rbegin() + (most - 1), pairs.rend());",
     "SanPrivacy_MatchEvaluation.best_of_many*"),
    ("the bits of two attributes are swapped where they are asked for", "perturber_impl.cpp",
     "(probability.at<float>((int)row) >= 0.5f) << k", "(probability.at<float>((int)row) >= 0.5f) << (1 - k)",
     "SanPrivacy_Perturber.hides_several_attributes"),
    ("the bit of one attribute chooses another's prototype", "generator.cpp",
     "same(label >> k & 1, mean)", "same(label & 1, mean)", "SanPrivacy_Perturber.hides_several_attributes"),
    ("the bits of two attributes are swapped in a stream's votes", "track_label.cpp",
     "label_ >> k & 1) << k;", "label_ >> k & 1) << (votes.size() - 1 - k);",
     "SanPrivacy_FaceReplacer.attributes_are_not_mixed_up"),
    ("the change fades over .3 of a face", "alignment.cpp", "FEATHER = .12", "FEATHER = .3", "SanPrivacy_Alignment.*"),
    ("the change is enlarged linearly", "alignment.cpp", "to_image, INTER_CUBIC", "to_image, INTER_LINEAR",
     "SanPrivacy_Alignment.*"),
    ("a held face does not count as doubtful", "face_replacer.cpp",
     "observation.confident && observation.state != FACE_HELD", "observation.confident",
     "SanPrivacy_FaceReplacer.a_held_face*"),
    ("twelve colors remain across a head", "face_cover.cpp", "CELLS = 6;", "CELLS = 12;",
     "SanPrivacy_FaceReplacer.six_colors*"),
    ("saved prototypes are not read back", "prototypes.cpp",
     "load(temporary); // FileStorage", "// FileStorage", "SanPrivacy_Prototypes.file_that_was_cut*"),
    ("of two thresholds with equal errors the lower one is taken", "roc.cpp",
     "std::abs(fpr[i] + tpr[i] - 1) < std::abs", "std::abs(fpr[i] + tpr[i] - 1) <= std::abs",
     "SanPrivacy_Roc.equal_error_threshold*"),
    ("lips keep their color in a stream", "face_replacer.cpp",
     "same ? 0 : perturber_->getColorStrength()", "0.", "SanPrivacy_ColorEvening.faces_of_a_stream*"),
    ("teeth take the color of skin", "color_evening.cpp",
     "square < mean_square ? square / mean_square : 1.f", "1.f", "SanPrivacy_ColorEvening.is_the_documented*"),
    ("an output of the perturbing network that is no number is taken", "generator.cpp",
     "if (!checkRange(image))", "if (false)", "SanPrivacy_PerturbFaces.network_that*"),
    ("an output of the perturbing network that is no image is taken", "generator.cpp",
     "if (least < -OUTPUT_TOLERANCE || most > 1 + OUTPUT_TOLERANCE)", "if (false)",
     "SanPrivacy_PerturbFaces.network_that*"),
    ("a probability that is no number is taken", "attribute_classifier.cpp",
     "probability >= -TOLERANCE && probability <= 1 + TOLERANCE",
     "!(probability < -TOLERANCE || probability > 1 + TOLERANCE)",
     "SanPrivacy_PerturbFaces.network_that*"),
    ("a descriptor that is no number is taken", "networks.cpp",
     "if (!checkRange(rows.row(i)))", "if (false)", "SanPrivacy_FaceNetwork.answers_that*"),
    ("a stream leaves a face whose networks answer no number", "face_replacer.cpp",
     "observation->growth), false, record, plan);", "observation->growth), true, record, plan);",
     "SanPrivacy_FaceReplacer.a_network_without*"),
    ("a detector that fails shows no face", "face_tracker.cpp",
     "frame.record.error = reasonOf(e);", "static_cast<void>(e);",
     "SanPrivacy_FaceReplacer.an_error_never*"),
    ("a lost face is covered for half the hold time", "face_tracker.cpp",
     "track.lost > patience + TIME_TOLERANCE", "track.lost > patience / 2", "SanPrivacy_FaceTracker.a_lost_face*"),
    ("a face that is found late is not followed back", "face_tracker.cpp",
     "if (track.fresh)", "if (false)", "SanPrivacy_FaceTracker.*"),
    ("the last frame of a scene is not looked at", "face_tracker.cpp",
     "!window_.back().released &&", "window_.back().released &&",
     "SanPrivacy_FaceTracker.a_face_that_comes_in_slowly*"),
    ("who comes after a cut is taken for who was there", "face_tracker.cpp",
     "track.id = next_id_++;\n        track.recognitions = 0;", "track.recognitions = 0;",
     "SanPrivacy_FaceTracker.after_a_cut*"),
    ("who comes after a cut where an exempt person was is exempt", "face_tracker.cpp",
     "track.id = next_id_++;\n        track.recognitions = 0;", "track.id = next_id_++;",
     "SanPrivacy_ExemptPerson.after_a_cut*"),
    ("who was not confirmed stays exempt in the frames before", "face_tracker.cpp",
     "observation.exempt = false;", ";", "SanPrivacy_ExemptPerson.another*:SanPrivacy_ExemptPerson.nobody*"),
    ("whom nobody confirms stays exempt", "face_tracker.cpp",
     "revokeExemption(track);\n            continue;", "continue;", "SanPrivacy_ExemptPerson.nobody*"),
    ("who comes close to an exempt person is exempt", "face_tracker.cpp",
     "track.recognitions >= RECOGNITIONS && !isCrowded(track, tracks_)", "track.recognitions >= RECOGNITIONS",
     "SanPrivacy_ExemptPerson.near*"),
    ("one recognition is enough", "face_tracker.cpp", "RECOGNITIONS = 2;", "RECOGNITIONS = 1;",
     "SanPrivacy_ExemptPerson.nobody*"),
    ("a matcher that fails recognises everybody", "exempt_person.cpp",
     "if (score >= person.min_score &&", "if (!(score < person.min_score) &&", "SanPrivacy_ExemptPerson.a_matcher*"),
    ("whoever is a little like an exempt person is exempt", "exempt_person.cpp",
     "if (score >= person.min_score &&", "if (score >= 2 * person.min_score &&", "SanPrivacy_ExemptPerson.another*"),
    ("a held face is left where faces of low confidence are", "face_replacer.cpp",
     "LOW_CONFIDENCE_PASS && observation.state != FACE_HELD, record", "LOW_CONFIDENCE_PASS, record",
     "SanPrivacy_FaceReplacer.a_held_face*"),
    ("faces that are too small for the network pass it", "face_replacer.cpp",
     "eyeDistance(landmarks) >= params_.min_eye_distance", "eyeDistance(landmarks) > 0",
     "SanPrivacy_FaceReplacer.faces_of_low*"),
    ("what is around a face that is cut off is not covered", "face_replacer.cpp",
     "if (observation.growth > 1)", "if (false)", "SanPrivacy_FaceReplacer.what_is_around*"),
    ("where the network fails an earlier change is shown", "temporal_smoothing.cpp",
     "change_.release();", ";", "SanPrivacy_FaceReplacer.where_the_network*"),
    ("at random, everybody gets one prototype in a stream", "track_label.cpp",
     "int(generator() & ((1u <<", "int(0u & ((1u <<", "SanPrivacy_FaceReplacer.*random*"),
    ("what was drawn for a face is told", "face_replacer.cpp",
     "if (!random())\n            face.label", "face.label", "SanPrivacy_FaceReplacer.*random*"),
    ("at random, everybody gets one prototype", "perturber_impl.cpp",
     "int(secure() & unsigned", "int(0u & unsigned", "SanPrivacy_Perturber.random*"),
    ("a damaged file is taken", "data_path.cpp", "if (found != expected)", "if (false)", "SanPrivacy_DataPath.*"),
    ("tiles share nothing", "yunet_detector.cpp", "TILE_OVERLAP = 320;", "TILE_OVERLAP = 0;",
     "SanPrivacy_FaceDetector.the_smallest*"),
    ("the last tile ends before the image does", "tiling.cpp",
     "(length - each) / (count - 1)", "(length - each) / count", "SanPrivacy_FaceDetector.the_smallest*"),
    ("a face of a turned image lies elsewhere", "orientation.cpp",
     "image.height - 1 - point.real()", "point.real()",
     "SanPrivacy_FaceTracker.a_face_that_lies*:SanPrivacy_FaceTracker.a_face_that_appears*"),
    ("a track that another face took does not stay covered", "track_matching.cpp",
     "abandoned.push_back(placeOf(track));", "static_cast<void>(0);", "SanPrivacy_FaceTracker.a_face_found_beside*"),
    ("a track that slid onto another face is not given up", "track_matching.cpp",
     "tracks[t].state = FACE_HELD;", ";", "SanPrivacy_FaceTracker.of_two_tracks*"),
    ("a face of another size continues a track", "track_matching.cpp",
     "haveOneSize(track.landmarks, detections[d].landmarks) && !contradicts", "!contradicts",
     "SanPrivacy_FaceTracker.a_face_of_another*"),
    ("what replaces a private file is not private", "common/atomic_file.cpp",
     "return fs::perms(there.st_mode & 0777);", ";", "AtomicFile.*"),
    ("what is made of a private file is not private", "common/atomic_file.cpp",
     "known ? there.st_mode | 0200 : mode_t(0777)", "known ? mode_t(0777) : mode_t(0777)", "AtomicFile.*"),
    ("the file of another run that writes is removed", "common/atomic_file.cpp",
     "file->last_write_time(ignored) < yesterday && !ignored", "true", "AtomicFile.*"),
    ("a second run may write the same file", "common/atomic_file.cpp",
     "const bool held = errno == EWOULDBLOCK;",
     "const bool held = errno == EWOULDBLOCK;\n    if (held)\n        return;", "AtomicFile.*"),
    ("an input is overwritten under another name", "common/output_guard.cpp",
     "files.count({ there.st_dev, there.st_ino }) > 0", "paths.count(output) > 0", "OutputGuard.*"),
]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def build():
    jobs = os.environ.get("JOBS", str(os.cpu_count()))
    done = run("cmake", "--build", BUILD, "-j", jobs, "--target", *PROGRAMS.values())
    if done.returncode != 0:
        sys.exit("cannot be built:\n" + done.stdout[-3000:])


def path_of(name):
    return name if "/" in name else os.path.join(SOURCES, name)


def tests_fail(program, pattern):
    """Whether one of the tests fails, or ends the program; none, or skipped ones, are an error."""
    done = run(os.path.join(BUILD, "bin", program), "--gtest_fail_fast", "--gtest_filter=" + pattern)
    if "[ RUN " not in done.stdout or done.returncode == 0 and "SKIPPED" in done.stdout:
        sys.exit(f"{pattern} could not be run:\n" + done.stdout[-3000:] + done.stderr[-1000:])
    return done.returncode != 0


def main(chosen):
    shutil.rmtree(COPY, ignore_errors=True)
    for name in ("apps", "cmake", "common", "modules", "doc", "data"):
        # newer than what is built
        shutil.copytree(os.path.join(ROOT, name), os.path.join(COPY, name), copy_function=shutil.copy)
    for name in ("CMakeLists.txt", "README.md"):
        shutil.copy(os.path.join(ROOT, name), COPY)
    os.environ.update(CCACHE_BASEDIR=COPY, CCACHE_NOHASHDIR="1", CCACHE_COMPILERCHECK="content")
    off = [f"-DSANPRIVACY_BUILD_{part}=OFF" for part in ("EXAMPLES", "PYTHON", "TRAINER")]
    done = run("cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
               "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", *off)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    build()
    chosen = chosen or set(range(1, len(MUTATIONS) + 1))
    for folder, program in PROGRAMS.items():
        patterns = {tests for number, (_, name, *_, tests) in enumerate(MUTATIONS, 1)
                    if number in chosen and path_of(name).startswith(folder)}
        if patterns and tests_fail(program, ":".join(sorted(patterns))):
            sys.exit("the tests fail without any mutation")

    missed = 0
    for number, (what, name, right, wrong, tests) in enumerate(MUTATIONS, 1):
        if number not in chosen:
            continue
        program = next(program for folder, program in PROGRAMS.items() if path_of(name).startswith(folder))
        path = os.path.join(COPY, path_of(name))
        with open(path) as stream:
            text = stream.read()
        noticed = False
        if text.count(right) != 1:
            print(f"{number:2} {what}: '{right}' is not there once; write this mutation anew", flush=True)
        else:
            with open(path, "w") as stream:
                stream.write(text.replace(right, wrong))
            build()
            noticed = tests_fail(program, tests)
            with open(path, "w") as stream:
                stream.write(text)
            print(f"{number:2} {what}: {'noticed' if noticed else 'NOT noticed'}", flush=True)
        missed += not noticed
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main({int(number) for number in sys.argv[1:]}))
