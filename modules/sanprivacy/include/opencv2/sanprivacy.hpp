// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_HPP
#define OPENCV_SANPRIVACY_HPP

/** @defgroup sanprivacy Soft-biometric privacy for face images

Changes a face image so that a face matcher still recognises the person while a classifier of a soft-biometric
attribute (gender, age, race) is misled. The method is the semi-adversarial network of @cite mirjalili2018san .

An image passes through four steps, each with a header of its own:
 -# FaceDetector finds the faces and their five landmarks (face_detector.hpp);
 -# alignFace() brings a face to the canonical 224x224 crop (alignment.hpp);
 -# Perturber combines it with the prototypes that a PrototypeBuilder made (perturber.hpp, prototypes.hpp);
 -# blendFace() returns the change to the image (alignment.hpp).

Perturber::perturbFaces() does all but the first:
@code{.cpp}
Mat photo = imread("photo.jpg"), faces, perturbed;
Ptr<FaceDetector> detector = FaceDetector::create();
Ptr<Perturber> perturber = Perturber::create();
detector->detect(photo, faces);
perturber->perturbFaces(photo, faces, perturbed); // without faces it is the photo as it was
@endcode
This is no anonymisation: the person stays recognisable. A face that the detector misses stays as it is.
StreamAnonymizer (stream_anonymizer.hpp) does all four for the frames of a video or a camera.
FaceNetwork (networks.hpp) runs the classifiers and matchers that evaluate the result; evaluation.hpp has the measures.

Functions keep no state: any number of threads may call them. Each class says whether threads may share an object.
Every error is a cv::Exception. An argument of a wrong type, size or range raises Error::StsError or Error::StsBadArg;
other codes are listed where they arise.
*/

#include "opencv2/sanprivacy/alignment.hpp"
#include "opencv2/sanprivacy/evaluation.hpp"
#include "opencv2/sanprivacy/face_detector.hpp"
#include "opencv2/sanprivacy/networks.hpp"
#include "opencv2/sanprivacy/perturber.hpp"
#include "opencv2/sanprivacy/prototypes.hpp"
#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#endif // OPENCV_SANPRIVACY_HPP
