// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "face_detector_impl.hpp"
#include "rotated_detection.hpp"
#include "shadows.hpp"
#include "shrink.hpp"
#include "tiling.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const double MOST_TURN = .5;       // of a detection, against its track, radians: the optical flow follows a roll
const float TURNED_CLEARER = .25f; // difference of scores from which a known face gets another orientation
const double LEAST_EYES = 2;       // pixels; no landmarks are nearer
const double SMALLEST_SEEN = 16;   // width of a face's box that a quick search finds, pixels of the scaled frame
const float SAME_BOX = .5f;        // overlap, share of the union
const int TILE = 640;              // side of a tile, pixels of the scaled frame
const double WORTH_TILES = 1.1;    // of the scale of tiles, against that of the whole frame

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

bool areOfAFace(const Landmarks& landmarks)
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

//! In which of two orientations a face is upright, by the detector's scores.
bool clearer(const RotatedDetection& detection, const RotatedDetection& other, const std::vector<Landmarks>& known)
{
    float advantage = 0; // of the orientation in which the known face was found
    for (const Landmarks& landmarks : known)
        if (centreDistance(landmarks, other.landmarks) < NEAR_FACE)
            advantage = orientationOf(landmarks) == other.orientation       ? TURNED_CLEARER
                        : orientationOf(landmarks) == detection.orientation ? -TURNED_CLEARER
                                                                            : 0.f;
    return detection.face.score > other.face.score + advantage;
}

} // namespace

RotatedDetection detectionOf(const FaceRow& face, int orientation)
{
    RotatedDetection detection = { face, areOfAFace(face.landmarks) ? face.landmarks : landmarksInBox(face.box),
        orientation };
    return detection;
}

bool showSameFace(const Landmarks& a, const Landmarks& b)
{
    return centreDistance(a, b) < SAME_FACE;
}

bool liesOtherwise(const Landmarks& a, const Landmarks& b)
{
    return std::abs(std::arg(cropToImage(a).a / cropToImage(b).a)) > MOST_TURN;
}

RotatedDetector::RotatedDetector(const Ptr<FaceDetector>& detector, const StreamParams& params)
    : detector_(detector), params_(params), turn_(0), next_tile_(0)
{
}

double RotatedDetector::viewScale(const Size& frame) const
{
    return params_.detect_side > 0 ? std::min(1., params_.detect_side / double(std::max(frame.width, frame.height)))
                                   : 1;
}

//! 0 where small faces are found in the scaled whole frame, too.
double RotatedDetector::tileScale(const Size& frame) const
{
    const double scale = params_.min_face > 0 ? std::min(1., SMALLEST_SEEN / params_.min_face) : 0;
    return scale > WORTH_TILES * viewScale(frame) ? scale : 0;
}

int RotatedDetector::smallestFace(const Size& frame) const
{
    const double scale = tileScale(frame) > 0 ? tileScale(frame) : viewScale(frame);
    const double side = tileScale(frame) > 0 ? TILE : scale * std::max(frame.width, frame.height);
    const double seen = std::max(SMALLEST_SEEN, double(detector_->getSmallestFace(Size(cvCeil(side), cvCeil(side)))));
    return cvCeil(seen / scale);
}

std::vector<RotatedDetection> RotatedDetector::detect(
    const Mat& frame, Look look, const std::vector<Landmarks>& known, bool missing, const std::vector<Rect2d>& places)
{
    const Mat image = withBrightShadows(frame);
    const double scale = viewScale(image.size());
    const Mat whole = shrunk(image, scale), half = shrunk(whole, .5);
    const int extra = turn_++ % ORIENTATIONS;
    const bool thorough = look == LOOK_COMPLETE || extra == 0;
    const int fullSize = largeInHalf(known, scale) ? ORIENTATIONS : 2; // searches from one at full size to the next
    const bool coarse = look == LOOK_ROUTINE && extra % fullSize != 0
                        && params_.look_ahead >= fullSize * params_.detect_interval && !missing;

    std::vector<RotatedDetection> detections;
    for (int orientation = 0; orientation < ORIENTATIONS; ++orientation)
    {
        const bool followed = orientation == 0
                              || std::any_of(known.begin(), known.end(),
                                  [&](const Landmarks& landmarks) { return orientationOf(landmarks) == orientation; });
        if (followed || (params_.any_roll && look == LOOK_COMPLETE))
            lookTurned(
                image.size(), coarse ? half : whole, orientation, orientation > 0 || !thorough, known, detections);
        else if (params_.any_roll && (orientation == extra || look == LOOK_CHANGE))
            lookTurned(image.size(), half, orientation, true, known, detections);
    }
    lookAtTiles(image, look, places, detections);
    return detections;
}

//! Whether all these faces are large enough for a search at half the size.
bool RotatedDetector::largeInHalf(const std::vector<Landmarks>& known, double scale)
{
    return std::all_of(known.begin(), known.end(),
        [&](const Landmarks& face) { return HeadShape(face).axes.width * scale >= 2 * SMALLEST_SEEN; });
}

