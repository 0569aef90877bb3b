// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/batches.hpp"

#include <map>
#include <numeric>
#include <random>
#include <set>

#include <opencv2/imgproc.hpp>

#include "data/draws.hpp"

namespace sanprivacy { namespace train {

Batch onDevice(const Batch& batch, const torch::Device& device)
{
    Batch moved;
    for (const torch::Tensor& tensor : batch)
        moved.push_back(tensor.to(device));
    return moved;
}

size_t Shuffle::operator()(uint64_t position) const
{
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t epoch = position / n_;
    if (epoch != epoch_)
    {
        order_.resize(n_);
        std::iota(order_.begin(), order_.end(), size_t(0));
        std::mt19937_64 generator(mixSeed(seed_, epoch));
        for (size_t i = n_; i > 1; i--) // std::shuffle differs between standard libraries
            std::swap(order_[i - 1], order_[generator() % i]);
        epoch_ = epoch;
    }
    return order_[position % n_];
}

Jitter Jitter::none()
{
    Jitter jitter;
    jitter.flip = false;
    jitter.shift = jitter.scale = jitter.roll = jitter.contrast = jitter.brightness = 0;
    return jitter;
}

cv::Mat Jitter::operator()(const cv::Mat& face, cv::RNG& rng, double zoom) const
{
    const auto upTo = [&rng](double largest) { return rng.uniform(-largest, largest); };
    const cv::Point2f center((face.cols - 1) / 2.f, (face.rows - 1) / 2.f);
    cv::Mat move = cv::getRotationMatrix2D(center, upTo(roll), 1 + upTo(scale)), moved;
    move.at<double>(0, 2) += zoom * upTo(shift);
    move.at<double>(1, 2) += zoom * upTo(shift);
    const double gain = 1 + upTo(contrast), offset = .5 * (1 - gain) + upTo(brightness);
    const bool mirrored = flip && rng.uniform(0, 2);
    if (shift > 0 || scale > 0 || roll > 0)
        cv::warpAffine(face, moved, move, face.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    else
        moved = face.clone();
    if (mirrored)
        cv::flip(moved, moved, 1);
    if (contrast > 0 || brightness > 0)
    {
        moved.convertTo(moved, -1, gain, offset);
        cv::max(moved, cv::Scalar::all(0), moved);
        cv::min(moved, cv::Scalar::all(1), moved);
    }
    return moved;
}

cv::Mat grayFace(const cv::Mat& bgr)
{
    cv::Mat gray;
    cv::cvtColor(bgr, gray, cv::COLOR_BGR2GRAY);
    gray.convertTo(gray, CV_32F, 1. / 255);
    return gray;
}

cv::Mat colorFace(const cv::Mat& bgr)
{
    cv::Mat rgb;
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    rgb.convertTo(rgb, CV_32F, 1. / 255);
    return rgb;
}

torch::Tensor stackImages(const std::vector<cv::Mat>& images)
{
    const cv::Size size = images.front().size();
    const int64_t channels = images.front().channels();
    torch::Tensor stack = torch::empty({ int64_t(images.size()), channels, size.height, size.width });
    for (size_t i = 0; i < images.size(); ++i)
        for (int64_t c = 0; c < channels; ++c)
            cv::extractChannel(images[i], cv::Mat(size, CV_32F, stack[int64_t(i)][c].data_ptr<float>()), int(c));
    return stack;
}

namespace {

cv::Mat networkFace(const cv::Mat& bgr, bool color)
{
    return color ? colorFace(bgr) : grayFace(bgr);
}

torch::Tensor labelsOf(const Faces& faces, size_t i)
{
    return torch::tensor(std::vector<float>(faces.labels(i).begin(), faces.labels(i).end()));
}

//! A person's number is the index of the first of their faces.
std::vector<int64_t> personsOf(const Faces& faces)
{
    std::map<std::pair<std::filesystem::path, std::string>, int64_t> numbers;
    std::vector<int64_t> persons;
    for (size_t i = 0; i < faces.size(); ++i)
    {
        const Sample& sample = faces.sample(i);
        const auto& folder = sample.identity.empty() ? sample.file : sample.file.parent_path();
        persons.push_back(numbers.emplace(std::make_pair(folder, sample.identity), int64_t(i)).first->second);
    }
    return persons;
}

//! The faces of each person who has several; a file that is listed twice is one.
std::vector<std::vector<size_t>> severalPhotographs(const Faces& faces, const std::vector<int64_t>& persons)
{
    std::map<int64_t, std::vector<size_t>> ofPerson;
    std::set<std::filesystem::path> files;
    for (size_t i = 0; i < faces.size(); ++i)
        if (files.insert(faces.sample(i).file).second)
            ofPerson[persons[i]].push_back(i);
    std::vector<std::vector<size_t>> several;
    for (const auto& person : ofPerson)
        if (person.second.size() > 1)
            several.push_back(person.second);
    return several;
}

} // namespace

FaceBatches::FaceBatches(
    const Faces& faces, int64_t batch, uint64_t seed, const Jitter& jitter, bool color, int64_t pairs)
    : faces_(faces), batch_(batch), pairs_(pairs), seed_(seed), jitter_(jitter), color_(color),
      persons_(personsOf(faces)), photographs_(severalPhotographs(faces, persons_)), shuffle_(faces.size(), seed),
      personShuffle_(photographs_.size(), mixSeed(seed, 1))
{
    if (2 * pairs > batch)
        CV_Error(cv::Error::StsBadArg,
            cv::format("--pairs: expected at most %d, half of the batch, found %d", int(batch / 2), int(pairs)));
    if (pairs > 0 && photographs_.empty())
        CV_Error(cv::Error::StsBadArg, "--pairs: expected faces with an identity, two of one person; found none");
}

//! Index of face k of a batch.
size_t FaceBatches::choose(int64_t step, int64_t k) const
{
    if (k >= 2 * pairs_)
        return shuffle_(uint64_t(step * (batch_ - 2 * pairs_) + k - 2 * pairs_));
    const uint64_t pair = uint64_t(step * pairs_ + k / 2);
    const std::vector<size_t>& photographs = photographs_[personShuffle_(pair)];
    const int n = int(photographs.size());
    cv::RNG rng(mixSeed(mixSeed(seed_, 2), pair));
    const int first = rng.uniform(0, n), second = (first + rng.uniform(1, n)) % n;
    return photographs[size_t(k % 2 ? second : first)];
}

Batch FaceBatches::operator()(int64_t step) const
{
    std::vector<cv::Mat> images, surroundings;
    std::vector<torch::Tensor> labels;
    std::vector<int64_t> persons;
    for (int64_t k = 0; k < batch_; ++k)
    {
        const size_t i = choose(step, k);
        const uint64_t seed = mixSeed(seed_, uint64_t(step * batch_ + k));
        cv::RNG rng(seed), again(seed);
        images.push_back(jitter_(networkFace(faces_.crop(i), color_), rng));
        if (faces_.haveSurroundings())
            surroundings.push_back(jitter_(networkFace(faces_.surroundings(i), color_), again, WIDE_ZOOM));
        labels.push_back(labelsOf(faces_, i));
        persons.push_back(persons_[i]);
    }
    Batch batch { stackImages(images), torch::stack(labels), torch::tensor(persons).unsqueeze(1) };
    if (faces_.haveSurroundings())
        batch.push_back(stackImages(surroundings));
    return batch;
}

Batch plainBatch(const Faces& faces, size_t begin, size_t end, bool color)
{
    std::vector<cv::Mat> images, surroundings;
    std::vector<torch::Tensor> labels;
    for (size_t i = begin; i < end; ++i)
    {
        images.push_back(networkFace(faces.crop(i), color));
        if (faces.haveSurroundings())
            surroundings.push_back(networkFace(faces.surroundings(i), color));
        labels.push_back(labelsOf(faces, i));
    }
    Batch batch { stackImages(images), torch::stack(labels) };
    if (faces.haveSurroundings())
        batch.push_back(stackImages(surroundings));
    return batch;
}

}} // namespace sanprivacy::train
