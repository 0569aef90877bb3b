// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_ROW_HPP
#define OPENCV_SANPRIVACY_FACE_ROW_HPP

#include "face_geometry.hpp"
#include "matrix_argument.hpp"

#include <cmath>

namespace cv { namespace sanprivacy {

//! A row of the faces that FaceDetector and cv::FaceDetectorYN give: CV_32F, pixels of the image.
struct FaceRow
{
    enum Column
    {
        X = 0,
        Y = 1,
        WIDTH = 2,
        HEIGHT = 3,
        FIRST_LANDMARK = 4,
        SCORE = 14,
        COLUMNS = 15
    };
    static const int LANDMARKS = 5;

    Rect2f box;
    Landmarks landmarks;
    float score; //!< 0..1

    FaceRow() : landmarks(LANDMARKS), score(0.f) {}

    //! @param faces CV_32F with COLUMNS columns. @param row which of them.
    explicit FaceRow(const Mat& faces, int row = 0) : landmarks(LANDMARKS)
    {
        const float* const value = faces.ptr<float>(row);
        box = Rect2f(value[X], value[Y], value[WIDTH], value[HEIGHT]);
        for (int k = 0; k < LANDMARKS; ++k)
            landmarks[size_t(k)] = Point2c(value[FIRST_LANDMARK + 2 * k], value[FIRST_LANDMARK + 2 * k + 1]);
        score = value[SCORE];
    }

    //! One row with COLUMNS columns.
    Mat toMat() const
    {
        Mat row(1, COLUMNS, CV_32F);
        float* const value = row.ptr<float>();
        value[X] = box.x;
        value[Y] = box.y;
        value[WIDTH] = box.width;
        value[HEIGHT] = box.height;
        for (int k = 0; k < LANDMARKS; ++k)
        {
            value[FIRST_LANDMARK + 2 * k] = float(landmarks[size_t(k)].real());
            value[FIRST_LANDMARK + 2 * k + 1] = float(landmarks[size_t(k)].imag());
        }
        value[SCORE] = score;
        return row;
    }

    //! Whether all numbers of the box and the score are such.
    bool finite() const
    {
        return std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) && std::isfinite(box.height)
               && std::isfinite(score);
    }

    //! Centre of the box.
    Point2c centre() const { return Point2c(box.x + box.width / 2, box.y + box.height / 2); }
};

//! The faces of an argument, N x COLUMNS CV_32F; checked.
inline Mat facesArgument(InputArray array)
{
    const Mat faces = asRow(matrixArgument(array, "The faces"), FaceRow::COLUMNS);
    if (faces.empty())
        return Mat(0, FaceRow::COLUMNS, CV_32F);
    if (faces.cols != FaceRow::COLUMNS || faces.type() != CV_32F)
        CV_Error(Error::StsBadArg,
            format("Faces must be rows of FaceDetector::detect(), Nx%d of %s; found %dx%d of %s", int(FaceRow::COLUMNS),
                typeToString(CV_32F).c_str(), faces.rows, faces.cols, typeToString(faces.type()).c_str()));
    return faces;
}

inline float shareOfUnion(const Rect2f& a, const Rect2f& b)
{
    const float common = (a & b).area();
    return common / (a.area() + b.area() - common);
}

//! The face in the image enlarged by that.
inline FaceRow scaled(FaceRow face, float scale)
{
    face.box = Rect2f(face.box.x * scale, face.box.y * scale, face.box.width * scale, face.box.height * scale);
    for (Point2c& z : face.landmarks)
        z *= double(scale);
    return face;
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_ROW_HPP
