// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "dnn_net.hpp"
#include "file_argument.hpp"
#include "face_row.hpp"
#include "matrix_argument.hpp"
#include "storage_limits.hpp"

#include "opencv2/core/utils/filesystem.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

namespace cv { namespace sanprivacy {

namespace {

const int MAX_CROPS_PER_PASS = 32; // bounds the memory
const size_t LANDMARKS = FaceRow::LANDMARKS;
const double MAX_SAMPLES = 16;   // of a pixel of a square crop, in each direction
const int MAX_SIDE = 4096;       // of a network's input, pixels
const size_t MAX_NAME = 255;     // characters
const size_t MAX_FILE = 1 << 20; // bytes of a model description file

//! Empty if the description makes sense, otherwise what is wrong with it.
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
    if (d.landmark_template.empty() && !(d.square > 0 && std::isfinite(d.square)))
        return "either landmark_template or a positive square is needed";
    return String();
}

//! One network of a model description file: the FileNode's map, read key by key.
class DescriptionReader
{
public:
    DescriptionReader(const FileNode& node_, const String& folder_) : node(node_), folder(folder_) {}

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
        CV_Error(Error::StsBadArg, format("Network '%s': %s", node.name().substr(0, MAX_NAME).c_str(), what.c_str()));
    }

    void checkKeys() const
    {
        static const std::set<String> known = { "task", "file", "width", "height", "mean", "scale", "color",
            "landmark_template", "square", "output", "distance", "index" };
        for (const String& key : node.keys())
            if (!known.count(key))
                fail("unknown key '" + key + "'");
    }

    bool has(const char* key) const { return !node[key].empty(); }

    String text(const char* key) const
    {
        if (!node[key].isString())
            fail(String("expected text for ") + key);
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
        if (!node[key].isInt())
            fail(String("expected a whole number for ") + key);
        return (int)node[key];
    }

    //! One whole number or a list of them.
    std::vector<int> wholes(const char* key) const
    {
        std::vector<int> values;
        for (const FileNode& element : node[key])
        {
            if (!element.isInt())
                fail(String("expected whole numbers for ") + key);
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
            fail(format("expected %s for %s", least == 1 ? "a number" : format("%d numbers", (int)least).c_str(), key));
        return values;
    }

    //! One number for all channels, or one for each of three.
    Scalar channels(const char* key) const
    {
        const std::vector<double> values = numbers(key, 1, 3);
        if (values.size() == 2)
            fail(String("expected one or three numbers for ") + key);
        return values.size() == 1 ? Scalar::all(values[0]) : Scalar(values[0], values[1], values[2]);
    }

    String absolutePath(const String& file) const
    {
        const bool absolute = !file.empty() && (file[0] == '/' || file[0] == '\\' || file.find(':') == 1);
        const String path = absolute ? file : utils::fs::join(folder, file);
        if (!utils::fs::exists(path))
            fail("file not found: " + path);
        return utils::fs::canonical(path);
    }

    FileNode node;
    String folder;
};

} // namespace

ModelDescription::ModelDescription()
    : task(NETWORK_CLASSIFIER), scale(1), color("rgb"), square(0), distance(DISTANCE_COSINE), index(1, 0)
{
}

void readModelDescriptions(const String& filename, std::vector<ModelDescription>& networks)
{
    networks.clear();
    checkReadable(filename, "the model description file");

    FileStorage storage;
    String reason = "expected a YAML or JSON file with a map for each network";
    try
    {
        checkStorageLimits(filename, MAX_FILE);
        storage.open(filename, FileStorage::READ);
    }
    catch (const std::exception& e) // FileStorage raises others, too
    {
        reason = reasonOf(e);
    }
    const FileNode root = storage.isOpened() ? storage.root() : FileNode();
    if (!root.isMap() || root.size() == 0)
        CV_Error(
            Error::StsBadArg, format("'%s' is not a model description file: %s", filename.c_str(), reason.c_str()));

    const String folder = utils::fs::getParent(utils::fs::canonical(filename));
    std::vector<ModelDescription> read;
    for (const FileNode& network : root)
        read.push_back(DescriptionReader(network, folder).read());
    networks.swap(read);
}

class FaceNetwork::Impl
{
public:
    Impl(const ModelDescription& d, const DnnDevice& device)
        : description(d), net(readOnnx(d.file, "network '" + d.name + "'", device)), batches(true)
    {
        // One run shows whether the network fits its description.
        const Mat black = Mat::zeros(d.size, d.color == "gray" ? CV_8UC1 : CV_8UC3);
        String found;
        try
        {
            const std::vector<String> outputs = net.getUnconnectedOutLayersNames();
            if (d.output.empty() && outputs.size() > 1)
                CV_Error(Error::StsBadArg, format("it has %d outputs, so `output` must name one, such as '%s' or '%s'",
                                               (int)outputs.size(), outputs[0].c_str(), outputs[1].c_str()));
            run(&black, 1);
            return;
        }
        catch (const cv::Exception& e)
        {
            found = reasonOf(e);
        }
        CV_Error(Error::StsBadArg,
            format("Network '%s' does not work as described (%dx%d %s, output '%s'): %s", d.name.c_str(), d.size.width,
                d.size.height, d.color.c_str(), d.output.c_str(), found.c_str()));
    }

