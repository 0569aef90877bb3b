# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Stand-in for OpenCV's function of the same name, so that the module's own CMakeLists.txt serves both builds:
#   ocv_define_module(<name> <dependency>... [OPTIONAL <dependency>...] [WRAP <language>...])
# makes the library opencv_<name> (also <project>::<name>) of src/ and include/, the executables
# opencv_test_<name> and opencv_perf_<name> of test/ and perf/, and example_<name>_<sample> of each of samples/.

# OpenCV 5 asks for C++17, googletest 1.13 for C++14; the sources themselves are C++11.
if(OpenCV_VERSION VERSION_LESS 5)
  set(sources_standard 11)
else()
  set(sources_standard 17)
endif()

function(ocv_define_module name)
  cmake_parse_arguments(MODULE "" "" "OPTIONAL;WRAP" ${ARGN})
  set(the_module opencv_${name})
  set(the_module ${the_module} PARENT_SCOPE)
  set(dependencies ${MODULE_UNPARSED_ARGUMENTS})
  foreach(dependency IN LISTS MODULE_OPTIONAL)
    if(TARGET ${dependency})
      list(APPEND dependencies ${dependency})
    endif()
  endforeach()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/*.cpp src/*.hpp include/*.hpp)
  add_library(${the_module} SHARED ${sources})
  add_library(${PROJECT_NAME}::${name} ALIAS ${the_module})
  target_include_directories(${the_module} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${the_module} PUBLIC ${dependencies})
  target_compile_definitions(${the_module} PRIVATE CVAPI_EXPORTS)
  set_target_properties(${the_module} PROPERTIES CXX_STANDARD ${sources_standard} CXX_STANDARD_REQUIRED ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  install_module(${name} ${the_module} ${dependencies})

  if(SANPRIVACY_BUILD_TESTS)
    define_test_executable(opencv_test_${name} ${the_module} test)
    if(TARGET opencv_test_${name})
      add_test(NAME opencv_test_${name} COMMAND opencv_test_${name})
    endif()
  endif()
  if(SANPRIVACY_BUILD_PERF)
    define_test_executable(opencv_perf_${name} ${the_module} perf)
  endif()
  if(SANPRIVACY_BUILD_EXAMPLES AND NOT (TARGET opencv_imgcodecs AND TARGET opencv_videoio AND TARGET opencv_highgui))
    message(STATUS "Samples: left out; OpenCV has no imgcodecs, videoio or highgui")
  elseif(SANPRIVACY_BUILD_EXAMPLES)
    file(GLOB samples CONFIGURE_DEPENDS samples/*.cpp)
    foreach(sample IN LISTS samples)
      get_filename_component(sample_name ${sample} NAME_WE)
      add_executable(example_${name}_${sample_name} ${sample})
      target_link_libraries(example_${name}_${sample_name} PRIVATE ${the_module} opencv_imgcodecs opencv_videoio opencv_highgui)
      set_target_properties(example_${name}_${sample_name} PROPERTIES CXX_STANDARD ${sources_standard})
    endforeach()
  endif()
endfunction()

macro(ocv_target_include_directories)
  target_include_directories(${ARGN})
endmacro()

macro(ocv_target_link_libraries)
  target_link_libraries(${ARGN})
endmacro()

# Library, headers, and what find_package(opencv_<name>) and pkg-config want.
function(install_module name the_module)
  install(TARGETS ${the_module} EXPORT ${the_module} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/${the_module})
  install(EXPORT ${the_module} FILE ${the_module}Targets.cmake NAMESPACE ${PROJECT_NAME}:: DESTINATION ${package_folder})
  string(REPLACE "opencv_" "" components "${ARGN}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${the_module}Config.cmake
    "include(CMakeFindDependencyMacro)\nfind_dependency(OpenCV ${OpenCV_VERSION} EXACT COMPONENTS ${components})\n"
    "include(\${CMAKE_CURRENT_LIST_DIR}/${the_module}Targets.cmake)\n")
  include(CMakePackageConfigHelpers)
  write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/${the_module}ConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${the_module}Config.cmake ${CMAKE_CURRENT_BINARY_DIR}/${the_module}ConfigVersion.cmake
    DESTINATION ${package_folder})
  file(RELATIVE_PATH to_headers ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${the_module}.pc
    "Name: ${the_module}\nDescription: ${PROJECT_NAME} ${PROJECT_VERSION}, a module of OpenCV\n"
    "Version: ${PROJECT_VERSION}\nRequires: opencv${OpenCV_VERSION_MAJOR} = ${OpenCV_VERSION}\n"
    "Libs: -L\${pcfiledir}/.. -l${the_module}\nCflags: -I\${pcfiledir}/${to_headers}\n")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${the_module}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# googletest in the place of opencv_ts; cmake/standalone/opencv2/ts.hpp is what opencv2/ts.hpp is there.
function(define_test_executable target the_module folder)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp ${folder}/*.hpp)
  if(NOT sources)
    return()
  endif()
  find_package(GTest QUIET)
  if(NOT GTest_FOUND OR NOT TARGET opencv_imgcodecs)
    message(STATUS "${target}: left out; install libgtest-dev and OpenCV's imgcodecs")
    return()
  endif()
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  target_link_libraries(${target} PRIVATE ${the_module} opencv_imgcodecs GTest::gtest)
  set(standard ${sources_standard})
  if(standard LESS 14 AND GTest_VERSION VERSION_GREATER_EQUAL 1.13)
    set(standard 14)
  endif()
  set_target_properties(${target} PROPERTIES CXX_STANDARD ${standard} CXX_STANDARD_REQUIRED ON)
endfunction()
