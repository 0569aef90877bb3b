// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/version.hpp"

#include <gtest/gtest.h>

namespace sanprivacy { namespace {

TEST(Version, names_each_backend_once)
{
    EXPECT_EQ("OpenCV (3)", backendList({ 3, 3, 3 }));
    EXPECT_EQ("Halide (1), OpenCV (3), CUDA (5), backend 77 (77)", backendList({ 1, 3, 3, 5, 77 }));
}

// OpenCV lists OpenVINO under another number than the one that selects it.
TEST(Version, names_openvino_with_the_number_that_selects_it)
{
    EXPECT_EQ("OpenVINO (2), OpenCV (3)", backendList({ 1000000, 3 }));
}

}} // namespace
