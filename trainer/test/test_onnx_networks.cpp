// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx/networks.hpp"
#include "onnx_reader/operators.hpp"
#include "places.hpp"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <opencv2/core.hpp>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace {

namespace fs = std::filesystem;
using namespace sanprivacy::train;
using torch::Tensor;

class OnnxNetworks : public testing::Test
{
protected:
    OnnxNetworks()
    {
        torch::manual_seed(7);
        fs::create_directories(folder);
    }
    ~OnnxNetworks() override { fs::remove_all(folder); }

    std::string path(const std::string& name) const { return (folder / name).string(); }

    int64_t filesInFolder() const { return std::distance(fs::directory_iterator(folder), fs::directory_iterator()); }

    onnx::ModelProto read(const std::string& file) const
    {
        onnx::ModelProto model;
        std::ifstream stream(file, std::ios::binary);
        EXPECT_TRUE(model.ParseFromIstream(&stream));
        return model;
    }

    static void randomBiases(torch::nn::Module& network)
    {
        for (auto& parameter : network.named_parameters())
            if (parameter.value().dim() == 1)
                torch::nn::init::normal_(parameter.value(), 0., .3);
    }

    const fs::path folder = fs::temp_directory_path() / ("sanprivacy_onnx_writer_" + std::to_string(getpid()));
};

std::vector<std::string> names(const google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& values)
{
    std::vector<std::string> result;
    for (const onnx::ValueInfoProto& value : values)
        result.push_back(value.name());
    return result;
}

// Each comparison here is made with inputs of the test's own, apart from those writeOnnx() verifies with.

TEST_F(OnnxNetworks, san2018_three_outputs_equal_the_plain_form)
{
    San2018 network;
    randomBiases(network);
    EXPECT_LE(writeOnnx(network, path("san.onnx"), "a description").exact, ONNX_TOLERANCE);
    network.fast = false;
    torch::NoGradGuard no_gradients;
    for (int64_t batch : { 1, 3 })
    {
        const Tensor x = torch::rand({ batch, 1, 224, 224 });
        const std::vector<Tensor> p = { torch::rand({ batch, 3, 224, 224 }), torch::rand({ batch, 3, 224, 224 }),
            torch::rand({ batch, 3, 224, 224 }) };
        const std::vector<Tensor> y = network.perturb(x, p[0], p);
        const NamedTensors inputs = { { "image", x }, { "same_proto", p[0] }, { "neutral_proto", p[1] },
            { "opposite_proto", p[2] } };
        EXPECT_LE(verifyOnnx(path("san.onnx"), inputs,
                      { { "perturbed_same", y[0] }, { "perturbed_neutral", y[1] }, { "perturbed_opposite", y[2] } })
                      .exact,
            ONNX_TOLERANCE);
        EXPECT_THROW(verifyOnnx(path("san.onnx"), inputs, { { "perturbed_same", y[2] } }), cv::Exception);
    }
    const onnx::ModelProto model = read(path("san.onnx"));
    EXPECT_EQ(names(model.graph().input()),
        (std::vector<std::string> { "image", "same_proto", "neutral_proto", "opposite_proto" }));
    EXPECT_EQ(names(model.graph().output()),
        (std::vector<std::string> { "perturbed_same", "perturbed_neutral", "perturbed_opposite" }));
    EXPECT_EQ(model.doc_string(), "a description");
    EXPECT_EQ(model.producer_name(), "sanprivacy-train");
    EXPECT_FALSE(model.producer_version().empty());
}

TEST_F(OnnxNetworks, san2018_authors_form)
{
    San2018 network;
    randomBiases(network);
    writeOnnx(network, path("san.onnx"), "", San2018Form::AUTHORS);
    torch::NoGradGuard no_gradients;
    const Tensor x = torch::rand({ 2, 1, 224, 224 }), same = torch::rand({ 2, 3, 224, 224 }),
                 combined = torch::rand({ 2, 3, 224, 224 });
    EXPECT_LE(verifyOnnx(path("san.onnx"), { { "image", x }, { "same_proto", same }, { "combine_proto", combined } },
                  { { "perturbed", network.perturb(x, same, { combined })[0] } })
                  .exact,
        ONNX_TOLERANCE);
    EXPECT_EQ(names(read(path("san.onnx")).graph().input()),
        (std::vector<std::string> { "image", "same_proto", "combine_proto" }));
}

