// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_STREAM_ANONYMIZER_HPP
#define OPENCV_SANPRIVACY_STREAM_ANONYMIZER_HPP

#include "opencv2/core.hpp"
#include "opencv2/sanprivacy/face_detector.hpp"
#include "opencv2/sanprivacy/networks.hpp"
#include "opencv2/sanprivacy/perturber.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

//! What a face is replaced by.
enum FaceReplacement
{
    REPLACE_SAN = 0,        //!< the face perturbed by the semi-adversarial network
    REPLACE_BLUR = 1,       //!< the blurred face
    REPLACE_PIXELATION = 2, //!< a few squares of its mean colors
    REPLACE_SOLID = 3       //!< one gray
};

//! How the position of a face in a frame was obtained.
enum FaceState
{
    FACE_FOUND = 0,       //!< the detector found it in this frame
    FACE_TRACKED = 1,     //!< followed from an earlier frame
    FACE_BACKTRACKED = 2, //!< followed back from a later frame, where it was first found
    FACE_HELD = 3         //!< no longer found: at its last position, or where its motion leads
};

//! What was done to a face.
enum FaceProtection
{
    PROTECTION_REPLACED = 0, //!< replaced as the FaceReplacement says
    PROTECTION_BLURRED = 1,  //!< blurred: too uncertain or too small for the network, or its alignment is not known
    PROTECTION_NONE = 2      //!< left as it is: an exempt person, or a face of low confidence under LOW_CONFIDENCE_PASS
};

//! What is done to faces of low confidence, and to frames in which an error occurs. Where the FaceReplacement is
//! pixelation or a solid color, it takes the place of the blur. A face for which a network fails is always protected.
enum LowConfidencePolicy
{
    LOW_CONFIDENCE_BLUR = 0, //!< such a face is blurred; after an error the whole frame is
    LOW_CONFIDENCE_DROP = 1, //!< the frame is withheld
    LOW_CONFIDENCE_PASS = 2  //!< such a face is left as it is; after an error the whole frame is blurred all the same
};

//! Settings of a StreamAnonymizer; times are in seconds of the stream.
struct CV_EXPORTS_W_SIMPLE StreamParams
{
    CV_WRAP StreamParams();

    //! Frames per second, for frames that are pushed without their time; default 25
    CV_PROP_RW double frame_rate;
    /** Longest time between two detections; default 0.2. The detector also runs at once when a face is lost or
        something appears beside the known faces. If frames are this far apart, or farther, every one is searched in
        full: in all orientations and sizes. See StreamAnonymizer::reportLostFrames() if the caller is too slow. */
    CV_PROP_RW double detect_interval;
    /** Long side of the image that the detector receives, pixels; default 896, 0: as the frame. Unless a face is lost,
        every second detection uses half of it if look_ahead covers two detections; three of four do so if all known
        faces are large and look_ahead covers four. */
    CV_PROP_RW int detect_side;
    /** Width of the box of the smallest upright face that is searched for, pixels of the frame; default 24. If
        detect_side is too small for it, as in frames wider than 1480 pixels, each detection also searches some tiles of
        the frame at a larger scale. A round of all tiles takes no longer than look_ahead or hold. 0: no tiles.
        StreamAnonymizer::getSmallestFace() returns the width that is reached. */
    CV_PROP_RW int min_face;
    /** Whether faces on their side or upside down are searched for, too; default true. Each detection searches one
        orientation, at half the size, so four detections search all of them. When something new appears, all
        orientations are searched at once. */
    CV_PROP_RW bool any_roll;
    /** Time by which the output is delayed, so that a face that is found late is protected in earlier frames, too;
        default 1.2. The frames of this time are kept in memory. */
    CV_PROP_RW double look_ahead;
    //! Time for which a face stays protected after it was last found; at least three frames, unless 0; default 0.8
    CV_PROP_RW double hold;
    //! Time after which a face that hardly changes passes the network again; until then it keeps its perturbation;
    //! default 0.08
    CV_PROP_RW double refresh_interval;
    //! A face whose detector score never reached this value has low confidence; default 0.6
    CV_PROP_RW float min_score;
    //! A face with its eyes closer than this, in pixels, has low confidence; default 10
    CV_PROP_RW float min_eye_distance;
    CV_PROP_RW int replacement;    //!< FaceReplacement; default REPLACE_SAN
    CV_PROP_RW int low_confidence; //!< LowConfidencePolicy; default LOW_CONFIDENCE_BLUR
    //! Label of all faces: 0, 1 (or as PerturberParams says) or a LabelChoice; with LABEL_PREDICT (default) the
    //! predictions along each track are averaged
    CV_PROP_RW int label;
    //! PrototypeChoice; default PROTOTYPE_OPPOSITE; PROTOTYPE_RANDOM is drawn once per track and never reported
    CV_PROP_RW int prototype;
};

