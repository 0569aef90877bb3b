// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

/** @namespace cv
@brief OpenCV's own. */

/** @namespace cv::sanprivacy
@brief Soft-biometric privacy for face images: all that the module has. */
