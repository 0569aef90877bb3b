// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "data_path.hpp"
#include "dnn_net.hpp"
#include "quarter_turns.hpp"
#include "similarity.hpp"

#include <algorithm>
#include <cfloat>
#include <tuple>

namespace cv { namespace sanprivacy {

class FaceDetector::Impl
{
public:
    virtual ~Impl() {}
    //! @param image 8-bit, gray or BGR. @return rows as FaceDetector::detect() promises, in any order; none: empty.
    virtual Mat detect(const Mat& image, bool quick) = 0;
};

namespace {

const int FACE_COLUMNS = 15, LANDMARKS = 5, FIRST_LANDMARK = 4, SCORE = 14; // of the rows of faces
const int MIRRORED[LANDMARKS] = { 1, 0, 2, 4, 3 };                           // what each landmark is in a mirror

#if defined HAVE_OPENCV_OBJDETECT || defined SANPRIVACY_HAVE_CASCADES

// What both detectors use. Lengths are in inter-ocular distances of the face's similarity to the canonical landmarks.

const double SIDE = 2.8; // of a square that the landmark network sees best

// YuNet's box around the landmarks, the mean of 380 faces: users of boxes find the same square with either detector.
const Point2c BOX_CENTRE(0, -.25);
const Size2d BOX(2.4, 3.);

//! A square of the image that may show a face.
struct Square
{
    Point2c centre;
    double side;
    double roll;   //!< radians
    bool mirrored; //!< look at its mirror image
    double votes;  //!< how many times it has been proposed
};

//! What the landmark network sees in a square.
struct Candidate
{
    std::vector<Point2c> landmarks; //!< pixels of the image
    double logit;                   //!< of the probability that the square shows a face
    double votes;
};

Mat toGray(const Mat& image)
{
    if (image.channels() == 1)
        return image;
    Mat gray;
    cvtColor(image, gray, COLOR_BGR2GRAY);
    return gray;
}

//! The gray image and its halves, so that a square of any size is cut from few pixels.
class Pyramid
{
public:
    explicit Pyramid(const Mat& gray) : levels(1, gray)
    {
        while (std::min(levels.back().cols, levels.back().rows) > 1
               && std::max(levels.back().cols, levels.back().rows) > SMALLEST)
        {
            Mat half;
            pyrDown(levels.back(), half);
            levels.push_back(half);
        }
    }

    Size size() const { return levels[0].size(); }

    //! dst = the image under the similarity.
    void warp(Mat& dst, const Similarity& transform) const
    {
        size_t level = 0;
        Similarity fromLevel = transform;
        for (; fromLevel.scale() <= .5 && level + 1 < levels.size(); ++level)
            fromLevel.a *= 2;
        warpSimilarity(levels[level], dst, fromLevel, INTER_LINEAR, BORDER_REPLICATE);
    }

private:
    static const int SMALLEST = 64;
    std::vector<Mat> levels;
};

//! The five-landmark network (data/landmarks.onnx): landmarks and the probability of a face for squares of an image.
class LandmarkNetwork
{
public:
    explicit LandmarkNetwork(const DnnDevice& device)
        : filename(findDataFile("landmarks.onnx")), net(readOnnx(filename, "landmark network", device))
    {
        const int shape[] = { 1, 1, INPUT, INPUT };
        forward(Mat(4, shape, CV_32F, Scalar(0)));
    }

