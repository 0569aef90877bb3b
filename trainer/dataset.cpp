// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "dataset.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <CLI/CLI.hpp>

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

namespace {

//! FNV-1a: unlike std::hash the same everywhere and always.
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
        CV_Error(cv::Error::StsBadArg, "--positive is given for more attributes than there are: " + joined(options.attributes));
    std::vector<AttributeRule> rules;
    for (const std::string& attribute : options.attributes)
        rules.push_back({ attribute, rules.size() < options.positive.size() ? options.positive[rules.size()] : std::string() });
    return rules;
}

bool anyUnknown(const std::vector<int>& labels) { return std::count(labels.begin(), labels.end(), LABEL_UNKNOWN) > 0; }

enum Side { TRAIN, HELD_OUT, NEITHER };

void addFolder(const fs::path& folder, const DatasetOptions& options, const CropLayout& layout,
               const std::function<Side(const Sample&)>& side, Dataset& dataset)
{
    const std::vector<Sample> samples = readManifest(folder, rulesOf(options), options.layout);
    const std::string absolute = fs::canonical(folder).string();
    const auto cache = std::make_shared<FaceCache>(samples, options.cache,
        fs::path(absolute).filename().string() + cv::format("-%08x", unsigned(hashText(absolute))), layout);

    size_t unlabelled = 0, uncovered = 0, train = 0, heldOut = 0;
    for (size_t i = 0; i < cache->size(); i++)
    {
        if (!cache->readable(i))
            continue;
        if (cache->coverage(i) < options.minCoverage)
            uncovered++;
        else if (options.needLabels && anyUnknown(cache->sample(i).labels))
            unlabelled++;
        else if (side(cache->sample(i)) == TRAIN)
            dataset.train.add(cache, i), train++;
        else if (side(cache->sample(i)) == HELD_OUT)
            dataset.heldOut.add(cache, i), heldOut++;
    }
    std::cerr << folder.string() << ": " << cache->size() << " images, " << train << " to train on, " << heldOut << " held out";
    if (uncovered)
        std::cerr << ", " << uncovered << " left out whose crop leaves the image (--min-coverage)";
    if (unlabelled)
        std::cerr << ", " << unlabelled << " left out without a known " << joined(options.attributes);
    std::cerr << std::endl;
}

} // namespace

DatasetOptions::DatasetOptions()
{
    const char* const xdg = std::getenv("XDG_CACHE_HOME");
    const char* const home = std::getenv("HOME");
    cache = (xdg && *xdg ? fs::path(xdg) : home && *home ? fs::path(home) / ".cache" : fs::temp_directory_path()) / "sanprivacy";
}

void DatasetOptions::addTo(CLI::App& verb, bool severalAttributes)
{
    std::string layouts;
    for (const std::string& name : manifestLayouts())
        layouts += (layouts.empty() ? "" : ", ") + name;
    verb.add_option("--data", data, "folders of faces")->required();
    verb.add_option("--held-out", heldOut, "folders to measure on; default: the data's own validation part, or a share");
    verb.add_option("--held-out-share", heldOutShare, "of the data's persons, where nothing else is held out")->capture_default_str();
    verb.add_option("--layout", layout, layouts + "; default: recognised");
    if (needLabels)
    {
        CLI::Option* const names = verb.add_option("--attribute", attributes,
            severalAttributes ? "what the label is; several: a label for each" : "what the label is")->capture_default_str();
        CLI::Option* const values = verb.add_option("--positive", positive,
            std::string("values with label 1: \">=50\", \"<50\" or \"Black,White\"; default, or \"\": male, 1, yes")
            + (severalAttributes ? "; of several attributes in their order" : ""));
        if (!severalAttributes)
            for (CLI::Option* option : { names, values })
                option->expected(1);
    }
    verb.add_option("--cache", cache, "folder of cached crops")->capture_default_str();
    verb.add_option("--min-coverage", minCoverage, "least share of a crop inside its image")->capture_default_str();
}

Dataset loadDataset(const DatasetOptions& options, const CropLayout& layout)
{
    Dataset dataset;
    const bool ownParts = options.heldOut.empty();
    for (const fs::path& folder : options.data)
        addFolder(folder, options, layout, [&](const Sample& sample) {
            if (!sample.split.empty())
                return sample.split == "train" ? TRAIN : ownParts ? HELD_OUT : NEITHER;
            return ownParts && inShare(sample, options.heldOutShare) ? HELD_OUT : TRAIN;
        }, dataset);
    for (const fs::path& folder : options.heldOut)
        addFolder(folder, options, layout, [](const Sample&) { return HELD_OUT; }, dataset);
    if (dataset.train.size() == 0)
        CV_Error(cv::Error::StsBadArg, "no face to train on is left");
    return dataset;
}

}} // namespace sanprivacy::train
