// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "best_pairs.hpp"
#include "bootstrap.hpp"
#include "check_created.hpp"
#include "match_scores.hpp"
#include "matrix_argument.hpp"
#include "roc_points.hpp"
#include "score_counts.hpp"
#include "value_arguments.hpp"

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
    //! Of all pairs.
    double trueMatchRate(double fmr) const;
    //! Raises an error where no person has two faces.
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
    struct GenuinePair
    {
        float score;
        int person;
        bool operator<(const GenuinePair& other) const // the best first
        {
            return score != other.score ? score > other.score : person < other.person;
        }
    };

    //! What one thread works with.
    struct Worker
    {
        ScoreCounts counts;
        std::vector<std::vector<ScoredPair>> best; //!< for each of the BestPairs, those not yet added
        MatchScores::Block block;
    };

    void findGenuine(const MatchScores& scores);
    void countImpostors(const MatchScores& scores);
    void countImpostors(const MatchScores& scores, const Range& rows, Worker& worker);
    void countImpostors(int row, const Range& columns, const float* scores, Worker& worker);

    bool self;                          //!< originals against originals
    std::vector<int> identity;          //!< of each row, 0 .. people - 1
    std::vector<int> faces, first_face; //!< of each identity: how many rows, and the first of them
    std::vector<GenuinePair> genuine;   //!< the best first
    Thresholds thresholds;              //!< distinct genuine scores, rising
    ScoreCounts impostors;
    std::vector<Ptr<BestPairs>> best; //!< of all impostors; of samples where their best are too many
};

namespace {

const int BLOCK_ROWS = 512, BLOCK_COLUMNS = 1024; // scores computed at once, 4 MiB
const double LARGEST_KEPT_RATE = 0.05;            // of the impostors, and
const double LEAST_KEPT = 1 << 20;                // this many in any case
const double MOST_KEPT = 1 << 22;                 // 48 MiB; beyond it samples are kept
const int SAMPLING = 64;                          // one pair of so many is in a sample of the pairs or of a sample
const size_t PAIRS_AT_ONCE = 1 << 14;             // that a thread adds to the best

void checkRate(double fmr)
{
    CV_Check(fmr, fmr >= 0 && fmr <= 1, "A false match rate lies between 0 and 1");
}

} // namespace

MatchEvaluation::Impl::Impl(InputArray _originals, InputArray _perturbed, InputArray _identities, int distance)
    : self(_perturbed.empty())
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

    faces.assign(people, 0);
    for (int person : identity)
        faces[person]++;
    first_face.assign(1, 0);
    double same = 0;
    for (int count : faces)
    {
        same += (double)count * (count - 1);
        first_face.push_back(first_face.back() + count);
    }
    const double all = (double)rows * ((double)rows - 1);
    genuine_pairs = self ? same / 2 : same;
    impostor_pairs = self ? (all - same) / 2 : all - same;
    if (impostor_pairs == 0)
        CV_Error(Error::StsBadArg,
            format("Matching needs faces of different people, found %d faces of %d", (int)rows, people));
    const MatchScores scores(_originals, _perturbed, order, distance);
    findGenuine(scores);
    countImpostors(scores);
}

//! First pass: blocks of the faces of each person.
void MatchEvaluation::Impl::findGenuine(const MatchScores& scores)
{
    genuine.reserve((size_t)genuine_pairs);
    MatchScores::Block block;
    for (int person = 0; person < people; ++person)
        for (int row = first_face[person]; row < first_face[person + 1]; row += BLOCK_ROWS)
            for (int column = self ? row : first_face[person]; column < first_face[person + 1]; column += BLOCK_COLUMNS)
            {
                const Range rows(row, std::min(row + BLOCK_ROWS, first_face[person + 1])),
                    columns(column, std::min(column + BLOCK_COLUMNS, first_face[person + 1]));
                scores.compute(rows, columns, block);
                for (int i = rows.start; i < rows.end; ++i)
                    for (int j = std::max(columns.start, self ? i + 1 : 0); j < columns.end; ++j)
                        if (i != j)
                            genuine.push_back(GenuinePair { block.scores(i - row, j - column), person });
            }
    std::sort(genuine.begin(), genuine.end());
    std::vector<float> rising;
    for (auto pair = genuine.rbegin(); pair != genuine.rend(); ++pair)
        if (rising.empty() || rising.back() != pair->score)
            rising.push_back(pair->score);
    thresholds = Thresholds(rising);
}

//! Second pass: impostors, counted between the genuine scores.
void MatchEvaluation::Impl::countImpostors(const MatchScores& scores)
{
    impostors = ScoreCounts(thresholds);
    const double wanted = std::ceil(LARGEST_KEPT_RATE * impostor_pairs) + 1;
    const size_t kept = (size_t)std::min(std::max(wanted, LEAST_KEPT), MOST_KEPT);
    for (int one_of = 1; best.empty() || (double)kept * one_of < wanted * SAMPLING; one_of *= SAMPLING)
        best.push_back(makePtr<BestPairs>(kept, impostor_pairs / one_of, one_of));

    const int rows = scores.rows(), blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    std::atomic<int> next(0);
    std::mutex mutex;
    const int threads = std::max(1, std::min(getNumThreads(), blocks));
    parallel_for_(
        Range(0, threads),
        [&](const Range&)
        {
            Worker worker;
            worker.counts = ScoreCounts(thresholds);
            worker.best.resize(best.size());
            for (int block = next++; block < blocks; block = next++)
                countImpostors(scores, Range(block * BLOCK_ROWS, std::min((block + 1) * BLOCK_ROWS, rows)), worker);
            for (size_t i = 0; i < best.size(); ++i)
                best[i]->add(worker.best[i]);
            std::lock_guard<std::mutex> lock(mutex);
            impostors.add(worker.counts);
        },
        threads);
    for (const Ptr<BestPairs>& pairs : best)
        pairs->finish();
}

