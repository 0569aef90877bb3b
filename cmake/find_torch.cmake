# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# LibTorch and libonnx, for the trainer and the fuzzer of its reader: Torch_FOUND, ONNX_FOUND, onnx_libraries, and torch_standard,
# the C++ standard that LibTorch's headers need.

# Torch before ONNX: both bring protobuf targets, and ONNX accepts those it finds.
find_package(Torch QUIET)
find_package(ONNX QUIET)
set(torch_standard 17)
if(Torch_VERSION VERSION_GREATER_EQUAL 2.12)
  set(torch_standard 20)
endif()
# libonnx's targets have a namespace in later versions. They tell their users how it was built, as its headers have to know.
if(TARGET ONNX::onnx)
  set(onnx_libraries ONNX::onnx ONNX::onnx_proto)
else()
  set(onnx_libraries onnx onnx_proto)
endif()
