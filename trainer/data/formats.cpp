// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/formats.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "common/csv_table.hpp"
#include "common/label_value.hpp"
#include "common/message.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

namespace {

std::string maleOrFemale(bool male)
{
    return male ? "M" : "F";
}

[[noreturn]] void noSuchAttribute(const std::string& format, const std::string& attribute, const std::string& known)
{
    CV_Error(cv::Error::StsBadArg, "the format " + format + " has no attribute '" + attribute + "', it has " + known);
}

bool isImage(const fs::path& file)
{
    static const std::set<std::string> extensions = { ".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm",
        ".pgm" };
    return extensions.count(lower(file.extension().string())) > 0;
}

std::vector<fs::path> images(const fs::path& folder)
{
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && isImage(entry.path()))
            files.push_back(entry.path());
    return files;
}

//! Images whose stem matches a pattern, and the groups of the match.
void forEachMatch(const fs::path& folder, const std::regex& pattern,
    const std::function<void(const fs::path&, const std::smatch&)>& visit)
{
    for (const fs::path& file : images(folder))
    {
        const std::string name = file.filename().string();
        std::smatch match;
        if (std::regex_match(name, match, pattern))
            visit(file, match);
    }
}

//! Words of each line of a text table; commas count as blanks.
void forEachRow(const fs::path& file, int skip, const std::function<void(std::istringstream&)>& visit)
{
    std::ifstream in(file);
    if (!in)
        CV_Error(cv::Error::StsBadArg, "cannot read " + file.string());
    std::string line;
    for (int i = 0; std::getline(in, line); ++i)
    {
        std::replace(line.begin(), line.end(), ',', ' ');
        std::istringstream row(line);
        if (i >= skip && !(row >> std::ws).eof())
            visit(row);
    }
}

//! First column of a table to its second.
std::map<std::string, std::string> readPairs(const fs::path& file)
{
    std::map<std::string, std::string> pairs;
    forEachRow(file, 0,
        [&](std::istringstream& row)
        {
            std::string key, value;
            row >> key >> value;
            pairs[key] = value;
        });
    return pairs;
}

const char* const LANDMARK_COLUMNS[] = { "right_eye_x", "right_eye_y", "left_eye_x", "left_eye_y", "nose_x", "nose_y",
    "right_mouth_x", "right_mouth_y", "left_mouth_x", "left_mouth_y" };

/** The five landmarks of a row, or none where its cells are empty.
@param columns of the ten coordinates */
std::vector<cv::Point2f> landmarksOf(const CsvTable& table, size_t row, const std::array<size_t, 10>& columns)
{
    std::vector<float> coordinates;
    for (size_t column : columns)
        if (const std::optional<double> number = table.number(row, column))
            coordinates.push_back(float(*number));
    if (coordinates.empty())
        return {};
    if (coordinates.size() != columns.size())
        throw std::runtime_error(
            cv::format("row %d has %d of the 10 coordinates of five landmarks; all of them or none are expected",
                int(row + 2), int(coordinates.size())));
    std::vector<cv::Point2f> landmarks;
    for (size_t k = 0; k < columns.size(); k += 2)
        landmarks.emplace_back(coordinates[k], coordinates[k + 1]);
    return landmarks;
}

//! A value of the column split: train, validation, test or empty.
std::string splitOf(const CsvTable& table, size_t row, size_t column)
{
    static const std::map<std::string, std::string> splits = { { "", "" }, { "train", "train" },
        { "training", "train" }, { "validation", "validation" }, { "valid", "validation" }, { "val", "validation" },
        { "test", "test" } };
    const std::string& cell = table.rows[row][column];
    const auto found = splits.find(lower(cell));
    if (found == splits.end())
        throw std::runtime_error("row " + std::to_string(row + 2) + ", column '" + table.columns[column]
                                 + "': expected train, validation, test or nothing; found '" + printable(cell) + "'");
    return found->second;
}

std::vector<Sample> samplesOf(const CsvTable& table, const fs::path& folder, const std::string& attribute)
{
    const size_t file = table.at("file"), value = table.at(attribute);
    const int identity = table.find("identity"), split = table.find("split");
    std::array<size_t, 10> columns;
    bool landmarks = true;
    for (size_t k = 0; k < columns.size(); ++k)
    {
        const int found = table.find(LANDMARK_COLUMNS[k]);
        landmarks = landmarks && found >= 0;
        columns[k] = size_t(found);
    }
    std::vector<Sample> samples;
    for (size_t row = 0; row < table.rows.size(); ++row)
    {
        const std::vector<std::string>& cells = table.rows[row];
        Sample sample;
        sample.file = (folder / listedName(folder, cells[file])).lexically_normal();
        sample.value = cells[value];
        if (identity >= 0)
            sample.identity = cells[size_t(identity)];
        if (split >= 0)
            sample.split = splitOf(table, row, size_t(split));
        if (landmarks)
            sample.landmarks = landmarksOf(table, row, columns);
        samples.push_back(sample);
    }
    return samples;
}

