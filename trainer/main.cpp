// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include <cstdlib>
#include <iostream>

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <opencv2/core.hpp>
#include <torch/torch.h>

#include "commands/commands.hpp"
#include "common/failure_message.hpp"
#include "common/help_format.hpp"
#include "common/message.hpp"
#include "common/process.hpp"
#include "common/version.hpp"
#include "common/workers.hpp"

using namespace sanprivacy;
using namespace sanprivacy::train;

namespace {

int quiet(int, const char*, const char*, const char*, int, void*)
{
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    prepareProcess();
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0); // trainings share cached crops, which never change
    // Training frees and takes the same large blocks each step: keeping them saves up to 30 %.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_ARENA_MAX, 1);
    torch::set_num_threads(int(workerCount()));
    cv::redirectError(quiet); // errors are reported once, below

    CLI::App app { "Trains the networks of sanprivacy.\n"
                   "Order: prototypes, classifier, pretrain, train, export for the network of the paper;\n"
                   "prototypes, attackers, residual, export for the residual U-Net; landmarks stands alone.",
        "sanprivacy-train" };
    const std::string libraries = std::string("LibTorch ") + TORCH_VERSION;
    app.set_version_flag(
        "--version", [libraries] { return versionText("sanprivacy-train", libraries); },
        "Version, OpenCV and its backends, LibTorch");
    app.require_subcommand(1);
    app.formatter(std::make_shared<HelpFormat>(42));
    app.failure_message(failureMessage);
    const std::vector<Command> commands = { addPrototypes(app), addClassifier(app), addLandmarks(app), addPretrain(app),
        addTrain(app), addAttackers(app), addResidual(app), addExport(app) };
    try
    {
        app.parse(argc, argv);
        for (const Command& command : commands)
            if (command.parser->parsed())
                return command.run();
    }
    catch (const CLI::ParseError& error)
    {
        return app.exit(error, std::cout, std::cerr) == 0 ? SUCCEEDED : BAD_USAGE; // --help arrives here too
    }
    catch (const UsageError& error)
    {
        std::cerr << "sanprivacy-train: " << error.what() << std::endl;
        return BAD_USAGE;
    }
    catch (const c10::Error& error)
    {
        std::cerr << "sanprivacy-train: " << error.what_without_backtrace() << std::endl;
    }
    catch (const std::exception& error)
    {
        std::cerr << "sanprivacy-train: " << message(error) << std::endl;
    }
    return interrupted() ? INTERRUPTED : FAILED;
}
