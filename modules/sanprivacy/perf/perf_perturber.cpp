// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "perf_precomp.hpp"

namespace opencv_test { namespace {

const Size FACE_SIZE(224, 224);

/** The shipped network, or the one of a file. Figures need the trained networks: $SANPRIVACY_SHARED/models holds the
authors' one. Where they are absent the test is skipped. */
Ptr<Perturber> createOrSkip(const String& shared_model = String())
{
    const char* root = std::getenv("SANPRIVACY_SHARED");
    if (!shared_model.empty() && !root)
        throw SkipTestException("SANPRIVACY_SHARED is not set");
    try
    {
        PerturberParams params;
        params.model = shared_model.empty() ? String() : String(root) + "/models/" + shared_model;
        return Perturber::create(params);
    }
    catch (const cv::Exception& e)
    {
        throw SkipTestException(e.err);
    }
}

Mat randomFace(int type)
{
    Mat coarse(14, 14, type), face;
    theRNG().fill(coarse, RNG::UNIFORM, 0, 256);
    resize(coarse, face, FACE_SIZE);
    return face;
}

PERF_TEST(SanPrivacy_Perturber, perturb)
{
    const Ptr<Perturber> perturber = createOrSkip();
    const Mat face = randomFace(CV_8UC3);
    Mat dst;
    TEST_CYCLE() perturber->perturb(face, dst, PerturbParams(PROTOTYPE_OPPOSITE, 0));
    SANITY_CHECK_NOTHING();
}

PERF_TEST(SanPrivacy_Perturber, perturb_predicting_the_label)
{
    const Ptr<Perturber> perturber = createOrSkip();
    const Mat face = randomFace(CV_8UC3);
    Mat dst;
    TEST_CYCLE() perturber->perturb(face, dst);
    SANITY_CHECK_NOTHING();
}

PERF_TEST(SanPrivacy_Perturber, perturbAll)
{
    const Ptr<Perturber> perturber = createOrSkip();
    const Mat face = randomFace(CV_8UC3);
    Mat same, neutral, opposite;
    TEST_CYCLE() perturber->perturbAll(face, same, neutral, opposite, 0);
    SANITY_CHECK_NOTHING();
}

typedef TestBaseWithParam<int> SanPrivacy_Batch;

PERF_TEST_P(SanPrivacy_Batch, perturbBatch, testing::Values(1, 2, 4, 8, 16, 32))
{
    const Ptr<Perturber> perturber = createOrSkip();
    const std::vector<Mat> faces(GetParam(), randomFace(CV_8UC3));
    std::vector<Mat> dst;
    TEST_CYCLE() perturber->perturbBatch(faces, dst, PerturbParams(PROTOTYPE_OPPOSITE, 0));
    SANITY_CHECK_NOTHING();
}

//! What the arithmetic of the steps above has to be compared with: the fastest product of matrices of this OpenCV.
PERF_TEST(SanPrivacy_Floor, product_of_matrices)
{
    const int channels = 512, pixels = 56;
    const int weights[] = { channels, channels, 1, 1 }, input[] = { 1, channels, pixels, pixels };
    dnn::LayerParams layer;
    layer.type = "Convolution";
    layer.name = "product";
    layer.set("kernel_size", 1);
    layer.set("num_output", channels);
    layer.set("bias_term", false);
    layer.blobs.push_back(Mat(4, weights, CV_32F, Scalar(.5)));
    dnn::Net net;
    net.addLayerToPrev(layer.name, layer.type, layer);
    net.setInput(Mat(4, input, CV_32F, Scalar(.5)));
    TickMeter time;
    TEST_CYCLE()
    {
        time.start();
        net.forward();
        time.stop();
    }
    const double flop = 2. * channels * channels * pixels * pixels;
    RecordProperty("gflop_per_s", format("%.0f", flop * time.getCounter() / time.getTimeSec() / 1e9));
    SANITY_CHECK_NOTHING();
}

//! What cutting out and returning a face have to be compared with: copies of a frame.
PERF_TEST(SanPrivacy_Floor, copy_of_a_frame)
{
    const Mat frame(sz720p, CV_8UC3, Scalar::all(128));
    Mat copy;
    TEST_CYCLE() frame.copyTo(copy);
    SANITY_CHECK_NOTHING();
}

// The project's form against the authors' plain form of the same architecture: how many times faster it is.
PERF_TEST(SanPrivacy_Perturber, against_the_authors_form)
{
    const Ptr<Perturber> perturber = createOrSkip(), authors = createOrSkip("san-authors-2018.onnx");
    const Mat face = randomFace(CV_8UC3);
    Mat dst;
    TickMeter fast, plain;
    TEST_CYCLE()
    {
        fast.start();
        perturber->perturb(face, dst, PerturbParams(PROTOTYPE_OPPOSITE, 0));
        fast.stop();
        plain.start();
        authors->perturb(face, dst, PerturbParams(PROTOTYPE_OPPOSITE, 0));
        plain.stop();
    }
    RecordProperty("times_faster", format("%.2f", plain.getTimeSec() / fast.getTimeSec()));
    SANITY_CHECK_NOTHING();
}

typedef TestBaseWithParam<Size> SanPrivacy_Alignment;
#define FRAMES testing::Values(Size(250, 250), szVGA, sz720p, sz2160p)

//! A face a third as high as the frame, in its centre and rolled a little.
Mat faceOf(const Size& frame)
{
    Mat landmark_template, landmarks;
    getCanonicalLandmarks(landmark_template, Size(frame.height / 3, frame.height / 3));
    const double roll = 0.2;
    landmarks =
        landmark_template * Mat(Matx22f((float)cos(roll), (float)sin(roll), -(float)sin(roll), (float)cos(roll)));
    landmarks.col(0) += frame.width * 0.5 - mean(landmarks.col(0))[0];
    landmarks.col(1) += frame.height * 0.5 - mean(landmarks.col(1))[0];
    return landmarks;
}

PERF_TEST_P(SanPrivacy_Alignment, alignFace, FRAMES)
{
    const Mat frame(GetParam(), CV_8UC3, Scalar::all(128)), landmarks = faceOf(frame.size());
    Mat crop;
    TEST_CYCLE() alignFace(frame, landmarks, crop);
    SANITY_CHECK_NOTHING();
}

PERF_TEST_P(SanPrivacy_Alignment, blendFace, FRAMES)
{
    Mat frame(GetParam(), CV_8UC3, Scalar::all(128));
    const Mat landmarks = faceOf(frame.size()), perturbed = randomFace(CV_8UC1);
    Mat crop;
    alignFace(frame, landmarks, crop);
    TEST_CYCLE() blendFace(frame, crop, perturbed, landmarks);
    SANITY_CHECK_NOTHING();
}

}} // namespace
