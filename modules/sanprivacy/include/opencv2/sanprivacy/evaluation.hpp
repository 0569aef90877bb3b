// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_EVALUATION_HPP
#define OPENCV_SANPRIVACY_EVALUATION_HPP

#include "opencv2/core.hpp"
#include "opencv2/sanprivacy/networks.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

/** @brief Receiver operating characteristic of a score that should be high for label 1.

A score at or above the threshold predicts label 1. Equal scores share one point, so a tie between the labels
is a slanted piece of the curve and counts half in the area, as in scikit-learn's roc_curve(drop_intermediate=False).
Here and in the other functions of this file, values that are not finite raise Error::StsBadArg, and arguments of
different lengths Error::StsUnmatchedSizes or Error::StsError.
@param scores N finite values of any one-channel type.
@param labels N values 0 or 1; both must occur.
@param fpr share of label 0 at or above each threshold, Mx1 CV_64F, rising from 0 to 1.
@param tpr share of label 1 at or above each threshold, Mx1 CV_64F, rising from 0 to 1.
@param thresholds Mx1 CV_64F, falling: infinity, then every distinct score.
*/
CV_EXPORTS_W void rocCurve(
    InputArray scores, InputArray labels, OutputArray fpr, OutputArray tpr, OutputArray thresholds);

/** @brief Area under a curve of rocCurve() or MatchEvaluation::roc(), by the trapezoidal rule: sum of
(fpr_i - fpr_i-1) (tpr_i + tpr_i-1) / 2, 0..1.

Here and below a curve runs from (0, 0) to (1, 1) and both rates rise; another order raises Error::StsBadArg.
@param fpr, tpr as many values, two or more. */
CV_EXPORTS_W double areaUnderCurve(InputArray fpr, InputArray tpr);

/** @brief Equal error rate, 0..1: where the straight pieces of the curve meet fpr = 1 - tpr.
@param fpr, tpr as in areaUnderCurve(). */
CV_EXPORTS_W double equalErrorRate(InputArray fpr, InputArray tpr);

/** @brief Threshold of the point of the curve whose fpr and 1 - tpr differ least; of several, the highest.
@param fpr, tpr as in areaUnderCurve().
@param thresholds of rocCurve(), one per point, CV_64F, falling. */
CV_EXPORTS_W double equalErrorThreshold(InputArray fpr, InputArray tpr, InputArray thresholds);

/** @brief Number of faces for each true label (row) and predicted label (column).
@param scores, labels as in rocCurve(); one label is enough.
@param threshold a score at or above it predicts label 1; infinite ones are allowed.
@param counts 2x2 CV_64F. */
CV_EXPORTS_W void confusionMatrix(InputArray scores, InputArray labels, double threshold, OutputArray counts);

/** @brief Share of the scores on the wrong side of the threshold, 0..1.
@param scores, labels as in rocCurve(); at least one score, one label is enough.
@param threshold a score at or above it predicts label 1. */
CV_EXPORTS_W double errorRate(InputArray scores, InputArray labels, double threshold);

/** @brief Relative loss of a classifier's performance, (before - after) / before @cite rot2022privacyprober .
@param before accuracy or area under the curve on original faces, above 0.
@param after the same on perturbed faces. Values that are not finite raise Error::StsError. */
CV_EXPORTS_W double suppressionRate(double before, double after);

/** @brief Privacy gain identity loss coefficient @cite terhoerst2020pemiu : (A' - A) / A - (R' - R) / R.

Above 0 the privacy gained outweighs the recognition lost. An error of 0 before makes it infinite or NaN.
@param attribute_error A, error of the attribute classifier on original faces.
@param attribute_error_after A', on perturbed faces.
@param recognition_error R, error of the matcher (for example its EER) on original faces.
@param recognition_error_after R', on perturbed faces. Errors that are negative or not finite raise Error::StsError. */
CV_EXPORTS_W double privacyGainIdentityLoss(
    double attribute_error, double attribute_error_after, double recognition_error, double recognition_error_after);

/** @brief Bootstrap over identities of a mean, such as an error rate from one 0 or 1 per face.

Every replicate draws as many identities as there are, with replacement, and takes all their faces, since faces of one
person are not independent. The same seed gives the same draws for every measure of the same identities, so that two
measures can be compared replicate by replicate.
@param values N finite values, one per face.
@param identities N integers.
@param means replicates x 1 CV_64F.
@param replicates number of draws, 1 or more.
@param seed of the draws. */
CV_EXPORTS_W void bootstrapMean(
    InputArray values, InputArray identities, OutputArray means, int replicates = 1000, int seed = 1);

