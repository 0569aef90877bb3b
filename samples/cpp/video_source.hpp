// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Opens videos and cameras for the samples, and the videos that they write.

#ifndef SANPRIVACY_SAMPLES_VIDEO_SOURCE_HPP
#define SANPRIVACY_SAMPLES_VIDEO_SOURCE_HPP

#include <algorithm>
#include <cstdio>
#include <string>

#include <sys/stat.h>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/filesystem.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <opencv2/videoio/registry.hpp>

/** @return a path that FFmpeg takes for a file, even where it looks like an address, as `12:30.avi` or `file:1.avi`. */
inline std::string asFile(const std::string& path)
{
    return path.find(':') == std::string::npos || path[0] == '/' ? path : "./" + path;
}

/** cv::VideoCapture, with frames as a player shows them: with square pixels, and turned and mirrored as the file asks
for, as phones' videos do. OpenCV 4.6 turns some of them upside down, and no version mirrors; so the tool ffprobe is
asked how they lie. Without it, and from pipes and live streams, they lie as OpenCV gives them.

The video or stream must not change the size of its images: cv::VideoCapture of OpenCV 4.6 then gives wrong and repeated
parts, in which faces may be covered in part only, and does not tell. The command `sanprivacy video` copes with it. */
class VideoSource
{
public:
    explicit VideoSource(int camera) : capture_(camera)
    {
        if (!capture_.isOpened())
            CV_Error(cv::Error::StsError, "Cannot open the camera " + std::to_string(camera));
        readAspect();
    }

    explicit VideoSource(const std::string& file_or_url)
    {
        struct stat kind;
        const bool exists = stat(file_or_url.c_str(), &kind) == 0;
        const std::string source = exists ? asFile(file_or_url) : file_or_url;
        if (!capture_.open(source))
            CV_Error(cv::Error::StsError, "Cannot read " + file_or_url);
        // A pipe or a live stream may serve one reader only: a second one would take its images, or wait forever.
        const bool again = exists ? S_ISREG(kind.st_mode) : capture_.get(cv::CAP_PROP_FRAME_COUNT) > 0;
        if (again && readOrientation(source))
            oriented_ = capture_.set(cv::CAP_PROP_ORIENTATION_AUTO, 0);
        readAspect();
    }

    bool read(cv::Mat& frame)
    {
        if (!capture_.read(frame))
            return false;
        if (aspect_ != 1)
            cv::resize(frame, frame, cv::Size(), std::max(aspect_, 1.), std::max(1 / aspect_, 1.));
        if (oriented_ && transposed())
            cv::transpose(frame, frame);
        if (oriented_ && across_[0] + down_[0] < 0)
            cv::flip(frame, frame, 1); // left and right
        if (oriented_ && across_[1] + down_[1] < 0)
            cv::flip(frame, frame, 0); // above and below
        return true;
    }

    //! As of cv::VideoCapture; width and height are those of the frames given.
    double get(int property) const
    {
        if (oriented_ && transposed() && property == cv::CAP_PROP_FRAME_WIDTH)
            property = cv::CAP_PROP_FRAME_HEIGHT;
        else if (oriented_ && transposed() && property == cv::CAP_PROP_FRAME_HEIGHT)
            property = cv::CAP_PROP_FRAME_WIDTH;
        const double stretch = property == cv::CAP_PROP_FRAME_WIDTH    ? std::max(aspect_, 1.)
                               : property == cv::CAP_PROP_FRAME_HEIGHT ? std::max(1 / aspect_, 1.)
                                                                       : 1;
        return stretch == 1 ? capture_.get(property) : cvRound(capture_.get(property) * stretch);
    }

private:
    bool transposed() const { return across_[0] == 0; }

    void readAspect()
    {
        const double width = capture_.get(cv::CAP_PROP_SAR_NUM), height = capture_.get(cv::CAP_PROP_SAR_DEN), most = 8;
        if (width > 0 && height > 0 && width <= most * height && height <= most * width)
            aspect_ = width / height;
    }

    //! Reads the display matrix of the video. @return whether there is one, of quarter turns and mirrors.
    bool readOrientation(const std::string& file)
    {
        std::string quoted = "'";
        for (char c : file)
            quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
        const std::string command = "ffprobe -v quiet -select_streams v:0 -show_entries stream_side_data=displaymatrix "
                                    "-of default=noprint_wrappers=1 -i "
                                    + quoted + "' 2>/dev/null";
        FILE* const tool = popen(command.c_str(), "r");
        if (!tool)
            return false;
        char line[200];
        int rows = 0;
        while (std::fgets(line, sizeof(line), tool))
        {
            int* const row = rows == 0 ? across_ : down_;
            if (rows < 2 && std::sscanf(line, "0000000%*d: %d %d", &row[0], &row[1]) == 2)
                ++rows;
        }
        pclose(tool);
        return rows == 2 && (across_[0] == 0) != (across_[1] == 0) && (across_[0] == 0) == (down_[1] == 0)
               && (across_[1] == 0) == (down_[0] == 0);
    }

    cv::VideoCapture capture_;
    bool oriented_ = false;
    double aspect_ = 1;                             // width of a pixel divided by its height
    int across_[2] = { 1, 0 }, down_[2] = { 0, 1 }; // where a step to the right and one down lead, times 65536
};

/** @return a writer of Motion JPEG to an .avi file. A file that is there is not overwritten.
@param rate frames per second; 25 where it is not known. */
inline cv::VideoWriter openWriter(const std::string& path, double rate, const cv::Size& size)
{
    if (cv::utils::fs::exists(path))
        CV_Error(cv::Error::StsError, path + " is there already");
    const std::string ending = path.substr(std::min(path.size(), path.rfind('.')));
    if (ending != ".avi" && ending != ".AVI") // %d.jpg would overwrite numbered images
        CV_Error(cv::Error::StsError, "Cannot write " + path + "; expected a name that ends with .avi");
    const bool ffmpeg = cv::videoio_registry::hasBackend(cv::CAP_FFMPEG);
    const cv::VideoWriter writer(asFile(path), ffmpeg ? cv::CAP_FFMPEG : cv::CAP_OPENCV_MJPEG,
        cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), rate > 0 ? rate : 25, size);
    if (!writer.isOpened())
        CV_Error(cv::Error::StsError,
            "Cannot write " + path + "; expected a name that ends with .avi, in a folder that can be written");
    return writer;
}

#endif // SANPRIVACY_SAMPLES_VIDEO_SOURCE_HPP
