// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "brightness.hpp"
#include "cascade_detector.hpp"
#include "check_created.hpp"
#include "detection_merging.hpp"
#include "face_detector_impl.hpp"
#include "image_depth.hpp"
#include "matrix_argument.hpp"
#include "orientation.hpp"
#include "shadows.hpp"
#include "yunet_detector.hpp"

#include <algorithm>
#include <array>

namespace cv { namespace sanprivacy {

namespace {

// Score of a face that is found with brightened shadows only: 68 of 76 had it in composites of dark photos, and 2 of 15
// mistakes.
const float LEAST_IN_SHADOW = .9f;

// gainOfShadows() of images whose shadows are too dark for brightShadows(): faces darker than an eighth of full range.
const int VERY_DARK = 8;

DnnDevice checkArguments(float score_threshold, int backend_id, int target_id)
{
    CV_Check(score_threshold, score_threshold <= 1, "A score lies in 0..1");
    return selectDevice(backend_id, target_id);
}

const FaceDetector::Impl& checkCreated(const Ptr<FaceDetector::Impl>& p)
{
    return checkCreated(p, "FaceDetector");
}

//! That of most faces; upright where no other one is that of more.
int commonOrientation(const std::vector<FaceRow>& faces)
{
    std::array<int, ORIENTATIONS> counts = {};
    for (const FaceRow& face : faces)
        ++counts[size_t(orientationOf(face.landmarks))];
    return int(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

//! Adds those of other faces that are not among the faces.
void addOthers(const std::vector<FaceRow>& others, std::vector<FaceRow>& faces)
{
    const std::vector<FaceRow> before = faces;
    for (const FaceRow& face : others)
        if (isApart(face, before))
            faces.push_back(face);
}

/** Searches once more, if most faces lie on their side or upside down, in the image turned so that they are upright:
only upright faces are searched for at all scales. */
std::vector<FaceRow> detectTurned(FaceDetector::Impl& impl, const Mat& image)
{
    std::vector<FaceRow> faces = impl.detectSorted(image, false);
    const int orientation = commonOrientation(faces);
    if (orientation == 0)
        return faces;
    std::vector<FaceRow> turned = impl.detectSorted(rotatedUpright(image, orientation), false);
    for (FaceRow& face : turned)
        rotateBack(face, orientation, image.size());
    addOthers(faces, turned);
    return turned;
}

//! Searches with all means.
std::vector<FaceRow> detectThoroughly(FaceDetector::Impl& impl, const Mat& image)
{
    std::vector<FaceRow> faces = detectTurned(impl, image);
    if (isMostlyDark(image)) // there may be faces that no light falls on
    {
        std::vector<FaceRow> others = detectTurned(impl, brightShadows(image));
        others.erase(std::remove_if(others.begin(), others.end(),
                         [](const FaceRow& face) { return face.score < LEAST_IN_SHADOW; }),
            others.end());
        addOthers(others, faces);
    }
    const int gain = gainOfShadows(image);
    if (gain >= VERY_DARK) // as it would be brightened without its lamps and hot pixels
        addOthers(detectTurned(impl, brightened(image, gain)), faces);
    std::stable_sort(faces.begin(), faces.end(), [](const FaceRow& a, const FaceRow& b) { return a.score > b.score; });
    return faces;
}

} // namespace

FaceDetector::Impl& FaceDetector::Impl::of(FaceDetector& detector)
{
    checkCreated(detector.p);
    return *detector.p;
}

FaceDetector::FaceDetector()
{
}

Ptr<FaceDetector> FaceDetector::create(const String& model, float score_threshold, int backend_id, int target_id)
{
    const DnnDevice device = checkArguments(score_threshold, backend_id, target_id);
    Ptr<FaceDetector> detector = makePtr<FaceDetector>();
    detector->p = createYuNetDetector(model, score_threshold, device);
    return detector;
}

Ptr<FaceDetector> FaceDetector::createCascade(float score_threshold, int backend_id, int target_id)
{
    const DnnDevice device = checkArguments(score_threshold, backend_id, target_id);
    Ptr<FaceDetector> detector = makePtr<FaceDetector>();
    detector->p = createCascadeDetector(score_threshold, device);
    return detector;
}

bool FaceDetector::empty() const
{
    return !p;
}

int FaceDetector::getSmallestFace(const Size& image_size) const
{
    CV_Check(image_size, image_size.width > 0 && image_size.height > 0, "The image is empty");
    return checkCreated(p).smallestFace(image_size);
}

void FaceDetector::detect(InputArray _image, OutputArray _faces, bool quick)
{
    CV_INSTRUMENT_REGION();
    checkCreated(p);
    Mat image = matrixArgument(_image, "The image");
    CV_Check(image.size(), !image.empty(), "The image is empty");
    if (std::min(image.rows, image.cols) == 1 && image.total() > 1) // an array of one dimension, from Python
        CV_Error(Error::StsBadArg,
            format("The image must have several rows and columns; found %dx%d", image.rows, image.cols));
    CV_CheckDepth(
        image.depth(), image.depth() == CV_8U || image.depth() == CV_16U, "The image must be 8-bit or 16-bit unsigned");
    CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "The image must be gray or BGR");
    image = brightened(image, brightnessGain(image));
    if (image.depth() == CV_16U)
    {
        Mat bytes;
        image.convertTo(bytes, CV_8U, whiteLevel(CV_8U) / whiteLevel(CV_16U));
        image = bytes;
    }

    const std::vector<FaceRow> faces = quick ? p->detectSorted(image, true) : detectThoroughly(*p, image);
    _faces.create(int(faces.size()), FaceRow::COLUMNS, CV_32F);
    if (faces.empty())
        return;
    Mat rows = _faces.getMat();
    for (size_t i = 0; i < faces.size(); ++i)
        faces[i].toMat().copyTo(rows.row(int(i)));
}

}} // namespace cv::sanprivacy
