// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "data_path.hpp"
#include "found_faces.hpp"
#include "orientation.hpp"
#include "tiling.hpp"
#include "yunet_detector.hpp"

#include <algorithm>
#include <cfloat>
#include <set>

namespace cv { namespace sanprivacy {

#ifdef HAVE_OPENCV_OBJDETECT

namespace {

const int STRIDE = 64;       // sides that are multiples of it suit the network (it wants 32, but two of them)
const int WIDEST_LOW = 1024; // of a view as high as the stride: OpenCV 4.6 reads memory that nobody wrote beyond it
const int MOST_FACES = 5000;
const float THRESHOLD = .7f;
const float ALL = 1;                      // withoutRepeats() chooses among those that overlap
const float SAME_FACE = .3f;              // share of the union
const double LEAST_SIDE = 256;            // long side at the largest scale; at the smallest half to all of it
const double TURNED_SIDE = 640;           // largest side of a rotated image
const double MIRRORED_SIDE = 512;         // the same, of the image upside down
const double MOST_ENLARGED = 4;           // beyond, no face can be recognised
const int LEAST_IMAGE = 3;                // side
const double BORDER = .25;                // of the long side
const double UPRIGHT = .12;               // radians; so far a roll harms nothing
const double CLEARLY_ROLLED = .25;        // radians, between YuNet and the landmark network
const double LARGE = .6;                  // of a face's box, share of a side of the image
const double PLAIN = 4;                   // standard deviation, gray levels
const float LEAST_WHOLE = .95f;           // share of a face's box inside the image
const int VIEW = 256, FACE_IN_VIEW = 128; // of straighten(), pixels
const int TILE = 1600,
          TILE_OVERLAP = 320; // pixels of the scaled image: a face too small at half the size lies in one tile

// A network that is given an input of another size than before takes a fifth to a third longer. So there is a network
// for each of the sizes that searches of a video have.
const int OWN_SIZES = 8;
const int MOST_OWN = 1 << 19; // pixels; the networks of larger ones would take too much memory

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

//! cv::FaceDetectorYN for images of any size.
class YuNet CV_FINAL : public FaceDetector::Impl
{
public:
    YuNet(const String& model, float threshold, const DnnDevice& device) : name(model), uprightFaces(device)
    {
        dnn::Net net = readOnnx(model, "face detector", device); // tells a missing or broken file from an unsuited one
        bool finite = true;
        try
        {
            const Size first(STRIDE, STRIDE);
            for (int i = 0; i <= OWN_SIZES; ++i)
                detectors.push_back(FaceDetectorYN::create(model, String(), first,
                    threshold < 0 ? THRESHOLD : threshold, ALL, MOST_FACES, device.backend, device.target));
            Mat none;
            detectors[0]->detect(Mat::zeros(first, CV_8UC3), none);

            // cv::FaceDetectorYN finds nothing, without a word, where the network gives no numbers.
            Mat noise(first, CV_8UC3);
            RNG(1).fill(noise, RNG::UNIFORM, 0, 256);
            net.setInput(dnn::blobFromImage(noise));
            std::vector<Mat> outputs;
            net.forward(outputs, net.getUnconnectedOutLayersNames());
            for (const Mat& output : outputs)
                finite = finite && checkRange(output);
        }
        catch (const Exception& e)
        {
            CV_Error(
                Error::StsBadArg, format("'%s' is not a YuNet that OpenCV %s can run, as " SANPRIVACY_YUNET " is: %s",
                                      model.c_str(), CV_VERSION, reasonOf(e).c_str()));
        }
        if (!finite)
            CV_Error(
                Error::StsBadArg, format("The face detector '%s' gives numbers that are not finite", model.c_str()));
    }

