// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "check_created.hpp"
#include "face_replacer.hpp"
#include "face_tracker.hpp"
#include "matrix_argument.hpp"
#include "orientation.hpp"

#include <mutex>

namespace cv { namespace sanprivacy {

StreamParams::StreamParams()
    : frame_rate(25), detect_interval(.2), detect_side(896), min_face(24), any_roll(true), look_ahead(1.2), hold(.8),
      refresh_interval(.08), min_score(.6f), min_eye_distance(10.f), replacement(REPLACE_SAN),
      low_confidence(LOW_CONFIDENCE_BLUR), label(LABEL_PREDICT), prototype(PROTOTYPE_OPPOSITE)
{
}

StreamFace::StreamFace()
    : track(-1), state(FACE_FOUND), protection(PROTECTION_BLURRED), label(LABEL_PREDICT), score(0.f), exempt(false)
{
}

StreamRecord::StreamRecord()
    : frame(0), time(0), detected(false), withheld(false), blurred(false), detect_ms(0), track_ms(0), align_ms(0),
      network_ms(0), blend_ms(0)
{
}

namespace {

const double MOST_TIME = 3600, MOST_RATE = 1000; // seconds; frames per second

void checkTime(double seconds, const char* name)
{
    if (!(seconds >= 0 && seconds <= MOST_TIME))
        CV_Error(Error::StsOutOfRange, format("%s is a time of 0 to %g seconds, not %g", name, MOST_TIME, seconds));
}

void checkParams(const StreamParams& params)
{
    checkTime(params.detect_interval, "detect_interval");
    checkTime(params.look_ahead, "look_ahead");
    checkTime(params.hold, "hold");
    checkTime(params.refresh_interval, "refresh_interval");
    CV_Check(params.frame_rate, params.frame_rate > 0 && params.frame_rate <= MOST_RATE,
        "The frame rate must be above 0 and at most 1000");
    CV_CheckGE(params.detect_side, 0, "The detector's image has a side of 0 (as the frame) or more pixels");
    CV_CheckGE(params.min_face, 0, "The smallest face has a width of 0 (no search in tiles) or more pixels");
    CV_Check(params.min_score, params.min_score >= 0 && params.min_score <= 1, "A score lies in 0..1");
    CV_Check(params.min_eye_distance, params.min_eye_distance >= 0, "min_eye_distance cannot be negative");
    CV_Check(params.replacement, params.replacement >= REPLACE_SAN && params.replacement <= REPLACE_SOLID,
        "The replacement must be a FaceReplacement");
    CV_Check(params.low_confidence,
        params.low_confidence >= LOW_CONFIDENCE_BLUR && params.low_confidence <= LOW_CONFIDENCE_PASS,
        "The policy must be a LowConfidencePolicy");
    CV_Check(params.prototype, params.prototype >= PROTOTYPE_SAME && params.prototype <= PROTOTYPE_RANDOM,
        "The prototype must be a PrototypeChoice");
    CV_Check(params.label, params.label >= 0 || params.label == LABEL_PREDICT || params.label == LABEL_NEUTRAL,
        "The label must be 0, 1 (or as PerturberParams says) or a LabelChoice");
    if (params.replacement == REPLACE_SAN && params.label == LABEL_NEUTRAL && params.prototype == PROTOTYPE_OPPOSITE)
        CV_Error(Error::StsBadArg, "Faces of LABEL_NEUTRAL have no opposite: choose the same or the neutral prototype");
}

//! Raises an error now, not in the first frame with a face.
void checkNetworks(Perturber& perturber, const StreamParams& params)
{
    const bool random = params.prototype == PROTOTYPE_RANDOM;
    const Mat black = Mat::zeros(perturber.getInputSize(), CV_8UC3);
    Mat none, landmarks;
    perturber.perturbFaces(black, Mat(), none,
        PerturbParams(PrototypeChoice(params.prototype), random ? int(LABEL_NEUTRAL) : params.label));
    if (random || params.label != LABEL_PREDICT)
        return;
    getCanonicalLandmarks(landmarks, black.size());
    for (int k = 0; k < (int)perturber.getAttributes().size(); ++k)
        perturber.predictFace(black, landmarks, k);
}

} // namespace

class StreamAnonymizer::Impl
{
public:
    Impl(const Ptr<FaceDetector>& detector, const Ptr<Perturber>& perturber, const StreamParams& params_)
        : params(params_), tracker(detector, params_), replacer(perturber, params_)
    {
    }

