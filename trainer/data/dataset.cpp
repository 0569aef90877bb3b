// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/dataset.hpp"

#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>

#include "common/cache_folder.hpp"
#include "common/message.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

namespace {

//! FNV-1a: unlike std::hash the same everywhere and always, so that who was held out stays held out.
uint64_t hashText(const std::string& text)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (unsigned char c : text)
        hash = (hash ^ c) * 0x100000001b3;
    return hash;
}

//! Persons, or images where persons are unknown, fall on one side for good.
bool inShare(const Sample& sample, double share)
{
    const std::string who = sample.identity.empty() ? sample.file.filename().string() : sample.identity;
    return double(hashText(who) % 10000) < share * 10000;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " and ") + word;
    return text;
}

std::vector<AttributeRule> rulesOf(const DatasetOptions& options)
{
    if (options.positive.size() > options.attributes.size())
        CV_Error(cv::Error::StsBadArg,
            "--positive is given for more attributes than there are: " + joined(options.attributes));
    std::vector<AttributeRule> rules;
    for (const std::string& attribute : options.attributes)
    {
        const size_t i = rules.size();
        rules.push_back({ attribute, i < options.positive.size() ? options.positive[i] : std::string() });
    }
    return rules;
}

bool anyUnknown(const std::vector<int>& labels)
{
    return std::count(labels.begin(), labels.end(), LABEL_UNKNOWN) > 0;
}

enum Side
{
    TRAIN,
    HELD_OUT,
    NEITHER
};

void addFolder(const fs::path& folder, const DatasetOptions& options, const CropTemplate& crop,
    const std::function<Side(const Sample&)>& side, Dataset& dataset)
{
    const std::vector<Sample> samples = readManifest(folder, rulesOf(options), options.format);
    const fs::path absolute = fs::canonical(folder);
    const std::string name = absolute.filename().string() + cv::format("-%08x", unsigned(hashText(absolute.string())));
    const auto cache = std::make_shared<FaceCache>(samples, options.cache, name, crop);
    std::shared_ptr<const FaceCache> wide;
    if (options.surroundings)
        wide = std::make_shared<FaceCache>(samples, options.cache, name, CropTemplate { crop.size, WIDE_ZOOM });

    size_t unlabeled = 0, uncovered = 0, train = 0, heldOut = 0;
    for (size_t i = 0; i < cache->size(); ++i)
    {
        if (!cache->readable(i))
            continue;
        if (cache->coverage(i) < options.minCoverage)
            uncovered++;
        else if (options.needLabels && anyUnknown(cache->sample(i).labels))
            unlabeled++;
        else if (side(cache->sample(i)) == TRAIN)
            dataset.train.add(cache, i, wide), train++;
        else if (side(cache->sample(i)) == HELD_OUT)
            dataset.heldOut.add(cache, i, wide), heldOut++;
    }
    std::cerr << folder.string() << ": " << count(cache->size(), "image") << ", " << train << " to train on, "
              << heldOut << " held out";
    if (uncovered)
        std::cerr << ", " << uncovered << " left out whose crop leaves the image (--min-coverage)";
    if (unlabeled)
        std::cerr << ", " << unlabeled << " left out without a known " << joined(options.attributes);
    std::cerr << std::endl;
}

} // namespace

DatasetOptions::DatasetOptions() : cache(cacheFolder())
{
}

void DatasetOptions::addTo(CLI::App& command, bool severalAttributes)
{
    std::string formats;
    for (const std::string& name : manifestFormats())
        formats += (formats.empty() ? "" : ", ") + name;
    command.add_option("--data", data, "folders of faces")->type_name("DIR")->required();
    command
        .add_option("--held-out", heldOut,
            "folders to measure on; default: the data's own validation part, or else --held-out-share")
        ->type_name("DIR");
    command
        .add_option(
            "--held-out-share", heldOutShare, "share of the people of --data to measure on, if there is nothing else")
        ->capture_default_str();
    command.add_option("--format", format, formats + "; default: recognized")->type_name("NAME");
    if (needLabels)
    {
        const std::string label = "attribute to learn, a column of the labels",
                          values = "values with label 1: \">=50\", \"<50\" or \"Black,White\"; default, or"
                                   " \"\": male, 1, yes";
        const std::string several = severalAttributes ? "; of several, each has a label" : "";
        const std::string inOrder = severalAttributes ? "; one for each attribute" : "";
        CLI::Option* const attribute =
            command.add_option("--attribute", attributes, label + several)->type_name("NAME")->capture_default_str();
        CLI::Option* const one = command.add_option("--positive", positive, values + inOrder)->type_name("VALUES");
        if (!severalAttributes)
            for (CLI::Option* option : { attribute, one })
                option->expected(1);
    }
    command.add_option("--cache", cache, "folder of cached crops; default: sanprivacy in the cache folder of the user")
        ->type_name("DIR");
    command.add_option("--min-coverage", minCoverage, "smallest share of a crop that lies inside its image")
        ->capture_default_str();
}

Dataset loadDataset(const DatasetOptions& options, const CropTemplate& crop)
{
    Dataset dataset;
    const bool ownParts = options.heldOut.empty();
    for (const fs::path& folder : options.data)
        addFolder(
            folder, options, crop,
            [&](const Sample& sample)
            {
                if (!sample.split.empty())
                    return sample.split == "train" ? TRAIN : ownParts ? HELD_OUT : NEITHER;
                return ownParts && inShare(sample, options.heldOutShare) ? HELD_OUT : TRAIN;
            },
            dataset);
    for (const fs::path& folder : options.heldOut)
        addFolder(
            folder, options, crop, [](const Sample&) { return HELD_OUT; }, dataset);
    if (dataset.train.size() == 0)
        CV_Error(cv::Error::StsBadArg, "no face to train on is left");
    return dataset;
}

}} // namespace sanprivacy::train
