// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "opencv2/sanprivacy/evaluation.hpp"

#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>

namespace cv { namespace sanprivacy {

namespace {

std::vector<double> readValues(InputArray _values, const char* name)
{
    Mat values = _values.getMat();
    CV_Check(values.channels(), values.channels() == 1, "Expected values of one channel");
    std::vector<double> result;
    values.reshape(1, 1).convertTo(result, CV_64F);
    for (double value : result)
        if (!std::isfinite(value))
            CV_Error(Error::StsBadArg, format("%s hold a value that is not finite", name));
    return result;
}

std::vector<int> readIntegers(InputArray _values, size_t expected, const char* name)
{
    Mat values = _values.getMat();
    CV_Check(values.depth(), values.depth() <= CV_32S && values.channels() == 1, "Expected integers of one channel");
    if (values.total() != expected)
        CV_Error(Error::StsUnmatchedSizes, format("Expected %d %s, found %d", (int)expected, name, (int)values.total()));
    std::vector<int> result;
    if (expected)
        values.reshape(1, 1).convertTo(result, CV_32S);
    return result;
}

std::vector<int> readLabels(InputArray _labels, size_t expected)
{
    std::vector<int> labels = readIntegers(_labels, expected, "labels");
    for (int label : labels)
        if (label != 0 && label != 1)
            CV_Error(Error::StsBadArg, format("Labels are 0 or 1, found %d", label));
    return labels;
}

void readCurve(InputArray _fpr, InputArray _tpr, std::vector<double>& fpr, std::vector<double>& tpr)
{
    fpr = readValues(_fpr, "False positive rates");
    tpr = readValues(_tpr, "True positive rates");
    CV_CheckEQ(fpr.size(), tpr.size(), "A curve has as many false as true positive rates");
    CV_CheckGE(fpr.size(), (size_t)2, "A curve has at least its two ends");
}

struct Curve
{
    std::vector<double> fpr, tpr, thresholds;

    void add(double x, double y, double threshold)
    {
        fpr.push_back(x);
        tpr.push_back(y);
        thresholds.push_back(threshold);
    }
    void copyTo(OutputArray _fpr, OutputArray _tpr, OutputArray _thresholds) const
    {
        column(fpr).copyTo(_fpr);
        column(tpr).copyTo(_tpr);
        column(thresholds).copyTo(_thresholds);
    }

private:
    //! n x 1 in OpenCV 5, too, where Mat(vector) has one dimension.
    static Mat column(const std::vector<double>& values) { return Mat(values).reshape(1, int(values.size())); }
};

const double kInfinity = std::numeric_limits<double>::infinity();

//! Position of every face's identity in the list of distinct identities; returns their number.
int countIdentities(std::vector<int>& identities)
{
    std::map<int, int> index;
    for (int identity : identities)
        index[identity] = 0;
    int count = 0;
    for (auto& entry : index)
        entry.second = count++;
    for (int& identity : identities)
        identity = index[identity];
    return count;
}

//! How often each of count identities is drawn in a replicate.
void drawIdentities(RNG& rng, int count, std::vector<int>& draws)
{
    draws.assign(count, 0);
    for (int i = 0; i < count; i++)
        draws[rng.uniform(0, count)]++;
}

} // namespace

void rocCurve(InputArray _scores, InputArray _labels, OutputArray fpr, OutputArray tpr, OutputArray thresholds)
{
    CV_TRACE_FUNCTION();
    const std::vector<double> scores = readValues(_scores, "Scores");
    const std::vector<int> labels = readLabels(_labels, scores.size());

    std::vector<int> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) { return scores[a] > scores[b]; });
    const double positives = std::accumulate(labels.begin(), labels.end(), 0.);
    const double negatives = (double)labels.size() - positives;
    if (positives == 0 || negatives == 0)
        CV_Error(Error::StsBadArg, format("A ROC curve needs faces of both labels, found %d of label 1 and %d of label 0",
                                          (int)positives, (int)negatives));
    Curve curve;
    curve.add(0, 0, kInfinity);
    double accepted[2] = {0, 0}; // of label 0 and 1, at or above the current score
    for (size_t i = 0; i < order.size(); i++)
    {
        accepted[labels[order[i]]]++;
        if (i + 1 == order.size() || scores[order[i + 1]] != scores[order[i]])
            curve.add(accepted[0] / negatives, accepted[1] / positives, scores[order[i]]);
    }
    curve.copyTo(fpr, tpr, thresholds);
}

