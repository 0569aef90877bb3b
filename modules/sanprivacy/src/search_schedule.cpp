// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "search_schedule.hpp"

#include <algorithm>
#include <cfloat>

namespace cv { namespace sanprivacy {

namespace {

const double LOST_INTERVAL = .12; // seconds between searches while a track is lost

} // namespace

SearchSchedule::SearchSchedule(const StreamParams& params)
    : params_(params), last_search_(-DBL_MAX), complete_(false), requested_(true), frames_lost_(false)
{
}

bool SearchSchedule::watch(const Mat& image, const std::vector<MovingHead>& heads)
{
    Rect2d where;
    const bool appears = change_.appears(image, heads, where);
    if (appears)
        places_.push_back(where);
    return appears;
}

bool SearchSchedule::isDue(const TrackedFrame& frame, const TrackedFrame* last, const std::vector<Track>& tracks,
    bool appears, SearchScope& scope)
{
    // Where frames are as far apart as searches, every frame is searched completely; but not where this would cost the
    // next frames, since those between were lost.
    const double gap = last ? frame.time - last->time : 0;
    const bool tooSlow = frames_lost_ && (complete_ || gap < params_.hold);
    const bool alone = !last || frame.cut || (gap >= params_.detect_interval - TIME_TOLERANCE && !tooSlow);
    frames_lost_ = false;
    scope = alone ? SEARCH_COMPLETE : appears ? SEARCH_CHANGE : SEARCH_ROUTINE;
    return scope != SEARCH_ROUTINE || needsSearch(frame.time, tracks);
}

bool SearchSchedule::needsSearch(double time, const std::vector<Track>& tracks) const
{
    const double since = time - last_search_;
    if (requested_ || since >= params_.detect_interval - TIME_TOLERANCE)
        return true;
    return std::any_of(tracks.begin(), tracks.end(),
        [&](const Track& track)
        {
            // A face that the last search did not find may be hidden, and another one be tracked in its place.
            const bool hidden = track.unseen > since + TIME_TOLERANCE && isCrowded(track, tracks);
            return !track.abandoned
                   && (track.lost_frames == 1
                       || ((track.lost_frames > 0 || hidden) && since >= LOST_INTERVAL - TIME_TOLERANCE));
        });
}

void SearchSchedule::noteSearch(const TrackedFrame& frame, SearchScope scope)
{
    last_search_ = frame.time;
    complete_ = scope == SEARCH_COMPLETE;
    requested_ = false;
    places_.clear();
}

void SearchSchedule::startAnew()
{
    change_ = FrameChange();
    places_.clear();
    last_search_ = -DBL_MAX;
    requested_ = true;
}

}} // namespace cv::sanprivacy
