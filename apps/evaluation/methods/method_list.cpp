// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods/method_list.hpp"

#include "common/errors.hpp"
#include "evaluation/cache_keys.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const std::vector<std::string> SAN_OUTPUTS = { "same", "neutral", "opposite" }, // what "san" stands for
    PROTOTYPES = { "same", "neutral", "opposite", "random" };                   // in the order of PrototypeChoice

struct NumberedMethod
{
    const char* kind;
    double usual, least, most;
};

const NumberedMethod NUMBERED_METHODS[] = {
    { "blur", 6.0, 0.1, 100 },    // sigma in pixels of the canonical crop
    { "pixelation", 10, 1, 112 }, // side of a block there
    { "mixing", 0.5, 0, 1 }       // share of the counterpart
};

double numberIn(const NumberedMethod& method, const std::string& value)
{
    size_t used = 0;
    double number = NAN;
    try
    {
        number = std::stod(value, &used);
    }
    catch (const std::logic_error&)
    {
        // no number at all: reported below
    }
    if (used != value.size() || !(number >= method.least && number <= method.most))
        throw UsageError(cv::format("--methods: %s takes a number from %g to %g, found '%s'", method.kind, method.least,
            method.most, value.c_str()));
    return number;
}

MethodName parseMethod(const std::string& kind, const std::string& value)
{
    if (std::count(PROTOTYPES.begin(), PROTOTYPES.end(), kind) > 0)
    {
        const std::vector<std::string>& shipped = shippedModels();
        if (!value.empty() && !std::count(shipped.begin(), shipped.end(), value) && !fs::is_regular_file(value))
            throw UsageError("--methods: " + kind + ": neither a file nor a shipped network: '" + value + "'");
        return { kind, value, value.empty() ? kind : kind + " (" + fs::path(value).stem().string() + ")" };
    }
    for (const NumberedMethod& method : NUMBERED_METHODS)
        if (kind == method.kind)
        {
            const double number = value.empty() ? method.usual : numberIn(method, value);
            return { kind, cv::format("%.17g", number), cv::format("%s %g", method.kind, number) };
        }
    if (kind == "search")
        return { kind, value, value.empty() ? kind : kind + " (" + value + ")" };
    if (kind == "folder")
    {
        if (!fs::is_directory(value))
            throw UsageError("--methods: no such folder: '" + value + "'");
        return { kind, value, folderName(value) };
    }
    throw UsageError(
        "--methods: '" + kind
        + "' is none of san, same, neutral, opposite, random, blur, pixelation, mixing, search, folder=DIR");
}

} // namespace

std::vector<MethodName> parseMethods(const std::vector<std::string>& texts)
{
    std::vector<MethodName> methods;
    for (const std::string& text : texts)
    {
        const size_t equals = text.find('=');
        const std::string kind = text.substr(0, equals),
                          value = equals == std::string::npos ? "" : text.substr(equals + 1);
        for (const std::string& each : kind == "san" ? SAN_OUTPUTS : std::vector<std::string> { kind })
            methods.push_back(parseMethod(each, value));
    }
    for (size_t i = 0; i < methods.size(); ++i)
        for (size_t j = 0; j < i; ++j)
            if (methods[i].title == methods[j].title)
                throw UsageError("--methods: two methods are called '" + methods[i].title + "'");
    return methods;
}

bool isNetwork(const MethodName& method)
{
    return std::count(PROTOTYPES.begin(), PROTOTYPES.end(), method.kind) > 0;
}

std::unique_ptr<Method> createMethod(const MethodName& name, MethodContext& context)
{
    if (name.kind == "blur")
        return createBlur(std::stod(name.value));
    if (name.kind == "pixelation")
        return createPixelation(std::stod(name.value));
    if (name.kind == "mixing")
        return createMixing(*context.set, std::stod(name.value));
    if (name.kind == "search")
        return createSearch(*context.set, context.searches.at(name.value));
    if (name.kind == "folder")
        return createFolder(name.value, *context.set);

    NetworkOptions networks = context.networks;
    if (!name.value.empty())
        networks.model = name.value;
    cv::Ptr<Perturber>& perturber = context.perturbers[name.value];
    if (!perturber)
        perturber = networks.createPerturber();
    const auto prototype = std::find(PROTOTYPES.begin(), PROTOTYPES.end(), name.kind);
    return createSemiAdversarialNetwork(perturber, PrototypeChoice(PROTOTYPE_SAME + (prototype - PROTOTYPES.begin())),
        networks.hidden(), context.set->attribute, perturberKey(networks));
}

}} // namespace sanprivacy::apps
