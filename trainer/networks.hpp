// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_HPP
#define SANPRIVACY_TRAIN_NETWORKS_HPP

#include <torch/torch.h>

#include <array>
#include <vector>

namespace sanprivacy { namespace train {

// Every network here keeps its weights in fp32 and computes in the type of its input: bf16 images make the
// convolutions run in bf16, and the gradients arrive in fp32.
// Weights start from He's normal distribution for leaky ReLU (fan-in), biases from zero.

constexpr int64_t CROP_SIZE = 224;    //!< side of the canonical crop, pixels
constexpr double LEAKY_SLOPE = 0.01;  //!< of every leaky ReLU; as in the authors' graph

//! A network that perturbs: X'_k for each given prototype, from one pass where the architecture allows it.
struct Generator : torch::nn::Module
{
    /** Logits of the outputs.
    @param x [N,1,H,W] gray faces, 0..1
    @param p_same [N or 1,3,H,W] prototypes of the faces' own label, RGB 0..1
    @param prototypes k prototypes to combine with, each [N or 1,3,H,W]
    @return k tensors [N,1,H,W] */
    virtual std::vector<torch::Tensor> logits(const torch::Tensor& x, const torch::Tensor& p_same,
                                              const std::vector<torch::Tensor>& prototypes) = 0;

    //! The outputs, 0..1: sigmoid(logits()) unless the architecture says otherwise. Arguments as in logits().
    virtual std::vector<torch::Tensor> perturb(const torch::Tensor& x, const torch::Tensor& p_same,
                                               const std::vector<torch::Tensor>& prototypes);
};

struct San2018Options
{
    /** Side of the proto-combiner's kernel: the authors' code has 1, the paper's "convolution" may be read as 3. */
    int64_t combiner_kernel = 1;
    /** Computes the same function with 0.45 of the operations; see San2018::sharedLogits(). */
    bool fast = true;
};

/** The convolutional autoencoder of the paper.

X and P_SM (4 channels) pass two 3x3 convolutions with 8 and 12 channels, each with leaky ReLU and 2x2 average pooling, then
two with 256 and 128 channels, each with leaky ReLU and nearest x2 upsampling; the proto-combiner joins a prototype. */
struct San2018 : Generator
{
    explicit San2018(const San2018Options& options = San2018Options());

    std::vector<torch::Tensor> logits(const torch::Tensor& x, const torch::Tensor& p_same,
                                      const std::vector<torch::Tensor>& prototypes) override;

    //! [N,12,H/4,W/4]
    torch::Tensor encode(const torch::Tensor& x, const torch::Tensor& p_same);
    //! Decoder as the paper draws it: [N,128,H,W] of the encoder's output.
    torch::Tensor decode(const torch::Tensor& code);
    /** What all outputs of a face have in common, [N,1,H,W]: the decoder and its share of the proto-combiner, rewritten.
    Exact up to rounding: see convolvePhases(), and a 1x1 convolution commutes with nearest upsampling. */
    torch::Tensor sharedLogits(const torch::Tensor& code);

