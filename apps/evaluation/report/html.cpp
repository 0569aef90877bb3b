// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/report/html.hpp"

#include <algorithm>
#include <sstream>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

namespace {

std::string shown(double value, Unit unit)
{
    if (std::isnan(value))
        return "–";
    switch (unit)
    {
    case Unit::COUNT:
        return cv::format("%.0f", value);
    case Unit::PERCENT:
        return cv::format("%.1f", 100 * value);
    case Unit::DECIBEL:
        return cv::format("%.1f", value);
    default:
        return cv::format("%.3g", value);
    }
}

//! From red for none to green for full.
std::string tinted(Tint tint, double value)
{
    if (tint == Tint::NONE || std::isnan(value))
        return std::string();
    const double chance = 0.5, green = 120; // hue
    const double share = std::min(1., tint == Tint::PROTECTION ? value / chance : value);
    return cv::format(" style=\"background:hsl(%.0f 70%% 88%%)\"", green * std::max(0., share));
}

} // namespace

std::string escaped(const std::string& text)
{
    std::string result;
    for (char c : text)
        switch (c)
        {
        case '&':
            result += "&amp;";
            break;
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '"':
            result += "&quot;";
            break;
        default:
            result += c;
        }
    return result;
}

std::string html(const Table& table)
{
    std::ostringstream out;
    out << "<h2>" << escaped(table.title) << "</h2>\n";
    if (!table.caption.empty())
        out << "<p>" << escaped(table.caption) << "</p>\n";
    if (table.rows.empty())
        return out.str();
    out << "<div class=scroll><table>\n<tr>";
    for (const Column& column : table.columns)
    {
        const bool named = column.title.empty() || column.title.back() == '%';
        out << (column.unit == Unit::TEXT ? "<th class=text>" : "<th>") << escaped(column.title)
            << (named                             ? ""
                   : column.unit == Unit::PERCENT ? " %"
                   : column.unit == Unit::DECIBEL ? " dB"
                                                  : "")
            << "</th>";
    }
    out << "</tr>\n";
    const bool grouped = table.columns.size() > 2 && table.columns[1].unit == Unit::TEXT; // by the first column
    std::string previous;
    for (const std::vector<Cell>& row : table.rows)
    {
        const bool first = grouped && !previous.empty() && row[0].text != previous;
        out << (first ? "<tr class=first>" : "<tr>");
        for (size_t i = 0; i < row.size(); ++i)
        {
            const Column& column = table.columns[i];
            if (column.unit == Unit::TEXT)
            {
                const bool repeated = grouped && i == 0 && row[0].text == previous;
                out << "<td class=\"text" << (row[i].text.size() > 60 ? " wide" : "") << "\">"
                    << (repeated ? "" : escaped(row[i].text)) << "</td>";
                continue;
            }
            out << "<td" << tinted(column.tint, row[i].value) << ">" << shown(row[i].value, column.unit);
            if (column.interval && !std::isnan(row[i].lower))
                out << "<small>" << shown(row[i].lower, column.unit) << "–" << shown(row[i].upper, column.unit)
                    << "</small>";
            out << "</td>";
        }
        out << "</tr>\n";
        previous = row[0].text;
    }
    out << "</table></div>\n";
    return out.str();
}

}} // namespace sanprivacy::apps
