// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "perf_precomp.hpp"

CV_PERF_TEST_MAIN(sanprivacy)
