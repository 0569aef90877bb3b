// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "dnn_net.hpp" // reasonOf()
#include "face_cover.hpp"
#include "face_tracker.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <random>

namespace cv { namespace sanprivacy {

StreamParams::StreamParams()
    : detect_interval(8), detect_side(896), any_roll(true), look_ahead(32), hold(20), refresh_interval(2), sure_score(.6f), least_eyes(10.f),
      replacement(REPLACE_SAN), low_confidence(LOW_CONFIDENCE_BLUR), label(LABEL_PREDICT), prototype(PROTOTYPE_OPPOSITE)
{
}

StreamFace::StreamFace()
    : track(-1), state(FACE_FOUND), protection(PROTECTION_BLURRED), label(LABEL_PREDICT), score(0.f), exempt(false)
{
}

StreamRecord::StreamRecord()
    : frame(0), detected(false), withheld(false), blurred(false),
      detect_ms(0), track_ms(0), align_ms(0), network_ms(0), blend_ms(0)
{
}

namespace {

const double LEAST_INSIDE = .5;   // share of a crop inside the frame, for the network
const int VOTES = 9;              // of the attribute classifier on a track's label
const double VOTE_MARGIN = .1;    // around 1/2, to change a label once it is given

// Against flicker: what is too small to be motion of the face is not passed on.
const double SLACK = .004;        // of landmarks, eye distances
const double STILL = .02;         // mean absolute difference of two crops of one face, of 1
const double LEAST_WEIGHT = .3;   // share of the new perturbation on a still face; the rest is the last one

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

void checkParams(const StreamParams& params)
{
    CV_CheckGE(params.detect_interval, 1, "The detector must look at every frame or fewer");
    CV_CheckGE(params.detect_side, 0, "The detector's image has a side of 0 (as the frame) or more pixels");
    CV_CheckGE(params.look_ahead, 0, "Frames kept back cannot be fewer than none");
    CV_CheckGE(params.hold, 0, "The hold time cannot be negative");
    CV_CheckGE(params.refresh_interval, 1, "Faces must pass the network every frame or more seldom");
    CV_Check(params.sure_score, params.sure_score >= 0 && params.sure_score <= 1, "A score lies in 0..1");
    CV_Check(params.least_eyes, params.least_eyes >= 0, "The least eye distance cannot be negative");
    CV_Check(params.replacement, params.replacement >= REPLACE_SAN && params.replacement <= REPLACE_SOLID,
             "The replacement must be a FaceReplacement");
    CV_Check(params.low_confidence, params.low_confidence >= LOW_CONFIDENCE_BLUR && params.low_confidence <= LOW_CONFIDENCE_PASS, "The policy must be a LowConfidencePolicy");
    CV_Check(params.prototype, params.prototype >= PROTOTYPE_SAME && params.prototype <= PROTOTYPE_RANDOM,
             "The prototype must be a PrototypeChoice");
    CV_Check(params.label, params.label >= 0 || params.label == LABEL_PREDICT || params.label == LABEL_NEUTRAL,
             "The label must be 0, 1 (or as PerturberParams says) or a LabelChoice");
    if (params.replacement == REPLACE_SAN && params.label == LABEL_NEUTRAL && params.prototype == PROTOTYPE_OPPOSITE)
        CV_Error(Error::StsBadArg, "Faces of LABEL_NEUTRAL have no opposite: choose the same or the neutral prototype");
}

//! What the protection of a track's next face depends on.
struct TrackHistory
{
    Landmarks landmarks; // as last used
    Mat face, change;    // last crop that passed the network, and what that changed, CV_32F
    int64 renewed;       // the frame of it
    int shown;           // the label that the network was given
    std::vector<double> votes; // sum of the probabilities of label 1, for each attribute
    int voters, label;

    TrackHistory() : renewed(0), shown(LABEL_PREDICT), voters(0), label(LABEL_PREDICT) {}
};

//! Replaces the faces of frames that come in order.
class FaceReplacer
{
public:
    FaceReplacer(const Ptr<Perturber>& perturber, const StreamParams& params) : perturber_(perturber), params_(params) {}

