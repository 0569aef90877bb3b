// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_DATASET_HPP
#define SANPRIVACY_TRAIN_DATA_DATASET_HPP

#include "data/faces.hpp"

namespace CLI {
class App;
}

namespace sanprivacy { namespace train {

//! Which faces a training sees, and which it is measured on.
struct DatasetOptions
{
    std::vector<std::filesystem::path> data; //!< folders
    std::vector<std::filesystem::path>
        heldOut; //!< folders; empty: the data's own validation and test parts, or a share of them
    double heldOutShare = .05;
    std::string format;                               //!< of every folder; empty: recognized
    std::vector<std::string> attributes { "gender" }; //!< one, or several where a command trains for several
    std::vector<std::string> positive;                //!< AttributeRule::positive of each, as far as given
    std::filesystem::path cache;                      //!< folder of the crops
    double minCoverage = .95;                         //!< least share of a crop that lies inside its image
    bool needLabels = true;
    bool surroundings = false; //!< the faces come with their surroundings, too; see WIDE_ZOOM

    DatasetOptions();
    void addTo(CLI::App& command, bool severalAttributes = false);
};

struct Dataset
{
    Faces train, heldOut;
};

/** @brief Reads and caches the faces; says how many there are and why others are left out.
Persons are never on both sides where a share is held out. */
Dataset loadDataset(const DatasetOptions& options, const CropTemplate& crop = CropTemplate());

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_DATASET_HPP