double areaUnderCurve(InputArray _fpr, InputArray _tpr)
{
    std::vector<double> fpr, tpr;
    readCurve(_fpr, _tpr, fpr, tpr);
    double area = 0;
    for (size_t i = 1; i < fpr.size(); i++)
        area += (fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1]) / 2;
    return area;
}

double equalErrorRate(InputArray _fpr, InputArray _tpr)
{
    std::vector<double> fpr, tpr;
    readCurve(_fpr, _tpr, fpr, tpr);
    // fpr - (1 - tpr) rises from -1 to 1 along the curve.
    auto excess = [&](size_t i) { return fpr[i] + tpr[i] - 1; };
    size_t i = 1;
    while (i + 1 < fpr.size() && excess(i) < 0)
        i++;
    const double share = -excess(i - 1) / (excess(i) - excess(i - 1));
    return fpr[i - 1] + share * (fpr[i] - fpr[i - 1]);
}

double equalErrorThreshold(InputArray _fpr, InputArray _tpr, InputArray _thresholds)
{
    std::vector<double> fpr, tpr;
    readCurve(_fpr, _tpr, fpr, tpr);
    Mat thresholds = _thresholds.getMat();
    CV_CheckTypeEQ(thresholds.type(), CV_64FC1, "Expected the thresholds of the curve");
    CV_CheckEQ(thresholds.total(), fpr.size(), "A curve has a threshold for each point");
    size_t best = 0;
    for (size_t i = 1; i < fpr.size(); i++)
        if (std::abs(fpr[i] + tpr[i] - 1) < std::abs(fpr[best] + tpr[best] - 1))
            best = i;
    return thresholds.at<double>((int)best);
}

void confusionMatrix(InputArray _scores, InputArray _labels, double threshold, OutputArray counts)
{
    const std::vector<double> scores = readValues(_scores, "Scores");
    const std::vector<int> labels = readLabels(_labels, scores.size());
    Matx22d confusion = Matx22d::zeros();
    for (size_t i = 0; i < scores.size(); i++)
        confusion(labels[i], scores[i] >= threshold)++;
    Mat(confusion).copyTo(counts);
}

double errorRate(InputArray scores, InputArray labels, double threshold)
{
    Mat1d counts;
    confusionMatrix(scores, labels, threshold, counts);
    const double total = sum(counts)[0];
    CV_CheckGT(total, 0., "An error rate needs at least one score");
    return (counts(0, 1) + counts(1, 0)) / total;
}

double suppressionRate(double before, double after)
{
    CV_CheckGT(before, 0., "The performance before must be above 0");
    return (before - after) / before;
}

double privacyGainIdentityLoss(double attribute_error, double attribute_error_after,
                               double recognition_error, double recognition_error_after)
{
    return (attribute_error_after - attribute_error) / attribute_error
         - (recognition_error_after - recognition_error) / recognition_error;
}

void bootstrapMean(InputArray _values, InputArray _identities, OutputArray _means, int replicates, int seed)
{
    CV_TRACE_FUNCTION();
    const std::vector<double> values = readValues(_values, "Values");
    std::vector<int> identities = readIntegers(_identities, values.size(), "identities");
    CV_CheckGT(values.size(), (size_t)0, "A mean needs at least one value");
    CV_CheckGT(replicates, 0, "");
    const int count = countIdentities(identities);
    std::vector<double> sums(count), faces(count);
    for (size_t i = 0; i < values.size(); i++)
    {
        sums[identities[i]] += values[i];
        faces[identities[i]]++;
    }
    Mat1d means(replicates, 1);
    RNG rng((uint64)seed);
    std::vector<int> draws;
    for (int r = 0; r < replicates; r++)
    {
        drawIdentities(rng, count, draws);
        means(r) = std::inner_product(draws.begin(), draws.end(), sums.begin(), 0.)
                 / std::inner_product(draws.begin(), draws.end(), faces.begin(), 0.);
    }
    means.copyTo(_means);
}

