// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_INPUTS_HPP
#define SANPRIVACY_APPS_OPTIONS_INPUTS_HPP

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! An image to work on.
struct Input
{
    std::filesystem::path file;     //!< where it is
    std::filesystem::path relative; //!< below the folder that was named, or the bare name of a file that was
};

//! What the arguments of a command line stand for.
struct Inputs
{
    std::vector<Input> images;            //!< folders sorted and searched recursively, in the order of the arguments
    std::map<std::string, size_t> skipped;  //!< files in folders that are no images, per name ending

    std::string skippedText() const;        //!< "3 other files (2 .txt, 1 .mp4)"; empty where there are none
};

/** Finds the images among files and folders.
@param arguments files, each taken as it is, and folders, of which files with the name of an image are taken.
@param output folder that is being written to: left out of the search.
A missing argument raises UsageError. */
Inputs findInputs(const std::vector<std::string>& arguments, const std::filesystem::path& output);

/** Where each image's output goes: output/relative.
Two images of one output name, or an output that is an input, raise UsageError. */
std::vector<std::filesystem::path> outputFiles(const Inputs& inputs, const std::filesystem::path& output);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_INPUTS_HPP
