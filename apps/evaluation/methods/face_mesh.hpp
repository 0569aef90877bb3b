// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_METHODS_FACE_MESH_HPP
#define SANPRIVACY_APPS_EVALUATION_METHODS_FACE_MESH_HPP

#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! Points of a crop: its five landmarks, then corners and middles of the sides.
typedef std::vector<cv::Point2f> MeshPoints;

MeshPoints meshPoints(const cv::Mat& landmarks, const cv::Size& size);

//! Delaunay triangles between the points, as three indices each.
std::vector<cv::Vec3i> triangulate(const MeshPoints& points, const cv::Size& size);

//! For every pixel the number of its triangle, CV_32S.
cv::Mat1i triangleMap(const MeshPoints& points, const std::vector<cv::Vec3i>& triangles, const cv::Size& size);

//! Brings the crop from one set of points to another; every triangle moves as a whole.
cv::Mat warpMesh(
    const cv::Mat& crop, const MeshPoints& from, const MeshPoints& to, const std::vector<cv::Vec3i>& triangles);
}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_METHODS_FACE_MESH_HPP