    void crop(const Mat& image, const Mat& face, OutputArray dst) const
    {
        CV_Check(image.size(), !image.empty(), "The image is empty");
        CV_CheckDepthEQ(image.depth(), CV_8U, "Networks take 8-bit images");
        CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "Networks take gray or BGR images");
        CV_Check(face.cols, face.type() == CV_32F && face.rows == 1 && face.cols == FaceRow::COLUMNS,
            "A face must be a row of FaceDetector::detect()");
        if (description.landmark_template.empty())
            cropSquare(image, face, dst);
        else
            alignFace(image, face, dst, description.size, description.landmark_template);
    }

    void forward(const std::vector<Mat>& crops, OutputArray dst)
    {
        std::vector<Mat> converted(crops.size());
        for (size_t i = 0; i < crops.size(); ++i)
            converted[i] = inNetworkChannels(crops[i]);

        Mat all;
        const int count = (int)crops.size();
        std::lock_guard<std::mutex> lock(mutex);
        for (int first = 0; first < count; first += MAX_CROPS_PER_PASS)
            all.push_back(runBatch(&converted[first], std::min(MAX_CROPS_PER_PASS, count - first)));
        all.copyTo(dst);
    }

    const ModelDescription description;

private:
    //! Upright square round the face box, zero outside the image: every pixel the mean of what it covers, to fractions
    //! of a pixel.
    void cropSquare(const Mat& image, const Mat& face, OutputArray dst) const
    {
        const Rect2f box = FaceRow(face).box;
        if (!(box.width > 0 && box.height > 0) || !FaceRow(face).finite())
            CV_Error(Error::StsBadArg, "The face has no box");
        const Size& size = description.size;
        const double side = description.square * std::max(box.width, box.height);
        const Point2d corner(box.x + box.width / 2. - side / 2, box.y + box.height / 2. - side / 2);

        // Samples at most a pixel of the image apart, then their means.
        const int samples = cvCeil(std::min(std::max(side / std::min(size.width, size.height), 1.), MAX_SAMPLES));
        const Size fine = size * samples;
        const double dx = side / fine.width,
                     dy = side / fine.height; // pixel centres are whole numbers, corners half ones
        const Matx23d toImage(dx, 0, corner.x + dx / 2 - .5, 0, dy, corner.y + dy / 2 - .5);
        Mat sampled;
        warpAffine(image, sampled, toImage, fine, INTER_LINEAR | WARP_INVERSE_MAP, BORDER_CONSTANT);
        resize(sampled, dst, size, 0, 0, INTER_AREA);
    }

    Mat inNetworkChannels(const Mat& crop) const
    {
        CV_CheckEQ(crop.size(), description.size, "A crop must be what crop() gives");
        CV_CheckDepthEQ(crop.depth(), CV_8U, "A crop must be what crop() gives");
        return description.color == "gray" ? toGray(crop) : toBgr(crop);
    }

    Mat runBatch(const Mat* crops, int count)
    {
        if (batches && count > 1)
        {
            try
            {
                return run(crops, count);
            }
            catch (const cv::Exception& e)
            {
                if (e.code == Error::StsOutOfRange) // an answer, not a shape that does not fit
                    throw;
                batches = false; // the graph holds a batch size of one, e.g. in a Reshape
            }
        }
        Mat rows;
        for (int i = 0; i < count; ++i)
            rows.push_back(run(crops + i, 1));
        return rows;
    }

