// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/bench_matching.hpp"

#include <cstdio>
#include <ctime>
#include <vector>

#include <sys/resource.h>

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const int NUMBERS = 128, FACES_OF_PERSON = 10; // of a descriptor; of each person
const double DIFFERENCE = 1.5;                 // between the faces of a person, against that between people

//! The most memory that this process has used, MiB.
double peakMemory()
{
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024;
}

//! Normally distributed around a centre for each person.
cv::Mat generateDescriptors(int faces)
{
    cv::RNG random(1);
    cv::Mat descriptors(faces, NUMBERS, CV_32F), person(1, NUMBERS, CV_32F);
    random.fill(descriptors, cv::RNG::NORMAL, 0, DIFFERENCE);
    for (int i = 0; i < faces; ++i)
    {
        if (i % FACES_OF_PERSON == 0)
            random.fill(person, cv::RNG::NORMAL, 0, 1);
        descriptors.row(i) += person;
    }
    return descriptors;
}

} // namespace

ExitCode benchMatching(int faces)
{
    const cv::Mat descriptors = generateDescriptors(faces);
    std::vector<int> people(static_cast<size_t>(faces));
    for (int i = 0; i < faces; ++i)
        people[size_t(i)] = i / FACES_OF_PERSON;
    const double before = peakMemory();
    const std::clock_t processor = std::clock();
    const int64 start = cv::getTickCount();
    const cv::Ptr<MatchEvaluation> evaluation = MatchEvaluation::create(descriptors, cv::Mat(), people);
    const double rate = evaluation->trueMatchRate(.01);
    std::printf("%d faces, %.0f pairs: %.1f s elapsed, %.1f s of processor time, %.0f MiB of memory, of which %.0f MiB "
                "before\nTMR at FMR 1 %%: %.1f %%\n",
        faces, evaluation->genuinePairs() + evaluation->impostorPairs(),
        double(cv::getTickCount() - start) / cv::getTickFrequency(), double(std::clock() - processor) / CLOCKS_PER_SEC,
        peakMemory(), before, 100 * rate);
    return SUCCEEDED;
}

}} // namespace sanprivacy::apps
