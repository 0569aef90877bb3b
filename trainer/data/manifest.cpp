// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/manifest.hpp"

#include <algorithm>
#include <regex>
#include <sstream>

#include "common/label_value.hpp"
#include "data/formats.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

namespace {

const Format& findFormat(const fs::path& folder, const std::string& name)
{
    std::string signs;
    for (const Format& format : formats())
    {
        if (name.empty() ? format.recognize(folder) : name == format.name)
            return format;
        signs += std::string(signs.empty() ? "" : ", ") + format.sign + " (" + format.name + ")";
    }
    if (name.empty())
        CV_Error(
            cv::Error::StsBadArg, folder.string() + " is not a data set of a known format: it has none of " + signs);
    CV_Error(cv::Error::StsBadArg, "unknown format '" + name + "', known are: " + signs);
}

} // namespace

int AttributeRule::label(const std::string& value) const
{
    if (value.empty())
        return LABEL_UNKNOWN;
    if (positive.empty())
    {
        return binaryLabel(value).value_or(LABEL_UNKNOWN);
    }
    std::smatch match;
    if (std::regex_match(positive, match, std::regex("\\s*(>=|<)\\s*([0-9]+(?:\\.[0-9]+)?)\\s*")))
    {
        std::smatch number;
        if (!std::regex_search(value, number, std::regex("[0-9]+")))
            return LABEL_UNKNOWN;
        const bool below = std::stod(number.str()) < std::stod(match[2]);
        return (match[1] == "<") == below;
    }
    std::istringstream list(positive);
    for (std::string one; std::getline(list, one, ',');)
        if (lower(one) == lower(value))
            return 1;
    return 0;
}

std::vector<std::string> manifestFormats()
{
    std::vector<std::string> names;
    for (const Format& format : formats())
        names.push_back(format.name);
    return names;
}

namespace {

//! Without a rule for its values, an attribute has to have two that everybody reads alike. Ages 0 and 1 are no labels.
void checkValues(const fs::path& folder, const AttributeRule& rule, const std::vector<Sample>& samples)
{
    if (!rule.positive.empty())
        return;
    size_t stated = 0, known = 0;
    std::string example;
    for (const Sample& sample : samples)
    {
        const bool is_known = rule.label(sample.value) != LABEL_UNKNOWN;
        stated += !sample.value.empty();
        known += is_known;
        if (!sample.value.empty() && !is_known)
            example = sample.value;
    }
    if (2 * known < stated)
        CV_Error(cv::Error::StsBadArg,
            folder.string() + ": " + rule.attribute + " has values such as '" + example
                + "'; --positive says which of them are label 1, such as \">=50\" or \"Black,White\"");
}

} // namespace

std::vector<Sample> readManifest(
    const fs::path& folder, const std::vector<AttributeRule>& rules, const std::string& format)
{
    if (!fs::is_directory(folder))
        CV_Error(cv::Error::StsBadArg, folder.string() + " is not a folder");
    const fs::path absolute = fs::canonical(folder);
    std::vector<Sample> samples;
    for (const AttributeRule& rule : rules)
    {
        std::vector<Sample> read = findFormat(absolute, format).read(absolute, rule.attribute);
        if (read.empty())
            CV_Error(cv::Error::StsBadArg, folder.string() + " lists no images");
        std::stable_sort(read.begin(), read.end(), [](const Sample& a, const Sample& b) { return a.file < b.file; });
        checkValues(folder, rule, read);
        if (samples.empty())
            samples = read;
        CV_CheckEQ(samples.size(), read.size(), "each attribute is read of the same images");
        for (size_t i = 0; i < read.size(); ++i)
            samples[i].labels.push_back(rule.label(read[i].value));
    }
    return samples;
}

}} // namespace sanprivacy::train
