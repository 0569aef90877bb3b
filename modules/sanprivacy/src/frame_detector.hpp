// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FRAME_DETECTOR_HPP
#define OPENCV_SANPRIVACY_FRAME_DETECTOR_HPP

#include "landmark_network.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

namespace cv { namespace sanprivacy {

//! A face that the detector found in a frame, or in the frame rotated by quarter turns.
struct FrameDetection
{
    FaceRow face;        //!< of the detector, pixels of the frame
    Landmarks landmarks; //!< those of the face, or where they are no face's, those that a face in its box would have
    int orientation;     //!< quarter turns that bring the face upright
};

FrameDetection detectionOf(const FaceRow& face, int orientation);

/** @brief A face that a caller has found, whose landmarks may be in another order or not lie in its box.
@return where it is to be protected: at its landmarks, in its box, or both. */
std::vector<FrameDetection> detectionsOfCaller(const FaceRow& face);

// Between two faces, inter-ocular distances of the larger.
const double NEAR_FACE = .8; // of a detection from its track
const double SAME_FACE = .5; // of two tracks or two detections

bool areOneFace(const Landmarks& a, const Landmarks& b);

//! Whether the rolls of two faces differ clearly. Upside down the centre of a face is at another place, too.
bool haveOtherRolls(const Landmarks& a, const Landmarks& b);

//! How thoroughly a frame is searched.
enum SearchScope
{
    SEARCH_ROUTINE, //!< one of a round of searches
    SEARCH_CHANGE,  //!< all orientations, and the tiles in which something has changed
    SEARCH_COMPLETE //!< everything that a round of searches covers
};

/** @brief Searches a frame at several scales and orientations.

Each search: upright, and in the orientations of the known faces. In a round of searches: upright at full size, in each
further orientation at half the size, and, where small faces would be missed at that size, in some tiles of the frame.
Half the size is enough in three of four searches if all known faces are large in it, otherwise in every second one;
never if a face was lost, or could pass before the next search at full size. Where a large part of the frame is nearly
dark, its shadows are brightened first.

The detector finds many upright faces in rotated frames, too, with the same score. Where the score of the rotated frame
is higher, the landmark network has to agree. */
class FrameDetector
{
public:
    FrameDetector(const Ptr<FaceDetector>& detector, const StreamParams& params);

    bool empty() const { return !detector_; }

    //! Width of the box of the smallest upright face that is searched for, pixels of a frame of that size.
    int smallestFace(const Size& frame) const;

    /** @brief One search.
    @param known landmarks of the faces that are tracked, and of those that are lost.
    @param missing whether a face is lost.
    @param places boxes where something has changed or a face was lost: their tiles are searched. */
    std::vector<FrameDetection> detect(const Mat& frame, SearchScope scope, const std::vector<Landmarks>& known,
        bool missing, const std::vector<Rect2d>& places);

private:
    double wholeScale(const Size& frame) const;
    double tileScale(const Size& frame) const;
    static bool largeInHalf(const std::vector<Landmarks>& known, double scale);
    void searchOrientation(const Size& frame, const Mat& scaledFrame, int orientation, bool quick,
        const std::vector<Landmarks>& known, std::vector<FrameDetection>& detections);
    bool isUpright(const FaceRow& upright, const FaceRow& rotated, const GrayPyramid& gray);
    std::vector<Rect> chooseTiles(const std::vector<Rect>& tiles, SearchScope scope, const std::vector<Rect2d>& places);
    void searchTiles(const Mat& image, SearchScope scope, const std::vector<Rect2d>& places,
        std::vector<FrameDetection>& detections);

    Ptr<FaceDetector> detector_;
    Ptr<LandmarkNetwork> landmark_network_; // from its first use on
    const StreamParams params_;
    int searches_;     // up to now
    size_t next_tile_; // to be searched, of those of a frame one after the other
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FRAME_DETECTOR_HPP
