// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/faces.hpp"

#include <algorithm>
#include <iostream>
#include <sstream>

#include <dlfcn.h>

#include <opencv2/core/version.hpp>
#include <opencv2/hdf.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "common/image_io.hpp"
#include "common/output_guard.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

namespace {

const float UNREADABLE = -1, NO_FACE = -2; // in the place of a coverage

const char* const CROPS = "crops";         // [N, size, size] of 3 bytes
const char* const COVERAGE = "coverage";   // [1, N]
const char* const LANDMARKS = "landmarks"; // [N, 10]
const char* const KEY = "key";             // the digest that makeKey() gave

//! Of the library or program that holds the face detector.
const std::string& detectorDigest()
{
    static const std::string digest = []
    {
        Dl_info holder;
        if (!dladdr(reinterpret_cast<void*>(&cv::sanprivacy::FaceDetector::create), &holder))
            CV_Error(cv::Error::StsError, "the library of the face detector cannot be found");
        return Digest().add(cv::Mat(readFile(holder.dli_fname))).value();
    }();
    return digest;
}

//! Digest of all that the crops depend on.
std::string makeKey(const std::vector<Sample>& samples, const CropTemplate& wanted)
{
    std::ostringstream text;
    text << "sanprivacy faces 2\n"
         << wanted.size << ' ' << wanted.zoom << ' ' << wanted.landmarks().reshape(1, 1) << '\n';
    bool detected = false;
    for (const Sample& sample : samples)
    {
        std::error_code missing;
        text << sample.file.string() << ' ' << fs::file_size(sample.file, missing) << ' '
             << fs::last_write_time(sample.file, missing).time_since_epoch().count();
        for (const cv::Point2f& p : sample.landmarks)
            text << ' ' << p.x << ' ' << p.y;
        text << '\n';
        detected = detected || sample.landmarks.empty();
    }
    if (detected)
        text << "face detector of sanprivacy " << SANPRIVACY_VERSION << ", OpenCV " << CV_VERSION << ", digest "
             << detectorDigest() << '\n';
    return Digest().add(text.str()).value();
}

//! 8-bit BGR, or nothing where the file is no image or not a whole one.
cv::Mat readColorImage(const fs::path& file)
{
    cv::Mat image;
    try
    {
        image = readImage(file).pixels;
    }
    catch (const std::exception&) // e.g. a header that claims an absurd size
    {
        return image;
    }
    if (image.depth() == CV_16U)
        image.convertTo(image, CV_8U, 255. / 65535);
    if (image.channels() == 1)
        cv::cvtColor(image, image, cv::COLOR_GRAY2BGR);
    return image;
}

//! The largest face's landmarks, or none.
std::vector<cv::Point2f> detectLandmarks(cv::sanprivacy::FaceDetector& detector, const cv::Mat& image)
{
    cv::Mat faces;
    detector.detect(image, faces);
    int largest = -1;
    for (int i = 0; i < faces.rows; ++i)
        if (largest < 0
            || faces.at<float>(i, 2) * faces.at<float>(i, 3)
                   > faces.at<float>(largest, 2) * faces.at<float>(largest, 3))
            largest = i;
    std::vector<cv::Point2f> landmarks;
    for (int k = 0; largest >= 0 && k < 5; ++k)
        landmarks.emplace_back(faces.at<float>(largest, 4 + 2 * k), faces.at<float>(largest, 5 + 2 * k));
    return landmarks;
}

//! One image's row of the cache.
struct Row
{
    cv::Mat crop, landmarks;
    float coverage = UNREADABLE;
};

//! A worker's own detector: made when the first image needs it.
class Cropper
{
public:
    explicit Cropper(const CropTemplate& crop) : template_(crop), wanted_(crop.landmarks()) {}

