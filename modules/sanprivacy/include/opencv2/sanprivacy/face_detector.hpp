// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_DETECTOR_HPP
#define OPENCV_SANPRIVACY_FACE_DETECTOR_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

/** @brief Finds faces and their five landmarks.

create() runs cv::FaceDetectorYN with the shipped YuNet, or another one, at several image sizes, and once more on each
rolled face after it was rotated upright. The project's landmark network corrects the roll of faces that YuNet takes for
upright ones. An image with a side of more than 1600 pixels is searched in overlapping tiles, so that memory stays
bounded; time grows with the number of pixels.

createCascade() searches with OpenCV's Haar cascades for frontal faces; the landmark network then places the five
landmarks in each box and rejects boxes without a face. This is slower and misses more faces.

Several threads may share one object: its calls wait for each other.
Needs the objdetect module (Error::StsNotImplemented without it).
*/
class CV_EXPORTS_W FaceDetector
{
public:
    CV_WRAP FaceDetector(); //!< an empty object, which cannot be used; use create()

    /** @brief Creates a detector that runs YuNet.
    @param model YuNet ONNX file; empty: the shipped one. A file that is not such a network, or whose output is not
    finite, raises Error::StsBadArg.
    @param score_threshold lowest score of a face, 0..1; negative: 0.7. Below 0.2 hundreds of places without a face are
    found in an image, each of which takes time: a search then takes a minute or more.
    @param backend_id, target_id of the dnn module, for the networks involved. An unavailable pair is an error. */
    CV_WRAP static Ptr<FaceDetector> create(
        const String& model = String(), float score_threshold = -1.f, int backend_id = 0, int target_id = 0);

    /** @brief Creates a detector that runs Haar cascades and the landmark network.
    @param score_threshold lowest score of a face, 0..1; negative: 0.9.
    @param backend_id, target_id of the dnn module, for the landmark network. An unavailable pair is an error. */
    CV_WRAP static Ptr<FaceDetector> createCascade(float score_threshold = -1.f, int backend_id = 0, int target_id = 0);

    CV_WRAP bool empty() const; //!< whether the object was not made by create(), and cannot be used

    /** @brief Width of the smallest face that is searched for.
    @param image_size size of the image, pixels.
    @return width of the face box in pixels; narrower faces may be missed. With YuNet it is the same for all images,
    with cascades it grows with the image. In an image that also shows upright faces, others must be larger: faces
    upside down are searched for in the image reduced to at most 512 pixels, and those on their side in the image
    reduced to a quarter and at most 512 pixels. Where no upright face is found, the latter are searched for in the
    image reduced to at most 640 pixels. */
    CV_WRAP int getSmallestFace(const Size& image_size) const;

    /** @brief Finds all faces of an image.

    Unless quick is set, some images are searched more than once:
     - where most faces lie on their side or upside down: turned so that these are upright;
     - where at least half of the pixels above 1 have gray levels of at most 25 of 255, and these are at least 4 % of
       the image: with brightened shadows. Pixels of 0 and 1, such as black bars, do not count;
     - where 95 % of the pixels above 0 are darker than an eighth of full range: brightened as if the others, such as
       lamps and hot pixels, were not there.
    @param image 8-bit or 16-bit, 1 or 3 channels (BGR), 1x1 or at least 2x2 pixels: an array of one
    dimension, as Python may give it, raises Error::StsBadArg. A very dark one is brightened, see brightnessGain().
    @param faces Nx15 CV_32F as FaceDetectorYN gives them: x, y, width, height, five landmarks (x, y), score; best
    first. Zero rows where there is no face; None in Python.
    @param quick a faster search for videos, whose next frames show the same faces. It skips the costly steps, so it
    misses more faces, and may take a face on its side or upside down for an upright one.
    A network whose output is not finite raises Error::StsError, since faces may have been missed. */
    CV_WRAP void detect(InputArray image, OutputArray faces, bool quick = false);

    class Impl;

protected:
    Ptr<Impl> p;
};

/** @brief How much brighter an image has to be for its faces to be seen.

It concerns images that use less than a quarter of their range, such as 12 bits of a camera stored in 16.
FaceDetector::detect(), Perturber::predictFace(), perturbFaces() and tryPerturbFaces() multiply them by the gain; the
last two divide the result by it.
@param image of any number of channels.
@return the largest power of 2 that brings no pixel beyond the range; 1 where it would be less than 4, and for images
that are empty or neither 8-bit nor 16-bit. A black image has the largest of its depth: 128 or 32768. */
CV_EXPORTS_W int brightnessGain(InputArray image);

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_DETECTOR_HPP
