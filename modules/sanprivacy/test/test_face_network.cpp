// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "concurrency.hpp"

#include "opencv2/dnn.hpp"

#include <atomic>
#include <functional>
#include <limits>

namespace opencv_test { namespace {

// descriptor.onnx of testdata/make_networks.py: the means of the four quarters of each channel, channel by channel.
const int SIDE = 32, QUARTERS = 4;
const Rect QUARTER[QUARTERS] = { Rect(0, 0, 16, 16), Rect(16, 0, 16, 16), Rect(0, 16, 16, 16), Rect(16, 16, 16, 16) };

ModelDescription describe(const char* file = "descriptor.onnx")
{
    ModelDescription d;
    d.name = "test";
    d.task = NETWORK_MATCHER;
    d.file = findDataFile(file);
    d.size = Size(SIDE, SIDE);
    d.square = 1;
    return d;
}

Mat randomCrop(int type, uint64 seed)
{
    Mat crop(SIDE, SIDE, type);
    RNG(seed).fill(crop, RNG::UNIFORM, 0, 256);
    return crop;
}

Mat faceWithBox(float x, float y, float width, float height)
{
    Mat face(1, 15, CV_32F, Scalar(0));
    Mat(Matx14f(x, y, width, height)).copyTo(face.colRange(0, 4));
    return face;
}

TEST(SanPrivacy_FaceNetwork, output_has_its_closed_form)
{
    ModelDescription d = describe();
    d.mean = Scalar(10, 20, 30);
    d.scale = 0.25;
    const Mat crop = randomCrop(CV_8UC3, 1);
    for (const char* color : { "rgb", "bgr" })
    {
        d.color = color;
        Mat descriptor;
        FaceNetwork::create(d)->forward(std::vector<Mat>(1, crop), descriptor);
        ASSERT_EQ(CV_32FC1, descriptor.type());
        ASSERT_EQ(Size(3 * QUARTERS, 1), descriptor.size());
        for (int channel = 0; channel < 3; ++channel)
            for (int quarter = 0; quarter < QUARTERS; ++quarter)
            {
                const int bgr_channel = d.color == "rgb" ? 2 - channel : channel;
                const double expected = (mean(crop(QUARTER[quarter]))[bgr_channel] - d.mean[channel]) * d.scale;
                EXPECT_NEAR(expected, descriptor.at<float>(channel * QUARTERS + quarter), 1e-4) << color;
            }
    }
}

TEST(SanPrivacy_FaceNetwork, gray_crops_count_as_three_equal_channels)
{
    Mat descriptor;
    FaceNetwork::create(describe())->forward(std::vector<Mat>(1, randomCrop(CV_8UC1, 1)), descriptor);
    EXPECT_EQ(0, cvtest::norm(descriptor.colRange(0, 4), descriptor.colRange(4, 8), NORM_INF));
    EXPECT_EQ(0, cvtest::norm(descriptor.colRange(0, 4), descriptor.colRange(8, 12), NORM_INF));
}

TEST(SanPrivacy_FaceNetwork, gray_network_takes_gray)
{
    ModelDescription d = describe("classifier.onnx");
    d.task = NETWORK_CLASSIFIER;
    d.size = Size(224, 224);
    d.color = "gray";
    d.scale = 1 / 255.;
    const Ptr<FaceNetwork> network = FaceNetwork::create(d);
    const std::vector<Mat> crops = { Mat(d.size, CV_8UC3, Scalar::all(102)), Mat(d.size, CV_8UC3, Scalar::all(153)) };
    Mat probability;
    network->forward(crops, probability);
    ASSERT_EQ(Size(1, 2), probability.size());
    EXPECT_NEAR(1 / (1 + std::exp(2.)), probability.at<float>(0), 1e-5); // sigmoid(20 (0.4 - 0.5))
    EXPECT_NEAR(1 / (1 + std::exp(-2.)), probability.at<float>(1), 1e-5);
}

// descriptor_single.onnx holds a batch size of one in its Reshape.
TEST(SanPrivacy_FaceNetwork, batch_equals_single_crops)
{
    for (const char* file : { "descriptor.onnx", "descriptor_single.onnx" })
    {
        SCOPED_TRACE(file);
        const Ptr<FaceNetwork> network = FaceNetwork::create(describe(file));
        std::vector<Mat> crops;
        for (int i = 0; i < 40; ++i) // more than one pass takes
            crops.push_back(randomCrop(CV_8UC3, 10 + i));
        Mat all, one;
        network->forward(crops, all);
        ASSERT_EQ((int)crops.size(), all.rows);
        for (size_t i = 0; i < crops.size(); ++i)
        {
            network->forward(std::vector<Mat>(1, crops[i]), one);
            EXPECT_LE(cvtest::norm(all.row((int)i), one, NORM_INF), 1e-4) << "crop " << i;
        }
        network->forward(std::vector<Mat>(), all);
        EXPECT_TRUE(all.empty());
    }
}

TEST(SanPrivacy_FaceNetwork, classifier_gives_the_sum_of_its_elements)
{
    ModelDescription d = describe();
    const std::vector<Mat> crops = { randomCrop(CV_8UC3, 1), randomCrop(CV_8UC3, 2) };
    Mat every, one;
    FaceNetwork::create(d)->forward(crops, every);
    d.task = NETWORK_CLASSIFIER;
    for (int index : { 0, 7 })
    {
        d.index = std::vector<int>(1, index);
        FaceNetwork::create(d)->forward(crops, one);
        EXPECT_EQ(0, cvtest::norm(every.col(index), one, NORM_INF));
    }
    d.index = { 7, 0, 2 };
    FaceNetwork::create(d)->forward(crops, one);
    EXPECT_LE(cvtest::norm(every.col(0) + every.col(2) + every.col(7), one, NORM_INF), 1e-6);
}

TEST(SanPrivacy_FaceNetwork, square_crop_is_zero_outside_the_image)
{
    const Mat image(100, 80, CV_8UC3, Scalar(10, 20, 30));
    ModelDescription d = describe();
    d.square = 1.6;
    Mat crop;
    // a square of side 1.6 * 40 = 64 round (16, 20): its left 16 and upper 12 pixels lie outside, halved in the crop
    FaceNetwork::create(d)->crop(image, faceWithBox(0, 0, 32, 40), crop);
    ASSERT_EQ(d.size, crop.size());
    Mat expected = Mat::zeros(d.size, CV_8UC3);
    expected(Rect(8, 6, 24, 26)).setTo(Scalar(10, 20, 30));
    EXPECT_EQ(0, cvtest::norm(crop, expected, NORM_INF));

    FaceNetwork::create(d)->crop(image, faceWithBox(500, 500, 32, 40), crop);
    EXPECT_EQ(0, cvtest::norm(crop, NORM_INF)) << "a box far outside";
}

// Of a linear ramp every mean is the value at the middle, so a shift by a fraction of a pixel shows.
TEST(SanPrivacy_FaceNetwork, square_crop_is_exact_to_fractions_of_a_pixel)
{
    Mat image(100, 120, CV_8UC1);
    for (int y = 0; y < image.rows; ++y)
        for (int x = 0; x < image.cols; ++x)
            image.at<uchar>(y, x) = (uchar)(x + y);
    ModelDescription d = describe();
    for (double square : { 0.6, 1., 1.7 }) // the first crop enlarges, the others shrink
        for (float shift : { 0.f, .3f, .7f })
        {
            d.square = square;
            const Point2f centre(60 + shift, 50 + shift / 2);
            Mat crop;
            FaceNetwork::create(d)->crop(image, faceWithBox(centre.x - 25, centre.y - 20, 50, 40), crop);
            const double side = square * 50;
            double error = 0;
            for (int y = 0; y < SIDE; ++y)
                for (int x = 0; x < SIDE; ++x)
                {
                    const Point2d inImage(
                        centre.x - .5 + ((x + .5) / SIDE - .5) * side, centre.y - .5 + ((y + .5) / SIDE - .5) * side);
                    error += (crop.at<uchar>(y, x) - inImage.x - inImage.y) / (SIDE * SIDE);
                }
            EXPECT_NEAR(0, error, 0.1) << "square " << square << ", shift " << shift;
        }
}

TEST(SanPrivacy_FaceNetwork, square_crop_does_not_alias)
{
    Mat image(256, 256, CV_8UC1);
    for (int y = 0; y < image.rows; ++y)
        for (int x = 0; x < image.cols; ++x)
            image.at<uchar>(y, x) = (x + y) % 2 ? 255 : 0; // a chessboard: gray from afar
    Mat crop;
    FaceNetwork::create(describe())->crop(image, faceWithBox(20.3f, 30.6f, 200, 200), crop);
    EXPECT_LE(cvtest::norm(crop, Mat(crop.size(), CV_8UC1, Scalar(127.5)), NORM_INF), 16);
}

TEST(SanPrivacy_FaceNetwork, template_crop_brings_the_landmarks_to_their_places)
{
    ModelDescription d = describe();
    d.square = 0;
    d.landmark_template = { Point2f(10, 11), Point2f(21, 11), Point2f(16, 16), Point2f(11, 22), Point2f(20, 22) };
    Mat image, face = faceWithBox(20, 30, 32, 32), crop, expected;
    resize(randomCrop(CV_8UC3, 3), image, Size(128, 128));
    for (size_t i = 0; i < d.landmark_template.size(); ++i) // the crop is a part of the image as it is
    {
        face.at<float>(4 + 2 * (int)i) = d.landmark_template[i].x + 20;
        face.at<float>(5 + 2 * (int)i) = d.landmark_template[i].y + 30;
    }
    FaceNetwork::create(d)->crop(image, face, crop);
    EXPECT_LE(cvtest::norm(crop, image(Rect(20, 30, SIDE, SIDE)), NORM_INF), 1);
}

TEST(SanPrivacy_FaceNetwork, match_scores)
{
    ModelDescription d = describe();
    const Mat a(Matx13f(3, 0, 0)), b(Matx13f(3, 4, 0));
    const Ptr<FaceNetwork> cosine = FaceNetwork::create(d);
    EXPECT_NEAR(0.6, cosine->match(a, b), 1e-6);
    EXPECT_NEAR(1, cosine->match(b, b), 1e-6);
    d.distance = DISTANCE_EUCLIDEAN;
    const Ptr<FaceNetwork> euclidean = FaceNetwork::create(d);
    EXPECT_NEAR(-4, euclidean->match(a, b), 1e-6);
    EXPECT_EQ(0, euclidean->match(b, b));

    EXPECT_THROW(cosine->match(a, b.colRange(0, 2)), cv::Exception);
    EXPECT_THROW(cosine->match(a, Mat::zeros(1, 3, CV_32F)), cv::Exception);
    EXPECT_THROW(cosine->match(a, Mat::zeros(1, 3, CV_8U)), cv::Exception);
    d.task = NETWORK_CLASSIFIER;
    EXPECT_THROW(FaceNetwork::create(d)->match(a, b), cv::Exception);
}

TEST(SanPrivacy_FaceNetwork, refuses_what_does_not_fit)
{
    ModelDescription d = describe();
    d.output = "no such output";
    EXPECT_THROW(FaceNetwork::create(d), cv::Exception);
    d = describe("descriptor_two.onnx");
    try
    {
        FaceNetwork::create(d);
        ADD_FAILURE() << "one of two outputs was chosen in silence";
    }
    catch (const cv::Exception& e)
    {
        EXPECT_NE(e.err.find("'mean'"), std::string::npos) << e.err;
    }
    Mat mean;
    d.output = "mean";
    FaceNetwork::create(d)->forward(std::vector<Mat>(1, Mat(SIDE, SIDE, CV_8UC3, Scalar::all(7))), mean);
    EXPECT_EQ(Size(3, 1), mean.size());
    d = describe();
    d.task = NETWORK_CLASSIFIER;
    d.index = { 0, 12 };
    EXPECT_THROW(FaceNetwork::create(d), cv::Exception) << "one beyond the last element";
    d.index = { 1, 1 };
    EXPECT_THROW(FaceNetwork::create(d), cv::Exception) << "an element that counts twice";
    d.index.clear();
    EXPECT_THROW(FaceNetwork::create(d), cv::Exception) << "no element";
#if CV_VERSION_MAJOR < 5 // which cuts the window instead
    d = describe();
    d.color = "gray";
    d.size = Size(8, 8); // smaller than the network's pooling window
    EXPECT_THROW(FaceNetwork::create(d), cv::Exception);
#endif
    d = describe();
    d.square = 0;
    EXPECT_THROW(FaceNetwork::create(d), cv::Exception) << "neither landmark_template nor square";
    EXPECT_THROW(FaceNetwork::create(ModelDescription()), cv::Exception);
    d = describe();
    d.file = "no such.onnx";
    EXPECT_THROW(FaceNetwork::create(d), cv::Exception);
    if (dnn::getAvailableTargets(dnn::DNN_BACKEND_CUDA).empty())
    {
        EXPECT_THROW(FaceNetwork::create(describe(), dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA), cv::Exception);
    }

    const Ptr<FaceNetwork> network = FaceNetwork::create(describe());
    const Mat image = Mat::zeros(50, 50, CV_8UC3);
    Mat dst;
    EXPECT_THROW(network->crop(Mat(), faceWithBox(0, 0, 9, 9), dst), cv::Exception);
    EXPECT_THROW(network->crop(Mat::zeros(50, 50, CV_16U), faceWithBox(0, 0, 9, 9), dst), cv::Exception);
    EXPECT_THROW(network->crop(Mat::zeros(50, 50, CV_8UC2), faceWithBox(0, 0, 9, 9), dst), cv::Exception);
    EXPECT_THROW(network->crop(image, faceWithBox(0, 0, 0, 0), dst), cv::Exception);
    EXPECT_THROW(network->crop(image, Mat::zeros(1, 14, CV_32F), dst), cv::Exception);
    EXPECT_THROW(network->forward(std::vector<Mat>(1, image), dst), cv::Exception);
    EXPECT_THROW(network->forward(std::vector<Mat>(1, Mat::zeros(SIDE, SIDE, CV_32FC3)), dst), cv::Exception);
    EXPECT_TRUE(dst.empty());
}

TEST(SanPrivacy_FaceNetwork, descriptions_that_make_no_sense_are_refused)
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<Point2f> four(4, Point2f(1, 1)), undefined(5, Point2f(1, nan));
    const std::pair<const char*, std::function<void(ModelDescription&)>> changes[] = {
        { "NetworkTask", [](ModelDescription& d) { d.task = 7; } },
        { "NetworkDistance", [](ModelDescription& d) { d.distance = -1; } },
        { "at most 255 characters", [](ModelDescription& d) { d.name = String(256, 'x'); } },
        { "from 1 to 4096", [](ModelDescription& d) { d.size.height = 4097; } },
        { "from 1 to 4096", [](ModelDescription& d) { d.size.width = 0; } },
        { "rgb, bgr or gray", [](ModelDescription& d) { d.color = "RGB"; } },
        { "scale", [&](ModelDescription& d) { d.scale = nan; } },
        { "scale", [](ModelDescription& d) { d.scale = 0; } },
        { "mean", [&](ModelDescription& d) { d.mean[2] = nan; } },
        { "negative",
            [](ModelDescription& d) {
                d.index = { 0, -1 };
            } },
        { "five points; found 4", [&](ModelDescription& d) { d.landmark_template = four; } },
        { "landmark_template must be finite", [&](ModelDescription& d) { d.landmark_template = undefined; } },
        { "a square above 0 and up to 100", [&](ModelDescription& d) { d.square = nan; } },
        { "a square above 0 and up to 100", [&](ModelDescription& d) { d.square = 1e30; } },
    };
    for (const auto& change : changes)
    {
        ModelDescription d = describe();
        change.second(d);
        String found;
        try
        {
            FaceNetwork::create(d);
        }
        catch (const cv::Exception& e)
        {
            found = e.err;
        }
        EXPECT_NE(found.find(change.first), String::npos) << change.first << ": " << found;
    }
}

TEST(SanPrivacy_FaceNetwork, empty_object_says_so)
{
    FaceNetwork network;
    EXPECT_TRUE(network.empty());
    EXPECT_FALSE(FaceNetwork::create(describe())->empty());
    Mat dst;
    const Mat image = Mat::zeros(50, 50, CV_8UC3), row = Mat::ones(1, 3, CV_32F);
    EXPECT_THROW(network.getDescription(), cv::Exception);
    EXPECT_THROW(network.crop(image, faceWithBox(0, 0, 9, 9), dst), cv::Exception);
    EXPECT_THROW(network.forward(std::vector<Mat>(1, image), dst), cv::Exception);
    EXPECT_THROW(network.match(row, row), cv::Exception);
}

// The networks of samples/models.yml, where their files are.
TEST(SanPrivacy_FaceNetwork, public_networks_run)
{
    const String data = findDataFile("descriptor.onnx"), testdata = data.substr(0, data.find_last_of("/\\"));
    std::vector<ModelDescription> networks;
    try
    {
        readModelDescriptions(testdata + "/../../../samples/models.yml", networks);
    }
    catch (const cv::Exception& e)
    {
        if (e.err.find("no such file") == std::string::npos)
            throw;
        throw SkipTestException(e.err);
    }
    for (const ModelDescription& d : networks)
    {
        SCOPED_TRACE(d.name);
        const Ptr<FaceNetwork> network = FaceNetwork::create(d);
        std::vector<Mat> crops(2);
        for (Mat& crop : crops)
        {
            crop.create(d.size, CV_8UC3);
            theRNG().fill(crop, RNG::UNIFORM, 0, 256);
        }
        Mat batch, one;
        network->forward(crops, batch);
        ASSERT_EQ(2, batch.rows);
        for (int i = 0; i < 2; ++i)
        {
            network->forward(std::vector<Mat>(1, crops[i]), one);
            EXPECT_LE(cvtest::norm(batch.row(i), one, NORM_INF), 1e-3 * cvtest::norm(one, NORM_INF));
        }
        if (d.task == NETWORK_CLASSIFIER)
        {
            EXPECT_TRUE(checkRange(batch, true, 0, 0, 1 + 1e-6));
        }
        else
        {
            EXPECT_GE(network->match(batch.row(0), batch.row(0)), network->match(batch.row(0), batch.row(1)));
        }
    }
}

TEST(SanPrivacy_FaceNetwork, answers_that_are_no_numbers_are_errors)
{
    ModelDescription d = describe("descriptor_nan.onnx"); // NaN for crops brighter than 200
    const Mat dark(SIDE, SIDE, CV_8UC3, Scalar::all(90)), bright(SIDE, SIDE, CV_8UC3, Scalar::all(230));
    for (int task : { NETWORK_MATCHER, NETWORK_CLASSIFIER })
    {
        d.task = task;
        const Ptr<FaceNetwork> network = FaceNetwork::create(d);
        Mat output;
        EXPECT_NO_THROW(network->forward(std::vector<Mat>(3, dark), output));
        for (const std::vector<Mat>& crops : { std::vector<Mat>(1, bright), std::vector<Mat>({ dark, bright, dark }) })
        {
            Mat none;
            try
            {
                network->forward(crops, none);
                ADD_FAILURE() << "no error";
            }
            catch (const cv::Exception& e)
            {
                EXPECT_EQ(Error::StsOutOfRange, e.code);
                EXPECT_NE(String::npos, e.err.find("'test' answers NaN")) << e.err;
            }
            EXPECT_TRUE(none.empty());
        }
    }
    d.task = NETWORK_MATCHER;
    Mat nan(1, 3, CV_32F, Scalar(std::numeric_limits<float>::quiet_NaN()));
    EXPECT_THROW(FaceNetwork::create(d)->match(nan, nan), cv::Exception);
}

TEST(SanPrivacy_FaceNetwork, threads_share_one_object)
{
    const Ptr<FaceNetwork> network = FaceNetwork::create(describe());
    std::vector<Mat> crops, expected(4);
    for (int i = 0; i < 4; ++i)
    {
        crops.push_back(randomCrop(CV_8UC3, 70 + i));
        network->forward(std::vector<Mat>(1 + i, crops[i]), expected[i]);
    }
    std::atomic<int> wrong(0);
    runConcurrently(4,
        [&](int i)
        {
            for (int k = 0; k < 200; ++k)
            {
                Mat output;
                network->forward(std::vector<Mat>(1 + i, crops[i]), output);
                wrong += cvtest::norm(output, expected[i], NORM_INF) > 0;
            }
        });
    EXPECT_EQ(0, wrong);
}

}} // namespace
