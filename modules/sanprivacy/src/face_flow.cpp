// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "face_flow.hpp"

#include "opencv2/video/tracking.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

// The window that flow is computed in. A face may move by its inter-ocular distance between two frames, besides its
// velocity.
const int WINDOW = 128;        // pixels
const double WINDOW_EYES = 28; // distance of the eyes in it
const int GRID = 9;            // points across the face
const Size LK_PATCH(13, 13);
const int LK_LEVELS = 3;

const float MOST_RETURN_ERROR = 1.f; // of a point, there and back, window pixels
const double MOST_RESIDUAL = 1.5;    // of a point that agrees with the motion, window pixels
const size_t LEAST_POINTS = 6;
const double LEAST_AGREEMENT = .5; // share of the points
const double MOST_ZOOM = 1.25;     // between two frames
const double MOST_TURN = CV_PI / 6;
const double LEAST_LIKENESS = .65; // correlation of the face before and after
const double LIKENESS_AFAR = .85;  // the same, of a face that is looked for farther away
const double MORE_LIKE = .1;       // ... than its old place is now
const double AFAR = 1.6;           // inter-ocular distances
const int DIRECTIONS = 8;

Mat windowOf(const GrayPyramid& frame, const Similarity& toWindow, int side)
{
    Mat window(side, side, CV_8U);
    frame.warp(window, toWindow);
    return window;
}

Similarity windowAround(const Point2c& centre, double scale)
{
    const Point2c middle((WINDOW - 1) / 2., (WINDOW - 1) / 2.);
    return Similarity(scale, middle - scale * centre);
}

//! Points of the head that the frame shows and that belong to no other.
std::vector<Point2f> gridPoints(
    const HeadShape& head, const std::vector<HeadShape>& others, const Similarity& toWindow, const Size& frame)
{
    std::vector<Point2f> points;
    for (int y = 0; y < GRID; ++y)
        for (int x = 0; x < GRID; ++x)
        {
            const Point2c unit(2. * (x + .5) / GRID - 1, 2. * (y + .5) / GRID - 1);
            const double inner = .85; // the border moves with the background
            if (std::abs(unit) > 1)
                continue;
            const Point2c offset(inner * unit.real() * head.axes.width, inner * unit.imag() * head.axes.height);
            const Point2c point = head.centre + std::polar(1., head.roll) * offset;
            if (point.real() < 0 || point.imag() < 0 || point.real() > frame.width - 1
                || point.imag() > frame.height - 1)
                continue;
            if (std::any_of(
                    others.begin(), others.end(), [&](const HeadShape& other) { return other.contains(point); }))
                continue;
            const Point2c inWindow = toWindow(point);
            points.push_back(Point2f(float(inWindow.real()), float(inWindow.imag())));
        }
    return points;
}

//! The similarity of the pair of points that the median point agrees with best.
Similarity agreedMotion(const Landmarks& src, const Landmarks& dst)
{
    const int trials = 40;
    const double least = WINDOW_EYES / 4; // nearer pairs show little of scale and roll
    RNG rng(1);                           // the same points always give the same motion
    Similarity best;
    double bestError = DBL_MAX;
    std::vector<double> errors(src.size());
    for (int trial = 0; trial < trials; ++trial)
    {
        const size_t i = size_t(rng.uniform(0, int(src.size()))), j = size_t(rng.uniform(0, int(src.size())));
        if (std::abs(src[i] - src[j]) < least)
            continue;
        const Point2c a = (dst[j] - dst[i]) / (src[j] - src[i]);
        const Similarity motion(a, dst[i] - a * src[i]);
        for (size_t k = 0; k < src.size(); ++k)
            errors[k] = std::norm(motion(src[k]) - dst[k]);
        std::nth_element(errors.begin(), errors.begin() + std::ptrdiff_t(errors.size() / 2), errors.end());
        if (errors[errors.size() / 2] < bestError)
        {
            bestError = errors[errors.size() / 2];
            best = motion;
        }
    }
    return best;
}

