// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/labels.hpp"

#include "common/label_value.hpp"
#include "common/message.hpp"
#include "common/unicode_form.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <unordered_map>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

const char* const LANDMARK_COLUMNS[10] = { "right_eye_x", "right_eye_y", "left_eye_x", "left_eye_y", "nose_x", "nose_y",
    "right_mouth_x", "right_mouth_y", "left_mouth_x", "left_mouth_y" };

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

/** The age column holds years or bands of years, which count as their beginning: "30-39", "(25, 32)", "more than 70".
Refused are bands without a beginning, such as "<40", and what is no age of a person, such as -1 or a year of birth. */
int parseAge(const std::string& value)
{
    const int old = 40, oldest = 150;
    const size_t digit = value.find_first_of("0123456789");
    const std::string before = lower(value.substr(0, digit));
    const auto says = [&](const char* word) { return before.find(word) != std::string::npos; };
    const bool open = says("<") || says("-") || says("under") || says("below") || says("less") || says("young")
                      || says("up to") || says("until");
    const long years = digit == std::string::npos ? -1 : std::strtol(value.c_str() + digit, nullptr, 10);
    if (years < 0 || years > oldest || open)
        throw std::runtime_error("column 'age': '" + printable(value)
                                 + "' is not an age in years, or a band that begins with one; leave the cell empty "
                                   "where it is not known");
    return years >= old ? 1 : 0;
}

int parseLabel(const std::string& attribute, const std::string& value)
{
    if (!value.empty() && attribute == "age")
        return parseAge(value);
    if (value.empty())
        return NO_LABEL;
    const std::optional<int> label = binaryLabel(value);
    if (!label)
        throw std::runtime_error("column '" + attribute + "': '" + printable(value)
                                 + "' is none of M, F, male, female, 1, 0; leave the cell empty where it is not known");
    return *label;
}

float parseCoordinate(const std::string& column, const std::string& value)
{
    size_t used = 0;
    float number = NAN;
    try
    {
        number = std::stof(value, &used);
    }
    catch (const std::logic_error&)
    {
        // no number at all, or one out of range: reported below
    }
    if (used != value.size() || !std::isfinite(number))
        throw std::runtime_error("column '" + column + "': "
                                 + (value.empty() ? "it is empty, other landmarks of the row are not"
                                                  : "'" + printable(value) + "' is not a coordinate"));
    return number;
}

//! How many components two paths share at their ends.
size_t commonEnd(const fs::path& a, const fs::path& b)
{
    auto x = a.end(), y = b.end();
    size_t common = 0;
    while (x != a.begin() && y != b.begin() && *--x == *--y)
        ++common;
    return common;
}

} // namespace

LabelFile::LabelFile(const fs::path& file, const std::vector<std::string>& attributes)
    : path_(file), table_(readCsv(file))
{
    size_t row_number = 1; // of the header
    try
    {
        const size_t file_column = table_.at("file");
        std::vector<size_t> label_columns;
        for (const std::string& attribute : attributes)
            label_columns.push_back(table_.at(attribute));
        has_landmarks_ = table_.find(LANDMARK_COLUMNS[0]) >= 0;
        std::vector<size_t> landmark_columns;
        if (has_landmarks_)
            for (const char* column : LANDMARK_COLUMNS)
                landmark_columns.push_back(table_.at(column));
        for (const std::vector<std::string>& values : table_.rows)
        {
            ++row_number;
            Labelled row = { listedName(path_.parent_path(), values[file_column]), 0, cv::Mat() };
            for (size_t k = 0; k < attributes.size(); ++k)
            {
                const int label = parseLabel(attributes[k], values[label_columns[k]]);
                row.label = label == NO_LABEL || row.label == NO_LABEL ? NO_LABEL : row.label | label << k;
            }
            // An image without a face has no landmarks: all ten values are then empty.
            if (std::any_of(landmark_columns.begin(), landmark_columns.end(),
                    [&](size_t column) { return !values[column].empty(); }))
            {
                row.landmarks.create(5, 2, CV_32F);
                for (int k = 0; k < 10; ++k)
                    row.landmarks.at<float>(k / 2, k % 2) = parseCoordinate(
                        LANDMARK_COLUMNS[k], table_.withDecimalPoint(values[landmark_columns[size_t(k)]]));
            }
            rows_.push_back(row);
        }
    }
    catch (const std::runtime_error& error)
    {
        throw std::runtime_error(file.string() + ": row " + std::to_string(row_number) + ": " + error.what());
    }
}

