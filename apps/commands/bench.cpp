// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/bench_faces.hpp"
#include "commands/bench_matching.hpp"
#include "commands/bench_video.hpp"
#include "options/inputs.hpp"

#include <memory>

#include <CLI/CLI.hpp>

namespace sanprivacy { namespace apps {

Command addBench(CLI::App& app)
{
    auto options = std::make_shared<BenchVideoOptions>();
    CLI::App* command = app.add_subcommand("bench", "Measures the time of each processing step");
    CLI::App* video = command->add_subcommand("video", "Videos of 0, 1, 4 and 16 faces in three sizes");
    command->require_subcommand(1);
    video->add_option("PHOTO", options->photo, "Photo of one face")->required()->type_name("");
    video->add_option("--frames", options->frames, "Length of each video; default 32")
        ->type_name("N")
        ->check(CLI::Range(2, 1000).description(""));
    addMaxPixelsTo(*video, options->max_pixels);
    options->networks.addPerturberTo(*video);
    options->networks.addDetectorTo(*video);

    auto face_options = std::make_shared<BenchFacesOptions>();
    CLI::App* faces = command->add_subcommand(
        "faces", "The steps of one face, compared with the least time possible on this machine");
    faces->add_option("--runs", face_options->runs, "Runs of each step; default 30")
        ->type_name("N")
        ->check(CLI::Range(3, 10000).description(""));
    faces->add_option("--json", face_options->json, "File for the results")->type_name("FILE");
    face_options->networks.addPerturberTo(*faces);

    auto descriptors = std::make_shared<int>(100000);
    CLI::App* matching =
        command->add_subcommand("matching", "Time and memory of match rates over all pairs, for generated descriptors");
    matching->add_option("--faces", *descriptors, "Number of faces, ten of each person; default 100000")
        ->type_name("N")
        ->check(CLI::Range(20, 1000000).description(""));
    return { command, [=]
        {
            if (matching->parsed())
                return benchMatching(*descriptors);
            return faces->parsed() ? benchFaces(*face_options) : benchVideo(*options);
        } };
}

}} // namespace sanprivacy::apps