std::vector<Sample> readLabels(const fs::path& folder, const std::string& attribute)
{
    const fs::path file = folder / "labels.csv";
    const CsvTable table = readCsv(file);
    try
    {
        return samplesOf(table, folder, attribute);
    }
    catch (const std::runtime_error& error)
    {
        throw std::runtime_error(file.string() + ": " + error.what());
    }
}

std::vector<Sample> readCelebA(const fs::path& folder, const std::string& attribute)
{
    const fs::path attributes = folder / "list_attr_celeba.txt";
    const std::string wanted = attribute == "gender" ? "Male" : attribute;
    std::ifstream in(attributes);
    std::string count, header;
    std::getline(in, count);
    std::getline(in, header);
    std::istringstream words(header);
    const std::vector<std::string> names { std::istream_iterator<std::string>(words), {} };
    const auto column = std::find(names.begin(), names.end(), wanted) - names.begin();
    if (names.empty())
        CV_Error(cv::Error::StsBadArg, attributes.string() + ": expected the names of attributes in its second line");
    if (size_t(column) == names.size())
        noSuchAttribute("celeba", wanted, header);

    const fs::path identityFile = folder / "identity_CelebA.txt", partitionFile = folder / "list_eval_partition.txt",
                   landmarkFile = folder / "list_landmarks_align_celeba.txt";
    std::map<std::string, std::string> identity, partition;
    std::map<std::string, std::vector<cv::Point2f>> landmarks;
    if (fs::exists(identityFile))
        identity = readPairs(identityFile);
    if (fs::exists(partitionFile))
        partition = readPairs(partitionFile);
    if (fs::exists(landmarkFile)) // image left first, as ours
        forEachRow(landmarkFile, 2,
            [&](std::istringstream& row)
            {
                std::string name;
                std::vector<cv::Point2f> p(5);
                row >> name;
                for (cv::Point2f& point : p)
                    row >> point.x >> point.y;
                if (!row)
                    CV_Error(cv::Error::StsBadArg,
                        landmarkFile.string() + ": expected ten numbers after '" + printable(name) + "'");
                landmarks[name] = p;
            });

    static const std::map<std::string, std::string> splits = { { "0", "train" }, { "1", "validation" },
        { "2", "test" } };
    std::vector<Sample> samples;
    forEachRow(attributes, 2,
        [&](std::istringstream& row)
        {
            Sample sample;
            std::string name;
            row >> name;
            for (int i = 0; i <= column; ++i)
                row >> sample.value;
            sample.file = folder / "img_align_celeba" / name;
            if (identity.count(name))
                sample.identity = identity[name];
            if (partition.count(name))
            {
                const auto split = splits.find(partition[name]);
                if (split == splits.end())
                    CV_Error(cv::Error::StsBadArg, partitionFile.string() + ": expected 0, 1 or 2 after '"
                                                       + printable(name) + "', found '" + printable(partition[name])
                                                       + "'");
                sample.split = split->second;
            }
            if (landmarks.count(name))
                sample.landmarks = landmarks[name];
            samples.push_back(sample);
        });
    return samples;
}

std::vector<Sample> readLfw(const fs::path& folder, const std::string& attribute)
{
    if (attribute != "gender")
        noSuchAttribute("lfw", attribute, "gender");
    // The name lists in circulation hold persons (Aaron_Eckhart) or images (Aaron_Eckhart_0001.jpg).
    std::map<std::string, std::string> gender, split;
    for (bool male : { true, false })
        for (const auto& entry : readPairs(folder / (male ? "male_names.txt" : "female_names.txt")))
            gender[entry.first] = maleOrFemale(male);
    for (const char* name : { "train", "test" })
    {
        const fs::path people = folder / (std::string(name) == "train" ? "peopleDevTrain.txt" : "peopleDevTest.txt");
        if (fs::exists(people))
            for (const auto& entry : readPairs(people))
                split[entry.first] = name;
    }
    std::vector<Sample> samples;
    forEachMatch(folder, std::regex("(.+)_(\\d{4})\\..+"),
        [&](const fs::path& file, const std::smatch& match)
        {
            Sample sample;
            sample.file = file;
            sample.identity = match[1];
            const auto image = gender.find(match[0]), person = gender.find(match[1]);
            sample.value = image != gender.end() ? image->second : person != gender.end() ? person->second : "";
            if (split.count(sample.identity))
                sample.split = split[sample.identity];
            samples.push_back(sample);
        });
    return samples;
}

