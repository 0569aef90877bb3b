// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SEARCH_SCHEDULE_HPP
#define OPENCV_SANPRIVACY_SEARCH_SCHEDULE_HPP

#include "frame_change.hpp"
#include "frame_detector.hpp" // SearchScope
#include "track.hpp"
#include "tracked_frame.hpp"

namespace cv { namespace sanprivacy {

/** @brief Decides which frames the detector searches, how thoroughly, and at which places in any case. */
class SearchSchedule
{
public:
    explicit SearchSchedule(const StreamParams& params);

    void requestSearch() { requested_ = true; }
    void reportLostFrames() { frames_lost_ = true; } //!< before the next one

    //! Takes the next frame. @return whether something appears beside the heads; the next search covers that place.
    bool watch(const Mat& image, const std::vector<MovingHead>& heads);

    /** @brief Whether a frame is to be searched; call it once for each.
    @param last the frame before, or null.
    @param tracks in the frame.
    @param appears whether something appears in it, see watch().
    @param scope receives how thoroughly it is to be searched. */
    bool isDue(const TrackedFrame& frame, const TrackedFrame* last, const std::vector<Track>& tracks, bool appears,
        SearchScope& scope);

    void addPlace(const Rect2d& place) { places_.push_back(place); }    //!< that the next search must cover
    const std::vector<Rect2d>& places() const { return places_; }       //!< ... all of them
    void noteSearch(const TrackedFrame& frame, SearchScope scope);      //!< that has been made
    bool isSearched(double time) const { return last_search_ >= time; } //!< a frame of that time, or a later one
    void startAnew();                                                   //!< another stream of frames follows

private:
    bool needsSearch(double time, const std::vector<Track>& tracks) const;

    const StreamParams params_;
    FrameChange change_;
    std::vector<Rect2d> places_;
    double last_search_; // time
    bool complete_;      // the last search was
    bool requested_;
    bool frames_lost_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SEARCH_SCHEDULE_HPP