    Mat run(const Mat* crops, int count)
    {
        dnn::blobFromImages(std::vector<Mat>(crops, crops + count), blob, description.scale, Size(), description.mean,
            description.color == "rgb");
        net.setInput(blob);
        const Mat output = description.output.empty() ? net.forward() : net.forward(description.output);
        if (output.dims < 1 || output.size[0] != count)
            CV_Error(Error::StsUnmatchedSizes,
                format("expected %d rows of output, found %d", count, output.dims < 1 ? 0 : output.size[0]));

        const Mat rows = output.reshape(1, count);
        for (int i = 0; i < count; ++i)
            if (!checkRange(rows.row(i)))
                CV_Error(
                    Error::StsOutOfRange, format("Network '%s' answers NaN or infinity", description.name.c_str()));
        if (description.task == NETWORK_MATCHER)
            return rows.clone(); // the network's memory is overwritten by its next run
        Mat probability = Mat::zeros(count, 1, CV_32F);
        for (int index : description.index)
        {
            if (index >= rows.cols)
                CV_Error(Error::StsBadArg, format("index %d is beyond the output's %d elements", index, rows.cols));
            probability += rows.col(index);
        }
        return probability;
    }

    std::mutex mutex; // held by whoever uses what follows
    dnn::Net net;
    Mat blob;
    bool batches; // whether the graph takes several faces at once, as far as is known
};

static FaceNetwork::Impl& checkCreated(const Ptr<FaceNetwork::Impl>& p)
{
    if (!p)
        CV_Error(Error::StsNullPtr, "This FaceNetwork is empty: make one with FaceNetwork::create()");
    return *p;
}

FaceNetwork::FaceNetwork()
{
}

Ptr<FaceNetwork> FaceNetwork::create(const ModelDescription& description, int backend_id, int target_id)
{
    const String wrong = whatIsWrong(description);
    if (!wrong.empty())
        CV_Error(Error::StsBadArg, format("Network '%s': %s", description.name.c_str(), wrong.c_str()));
    Ptr<FaceNetwork> network = makePtr<FaceNetwork>();
    network->p = makePtr<Impl>(description, selectDevice(backend_id, target_id));
    return network;
}

bool FaceNetwork::empty() const
{
    return p.empty();
}

ModelDescription FaceNetwork::getDescription() const
{
    return checkCreated(p).description;
}

void FaceNetwork::crop(InputArray image, InputArray face, OutputArray dst) const
{
    const FaceNetwork::Impl& impl = checkCreated(p);
    const Mat row = asRow(matrixArgument(face, "The face"), FaceRow::COLUMNS);
    impl.crop(matrixArgument(image, "The image"), row, dst);
}

void FaceNetwork::forward(InputArrayOfArrays _crops, OutputArray dst)
{
    CV_INSTRUMENT_REGION();
    std::vector<Mat> crops;
    _crops.getMatVector(crops);
    checkCreated(p).forward(crops, dst);
}

double FaceNetwork::match(InputArray _descriptor1, InputArray _descriptor2) const
{
    const ModelDescription& description = checkCreated(p).description;
    CV_CheckEQ(description.task, (int)NETWORK_MATCHER, "Only matchers compare descriptors");
    const Mat a = matrixArgument(_descriptor1, "A descriptor"), b = matrixArgument(_descriptor2, "A descriptor");
    CV_CheckTypeEQ(a.type(), CV_32F, "A descriptor must be a row of forward()");
    CV_CheckTypeEQ(b.type(), CV_32F, "A descriptor must be a row of forward()");
    CV_CheckEQ(a.total(), b.total(), "Both descriptors must come from the same network");
    if (!checkRange(a) || !checkRange(b))
        CV_Error(Error::StsOutOfRange, "A descriptor holds NaN or infinity");

    if (description.distance == DISTANCE_EUCLIDEAN)
        return -norm(a, b, NORM_L2);
    const double lengths = norm(a, NORM_L2) * norm(b, NORM_L2);
    CV_Check(lengths, lengths > 0, "A descriptor is zero");
    return a.dot(b) / lengths;
}

}} // namespace cv::sanprivacy
