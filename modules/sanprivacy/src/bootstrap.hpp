// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_BOOTSTRAP_HPP
#define OPENCV_SANPRIVACY_BOOTSTRAP_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! Position of every face's identity in the list of distinct identities; returns their number.
int countIdentities(std::vector<int>& identities);

//! How often each of count identities is drawn in a replicate of the bootstrap.
void drawIdentities(RNG& rng, int count, std::vector<int>& draws);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_BOOTSTRAP_HPP