    std::vector<Candidate> look(const Pyramid& pyramid, const std::vector<Square>& squares)
    {
        std::vector<Candidate> candidates;
        for (size_t begin = 0; begin < squares.size(); begin += AT_ONCE)
        {
            const int count = int(std::min(squares.size() - begin, size_t(AT_ONCE)));
            const int shape[] = { count, 1, INPUT, INPUT };
            Mat blob(4, shape, CV_32F), view(INPUT, INPUT, CV_8U);
            std::vector<Similarity> toSquare;
            for (int i = 0; i < count; ++i)
            {
                const Square& square = squares[begin + i];
                const Point2c a = std::polar(INPUT / square.side, -square.roll);
                toSquare.push_back(Similarity(a, Point2c(INPUT / 2., INPUT / 2.) - a * square.centre));
                pyramid.warp(view, toSquare.back());
                if (square.mirrored)
                    flip(view, view, 1);
                view.convertTo(blobPlane(blob, i), CV_32F, 1 / 255.);
            }
            const Mat output = forward(blob);
            for (int i = 0; i < count; ++i)
            {
                const float* numbers = output.ptr<float>(i);
                const Square& square = squares[begin + i];
                const Similarity toImage = toSquare[i].inverse();
                Candidate candidate;
                for (int k = 0; k < LANDMARKS; ++k)
                {
                    const float* point = numbers + 2 * (square.mirrored ? MIRRORED[k] : k);
                    Point2c z = Point2c(point[0], point[1]) * double(INPUT);
                    if (square.mirrored)
                        z.real(INPUT - 1 - z.real());
                    candidate.landmarks.push_back(toImage(z));
                }
                const double p = std::min(std::max(double(numbers[2 * LANDMARKS]), DOUBT), 1 - DOUBT);
                candidate.logit = std::log(p / (1 - p));
                candidate.votes = square.votes;
                candidates.push_back(candidate);
            }
        }
        return candidates;
    }

private:
    static const int INPUT = 96;    // pixels of the network's square
    static const int AT_ONCE = 16;  // squares in one pass
    const double DOUBT = 1e-4;      // the nearest that a probability comes to 0 and 1

    Mat forward(const Mat& blob)
    {
        Mat output;
        try
        {
            net.setInput(blob);
            output = net.forward();
        }
        catch (const Exception& e)
        {
            CV_Error(Error::StsBadArg, format("'%s' is not the landmark network: %s", filename.c_str(), reasonOf(e).c_str()));
        }
        if (output.dims != 2 || output.rows != blob.size[0] || output.cols != 2 * LANDMARKS + 1)
            CV_Error(Error::StsBadArg, format("'%s' is not the landmark network: it does not give %d numbers per face",
                                              filename.c_str(), 2 * LANDMARKS + 1));
        return output;
    }

    String filename;
    dnn::Net net;
};

#endif

// ---------------------------------------------------------------------------------------------------------------------

#ifdef HAVE_OPENCV_OBJDETECT

Mat toBgr(const Mat& image)
{
    if (image.channels() == 3)
        return image;
    Mat bgr;
    cvtColor(image, bgr, COLOR_GRAY2BGR);
    return bgr;
}

//! cv::FaceDetectorYN for images of any size.
class YuNet CV_FINAL : public FaceDetector::Impl
{
public:
    YuNet(const String& model, float threshold, const DnnDevice& device) : uprightFaces(device)
    {
        readOnnx(model, "face detector", device); // tells a missing or broken file from an unsuited one
        try
        {
            const Size first(STRIDE, STRIDE);
            detector = FaceDetectorYN::create(model, String(), first, threshold < 0 ? THRESHOLD : threshold, OVERLAP,
                                              MOST_FACES, device.backend, device.target);
            Mat none;
            detector->detect(Mat::zeros(first, CV_8UC3), none);
        }
        catch (const Exception& e)
        {
            CV_Error(Error::StsBadArg, format("'%s' is no YuNet that OpenCV %s runs, as " SANPRIVACY_YUNET " is: %s",
                                              model.c_str(), CV_VERSION, reasonOf(e).c_str()));
        }
    }

