// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

namespace opencv_test { namespace {

//! Counts the matrices that get memory of their own while it lives.
class CountingAllocator : public MatAllocator
{
public:
    CountingAllocator() : standard_(Mat::getStdAllocator()), count_(0) { Mat::setDefaultAllocator(this); }
    ~CountingAllocator() CV_OVERRIDE { Mat::setDefaultAllocator(standard_); }

    int count() const { return count_; }

    UMatData* allocate(int dims, const int* sizes, int type, void* data, size_t* step, AccessFlag flags,
        UMatUsageFlags usage) const CV_OVERRIDE
    {
        count_ += !data;
        return standard_->allocate(dims, sizes, type, data, step, flags, usage); // which gives it back, too
    }
    bool allocate(UMatData* data, AccessFlag access, UMatUsageFlags usage) const CV_OVERRIDE
    {
        return standard_->allocate(data, access, usage);
    }
    void deallocate(UMatData* data) const CV_OVERRIDE { standard_->deallocate(data); }

private:
    MatAllocator* const standard_;
    mutable int count_;
};

TEST(SanPrivacy_Perturber, allocates_no_matrix_after_the_first_face)
{
    const Ptr<Perturber> perturber = Perturber::create();
    for (int type : { CV_8UC1, CV_8UC3, CV_32FC1, CV_32FC3 })
    {
        const Mat face = randomFace(type, 5);
        const PerturbParams params(PROTOTYPE_OPPOSITE, 1);
        Mat dst;
        perturber->perturb(face, dst, params);
        const CountingAllocator allocator;
        for (int i = 0; i < 3; ++i)
            perturber->perturb(face, dst, params);
        EXPECT_EQ(0, allocator.count()) << typeToString(type);
    }
}

// The rewritten network against the file's own graph.
TEST(SanPrivacy_Perturber, default_network_gives_what_its_file_says)
{
    const Ptr<Perturber> perturber = Perturber::create();
    dnn::Net network = dnn::readNetFromONNX(shippedFile("residual.onnx"));
    for (int label : { 0, 1 })
    {
        std::vector<Mat> faces, outputs;
        for (uint64 seed : { 1, 2, 3, 4, 5 }) // more than one pass
            faces.push_back(randomFace(CV_32FC1, seed));
        perturber->perturbBatch(faces, outputs, PerturbParams(PROTOTYPE_OPPOSITE, label));
        Mat prototype;
        perturber->getPrototypes()->opposite(label, prototype);
        for (size_t i = 0; i < faces.size(); ++i)
        {
            network.setInput(dnn::blobFromImage(faces[i]), "image");
            network.setInput(dnn::blobFromImage(prototype, 1, Size(), Scalar(), true), "target_proto");
            const Mat expected = network.forward("perturbed");
            EXPECT_LE(cvtest::norm(expected.reshape(1, FACE_SIZE.height), outputs[i], NORM_INF), 1e-5);
            EXPECT_GT(cvtest::norm(faces[i], outputs[i], NORM_INF), .01);
        }
    }
}

}} // namespace opencv_test::
