// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

CV_TEST_MAIN("cv", cvtest::addDataSearchPath(TEST_DATA_FOLDER))
