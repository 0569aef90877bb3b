// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_COMMANDS_COMMANDS_HPP
#define SANPRIVACY_TRAIN_COMMANDS_COMMANDS_HPP

#include <functional>

#include "common/errors.hpp"

namespace CLI {
class App;
}

namespace sanprivacy { namespace train {

//! A command of sanprivacy-train: its options are parsed into `parser`, then `run` does the work.
struct Command
{
    CLI::App* parser;
    std::function<ExitCode()> run;
};

Command addPrototypes(CLI::App& app); //!< mean faces per label
Command addClassifier(CLI::App& app); //!< auxiliary attribute classifier
Command addLandmarks(CLI::App& app);  //!< five-landmark network of the detector
Command addPretrain(CLI::App& app);   //!< J_D on X'_SM
Command addTrain(CLI::App& app);      //!< Eq. 5
Command addAttackers(CLI::App& app);  //!< the ensemble that the residual U-Net is trained against
Command addResidual(CLI::App& app);   //!< the residual U-Net
Command addExport(CLI::App& app);     //!< ONNX

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_COMMANDS_COMMANDS_HPP
