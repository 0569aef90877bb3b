// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TRACK_MATCHING_HPP
#define OPENCV_SANPRIVACY_TRACK_MATCHING_HPP

#include "frame_detector.hpp"
#include "track.hpp"

namespace cv { namespace sanprivacy {

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
