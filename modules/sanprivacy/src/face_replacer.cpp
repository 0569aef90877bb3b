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
    Plan plan = planFor(frame, record);
    forgetOthers(frame);
    record.align_ms = watch.lap();
    if (!plan.faces.empty())
        perturb(frame, plan, record);
    coverFailures(frame, plan, record);
    record.network_ms = watch.lap();
    if (record.withheld)
        return Mat::zeros(frame.image.size(), frame.image.type());
    const Mat result = render(frame.image, plan, record);
    record.blend_ms = watch.lap();
    return result;
}

//! What is to be done with each face, which the record then lists.
FaceReplacer::Plan FaceReplacer::planFor(const TrackedFrame& frame, StreamRecord& record)
{
    Plan plan;
    for (const Observation& observation : frame.observations)
    {
        StreamFace face = describe(observation);
        const Landmarks landmarks = toLandmarks(face.landmarks);
        const HeadShape head(landmarks, observation.growth);
        face.box = head.box();
        const bool confident = observation.confident && observation.state != FACE_HELD
                               && eyeDistance(landmarks) >= params_.min_eye_distance;
        AlignedFace aligned;
        Mat gray;
        if (observation.exempt)
        {
            face.protection = PROTECTION_NONE;
        }
        else if (confident && params_.replacement == REPLACE_SAN && cut(frame.image, landmarks, aligned, gray))
        {
            face.protection = PROTECTION_REPLACED;
            plan.faces.push_back({ record.faces.size(), aligned, gray, HeadShape(landmarks), Mat() });
            if (observation.growth > 1)
                plan.covered.push_back({ head, REPLACE_BLUR });
        }
        else if (confident && params_.replacement != REPLACE_SAN)
        {
            face.protection = PROTECTION_REPLACED;
            plan.covered.push_back({ head, params_.replacement });
        }
        else
            cover(face, head, params_.low_confidence == LOW_CONFIDENCE_PASS && observation.state != FACE_HELD, record,
                plan);
        record.faces.push_back(face);
    }
    return plan;
}

//! The low-confidence policy.
void FaceReplacer::cover(StreamFace& face, const HeadShape& head, bool leave, StreamRecord& record, Plan& plan) const
{
    face.protection = leave ? PROTECTION_NONE : PROTECTION_BLURRED;
    record.withheld = record.withheld || params_.low_confidence == LOW_CONFIDENCE_DROP;
    if (!leave)
        plan.covered.push_back({ head, params_.replacement == REPLACE_SAN ? int(REPLACE_BLUR) : params_.replacement });
}

StreamFace FaceReplacer::describe(const Observation& observation)
{
    StreamFace face;
    face.track = observation.track;
    face.state = observation.state;
    face.score = observation.score;
    face.exempt = observation.exempt;
    for (const Point2c& z : tracks_[observation.track].landmarks.update(observation.landmarks))
        face.landmarks.push_back(Point2f(float(z.real()), float(z.imag())));
    return face;
}

//! Fills in the faces as they are to be shown.
void FaceReplacer::perturb(const TrackedFrame& frame, Plan& plan, StreamRecord& record)
{
    std::vector<SteadyPerturbation*> due;
    std::vector<Mat> inputs, outputs;
    std::vector<int> labels;
    std::vector<bool> labelled;
    for (const NetworkFace& one : plan.faces)
    {
        StreamFace& face = record.faces[one.number];
        TrackHistory& track = tracks_[face.track];
        int label = LABEL_PREDICT;
        labelled.push_back(labelOf(track.label, frame.image, face.landmarks, label));
        if (!labelled.back())
            continue;
        if (!random())
            face.label = label;
        if (track.perturbation.isDue(one.gray, label, frame.time, params_.refresh_interval))
        {
            due.push_back(&track.perturbation);
            inputs.push_back(one.gray);
            labels.push_back(label);
        }
    }
    if (!inputs.empty())
        outputs = perturbEach(inputs, labels);
    for (size_t i = 0; i < due.size(); ++i)
        due[i]->update(inputs[i], outputs[i]);
    for (size_t i = 0; i < plan.faces.size(); ++i)
        if (labelled[i])
        {
            NetworkFace& face = plan.faces[i];
            face.perturbed = tracks_[record.faces[face.number].track].perturbation.apply(face.gray);
        }
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

//! Covers the faces for which a network gave no numbers: whatever the policy, they are not left as they are.
void FaceReplacer::coverFailures(const TrackedFrame& frame, Plan& plan, StreamRecord& record) const
{
    for (size_t i = plan.faces.size(); i-- > 0;)
        if (plan.faces[i].perturbed.empty())
        {
            StreamFace& face = record.faces[plan.faces[i].number];
            const auto observation = std::find_if(frame.observations.begin(), frame.observations.end(),
                [&](const Observation& one) { return one.track == face.track; });
            cover(face, HeadShape(toLandmarks(face.landmarks), observation->growth), false, record, plan);
            plan.faces.erase(plan.faces.begin() + std::ptrdiff_t(i));
            record.error = "The output of a network is not a probability or not an image";
        }
}

//! Carries out the plan.
Mat FaceReplacer::render(const Mat& image, const Plan& plan, const StreamRecord& record) const
{
    const bool shared = !image.u || image.u->refcount > 1; // with the tracker, as its newest frame is
    Mat result = shared ? image.clone() : image;
    std::vector<HeadShape> spared;
    for (const NetworkFace& face : plan.faces)
        spared.push_back(face.head);
    for (const CoveredHead& head : plan.covered)
        coverHead(image, result, head.shape, head.cover, spared);

    const bool same = params_.prototype == PROTOTYPE_SAME;
    std::vector<Similarity> changed, others;
    for (const NetworkFace& face : plan.faces)
    {
        face.aligned.blend(
            result, face.perturbed, same ? 0 : perturber_->getColorStrength(), perturber_->getWeakenMarks());
        changed.push_back(face.aligned.to_image);
    }
    for (const StreamFace& face : record.faces)
        if (face.protection != PROTECTION_REPLACED)
            others.push_back(cropToImage(toLandmarks(face.landmarks)));
    if (!same && !changed.empty())
        blurSurroundings(result, changed, others, perturber_->getSurroundingsBlur());
    return result;
}

/** The given label, or that which the first observations voted for; at random: one that is drawn, of the prototype that
the track gets. @return whether there is one */
bool FaceReplacer::labelOf(TrackLabel& track, const Mat& image, const std::vector<Point2f>& landmarks, int& label)
{
    if (random())
        track.draw(perturber_->getAttributes().size(), secure_);
    else if (params_.label != LABEL_PREDICT)
    {
        label = params_.label;
        return true;
    }
    else if (!track.vote(*perturber_, image, landmarks))
        return false;
    label = track.get();
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
