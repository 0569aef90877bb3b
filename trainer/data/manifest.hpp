// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_MANIFEST_HPP
#define SANPRIVACY_TRAIN_DATA_MANIFEST_HPP

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace train {

const int LABEL_UNKNOWN = -1;

//! One photograph of a data set.
struct Sample
{
    std::filesystem::path file;         //!< absolute
    std::string value;                  //!< the first attribute as the data set states it, empty where it does not
    std::vector<std::string> values;    //!< the same of each AttributeRule
    std::vector<int> labels;            //!< for each AttributeRule 0, 1 or LABEL_UNKNOWN
    std::string identity;               //!< who it is, empty where unknown
    std::string split;                  //!< "train", "validation", "test", or empty where the data set has none
    std::vector<cv::Point2f> landmarks; //!< five in FaceDetector's order, pixels; or none
};

/** @brief Which attribute is read, and which of its values are label 1.

The rule is ">=50" or "<50" for numbers ("30-39" counts as 30, "more than 70" as 70), or a list of values "Black,White",
in any case, blanks around them not counted; every other value is label 0. readManifest() raises cv::Exception for other
comparisons, such as ">50". Without a rule male, M, 1, true and yes are 1; female, F, 0, -1, false and no are 0; where
most stated values are none of these, readManifest() raises cv::Exception. */
struct AttributeRule
{
    std::string attribute = "gender";
    std::string positive;

    int label(const std::string& value) const; //!< 0, 1 or LABEL_UNKNOWN
    //! The values that the rule lists, in lower case; empty where it compares numbers, or there is none.
    std::vector<std::string> listed() const;
};

//! Names of the formats that readManifest() knows.
std::vector<std::string> manifestFormats();

/** @brief Lists the faces of a data set in one of the known formats.

- `labels`: labels.csv with `file`, the attribute's column, and where present `identity`, `split` (train, validation or
  test; empty cells: in none of them), `right_eye_x` .. `left_mouth_y` (empty cells: the landmarks of this image are not
  known);
- `celeba`: img_align_celeba, list_attr_celeba.txt and where present identity_CelebA.txt, list_eval_partition.txt,
  list_landmarks_align_celeba.txt;
- `lfw`: one folder per person, male_names.txt and female_names.txt, where present peopleDevTrain.txt and
peopleDevTest.txt;
- `muct`: muct76-opencv.csv, images named i000qa-fn.jpg (f: female);
- `ar`: images named m-001-01 (m: male, person 1);
- `utkface`: images named age_gender_race_date.jpg (there gender 0 is male);
- `fairface`: fairface_label_train.csv, fairface_label_val.csv.

@param rules one for each label.
@param format empty: recognized by what the folder holds.
@return the samples, sorted by file. What repeats an image with the same landmarks and labels is left out, which is told
on stderr; with other labels it raises cv::Exception.
A folder that is none of these raises cv::Exception saying what was looked for. */
std::vector<Sample> readManifest(const std::filesystem::path& folder, const std::vector<AttributeRule>& rules,
    const std::string& format = std::string());

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_MANIFEST_HPP
