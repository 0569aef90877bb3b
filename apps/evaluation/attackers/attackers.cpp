// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/attackers.hpp"

#include "common/errors.hpp"

#include <algorithm>

namespace sanprivacy { namespace apps {

namespace {

const std::vector<std::string> ADAPTIVE = { "neighbors", "probe", "treated" };

} // namespace

int Attackers::inner() const
{
    for (size_t i = 0; i < images.size(); ++i)
        if (images[i].name == "inner")
            return int(i);
    return -1;
}

std::vector<std::string> attackerNames()
{
    std::vector<std::string> names;
    for (const ImageAttacker& attacker : imageAttackers())
        if (attacker.name != "none")
            names.push_back(attacker.name);
    names.insert(names.end(), ADAPTIVE.begin(), ADAPTIVE.end());
    return names;
}

Attackers findAttackers(const std::vector<std::string>& names)
{
    const std::vector<ImageAttacker>& known = imageAttackers();
    Attackers attackers = { { known[0] }, {} };
    for (size_t i = 0; i < names.size(); ++i)
    {
        const std::string& name = names[i];
        if (name == "none"
            || std::find(names.begin(), names.begin() + std::ptrdiff_t(i), name) != names.begin() + std::ptrdiff_t(i))
            continue;
        const auto image =
            std::find_if(known.begin(), known.end(), [&](const ImageAttacker& a) { return a.name == name; });
        if (image != known.end())
            attackers.images.push_back(*image);
        else if (std::find(ADAPTIVE.begin(), ADAPTIVE.end(), name) != ADAPTIVE.end())
            attackers.adaptive.push_back(name);
        else
        {
            std::string all = "none";
            for (const std::string& each : attackerNames())
                all += ", " + each;
            throw UsageError("--attackers: '" + name + "' is none of " + all);
        }
    }
    const bool restores = std::any_of(
        attackers.images.begin(), attackers.images.end(), [](const ImageAttacker& a) { return a.restores; });
    if (restores && attackers.inner() >= 0)
        attackers.images.push_back({ "restorer_inner", "restored, inner face", innerFace, false, true });
    return attackers;
}

}} // namespace sanprivacy::apps
