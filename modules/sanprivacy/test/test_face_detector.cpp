// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_face_detector_common.hpp"

#include "opencv2/core/utils/filesystem.hpp"
#include <sstream>

namespace opencv_test { namespace {

const int SCORE = 14;

typedef testing::TestWithParam<const char*> SanPrivacy_ShippedDetector;
INSTANTIATE_TEST_CASE_P(, SanPrivacy_ShippedDetector, testing::Values("", "cascade"));

Mat landmarksOf(const Mat& face)
{
    return face.colRange(4, SCORE).clone().reshape(1, 5);
}

//! Mean distance of landmarks, inter-ocular distances of the second set.
double landmarkError(const Mat& a, const Mat& b)
{
    double sum = 0;
    for (int k = 0; k < 5; ++k)
        sum += cvtest::norm(a.row(k), b.row(k), NORM_L2) / 5;
    return sum / cvtest::norm(b.row(0), b.row(1), NORM_L2);
}

String errorOf(const std::string& model, bool cascade = false)
{
    try
    {
        cascade ? FaceDetector::createCascade() : FaceDetector::create(model);
    }
    catch (const cv::Exception& e)
    {
        return e.err;
    }
    return String();
}

TEST(SanPrivacy_FaceDetector, default_constructed_is_empty)
{
    FaceDetector detector;
    Mat faces;
    EXPECT_TRUE(detector.empty());
    EXPECT_THROW(detector.detect(Mat::zeros(100, 100, CV_8U), faces), cv::Exception);
}

TEST(SanPrivacy_FaceDetector, missing_files_are_named)
{
    const std::string folder = cv::tempfile("");
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    EXPECT_NE(errorOf(folder + "/yunet.onnx").find("yunet.onnx"), String::npos);
    EXPECT_NE(errorOf(findDataFile("classifier.onnx")).find("is not a YuNet"), String::npos);
    {
        Environment data("OPENCV_SANPRIVACY_DATA_PATH", folder);
        for (bool cascade : { false, true })
        {
            const String error = errorOf("", cascade);
            EXPECT_NE(error.find(cascade ? "landmarks.onnx" : "face_detection_yunet"), String::npos) << error;
            EXPECT_NE(error.find(folder), String::npos) << error;
        }
    }
    {
        Environment cascades("OPENCV_SANPRIVACY_CASCADE_PATH", folder);
        shippedFile("landmarks.onnx");
        const String error = errorOf("", true);
        EXPECT_NE(error.find("haarcascade_frontalface_alt2.xml"), String::npos) << error;
    }
    cv::utils::fs::remove_all(folder);
}

TEST(SanPrivacy_FaceDetector, another_network_is_not_taken_for_the_landmark_network)
{
    const std::string folder = cv::tempfile("");
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    std::ofstream(folder + "/landmarks.onnx", std::ios::binary)
        << std::ifstream(findDataFile("classifier.onnx"), std::ios::binary).rdbuf();
    Environment data("OPENCV_SANPRIVACY_DATA_PATH", folder);
    EXPECT_NE(errorOf("", true).find("is not the landmark network"), String::npos);
    cv::utils::fs::remove_all(folder);
}

TEST(SanPrivacy_FaceDetector, networks_that_give_no_numbers_are_refused)
{
    const std::string folder = cv::tempfile("");
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    const bool before48 = std::string(SANPRIVACY_YUNET).find("2022") != std::string::npos;
    const std::string yunet = shippedFile(SANPRIVACY_YUNET), landmarks = shippedFile("landmarks.onnx");
    const String error = errorOf(
        withNan(yunet, before48 ? "head.0.conv2.conv2.bias" : "bbox_head.multi_level_bbox.0.conv2.bias", folder));
    EXPECT_NE(error.find("not finite"), String::npos) << error;
    withNan(landmarks, "face.bias", folder);
    {
        Environment environment("OPENCV_SANPRIVACY_DATA_PATH", folder);
        for (bool cascade : { false, true })
        {
            const String other = errorOf(yunet, cascade);
            EXPECT_NE(other.find("not finite"), String::npos) << other;
        }
    }
    cv::utils::fs::remove_all(folder);
}

TEST(SanPrivacy_FaceDetector, unavailable_device_is_an_error)
{
    EXPECT_THROW(FaceDetector::create(String(), -1.f, 9999, 0), cv::Exception);
}

TEST_P(SanPrivacy_ShippedDetector, each_shipped_portrait_has_one_face)
{
    const Ptr<FaceDetector> detector = shippedDetector(GetParam());
    for (const char* name : { "man-bald", "man-dark-hair", "man-dark-skin", "man-glasses", "man-gray-hair",
             "woman-dark-hair", "woman-dark-skin", "woman-fair-hair", "woman-glasses" })
    {
        Mat faces;
        detector->detect(portrait(name), faces);
        ASSERT_EQ(faces.rows, 1) << name;
        ASSERT_EQ(faces.cols, 15);
        ASSERT_EQ(faces.type(), CV_32F);
        EXPECT_GT(faces.at<float>(0, SCORE), .8f) << name;
        EXPECT_LE(faces.at<float>(0, SCORE), 1.f) << name;

        const Mat landmarks = landmarksOf(faces);
        const Mat eyes(Matx22f(124, 164, 196, 164)); // scripts/make_portraits.py puts them there
        EXPECT_LE(cvtest::norm(landmarks.rowRange(0, 2), eyes, NORM_INF), .1 * (196 - 124)) << name;
        const Rect2f box(faces.at<float>(0), faces.at<float>(1), faces.at<float>(2), faces.at<float>(3));
        for (int k = 0; k < 5; ++k)
            EXPECT_TRUE(box.contains(Point2f(landmarks.at<float>(k, 0), landmarks.at<float>(k, 1)))) << name;
    }
}

TEST_P(SanPrivacy_ShippedDetector, landmarks_follow_the_face)
{
    const Ptr<FaceDetector> detector = shippedDetector(GetParam());
    const Mat image = portrait("woman-dark-hair");
    Mat faces, found;
    detector->detect(image, faces);
    ASSERT_EQ(faces.rows, 1);
    const Mat landmarks = landmarksOf(faces);

    std::vector<double> rolls = { -35., 0., 35. };
    if (!*GetParam()) // cascades find no others
        for (double lying : { -135., -90., -60., 60., 90., 135., 180. })
            rolls.push_back(lying);
    for (double degrees : rolls)
        for (double scale : { .15, .6, 3. })
        {
            const Point2f centre((image.cols - 1) / 2.f, (image.rows - 1) / 2.f);
            const Size size(cvCeil(560 * scale), cvCeil(520 * scale));
            Mat move = getRotationMatrix2D(centre, degrees, scale), moved, expected;
            move.at<double>(0, 2) += (size.width - 1) / 2. - centre.x;
            move.at<double>(1, 2) += (size.height - 1) / 2. - centre.y;
            if (scale < 1)
                GaussianBlur(image, moved, Size(), .4 / scale);
            else
                moved = image;
            warpAffine(moved, moved, move, size, INTER_LINEAR, BORDER_CONSTANT, Scalar(120, 90, 70));
            transform(landmarks.reshape(2), expected, move);
            expected = expected.reshape(1);

            detector->detect(moved, found);
            ASSERT_EQ(found.rows, 1) << degrees << " degrees, scale " << scale;
            EXPECT_LE(landmarkError(landmarksOf(found), expected), *GetParam()              ? .06
                                                                   : std::abs(degrees) < 60 ? .12
                                                                                            : .2)
                << degrees << " degrees, scale " << scale;
        }
}

//! Turned back, what is found in a turned image is what is found in the image itself.
TEST(SanPrivacy_FaceDetector, quarter_turns_move_landmarks_and_box)
{
    const Ptr<FaceDetector> detector = shippedDetector("");
    Mat image, upright, found;
    cv::copyMakeBorder(portrait("man-glasses"), image, 0, 60, 0, 20, BORDER_CONSTANT, Scalar(120, 90, 70));
    detector->detect(image, upright);
    ASSERT_EQ(upright.rows, 1);
    const Mat landmarks = landmarksOf(upright);
    // The furthest landmark is .087 inter-ocular distances away with YuNet of 2022, .126 with that of 2023.
    const double most = std::string(SANPRIVACY_YUNET).find("2022") != std::string::npos ? .1 : .15;
    const double near = most * cvtest::norm(landmarks.row(0), landmarks.row(1), NORM_L2);
    const double w = image.cols - 1, h = image.rows - 1;
    const struct
    {
        int turn;
        Matx23d back; // takes pixels of the turned image to those of the image
    } turns[] = { { ROTATE_90_CLOCKWISE, Matx23d(0, 1, 0, -1, 0, h) }, { ROTATE_180, Matx23d(-1, 0, w, 0, -1, h) },
        { ROTATE_90_COUNTERCLOCKWISE, Matx23d(0, -1, w, 1, 0, 0) } };
    for (const auto& turned : turns)
    {
        Mat view, back, box;
        rotate(image, view, turned.turn);
        detector->detect(view, found);
        ASSERT_EQ(found.rows, 1) << turned.turn;
        transform(landmarksOf(found).reshape(2), back, turned.back);
        EXPECT_LT(cvtest::norm(back.reshape(1), landmarks, NORM_INF), near) << turned.turn;
        const Rect2f place(found.at<float>(0), found.at<float>(1), found.at<float>(2), found.at<float>(3));
        const Matx22f centre((place.tl().x + place.br().x) / 2, (place.tl().y + place.br().y) / 2, 0, 0);
        transform(Mat(centre).reshape(2), box, turned.back);
        const Vec2f moved = box.at<Vec2f>(0);
        EXPECT_NEAR(moved[0], upright.at<float>(0) + upright.at<float>(2) / 2, 2 * near) << turned.turn;
        EXPECT_NEAR(moved[1], upright.at<float>(1) + upright.at<float>(3) / 2, 2 * near) << turned.turn;
    }
}

TEST_P(SanPrivacy_ShippedDetector, every_kind_of_image)
{
    const Ptr<FaceDetector> detector = shippedDetector(GetParam());
    const Mat image = portrait("man-gray-hair");
    Mat faces, found, gray, wide;
    detector->detect(image, faces);
    ASSERT_EQ(faces.rows, 1);
    cvtColor(image, gray, COLOR_BGR2GRAY);
    detector->detect(gray, found);
    ASSERT_EQ(found.rows, 1);
    EXPECT_LE(landmarkError(landmarksOf(found), landmarksOf(faces)), *GetParam() ? 0 : .06); // YuNet looks at colors
    image.convertTo(wide, CV_16U, 257);
    detector->detect(wide, found);
    EXPECT_EQ(cvtest::norm(faces, found, NORM_INF), 0);

    EXPECT_THROW(detector->detect(Mat(), found), cv::Exception);
    EXPECT_THROW(detector->detect(Mat::zeros(50, 50, CV_8UC4), found), cv::Exception);
    EXPECT_THROW(detector->detect(Mat::zeros(50, 50, CV_32F), found), cv::Exception);
}

TEST_P(SanPrivacy_ShippedDetector, no_face)
{
    const Ptr<FaceDetector> detector = shippedDetector(GetParam());
    Mat found;
    EXPECT_THROW(detector->detect(Mat(2000, 1, CV_8UC3, Scalar::all(0)), found), cv::Exception)
        << "an array of one dimension";
    RNG rng(11);
    for (const Size& size : { Size(1, 1), Size(2, 2000), Size(3000, 2), Size(40, 40), Size(300, 200) })
    {
        Mat image(size, CV_8UC3, Scalar(90, 120, 60)), faces;
        detector->detect(image, faces);
        EXPECT_EQ(faces.rows, 0) << size;
        rng.fill(image, RNG::UNIFORM, 0, 256);
        detector->detect(image, faces);
        EXPECT_EQ(faces.rows, 0) << size;
    }
    for (const Size& size : { Size(320, 240), Size(200, 300), Size(60, 60), Size(200, 200) })
        for (const int gray : { 0, 255 })
        {
            Mat image(size, CV_8UC3, Scalar::all(gray)), faces;
            detector->detect(image, faces);
            EXPECT_EQ(faces.rows, 0) << size << " plain " << gray;
            image = Scalar(230, 200, 160); // a wall and a floor
            image.rowRange(size.height * 3 / 5, size.height) = Scalar(60, 80, 150);
            detector->detect(image, faces);
            EXPECT_EQ(faces.rows, 0) << size << " wall";
        }
}

TEST_P(SanPrivacy_ShippedDetector, several_faces_best_first)
{
    const Ptr<FaceDetector> detector = shippedDetector(GetParam());
    const Mat first = portrait("man-bald"), second = portrait("woman-glasses");
    Mat both, faces;
    hconcat(first, second, both);
    cv::copyMakeBorder(both, both, 0, 2000, 0, 2400, BORDER_CONSTANT, Scalar::all(100)); // a large image
    detector->detect(both, faces);
    ASSERT_EQ(faces.rows, 2);
    EXPECT_GE(faces.at<float>(0, SCORE), faces.at<float>(1, SCORE));
    const float a = faces.at<float>(0, 4), b = faces.at<float>(1, 4);
    const double near = 8; // a ninth of the inter-ocular distance
    EXPECT_NEAR(std::min(a, b), 124, near);
    EXPECT_NEAR(std::max(a, b), 124 + 320, near);

    shippedDetector(GetParam(), 1.f)->detect(both, faces);
    EXPECT_EQ(faces.rows, 0);
}

struct Labelled
{
    std::string file;
    Mat landmarks;
};

//! Every n-th photograph of a set of real faces.
std::vector<Labelled> realFaces(const std::string& set, int step)
{
    const std::string table = sharedFile("faces/" + set + "/labels.csv"), folder = table.substr(0, table.size() - 10);
    std::ifstream lines(table);
    std::vector<Labelled> result;
    std::string line;
    std::getline(lines, line);
    for (int i = 0; std::getline(lines, line); ++i)
    {
        if (i % step)
            continue;
        std::vector<std::string> cells;
        std::istringstream row(line);
        for (std::string cell; std::getline(row, cell, ',');)
            cells.push_back(cell);
        Labelled face = { folder + cells[0], Mat(5, 2, CV_32F) };
        for (int k = 0; k < 10; ++k)
            face.landmarks.at<float>(k / 2, k % 2) = std::stof(cells[cells.size() - 10 + k]);
        result.push_back(face);
    }
    return result;
}

//! No face missed, and landmarks on average within the given share of the inter-ocular distance.
void checkOnRealFaces(FaceDetector& detector, const std::string& set, int step, double mostError, double mostOthers)
{
    double error = 0;
    int others = 0;
    const std::vector<Labelled> labelled = realFaces(set, step);
    for (const Labelled& face : labelled)
    {
        Mat faces;
        detector.detect(imread(face.file), faces);
        double nearest = DBL_MAX;
        for (int i = 0; i < faces.rows; ++i)
            nearest = std::min(nearest, landmarkError(landmarksOf(faces.row(i)), face.landmarks));
        ASSERT_LE(nearest, .5) << face.file;
        error += nearest / labelled.size();
        others += faces.rows - 1;
    }
    EXPECT_LE(error, mostError);
    EXPECT_LE(double(others) / labelled.size(), mostOthers);
}

TEST(SanPrivacy_FaceDetector, real_faces_with_cascades)
{
    const Ptr<FaceDetector> detector = shippedDetector("cascade");
    checkOnRealFaces(*detector, "celeba-identities", 60, .12, .1);
    checkOnRealFaces(*detector, "portraits-public-domain", 8, .1, .05);
}

TEST(SanPrivacy_FaceDetector, real_faces_with_yunet)
{
    const Ptr<FaceDetector> detector = shippedDetector("");
    checkOnRealFaces(*detector, "celeba-identities", 60, .12, .1);
    checkOnRealFaces(*detector, "fairface-val", 40, .12, .1); // tightly cropped

    // Sizes that are no multiples of anything, far too small and far too large, with the landmarks where they belong.
    const Labelled face = realFaces("portraits-public-domain", 1000)[0];
    const Mat image = imread(face.file);
    for (double scale : { .1, .37, 7.3 })
    {
        Mat resized, faces;
        resize(image, resized, Size(), scale, scale, scale < 1 ? INTER_AREA : INTER_LINEAR);
        detector->detect(resized, faces);
        ASSERT_GE(faces.rows, 1) << scale;
        const double mostError = scale < .3 ? .25 : .15; // 6 px between the eyes are no more than that
        EXPECT_LE(landmarkError(landmarksOf(faces.row(0)), face.landmarks * scale), mostError) << scale;
    }
    Mat faces;
    detector->detect(Mat::zeros(1, 1, CV_8UC3), faces);
    EXPECT_EQ(faces.rows, 0);
}

}} // namespace
