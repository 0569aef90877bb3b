// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/auxiliary.hpp"

#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy/alignment.hpp>

#include "data/faces.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

using cv::sanprivacy::ModelDescription;
using torch::Tensor;

namespace {

//! YuNet's face box on the canonical crop: medians over 878 faces of FairFace, UTKFace, CelebA and official portraits
//! (standard deviations 13, 5 and 9 pixels).
const cv::Point2d FACE_BOX_CENTER(111, 98);
const double FACE_BOX_SIDE = 266; // the longer one

const double SURE = 1e-6; //!< probabilities closer to 0 or 1 have no finite logit in fp32

//! Takes pixels of the canonical crop to pixels of the network's.
cv::Matx23d canonicalToNetwork(const ModelDescription& d)
{
    cv::Matx23d transform;
    if (!d.landmark_template.empty())
    {
        cv::Mat canonical;
        cv::sanprivacy::getCanonicalLandmarks(canonical);
        cv::sanprivacy::estimateSimilarity(canonical, cv::Mat(d.landmark_template).reshape(1), transform);
        return transform;
    }
    const double side = d.square * FACE_BOX_SIDE;
    const cv::Point2d corner = FACE_BOX_CENTER - cv::Point2d(side, side) / 2;
    const double sx = d.size.width / side, sy = d.size.height / side;
    return cv::Matx23d(sx, 0, (.5 - corner.x) * sx - .5, 0, sy,
        (.5 - corner.y) * sy - .5); // whole numbers are pixel centers
}

//! Whether a network's square reaches beyond the canonical crop, at no more than half of its resolution.
bool needsSurroundings(const ModelDescription& d)
{
    const double side = d.square * FACE_BOX_SIDE;
    return d.landmark_template.empty() && side > 1.1 * CROP_SIZE && std::max(d.size.width, d.size.height) <= side / 2;
}

//! Convolution of rows [N,L] with a symmetric kernel; the border repeats.
Tensor blur(const Tensor& rows, const Tensor& kernel, int64_t stride = 1)
{
    const int64_t taps = kernel.numel(), reach = taps / 2;
    const Tensor padded = torch::replication_pad1d(rows.unsqueeze(1), { reach, reach });
    return torch::conv1d(padded, kernel.to(rows.scalar_type()).reshape({ 1, 1, taps }), {}, { stride }).squeeze(1);
}

Tensor toTensor(const cv::Mat& values)
{
    cv::Mat doubles;
    values.convertTo(doubles, CV_64F);
    return torch::from_blob(doubles.data, { doubles.rows, doubles.cols }, torch::kDouble).clone();
}

} // namespace

Auxiliary::Auxiliary(
    const ModelDescription& description, torch::ScalarType dtype, const torch::Device& device, bool surroundings)
    : description_(description), graph_(description.file),
      zoom_(surroundings && needsSurroundings(description) ? WIDE_ZOOM : 1)
{
    checkDescription();
    const bool classifierInBf16 = description_.task != cv::sanprivacy::NETWORK_MATCHER && dtype == torch::kBFloat16;
    graph_.to(classifierInBf16 ? torch::kFloat : dtype, device);

    const cv::Scalar& mean = description_.mean;
    const int64_t channels = description_.color == "gray" ? 1 : 3;
    mean_ =
        torch::tensor({ mean[0], mean[1], mean[2] }).slice(0, 0, channels).reshape({ 1, channels, 1, 1 }).to(device);
    prepareCrop(device);
    checkOutput();
}

void Auxiliary::fail(const std::string& what) const
{
    CV_Error(cv::Error::StsBadArg, "Network '" + description_.name + "': " + what);
}

void Auxiliary::checkDescription() const
{
    const ModelDescription& d = description_;
    if (graph_.inputs().size() != 1)
        fail(cv::format("expected one input, '%s' has %d", d.file.c_str(), (int)graph_.inputs().size()));
    if (d.landmark_template.empty() && !(d.square > 0))
        fail("expected a landmark_template or a square");
    if (d.output.empty() && graph_.outputs().size() != 1)
        fail(cv::format(
            "'%s' has %d outputs; expected one of them to be named", d.file.c_str(), (int)graph_.outputs().size()));
}

//! As in alignFace(): a pyramid to within a factor of two, the rest of the low-pass by one Gaussian. All of it is
//! linear and separable, so one matrix does the same to columns and rows, many times faster than convolutions do.
void Auxiliary::prepareCrop(const torch::Device& device)
{
    cv::Matx23d transform = canonicalToNetwork(description_);
    if (seesSurroundings()) // from the pixels of crops within surroundings, which share the center of canonical crops
    {
        const double center = (CROP_SIZE - 1) / 2.;
        for (int axis = 0; axis < 2; ++axis)
        {
            transform(axis, 2) += center * transform(axis, axis) * (1 - 1 / zoom_);
            transform(axis, axis) /= zoom_;
        }
    }
    double scale = std::sqrt(std::abs(transform(0, 0) * transform(1, 1) - transform(0, 1) * transform(1, 0)));
    Tensor response = torch::eye(CROP_SIZE, torch::kDouble);
    // pyrDown's kernel is the binomial one, its pixels are every second one.
    for (; scale < .5; scale *= 2, step_ *= 2)
        response = blur(response, torch::tensor({ 1., 4., 6., 4., 1. }) / 16, 2);
    if (scale < 1)
    {
        const double sigma = .5 * std::sqrt(1 / (scale * scale) - 1), reach = 4 * sigma;
        response = blur(response, toTensor(cv::getGaussianKernel(2 * cvCeil(reach) + 1, sigma, CV_64F)));
    }
    if (scale < 1 || step_ > 1)
        lowPass_ = response.t().contiguous().to(device);

    cv::Matx23d inverse;
    cv::invertAffineTransform(transform, inverse);
    const cv::Size& size = description_.size;
    const Tensor v = torch::arange(size.height, torch::kDouble).reshape({ -1, 1 }).expand({ -1, size.width });
    const Tensor u = torch::arange(size.width, torch::kDouble).expand_as(v);
    positions_ =
        torch::matmul(torch::stack({ u, v, torch::ones_like(u) }, 2), toTensor(cv::Mat(inverse.t()))).to(device);
}