//! A face of a frame of a stream.
struct CV_EXPORTS_W_SIMPLE StreamFace
{
    CV_WRAP StreamFace();

    CV_PROP_RW int track;      //!< number of the person's track, from 0
    CV_PROP_RW int state;      //!< FaceState
    CV_PROP_RW int protection; //!< FaceProtection
    //! Label that the network received: 0, 1 (or of several attributes) or LABEL_NEUTRAL; LABEL_PREDICT where it did
    //! not run
    CV_PROP_RW int label;
    CV_PROP_RW float score; //!< best detector score of the track up to now
    CV_PROP_RW bool exempt; //!< the matcher recognised an exempt person
    //! Five landmarks in the order of FaceDetector, pixels; may lie outside the frame
    CV_PROP_RW std::vector<Point2f> landmarks;
    CV_PROP_RW Rect2d box; //!< around what is protected, pixels
};

//! What was done to a frame of a stream.
struct CV_EXPORTS_W_SIMPLE StreamRecord
{
    CV_WRAP StreamRecord();

    CV_PROP int64 frame;                      //!< number of the frame, from 0
    CV_PROP_RW double time;                   //!< as pushed, or from the frame rate; seconds
    CV_PROP_RW bool detected;                 //!< whether the detector ran on it
    CV_PROP_RW bool withheld;                 //!< whether the frame is withheld: the output is black
    CV_PROP_RW bool blurred;                  //!< whether the whole frame is blurred, after an error
    CV_PROP_RW String error;                  //!< what went wrong, or empty
    CV_PROP_RW std::vector<StreamFace> faces; //!< of the frame, protected or not
    CV_PROP_RW double detect_ms;              //!< time that the detector took
    CV_PROP_RW double track_ms;               //!< ... following the faces
    CV_PROP_RW double align_ms;               //!< ... cutting them out
    CV_PROP_RW double network_ms;             //!< ... the perturbing network
    CV_PROP_RW double blend_ms;               //!< ... returning them to the frame
};

/** @brief Protects every face in every frame of a stream.

Frames are passed one by one. They come out protected in the same order, look_ahead seconds later, as many as went in:
@code{.cpp}
while (capture.read(frame))
    if (anonymizer->process(frame, result, capture.get(CAP_PROP_POS_MSEC) / 1000))
        writer.write(result);
while (anonymizer->flush(result))
    writer.write(result);
@endcode

The detector runs on some frames only. In between, optical flow carries the landmarks on, and the next detection
corrects their drift. A new face is followed back through the delayed frames, to where it entered. A face that is no
longer found stays protected for the time `hold`. Faces that cannot be aligned, or only with low confidence, are
blurred.

No frame is farther than detect_interval from a frame that the detector has searched, and the last frame before a cut
and the last frame of all are searched in full. A face that the detector never finds is not protected.

push() and pop() are the two halves of the work and may run on one thread each; otherwise only one thread may use an
object at a time. Nothing else may use the detector meanwhile.
*/
class CV_EXPORTS_W StreamAnonymizer
{
public:
    CV_WRAP StreamAnonymizer(); //!< an empty object, which cannot be used; use create()