    //! @return the protected frame, empty where it is withheld; fills in the record.
    Mat protect(const TrackedFrame& frame, StreamRecord& record)
    {
        record = frame.record;
        record.faces.clear();
        Mat result;
        if (record.error.empty())
        {
            try
            {
                return replaceFaces(frame, record);
            }
            catch (const std::exception& e)
            {
                const cv::Exception* const fromOpenCV = dynamic_cast<const cv::Exception*>(&e);
                record.error = fromOpenCV ? reasonOf(*fromOpenCV) : String(e.what());
            }
        }
        record.withheld = params_.low_confidence == LOW_CONFIDENCE_DROP;
        record.blurred = !record.withheld;
        if (record.blurred)
            coverFrame(frame.image, result);
        return result;
    }

private:
    Mat replaceFaces(const TrackedFrame& frame, StreamRecord& record)
    {
        std::vector<size_t> aligned;       // faces for the network
        std::vector<HeadShape> perturbed, covered;
        std::vector<int> covers;           // FaceReplacement of each of `covered`
        Stopwatch watch;
        std::vector<Mat> crops;
        for (const Observation& observation : frame.observations)
        {
            StreamFace face = describe(observation);
            const Landmarks landmarks = toLandmarks(face.landmarks);
            const HeadShape head(landmarks, observation.growth);
            face.box = head.box();
            const bool doubtful = !observation.sure || observation.state == FACE_HELD || eyeDistance(landmarks) < params_.least_eyes;
            Mat crop;
            if (observation.exempt)
            {
                face.protection = PROTECTION_NONE;
            }
            else if (!doubtful && params_.replacement == REPLACE_SAN && cut(frame.image, landmarks, crop))
            {
                face.protection = PROTECTION_REPLACED;
                aligned.push_back(record.faces.size());
                crops.push_back(crop);
                perturbed.push_back(HeadShape(landmarks));
                if (observation.growth > 1)
                {
                    covered.push_back(head);
                    covers.push_back(REPLACE_BLUR);
                }
            }
            else if (!doubtful && params_.replacement != REPLACE_SAN)
            {
                face.protection = PROTECTION_REPLACED;
                covered.push_back(head);
                covers.push_back(params_.replacement);
            }
            else
            {
                const bool pass = params_.low_confidence == LOW_CONFIDENCE_PASS && observation.state != FACE_HELD;
                face.protection = pass ? PROTECTION_NONE : PROTECTION_BLURRED;
                record.withheld = record.withheld || params_.low_confidence == LOW_CONFIDENCE_DROP;
                if (!pass)
                {
                    covered.push_back(head);
                    covers.push_back(params_.replacement == REPLACE_SAN ? int(REPLACE_BLUR) : params_.replacement);
                }
            }
            record.faces.push_back(face);
        }
        forgetOthers(frame);
        record.align_ms = watch.lap();

        std::vector<Mat> outputs;
        if (!crops.empty())
            outputs = perturb(crops, aligned, record);
        record.network_ms = watch.lap();
        if (record.withheld)
            return Mat();

        Mat result = frame.image.clone();
        for (size_t i = 0; i < covered.size(); ++i)
            coverHead(frame.image, result, covered[i], covers[i], perturbed);
        for (size_t i = 0; i < crops.size(); ++i)
            blendFace(result, crops[i], outputs[i], Mat(record.faces[aligned[i]].landmarks).reshape(1));
        record.blend_ms = watch.lap();
        return result;
    }

    StreamFace describe(const Observation& observation)
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

    //! Landmarks on a rope: they stay while the face moves by less than the slack, and lag by no more than it.
    static const Landmarks& steady(TrackHistory& track, const Landmarks& landmarks)
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

    //! The gray canonical crop, 0..1. @return whether enough of it is inside the frame.
    static bool cut(const Mat& image, const Landmarks& landmarks, Mat& crop)
    {
        Matx<float, 5, 2> points;
        for (int k = 0; k < points.rows; ++k)
        {
            points(k, 0) = float(landmarks[k].real());
            points(k, 1) = float(landmarks[k].imag());
        }
        Mat face;
        try
        {
            if (alignFace(image, points, face) < LEAST_INSIDE)
                return false;
        }
        catch (const cv::Exception& e)
        {
            if (e.code != Error::StsOutOfRange) // outside the frame altogether
                throw;
            return false;
        }
        if (face.channels() == 3)
            cvtColor(face, face, COLOR_BGR2GRAY);
        face.convertTo(crop, CV_32F, 1 / 255.);
        return true;
    }

