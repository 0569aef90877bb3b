// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/cache_keys.hpp"

#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "common/version.hpp"

#include <filesystem>

#include <dlfcn.h>
#include <opencv2/core/utility.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

//! Digits that give back the very number.
std::string exact(double number)
{
    return cv::format("%a", number);
}

std::string contentOf(const fs::path& file)
{
    return Digest().add(cv::Mat(readFile(file))).value();
}

//! A file's name counts only where it is none: the name of something that is shipped, or nothing.
std::string named(const std::string& file)
{
    return fs::is_regular_file(file) ? contentOf(file) : file;
}

} // namespace

const std::string& programKey()
{
    static const std::string key = []
    {
        Digest digest;
        digest.add(version()).add(cv::getBuildInformation()).add(contentOf("/proc/self/exe"));
        Dl_info library; // the module may be one of its own
        if (dladdr(reinterpret_cast<void*>(&readModelDescriptions), &library) && fs::is_regular_file(library.dli_fname))
            digest.add(contentOf(library.dli_fname));
        return digest.value();
    }();
    return key;
}

std::string networkKey(const ModelDescription& description, const std::string& backend)
{
    Digest digest;
    digest.add(programKey()).add(backend).add(contentOf(std::string(description.file))).add(description.name);
    digest.add(std::to_string(description.task))
        .add(cv::format("%dx%d", description.size.width, description.size.height));
    for (int i = 0; i < 4; ++i)
        digest.add(exact(description.mean[i]));
    digest.add(exact(description.scale)).add(description.color).add(exact(description.square));
    digest.add(cv::Mat(description.landmark_template))
        .add(description.output)
        .add(std::to_string(description.distance));
    return digest.add(cv::Mat(description.index)).value();
}

std::string perturberKey(const NetworkOptions& options)
{
    Digest digest;
    digest.add(programKey()).add(named(options.model)).add(named(options.prototypes)).add(named(options.classifier));
    for (const std::string& attribute : options.hide)
        digest.add(attribute);
    return digest.add(exact(options.strength))
        .add(exact(options.color_strength))
        .add(exact(options.surroundings_blur))
        .add(options.keep_marks ? "marks kept" : "marks weakened")
        .add(options.backend)
        .value();
}

std::string detectorKey(const NetworkOptions& options)
{
    return Digest().add(programKey()).add(named(options.detector)).add(options.backend).value();
}

std::string imageKey(const std::vector<unsigned char>& bytes, bool gray)
{
    return Digest().add(cv::Mat(bytes)).add(gray ? "gray" : "color").value();
}

std::string faceKey(
    const std::string& image, const cv::Mat& face, int label, const std::string& method, const std::string& uses)
{
    return Digest().add(image).add(face).add(std::to_string(label)).add(method).add(uses).value();
}

std::string measurementKey(
    const std::vector<std::string>& faces, const std::vector<int>& people, const std::vector<std::string>& networks)
{
    Digest digest;
    for (size_t i = 0; i < faces.size(); ++i)
        digest.add(faces[i]).add(std::to_string(people[i]));
    for (const std::string& network : networks)
        digest.add(network);
    return digest.value();
}

std::string matchingKey(const std::string& originals, const std::string& perturbed, const ModelDescription& network,
    const std::vector<size_t>& faces, const std::vector<double>& rates, const BootstrapOptions& bootstrap)
{
    Digest digest;
    digest.add("matching").add(originals).add(perturbed).add(network.name).add(std::to_string(network.distance));
    digest.add(std::to_string(bootstrap.replicates)).add(std::to_string(bootstrap.seed)).add(cv::Mat(rates));
    for (size_t face : faces)
        digest.add(std::to_string(face));
    return digest.value();
}

}} // namespace sanprivacy::apps
