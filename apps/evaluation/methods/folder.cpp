// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "evaluation/methods/factories.hpp"

#include <stdexcept>

#include <opencv2/imgproc.hpp>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

//! Images that were perturbed elsewhere, under the names and sizes of the originals.
class Folder : public Method
{
public:
    Folder(const fs::path& folder, const EvaluationSet& set) : folder_(folder), set_(set) {}

    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        EvaluatedFace elsewhere = face;
        elsewhere.path = find(face);
        cv::Mat perturbed = set_.readImage(elsewhere);
        if (perturbed.size() != image.size())
            throw std::runtime_error(cv::format("%s is %dx%d, its original %dx%d", elsewhere.path.c_str(),
                perturbed.cols, perturbed.rows, image.cols, image.rows));
        if (perturbed.channels() != image.channels())
            cv::cvtColor(perturbed, perturbed, image.channels() == 1 ? cv::COLOR_BGR2GRAY : cv::COLOR_GRAY2BGR);
        return perturbed;
    }

    std::string uses(const EvaluatedFace& face) override { return Digest().add(cv::Mat(readFile(find(face)))).value(); }

private:
    //! A file of the listed path or of the bare name, perhaps as PNG.
    fs::path find(const EvaluatedFace& face) const
    {
        const fs::path listed = folder_ / face.file, bare = folder_ / fs::path(face.file).filename();
        for (fs::path file :
            { listed, bare, fs::path(listed).replace_extension(".png"), fs::path(bare).replace_extension(".png") })
            if (fs::exists(file))
                return file;
        throw std::runtime_error("no such image in " + folder_.string());
    }

    fs::path folder_;
    const EvaluationSet& set_;
};

} // namespace

std::unique_ptr<Method> createFolder(const std::string& folder, const EvaluationSet& set)
{
    return std::make_unique<Folder>(folder, set);
}

}} // namespace sanprivacy::apps
