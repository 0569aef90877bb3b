// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/manifest.hpp"

#include <algorithm>
#include <iostream>
#include <locale>
#include <regex>
#include <sstream>

#include "common/label_value.hpp"
#include "common/message.hpp"
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

const std::regex COMPARISON("\\s*(>=|<)\\s*(-?[0-9]+(?:\\.[0-9]+)?)\\s*");

//! The largest double where it is too large for one.
double numberOf(const std::string& digits)
{
    std::istringstream stream(digits);
    stream.imbue(std::locale::classic());
    double number = 0;
    stream >> number;
    return number;
}

std::string trimmed(const std::string& text)
{
    const size_t begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
    return begin == std::string::npos ? std::string() : text.substr(begin, end + 1 - begin);
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
    if (std::regex_match(positive, match, COMPARISON))
    {
        static const std::regex first_number("^\\s*-?[0-9]+(?:\\.[0-9]+)?|[0-9]+(?:\\.[0-9]+)?");
        std::smatch number;
        if (!std::regex_search(value, number, first_number))
            return LABEL_UNKNOWN;
        const bool below = numberOf(number.str()) < numberOf(match[2]);
        return (match[1] == "<") == below;
    }
    const std::vector<std::string> list = listed();
    return std::count(list.begin(), list.end(), lower(trimmed(value))) > 0;
}

std::vector<std::string> AttributeRule::listed() const
{
    std::vector<std::string> values;
    if (std::regex_match(positive, COMPARISON))
        return values;
    std::istringstream list(positive);
    for (std::string one; std::getline(list, one, ',');)
        if (!trimmed(one).empty())
            values.push_back(lower(trimmed(one)));
    return values;
}

std::vector<std::string> manifestFormats()
{
    std::vector<std::string> names;
    for (const Format& format : formats())
        names.push_back(format.name);
    return names;
}

namespace {

//! What begins as a comparison has to be one of the two that are known.
void checkRule(const AttributeRule& rule)
{
    if (!std::regex_match(rule.positive, COMPARISON) && trimmed(rule.positive).find_first_of("<>=") == 0)
        CV_Error(cv::Error::StsBadArg, "--positive: expected a comparison such as \">=50\" or \"<50\", or a list of "
                                       "values such as \"Black,White\"; "
                                       "found '"
                                           + rule.positive + "'");
}

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

//! What a sample says of an attribute.
std::string statement(const Sample& sample, const std::vector<AttributeRule>& rules, size_t k)
{
    return rules[k].attribute + " '" + sample.values[k] + "'";
}

bool isLabelled(const Sample& sample)
{
    return std::find(sample.labels.begin(), sample.labels.end(), LABEL_UNKNOWN) == sample.labels.end();
}

/** Leaves out what repeats an image with its landmarks and labels, and says how often. Raises where the labels differ.
@param samples sorted by file. Those without a label stay. */
std::vector<Sample> withoutRepetitions(
    const fs::path& folder, const std::vector<AttributeRule>& rules, const std::vector<Sample>& samples)
{
    std::vector<Sample> different;
    for (const Sample& sample : samples)
    {
        bool known = false;
        for (auto other = different.rbegin(); other != different.rend() && other->file == sample.file; ++other)
        {
            if (other->landmarks != sample.landmarks || !isLabelled(*other) || !isLabelled(sample))
                continue; // it may be another face of the image
            known = true;
            for (size_t k = 0; k < rules.size(); ++k)
                if (other->labels[k] != sample.labels[k])
                    CV_Error(cv::Error::StsBadArg,
                        folder.string() + ": contradicting rows for '" + sample.file.lexically_relative(folder).string()
                            + "': " + statement(*other, rules, k) + " and " + statement(sample, rules, k));
        }
        if (!known)
            different.push_back(sample);
    }
    if (different.size() < samples.size())
        std::cerr << folder.string() << ": " << count(samples.size() - different.size(), "row")
                  << " left out, repeating the image of another" << std::endl;
    return different;
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
        checkRule(rule);
        std::vector<Sample> read = findFormat(absolute, format).read(absolute, rule.attribute);
        if (read.empty())
            CV_Error(cv::Error::StsBadArg, folder.string() + " lists no images");
        std::stable_sort(read.begin(), read.end(), [](const Sample& a, const Sample& b) { return a.file < b.file; });
        checkValues(folder, rule, read);
        if (samples.empty())
            samples = read;
        CV_CheckEQ(samples.size(), read.size(), "each attribute is read of the same images");
        for (size_t i = 0; i < read.size(); ++i)
        {
            samples[i].labels.push_back(rule.label(read[i].value));
            samples[i].values.push_back(read[i].value);
        }
    }
    return withoutRepetitions(absolute, rules, samples);
}

}} // namespace sanprivacy::train
