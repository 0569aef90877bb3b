// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/plot.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

namespace {

//! A color for each line, readable also for the color-blind (Okabe and Ito); the first is the originals'.
const char* const COLORS[] = { "#000000", "#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9", "#999999" };

std::string quoted(const std::string& text)
{
    std::string result = "\"";
    for (char c : text)
        result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return result + "\"";
}

std::string script(const Plot& plot)
{
    std::ostringstream out;
    out << "set terminal svg size 640,400 dynamic enhanced font 'sans-serif,12' background '#ffffff'\n"
        << "set encoding utf8\nset grid lc rgb '#dddddd'\nset border 3 lc rgb '#555555'\nset tics nomirror\n"
        << "set key outside right center Left reverse noenhanced samplen 2 spacing 1.1\n"
        << "set title " << quoted(plot.title) << " noenhanced\nset xlabel " << quoted(plot.x_label) << "\nset ylabel "
        << quoted(plot.y_label) << "\nset yrange [0:100]\n";
    if (plot.log_x)
        out << "set logscale x\nset xrange [0.001:100]\nset format x '%g'\n";
    else
        out << "set xrange [0:100]\n";
    for (size_t i = 0; i < plot.lines.size(); ++i)
    {
        out << "$line" << i << " << EOD\n";
        for (size_t k = 0; k < plot.lines[i].x.size(); ++k)
            out << 100 * plot.lines[i].x[k] << ' ' << 100 * plot.lines[i].y[k] << '\n';
        out << "EOD\n";
    }
    out << "plot ";
    const size_t colors = sizeof(COLORS) / sizeof(COLORS[0]);
    for (size_t i = 0; i < plot.lines.size(); ++i)
        out << (i ? ", " : "") << "$line" << i << " with lines lw 2 dt " << i / colors + 1 << " lc rgb '"
            << COLORS[i % colors] << "' title " << quoted(plot.lines[i].title);
    out << '\n';
    return out.str();
}

} // namespace

std::string drawSvg(const Plot& plot)
{
    const std::string file = cv::tempfile(".gnuplot");
    std::ofstream(file) << script(plot);
    std::string svg;
    FILE* gnuplot = popen(("gnuplot '" + file + "' 2>/dev/null").c_str(), "r");
    if (gnuplot)
        for (int c; (c = std::fgetc(gnuplot)) != EOF;)
            svg += char(c);
    const bool drawn = gnuplot && pclose(gnuplot) == 0;
    std::remove(file.c_str());
    const size_t begin = svg.find("<svg"); // an XML declaration stands before
    if (!drawn || begin == std::string::npos)
        throw std::runtime_error("gnuplot does not run (Debian package gnuplot-nox)");
    return svg.substr(begin);
}

}} // namespace sanprivacy::apps