    Mat detect(const Mat& image, bool quick) CV_OVERRIDE
    {
        const Mat bgr = toBgr(image);
        if (std::min(bgr.cols, bgr.rows) < LEAST_IMAGE)
            return Mat();
        const double longSide = std::max(bgr.cols, bgr.rows);
        const double largest = std::max(std::min(LEAST_SIDE / longSide, MOST_ENLARGED), std::min(MOST_SIDE / longSide, 1.));
        std::vector<double> scales(1, largest);
        while (scales.back() * longSide > LEAST_SIDE)
            scales.push_back(scales.back() / 2);
        std::reverse(scales.begin(), scales.end());
        Mat faces = look(bgr, scales);
        if (faces.empty() && !quick)
            faces = look(bgr, scales.front(), BORDER); // a face may fill the image
        while (scales.size() > 1 && scales.back() * longSide > TURNED_SIDE)
            scales.pop_back();
        for (int turns = 1; turns < 4 && faces.empty() && !quick; turns += 2) // or lie on its side
        {
            faces = look(turnedClockwise(bgr, turns), scales);
            turnBack(faces, turns, bgr.size());
        }
        Mat certain;
        for (int i = 0; i < faces.rows; ++i)
            if (confirm(bgr, faces.row(i)))
                certain.push_back(faces.row(i));
        if (certain.empty())
            return certain;
        const Pyramid pyramid(toGray(image));
        for (int i = 0; i < certain.rows; ++i)
            straighten(bgr, certain.row(i), uprightRoll(pyramid, certain.row(i), quick ? 1 : 4));
        return certain;
    }

private:
    static const int STRIDE = 64; // sides that are multiples of it suit the network (it wants 32, but two of them)
    static const int MOST_FACES = 5000;
    const float THRESHOLD = .7f, OVERLAP = .3f, SAME_FACE = .3f; // overlaps: share of the smaller box, of the union
    const double MOST_SIDE = 1600, LEAST_SIDE = 256; // of the largest view, long side; the smallest has half to all of the latter
    const double TURNED_SIDE = 640;                  // the same of a turned image
    const double MOST_ENLARGED = 4;                  // beyond, there is nothing to be seen
    const int LEAST_IMAGE = 3;                     // side; the network sees faces from 10 pixels on
    const double BORDER = .25;                       // of the long side
    const double UPRIGHT = .12;                      // radians; so far a roll harms nothing
    const double CLEARLY_ROLLED = .25;               // radians, between what YuNet and the landmark network see
    const double LARGE = .6;                         // of a face's box, share of a side of the image
    const double PLAIN = 4;                          // standard deviation, gray levels
    const float LEAST_WHOLE = .95f;                  // share of a face's box inside the image

    static Rect2f box(const Mat& face)
    {
        return Rect2f(face.at<float>(0), face.at<float>(1), face.at<float>(2), face.at<float>(3));
    }

    /** Adds what a larger view shows.
    YuNet is at its best with faces of 100 to 250 pixels: it misplaces the landmarks of larger ones and sees faces in their
    parts. So a face that a smaller view showed well stays as it is, and one that it showed small is replaced. */
    void join(const Mat& found, float scale, Mat& faces, std::vector<float>& seen) const
    {
        const float wellSeen = 128, tooLarge = 256;
        const int before = faces.rows;
        for (int i = 0; i < found.rows; ++i)
        {
            const Rect2f candidate = box(found.row(i));
            const float height = candidate.height * scale;
            int known = 0;
            while (known < before && (box(faces.row(known)) & candidate).area()
                                     <= OVERLAP * std::min(box(faces.row(known)).area(), candidate.area()))
                ++known;
            if (known < before && seen[known] < wellSeen)
            {
                found.row(i).copyTo(faces.row(known));
                seen[known] = height;
            }
            else if (known == before && (before == 0 || height < tooLarge))
            {
                faces.push_back(found.row(i));
                seen.push_back(height);
            }
        }
    }

    //! Detects in views of several scales, the smallest first.
    Mat look(const Mat& bgr, const std::vector<double>& scales)
    {
        Mat faces;
        std::vector<float> seen; // height of each face's box in the view it was found in
        for (double scale : scales)
            join(look(bgr, scale, 0), float(scale), faces, seen);
        return faces;
    }

    //! Detects in the scaled image within a black border, the given share of its long side wide.
    Mat look(const Mat& bgr, double scale, double border)
    {
        const Size size(std::max(1, cvRound(bgr.cols * scale)), std::max(1, cvRound(bgr.rows * scale)));
        const int margin = cvRound(border * std::max(size.width, size.height));
        Mat scaled, framed, faces;
        resize(bgr, scaled, size, 0, 0, scale < 1 ? INTER_AREA : INTER_LINEAR);
        copyMakeBorder(scaled, framed, margin, alignSize(size.height + 2 * margin, STRIDE) - size.height - margin,
                       margin, alignSize(size.width + 2 * margin, STRIDE) - size.width - margin, BORDER_CONSTANT);
        detector->setInputSize(framed.size());
        detector->detect(framed, faces);
        if (faces.empty())
            return Mat();

        const float sx = float(bgr.cols) / size.width, sy = float(bgr.rows) / size.height;
        for (int i = 0; i < faces.rows; ++i)
        {
            float* face = faces.ptr<float>(i);
            for (int k = 0; k < SCORE; k += 2)
            {
                const bool isSize = k == 2;
                face[k] = (face[k] - (isSize ? 0 : margin)) * sx;
                face[k + 1] = (face[k + 1] - (isSize ? 0 : margin)) * sy;
            }
        }
        return faces;
    }

