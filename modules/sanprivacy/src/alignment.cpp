// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "similarity.hpp"

namespace cv { namespace sanprivacy {

namespace {

const int LANDMARKS = 5;
const int FACE_COLUMNS = 15;  // x, y, width, height, five landmarks, score
const int FACE_LANDMARK = 4;  // column of the first landmark

//! Share of the crop's side over which a change fades to nothing at the border: hair and background keep their own look.
const double FEATHER = .12;

//! Eyes 90 px apart on row 68; nose and mouth where they lie in the mean training face, aligned so and made symmetric.
const Size CANONICAL_SIZE(224, 224);
const Point2d CANONICAL[LANDMARKS] = { { 66.5, 68 }, { 156.5, 68 }, { 111.5, 120.5 }, { 72.5, 160 }, { 150.5, 160 } };

std::vector<Point2c> canonicalLandmarks(const Size& size)
{
    CV_Check(size, !size.empty(), "A crop needs a positive size");
    const double sx = double(size.width) / CANONICAL_SIZE.width, sy = double(size.height) / CANONICAL_SIZE.height;
    std::vector<Point2c> points;
    for (const Point2d& p : CANONICAL) // pixel centres are whole numbers
        points.push_back(Point2c((p.x + .5) * sx - .5, (p.y + .5) * sy - .5));
    return points;
}

//! Points of an Nx2 array, or the landmarks of a face (15 numbers) or of a set of five (10 numbers).
std::vector<Point2c> readPoints(InputArray _points)
{
    Mat points;
    _points.getMat().reshape(1).convertTo(points, CV_64F);
    if (points.rows == 1 || points.cols == 1)
    {
        points = points.reshape(1, 1);
        if (points.cols == FACE_COLUMNS)
            points = points.colRange(FACE_LANDMARK, FACE_LANDMARK + 2 * LANDMARKS);
        if (points.cols == 2 * LANDMARKS)
            points = points.reshape(1, LANDMARKS);
    }
    if (points.cols != 2)
        CV_Error(Error::StsBadArg, format("Points are expected as Nx2, 1x10 or a face of 1x15, not %dx%d",
                                          points.rows, points.cols));
    std::vector<Point2c> result;
    for (int i = 0; i < points.rows; ++i)
        result.push_back(Point2c(points.at<double>(i, 0), points.at<double>(i, 1)));
    return result;
}

void checkImage(const Mat& image)
{
    CV_Check(image.size(), !image.empty(), "The image is empty");
    CV_CheckDepth(image.depth(), image.depth() == CV_8U || image.depth() == CV_16U || image.depth() == CV_32F,
                  "The image must be 8-bit or 16-bit unsigned or 32-bit float");
    CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "The image must be gray or BGR");
}

//! Takes the image to a crop with the given landmark template.
Similarity imageToCrop(InputArray landmarks, const std::vector<Point2c>& landmark_template)
{
    const std::vector<Point2c> points = readPoints(landmarks);
    CV_CheckEQ((int)points.size(), LANDMARKS, "A face has five landmarks");
    return fitSimilarity(points, landmark_template);
}

//! Share of the pixels of a crop whose centres lie inside the image.
double coverage(const Size& image, const Size& crop, const Similarity& toImage)
{
    int inside = 0;
    for (int y = 0; y < crop.height; ++y)
    {
        for (int x = 0; x < crop.width; ++x)
        {
            const Point2c z = toImage(Point2c(x, y));
            inside += z.real() >= -.5 && z.real() <= image.width - .5 && z.imag() >= -.5 && z.imag() <= image.height - .5;
        }
    }
    return double(inside) / crop.area();
}

//! What is white in an image of that depth.
double white(int depth)
{
    return depth == CV_8U ? 255. : depth == CV_16U ? 65535. : 1.;
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

} // namespace

void getCanonicalLandmarks(OutputArray landmarks, const Size& size)
{
    const std::vector<Point2c> points = canonicalLandmarks(size);
    Mat(int(points.size()), 2, CV_64F, (void*)points.data()).convertTo(landmarks, CV_32F);
}

void estimateSimilarity(InputArray src, InputArray dst, OutputArray transform)
{
    Mat(fitSimilarity(readPoints(src), readPoints(dst)).matrix()).copyTo(transform);
}

double alignFace(InputArray _image, InputArray landmarks, OutputArray _dst, const Size& size, InputArray landmark_template)
{
    CV_INSTRUMENT_REGION();
    const Mat image = _image.getMat();
    checkImage(image);
    const Similarity transform = imageToCrop(landmarks, landmark_template.empty() ? canonicalLandmarks(size) : readPoints(landmark_template));
    const double inside = coverage(image.size(), size, transform.inverse());
    if (inside == 0)
        CV_Error(Error::StsOutOfRange, "The landmarks place the face outside the image");

    Mat crop(size, image.type());
    warpSimilarity(image, crop, transform, INTER_LINEAR, BORDER_REPLICATE);
    crop.copyTo(_dst);
    return inside;
}

void blendFace(InputOutputArray _image, InputArray _face, InputArray _perturbed, InputArray landmarks)
{
    CV_INSTRUMENT_REGION();
    Mat image = _image.getMat(), face = _face.getMat();
    const Mat perturbed = _perturbed.getMat();
    checkImage(image);
    checkImage(face);
    CV_CheckTypeEQ(perturbed.type(), CV_MAKETYPE(face.depth(), 1), "The perturbed crop must be gray, of the depth of the face");
    CV_CheckEQ(perturbed.size(), face.size(), "The perturbed crop must be of the size of the face");
    const Size size = face.size();
    const Similarity toImage = imageToCrop(landmarks, canonicalLandmarks(size)).inverse();
    const Rect target = footprint(image.size(), size, toImage);
    if (target.empty())
        return;

    if (face.channels() == 3)
    {
        Mat gray;
        cvtColor(face, gray, COLOR_BGR2GRAY);
        face = gray;
    }
    Mat change;
    subtract(perturbed, face, change, noArray(), CV_32F);
    const double gain = white(image.depth()) / white(face.depth());
    change = change.mul(feather(size.height).t() * feather(size.width), gain);

    // The same change in B, G and R moves luma and leaves the color differences as they are.
    Mat part = image(target), warped(target.size(), CV_32F);
    warpSimilarity(change, warped, Similarity(1., -Point2c(target.x, target.y)) * toImage, INTER_CUBIC, BORDER_CONSTANT);
    if (part.channels() == 3)
    {
        const Mat planes[] = { warped, warped, warped };
        Mat bgr;
        merge(planes, 3, bgr);
        warped = bgr;
    }
    add(part, warped, part, noArray(), image.depth());
}

}} // namespace cv::sanprivacy
