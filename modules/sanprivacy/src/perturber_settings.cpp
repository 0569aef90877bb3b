// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "perturber_impl.hpp"

namespace cv { namespace sanprivacy {

namespace {

const double MAX_STRENGTH = 2, MAX_COLOR_STRENGTH = 1, MAX_SURROUNDINGS_BLUR = 1;

} // namespace

void Perturber::setStrength(double strength)
{
    if (!(strength > 0 && strength <= MAX_STRENGTH))
        CV_Error(Error::StsOutOfRange,
            format("The strength must be above 0 and at most %g; found %g", MAX_STRENGTH, strength));
    checkCreated(p).set(&Impl::strength, strength);
}

double Perturber::getStrength() const
{
    return checkCreated(p).get(&Impl::strength);
}

void Perturber::setColorStrength(double strength)
{
    if (!(strength >= 0 && strength <= MAX_COLOR_STRENGTH))
        CV_Error(Error::StsOutOfRange,
            format("The strength of the color evening must be 0 to %g; found %g", MAX_COLOR_STRENGTH, strength));
    checkCreated(p).set(&Impl::color_strength, strength);
}

double Perturber::getColorStrength() const
{
    return checkCreated(p).get(&Impl::color_strength);
}

void Perturber::setSurroundingsBlur(double sigma)
{
    if (!(sigma >= 0 && sigma <= MAX_SURROUNDINGS_BLUR))
        CV_Error(Error::StsOutOfRange,
            format("The blur of the surroundings must be 0 to %g inter-ocular distances; found %g",
                MAX_SURROUNDINGS_BLUR, sigma));
    checkCreated(p).set(&Impl::surroundings_blur, sigma);
}

double Perturber::getSurroundingsBlur() const
{
    return checkCreated(p).get(&Impl::surroundings_blur);
}

void Perturber::setWeakenMarks(bool weaken)
{
    checkCreated(p).set(&Impl::weaken_marks, weaken);
}

bool Perturber::getWeakenMarks() const
{
    return checkCreated(p).get(&Impl::weaken_marks);
}

}} // namespace cv::sanprivacy