    /** @brief Creates an anonymizer for one stream.
    @param detector finds the faces; used by push() only. May be empty where every frame is pushed with its faces.
    @param perturber replaces them; used by pop() only. May be empty unless params.replacement is REPLACE_SAN.
    @param params settings; a wrong one raises Error::StsError, StsOutOfRange or StsBadArg, a missing perturber
    StsNullPtr. */
    CV_WRAP static Ptr<StreamAnonymizer> create(const Ptr<FaceDetector>& detector, const Ptr<Perturber>& perturber,
        const StreamParams& params = StreamParams());

    CV_WRAP bool empty() const;             //!< whether the object was not made by create(), and cannot be used
    CV_WRAP StreamParams getParams() const; //!< as given to create()

    /** @brief Width of the smallest face that is searched for.
    @param frame_size size of the frames, pixels.
    @return width of an upright face's box, pixels; faces in other orientations must be twice as large. */
    CV_WRAP int getSmallestFace(const Size& frame_size) const;

    /** @brief Exempts a person: where the matcher recognises them, they are left as they are. May be called for several
    persons.

    A face is exempt from its second recognition in a row on, as long as every detection confirms it and no other face
    comes near. Otherwise it is protected.
    @param matcher a network of NETWORK_MATCHER; used by push() only.
    @param descriptor of the person's face, a row that this matcher's FaceNetwork::forward() gives.
    @param min_score lowest match score that counts as this person. */
    CV_WRAP void addExemptPerson(const Ptr<FaceNetwork>& matcher, InputArray descriptor, double min_score);

    /** @brief Takes the next frame: finds and follows its faces.
    @param frame 8-bit, 1 or 3 channels (BGR); it is copied. Another size than before begins a new scene.
    Pixels are taken for square. Where a VideoCapture tells another shape (CAP_PROP_SAR_NUM and CAP_PROP_SAR_DEN),
    resize the frame first: a face squeezed to half its width may be missed, or covered in part only.
    @param time of the frame in the stream, seconds, growing from frame to frame. Negative, or not later than the last
    one: 1 / frame_rate after the last one. Not finite: Error::StsBadArg.
    An error of the detector is not raised here; the frame's record has it. */
    CV_WRAP void push(InputArray frame, double time = -1);

    /** @brief Takes the next frame with its faces; the detector does not run.
    @param frame, time as above.
    @param faces all faces of the frame, Nx15 CV_32F as FaceDetector::detect() gives them; empty (in Python also
    faces=None): none. Landmarks that are not finite or do not have the shape of a face, such as those in another order,
    are replaced by those of an average face in the box. Where landmarks do not lie in their box, both places are
    protected, as two faces. A box that is not finite raises Error::StsBadArg. */
    CV_WRAP void push(InputArray frame, InputArray faces, double time = -1);

    /** @brief Runs the detector on the next frame, whatever detect_interval says. */
    CV_WRAP void requestDetection();

    /** @brief Says that frames before the next one were lost, because the caller was too slow for them.

    The next frame is then searched in full only where more time than `hold` was lost, and not twice in succession.
    Without this, searches in full would cost the next frames, which would cause the next search in full. */
    CV_WRAP void reportLostFrames();

    /** @brief No more frames will come: those kept back become ready. push() may go on afterwards. */
    CV_WRAP void finish();

    /** @brief Number of frames that pop() would give. */
    CV_WRAP int ready() const;

    /** @brief Returns the oldest frame that is ready, protected.
    @param frame type and size as pushed; black where the frame is withheld.
    @param record what was done to it.
    @return false where no frame is ready; record and frame are then as they were. */
    CV_WRAP bool pop(OutputArray frame, CV_OUT StreamRecord& record);

    /** @brief push() and pop() in one.
    @param frame, time as of push().
    @param dst the oldest frame that is ready, as of pop().
    @return false where none is ready yet. */
    CV_WRAP bool process(InputArray frame, OutputArray dst, double time = -1);

    /** @brief finish() and pop() in one.
    @return false when all frames have been given. */
    CV_WRAP bool flush(OutputArray dst);

    class Impl;

protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_STREAM_ANONYMIZER_HPP
