// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/csv_table.hpp"
#include "common/errors.hpp"
#include "evaluation/report/command_line.hpp"
#include "evaluation/report/report.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace sanprivacy;
using namespace sanprivacy::apps;

namespace {

class WrittenReport : public testing::Test
{
protected:
    WrittenReport() : folder(fs::temp_directory_path() / ("sanprivacy-report-" + std::to_string(getpid())))
    {
        fs::create_directory(folder);
    }
    ~WrittenReport() override { fs::remove_all(folder); }

    std::string text(const std::string& name) const
    {
        std::ifstream file(folder / name);
        std::ostringstream content;
        content << file.rdbuf();
        return content.str();
    }

    const fs::path folder;
    const Table table = { "errors", "Errors & more", "Of <both> labels.",
        { { "network", "classifier", Unit::TEXT }, { "error", "error", Unit::PERCENT, Tint::PROTECTION, true },
            { "faces", "faces", Unit::COUNT } },
        { { "one, \"two\"", Cell(0.25, 0.125, 0.5), 12. }, { "none", Cell(NAN), 0. } } };
};

//! A command as the program has them, with one option of each kind.
struct ParsedCommand
{
    CLI::App app { "", "sanprivacy" };
    CLI::App* command;
    std::vector<std::string> methods = { "san" };
    std::string faces;
    double strength = 1;
    bool gray = false;

    explicit ParsedCommand(std::vector<std::string> words)
    {
        command = app.add_subcommand("evaluate");
        command->add_option("--faces", faces);
        command->add_option("--methods", methods)->delimiter(',')->default_str("san");
        command->add_option("-s,--strength", strength)->capture_default_str();
        command->add_flag("--gray", gray);
        words.insert(words.begin(), "evaluate");
        std::reverse(words.begin(), words.end());
        app.parse(words);
    }
};

std::vector<std::vector<std::string>> texts(const Table& table)
{
    std::vector<std::vector<std::string>> rows;
    for (const std::vector<Cell>& row : table.rows)
    {
        rows.emplace_back();
        for (const Cell& cell : row)
            rows.back().push_back(cell.text);
    }
    return rows;
}

} // namespace

TEST_F(WrittenReport, has_each_table_as_csv_json_and_html)
{
    Report report("Privacy of <faces>", "sanprivacy evaluate --faces 'a b'");
    report.add(table);
    report.write(folder, {});

    const CsvTable csv = readCsv(folder / "errors.csv");
    EXPECT_EQ(csv.columns, (std::vector<std::string> { "network", "error", "error_lower", "error_upper", "faces" }));
    ASSERT_EQ(csv.rows.size(), 2u);
    EXPECT_EQ(csv.rows[0], (std::vector<std::string> { "one, \"two\"", "0.25", "0.125", "0.5", "12" }));
    EXPECT_EQ(csv.rows[1], (std::vector<std::string> { "none", "", "", "", "0" }));

    const nlohmann::json json = nlohmann::json::parse(text("report.json"));
    EXPECT_EQ(json["command"], "sanprivacy evaluate --faces 'a b'");
    EXPECT_EQ(json["tables"]["errors"][0]["error_upper"], 0.5);
    EXPECT_TRUE(json["tables"]["errors"][1]["error"].is_null());

    const std::string html = text("report.html");
    for (const char* expected : { "Privacy of &lt;faces&gt;", "Errors &amp; more", "Of &lt;both&gt; labels.", "25.0" })
        EXPECT_NE(html.find(expected), std::string::npos) << expected;
}

TEST_F(WrittenReport, has_long_tables_as_csv_only)
{
    Report report("title", "command");
    report.addFile(table);
    report.write(folder, {});
    EXPECT_TRUE(fs::exists(folder / "errors.csv"));
    EXPECT_EQ(text("report.html").find("Errors &amp; more"), std::string::npos);
}

TEST_F(WrittenReport, is_not_written_over_an_input)
{
    const fs::path labels = folder / "errors.csv";
    std::ofstream(labels) << "file,gender\n";
    Report report("title", "command");
    report.add(table);
    EXPECT_THROW(report.write(folder, { labels }), UsageError);
    EXPECT_EQ(text("errors.csv"), "file,gender\n");
    EXPECT_FALSE(fs::exists(folder / "report.html"));
}

TEST(CommandLine, is_what_a_shell_takes)
{
    const ParsedCommand parsed({ "--gray", "--faces", "it's here", "--methods", "blur=6,random" });
    EXPECT_EQ(
        commandLine(*parsed.command), "sanprivacy evaluate --faces 'it'\\''s here' --methods blur=6,random --gray");
    EXPECT_EQ(commandLine(*ParsedCommand({}).command), "sanprivacy evaluate");
}

TEST(OptionTable, has_what_was_given_and_what_was_not)
{
    const ParsedCommand parsed({ "-s", "0.75" });
    EXPECT_EQ(texts(optionTable(*parsed.command)),
        (std::vector<std::vector<std::string>> { { "--faces", "(see --help)", "default" },
            { "--methods", "san", "default" }, { "--strength", "0.75", "given" }, { "--gray", "no", "default" } }));
}