    static Point2c landmark(const Mat& face, int k)
    {
        return Point2c(face.at<float>(FIRST_LANDMARK + 2 * k), face.at<float>(FIRST_LANDMARK + 2 * k + 1));
    }

    //! Direction of the face's horizontal, by its eyes and the corners of its mouth; radians.
    static double rollOf(const std::vector<Point2c>& landmarks)
    {
        return std::arg(landmarks[1] - landmarks[0] + landmarks[4] - landmarks[3]);
    }

    static double rollOf(const Mat& face)
    {
        std::vector<Point2c> landmarks;
        for (int k = 0; k < LANDMARKS; ++k)
            landmarks.push_back(landmark(face, k));
        return rollOf(landmarks);
    }

    static double angleBetween(double a, double b) { return std::abs(std::arg(std::polar(1., a - b))); }

    //! The face as a small view shows it in which the given direction is horizontal; empty if it does not.
    Mat lookAt(const Mat& bgr, const Mat& face, double roll)
    {
        const int side = VIEW;
        const Rect2f place = box(face);
        const Point2c centre(place.x + place.width / 2, place.y + place.height / 2), middle(side / 2., side / 2.);
        const Point2c a = std::polar(FACE_IN_VIEW / double(std::max(place.width, place.height)), -roll);
        const Similarity toView(a, middle - a * centre), toImage = toView.inverse();
        Mat view(side, side, CV_8UC3), found, best;
        warpSimilarity(bgr, view, toView, INTER_LINEAR, BORDER_CONSTANT);
        detector->setInputSize(view.size());
        detector->detect(view, found);
        const Size2f seen = Size2f(place.width, place.height) * float(toView.scale());
        const Rect2f expected((side - seen.width) / 2, (side - seen.height) / 2, seen.width, seen.height);
        for (int i = 0; i < found.rows; ++i)
        {
            const float common = (box(found.row(i)) & expected).area(), all = box(found.row(i)).area() + expected.area() - common;
            if (common > SAME_FACE * all && (best.empty() || found.at<float>(i, SCORE) > best.at<float>(SCORE)))
                best = found.row(i).clone();
        }
        if (best.empty())
            return best;

        const Size2d size(best.at<float>(2) * toImage.scale(), best.at<float>(3) * toImage.scale());
        const Point2c at = toImage(Point2c(best.at<float>(0) + best.at<float>(2) / 2, best.at<float>(1) + best.at<float>(3) / 2));
        for (int k = 0; k < LANDMARKS; ++k)
        {
            const Point2c point = toImage(landmark(best, k));
            best.at<float>(FIRST_LANDMARK + 2 * k) = float(point.real());
            best.at<float>(FIRST_LANDMARK + 2 * k + 1) = float(point.imag());
        }
        best.at<float>(0) = float(at.real() - size.width / 2);
        best.at<float>(1) = float(at.imag() - size.height / 2);
        best.at<float>(2) = float(size.width);
        best.at<float>(3) = float(size.height);
        return best;
    }

    //! Of a plain image YuNet takes the whole for a face: one that fills most of it must be seen smaller, too.
    bool confirm(const Mat& bgr, const Mat& face)
    {
        const Rect2f place = box(face);
        if (place.width < LARGE * bgr.cols && place.height < LARGE * bgr.rows)
            return true;
        const Rect inside = Rect(place) & Rect(Point(), bgr.size());
        if (inside.empty())
            return false;
        Scalar mean, deviation;
        meanStdDev(bgr(inside), mean, deviation);
        return cv::norm(deviation, NORM_INF) > PLAIN && !lookAt(bgr, face, rollOf(face)).empty();
    }

