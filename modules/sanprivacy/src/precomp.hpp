// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_PRECOMP_HPP
#define OPENCV_SANPRIVACY_PRECOMP_HPP

#include "opencv2/core.hpp"
#include "opencv2/core/utility.hpp"
#include "opencv2/core/utils/logger.hpp"
#include "opencv2/core/utils/trace.hpp"
#include "opencv2/dnn.hpp"
#include "opencv2/imgproc.hpp"

#include "compatibility.hpp"
#include "opencv2/sanprivacy.hpp"

#endif // OPENCV_SANPRIVACY_PRECOMP_HPP
