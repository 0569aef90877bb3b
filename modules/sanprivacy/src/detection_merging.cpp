// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "detection_merging.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const float OVERLAP = .3f;   // of two faces: share of the union in one search, of the smaller box in several ones
const float REPEATED = .7f;  // share of the union
const float SAME_FACE = .3f; // overlap, share of the union
const float WELL_SHOWN = 128, TOO_LARGE = 256; // height of a face's box in the scaled image, pixels

// Two faces, and what detector and landmark network see of one: distance of the centres, inter-ocular distances of the
// larger.
const double APART = .8, CLEARLY_APART = .9, AGREED = .5;
const float MOST_SHARED =
    .5f; // of two faces' boxes, share of the union: more, and one of them is upside down in the other

// Logits of a further face, at first sight and of the mean of several crops. In composites of two faces 40 of 43 had
// the latter, and none of 9 mistakes that overlapped with a face.
const double PROBABLE = 7, SURE = 9;

float commonArea(const FaceRow& a, const FaceRow& b)
{
    return (a.box & b.box).area();
}

bool overlap(const FaceRow& a, const FaceRow& b)
{
    return commonArea(a, b) > OVERLAP * std::min(a.box.area(), b.box.area());
}

Square squareAround(const Landmarks& landmarks)
{
    return { centreOf(landmarks), SQUARE_SIDE * eyeDistance(landmarks), rollOf(landmarks), false, 1 };
}

bool areApart(const Landmarks& landmarks, const std::vector<FaceRow>& faces, double distance)
{
    return std::all_of(faces.begin(), faces.end(),
        [&](const FaceRow& face) { return centreDistance(face.landmarks, landmarks) >= distance; });
}

} // namespace

void scaleBack(FaceRow& face, const Size& scaled, const Size& image)
{
    const float sx = float(image.width) / scaled.width, sy = float(image.height) / scaled.height;
    face.box = Rect2f(face.box.x * sx, face.box.y * sy, face.box.width * sx, face.box.height * sy);
    for (Point2c& z : face.landmarks)
        z = Point2c(z.real() * sx, z.imag() * sy);
}

bool isApart(const FaceRow& face, const std::vector<FaceRow>& others)
{
    return areApart(face.landmarks, others, APART)
           && std::all_of(others.begin(), others.end(),
               [&](const FaceRow& other) { return shareOfUnion(face.box, other.box) <= MOST_SHARED; });
}

bool showSameFace(const FaceRow& a, const FaceRow& b)
{
    const Point2f centre(a.box.x + a.box.width / 2, a.box.y + a.box.height / 2),
        other(b.box.x + b.box.width / 2, b.box.y + b.box.height / 2);
    return shareOfUnion(a.box, b.box) > SAME_FACE || a.box.contains(other) || b.box.contains(centre);
}

std::vector<ScaledFace> suppressNonMaxima(const std::vector<FaceRow>& found)
{
    std::vector<Rect> boxes;
    std::vector<float> scores;
    for (const FaceRow& face : found)
    {
        boxes.push_back(Rect(int(face.box.x), int(face.box.y), int(face.box.width), int(face.box.height)));
        scores.push_back(face.score);
    }
    std::vector<int> chosen, best;
    dnn::NMSBoxes(boxes, scores, 0, REPEATED, chosen);
    dnn::NMSBoxes(boxes, scores, 0, OVERLAP, best);
    std::vector<ScaledFace> faces;
    for (int i : best)
        faces.push_back(ScaledFace { found[size_t(i)], found[size_t(i)].box.height, false, false });
    for (int i : chosen)
        if (std::find(best.begin(), best.end(), i) == best.end())
            faces.push_back(ScaledFace { found[size_t(i)], found[size_t(i)].box.height, false, true });
    return faces;
}

void mergeLargerScale(const std::vector<ScaledFace>& found, std::vector<ScaledFace>& faces)
{
    const size_t before = faces.size();
    std::vector<bool> replaced(before, false);
    for (const ScaledFace& candidate : found)
    {
        if (candidate.suppressed)
            continue;
        size_t known = before; // that it has most in common with
        for (size_t i = 0; i < before; ++i)
            if (overlap(faces[i].face, candidate.face)
                && (known == before
                    || commonArea(faces[i].face, candidate.face) > commonArea(faces[known].face, candidate.face)))
                known = i;
        const bool isNew = known == before ? before == 0 || candidate.height < TOO_LARGE
                                           : replaced[known] && !showSameFace(faces[known].face, candidate.face);
        if (isNew)
            faces.push_back(candidate);
        else if (known < before && !replaced[known] && faces[known].height < WELL_SHOWN && !candidate.cut)
        {
            faces[known] = candidate;
            replaced[known] = true;
        }
    }
}

std::vector<FaceRow> furtherFaces(std::vector<FaceRow> candidates, const std::vector<FaceRow>& faces,
    const GrayPyramid& pyramid, LandmarkNetwork& network)
{
    std::stable_sort(
        candidates.begin(), candidates.end(), [](const FaceRow& a, const FaceRow& b) { return a.score > b.score; });
    std::vector<FaceRow> further, known = faces;
    for (const FaceRow& candidate : candidates)
    {
        if (!isApart(candidate, known))
            continue;
        Candidate prediction = network.predict(pyramid, { squareOf(candidate, rollOf(candidate.landmarks)) })[0];
        if (prediction.logit < PROBABLE)
            continue;
        prediction = network.predictAveraged(pyramid, squareAround(prediction.landmarks));
        if (prediction.logit < SURE || centreDistance(candidate.landmarks, prediction.landmarks) > AGREED
            || !areApart(prediction.landmarks, known, CLEARLY_APART))
            continue;
        further.push_back(candidate);
        known.push_back(candidate);
    }
    return further;
}

}} // namespace cv::sanprivacy