    std::vector<FaceRow> detect(const Mat& image, bool quick, const Known& known) CV_OVERRIDE
    {
        const Mat bgr = toBgr(image);
        if (std::min(bgr.cols, bgr.rows) < LEAST_IMAGE)
            return std::vector<FaceRow>();
        const double longSide = std::max(bgr.cols, bgr.rows);
        std::vector<double> scales(1, std::max(std::min(LEAST_SIDE / longSide, MOST_ENLARGED), 1.));
        while (scales.back() * longSide > LEAST_SIDE)
            scales.push_back(scales.back() / 2);
        std::reverse(scales.begin(), scales.end());
        const double smallest = scales.front();
        if (!quick && SMALL_FACES_ENLARGED > 1)
            scales.push_back(scales.back() * SMALL_FACES_ENLARGED);

        std::vector<FaceRow> all; // also what is left out as a face found twice
        std::vector<FaceRow> certain = confirmed(bgr, look(bgr, scales, &all));
        if (certain.empty() && !quick)
            certain = confirmed(bgr, lookWhole(bgr, smallest, BORDER)); // a face may fill the image
        const bool upright = !certain.empty();
        while (scales.size() > 1 && scales.back() * longSide > (upright ? MIRRORED_SIDE : TURNED_SIDE))
            scales.pop_back();
        // or lie on its side
        std::vector<int> searched(1, 0);
        for (int quarters = 1; quarters < ORIENTATIONS && certain.empty() && !quick; quarters += 2)
        {
            certain = confirmed(bgr, lookTurned(bgr, scales, quarters, &all));
            searched.push_back(quarters);
        }
        if (certain.empty())
            return certain;
        const auto firstKnown =
            std::stable_partition(certain.begin(), certain.end(), [&](const FaceRow& face) { return !known(face); });
        const std::vector<FaceRow> leftOut(firstKnown, certain.end());
        certain.erase(firstKnown, certain.end());

        const GrayPyramid pyramid(image);
        const std::vector<FaceRow> doubtful = straightenAll(bgr, pyramid, certain, quick ? 1 : ORIENTATIONS);
        std::vector<FaceRow> others = certain;
        others.insert(others.end(), leftOut.begin(), leftOut.end());
        std::set<int> orientations; // of faces beside those
        for (const FaceRow& face : others)
        {
            const int orientation = orientationOf(face.landmarks);
            orientations.insert(orientation);
            orientations.insert((orientation + ORIENTATIONS / 2) % ORIENTATIONS); // water and tables mirror faces
        }
        for (int quarters : orientations)
            if (!quick && std::find(searched.begin(), searched.end(), quarters) == searched.end())
                lookTurned(bgr, scales, quarters, &all);
        all.erase(std::remove_if(all.begin(), all.end(), known), all.end());
        for (const FaceRow& face : furtherFaces(all, others, pyramid, uprightFaces))
            if (confirm(bgr, face))
            {
                FaceRow straight = face;
                straighten(bgr, straight, rollOf(face.landmarks));
                certain.push_back(isApart(straight, certain) ? straight : face);
            }
        for (const FaceRow& face : doubtful)
            if (isApart(face, certain))
                certain.push_back(face);
        return certain;
    }

    //! The faces that are no mistake of YuNet: a mistake does not end the search for others.
    std::vector<FaceRow> confirmed(const Mat& bgr, const std::vector<Seen>& faces)
    {
        std::vector<FaceRow> certain;
        for (const Seen& seen : faces)
            if (!seen.covered && confirm(bgr, seen.face))
                certain.push_back(seen.face);
        return certain;
    }

    int smallestFace(const Size&) const CV_OVERRIDE { return SMALLEST_FACE; }

private:
    //! What the network finds in an image whose sides are multiples of the stride.
    std::vector<Seen> run(const Mat& bgr)
    {
        Mat found;
        detectorOf(bgr.size())->detect(bgr, found);
        std::vector<FaceRow> faces;
        for (int i = 0; i < found.rows; ++i)
        {
            faces.push_back(FaceRow(found, i));
            if (!checkRange(found.row(i)))
                CV_Error(
                    Error::StsError, format("The face detector '%s' gives numbers that are not finite", name.c_str()));
        }
        return withoutRepeats(faces);
    }

    //! The last one is for any size, the others for one size each, the one that was used last before the others.
    Ptr<FaceDetectorYN> detectorOf(const Size& size)
    {
        const auto any = detectors.end() - 1;
        auto chosen = any;
        if (size.area() <= MOST_OWN)
        {
            chosen = std::find_if(detectors.begin(), any,
                [&](const Ptr<FaceDetectorYN>& detector) { return detector->getInputSize() == size; });
            if (chosen == any)
                --chosen; // the one that was not used for longest
            std::rotate(detectors.begin(), chosen, chosen + 1);
            chosen = detectors.begin();
        }
        if ((*chosen)->getInputSize() != size)
            (*chosen)->setInputSize(size);
        return *chosen;
    }

    /** Detects at several scales, the smallest first.
    @param all where to add all that is found at any scale. */
    std::vector<Seen> look(const Mat& bgr, const std::vector<double>& scales, std::vector<FaceRow>* all = 0)
    {
        std::vector<Seen> faces;
        for (double scale : scales)
        {
            const std::vector<Seen> found =
                std::max(bgr.cols, bgr.rows) * scale > TILE ? lookTiled(bgr, scale) : lookWhole(bgr, scale, 0);
            join(found, faces);
            for (const Seen& seen : found)
                if (all && !seen.cut)
                    all->push_back(seen.face);
        }
        return faces;
    }