void MatchEvaluation::Impl::countImpostors(const MatchScores& scores, const Range& rows, Worker& worker)
{
    for (int begin = self ? first_face[identity[rows.start] + 1] : 0; begin < scores.rows(); begin += BLOCK_COLUMNS)
    {
        const Range columns(begin, std::min(begin + BLOCK_COLUMNS, scores.rows()));
        scores.compute(rows, columns, worker.block);
        for (int row = rows.start; row < rows.end; ++row)
        {
            // The person's own faces are in one piece of the sorted rows. Originals have met those before it already.
            const int person = identity[row];
            const auto inside = [&](int face) { return std::min(std::max(face, columns.start), columns.end); };
            const int own = inside(first_face[person]), others = inside(first_face[person + 1]);
            const float* const row_scores = worker.block.scores[row - rows.start];
            if (!self)
                countImpostors(row, Range(columns.start, own), row_scores, worker);
            countImpostors(row, Range(others, columns.end), row_scores + (others - columns.start), worker);
        }
        for (size_t i = 0; i < best.size(); ++i)
            if (worker.best[i].size() >= PAIRS_AT_ONCE)
                best[i]->add(worker.best[i]);
    }
}

//! Counts the scores of one row.
void MatchEvaluation::Impl::countImpostors(int row, const Range& columns, const float* scores, Worker& worker)
{
    float cut = best[0]->cut(); // of the widest sample
    for (const Ptr<BestPairs>& pairs : best)
        cut = std::min(cut, pairs->cut());
    const int a = identity[row];
    for (int column = columns.start; column < columns.end; ++column)
    {
        const float score = scores[column - columns.start];
        worker.counts.add(score);
        if (score < cut)
            continue;
        for (size_t i = 0; i < best.size(); ++i)
            if (score >= best[i]->cut() && best[i]->samples(row, column))
                worker.best[i].push_back(ScoredPair { score, a, identity[column] });
    }
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
        const ScoreCounts::Interval& between = impostors.between[i];
        if (between.count > 0)
        {
            matched_impostors += between.count;
            curve.add(matched_impostors / impostor_pairs, (double)matched_genuine / genuine_pairs, between.least);
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

double MatchEvaluation::Impl::trueMatchRate(double fmr) const
{
    checkGenuine();
    checkRate(fmr);
    // Down to the lowest genuine score that at most so many impostors reach.
    double impostors_there = impostors.between.back().count;
    size_t i = thresholds.size();
    for (; i > 0; --i)
    {
        impostors_there += impostors.equal[i - 1];
        if (impostors_there > fmr * impostor_pairs)
            break;
        impostors_there += impostors.between[i - 1].count;
    }
    const auto rejected = i == 0 ? genuine.end()
                                 : std::partition_point(genuine.begin(), genuine.end(),
                                     [&](const GenuinePair& pair) { return pair.score > thresholds[i - 1]; });
    return (double)(rejected - genuine.begin()) / genuine_pairs;
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
    checkRate(fmr);
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
    for (const Ptr<BestPairs>& some : best)
    {
        double matched = 0;
        for (const ScoredPair& pair : some->pairs)
        {
            matched += (double)draws[pair.a] * draws[pair.b] * some->one_of;
            if (matched > allowed)
                return pair.score;
        }
    }
    if ((double)best[0]->pairs.size() < impostor_pairs)
        CV_Error(Error::StsOutOfRange,
            format("False match rates up to %g are kept, asked for %g: use roc()", LARGEST_KEPT_RATE, fmr));
    return -std::numeric_limits<float>::infinity(); // every impostor may match
}

double MatchEvaluation::Impl::matchRate(float rejected, const std::vector<int>& draws) const
{
    double all = 0, matched = 0;
    for (int person = 0; person < people; ++person)
        all += (double)draws[person] * faces[person] * (faces[person] - 1) / (self ? 2 : 1);
    for (const GenuinePair& pair : genuine)
    {
        if (pair.score <= rejected)
            break;
        matched += draws[pair.person];
    }
    return matched / all;
}

static const MatchEvaluation::Impl& checkCreated(const Ptr<MatchEvaluation::Impl>& p)
{
    return checkCreated(p, "MatchEvaluation");
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
    return checkCreated(p).genuine_pairs;
}

double MatchEvaluation::impostorPairs() const
{
    return checkCreated(p).impostor_pairs;
}

void MatchEvaluation::roc(OutputArray fmr, OutputArray tmr, OutputArray thresholds) const
{
    checkCreated(p).roc(fmr, tmr, thresholds);
}

double MatchEvaluation::trueMatchRate(double fmr) const
{
    return checkCreated(p).trueMatchRate(fmr);
}

double MatchEvaluation::matchThreshold(double fmr) const
{
    const Impl& impl = checkCreated(p);
    const float rejected = impl.rejectedScore(fmr, std::vector<int>(impl.people, 1));
    return std::nextafter(rejected, std::numeric_limits<float>::infinity());
}

void MatchEvaluation::bootstrap(double fmr, OutputArray _rates, int replicates, int seed) const
{
    CV_TRACE_FUNCTION();
    const Impl& impl = checkCreated(p);
    CV_CheckGT(replicates, 0, "A bootstrap needs at least one replicate");
    impl.checkGenuine();
    Mat1d rates(replicates, 1);
    RNG rng((uint64)seed);
    std::vector<int> draws;
    for (int r = 0; r < replicates; ++r)
    {
        impl.draw(rng, draws);
        rates(r) = impl.matchRate(impl.rejectedScore(fmr, draws), draws);
    }
    rates.copyTo(_rates);
}

}} // namespace cv::sanprivacy