    /** The roll of a face as the landmark network sees it, where YuNet is wrong; else as YuNet does, radians.
    YuNet takes nearly all faces that lie on their side or upside down for upright ones; that of 2023 even many that are rolled by 35 degrees. The landmark
    network does not: of 1,307 rolled by 0 to 180 degrees to either side, it chose a wrong turn of 27.
    @param turns quarter turns to choose from: 1, none, or all 4 */
    double uprightRoll(const Pyramid& pyramid, const Mat& face, int turns)
    {
        const double sure = 8; // logit that ends the search: 637 of 653 upright faces have it, and 5 of 654 others
        const Rect2f place = box(face);
        const double seen = rollOf(face), eyes = std::max(place.width, place.height) / BOX.height;
        const Point2c middle(place.x + place.width / 2, place.y + place.height / 2);
        double best = seen, most = -DBL_MAX; // roll, logit
        for (int i = 0; i < turns && most < sure; ++i)
        {
            const double roll = seen + i * CV_PI / 2;
            const Square square = { middle - std::polar(eyes, roll) * BOX_CENTRE, SIDE * eyes, roll, false, 1 };
            const Candidate candidate = uprightFaces.look(pyramid, { square })[0];
            if (candidate.logit > most)
            {
                best = rollOf(candidate.landmarks);
                most = candidate.logit;
            }
        }
        return angleBetween(best, seen) < CLEARLY_ROLLED ? seen : best;
    }

    /** Replaces a rolled face by what an upright view of it shows: YuNet misplaces its landmarks otherwise, by a quarter of the
    inter-ocular distance at 35 degrees. It tells the roll too small at first. One that is cut off tells nothing.
    @param roll the first guess */
    void straighten(const Mat& bgr, Mat face, double roll)
    {
        const Rect2f place = box(face);
        const bool lies = angleBetween(roll, rollOf(face)) > CV_PI / 4;
        if (!lies && (place & Rect2f(0, 0, float(bgr.cols), float(bgr.rows))).area() < LEAST_WHOLE * place.area())
            return;
        const int passes = 3;
        double before = 0;
        for (int pass = 0; pass < passes && angleBetween(roll, before) >= UPRIGHT; ++pass)
        {
            const Mat found = lookAt(bgr, face, roll);
            if (found.empty())
                return;
            found.colRange(0, SCORE).copyTo(face.colRange(0, SCORE)); // the score is that of the image as it is
            before = roll;
            roll = rollOf(face);
        }
    }

    static const int VIEW = 320, FACE_IN_VIEW = 160; // of straighten(), pixels

