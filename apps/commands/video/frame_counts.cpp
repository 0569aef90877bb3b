// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/frame_counts.hpp"

#include <algorithm>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

FrameCounts& FrameCounts::operator+=(const FrameCounts& other)
{
    frames += other.frames;
    faces += other.faces;
    held += other.held;
    blurred += other.blurred;
    none += other.none;
    withheld += other.withheld;
    errors += other.errors;
    if (error.empty())
        error = other.error;
    dropped += other.dropped;
    smallest_face = std::max(smallest_face, other.smallest_face);
    smallest_face_in_transparency = std::max(smallest_face_in_transparency, other.smallest_face_in_transparency);
    return *this;
}

void FrameCounts::add(const StreamRecord& record)
{
    ++frames;
    withheld += record.withheld;
    errors += !record.error.empty();
    if (error.empty())
        error = record.error;
    for (const StreamFace& face : record.faces)
    {
        ++faces;
        held += face.state == FACE_HELD;
        blurred += face.protection == PROTECTION_BLURRED;
        none += face.protection == PROTECTION_NONE;
    }
}

}} // namespace sanprivacy::apps
