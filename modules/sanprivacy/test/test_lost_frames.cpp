// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

#include <algorithm>

namespace opencv_test { namespace {

const Point2d CENTRE(170, 150);

//! Whether the face is known in frames at these times, where frames are lost before the last ones.
std::vector<bool> knownAt(const std::vector<double>& times, size_t lost, const Video& video)
{
    StreamParams params = covering();
    params.look_ahead = 0; // nothing helps later
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
    std::vector<bool> known;
    StreamRecord record;
    Mat output;
    for (size_t i = 0; i < times.size(); ++i)
    {
        if (i + lost >= times.size())
            anonymizer->reportLostFrames();
        anonymizer->push(video.frame(int(i)), times[i]);
        EXPECT_TRUE(anonymizer->pop(output, record));
        EXPECT_TRUE(record.detected);
        known.push_back(std::any_of(record.faces.begin(), record.faces.end(),
            [](const StreamFace& face) { return face.box.contains(CENTRE); }));
    }
    return known;
}

//! A face that is there from the second frame on.
Video arrival(double size, double roll)
{
    const auto there = [=](int t)
    {
        const Place place = { t >= 1 ? CENTRE : Point2d(-150, 150), size, roll };
        return place;
    };
    return Video(Size(360, 280), 6, { { "man-dark-hair", there } });
}

TEST(SanPrivacy_LostFrames, do_not_make_every_search_a_complete_one)
{
    // Only a complete search finds so small a face on its side in every frame: the smallest that it finds.
    double size = 5;
    while (size < 16 && knownAt({ 0, .3 }, 0, arrival(size, 90)) != std::vector<bool>({ 0, 1 }))
        ++size;
    ASSERT_LT(size, 16);
    const Video video = arrival(size, 90);
    EXPECT_EQ(knownAt({ 0, .3 }, 1, video), std::vector<bool>({ 0, 0 })); // less time was lost than hold
    EXPECT_EQ(knownAt({ 0, 1 }, 1, video), std::vector<bool>({ 0, 0 }));  // the last search was complete
    EXPECT_EQ(knownAt({ 0, .3, 1.3 }, 2, video), std::vector<bool>({ 0, 0, 1 }));
    EXPECT_EQ(knownAt({ 0, .3, .6 }, 1, arrival(size, 0)), std::vector<bool>({ 0, 1, 1 }));
}

TEST(SanPrivacy_LostFrames, leave_no_larger_face_unprotected)
{
    const std::vector<bool> expected = { false, true, true, true, true, true };
    for (double roll : { 0., 90., 180. })
        for (double gap : { .21, .5, 1., 3. })
            EXPECT_EQ(knownAt({ 0, gap, 2 * gap, 3 * gap, 4 * gap, 5 * gap }, 5, arrival(30, roll)), expected)
                << roll << " degrees, " << gap << " s";
}

}} // namespace opencv_test