    Row operator()(const Sample& sample)
    {
        Row row { cv::Mat::zeros(template_.size, template_.size, CV_8UC3), cv::Mat::zeros(1, 10, CV_32F) };
        const cv::Mat image = readColorImage(sample.file);
        if (image.empty())
            return row;
        std::vector<cv::Point2f> points = sample.landmarks;
        if (points.empty())
        {
            if (!detector_)
                detector_ = cv::sanprivacy::FaceDetector::create();
            points = detectLandmarks(*detector_, image);
        }
        try
        {
            if (points.empty())
                CV_Error(cv::Error::StsObjectNotFound, "no face");
            const cv::Mat source = cv::Mat(points).reshape(1, 5);
            cv::Mat similarity, moved;
            const cv::Size size(template_.size, template_.size);
            row.coverage = float(cv::sanprivacy::alignFace(image, source, row.crop, size, wanted_));
            cv::sanprivacy::estimateSimilarity(source, wanted_, similarity);
            cv::transform(cv::Mat(points), moved, similarity);
            row.landmarks = moved.reshape(1, 1);
        }
        catch (const cv::Exception&) // no face, or landmarks that are none
        {
            row.coverage = NO_FACE;
        }
        return row;
    }

private:
    CropTemplate template_;
    cv::Mat wanted_;
    cv::Ptr<cv::sanprivacy::FaceDetector> detector_;
};

} // namespace

cv::Mat CropTemplate::landmarks() const
{
    cv::Mat points;
    cv::sanprivacy::getCanonicalLandmarks(points);
    const cv::Size canonical(224, 224);
    for (int i = 0; i < points.rows; ++i)
    {
        points.at<float>(i, 0) = (points.at<float>(i, 0) - (canonical.width - 1) / 2.f) * zoom + (size - 1) / 2.f;
        points.at<float>(i, 1) = (points.at<float>(i, 1) - (canonical.height - 1) / 2.f) * zoom + (size - 1) / 2.f;
    }
    return points;
}

FaceCache::FaceCache(
    std::vector<Sample> samples, const fs::path& folder, const std::string& name, const CropTemplate& crop)
    : samples_(std::move(samples)), template_(crop)
{
    const std::string key = makeKey(samples_, template_);
    makeWritableFolder(folder);
    file_ = folder / (name + "-" + std::to_string(crop.size) + (crop.zoom < 1 ? "-wide" : "") + ".h5");
    if (!open(key))
    {
        build(key);
        if (!open(key))
            CV_Error(cv::Error::StsError, "the cache " + file_.string() + " cannot be read back");
        rebuilt_ = true;
    }
    reportUnusable();
}

FaceCache::~FaceCache()
{
    if (store_)
        store_->close();
}

bool FaceCache::open(const std::string& key)
{
    if (!fs::exists(file_))
        return false;
    try
    {
        store_ = cv::hdf::open(file_.string());
        cv::Mat stored, coverage;
        store_->dsread(stored, KEY);
        if (key != std::string(stored.ptr<char>(), stored.total()))
        {
            store_->close();
            store_.release();
            return false;
        }
        store_->dsread(coverage, COVERAGE);
        coverage_.assign(coverage.ptr<float>(), coverage.ptr<float>() + coverage.total());
        store_->dsread(landmarks_, LANDMARKS);
        return true;
    }
    catch (
        const std::exception&) // truncated, or no cache of ours; what cv::hdf throws there is not always cv::Exception
    {
        std::cerr << file_.string() << " is damaged and made anew" << std::endl;
        store_.release();
        return false;
    }
}

