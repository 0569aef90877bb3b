// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_BYTE_VIEW_HPP
#define SANPRIVACY_COMMON_BYTE_VIEW_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sanprivacy {

//! A part of a file. What lies beyond its end reads as zero.
class ByteView
{
public:
    ByteView(const unsigned char* data, size_t size, bool big_endian)
        : data_(data), size_(size), big_endian_(big_endian)
    {
    }

    size_t size() const { return size_; }
    const unsigned char* data() const { return data_; }
    bool bigEndian() const { return big_endian_; }

    uint64_t number(size_t position, size_t bytes) const
    {
        uint64_t value = 0;
        for (size_t k = 0; k < bytes; ++k)
        {
            const size_t i = position + (big_endian_ ? k : bytes - 1 - k);
            value = value << 8 | (i < size_ ? data_[i] : 0u);
        }
        return value;
    }
    uint32_t u32(size_t position) const { return uint32_t(number(position, 4)); }
    uint32_t u16(size_t position) const { return uint32_t(number(position, 2)); }

    bool holds(size_t position, const std::string& text) const
    {
        return position <= size_ && text.size() <= size_ - position
               && std::equal(text.begin(), text.end(), data_ + position,
                   [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
    }
    std::string text(size_t position, size_t length) const
    {
        const ByteView part = sub(position, length);
        return std::string(part.data_, part.data_ + part.size_);
    }
    ByteView sub(size_t position, uint64_t length) const
    {
        position = std::min(position, size_);
        return ByteView(data_ + position, size_t(std::min<uint64_t>(length, size_ - position)), big_endian_);
    }
    std::vector<unsigned char> bytes() const { return std::vector<unsigned char>(data_, data_ + size_); }

private:
    const unsigned char* data_;
    size_t size_;
    bool big_endian_;
};

//! A directory of a TIFF file, or of Exif, which is one. Classic and BigTIFF.
class TiffDirectory
{
public:
    TiffDirectory(const ByteView& file, bool big, uint64_t start) : file_(file), big_(big)
    {
        if (start == 0 || start >= file.size())
            return;
        const uint64_t count = file.number(size_t(start), big ? 8 : 2), entry = big ? 20 : 12;
        const uint64_t first = start + (big ? 8 : 2), most = 4096; // tags that there are: some 300
        if (count > std::min((file.size() - start) / entry, most))
            return;
        valid_ = true;
        for (uint64_t k = 0; k < count; ++k)
            entries_.emplace(file.u16(size_t(first + k * entry)), size_t(first + k * entry));
        next_ = file.number(size_t(first + count * entry), big ? 8 : 4);
    }

    bool valid() const { return valid_; }
    uint64_t next() const { return next_; }

    //! The values of a tag, as they lie in the file.
    ByteView values(unsigned tag) const
    {
        const auto entry = entries_.find(tag);
        if (entry == entries_.end())
            return file_.sub(0, 0);
        const uint64_t size = number(entry->second + 4, big_ ? 8 : 4) * sizeOf(entry->second);
        const size_t field = entry->second + (big_ ? 12 : 8);
        return file_.sub(size <= (big_ ? 8u : 4u) ? field : size_t(number(field, big_ ? 8 : 4)), size);
    }

    //! The first value of a tag; `otherwise` where it is absent.
    uint64_t value(unsigned tag, uint64_t otherwise) const
    {
        const ByteView found = values(tag);
        return found.size() == 0 ? otherwise : found.number(0, std::min<size_t>(sizeOf(entries_.at(tag)), 8));
    }

    //! Where the first value of a tag is; 0 where it is absent.
    size_t position(unsigned tag) const
    {
        const ByteView found = values(tag);
        return found.size() == 0 ? 0 : size_t(found.data() - file_.data());
    }

private:
    uint64_t number(size_t position, size_t bytes) const { return file_.number(position, bytes); }
    size_t sizeOf(size_t entry) const
    {
        static const size_t sizes[] = { 1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1, 1, 8, 8, 8 };
        const size_t type = file_.u16(entry + 2);
        return type < sizeof(sizes) / sizeof(*sizes) ? sizes[type] : 1;
    }

    ByteView file_;
    bool big_, valid_ = false;
    uint64_t next_ = 0;
    std::map<unsigned, size_t> entries_;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_BYTE_VIEW_HPP