std::vector<std::vector<int>> LabelFile::fittingRows(const std::vector<Input>& images) const
{
    std::unordered_map<std::string, std::vector<int>> rows_by_path, rows_by_name; // whatever the form of Unicode
    for (size_t i = 0; i < rows_.size(); ++i)
    {
        const fs::path listed = fs::path(rows_[i].file).lexically_normal();
        rows_by_path[decomposed(listed.string())].push_back(int(i));
        rows_by_name[decomposed(listed.filename().string())].push_back(int(i));
    }
    std::unordered_map<std::string, int> images_by_name;
    for (const Input& image : images)
        ++images_by_name[decomposed(image.file.filename().string())];

    std::vector<std::vector<int>> fitting;
    for (const Input& image : images)
    {
        const fs::path whole = fs::absolute(image.file).lexically_normal();
        const std::string path = decomposed(whole.string());
        auto candidates = rows_by_path.find(path);
        for (size_t slash = path.find('/'); candidates == rows_by_path.end() && slash != std::string::npos;
             slash = path.find('/', slash + 1))
            candidates = rows_by_path.find(path.substr(slash + 1)); // the longest first
        if (candidates == rows_by_path.end())
        {
            const std::string name = decomposed(image.file.filename().string());
            const auto namesakes = rows_by_name.find(name);
            const bool only_of_its_name =
                namesakes != rows_by_name.end() && namesakes->second.size() == 1 && images_by_name[name] == 1;
            fitting.push_back(only_of_its_name ? namesakes->second : std::vector<int>());
            continue;
        }
        std::vector<int> best;
        size_t best_common = 0; // in the same form of Unicode
        for (int candidate : candidates->second)
        {
            const size_t common = commonEnd(whole, fs::path(rows_[size_t(candidate)].file).lexically_normal());
            if (common > best_common)
                best.clear();
            if (common >= best_common)
                best.push_back(candidate);
            best_common = std::max(best_common, common);
        }
        fitting.push_back(best);
    }
    return fitting;
}

std::vector<std::vector<int>> LabelFile::match(const std::vector<Input>& images, bool by_landmarks) const
{
    const auto row = [this](int index) -> const Labelled& { return rows_[size_t(index)]; };
    const auto sameFace = [&](int a, int b)
    {
        const cv::Mat &first = row(a).landmarks, &second = row(b).landmarks;
        return !by_landmarks || first.empty() || second.empty() || cv::norm(first, second, cv::NORM_INF) == 0;
    };
    std::vector<std::vector<int>> matched = fittingRows(images);
    for (size_t i = 0; i < images.size(); ++i)
    {
        std::vector<int> faces; // a row of each
        if (by_landmarks)
            std::stable_partition(
                matched[i].begin(), matched[i].end(), [&](int index) { return !row(index).landmarks.empty(); });
        for (int index : matched[i])
        {
            const auto known =
                std::find_if(faces.begin(), faces.end(), [&](int other) { return sameFace(index, other); });
            if (known == faces.end())
                faces.push_back(index);
            else if (row(index).label != row(*known).label)
                throw std::runtime_error(path_.string() + ": contradicting rows for '" + images[i].file.string() + "'");
        }
        matched[i] = faces;
    }
    return matched;
}

std::vector<ListedImage> LabelFile::find(const fs::path& folder) const
{
    std::vector<ListedImage> found;
    std::error_code no_file; // nor is a name that no file can have
    NameFinder finder;
    bool complete = true;
    for (const Labelled& row : rows_)
    {
        found.push_back({ finder.find(folder / row.file), "" });
        complete = complete && fs::exists(found.back().file, no_file);
    }
    if (complete)
        return found;

    const std::string place = folder.empty() ? "." : folder.string();
    const std::vector<Input> images = findInputs({ place }, fs::path()).images;
    const std::vector<std::vector<int>> fitting = fittingRows(images);
    std::vector<std::vector<size_t>> images_of(rows_.size());
    for (size_t i = 0; i < images.size(); ++i)
        for (int row : fitting[i])
            images_of[size_t(row)].push_back(i);
    for (size_t row = 0; row < rows_.size(); ++row)
        if (fs::exists(found[row].file, no_file))
            continue;
        else if (images_of[row].empty())
            found[row].problem = "no such file in '" + place + "', nor in a folder there";
        else if (images_of[row].size() > 1)
            found[row].problem = "means " + std::to_string(images_of[row].size()) + " images in '" + place + "', as "
                                 + images[images_of[row][0]].relative.string() + " and "
                                 + images[images_of[row][1]].relative.string() + "; list more of the path";
        else
            found[row].file = images[images_of[row][0]].file;
    return found;
}

std::vector<std::string> LabelFile::unknown(const std::vector<std::vector<int>>& matched) const
{
    const auto nameOf = [this](size_t row)
    { return decomposed(fs::path(rows_[row].file).lexically_normal().string()); };
    std::set<std::string> known; // of a name that is listed twice one row is matched
    for (const std::vector<int>& rows : matched)
        for (int row : rows)
            known.insert(nameOf(size_t(row)));
    std::vector<std::string> names;
    std::error_code no_file; // nor is a name that no file can have
    NameFinder finder;
    for (size_t i = 0; i < rows_.size(); ++i)
        if (known.count(nameOf(i)) == 0 && !fs::exists(finder.find(path_.parent_path() / rows_[i].file), no_file))
            names.push_back(rows_[i].file);
    return names;
}

}} // namespace sanprivacy::apps
