// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TRACK_MATCHING_HPP
#define OPENCV_SANPRIVACY_TRACK_MATCHING_HPP

#include "frame_detector.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#include <deque>

namespace cv { namespace sanprivacy {

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
};

const size_t MOST_MOVES = 10; // whose motion tells where a face goes that is hidden: the last few may be the other's

//! Median of the moves along both axes.
Point2c usualMove(const std::deque<Point2c>& moves);

//! A track that was found again, or is new, and its detection.
struct TrackMatch
{
    int track;        //!< its number
    size_t detection; //!< its index
};

/** @brief Moves tracks to where the detector found them, and adds what it found besides.
@param tracks changed in place.
@param detections of one frame.
@param trusted whether each of them counts, as the caller's own do; the detector takes parts and pairs of faces for one,
too.
@param min_score of a face that is new and not upright.
@param next_id number of the next new track.
@return for each track that was found its detection. */
std::vector<TrackMatch> matchTracks(std::vector<Track>& tracks, const std::vector<FrameDetection>& detections,
    bool trusted, float min_score, int& next_id);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_TRACK_MATCHING_HPP
