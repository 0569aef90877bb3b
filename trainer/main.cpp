// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include <iostream>
#include <thread>

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <opencv2/core.hpp>
#include <torch/torch.h>

#include "verbs.hpp"

using namespace sanprivacy::train;

namespace {

int quiet(int, const char*, const char*, const char*, int, void*) { return 0; }

int run(int argc, char** argv)
{
    CLI::App app{ "Trains the networks of sanprivacy.\n"
                  "Order: prototypes, classifier, pretrain, train, export for the network of the paper;\n"
                  "prototypes, attackers, residual, export for the residual U-Net; landmarks stands alone." };
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    app.failure_message(CLI::FailureMessage::help);
    const std::vector<Verb> verbs = { prototypesVerb(app), classifierVerb(app), landmarksVerb(app),
                                      pretrainVerb(app), trainVerb(app), attackersVerb(app), residualVerb(app), exportVerb(app) };
    try
    {
        app.parse(argc, argv);
    }
    catch (const CLI::ParseError& error)
    {
        const int code = app.exit(error, std::cout, std::cerr);
        return code == 0 ? 0 : 2;
    }
    for (const Verb& verb : verbs)
        if (verb.app->parsed())
            return verb.run();
    return 2;
}

} // namespace

int main(int argc, char** argv)
{
    // Training frees and takes the same large blocks each step: keeping them saves up to 30 %.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_ARENA_MAX, 1);
    torch::set_num_threads(int(std::max(1u, std::thread::hardware_concurrency())));
    cv::redirectError(quiet); // errors are reported once, below
    try
    {
        return run(argc, argv);
    }
    catch (const cv::Exception& error)
    {
        std::cerr << "sanprivacy-train: " << error.err << std::endl;
    }
    catch (const c10::Error& error)
    {
        std::cerr << "sanprivacy-train: " << error.what_without_backtrace() << std::endl;
    }
    catch (const std::exception& error)
    {
        std::cerr << "sanprivacy-train: " << error.what() << std::endl;
    }
    return 1;
}
