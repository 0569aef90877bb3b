// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifdef HAVE_OPENCV_SANPRIVACY

#include "opencv2/sanprivacy.hpp"
#include "strict_arguments.hpp"

// The names under which the generated code knows them.
typedef cv::sanprivacy::FaceResult FaceResult;
typedef cv::sanprivacy::ModelDescription ModelDescription;
typedef cv::sanprivacy::PerturbParams PerturbParams;
typedef cv::sanprivacy::PerturberParams PerturberParams;
typedef cv::sanprivacy::PrototypeChoice PrototypeChoice;
typedef cv::sanprivacy::StreamParams StreamParams;
typedef cv::sanprivacy::StreamFace StreamFace;
typedef cv::sanprivacy::StreamRecord StreamRecord;
typedef std::vector<uchar> vector_uchar;
typedef std::vector<cv::sanprivacy::FaceResult> vector_FaceResult;
typedef std::vector<cv::sanprivacy::ModelDescription> vector_ModelDescription;
typedef std::vector<cv::sanprivacy::StreamFace> vector_StreamFace;

#endif
