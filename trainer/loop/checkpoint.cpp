// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/checkpoint.hpp"

#include <map>
#include <sstream>
#include <vector>

#include <opencv2/core.hpp>

#include "common/atomic_file.hpp"
#include "common/message.hpp"
#include "loop/archive_check.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

namespace {

void openArchive(
    const fs::path& file, torch::serialize::InputArchive& archive, const torch::Device& device = torch::kCPU)
{
    if (!fs::exists(file))
        CV_Error(cv::Error::StsBadArg, "no checkpoint " + file.string());
    try
    {
        archive.load_from(file.string(), device);
    }
    catch (const c10::Error&)
    {
        CV_Error(cv::Error::StsParseError, file.string() + " is truncated or no checkpoint");
    }
    const std::string damaged = damagedEntry(readFile(file));
    if (!damaged.empty())
        CV_Error(cv::Error::StsParseError,
            file.string() + " is damaged: the checksum of its entry " + printable(damaged) + " is wrong");
}

//! One entry of an archive that must be there.
template <typename Read>
void readEntry(const fs::path& file, const Read& read)
{
    try
    {
        read();
    }
    catch (const c10::Error& error)
    {
        CV_Error(cv::Error::StsParseError,
            file.string() + " does not hold what was expected: " + error.what_without_backtrace());
    }
}

std::string readKind(const fs::path& file, torch::serialize::InputArchive& archive)
{
    c10::IValue kind;
    readEntry(file, [&] { archive.read("kind", kind); });
    return kind.toStringRef();
}

//! Sizes of all weights and buffers, by their names.
std::map<std::string, std::vector<int64_t>> sizesOf(const torch::nn::Module& network)
{
    std::map<std::string, std::vector<int64_t>> sizes;
    for (const auto& tensors : { network.named_parameters(), network.named_buffers() })
        for (const auto& tensor : tensors)
            sizes[tensor.key()] = tensor.value().sizes().vec();
    return sizes;
}

std::string sizeText(const std::vector<int64_t>& size)
{
    std::string text;
    for (int64_t side : size)
        text += (text.empty() ? "" : "x") + std::to_string(side);
    return text;
}

void readNetwork(
    const fs::path& file, torch::serialize::InputArchive& archive, const std::string& kind, torch::nn::Module& network)
{
    const std::string found = readKind(file, archive);
    if (found != kind)
        CV_Error(cv::Error::StsBadArg,
            file.string() + " holds a network of kind '" + found + "', '" + kind + "' was expected");
    const auto expected = sizesOf(network); // LibTorch would take tensors of any shape
    readEntry(file,
        [&]
        {
            torch::serialize::InputArchive entry;
            archive.read("network", entry);
            network.load(entry);
        });
    for (const auto& found_size : sizesOf(network))
        if (found_size.second != expected.at(found_size.first))
            CV_Error(cv::Error::StsBadArg,
                file.string() + " holds a network '" + kind + "' of another size, of other matchers or attributes: of "
                    + found_size.first + " expected " + sizeText(expected.at(found_size.first)) + ", found "
                    + sizeText(found_size.second));
}

} // namespace

fs::path checkpointFile(const fs::path& folder)
{
    return folder / "checkpoint.pt";
}

std::string checkpointKind(const fs::path& file)
{
    torch::serialize::InputArchive archive;
    openArchive(file, archive);
    return readKind(file, archive);
}

void loadNetwork(const fs::path& file, const std::string& kind, torch::nn::Module& network)
{
    torch::serialize::InputArchive archive;
    openArchive(file, archive);
    readNetwork(file, archive, kind, network);
}

void saveCheckpoint(const fs::path& file, const std::string& kind, const torch::nn::Module& network,
    const torch::optim::Optimizer& optimizer, const TrainingState& state)
{
    torch::serialize::OutputArchive archive, weights, moments;
    network.save(weights);
    optimizer.save(moments);
    archive.write("kind", c10::IValue(kind));
    archive.write("network", weights);
    archive.write("optimizer", moments);
    archive.write("seed", c10::IValue(int64_t(state.seed)));
    archive.write("step", c10::IValue(state.step));
    archive.write("seconds", c10::IValue(state.seconds));
    std::ostringstream content;
    archive.save_to(content);
    writeFile(file, content.str());
}

TrainingState resumeCheckpoint(const fs::path& file, const std::string& kind, torch::nn::Module& network,
    torch::optim::Optimizer& optimizer, uint64_t seed, const torch::Device& device)
{
    torch::serialize::InputArchive archive;
    openArchive(file, archive, device);
    readNetwork(file, archive, kind, network);
    TrainingState state;
    readEntry(file,
        [&]
        {
            torch::serialize::InputArchive moments;
            archive.read("optimizer", moments);
            optimizer.load(moments);
            c10::IValue value;
            archive.read("seed", value);
            state.seed = uint64_t(value.toInt());
            archive.read("step", value);
            state.step = value.toInt();
            archive.read("seconds", value);
            state.seconds = value.toDouble();
        });
    if (state.seed != seed)
        CV_Error(cv::Error::StsBadArg, file.string() + " was trained with --seed " + std::to_string(state.seed));
    return state;
}

}} // namespace sanprivacy::train
