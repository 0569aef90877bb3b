// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "track.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const size_t MOST_MOVES = 10; // from which the motion of a hidden face is extrapolated: the last few may be the other's
const double MOST_EXTRAPOLATED = .5; // seconds
const double CROWDED = 3;            // inter-ocular distances

} // namespace

Track::Track(int number, const Landmarks& where)
    : id(number), landmarks(where), state(FACE_FOUND), unseen(0), lost(0), lost_frames(0), score(0.f), person(-1),
      recognitions(0), fresh(true), jumped(false), settled(true), abandoned(false)
{
}

void Track::addMove(const Point2c& move)
{
    moves.push_back(move);
    if (moves.size() > MOST_MOVES)
        moves.pop_front();
}

Point2c Track::usualMove() const
{
    if (moves.empty())
        return 0.;
    std::vector<double> x, y;
    for (const Point2c& move : moves)
    {
        x.push_back(move.real());
        y.push_back(move.imag());
    }
    const std::ptrdiff_t middle = std::ptrdiff_t(moves.size() / 2);
    std::nth_element(x.begin(), x.begin() + middle, x.end());
    std::nth_element(y.begin(), y.begin() + middle, y.end());
    return Point2c(x[size_t(middle)], y[size_t(middle)]);
}

Point2c extrapolatedMove(const Point2c& velocity, double seconds)
{
    return velocity * std::min(seconds, MOST_EXTRAPOLATED);
}

bool areNear(const Track& a, const Track& b)
{
    return centreDistance(a.landmarks, b.landmarks) < CROWDED;
}

bool isCrowded(const Track& track, const std::vector<Track>& tracks)
{
    return std::any_of(tracks.begin(), tracks.end(),
        [&](const Track& other) { return other.id != track.id && areNear(other, track); });
}

}} // namespace cv::sanprivacy
