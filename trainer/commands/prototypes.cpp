// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <iostream>

#include <CLI/CLI.hpp>
#include <opencv2/sanprivacy.hpp>

#include "common/progress.hpp"
#include "data/dataset.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    DatasetOptions dataset;
    std::filesystem::path output;
};

ExitCode run(const Options& options)
{
    const Dataset dataset = loadDataset(options.dataset);
    const auto builder = cv::sanprivacy::PrototypeBuilder::create();
    {
        Progress progress("prototypes", dataset.train.size());
        for (size_t i = 0; i < dataset.train.size(); ++i)
        {
            builder->add(dataset.train.crop(i), dataset.train.labels(i)[0]);
            progress.step();
        }
    }
    builder->save(options.output.string());
    std::cout << options.output.string() << ": " << builder->count(0) << " faces of label 0, " << builder->count(1)
              << " of label 1" << std::endl;
    return SUCCEEDED;
}

} // namespace

Command addPrototypes(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand("prototypes", "Mean face of each label, over the training faces.");
    options->dataset.addTo(*command);
    command->add_option("-o,--output", options->output, "file of the prototypes, .yml.gz")
        ->type_name("YML")
        ->required();
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
