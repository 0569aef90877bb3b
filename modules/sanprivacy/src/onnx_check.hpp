// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ONNX_CHECK_HPP
#define OPENCV_SANPRIVACY_ONNX_CHECK_HPP

#include "opencv2/core.hpp"

#include <vector>

namespace cv { namespace sanprivacy {

/** @brief Refuses ONNX files that are cut off, nodes without a kind or an output, and tensors with fewer elements than
their sides announce: the importer of OpenCV 4.6 reads memory there that is not its own. Error::StsParseError.

This is no proof that a file is harmless: a network from strangers is to be loaded like a program from strangers. */
void checkOnnx(const uchar* data, size_t size);

/** @brief Sides that the file declares for the input of its graph, 0 for one that is not fixed. Empty where they are
not declared, or where there are several inputs. The file has passed checkOnnx(). */
std::vector<int> inputShape(const uchar* data, size_t size);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ONNX_CHECK_HPP
