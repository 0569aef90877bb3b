// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "dnn_net.hpp" // reasonOf()
#include "face_cover.hpp"
#include "generator.hpp" // FACE_SIZE
#include "face_replacer.hpp"
#include "surroundings.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const double LEAST_INSIDE = .5; // share of a crop inside the frame, for the network
const int VOTES = 9;            // of the attribute classifier on a track's label
const double VOTE_MARGIN = .1;  // around 1/2, to change a label once it is given

// Against flicker: what is too small to be motion of the face is not passed on.
const double SLACK = .004;      // of landmarks, eye distances
const double STILL = .02;       // mean absolute difference of two crops of one face, of 1
const double LEAST_WEIGHT = .3; // share of the new perturbation on a still face; the rest is the last one

Landmarks toLandmarks(const std::vector<Point2f>& points)
{
    Landmarks landmarks;
    for (const Point2f& point : points)
        landmarks.push_back(Point2c(point.x, point.y));
    return landmarks;
}

//! Measures the time of one step after the other.
class Stopwatch
{
public:
    Stopwatch() : start_(getTickCount()) {}

    double lap() //!< milliseconds since the last call
    {
        const int64 last = start_;
        start_ = getTickCount();
        return (start_ - last) * 1000. / getTickFrequency();
    }

private:
    int64 start_;
};

//! Landmarks with hysteresis: they stay while the face moves by less than the slack, and lag by no more than it.
const Landmarks& steady(TrackHistory& track, const Landmarks& landmarks)
{
    if (track.landmarks.empty())
        track.landmarks = landmarks;
    double distance = 0;
    for (size_t k = 0; k < landmarks.size(); ++k)
        distance += std::norm(landmarks[k] - track.landmarks[k]) / landmarks.size();
    distance = std::sqrt(distance);
    const double slack = SLACK * eyeDistance(landmarks);
    if (distance > slack)
        for (size_t k = 0; k < landmarks.size(); ++k)
            track.landmarks[k] += (1 - slack / distance) * (landmarks[k] - track.landmarks[k]);
    return track.landmarks;
}

//! The canonical crop in color or gray as the frame, and in gray, both 0..1. @return whether enough of it is inside the
//! frame.
bool cut(const Mat& image, const Landmarks& landmarks, AlignedFace& face, Mat& gray)
{
    try
    {
        face = AlignedFace::cut(image, landmarks, FACE_SIZE);
        if (face.coverage < LEAST_INSIDE)
            return false;
    }
    catch (const cv::Exception& e)
    {
        if (e.code != Error::StsOutOfRange && e.code != Error::StsBadSize
            && e.code != Error::StsBadArg) // the landmarks are no face's
            throw;
        return false;
    }
    toGray(face.crop).convertTo(gray, CV_32F, 1 / 255.);
    face.crop.convertTo(face.crop, CV_32F, 1 / 255.);
    return true;
}

//! Mean absolute difference of a crop and the last one of the track that passed the network.
double difference(const TrackHistory& track, const Mat& face)
{
    return norm(face, track.face, NORM_L1) / face.total();
}

//! Where a face has not changed, its last perturbation stays.
void renew(TrackHistory& track, const Mat& face, const Mat& change)
{
    if (track.change.empty())
        change.copyTo(track.change);
    else
    {
        const double weight = std::min(std::max(difference(track, face) / STILL, LEAST_WEIGHT), 1.);
        addWeighted(change, weight, track.change, 1 - weight, 0, track.change);
    }
    track.face = face;
}

} // namespace

Mat FaceReplacer::protect(const TrackedFrame& frame, StreamRecord& record)
{
    record = frame.record;
    record.faces.clear();
    if (record.error.empty())
    {
        try
        {
            return replaceFaces(frame, record);
        }
        catch (const std::exception& e)
        {
            record.error = reasonOf(e);
        }
    }
    record.withheld = params_.low_confidence == LOW_CONFIDENCE_DROP;
    record.blurred = !record.withheld;
    Mat result = Mat::zeros(frame.image.size(), frame.image.type());
    if (record.blurred)
        coverFrame(frame.image, result);
    return result;
}

