// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_FACE_LABELS_HPP
#define SANPRIVACY_APPS_OPTIONS_FACE_LABELS_HPP

#include "options/inputs.hpp"
#include "options/labels.hpp"
#include "options/network_options.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

namespace CLI {
class App;
}

namespace sanprivacy { namespace apps {

//! The labels, and LabelChoices, that a command line can name.
const std::map<std::string, int>& labelNames();

//! What a name of labelNames() stands for; UsageError where it is no label of what is hidden, or of one attribute of
//! several.
int labelNamed(const std::string& name, const NetworkOptions& networks);

//! The options that give the gender, or another attribute, of faces.
struct LabelOptions
{
    std::string labels;               //!< label file, or empty
    std::vector<std::string> columns; //!< of it, one for each attribute; empty: named as the attributes
    std::string label = "auto";       //!< of faces that it does not list

    void addTo(CLI::App& command);
};

//! What is known of the faces of a command line's images.
class FaceLabels
{
public:
    //! Reads the label file and finds the rows of the images; errors as LabelFile's.
    //! @param by_landmarks an image may have a row for each of several faces, which differ in their landmarks
    FaceLabels(
        const LabelOptions& options, const NetworkOptions& networks, const Inputs& inputs, bool by_landmarks = false);

    //! The row of an image, the first of several, or nullptr.
    const Labelled* listed(size_t image) const;

    //! The faces of an image whose landmarks are listed, as rows of FaceDetector::detect(); none, or one for each row.
    //! @param labels of these faces, or LabelChoices
    cv::Mat listedFaces(size_t image, std::vector<int>& labels) const;

    /** Labels, or LabelChoices, of the faces of an image, one each.
    What is listed holds for the largest face; of the others in such an image nothing is known. */
    std::vector<int> of(size_t image, const cv::Mat& faces) const;

    //! The label, or LabelChoice, of a face of which nothing is known in an image that is listed.
    static int unlisted() { return cv::sanprivacy::LABEL_PREDICT; }

    bool hasLandmarks() const { return file_ && file_->hasLandmarks(); }
    //! Says on stdout how many images are not listed, how many share only their name with what is, and how many a row
    //! with others.
    void reportUnlisted() const;
    //! Says on stderr how many names of the label file are no images. Returns whether there are any.
    bool reportUnknown() const;

private:
    LabelOptions options_;
    int default_label_;
    std::unique_ptr<LabelFile> file_;
    std::vector<std::vector<int>> rows_; // of each image, where there is a file
    size_t namesakes_ = 0;               // images that are other files than those that are listed
    std::string first_namesake_;
    std::map<int, std::vector<std::string>> images_of_row_; // of rows whose path is no file beside the label file
};

/** Compares given labels with those that a classifier predicts. In a table of another convention, such as 0 for male,
nearly all differ; every face would then show its true gender more clearly. */
class LabelCheck
{
public:
    //! @param counted what is compared, in the plural
    explicit LabelCheck(std::vector<std::string> attributes, const std::string& counted = "faces")
        : counts_(attributes.size()), names_(std::move(attributes)), counted_(counted)
    {
    }

    //! Whether so few faces were compared that more should be.
    bool wanted() const { return compared_ < MOST_COMPARED; }
    //! Bit k of each: the label of attribute k.
    void add(int given, int predicted);
    /** A warning where most labels of an attribute differ, once; empty otherwise.
    @param last whether no more faces come: five are enough then, elsewhere it takes twenty. */
    std::string warning(bool last);

private:
    static const int MOST_COMPARED = 200; // enough to be sure; each prediction takes time

    int compared_ = 0;
    bool said_ = false;
    std::vector<int> counts_; // of faces whose labels differ
    std::vector<std::string> names_;
    std::string counted_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_FACE_LABELS_HPP
