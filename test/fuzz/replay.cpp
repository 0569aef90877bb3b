// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// In place of libFuzzer, which comes with clang only: gives a fuzzer each file of a folder once, so that the tests
// of every build compile the fuzzers and try their seeds: FUZZER FOLDER

#include "fuzzed_file.hpp"

#include <iostream>
#include <iterator>
#include <vector>

int main(int argc, char** argv)
{
    if (argc != 2 || !std::filesystem::is_directory(argv[1]))
    {
        std::cerr << "expected a folder of inputs" << std::endl;
        return 2;
    }
    int inputs = 0;
    for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(argv[1]))
    {
        std::cout << entry.path().string() << std::endl; // before it is tried: a finding ends the process
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
        ++inputs;
    }
    std::cout << inputs << " inputs, no finding" << std::endl;
    return inputs > 0 ? 0 : 1;
}
