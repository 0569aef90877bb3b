// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/unicode_form.hpp"

#include <algorithm>
#include <map>
#include <system_error>

namespace fs = std::filesystem;

namespace sanprivacy {

namespace {

//! A combining mark, and letters without and with it.
struct Combined
{
    char32_t mark;
    const char32_t* letters;
};

// The Unicode Character Database of version 14.0.0; scripts of which file names are known to differ by their form.
// clang-format off
const Combined COMBINED[] = {
    { 0x0300, U"AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹЕЀИЍеѐиѝĒḔēḕŌṐōṑWẀwẁÂẦ"
        U"âầĂẰăằÊỀêềÔỒôồƠỜơờƯỪưừYỲyỳ" },
    { 0x0301, U"AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵÅǺåǻ"
        U"ÆǼæǽØǾøǿ̈̈́¨΅ΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέηήιίϋΰοόυύωώϒϓГЃ"
        U"КЌгѓкќÇḈçḉĒḖēḗÏḮïḯKḰkḱMḾmḿÕṌõṍŌṒōṓPṔpṕŨṸũṹ"
        U"WẂwẃÂẤâấĂẮăắÊẾêếÔỐôốƠỚơớƯỨưứ" },
    { 0x0302, U"AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷZẐzẑẠẬạậ"
        U"ẸỆẹệỌỘọộ" },
    { 0x0303, U"AÃNÑOÕaãnñoõIĨiĩUŨuũVṼvṽÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡ"
        U"ƯỮưữYỸyỹ" },
    { 0x0304, U"AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱ"
        U"YȲyȳИӢиӣУӮуӯGḠgḡḶḸḷḹṚṜṛṝ" },
    { 0x0306, U"AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭУЎИЙийуўЖӁжӂАӐаӑЕӖеӗȨḜȩḝẠẶ"
        U"ạặ" },
    { 0x0307, U"CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯBḂbḃDḊdḋFḞfḟHḢhḣMṀmṁNṄnṅPṖpṗ"
        U"RṘrṙSṠsṡŚṤśṥŠṦšṧṢṨṣṩTṪtṫWẆwẇXẊxẋYẎyẏſẛ" },
    { 0x0308, U"AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸΙΪΥΫιϊυϋϒϔЕЁІЇеёіїАӒаӓӘӚәӛЖӜжӝ"
        U"ЗӞзӟИӤиӥОӦоӧӨӪөӫЭӬэӭУӰуӱЧӴчӵЫӸыӹHḦhḧÕṎõṏŪṺūṻWẄ"
        U"wẅXẌxẍtẗ" },
    { 0x0309, U"AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬ"
        U"ưửYỶyỷ" },
    { 0x030A, U"AÅaåUŮuůwẘyẙ" },
    { 0x030B, U"OŐoőUŰuűУӲуӳ" },
    { 0x030C, U"CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚGǦgǧKǨ"
        U"kǩƷǮʒǯjǰHȞhȟ" },
    { 0x030F, U"AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕѴѶѵѷ" },
    { 0x0311, U"AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ" },
    { 0x031B, U"OƠoơUƯuư" },
    { 0x0323, U"BḄbḅDḌdḍHḤhḥKḲkḳLḶlḷMṂmṃNṆnṇRṚrṛSṢsṣTṬtṭVṾvṿWẈwẉ"
        U"ZẒzẓAẠaạEẸeẹIỊiịOỌoọƠỢơợUỤuụƯỰưựYỴyỵ" },
    { 0x0324, U"UṲuṳ" },
    { 0x0325, U"AḀaḁ" },
    { 0x0326, U"SȘsșTȚtț" },
    { 0x0327, U"CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩDḐdḑHḨhḩ" },
    { 0x0328, U"AĄaąEĘeęIĮiįUŲuųOǪoǫ" },
    { 0x032D, U"DḒdḓEḘeḙLḼlḽNṊnṋTṰtṱUṶuṷ" },
    { 0x032E, U"HḪhḫ" },
    { 0x0330, U"EḚeḛIḬiḭUṴuṵ" },
    { 0x0331, U"BḆbḇDḎdḏKḴkḵLḺlḻNṈnṉRṞrṟTṮtṯZẔzẕhẖ" },
    { 0x0653, U"\u0627\u0622" },
    { 0x0654, U"\u0627\u0623\u0648\u0624\u064A\u0626\u06D5\u06C0\u06C1\u06C2\u06D2\u06D3" },
    { 0x0655, U"\u0627\u0625" },
    { 0x3099, U"かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはば"
        U"ひびふぶへべほぼうゔゝゞカガキギクグケゲコゴサザシジスズセゼソゾ"
        U"タダチヂツヅテデトドハバヒビフブヘベホボウヴワヷヰヸヱヹヲヺヽヾ" },
    { 0x309A, U"はぱひぴふぷへぺほぽハパヒピフプヘペホポ" },
};
// clang-format on

//! The letter without its last mark, and the mark.
struct Parts
{
    char32_t letter, mark;
};

const std::map<char32_t, Parts>& partsOfLetters()
{
    static const std::map<char32_t, Parts> parts = []
    {
        std::map<char32_t, Parts> made;
        for (const Combined& combined : COMBINED)
            for (const char32_t* letter = combined.letters; *letter != 0; letter += 2)
                made[letter[1]] = { letter[0], combined.mark };
        return made;
    }();
    return parts;
}

void append(std::string& text, char32_t c)
{
    const auto more = [&](int shift) { text += char(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80)
        text += char(c);
    else if (c < 0x800)
        text += char(0xC0 | c >> 6);
    else if (c < 0x10000)
        text += char(0xE0 | c >> 12);
    else
        text += char(0xF0 | c >> 18);
    for (int shift = c < 0x80 ? -6 : c < 0x800 ? 0 : c < 0x10000 ? 6 : 12; shift >= 0; shift -= 6)
        more(shift);
}

void appendDecomposed(std::string& text, char32_t c)
{
    const char32_t first_syllable = 0xAC00, syllables = 11172, leading = 0x1100, vowel = 0x1161, trailing = 0x11A7;
    const char32_t vowels = 21, trailings = 28; // of Hangul
    if (c >= first_syllable && c < first_syllable + syllables)
    {
        const char32_t index = c - first_syllable;
        append(text, leading + index / (vowels * trailings));
        append(text, vowel + index / trailings % vowels);
        if (index % trailings > 0)
            append(text, trailing + index % trailings);
        return;
    }
    const auto parts = partsOfLetters().find(c);
    if (parts == partsOfLetters().end())
        return append(text, c);
    appendDecomposed(text, parts->second.letter);
    append(text, parts->second.mark);
}

} // namespace

std::string decomposed(const std::string& text)
{
    std::string result;
    for (size_t i = 0; i < text.size();)
    {
        const unsigned char lead = static_cast<unsigned char>(text[i]);
        const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
        char32_t c = length == 1 ? lead : lead & (0x7Fu >> length);
        bool valid = length > 1 && i + length <= text.size();
        for (size_t k = 1; valid && k < length; ++k)
        {
            const unsigned char byte = static_cast<unsigned char>(text[i + k]);
            valid = (byte & 0xC0) == 0x80;
            c = c << 6 | (byte & 0x3Fu);
        }
        if (valid)
            appendDecomposed(result, c);
        else
            result += text[i];
        i += valid ? length : 1;
    }
    return result;
}

fs::path NameFinder::find(const fs::path& file)
{
    std::error_code error;
    const std::string path = file.string(), name = file.filename().string();
    const bool ascii = std::all_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x80; });
    if (ascii || name.empty() || fs::exists(file, error))
        return file;
    const fs::path folder = file.has_parent_path() ? find(file.parent_path()) : fs::path();
    if (fs::exists(folder / name, error))
        return folder / name;
    const auto names = names_.emplace(folder, std::map<std::string, std::string>());
    if (names.second)
    {
        fs::directory_iterator entry(folder.empty() ? fs::path(".") : folder, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error))
        {
            const std::string there = entry->path().filename().string();
            names.first->second.emplace(decomposed(there), there);
        }
    }
    const auto found = names.first->second.find(decomposed(name));
    return found == names.first->second.end() ? file : folder / found->second;
}

} // namespace sanprivacy
