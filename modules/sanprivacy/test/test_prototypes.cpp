// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "concurrency.hpp"

#include "opencv2/core/utils/filesystem.hpp"
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>

#ifndef _WIN32
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace opencv_test { namespace {

const Size SMALL(24, 20);

Mat randomFace(RNG& rng, const Size& size = SMALL, int type = CV_8UC3)
{
    Mat face(size, type);
    rng.fill(face, RNG::UNIFORM, 0, face.depth() == CV_8U ? 256 : 1);
    return face;
}

double distance(InputArray a, InputArray b)
{
    return cvtest::norm(a.getMat(), b.getMat(), NORM_INF);
}

Ptr<PrototypeBuilder> randomBuilder(int faces0, int faces1, const Size& size = SMALL)
{
    RNG rng(3);
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(size);
    for (int i = 0; i < faces0 + faces1; ++i)
        builder->add(randomFace(rng, size), i < faces0 ? 0 : 1);
    return builder;
}

std::string contents(const std::string& name)
{
    std::ifstream file(name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void writeFile(const std::string& name, const std::string& bytes)
{
    std::ofstream(name, std::ios::binary).write(bytes.data(), bytes.size());
}

TEST(SanPrivacy_Prototypes, means_by_label_and_class_share)
{
    RNG rng(1);
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(SMALL);
    EXPECT_TRUE(builder->empty());
    Mat mean[2] = { Mat::zeros(SMALL, CV_64FC3), Mat::zeros(SMALL, CV_64FC3) };
    const int count[2] = { 7, 3 };
    for (int label = 0; label < 2; ++label)
        for (int i = 0; i < count[label]; ++i)
        {
            const Mat face = randomFace(rng);
            builder->add(face, label);
            Mat scaled;
            face.convertTo(scaled, CV_64F, 1. / (255 * count[label]));
            mean[label] += scaled;
        }
    EXPECT_FALSE(builder->empty());
    EXPECT_EQ(builder->count(0), 7);
    EXPECT_EQ(builder->count(1), 3);
    EXPECT_EQ(builder->getSize(), SMALL);

    Mat expected, prototype;
    for (int label = 0; label < 2; ++label)
    {
        mean[label].convertTo(expected, CV_32F);
        builder->same(label, prototype);
        ASSERT_EQ(prototype.type(), CV_32FC3);
        EXPECT_LE(distance(prototype, expected), 1e-6);
        builder->opposite(1 - label, prototype);
        EXPECT_LE(distance(prototype, expected), 1e-6);
    }
    Mat(mean[0] * .7 + mean[1] * .3).convertTo(expected, CV_32F);
    builder->neutral(prototype);
    EXPECT_LE(distance(prototype, expected), 1e-6);
}

TEST(SanPrivacy_Prototypes, depths_and_gray_agree)
{
    RNG rng(2);
    Ptr<PrototypeBuilder> bytes = PrototypeBuilder::create(SMALL), floats = PrototypeBuilder::create(SMALL),
                          color = PrototypeBuilder::create(SMALL);
    for (int i = 0; i < 5; ++i)
    {
        Mat face = randomFace(rng, SMALL, CV_8U), scaled, bgr;
        face.convertTo(scaled, CV_32F, 1. / 255);
        cvtColor(face, bgr, COLOR_GRAY2BGR);
        bytes->add(face, 1);
        floats->add(scaled, 1);
        color->add(bgr, 1);
    }
    Mat a, b, c;
    bytes->same(1, a);
    floats->same(1, b);
    color->same(1, c);
    EXPECT_LE(distance(a, b), 1e-6);
    EXPECT_EQ(distance(a, c), 0);
}

TEST(SanPrivacy_Prototypes, merged_halves_are_one_run)
{
    RNG rng(4);
    Ptr<PrototypeBuilder> whole = PrototypeBuilder::create(SMALL), first = PrototypeBuilder::create(SMALL),
                          second = PrototypeBuilder::create(SMALL);
    for (int i = 0; i < 300; ++i)
    {
        const Mat face = randomFace(rng, SMALL, i % 3 ? CV_8UC3 : CV_32FC3);
        const int label = i % 5 < 2;
        whole->add(face, label);
        (i < 170 ? first : second)->add(face, label);
    }
    // The second half makes the detour through a file, as that of another process does.
    const std::string name = cv::tempfile(".yml.gz");
    second->save(name);
    first->merge(PrototypeBuilder::load(name));
    std::remove(name.c_str());
    for (int label = 0; label < 2; ++label)
    {
        Mat a, b;
        whole->same(label, a);
        first->same(label, b);
        EXPECT_EQ(whole->count(label), first->count(label));
        EXPECT_LE(distance(a, b), 1e-6);
    }
}

TEST(SanPrivacy_Prototypes, many_faces_stay_exact)
{
    // 8-bit sums are whole numbers: 200,000 faces of one value have exactly that mean.
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(Size(2, 2));
    const Mat face(2, 2, CV_8UC3, Scalar(1, 128, 254));
    for (int i = 0; i < 200000; ++i)
        builder->add(face, 1);
    Mat prototype;
    builder->same(1, prototype);
    EXPECT_EQ(prototype.at<Vec3f>(1, 1), Vec3f(1 / 255.f, 128 / 255.f, 254 / 255.f));
}

TEST(SanPrivacy_Prototypes, save_and_load)
{
    Ptr<PrototypeBuilder> builder = randomBuilder(4, 9, Size(224, 224));
    for (const char* ending : { ".yml.gz", ".yml", ".xml", ".json" })
    {
        const std::string name = cv::tempfile(ending);
        builder->save(name);
        Ptr<PrototypeBuilder> loaded = PrototypeBuilder::load(name);
        EXPECT_LE(contents(name).size(), 3u << 20);
        std::remove(name.c_str());
        EXPECT_EQ(loaded->getSize(), Size(224, 224));
        for (int label = 0; label < 2; ++label)
        {
            Mat a, b;
            builder->same(label, a);
            loaded->same(label, b);
            EXPECT_EQ(builder->count(label), loaded->count(label));
            EXPECT_LE(distance(a, b), 1e-7) << ending;
        }
    }
}

TEST(SanPrivacy_Prototypes, label_without_faces)
{
    Ptr<PrototypeBuilder> builder = randomBuilder(0, 3);
    const std::string name = cv::tempfile(".yml.gz");
    builder->save(name);
    builder = PrototypeBuilder::load(name);
    std::remove(name.c_str());
    Mat prototype, male;
    EXPECT_THROW(builder->same(0, prototype), cv::Exception);
    EXPECT_THROW(builder->opposite(1, prototype), cv::Exception);
    builder->same(1, male);
    builder->neutral(prototype);
    EXPECT_LE(distance(prototype, male), 1e-7);
}

TEST(SanPrivacy_Prototypes, bad_faces)
{
    RNG rng(5);
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(SMALL);
    Mat nan = randomFace(rng, SMALL, CV_32FC3), bright = nan + Scalar::all(2), prototype;
    nan.at<Vec3f>(3, 3)[1] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(builder->add(nan, 0), cv::Exception);
    EXPECT_THROW(builder->add(bright, 0), cv::Exception);
    EXPECT_THROW(builder->add(Mat(), 0), cv::Exception);
    EXPECT_THROW(builder->add(randomFace(rng, Size(20, 20)), 0), cv::Exception);
    EXPECT_THROW(builder->add(Mat::zeros(SMALL, CV_8UC4), 0), cv::Exception);
    EXPECT_THROW(builder->add(Mat::zeros(SMALL, CV_16UC3), 0), cv::Exception);
    EXPECT_THROW(builder->add(randomFace(rng), 2), cv::Exception);
    EXPECT_THROW(builder->add(randomFace(rng), -1), cv::Exception);
    EXPECT_TRUE(builder->empty());
    EXPECT_THROW(builder->neutral(prototype), cv::Exception);
    EXPECT_THROW(builder->merge(Ptr<PrototypeBuilder>()), cv::Exception);
    EXPECT_THROW(builder->merge(PrototypeBuilder::create(Size(8, 8))), cv::Exception);
    EXPECT_THROW(PrototypeBuilder::create(Size(0, 8)), cv::Exception);
}

TEST(SanPrivacy_Prototypes, default_constructed_is_empty)
{
    PrototypeBuilder builder;
    Mat prototype;
    EXPECT_TRUE(builder.empty());
    EXPECT_EQ(builder.getSize(), Size());
    EXPECT_EQ(builder.count(0), 0);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&] { builder.add(Mat(SMALL, CV_8U), 0); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&] { builder.merge(PrototypeBuilder::create(SMALL)); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&] { builder.save(cv::tempfile(".yml.gz")); }).code);
    EXPECT_EQ(Error::StsError, errorOf([&] { builder.same(0, prototype); }).code);
    EXPECT_EQ(Error::StsError, errorOf([&] { builder.neutral(prototype); }).code);
}

TEST(SanPrivacy_Prototypes, broken_files)
{
    const std::string name = cv::tempfile(".yml.gz"), plain = cv::tempfile(".yml");
    EXPECT_THROW(PrototypeBuilder::load(name), cv::Exception);
    randomBuilder(2, 2)->save(name);
    const std::string whole = contents(name);
    for (int part = 0; part < 20; ++part)
    {
        writeFile(name, whole.substr(0, whole.size() * part / 20));
        EXPECT_THROW(PrototypeBuilder::load(name), cv::Exception) << part;
    }
    for (size_t cut : { 1, 8, 12, 40 }) // within the checksum, and before it
    {
        writeFile(name, whole.substr(0, whole.size() - cut));
        try
        {
            EXPECT_EQ(PrototypeBuilder::load(name)->count(1), 2); // all that matters is there, without zlib
        }
        catch (const cv::Exception& e)
        {
            EXPECT_EQ("its packed data are damaged or end early", e.err.substr(e.err.find(": ") + 2));
        }
    }
    writeFile(name, std::string(5000, 'x'));
    EXPECT_THROW(PrototypeBuilder::load(name), cv::Exception);
    writeFile(plain, "%YAML:1.0\n---\nother: 1\n");
    EXPECT_THROW(PrototypeBuilder::load(plain), cv::Exception);
    std::remove(name.c_str());
    std::remove(plain.c_str());
}

TEST(SanPrivacy_Prototypes, failed_save_leaves_nothing)
{
    Ptr<PrototypeBuilder> builder = randomBuilder(1, 1);
    const std::string folder = cv::tempfile("");
    EXPECT_THROW(builder->save(folder + "/missing/prototypes.yml.gz"), cv::Exception);

    ASSERT_TRUE(cv::utils::fs::createDirectories(folder + "/taken.yml.gz/full"));
    EXPECT_THROW(builder->save(folder + "/taken.yml.gz"), cv::Exception);
    EXPECT_EQ(Error::StsError, errorOf([&] { builder->save(folder + "/a?base64.yml"); }).code);
    EXPECT_EQ(Error::StsError, errorOf([&] { builder->save(String()); }).code);
    std::vector<String> left;
    cv::utils::fs::glob(folder, "*", left, false, true);
    EXPECT_EQ(left.size(), 1u);
    cv::utils::fs::remove_all(folder);
}

#ifndef _WIN32
TEST(SanPrivacy_Prototypes, what_is_replaced_stays_what_it_is)
{
    const Ptr<PrototypeBuilder> builder = randomBuilder(1, 1), other = randomBuilder(2, 2);
    const std::string folder = cv::tempfile(""), file = folder + "/file.yml", link = folder + "/link.yml",
                      pipe = folder + "/pipe.yml";
    ASSERT_TRUE(cv::utils::fs::createDirectories(folder));
    builder->save(file);
    ASSERT_EQ(0, chmod(file.c_str(), 0600));
    ASSERT_EQ(0, symlink(file.c_str(), link.c_str()));
    other->save(link);
    struct stat status;
    const auto modeOf = [&](const std::string& path) { return lstat(path.c_str(), &status) ? 0 : status.st_mode; };
    EXPECT_TRUE(S_ISLNK(modeOf(link)));
    EXPECT_EQ(mode_t(S_IFREG | 0600), modeOf(file));
    EXPECT_EQ(2, PrototypeBuilder::load(file)->count(0));
    ASSERT_EQ(0, mkfifo(pipe.c_str(), 0600));
    EXPECT_EQ(Error::StsError, errorOf([&] { builder->save(pipe); }).code);
    EXPECT_TRUE(S_ISFIFO(modeOf(pipe)));
    ASSERT_EQ(0, chmod(file.c_str(), 0400));
    const int expected = std::ofstream(file.c_str(), std::ios::app).good() ? Error::StsOk /* root */ : Error::StsError;
    EXPECT_EQ(expected, errorOf([&] { builder->save(file); }).code);
    for (const std::string& name : { pipe, link, file }) // a link whose file is gone first would stay
        std::remove(name.c_str());
    cv::utils::fs::remove_all(folder);
}
#endif

//! The text of a prototypes file with one value replaced.
std::string textWith(const std::string& key, const std::string& value)
{
    const std::string name = cv::tempfile(".yml");
    randomBuilder(2, 3)->save(name);
    std::string text = contents(name);
    std::remove(name.c_str());
    const size_t at = text.find("\n" + key + ":") + 1;
    return text.substr(0, at) + key + ": " + value + text.substr(text.find('\n', at));
}

TEST(SanPrivacy_Prototypes, counts_that_are_no_counts)
{
    const std::string name = cv::tempfile(".yml");
    for (const char* count : { ".Nan", ".Inf", "-.Inf", "1e308", "9.1e15", "-1.", "-1", "2.5", "\"two\"", "[ 1, 2 ]" })
        for (const char* key : { "count_0", "count_1" })
        {
            writeFile(name, textWith(key, count));
            EXPECT_THROW(PrototypeBuilder::load(name), cv::Exception) << key << ": " << count;
        }
    for (const char* count : { "0", "7.", "9007199254740992." })
    {
        writeFile(name, textWith("count_0", count));
        EXPECT_NO_THROW(PrototypeBuilder::load(name)) << count;
    }
    std::remove(name.c_str());
}

TEST(SanPrivacy_Prototypes, pixels_that_are_no_numbers)
{
    const std::string name = cv::tempfile(".yml");
    for (float value :
        { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -.1f, 1.1f, .5f })
    {
        Mat mean[2] = { Mat(SMALL, CV_32FC3, Scalar::all(.4)), Mat(SMALL, CV_32FC3, Scalar::all(.6)) };
        mean[1].at<Vec3f>(5, 7)[2] = value;
        {
            FileStorage file(name, FileStorage::WRITE | FileStorage::BASE64);
            file << "sanprivacy_prototypes" << 1 << "mean_0" << mean[0] << "mean_1" << mean[1] << "count_0" << 2.
                 << "count_1" << 3.;
        }
        if (value == .5f)
            EXPECT_NO_THROW(PrototypeBuilder::load(name));
        else
            EXPECT_THROW(PrototypeBuilder::load(name), cv::Exception) << value;
    }
    std::remove(name.c_str());
}

TEST(SanPrivacy_Prototypes, matrices_that_ask_for_much_memory)
{
    const std::string name = cv::tempfile(".yml"), whole = textWith("count_0", "2");
    const std::pair<const char*, const char*> changes[] = { { "rows: ", "2147483647" }, { "rows: ", "1e9" },
        { "rows: ", "many" }, { "cols: ", "-5" }, { "cols: ", "2049" }, { "dt: ", "\"512d\"" } };
    for (const auto& change : changes)
    {
        const size_t at = whole.find(change.first) + std::strlen(change.first);
        writeFile(name, whole.substr(0, at) + change.second + whole.substr(whole.find('\n', at)));
        try
        {
            PrototypeBuilder::load(name);
            ADD_FAILURE() << change.first << change.second;
        }
        catch (const cv::Exception& e) // of ours, and not of OpenCV's, which allocates first
        {
            EXPECT_NE(e.err.find("mean_0 must be a CV_32FC3"), std::string::npos) << e.err;
        }
    }
    std::remove(name.c_str());
}

TEST(SanPrivacy_Prototypes, load_from_memory)
{
    const Ptr<PrototypeBuilder> builder = randomBuilder(2, 3);
    for (const char* ending : { ".yml.gz", ".yml", ".xml", ".json" })
    {
        const std::string name = cv::tempfile(ending);
        builder->save(name);
        const std::string bytes = contents(name);
        std::remove(name.c_str());
        const Ptr<PrototypeBuilder> loaded = PrototypeBuilder::load(std::vector<uchar>(bytes.begin(), bytes.end()));
        Mat a, b;
        builder->neutral(a);
        loaded->neutral(b);
        EXPECT_LE(distance(a, b), 1e-7) << ending;
        EXPECT_EQ(loaded->count(1), 3);
        EXPECT_THROW(
            PrototypeBuilder::load(std::vector<uchar>(bytes.begin(), bytes.begin() + bytes.size() / 2)), cv::Exception)
            << ending;
    }
    EXPECT_THROW(PrototypeBuilder::load(std::vector<uchar>()), cv::Exception);
    EXPECT_THROW(PrototypeBuilder::load(std::vector<uchar>(500, 'x')), cv::Exception);
}

TEST(SanPrivacy_Prototypes, threads_share_one_object)
{
    const Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(SMALL), other = randomBuilder(1, 1);
    runConcurrently(4,
        [&](int i)
        {
            const Mat face(SMALL, CV_8UC3, Scalar::all(10 + i));
            Mat mean;
            for (int k = 0; k < 500; ++k)
            {
                builder->add(face, 1);
                builder->same(1, mean);
            }
            if (i % 2)
                builder->merge(other);
            else
                other->merge(builder); // the other way round at the same time
        });
    EXPECT_GE(builder->count(1), 2002);
    const double before = builder->count(1);
    builder->merge(builder);
    EXPECT_EQ(2 * before, builder->count(1));
}

#ifndef _WIN32
// FileStorage says nothing of a disk that is full: only reading the file back tells.
TEST(SanPrivacy_Prototypes, file_that_was_cut_while_it_was_written_is_no_success)
{
    const std::string folder = cv::tempfile("");
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    const Ptr<PrototypeBuilder> builder = randomBuilder(3, 2, Size(64, 64));
    rlimit before;
    ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &before));
    void (*const handler)(int) = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small = { 5000, before.rlim_max };
    ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &small));
    String refusal;
    try
    {
        builder->save(folder + "/prototypes.yml");
    }
    catch (const cv::Exception& error)
    {
        refusal = error.err;
    }
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_NE(String::npos, refusal.find("is the disk full?")) << refusal;
    std::vector<String> left;
    cv::utils::fs::glob(folder, "*", left, true, true);
    EXPECT_TRUE(left.empty()) << left[0];
    cv::utils::fs::remove_all(folder);
}
#endif

}} // namespace