void confidenceInterval(InputArray _samples, double& lower, double& upper, double level)
{
    std::vector<double> samples = readValues(_samples, "Samples");
    CV_CheckGT(samples.size(), (size_t)0, "");
    CV_Check(level, level > 0 && level < 1, "A level lies between 0 and 1");
    std::sort(samples.begin(), samples.end());
    auto quantile = [&](double q)
    {
        const double position = q * (double)(samples.size() - 1);
        const size_t below = (size_t)position;
        const size_t above = std::min(below + 1, samples.size() - 1);
        return samples[below] + (position - (double)below) * (samples[above] - samples[below]);
    };
    lower = quantile((1 - level) / 2);
    upper = quantile((1 + level) / 2);
}

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
        bool operator<(const Pair& other) const // the best first; a total order, so that results do not depend on threads
        {
            return score != other.score ? score > other.score : a != other.a ? a < other.a : b < other.b;
        }
    };

    //! What one thread has seen of the impostors.
    struct Impostors
    {
        std::vector<double> between, equal; //!< counts below thresholds[0], between its neighbours ..., above the last; and at each
        std::vector<float> least;           //!< least score of each count between
        std::vector<Pair> best;
        float cut;
    };

    Mat1d readDescriptors(InputArray _descriptors, const std::vector<int>& order) const;
    Mat1f scores(const Range& rows, const Range& columns) const;
    void countImpostors(const Range& rows, Impostors& impostors) const;
    void keepBest(Impostors& impostors) const;

    int distance;
    bool self;                       //!< originals against originals
    Mat1d references, probes;        //!< rows sorted by identity
    std::vector<int> identity;       //!< of each row, 0 .. people - 1
    std::vector<int> faces;          //!< of each identity
    std::vector<Pair> genuine;       //!< the best first
    std::vector<float> thresholds;   //!< distinct genuine scores, rising
    Impostors impostors;
    size_t kept;                     //!< how many of the best impostors are kept
};

namespace {

const int kBlock = 256;             // rows and columns of a block of scores: 0.5 MiB, stays in the cache
const double kLargestKeptRate = 0.05; // of the impostors, and
const size_t kLeastKept = 1 << 20;  // this many in any case

} // namespace

