// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/landmark_squares.hpp"

#include <opencv2/imgproc.hpp>

#include "data/draws.hpp"

namespace sanprivacy { namespace train {

namespace {

const int SIDE = int(SQUARE_SIZE);

// A detector's proposals: squares 2.0 to 3.6 inter-ocular distances wide, off center by up to 0.35, rolled by up to 40
// degrees.
const double LEAST_SIDE = 2.0, MOST_SIDE = 3.6, MOST_SHIFT = .35, MOST_ROLL = 40;

struct Example
{
    cv::Mat image;             // SIDE x SIDE, CV_32F
    std::vector<float> points; // 10, in units of the side
    float eyeDistance = 1;     // likewise
    bool face = false;
};

//! A gray crop with its surroundings, and where its face is.
struct Scene
{
    cv::Mat image; // CV_32F, 0..1
    std::vector<cv::Point2f> points;
    cv::Point2d center;
    double eyeDistance;
};

Scene readScene(const Faces& faces, size_t i)
{
    Scene scene { grayFace(faces.crop(i)), faces.landmarks(i), {}, 0 };
    for (const cv::Point2f& p : scene.points)
        scene.center += cv::Point2d(p) / double(scene.points.size());
    scene.eyeDistance = cv::norm(scene.points[1] - scene.points[0]);
    return scene;
}

//! Like left and right in the image, so in the order of the points.
void mirror(Scene& scene)
{
    cv::flip(scene.image, scene.image, 1);
    for (cv::Point2f& p : scene.points)
        p.x = float(scene.image.cols - 1) - p.x;
    std::swap(scene.points[0], scene.points[1]);
    std::swap(scene.points[3], scene.points[4]);
    scene.center.x = scene.image.cols - 1 - scene.center.x;
}

Example cut(const Scene& scene, const Square& square, bool face)
{
    Example example;
    example.face = face;
    const int oversampling = 2; // and averaging keep fine detail from aliasing
    const double scale = oversampling * SIDE / (square.side * scene.eyeDistance);
    const cv::Point2d center = scene.center + square.center * scene.eyeDistance;
    // Rolls and scales about the center, which lands in the middle of the square.
    cv::Mat move = cv::getRotationMatrix2D(cv::Point2f(center), square.roll, scale), fine;
    const double middle = (oversampling * SIDE + oversampling - 1) / 2.;
    move.at<double>(0, 2) += middle - center.x;
    move.at<double>(1, 2) += middle - center.y;
    cv::warpAffine(scene.image, fine, move, cv::Size(oversampling * SIDE, oversampling * SIDE), cv::INTER_LINEAR,
        cv::BORDER_REPLICATE);
    cv::resize(fine, example.image, cv::Size(SIDE, SIDE), 0, 0, cv::INTER_AREA);
    std::vector<cv::Point2f> points;
    cv::transform(scene.points, points, move);
    for (const cv::Point2f& p : points)
        for (float coordinate : { p.x, p.y }) // pixel centers of the fine square lie half a pixel nearer to each other
            example.points.push_back(((coordinate + .5f) / oversampling - .5f) / SIDE);
    example.eyeDistance = float(1 / square.side);
    return example;
}

Square proposal(cv::RNG& rng, double displacement)
{
    const auto upTo = [&rng](double largest) { return rng.uniform(-largest, largest); };
    const double middle = (LEAST_SIDE + MOST_SIDE) / 2, range = (MOST_SIDE - LEAST_SIDE) / 2;
    Square square;
    square.center = { upTo(MOST_SHIFT) * displacement, upTo(MOST_SHIFT) * displacement };
    square.side = middle + upTo(range) * displacement;
    square.roll = upTo(MOST_ROLL) * displacement;
    return square;
}

//! A square that no detector should call a face: beside it, a part of it, far too large, or far from upright.
Square miss(cv::RNG& rng)
{
    const double tau = 2 * CV_PI;
    const double kind = rng.uniform(0., 1.), angle = rng.uniform(0., tau);
    const cv::Point2d direction(std::cos(angle), std::sin(angle));
    Square square = proposal(rng, 1);
    if (kind < .5)
    {
        square.side = rng.uniform(.8, 3.);
        square.center = direction * rng.uniform(std::max(.9, .6 * square.side), 2.4);
    }
    else if (kind < .7)
    {
        square.side = rng.uniform(.4, 1.1);
        square.center = direction * rng.uniform(0., 1.);
    }
    else if (kind < .85)
        square.side = rng.uniform(5.5, 8.);
    else
        square.roll = rng.uniform(75., 285.);
    return square;
}

//! Noise, gradients and stripes.
cv::Mat texture(cv::RNG& rng)
{
    cv::Mat image(SIDE, SIDE, CV_32F), noise(SIDE, SIDE, CV_32F);
    const double angle = rng.uniform(0., 2 * CV_PI), period = rng.uniform(8., 200.), phase = rng.uniform(0., 2 * CV_PI);
    for (int y = 0; y < SIDE; ++y)
        for (int x = 0; x < SIDE; ++x)
            image.at<float>(y, x) =
                float(.5 + .5 * std::sin((x * std::cos(angle) + y * std::sin(angle)) * 2 * CV_PI / period + phase));
    rng.fill(noise, cv::RNG::UNIFORM, 0, 1);
    cv::GaussianBlur(noise, noise, cv::Size(), rng.uniform(.3, 8.));
    cv::normalize(noise, noise, 0, 1, cv::NORM_MINMAX);
    const double share = rng.uniform(0., 1.);
    return image * share + noise * (1 - share);
}

bool sometimes(double share, cv::RNG& rng)
{
    return rng.uniform(0., 1.) < share;
}

void showSmall(cv::Mat& image, cv::RNG& rng)
{
    const double share = rng.uniform(.25, .8);
    cv::Mat small;
    cv::resize(image, small, cv::Size(), share, share, cv::INTER_AREA);
    cv::resize(small, image, image.size(), 0, 0, cv::INTER_LINEAR);
}

void changeTones(cv::Mat& image, cv::RNG& rng)
{
    const double gain = rng.uniform(.6, 1.3), offset = rng.uniform(-.12, .12), gamma = std::exp(rng.uniform(-.35, .35));
    cv::pow(image, gamma, image);
    image.convertTo(image, -1, gain, .5 * (1 - gain) + offset);
}

void lightFromOneSide(cv::Mat& image, cv::RNG& rng)
{
    cv::Mat row(1, SIDE, CV_32F), light;
    const double slope = rng.uniform(-.4, .4);
    for (int x = 0; x < SIDE; ++x)
        row.at<float>(x) = float(slope * (double(x) / SIDE - .5));
    cv::repeat(row, SIDE, 1, light);
    image += sometimes(.5, rng) ? light : cv::Mat(light.t());
}

void addNoise(cv::Mat& image, cv::RNG& rng)
{
    cv::Mat noise(image.size(), CV_32F);
    rng.fill(noise, cv::RNG::NORMAL, 0, rng.uniform(.005, .05));
    image += noise;
}

//! The image ends within the square, beyond the points of a face.
void endWithin(Example& example, cv::RNG& rng)
{
    cv::Mat& image = example.image;
    float reach = 0;
    const int axis = rng.uniform(0, 2), end = rng.uniform(0, 2);
    for (int k = axis; example.face && k < 10; k += 2)
        reach = std::max(reach, end ? example.points[size_t(k)] : 1 - example.points[size_t(k)]);
    const int left = int(SIDE * rng.uniform(std::min(1., reach + .08), 1.05));
    if (left >= SIDE)
        return;
    const cv::Range outside = end ? cv::Range(std::max(1, left), SIDE) : cv::Range(0, SIDE - std::max(1, left));
    const cv::Range all = cv::Range::all();
    cv::Mat beyond = axis ? image(outside, all) : image(all, outside);
    const int border = end ? outside.start - 1 : outside.end;
    if (sometimes(.5, rng))
        beyond.setTo(sometimes(.7, rng) ? 0. : rng.uniform(0., 1.));
    else if (axis)
        cv::repeat(image.row(border).clone(), beyond.rows, 1, beyond);
    else
        cv::repeat(image.col(border).clone(), 1, beyond.cols, beyond);
}

//! Something in front.
void hidePart(cv::Mat& image, cv::RNG& rng)
{
    const cv::Rect patch(
        rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(8, SIDE / 3), rng.uniform(8, SIDE / 3));
    image(patch & cv::Rect(0, 0, SIDE, SIDE)).setTo(rng.uniform(0., 1.));
}

//! What cameras, prints and image borders do to a square.
void degrade(Example& example, cv::RNG& rng)
{
    cv::Mat& image = example.image;
    if (sometimes(.25, rng))
        showSmall(image, rng);
    if (sometimes(.3, rng))
        cv::GaussianBlur(image, image, cv::Size(), rng.uniform(.4, 1.8));
    changeTones(image, rng);
    if (sometimes(.3, rng))
        lightFromOneSide(image, rng);
    if (sometimes(.35, rng))
        addNoise(image, rng);
    if (sometimes(.3, rng))
        endWithin(example, rng);
    if (sometimes(.1, rng))
        hidePart(image, rng);
    cv::max(image, 0, image);
    cv::min(image, 1, image);
}

Batch stack(const std::vector<Example>& examples)
{
    std::vector<cv::Mat> images;
    std::vector<float> points, distances, faces;
    for (const Example& example : examples)
    {
        images.push_back(example.image);
        points.insert(points.end(), example.points.begin(), example.points.end());
        distances.push_back(example.eyeDistance);
        faces.push_back(example.face);
    }
    return { stackImages(images), torch::tensor(points).view({ -1, 10 }), torch::tensor(distances).unsqueeze(1),
        torch::tensor(faces).unsqueeze(1) };
}

} // namespace

SquareBatches::SquareBatches(const Faces& faces, int64_t batch, uint64_t seed)
    : faces_(faces), batch_(batch), seed_(seed), shuffle_(faces.size(), seed)
{
}

Batch SquareBatches::operator()(int64_t step) const
{
    // Each image that is read gives two squares with its face and one without.
    const uint64_t perImage = 3;
    const double textures = .1; // of those without
    std::vector<Example> examples;
    for (uint64_t position = uint64_t(step * batch_); position < uint64_t((step + 1) * batch_);)
    {
        Scene scene = readScene(faces_, shuffle_(position / perImage));
        do
        {
            cv::RNG rng(mixSeed(seed_, position));
            if (rng.uniform(0, 2))
                mirror(scene);
            Example example = position % perImage ? cut(scene, proposal(rng, 1), true) : cut(scene, miss(rng), false);
            if (!example.face && rng.uniform(0., 1.) < textures)
                example.image = texture(rng);
            degrade(example, rng);
            examples.push_back(example);
            position++;
        }
        while (position % perImage && position < uint64_t((step + 1) * batch_));
    }
    return stack(examples);
}

Batch proposedSquares(const Faces& faces, size_t begin, size_t end, double displacement)
{
    std::vector<Example> examples;
    for (size_t i = begin; i < end; ++i)
    {
        cv::RNG rng(mixSeed(0, i));
        examples.push_back(cut(readScene(faces, i), proposal(rng, displacement), true));
    }
    return stack(examples);
}

torch::Tensor faceless(const Faces& faces, size_t begin, size_t end)
{
    std::vector<cv::Mat> images;
    for (size_t i = begin; i < end; ++i)
    {
        cv::RNG rng(mixSeed(1, i));
        images.push_back(cut(readScene(faces, i), miss(rng), false).image);
    }
    return stackImages(images);
}

}} // namespace sanprivacy::train
