// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

#include <functional>

namespace opencv_test { namespace {

TEST(SanPrivacy_Perturber, empty_object_says_so)
{
    Perturber perturber;
    EXPECT_TRUE(perturber.empty());
    EXPECT_FALSE(createPerturber()->empty());
    const Mat face = randomFace(CV_8UC1, 1);
    Mat dst;
    std::vector<Mat> batch;
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturb(face, dst); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturbAll(face, dst, dst, dst, 0); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturbBatch(std::vector<Mat>(1, face), batch); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf(
                                     [&]()
                                     {
                                         std::vector<FaceResult> results;
                                         perturber.tryPerturbBatch(std::vector<Mat>(1, face), batch, results);
                                     })
                                     .code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturbFaces(face, Mat(), dst); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf(
                                     [&]()
                                     {
                                         std::vector<FaceResult> results;
                                         perturber.tryPerturbFaces(face, Mat(), dst, results);
                                     })
                                     .code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.predict(face); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getPrototypes(); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getInputSize(); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getBackend(); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getTarget(); }).code);
}

TEST(SanPrivacy_Perturber, refuses_bad_faces)
{
    const Ptr<Perturber> perturber = createPerturber();
    Mat not_a_number = randomFace(CV_32FC3, 1), infinite = randomFace(CV_32FC1, 1);
    not_a_number.at<Vec3f>(3, 5)[1] = std::numeric_limits<float>::quiet_NaN();
    infinite.at<float>(3, 5) = std::numeric_limits<float>::infinity();

    const Mat bad[] = { Mat(), Mat::zeros(223, 224, CV_8U), Mat::zeros(FACE_SIZE, CV_16U),
        Mat::zeros(FACE_SIZE, CV_64F), Mat::zeros(FACE_SIZE, CV_8UC2), Mat::zeros(FACE_SIZE, CV_8UC4), not_a_number,
        infinite, 255 * randomFace(CV_32FC1, 1) };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i)
    {
        SCOPED_TRACE(format("bad face %d", (int)i));
        Mat dst;
        std::vector<Mat> batch;
        EXPECT_THROW(perturber->perturb(bad[i], dst), cv::Exception);
        EXPECT_THROW(perturber->perturbAll(bad[i], dst, noArray(), noArray(), 0), cv::Exception);
        EXPECT_THROW(perturber->perturbBatch(std::vector<Mat>(1, bad[i]), batch), cv::Exception);
        EXPECT_THROW(perturber->predict(bad[i]), cv::Exception);
        EXPECT_TRUE(dst.empty());
    }
}

TEST(SanPrivacy_Perturber, refuses_bad_labels_and_prototypes)
{
    const Ptr<Perturber> perturber = createPerturber();
    const Mat face = randomFace(CV_8UC1, 1);
    const std::vector<Mat> faces(2, face);
    Mat dst;
    std::vector<Mat> batch;
    for (int label : { 2, -3, (int)PROTOTYPE_SAME, (int)PROTOTYPE_OPPOSITE })
        EXPECT_EQ(Error::StsBadArg,
            errorOf([&] { perturber->perturb(face, dst, PerturbParams(PROTOTYPE_SAME, label)); }).code)
            << label;
    for (int prototype : { -1, 0, 1, PROTOTYPE_SAME - 1, PROTOTYPE_RANDOM + 1 })
        EXPECT_EQ(Error::StsBadArg, errorOf([&] { perturber->perturb(face, dst, PrototypeChoice(prototype)); }).code)
            << prototype;
    EXPECT_THROW(perturber->perturb(face, dst, PerturbParams(PROTOTYPE_OPPOSITE, LABEL_NEUTRAL)), cv::Exception);
    EXPECT_THROW(perturber->perturbAll(face, noArray(), noArray(), dst, LABEL_NEUTRAL), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, PROTOTYPE_OPPOSITE, { 0, 1, 0 }), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, PROTOTYPE_OPPOSITE, { 1 }), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, PROTOTYPE_OPPOSITE, { 0, 7 }), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, PROTOTYPE_OPPOSITE, { 0, LABEL_NEUTRAL }), cv::Exception);
}