void Auxiliary::checkOutput() const
{
    const ModelDescription& d = description_;
    torch::NoGradGuard noGrad;
    const Tensor output = run(torch::zeros({ 2, mean_.size(1), d.size.height, d.size.width }, mean_.device()));
    if (output.dim() < 2 || output.size(0) != 2)
        fail("expected one row of output per face");
    for (int index : d.index)
        if (d.task == cv::sanprivacy::NETWORK_CLASSIFIER && (index < 0 || index >= output.flatten(1).size(1)))
            fail(cv::format("index %d is beyond the output's %d elements", index, (int)output.flatten(1).size(1)));
}

//! The output that is described, of the network's own input.
Tensor Auxiliary::run(const Tensor& input) const
{
    const std::string& output = description_.output;
    return graph_.forward({ input.to(graph_.dtype()) }, { output.empty() ? graph_.outputs()[0] : output })[0];
}

Tensor Auxiliary::crop(const Tensor& faces, const Tensor& jitter) const
{
    TORCH_CHECK(faces.dim() == 4 && (faces.size(1) == 1 || faces.size(1) == 3),
        "expected crops [N,1,224,224] or [N,3,224,224], found ", faces.sizes());
    const torch::TensorOptions options =
        faces.options().dtype(faces.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat);
    Tensor x = faces.to(options);
    if (lowPass_.defined())
    {
        const Tensor matrix = lowPass_.to(options);
        x = torch::matmul(matrix, torch::matmul(x, matrix.t()));
    }
    Tensor position = positions_.unsqueeze(0); // [1,height,width,2]
    if (jitter.defined())
    {
        const Tensor center = position.mean({ 1, 2 }, true), j = jitter.to(torch::kDouble).reshape({ -1, 1, 1, 4 });
        const Tensor a = j.narrow(3, 0, 1), b = j.narrow(3, 1, 1), from = position - center;
        const Tensor quarterTurn = torch::stack({ -from.select(3, 1), from.select(3, 0) }, 3);
        position = a * from + b * quarterTurn + center + zoom_ * j.narrow(3, 2, 2);
    }
    position = position / double(step_);
    // grid_sample counts from -1 to 1 between the outer edges of the border pixels.
    const Tensor size = torch::tensor({ x.size(3), x.size(2) }, position.options());
    const Tensor grid = ((position * 2 + 1) / size - 1).to(options).expand({ x.size(0), -1, -1, -1 });
    return torch::grid_sampler(x, grid, /*bilinear*/ 0, /*border repeats*/ 1, /*align_corners=*/false);
}

Tensor Auxiliary::forward(const Tensor& faces, const Tensor& jitter) const
{
    const ModelDescription& d = description_;
    Tensor plane = crop(d.color == "gray" ? luma(faces) : faces, jitter);
    if (d.color == "bgr")
        plane = plane.flip(1);
    const Tensor input = (plane.expand({ -1, mean_.size(1), -1, -1 }) * 255 - mean_.to(plane.scalar_type())) * d.scale;
    const Tensor output = run(input).flatten(1).to(plane.scalar_type());
    if (d.task == cv::sanprivacy::NETWORK_CLASSIFIER)
    {
        const std::vector<int64_t> elements(d.index.begin(), d.index.end());
        return torch::logit(output.index_select(1, torch::tensor(elements).to(output.device())).sum(1, true), SURE);
    }
    return d.distance == cv::sanprivacy::DISTANCE_COSINE ? torch::nn::functional::normalize(output) : output;
}

Auxiliary findAuxiliary(const std::filesystem::path& modelsFile, const std::string& name, int task,
    torch::ScalarType dtype, const torch::Device& device, bool surroundings)
{
    std::vector<ModelDescription> networks;
    if (!modelsFile.empty())
        cv::sanprivacy::readModelDescriptions(modelsFile.string(), networks);
    std::string known;
    for (const ModelDescription& network : networks)
    {
        if (network.task == task && network.name == name)
            return Auxiliary(network, dtype, device, surroundings);
        if (network.task == task)
            known += " " + network.name;
    }
    CV_Error(cv::Error::StsBadArg, std::string(task == cv::sanprivacy::NETWORK_MATCHER ? "matcher" : "classifier")
                                       + " '" + name
                                       + "' is not among those of --models:" + (known.empty() ? " none" : known));
}

std::vector<Auxiliary> findAuxiliaries(const std::filesystem::path& modelsFile, const std::vector<std::string>& names,
    int task, torch::ScalarType dtype, const torch::Device& device, bool surroundings)
{
    std::vector<Auxiliary> found;
    for (const std::string& name : names)
        found.push_back(findAuxiliary(modelsFile, name, task, dtype, device, surroundings));
    return found;
}

int64_t descriptorSize(const std::vector<Auxiliary>& matchers)
{
    const torch::NoGradGuard noGradients;
    int64_t size = 0;
    for (const Auxiliary& matcher : matchers)
        size += matcher.forward(torch::zeros({ 1, COLOR_CHANNELS, CROP_SIZE, CROP_SIZE }, matcher.device())).size(1);
    return size;
}

}} // namespace sanprivacy::train
