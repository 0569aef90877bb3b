// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/report/svg_plot.hpp"

#include "evaluation/report/html.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

namespace {

//! A color for each line, readable also for the color-blind (Okabe and Ito); the first is the originals'.
const char* const COLORS[] = { "#000000", "#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9", "#999999" };
const char* const DASHES[] = { "", "6 3", "2 2", "8 3 2 3" }; // where there are more lines than colors

// Pixels, before the page scales them.
const double WIDTH = 640, LEFT = 62, TOP = 34, PLOT_WIDTH = 390, PLOT_HEIGHT = 310, BOTTOM = 50;
const double LEGEND_LEFT = LEFT + PLOT_WIDTH + 18, LEGEND_SPACING = 18, LEGEND_SAMPLE = 22, TICK = 5;
const size_t LEGEND_CHARACTERS = 20;

//! An axis of percents.
class Axis
{
public:
    Axis(bool logarithmic, double begin, double length) : logarithmic_(logarithmic), begin_(begin), length_(length) {}

    double least() const { return logarithmic_ ? 1e-3 : 0; }

    //! Where a value that is not below least() lies, pixels.
    double place(double percent) const
    {
        const double decades = std::log10(MOST / least());
        return begin_ + length_ * (logarithmic_ ? std::log10(percent / least()) / decades : percent / MOST);
    }

    std::vector<double> ticks() const
    {
        std::vector<double> values;
        if (logarithmic_)
            for (double value = least(); value < 1.5 * MOST; value *= 10)
                values.push_back(value);
        else
            for (double value = 0; value <= MOST; value += 20)
                values.push_back(value);
        return values;
    }

    static constexpr double MOST = 100;

private:
    bool logarithmic_;
    double begin_, length_;
};

std::string text(double x, double y, const char* anchor, const std::string& content)
{
    return cv::format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor) + escaped(content) + "</text>\n";
}

std::string straight(double x1, double y1, double x2, double y2, const char* color)
{
    return cv::format("<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\"/>\n", x1, y1, x2, y2, color);
}

std::string grid(const Axis& x, const Axis& y)
{
    const char *light = "#dddddd", *dark = "#555555";
    const double right = LEFT + PLOT_WIDTH, bottom = TOP + PLOT_HEIGHT;
    std::string lines, labels;
    for (double tick : x.ticks())
    {
        const double place = x.place(tick);
        lines += straight(place, TOP, place, bottom, light) + straight(place, bottom, place, bottom + TICK, dark);
        labels += text(place, bottom + 18, "middle", cv::format("%g", tick));
    }
    for (double tick : y.ticks())
    {
        const double place = y.place(tick);
        lines += straight(LEFT, place, right, place, light) + straight(LEFT - TICK, place, LEFT, place, dark);
        labels += text(LEFT - 9, place + 4, "end", cv::format("%g", tick));
    }
    return lines + straight(LEFT, TOP, LEFT, bottom, dark) + straight(LEFT, bottom, right, bottom, dark) + labels;
}

//! The part of a curve that the axis shows: on a logarithmic one it begins where the curve crosses its end.
std::string curve(const Line& line, const Axis& x, const Axis& y, const std::string& style)
{
    std::ostringstream path;
    const auto add = [&](double px, double py)
    { path << cv::format("%s%.2f %.2f", path.tellp() == 0 ? "M" : "L", x.place(px), y.place(py)); };
    for (size_t i = 0; i < line.x.size(); ++i)
    {
        const double px = 100 * line.x[i], py = 100 * line.y[i];
        if (px < x.least())
            continue;
        if (i > 0 && 100 * line.x[i - 1] < x.least() && px > x.least())
        {
            const double before = 100 * line.x[i - 1], share = (x.least() - before) / (px - before);
            add(x.least(), 100 * line.y[i - 1] * (1 - share) + py * share);
        }
        add(px, py);
    }
    return "<path d=\"" + path.str() + "\" " + style + "/>\n";
}

//! So much of a title as the legend has room for; the whole of it where the pointer rests.
std::string legendTitle(const std::string& title, double y)
{
    std::string shown = title;
    if (shown.size() > LEGEND_CHARACTERS)
    {
        size_t end = LEGEND_CHARACTERS - 1;
        while (end > 0 && (shown[end] & 0xC0) == 0x80) // not within a character of UTF-8
            --end;
        shown = shown.substr(0, end) + "…";
    }
    return "<g><title>" + escaped(title) + "</title>" + text(LEGEND_LEFT + LEGEND_SAMPLE + 6, y + 4, "start", shown)
           + "</g>\n";
}

} // namespace

std::string svg(const Plot& plot)
{
    const Axis x(plot.log_x, LEFT, PLOT_WIDTH), y(false, TOP + PLOT_HEIGHT, -PLOT_HEIGHT);
    const double height = std::max(TOP + PLOT_HEIGHT + BOTTOM, TOP + LEGEND_SPACING * double(plot.lines.size() + 1));
    std::string out = cv::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" role=\"img\" "
                                 "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222222\">\n",
        WIDTH, height);
    out += "<title>" + escaped(plot.title) + "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
    out += "<g font-size=\"14\">" + text(LEFT + PLOT_WIDTH / 2, TOP - 14, "middle", plot.title) + "</g>\n";
    out += grid(x, y);
    out += text(LEFT + PLOT_WIDTH / 2, TOP + PLOT_HEIGHT + 38, "middle", plot.x_label);
    const double middle = TOP + PLOT_HEIGHT / 2;
    out += cv::format("<g transform=\"rotate(-90 16 %.1f)\">", middle) + text(16, middle + 4, "middle", plot.y_label)
           + "</g>\n";

    const size_t colors = sizeof(COLORS) / sizeof(COLORS[0]), dashes = sizeof(DASHES) / sizeof(DASHES[0]);
    std::string legend;
    for (size_t i = plot.lines.size(); i-- > 0;) // the first, the originals', lies on top
    {
        const std::string style =
            cv::format("fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\"%s", COLORS[i % colors],
                i < colors ? "" : cv::format(" stroke-dasharray=\"%s\"", DASHES[i / colors % dashes]).c_str());
        out += curve(plot.lines[i], x, y, style);
        const double row = TOP + 8 + LEGEND_SPACING * double(i);
        legend += cv::format("<path d=\"M%.1f %.1fh%.1f\" ", LEGEND_LEFT, row, LEGEND_SAMPLE) + style + "/>\n"
                  + legendTitle(plot.lines[i].title, row);
    }
    return out + legend + "</svg>";
}

}} // namespace sanprivacy::apps
