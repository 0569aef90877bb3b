// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "model_description.hpp"
#include "dnn_net.hpp"
#include "face_row.hpp"
#include "file_argument.hpp"
#include "storage_limits.hpp"

#include "opencv2/core/utils/filesystem.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

namespace cv { namespace sanprivacy {

namespace {

const size_t LANDMARKS = FaceRow::LANDMARKS;
const int MAX_SIDE = 4096;       // of a network's input, pixels
const double MAX_SQUARE = 100;   // side of a square crop, sides of the face's box
const size_t MAX_NAME = 255;     // characters
const size_t MAX_FILE = 1 << 20; // bytes of a model description file

//! Whether five points are in the order of the landmarks, and in pixels of an image of this size.
bool isUprightFace(const std::vector<Point2f>& points, const Size& size)
{
    const double least = 2; // pixels from eye to eye: coordinates from 0 to 1 are none of pixels
    const Point2f &right_eye = points[0], &left_eye = points[1], &right_mouth = points[3], &left_mouth = points[4];
    const Point2f sum = std::accumulate(points.begin(), points.end(), Point2f());
    const Rect2f sums(Point2f(), Size2f(size * (int)points.size()));
    return left_eye.x - right_eye.x >= least && right_mouth.x < left_mouth.x
           && std::max(right_eye.y, left_eye.y) < std::min(right_mouth.y, left_mouth.y) && sums.contains(sum);
}

//! OpenCV tells YAML, JSON and XML by their beginnings.
void checkBeginning(const String& filename)
{
    std::ifstream file(filename.c_str(), std::ios::binary);
    String begin(3, ' ');
    file.read(&begin[0], (std::streamsize)begin.size());
    if (begin == "\xEF\xBB\xBF")
        CV_Error(Error::StsParseError, "it begins with a byte order mark; save it in UTF-8 without one");
    file.clear();
    file.seekg(0);
    char first = 0;
    if (!(file >> first) || std::string("%{<\x1F").find(first) == std::string::npos) // the last one of gzip
        CV_Error(Error::StsParseError, "expected the first line %YAML:1.0, or JSON");
}

//! One network of a model description file: the FileNode's map, read key by key.
class DescriptionReader
{
public:
    DescriptionReader(const FileNode& node_, const String& filename_)
        : node(node_), filename(filename_), folder(utils::fs::getParent(utils::fs::canonical(filename_)))
    {
    }

    ModelDescription read()
    {
        ModelDescription d;
        d.name = node.name();
        if (!node.isMap())
            fail("expected keys and values");
        checkKeys();

        d.task = choice("task", "classifier", NETWORK_CLASSIFIER, "matcher", NETWORK_MATCHER);
        if (d.task == NETWORK_MATCHER || has("distance"))
            d.distance = choice("distance", "cosine", DISTANCE_COSINE, "euclidean", DISTANCE_EUCLIDEAN);
        d.file = absolutePath(text("file"));
        d.size = Size(whole("width"), whole("height"));
        d.color = text("color");
        if (has("mean"))
            d.mean = channels("mean");
        if (has("scale"))
            d.scale = numbers("scale", 1, 1)[0];
        if (has("landmark_template"))
            for (size_t i = 0; i < LANDMARKS; ++i)
            {
                const std::vector<double> xy = numbers("landmark_template", 2 * LANDMARKS, 2 * LANDMARKS);
                d.landmark_template.push_back(Point2f((float)xy[2 * i], (float)xy[2 * i + 1]));
            }
        if (has("square"))
            d.square = numbers("square", 1, 1)[0];
        if (has("landmark_template") == has("square"))
            fail("expected either landmark_template or square");
        if (has("output"))
            d.output = text("output");
        if (has("index"))
            d.index = wholes("index");

        const String wrong = whatIsWrong(d);
        if (!wrong.empty())
            fail(wrong);
        return d;
    }

private:
    void fail(const String& what) const
    {
        CV_Error(Error::StsBadArg,
            format("'%s': network '%s': %s", filename.c_str(), node.name().substr(0, MAX_NAME).c_str(), what.c_str()));
    }

    void checkKeys() const
    {
        static const std::set<String> known = { "task", "file", "width", "height", "mean", "scale", "color",
            "landmark_template", "square", "output", "distance", "index" };
        String names;
        for (const String& name : known)
            names += (names.empty() ? "" : ", ") + name;
        std::set<String> read;
        for (const FileNode& element : node)
        {
            const String key = element.name();
            if (!known.count(key))
                fail("unknown key '" + key + "'; expected " + names);
            if (!read.insert(key).second)
                fail("the key '" + key + "' is there twice");
        }
    }

    bool has(const char* key) const { return !node[key].empty(); }

    //! The end of an error: what the file has for a key.
    String found(const char* key) const
    {
        const FileNode value = node[key];
        if (value.isString())
            return "; found '" + (String)value + "'";
        if (value.isInt() || value.isReal())
            return format("; found %g", (double)value);
        return value.isSeq() ? format("; found a list of %d", (int)value.size()) : String("; found keys and values");
    }

    String text(const char* key) const
    {
        if (!has(key))
            fail(String(key) + " is missing");
        if (!node[key].isString())
            fail(String("expected text for ") + key + found(key));
        return (String)node[key];
    }

    int choice(const char* key, const char* first, int first_value, const char* second, int second_value) const
    {
        const String value = text(key);
        if (value != first && value != second)
            fail(format("%s must be %s or %s; found '%s'", key, first, second, value.c_str()));
        return value == first ? first_value : second_value;
    }

