// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_REPORT_TABLE_HPP
#define SANPRIVACY_APPS_EVALUATION_REPORT_TABLE_HPP

#include <cmath>
#include <string>
#include <vector>

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

enum class Unit
{
    TEXT,
    COUNT,
    PERCENT,
    DECIBEL,
    NUMBER
}; //!< percents are kept as shares 0..1

//! Color of a cell: how much a share protects the attribute (0.5 is chance), or how much it keeps of the use.
enum class Tint
{
    NONE,
    PROTECTION,
    USE
};

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
    std::string name; //!< of its CSV file and in the JSON
    std::string title;
    std::string caption; //!< plain text
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_REPORT_TABLE_HPP
