// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/adaptive_attacker.hpp"

#include <map>
#include <utility>

namespace sanprivacy { namespace apps {

std::vector<int> dealParts(const std::vector<int>& labels, const std::vector<int>& people)
{
    std::map<int, int> part_of;
    int dealt_of_label[2] = { 0, 0 };
    std::vector<int> parts;
    for (size_t i = 0; i < people.size(); ++i)
    {
        if (!part_of.count(people[i]))
            part_of[people[i]] = dealt_of_label[labels[i]]++ % PARTS;
        parts.push_back(part_of[people[i]]);
    }
    return parts;
}

std::vector<float> crossValidate(const AdaptiveAttacker& attacker, const cv::Mat1f& features,
    const std::vector<int>& labels, const std::vector<int>& people)
{
    const std::vector<int> parts = dealParts(labels, people);
    std::vector<float> scores(labels.size());
    for (int part = 0; part < PARTS; ++part)
    {
        cv::Mat1f known, unknown;
        std::vector<int> known_labels;
        std::vector<size_t> attacked;
        int of_label[2] = { 0, 0 };
        for (size_t i = 0; i < labels.size(); ++i)
            if (parts[i] == part)
            {
                unknown.push_back(features.row(int(i)));
                attacked.push_back(i);
            }
            else
            {
                known.push_back(features.row(int(i)));
                known_labels.push_back(labels[i]);
                ++of_label[labels[i]];
            }
        if (attacked.empty())
            continue;
        if (of_label[0] == 0 || of_label[1] == 0)
            return std::vector<float>();
        const std::vector<float> found = attacker.attack(known, known_labels, unknown);
        for (size_t i = 0; i < attacked.size(); ++i)
            scores[attacked[i]] = found[i];
    }
    return scores;
}

void vote(const std::vector<float>& scores, const std::vector<int>& labels, const std::vector<int>& people,
    std::vector<float>& votes, std::vector<int>& vote_labels)
{
    std::map<std::pair<int, int>, std::vector<float>> by_person; // and label
    for (size_t i = 0; i < scores.size(); ++i)
        by_person[{ people[i], labels[i] }].push_back(scores[i]);
    votes.clear();
    vote_labels.clear();
    for (const auto& person : by_person)
        if (person.second.size() > 1)
        {
            votes.push_back(float(cv::mean(person.second)[0]));
            vote_labels.push_back(person.first.second);
        }
}

}} // namespace sanprivacy::apps