MatchEvaluation::Impl::Impl(InputArray _originals, InputArray _perturbed, InputArray _identities, int _distance)
    : distance(_distance), self(_perturbed.empty())
{
    CV_Check(distance, distance == DISTANCE_COSINE || distance == DISTANCE_EUCLIDEAN, "Expected a NetworkDistance");
    const size_t rows = (size_t)_originals.size().height;
    const std::vector<int> given = readIntegers(_identities, rows, "identities");
    if (!self)
        CV_CheckEQ(_perturbed.size(), _originals.size(), "Every original has its perturbed face, with a descriptor of the same length");

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
        CV_Error(Error::StsBadArg, format("Matching needs faces of different people, found %d faces of %d", (int)rows, people));
    kept = (size_t)std::max(std::ceil(kLargestKeptRate * impostor_pairs) + 1, (double)kLeastKept);

    // First pass: genuine pairs only, a block per person.
    for (int begin = 0, person = 0; person < people; begin += faces[person++])
    {
        const Range own(begin, begin + faces[person]);
        const Mat1f block = scores(own, own);
        for (int i = 0; i < block.rows; i++)
            for (int j = self ? i + 1 : 0; j < block.cols; j++)
                if (i != j)
                    genuine.push_back(Pair{block(i, j), person, person});
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
    const int blocks = ((int)rows + kBlock - 1) / kBlock;
    std::atomic<int> next(0);
    std::mutex mutex;
    const int threads = std::max(1, std::min(getNumThreads(), blocks));
    parallel_for_(Range(0, threads), [&](const Range&)
    {
        Impostors own = none;
        for (int block = next++; block < blocks; block = next++)
            countImpostors(Range(block * kBlock, std::min((block + 1) * kBlock, (int)rows)), own);
        keepBest(own);
        std::lock_guard<std::mutex> lock(mutex);
        for (size_t i = 0; i < own.equal.size(); i++)
            impostors.equal[i] += own.equal[i];
        for (size_t i = 0; i < own.between.size(); i++)
        {
            impostors.between[i] += own.between[i];
            impostors.least[i] = std::min(impostors.least[i], own.least[i]);
        }
        impostors.best.insert(impostors.best.end(), own.best.begin(), own.best.end());
    }, threads);
    keepBest(impostors);
    std::sort(impostors.best.begin(), impostors.best.end());
    references.release();
    probes.release();
}

Mat1d MatchEvaluation::Impl::readDescriptors(InputArray _descriptors, const std::vector<int>& order) const
{
    Mat descriptors = _descriptors.getMat();
    CV_Check(descriptors.type(), descriptors.type() == CV_32FC1 || descriptors.type() == CV_64FC1,
             "Expected descriptors of floats, one row each");
    if (!checkRange(descriptors))
        CV_Error(Error::StsBadArg, "Descriptors hold a value that is not finite");
    Mat1d sorted((int)order.size(), descriptors.cols);
    for (int i = 0; i < sorted.rows; i++)
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
        for (int j = 0; j < b.rows; j++)
            squares[j] = b.row(j).dot(b.row(j));
        for (int i = 0; i < a.rows; i++)
        {
            const double square = a.row(i).dot(a.row(i));
            for (int j = 0; j < b.rows; j++)
                products(i, j) = -std::sqrt(std::max(0., square + squares[j] - 2 * products(i, j)));
        }
    }
    Mat1f rounded;
    products.convertTo(rounded, CV_32F);
    return rounded;
}

void MatchEvaluation::Impl::countImpostors(const Range& rows, Impostors& seen) const
{
    for (int begin = self ? rows.start : 0; begin < probes.rows; begin += kBlock)
    {
        const Range columns(begin, std::min(begin + kBlock, probes.rows));
        const Mat1f block = scores(rows, columns);
        for (int i = 0; i < block.rows; i++)
            for (int j = 0; j < block.cols; j++)
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
                    seen.best.push_back(Pair{score, a, b});
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
    Curve curve;
    curve.add(0, 0, kInfinity);
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
            matched_genuine++;
        curve.add(matched_impostors / impostor_pairs, (double)matched_genuine / genuine_pairs, thresholds[i - 1]);
    }
    curve.copyTo(fmr, tmr, _thresholds);
}

void MatchEvaluation::Impl::checkGenuine() const
{
    if (genuine_pairs == 0)
        CV_Error(Error::StsBadArg, format("A true match rate needs people with two faces, found one of each of %d", people));
}

void MatchEvaluation::Impl::draw(RNG& rng, std::vector<int>& draws) const
{
    bool has_genuine, has_impostors;
    do
    {
        drawIdentities(rng, people, draws);
        has_genuine = false;
        for (int person = 0; person < people; person++)
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
    for (int person = 0; person < people; person++)
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
        CV_Error(Error::StsOutOfRange, format("False match rates up to %g are kept, asked for %g: use roc()", kLargestKeptRate, fmr));
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

Ptr<MatchEvaluation> MatchEvaluation::create(InputArray originals, InputArray perturbed, InputArray identities, int distance)
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
    CV_CheckGT(replicates, 0, "");
    p->checkGenuine();
    Mat1d rates(replicates, 1);
    RNG rng((uint64)seed);
    std::vector<int> draws;
    for (int r = 0; r < replicates; r++)
    {
        p->draw(rng, draws);
        rates(r) = p->matchRate(p->rejectedScore(fmr, draws), draws);
    }
    rates.copyTo(_rates);
}

}} // namespace cv::sanprivacy
