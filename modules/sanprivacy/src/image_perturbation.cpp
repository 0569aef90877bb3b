// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "aligned_face.hpp"
#include "brightness.hpp"
#include "color_conversion.hpp"
#include "face_row.hpp"
#include "image_depth.hpp"
#include "image_perturbation.hpp"
#include "matrix_argument.hpp"
#include "surroundings.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

//! Why alignFace() refuses a face.
FaceStatus statusOf(const cv::Exception& e)
{
    return e.code == Error::StsOutOfRange ? FACE_OUTSIDE_IMAGE
           : e.code == Error::StsBadSize  ? FACE_TOO_SMALL
                                          : FACE_WRONG_LANDMARKS;
}

//! Faces of an image that could be aligned.
struct AlignedFaces
{
    std::vector<size_t> rows; //!< of the given faces
    std::vector<AlignedFace> faces;
    std::vector<Mat> crops;    //!< those of the faces
    std::vector<Mat> in_color; //!< the faces as GenderNetwork::cut() gives them; empty where it is not asked
    std::vector<int> labels;
};

/** Every crop comes from the unperturbed image: faces that overlap do not perturb each other.
@param image what is perturbed, in color or gray.
@param original the same in the colors that it had.
@param faces,labels as given.
@param by_color whether the gender network is asked.
@param results get the status of the faces that cannot be aligned. */
AlignedFaces alignFaces(const Mat& image, const Mat& original, const Mat& faces, const std::vector<int>& labels,
    bool by_color, std::vector<FaceResult>& results)
{
    AlignedFaces aligned;
    for (size_t i = 0; i < results.size(); ++i)
    {
        try
        {
            const Landmarks landmarks = FaceRow(faces, (int)i).landmarks;
            AlignedFace face = AlignedFace::cut(image, landmarks, FACE_SIZE);
            face.crop.convertTo(face.crop, CV_32F, 1 / whiteLevel(image.depth()));
            if (by_color)
                aligned.in_color.push_back(GenderNetwork::cut(original, landmarks));
            aligned.faces.push_back(face);
        }
        catch (const cv::Exception& e)
        {
            results[i].status = statusOf(e);
            results[i].reason = reasonOf(e);
            continue;
        }
        aligned.rows.push_back(i);
        aligned.labels.push_back(labels[i]);
        aligned.crops.push_back(aligned.faces.back().crop);
    }
    return aligned;
}

//! What the network made of the aligned faces, and how it is to be applied.
struct Perturbation
{
    std::vector<Mat> crops;
    std::vector<String> wrong; //!< for each face why it has no output, or empty
    double color_strength, surroundings_blur;
    bool weaken_marks;
};

//! @param aligned its labels become those that were used.
Perturbation perturbCrops(Perturber::Impl& impl, AlignedFaces& aligned, int prototype)
{
    Perturbation result;
    // Threads that share a Perturber wait for its networks only.
    std::lock_guard<std::mutex> lock(impl.mutex);
    impl.perturb(aligned.crops, aligned.in_color, aligned.labels, prototype, result.crops, result.wrong);
    const bool changes = prototype != PROTOTYPE_SAME;
    result.color_strength = changes ? impl.color_strength : 0;
    result.surroundings_blur = changes ? impl.surroundings_blur : 0;
    result.weaken_marks = impl.weaken_marks;
    return result;
}

//! Returns the perturbed crops to an image.
void applyTo(Mat& image, const AlignedFaces& aligned, const Perturbation& perturbation)
{
    std::vector<Similarity> changed, others;
    for (size_t i = 0; i < aligned.faces.size(); ++i)
    {
        const AlignedFace& face = aligned.faces[i];
        const bool perturbed = perturbation.wrong[i].empty();
        if (perturbed)
            face.blend(image, perturbation.crops[i], perturbation.color_strength, perturbation.weaken_marks);
        (perturbed ? changed : others).push_back(face.to_image);
    }
    blurSurroundings(image, changed, others, perturbation.surroundings_blur);
}

} // namespace

FaceResult networkResult(const PerturbParams& params, int label, const String& wrong)
{
    FaceResult result;
    result.label = params.prototype == PROTOTYPE_RANDOM ? int(LABEL_PREDICT) : label;
    result.status = wrong.empty() ? FACE_PERTURBED : FACE_NETWORK_FAILED;
    result.reason = wrong;
    return result;
}

bool allPerturbed(const std::vector<FaceResult>& results)
{
    return std::all_of(
        results.begin(), results.end(), [](const FaceResult& face) { return face.status == FACE_PERTURBED; });
}

bool perturbImage(Perturber::Impl& impl, InputArray _image, InputArray _faces, const PerturbParams& params,
    const std::vector<int>& given_labels, bool all_or_nothing, OutputArray dst, std::vector<FaceResult>& results)
{
    Mat image = matrixArgument(_image, "The image");
    checkImage(image);
    if (std::min(image.rows, image.cols) < 2)
        CV_Error(Error::StsBadArg,
            format("The image must have several rows and columns; found %dx%d", image.rows, image.cols));
    const int gain = brightnessGain(image);
    image = brightened(image, gain);
    const Mat faces = facesArgument(_faces), original = image;
    const std::vector<int> labels = impl.labelsOf(params, given_labels, (size_t)faces.rows);
    if (params.gray)
        image = toGray(image);

    results.assign((size_t)faces.rows, FaceResult());
    const bool by_color = std::any_of(
        labels.begin(), labels.end(), [&](int label) { return impl.usesGenderNetwork(label, params.prototype); });
    AlignedFaces aligned = alignFaces(image, original, faces, labels, by_color, results);
    const Perturbation perturbation = perturbCrops(impl, aligned, params.prototype);
    for (size_t i = 0; i < aligned.rows.size(); ++i)
        results[aligned.rows[i]] = networkResult(params, aligned.labels[i], perturbation.wrong[i]);
    if (all_or_nothing && !allPerturbed(results))
        return false;

    if (perturbation.surroundings_blur > 0 && image.depth() == CV_32F && !checkRange(image))
        CV_Error(Error::StsOutOfRange, "Surroundings are blurred in finite images only; found NaN or infinity");
    if (gain > 1) // the image is a copy
    {
        applyTo(image, aligned, perturbation);
        image.convertTo(dst, -1, 1. / gain);
    }
    else
    {
        image.copyTo(dst);
        Mat result = dst.getMat();
        applyTo(result, aligned, perturbation);
    }
    return true;
}

}} // namespace cv::sanprivacy
