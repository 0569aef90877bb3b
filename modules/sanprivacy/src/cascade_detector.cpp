// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "cascade_detector.hpp"
#include "data_path.hpp"
#include "landmark_network.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace cv { namespace sanprivacy {

#ifdef SANPRIVACY_HAVE_CASCADES

namespace {

//! The network's probability of a face; the odds are less where a candidate has fewer votes than most faces get.
double score(const Candidate& candidate)
{
    const double usualVotes = 3;
    return 1 / (1 + std::exp(-candidate.logit) * usualVotes / std::min(candidate.votes, usualVotes));
}

//! A face as its landmarks place it.
struct Pose
{
    Point2c centre;  //!< of the five points
    double eyes;     //!< inter-ocular distance, pixels
    double roll;     //!< radians
    double residual; //!< root mean square distance of the points from the canonical ones, inter-ocular distances
};

Pose poseOf(const Landmarks& landmarks)
{
    const Landmarks canonical = canonicalLandmarks();
    const Similarity similarity = cropToImage(landmarks);
    Pose pose = { centreOf(landmarks), similarity.scale() * std::abs(canonical[1] - canonical[0]),
        std::arg(similarity.a), 0 };
    for (int i = 0; i < FaceRow::LANDMARKS; ++i)
        pose.residual += std::norm(similarity(canonical[i]) - landmarks[i]) / FaceRow::LANDMARKS;
    pose.residual = std::sqrt(pose.residual) / pose.eyes;
    return pose;
}

//! A cascade, and where the face lies in its boxes (in their sides; the means of 249 faces).
struct Proposer
{
    CascadeClassifier cascade;
    Point2d centre; //!< of the five points, from the box's
    double eyes;    //!< inter-ocular distance

    Proposer(const Point2d& c, double e) : centre(c), eyes(e) {}
};

//! The image at a size that cascades search, and the way back.
struct ScaledImage
{
    Mat image;
    Similarity toImage;
    double roll; // of upright faces found in the scaled image, radians
};

/** @brief Cascades propose, the landmark network decides.

Cascades are cheap, but miss faces that are rolled, not frontal, dark or cut off. So there are several rounds, each more
tolerant and costlier than the one before; the next one runs only if no sure face has been found. The network computes
every proposal again at the place of its own estimate, and finally the mean over several crops of it. */
class CascadeDetector CV_FINAL : public FaceDetector::Impl
{
public:
    CascadeDetector(float wanted, const DnnDevice& device)
        : frontal(Point2d(0, .085), .38), tolerant(Point2d(0, .08), .375), profile(Point2d(-.155, .105), .35),
          network(device), threshold(wanted < 0 ? THRESHOLD : wanted)
    {
        load(frontal.cascade, "haarcascade_frontalface_alt2.xml");
        load(tolerant.cascade, "haarcascade_frontalface_default.xml");
        load(profile.cascade, "haarcascade_profileface.xml");
    }

    std::vector<FaceRow> detect(const Mat& image, bool quick, const Known&) CV_OVERRIDE
    {
        const GrayPyramid pyramid(image);
        std::vector<Candidate> candidates;
        const int rounds = quick ? ROLLED_ROUND : ROUNDS;
        for (int round = 0; round < rounds && distinct(candidates, SURE).empty(); ++round)
        {
            const std::vector<Candidate> found = refine(pyramid, propose(pyramid, round));
            candidates.insert(candidates.end(), found.begin(), found.end());
        }
        std::vector<FaceRow> faces;
        for (const Candidate& face : distinct(candidates, threshold))
            faces.push_back(toRow(face));
        return faces;
    }

    int smallestFace(const Size& image) const CV_OVERRIDE
    {
        const double longSide = std::max(image.width, image.height), smallest = frontal.eyes * LEAST_FACE * BOX.width;
        return cvCeil(smallest / std::min(1., MOST_SIDE / std::max(longSide, 1.)));
    }

private:
    enum
    {
        FRONTAL_ROUND,
        TOLERANT_ROUND,
        ROLLED_ROUND,
        EVERYWHERE_ROUND,
        ROUNDS
    };

    const float THRESHOLD = .9f;
    const double SURE = .99;           // score of a face that ends the search
    const double FIRST_THRESHOLD = .1; // of a proposed square, which may be off
    const double MOST_RESIDUAL = .3;   // faces that are not frontal reach .25
    const double LEAST_EYES = 8;       // pixels
    const int REFINEMENTS = 2;

    const double MOST_SIDE = 1000, LEAST_SIDE = 320; // of the scaled image, long side
    const double LATER_SIDE = 640; // the most after the first round: one face is missing, not many small ones
    const int LEAST_FACE = 24;     // side of a cascade's box, pixels of the scaled image
    const double STEP = 1.1;       // of a cascade's scales
    const int NEIGHBOURS = 1;      // boxes beside the first that must agree

