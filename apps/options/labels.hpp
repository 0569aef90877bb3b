// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_LABELS_HPP
#define SANPRIVACY_APPS_OPTIONS_LABELS_HPP

#include "common/csv_table.hpp"
#include "options/inputs.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

const int NO_LABEL = -1;

//! A row of a label file.
struct Labelled
{
    std::string file;  //!< as written in the file
    int label;         //!< bit k: 1 (male) or 0 (female) of attribute k; NO_LABEL where a value is empty
    cv::Mat landmarks; //!< 5x2 CV_32F, or empty
};

//! Where the image of a row is.
struct ListedImage
{
    std::filesystem::path file;
    std::string problem; //!< why there is none, or empty
};

/** A label file: a CSV with the columns `file` and `gender` (or other attributes), and perhaps landmark columns.

Values are those of binaryLabel(), such as M or F, male or female, 1 or 0; of the column `age` years (34, 30-39, more
than 70), 1 from 40 on. The landmark columns are right_eye_x, right_eye_y, left_eye_x .. nose_x .. right_mouth_x ..
left_mouth_y. Other columns do not matter here; the table is there for who needs them. */
class LabelFile
{
public:
    //! Raises std::runtime_error, which names the file, for a missing column or a value of the wrong kind.
    explicit LabelFile(const std::filesystem::path& file, const std::vector<std::string>& attributes = { "gender" });

    const std::filesystem::path& path() const { return path_; }
    const CsvTable& table() const { return table_; }
    const std::vector<Labelled>& rows() const { return rows_; } //!< one per row of the table
    bool hasLandmarks() const { return has_landmarks_; }

    /** The row of each image, or none; by landmarks one row for each of its faces: several rows may differ in these.

    A row means the image whose path ends as the row's does; failing that, the only image of that name. Of several rows
    that fit an image so, the one with the longest common end counts.
    Two rows that fit an image, or face, equally well and contradict each other raise std::runtime_error.
    @param by_landmarks rows with landmarks come first */
    std::vector<std::vector<int>> match(const std::vector<Input>& images, bool by_landmarks = false) const;

    /** The image of each row in a folder: the file of this path from there; failing that, the image there, or in a
    folder below, that match() would give the row. A row that fits several of them has a problem. */
    std::vector<ListedImage> find(const std::filesystem::path& folder) const;

    //! Names in the file that no image matched, and that are not on disk beside the label file either.
    std::vector<std::string> unknown(const std::vector<std::vector<int>>& matched) const;

private:
    //! For each image the rows that fit it best, several where they fit equally well.
    std::vector<std::vector<int>> fittingRows(const std::vector<Input>& images) const;

    std::filesystem::path path_;
    CsvTable table_;
    std::vector<Labelled> rows_;
    bool has_landmarks_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_LABELS_HPP
