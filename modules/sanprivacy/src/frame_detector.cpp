// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "aligned_face.hpp"
#include "face_detector_impl.hpp"
#include "frame_detector.hpp"
#include "orientation.hpp"
#include "shadows.hpp"
#include "shrink.hpp"
#include "tiling.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const double OTHER_ROLL = .5;         // of a detection, against its track, radians: the optical flow follows a roll
const float OTHER_ORIENTATION = .25f; // difference of scores from which a known face gets another orientation
const double LEAST_EYES = 2;          // pixels; no landmarks are nearer
const double SMALLEST_FOUND = 16;     // width of a face's box that a quick search finds, pixels of the scaled frame
const float SAME_BOX = .5f;           // overlap, share of the union
const double LEAST_COVERED = .3;      // share of the detector's box that the head around its landmarks covers
const int TILE = 640;                 // side of a tile, pixels of the scaled frame
const double WORTH_TILES = 1.1;       // of the scale of tiles, against that of the whole frame

//! Those that a face in the box would have.
Landmarks landmarksInBox(const Rect2f& box)
{
    const double share = CANONICAL_SIDE / 188.; // of the canonical crop's side in the width of its head
    const double side = share * std::max(box.width, 1.f);
    const Point2c corner(box.x + box.width / 2 - side / 2, box.y + box.height / 2 - side / 2);
    Landmarks landmarks = canonicalLandmarks(Size(cvCeil(side), cvCeil(side)));
    for (Point2c& z : landmarks)
        z += corner;
    return landmarks;
}

bool areOfFace(const Landmarks& landmarks)
{
    double spread = 0;
    for (const Point2c& z : landmarks)
    {
        if (!std::isfinite(z.real()) || !std::isfinite(z.imag()))
            return false;
        spread = std::max(spread, std::abs(z - landmarks[0]));
    }
    return spread > LEAST_EYES && eyeDistance(landmarks) > LEAST_EYES;
}

//! Of the box.
double shareCovered(const HeadShape& head, const Rect2f& box)
{
    const int points = 20; // in each direction
    int covered = 0;
    for (int y = 0; y < points; ++y)
        for (int x = 0; x < points; ++x)
            covered +=
                head.contains(Point2c(box.x + (x + .5) / points * box.width, box.y + (y + .5) / points * box.height));
    return double(covered) / (points * points);
}

//! In which of two orientations a face is upright, by the detector's scores.
bool isClearer(const FrameDetection& detection, const FrameDetection& other, const std::vector<Landmarks>& known)
{
    float advantage = 0; // of the orientation in which the known face was found
    for (const Landmarks& landmarks : known)
        if (centreDistance(landmarks, other.landmarks) < NEAR_FACE)
            advantage = orientationOf(landmarks) == other.orientation       ? OTHER_ORIENTATION
                        : orientationOf(landmarks) == detection.orientation ? -OTHER_ORIENTATION
                                                                            : 0.f;
    return detection.face.score > other.face.score + advantage;
}

} // namespace

std::vector<FrameDetection> detectionsOfCaller(const FaceRow& face)
{
    std::vector<Landmarks> places;
    if (haveFaceShape(face.landmarks))
        places.push_back(detectionOf(face, 0).landmarks);
    if (places.empty() || shareCovered(HeadShape(places[0]), face.box) < LEAST_COVERED)
        places.push_back(landmarksInBox(face.box));
    std::vector<FrameDetection> detections;
    for (const Landmarks& landmarks : places)
        detections.push_back({ face, landmarks, orientationOf(landmarks) });
    return detections;
}

FrameDetection detectionOf(const FaceRow& face, int orientation)
{
    FrameDetection detection = { face, areOfFace(face.landmarks) ? face.landmarks : landmarksInBox(face.box),
        orientation };
    return detection;
}

bool areOneFace(const Landmarks& a, const Landmarks& b)
{
    return centreDistance(a, b) < SAME_FACE;
}

bool haveOtherRolls(const Landmarks& a, const Landmarks& b)
{
    return std::abs(std::arg(cropToImage(a).a / cropToImage(b).a)) > OTHER_ROLL;
}

FrameDetector::FrameDetector(const Ptr<FaceDetector>& detector, const StreamParams& params)
    : detector_(detector), params_(params), searches_(0), next_tile_(0)
{
}