void FaceCache::build(const std::string& key)
{
    const size_t block = 256; // images in memory at a time
    const int n = int(samples_.size()), size = template_.size;
    TemporaryFile part(file_);
    const size_t other_data = 1 << 20;
    part.reserve(samples_.size() * size_t(size) * size_t(size) * 3 + other_data); // a full disk is told before any work
    fs::remove(part.path()); // cv::hdf would open an empty file as one of its own
    const cv::Ptr<cv::hdf::HDF5> store = cv::hdf::open(part.path().string());
    fs::permissions(part.path(), fs::perms::owner_read | fs::perms::owner_write); // until it is whole
    const int sizes[] = { n, size, size };
    store->dscreate(3, sizes, CV_8UC3, CROPS);
    cv::Mat coverage(1, n, CV_32F), landmarks(n, 10, CV_32F);
    std::vector<Cropper> croppers(workerCount(), Cropper(template_));
    Progress progress("cropping " + file_.stem().string(), samples_.size());
    for (size_t begin = 0; begin < samples_.size(); begin += block)
    {
        const size_t length = std::min(block, samples_.size() - begin);
        const int blockSizes[] = { int(length), size, size };
        cv::Mat crops(3, blockSizes, CV_8UC3);
        const size_t done = forEach(length,
            [&](size_t worker, size_t i)
            {
                const Row row = croppers[worker](samples_[begin + i]);
                std::copy(row.crop.datastart, row.crop.dataend, crops.ptr(int(i)));
                coverage.at<float>(int(begin + i)) = row.coverage;
                row.landmarks.copyTo(landmarks.row(int(begin + i)));
                progress.step();
            });
        if (done < length)
            throw std::runtime_error("interrupted; nothing of " + file_.string() + " is kept");
        const int offset[] = { int(begin), 0, 0 };
        store->dswrite(crops, CROPS, offset, blockSizes);
        // cv::hdf says nothing of a write that failed.
        const int last[] = { int(begin + length) - 1, 0, 0 }, one[] = { 1, size, size };
        cv::Mat written;
        store->dsread(written, CROPS, last, one);
        const size_t bytes = crops.total() * crops.elemSize() / length;
        if (written.total() * written.elemSize() != bytes
            || !std::equal(written.data, written.data + bytes, crops.ptr(int(length) - 1)))
            throw std::runtime_error("cannot write " + file_.string() + ": is the disk full?");
    }
    store->dscreate(coverage.rows, coverage.cols, coverage.type(), COVERAGE);
    store->dswrite(coverage, COVERAGE);
    store->dscreate(landmarks.rows, landmarks.cols, landmarks.type(), LANDMARKS);
    store->dswrite(landmarks, LANDMARKS);
    const cv::Mat bytes(1, int(key.size()), CV_8U, const_cast<char*>(key.data()));
    store->dscreate(bytes.rows, bytes.cols, bytes.type(), KEY);
    store->dswrite(bytes, KEY);
    store->close();
    std::vector<fs::path> files;
    for (const Sample& sample : samples_)
        files.push_back(sample.file);
    part.replaceTarget(mostPrivate(files));
}

void FaceCache::reportUnusable() const
{
    const size_t named = 10; // the rest is counted
    for (float kind : { UNREADABLE, NO_FACE })
    {
        size_t count = 0;
        std::string names;
        for (size_t i = 0; i < size(); ++i)
            if (coverage_[i] == kind && ++count <= named)
                names += "\n  " + samples_[i].file.string();
        if (count > named)
            names += "\n  ...";
        if (count)
            std::cerr << count << " of " << size() << " images left out, "
                      << (kind == UNREADABLE ? "unreadable:" : "no face found:") << names << std::endl;
    }
}

std::vector<cv::Point2f> FaceCache::landmarks(size_t i) const
{
    const cv::Point2f* points = landmarks_.ptr<cv::Point2f>(int(i));
    return { points, points + 5 };
}

cv::Mat FaceCache::crop(size_t i) const
{
    const int offset[] = { int(i), 0, 0 }, counts[] = { 1, template_.size, template_.size };
    cv::Mat crops;
    {
        const std::lock_guard<std::mutex> lock(reading_);
        store_->dsread(crops, CROPS, offset, counts);
    }
    return cv::Mat(template_.size, template_.size, CV_8UC3, crops.data).clone();
}

}} // namespace sanprivacy::train
