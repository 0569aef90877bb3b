// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/bench_faces.hpp"

#include "common/atomic_file.hpp"
#include "common/output_guard.hpp"
#include "options/faces.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const double NETWORK_GFLOP = .79; // of residual.onnx as it is written, for one face
const cv::Size FRAME(1280, 720), CROP(224, 224);
const int BATCHES[] = { 1, 2, 4, 8, 16, 32 };

//! Milliseconds of one call, over the runs.
struct Times
{
    double least, median, most;
    double processor; //!< least processor time, all threads together: other programs do not change it
};

double processorTime()
{
    return double(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

Times measure(int runs, const std::function<void()>& call)
{
    call(); // allocates what later calls use again
    std::vector<double> times;
    double processor = std::numeric_limits<double>::max();
    for (int i = 0; i < runs; ++i)
    {
        const int64 start = cv::getTickCount();
        const double before = processorTime();
        call();
        processor = std::min(processor, processorTime() - before);
        times.push_back(double(cv::getTickCount() - start) * 1000 / cv::getTickFrequency());
    }
    std::sort(times.begin(), times.end());
    return { times.front(), times[times.size() / 2], times.back(), processor };
}

//! The fastest product of matrices that a thread of OpenCV makes here, GFLOP/s: cv::gemm() or a convolution of 1x1.
double measureProduct(int runs)
{
    const int side = 768, channels = 512, pixels = 56;
    cv::Mat a(side, side, CV_32F, cv::Scalar(.5)), b = a.clone(), c;
    const double gemm = 2. * side * side * side / measure(runs, [&] { cv::gemm(a, b, 1, cv::Mat(), 0, c); }).processor;

    cv::dnn::LayerParams layer;
    layer.type = "Convolution";
    layer.name = "product";
    layer.set("kernel_size", 1);
    layer.set("num_output", channels);
    layer.set("bias_term", false);
    const int weights[] = { channels, channels, 1, 1 }, input[] = { 1, channels, pixels, pixels };
    layer.blobs.push_back(cv::Mat(4, weights, CV_32F, cv::Scalar(.5)));
    cv::dnn::Net net;
    net.addLayerToPrev(layer.name, layer.type, layer);
    net.setInput(cv::Mat(4, input, CV_32F, cv::Scalar(.5)));
    const double flop = 2. * channels * channels * pixels * pixels;
    const double convolution = flop / measure(runs, [&] { net.forward(); }).processor;
    return std::max(gemm, convolution) / 1e6;
}

//! Memory that a thread copies, GB/s.
double measureCopy(int runs)
{
    const size_t bytes = size_t(64) << 20;
    const std::vector<char> from(bytes, 1);
    std::vector<char> to(bytes);
    return double(bytes) / measure(runs, [&] { std::memcpy(to.data(), from.data(), bytes); }).processor / 1e6;
}

struct Row
{
    std::string name;
    Times times;
    double floor; // of the processor time, milliseconds; 0: none
};

void print(const Row& row)
{
    std::printf("%-34s %9.3f %9.3f %9.3f %9.3f", row.name.c_str(), row.times.median, row.times.least, row.times.most,
        row.times.processor);
    if (row.floor > 0)
        std::printf(" %9.3f %8.1f", row.floor, row.times.processor / row.floor);
    std::printf("\n");
    std::fflush(stdout);
}

std::string jsonOf(const std::vector<Row>& rows, double product, double copy)
{
    cv::FileStorage json(".json", cv::FileStorage::WRITE | cv::FileStorage::MEMORY | cv::FileStorage::FORMAT_JSON);
    json << "opencv" << CV_VERSION << "threads" << cv::getNumThreads() << "product_gflops" << product << "copy_gb_per_s"
         << copy << "steps"
         << "[";
    for (const Row& row : rows)
        json << "{"
             << "name" << row.name << "median_ms" << row.times.median << "least_ms" << row.times.least << "most_ms"
             << row.times.most << "processor_ms" << row.times.processor << "floor_ms" << row.floor << "}";
    json << "]";
    return json.releaseAndGetString();
}

//! A face a third as high as the frame.
cv::Mat faceOf(const cv::Size& frame)
{
    cv::Mat landmarks, face(1, FACE_COLUMNS, CV_32F, cv::Scalar(0));
    const int side = frame.height / 3;
    getCanonicalLandmarks(landmarks, cv::Size(side, side));
    landmarks += side;
    setLandmarks(face, landmarks);
    return face;
}

} // namespace

ExitCode benchFaces(const BenchFacesOptions& options)
{
    refuseInputsAsOutputs(options.networks.files(), { options.json });
    std::unique_ptr<TemporaryFile> results; // made before the work: where it cannot be, that is told at once
    if (!options.json.empty())
        results = std::make_unique<TemporaryFile>(options.json);
    const double product = measureProduct(options.runs), copy = measureCopy(options.runs);
    std::printf("OpenCV %s, %d threads; one thread multiplies matrices at %.0f GFLOP/s and copies %.1f GB/s\n",
        CV_VERSION, cv::getNumThreads(), product, copy);
    std::printf(
        "ms of %d runs; processor: least time of all threads together; floor: what the arithmetic or the memory "
        "traffic takes at these speeds\n%-34s %9s %9s %9s %9s %9s %8s\n",
        options.runs, "step", "median", "least", "most", "processor", "floor", "x floor");

    const cv::Ptr<Perturber> perturber = options.networks.createPerturber();
    cv::Mat frame(FRAME, CV_8UC3), coarse(9, 16, CV_8UC3), crop, perturbed, outputs[3], result;
    cv::RNG(1).fill(coarse, cv::RNG::UNIFORM, 60, 190);
    cv::resize(coarse, frame, FRAME, 0, 0, cv::INTER_CUBIC);
    const cv::Mat face = faceOf(FRAME);
    const PerturbParams params(PROTOTYPE_OPPOSITE, 0);
    const double network =
        options.networks.model.empty() && options.networks.hide.empty() ? NETWORK_GFLOP / product * 1e3 : 0;
    const double pixel_bytes = 3, crop_traffic = 2 * pixel_bytes * CROP.area() / copy / 1e6;
    const double face_traffic = 2 * pixel_bytes * FRAME.height / 3 * FRAME.height / 3 / copy / 1e6;

    std::vector<Row> rows;
    const auto add = [&](const std::string& name, double floor, int faces, const std::function<void()>& call)
    {
        Times times = measure(options.runs, call);
        times = { times.least / faces, times.median / faces, times.most / faces, times.processor / faces };
        rows.push_back({ name, times, floor });
        print(rows.back());
    };
    add("cut out a face", crop_traffic, 1, [&] { alignFace(frame, face, crop); });
    for (int count : BATCHES)
    {
        const std::vector<cv::Mat> faces(size_t(count), crop);
        std::vector<cv::Mat> changed;
        add(cv::format("perturb a face, batch of %d", count), network, count,
            [&] { perturber->perturbBatch(faces, changed, params); });
    }
    add("all three outputs", 0, 1, [&] { perturber->perturbAll(crop, outputs[0], outputs[1], outputs[2], 0); });
    perturber->perturb(crop, perturbed, params);
    add("return a face", face_traffic, 1, [&] { blendFace(frame, crop, perturbed, face); });
    add("return a face, color evened out", face_traffic, 1, [&] { blendFace(frame, crop, perturbed, face, 1); });
    add("predict gender", 0, 1, [&] { perturber->predictFace(frame, face); });
    add("perturb an image of one face", 0, 1, [&] { perturber->perturbFaces(frame, face, result, params); });
    if (results)
    {
        const std::string json = jsonOf(rows, product, copy);
        results->write(json.data(), json.size());
        results->replaceTarget();
    }
    return SUCCEEDED;
}

}} // namespace sanprivacy::apps
