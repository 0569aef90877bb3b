// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_face_detector_common.hpp"
#include "test_perturber_common.hpp"

namespace opencv_test { namespace {

struct Device
{
    int backend, target; // of the dnn module
};

//! How far numbers of 0 to 1 may differ. OpenVINO computes in 16 bits where the processor can.
double toleranceOf(const Device& device)
{
    const bool single = device.target == dnn::DNN_TARGET_CUDA || device.target == dnn::DNN_TARGET_VULKAN
                        || (device.target == dnn::DNN_TARGET_OPENCL && device.backend == dnn::DNN_BACKEND_OPENCV);
    return single ? 1e-3 : .02;
}

/** What dnn lists here besides its own code for the CPU. Skips the test where there is nothing, and says what lacks. */
std::vector<Device> otherDevices()
{
    std::vector<Device> devices;
    std::string missing;
    for (const std::pair<dnn::Backend, dnn::Target>& pair : dnn::getAvailableBackends())
    {
        if (pair.first == dnn::DNN_BACKEND_OPENCV && pair.second == dnn::DNN_TARGET_CPU)
            continue;
        const cv::Exception error = errorOf([&] { createPerturber(GENERATORS[0], pair.first, pair.second); });
        if (error.code == Error::StsNotImplemented) // OpenCL without a GPU
            missing += "; " + error.err;
        else
            devices.push_back({ pair.first, pair.second });
    }
    if (!devices.empty())
        return devices;
    for (const Device& device : { Device { dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA },
             Device { dnn::DNN_BACKEND_INFERENCE_ENGINE, dnn::DNN_TARGET_CPU } })
        missing += "; " + errorOf([&] { createPerturber(GENERATORS[0], device.backend, device.target); }).err;
    throw SkipTestException("nothing to compare with" + missing);
}

// Also where the number of faces changes, and with it the shape of all blobs.
TEST(SanPrivacy_Backends, each_perturbs_as_opencv)
{
    std::vector<Mat> faces;
    for (uint64 seed : { 8, 9, 10 })
        faces.push_back(randomFace(CV_32FC1, seed));
    const PerturbParams params(PROTOTYPE_OPPOSITE, 1);
    for (const Device& device : otherDevices())
        for (const std::string& generator : { std::string(GENERATORS[0]), std::string(GENERATORS[1]),
                 std::string(GENERATORS[2]), std::string(GENERATORS[3]), std::string() })
        {
            SCOPED_TRACE(format("backend %d, target %d, ", device.backend, device.target) + generator);
            const auto create = [&](int backend, int target)
            {
                return generator.empty() ? Perturber::create(PerturberParams({ "gender" }, "", "", "", backend, target))
                                         : createPerturber(generator.c_str(), backend, target);
            };
            const Ptr<Perturber> other = create(device.backend, device.target),
                                 opencv = create(dnn::DNN_BACKEND_OPENCV, dnn::DNN_TARGET_CPU);
            const double tolerance = toleranceOf(device);
            Mat by_other, by_opencv;
            std::vector<Mat> all_by_other, all_by_opencv;
            for (int turn = 0; turn < 2; ++turn)
            {
                other->perturb(faces[0], by_other, params);
                opencv->perturb(faces[0], by_opencv, params);
                EXPECT_LE(cvtest::norm(by_other, by_opencv, NORM_INF), tolerance);
                EXPECT_GT(cvtest::norm(faces[0], by_other, NORM_INF), tolerance);

                other->perturbBatch(faces, all_by_other, params);
                opencv->perturbBatch(faces, all_by_opencv, params);
                ASSERT_EQ(faces.size(), all_by_other.size());
                for (size_t i = 0; i < faces.size(); ++i)
                    EXPECT_LE(cvtest::norm(all_by_other[i], all_by_opencv[i], NORM_INF), tolerance) << "face " << i;
            }
            for (const Mat& face : faces)
                EXPECT_NEAR(opencv->predict(face), other->predict(face), tolerance);
        }
}

// With all networks that a photo needs: detector, landmarks, gender, and the one that perturbs.
TEST(SanPrivacy_Backends, each_sees_a_photo_as_opencv)
{
    for (const Device& device : otherDevices())
        for (const char* name : { "man-dark-hair", "woman-dark-skin" })
        {
            SCOPED_TRACE(format("backend %d, target %d, %s", device.backend, device.target, name));
            const double tolerance = toleranceOf(device);
            const Mat image = portrait(name);
            Mat by_other, by_opencv;
            FaceDetector::create(String(), -1.f, device.backend, device.target)->detect(image, by_other);
            FaceDetector::create(String(), -1.f, dnn::DNN_BACKEND_OPENCV)->detect(image, by_opencv);
            ASSERT_EQ(1, by_opencv.rows);
            ASSERT_EQ(by_opencv.size(), by_other.size());
            EXPECT_LE(cvtest::norm(by_other, by_opencv, NORM_INF), tolerance * image.cols);

            const Ptr<Perturber> other = Perturber::create(
                                     PerturberParams({ "gender" }, "", "", "", device.backend, device.target)),
                                 opencv = Perturber::create(
                                     PerturberParams({ "gender" }, "", "", "", dnn::DNN_BACKEND_OPENCV));
            EXPECT_NEAR(opencv->predictFace(image, by_opencv), other->predictFace(image, by_opencv), tolerance);
            Mat protected_by_other, protected_by_opencv;
            other->perturbFaces(image, by_opencv, protected_by_other);
            opencv->perturbFaces(image, by_opencv, protected_by_opencv);
            EXPECT_LE(cvtest::norm(protected_by_other, protected_by_opencv, NORM_INF), 255 * tolerance + 1);
        }
}

TEST(SanPrivacy_Perturber, default_backend_equals_opencv)
{
    const Mat face = randomFace(CV_32FC1, 8);
    for (const char* generator : GENERATORS)
    {
        Mat by_default, by_opencv;
        createPerturber(generator)->perturb(face, by_default, PerturbParams(PROTOTYPE_OPPOSITE, 1));
        createPerturber(generator, dnn::DNN_BACKEND_OPENCV)
            ->perturb(face, by_opencv, PerturbParams(PROTOTYPE_OPPOSITE, 1));
        EXPECT_LE(cvtest::norm(by_default, by_opencv, NORM_INF), 1e-5) << generator;
    }
}

}} // namespace
