// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "check_created.hpp"
#include "color_conversion.hpp"
#include "dnn_net.hpp"
#include "file_argument.hpp"
#include "file_to_replace.hpp"
#include "matrix_argument.hpp"
#include "storage_limits.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <random>

namespace cv { namespace sanprivacy {

namespace {

const int LABELS = 2;
const double WHITE = 255.;           // sums are in 8-bit units, so those of 8-bit faces are whole numbers and exact
const double TOLERANCE = 1. / WHITE; // by which a float face may leave 0..1
const double LARGEST_COUNT = 9007199254740992.; // 2^53: up to here every whole number is exact
const int LARGEST_SIDE = 2048;                  // of prototypes from a file, pixels
const size_t MOST_BYTES = size_t(1) << 29;      // of such a file, unpacked
const int FILE_VERSION = 1;
const char* const VERSION_KEY = "sanprivacy_prototypes";
const char* const MEAN_KEYS[LABELS] = { "mean_0", "mean_1" };
const char* const COUNT_KEYS[LABELS] = { "count_0", "count_1" };

void checkLabel(int label)
{
    CV_Check(label, label == 0 || label == 1, "A label is 0 or 1");
}

} // namespace

class PrototypeBuilder::Impl
{
public:
    explicit Impl(const Size& size)
    {
        for (int label = 0; label < LABELS; ++label)
        {
            sum[label] = Mat::zeros(size, CV_64FC3);
            count[label] = 0;
        }
    }

    static void mean(const Mat& total, double faces, OutputArray prototype)
    {
        total.convertTo(prototype, CV_32F, 1 / (WHITE * faces));
    }

    void write(const String& filename) const
    {
        checkStorageName(filename);
        if (!std::ofstream(filename.c_str()).good())
            CV_Error(Error::StsError, "the folder is missing or cannot be written to");
        FileStorage file(filename, FileStorage::WRITE | FileStorage::BASE64);
        file << VERSION_KEY << FILE_VERSION;
        for (int label = 0; label < LABELS; ++label)
        {
            Mat prototype;
            mean(sum[label], std::max(count[label], 1.), prototype);
            file << MEAN_KEYS[label] << prototype;
        }
        for (int label = 0; label < LABELS; ++label) // last, so that a truncated file lacks them
            file << COUNT_KEYS[label] << count[label];
    }

    //! Whether a node describes a matrix of three channels that is not too large.
    static bool isPrototype(const FileNode& node)
    {
        if (!node.isMap())
            return false;
        const FileNode type = node["dt"];
        bool sized = true;
        for (const char* const side : { "rows", "cols" })
            sized = sized && node[side].isInt() && int(node[side]) > 0 && int(node[side]) <= LARGEST_SIDE;
        return sized && node["sizes"].empty() && type.isString() && String(type) == "3f";
    }

    void read(const FileStorage& file)
    {
        if (file[VERSION_KEY].empty() || int(file[VERSION_KEY]) != FILE_VERSION)
            CV_Error(Error::StsParseError, format("expected the key %s with value %d", VERSION_KEY, FILE_VERSION));
        for (int label = 0; label < LABELS; ++label)
        {
            const FileNode number = file[COUNT_KEYS[label]];
            const double faces = number.isInt() || number.isReal() ? double(number) : -1;
            if (!(faces >= 0 && faces <= LARGEST_COUNT) || faces != std::floor(faces)) // NaN is not
                CV_Error(Error::StsParseError,
                    format("%s must be a number of faces, whole and from 0 to 2^53", COUNT_KEYS[label]));
            const FileNode mean = file[MEAN_KEYS[label]];
            Mat prototype;
            if (isPrototype(mean)) // before OpenCV allocates what the file asks for
                mean >> prototype;
            if (prototype.type() != CV_32FC3 || prototype.empty() || (label && prototype.size() != sum[0].size()))
                CV_Error(Error::StsParseError,
                    format("%s must be a %s, at most %d pixels high and wide, both means of one size", MEAN_KEYS[label],
                        typeToString(CV_32FC3).c_str(), LARGEST_SIDE));
            if (!checkRange(prototype) || !checkRange(prototype, true, 0, -TOLERANCE, 1 + TOLERANCE))
                CV_Error(Error::StsParseError, format("%s must hold values from 0 to 1", MEAN_KEYS[label]));
            count[label] = faces;
            prototype.convertTo(sum[label], CV_64F, WHITE * count[label]);
        }
    }

