// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "check_created.hpp"
#include "color_conversion.hpp"
#include "dnn_net.hpp"
#include "face_row.hpp"
#include "matrix_argument.hpp"
#include "model_description.hpp"

#include <algorithm>
#include <mutex>

namespace cv { namespace sanprivacy {

namespace {

const int MAX_CROPS_PER_PASS = 32; // bounds the memory
const double MAX_SAMPLES = 16;     // of a pixel of a square crop, in each direction

} // namespace

class FaceNetwork::Impl
{
public:
    Impl(const ModelDescription& d, const DnnDevice& device)
        : description(d), net(readOnnx(d.file, "network '" + d.name + "'", device, &declared)), batches(true)
    {
        // One run shows whether the network fits its description.
        const Mat black = Mat::zeros(d.size, d.color == "gray" ? CV_8UC1 : CV_8UC3);
        String found;
        bool takes_input = false;
        try
        {
            checkDeclared();
            takes_input = true;
            const size_t outputs = net.getUnconnectedOutLayersNames().size();
            if (d.output.empty() && outputs > 1)
                CV_Error(Error::StsBadArg,
                    format("it has %d outputs, so `output` must name one of them: ", (int)outputs) + outputNames());
            run(&black, 1);
            return;
        }
        catch (const cv::Exception& e)
        {
            found = reasonOf(e);
        }
        if (takes_input && !d.output.empty() && outputNames().find("'" + d.output + "'") == String::npos)
            found = "expected for `output`: " + outputNames();
        CV_Error(Error::StsBadArg,
            format("Network '%s' does not work as described (%dx%d %s, output '%s'): %s", d.name.c_str(), d.size.width,
                d.size.height, d.color.c_str(), d.output.c_str(), found.c_str()));
    }

    void crop(const Mat& image, const Mat& face, OutputArray dst) const
    {
        CV_Check(image.size(), !image.empty(), "The image is empty");
        CV_CheckDepthEQ(image.depth(), CV_8U, "Networks take 8-bit images");
        CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "Networks take gray or BGR images");
        CV_CheckEQ(face.rows, 1, "Networks take one face at a time");
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
    //! A network that takes images of any size would run, too, on those that it was not trained with.
    void checkDeclared() const
    {
        const int taken[] = { 1, description.color == "gray" ? 1 : 3, description.size.height, description.size.width };
        const std::vector<int>& shape = declared.shape;
        bool fits = shape.size() == 4 || shape.empty();
        String text;
        for (size_t i = 0; i < shape.size(); ++i)
        {
            fits = fits && (i == 0 || shape[i] == 0 || shape[i] == taken[i]);
            text += (i == 0 ? "" : "x") + (shape[i] == 0 ? String("?") : format("%d", shape[i]));
        }
        const bool channels_last = shape.size() == 4 && shape[3] == taken[1] && shape[1] != taken[1];
        if (!fits && channels_last)
            CV_Error(Error::StsBadArg,
                "its file declares an input of " + text + ", with the channels last; convert it to channels first");
        if (!fits)
            CV_Error(Error::StsBadArg,
                "its file declares an input of " + text
                    + format(" (faces, channels, height, width); `color`, `height` and `width` give it 1x%dx%dx%d",
                        taken[1], taken[2], taken[3]));
    }

    String outputNames() const
    {
        String names;
        for (const String& name : net.getUnconnectedOutLayersNames())
            names += (names.empty() ? "'" : ", '") + name + "'";
        return names;
    }

    //! Upright square round the face box, zero outside the image: every pixel the mean of what it covers, to fractions
    //! of a pixel.
    void cropSquare(const Mat& image, const Mat& face, OutputArray dst) const
    {
        const Rect2f box = FaceRow(face).box;
        if (!(box.width > 0 && box.height > 0) || !FaceRow(face).finite())
            CV_Error(Error::StsBadArg, "The face has no box of finite size, or no finite score");
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
            CV_Error(Error::StsUnmatchedSizes, format("expected an output of %d rows, one for each face; found %d",
                                                   count, output.dims < 1 ? 0 : output.size[0]));

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
                CV_Error(Error::StsBadArg,
                    format("`index` %d is beyond the output's %d elements, counted from 0", index, rows.cols));
            probability += rows.col(index);
        }
        return probability;
    }

    OnnxInput declared; // set while the net is read
    std::mutex mutex;   // held by whoever uses what follows
    dnn::Net net;
    Mat blob;
    bool batches; // whether the graph takes several faces at once, as far as is known
};

static FaceNetwork::Impl& checkCreated(const Ptr<FaceNetwork::Impl>& p)
{
    return checkCreated(p, "FaceNetwork");
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
    impl.crop(matrixArgument(image, "The image"), facesArgument(face), dst);
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
    const auto descriptor = [](InputArray array)
    {
        const Mat given = matrixArgument(array, "A descriptor");
        return asRow(given, given.rows);
    };
    const Mat a = descriptor(_descriptor1), b = descriptor(_descriptor2);
    CV_CheckTypeEQ(a.type(), CV_32F, "A descriptor must be a row of forward()");
    CV_CheckTypeEQ(b.type(), CV_32F, "A descriptor must be a row of forward()");
    CV_CheckEQ(a.size(), b.size(), "Both must be descriptors of one face, from the same network");
    if (!checkRange(a) || !checkRange(b))
        CV_Error(Error::StsOutOfRange, "A descriptor holds NaN or infinity");

    if (description.distance == DISTANCE_EUCLIDEAN)
        return -norm(a, b, NORM_L2);
    const double lengths = norm(a, NORM_L2) * norm(b, NORM_L2);
    CV_Check(lengths, lengths > 0, "A descriptor is zero");
    return a.dot(b) / lengths;
}

}} // namespace cv::sanprivacy
