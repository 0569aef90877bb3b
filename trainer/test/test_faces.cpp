// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include <csignal>
#include <set>

#include <sys/resource.h>

#include <gtest/gtest.h>
#include <opencv2/sanprivacy.hpp>

#include "data/batches.hpp"
#include "data/dataset.hpp"
#include "data/landmark_squares.hpp"
#include "drawn_faces.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train { namespace test { namespace {

namespace fs = std::filesystem;

std::vector<Sample> drawnSamples(const fs::path& folder)
{
    return readManifest(folder, { AttributeRule() });
}

TEST(Train_FaceCache, crops_are_those_of_alignFace)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 4);
    const FaceCache cache(drawnSamples(folder / "data"), folder / "cache", "drawn");
    EXPECT_TRUE(cache.rebuilt());
    ASSERT_EQ(4u, cache.size());
    for (size_t i = 0; i < cache.size(); ++i)
    {
        cv::Mat expected, points = cv::Mat(cache.sample(i).landmarks).reshape(1, 5);
        const double coverage = cv::sanprivacy::alignFace(cv::imread(cache.sample(i).file.string()), points, expected);
        EXPECT_EQ(0, cv::norm(cache.crop(i), expected, cv::NORM_INF));
        EXPECT_FLOAT_EQ(float(coverage), cache.coverage(i));
        // Eyes of the drawn face lie as the canonical ones do, 90 apart.
        const std::vector<cv::Point2f> landmarks = cache.landmarks(i);
        EXPECT_NEAR(90, cv::norm(landmarks[1] - landmarks[0]), 8);
    }
}

TEST(Train_FaceCache, is_rebuilt_when_something_changed_and_only_then)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 3);
    const auto rebuilt = [&](const CropTemplate& crop = CropTemplate())
    { return FaceCache(drawnSamples(folder / "data"), folder / "cache", "drawn", crop).rebuilt(); };
    EXPECT_TRUE(rebuilt());
    EXPECT_FALSE(rebuilt());
    EXPECT_TRUE(rebuilt({ 64, .5f })) << "another template is another file";
    EXPECT_FALSE(rebuilt());

    cv::imwrite((folder / "data/images/001.png").string(), drawFace(0, 77));
    EXPECT_TRUE(rebuilt()) << "an image changed";
    EXPECT_FALSE(rebuilt());

    std::string labels;
    std::getline(std::ifstream(folder / "data/labels.csv"), labels, '\0');
    labels.replace(labels.find(DRAWN_LANDMARKS), 2, "84");
    write(folder / "data/labels.csv", labels);
    EXPECT_TRUE(rebuilt()) << "a landmark changed";

    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "cache"))
        fs::resize_file(entry.path(), fs::file_size(entry.path()) / 2);
    EXPECT_TRUE(rebuilt()) << "truncated";
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "cache"))
        write(entry.path(), "no HDF5");
    EXPECT_TRUE(rebuilt()) << "foreign";
    EXPECT_FALSE(rebuilt());
}

TEST(Train_FaceCache, a_full_disk_leaves_no_cache)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 3);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = { 200000, before.rlim_max }; // of 451584 bytes
    setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_THROW(FaceCache(drawnSamples(folder / "data"), folder / "cache", "drawn"), std::runtime_error);
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_TRUE(fs::is_empty(folder / "cache"));
}

TEST(Train_FaceCache, unreadable_images_are_named_and_left_out)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 6);
    std::vector<Sample> samples = drawnSamples(folder / "data");
    write(samples[1].file, "");
    write(samples[2].file, "no image");
    fs::remove(samples[3].file);
    const fs::path jpeg = folder / "data/whole.jpg";
    cv::imwrite(jpeg.string(), drawFace(0, 1));
    samples[4].file = jpeg;
    fs::resize_file(jpeg, fs::file_size(jpeg) / 2); // OpenCV decodes it, half of it gray
    samples[5].landmarks.assign(5, cv::Point2f(10, 10));

    ::testing::internal::CaptureStderr();
    const FaceCache cache(samples, folder / "cache", "drawn");
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(cache.readable(0));
    for (size_t i = 1; i < 6; ++i)
        EXPECT_FALSE(cache.readable(i)) << i;
    EXPECT_NE(std::string::npos, said.find("4 of 6 images left out, unreadable:")) << said;
    EXPECT_NE(std::string::npos, said.find("002.png")) << said;
    EXPECT_NE(std::string::npos, said.find("1 of 6 images left out, no face found:")) << said;
}