    std::vector<Mat> perturb(const std::vector<Mat>& crops, const std::vector<size_t>& aligned, StreamRecord& record)
    {
        std::vector<TrackHistory*> renewed;
        std::vector<Mat> faces, perturbed, outputs;
        std::vector<int> labels;
        for (size_t i = 0; i < crops.size(); ++i)
        {
            StreamFace& face = record.faces[aligned[i]];
            TrackHistory& track = tracks_[face.track];
            const int label = labelOf(track, crops[i]);
            if (!random())
                face.label = label;
            if (track.change.empty() || label != track.shown || record.frame - track.renewed >= params_.refresh_interval
                || difference(track, crops[i]) > STILL)
            {
                track.renewed = record.frame;
                track.shown = label;
                renewed.push_back(&track);
                faces.push_back(crops[i]);
                labels.push_back(label);
            }
        }
        if (!faces.empty())
            perturber_->perturbBatch(faces, perturbed, random() ? PROTOTYPE_SAME : PrototypeChoice(params_.prototype), labels);
        for (size_t i = 0; i < faces.size(); ++i)
            renew(*renewed[i], faces[i], perturbed[i] - faces[i]);
        for (size_t i = 0; i < crops.size(); ++i)
            outputs.push_back(crops[i] + tracks_[record.faces[aligned[i]].track].change);
        return outputs;
    }

    bool random() const { return params_.prototype == PROTOTYPE_RANDOM; }

    //! The given label, or that which the first observations voted for; at random: one that is drawn, of the prototype that the track gets.
    int labelOf(TrackHistory& track, const Mat& crop)
    {
        if (random())
        {
            if (track.label == LABEL_PREDICT)
                track.label = int(secure_() & ((1u << perturber_->getAttributes().size()) - 1));
            return track.label;
        }
        if (params_.label != LABEL_PREDICT)
            return params_.label;
        if (track.voters < VOTES)
        {
            const bool first = track.label == LABEL_PREDICT;
            track.votes.resize(perturber_->getAttributes().size(), 0.);
            ++track.voters;
            int label = 0;
            for (size_t k = 0; k < track.votes.size(); ++k)
            {
                track.votes[k] += perturber_->predict(crop, int(k));
                const double probability = track.votes[k] / track.voters;
                const bool clear = first || std::abs(probability - .5) > VOTE_MARGIN;
                label |= (clear ? int(probability >= .5) : track.label >> k & 1) << k;
            }
            track.label = label;
        }
        return track.label;
    }

    //! Mean absolute difference of a crop and the last one of the track that passed the network.
    static double difference(const TrackHistory& track, const Mat& face) { return norm(face, track.face, NORM_L1) / face.total(); }

    //! Where a face stays as it was, so does what is added to it.
    static void renew(TrackHistory& track, const Mat& face, const Mat& change)
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

    //! Tracks that ended; those of the frame stay.
    void forgetOthers(const TrackedFrame& frame)
    {
        for (std::map<int, TrackHistory>::iterator it = tracks_.begin(); it != tracks_.end(); )
        {
            const int id = it->first;
            const bool present = std::any_of(frame.observations.begin(), frame.observations.end(),
                                             [id](const Observation& observation) { return observation.track == id; });
            present ? ++it : it = tracks_.erase(it);
        }
    }

    const Ptr<Perturber> perturber_;
    const StreamParams params_;
    std::map<int, TrackHistory> tracks_;
    std::random_device secure_; // the system's generator
};

} // namespace

class StreamAnonymizer::Impl
{
public:
    Impl(const Ptr<FaceDetector>& detector, const Ptr<Perturber>& perturber, const StreamParams& params_)
        : params(params_), tracker(detector, params_), replacer(perturber, params_)
    {
    }

    void push(const Mat& image)
    {
        std::deque<TrackedFrame> released;
        tracker.next(image, released);
        append(released);
    }

    void finish()
    {
        std::deque<TrackedFrame> released;
        tracker.finish(released);
        append(released);
    }

    int ready() const
    {
        std::lock_guard<std::mutex> lock(mutex);
        return (int)frames.size();
    }

    bool pop(Mat& image, StreamRecord& record)
    {
        TrackedFrame frame;
        {
            std::lock_guard<std::mutex> lock(mutex);
            if (frames.empty())
                return false;
            frame = frames.front();
            frames.pop_front();
        }
        image = replacer.protect(frame, record);
        return true;
    }