double FrameDetector::wholeScale(const Size& frame) const
{
    return params_.detect_side > 0 ? std::min(1., params_.detect_side / double(std::max(frame.width, frame.height)))
                                   : 1;
}

//! 0 where small faces are found in the scaled whole frame, too.
double FrameDetector::tileScale(const Size& frame) const
{
    const double scale = params_.min_face > 0 ? std::min(1., SMALLEST_FOUND / params_.min_face) : 0;
    return scale > WORTH_TILES * wholeScale(frame) ? scale : 0;
}

int FrameDetector::smallestFace(const Size& frame) const
{
    const double scale = tileScale(frame) > 0 ? tileScale(frame) : wholeScale(frame);
    const double side = tileScale(frame) > 0 ? TILE : scale * std::max(frame.width, frame.height);
    const double smallest =
        std::max(SMALLEST_FOUND, double(detector_->getSmallestFace(Size(cvCeil(side), cvCeil(side)))));
    return cvCeil(smallest / scale);
}

std::vector<FrameDetection> FrameDetector::detect(const Mat& frame, SearchScope scope,
    const std::vector<Landmarks>& known, bool missing, const std::vector<Rect2d>& places)
{
    const Mat image = withBrightShadows(frame);
    const double scale = wholeScale(image.size());
    const Mat whole = shrunk(image, scale), half = shrunk(whole, .5);
    const int extra = searches_++ % ORIENTATIONS;
    const bool thorough = scope == SEARCH_COMPLETE || extra == 0;
    const int fullSize = largeInHalf(known, scale) ? ORIENTATIONS : 2; // searches from one at full size to the next
    const bool coarse = scope == SEARCH_ROUTINE && extra % fullSize != 0
                        && params_.look_ahead >= fullSize * params_.detect_interval && !missing;

    std::vector<FrameDetection> detections;
    for (int orientation = 0; orientation < ORIENTATIONS; ++orientation)
    {
        const bool followed = orientation == 0
                              || std::any_of(known.begin(), known.end(),
                                  [&](const Landmarks& landmarks) { return orientationOf(landmarks) == orientation; });
        if (followed || (params_.any_roll && scope == SEARCH_COMPLETE))
            searchOrientation(
                image.size(), coarse ? half : whole, orientation, orientation > 0 || !thorough, known, detections);
        else if (params_.any_roll && (orientation == extra || scope == SEARCH_CHANGE))
            searchOrientation(image.size(), half, orientation, true, known, detections);
    }
    searchTiles(image, scope, places, detections);
    return detections;
}

//! Whether all these faces are large enough for a search at half the size.
bool FrameDetector::largeInHalf(const std::vector<Landmarks>& known, double scale)
{
    return std::all_of(known.begin(), known.end(),
        [&](const Landmarks& face) { return HeadShape(face).axes.width * scale >= 2 * SMALLEST_FOUND; });
}

void FrameDetector::searchOrientation(const Size& frame, const Mat& scaledFrame, int orientation, bool quick,
    const std::vector<Landmarks>& known, std::vector<FrameDetection>& detections)
{
    const float toFrame = float(frame.width) / float(scaledFrame.cols);
    Ptr<GrayPyramid> gray; // of the scaled frame, where it is needed
    const auto inFrame = [&](FaceRow face)
    {
        rotateBack(face, orientation, scaledFrame.size());
        return detectionOf(scaled(face, toFrame), orientation);
    };
    const auto foundBefore = [&](const FaceRow& face)
    {
        const FrameDetection detection = inFrame(face);
        for (FrameDetection& earlier : detections)
            if (shareOfUnion(earlier.face.box, detection.face.box) > SAME_BOX && !isClearer(detection, earlier, known))
            {
                earlier.face.score = std::max(detection.face.score, earlier.face.score);
                return true;
            }
        return false;
    };
    for (const FaceRow& face :
        FaceDetector::Impl::of(*detector_).detectSorted(rotatedUpright(scaledFrame, orientation), quick, foundBefore))
    {
        const FrameDetection detection = inFrame(face);

        // Of a face that was found in two orientations, the one with the higher score stays.
        FrameDetection* other = 0;
        for (FrameDetection& earlier : detections)
            if (centreDistance(earlier.landmarks, detection.landmarks) < NEAR_FACE) // upside down its centre is another
                other = &earlier;
        if (!other)
        {
            detections.push_back(detection);
            continue;
        }
        const float score = std::max(detection.face.score, other->face.score); // it is there, whichever way up
        if (isClearer(detection, *other, known))
        {
            if (!gray)
                gray = makePtr<GrayPyramid>(scaledFrame);
            if (orientationOf(other->landmarks) != 0
                || !isUpright(scaled(other->face, 1 / toFrame), scaled(detection.face, 1 / toFrame), *gray))
                *other = detection;
        }
        other->face.score = score;
    }
}

