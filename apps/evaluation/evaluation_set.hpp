// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_EVALUATION_SET_HPP
#define SANPRIVACY_APPS_EVALUATION_EVALUATION_SET_HPP

#include "common/image_io.hpp"
#include "evaluation/diagnostics.hpp"
#include "evaluation/result_cache.hpp"
#include "options/network_options.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! A labelled face that methods are evaluated on.
struct EvaluatedFace
{
    std::string file; //!< as the label file has it
    std::filesystem::path path;
    std::filesystem::path relative;  //!< path from the folder of the faces
    std::string content;             //!< digest of the file's bytes
    int label;                       //!< 0 or 1
    int person;                      //!< of EvaluationSet::people; each face its own where identities are not known
    std::vector<std::string> groups; //!< value for each of EvaluationSet::group_columns
    cv::Mat landmarks;               //!< of the label file, 5x2 CV_32F, or empty
    cv::Mat face;                    //!< as FaceDetector::detect() gives it, 1x15 CV_32F
    bool detected;                   //!< the detector finds it in the original
};

struct SetOptions
{
    std::string faces, labels, attribute = "gender", identity = "identity";
    std::vector<std::string> groups = { "race", "ethnicity", "age" };
    std::vector<std::string> demanded; //!< of these columns, those that must be there
    size_t limit = 0;                  //!< 0: all faces
    bool gray = false;
    size_t max_pixels = MAX_PIXELS; //!< of an image, see sanprivacy::readImage()
};

//! The faces of a folder that a label file lists.
class EvaluationSet
{
public:
    //! Reads the label file. Rows that cannot be used are reported to diagnostics and left out, here and below.
    EvaluationSet(const SetOptions& options, Diagnostics& diagnostics);

    /** Reads and hashes every image and finds the box of every face; landmarks are those of the label file where it
    has them. */
    void readImages(const NetworkOptions& networks, ResultCache& cache, Diagnostics& diagnostics);

    //! The image as it is evaluated: 8-bit, BGR or gray.
    cv::Mat readImage(const EvaluatedFace& face) const;

    std::string name; //!< of the folder
    std::vector<EvaluatedFace> faces;
    size_t listed; //!< rows of the label file
    bool has_identities;
    std::vector<std::string> people;        //!< distinct identities
    std::string attribute;                  //!< the evaluated one
    std::vector<std::string> group_columns; //!< attributes that the label file has beside the evaluated one
    std::string detector_key;               //!< identifies the detector in the cache

private:
    std::string keyOf(cv::sanprivacy::FaceDetector& detector, const NetworkOptions& networks) const;
    void readLabels(Diagnostics& diagnostics);
    void locateFaces(const NetworkOptions& networks, ResultCache& cache, Diagnostics& diagnostics);
    void noteRepetitions(Diagnostics& diagnostics) const;
    void noteSingleImages(Diagnostics& diagnostics) const;

    SetOptions options_;
};

/** The face at the landmarks among those that a detector finds, or the largest where landmarks are empty; empty if
there is none.
@param detector sees the image with a border, since tightly cut faces are often missed without.
@param landmarks 5x2 CV_32F, or empty. */
cv::Mat findFace(cv::sanprivacy::FaceDetector& detector, const cv::Mat& image, const cv::Mat& landmarks);

//! The last part of a folder's path, whether it ends with a slash or not.
std::string folderName(const std::filesystem::path& folder);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_EVALUATION_SET_HPP
