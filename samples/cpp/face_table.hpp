// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_SAMPLES_FACE_TABLE_HPP
#define SANPRIVACY_SAMPLES_FACE_TABLE_HPP

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/filesystem.hpp>

//! One line of a table of faces.
struct LabelledFace
{
    std::string file;     //!< image
    int label;            //!< 0 or 1
    std::string identity; //!< the person, or empty
    cv::Mat landmarks;    //!< 5x2 CV_32F, or empty
};

/** @return the row of the largest of the faces that a detector found, whose label the table has; or nothing. */
inline cv::Mat largestFace(const cv::Mat& faces)
{
    int largest = 0;
    const auto area = [&](int i) { return faces.at<float>(i, 2) * faces.at<float>(i, 3); };
    for (int i = 1; i < faces.rows; ++i)
        largest = area(i) > area(largest) ? i : largest;
    return faces.empty() ? cv::Mat() : faces.row(largest);
}

/** Reads a CSV table with the columns `file` and the attribute (male or female, m or f, 1 or 0), and if it has them
`identity` and the landmarks (`right_eye_x` ...). Lines without a label are skipped. Simple on purpose: it knows no
quotes.
@param folder that file names are relative to. */
inline std::vector<LabelledFace> readFaceTable(
    const std::string& path, const std::string& attribute, const std::string& folder)
{
    const std::map<std::string, int> labels = { { "m", 1 }, { "male", 1 }, { "1", 1 }, { "f", 0 }, { "female", 0 },
        { "0", 0 } };
    std::ifstream stream(path);
    std::string line;
    if (!std::getline(stream, line))
        CV_Error(cv::Error::StsBadArg, "Cannot read the table " + path);
    const auto cells = [](const std::string& text)
    {
        std::vector<std::string> result;
        std::istringstream parts(text.substr(0, text.find('\r')));
        for (std::string cell; std::getline(parts, cell, ',');)
            result.push_back(cell);
        return result;
    };
    const std::vector<std::string> header = cells(line);

    std::vector<LabelledFace> faces;
    while (std::getline(stream, line))
    {
        const std::vector<std::string> row = cells(line);
        std::map<std::string, std::string> values;
        for (size_t i = 0; i < std::min(header.size(), row.size()); ++i)
            values[header[i]] = row[i];
        std::string label = values[attribute];
        std::transform(
            label.begin(), label.end(), label.begin(), [](unsigned char c) { return (char)std::tolower(c); });
        if (values["file"].empty() || !labels.count(label))
            continue;
        const std::string file =
            values["file"][0] == '/' ? values["file"] : std::string(cv::utils::fs::join(folder, values["file"]));
        LabelledFace face = { file, labels.at(label), values["identity"], cv::Mat() };
        if (!values["right_eye_x"].empty())
        {
            face.landmarks.create(5, 2, CV_32F);
            int i = 0;
            for (const char* point : { "right_eye", "left_eye", "nose", "right_mouth", "left_mouth" })
                for (const char* axis : { "_x", "_y" })
                {
                    std::istringstream number(values[std::string(point) + axis]);
                    if (!(number >> face.landmarks.at<float>(i / 2, i % 2)))
                        CV_Error(cv::Error::StsBadArg, "Expected landmarks of " + file + " in " + path);
                    ++i;
                }
        }
        faces.push_back(face);
    }
    if (faces.empty())
        CV_Error(cv::Error::StsBadArg, "Expected the columns 'file' and '" + attribute
                                           + "' with labels such as M and F in " + path + "; found none");
    return faces;
}

#endif // SANPRIVACY_SAMPLES_FACE_TABLE_HPP