/** Whether the landmark network prefers the first of two positions of a face: the detector finds many upright faces
upside down, too, with the same score. */
bool FrameDetector::isUpright(const FaceRow& upright, const FaceRow& rotated, const GrayPyramid& gray)
{
    if (!landmark_network_)
        landmark_network_ = makePtr<LandmarkNetwork>(selectDevice(dnn::DNN_BACKEND_OPENCV, dnn::DNN_TARGET_CPU));
    const std::vector<Candidate> candidates = landmark_network_->predict(
        gray, { squareOf(upright, rollOf(upright.landmarks)), squareOf(rotated, rollOf(rotated.landmarks)) });
    return candidates[0].logit >= candidates[1].logit;
}

//! The next tiles of the round, and as many others in which something has changed.
std::vector<Rect> FrameDetector::chooseTiles(
    const std::vector<Rect>& tiles, SearchScope scope, const std::vector<Rect2d>& places)
{
    // A round ends while the frames in which a face came in are still kept back, and before a tracked one counts as
    // lost.
    const double round = std::min(params_.look_ahead, params_.hold) / params_.detect_interval;
    const size_t each = size_t(cvCeil(double(tiles.size()) / std::max(1., std::floor(round))));
    const size_t atOnce = scope == SEARCH_COMPLETE ? tiles.size() : std::min(each, tiles.size());
    std::vector<bool> chosen(tiles.size(), false);
    for (size_t i = 0; i < atOnce; ++i)
        chosen[next_tile_++ % tiles.size()] = true;
    for (size_t i = 0, further = 0; i < tiles.size() && further < atOnce; ++i)
        if (!chosen[i]
            && std::any_of(
                places.begin(), places.end(), [&](const Rect2d& place) { return !(place & Rect2d(tiles[i])).empty(); }))
        {
            chosen[i] = true;
            ++further;
        }
    std::vector<Rect> result;
    for (size_t i = 0; i < tiles.size(); ++i)
        if (chosen[i])
            result.push_back(tiles[i]);
    return result;
}

void FrameDetector::searchTiles(
    const Mat& image, SearchScope scope, const std::vector<Rect2d>& places, std::vector<FrameDetection>& detections)
{
    const double scale = tileScale(image.size());
    if (scale == 0)
        return;
    const int side = int(TILE / scale);
    const double hardlyFound = 2 * SMALLEST_FOUND / wholeScale(image.size()); // width of a box in the scaled frame
    const std::vector<Rect> tiles = tilesOf(image.size(), side, std::min(cvCeil(hardlyFound), side / 2));

    for (const Rect& tile : chooseTiles(tiles, scope, places))
    {
        const Mat scaledTile = shrunk(image(tile), scale);
        for (const FaceRow& found : FaceDetector::Impl::of(*detector_).detectSorted(scaledTile, true))
        {
            FaceRow face = scaled(found, float(tile.width) / float(scaledTile.cols));
            face.box += Point2f(tile.tl());
            for (Point2c& z : face.landmarks)
                z += Point2c(tile.x, tile.y);
            // Larger or known faces are found better in the whole frame, faces that the tile cuts off in another tile.
            const Point2f centre(float(face.centre().real()), float(face.centre().imag()));
            if (face.box.width > hardlyFound || crossesInnerEdge(face.box, tile, image.size())
                || std::any_of(detections.begin(), detections.end(),
                    [&](const FrameDetection& other)
                    {
                        return other.face.box.contains(centre)
                               || centreDistance(other.landmarks, detectionOf(face, 0).landmarks) < NEAR_FACE;
                    }))
                continue;
            detections.push_back(detectionOf(face, 0));
        }
    }
}

}} // namespace cv::sanprivacy