Mat FaceReplacer::replaceFaces(const TrackedFrame& frame, StreamRecord& record)
{
    Stopwatch watch;
    Heads heads;
    collect(frame, record, heads);
    forgetOthers(frame);
    record.align_ms = watch.lap();

    std::vector<Mat> outputs;
    if (!heads.crops.empty())
        outputs = perturb(frame, heads, record);
    for (size_t i = outputs.size(); i-- > 0;)
        if (outputs[i].empty()) // the outputs are not numbers: whatever the policy, the face is not left as it is
        {
            StreamFace& face = record.faces[heads.aligned[i]];
            const auto observation = std::find_if(frame.observations.begin(), frame.observations.end(),
                [&](const Observation& one) { return one.track == face.track; });
            cover(face, HeadShape(toLandmarks(face.landmarks), observation->growth), false, record, heads);
            heads.perturbed.erase(heads.perturbed.begin() + std::ptrdiff_t(i));
            heads.crops[i].release();
            record.error = "The output of a network is not a probability or not an image";
        }
    record.network_ms = watch.lap();
    if (record.withheld)
        return Mat::zeros(frame.image.size(), frame.image.type());

    const bool shared = !frame.image.u || frame.image.u->refcount > 1; // with the tracker, as its newest frame is
    Mat result = shared ? frame.image.clone() : frame.image;
    for (size_t i = 0; i < heads.covered.size(); ++i)
        coverHead(frame.image, result, heads.covered[i], heads.covers[i], heads.perturbed);
    const bool same = params_.prototype == PROTOTYPE_SAME;
    std::vector<Similarity> changed, others;
    for (size_t i = 0; i < heads.crops.size(); ++i)
        if (!heads.crops[i].empty())
        {
            heads.faces[i].blend(
                result, outputs[i], same ? 0 : perturber_->getColorStrength(), perturber_->getWeakenMarks());
            changed.push_back(heads.faces[i].to_image);
        }
    for (const StreamFace& face : record.faces)
        if (face.protection != PROTECTION_REPLACED)
            others.push_back(cropToImage(toLandmarks(face.landmarks)));
    if (!same && !changed.empty())
        blurSurroundings(result, changed, others, perturber_->getSurroundingsBlur());
    record.blend_ms = watch.lap();
    return result;
}

//! What is to be done with each face.
void FaceReplacer::collect(const TrackedFrame& frame, StreamRecord& record, Heads& heads)
{
    for (const Observation& observation : frame.observations)
    {
        StreamFace face = describe(observation);
        const Landmarks landmarks = toLandmarks(face.landmarks);
        const HeadShape head(landmarks, observation.growth);
        face.box = head.box();
        const bool confident = observation.confident && observation.state != FACE_HELD
                               && eyeDistance(landmarks) >= params_.min_eye_distance;
        AlignedFace aligned;
        Mat crop;
        if (observation.exempt)
        {
            face.protection = PROTECTION_NONE;
        }
        else if (confident && params_.replacement == REPLACE_SAN && cut(frame.image, landmarks, aligned, crop))
        {
            face.protection = PROTECTION_REPLACED;
            heads.aligned.push_back(record.faces.size());
            heads.crops.push_back(crop);
            heads.faces.push_back(aligned);
            heads.perturbed.push_back(HeadShape(landmarks));
            if (observation.growth > 1)
            {
                heads.covered.push_back(head);
                heads.covers.push_back(REPLACE_BLUR);
            }
        }
        else if (confident && params_.replacement != REPLACE_SAN)
        {
            face.protection = PROTECTION_REPLACED;
            heads.covered.push_back(head);
            heads.covers.push_back(params_.replacement);
        }
        else
            cover(face, head, params_.low_confidence == LOW_CONFIDENCE_PASS && observation.state != FACE_HELD, record,
                heads);
        record.faces.push_back(face);
    }
}

//! The low-confidence policy.
void FaceReplacer::cover(StreamFace& face, const HeadShape& head, bool leave, StreamRecord& record, Heads& heads) const
{
    face.protection = leave ? PROTECTION_NONE : PROTECTION_BLURRED;
    record.withheld = record.withheld || params_.low_confidence == LOW_CONFIDENCE_DROP;
    if (leave)
        return;
    heads.covered.push_back(head);
    heads.covers.push_back(params_.replacement == REPLACE_SAN ? int(REPLACE_BLUR) : params_.replacement);
}

StreamFace FaceReplacer::describe(const Observation& observation)
{
    StreamFace face;
    face.track = observation.track;
    face.state = observation.state;
    face.score = observation.score;
    face.exempt = observation.exempt;
    for (const Point2c& z : steady(tracks_[observation.track], observation.landmarks))
        face.landmarks.push_back(Point2f(float(z.real()), float(z.imag())));
    return face;
}

