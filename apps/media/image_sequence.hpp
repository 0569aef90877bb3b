// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_IMAGE_SEQUENCE_HPP
#define SANPRIVACY_APPS_MEDIA_IMAGE_SEQUENCE_HPP

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! Names of numbered images: frames/%d.png, frames/shot_%04d.jpg.
class ImagePattern
{
public:
    //! Whether a name is such a pattern: one %d in the name of an image format, and no file of just this name.
    static bool matches(const std::string& name);

    explicit ImagePattern(const std::string& name);

    std::filesystem::path file(std::int64_t number) const;
    std::vector<std::int64_t> numbers() const;        //!< of the images that are there, rising
    std::vector<std::filesystem::path> files() const; //!< these images

private:
    std::filesystem::path folder_;
    std::string before_, after_;
    int digits_; // at least; filled up with zeros
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_IMAGE_SEQUENCE_HPP
