// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_GENERATOR_HPP
#define SANPRIVACY_TRAIN_GENERATOR_HPP

#include <filesystem>
#include <memory>
#include <string>

#include <torch/torch.h>

#include "networks.hpp"

namespace sanprivacy { namespace train {

// What a checkpoint may hold.
const char* const CLASSIFIER_KIND = "classifier";
const char* const LANDMARKS_KIND = "landmarks";
const char* const SAN2018_KIND = "san2018";                 //!< proto-combiner 1x1, as the authors' code
const char* const SAN2018_COMBINER3_KIND = "san2018-3x3";   //!< proto-combiner 3x3

const char* const ATTACKERS_KIND = "attackers";             //!< Attackers
const char* const RESIDUAL_KIND = "residual";               //!< Contest: ResidualUNet and those it is trained against

//! The network of the paper of a kind; an unknown kind raises cv::Exception.
std::shared_ptr<Generator> makeGenerator(const std::string& kind);

//! Kinds that makeGenerator() knows.
std::vector<std::string> generatorKinds();

//! The prototypes of a file of cv::sanprivacy::PrototypeBuilder, as networks take them: RGB, 0..1.
class Prototypes
{
public:
    explicit Prototypes(const std::filesystem::path& file);

    //! @param labels [N,1], 0 or 1 @return P_SM of each, [N,3,224,224]
    torch::Tensor same(const torch::Tensor& labels) const;
    //! P_OP of each
    torch::Tensor opposite(const torch::Tensor& labels) const;
    //! P_NT, [3,224,224]
    const torch::Tensor& neutral() const { return neutral_; }

private:
    torch::Tensor byLabel_; // [2,3,224,224]
    torch::Tensor neutral_;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_GENERATOR_HPP