/** @brief Percentile interval of bootstrap replicates.
@param samples values of the replicates.
@param lower, upper ends of the interval, interpolated between neighbouring values.
@param level share of the replicates inside, between 0 and 1. */
CV_EXPORTS_W void confidenceInterval(
    InputArray samples, CV_OUT double& lower, CV_OUT double& upper, double level = 0.95);

/** @brief Match scores of all genuine and impostor pairs of a data set, in bounded memory.

Originals against originals: every unordered pair of two faces. Originals against perturbed faces, as section 5 of
@cite mirjalili2018san compares them: every perturbed face against every original but its own; a pair is genuine where
both are of one person. Scores are computed in blocks and not stored. roc() and trueMatchRate() are exact nevertheless,
whatever the number of pairs: the curve has its vertices at genuine scores and at the impostor scores next to them.

bootstrap() and matchThreshold() need the highest impostor scores, up to a false match rate of 5 %:
 - up to 84 million impostor pairs (13,000 faces with one another) all of these are kept, at most 2^22 scores;
 - beyond, the highest 2^22 scores of all pairs are kept and, for higher rates, the highest of samples: one pair in 64,
   one in 64 * 64, and so on, chosen by a hash. Where n pairs of a sample match, the false match rate at the threshold
   has a relative standard error of 1 / sqrt(n), at most 0.4 %.

Memory: 16 bytes for each number of the descriptors, up to 300 MiB for the scores, and about 40 bytes for each genuine
pair. An object does not change, so any number of threads may share it.
*/
class CV_EXPORTS_W MatchEvaluation
{
public:
    CV_WRAP MatchEvaluation(); //!< an empty object: every call except empty() raises Error::StsNullPtr; use create()

    /** @brief Computes and counts the scores of all pairs.
    @param originals NxD descriptors of the original faces, CV_32F or CV_64F, finite.
    @param perturbed NxD descriptors of the same faces in the same order, perturbed; empty: originals against originals.
    @param identities N integers, at least two different ones. If no person has two faces there are no genuine pairs,
    and matchThreshold() is the only measure.
    @param distance a NetworkDistance.
    Descriptors that are not finite raise Error::StsBadArg, as do faces of one person only. */
    CV_WRAP static Ptr<MatchEvaluation> create(
        InputArray originals, InputArray perturbed, InputArray identities, int distance = DISTANCE_COSINE);

    CV_WRAP bool empty() const;           //!< whether the object was not made by create(), and cannot be used
    CV_WRAP double genuinePairs() const;  //!< number (whole, exact to 2^53)
    CV_WRAP double impostorPairs() const; //!< number (whole, exact to 2^53)

    /** @brief The curve of rocCurve() over all pairs; points on a straight line between others may be left out.
    @param fmr false match rate, Mx1 CV_64F.
    @param tmr true match rate, Mx1 CV_64F.
    @param thresholds match scores, Mx1 CV_64F, falling from infinity. */
    CV_WRAP void roc(OutputArray fmr, OutputArray tmr, OutputArray thresholds) const;

    /** @brief Highest true match rate whose false match rate is at most the given one.
    @param fmr 0 to 1. */
    CV_WRAP double trueMatchRate(double fmr) const;

    /** @brief Lowest score whose false match rate is at most the given one; pairs at or above it match.
    @param fmr 0 to 0.05; up to 1 where there are few pairs. */
    CV_WRAP double matchThreshold(double fmr) const;

    /** @brief trueMatchRate() of bootstrap replicates, the threshold found anew in each.

    Identities are drawn as in bootstrapMean(); a replicate without genuine or impostor pairs is drawn again. A person
    drawn k times counts k times among the genuine pairs, and is not compared with itself as an impostor.
    @param fmr as in matchThreshold().
    @param rates replicates x 1 CV_64F.
    @param replicates number of draws, 1 or more.
    @param seed of the draws. */
    CV_WRAP void bootstrap(double fmr, OutputArray rates, int replicates = 1000, int seed = 1) const;

    class Impl;

protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_EVALUATION_HPP