    //! The same in the image turned clockwise.
    std::vector<Seen> lookTurned(
        const Mat& bgr, const std::vector<double>& scales, int quarters, std::vector<FaceRow>* all = 0)
    {
        std::vector<FaceRow> allTurned;
        std::vector<Seen> faces = look(turnedClockwise(bgr, quarters), scales, &allTurned);
        for (Seen& seen : faces)
            turnBack(seen.face, quarters, bgr.size());
        for (FaceRow& face : allTurned)
        {
            turnBack(face, quarters, bgr.size());
            if (all)
                all->push_back(face);
        }
        return faces;
    }

    static Mat resized(const Mat& bgr, double scale)
    {
        const Size size(std::max(1, cvRound(bgr.cols * scale)), std::max(1, cvRound(bgr.rows * scale)));
        if (size == bgr.size())
            return bgr;
        Mat scaled;
        resize(bgr, scaled, size, 0, 0, scale < 1 ? INTER_AREA : INTER_LINEAR);
        return scaled;
    }

    //! Faces of a part of the scaled image within a black border.
    std::vector<Seen> lookAtPart(const Mat& scaled, const Rect& part, int margin)
    {
        const int width = int(alignSize(part.width + 2 * margin, STRIDE)), lowest = width > WIDEST_LOW ? 2 * STRIDE : 0,
                  height = std::max(int(alignSize(part.height + 2 * margin, STRIDE)), lowest);
        Mat framed;
        copyMakeBorder(scaled(part), framed, margin, height - part.height - margin, margin, width - part.width - margin,
            BORDER_CONSTANT | BORDER_ISOLATED);
        std::vector<Seen> faces = run(framed);
        for (Seen& seen : faces)
        {
            seen.face.box += Point2f(float(part.x - margin), float(part.y - margin));
            for (Point2c& z : seen.face.landmarks)
                z += Point2c(part.x - margin, part.y - margin);
        }
        return faces;
    }

    //! Detects in the scaled image within a black border, the given share of its long side wide.
    std::vector<Seen> lookWhole(const Mat& bgr, double scale, double border)
    {
        const Mat scaled = resized(bgr, scale);
        std::vector<Seen> faces;
        for (const Seen& seen :
            lookAtPart(scaled, Rect(Point(), scaled.size()), cvRound(border * std::max(scaled.cols, scaled.rows))))
            faces.push_back(enlarged(seen, scaled.size(), bgr.size()));
        return faces;
    }

    //! Detects in tiles of the scaled image, so that memory does not grow with it. Each face is given once.
    std::vector<Seen> lookTiled(const Mat& bgr, double scale)
    {
        const Mat scaled = resized(bgr, scale);
        std::vector<Seen> found, faces, covered;
        for (const Rect& tile : tilesOf(scaled.size(), TILE, TILE_OVERLAP))
            for (Seen seen : lookAtPart(scaled, tile, 0))
            {
                seen.cut = crossesInnerEdge(seen.face.box, tile, scaled.size());
                (seen.covered ? covered : found).push_back(enlarged(seen, scaled.size(), bgr.size()));
            }
        std::stable_sort(found.begin(), found.end(),
            [](const Seen& a, const Seen& b) { return a.cut != b.cut ? b.cut : a.face.score > b.face.score; });
        for (const Seen& candidate : found)
            if (std::none_of(faces.begin(), faces.end(),
                    [&](const Seen& other) { return showSameFace(other.face, candidate.face); }))
                faces.push_back(candidate);
        faces.insert(faces.end(), covered.begin(), covered.end());
        return faces;
    }

    //! The face as it is found in a small image that is rotated by the given roll. @return whether it is found.
    bool lookAt(const Mat& bgr, const FaceRow& face, double roll, FaceRow& best)
    {
        const int side = VIEW;
        const Point2c middle(side / 2., side / 2.);
        const Point2c a = std::polar(FACE_IN_VIEW / double(std::max(face.box.width, face.box.height)), -roll);
        const Similarity toView(a, middle - a * face.centre()), toImage = toView.inverse();
        Mat view(side, side, CV_8UC3);
        warpSimilarity(bgr, view, toView, INTER_LINEAR, BORDER_CONSTANT);
        const Rect2f expected =
            around(middle, Size2d(face.box.width * toView.scale(), face.box.height * toView.scale()));
        bool shown = false;
        for (const Seen& found : run(view))
            if (!found.covered && shareOfUnion(found.face.box, expected) > SAME_FACE
                && (!shown || found.face.score > best.score))
            {
                best = found.face;
                shown = true;
            }
        if (!shown)
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
        return cv::norm(deviation, NORM_INF) > PLAIN && lookAt(bgr, face, rollOf(face.landmarks), again);
    }

