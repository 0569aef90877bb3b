// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_TRANSPARENCY_HPP
#define SANPRIVACY_APPS_OPTIONS_TRANSPARENCY_HPP

#include "common/image_io.hpp"

#include <string>

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! A line that tells the width of the smallest face that is looked for in the transparency where it is larger than in
//! the image itself; else nothing.
std::string transparencyLimit(int smallest_face, int smallest_face_in_transparency);

/** Looks for faces that show in an image's transparency itself, as a drawing of black ink on nothing has them. There
they cannot be protected, so that the image is put on white, or on black where it does not show them on white; its note
says so. Raises std::runtime_error where a face is found on neither. A shape of less than 100 pixels that has no shades
and is not found on white stays as it is: many icons have one. It is told, too.
@param known faces of the image that need not be found, as FaceDetector::detect() gives them
@return width of the smallest face that is looked for in the transparency, pixels; 0 where there is nothing to be seen
*/
int protectTransparency(Image& image, cv::sanprivacy::FaceDetector& detector, const cv::Mat& known = cv::Mat());

//! Gives what is fully transparent the color of the nearest pixel that is not, so that no blur makes it visible.
void fillTransparent(Image& image);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_TRANSPARENCY_HPP
