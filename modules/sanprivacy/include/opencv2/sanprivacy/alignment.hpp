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
The eyes lie 90 px apart on row 68 of 224, so that chin and brow are inside the crop, and tightly cropped training
images still fill it.

@param landmarks 5x2 CV_32F, pixels of the crop.
@param size size of the crop; the landmark template scales with its width and height.
*/
CV_EXPORTS_W void getCanonicalLandmarks(OutputArray landmarks, const Size& size = Size(224, 224));

/** @brief Least-squares similarity (rotation, uniform scale, translation) between two sets of points.

It minimises sum_i |T src_i - dst_i|^2 over T z = a z + b, in complex numbers a linear regression.
@param src Nx2 points, or one face of FaceDetector (1x15 row), or 1x10 landmarks; pixels, any depth.
@param dst points of the same number.
@param transform 2x3 CV_64F, takes src to dst; as warpAffine expects it with WARP_INVERSE_MAP unset.
Points that are all equal, not finite or fewer than two raise Error::StsBadArg.
*/
CV_EXPORTS_W void estimateSimilarity(InputArray src, InputArray dst, OutputArray transform);

/** @brief Mean distance between the landmarks of two faces, in inter-ocular distances of the second.

It checks landmarks from another source: correct ones lie within a few tenths of those that FaceDetector finds.
Landmarks at another place or scale do not, although alignFace() accepts them because their shape is that of a face.
@param landmarks,reference 5x2, 1x10, or one face of FaceDetector (1x15); pixels of one image.
@return the distance, 0 or more; 1 is the distance between the eyes of the second face. Landmarks that are not finite
raise Error::StsBadArg.
*/
CV_EXPORTS_W double landmarkDistance(InputArray landmarks, InputArray reference);

/** @brief Cuts out a face so that its landmarks lie on a landmark template.

Faces larger than the crop are low-pass filtered first, which avoids aliasing. Outside the image its border is repeated.

Landmarks that do not have the shape of a face raise an error. After the fit to the canonical landmarks the eyes must be
at least 2 pixels apart (otherwise Error::StsBadSize: are the coordinates fractions of the image?), the landmarks must
not lie on a line, and their distance from the canonical ones must be at most 0.48 inter-ocular distances in root mean
square (otherwise Error::StsBadArg). For 16,175 near-frontal faces this distance is 0.048 in the median and 0.230 at
most; for a model head turned by 90 degrees it is 0.45, for five points on a line 0.42 to 0.46, with left and right
exchanged 0.62.

@param image 1 or 3 channels (BGR), 8-bit, 16-bit unsigned or 32-bit float (0..1), rows and columns only.
@param landmarks 5x2, 1x10, or one face of FaceDetector (1x15); pixels of the image, any depth.
@param dst the crop, same type as image.
@param size size of the crop, pixels.
@param landmark_template 5x2 landmarks of the crop; empty: the canonical ones.
@return fraction of the crop that lies inside the image, above 0 and at most 1; a crop that lies outside raises
Error::StsOutOfRange.
*/
CV_EXPORTS_W double alignFace(InputArray image, InputArray landmarks, OutputArray dst,
    const Size& size = Size(224, 224), InputArray landmark_template = noArray());

/** @brief Applies the change of a perturbed crop to its image.

The difference between the perturbed crop and the original crop is warped back, faded out towards the border of the crop
and added to every channel. So only luma changes, detail finer than the crop stays, and no seam is visible.

Color evening moves the chroma of lips and make-up towards that of the skin. C = BGR - Y is the chroma of a pixel with
the luma Y, w the weight of a feathered ellipse around the face, and M = sum w C / sum w the mean chroma of the face.
The chroma changes by color_strength w min(1, |C|^2 / |M|^2) (M - C). Teeth, eyes and brows have less chroma than skin,
and keep it.

Marks on smooth skin (drops, lines, specks) are weakened as perturbFaces() does. F(A), the fine part of A, is A minus
its mean over a window of a sixth of the inter-ocular distance; E(A) is the mean of F(A)^2 over a window of about a
fourth of it. The fine part F(D) of the change D is multiplied by min(1, sqrt(r / q)) with q = E(D) / (E(Y) + n),
r = 0.35 and n = 0.014^2 for values of 0 to 1. So the change stays in a brow or a beard, which hides it, and becomes
weaker on smooth skin.

@param image the image the face was cut from, changed in place; types as in alignFace().
@param face the canonical crop before perturbation, 1 or 3 channels; depth as perturbed. To even out color: 3.
@param perturbed the crop after perturbation, 1 channel, same size.
@param landmarks the landmarks given to alignFace(), with the same errors; a face outside the image changes nothing.
@param color_strength strength of the color evening, 0 (chroma stays) to 1; without effect on gray images.
@param weaken_marks whether marks on smooth skin are weakened.
*/
CV_EXPORTS_W void blendFace(InputOutputArray image, InputArray face, InputArray perturbed, InputArray landmarks,
    double color_strength = 0, bool weaken_marks = false);

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ALIGNMENT_HPP
