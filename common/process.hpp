// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_PROCESS_HPP
#define SANPRIVACY_COMMON_PROCESS_HPP

namespace sanprivacy {

/** What a program does first. A write beyond the file size limit or to a closed pipe becomes an error that can be
reported, in place of the program's end; a standard stream that is closed becomes an empty one; what libraries print
of a damaged image is dropped. */
void prepareProcess();

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_PROCESS_HPP