    int whole(const char* key) const
    {
        if (!has(key))
            fail(String(key) + " is missing");
        if (!node[key].isInt())
            fail(String("expected a whole number for ") + key + found(key));
        return (int)node[key];
    }

    //! One whole number or a list of them.
    std::vector<int> wholes(const char* key) const
    {
        std::vector<int> values;
        for (const FileNode& element : node[key])
        {
            if (!element.isInt())
                fail(String("expected whole numbers for ") + key + found(key));
            values.push_back((int)element);
        }
        return values;
    }

    std::vector<double> numbers(const char* key, size_t least, size_t most) const
    {
        std::vector<double> values;
        const FileNode value = node[key];
        bool valid = value.isSeq() || value.isInt() || value.isReal();
        for (const FileNode& element : value)
        {
            valid = valid && (element.isInt() || element.isReal());
            values.push_back(valid ? (double)element : 0);
        }
        if (!valid || values.size() < least || values.size() > most)
            fail(format("expected %s for %s", least == 1 ? "a number" : format("%d numbers", (int)least).c_str(), key)
                 + found(key));
        return values;
    }

    //! One number for all channels, or one for each of three.
    Scalar channels(const char* key) const
    {
        const std::vector<double> values = numbers(key, 1, 3);
        if (values.size() == 2)
            fail(String("expected one or three numbers for ") + key + found(key));
        return values.size() == 1 ? Scalar::all(values[0]) : Scalar(values[0], values[1], values[2]);
    }

    String absolutePath(const String& file) const
    {
        const bool absolute = !file.empty() && (file[0] == '/' || file[0] == '\\' || file.find(':') == 1);
        const String path = absolute ? file : utils::fs::join(folder, file);
        if (!utils::fs::exists(path))
            fail("file: no such file: '" + path + "'");
        return utils::fs::canonical(path);
    }

    FileNode node;
    String filename, folder;
};

} // namespace

String whatIsWrong(const ModelDescription& d)
{
    if (d.task != NETWORK_CLASSIFIER && d.task != NETWORK_MATCHER)
        return format("task %d is not a NetworkTask", d.task);
    if (d.distance != DISTANCE_COSINE && d.distance != DISTANCE_EUCLIDEAN)
        return format("distance %d is not a NetworkDistance", d.distance);
    if (d.file.empty())
        return "file is missing";
    if (d.name.size() > MAX_NAME)
        return format("the name must have at most %d characters", (int)MAX_NAME);
    if (d.size.width <= 0 || d.size.height <= 0 || std::max(d.size.width, d.size.height) > MAX_SIDE)
        return format("width and height must be from 1 to %d; found %d and %d", MAX_SIDE, d.size.width, d.size.height);
    if (d.color != "rgb" && d.color != "bgr" && d.color != "gray")
        return format("color must be rgb, bgr or gray; found '%s'", d.color.c_str());
    if (!std::isfinite(d.scale) || d.scale == 0)
        return "scale must be a finite number other than 0";
    for (int channel = 0; channel < 4; ++channel)
        if (!std::isfinite(d.mean[channel]))
            return "mean must be finite";
    for (int index : d.index)
        if (index < 0)
            return format("index must not be negative; found %d", index);
    if (std::set<int>(d.index.begin(), d.index.end()).size() != d.index.size() || d.index.empty())
        return "index must name at least one element of the output, and none twice";
    if (!d.landmark_template.empty() && d.landmark_template.size() != LANDMARKS)
        return format("landmark_template must hold five points; found %d", (int)d.landmark_template.size());
    for (const Point2f& point : d.landmark_template)
        if (!std::isfinite(point.x) || !std::isfinite(point.y))
            return "landmark_template must be finite";
    if (!d.landmark_template.empty() && !isUprightFace(d.landmark_template, d.size))
        return format(
            "landmark_template must be a face in the input of %dx%d pixels: right eye (left in the image), left "
            "eye, nose tip, right and left mouth corner, x and y of each",
            d.size.width, d.size.height);
    if (d.landmark_template.empty() && !(d.square > 0 && d.square <= MAX_SQUARE))
        return format("either landmark_template or a square above 0 and up to %g is needed", MAX_SQUARE);
    return String();
}

ModelDescription::ModelDescription()
    : task(NETWORK_CLASSIFIER), scale(1), color("rgb"), square(0), distance(DISTANCE_COSINE), index(1, 0)
{
}

void readModelDescriptions(const String& filename, std::vector<ModelDescription>& networks)
{
    networks.clear();
    checkReadable(filename, "the model description file");

    FileStorage storage;
    String reason = "expected a YAML or JSON file with a map for each network", parsing;
    try
    {
        checkStorageLimits(filename, MAX_FILE);
        checkBeginning(filename);
        parsing = " (each line: key: value, with text in quotes and numbers such as 0.0039, not 1/255)";
        storage.open(filename, FileStorage::READ);
    }
    catch (const std::exception& e) // FileStorage raises others, too
    {
        reason = reasonOf(e) + parsing;
    }
    const FileNode root = storage.isOpened() ? storage.root() : FileNode();
    if (!root.isMap() || root.size() == 0)
        CV_Error(
            Error::StsBadArg, format("'%s' is not a model description file: %s", filename.c_str(), reason.c_str()));

    std::vector<ModelDescription> read;
    std::set<String> names;
    for (const FileNode& network : root)
    {
        read.push_back(DescriptionReader(network, filename).read());
        if (!names.insert(read.back().name).second)
            CV_Error(Error::StsBadArg,
                format("'%s': two networks are called '%s'", filename.c_str(), read.back().name.c_str()));
    }
    networks.swap(read);
}

}} // namespace cv::sanprivacy
