// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_PROTOTYPES_HPP
#define OPENCV_SANPRIVACY_PROTOTYPES_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

/** @brief Streams labelled faces and keeps the mean face of each label, the prototypes of section 3 of @cite mirjalili2018san .

A label is 0 or 1 of any attribute; for gender 1 = male, 0 = female. Memory is constant: a sum and a count per label.
Prototypes are 3-channel BGR, CV_32F, 0..1.
*/
class CV_EXPORTS_W PrototypeBuilder
{
public:
    CV_WRAP PrototypeBuilder(); //!< empty; use create() or load()

    /** @param size size of every face and prototype, pixels. */
    CV_WRAP static Ptr<PrototypeBuilder> create(const Size& size = Size(224, 224));

    /** @brief Reads what save() wrote. A missing, truncated or foreign file raises Error::StsBadArg or StsParseError. */
    CV_WRAP static Ptr<PrototypeBuilder> load(const String& filename);

    /** @brief Writes means and counts (FileStorage; .yml.gz compresses). The file appears whole or not at all. */
    CV_WRAP void save(const String& filename) const;

    /** @brief Adds one aligned face.
    @param face 8-bit (0..255) or 32-bit float (0..1, finite), 1 or 3 channels (BGR), of the builder's size; gray counts as B = G = R.
    @param label 0 or 1. */
    CV_WRAP void add(InputArray face, int label);

    /** @brief Adds all that another builder has seen: afterwards this is what one builder over both streams would be. */
    CV_WRAP void merge(const Ptr<PrototypeBuilder>& other);

    CV_WRAP bool empty() const;           //!< no face of either label so far
    CV_WRAP Size getSize() const;         //!< of faces and prototypes
    CV_WRAP double count(int label) const; //!< faces added under the label (whole, exact to 2^53)

    /** @brief Mean face of the label: P_SM of a face of that label. Raises Error::StsError where the label has no faces. */
    CV_WRAP void same(int label, OutputArray prototype) const;
    /** @brief Mean face of the other label: P_OP. */
    CV_WRAP void opposite(int label, OutputArray prototype) const;
    /** @brief a_F P_female + a_M P_male with the class shares a: P_NT. */
    CV_WRAP void neutral(OutputArray prototype) const;

    class Impl;
protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_PROTOTYPES_HPP