//! Correlation of the face before and after: a face that something has come in front of is not followed.
double likeness(const GrayPyramid& from, const Landmarks& before, const GrayPyramid& to, const Landmarks& after)
{
    const double side = 32; // of a small canonical crop
    const Similarity shrink(side / CANONICAL_SIDE, (side / CANONICAL_SIDE - 1) / 2);
    const Mat a = windowOf(from, shrink * cropToImage(before).inverse(), int(side));
    const Mat b = windowOf(to, shrink * cropToImage(after).inverse(), int(side));
    Scalar meanA, meanB, deviationA, deviationB;
    meanStdDev(a, meanA, deviationA);
    meanStdDev(b, meanB, deviationB);
    const double flat = 1; // a gray level: nothing to compare
    if (deviationA[0] < flat || deviationB[0] < flat)
        return deviationA[0] < flat && deviationB[0] < flat ? 1 : 0;
    return (a.dot(b) / (side * side) - meanA[0] * meanB[0]) / (deviationA[0] * deviationB[0]);
}

} // namespace

bool followFace(const GrayPyramid& from, const GrayPyramid& to, Landmarks& landmarks, const Point2c& velocity,
    const std::vector<HeadShape>& others)
{
    const HeadShape head(landmarks);
    const double scale = WINDOW_EYES / eyeDistance(landmarks);
    const Similarity fromWindow = windowAround(head.centre, scale),
                     toWindow = windowAround(head.centre + velocity, scale);
    std::vector<Point2f> before = gridPoints(head, others, fromWindow, from.size()), after, returned;
    if (before.size() < LEAST_POINTS)
        return false;

    std::vector<Mat> first, second;
    buildOpticalFlowPyramid(windowOf(from, fromWindow, WINDOW), first, LK_PATCH, LK_LEVELS);
    buildOpticalFlowPyramid(windowOf(to, toWindow, WINDOW), second, LK_PATCH, LK_LEVELS);
    std::vector<uchar> there, back;
    calcOpticalFlowPyrLK(first, second, before, after, there, noArray(), LK_PATCH, LK_LEVELS);
    calcOpticalFlowPyrLK(second, first, after, returned, back, noArray(), LK_PATCH, LK_LEVELS);

    Landmarks src, dst;
    const Similarity toImage = toWindow.inverse();
    for (size_t i = 0; i < before.size(); ++i)
    {
        const Point2f error = returned[i] - before[i];
        const Point2c end(after[i].x, after[i].y), inFrame = toImage(end);
        const bool shown = inFrame.real() >= 0 && inFrame.imag() >= 0 && inFrame.real() <= to.size().width - 1
                           && inFrame.imag() <= to.size().height - 1;
        if (there[i] && back[i] && shown && error.dot(error) <= MOST_RETURN_ERROR * MOST_RETURN_ERROR)
        {
            src.push_back(Point2c(before[i].x, before[i].y));
            dst.push_back(end);
        }
    }
    if (src.size() < LEAST_POINTS)
        return false;

    const Similarity agreed = agreedMotion(src, dst);
    Landmarks agreeing, agreeingEnd;
    for (size_t i = 0; i < src.size(); ++i)
        if (std::abs(agreed(src[i]) - dst[i]) <= MOST_RESIDUAL)
        {
            agreeing.push_back(src[i]);
            agreeingEnd.push_back(dst[i]);
        }
    if (agreeing.size() < LEAST_POINTS || agreeing.size() < LEAST_AGREEMENT * src.size())
        return false;
    const Similarity motion = toImage * fitSimilarity(agreeing, agreeingEnd) * fromWindow;
    // Written so that what is no number is no motion.
    if (!(motion.scale() <= MOST_ZOOM && motion.scale() >= 1 / MOST_ZOOM && std::abs(std::arg(motion.a)) <= MOST_TURN))
        return false;

    Landmarks moved;
    for (const Point2c& z : landmarks)
        moved.push_back(motion(z));
    if (!(likeness(from, landmarks, to, moved) >= LEAST_LIKENESS))
        return false;
    landmarks = moved;
    return true;
}

bool followFarther(
    const GrayPyramid& from, const GrayPyramid& to, Landmarks& landmarks, const std::vector<HeadShape>& others)
{
    Landmarks best;
    double most = std::max(LIKENESS_AFAR, likeness(from, landmarks, to, landmarks) + MORE_LIKE);
    for (int k = 0; k < DIRECTIONS; ++k)
    {
        Landmarks moved = landmarks;
        if (!followFace(from, to, moved, std::polar(AFAR * eyeDistance(landmarks), 2 * CV_PI * k / DIRECTIONS), others))
            continue;
        const double like = likeness(from, landmarks, to, moved);
        if (like > most)
        {
            most = like;
            best = moved;
        }
    }
    if (best.empty())
        return false;
    landmarks = best;
    return true;
}

}} // namespace cv::sanprivacy
