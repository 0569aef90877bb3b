// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_ONNX_NETWORKS_HPP
#define SANPRIVACY_TRAIN_ONNX_NETWORKS_HPP

#include <string>

#include "networks/gender_classifier.hpp"
#include "networks/landmark_network.hpp"
#include "networks/residual_u_net.hpp"
#include "networks/san2018.hpp"
#include "onnx/verify.hpp"

namespace sanprivacy { namespace train {

// Networks as ONNX files that cv::dnn of OpenCV 4.6 and later imports: opset 11, dynamic batch, fp32.
// Every file is checked by libonnx and run by cv::dnn on random input before it appears; it appears whole or not at
// all. Places that cannot be written raise std::runtime_error, whatever else fails cv::Exception.

enum class San2018Form
{
    //! `image`, `same_proto`, `neutral_proto`, `opposite_proto` to `perturbed_same`, `perturbed_neutral`,
    //! `perturbed_opposite`
    ALL,
    //! `image`, `same_proto`, `combine_proto` to `perturbed`
    AUTHORS
};

/** Writes the fast form; images [N,1,224,224], prototypes [N,3,224,224] RGB, all 0..1.
@param network weights in fp32
@param file replaced if it exists
@param description doc string of the file: what the network was trained on, and how
@param form inputs and outputs
@return between the plain form in LibTorch and the file in cv::dnn, see verifyOnnx() */
OnnxDifference writeOnnx(San2018& network, const std::string& file, const std::string& description = "",
    San2018Form form = San2018Form::ALL);

//! `image` [N,1,224,224], `target_proto` [N,3,224,224] RGB to `perturbed` [N,1,224,224], all 0..1.
OnnxDifference writeOnnx(ResidualUNet& network, const std::string& file, const std::string& description = "");

/** Takes the weights of a file that writeOnnx() made, to train them further: bound and prototypes stay the network's
own. Missing, truncated or foreign files raise cv::Exception. */
void readOnnx(const std::string& file, ResidualUNet& network);

//! `image` [N,1,224,224], 0..1, to `probability` [N,1] of label 1.
OnnxDifference writeOnnx(GenderClassifier& network, const std::string& file, const std::string& description = "");

//! `image` [N,1,96,96], 0..1, to `landmarks` [N,11]: five (x,y) in 0..1 of the square, then the probability of a face.
OnnxDifference writeOnnx(LandmarkNetwork& network, const std::string& file, const std::string& description = "");

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_ONNX_NETWORKS_HPP
