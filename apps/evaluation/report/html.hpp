// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_REPORT_HTML_HPP
#define SANPRIVACY_APPS_EVALUATION_REPORT_HTML_HPP

#include "evaluation/report/table.hpp"

#include <string>

namespace sanprivacy { namespace apps {

//! Text as it stands in HTML or SVG.
std::string escaped(const std::string& text);

//! A table under its title and caption.
std::string html(const Table& table);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_REPORT_HTML_HPP
