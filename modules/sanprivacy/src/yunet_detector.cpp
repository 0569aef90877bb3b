// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "data_path.hpp"
#include "orientation.hpp"
#include "tiling.hpp"
#include "yunet_detector.hpp"
#include "yunet_network.hpp"

#include <algorithm>
#include <cfloat>
#include <set>

namespace cv { namespace sanprivacy {

#ifdef HAVE_OPENCV_OBJDETECT

namespace {

const float SAME_FACE = .3f;        // share of the union
const double LEAST_SIDE = 256;      // long side at the largest scale; at the smallest half to all of it
const double ROTATED_SIDE = 640;    // largest side of a rotated image
const double MIRRORED_SIDE = 512;   // the same, of the image upside down
const double SIDEWAYS_SCALE = .25;  // largest scale of the image on its side, besides an upright face
const double MOST_ENLARGED = 4;     // beyond, no face can be recognised
const int LEAST_IMAGE = 3;          // side
const double BORDER = .25;          // of the long side
const double NEGLIGIBLE_ROLL = .12; // radians; so far a roll harms nothing
const double CLEARLY_ROLLED = .25;  // radians, between YuNet and the landmark network
const double LARGE = .6;            // of a face's box, share of a side of the image
const double PLAIN = 4;             // standard deviation, gray levels
const float LEAST_WHOLE = .95f;     // share of a face's box inside the image
const int PATCH = 256;              // side of the image in which detectUpright() searches, pixels
const double FACE_IN_PATCH = 128;   // longer side of the face's box in it
const int TILE = 1600,
          TILE_OVERLAP = 320; // pixels of the scaled image: a face too small at half the size lies in one tile

// Width of a face's box: all of 32 sample portraits, shrunk to it, are found by YuNet of 2022; that of 2023 finds 17,
// and all at 16.
const int SMALLEST_FACE = 12;
#if CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR < 8
const double SMALL_FACES_ENLARGED = 1;
#else
const double SMALL_FACES_ENLARGED = 1.4;
#endif

double angleBetween(double a, double b)
{
    return std::abs(std::arg(std::polar(1., a - b)));
}

Rect2f around(const Point2c& centre, const Size2d& size)
{
    return Rect2f(float(centre.real() - size.width / 2), float(centre.imag() - size.height / 2), float(size.width),
        float(size.height));
}

Mat resized(const Mat& bgr, double scale)
{
    const Size size(std::max(1, cvRound(bgr.cols * scale)), std::max(1, cvRound(bgr.rows * scale)));
    if (size == bgr.size())
        return bgr;
    Mat scaled;
    resize(bgr, scaled, size, 0, 0, scale < 1 ? INTER_AREA : INTER_LINEAR);
    return scaled;
}

//! The scales at which an upright image is searched, the smallest first.
std::vector<double> scalesOf(double longSide, bool quick)
{
    std::vector<double> scales(1, std::max(std::min(LEAST_SIDE / longSide, MOST_ENLARGED), 1.));
    while (scales.back() * longSide > LEAST_SIDE)
        scales.push_back(scales.back() / 2);
    std::reverse(scales.begin(), scales.end());
    if (!quick && SMALL_FACES_ENLARGED > 1)
        scales.push_back(scales.back() * SMALL_FACES_ENLARGED);
    return scales;
}

//! Takes out the faces that are known. @return those.
std::vector<FaceRow> takeOutKnown(std::vector<FaceRow>& faces, const FaceDetector::Impl::Known& known)
{
    const auto firstKnown =
        std::stable_partition(faces.begin(), faces.end(), [&](const FaceRow& face) { return !known(face); });
    const std::vector<FaceRow> taken(firstKnown, faces.end());
    faces.erase(firstKnown, faces.end());
    return taken;
}

//! The orientations of the faces, and the opposite ones: water and tables mirror faces.
std::set<int> orientationsOf(const std::vector<FaceRow>& faces)
{
    std::set<int> orientations;
    for (const FaceRow& face : faces)
    {
        const int orientation = orientationOf(face.landmarks);
        orientations.insert(orientation);
        orientations.insert((orientation + ORIENTATIONS / 2) % ORIENTATIONS);
    }
    return orientations;
}

/** @brief Searches an image with YuNet at several scales and orientations.

First upright at all scales, then, where that finds nothing, as a face that fills the image and on its side. Each face
found is searched for once more in the image rotated so that it is upright. Last come faces beside and in front of
those. */
class YuNetDetector CV_FINAL : public FaceDetector::Impl
{
public:
    YuNetDetector(const String& model, float threshold, const DnnDevice& device)
        : yunet(model, threshold, device), landmarkNetwork(device)
    {
    }

