// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "identity_draws.hpp"
#include "matrix_argument.hpp"
#include "measure_input.hpp"
#include "roc_points.hpp"

#include "opencv2/sanprivacy/evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

namespace cv { namespace sanprivacy {

class MatchEvaluation::Impl
{
public:
    Impl(InputArray originals, InputArray perturbed, InputArray identities, int distance);

    void roc(OutputArray fmr, OutputArray tmr, OutputArray thresholds) const;
    //! Raises an error where nobody has two faces.
    void checkGenuine() const;
    //! How often each person is drawn in a replicate that has genuine and impostor pairs.
    void draw(RNG& rng, std::vector<int>& draws) const;
    //! The highest impostor score that must not match, so that at most the given share of the impostors does.
    float rejectedScore(double fmr, const std::vector<int>& draws) const;
    //! Weighted share of the genuine scores above it.
    double matchRate(float rejected, const std::vector<int>& draws) const;

    int people;
    double genuine_pairs, impostor_pairs;

private:
    struct Pair // one match score, and whose faces gave it
    {
        float score;
        int a, b;
        bool operator<(
            const Pair& other) const // the best first; a total order, so that results do not depend on threads
        {
            return score != other.score ? score > other.score : a != other.a ? a < other.a : b < other.b;
        }
    };

    //! What one thread has seen of the impostors.
    struct Impostors
    {
        std::vector<double> between,
            equal; //!< counts below thresholds[0], between its neighbours ..., above the last; and at each
        std::vector<float> least; //!< least score of each count between
        std::vector<Pair> best;
        float cut;
    };

    Mat1d readDescriptors(InputArray _descriptors, const std::vector<int>& order) const;
    Mat1f scores(const Range& rows, const Range& columns) const;
    void countImpostors(const Range& rows, Impostors& impostors) const;
    void keepBest(Impostors& impostors) const;

    int distance;
    bool self;                     //!< originals against originals
    Mat1d references, probes;      //!< rows sorted by identity
    std::vector<int> identity;     //!< of each row, 0 .. people - 1
    std::vector<int> faces;        //!< of each identity
    std::vector<Pair> genuine;     //!< the best first
    std::vector<float> thresholds; //!< distinct genuine scores, rising
    Impostors impostors;
    size_t kept; //!< how many of the best impostors are kept
};

namespace {

const int BLOCK = 256;                 // rows and columns of a block of scores: 0.5 MiB, stays in the cache
const double LARGEST_KEPT_RATE = 0.05; // of the impostors, and
const size_t LEAST_KEPT = 1 << 20;     // this many in any case

} // namespace

MatchEvaluation::Impl::Impl(InputArray _originals, InputArray _perturbed, InputArray _identities, int _distance)
    : distance(_distance), self(_perturbed.empty())
{
    CV_Check(distance, distance == DISTANCE_COSINE || distance == DISTANCE_EUCLIDEAN, "Expected a NetworkDistance");
    const size_t rows = (size_t)matrixArgument(_originals, "Descriptors").rows;
    const std::vector<int> given = readIntegers(_identities, rows, "identities");
    if (!self)
        CV_CheckEQ(_perturbed.size(), _originals.size(),
            "Every original has its perturbed face, with a descriptor of the same length");

    std::vector<int> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return given[a] < given[b]; });
    for (int row : order)
        identity.push_back(given[row]);
    people = countIdentities(identity);
    references = readDescriptors(_originals, order);
    probes = self ? references : readDescriptors(_perturbed, order);

    faces.assign(people, 0);
    for (int person : identity)
        faces[person]++;
    double same = 0;
    for (int count : faces)
        same += (double)count * (count - 1);
    const double all = (double)rows * ((double)rows - 1);
    genuine_pairs = self ? same / 2 : same;
    impostor_pairs = self ? (all - same) / 2 : all - same;
    if (impostor_pairs == 0)
        CV_Error(Error::StsBadArg,
            format("Matching needs faces of different people, found %d faces of %d", (int)rows, people));
    kept = (size_t)std::max(std::ceil(LARGEST_KEPT_RATE * impostor_pairs) + 1, (double)LEAST_KEPT);

    // First pass: genuine pairs only, a block per person.
    for (int begin = 0, person = 0; person < people; begin += faces[person++])
    {
        const Range own(begin, begin + faces[person]);
        const Mat1f block = scores(own, own);
        for (int i = 0; i < block.rows; ++i)
            for (int j = self ? i + 1 : 0; j < block.cols; ++j)
                if (i != j)
                    genuine.push_back(Pair { block(i, j), person, person });
    }
    std::sort(genuine.begin(), genuine.end());
    for (auto pair = genuine.rbegin(); pair != genuine.rend(); ++pair)
        if (thresholds.empty() || thresholds.back() != pair->score)
            thresholds.push_back(pair->score);

