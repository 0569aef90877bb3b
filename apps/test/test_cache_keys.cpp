// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Whatever changes a result is part of the key under which it is kept.

#include "evaluation/cache_keys.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include <gtest/gtest.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace sanprivacy::apps;
using cv::sanprivacy::ModelDescription;

namespace {

class CacheKeys : public testing::Test
{
protected:
    CacheKeys()
    {
        const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
        folder_ = fs::temp_directory_path() / ("sanprivacy-" + std::string(test.name()) + std::to_string(getpid()));
        fs::create_directory(folder_);
    }
    ~CacheKeys() override { fs::remove_all(folder_); }

    std::string file(const std::string& name, const std::string& content)
    {
        std::ofstream(folder_ / name) << content;
        return (folder_ / name).string();
    }

    //! Checks that every change gives a key that no other one gives, and no change the same one.
    template <class Values>
    static void checkAll(const Values& values, const std::function<std::string(const Values&)>& key,
        const std::vector<std::function<void(Values&)>>& changes)
    {
        std::set<std::string> keys = { key(values) };
        EXPECT_EQ(key(values), *keys.begin());
        for (size_t i = 0; i < changes.size(); ++i)
        {
            Values changed = values;
            changes[i](changed);
            EXPECT_TRUE(keys.insert(key(changed)).second) << "change " << i;
        }
    }

private:
    fs::path folder_;
};

} // namespace

TEST_F(CacheKeys, tell_networks_apart)
{
    ModelDescription network;
    network.name = "brightness";
    network.file = file("network.onnx", "some weights");
    network.size = cv::Size(32, 48);
    network.landmark_template = { cv::Point2f(1, 2), cv::Point2f(3, 4), cv::Point2f(5, 6), cv::Point2f(7, 8),
        cv::Point2f(9, 10) };
    const std::string other = file("other.onnx", "other weights"), same = file("same.onnx", "some weights");
    checkAll<ModelDescription>(network, [](const ModelDescription& n) { return networkKey(n, "cpu"); },
        { [&](ModelDescription& n) { n.file = other; }, [](ModelDescription& n) { n.name = "light"; },
            [](ModelDescription& n) { n.task = cv::sanprivacy::NETWORK_MATCHER; },
            [](ModelDescription& n) { n.size.width = 33; }, [](ModelDescription& n) { n.size.height = 33; },
            [](ModelDescription& n) { n.mean[2] = 9; }, [](ModelDescription& n) { n.scale = 0.5; },
            [](ModelDescription& n) { n.color = "gray"; }, [](ModelDescription& n) { n.square = 1.3; },
            [](ModelDescription& n) { n.landmark_template[3].y += 1; },
            [](ModelDescription& n) { n.output = "second"; },
            [](ModelDescription& n) { n.distance = cv::sanprivacy::DISTANCE_EUCLIDEAN; },
            [](ModelDescription& n) { n.index = { 1 }; } });
    EXPECT_NE(networkKey(network, "cpu"), networkKey(network, "cuda"));
    ModelDescription renamed = network;
    renamed.file = same;
    EXPECT_EQ(networkKey(renamed, "cpu"), networkKey(network, "cpu")); // the content counts
}

TEST_F(CacheKeys, tell_perturbers_and_detectors_apart)
{
    NetworkOptions options;
    const std::string one = file("one", "1"), two = file("two", "2"), three = file("three", "3");
    checkAll<NetworkOptions>(options, perturberKey,
        { [&](NetworkOptions& o) { o.model = one; }, [&](NetworkOptions& o) { o.model = two; },
            [](NetworkOptions& o) { o.model = "san2018"; }, [&](NetworkOptions& o) { o.prototypes = one; },
            [&](NetworkOptions& o) { o.classifier = one; }, [](NetworkOptions& o) { o.hide = { "age" }; },
            [](NetworkOptions& o) {
                o.hide = { "gender", "age" };
            },
            [](NetworkOptions& o) { o.keep_marks = true; }, [](NetworkOptions& o) { o.strength = 0.5; },
            [](NetworkOptions& o) { o.strength = 0.5000001; }, [](NetworkOptions& o) { o.backend = "cuda"; } });
    checkAll<NetworkOptions>(options, detectorKey,
        { [](NetworkOptions& o) { o.detector = "cascade"; }, [&](NetworkOptions& o) { o.detector = three; },
            [](NetworkOptions& o) { o.backend = "cuda"; } });
}

TEST_F(CacheKeys, tell_images_and_faces_apart)
{
    EXPECT_NE(imageKey({ 1, 2, 3 }, false), imageKey({ 1, 2, 4 }, false));
    EXPECT_NE(imageKey({ 1, 2, 3 }, false), imageKey({ 1, 2, 3 }, true));
    struct Face
    {
        std::string image, method, uses;
        float x;
        int label;
    };
    checkAll<Face>({ "image", "method", "uses", 7, 0 },
        [](const Face& f) { return faceKey(f.image, cv::Mat1f(1, 15, f.x), f.label, f.method, f.uses); },
        { [](Face& f) { f.image = "imag"; }, [](Face& f) { f.method = "blur"; }, [](Face& f) { f.uses = ""; },
            [](Face& f) { f.x = 8; }, [](Face& f) { f.label = 1; } });
}

TEST_F(CacheKeys, tell_measurements_and_matchings_apart)
{
    struct Measurement
    {
        std::vector<std::string> faces, networks;
        std::vector<int> people;
    };
    checkAll<Measurement>({ { "a", "b" }, { "n" }, { 0, 1 } },
        [](const Measurement& m) { return measurementKey(m.faces, m.people, m.networks); },
        { [](Measurement& m) {
             m.people = { 0, 0 };
         },
            [](Measurement& m) {
                m.faces = { "b", "a" };
            },
            [](Measurement& m) {
                m.networks = { "n", "m" };
            } });
    struct Matching
    {
        std::string originals, perturbed;
        ModelDescription network;
        std::vector<size_t> faces;
        std::vector<double> rates;
        BootstrapOptions bootstrap;
    };
    checkAll<Matching>({ "o", "p", ModelDescription(), { 0, 1, 2 }, { 0.01, 0.001 }, BootstrapOptions() },
        [](const Matching& m)
        { return matchingKey(m.originals, m.perturbed, m.network, m.faces, m.rates, m.bootstrap); },
        { [](Matching& m) { m.originals = "q"; }, [](Matching& m) { m.perturbed = "o"; },
            [](Matching& m) { m.network.name = "other"; },
            [](Matching& m) { m.network.distance = cv::sanprivacy::DISTANCE_EUCLIDEAN; },
            [](Matching& m) {
                m.faces = { 0, 2 };
            },
            [](Matching& m) {
                m.rates = { 0.01, 0.002 };
            },
            [](Matching& m) { m.rates = { 0.01 }; }, [](Matching& m) { m.bootstrap.replicates = 7; },
            [](Matching& m) { m.bootstrap.seed = 7; } });
}

TEST_F(CacheKeys, have_the_program)
{
    EXPECT_EQ(programKey().size(), 32u);
    EXPECT_EQ(programKey(), programKey());
}