    std::vector<FaceRow> detect(const Mat& image, bool quick, const Known& known) CV_OVERRIDE
    {
        const Mat bgr = toBgr(image);
        if (std::min(bgr.cols, bgr.rows) < LEAST_IMAGE)
            return std::vector<FaceRow>();
        const double longSide = std::max(bgr.cols, bgr.rows);
        std::vector<double> scales = scalesOf(longSide, quick);
        const double smallest = scales.front();

        std::vector<FaceRow> all; // also what is left out as a face found twice
        std::vector<FaceRow> faces = confirmed(bgr, detectAtScales(bgr, scales, all));
        if (faces.empty() && !quick)
            faces = confirmed(bgr, detectWhole(bgr, smallest, BORDER)); // a face may fill the image
        while (scales.size() > 1 && scales.back() * longSide > (faces.empty() ? ROTATED_SIDE : MIRRORED_SIDE))
            scales.pop_back();
        std::set<int> searched = { 0 };
        for (int orientation = 1; orientation < ORIENTATIONS && faces.empty() && !quick; orientation += 2)
        {
            faces = confirmed(bgr, detectRotated(bgr, scales, orientation, all)); // or lie on its side
            searched.insert(orientation);
        }
        if (faces.empty())
            return faces;

        const GrayPyramid pyramid(image);
        const std::vector<FaceRow> leftOut = takeOutKnown(faces, known);
        const std::vector<FaceRow> doubtful = refineRolled(bgr, pyramid, faces, quick ? 1 : ORIENTATIONS);
        std::vector<FaceRow> others = faces;
        others.insert(others.end(), leftOut.begin(), leftOut.end());
        for (int orientation : orientationsOf(others))
            if (!quick && searched.count(orientation) == 0)
            {
                detectRotated(bgr, scales, orientation, all);
                searched.insert(orientation);
            }
        while (!scales.empty() && scales.back() > SIDEWAYS_SCALE)
            scales.pop_back();
        for (int orientation = 1; orientation < ORIENTATIONS && !scales.empty() && !quick; orientation += 2)
            if (searched.count(orientation) == 0)
                detectSideways(bgr, scales.back(), orientation, all); // one of several people may lie
        all.erase(std::remove_if(all.begin(), all.end(), known), all.end());
        for (const FaceRow& face : furtherFaces(all, others, pyramid, landmarkNetwork))
            if (confirm(bgr, face))
            {
                FaceRow refined = face;
                refine(bgr, refined, rollOf(face.landmarks));
                faces.push_back(isApart(refined, faces) ? refined : face);
            }
        for (const FaceRow& face : doubtful)
            if (isApart(face, faces))
                faces.push_back(face);
        return faces;
    }

    int smallestFace(const Size&) const CV_OVERRIDE { return SMALLEST_FACE; }

private:
    //! The faces that are no mistake of YuNet: a mistake does not end the search for others.
    std::vector<FaceRow> confirmed(const Mat& bgr, const std::vector<ScaledFace>& found)
    {
        std::vector<FaceRow> faces;
        for (const ScaledFace& scaled : found)
            if (!scaled.suppressed && confirm(bgr, scaled.face))
                faces.push_back(scaled.face);
        return faces;
    }

    /** Detects at several scales, the smallest first.
    @param all where to add all that is found at any scale. */
    std::vector<ScaledFace> detectAtScales(const Mat& bgr, const std::vector<double>& scales, std::vector<FaceRow>& all)
    {
        std::vector<ScaledFace> faces;
        for (double scale : scales)
        {
            const std::vector<ScaledFace> found =
                std::max(bgr.cols, bgr.rows) * scale > TILE ? detectInTiles(bgr, scale) : detectWhole(bgr, scale, 0);
            mergeLargerScale(found, faces);
            for (const ScaledFace& scaled : found)
                if (!scaled.cut)
                    all.push_back(scaled.face);
        }
        return faces;
    }