    Ptr<FaceDetectorYN> detector;
    LandmarkNetwork uprightFaces;
};

#endif // HAVE_OPENCV_OBJDETECT

// ---------------------------------------------------------------------------------------------------------------------

#ifdef SANPRIVACY_HAVE_CASCADES

//! The network's probability of a face; the odds are less where a candidate has fewer votes than most faces get.
double score(const Candidate& candidate)
{
    const double usualVotes = 3;
    return 1 / (1 + std::exp(-candidate.logit) * usualVotes / std::min(candidate.votes, usualVotes));
}

//! A face as its landmarks place it.
struct Pose
{
    Point2c centre;   //!< of the five points
    double eyes;      //!< inter-ocular distance, pixels
    double roll;      //!< radians
    double residual;  //!< root mean square distance of the points from the canonical ones, inter-ocular distances
};

std::vector<Point2c> canonicalPoints()
{
    Mat_<float> landmarks;
    getCanonicalLandmarks(landmarks);
    std::vector<Point2c> points;
    for (int i = 0; i < landmarks.rows; ++i)
        points.push_back(Point2c(landmarks(i, 0), landmarks(i, 1)));
    return points;
}

Pose poseOf(const std::vector<Point2c>& landmarks)
{
    static const std::vector<Point2c> canonical = canonicalPoints();
    const Similarity similarity = fitSimilarity(canonical, landmarks);
    Pose pose = { 0., similarity.scale() * std::abs(canonical[1] - canonical[0]), std::arg(similarity.a), 0 };
    for (int i = 0; i < LANDMARKS; ++i)
    {
        pose.centre += landmarks[i] / double(LANDMARKS);
        pose.residual += std::norm(similarity(canonical[i]) - landmarks[i]) / LANDMARKS;
    }
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
struct View
{
    Mat image;
    Similarity toImage;
    double roll; // of upright faces found in the view, radians
};

/** @brief Cascades propose, the landmark network decides.

Cascades are cheap, but miss faces that are rolled, turned, dark or cut off. So there are several rounds, each more
generous and costlier than the one before, and the next one is run only where no sure face has been found. The network
sees every proposal again where its own estimate placed it, at last in several views whose mean counts. */
class CascadeDetector CV_FINAL : public FaceDetector::Impl
{
public:
    CascadeDetector(float wanted, const DnnDevice& device)
        : frontal(Point2d(0, .085), .38), generous(Point2d(0, .08), .375), profile(Point2d(-.155, .105), .35),
          network(device), threshold(wanted < 0 ? THRESHOLD : wanted)
    {
        load(frontal.cascade, "haarcascade_frontalface_alt2.xml");
        load(generous.cascade, "haarcascade_frontalface_default.xml");
        load(profile.cascade, "haarcascade_profileface.xml");
    }

    Mat detect(const Mat& image, bool quick) CV_OVERRIDE
    {
        const Pyramid pyramid(toGray(image));
        std::vector<Candidate> seen;
        const int rounds = quick ? ROLLED_ROUND : ROUNDS;
        for (int round = 0; round < rounds && distinct(seen, SURE).empty(); ++round)
        {
            const std::vector<Candidate> found = look(pyramid, propose(pyramid, round));
            seen.insert(seen.end(), found.begin(), found.end());
        }
        Mat rows(0, FACE_COLUMNS, CV_32F);
        for (const Candidate& face : distinct(seen, threshold))
            rows.push_back(row(face));
        return rows;
    }

private:
    enum { FRONTAL_ROUND, GENEROUS_ROUND, ROLLED_ROUND, EVERYWHERE_ROUND, ROUNDS };

    const float THRESHOLD = .9f;
    const double SURE = .99;            // score of a face that ends the search
    const double FIRST_THRESHOLD = .1;  // of a proposed square, which may be off
    const double MOST_RESIDUAL = .3;    // turned faces reach .25
    const double LEAST_EYES = 8;        // pixels
    const int REFINEMENTS = 2;

    const double MOST_SIDE = 1000, LEAST_SIDE = 320; // of a view, long side
    const double LATER_SIDE = 640;                   // the most after the first round: one face is missing, not many small ones
    const int LEAST_FACE = 24;                       // side of a cascade's box, pixels of the view
    const double STEP = 1.1;                         // of a cascade's scales
    const int NEIGHBOURS = 1;                        // boxes beside the first that must agree

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
            CV_Error(Error::StsObjectNotFound, format("The cascade '%s' is %s: install opencv-data or set %s to its folder",
                     name.c_str(), path.empty() ? "missing" : "broken", variable));
    }

    View viewOf(const Pyramid& pyramid, double mostSide, double roll) const
    {
        const Size full = pyramid.size();
        const double longSide = std::max(full.width, full.height);
        const double scale = std::max(std::min(1., mostSide / longSide), LEAST_SIDE / longSide);
        // Rolled by that much, the image needs a larger view.
        const double c = std::abs(std::cos(roll)), s = std::abs(std::sin(roll));
        const Size size(std::max(1, cvRound(scale * (c * full.width + s * full.height))),
                        std::max(1, cvRound(scale * (s * full.width + c * full.height))));
        const Point2c a = std::polar(scale, -roll);
        const Similarity toView(a, Point2c(size.width - 1, size.height - 1) * .5
                                       - a * Point2c(full.width - 1, full.height - 1) * .5);
        View view = { Mat(size, CV_8U), toView.inverse(), roll };
        pyramid.warp(view.image, toView);
        return view;
    }

    //! Squares around the boxes that a cascade finds in the view or, mirrored, in its mirror image.
    void search(Proposer& proposer, const View& view, bool mirrored, std::vector<Square>& squares) const
    {
        Mat image = view.image;
        if (mirrored)
            flip(view.image, image, 1);
        std::vector<Rect> boxes;
        std::vector<int> votes;
        proposer.cascade.detectMultiScale(image, boxes, votes, STEP, NEIGHBOURS, 0, Size(LEAST_FACE, LEAST_FACE));
        for (size_t i = 0; i < boxes.size(); ++i)
        {
            const Rect& box = boxes[i];
            Point2c centre(box.x + (.5 + proposer.centre.x) * box.width, box.y + (.5 + proposer.centre.y) * box.height);
            if (mirrored)
                centre.real(image.cols - 1 - centre.real());
            const double eyes = proposer.eyes * box.width * view.toImage.scale();
            const Square square = { view.toImage(centre), SIDE * eyes, view.roll, false, double(votes[i]) };
            squares.push_back(square);
        }
        // Cascades give their boxes in the order in which their threads find them.
        std::sort(squares.begin(), squares.end(), [](const Square& a, const Square& b)
            { return std::make_tuple(a.side, a.centre.real(), a.centre.imag()) < std::make_tuple(b.side, b.centre.real(), b.centre.imag()); });
    }

    //! Squares of all sizes everywhere, as dense as the network's tolerance of misplaced squares asks for.
    static void cover(const Size& size, std::vector<Square>& squares)
    {
        const double largest = 1.5 * std::max(size.width, size.height), smallest = .3 * std::max(size.width, size.height);
        const double ratio = 1.5, stride = .25; // in the square's side
        const double votes = 1. / 8;            // so many squares end at one face
        for (double side = largest; side > smallest; side /= ratio)
        {
            const int across = cvCeil(size.width / (stride * side)), down = cvCeil(size.height / (stride * side));
            for (int y = 0; y < down; ++y)
                for (int x = 0; x < across; ++x)
                {
                    const Square square = { Point2c((x + .5) * size.width / across, (y + .5) * size.height / down), side, 0,
                                            false, votes };
                    squares.push_back(square);
                }
        }
    }

    std::vector<Square> propose(const Pyramid& pyramid, int round)
    {
        const double eighth = CV_PI / 4;
        std::vector<Square> squares;
        if (round == EVERYWHERE_ROUND)
        {
            cover(pyramid.size(), squares);
            return squares;
        }
        const View upright = viewOf(pyramid, round == FRONTAL_ROUND ? MOST_SIDE : LATER_SIDE, 0);
        if (round == FRONTAL_ROUND)
        {
            search(frontal, upright, false, squares);
        }
        else if (round == GENEROUS_ROUND)
        {
            search(generous, upright, false, squares);
            search(profile, upright, false, squares);
            search(profile, upright, true, squares);
        }
        else
        {
            search(frontal, viewOf(pyramid, LATER_SIDE, -eighth), false, squares);
            search(frontal, viewOf(pyramid, LATER_SIDE, eighth), false, squares);
        }
        return squares;
    }

    bool plausible(const Candidate& candidate) const
    {
        // A pose needs two eyes.
        return std::abs(candidate.landmarks[1] - candidate.landmarks[0]) >= LEAST_EYES
               && poseOf(candidate.landmarks).residual <= MOST_RESIDUAL;
    }

    //! What the network makes of the proposals in the end.
    std::vector<Candidate> look(const Pyramid& pyramid, const std::vector<Square>& proposals)
    {
        std::vector<Candidate> candidates = network.look(pyramid, proposals);
        for (int pass = 1; pass <= REFINEMENTS; ++pass)
        {
            std::vector<Square> squares;
            for (const Candidate& candidate : distinct(candidates, FIRST_THRESHOLD))
                squares.push_back(squareAround(candidate));
            candidates = network.look(pyramid, squares);
        }
        candidates = distinct(candidates, FIRST_THRESHOLD);
        for (Candidate& candidate : candidates)
            candidate = meanOfViews(pyramid, candidate);
        return candidates;
    }

    static Square squareAround(const Candidate& candidate)
    {
        const Pose pose = poseOf(candidate.landmarks);
        const Square square = { pose.centre, SIDE * pose.eyes, pose.roll, false, candidate.votes };
        return square;
    }

    //! A face looks the same in a square a little larger, rolled or mirrored; what is none does not, and errors cancel out.
    Candidate meanOfViews(const Pyramid& pyramid, const Candidate& candidate)
    {
        const int turns = 3;                  // of each, upright in between
        const double zoom = 1.15, roll = .2;  // radians
        std::vector<Square> squares;
        for (int view = 0; view < 2 * turns; ++view)
        {
            Square square = squareAround(candidate);
            square.mirrored = view >= turns;
            const int turn = view % turns - 1;
            square.side *= std::pow(zoom, turn);
            square.roll += roll * (square.mirrored ? -turn : turn);
            squares.push_back(square);
        }
        const std::vector<Candidate> views = network.look(pyramid, squares);
        Candidate result = { std::vector<Point2c>(LANDMARKS), 0, candidate.votes };
        for (const Candidate& view : views)
        {
            for (int k = 0; k < LANDMARKS; ++k)
                result.landmarks[k] += view.landmarks[k] / double(views.size());
            result.logit += view.logit / double(views.size());
        }
        return result;
    }

    //! Plausible candidates, best first, each face once with the votes of all its candidates.
    std::vector<Candidate> distinct(std::vector<Candidate> candidates, double least) const
    {
        const double nearest = 1.2; // of two faces' centres, inter-ocular distances of the larger
        std::sort(candidates.begin(), candidates.end(),
                  [](const Candidate& a, const Candidate& b) { return score(a) > score(b); });
        std::vector<Candidate> kept;
        std::vector<Pose> poses;
        for (const Candidate& candidate : candidates)
        {
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
                                  [&](const Candidate& candidate) { return !(score(candidate) >= least); }), kept.end());
        return kept;
    }