TEST(Train_Dataset, holds_out_people_and_leaves_out_what_is_not_inside)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 20);
    std::string labels;
    std::getline(std::ifstream(folder / "data/labels.csv"), labels, '\0');
    labels += std::string("images/000.png,?,1,q,") + DRAWN_LANDMARKS + "\n"
              + "images/001.png,M,1,q,5,100,95,100,50,145,15,190,85,190\n"; // half of it beyond the left border
    write(folder / "data/labels.csv", labels);
    DatasetOptions options;
    options.data = { folder / "data" };
    options.cache = folder / "cache";
    options.heldOutShare = .4;
    ::testing::internal::CaptureStderr();
    const Dataset dataset = loadDataset(options);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(20u, dataset.train.size() + dataset.heldOut.size());
    EXPECT_GT(dataset.heldOut.size(), 0u);
    std::set<std::string> trained;
    for (size_t i = 0; i < dataset.train.size(); ++i)
        trained.insert(dataset.train.sample(i).identity);
    for (size_t i = 0; i < dataset.heldOut.size(); ++i)
        EXPECT_EQ(0u, trained.count(dataset.heldOut.sample(i).identity));
    EXPECT_NE(std::string::npos, said.find("1 left out whose crop leaves the image")) << said;
    EXPECT_NE(std::string::npos, said.find("1 left out without a known gender")) << said;
}

TEST(Train_Shuffle, every_epoch_is_a_permutation)
{
    const size_t n = 10;
    const Shuffle shuffle(n, 3), same(n, 3), other(n, 4);
    std::vector<size_t> first, second, otherFirst;
    for (uint64_t p = 0; p < 2 * n; ++p)
        (p < n ? first : second).push_back(shuffle(p));
    for (uint64_t p = 2 * n; p-- > 0;) // in any order of asking
        EXPECT_EQ((p < n ? first : second)[p % n], same(p));
    for (uint64_t p = 0; p < n; ++p)
        otherFirst.push_back(other(p));
    EXPECT_NE(first, second);
    EXPECT_NE(first, otherFirst);
    EXPECT_EQ(n, std::set<size_t>(first.begin(), first.end()).size());
    EXPECT_EQ(n, std::set<size_t>(second.begin(), second.end()).size());
}

TEST(Train_FaceBatches, depend_on_seed_and_step_alone)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 6);
    const auto cache = std::make_shared<FaceCache>(drawnSamples(folder / "data"), folder / "cache", "drawn");
    Faces faces;
    for (size_t i = 0; i < cache->size(); ++i)
        faces.add(cache, i);
    const FaceBatches batches(faces, 4, 1, Jitter()), again(faces, 4, 1, Jitter()), other(faces, 4, 2, Jitter());
    const Batch second = batches(1);
    batches(0);
    EXPECT_TRUE(torch::equal(second[0], batches(1)[0]));
    EXPECT_TRUE(torch::equal(second[0], again(1)[0]));
    EXPECT_FALSE(torch::equal(second[0], other(1)[0]));
    EXPECT_EQ(std::vector<int64_t>({ 4, 1, 224, 224 }), second[0].sizes().vec());
    EXPECT_EQ(std::vector<int64_t>({ 4, 1 }), second[1].sizes().vec());
    EXPECT_GE(second[0].min().item<float>(), 0);
    EXPECT_LE(second[0].max().item<float>(), 1);

    const FaceBatches plain(faces, 6, 1, Jitter::none());
    const Batch batch = plain(0), inOrder = plainBatch(faces, 0, 6);
    EXPECT_NEAR(batch[0].sum().item<double>(), inOrder[0].sum().item<double>(), 1) << "the same faces, shuffled";
    EXPECT_EQ(3, batch[1].sum().item<float>());

    const FaceBatches inColor(faces, 4, 1, Jitter::none(), true), inGray(faces, 4, 1, Jitter::none());
    const torch::Tensor color = inColor(1)[0];
    EXPECT_EQ(std::vector<int64_t>({ 4, 3, 224, 224 }), color.sizes().vec());
    EXPECT_TRUE(torch::allclose(luma(color), inGray(1)[0], 0, 1. / 255)) << "but for the rounding of gray levels";
}

TEST(Train_FaceBatches, surroundings_hold_the_crop_in_their_middle)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 6);
    const std::vector<Sample> samples = drawnSamples(folder / "data");
    const auto cache = std::make_shared<FaceCache>(samples, folder / "cache", "drawn"),
               wide = std::make_shared<FaceCache>(samples, folder / "cache", "drawn", CropTemplate { 224, WIDE_ZOOM });
    ASSERT_NE(cache->file(), wide->file());
    Faces faces, without;
    for (size_t i = 0; i < cache->size(); ++i)
    {
        faces.add(cache, i, wide);
        without.add(cache, i);
    }
    EXPECT_EQ(3u, FaceBatches(without, 4, 1, Jitter())(0).size());
    const auto expectMiddle = [](const torch::Tensor& face, const torch::Tensor& surroundings)
    {
        ASSERT_EQ(face.sizes(), surroundings.sizes());
        const torch::Tensor middle = surroundings.narrow(2, 56, 112).narrow(3, 56, 112),
                            inner = torch::avg_pool2d(face, 2);
        const auto difference = [](const torch::Tensor& a, const torch::Tensor& b)
        { return (a - b).narrow(2, 8, 95).narrow(3, 8, 95).abs().mean().item<double>(); };
        const double found = difference(middle, inner);
        EXPECT_LE(found, .02);
        EXPECT_LE(2 * found, difference(middle.roll(1, 3), inner)) << "a pixel aside";
        EXPECT_LE(2 * found, difference(middle.roll(-1, 2), inner)) << "a pixel below";
    };
    for (const bool color : { false, true })
    {
        const Batch moved = FaceBatches(faces, 6, 1, Jitter(), color)(0), plain = plainBatch(faces, 0, 6, color);
        ASSERT_EQ(4u, moved.size());
        expectMiddle(moved[0], moved[3]);
        ASSERT_EQ(3u, plain.size());
        expectMiddle(plain[0], plain[2]);
    }
}

