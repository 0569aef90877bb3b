// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/prototypes.hpp"

#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy/prototypes.hpp>

#include "data/targets.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

Prototypes::Prototypes(const std::vector<std::filesystem::path>& files, const torch::Device& device)
{
    const auto tensor = [](const cv::Mat& bgr)
    {
        cv::Mat rgb;
        cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
        return torch::from_blob(rgb.data, { rgb.rows, rgb.cols, 3 }).permute({ 2, 0, 1 }).clone();
    };
    std::vector<torch::Tensor> pairs;
    for (const std::filesystem::path& file : files)
    {
        const auto builder = cv::sanprivacy::PrototypeBuilder::load(file.string());
        if (builder->getSize() != cv::Size(CROP_SIZE, CROP_SIZE))
            CV_Error(cv::Error::StsBadSize,
                file.string()
                    + cv::format(" holds prototypes of %dx%d, the networks take %dx%d", builder->getSize().width,
                        builder->getSize().height, int(CROP_SIZE), int(CROP_SIZE)));
        cv::Mat zero, one, mean;
        builder->same(0, zero);
        builder->same(1, one);
        builder->neutral(mean);
        pairs.push_back(torch::stack({ tensor(zero), tensor(one) }) - tensor(mean));
        if (!neutral_.defined())
            neutral_ = tensor(mean);
    }
    byLabel_ = torch::stack(pairs).to(device);
    neutral_ = neutral_.to(device);
}

torch::Tensor Prototypes::same(const torch::Tensor& labels, const torch::Tensor& hidden) const
{
    TORCH_CHECK(
        labels.size(1) == attributes(), "expected labels of ", attributes(), " attributes, found ", labels.size(1));
    torch::Tensor prototypes = neutral_.expand({ labels.size(0), -1, -1, -1 });
    for (int64_t a = 0; a < attributes(); ++a)
    {
        const torch::Tensor label = labels.select(1, a), added = byLabel_[a].index_select(0, label.to(torch::kLong));
        torch::Tensor share = (label != NEUTRAL_TARGET).to(torch::kFloat);
        if (hidden.defined())
            share = share * hidden.select(1, a);
        prototypes = prototypes + share.reshape({ -1, 1, 1, 1 }) * added;
    }
    return prototypes;
}

torch::Tensor Prototypes::opposite(const torch::Tensor& labels) const
{
    return same(1 - labels);
}

}} // namespace sanprivacy::train
