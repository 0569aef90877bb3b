// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ONNX_CHECK_HPP
#define OPENCV_SANPRIVACY_ONNX_CHECK_HPP

#include "opencv2/core.hpp"

#include <vector>

namespace cv { namespace sanprivacy {

//! An input of a network that has to be set.
struct OnnxInput
{
    std::string name;
    std::vector<int> shape; //!< declared sides, 0 for one that is not fixed; empty where none are declared
};

//! What an ONNX file says of its network.
struct OnnxSummary
{
    std::vector<OnnxInput> inputs; //!< those that a node takes, without weights
    String unusual;                //!< what may keep OpenCV from reading it, whose own words do not tell; or empty
};

/** @brief Refuses ONNX files that are cut off, nodes without a kind or an output, and tensors with fewer elements than
their sides announce: the importer of OpenCV 4.6 reads memory there that is not its own. Error::StsParseError.

This is no proof that a file is harmless: a network from strangers is to be loaded like a program from strangers. */
OnnxSummary checkOnnx(const uchar* data, size_t size);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ONNX_CHECK_HPP
