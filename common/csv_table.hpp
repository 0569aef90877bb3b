// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_CSV_TABLE_HPP
#define SANPRIVACY_COMMON_CSV_TABLE_HPP

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sanprivacy {

//! A CSV file with a header line.
struct CsvTable
{
    std::vector<std::string> columns;           //!< names in the header
    std::vector<std::vector<std::string>> rows; //!< each with a value for every column
    bool decimal_comma = false;                 //!< a number may have one, as semicolons separate the values

    //! Index of a column, or -1. In any case (File for file); where several names fit so, the one that fits as it is.
    //! Several of these raise std::runtime_error.
    int find(const std::string& column) const;
    //! Index of a column; where it is missing std::runtime_error, which lists the columns.
    size_t at(const std::string& column) const;
    //! A cell with a decimal point where it has a decimal comma.
    std::string withDecimalPoint(std::string cell) const;
    //! The number in a cell; nothing where it is empty. Where it is no finite number std::runtime_error names row and
    //! column.
    std::optional<double> number(size_t row, size_t column) const;
};

/** Reads a file in UTF-8. Values are separated by commas, semicolons or tabs, whichever the header has most of.
Errors name the file and, where a row has too few or too many values, the row. */
CsvTable readCsv(const std::filesystem::path& file);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_CSV_TABLE_HPP
