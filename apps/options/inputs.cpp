// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/inputs.hpp"

#include "common/errors.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"
#include "common/output_guard.hpp"
#include "options/whole_number.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <utility>

#include <sys/stat.h>

#include <CLI/CLI.hpp>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

//! Whether a file is what macOS keeps of the attributes of another one, on disks that have no room for them.
bool isAppleDouble(const fs::path& file)
{
    if (file.filename().string().compare(0, 2, "._") != 0)
        return false;
    const std::string magic("\x00\x05\x16\x07", 4);
    std::string head(magic.size(), ' ');
    std::ifstream(file, std::ios::binary).read(&head[0], std::streamsize(head.size()));
    return head == magic;
}

//! Searches folders for images.
class Search
{
public:
    Search(Inputs& inputs, const fs::path& output, const std::function<bool(const fs::path&)>& wanted)
        : inputs_(inputs), wanted_(wanted)
    {
        if (!output.empty())
            begin(output); // as if it had been searched
    }

    void search(const fs::path& root)
    {
        begin(root);
        list(root, root);
        while (!folders_.empty() || !links_.empty())
        {
            const bool linked = folders_.empty(); // a folder's own name comes first
            std::vector<fs::path>& next = linked ? links_ : folders_;
            const fs::path folder = next.back();
            next.pop_back();
            if (begin(folder))
                list(root, folder);
            else if (linked)
                ++inputs_.repeated_links;
        }
    }

private:
    //! Returns false where a folder has been searched.
    bool begin(const fs::path& folder)
    {
        struct stat there;
        return stat(folder.c_str(), &there) != 0 || searched_.emplace(there.st_dev, there.st_ino).second;
    }

    void list(const fs::path& root, const fs::path& folder)
    {
        std::error_code error;
        fs::directory_iterator entry(folder, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error))
            add(root, *entry);
        if (error)
            inputs_.unreadable.push_back(folder.string() + ": " + reason(error));
    }

    void add(const fs::path& root, const fs::directory_entry& entry)
    {
        const fs::path& path = entry.path();
        std::error_code error, ignored;
        const fs::file_status status = entry.status(error);
        if (status.type() == fs::file_type::none || (error && status.type() != fs::file_type::not_found))
            inputs_.unreadable.push_back(path.string() + ": " + reason(error));
        else if (fs::is_directory(status))
            (entry.is_symlink(ignored) ? links_ : folders_).push_back(path);
        else if (isAppleDouble(path))
            ++inputs_.skipped["._ of macOS"];
        else if (wanted_(path))
            inputs_.images.push_back({ path, path.lexically_relative(root) });
        else
            ++inputs_.skipped[path.extension().string()];
    }

    Inputs& inputs_;
    const std::function<bool(const fs::path&)>& wanted_;
    std::vector<fs::path> folders_, links_; // to be searched
    std::set<std::pair<dev_t, ino_t>> searched_;
};

bool namesImage(const fs::path& output)
{
    return hasImageName(output) && !fs::is_directory(output);
}

} // namespace

void addMaxPixelsTo(CLI::App& command, size_t& max_pixels)
{
    command
        .add_option("--max-pixels", max_pixels,
            "Refuse larger images; default " + std::to_string(MAX_PIXELS) + "; memory: 5 bytes a pixel, 10 if 16-bit")
        ->type_name("N")
        ->check(wholeNumber(false));
}

std::string Inputs::skippedText() const
{
    size_t number = 0;
    std::string kinds;
    for (const auto& kind : skipped)
    {
        number += kind.second;
        kinds += (kinds.empty() ? "" : ", ") + std::to_string(kind.second) + ' '
                 + (kind.first.empty() ? "without ending" : printable(kind.first));
    }
    std::string text = number == 0 ? std::string() : count(number, "other file") + " (" + kinds + ")";
    if (repeated_links > 0)
        text += (text.empty() ? "" : ", ") + count(repeated_links, "link") + " to folders searched already";
    return text;
}

bool Inputs::reportUnreadable() const
{
    for (const std::string& path : unreadable)
        std::cerr << printable(path) << std::endl;
    return !unreadable.empty();
}

std::vector<fs::path> Inputs::files() const
{
    std::vector<fs::path> paths;
    for (const Input& image : images)
        paths.push_back(image.file);
    return paths;
}

void Inputs::add(const Inputs& others)
{
    images.insert(images.end(), others.images.begin(), others.images.end());
    for (const auto& kind : others.skipped)
        skipped[kind.first] += kind.second;
    unreadable.insert(unreadable.end(), others.unreadable.begin(), others.unreadable.end());
    repeated_links += others.repeated_links;
}

Inputs findInputs(const std::vector<std::string>& arguments, const fs::path& output,
    const std::function<bool(const fs::path&)>& wanted)
{
    Inputs inputs;
    for (const std::string& argument : arguments)
    {
        std::error_code error;
        const fs::file_status status = fs::status(argument, error);
        if (status.type() == fs::file_type::not_found)
            throw UsageError("no such file or folder: '" + argument + "'");
        if (status.type() == fs::file_type::none)
            throw UsageError("'" + argument + "': " + reason(error));
        if (!fs::is_directory(status))
        {
            inputs.images.push_back({ argument, fs::path(argument).filename() });
            continue;
        }
        const size_t first = inputs.images.size();
        Search(inputs, output, wanted).search(argument);
        std::sort(inputs.images.begin() + std::ptrdiff_t(first), inputs.images.end(),
            [](const Input& a, const Input& b) { return a.relative < b.relative; });
    }
    return inputs;
}

fs::path outputFolder(const std::vector<std::string>& arguments, const fs::path& output)
{
    static const std::set<std::string> not_written = { ".apng", ".avif", ".dng", ".exr", ".gif", ".hdr", ".heic",
        ".heif", ".ico", ".j2k", ".jpx", ".jxl", ".pam", ".pdf", ".pfm", ".pic", ".psd", ".svg", ".tga" };
    std::string ending = output.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    if (not_written.count(ending) > 0 && !fs::is_directory(output))
        throw UsageError(
            "--output: expected a folder, or a name as result.png; '" + ending + "' is no format that is written");
    if (!namesImage(output))
        return output;
    if (arguments.size() > 1 || fs::is_directory(arguments[0]))
        throw UsageError(
            "--output: expected a folder for several images; found the name of an image, '" + output.string() + "'");
    return fs::absolute(output).parent_path();
}

std::vector<fs::path> outputFiles(const Inputs& inputs, const fs::path& output)
{
    if (namesImage(output))
        return { output };
    std::vector<fs::path> files;
    DistinctOutputs distinct;
    for (const Input& image : inputs.images)
    {
        const fs::path file = output / image.relative;
        distinct.add(file, image.file.string());
        files.push_back(file);
    }
    return files;
}

}} // namespace sanprivacy::apps