    const StreamParams params;
    FaceTracker tracker;   // push() and finish()
    FaceReplacer replacer; // pop()

private:
    void append(const std::deque<TrackedFrame>& released)
    {
        std::lock_guard<std::mutex> lock(mutex);
        frames.insert(frames.end(), released.begin(), released.end());
    }

    mutable std::mutex mutex; // of the frames between the two
    std::deque<TrackedFrame> frames;
};

namespace {

StreamAnonymizer::Impl& checkCreated(const Ptr<StreamAnonymizer::Impl>& p)
{
    if (!p)
        CV_Error(Error::StsNullPtr, "This StreamAnonymizer is empty: make one with StreamAnonymizer::create()");
    return *p;
}

} // namespace

StreamAnonymizer::StreamAnonymizer() {}

Ptr<StreamAnonymizer> StreamAnonymizer::create(const Ptr<FaceDetector>& detector, const Ptr<Perturber>& perturber,
                                               const StreamParams& params)
{
    checkParams(params);
    if (!detector || detector->empty())
        CV_Error(Error::StsNullPtr, "A StreamAnonymizer needs a FaceDetector");
    if (params.replacement == REPLACE_SAN)
    {
        if (!perturber || perturber->empty())
            CV_Error(Error::StsNullPtr, "REPLACE_SAN needs a Perturber");
        // What is missing is told now, not in the first frame with a face.
        const Mat black = Mat::zeros(perturber->getInputSize(), CV_8U);
        Mat perturbed;
        if (params.prototype == PROTOTYPE_RANDOM)
            perturber->perturb(black, perturbed, PerturbParams(PROTOTYPE_RANDOM, LABEL_NEUTRAL));
        else
            perturber->perturb(black, perturbed, PerturbParams(PrototypeChoice(params.prototype), params.label));
    }
    Ptr<StreamAnonymizer> anonymizer = makePtr<StreamAnonymizer>();
    anonymizer->p = makePtr<Impl>(detector, perturber, params);
    return anonymizer;
}

bool StreamAnonymizer::empty() const
{
    return p.empty();
}

StreamParams StreamAnonymizer::getParams() const
{
    return checkCreated(p).params;
}

void StreamAnonymizer::setExemptPerson(const Ptr<FaceNetwork>& matcher, InputArray descriptor, double least_score)
{
    Impl& impl = checkCreated(p);
    if (!matcher || matcher->empty() || matcher->getDescription().task != NETWORK_MATCHER)
        CV_Error(Error::StsBadArg, "An exempt person needs a FaceNetwork of NETWORK_MATCHER");
    ExemptPerson person = { matcher, descriptor.getMat().clone(), least_score };
    CV_Check(person.descriptor.rows, person.descriptor.rows == 1, "An exempt person needs the descriptor of one face");
    impl.tracker.setExemptPerson(person);
}

void StreamAnonymizer::push(InputArray _frame)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    const Mat frame = _frame.getMat();
    CV_Check(frame.size(), !frame.empty(), "The frame is empty");
    CV_CheckDepthEQ(frame.depth(), CV_8U, "A frame must be 8-bit");
    CV_Check(frame.channels(), frame.channels() == 1 || frame.channels() == 3, "A frame must be gray or BGR");
    impl.push(frame);
}

void StreamAnonymizer::requestDetection()
{
    checkCreated(p).tracker.requestDetection();
}

void StreamAnonymizer::finish()
{
    checkCreated(p).finish();
}

int StreamAnonymizer::ready() const
{
    return checkCreated(p).ready();
}

bool StreamAnonymizer::pop(OutputArray frame, StreamRecord& record)
{
    CV_INSTRUMENT_REGION();
    Mat image;
    if (!checkCreated(p).pop(image, record))
        return false;
    if (image.empty())
        frame.release();
    else
        image.copyTo(frame);
    return true;
}

bool StreamAnonymizer::process(InputArray frame, OutputArray dst)
{
    push(frame);
    StreamRecord record;
    return pop(dst, record) && !record.withheld;
}

bool StreamAnonymizer::flush(OutputArray dst)
{
    finish();
    StreamRecord record;
    while (pop(dst, record))
        if (!record.withheld)
            return true;
    return false;
}

}} // namespace cv::sanprivacy
