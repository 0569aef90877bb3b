// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ALIGNMENT_HPP
#define OPENCV_SANPRIVACY_ALIGNMENT_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

/** @brief The five landmarks of the canonical crop.

Order as FaceDetectorYN gives them: right eye, left eye, nose tip, right and left mouth corner, image left first.
The eyes lie 90 px apart on row 68 of 224: chin and brow are inside, and tightly cropped training images still fill the crop.

@param landmarks 5x2 CV_32F, pixels of the crop.
@param size size of the crop; the landmark template scales with its width and height.
*/
CV_EXPORTS_W void getCanonicalLandmarks(OutputArray landmarks, const Size& size = Size(224, 224));

/** @brief Least-squares similarity (rotation, uniform scale, translation) between two sets of points.

@param src Nx2 points, or one face of FaceDetector (1x15 row), or 1x10 landmarks.
@param dst points of the same number.
@param transform 2x3 CV_64F, takes src to dst; as warpAffine expects it with WARP_INVERSE_MAP unset.
Degenerate points (all equal, NaN, fewer than two) raise Error::StsBadArg.
*/
CV_EXPORTS_W void estimateSimilarity(InputArray src, InputArray dst, OutputArray transform);

/** @brief Cuts out a face in a given landmark template.

Faces larger than the crop are low-passed first, so nothing aliases; what lies outside the image repeats its border.

@param image 1 or 3 channels (BGR), 8-bit, 16-bit unsigned or 32-bit float.
@param landmarks 5x2, 1x10, or one face of FaceDetector (1x15).
@param dst the crop, same type as image.
@param size size of the crop.
@param landmark_template 5x2 landmarks of the crop; empty: the canonical ones.
@return share of the crop that lies inside the image, above 0 to 1; a crop that lies outside raises Error::StsOutOfRange.
*/
CV_EXPORTS_W double alignFace(InputArray image, InputArray landmarks, OutputArray dst,
                              const Size& size = Size(224, 224), InputArray landmark_template = noArray());

/** @brief Returns a perturbed crop to its image.

Only the difference between the perturbed crop and the crop itself is warped back, feathered towards the border, and
added to every channel. So luma carries the perturbation, chroma stays, detail finer than the crop stays, and no seam shows.

@param image the image the face was cut from, changed in place; types as in alignFace().
@param face the canonical crop before perturbation, 1 or 3 channels; depth as perturbed.
@param perturbed the crop after it, 1 channel, same size.
@param landmarks the landmarks given to alignFace().
*/
CV_EXPORTS_W void blendFace(InputOutputArray image, InputArray face, InputArray perturbed, InputArray landmarks);

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ALIGNMENT_HPP
