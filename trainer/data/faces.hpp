// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_FACES_HPP
#define SANPRIVACY_TRAIN_DATA_FACES_HPP

#include <memory>
#include <mutex>

#include <opencv2/core.hpp>

#include "data/manifest.hpp"

namespace cv { namespace hdf {
class HDF5;
}}

namespace sanprivacy { namespace train {

//! Square crops in the canonical template of alignment.hpp, scaled about their center.
struct CropTemplate
{
    int size = 224;   //!< pixels
    float zoom = 1.f; //!< eyes are 90 * zoom pixels apart; below 1 more of the surroundings is seen

    cv::Mat landmarks() const; //!< 5x2 CV_32F, where the crop wants the five points
};

//! Zoom of crops with surroundings: twice as wide and high as the canonical one, in as many pixels.
const float WIDE_ZOOM = .5f;

/** @brief The aligned crops of one data set, in one HDF5 file.

The file is made on first use by decoding in parallel, a few hundred images at a time, and again whenever a listed file,
its landmarks or the template has changed; where landmarks have to be detected, also with another version of project or
OpenCV. Labels are not in it: another attribute uses the same crops. */
class FaceCache
{
public:
    /** @param samples as readManifest() gives them; those without landmarks go through cv::sanprivacy::FaceDetector.
        @param folder where the HDF5 file lives.
        @param name the beginning of its name. */
    FaceCache(std::vector<Sample> samples, const std::filesystem::path& folder, const std::string& name,
        const CropTemplate& crop = CropTemplate());
    ~FaceCache();

    size_t size() const { return samples_.size(); }
    const Sample& sample(size_t i) const { return samples_[i]; }
    bool readable(size_t i) const { return coverage_[i] >= 0; } //!< decoded, and a face found
    float coverage(size_t i) const { return coverage_[i]; }     //!< share of the crop inside the image, 0..1
    std::vector<cv::Point2f> landmarks(size_t i) const;         //!< the five points, pixels of the crop
    cv::Mat crop(size_t i) const;                               //!< 8-bit BGR; may be called by several threads

    const std::filesystem::path& file() const { return file_; }
    bool rebuilt() const { return rebuilt_; } //!< made by this object, not found

private:
    bool open(const std::string& key);
    void build(const std::string& key);
    void reportUnusable() const;

    std::vector<Sample> samples_;
    CropTemplate template_;
    std::filesystem::path file_;
    cv::Ptr<cv::hdf::HDF5> store_;
    mutable std::mutex reading_; // Debian's HDF5 is the serial one
    std::vector<float> coverage_;
    cv::Mat landmarks_; // Nx10
    bool rebuilt_ = false;
};

//! Chosen faces of several caches, as one list.
class Faces
{
public:
    //! @param wide the same samples within their surroundings, or none
    void add(std::shared_ptr<const FaceCache> cache, size_t i, std::shared_ptr<const FaceCache> wide = {})
    {
        faces_.push_back({ std::move(cache), std::move(wide), i });
    }

    size_t size() const { return faces_.size(); }
    const Sample& sample(size_t i) const { return faces_[i].cache->sample(faces_[i].index); }
    //! One label for each attribute.
    const std::vector<int>& labels(size_t i) const { return sample(i).labels; }
    cv::Mat crop(size_t i) const { return faces_[i].cache->crop(faces_[i].index); }
    std::vector<cv::Point2f> landmarks(size_t i) const { return faces_[i].cache->landmarks(faces_[i].index); }

    //! Whether all were added with their surroundings.
    bool haveSurroundings() const { return !faces_.empty() && faces_.front().wide; }
    cv::Mat surroundings(size_t i) const { return faces_[i].wide->crop(faces_[i].index); } //!< as crop()

private:
    struct Face
    {
        std::shared_ptr<const FaceCache> cache, wide;
        size_t index;
    };
    std::vector<Face> faces_;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_FACES_HPP
