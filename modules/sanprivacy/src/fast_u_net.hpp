// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FAST_U_NET_HPP
#define OPENCV_SANPRIVACY_FAST_U_NET_HPP

#include "opencv2/dnn.hpp"

namespace cv { namespace sanprivacy {

/** @brief The residual U-Net with the same result in less time, for the convolutions of OpenCV before 4.7.

- Nearest upsampling and a convolution of 3x3 are one transposed convolution of 4x4 with a stride of 2.
- A convolution of joined maps is the sum of one for each of them.
- What the first layer makes of a prototype is computed once.
- The last convolution, of 16 maps to one, is a transposed one: a small product of matrices.

Since 4.7 OpenCV has Winograd's convolutions, with which the graph as it is takes less time. But OpenCV 4.12 cannot hand
a layer to OpenVINO that joins two of the network's inputs with a third value, as the first one of the graph does; this
form has no such layer. */
class FastUNet
{
public:
    //! Whether it is faster than the network itself with the convolutions of this OpenCV.
    static bool isFaster() { return CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR < 7; }

    /** @brief Takes the weights of a network that the trainer exported.
    @param network inputs `image` and `target_proto`
    @param prototypes 1 x 3 x 224 x 224 each, RGB
    @param backend, target of the dnn module
    @return null where the network is another one */
    static Ptr<FastUNet> create(dnn::Net& network, const std::vector<Mat>& prototypes, int backend, int target);

    /** @brief The perturbed faces.
    @param faces N x 1 x 224 x 224, 0..1
    @param prototypes of each face, by its number
    @param output N x 1 x 224 x 224 */
    void forward(const Mat& faces, const std::vector<int>& prototypes, Mat& output);

private:
    dnn::Net net;          // face and what the first layer makes of its prototype to tanh(r) at the size of the face
    Mat limit;             // 224 x 224: the largest change of each pixel
    std::vector<Mat> maps; // 1 x C x 112 x 112 each: the first layer's part of each prototype
    Mat fed;               // of the last call
    std::vector<int> rows; // ... their prototypes
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FAST_U_NET_HPP
