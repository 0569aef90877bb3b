// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TRACK_HPP
#define OPENCV_SANPRIVACY_TRACK_HPP

#include "face_geometry.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#include <deque>

namespace cv { namespace sanprivacy {

const double TIME_TOLERANCE = 1e-3; // seconds: times are rounded

//! A face that is followed. Times are in seconds.
struct Track
{
    int id;
    Landmarks landmarks;
    Point2c velocity;          //!< pixels per second
    std::deque<Point2c> moves; //!< ... in the last frames it was followed in
    int state;                 //!< FaceState
    double unseen;             //!< since the detector last found it
    double lost;               //!< since it was last followed
    int lost_frames;           //!< ... in frames
    float score;               //!< best of the detector
    int person, recognitions;  //!< index of the exempt person, and how often in a row that was recognised
    bool fresh;                //!< new, found again, or found beside where it was followed, in this frame
    bool jumped;               //!< ... the last of these
    bool settled;              //!< found where it was not cut off or covered, and nothing came near since
    bool abandoned;            //!< only a place that a face may still be at

    Track(int number, const Landmarks& where);

    void addMove(const Point2c& move); //!< pixels per second, in a frame that it was followed in

    //! Median of the last moves along both axes.
    Point2c usualMove() const;
};

//! How far a face goes that is not seen, pixels: its motion is not extrapolated for long. @param seconds to that frame.
Point2c extrapolatedMove(const Point2c& velocity, double seconds);

//! Whether two people are so near that the matcher may mistake them for each other.
bool areNear(const Track& a, const Track& b);

//! Whether another track is near.
bool isCrowded(const Track& track, const std::vector<Track>& tracks);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_TRACK_HPP
