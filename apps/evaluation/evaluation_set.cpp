// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/evaluation_set.hpp"

#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "common/message.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "evaluation/cache_keys.hpp"
#include "options/faces.hpp"
#include "options/labels.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include <opencv2/imgproc.hpp>

namespace fs = std::filesystem;
using cv::sanprivacy::FaceDetector;

namespace sanprivacy { namespace apps {

namespace {

double eyeDistance(const cv::Mat& landmarks)
{
    return cv::norm(landmarks.row(0), landmarks.row(1));
}

//! Where a detector misses a face of known landmarks: the square that it would typically draw round them.
cv::Rect2f typicalBox(const cv::Mat& landmarks)
{
    const double side = 2.2 * eyeDistance(landmarks); // measured on YuNet's boxes
    cv::Mat centre;
    cv::reduce(landmarks, centre, 0, cv::REDUCE_AVG);
    return cv::Rect2f(
        float(centre.at<float>(0) - side / 2), float(centre.at<float>(1) - side / 2), float(side), float(side));
}

cv::Mat eightBit(const cv::Mat& image)
{
    const double eight_of_sixteen_bits = 1. / 257; // 65535 becomes 255
    cv::Mat converted;
    image.convertTo(converted, CV_8U, image.depth() == CV_16U ? eight_of_sixteen_bits : 1.);
    return converted;
}

//! Whether a column holds ages in years rather than bands.
bool holdsYears(const std::vector<EvaluatedFace>& faces, size_t column)
{
    return std::all_of(faces.begin(), faces.end(),
        [&](const EvaluatedFace& face)
        {
            const std::string& value = face.groups[column];
            return value.size() <= 3
                   && std::all_of(value.begin(), value.end(), [](unsigned char c) { return std::isdigit(c); });
        });
}

//! "34" becomes "30-39".
std::string decade(const std::string& years)
{
    if (years.empty())
        return years;
    const int begin = std::stoi(years) / 10 * 10;
    return std::to_string(begin) + "-" + std::to_string(begin + 9);
}

//! Whole people (or single faces), in the order of their digests, until there are enough.
void keepSome(std::vector<EvaluatedFace>& faces, const std::vector<std::string>& people, size_t limit)
{
    std::map<std::string, std::vector<size_t>> by_digest;
    for (size_t i = 0; i < faces.size(); ++i)
        by_digest[Digest().add(people[size_t(faces[i].person)]).value()].push_back(i);
    std::set<size_t> kept;
    for (const auto& person : by_digest)
    {
        if (kept.size() >= limit)
            break;
        kept.insert(person.second.begin(), person.second.end());
    }
    std::vector<EvaluatedFace> some;
    for (size_t i : kept)
        some.push_back(faces[i]);
    faces.swap(some);
}

//! The path of a file from a folder; the bare name of a file elsewhere.
fs::path relativePath(const fs::path& file, const fs::path& folder)
{
    const fs::path relative =
        fs::absolute(file).lexically_normal().lexically_relative(fs::absolute(folder / "").lexically_normal());
    return relative.empty() || *relative.begin() == ".." ? file.filename() : relative;
}

//! Index of a column, or -1; one that is demanded must be there.
int findColumn(const CsvTable& table, const std::string& column, const SetOptions& options)
{
    if (std::count(options.demanded.begin(), options.demanded.end(), column) == 0)
        return table.find(column);
    try
    {
        return int(table.at(column));
    }
    catch (const std::runtime_error& error)
    {
        throw std::runtime_error(options.labels + ": " + error.what());
    }
}

//! Refuses a label file of which no image is found: another folder is meant.
void checkFound(const LabelFile& labels, const std::vector<ListedImage>& images, const SetOptions& options)
{
    if (images.size() > 1
        && std::all_of(images.begin(), images.end(), [](const ListedImage& image) { return !image.problem.empty(); }))
        throw std::runtime_error(options.labels + ": none of the " + std::to_string(images.size())
                                 + " images: " + labels.rows()[0].file + ": " + images[0].problem);
}

//! Why a row cannot be evaluated, or empty.
std::string problemOf(
    const Labelled& row, const std::string& identity, const ListedImage& image, const SetOptions& options)
{
    if (row.label == NO_LABEL)
        return "no " + options.attribute + " in " + options.labels;
    if (identity.empty())
        return "no " + options.identity + " in " + options.labels;
    return image.problem;
}

//! Detects a face or takes what an earlier run found; false where there are neither landmarks nor a face.
bool locate(
    EvaluatedFace& face, const std::function<cv::Mat()>& detect, const std::string& detector_key, ResultCache& cache)
{
    const cv::Mat& landmarks = face.landmarks;
    const std::string key = Digest().add("box").add(face.content).add(landmarks).add(detector_key).value();
    std::vector<float> found; // the detected face, or nothing
    if (!cache.find(key, found))
    {
        found = cv::Mat_<float>(detect());
        cache.store(key, found);
    }
    face.detected = !found.empty();
    if (!face.detected && landmarks.empty())
        return false;
    if (face.detected)
        face.face = cv::Mat(found, true).reshape(1, 1);
    else
    {
        const cv::Rect2f box = typicalBox(landmarks);
        face.face =
            (cv::Mat_<float>(1, FACE_COLUMNS) << box.x, box.y, box.width, box.height, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    }
    if (!landmarks.empty())
        setLandmarks(face.face, landmarks);
    return true;
}

} // namespace

std::string folderName(const fs::path& folder)
{
    const fs::path normal = fs::absolute(folder).lexically_normal();
    return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

cv::Mat findFace(FaceDetector& detector, const cv::Mat& image, const cv::Mat& landmarks)
{
    const double border_share = 0.2;
    const int border = cvRound(border_share * std::max(image.cols, image.rows));
    cv::Mat bordered, faces;
    cv::copyMakeBorder(image, bordered, border, border, border, border, cv::BORDER_CONSTANT);
    detector.detect(bordered, faces);
    if (faces.empty())
        return cv::Mat();
    for (int column : { 0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 })
        faces.col(column) -= border;
    if (landmarks.empty())
        return faces.row(largestFace(faces)).clone();
    // The same face if its nose is near.
    const int nose = 2;
    for (int i = 0; i < faces.rows; ++i)
        if (cv::norm(landmarksOf(faces.row(i)).row(nose), landmarks.row(nose)) < eyeDistance(landmarks) / 2)
            return faces.row(i).clone();
    return cv::Mat();
}

std::string EvaluationSet::keyOf(FaceDetector& detector, const NetworkOptions& networks) const
{
    // The faces that it finds tell which of the shipped detectors it is.
    cv::Mat found;
    for (size_t i = 0; i < faces.size() && found.empty(); ++i)
        try
        {
            found = findFace(detector, readImage(faces[i]), cv::Mat());
        }
        catch (const std::exception&)
        {
            // reported when all are read
        }
    return Digest().add(detectorKey(networks)).add(found).value();
}

EvaluationSet::EvaluationSet(const SetOptions& options, Diagnostics& diagnostics)
    : name(folderName(options.faces)), attribute(options.attribute), options_(options)
{
    readLabels(diagnostics);
    for (size_t column = 0; column < group_columns.size(); ++column)
        if (holdsYears(faces, column))
            for (EvaluatedFace& face : faces)
                face.groups[column] = decade(face.groups[column]);
    if (options.limit > 0)
        keepSome(faces, people, options.limit);
    if (faces.empty())
        throw std::runtime_error(options.labels + ": lists no usable faces");
    if (std::all_of(faces.begin(), faces.end(), [&](const EvaluatedFace& f) { return f.label == faces[0].label; }))
        diagnostics.note(options.labels,
            "only one label of " + attribute + ": errors are those at 0.5, and there are no curves of classifiers");
}

void EvaluationSet::readImages(const NetworkOptions& networks, ResultCache& cache, Diagnostics& diagnostics)
{
    locateFaces(networks, cache, diagnostics);
    if (faces.empty())
        throw std::runtime_error(options_.faces + ": none of the images can be used");
    noteRepetitions(diagnostics);
    if (has_identities)
        noteSingleImages(diagnostics);
    if (has_identities && people.size() == 1)
        diagnostics.note(options_.identity + " " + people[0],
            "all faces are of one person: intervals, for which people are drawn, have no width");
}

//! Takes over the rows of the label file that have a label and an identity, each face once.
void EvaluationSet::readLabels(Diagnostics& diagnostics)
{
    const LabelFile labels(options_.labels, { options_.attribute });
    const CsvTable& table = labels.table();
    listed = labels.rows().size();
    const std::vector<ListedImage> images = labels.find(options_.faces);
    const int identity_column = findColumn(table, options_.identity, options_);
    has_identities = identity_column >= 0;
    std::vector<size_t> columns;
    for (const std::string& group : options_.groups)
        if (group != options_.attribute && findColumn(table, group, options_) >= 0)
        {
            group_columns.push_back(group);
            columns.push_back(size_t(findColumn(table, group, options_)));
        }
    checkFound(labels, images, options_);

    std::map<std::string, int> person_numbers;
    std::map<std::string, size_t> listed_faces; // by digests of file and landmarks
    for (size_t row = 0; row < listed; ++row)
    {
        const Labelled& labelled = labels.rows()[row];
        const std::string identity = has_identities ? table.rows[row][size_t(identity_column)] : labelled.file;
        const std::string problem = problemOf(labelled, identity, images[row], options_);
        if (!problem.empty())
        {
            diagnostics.fail(labelled.file, problem);
            continue;
        }
        const int person = person_numbers.emplace(identity, int(person_numbers.size())).first->second;
        if (size_t(person) == people.size())
            people.push_back(identity);
        EvaluatedFace face = { labelled.file, images[row].file, relativePath(images[row].file, options_.faces),
            std::string(), labelled.label, person, {}, labelled.landmarks, cv::Mat(), false };
        for (size_t column : columns)
            face.groups.push_back(table.rows[row][column]);
        std::error_code none;
        const auto known = listed_faces.emplace(
            Digest().add(fs::weakly_canonical(face.path, none).string()).add(face.landmarks).value(), faces.size());
        if (known.second)
            faces.push_back(face);
        else if (faces[known.first->second].label != face.label || faces[known.first->second].person != face.person)
            throw std::runtime_error(options_.labels + ": contradicting rows for '" + face.file + "'");
        else
            diagnostics.note(face.file, "listed more than once in " + options_.labels + ", counted once");
    }
}

//! Reads every image, finds its face, and leaves out those that cannot be used.
void EvaluationSet::locateFaces(const NetworkOptions& networks, ResultCache& cache, Diagnostics& diagnostics)
{
    const std::vector<cv::Ptr<FaceDetector>> detectors = networks.createDetectors(workerCount());
    if (interrupted()) // so that some of them may be missing
        throw std::runtime_error("interrupted");
    detector_key = keyOf(*detectors[0], networks);

    std::vector<char> usable(faces.size(), 0);
    Progress progress("Reading", faces.size());
    const size_t done = forEach(faces.size(),
        [&](size_t worker, size_t i)
        {
            EvaluatedFace& face = faces[i];
            try
            {
                const std::vector<unsigned char> bytes = readFile(face.path);
                face.content = imageKey(bytes, options_.gray);
                const auto detect = [&] { return findFace(*detectors[worker], readImage(face), face.landmarks); };
                if (locate(face, detect, detector_key, cache))
                    usable[i] = 1;
                else
                    diagnostics.fail(face.file, "no face found");
            }
            catch (const std::exception& error)
            {
                diagnostics.fail(face.path.string(), message(error));
            }
            progress.step();
        });
    if (done < faces.size())
        throw std::runtime_error("interrupted");

    std::vector<EvaluatedFace> kept;
    for (size_t i = 0; i < faces.size(); ++i)
        if (usable[i])
            kept.push_back(faces[i]);
    faces.swap(kept);
}

//! An image under two names makes a pair that every matcher matches.
void EvaluationSet::noteRepetitions(Diagnostics& diagnostics) const
{
    std::map<std::string, std::string> files;
    std::map<int, int> labels;
    for (const EvaluatedFace& face : faces)
    {
        const auto known = files.emplace(Digest().add(face.content).add(face.face).value(), face.file);
        if (!known.second)
            diagnostics.note(face.file, "the same image as " + known.first->second);
        const int both = 2;
        int& label = labels.emplace(face.person, face.label).first->second;
        if (has_identities && attribute == "gender" && label != face.label && label != both)
        {
            diagnostics.note(people[size_t(face.person)], "has images of both genders");
            label = both;
        }
    }
}

void EvaluationSet::noteSingleImages(Diagnostics& diagnostics) const
{
    const std::string& identity_column = options_.identity;
    std::vector<int> images(people.size(), 0);
    for (const EvaluatedFace& face : faces)
        ++images[size_t(face.person)];
    std::vector<std::string> single;
    for (size_t person = 0; person < people.size(); ++person)
        if (images[person] == 1)
            single.push_back(people[person]);
    const std::string consequence = " in impostor pairs, but in no genuine pair";
    if (single.size() == 1)
        diagnostics.note(identity_column + " " + single[0], "one image only: it is" + consequence);
    else if (!single.empty())
        diagnostics.note(identity_column, std::to_string(single.size()) + " people have one image only, the first "
                                              + single[0] + ": they are" + consequence);
}

cv::Mat EvaluationSet::readImage(const EvaluatedFace& face) const
{
    cv::Mat image = eightBit(sanprivacy::readImage(face.path, options_.max_pixels).pixels);
    if (options_.gray && image.channels() == 3)
        cv::cvtColor(image, image, cv::COLOR_BGR2GRAY);
    return image;
}

}} // namespace sanprivacy::apps