    //! The same for faces of an orientation.
    std::vector<ScaledFace> detectRotated(
        const Mat& bgr, const std::vector<double>& scales, int orientation, std::vector<FaceRow>& all)
    {
        std::vector<FaceRow> allRotated;
        std::vector<ScaledFace> faces = detectAtScales(rotatedUpright(bgr, orientation), scales, allRotated);
        for (ScaledFace& scaled : faces)
            rotateBack(scaled.face, orientation, bgr.size());
        for (FaceRow& face : allRotated)
        {
            rotateBack(face, orientation, bgr.size());
            all.push_back(face);
        }
        return faces;
    }

    //! Adds faces of an orientation that are found at one small scale: the image is shrunk first, then rotated.
    void detectSideways(const Mat& bgr, double scale, int orientation, std::vector<FaceRow>& all)
    {
        const Mat small = resized(bgr, scale);
        std::vector<FaceRow> found;
        detectRotated(small, std::vector<double>(1, 1.), orientation, found);
        for (FaceRow& face : found)
        {
            scaleBack(face, small.size(), bgr.size());
            all.push_back(face);
        }
    }

    //! Detects in the scaled image within a black border, the given share of its long side wide.
    std::vector<ScaledFace> detectWhole(const Mat& bgr, double scale, double border)
    {
        const Mat image = resized(bgr, scale);
        std::vector<ScaledFace> faces =
            yunet.detect(image, Rect(Point(), image.size()), cvRound(border * std::max(image.cols, image.rows)));
        for (ScaledFace& scaled : faces)
            scaleBack(scaled.face, image.size(), bgr.size());
        return faces;
    }

    //! Detects in tiles of the scaled image, so that memory does not grow with it. Each face is given once.
    std::vector<ScaledFace> detectInTiles(const Mat& bgr, double scale)
    {
        const Mat image = resized(bgr, scale);
        std::vector<ScaledFace> found, faces, suppressed;
        for (const Rect& tile : tilesOf(image.size(), TILE, TILE_OVERLAP))
            for (ScaledFace scaled : yunet.detect(image, tile, 0))
            {
                scaled.cut = crossesInnerEdge(scaled.face.box, tile, image.size());
                scaleBack(scaled.face, image.size(), bgr.size());
                (scaled.suppressed ? suppressed : found).push_back(scaled);
            }
        std::stable_sort(found.begin(), found.end(),
            [](const ScaledFace& a, const ScaledFace& b)
            { return a.cut != b.cut ? b.cut : a.face.score > b.face.score; });
        for (const ScaledFace& candidate : found)
            if (std::none_of(faces.begin(), faces.end(),
                    [&](const ScaledFace& other) { return showSameFace(other.face, candidate.face); }))
                faces.push_back(candidate);
        faces.insert(faces.end(), suppressed.begin(), suppressed.end());
        return faces;
    }

    //! The face as it is found in a small image that is rotated by the given roll. @return whether it is found.
    bool detectUpright(const Mat& bgr, const FaceRow& face, double roll, FaceRow& best)
    {
        const Point2c middle(PATCH / 2., PATCH / 2.);
        const Point2c a = std::polar(FACE_IN_PATCH / double(std::max(face.box.width, face.box.height)), -roll);
        const Similarity toPatch(a, middle - a * face.centre()), toImage = toPatch.inverse();
        Mat patch(PATCH, PATCH, CV_8UC3);
        warpSimilarity(bgr, patch, toPatch, INTER_LINEAR, BORDER_CONSTANT);
        const Rect2f expected =
            around(middle, Size2d(face.box.width * toPatch.scale(), face.box.height * toPatch.scale()));
        bool found = false;
        for (const ScaledFace& scaled : yunet.detect(patch, Rect(0, 0, PATCH, PATCH), 0))
            if (!scaled.suppressed && shareOfUnion(scaled.face.box, expected) > SAME_FACE
                && (!found || scaled.face.score > best.score))
            {
                best = scaled.face;
                found = true;
            }
        if (!found)
            return false;
        best.box =
            around(toImage(best.centre()), Size2d(best.box.width * toImage.scale(), best.box.height * toImage.scale()));
        for (Point2c& z : best.landmarks)
            z = toImage(z);
        return true;
    }

    //! YuNet takes a whole plain image for a face: one that fills most of it must be found at a smaller scale, too.
    bool confirm(const Mat& bgr, const FaceRow& face)
    {
        if (face.box.width < LARGE * bgr.cols && face.box.height < LARGE * bgr.rows)
            return true;
        const Rect inside = Rect(face.box) & Rect(Point(), bgr.size());
        if (inside.empty())
            return false;
        Scalar mean, deviation;
        meanStdDev(bgr(inside), mean, deviation);
        FaceRow again;
        return cv::norm(deviation, NORM_INF) > PLAIN && detectUpright(bgr, face, rollOf(face.landmarks), again);
    }

