// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/adaptive_attacker.hpp"

#include <algorithm>
#include <utility>

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
        std::vector<std::pair<float, int>> nearest(size_t(others.rows)); // of a face: farness and number
        for (int first = 0; first < faces.rows; first += FACES_AT_ONCE)
        {
            const cv::Mat1f some = faces.rowRange(first, std::min(faces.rows, first + FACES_AT_ONCE));
            cv::Mat1f products;
            cv::gemm(some, others, -2, cv::noArray(), 0, products, cv::GEMM_2_T);
            for (int i = 0; i < some.rows; ++i)
            {
                // Squared distances less the face's own square, which is the same for all.
                for (int j = 0; j < others.rows; ++j)
                    nearest[size_t(j)] = { squares(j) + products(i, j), j };
                std::nth_element(nearest.begin(), nearest.begin() + voters - 1, nearest.end());
                float ones = 0;
                for (int j = 0; j < voters; ++j)
                    ones += float(labels[size_t(nearest[size_t(j)].second)]);
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
