// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "dataset.hpp"

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

//! Persons, or pictures where persons are unknown, fall on one side for good.
bool inShare(const Sample& sample, double share)
{
    const std::string who = sample.identity.empty() ? sample.file.filename().string() : sample.identity;
    return double(hashText(who) % 10000) < share * 10000;
}

enum Side { TRAIN, HELD_OUT, NEITHER };

void addFolder(const fs::path& folder, const DatasetOptions& options, const CropLayout& layout,
               const std::function<Side(const Sample&)>& side, Dataset& dataset)
{
    std::vector<Sample> samples = readManifest(folder, options.rule, options.layout);
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
        else if (options.needLabels && cache->sample(i).label == LABEL_UNKNOWN)
            unlabelled++;
        else if (side(cache->sample(i)) == TRAIN)
            dataset.train.add(cache, i), train++;
        else if (side(cache->sample(i)) == HELD_OUT)
            dataset.heldOut.add(cache, i), heldOut++;
    }
    std::cerr << folder.string() << ": " << cache->size() << " pictures, " << train << " to train on, " << heldOut << " held out";
    if (uncovered)
        std::cerr << ", " << uncovered << " left out whose crop leaves the picture (--min-coverage)";
    if (unlabelled)
        std::cerr << ", " << unlabelled << " left out without a known " << options.rule.attribute;
    std::cerr << std::endl;
}

} // namespace

DatasetOptions::DatasetOptions()
{
    const char* const xdg = std::getenv("XDG_CACHE_HOME");
    const char* const home = std::getenv("HOME");
    cache = (xdg && *xdg ? fs::path(xdg) : home && *home ? fs::path(home) / ".cache" : fs::temp_directory_path()) / "sanprivacy";
}

void DatasetOptions::addTo(CLI::App& verb)
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
        verb.add_option("--attribute", rule.attribute, "what the label is")->capture_default_str();
        verb.add_option("--positive", rule.positive, "values with label 1: \">=50\", \"<50\" or \"Black,White\"; default: male, 1, yes");
    }
    verb.add_option("--cache", cache, "folder of cached crops")->capture_default_str();
    verb.add_option("--min-coverage", minCoverage, "least share of a crop inside its picture")->capture_default_str();
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
