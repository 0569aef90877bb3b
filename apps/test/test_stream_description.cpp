// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// What ffmpeg says about a live stream.

#include "media/stream_description.hpp"

#include <string>

#include <gtest/gtest.h>

using namespace sanprivacy::apps;

namespace {

TEST(StreamDescription, of_television)
{
    const StreamDescription stream = StreamDescription::parse(
        "Input #0, mpegts, from 'udp://239.0.0.1:1234':\n  Duration: N/A, start: 1.4, bitrate: N/A\n"
        "  Stream #0:0[0x100](deu): Audio: mp2 ([3][0][0][0] / 0x0003), 48000 Hz, stereo, fltp, 192 kb/s\n"
        "  Stream #0:1[0x101]: Video: h264 (High) ([27][0][0][0] / 0x001B), yuv420p(tv, "
        "bt470bg/bt470bg/smpte170m, top first), 720x576 [SAR 64:45 DAR 16:9], 29.97 fps, 25 tbr, 90k tbn\n"
        "Stream mapping:\n  Stream #0:1 -> #0:0 (h264 (native) -> bmp (native))\n"
        "  Stream #0:0: Video: bmp, bgr24(pc, gbr/bt470bg/smpte170m, progressive), 720x576 [SAR 1:1 DAR 16:9], 9 "
        "fps\n");
    EXPECT_DOUBLE_EQ(stream.rate, 29.97);
    EXPECT_EQ(stream.pixel_shape, cv::Size(64, 45));
    EXPECT_EQ(stream.color.matrix, "bt470bg");
    EXPECT_EQ(stream.color.primaries, "bt470bg");
    EXPECT_EQ(stream.color.transfer, "smpte170m");
    EXPECT_EQ(stream.color.range, "tv");
    EXPECT_EQ(stream.field_order, "tff");
    EXPECT_EQ(stream.rotation, 0);
}

TEST(StreamDescription, of_a_phone)
{
    const StreamDescription stream = StreamDescription::parse(
        "  Stream #0:0[0x1](und): Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, "
        "bt2020nc/bt2020/arib-std-b67), 1920x1080, 10 kb/s, 1k fps, 30 tbr, 600 tbn (default)\n"
        "    Side data:\n      displaymatrix: rotation of -90.00 degrees\nStream mapping:\n");
    EXPECT_DOUBLE_EQ(stream.rate, 1000);
    EXPECT_EQ(stream.pixel_shape, cv::Size(1, 1));
    EXPECT_TRUE(stream.color.highDynamicRange());
    EXPECT_EQ(stream.field_order, "");
    EXPECT_EQ(stream.rotation, 90);
}

TEST(StreamDescription, of_cameras)
{
    StreamDescription stream = StreamDescription::parse("  Stream #0:0: Video: mjpeg (Baseline), yuvj422p(pc, "
                                                        "bt470bg/unknown/unknown, bottom coded first (swapped)), "
                                                        "640x480 [SAR 0:1 DAR 0:1], 2000k fps, 12.5 tbr, 25 tbn\n");
    EXPECT_DOUBLE_EQ(stream.rate, 12.5);
    EXPECT_EQ(stream.pixel_shape, cv::Size(1, 1));
    EXPECT_EQ(stream.color.matrix, "bt470bg");
    EXPECT_EQ(stream.color.primaries, "");
    EXPECT_EQ(stream.color.range, "pc");
    EXPECT_EQ(stream.field_order, "bff");
    stream = StreamDescription::parse("Stream #0:0: Video: h264 (Main), yuv420p(bt709, progressive), 640x480, 25 fps\n"
                                      "displaymatrix: rotation of 180.00 degrees");
    EXPECT_EQ(stream.color.matrix, "bt709");
    EXPECT_EQ(stream.color.transfer, "bt709");
    EXPECT_EQ(stream.color.range, "");
    EXPECT_EQ(stream.rotation, 180);
}

TEST(StreamDescription, of_nothing_that_is_known)
{
    for (const char* text : { "", "Stream #0:0: Audio: aac", ": Video: ", "Stream #0:0: Video: h264, none" })
    {
        const StreamDescription stream = StreamDescription::parse(text);
        EXPECT_EQ(stream.rate, 0) << text;
        EXPECT_EQ(stream.pixel_shape, cv::Size(1, 1)) << text;
        EXPECT_EQ(stream.color.range + stream.color.matrix + stream.field_order, "") << text;
        EXPECT_EQ(stream.rotation, 0) << text;
    }
}

} // namespace
