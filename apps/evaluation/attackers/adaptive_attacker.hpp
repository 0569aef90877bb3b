// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_ATTACKERS_ADAPTIVE_ATTACKER_HPP
#define SANPRIVACY_APPS_EVALUATION_ATTACKERS_ADAPTIVE_ATTACKER_HPP

#include <memory>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! Someone who knows that faces are protected, and learns from such faces of other people, whose labels are known.
class AdaptiveAttacker
{
public:
    virtual ~AdaptiveAttacker() = default;

    /** Learns from some faces and predicts the labels of others.
    @param known a row of features for each face to learn from
    @param labels of those faces, 0 or 1, both among them
    @param unknown a row of features for each other face
    @return a number for each of those, the higher the more likely its label is 1 */
    virtual std::vector<float> attack(
        const cv::Mat1f& known, const std::vector<int>& labels, const cv::Mat1f& unknown) const = 0;
};

//! Asks the labels of the nearest known faces. @param distance a NetworkDistance, that of the features
std::unique_ptr<AdaptiveAttacker> createNearestNeighbors(int distance);

//! A linear classifier: ridge regression of the label.
std::unique_ptr<AdaptiveAttacker> createLinearProbe();

const int PARTS = 5; //!< that people are dealt to

/** The part of each face, 0 to PARTS - 1: people of each label are dealt in turn, so that every part has its share of
both. Whoever attacks a part has learnt from the others only.
@param people a number for each face */
std::vector<int> dealParts(const std::vector<int>& labels, const std::vector<int>& people);

/** What an attacker makes of each face after learning from other people's, see dealParts().
@param people a number for each row; faces of one person are in one part
@return empty where there are fewer than two people of either label */
std::vector<float> crossValidate(const AdaptiveAttacker& attacker, const cv::Mat1f& features,
    const std::vector<int>& labels, const std::vector<int>& people);

/** The vote over several images of one person: the mean score of each person who has several. Images of one person with
different labels (an age changes) are two persons' here. */
void vote(const std::vector<float>& scores, const std::vector<int>& labels, const std::vector<int>& people,
    std::vector<float>& votes, std::vector<int>& vote_labels);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_ATTACKERS_ADAPTIVE_ATTACKER_HPP
