// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "evaluation/methods/factories.hpp"

#include <map>
#include <set>
#include <stdexcept>

#include <opencv2/imgproc.hpp>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

//! Images that were perturbed elsewhere, under the names and sizes of the originals.
class Folder : public Method
{
public:
    Folder(const fs::path& folder, const EvaluationSet& set) : folder_(folder), set_(set)
    {
        for (const EvaluatedFace& face : set.faces)
        {
            const fs::path found = search(face);
            const auto known = originals_.emplace(found, face.path);
            if (!known.second && known.first->second != face.path)
                ambiguous_.insert(found);
        }
    }

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
    fs::path find(const EvaluatedFace& face) const
    {
        const fs::path file = search(face);
        if (file.empty())
            throw std::runtime_error("no such image in " + folder_.string());
        if (ambiguous_.count(file) > 0)
            throw std::runtime_error(file.string() + " would stand for several originals, as " + face.path.string()
                                     + " and " + originals_.at(file).string());
        return file;
    }

    //! A file of the path or of the end of it, down to the bare name, perhaps as PNG. Empty where there is none.
    fs::path search(const EvaluatedFace& face) const
    {
        std::error_code no_file;
        for (auto begin = face.relative.begin(); begin != face.relative.end(); ++begin) // the whole path first
            for (const bool as_png : { false, true })
            {
                fs::path file = folder_;
                for (auto part = begin; part != face.relative.end(); ++part)
                    file /= *part;
                if (as_png)
                    file.replace_extension(".png");
                if (fs::exists(file, no_file))
                    return file;
            }
        return fs::path();
    }

    fs::path folder_;
    const EvaluationSet& set_;
    std::map<fs::path, fs::path> originals_; // of the files here
    std::set<fs::path> ambiguous_;           // files of several originals
};

} // namespace

std::unique_ptr<Method> createFolder(const std::string& folder, const EvaluationSet& set)
{
    return std::make_unique<Folder>(folder, set);
}

}} // namespace sanprivacy::apps