    void push(const Mat& image, double time, const std::vector<FrameDetection>* faces)
    {
        if (!std::isfinite(time))
            CV_Error(Error::StsBadArg, "The time of a frame must be finite");
        std::deque<TrackedFrame> released;
        tracker.next(image, time, faces, released);
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
    return checkCreated(p, "StreamAnonymizer");
}

} // namespace

StreamAnonymizer::StreamAnonymizer()
{
}

Ptr<StreamAnonymizer> StreamAnonymizer::create(
    const Ptr<FaceDetector>& detector, const Ptr<Perturber>& perturber, const StreamParams& params)
{
    checkParams(params);
    if (detector && detector->empty())
        CV_Error(Error::StsNullPtr, "The FaceDetector is empty: make one with FaceDetector::create(), or give none");
    if (params.replacement == REPLACE_SAN)
    {
        if (!perturber || perturber->empty())
            CV_Error(Error::StsNullPtr, "REPLACE_SAN needs a Perturber");
        checkNetworks(*perturber, params);
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

int StreamAnonymizer::getSmallestFace(const Size& frame_size) const
{
    const Impl& impl = checkCreated(p);
    CV_Check(frame_size, frame_size.width > 0 && frame_size.height > 0, "The frame is empty");
    if (impl.tracker.detector().empty())
        CV_Error(Error::StsNullPtr, "This StreamAnonymizer has no FaceDetector");
    return impl.tracker.detector().smallestFace(frame_size);
}

void StreamAnonymizer::addExemptPerson(const Ptr<FaceNetwork>& matcher, InputArray descriptor, double min_score)
{
    Impl& impl = checkCreated(p);
    if (!matcher || matcher->empty() || matcher->getDescription().task != NETWORK_MATCHER)
        CV_Error(Error::StsBadArg, "An exempt person needs a FaceNetwork of NETWORK_MATCHER");
    const Mat given = matrixArgument(descriptor, "A descriptor");
    const ExemptPerson person = { matcher, asRow(given, given.rows).clone(), min_score };
    CV_Check(person.descriptor.rows, person.descriptor.rows == 1, "An exempt person needs the descriptor of one face");
    matcher->match(person.descriptor, person.descriptor); // refuses what cannot be compared
    Mat other;
    matcher->forward(std::vector<Mat>(1, Mat::zeros(matcher->getDescription().size, CV_8UC3)), other);
    CV_CheckEQ(person.descriptor.cols, other.cols, "The descriptor of an exempt person must come from this matcher");
    if (!std::isfinite(min_score))
        CV_Error(Error::StsBadArg, "The score of an exempt person must be finite");
    impl.tracker.addExemptPerson(person);
}

namespace {

Mat checkFrame(InputArray frame)
{
    CV_Check(frame.dims(), frame.dims() <= 2, "A frame must have two dimensions");
    const Mat image = frame.getMat();
    CV_Check(image.size(), !image.empty(), "The frame is empty");
    CV_CheckDepthEQ(image.depth(), CV_8U, "A frame must be 8-bit");
    CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "A frame must be gray or BGR");
    return image;
}

} // namespace

void StreamAnonymizer::push(InputArray frame, double time)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    if (impl.tracker.detector().empty())
        CV_Error(Error::StsNullPtr, "This StreamAnonymizer has no FaceDetector: push each frame with its faces");
    impl.push(checkFrame(frame), time, 0);
}

void StreamAnonymizer::push(InputArray frame, InputArray _faces, double time)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    const Mat image = checkFrame(frame), faces = facesArgument(_faces);
    std::vector<FrameDetection> detections;
    for (int i = 0; i < faces.rows; ++i)
    {
        FaceRow face(faces, i);
        if (!(face.finite() && face.box.width > 0 && face.box.height > 0))
            CV_Error(Error::StsBadArg, format("Face %d has no box of finite size, or no finite score", i));
        const std::vector<FrameDetection> places = detectionsOfCaller(face);
        detections.insert(detections.end(), places.begin(), places.end());
    }
    impl.push(image, time, &detections);
}

void StreamAnonymizer::requestDetection()
{
    checkCreated(p).tracker.requestDetection();
}

void StreamAnonymizer::reportLostFrames()
{
    checkCreated(p).tracker.reportLostFrames();
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
    if (frame.empty() && !frame.fixedType() && !frame.fixedSize())
        frame.assign(image); // there is nothing to be filled: no copy
    else
        image.copyTo(frame);
    return true;
}

bool StreamAnonymizer::process(InputArray frame, OutputArray dst, double time)
{
    push(frame, time);
    StreamRecord record;
    return pop(dst, record);
}

bool StreamAnonymizer::flush(OutputArray dst)
{
    finish();
    StreamRecord record;
    return pop(dst, record);
}

}} // namespace cv::sanprivacy
