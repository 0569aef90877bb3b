// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TEST_PERTURBER_COMMON_HPP
#define OPENCV_SANPRIVACY_TEST_PERTURBER_COMMON_HPP

#include "test_precomp.hpp"

#include "opencv2/core/utils/filesystem.hpp"
#include "opencv2/dnn.hpp"

#include <cstdio>

namespace opencv_test {

const Size FACE_SIZE(224, 224);
const PrototypeChoice CHOICES[] = { PROTOTYPE_SAME, PROTOTYPE_NEUTRAL, PROTOTYPE_OPPOSITE };
const char* const GENERATORS[] = { "generator_project.onnx", "generator_authors.onnx", "generator_residual.onnx",
    "generator_residual_same.onnx" };
// Two ways to one number: the network's single precision against a few operations of our own.
const double CLOSED_FORM_TOLERANCE = 1e-5;

inline Mat randomFace(int type, uint64 seed)
{
    Mat coarse(14, 14, CV_MAKETYPE(CV_32F, CV_MAT_CN(type))), face;
    RNG(seed).fill(coarse, RNG::UNIFORM, 0, 1);
    resize(coarse, face, FACE_SIZE);
    face.convertTo(face, type, CV_MAT_DEPTH(type) == CV_8U ? 255 : 1);
    return face;
}

//! Faces of both labels, in unequal number so that neutral is not the plain mean of the two.
inline Ptr<PrototypeBuilder> makePrototypes()
{
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(FACE_SIZE);
    const int labels[] = { 0, 0, 0, 1 };
    for (int i = 0; i < 4; ++i)
        builder->add(randomFace(CV_32FC3, 100 + i), labels[i]);
    return builder;
}

//! A file that goes with the test.
struct TemporaryFile
{
    explicit TemporaryFile(const char* suffix) : name(cv::tempfile(suffix)) {}
    ~TemporaryFile() { std::remove(name.c_str()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void write(const std::string& content) const { std::ofstream(name.c_str(), std::ios::binary) << content; }

    const String name;
};

//! Written once, since compression takes time.
inline const String& prototypesFile()
{
    static const TemporaryFile file(".yml.gz");
    static bool written = false;
    if (!written)
        makePrototypes()->save(file.name);
    written = true;
    return file.name;
}

//! A perturber of one attribute.
inline Ptr<Perturber> createFrom(const String& model, const String& prototypes, const String& classifier,
    int backend = dnn::DNN_BACKEND_DEFAULT, int target = dnn::DNN_TARGET_CPU, bool allow_fallback = false)
{
    return Perturber::create(
        PerturberParams({ "gender" }, model, prototypes, classifier, backend, target, allow_fallback));
}

inline Ptr<Perturber> createPerturber(const char* generator = "generator_project.onnx",
    int backend = dnn::DNN_BACKEND_DEFAULT, int target = dnn::DNN_TARGET_CPU)
{
    return createFrom(findDataFile(generator), prototypesFile(), findDataFile("classifier.onnx"), backend, target);
}

inline Mat weighted(const Mat& bgr, double r, double g, double b)
{
    Mat sum;
    transform(bgr, sum, Matx13f((float)b, (float)g, (float)r));
    return sum;
}

inline Mat sigmoid(const Mat& logit)
{
    Mat e;
    exp(-logit, e);
    return 1 / (1 + e);
}

//! What testdata/make_networks.py puts into its generators.
inline Mat closedForm(
    const String& generator, const Mat& face, const PrototypeBuilder& prototypes, int label, int choice)
{
    Mat same, target, x = face;
    if (label == LABEL_NEUTRAL)
        prototypes.neutral(same);
    else
        prototypes.same(label, same);
    if (choice == PROTOTYPE_SAME)
        target = same;
    else if (choice == PROTOTYPE_NEUTRAL)
        prototypes.neutral(target);
    else
        prototypes.opposite(label, target);

    if (x.channels() == 3)
        cvtColor(x, x, COLOR_BGR2GRAY);
    x.convertTo(x, CV_32F, x.depth() == CV_8U ? 1 / 255. : 1);
    Mat logit = 4 * x - 2 + weighted(target, 1, -0.5, 0.25);
    if (generator != "generator_residual.onnx")
        logit += weighted(same, 0.5, -0.25, 0.125);
    return sigmoid(logit);
}

} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_TEST_PERTURBER_COMMON_HPP
