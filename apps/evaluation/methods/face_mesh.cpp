// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods/face_mesh.hpp"

#include <opencv2/imgproc.hpp>

namespace sanprivacy { namespace apps {

MeshPoints meshPoints(const cv::Mat& landmarks, const cv::Size& size)
{
    MeshPoints points;
    for (int i = 0; i < landmarks.rows; ++i)
        points.push_back(cv::Point2f(landmarks.at<float>(i, 0), landmarks.at<float>(i, 1)));
    const float right = float(size.width - 1), bottom = float(size.height - 1);
    for (float x : { 0.f, right / 2, right })
        for (float y : { 0.f, bottom / 2, bottom })
            if (x != right / 2 || y != bottom / 2)
                points.push_back(cv::Point2f(x, y));
    return points;
}

std::vector<cv::Vec3i> triangulate(const MeshPoints& points, const cv::Size& size)
{
    cv::Subdiv2D subdivision(cv::Rect(cv::Point(), size));
    std::vector<int> index_of_vertex; // Subdiv2D counts vertices of its own, too
    for (size_t i = 0; i < points.size(); ++i)
    {
        const size_t vertex = size_t(subdivision.insert(points[i]));
        if (vertex >= index_of_vertex.size())
            index_of_vertex.resize(vertex + 1, -1);
        index_of_vertex[vertex] = int(i);
    }
    std::vector<cv::Vec6f> corners;
    subdivision.getTriangleList(corners);
    std::vector<cv::Vec3i> triangles;
    for (const cv::Vec6f& corner : corners)
    {
        cv::Vec3i triangle;
        for (int k = 0; k < 3; ++k)
        {
            int edge, vertex = 0;
            subdivision.locate(cv::Point2f(corner[2 * k], corner[2 * k + 1]), edge, vertex);
            triangle[k] = index_of_vertex[size_t(vertex)];
        }
        triangles.push_back(triangle);
    }
    return triangles;
}

cv::Mat1i triangleMap(const MeshPoints& points, const std::vector<cv::Vec3i>& triangles, const cv::Size& size)
{
    cv::Mat1i map(size, 0);
    for (size_t t = 0; t < triangles.size(); ++t)
    {
        std::vector<cv::Point> corners;
        for (int k = 0; k < 3; ++k)
            corners.push_back(points[size_t(triangles[t][k])]);
        cv::fillConvexPoly(map, corners, cv::Scalar(double(t)));
    }
    return map;
}

cv::Mat warpMesh(
    const cv::Mat& crop, const MeshPoints& from, const MeshPoints& to, const std::vector<cv::Vec3i>& triangles)
{
    std::vector<cv::Matx23d> back; // of each triangle
    for (const cv::Vec3i& triangle : triangles)
    {
        cv::Point2f source[3], target[3];
        for (int k = 0; k < 3; ++k)
        {
            source[k] = from[size_t(triangle[k])];
            target[k] = to[size_t(triangle[k])];
        }
        back.push_back(cv::Matx23d(cv::getAffineTransform(target, source)));
    }
    const cv::Mat1i map = triangleMap(to, triangles, crop.size());
    cv::Mat2f places(crop.size());
    for (int y = 0; y < map.rows; ++y)
        for (int x = 0; x < map.cols; ++x)
        {
            const cv::Vec2d place = back[size_t(map(y, x))] * cv::Vec3d(x, y, 1);
            places(y, x) = cv::Vec2f(float(place[0]), float(place[1]));
        }
    cv::Mat warped;
    cv::remap(crop, warped, places, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    return warped;
}

}} // namespace sanprivacy::apps