TEST_F(OnnxNetworks, the_authors_network_is_san2018)
{
    const fs::path file = test::sharedFolder() / "models/san-authors-2018.onnx";
    if (!fs::exists(file))
        GTEST_SKIP() << file << " is absent; SANPRIVACY_SHARED names another place";
    San2018 network;
    const std::vector<std::pair<std::string, torch::nn::Conv2d*>> layers = { { "autoencoder.0", &network.encoder1 },
        { "autoencoder.3", &network.encoder2 }, { "autoencoder.6", &network.decoder1 },
        { "autoencoder.9", &network.decoder2 }, { "protocombiner.0", &network.combiner } };
    torch::NoGradGuard no_gradients;
    int found = 0;
    const onnx::ModelProto model = read(file.string());
    for (const onnx::TensorProto& tensor : model.graph().initializer())
        for (const auto& [name, layer] : layers)
            for (Tensor* parameter : { &(*layer)->weight, &(*layer)->bias })
                if (tensor.name() == name + (parameter == &(*layer)->weight ? ".weight" : ".bias"))
                {
                    const Tensor values = readTensor(tensor);
                    ASSERT_EQ(values.sizes(), parameter->sizes()) << tensor.name();
                    parameter->copy_(values);
                    ++found;
                }
    ASSERT_EQ(found, 10);
    const Tensor x = torch::rand({ 1, 1, 224, 224 }), same = torch::rand({ 1, 3, 224, 224 }),
                 combined = torch::rand({ 1, 3, 224, 224 });
    const NamedTensors inputs = { { "image", x }, { "same_proto", same }, { "combine_proto", combined } };
    for (bool fast : { false, true })
    {
        network.fast = fast;
        EXPECT_LE(
            verifyOnnx(file.string(), inputs, { { "perturbed", network.perturb(x, same, { combined })[0] } }).exact,
            ONNX_TOLERANCE);
    }
    // And what we write of it computes what their file does.
    writeOnnx(network, path("san.onnx"), "", San2018Form::AUTHORS);
    EXPECT_LE(
        verifyOnnx(path("san.onnx"), inputs, { { "perturbed", network.perturb(x, same, { combined })[0] } }).exact,
        ONNX_TOLERANCE);
}

TEST_F(OnnxNetworks, residual_u_net)
{
    ResidualUNet network(torch::rand({ 3, 224, 224 }), .3);
    randomBiases(network);
    torch::nn::init::normal_(network.residual->weight, 0.,
        .3); // changes that reach the bound, and pixels that leave 0..1
    EXPECT_LE(writeOnnx(network, path("unet.onnx")).exact, ONNX_TOLERANCE);
    torch::NoGradGuard no_gradients;
    for (int64_t batch : { 1, 3 })
    {
        const Tensor x = torch::rand({ batch, 1, 224, 224 }), target = torch::rand({ batch, 3, 224, 224 });
        const Tensor y = network.perturb(x, Tensor(), { target })[0];
        EXPECT_GT((y - x).abs().max().item<float>(), .1);
        EXPECT_GT((y == 1).sum().item<int64_t>() + (y == 0).sum().item<int64_t>(), 0);
        EXPECT_LE(
            verifyOnnx(path("unet.onnx"), { { "image", x }, { "target_proto", target } }, { { "perturbed", y } }).exact,
            ONNX_TOLERANCE);
    }
    EXPECT_EQ(names(read(path("unet.onnx")).graph().input()), (std::vector<std::string> { "image", "target_proto" }));
    EXPECT_LT(fs::file_size(path("unet.onnx")), 3000000u);
}

