// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_REPORT_HPP
#define SANPRIVACY_APPS_EVALUATION_REPORT_HPP

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! One value of a table: a text, a number, or a number with its confidence interval. NAN: there is none.
struct Cell
{
    Cell(const std::string& text_) : text(text_) {}
    Cell(const char* text_) : text(text_) {}
    Cell(double value_, double lower_ = NAN, double upper_ = NAN) : value(value_), lower(lower_), upper(upper_) {}

    std::string text;
    double value = NAN, lower = NAN, upper = NAN;
};

enum class Unit { TEXT, COUNT, PERCENT, DECIBEL, NUMBER }; //!< percents are kept as shares 0..1

//! Color of a cell: how much a share protects the attribute (0.5 is chance), or how much it keeps of the use.
enum class Tint { NONE, PROTECTION, USE };

struct Column
{
    std::string name;  //!< in CSV and JSON
    std::string title; //!< in HTML
    Unit unit;
    Tint tint = Tint::NONE;
    bool interval = false; //!< cells have confidence intervals; CSV gets NAME_lower and NAME_upper
};

struct Table
{
    std::string name;    //!< of its CSV file and in the JSON
    std::string title;
    std::string caption; //!< plain text
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;
};

struct Line
{
    std::string title;
    std::vector<double> x, y;
};

struct Plot
{
    std::string name, title, x_label, y_label;
    bool log_x;
    std::vector<Line> lines;
};

//! Images in rows and columns.
struct Grid
{
    std::string title, caption;
    std::vector<std::string> columns;
    std::vector<std::vector<cv::Mat>> rows;
    std::vector<std::vector<std::string>> legends; //!< under each image
};

//! report.html, which needs no other file, with every table as CSV, and report.json with everything.
class Report
{
public:
    Report(const std::string& title, const std::string& command_line);

    void add(const Table& table);
    void addFile(const Table& table); //!< a CSV file only, for tables too long to read
    void add(const std::string& title, const std::string& caption, const std::vector<Plot>& plots);
    void add(const Grid& grid);

    //! Writes into a folder. Returns what had to be left out, empty if nothing.
    std::string write(const std::filesystem::path& folder) const;

private:
    std::string title_, command_line_;
    std::vector<Table> tables_, files_;
    std::vector<Plot> plots_;
    std::string body_; // HTML
    std::string left_out_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_REPORT_HPP
