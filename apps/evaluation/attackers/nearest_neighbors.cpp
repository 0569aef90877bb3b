// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/adaptive_attacker.hpp"

#include <algorithm>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

namespace {

const int VOTERS = 15;
const int FACES_AT_ONCE = 256; // so that the distances of all pairs are never in memory together

class NearestNeighbors : public AdaptiveAttacker
{
public:
    explicit NearestNeighbors(int distance) : distance_(distance) {}

    std::vector<float> attack(
        const cv::Mat1f& known, const std::vector<int>& labels, const cv::Mat1f& unknown) const override
    {
        const cv::Mat1f others = comparable(known), faces = comparable(unknown);
        cv::Mat1f squares;
        cv::reduce(others.mul(others), squares, 1, cv::REDUCE_SUM);
        const int voters = std::min(VOTERS, others.rows);
        std::vector<float> shares;
        std::vector<int> order(size_t(others.rows));
        for (int first = 0; first < faces.rows; first += FACES_AT_ONCE)
        {
            const cv::Mat1f some = faces.rowRange(first, std::min(faces.rows, first + FACES_AT_ONCE));
            cv::Mat1f products;
            cv::gemm(some, others, -2, cv::noArray(), 0, products, cv::GEMM_2_T);
            for (int i = 0; i < some.rows; ++i)
            {
                // Squared distances less the face's own square, which is the same for all.
                const auto farness = [&](int j) { return squares(j) + products(i, j); };
                for (int j = 0; j < others.rows; ++j)
                    order[size_t(j)] = j;
                std::nth_element(order.begin(), order.begin() + voters - 1, order.end(),
                    [&](int a, int b) { return farness(a) < farness(b); });
                float ones = 0;
                for (int j = 0; j < voters; ++j)
                    ones += float(labels[size_t(order[size_t(j)])]);
                shares.push_back(ones / float(voters));
            }
        }
        return shares;
    }

private:
    //! The nearest by cosine are those nearest by Euclidean distance where all have length 1.
    cv::Mat1f comparable(const cv::Mat1f& features) const
    {
        if (distance_ != cv::sanprivacy::DISTANCE_COSINE)
            return features;
        cv::Mat1f scaled = features.clone();
        for (int i = 0; i < scaled.rows; ++i)
            cv::normalize(scaled.row(i), scaled.row(i));
        return scaled;
    }

    int distance_;
};

} // namespace

std::unique_ptr<AdaptiveAttacker> createNearestNeighbors(int distance)
{
    return std::make_unique<NearestNeighbors>(distance);
}

}} // namespace sanprivacy::apps
