// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/csv_table.hpp"

#include "common/atomic_file.hpp"
#include "common/message.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <locale>
#include <sstream>
#include <stdexcept>

#include <csv.h> // libcsv

namespace fs = std::filesystem;

namespace sanprivacy {

namespace {

typedef std::vector<std::string> Row;

struct Parsed
{
    std::vector<Row> rows;
    Row row;
};

void endOfField(void* field, size_t length, void* parsed)
{
    static_cast<Parsed*>(parsed)->row.emplace_back(static_cast<const char*>(field), length);
}

void endOfRow(int, void* parsed)
{
    Parsed* target = static_cast<Parsed*>(parsed);
    target->rows.push_back(std::move(target->row));
    target->row.clear();
}

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

//! What separates the values of a file: the comma, semicolon or tab of which its header has most.
unsigned char separatorOf(const unsigned char* text, const unsigned char* end)
{
    const std::string separators = ",;\t";
    size_t counts[3] = {};
    bool quoted = false;
    for (; text != end && (quoted || (*text != '\n' && *text != '\r')); ++text)
    {
        quoted = quoted != (*text == '"');
        const size_t which = separators.find(char(*text));
        if (!quoted && which != std::string::npos)
            ++counts[which];
    }
    return static_cast<unsigned char>(separators[size_t(std::max_element(counts, counts + 3) - counts)]);
}

//! The length of a first line "sep=;", which gives Excel the separator of the values; 0 where there is none.
size_t sizeOfSeparatorLine(const unsigned char* text, size_t size)
{
    const std::string begin = "sep=";
    if (size <= begin.size() || lower(std::string(text, text + begin.size())) != begin)
        return 0;
    size_t end = begin.size() + 1; // after the separator
    for (const char line_end : { '\r', '\n' })
        end += end < size && text[end] == static_cast<unsigned char>(line_end);
    return end > begin.size() + 1 ? end : 0;
}

//! Refuses other files of spreadsheets, and other encodings than UTF-8.
void checkKind(const std::vector<unsigned char>& content)
{
    const auto begins = [&](std::initializer_list<unsigned char> head)
    { return content.size() >= head.size() && std::equal(head.begin(), head.end(), content.begin()); };
    const bool marked = begins({ 0xFF, 0xFE }) || begins({ 0xFE, 0xFF });
    if (marked || (content.size() >= 2 && (content[0] == 0) != (content[1] == 0)))
        throw std::runtime_error("is in UTF-16; save it as CSV in UTF-8");
    if (begins({ 'P', 'K', 3, 4 }) || begins({ 0xD0, 0xCF, 0x11, 0xE0 })) // .xlsx and .ods, .xls
        throw std::runtime_error("is a spreadsheet; save it as CSV in UTF-8");
    const auto start = content.begin() + std::min<std::ptrdiff_t>(content.end() - content.begin(), 4096);
    if (begins({ 0x1F, 0x8B }) || std::find(content.begin(), start, 0) != start) // gzip, Parquet, SQLite, pickle ...
        throw std::runtime_error("is no text; expected CSV in UTF-8");
    if (begins({ '{' }) || begins({ '[' }))
        throw std::runtime_error("is JSON; expected CSV in UTF-8");
}

std::string joined(const Row& names)
{
    const size_t shown = 200; // characters: a file that is no CSV can have an endless first line
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    return text.size() > shown ? text.substr(0, shown) + "..." : text;
}

} // namespace

int CsvTable::find(const std::string& column) const
{
    Row exact, alike;
    for (const std::string& name : columns)
    {
        if (name == column)
            exact.push_back(name);
        if (lower(name) == lower(column))
            alike.push_back(name);
    }
    const Row& fitting = exact.empty() ? alike : exact;
    if (fitting.size() > 1)
        throw std::runtime_error("several columns for '" + column + "': " + joined(fitting));
    return fitting.empty() ? -1 : int(std::find(columns.begin(), columns.end(), fitting[0]) - columns.begin());
}

size_t CsvTable::at(const std::string& column) const
{
    const int index = find(column);
    if (index < 0)
        throw std::runtime_error("no column '" + column + "'; found: " + joined(columns));
    return size_t(index);
}

std::string CsvTable::withDecimalPoint(std::string cell) const
{
    if (decimal_comma && cell.find('.') == std::string::npos && std::count(cell.begin(), cell.end(), ',') == 1)
        cell[cell.find(',')] = '.';
    return cell;
}

std::optional<double> CsvTable::number(size_t row, size_t column) const
{
    const std::string& cell = rows.at(row).at(column);
    if (cell.empty())
        return std::nullopt;
    std::istringstream stream(withDecimalPoint(cell));
    stream.imbue(std::locale::classic());
    double value;
    if (!(stream >> value) || !(stream >> std::ws).eof() || !std::isfinite(value))
        throw std::runtime_error("row " + std::to_string(row + 2) + ", column '" + columns.at(column) + "': '"
                                 + printable(cell) + "' is not a number");
    return value;
}

CsvTable readCsv(const fs::path& file)
{
    std::vector<unsigned char> content;
    try
    {
        content = readFile(file);
        checkKind(content);
    }
    catch (const std::runtime_error& error)
    {
        throw std::runtime_error(file.string() + ": " + error.what());
    }
    const unsigned char byte_order_mark[] = { 0xEF, 0xBB, 0xBF };
    const bool marked = content.size() >= 3 && std::equal(byte_order_mark, byte_order_mark + 3, content.begin());
    size_t start = marked ? 3 : 0;
    const size_t separator_line = sizeOfSeparatorLine(content.data() + start, content.size() - start);
    const unsigned char told = separator_line > 0 ? content[start + 4] : 0;
    start += separator_line;

    Parsed parsed;
    csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        throw std::bad_alloc();
    const unsigned char* const text = content.data() + start;
    const size_t size = content.size() - start;
    const unsigned char separator = told != 0 ? told : separatorOf(text, text + size);
    csv_set_delim(&parser, separator);
    const bool complete = csv_parse(&parser, text, size, endOfField, endOfRow, &parsed) == size
                          && csv_fini(&parser, endOfField, endOfRow, &parsed) == 0;
    const std::string diagnostic = csv_strerror(csv_error(&parser));
    csv_free(&parser);
    if (!complete)
        throw std::runtime_error(
            file.string() + ": not a CSV file, row " + std::to_string(parsed.rows.size() + 1) + ": " + diagnostic);
    const auto empty = [](const Row& row)
    { return std::all_of(row.begin(), row.end(), [](const std::string& cell) { return cell.empty(); }); };
    while (!parsed.rows.empty() && empty(parsed.rows.back())) // as spreadsheets leave them
        parsed.rows.pop_back();
    if (parsed.rows.empty())
        throw std::runtime_error(file.string() + ": no header line");

    CsvTable table;
    table.decimal_comma = separator == ';';
    table.columns = std::move(parsed.rows.front());
    table.rows.assign(std::make_move_iterator(parsed.rows.begin() + 1), std::make_move_iterator(parsed.rows.end()));
    for (size_t row = 0; row < table.rows.size(); ++row)
        if (table.rows[row].size() != table.columns.size())
            throw std::runtime_error(file.string() + ": row " + std::to_string(row + 2) + " has "
                                     + std::to_string(table.rows[row].size()) + " values, the header "
                                     + std::to_string(table.columns.size()));
    return table;
}

} // namespace sanprivacy