    std::mutex mutex; // held by whoever uses what follows
    Mat sum[LABELS];  // CV_64FC3
    double count[LABELS];
};

typedef std::lock_guard<std::mutex> Lock;

//! The prototypes in a file that exists; name is for the error.
static Ptr<PrototypeBuilder::Impl> readPrototypes(const String& filename, const String& name)
{
    Ptr<PrototypeBuilder::Impl> impl = makePtr<PrototypeBuilder::Impl>(Size());
    try
    {
        checkStorageLimits(filename, MOST_BYTES);
        impl->read(FileStorage(filename, FileStorage::READ));
    }
    catch (const std::exception& e) // FileStorage raises others, too
    {
        CV_Error(
            Error::StsParseError, format("%s is not a whole prototypes file: %s", name.c_str(), reasonOf(e).c_str()));
    }
    return impl;
}

PrototypeBuilder::PrototypeBuilder()
{
}

Ptr<PrototypeBuilder> PrototypeBuilder::create(const Size& size)
{
    CV_Check(size, size.width > 0 && size.height > 0, "Prototypes need a positive size");
    Ptr<PrototypeBuilder> builder = makePtr<PrototypeBuilder>();
    builder->p = makePtr<Impl>(size);
    return builder;
}

Ptr<PrototypeBuilder> PrototypeBuilder::load(const String& filename)
{
    checkReadable(filename, "the prototypes");
    Ptr<PrototypeBuilder> builder = makePtr<PrototypeBuilder>();
    builder->p = readPrototypes(filename, "'" + filename + "'");
    return builder;
}

Ptr<PrototypeBuilder> PrototypeBuilder::load(const std::vector<uchar>& buffer)
{
    // FileStorage decompresses files only, so the bytes make a detour through one.
    const uchar gzip[] = { 0x1f, 0x8b };
    const bool compressed = buffer.size() > 2 && std::equal(gzip, gzip + 2, buffer.begin());
    const String filename = tempfile(compressed ? ".yml.gz" : ".yml"); // what it holds counts, not the ending .yml
    std::ofstream(filename.c_str(), std::ios::binary)
        .write(reinterpret_cast<const char*>(buffer.data()), (std::streamsize)buffer.size());
    Ptr<PrototypeBuilder> builder = makePtr<PrototypeBuilder>();
    try
    {
        builder->p = readPrototypes(filename, "The buffer");
    }
    catch (...)
    {
        std::remove(filename.c_str());
        throw;
    }
    std::remove(filename.c_str());
    return builder;
}

void PrototypeBuilder::save(const String& filename) const
{
    checkCreated(p, "PrototypeBuilder");
    // Same folder, so that the rename is atomic; same ending, by which FileStorage chooses the format.
    std::random_device random;
    String temporary;
    try
    {
        const FileToReplace old(filename);
        const String& target = old.path();
        const size_t slash = target.find_last_of("/\\");
        const size_t name = slash == String::npos ? 0 : slash + 1;
        temporary = target.substr(0, name) + format(".%08x%08x-", random(), random()) + target.substr(name);
        {
            Lock lock(p->mutex);
            p->write(temporary);
        }
        try
        {
            load(temporary); // FileStorage does not report a full disk
        }
        catch (const Exception&)
        {
            CV_Error(Error::StsError, "what was written cannot be read back; is the disk full?");
        }
        if (!old.replaceBy(temporary))
            CV_Error(Error::StsError, "the name belongs to a file that cannot be replaced");
    }
    catch (const Exception& e)
    {
        if (!temporary.empty())
            std::remove(temporary.c_str());
        CV_Error(Error::StsError, format("Prototypes cannot be saved as '%s': %s", filename.c_str(), e.err.c_str()));
    }
}

void PrototypeBuilder::add(InputArray _face, int label)
{
    checkCreated(p, "PrototypeBuilder");
    checkLabel(label);
    Mat face = matrixArgument(_face, "A face");
    CV_CheckDepth(
        face.depth(), face.depth() == CV_8U || face.depth() == CV_32F, "A face must be 8-bit or 32-bit float");
    CV_Check(face.channels(), face.channels() == 1 || face.channels() == 3, "A face must be gray or BGR");
    CV_CheckEQ(face.size(), getSize(), "A face must be of the size of the prototypes");
    if (face.depth() == CV_32F)
    {
        if (!checkRange(face, true, 0, -TOLERANCE, 1 + TOLERANCE))
            CV_Error(Error::StsOutOfRange, "A float face must lie in 0..1 and be finite");
        Mat scaled;
        face.convertTo(scaled, CV_32F, WHITE);
        face = scaled;
    }
    face = toBgr(face);
    Lock lock(p->mutex);
    accumulate(face, p->sum[label]);
    ++p->count[label];
}

void PrototypeBuilder::merge(const Ptr<PrototypeBuilder>& other)
{
    checkCreated(p, "PrototypeBuilder");
    if (!other || !other->p)
        CV_Error(Error::StsNullPtr, "There is no builder to merge");
    CV_CheckEQ(other->getSize(), getSize(), "Merged builders must be of one size");
    Mat sum[LABELS]; // a copy, so that never two locks are held
    double count[LABELS];
    {
        Lock lock(other->p->mutex);
        for (int label = 0; label < LABELS; ++label)
        {
            sum[label] = other->p->sum[label].clone();
            count[label] = other->p->count[label];
        }
    }
    Lock lock(p->mutex);
    for (int label = 0; label < LABELS; ++label)
    {
        p->sum[label] += sum[label];
        p->count[label] += count[label];
    }
}

bool PrototypeBuilder::empty() const
{
    return count(0) == 0 && count(1) == 0;
}

Size PrototypeBuilder::getSize() const
{
    return p ? p->sum[0].size() : Size();
}

double PrototypeBuilder::count(int label) const
{
    checkLabel(label);
    if (!p)
        return 0;
    Lock lock(p->mutex);
    return p->count[label];
}

void PrototypeBuilder::same(int label, OutputArray prototype) const
{
    if (count(label) == 0)
        CV_Error(Error::StsError, format("No face of label %d has been added, so it has no prototype", label));
    Lock lock(p->mutex);
    p->mean(p->sum[label], p->count[label], prototype);
}

void PrototypeBuilder::opposite(int label, OutputArray prototype) const
{
    checkLabel(label);
    same(1 - label, prototype);
}

void PrototypeBuilder::neutral(OutputArray prototype) const
{
    if (empty())
        CV_Error(Error::StsError, "No face has been added, so there is no neutral prototype");
    // a_F P_female + a_M P_male with the class shares a is the mean of all faces.
    Lock lock(p->mutex);
    p->mean(p->sum[0] + p->sum[1], p->count[0] + p->count[1], prototype);
}

}} // namespace cv::sanprivacy
