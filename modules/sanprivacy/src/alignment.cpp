// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "aligned_face.hpp"
#include "color_conversion.hpp"
#include "color_evening.hpp"
#include "face_geometry.hpp"
#include "face_row.hpp"
#include "image_depth.hpp"
#include "matrix_argument.hpp"
#include "skin_marks.hpp"

namespace cv { namespace sanprivacy {

namespace {

const int LANDMARKS = FaceRow::LANDMARKS;

//! Share of the crop's side over which a change fades to nothing at the border: hair and background keep their own
//! look.
const double FEATHER = .12;

//! Smaller faces show nothing that could be hidden; landmarks from 0 to 1 are no pixels.
const double LEAST_EYE_DISTANCE = 2;

//! Root mean square of what the fitted landmarks miss, in inter-ocular distances, and how wide they lie to their
//! length. See alignFace().
const double LARGEST_RESIDUAL = .48, LEAST_WIDTH = .1;

const Size CANONICAL_SIZE(CANONICAL_SIDE, CANONICAL_SIDE);

//! Spread of points across the line that fits them best, in units of their spread along it: 0 on a line, 1 all round.
double relativeWidth(const std::vector<Point2c>& points)
{
    const Point2c middle = centreOf(points);
    double spread = 0;
    Point2c direction = 0.;
    for (const Point2c& z : points)
    {
        spread += std::norm(z - middle);
        direction += (z - middle) * (z - middle);
    }
    return std::sqrt(std::max(0., spread - std::abs(direction)) / (spread + std::abs(direction)));
}

/** Takes the image to a crop of that size. Refuses landmarks that are not a face's, whose similarity would be of no
use. */
Similarity imageToCrop(
    const std::vector<Point2c>& landmarks, const Size& size, const std::vector<Point2c>& landmark_template)
{
    CV_CheckEQ((int)landmarks.size(), LANDMARKS, "A face has five landmarks");
    const Landmarks canonical = canonicalLandmarks();
    const Similarity toCanonical = fitSimilarity(landmarks, canonical);
    const double eyes = std::abs(canonical[1] - canonical[0]), found = eyes / toCanonical.scale();
    if (found < LEAST_EYE_DISTANCE)
        CV_Error(Error::StsBadSize,
            format("The face is too small: its landmarks place the eyes %.3g pixels apart, at least %g are "
                   "needed (landmarks are pixels of the image, not shares of it)",
                found, LEAST_EYE_DISTANCE));
    double squares = 0;
    for (int i = 0; i < LANDMARKS; ++i)
        squares += std::norm(toCanonical(landmarks[i]) - canonical[i]);
    const double residual = std::sqrt(squares / LANDMARKS) / eyes;
    const double width = relativeWidth(landmarks);
    if (width < LEAST_WIDTH)
        CV_Error(Error::StsBadArg,
            format("The landmarks lie on a line: they spread %.2g times as far across it as along it, at least %g "
                   "is expected",
                width, LEAST_WIDTH));
    if (residual > LARGEST_RESIDUAL)
        CV_Error(Error::StsBadArg,
            format("The landmarks do not have the shape of a face: they miss it by %.2f inter-ocular distances, at "
                   "most %g "
                   "is expected (order: right eye, left eye, nose tip, right and left mouth corner, image left "
                   "first)",
                residual, LARGEST_RESIDUAL));
    if (landmark_template.empty())
        return size == CANONICAL_SIZE ? toCanonical : fitSimilarity(landmarks, canonicalLandmarks(size));
    return fitSimilarity(landmarks, landmark_template);
}

//! Share of the pixels of a crop whose centres lie inside the image.
double shareInside(const Size& image, const Size& crop, const Similarity& toImage)
{
    const auto isInside = [&](int x, int y)
    {
        const Point2c z = toImage(Point2c(x, y));
        return z.real() >= -.5 && z.real() <= image.width - .5 && z.imag() >= -.5 && z.imag() <= image.height - .5;
    };
    const int right = crop.width - 1, bottom = crop.height - 1;
    if (isInside(0, 0) && isInside(right, 0) && isInside(0, bottom) && isInside(right, bottom))
        return 1;
    int inside = 0;
    for (int y = 0; y < crop.height; ++y)
        for (int x = 0; x < crop.width; ++x)
            inside += isInside(x, y);
    return double(inside) / crop.area();
}

//! Half a cosine from 0 at either end of a row of numbers to 1 at a share of FEATHER inside.
Mat feather(int length)
{
    Mat weights(1, length, CV_32F);
    for (int i = 0; i < length; ++i)
    {
        const double depth = (std::min(i, length - 1 - i) + .5) / (FEATHER * length);
        weights.at<float>(i) = float(.5 - .5 * std::cos(CV_PI * std::min(depth, 1.)));
    }
    return weights;
}

//! How much of a change a pixel of the crop takes.
Mat featherWeights(const Size& size)
{
    return feather(size.height).t() * feather(size.width);
}

//! Those of the crops that the networks take are made once.
Mat weightsOf(const Size& size)
{
    static const Mat canonical = featherWeights(CANONICAL_SIZE);
    return size == CANONICAL_SIZE ? canonical : featherWeights(size);
}

template <typename T>
T changed(T value, float change)
{
    return saturate_cast<T>(float(value) + change);
}

//! What is outside 0..1 already goes no farther.
template <>
float changed(float value, float change)
{
    return std::min(std::max(value + change, std::min(value, 0.f)), std::max(value, 1.f));
}

/** Adds a change to an image, rounded and clipped. One change for B, G and R moves luma and leaves the color
differences as they are. */
template <typename T>
void addChange(const Mat& change, Mat& image)
{
    const int channels = image.channels(), changes = change.channels();
    for (int y = 0; y < image.rows; ++y)
    {
        T* pixel = image.ptr<T>(y);
        const float* own = change.ptr<float>(y);
        if (channels == changes)
            for (int i = 0; i < image.cols * channels; ++i)
                pixel[i] = changed(pixel[i], own[i]);
        else
            for (int x = 0; x < image.cols; ++x)
                for (int channel = 0; channel < channels; ++channel)
                    pixel[x * channels + channel] = changed(pixel[x * channels + channel], own[x]);
    }
}

//! Adds a change of luma to a change of color.
void addLuma(const Mat& luma, Mat& color)
{
    for (int y = 0; y < color.rows; ++y)
    {
        Vec3f* const pixel = color.ptr<Vec3f>(y);
        const float* const own = luma.ptr<float>(y);
        for (int x = 0; x < color.cols; ++x)
            pixel[x] += Vec3f::all(own[x]);
    }
}

} // namespace

void getCanonicalLandmarks(OutputArray landmarks, const Size& size)
{
    const Landmarks points = canonicalLandmarks(size);
    Mat(int(points.size()), 2, CV_64F, (void*)points.data()).convertTo(landmarks, CV_32F);
}

void checkImage(const Mat& image)
{
    CV_Check(image.size(), !image.empty(), "The image is empty");
    CV_CheckDepth(image.depth(), image.depth() == CV_8U || image.depth() == CV_16U || image.depth() == CV_32F,
        "The image must be 8-bit or 16-bit unsigned or 32-bit float");
    CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "The image must be gray or BGR");
}

std::vector<Point2c> readPoints(InputArray _points)
{
    Mat points;
    matrixArgument(_points, "A set of points").reshape(1).convertTo(points, CV_64F);
    if (points.rows == 1 || points.cols == 1)
    {
        points = points.reshape(1, 1);
        if (points.cols == FaceRow::COLUMNS)
            points = points.colRange(FaceRow::FIRST_LANDMARK, FaceRow::FIRST_LANDMARK + 2 * LANDMARKS);
        if (points.cols == 2 * LANDMARKS)
            points = points.reshape(1, LANDMARKS);
    }
    if (points.cols != 2)
        CV_Error(Error::StsBadArg,
            format("Points are expected as Nx2, 1x10 or a face of 1x15, not %dx%d", points.rows, points.cols));
    std::vector<Point2c> result;
    for (int i = 0; i < points.rows; ++i)
        result.push_back(Point2c(points.at<double>(i, 0), points.at<double>(i, 1)));
    return result;
}

AlignedFace AlignedFace::cut(const Mat& image, const std::vector<Point2c>& landmarks, const Size& size,
    const std::vector<Point2c>& landmark_template)
{
    checkImage(image);
    CV_Check(size, !size.empty(), "A crop needs a positive size");
    const Similarity transform = imageToCrop(landmarks, size, landmark_template);
    AlignedFace face;
    face.to_image = transform.inverse();
    face.coverage = shareInside(image.size(), size, face.to_image);
    if (face.coverage == 0)
        CV_Error(Error::StsOutOfRange, "The landmarks place the face outside the image");
    face.crop.create(size, image.type());
    warpSimilarity(image, face.crop, transform, INTER_LINEAR, BORDER_REPLICATE);
    return face;
}

bool haveFaceShape(const std::vector<Point2c>& landmarks)
{
    try
    {
        imageToCrop(landmarks, CANONICAL_SIZE, std::vector<Point2c>());
        return true;
    }
    catch (const Exception&)
    {
        return false;
    }
}

void AlignedFace::blend(Mat& image, const Mat& perturbed, double color_strength, bool weaken_marks) const
{
    checkImage(image);
    checkImage(crop);
    CV_Check(color_strength, color_strength >= 0 && color_strength <= 1, "The strength of the color evening is 0 to 1");
    const bool evens = color_strength > 0 && image.channels() == 3;
    CV_Check(crop.channels(), !evens || crop.channels() == 3, "Color is evened out by the crop in color");
    CV_CheckTypeEQ(
        perturbed.type(), CV_MAKETYPE(crop.depth(), 1), "The perturbed crop must be gray, of the depth of the face");
    CV_CheckEQ(perturbed.size(), crop.size(), "The perturbed crop must be of the size of the face");
    const Rect target = footprint(image.size(), crop.size(), to_image);
    if (target.empty())
        return;

    const Mat gray = toGray(crop);
    Mat change;
    const double gain = whiteLevel(image.depth()) / whiteLevel(crop.depth());
    subtract(perturbed, gray, change, noArray(), CV_32F);
    multiply(change, weightsOf(crop.size()), change);
    if (weaken_marks)
        weakenMarks(gray, whiteLevel(crop.depth()), change);
    change *= gain;
    if (evens) // luma and color part ways
    {
        Mat color, evened;
        crop.convertTo(color, CV_32F, gain);
        evenColor(color, color_strength, evened);
        addLuma(change, evened);
        change = evened;
    }

    Mat part = image(target), warped(target.size(), change.type());
    warpSimilarity(
        change, warped, Similarity(1., -Point2c(target.x, target.y)) * to_image, INTER_CUBIC, BORDER_CONSTANT);
    if (image.depth() == CV_8U)
        addChange<uchar>(warped, part);
    else if (image.depth() == CV_16U)
        addChange<ushort>(warped, part);
    else
        addChange<float>(warped, part);
}

void estimateSimilarity(InputArray src, InputArray dst, OutputArray transform)
{
    Mat(fitSimilarity(readPoints(src), readPoints(dst)).matrix()).copyTo(transform);
}

double landmarkDistance(InputArray landmarks, InputArray reference)
{
    const std::vector<Point2c> a = readPoints(landmarks), b = readPoints(reference);
    CV_CheckEQ((int)a.size(), LANDMARKS, "A face has five landmarks");
    CV_CheckEQ((int)b.size(), LANDMARKS, "A face has five landmarks");
    const Landmarks canonical = canonicalLandmarks();
    double sum = 0;
    for (int i = 0; i < LANDMARKS; ++i)
        sum += std::abs(a[i] - b[i]) / LANDMARKS;
    if (!std::isfinite(sum))
        CV_Error(Error::StsBadArg, "The landmarks are not finite");
    return sum * imageToCrop(b, CANONICAL_SIZE, Landmarks()).scale() / std::abs(canonical[1] - canonical[0]);
}

double alignFace(
    InputArray image, InputArray landmarks, OutputArray dst, const Size& size, InputArray landmark_template)
{
    CV_INSTRUMENT_REGION();
    const AlignedFace face = AlignedFace::cut(matrixArgument(image, "The image"), readPoints(landmarks), size,
        landmark_template.empty() ? std::vector<Point2c>() : readPoints(landmark_template));
    face.crop.copyTo(dst);
    return face.coverage;
}

void blendFace(InputOutputArray _image, InputArray _face, InputArray _perturbed, InputArray landmarks,
    double color_strength, bool weaken_marks)
{
    CV_INSTRUMENT_REGION();
    Mat image = matrixArgument(_image, "The image");
    AlignedFace face;
    face.crop = matrixArgument(_face, "The face");
    const Mat perturbed = matrixArgument(_perturbed, "The perturbed crop");
    CV_Check(face.crop.size(), !face.crop.empty(), "The face is empty");
    for (const Mat& crop : { face.crop, perturbed })
        if (!checkRange(crop))
            CV_Error(Error::StsOutOfRange, "The face and the perturbed crop must be finite");
    face.to_image = imageToCrop(readPoints(landmarks), face.crop.size(), std::vector<Point2c>()).inverse();
    face.blend(image, perturbed, color_strength, weaken_marks);
}

}} // namespace cv::sanprivacy