    San2018Options options;
    torch::nn::Conv2d encoder1{nullptr}, encoder2{nullptr}, decoder1{nullptr}, decoder2{nullptr}, combiner{nullptr};
};

/** Nearest x2 upsampling followed by a 3x3 convolution, as 2x2 convolutions on the small map: their kernels.

An output pixel of phase (a,b) (row and column parity) sees 2x2 small pixels; each weighs the sum of the taps that fall on it.
@param weight [O,I,3,3]
@return [4 O,I,2,2]: phases (a,b) = (0,0), (1,0), (0,1), (1,1), O kernels each. On an HxW map with a border of one zero they give
(H+1)x(W+1), where phase (a,b) is the part [a:a+H, b:b+W]. */
torch::Tensor phaseKernels(const torch::Tensor& weight);

/** The phases of an upsampled and convolved map, before they are interleaved.
@param x [N,I,H,W]
@param weight [O,I,3,3]
@param bias [O] or undefined
@return output columns of parity b = 0 and 1, each [N,2 O,H+1,W]: O maps of the even rows, in [0:H], and O of the odd, in [1:H+1] */
std::array<torch::Tensor, 2> convolvePhases(const torch::Tensor& x, const torch::Tensor& weight,
                                            const torch::Tensor& bias = torch::Tensor());

//! Interleaves what convolvePhases() gives: [N,O,2H,2W].
torch::Tensor interleavePhases(const std::array<torch::Tensor, 2>& columns);

/** A stronger generator than the paper's, for the same proto-combination: it sees the target prototype from its first layer on,
and only changes the face instead of drawing it anew.

It is not told the face's own label: no P_SM. X' = clamp(X + e w tanh(r), 0, 1), where r is a U-Net's answer to X, the
target prototype P and P - P_NT, w fades to zero at the border, and e bounds the change. r has half the size of X and is upsampled
bilinearly, as the maps inside are upsampled (nearest) before a convolution: no line patterns. */
struct ResidualUNet : Generator
{
    /** @param neutral P_NT, [3,224,224] RGB 0..1; kept with the weights, as is the bound
    @param bound e, the largest change of a pixel, 0..1 */
    explicit ResidualUNet(const torch::Tensor& neutral = torch::full({3, CROP_SIZE, CROP_SIZE}, .5), double bound = .15);

    //! Inverse sigmoid of perturb(); finite at 0 and 1.
    std::vector<torch::Tensor> logits(const torch::Tensor& x, const torch::Tensor& p_same,
                                      const std::vector<torch::Tensor>& prototypes) override;
    //! Arguments as in Generator, 224x224; p_same is not used. The outputs are in fp32 even if x is not.
    std::vector<torch::Tensor> perturb(const torch::Tensor& x, const torch::Tensor& p_same,
                                       const std::vector<torch::Tensor>& prototypes) override;

    //! Channels at 112, 56, 28, 14 and 7 pixels.
    static constexpr std::array<int64_t, 5> CHANNELS = {16, 32, 64, 64, 64};
    //! Prototypes differ by about an eighth of what pixels do.
    static constexpr double CONTRAST = 8;
    static constexpr int64_t FEATHER = 28; //!< width of the fading border, pixels

    //! At each size one convolution that halves it and one that keeps it; then, upwards, one after each concatenation.
    std::vector<torch::nn::Conv2d> down, keep, up;
    torch::nn::Conv2d residual{nullptr};
    torch::Tensor neutral; //!< P_NT, [3,224,224]
    torch::Tensor limit;   //!< e w, [1,224,224]
};

/** Auxiliary attribute classifier f of the paper: six convolutions, each with leaky ReLU and 2x2 max pooling, to 4x4x256, then
two fully connected layers with dropout 0.5 before each in training mode. */
struct GenderClassifier : torch::nn::Module
{
    GenderClassifier();

    /** @param x [N,1,224,224] gray faces, 0..1
    @param generator of the dropout in training mode; threads that share the network give each their own
    @return [N,1] logit of label 1 */
    torch::Tensor forward(const torch::Tensor& x, const c10::optional<at::Generator>& generator = c10::nullopt);

    static constexpr std::array<int64_t, 6> CHANNELS = {8, 16, 32, 64, 128, 256};
    static constexpr int64_t FEATURE_SIDE = 4; //!< of the last map
    static constexpr int64_t HIDDEN = 48;      //!< outputs of the first fully connected layer
    static constexpr double DROPOUT = 0.5;

    std::vector<torch::nn::Conv2d> convolutions;
    torch::nn::Linear hidden{nullptr}, output{nullptr};
};

//! What distinguishes one SmallClassifier from another.
struct SmallClassifierShape
{
    enum Halving { MAX_POOL, AVERAGE_POOL, STRIDE };