TEST(Train_FaceBatches, pairs_are_two_photographs_of_one_person)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 6);
    std::vector<Sample> samples = drawnSamples(folder / "data");
    for (size_t i = 0; i < samples.size(); ++i)
        samples[i].identity = i < 3 ? "a" : i < 5 ? "b" : "";
    const auto cache = std::make_shared<FaceCache>(samples, folder / "cache", "drawn");
    Faces faces, single;
    for (int listed = 0; listed < 2; ++listed) // twice, which makes no pairs
        for (size_t i = 0; i < cache->size(); ++i)
            faces.add(cache, i);
    single.add(cache, 0);
    single.add(cache, 0);
    single.add(cache, 5);
    const FaceBatches batches(faces, 6, 1, Jitter::none(), false, 2);
    std::set<int64_t> people;
    for (int64_t step = 0; step < 8; ++step)
    {
        const Batch batch = batches(step);
        ASSERT_EQ(std::vector<int64_t>({ 6, 1 }), batch[2].sizes().vec());
        for (int64_t k = 0; k < 4; k += 2)
        {
            people.insert(batch[2][k].item<int64_t>());
            EXPECT_TRUE(torch::equal(batch[2][k], batch[2][k + 1]));
            EXPECT_FALSE(torch::equal(batch[0][k], batch[0][k + 1])) << "another photograph";
        }
        EXPECT_TRUE(torch::equal(batch[0], batches(step)[0]));
    }
    EXPECT_EQ(2u, people.size());

    const torch::Tensor persons = FaceBatches(faces, 12, 1, Jitter::none())(0)[2];
    EXPECT_EQ(3, std::get<0>(torch::_unique(persons)).size(0)) << "a, b, and the last face, listed twice";
    EXPECT_THROW(FaceBatches(faces, 6, 1, Jitter::none(), false, 4), cv::Exception) << "more than half of the batch";
    EXPECT_THROW(FaceBatches(single, 6, 1, Jitter::none(), false, 1), cv::Exception) << "nobody is there twice";
}

TEST(Train_FaceBatches, color_is_rgb)
{
    const cv::Mat orange(2, 2, CV_8UC3, cv::Scalar(0, 102, 255)); // BGR
    const torch::Tensor faces = stackImages({ colorFace(orange), colorFace(orange) });
    ASSERT_EQ(std::vector<int64_t>({ 2, 3, 2, 2 }), faces.sizes().vec());
    EXPECT_TRUE(torch::allclose(faces[1].slice(1, 1).slice(2, 1).flatten(), torch::tensor({ 1.f, .4f, 0.f })));
    EXPECT_NEAR(luma(faces)[0][0][0][0].item<float>(), .299 + .4 * .587, 1e-6);
    EXPECT_TRUE(torch::equal(luma(luma(faces)), luma(faces)));
}

TEST(Train_SquareBatches, points_lie_where_the_drawn_eyes_are)
{
    const TemporaryFolder folder;
    drawDataset(folder / "data", 4);
    const auto cache =
        std::make_shared<FaceCache>(drawnSamples(folder / "data"), folder / "cache", "drawn", SURROUNDINGS);
    Faces faces;
    for (size_t i = 0; i < cache->size(); ++i)
        faces.add(cache, i);
    const Batch squares = proposedSquares(faces, 0, 4, .6);
    const float dark = .25f; // the drawn pupils, and nothing near them
    for (int64_t n = 0; n < 4; ++n)
        for (int64_t eye = 0; eye < 2; ++eye)
        {
            const auto pixel = [&](int64_t k)
            { return int64_t(std::lround(squares[1][n][2 * eye + k].item<float>() * 96)); };
            EXPECT_LT(squares[0][n][0][pixel(1)][pixel(0)].item<float>(), dark) << "face " << n << " eye " << eye;
        }
    const Batch random = SquareBatches(faces, 9, 1)(0);
    EXPECT_EQ(6, random[3].sum().item<float>()) << "two of three squares show a face";
    EXPECT_TRUE(torch::equal(random[0], SquareBatches(faces, 9, 1)(0)[0]));
    EXPECT_EQ(std::vector<int64_t>({ 9, 1, 96, 96 }), random[0].sizes().vec());
}

} // namespace

}}} // namespace sanprivacy::train::test
