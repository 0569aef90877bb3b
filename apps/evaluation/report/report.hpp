// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_REPORT_REPORT_HPP
#define SANPRIVACY_APPS_EVALUATION_REPORT_REPORT_HPP

#include "evaluation/report/plot.hpp"
#include "evaluation/report/table.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

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

    /** Writes into a folder.
    @param inputs files that nothing is written to: UsageError instead */
    void write(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& inputs) const;

private:
    std::string title_, command_line_;
    std::vector<Table> tables_, files_;
    std::vector<Plot> plots_;
    std::string body_; // HTML
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_REPORT_REPORT_HPP