    int64_t side;                  //!< of its input, pixels
    double zoom;                   //!< side of what it sees, as a share of the canonical crop; above 1 the crop's border repeats
    int64_t stem;                  //!< kernel of the first convolution
    std::vector<int64_t> channels; //!< of each stage; every stage ends with a convolution that changes their number, and halves the size
    int64_t depth;                 //!< convolutions of each stage after the first: those before the last are residual
    Halving halving;
    bool normalised;               //!< group normalisation after each convolution
    bool separable;                //!< every convolution but the first is one of each channel, then one across channels
    bool flattened;                //!< a fully connected layer sees the last map whole, not only its mean
};

/** An attribute classifier of some shape: one of an ensemble, since what deceives one network seldom deceives another.

Its input is the part of the crop that it wants, see viewOf() in attackers.hpp. */
struct SmallClassifier : torch::nn::Module
{
    /** @param descriptorSize D of the descriptors, 0: none
    @param attributes A, the number of labels */
    explicit SmallClassifier(const SmallClassifierShape& shape, int64_t descriptorSize = 0, int64_t attributes = 1);

    struct Output
    {
        torch::Tensor logit;      //!< [N,A] of label 1 of each attribute
        torch::Tensor descriptor; //!< [N,D], or undefined: what the same features tell of a matcher's descriptors
    };

    /** @param view [N,3,side,side] RGB, 0..1
    @param frozen no gradient reaches the weights, only the faces
    @param ghost of drawGhost(), or empty */
    Output look(const torch::Tensor& view, bool frozen = false, const std::vector<torch::Tensor>& ghost = {});

    /** @brief A relative of this network for each face, which sees nearly the same: what misleads all of them is likelier to mislead strangers
    (ghost networks: Li et al., AAAI 2020).
    @param faces N
    @param change largest of a channel, relative
    @param generator of the random numbers
    @return what look() multiplies the channels of each convolution by, [N,C,1,1] */
    std::vector<torch::Tensor> drawGhost(int64_t faces, double change, const c10::optional<at::Generator>& generator = c10::nullopt) const;

    //! The logit of look().
    torch::Tensor forward(const torch::Tensor& view, bool frozen = false) { return look(view, frozen).logit; }

    SmallClassifierShape shape;
    std::vector<torch::nn::Conv2d> convolutions;
    std::vector<torch::nn::Conv2d> depthwise;         //!< before each convolution but the first, or none
    std::vector<torch::nn::GroupNorm> normalisations; //!< one per convolution, or none
    torch::nn::Linear output{nullptr}, descriptor{nullptr}; //!< the latter may be empty
};

/** Places five landmarks in a square cut around a proposed face, and tells whether there is one.

Seven convolutions, each with batch normalisation and leaky ReLU, to 12x12x64. A landmark is the centre of gravity of a heat
map over them (soft-argmax); two fully connected layers on the 3x3 means of the maps tell a face.

In training mode a batch is normalised by its own statistics. Those of evaluation mode come from gatherStatistics(), so that
threads may share the network in training and its results depend on no order. */
struct LandmarkNetwork : torch::nn::Module
{
    LandmarkNetwork();

    /** @param x [N,1,96,96] gray squares, 0..1
    @return [N,11]: right eye, left eye, nose tip, right and left mouth corner (image left first) as (x,y) in 0..1 of the
    square, then the logit of being a face */
    torch::Tensor forward(const torch::Tensor& x);

    //! Mean statistics of the normalisations over some batches of training squares, [N,1,96,96] each.
    void gatherStatistics(const std::vector<torch::Tensor>& batches);

    static constexpr int64_t INPUT_SIZE = 96;
    static constexpr int64_t POINTS = 5;
    static constexpr int64_t OUTPUTS = 2 * POINTS + 1;
    static constexpr int64_t HIDDEN = 32;
    static constexpr int64_t POOLING = 4; //!< side of the areas whose means tell a face
    //! Channels and stride of each 3x3 convolution.
    static constexpr std::array<std::array<int64_t, 2>, 7> LAYERS = {
        {{16, 2}, {32, 2}, {32, 1}, {64, 2}, {64, 1}, {64, 1}, {64, 1}}};

    std::vector<torch::nn::Conv2d> convolutions;
    std::vector<torch::nn::BatchNorm2d> normalisations;
    torch::nn::Conv2d heat{nullptr};              //!< 1x1, a map for each point
    torch::nn::Linear hidden{nullptr}, face{nullptr};
    torch::Tensor grid;                           //!< [144,2] centres of the maps' pixels in 0..1 of the square

private:
    double momentum_ = 0; // of the statistics kept for evaluation mode: training leaves them alone
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_HPP
