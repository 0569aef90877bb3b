// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>
#include <opencv2/sanprivacy.hpp>

#include "common/atomic_file.hpp"
#include "common/progress.hpp"
#include "data/dataset.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    DatasetOptions dataset;
    std::filesystem::path output;
};

//! Raises where the file has another ending than cv::FileStorage has: images or labels could be overwritten.
void checkOutput(const std::filesystem::path& file)
{
    std::filesystem::path name = file;
    std::string ending = name.extension().string();
    if (ending == ".gz")
        ending = name.replace_extension().extension().string();
    const char* const endings[] = { ".yml", ".yaml", ".xml", ".json" };
    if (std::find(std::begin(endings), std::end(endings), ending) == std::end(endings))
        throw UsageError("-o: expected a file name such as prototypes.yml.gz, found '" + file.string() + "'");
    makeWritableFolder(std::filesystem::absolute(file).parent_path());
}

ExitCode run(const Options& options)
{
    checkOutput(options.output);
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
