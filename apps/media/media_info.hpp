// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_MEDIA_INFO_HPP
#define SANPRIVACY_APPS_MEDIA_MEDIA_INFO_HPP

#include "common/tool_process.hpp"
#include "media/color_tags.hpp"

#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! What the tool ffprobe tells of a file or a URL.
struct MediaInfo
{
    int video = -1;      //!< number of the stream that is shown; -1: there is none
    cv::Size size;       //!< of its images as they are stored, pixels
    bool turned = false; //!< whether they are shown with width and height exchanged
    cv::Size pixelShape; //!< width and height of a pixel as it is stored, in any unit; 1x1 where they are not known
    cv::Size views = cv::Size(1, 1); //!< beside and above one another in each image: 2x1 or 1x2 of a stereo video
    double rate = 0;                 //!< images per second; 0: not known
    double start = 0;                //!< time stamp at which the file begins, seconds
    int first = -1;                //!< number of the stream that begins first, image or sound; -1: they begin together
    double duration = 0;           //!< of the file as it says, seconds; 0: not known, as of a live stream
    bool duration_guessed = false; //!< by the time stamps at both ends, for the file does not say it
    double video_begin = 0;        //!< of the first image, seconds from `start`
    double video_end = 0;          //!< of the video stream, seconds from `start`; 0: the stream does not say
    double shown_until = 0;        //!< end of the last image, seconds from `start`; 0: the container does not say
    size_t frames = 0;             //!< as the header counts them; 0: it does not
    bool transport_stream = false; //!< MPEG-TS
    bool cut_is_told = false;      //!< by ffmpeg, where such a file is cut off
    bool edit_lists = false;       //!< the file may put parts of its tracks one after the other, as MP4 does
    bool deep = false;             //!< more than 8 bits per color
    bool yuv = false;              //!< luma and chroma, not RGB
    bool transparent = false;      //!< has an alpha channel
    bool closed_captions = false;  //!< subtitles inside the images
    ColorTags color;               //!< as tagged; empty where a tag is missing
    std::string field_order;  //!< of an interlaced video "tff" or "bff", by the field that is shown first; else empty
    bool dynamic_hdr = false; //!< Dolby Vision or mastering metadata beside the colors
    bool spherical = false;   //!< its images are to be wrapped around the viewer
    bool image = false;       //!< a photograph, not a video
    bool bare_h264 = false;   //!< a stream of H.264 without a container
    bool playlist = false;    //!< a list of other files, as of HLS
    bool segments = false;    //!< one of HLS or DASH, whose files come one after the other
    std::vector<int> sound, subtitles;    //!< numbers of these streams
    std::map<int, std::string> languages; //!< of sound and subtitles, by the stream's number, where they are told
    size_t unknown_sound = 0;             //!< of the sound, tracks of which the codec is not known
    size_t image_subtitles = 0;           //!< of the subtitles, those that are images, as a DVD has them
    size_t chapters = 0;
    std::map<std::string, size_t> others; //!< what else there is, by kind: "further video track" ...

    cv::Size shownSize() const { return turned ? cv::Size(size.height, size.width) : size; }

    /** Width and height of what a pixel shows, in any unit. Views that share an image of usual shape are squeezed into
    it, and a player stretches them. */
    cv::Size shownPixelShape() const;
};

/** Arguments after the outputs of ffmpeg, for times that count from the beginning of a file. In an MPEG stream they
count from that of the first stream in use otherwise; so the first of all is used, for an output that goes nowhere.
@param first the file's MediaInfo::first
@param input the file's number among ffmpeg's inputs */
std::vector<std::string> timesOfFile(int first, int input);

//! Of the tools that read a source: a network may stall, a file does not.
ToolProcess::Patience patienceWith(const std::string& source);

//! Whether messages of a tool say that its source was cut off, or that its address broke off.
bool brokeOff(const std::string& messages);

//! Raises std::runtime_error with the reason where nothing can be read.
MediaInfo readMediaInfo(const std::string& source);

//! Time stamp at which the last packet of a file ends, seconds; reads all of it.
double lastPacketEnd(const std::string& source);

//! Whether a stream of a file has packets that begin before an earlier one, as where an edit begins; reads all of it.
bool timesJumpBack(const std::string& source, int stream);

//! Number of packets of a stream of a file, of those with time stamps from a time on, seconds; reads all of it.
size_t packetCount(const std::string& source, int stream, double from = 0);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_MEDIA_INFO_HPP