//! The outputs of the network; empty where an output is no image.
std::vector<Mat> FaceReplacer::perturbEach(const std::vector<Mat>& faces, const std::vector<int>& labels)
{
    const PerturbParams what(random() ? PROTOTYPE_SAME : PrototypeChoice(params_.prototype));
    std::vector<Mat> perturbed(faces.size());
    try
    {
        perturber_->perturbBatch(faces, perturbed, what, labels);
    }
    catch (const cv::Exception& e)
    {
        if (e.code != Error::StsOutOfRange)
            throw;
        perturbed.assign(faces.size(), Mat());
        for (size_t i = 0; faces.size() > 1 && i < faces.size(); ++i) // which of them it is
            perturbed[i] = perturbEach(std::vector<Mat>(1, faces[i]), std::vector<int>(1, labels[i]))[0];
    }
    return perturbed;
}

//! The faces as they are to be shown; empty where a network gives no numbers.
std::vector<Mat> FaceReplacer::perturb(const TrackedFrame& frame, const Heads& heads, StreamRecord& record)
{
    const std::vector<Mat>& crops = heads.crops;
    const double tolerance = 1e-3; // of times, which are rounded
    std::vector<TrackHistory*> renewed;
    std::vector<Mat> faces, perturbed, outputs;
    std::vector<int> labels;
    std::vector<bool> labelled;
    for (size_t i = 0; i < crops.size(); ++i)
    {
        StreamFace& face = record.faces[heads.aligned[i]];
        TrackHistory& track = tracks_[face.track];
        int label = LABEL_PREDICT;
        labelled.push_back(labelOf(track, frame.image, face.landmarks, label));
        if (!labelled.back())
            continue;
        if (!random())
            face.label = label;
        if (track.change.empty() || label != track.shown
            || frame.time - track.renewed >= params_.refresh_interval - tolerance
            || difference(track, crops[i]) > STILL)
        {
            track.renewed = frame.time;
            track.shown = label;
            renewed.push_back(&track);
            faces.push_back(crops[i]);
            labels.push_back(label);
        }
    }
    if (!faces.empty())
        perturbed = perturbEach(faces, labels);
    for (size_t i = 0; i < faces.size(); ++i)
    {
        if (!perturbed[i].empty())
            renew(*renewed[i], faces[i], perturbed[i] - faces[i]);
        else
            renewed[i]->change.release(); // an earlier one would be that of another face
    }
    for (size_t i = 0; i < crops.size(); ++i)
    {
        const Mat& change = tracks_[record.faces[heads.aligned[i]].track].change;
        outputs.push_back(labelled[i] && !change.empty() ? Mat(crops[i] + change) : Mat());
    }
    return outputs;
}

//! Counts what the attribute classifiers say of a face. @return false where that is no probability.
bool FaceReplacer::vote(TrackHistory& track, const Mat& image, const std::vector<Point2f>& landmarks)
{
    std::vector<double> votes(perturber_->getAttributes().size(), 0.);
    try
    {
        for (size_t k = 0; k < votes.size(); ++k)
            votes[k] = perturber_->predictFace(image, Mat(landmarks).reshape(1), int(k));
    }
    catch (const cv::Exception& e)
    {
        if (e.code != Error::StsOutOfRange)
            throw;
        return false;
    }
    const bool first = track.label == LABEL_PREDICT;
    track.votes.resize(votes.size(), 0.);
    ++track.voters;
    int label = 0;
    for (size_t k = 0; k < votes.size(); ++k)
    {
        track.votes[k] += votes[k];
        const double probability = track.votes[k] / track.voters;
        const bool clear = first || std::abs(probability - .5) > VOTE_MARGIN;
        label |= (clear ? int(probability >= .5) : track.label >> k & 1) << k;
    }
    track.label = label;
    return true;
}

/** The given label, or that which the first observations voted for; at random: one that is drawn, of the prototype that
the track gets. @return whether there is one */
bool FaceReplacer::labelOf(TrackHistory& track, const Mat& image, const std::vector<Point2f>& landmarks, int& label)
{
    if (random())
    {
        if (track.label == LABEL_PREDICT)
            track.label = int(secure_() & ((1u << perturber_->getAttributes().size()) - 1));
        label = track.label;
        return true;
    }
    if (params_.label != LABEL_PREDICT)
    {
        label = params_.label;
        return true;
    }
    if (track.voters < VOTES && !vote(track, image, landmarks))
        return false;
    label = track.label;
    return true;
}

//! Tracks that ended; those of the frame stay.
void FaceReplacer::forgetOthers(const TrackedFrame& frame)
{
    for (std::map<int, TrackHistory>::iterator it = tracks_.begin(); it != tracks_.end();)
    {
        const int id = it->first;
        const bool present = std::any_of(frame.observations.begin(), frame.observations.end(),
            [id](const Observation& observation) { return observation.track == id; });
        present ? ++it : it = tracks_.erase(it);
    }
}

}} // namespace cv::sanprivacy