TEST(SanPrivacy_Perturber, refuses_bad_files)
{
    const TemporaryFile broken(".onnx"), small(".yml.gz");
    const String model = findDataFile("generator_project.onnx"), classifier = findDataFile("classifier.onnx"),
                 foreign = findDataFile("descriptor.onnx");
    ASSERT_FALSE(createFrom(model, prototypesFile(), classifier)->empty());

    cv::Exception error = errorOf([&]() { createFrom("no such.onnx", prototypesFile(), classifier); });
    EXPECT_EQ(Error::StsBadArg, error.code);
    EXPECT_NE(std::string::npos, error.err.find("no such.onnx")) << error.err;

    std::ifstream file(model.c_str(), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const std::string contents[] = { "", "this is no network", whole.substr(0, whole.size() / 2),
        whole.substr(0, whole.size() - 1) };
    for (const std::string& content : contents)
    {
        broken.write(content);
        error = errorOf([&]() { createFrom(broken.name, prototypesFile(), classifier); });
        EXPECT_EQ(Error::StsParseError, error.code) << error.err;
        EXPECT_NE(std::string::npos, error.err.find(broken.name)) << error.err;
        EXPECT_EQ(Error::StsParseError, errorOf([&]() { createFrom(model, prototypesFile(), broken.name); }).code);
    }

    error = errorOf([&]() { createFrom(foreign, prototypesFile(), classifier); });
    EXPECT_EQ(Error::StsBadArg, error.code);
    EXPECT_NE(std::string::npos, error.err.find("image, same_proto, neutral_proto, opposite_proto")) << error.err;
    error = errorOf([&]() { createFrom(model, prototypesFile(), foreign); });
    EXPECT_EQ(Error::StsBadArg, error.code);
    EXPECT_NE(std::string::npos, error.err.find("is not an attribute classifier")) << error.err;

    EXPECT_THROW(createFrom(model, "no such.yml.gz", classifier), cv::Exception);
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(Size(112, 112));
    builder->add(Mat::zeros(112, 112, CV_8U), 0);
    builder->add(Mat::zeros(112, 112, CV_8U), 1);
    builder->save(small.name);
    EXPECT_THROW(createFrom(model, small.name, classifier), cv::Exception) << "prototypes of another size";
}

TEST(SanPrivacy_Perturber, folders_in_place_of_files_are_told)
{
    const String model = findDataFile("generator_project.onnx"), folder = model.substr(0, model.find_last_of('/'));
    std::vector<ModelDescription> networks;
    const std::function<void()> calls[] = {
        [&] { createFrom(folder, prototypesFile(), model); },
        [&] { createFrom(model, folder, model); },
        [&] { createFrom(model, prototypesFile(), folder); },
        [&] { PrototypeBuilder::load(folder); },
        [&] { FaceDetector::create(folder); },
        [&] { readModelDescriptions(folder, networks); },
    };
    for (const std::function<void()>& call : calls)
    {
        const cv::Exception error = errorOf(call);
        EXPECT_EQ(Error::StsBadArg, error.code) << error.err;
        EXPECT_NE(std::string::npos, error.err.find("'" + folder + "' is a folder")) << error.err;
    }
}

std::string bytesOfClassifier()
{
    std::ifstream file(findDataFile("classifier.onnx").c_str(), std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

//! What is said of a classifier that consists of these bytes, when it is read or asked.
cv::Exception errorOfClassifier(const std::string& bytes)
{
    const TemporaryFile broken(".onnx");
    broken.write(bytes);
    const String model = findDataFile("generator_project.onnx");
    return errorOf([&] { createFrom(model, prototypesFile(), broken.name)->predict(Mat::zeros(FACE_SIZE, CV_8U)); });
}

// Found by a fuzzer: OpenCV's importer reads beyond a node without outputs.
TEST(SanPrivacy_Perturber, refuses_networks_with_empty_nodes)
{
    std::string bytes = bytesOfClassifier();
    const size_t at = bytes.find("contrast_w", bytes.find("Conv") + 20);
    ASSERT_NE(std::string::npos, at);
    const char initializer = '\x2a', node = '\x0a'; // fields 5 and 1 of a graph
    const size_t begin = bytes.rfind(initializer, at);
    ASSERT_LT(at - begin, 40u);
    bytes[begin] = node;
    const cv::Exception error = errorOfClassifier(bytes);
    EXPECT_EQ(Error::StsParseError, error.code);
    EXPECT_NE(std::string::npos, error.err.find("a node has no kind or no output")) << error.err;
}

TEST(SanPrivacy_Perturber, refuses_networks_without_their_weights)
{
    std::string bytes = bytesOfClassifier();
    const std::string name = "contrast_b", elsewhere = "\x70\x01\x70\x01\x70\x01"; // in place of one float
    const size_t at = bytes.find(name + "\x4a\x04");
    ASSERT_NE(std::string::npos, at);
    bytes.replace(at + name.size(), elsewhere.size(), elsewhere);
    cv::Exception error = errorOfClassifier(bytes);
    EXPECT_NE(std::string::npos, error.err.find("its weights are in another file (external data)")) << error.err;
    error = errorOfClassifier("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    EXPECT_NE(std::string::npos, error.err.find("it is a pointer of Git LFS")) << error.err;
    for (const auto& kind : { std::make_pair(std::string("\x89HDF\r\n\x1A\n"), "it is a file of HDF5"),
             std::make_pair(std::string("\x1C\0\0\0TFL3", 8), "it is a file of TensorFlow Lite"),
             std::make_pair(std::string("\x9\0\0\0\0\0\0\0{\"a\": {}}", 17), "it is a file of weights"),
             std::make_pair(std::string("\x80\4\x95"), "it is a pickle"),
             std::make_pair(std::string("PK\3\4 and more"), "it is a zip archive"),
             std::make_pair(std::string("\x80\2}q"), "it is a pickle of Python"),
             std::make_pair(std::string("\x1F\x8B\x08"), "it is compressed with gzip"),
             std::make_pair(std::string("<!DOCTYPE html>"), "it is XML or HTML") })
    {
        error = errorOfClassifier(kind.first);
        EXPECT_NE(std::string::npos, error.err.find(kind.second)) << error.err;
    }
    error = errorOfClassifier("");
    EXPECT_NE(std::string::npos, error.err.find("it is empty")) << error.err;
}

// Found by a fuzzer: OpenCV's importer reads beyond the data of such a tensor.
TEST(SanPrivacy_Perturber, refuses_networks_whose_tensors_lack_elements)
{
    std::string bytes = bytesOfClassifier();
    const std::string one_float("\x08\x01\x10\x01\x42\x0a", 6); // of one side, before the name of ten letters
    const size_t at = bytes.find(one_float + "contrast_b");
    ASSERT_NE(std::string::npos, at);
    bytes[at + 1] = 91; // the side
    cv::Exception error = errorOfClassifier(bytes);
    EXPECT_EQ(Error::StsParseError, error.code);
    EXPECT_NE(std::string::npos, error.err.find("fewer elements than it announces")) << error.err;

    bytes[at + 1] = 0; // OpenCV's importer divides by it
    error = errorOfClassifier(bytes);
    EXPECT_EQ(Error::StsParseError, error.code);
    EXPECT_NE(std::string::npos, error.err.find("weights of a node have no elements: contrast_b")) << error.err;
}

// Found by a fuzzer: OpenCV's importer reads at address 0.
TEST(SanPrivacy_Perturber, refuses_networks_with_a_node_of_unknown_input)
{
    std::string bytes = bytesOfClassifier();
    const size_t at = bytes.rfind("contrast_b"); // the name of the tensor that a node refers to
    ASSERT_NE(std::string::npos, at);
    bytes[at] = 'k';
    const cv::Exception error = errorOfClassifier(bytes);
    EXPECT_EQ(Error::StsParseError, error.code);
    EXPECT_NE(std::string::npos, error.err.find("the input of a node is not known: contrast_b")) << error.err;
}

TEST(SanPrivacy_Perturber, unavailable_backend_is_an_error_unless_fallback_is_allowed)
{
    if (!dnn::getAvailableTargets(dnn::DNN_BACKEND_CUDA).empty())
        throw SkipTestException("there is a CUDA device");
    const String model = findDataFile("generator_project.onnx"), classifier = findDataFile("classifier.onnx");
    const auto create = [&](int backend, int target, bool allow_fallback)
    { return createFrom(model, prototypesFile(), classifier, backend, target, allow_fallback); };

    const cv::Exception error = errorOf([&]() { create(dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA, false); });
    EXPECT_EQ(Error::GpuNotSupported, error.code);
    EXPECT_NE(std::string::npos, error.err.find("no device")) << error.err;
    EXPECT_EQ(
        Error::GpuNotSupported, errorOf([&]() { create(dnn::DNN_BACKEND_DEFAULT, dnn::DNN_TARGET_CUDA, false); }).code);
    EXPECT_EQ(Error::StsNotImplemented,
        errorOf([&]() { create(dnn::DNN_BACKEND_OPENCV, dnn::DNN_TARGET_MYRIAD, false); }).code);
    EXPECT_EQ(Error::StsNotImplemented, errorOf([&]() { create(12345, dnn::DNN_TARGET_CPU, false); }).code);

    const Ptr<Perturber> perturber = create(dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA, true);
    EXPECT_EQ((int)dnn::DNN_BACKEND_OPENCV, perturber->getBackend());
    EXPECT_EQ((int)dnn::DNN_TARGET_CPU, perturber->getTarget());
    Mat fallen_back, expected;
    perturber->perturb(randomFace(CV_8UC1, 1), fallen_back, PerturbParams(PROTOTYPE_OPPOSITE, 0));
    createPerturber()->perturb(randomFace(CV_8UC1, 1), expected, PerturbParams(PROTOTYPE_OPPOSITE, 0));
    EXPECT_EQ(0, cvtest::norm(fallen_back, expected, NORM_INF));
}

}} // namespace