std::vector<Sample> readMuct(const fs::path& folder, const std::string& attribute)
{
    if (attribute != "gender")
        noSuchAttribute("muct", attribute, "gender");
    // Pupils, tip of the nose and corners of the mouth among the 76 manual landmarks, each two columns after name and
    // tag.
    static const int FIVE_OF_76[] = { 31, 36, 67, 48, 54 };
    fs::path csv = folder / "muct76-opencv.csv";
    if (!fs::exists(csv))
        csv = folder / "muct-landmarks" / "muct76-opencv.csv";
    std::map<std::string, std::vector<cv::Point2f>> landmarks;
    if (fs::exists(csv))
        forEachRow(csv, 1,
            [&](std::istringstream& row)
            {
                std::string name, tag;
                row >> name >> tag;
                std::vector<cv::Point2f> all, five;
                for (cv::Point2f p; row >> p.x >> p.y;)
                    all.push_back(p);
                for (int i : FIVE_OF_76)
                    if (size_t(i) < all.size() && all[i] != cv::Point2f()) // (0,0): not visible
                        five.push_back(all[i]);
                if (five.size() == 5)
                    landmarks[name] = five;
            });
    std::vector<Sample> samples;
    forEachMatch(folder, std::regex("i(\\d{3})[a-z]+-([mf])[a-z]\\..+"),
        [&](const fs::path& file, const std::smatch& match)
        {
            Sample sample;
            sample.file = file;
            sample.identity = match[1];
            sample.value = maleOrFemale(match[2] == "m");
            const auto found = landmarks.find(file.stem().string());
            if (found != landmarks.end())
                sample.landmarks = found->second;
            samples.push_back(sample);
        });
    return samples;
}

const std::regex AR_NAME("([mw])-(\\d{3})-\\d{1,2}\\..+", std::regex::icase);

std::vector<Sample> readAr(const fs::path& folder, const std::string& attribute)
{
    if (attribute != "gender")
        noSuchAttribute("ar", attribute, "gender");
    std::vector<Sample> samples;
    forEachMatch(folder, AR_NAME,
        [&](const fs::path& file, const std::smatch& match)
        {
            Sample sample;
            sample.file = file;
            sample.identity = lower(match[1]) + "-" + match[2].str();
            sample.value = maleOrFemale(lower(match[1]) == "m");
            samples.push_back(sample);
        });
    return samples;
}

const std::regex UTKFACE_NAME("(\\d{1,3})_([01])_([0-4])_\\d+\\..+");

std::vector<Sample> readUtkFace(const fs::path& folder, const std::string& attribute)
{
    static const char* const RACES[] = { "White", "Black", "Asian", "Indian", "Others" };
    std::vector<Sample> samples;
    forEachMatch(folder, UTKFACE_NAME,
        [&](const fs::path& file, const std::smatch& match)
        {
            Sample sample;
            sample.file = file;
            if (attribute == "gender")
                sample.value = maleOrFemale(match[2] == "0");
            else if (attribute == "age")
                sample.value = match[1];
            else if (attribute == "race")
                sample.value = RACES[std::stoi(match[3])];
            else
                noSuchAttribute("utkface", attribute, "age, gender and race");
            samples.push_back(sample);
        });
    return samples;
}

std::vector<Sample> readFairFace(const fs::path& folder, const std::string& attribute)
{
    std::vector<Sample> samples;
    for (const char* split : { "train", "val" })
    {
        const fs::path csv = folder / ("fairface_label_" + std::string(split) + ".csv");
        if (!fs::exists(csv))
            continue;
        const CsvTable table = readCsv(csv);
        const int file = table.find("file"), value = table.find(attribute);
        if (file < 0)
            CV_Error(cv::Error::StsBadArg, csv.string() + ": no column 'file'");
        if (value < 0)
            noSuchAttribute("fairface", attribute, "age, gender and race");
        for (const std::vector<std::string>& cells : table.rows)
        {
            Sample sample;
            sample.file = folder / cells[size_t(file)];
            sample.value = cells[size_t(value)];
            sample.split = std::string(split) == "val" ? "validation" : split;
            samples.push_back(sample);
        }
    }
    return samples;
}

//! Whether one of the first images in a folder, or in folders in it, is named after a pattern.
bool namedLike(const fs::path& folder, const std::regex& pattern)
{
    int looks = 100; // a data set of another format may hold hundreds of thousands
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && isImage(entry.path()))
        {
            if (std::regex_match(entry.path().filename().string(), pattern))
                return true;
            if (--looks == 0)
                break;
        }
    return false;
}

} // namespace

const std::vector<Format>& formats()
{
    const auto holds = [](const char* file)
    { return [file](const fs::path& folder) { return fs::exists(folder / file); }; };
    static const std::vector<Format> known = {
        { "labels", "labels.csv", holds("labels.csv"), readLabels },
        { "celeba", "list_attr_celeba.txt", holds("list_attr_celeba.txt"), readCelebA },
        { "lfw", "male_names.txt", holds("male_names.txt"), readLfw },
        { "fairface", "fairface_label_{train,val}.csv",
            [holds](const fs::path& folder)
            { return holds("fairface_label_train.csv")(folder) || holds("fairface_label_val.csv")(folder); },
            readFairFace },
        { "muct", "muct76-opencv.csv",
            [holds](const fs::path& folder)
            { return holds("muct76-opencv.csv")(folder) || holds("muct-landmarks")(folder); },
            readMuct },
        { "ar", "images named m-001-01", [](const fs::path& folder) { return namedLike(folder, AR_NAME); }, readAr },
        { "utkface", "images named age_gender_race_date",
            [](const fs::path& folder) { return namedLike(folder, UTKFACE_NAME); }, readUtkFace },
    };
    return known;
}

}} // namespace sanprivacy::train