    /** The roll of a face by the landmark network, where YuNet is wrong; otherwise by YuNet, radians.
    YuNet takes nearly all faces that lie on their side or upside down for upright ones; that of 2023 even many that are
    rolled by 35 degrees. The landmark network does not: of 1,307 rolled by 0 to 180 degrees to either side, it chose a
    wrong orientation of 27.
    @param turns quarter turns to choose from: 1, none, or all 4 */
    double uprightRoll(const GrayPyramid& pyramid, const FaceRow& face, int turns)
    {
        const double sure = 8; // logit that ends the search: 637 of 653 upright faces have it, and 5 of 654 others
        const double seen = rollOf(face.landmarks);
        double best = seen, most = -DBL_MAX; // roll, logit
        for (int i = 0; i < turns && most < sure; ++i)
        {
            const Square square = squareOf(face, seen + i * CV_PI / 2);
            const Candidate candidate = uprightFaces.look(pyramid, { square })[0];
            if (candidate.logit > most)
            {
                best = rollOf(candidate.landmarks);
                most = candidate.logit;
            }
        }
        return angleBetween(best, seen) < CLEARLY_ROLLED ? seen : best;
    }

    /** Replaces a rolled face by the one found in the image rotated upright: otherwise YuNet misplaces its landmarks,
    by a quarter of the inter-ocular distance at 35 degrees, and its first roll is too small. A face that is cut off
    stays as it is.
    @param roll the first guess */
    void straighten(const Mat& bgr, FaceRow& face, double roll)
    {
        const bool lies = angleBetween(roll, rollOf(face.landmarks)) > CV_PI / 4;
        const float inside = (face.box & Rect2f(0, 0, float(bgr.cols), float(bgr.rows))).area();
        if (!lies && inside < LEAST_WHOLE * face.box.area())
            return;
        const int passes = 3;
        double before = 0;
        for (int pass = 0; pass < passes && angleBetween(roll, before) >= UPRIGHT; ++pass)
        {
            FaceRow found;
            if (!lookAt(bgr, face, roll, found))
                return;
            found.score = face.score; // that of the image as it is
            face = found;
            before = roll;
            roll = rollOf(face.landmarks);
        }
    }

    /** Straightens faces. One that becomes another one by that, such as the face in front of it, is taken out.
    @return those, as they were. */
    std::vector<FaceRow> straightenAll(
        const Mat& bgr, const GrayPyramid& pyramid, std::vector<FaceRow>& faces, int turns)
    {
        std::vector<FaceRow> straight = faces, kept, lost;
        std::vector<double> moved;
        for (size_t i = 0; i < faces.size(); ++i)
        {
            straighten(bgr, straight[i], uprightRoll(pyramid, faces[i], turns));
            moved.push_back(std::abs(straight[i].centre() - faces[i].centre()));
        }
        for (size_t i = 0; i < faces.size(); ++i)
        {
            bool becomesAnother = false;
            for (size_t k = 0; k < faces.size(); ++k)
                becomesAnother = becomesAnother
                                 || (moved[i] > moved[k] && isApart(faces[i], { faces[k] })
                                     && !isApart(straight[i], { straight[k] }));
            if (becomesAnother)
                lost.push_back(faces[i]);
            else
                kept.push_back(straight[i]);
        }
        faces = kept;
        return lost;
    }

    String name;
    std::vector<Ptr<FaceDetectorYN>> detectors;
    LandmarkNetwork uprightFaces;
};

} // namespace

Ptr<FaceDetector::Impl> createYuNetDetector(const String& model, float score_threshold, const DnnDevice& device)
{
    return makePtr<YuNet>(model.empty() ? findDataFile(SANPRIVACY_YUNET) : model, score_threshold, device);
}

#else

Ptr<FaceDetector::Impl> createYuNetDetector(const String&, float, const DnnDevice&)
{
    CV_Error(Error::StsNotImplemented, "This OpenCV has no objdetect module, which runs YuNet");
}

#endif // HAVE_OPENCV_OBJDETECT

}} // namespace cv::sanprivacy
