// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/log.hpp"

#include "common/atomic_file.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

using Json = nlohmann::json;

const std::vector<std::string> STATES = { "found", "tracked", "backtracked", "held" },
                               PROTECTIONS = { "replaced", "blurred", "none" };

//! A name, too, may have bytes that are no text.
std::string written(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double rounded(double value, double steps)
{
    return std::round(value * steps) / steps;
}

Json toJson(const StreamFace& face)
{
    Json landmarks = Json::array();
    for (const cv::Point2f& point : face.landmarks)
        landmarks.push_back({ rounded(point.x, 10), rounded(point.y, 10) });
    return { { "track", face.track }, { "state", STATES[size_t(face.state)] },
        { "protection", PROTECTIONS[size_t(face.protection)] }, { "label", face.label },
        { "score", rounded(face.score, 1000) }, { "exempt", face.exempt },
        { "box", { std::round(face.box.x), std::round(face.box.y), std::round(face.box.width),
                     std::round(face.box.height) } },
        { "landmarks", landmarks } };
}

//! The frame that a line is of, where it is one of the video; else -1. What a killed run left of a line is none.
std::int64_t frameOf(const std::string& line, const std::string& video)
{
    const Json record = Json::parse(line, nullptr, false), name = Json::parse(written(video));
    if (!record.is_object() || !record.contains("frame") || record.value("video", Json()) != name)
        return -1;
    const Json& frame = record["frame"];
    const std::int64_t most = std::int64_t(1) << 53;
    return frame.is_number_integer() && frame >= 0 && frame < most ? frame.get<std::int64_t>() : -1;
}

} // namespace

FrameLog::FrameLog(const std::string& file, bool resume, const fs::path& source) : file_(file)
{
    if (file_.empty())
        return;
    refuseStandardOutput(file_);
    std::error_code ignored;
    const bool is_new = !fs::exists(file_, ignored);
    const fs::perms permissions = permissionsFor(file_, source);
    if (!resume)
        std::ofstream(file_, std::ios::trunc);
    open();
    if (is_new)
        fs::permissions(file_, permissions, ignored);
}

void FrameLog::open()
{
    stream_.close();
    stream_.clear();
    stream_.open(file_, std::ios::app);
    if (!stream_)
        throw std::runtime_error("cannot write '" + file_ + "'");
}

std::int64_t FrameLog::framesOf(const std::string& video) const
{
    std::int64_t frames = -1;
    std::ifstream lines(file_);
    for (std::string line; std::getline(lines, line);)
    {
        const std::int64_t frame = frameOf(line, video);
        if (frame >= 0)
            frames = std::max(frames, frame + 1);
    }
    return frames;
}

void FrameLog::cut(const std::string& video, std::int64_t frame)
{
    if (file_.empty())
        return;
    std::string kept;
    std::ifstream lines(file_);
    for (std::string line; std::getline(lines, line);)
        if (Json::accept(line) && frameOf(line, video) < frame)
            kept += line + '\n';
    stream_.close();
    if (fs::is_regular_file(file_))
        writeFile(file_, kept);
    open();
}

void FrameLog::write(const std::string& video, const StreamRecord& record, double time)
{
    if (file_.empty())
        return;
    Json line = { { "video", video }, { "frame", record.frame }, { "time", rounded(time, 1e4) },
        { "detected", record.detected }, { "withheld", record.withheld }, { "blurred", record.blurred },
        { "faces", Json::array() } };
    if (!record.error.empty())
        line["error"] = record.error;
    for (const StreamFace& face : record.faces)
        line["faces"].push_back(toJson(face));
    // Flushed line by line: a run that is killed is resumed by what its log says.
    if (!(stream_ << written(line) << std::endl))
        throw std::runtime_error("cannot write '" + file_ + "'");
}

}} // namespace sanprivacy::apps