    // Second pass: impostors, counted between the genuine scores.
    impostors.between.assign(thresholds.size() + 1, 0);
    impostors.equal.assign(thresholds.size(), 0);
    impostors.least.assign(thresholds.size() + 1, std::numeric_limits<float>::infinity());
    impostors.cut = -std::numeric_limits<float>::infinity();
    const Impostors none = impostors;
    const int blocks = ((int)rows + BLOCK - 1) / BLOCK;
    std::atomic<int> next(0);
    std::mutex mutex;
    const int threads = std::max(1, std::min(getNumThreads(), blocks));
    parallel_for_(
        Range(0, threads),
        [&](const Range&)
        {
            Impostors own = none;
            for (int block = next++; block < blocks; block = next++)
                countImpostors(Range(block * BLOCK, std::min((block + 1) * BLOCK, (int)rows)), own);
            keepBest(own);
            std::lock_guard<std::mutex> lock(mutex);
            for (size_t i = 0; i < own.equal.size(); ++i)
                impostors.equal[i] += own.equal[i];
            for (size_t i = 0; i < own.between.size(); ++i)
            {
                impostors.between[i] += own.between[i];
                impostors.least[i] = std::min(impostors.least[i], own.least[i]);
            }
            impostors.best.insert(impostors.best.end(), own.best.begin(), own.best.end());
        },
        threads);
    keepBest(impostors);
    std::sort(impostors.best.begin(), impostors.best.end());
    references.release();
    probes.release();
}

Mat1d MatchEvaluation::Impl::readDescriptors(InputArray _descriptors, const std::vector<int>& order) const
{
    const Mat descriptors = matrixArgument(_descriptors, "Descriptors");
    CV_Check(descriptors.type(), descriptors.type() == CV_32FC1 || descriptors.type() == CV_64FC1,
        "Expected descriptors of floats, one row each");
    if (!checkRange(descriptors))
        CV_Error(Error::StsBadArg, "Descriptors hold a value that is not finite");
    Mat1d sorted((int)order.size(), descriptors.cols);
    for (int i = 0; i < sorted.rows; ++i)
    {
        Mat row = sorted.row(i);
        descriptors.row(order[i]).convertTo(row, CV_64F);
        if (distance == DISTANCE_COSINE)
        {
            const double length = norm(row);
            if (length == 0)
                CV_Error(Error::StsBadArg, format("Descriptor %d is zero and has no direction", order[i]));
            row /= length;
        }
    }
    return sorted;
}

//! Match scores of some references with some probes; computed in double and rounded, so that equal pairs tie.
Mat1f MatchEvaluation::Impl::scores(const Range& rows, const Range& columns) const
{
    const Mat1d a = references.rowRange(rows), b = probes.rowRange(columns);
    Mat1d products;
    gemm(a, b, 1, noArray(), 0, products, GEMM_2_T);
    if (distance == DISTANCE_EUCLIDEAN)
    {
        std::vector<double> squares(b.rows);
        for (int j = 0; j < b.rows; ++j)
            squares[j] = b.row(j).dot(b.row(j));
        for (int i = 0; i < a.rows; ++i)
        {
            const double square = a.row(i).dot(a.row(i));
            for (int j = 0; j < b.rows; ++j)
                products(i, j) = -std::sqrt(std::max(0., square + squares[j] - 2 * products(i, j)));
        }
    }
    Mat1f rounded;
    products.convertTo(rounded, CV_32F);
    return rounded;
}

void MatchEvaluation::Impl::countImpostors(const Range& rows, Impostors& seen) const
{
    for (int begin = self ? rows.start : 0; begin < probes.rows; begin += BLOCK)
    {
        const Range columns(begin, std::min(begin + BLOCK, probes.rows));
        const Mat1f block = scores(rows, columns);
        for (int i = 0; i < block.rows; ++i)
            for (int j = 0; j < block.cols; ++j)
            {
                const int a = identity[rows.start + i], b = identity[columns.start + j];
                if (a == b || (self && rows.start + i > columns.start + j))
                    continue;
                const float score = block(i, j);
                const size_t above = std::lower_bound(thresholds.begin(), thresholds.end(), score) - thresholds.begin();
                if (above < thresholds.size() && thresholds[above] == score)
                    seen.equal[above]++;
                else
                {
                    seen.between[above]++;
                    seen.least[above] = std::min(seen.least[above], score);
                }
                if (score >= seen.cut)
                    seen.best.push_back(Pair { score, a, b });
            }
        if (seen.best.size() > 2 * kept)
            keepBest(seen);
    }
}

void MatchEvaluation::Impl::keepBest(Impostors& seen) const
{
    if (seen.best.size() <= kept)
        return;
    std::nth_element(seen.best.begin(), seen.best.begin() + (kept - 1), seen.best.end());
    seen.best.resize(kept);
    seen.cut = seen.best.back().score;
}