    Mat row(const Candidate& face) const
    {
        const Pose pose = poseOf(face.landmarks);
        const Point2c centre = pose.centre + std::polar(pose.eyes, pose.roll) * BOX_CENTRE;
        Mat_<float> result(1, FACE_COLUMNS);
        result(0) = float(centre.real() - .5 * BOX.width * pose.eyes);
        result(1) = float(centre.imag() - .5 * BOX.height * pose.eyes);
        result(2) = float(BOX.width * pose.eyes);
        result(3) = float(BOX.height * pose.eyes);
        for (int k = 0; k < LANDMARKS; ++k)
        {
            result(FIRST_LANDMARK + 2 * k) = float(face.landmarks[k].real());
            result(FIRST_LANDMARK + 2 * k + 1) = float(face.landmarks[k].imag());
        }
        result(SCORE) = float(score(face));
        return std::move(result);
    }

    Proposer frontal, generous, profile;
    LandmarkNetwork network;
    double threshold;
};

#endif // SANPRIVACY_HAVE_CASCADES

} // namespace

// ---------------------------------------------------------------------------------------------------------------------

FaceDetector::FaceDetector() {}

Ptr<FaceDetector> FaceDetector::create(const String& detector, float score_threshold, int backend_id, int target_id)
{
    CV_Check(score_threshold, score_threshold <= 1, "A score lies in 0..1");
    const DnnDevice device = selectDevice(backend_id, target_id);
    CV_UNUSED(device);
    Ptr<FaceDetector> result = makePtr<FaceDetector>();
    if (detector == "cascade")
    {
#ifdef SANPRIVACY_HAVE_CASCADES
        result->p = makePtr<CascadeDetector>(score_threshold, device);
#else
        CV_Error(Error::StsNotImplemented, "This OpenCV has no CascadeClassifier (modules objdetect, and xobjdetect since 5)");
#endif
    }
    else
    {
#ifdef HAVE_OPENCV_OBJDETECT
        result->p = makePtr<YuNet>(detector.empty() ? findDataFile(SANPRIVACY_YUNET) : detector, score_threshold, device);
#else
        CV_Error(Error::StsNotImplemented, "This OpenCV has no objdetect module, which runs YuNet");
#endif
    }
    return result;
}

bool FaceDetector::empty() const
{
    return !p;
}

void FaceDetector::detect(InputArray _image, OutputArray _faces, bool quick)
{
    CV_INSTRUMENT_REGION();
    if (empty())
        CV_Error(Error::StsNullPtr, "The detector is empty: use FaceDetector::create()");
    Mat image = _image.getMat();
    CV_Check(image.size(), !image.empty(), "The image is empty");
    CV_CheckDepth(image.depth(), image.depth() == CV_8U || image.depth() == CV_16U, "The image must be 8-bit or 16-bit unsigned");
    CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "The image must be gray or BGR");
    if (image.depth() == CV_16U)
    {
        Mat bytes;
        image.convertTo(bytes, CV_8U, 255. / 65535);
        image = bytes;
    }

    const Mat faces = p->detect(image, quick);
    _faces.create(faces.rows, FACE_COLUMNS, CV_32F);
    if (faces.empty())
        return;
    Mat order, sorted = _faces.getMat();
    sortIdx(faces.col(SCORE), order, SORT_EVERY_COLUMN | SORT_DESCENDING);
    for (int i = 0; i < faces.rows; ++i)
        faces.row(order.at<int>(i)).copyTo(sorted.row(i));
}

}} // namespace cv::sanprivacy