    static void load(CascadeClassifier& cascade, const String& name)
    {
        const char* const variable = "OPENCV_SANPRIVACY_CASCADE_PATH";
        std::vector<String> folders;
        const String chosen = environmentVariable(variable);
        if (!chosen.empty())
        {
            folders.push_back(chosen);
        }
        else
        {
            folders.push_back(libraryFolder() + "../data"); // cv2.data of a wheel
            for (const char* folder : { SANPRIVACY_OPENCV_DATA "/haarcascades", "/usr/share/opencv4/haarcascades",
                     "/usr/local/share/opencv4/haarcascades", "/usr/share/opencv5/haarcascades",
                     "/usr/local/share/opencv5/haarcascades", "/usr/lib/python3/dist-packages/cv2/data",
                     "/usr/local/lib/python3/dist-packages/cv2/data" })
                folders.push_back(folder);
        }
        const String path = findInFolders(name, folders);
        if (path.empty() || !cascade.load(path))
            CV_Error(
                Error::StsObjectNotFound, format("The cascade '%s' is %s: install opencv-data or set %s to its folder",
                                              name.c_str(), path.empty() ? "missing" : "broken", variable));
    }

    ScaledImage scaledImage(const GrayPyramid& pyramid, double mostSide, double roll) const
    {
        const Size full = pyramid.size();
        const double longSide = std::max(full.width, full.height);
        const double scale = std::max(std::min(1., mostSide / longSide), LEAST_SIDE / longSide);
        // The rotated image needs a larger frame.
        const double c = std::abs(std::cos(roll)), s = std::abs(std::sin(roll));
        const Size size(std::max(1, cvRound(scale * (c * full.width + s * full.height))),
            std::max(1, cvRound(scale * (s * full.width + c * full.height))));
        const Point2c a = std::polar(scale, -roll);
        const Similarity toScaled(
            a, Point2c(size.width - 1, size.height - 1) * .5 - a * Point2c(full.width - 1, full.height - 1) * .5);
        ScaledImage scaled = { Mat(size, CV_8U), toScaled.inverse(), roll };
        pyramid.warp(scaled.image, toScaled);
        return scaled;
    }

    //! Squares around the boxes that a cascade finds in the scaled image or, mirrored, in its mirror image.
    void search(Proposer& proposer, const ScaledImage& scaled, bool mirrored, std::vector<Square>& squares) const
    {
        Mat image = scaled.image;
        if (mirrored)
            flip(scaled.image, image, 1);
        std::vector<Rect> boxes;
        std::vector<int> votes;
        proposer.cascade.detectMultiScale(image, boxes, votes, STEP, NEIGHBOURS, 0, Size(LEAST_FACE, LEAST_FACE));
        for (size_t i = 0; i < boxes.size(); ++i)
        {
            const Rect& box = boxes[i];
            Point2c centre(box.x + (.5 + proposer.centre.x) * box.width, box.y + (.5 + proposer.centre.y) * box.height);
            if (mirrored)
                centre.real(image.cols - 1 - centre.real());
            const double eyes = proposer.eyes * box.width * scaled.toImage.scale();
            const Square square = { scaled.toImage(centre), SQUARE_SIDE * eyes, scaled.roll, false, double(votes[i]) };
            squares.push_back(square);
        }
        // Cascades give their boxes in the order in which their threads find them.
        std::sort(squares.begin(), squares.end(),
            [](const Square& a, const Square& b)
            {
                return std::make_tuple(a.side, a.centre.real(), a.centre.imag())
                       < std::make_tuple(b.side, b.centre.real(), b.centre.imag());
            });
    }

    //! Squares of all sizes on a grid, as dense as the network's tolerance of misplaced squares asks for.
    static void addGrid(const Size& size, std::vector<Square>& squares)
    {
        const double largest = 1.5 * std::max(size.width, size.height),
                     smallest = .3 * std::max(size.width, size.height);
        const double ratio = 1.5, stride = .25; // in the square's side
        const double votes = 1. / 8;            // so many squares end at one face
        for (double side = largest; side > smallest; side /= ratio)
        {
            const int across = cvCeil(size.width / (stride * side)), down = cvCeil(size.height / (stride * side));
            for (int y = 0; y < down; ++y)
                for (int x = 0; x < across; ++x)
                {
                    const Square square = { Point2c((x + .5) * size.width / across, (y + .5) * size.height / down),
                        side, 0, false, votes };
                    squares.push_back(square);
                }
        }
    }

