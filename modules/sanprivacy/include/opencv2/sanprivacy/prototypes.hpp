// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_PROTOTYPES_HPP
#define OPENCV_SANPRIVACY_PROTOTYPES_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

/** @brief Computes the prototypes of @cite mirjalili2018san , section 3: the mean face of each label.

A label is 0 or 1 of any attribute; for gender 1 = male, 0 = female. Any number of faces can be added in constant
memory: only a sum and a count are kept per label.
Prototypes are 3-channel BGR, CV_32F, 0..1. Several threads may share one object: its calls wait for each other.
*/
class CV_EXPORTS_W PrototypeBuilder
{
public:
    CV_WRAP
    PrototypeBuilder(); //!< an empty object: add(), merge() and save() raise Error::StsNullPtr; use create() or load()

    /** @brief Creates a builder without faces.
    @param size size of every face and prototype, pixels. */
    CV_WRAP static Ptr<PrototypeBuilder> create(const Size& size = Size(224, 224));

    /** @brief Reads what save() wrote.

    A missing file raises Error::StsBadArg; a file that is truncated or of another format, counts that are not whole
    numbers from 0 to 2^53 and means that are not finite or not in 0..1 raise Error::StsParseError. */
    CV_WRAP static Ptr<PrototypeBuilder> load(const String& filename);

    /** @brief The same from the contents of such a file in memory. A temporary file is written. */
    CV_WRAP static Ptr<PrototypeBuilder> load(const std::vector<uchar>& buffer);

    /** @brief Writes means and counts (FileStorage; .yml.gz compresses).

    The file is written completely or not at all: it is read back before it gets its name. A file that is replaced keeps
    its permissions; a link stays one. A file that cannot be written, a name that belongs to something else, such as a
    folder or a device, and one with a question mark or line break raise Error::StsError with the reason. */
    CV_WRAP void save(const String& filename) const;

    /** @brief Adds one aligned face.
    @param face 8-bit (0..255) or 32-bit float (0..1, finite), 1 or 3 channels (BGR), of the builder's size; gray counts
    as B = G = R.
    @param label 0 or 1. */
    CV_WRAP void add(InputArray face, int label);

    /** @brief Adds all faces of another builder. The result is that of one builder to which all faces were added.
    @param other a builder of the same size. */
    CV_WRAP void merge(const Ptr<PrototypeBuilder>& other);

    CV_WRAP bool empty() const;            //!< whether no face has been added
    CV_WRAP Size getSize() const;          //!< of faces and prototypes, pixels
    CV_WRAP double count(int label) const; //!< number of faces added with this label (whole, exact up to 2^53)

    /** @brief Mean face of the label: P_SM of a face of that label. Raises Error::StsError where the label has no
    faces.
    @param label 0 or 1.
    @param prototype 3-channel BGR, CV_32F, 0..1. */
    CV_WRAP void same(int label, OutputArray prototype) const;
    /** @brief Mean face of the other label: P_OP; arguments and errors as in same(). */
    CV_WRAP void opposite(int label, OutputArray prototype) const;
    /** @brief P_NT = a_0 P_0 + a_1 P_1, P_l the mean face of label l and a_l its share of all faces (for gender a_F
    P_female + a_M P_male). Raises Error::StsError where there are no faces. */
    CV_WRAP void neutral(OutputArray prototype) const;

    class Impl;

protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_PROTOTYPES_HPP
