// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_VERBS_HPP
#define SANPRIVACY_TRAIN_VERBS_HPP

#include <functional>

namespace CLI { class App; }

namespace sanprivacy { namespace train {

const int EXIT_INTERRUPTED = 130; //!< as shells report SIGINT: the work is saved but not finished

//! A sub-command of sanprivacy-train: its options, and what it does once they are read. Returns the exit code.
struct Verb
{
    CLI::App* app;
    std::function<int()> run;
};

Verb prototypesVerb(CLI::App& app); //!< mean faces per label
Verb classifierVerb(CLI::App& app); //!< auxiliary attribute classifier
Verb landmarksVerb(CLI::App& app);  //!< five-landmark network of the detector
Verb pretrainVerb(CLI::App& app);   //!< J_D on X'_SM
Verb trainVerb(CLI::App& app);      //!< Eq. 5
Verb attackersVerb(CLI::App& app);  //!< the ensemble that the residual U-Net is trained against
Verb residualVerb(CLI::App& app);   //!< the residual U-Net
Verb exportVerb(CLI::App& app);     //!< ONNX

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_VERBS_HPP