void RotatedDetector::lookTurned(const Size& frame, const Mat& view, int orientation, bool quick,
    const std::vector<Landmarks>& known, std::vector<RotatedDetection>& detections)
{
    const float toFrame = float(frame.width) / float(view.cols);
    Ptr<GrayPyramid> gray; // of the rotated frame, where it is needed
    const auto inFrame = [&](FaceRow face)
    {
        rotateBack(face, orientation, view.size());
        return detectionOf(scaled(face, toFrame), orientation);
    };
    const auto foundBefore = [&](const FaceRow& face)
    {
        const RotatedDetection detection = inFrame(face);
        for (RotatedDetection& earlier : detections)
            if (shareOfUnion(earlier.face.box, detection.face.box) > SAME_BOX && !clearer(detection, earlier, known))
            {
                earlier.face.score = std::max(detection.face.score, earlier.face.score);
                return true;
            }
        return false;
    };
    for (const FaceRow& face :
        FaceDetector::Impl::of(*detector_).detectSorted(rotatedUpright(view, orientation), quick, foundBefore))
    {
        const RotatedDetection detection = inFrame(face);

        // Of a face that was found in two orientations, the one with the higher score stays.
        RotatedDetection* other = 0;
        for (RotatedDetection& earlier : detections)
            if (centreDistance(earlier.landmarks, detection.landmarks) < NEAR_FACE) // upside down its centre is another
                other = &earlier;
        if (!other)
        {
            detections.push_back(detection);
            continue;
        }
        const float score = std::max(detection.face.score, other->face.score); // it is there, whichever way up
        if (clearer(detection, *other, known))
        {
            if (!gray)
                gray = makePtr<GrayPyramid>(view);
            if (orientationOf(other->landmarks) != 0
                || !isUpright(scaled(other->face, 1 / toFrame), scaled(detection.face, 1 / toFrame), *gray))
                *other = detection;
        }
        other->face.score = score;
    }
}

/** Whether the landmark network prefers the first of two positions of a face: the detector finds many upright faces
upside down, too, with the same score. */
bool RotatedDetector::isUpright(const FaceRow& upright, const FaceRow& turned, const GrayPyramid& gray)
{
    if (!upright_faces_)
        upright_faces_ = makePtr<LandmarkNetwork>(selectDevice(dnn::DNN_BACKEND_OPENCV, dnn::DNN_TARGET_CPU));
    const std::vector<Candidate> seen = upright_faces_->predict(
        gray, { squareOf(upright, rollOf(upright.landmarks)), squareOf(turned, rollOf(turned.landmarks)) });
    return seen[0].logit >= seen[1].logit;
}

void RotatedDetector::lookAtTiles(
    const Mat& image, Look look, const std::vector<Rect2d>& places, std::vector<RotatedDetection>& detections)
{
    const double scale = tileScale(image.size());
    if (scale == 0)
        return;
    const int side = int(TILE / scale);
    const double hardlySeen = 2 * SMALLEST_SEEN / viewScale(image.size()); // width of a box in the scaled frame
    const std::vector<Rect> tiles = tilesOf(image.size(), side, std::min(cvCeil(hardlySeen), side / 2));

    // A round ends while the frames in which a face came in are still kept back, and before a tracked one counts as
    // lost.
    const double round = std::min(params_.look_ahead, params_.hold) / params_.detect_interval;
    const size_t each = size_t(cvCeil(double(tiles.size()) / std::max(1., std::floor(round))));
    const size_t atOnce = look == LOOK_COMPLETE ? tiles.size() : std::min(each, tiles.size());
    std::vector<bool> wanted(tiles.size(), false);
    for (size_t i = 0; i < atOnce; ++i)
        wanted[next_tile_++ % tiles.size()] = true;
    for (size_t i = 0, further = 0; i < tiles.size() && further < atOnce; ++i)
        if (!wanted[i]
            && std::any_of(
                places.begin(), places.end(), [&](const Rect2d& place) { return !(place & Rect2d(tiles[i])).empty(); }))
        {
            wanted[i] = true;
            ++further;
        }

    for (size_t i = 0; i < tiles.size(); ++i)
    {
        if (!wanted[i])
            continue;
        const Mat view = shrunk(image(tiles[i]), scale);
        for (const FaceRow& found : FaceDetector::Impl::of(*detector_).detectSorted(view, true))
        {
            FaceRow face = scaled(found, float(tiles[i].width) / float(view.cols));
            face.box += Point2f(tiles[i].tl());
            for (Point2c& z : face.landmarks)
                z += Point2c(tiles[i].x, tiles[i].y);
            // Larger or known faces are found better in the whole frame, faces that the tile cuts off in another tile.
            const Point2f centre(float(face.centre().real()), float(face.centre().imag()));
            if (face.box.width > hardlySeen || crossesInnerEdge(face.box, tiles[i], image.size())
                || std::any_of(detections.begin(), detections.end(),
                    [&](const RotatedDetection& other)
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