    std::vector<Square> propose(const GrayPyramid& pyramid, int round)
    {
        const double eighth = CV_PI / 4;
        std::vector<Square> squares;
        if (round == EVERYWHERE_ROUND)
        {
            addGrid(pyramid.size(), squares);
            return squares;
        }
        const ScaledImage upright = scaledImage(pyramid, round == FRONTAL_ROUND ? MOST_SIDE : LATER_SIDE, 0);
        if (round == FRONTAL_ROUND)
        {
            search(frontal, upright, false, squares);
        }
        else if (round == TOLERANT_ROUND)
        {
            search(tolerant, upright, false, squares);
            search(profile, upright, false, squares);
            search(profile, upright, true, squares);
        }
        else
        {
            search(frontal, scaledImage(pyramid, LATER_SIDE, -eighth), false, squares);
            search(frontal, scaledImage(pyramid, LATER_SIDE, eighth), false, squares);
        }
        return squares;
    }

    bool plausible(const Candidate& candidate) const
    {
        // A pose needs two eyes.
        return std::abs(candidate.landmarks[1] - candidate.landmarks[0]) >= LEAST_EYES
               && poseOf(candidate.landmarks).residual <= MOST_RESIDUAL;
    }

    //! The candidates that the network finally accepts.
    std::vector<Candidate> refine(const GrayPyramid& pyramid, const std::vector<Square>& proposals)
    {
        std::vector<Candidate> candidates = network.predict(pyramid, proposals);
        for (int pass = 1; pass <= REFINEMENTS; ++pass)
        {
            std::vector<Square> squares;
            for (const Candidate& candidate : distinct(candidates, FIRST_THRESHOLD))
                squares.push_back(squareAround(candidate));
            candidates = network.predict(pyramid, squares);
        }
        candidates = distinct(candidates, FIRST_THRESHOLD);
        for (Candidate& candidate : candidates)
            candidate = network.predictAveraged(pyramid, squareAround(candidate));
        return candidates;
    }

    static Square squareAround(const Candidate& candidate)
    {
        const Pose pose = poseOf(candidate.landmarks);
        const Square square = { pose.centre, SQUARE_SIDE * pose.eyes, pose.roll, false, candidate.votes };
        return square;
    }

    //! Plausible candidates, best first, each face once with the votes of all its candidates.
    std::vector<Candidate> distinct(const std::vector<Candidate>& candidates, double least) const
    {
        const double nearest = 1.2;                   // of two faces' centres, inter-ocular distances of the larger
        std::vector<std::pair<double, size_t>> order; // scores and numbers
        for (const Candidate& candidate : candidates)
            order.emplace_back(-score(candidate), order.size());
        std::sort(order.begin(), order.end());
        std::vector<Candidate> kept;
        std::vector<Pose> poses;
        for (const std::pair<double, size_t>& place : order)
        {
            const Candidate& candidate = candidates[place.second];
            if (!plausible(candidate))
                continue;
            const Pose pose = poseOf(candidate.landmarks);
            size_t known = 0;
            while (known < kept.size()
                   && std::abs(pose.centre - poses[known].centre) >= nearest * std::max(pose.eyes, poses[known].eyes))
                ++known;
            if (known < kept.size())
            {
                kept[known].votes += candidate.votes;
                continue;
            }
            kept.push_back(candidate);
            poses.push_back(pose);
        }
        kept.erase(std::remove_if(kept.begin(), kept.end(),
                       [&](const Candidate& candidate) { return !(score(candidate) >= least); }),
            kept.end());
        return kept;
    }

    static FaceRow toRow(const Candidate& face)
    {
        const Pose pose = poseOf(face.landmarks);
        const Point2c centre = pose.centre + std::polar(pose.eyes, pose.roll) * BOX_CENTRE;
        FaceRow row;
        row.box = Rect2f(float(centre.real() - .5 * BOX.width * pose.eyes),
            float(centre.imag() - .5 * BOX.height * pose.eyes), float(BOX.width * pose.eyes),
            float(BOX.height * pose.eyes));
        row.landmarks = face.landmarks;
        row.score = float(score(face));
        return row;
    }

    Proposer frontal, tolerant, profile;
    LandmarkNetwork network;
    double threshold;
};

} // namespace

Ptr<FaceDetector::Impl> createCascadeDetector(float score_threshold, const DnnDevice& device)
{
    return makePtr<CascadeDetector>(score_threshold, device);
}

#else

Ptr<FaceDetector::Impl> createCascadeDetector(float, const DnnDevice&)
{
    CV_Error(
        Error::StsNotImplemented, "This OpenCV has no CascadeClassifier (modules objdetect, and xobjdetect since 5)");
}

#endif // SANPRIVACY_HAVE_CASCADES

}} // namespace cv::sanprivacy