    /** The roll of a face by the landmark network, where YuNet is wrong; otherwise by YuNet, radians.
    YuNet takes nearly all faces that lie on their side or upside down for upright ones; that of 2023 even many that are
    rolled by 35 degrees. The landmark network does not: of 1,307 rolled by 0 to 180 degrees to either side, it chose a
    wrong orientation of 27.
    @param orientations to choose from, in turns from that of YuNet: 1, only that, or all 4 */
    double estimateRoll(const GrayPyramid& pyramid, const FaceRow& face, int orientations)
    {
        const double sure = 8; // logit that ends the search: 637 of 653 upright faces have it, and 5 of 654 others
        const double byYuNet = rollOf(face.landmarks);
        double best = byYuNet, highest = -DBL_MAX; // roll, logit
        for (int i = 0; i < orientations && highest < sure; ++i)
        {
            const Square square = squareOf(face, byYuNet + i * CV_PI / 2);
            const Candidate candidate = landmarkNetwork.predict(pyramid, { square })[0];
            if (candidate.logit > highest)
            {
                best = rollOf(candidate.landmarks);
                highest = candidate.logit;
            }
        }
        return angleBetween(best, byYuNet) < CLEARLY_ROLLED ? byYuNet : best;
    }

    /** Replaces a rolled face by the one found in the image rotated upright: otherwise YuNet misplaces its landmarks,
    by a quarter of the inter-ocular distance at 35 degrees, and its first roll is too small. A face that is cut off
    stays as it is.
    @param roll the first guess */
    void refine(const Mat& bgr, FaceRow& face, double roll)
    {
        const bool otherOrientation = angleBetween(roll, rollOf(face.landmarks)) > CV_PI / 4;
        const float inside = (face.box & Rect2f(0, 0, float(bgr.cols), float(bgr.rows))).area();
        if (!otherOrientation && inside < LEAST_WHOLE * face.box.area())
            return;
        const int passes = 3;
        double before = 0;
        for (int pass = 0; pass < passes && angleBetween(roll, before) >= NEGLIGIBLE_ROLL; ++pass)
        {
            FaceRow found;
            if (!detectUpright(bgr, face, roll, found))
                return;
            found.score = face.score; // that of the image as it is
            face = found;
            before = roll;
            roll = rollOf(face.landmarks);
        }
    }

    /** Refines faces. One that becomes another one by that, such as the face in front of it, is taken out.
    @param orientations as in estimateRoll().
    @return those taken out, as they were. */
    std::vector<FaceRow> refineRolled(
        const Mat& bgr, const GrayPyramid& pyramid, std::vector<FaceRow>& faces, int orientations)
    {
        std::vector<FaceRow> refined = faces, kept, lost;
        std::vector<double> moved;
        for (size_t i = 0; i < faces.size(); ++i)
        {
            refine(bgr, refined[i], estimateRoll(pyramid, faces[i], orientations));
            moved.push_back(std::abs(refined[i].centre() - faces[i].centre()));
        }
        for (size_t i = 0; i < faces.size(); ++i)
        {
            bool becomesAnother = false;
            for (size_t k = 0; k < faces.size(); ++k)
                becomesAnother =
                    becomesAnother
                    || (moved[i] > moved[k] && isApart(faces[i], { faces[k] }) && !isApart(refined[i], { refined[k] }));
            if (becomesAnother)
                lost.push_back(faces[i]);
            else
                kept.push_back(refined[i]);
        }
        faces = kept;
        return lost;
    }

    YuNetNetwork yunet;
    LandmarkNetwork landmarkNetwork;
};

} // namespace

Ptr<FaceDetector::Impl> createYuNetDetector(const String& model, float score_threshold, const DnnDevice& device)
{
    return makePtr<YuNetDetector>(model.empty() ? findDataFile(SANPRIVACY_YUNET) : model, score_threshold, device);
}

#else

Ptr<FaceDetector::Impl> createYuNetDetector(const String&, float, const DnnDevice&)
{
    CV_Error(Error::StsNotImplemented, "This OpenCV has no objdetect module, which runs YuNet");
}

#endif // HAVE_OPENCV_OBJDETECT

}} // namespace cv::sanprivacy
