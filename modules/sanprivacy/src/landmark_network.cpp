// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "data_path.hpp"
#include "landmark_network.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int INPUT = 96;                                       // pixels of the network's square
const int AT_ONCE = 16;                                     // squares in one pass
const double LEAST_PROBABILITY = 1e-4;                      // the nearest that a probability comes to 0 and 1
const int MIRRORED[FaceRow::LANDMARKS] = { 1, 0, 2, 4, 3 }; // what each landmark is in a mirror

} // namespace

Square squareOf(const FaceRow& face, double roll)
{
    const double eyes = std::max(face.box.width, face.box.height) / BOX.height;
    return { face.centre() - std::polar(eyes, roll) * BOX_CENTRE, SQUARE_SIDE * eyes, roll, false, 1 };
}

LandmarkNetwork::LandmarkNetwork(const DnnDevice& device)
    : filename(findDataFile("landmarks.onnx")), net(readOnnx(filename, "landmark network", device))
{
    const int shape[] = { 1, 1, INPUT, INPUT };
    forward(Mat(4, shape, CV_32F, Scalar(0)));
}

std::vector<Candidate> LandmarkNetwork::predict(const GrayPyramid& pyramid, const std::vector<Square>& squares)
{
    std::vector<Candidate> candidates;
    for (size_t begin = 0; begin < squares.size(); begin += AT_ONCE)
    {
        const int count = int(std::min(squares.size() - begin, size_t(AT_ONCE)));
        const int shape[] = { count, 1, INPUT, INPUT };
        Mat blob(4, shape, CV_32F), crop(INPUT, INPUT, CV_8U);
        std::vector<Similarity> toSquare;
        for (int i = 0; i < count; ++i)
        {
            const Square& square = squares[begin + i];
            const Point2c a = std::polar(INPUT / square.side, -square.roll);
            toSquare.push_back(Similarity(a, Point2c(INPUT / 2., INPUT / 2.) - a * square.centre));
            pyramid.warp(crop, toSquare.back());
            if (square.mirrored)
                flip(crop, crop, 1);
            crop.convertTo(blobPlane(blob, i), CV_32F, 1 / 255.);
        }
        const Mat output = forward(blob);
        for (int i = 0; i < count; ++i)
        {
            const float* numbers = output.ptr<float>(i);
            const Square& square = squares[begin + i];
            const Similarity toImage = toSquare[i].inverse();
            Candidate candidate;
            for (int k = 0; k < FaceRow::LANDMARKS; ++k)
            {
                const float* point = numbers + 2 * (square.mirrored ? MIRRORED[k] : k);
                Point2c z = Point2c(point[0], point[1]) * double(INPUT);
                if (square.mirrored)
                    z.real(INPUT - 1 - z.real());
                candidate.landmarks.push_back(toImage(z));
            }
            const double p =
                std::min(std::max(double(numbers[2 * FaceRow::LANDMARKS]), LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
            candidate.logit = std::log(p / (1 - p));
            candidate.votes = square.votes;
            candidates.push_back(candidate);
        }
    }
    return candidates;
}

Candidate LandmarkNetwork::predictAveraged(const GrayPyramid& pyramid, const Square& square)
{
    const int variants = 3;              // smaller, as it is, larger; and the same mirrored
    const double zoom = 1.15, roll = .2; // radians
    std::vector<Square> squares;
    for (int i = 0; i < 2 * variants; ++i)
    {
        Square changed = square;
        changed.mirrored = i >= variants;
        const int step = i % variants - 1;
        changed.side *= std::pow(zoom, step);
        changed.roll += roll * (changed.mirrored ? -step : step);
        squares.push_back(changed);
    }
    const std::vector<Candidate> predictions = predict(pyramid, squares);
    Candidate mean = { Landmarks(FaceRow::LANDMARKS), 0, square.votes };
    for (const Candidate& prediction : predictions)
    {
        for (int k = 0; k < FaceRow::LANDMARKS; ++k)
            mean.landmarks[k] += prediction.landmarks[k] / double(predictions.size());
        mean.logit += prediction.logit / double(predictions.size());
    }
    return mean;
}

Mat LandmarkNetwork::forward(const Mat& blob)
{
    Mat output;
    try
    {
        net.setInput(blob);
        output = net.forward();
    }
    catch (const Exception& e)
    {
        CV_Error(
            Error::StsBadArg, format("'%s' is not the landmark network: %s", filename.c_str(), reasonOf(e).c_str()));
    }
    if (output.dims != 2 || output.rows != blob.size[0] || output.cols != 2 * FaceRow::LANDMARKS + 1)
        CV_Error(Error::StsBadArg, format("'%s' is not the landmark network: it does not give %d numbers per face",
                                       filename.c_str(), 2 * FaceRow::LANDMARKS + 1));
    if (!checkRange(output))
        CV_Error(
            Error::StsError, format("The landmark network '%s' gives numbers that are not finite", filename.c_str()));
    return output;
}

}} // namespace cv::sanprivacy
