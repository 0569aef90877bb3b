// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_TEST_PLACES_HPP
#define SANPRIVACY_TRAIN_TEST_PLACES_HPP

#include <filesystem>
#include <string>

namespace sanprivacy { namespace train { namespace test {

std::string trainerProgram();
std::filesystem::path repository();

//! Networks and photographs that some tests use where they are there: $SANPRIVACY_SHARED, or shared/ beside the
//! repository.
std::filesystem::path sharedFolder();

}}} // namespace sanprivacy::train::test

#endif
