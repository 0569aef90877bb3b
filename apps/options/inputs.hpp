// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_INPUTS_HPP
#define SANPRIVACY_APPS_OPTIONS_INPUTS_HPP

#include "common/image_io.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sanprivacy { namespace apps {

//! Adds the option --max-pixels, see readImage().
void addMaxPixelsTo(CLI::App& command, size_t& max_pixels);

//! An image to work on.
struct Input
{
    std::filesystem::path file;     //!< where it is
    std::filesystem::path relative; //!< below the folder that was named, or the bare name of a file that was
};

//! What the arguments of a command line stand for.
struct Inputs
{
    std::vector<Input> images;             //!< folders sorted and searched recursively, in the order of the arguments
    std::map<std::string, size_t> skipped; //!< files in folders that are no images, per name ending
    std::vector<std::string> unreadable;   //!< folders and links that could not be followed, each with the reason
    size_t repeated_links = 0;             //!< links to folders that are searched under another name

    std::string skippedText() const;                  //!< "3 other files (2 .txt, 1 .mp4)"; empty where there are none
    bool reportUnreadable() const;                    //!< Names them on stderr. Returns whether there are any.
    std::vector<std::filesystem::path> files() const; //!< of the images
    void add(const Inputs& others);
};

/** Finds the images among files and folders.

Links to folders are followed; each folder is searched once, under its own name rather than a link's. Files in which
macOS keeps attributes (`._NAME`, AppleDouble) are skipped.
@param arguments files, each taken as it is, and folders, of which files with the name of an image are taken.
@param output folder that is being written to: left out of the search.
@param wanted which files of folders are taken.
A missing argument raises UsageError. */
Inputs findInputs(const std::vector<std::string>& arguments, const std::filesystem::path& output,
    const std::function<bool(const std::filesystem::path&)>& wanted = hasImageName);

/** The folder that a command writes to.
@param arguments as for findInputs()
@param output the folder; where there is one argument, a file, also the name of the image that is made of it
The name of an image in place of the folder for several raises UsageError. */
std::filesystem::path outputFolder(const std::vector<std::string>& arguments, const std::filesystem::path& output);

/** Where each image's output goes: output/relative, or the output, see outputFolder().
Two images of one output name raise UsageError. */
std::vector<std::filesystem::path> outputFiles(const Inputs& inputs, const std::filesystem::path& output);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_INPUTS_HPP