TEST_F(OnnxNetworks, residual_u_net_is_read_back)
{
    const Tensor neutral = torch::rand({ 3, 224, 224 });
    ResidualUNet network(neutral, .2), again(neutral, .2);
    randomBiases(network);
    torch::nn::init::normal_(network.residual->weight, 0., .3);
    writeOnnx(network, path("unet.onnx"));
    readOnnx(path("unet.onnx"), again);
    torch::NoGradGuard no_gradients;
    const Tensor x = torch::rand({ 2, 1, 224, 224 }), target = torch::rand({ 2, 3, 224, 224 });
    const Tensor y = network.perturb(x, Tensor(), { target })[0];
    EXPECT_GT((y - x).abs().max().item<float>(), .1);
    EXPECT_LE((again.perturb(x, Tensor(), { target })[0] - y).abs().max().item<float>(), 1e-5);
}

TEST_F(OnnxNetworks, foreign_files_are_not_read)
{
    GenderClassifier classifier;
    classifier.eval();
    writeOnnx(classifier, path("classifier.onnx"));
    std::ofstream(path("text.onnx")) << "no network";
    ResidualUNet network(torch::rand({ 3, 224, 224 }), .2);
    for (const char* name : { "classifier.onnx", "text.onnx", "absent.onnx" })
        try
        {
            readOnnx(path(name), network);
            ADD_FAILURE() << name;
        }
        catch (const cv::Exception& error)
        {
            EXPECT_NE(error.msg.find("'" + path(name) + "' is "), std::string::npos) << error.msg;
        }
}

TEST_F(OnnxNetworks, gender_classifier)
{
    GenderClassifier network;
    randomBiases(network);
    writeOnnx(network, path("gender.onnx"));
    EXPECT_TRUE(network.is_training()); // as before
    network.eval();
    torch::NoGradGuard no_gradients;
    for (int64_t batch : { 1, 3 })
    {
        const Tensor x = torch::rand({ batch, 1, 224, 224 });
        EXPECT_LE(verifyOnnx(path("gender.onnx"), { { "image", x } },
                      { { "probability", torch::sigmoid(network.forward(x)) } })
                      .exact,
            ONNX_TOLERANCE);
    }
    EXPECT_LT(fs::file_size(path("gender.onnx")), 2500000u);
}

TEST_F(OnnxNetworks, landmark_network)
{
    LandmarkNetwork network;
    randomBiases(network);
    network.gatherStatistics({ torch::rand({ 8, 1, 96, 96 }) });
    network.eval();
    writeOnnx(network, path("landmarks.onnx"));
    torch::NoGradGuard no_gradients;
    for (int64_t batch : { 1, 3 })
    {
        const Tensor x = torch::rand({ batch, 1, 96, 96 });
        Tensor y = network.forward(x);
        y.select(1, 10).sigmoid_();
        EXPECT_LE(verifyOnnx(path("landmarks.onnx"), { { "image", x } }, { { "landmarks", y } }).exact, ONNX_TOLERANCE);
    }
}

TEST_F(OnnxNetworks, writing_draws_no_random_numbers)
{
    LandmarkNetwork network;
    torch::manual_seed(11);
    const Tensor expected = torch::rand({ 4 });
    torch::manual_seed(11);
    writeOnnx(network, path("landmarks.onnx"));
    EXPECT_TRUE(torch::equal(torch::rand({ 4 }), expected));
}

TEST_F(OnnxNetworks, a_network_that_fails_leaves_the_old_file)
{
    LandmarkNetwork network;
    writeOnnx(network, path("landmarks.onnx"));
    const uintmax_t size = fs::file_size(path("landmarks.onnx"));
    torch::NoGradGuard no_gradients;
    network.face->bias[0] = NAN;
    EXPECT_THROW(writeOnnx(network, path("landmarks.onnx"), "broken"), cv::Exception);
    EXPECT_EQ(fs::file_size(path("landmarks.onnx")), size);
    EXPECT_EQ(filesInFolder(), 1);
}

TEST_F(OnnxNetworks, unwritable_places_are_named)
{
    LandmarkNetwork network;
    fs::create_directories(path("folder"));
    for (const std::string& place : { path("missing/landmarks.onnx"), path("folder") })
        try
        {
            writeOnnx(network, place);
            ADD_FAILURE() << place;
        }
        catch (const std::runtime_error& error)
        {
            EXPECT_NE(std::string(error.what()).find(place), std::string::npos) << error.what();
        }
    EXPECT_EQ(filesInFolder(), 1); // "folder"
}

} // namespace
