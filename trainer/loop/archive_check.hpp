// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_LOOP_ARCHIVE_CHECK_HPP
#define SANPRIVACY_TRAIN_LOOP_ARCHIVE_CHECK_HPP

#include <string>
#include <vector>

namespace sanprivacy { namespace train {

/** @brief Compares the entries of a ZIP archive with their checksums (CRC-32). LibTorch writes these, and checks none.

@param archive the whole file.
@return the name of the first entry that differs; empty where none does, and for what is no ZIP archive of stored
entries below 4 GiB. */
std::string damagedEntry(const std::vector<unsigned char>& archive);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_LOOP_ARCHIVE_CHECK_HPP
