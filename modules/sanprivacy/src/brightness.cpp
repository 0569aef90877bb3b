// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "brightness.hpp"
#include "image_depth.hpp"
#include "matrix_argument.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int LEAST_GAIN = 4; // an image that uses a quarter of its range is bright enough
const int ROWS = 64;      // looked at together: most images are bright within the first ones

} // namespace

int brightnessGain(InputArray _image)
{
    const Mat image = matrixArgument(_image, "The image");
    if (image.empty() || (image.depth() != CV_8U && image.depth() != CV_16U))
        return 1;
    const double full = whiteLevel(image.depth());
    double most = 1; // a black image, too, has a largest gain
    for (int first = 0; first < image.rows; first += ROWS)
    {
        double level;
        minMaxLoc(image.rowRange(first, std::min(first + ROWS, image.rows)).reshape(1), nullptr, &level);
        most = std::max(most, level);
        if (LEAST_GAIN * most > full)
            return 1;
    }
    int gain = LEAST_GAIN;
    while (2 * gain * most <= full)
        gain *= 2;
    return gain;
}

Mat brightened(const Mat& image, int gain)
{
    if (gain == 1)
        return image;
    Mat result;
    image.convertTo(result, -1, gain);
    return result;
}

}} // namespace cv::sanprivacy