void MatchEvaluation::Impl::roc(OutputArray fmr, OutputArray tmr, OutputArray _thresholds) const
{
    checkGenuine();
    RocPoints curve;
    curve.add(0, 0, std::numeric_limits<double>::infinity());
    double matched_impostors = 0;
    size_t matched_genuine = 0;
    for (size_t i = thresholds.size() + 1; i-- > 0;)
    {
        // Down to just above thresholds[i - 1] only impostors come in, ...
        if (impostors.between[i])
        {
            matched_impostors += impostors.between[i];
            curve.add(matched_impostors / impostor_pairs, (double)matched_genuine / genuine_pairs, impostors.least[i]);
        }
        if (i == 0)
            break;
        // ... at it genuine pairs, and impostors that tie with them.
        matched_impostors += impostors.equal[i - 1];
        while (matched_genuine < genuine.size() && genuine[matched_genuine].score >= thresholds[i - 1])
            ++matched_genuine;
        curve.add(matched_impostors / impostor_pairs, (double)matched_genuine / genuine_pairs, thresholds[i - 1]);
    }
    curve.copyTo(fmr, tmr, _thresholds);
}

void MatchEvaluation::Impl::checkGenuine() const
{
    if (genuine_pairs == 0)
        CV_Error(
            Error::StsBadArg, format("A true match rate needs people with two faces, found one of each of %d", people));
}

void MatchEvaluation::Impl::draw(RNG& rng, std::vector<int>& draws) const
{
    bool has_genuine, has_impostors;
    do
    {
        drawIdentities(rng, people, draws);
        has_genuine = false;
        for (int person = 0; person < people; ++person)
            has_genuine |= draws[person] > 0 && faces[person] > 1;
        has_impostors = std::count(draws.begin(), draws.end(), 0) < people - 1;
    }
    while (!has_genuine || !has_impostors);
}

float MatchEvaluation::Impl::rejectedScore(double fmr, const std::vector<int>& draws) const
{
    CV_Check(fmr, fmr >= 0 && fmr <= 1, "A false match rate lies between 0 and 1");
    // Impostor pairs of the faces drawn: all pairs of different people.
    double drawn = 0, own = 0;
    for (int person = 0; person < people; ++person)
    {
        const double count = (double)draws[person] * faces[person];
        drawn += count;
        own += count * count;
    }
    const double pairs = (drawn * drawn - own) / (self ? 2 : 1);
    const double allowed = fmr * pairs;
    double matched = 0;
    for (const Pair& pair : impostors.best)
    {
        matched += (double)draws[pair.a] * draws[pair.b];
        if (matched > allowed)
            return pair.score;
    }
    if (impostors.best.size() < (size_t)impostor_pairs)
        CV_Error(Error::StsOutOfRange,
            format("False match rates up to %g are kept, asked for %g: use roc()", LARGEST_KEPT_RATE, fmr));
    return -std::numeric_limits<float>::infinity(); // every impostor may match
}

double MatchEvaluation::Impl::matchRate(float rejected, const std::vector<int>& draws) const
{
    double matched = 0, all = 0;
    for (const Pair& pair : genuine)
    {
        const double weight = draws[pair.a];
        all += weight;
        if (pair.score > rejected)
            matched += weight;
    }
    return matched / all;
}

MatchEvaluation::MatchEvaluation()
{
}

Ptr<MatchEvaluation> MatchEvaluation::create(
    InputArray originals, InputArray perturbed, InputArray identities, int distance)
{
    CV_TRACE_FUNCTION();
    Ptr<MatchEvaluation> evaluation = makePtr<MatchEvaluation>();
    evaluation->p = makePtr<Impl>(originals, perturbed, identities, distance);
    return evaluation;
}

bool MatchEvaluation::empty() const
{
    return !p;
}

double MatchEvaluation::genuinePairs() const
{
    CV_Assert(!empty());
    return p->genuine_pairs;
}

double MatchEvaluation::impostorPairs() const
{
    CV_Assert(!empty());
    return p->impostor_pairs;
}

void MatchEvaluation::roc(OutputArray fmr, OutputArray tmr, OutputArray thresholds) const
{
    CV_Assert(!empty());
    p->roc(fmr, tmr, thresholds);
}

double MatchEvaluation::trueMatchRate(double fmr) const
{
    CV_Assert(!empty());
    p->checkGenuine();
    const std::vector<int> once(p->people, 1);
    return p->matchRate(p->rejectedScore(fmr, once), once);
}

double MatchEvaluation::matchThreshold(double fmr) const
{
    CV_Assert(!empty());
    const float rejected = p->rejectedScore(fmr, std::vector<int>(p->people, 1));
    return std::nextafter(rejected, std::numeric_limits<float>::infinity());
}

void MatchEvaluation::bootstrap(double fmr, OutputArray _rates, int replicates, int seed) const
{
    CV_TRACE_FUNCTION();
    CV_Assert(!empty());
    CV_CheckGT(replicates, 0, "A bootstrap needs at least one replicate");
    p->checkGenuine();
    Mat1d rates(replicates, 1);
    RNG rng((uint64)seed);
    std::vector<int> draws;
    for (int r = 0; r < replicates; ++r)
    {
        p->draw(rng, draws);
        rates(r) = p->matchRate(p->rejectedScore(fmr, draws), draws);
    }
    rates.copyTo(_rates);
}

}} // namespace cv::sanprivacy
