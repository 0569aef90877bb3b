# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

cmake_minimum_required(VERSION 3.21)

# Writes the version of the sources into OUTPUT, a C++ source, in every build: cmake -DOUTPUT=... -DSOURCE=... -DVERSION=... -P
if(EXISTS "${SOURCE}/.git") # not those of a repository that an unpacked archive lies in
  execute_process(COMMAND git -C "${SOURCE}" describe --tags --always --dirty --match v*
    OUTPUT_VARIABLE described ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
set(text "${VERSION}")
if(described AND NOT described STREQUAL "v${VERSION}") # a release needs no more than its number
  string(APPEND text " (${described})")
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT
"#include \"common/version.hpp\"

const char* sanprivacy::version()
{
    return \"@text@\";
}
")
