// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/report/report.hpp"

#include "common/atomic_file.hpp"
#include "common/base64.hpp"
#include "common/output_guard.hpp"
#include "common/version.hpp"
#include "evaluation/report/html.hpp"
#include "evaluation/report/svg_plot.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace sanprivacy { namespace apps {

namespace {

const char* const STYLE = R"(
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1200px; margin: 2em auto; padding: 0 1.5em; }
h1 { font-size: 1.7em; margin-bottom: .2em; } h2 { font-size: 1.25em; margin: 2.2em 0 .3em; }
p { max-width: 62em; margin: .4em 0 .8em; } code { background: #f3f3f3; padding: .1em .3em; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #e4e4e4; white-space: nowrap; }
th { font-weight: 600; vertical-align: bottom; border-bottom: 2px solid #888; white-space: normal; }
th.text, td.text { text-align: left; } td.wide { white-space: normal; }
tr.first td { border-top: 2px solid #bbb; }
td small { color: #666; margin-left: .5em; }
.plots { display: flex; flex-wrap: wrap; gap: 1em; } .plots > div { flex: 1 1 480px; max-width: 640px; }
.plots svg { width: 100%; height: auto; }
table.grid td, table.grid th { border: 0; padding: 3px; text-align: center; font-weight: 400; font-size: 13px; }
table.grid img { display: block; width: 112px; height: 112px; }
table.grid th { max-width: 112px; overflow-wrap: anywhere; }
)";

std::string csvField(const std::string& text)
{
    if (text.find_first_of(",\"\n") == std::string::npos)
        return text;
    std::string result = "\"";
    for (char c : text)
        result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + "\"";
}

std::string csvNumber(double value)
{
    return std::isnan(value) ? std::string() : cv::format("%.9g", value);
}

std::string csv(const Table& table)
{
    std::string out;
    for (size_t i = 0; i < table.columns.size(); ++i)
    {
        const std::string name = csvField(table.columns[i].name);
        out += (i ? "," : "") + name;
        if (table.columns[i].interval)
            out += "," + name + "_lower," + name + "_upper";
    }
    out += '\n';
    for (const std::vector<Cell>& row : table.rows)
    {
        for (size_t i = 0; i < row.size(); ++i)
        {
            const bool text = table.columns[i].unit == Unit::TEXT;
            out += (i ? "," : "") + (text ? csvField(row[i].text) : csvNumber(row[i].value));
            if (table.columns[i].interval)
                out += "," + csvNumber(row[i].lower) + "," + csvNumber(row[i].upper);
        }
        out += '\n';
    }
    return out;
}

ordered_json jsonNumber(double value)
{
    return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json json(const Table& table)
{
    ordered_json rows = ordered_json::array();
    for (const std::vector<Cell>& row : table.rows)
    {
        ordered_json object;
        for (size_t i = 0; i < row.size(); ++i)
        {
            const Column& column = table.columns[i];
            object[column.name] = column.unit == Unit::TEXT ? ordered_json(row[i].text) : jsonNumber(row[i].value);
            if (column.interval)
            {
                object[column.name + "_lower"] = jsonNumber(row[i].lower);
                object[column.name + "_upper"] = jsonNumber(row[i].upper);
            }
        }
        rows.push_back(object);
    }
    return rows;
}

ordered_json json(const Plot& plot)
{
    ordered_json lines;
    for (const Line& line : plot.lines)
        lines[line.title] = { { "x", line.x }, { "y", line.y } };
    return lines;
}

std::string today()
{
    char text[20];
    const std::time_t now = std::time(nullptr);
    std::strftime(text, sizeof(text), "%Y-%m-%d", std::localtime(&now));
    return text;
}

//! The CSV files that a report in a folder has; nothing where there is no report.
std::vector<fs::path> tablesOf(const fs::path& folder)
{
    std::ifstream file(folder / "report.json");
    const nlohmann::json report = nlohmann::json::parse(file, nullptr, false);
    std::vector<fs::path> tables;
    if (report.is_object() && report.contains("tables") && report["tables"].is_object())
        for (const auto& table : report["tables"].items())
            if (fs::path(table.key()).filename() == table.key())
                tables.push_back(folder / (table.key() + ".csv"));
    return tables;
}

} // namespace

Report::Report(const std::string& title, const std::string& command_line) : title_(title), command_line_(command_line)
{
}

void Report::add(const Table& table)
{
    tables_.push_back(table);
    body_ += html(table);
}

void Report::addFile(const Table& table)
{
    files_.push_back(table);
}

void Report::add(const std::string& title, const std::string& caption, const std::vector<Plot>& plots)
{
    body_ += "<h2>" + escaped(title) + "</h2>\n<p>" + escaped(caption) + "</p>\n<div class=plots>\n";
    for (const Plot& plot : plots)
    {
        plots_.push_back(plot);
        body_ += "<div>" + svg(plot) + "</div>\n";
    }
    body_ += "</div>\n";
}

void Report::add(const Grid& grid)
{
    std::ostringstream out;
    out << "<h2>" << escaped(grid.title) << "</h2>\n<p>" << escaped(grid.caption)
        << "</p>\n<div class=scroll><table class=grid>\n<tr>";
    for (const std::string& column : grid.columns)
        out << "<th>" << escaped(column) << "</th>";
    out << "</tr>\n";
    for (size_t i = 0; i < grid.rows.size(); ++i)
    {
        out << "<tr>";
        for (size_t j = 0; j < grid.rows[i].size(); ++j)
        {
            out << "<td>";
            if (!grid.rows[i][j].empty())
            {
                const int quality = 90;
                std::vector<unsigned char> file;
                cv::imencode(".jpg", grid.rows[i][j], file, { cv::IMWRITE_JPEG_QUALITY, quality });
                out << "<img alt=\"" << escaped(grid.columns[j]) << "\" src=\"data:image/jpeg;base64," << base64(file)
                    << "\">";
            }
            out << escaped(grid.legends[i][j]) << "</td>";
        }
        out << "</tr>\n";
    }
    out << "</table></div>\n";
    body_ += out.str();
}

void Report::write(const fs::path& folder, const std::vector<fs::path>& inputs) const
{
    ordered_json all = { { "title", title_ }, { "date", today() }, { "version", version() },
        { "command", command_line_ } };
    std::vector<std::pair<fs::path, std::string>> files;
    for (const Table& table : tables_)
    {
        all["tables"][table.name] = json(table);
        files.emplace_back(folder / (table.name + ".csv"), csv(table));
    }
    for (const Table& table : files_)
        files.emplace_back(folder / (table.name + ".csv"), csv(table));
    for (const Plot& plot : plots_)
        all["curves"][plot.name] = json(plot);
    files.emplace_back(folder / "report.json", all.dump(1, ' ', false, ordered_json::error_handler_t::replace));
    files.emplace_back(folder / "report.html", "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8><meta "
                                               "name=viewport content=\"width=device-width\">\n<title>"
                                                   + escaped(title_) + "</title>\n<style>" + STYLE
                                                   + "</style></head>\n<body>\n<h1>" + escaped(title_) + "</h1>\n<p>"
                                                   + today() + ", <code>" + escaped(command_line_) + "</code></p>\n"
                                                   + body_ + "</body></html>\n");

    std::vector<fs::path> names;
    for (const auto& file : files)
        names.push_back(file.first);
    refuseInputsAsOutputs(inputs, names);
    makeWritableFolder(folder);
    const std::vector<fs::path> before = tablesOf(folder);
    const fs::path source = mostPrivate(inputs);            // the report shows faces
    std::vector<std::unique_ptr<TemporaryFile>> unfinished; // all of them, or the folder stays as it is
    for (const auto& file : files)
    {
        unfinished.push_back(std::make_unique<TemporaryFile>(file.first));
        unfinished.back()->write(file.second.data(), file.second.size());
    }
    for (const std::unique_ptr<TemporaryFile>& file : unfinished)
        file->replaceTarget(source);
    std::error_code none;
    for (const fs::path& table : before) // else it would be taken for one of this report
        if (std::find(names.begin(), names.end(), table) == names.end())
            fs::remove(table, none);
}

}} // namespace sanprivacy::apps
