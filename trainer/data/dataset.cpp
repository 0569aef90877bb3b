// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/dataset.hpp"

#include <algorithm>
#include <iostream>
#include <set>

#include <CLI/CLI.hpp>

#include "common/cache_folder.hpp"
#include "common/message.hpp"
#include "common/number_range.hpp"

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

//! Values for a message, which stays short.
std::string listOf(const std::set<std::string>& values)
{
    const size_t shown = 200; // characters
    std::string text;
    for (const std::string& value : values)
        text += (text.empty() ? "" : ", ") + printable(value);
    return text.empty() ? "none" : text.size() > shown ? text.substr(0, shown) + " ..." : text;
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

//! Of each attribute, the values in all folders.
typedef std::vector<std::set<std::string>> StatedValues;

void addFolder(const fs::path& folder, const DatasetOptions& options, const CropTemplate& crop,
    const std::function<Side(const Sample&)>& side, StatedValues& stated, Dataset& dataset)
{
    const std::vector<Sample> samples = readManifest(folder, rulesOf(options), options.format);
    for (const Sample& sample : samples)
        for (size_t k = 0; k < stated.size(); ++k)
            if (!sample.values[k].empty())
                stated[k].insert(sample.values[k]);
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

//! Raises where --positive lists a value that no image has: with a mistyped one, images would get the wrong label.
void checkListedValues(const DatasetOptions& options, const StatedValues& stated)
{
    const std::vector<AttributeRule> rules = rulesOf(options);
    for (size_t k = 0; k < rules.size(); ++k)
        for (const std::string& listed : rules[k].listed())
        {
            AttributeRule one = rules[k];
            one.positive = listed;
            if (std::none_of(
                    stated[k].begin(), stated[k].end(), [&](const auto& value) { return one.label(value) == 1; }))
                CV_Error(cv::Error::StsBadArg,
                    "--positive: no image has the " + one.attribute + " '" + listed + "'; found: " + listOf(stated[k]));
        }
}

//! Raises where the faces to train on have one label only.
void checkBothLabels(const DatasetOptions& options, const StatedValues& stated, const Faces& faces)
{
    for (size_t k = 0; k < options.attributes.size(); ++k)
        for (const int label : { 0, 1 })
        {
            size_t i = 0;
            while (i < faces.size() && faces.labels(i)[k] != label)
                ++i;
            if (i == faces.size())
                CV_Error(cv::Error::StsBadArg,
                    "no face to train on has label " + std::to_string(label) + " of " + options.attributes[k]
                        + "; both labels are needed. Values found: " + listOf(stated[k]) + " (--positive)");
        }
}

//! Says how many held-out faces are trained on, too.
void reportOverlap(const Dataset& dataset)
{
    std::set<fs::path> trained;
    for (size_t i = 0; i < dataset.train.size(); ++i)
        trained.insert(dataset.train.sample(i).file);
    size_t both = 0;
    for (size_t i = 0; i < dataset.heldOut.size(); ++i)
        both += trained.count(dataset.heldOut.sample(i).file);
    if (both > 0)
        std::cerr << both << " of " << count(dataset.heldOut.size(), "held-out face")
                  << " are trained on, too: what is measured on them is too good" << std::endl;
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
        ->capture_default_str()
        ->check(numberRange(0, 1));
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
        ->capture_default_str()
        ->check(numberRange(0, 1));
}

Dataset loadDataset(const DatasetOptions& options, const CropTemplate& crop)
{
    Dataset dataset;
    StatedValues stated(options.attributes.size());
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
            stated, dataset);
    for (const fs::path& folder : options.heldOut)
        addFolder(
            folder, options, crop, [](const Sample&) { return HELD_OUT; }, stated, dataset);
    if (dataset.train.size() == 0)
        CV_Error(cv::Error::StsBadArg, "no face to train on is left");
    if (options.needLabels)
    {
        checkListedValues(options, stated);
        checkBothLabels(options, stated, dataset.train);
    }
    reportOverlap(dataset);
    return dataset;
}

}} // namespace sanprivacy::train
