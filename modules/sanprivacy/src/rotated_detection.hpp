// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ROTATED_DETECTION_HPP
#define OPENCV_SANPRIVACY_ROTATED_DETECTION_HPP

#include "landmark_network.hpp"
#include "orientation.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

namespace cv { namespace sanprivacy {

//! A face that the detector found in a frame, or in the frame rotated by quarter turns.
struct RotatedDetection
{
    FaceRow face;        //!< of the detector, pixels of the frame
    Landmarks landmarks; //!< those of the face, or where they are no face's, those that a face in its box would have
    int orientation;     //!< quarter turns that bring the face upright
};

RotatedDetection detectionOf(const FaceRow& face, int orientation);

// Between two faces, eye distances of the larger.
const double NEAR_FACE = .8; // of a detection from its track
const double SAME_FACE = .5; // of two tracks or two detections

bool showSameFace(const Landmarks& a, const Landmarks& b);

//! Whether the face is rolled otherwise. Upside down its centre is at another place, too.
bool liesOtherwise(const Landmarks& a, const Landmarks& b);

//! How thoroughly a frame is searched.
enum Look
{
    LOOK_ROUTINE, //!< one of a round of searches
    LOOK_CHANGE,  //!< all orientations, and the tiles in which something has changed
    LOOK_COMPLETE //!< everything that a round of searches covers
};

/** @brief Searches a frame at several scales and orientations.

Each search: upright, and in the orientations of the known faces. In a round of searches: upright at full size, in each
further orientation at half the size, and, where small faces would be missed at that size, in some tiles of the frame.
Half the size is enough in three of four searches if all known faces are large in it, otherwise in every second one;
never if a face was lost, or could pass before the next search at full size. Where a large part of the frame is nearly
dark, its shadows are brightened first.

The detector finds many upright faces in rotated frames, too, with the same score. Where the score of the rotated frame
is higher, the landmark network has to agree. */
class RotatedDetector
{
public:
    RotatedDetector(const Ptr<FaceDetector>& detector, const StreamParams& params);

    bool empty() const { return !detector_; }

    //! Width of the box of the smallest upright face that is searched for, pixels of a frame of that size.
    int smallestFace(const Size& frame) const;

    /** @brief One search.
    @param known landmarks of the faces that are tracked, and of those that are lost.
    @param missing whether a face is lost.
    @param places boxes where something has changed or a face was lost: their tiles are searched. */
    std::vector<RotatedDetection> detect(const Mat& frame, Look look, const std::vector<Landmarks>& known, bool missing,
        const std::vector<Rect2d>& places);

private:
    double viewScale(const Size& frame) const;
    double tileScale(const Size& frame) const;
    static bool largeInHalf(const std::vector<Landmarks>& known, double scale);
    void lookTurned(const Size& frame, const Mat& view, int orientation, bool quick,
        const std::vector<Landmarks>& known, std::vector<RotatedDetection>& detections);
    bool isUpright(const FaceRow& upright, const FaceRow& turned, const GrayPyramid& gray);
    void lookAtTiles(
        const Mat& image, Look look, const std::vector<Rect2d>& places, std::vector<RotatedDetection>& detections);

    Ptr<FaceDetector> detector_;
    Ptr<LandmarkNetwork> upright_faces_; // from its first use on
    const StreamParams params_;
    int turn_;
    size_t next_tile_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ROTATED_DETECTION_HPP
