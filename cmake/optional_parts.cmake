# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# An answer of an earlier configuration must not outlive an installation: headers and libraries are looked for anew each time.
# Arguments as for find_path() and find_library().
macro(find_header_now variable)
  unset(${variable} CACHE)
  find_path(${variable} NO_CACHE ${ARGN})
endmacro()
macro(find_library_now variable)
  unset(${variable} CACHE)
  find_library(${variable} NO_CACHE ${ARGN})
endmacro()

# leave_out_unless(<part> <found variable>:<package>...): where something is absent, one line tells what to install, and the folder
# that calls it is left out of the build.
macro(leave_out_unless part)
  set(missing_packages "")
  foreach(needed ${ARGN})
    string(REPLACE ":" ";" needed ${needed})
    list(GET needed 0 found)
    if(NOT ${found})
      list(GET needed 1 package)
      list(APPEND missing_packages ${package})
    endif()
  endforeach()
  if(missing_packages)
    list(REMOVE_DUPLICATES missing_packages)
    list(JOIN missing_packages " " missing_packages)
    message(STATUS "${part}: left out; install ${missing_packages}")
    return()
  endif()
endmacro()
