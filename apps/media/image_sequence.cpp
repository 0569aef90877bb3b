// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/image_sequence.hpp"

#include "common/image_io.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <regex>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

const std::regex PATTERN("([^%]*)%(0[1-9]?)?d([^%]*)");

} // namespace

bool ImagePattern::matches(const std::string& name)
{
    const fs::path path(name);
    return name.find("://") == std::string::npos && std::regex_match(path.filename().string(), PATTERN)
           && !fs::exists(path) && hasImageName(name);
}

ImagePattern::ImagePattern(const std::string& name) : folder_(fs::path(name).parent_path()), digits_(1)
{
    std::smatch parts;
    const std::string file_name = fs::path(name).filename().string();
    std::regex_match(file_name, parts, PATTERN);
    before_ = parts[1];
    after_ = parts[3];
    digits_ = std::max(1, std::atoi(parts[2].str().c_str()));
}

fs::path ImagePattern::file(std::int64_t number) const
{
    std::string digits = std::to_string(number);
    digits.insert(0, size_t(std::max(0, digits_ - int(digits.size()))), '0');
    return folder_ / (before_ + digits + after_);
}

std::vector<std::int64_t> ImagePattern::numbers() const
{
    std::vector<std::int64_t> numbers;
    std::error_code error;
    for (fs::directory_iterator entry(folder_.empty() ? fs::path(".") : folder_, error), end; !error && entry != end;
         entry.increment(error))
    {
        const std::string name = entry->path().filename().string();
        const size_t most_digits = 18;
        if (name.size() <= before_.size() + after_.size() || name.compare(0, before_.size(), before_) != 0)
            continue;
        const std::string digits = name.substr(before_.size(), name.size() - before_.size() - after_.size());
        if (digits.size() > most_digits
            || !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); }))
            continue;
        const std::int64_t number = std::atoll(digits.c_str());
        if (file(number).filename() == name)
            numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

std::vector<fs::path> ImagePattern::files() const
{
    std::vector<fs::path> files;
    for (std::int64_t number : numbers())
        files.push_back(file(number));
    return files;
}

}} // namespace sanprivacy::apps
