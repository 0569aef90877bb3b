// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_ATTACKERS_ATTACKERS_HPP
#define SANPRIVACY_APPS_EVALUATION_ATTACKERS_ATTACKERS_HPP

#include "evaluation/attackers/image_attackers.hpp"

#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! The attackers that a command line names.
struct Attackers
{
    std::vector<ImageAttacker> images; //!< "none" first; who restores, on the inner face as well where "inner" is named
    std::vector<std::string> adaptive; //!< of neighbors, probe, treated: they learn from perturbed faces

    //! Number of the attacker of images who keeps the inner face, or -1.
    int inner() const;
};

//! Attackers by name; "none" stands for no attacker. An unknown name raises UsageError.
Attackers findAttackers(const std::vector<std::string>& names);

//! Names of all of them.
std::vector<std::string> attackerNames();

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_ATTACKERS_ATTACKERS_HPP
