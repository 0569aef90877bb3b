// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "sampling.hpp"

#include "opencv2/core/hal/intrin.hpp"

#include <algorithm>
#include <cstring>

namespace cv { namespace sanprivacy {

namespace {

const int FRACTION_BITS = 5, FRACTIONS = 1 << FRACTION_BITS; // places of a pixel, along each axis
const int EXTRA_BITS = 5;                                    // of the sum that a place is rounded from
const double FIXED = 1 << (FRACTION_BITS + EXTRA_BITS);
const int CUBIC_TAPS = 4;

//! The inverse, in the arithmetic of cv::warpAffine().
Matx23d inverseOf(const Matx23d& m)
{
    const double determinant = m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0), d = determinant != 0 ? 1 / determinant : 0;
    const double a = m(1, 1) * d, b = -d * m(0, 1), c = -d * m(1, 0), e = m(0, 0) * d;
    return Matx23d(a, b, -a * m(0, 2) - b * m(1, 2), c, e, -c * m(0, 2) - e * m(1, 2));
}

//! Where the pixels of dst lie in src: in units of 1/FRACTIONS pixel.
class Places
{
public:
    Places(const Matx23d& to_src, int columns) : m(to_src), across(size_t(columns))
    {
        for (int column = 0; column < columns; ++column)
            across[size_t(column)] =
                Point(saturate_cast<int>(m(0, 0) * column * FIXED), saturate_cast<int>(m(1, 0) * column * FIXED));
    }

    const Point* ofColumns() const { return across.data(); }

    //! What a row adds to the places of the columns.
    Point ofRow(int row) const
    {
        const int half = 1 << (EXTRA_BITS - 1);
        return Point(saturate_cast<int>((m(0, 1) * row + m(0, 2)) * FIXED) + half,
            saturate_cast<int>((m(1, 1) * row + m(1, 2)) * FIXED) + half);
    }

private:
    Matx23d m;
    AutoBuffer<Point, 512> across;
};

struct CubicWeights
{
    float of[FRACTIONS][CUBIC_TAPS];

    CubicWeights()
    {
        const float a = -.75f;
        for (int i = 0; i < FRACTIONS; ++i)
        {
            const float x = float(i) / FRACTIONS;
            float* const w = of[i];
            w[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
            w[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
            w[2] = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
            w[3] = 1 - w[0] - w[1] - w[2];
        }
    }
};

//! Pixel of an image or of what lies around it; null: 0.
template <typename T, int CHANNELS>
const T* pixelOf(const Mat& image, int x, int y, int border)
{
    if (border == BORDER_REPLICATE)
        return image.ptr<T>(std::min(std::max(y, 0), image.rows - 1))
               + CHANNELS * std::min(std::max(x, 0), image.cols - 1);
    return x >= 0 && y >= 0 && x < image.cols && y < image.rows ? image.ptr<T>(y) + CHANNELS * x : nullptr;
}

const int ONE = FRACTIONS * FRACTIONS; // sum of the four weights
inline uchar divided(int sum, uchar)
{
    return uchar(unsigned(sum + ONE / 2) / ONE);
}
inline ushort divided(float sum, ushort)
{
    return saturate_cast<ushort>(sum / ONE);
}
inline float divided(float sum, float)
{
    return sum / ONE;
}

/** Samples a pixel of three bytes, all at once, where it lies well inside the image: p and the row below are read
beyond it. @return whether it did */
template <typename T, int CHANNELS>
struct Quick
{
    static bool sample(const T*, ptrdiff_t, int, int, int, int, T*) { return false; }
};
#if CV_SIMD128
template <>
struct Quick<uchar, 3>
{
    static bool sample(const uchar* p, ptrdiff_t step, int a, int b, int c, int d, uchar* dst)
    {
        const v_int32x4 high = v_dotprod(pairs(p), weights(a, b), v_setall_s32(ONE / 2));
        const v_int32x4 sums = v_shr<2 * FRACTION_BITS>(v_dotprod(pairs(p + step), weights(c, d), high));
        const v_int16x8 words = v_pack(sums, sums);
        const int bytes = v_reinterpret_as_s32(v_pack_u(words, words)).get0();
        std::memcpy(dst, &bytes, 3);
        return true;
    }

    //! Each channel of a pixel beside that of the next.
    static v_int16x8 pairs(const uchar* p)
    {
        v_int16x8 first, rest;
        v_zip(v_reinterpret_as_s16(v_load_expand(p)), v_reinterpret_as_s16(v_load_expand(p + 3)), first, rest);
        return first;
    }

    static v_int16x8 weights(int left, int right) { return v_reinterpret_as_s16(v_setall_s32(left | right << 16)); }
};
#endif
const int READ_AHEAD = 4; // pixels

template <typename T, typename Sum, int CHANNELS>
void sampleLinear(const Mat& src, T* dst, int columns, const Point* places, const Point start, int border)
{
    const T zeros[CHANNELS] = {};
    const T* const first = src.ptr<T>();
    const ptrdiff_t step = ptrdiff_t(src.step1());
    const unsigned last_x = unsigned(src.cols - 1), last_y = unsigned(src.rows - 1);
    for (int column = 0; column < columns; ++column, dst += CHANNELS)
    {
        const Point place((places[column].x + start.x) >> EXTRA_BITS, (places[column].y + start.y) >> EXTRA_BITS);
        const int x = place.x >> FRACTION_BITS, y = place.y >> FRACTION_BITS;
        const int right = place.x & (FRACTIONS - 1), low = place.y & (FRACTIONS - 1);
        const int left = FRACTIONS - right, high = FRACTIONS - low;
        if (x >= 0 && x + READ_AHEAD <= int(last_x) && unsigned(y) < last_y
            && Quick<T, CHANNELS>::sample(
                first + step * y + CHANNELS * x, step, left * high, right * high, left * low, right * low, dst))
            continue;
        const Sum a = Sum(left * high), b = Sum(right * high), c = Sum(left * low), d = Sum(right * low);
        const T *p, *q, *r, *s;
        if (unsigned(x) < last_x && unsigned(y) < last_y) // neither of them negative
        {
            p = first + step * y + CHANNELS * x;
            q = p + CHANNELS;
            r = p + step;
            s = r + CHANNELS;
        }
        else
        {
            const T* const corners[] = { pixelOf<T, CHANNELS>(src, x, y, border),
                pixelOf<T, CHANNELS>(src, x + 1, y, border), pixelOf<T, CHANNELS>(src, x, y + 1, border),
                pixelOf<T, CHANNELS>(src, x + 1, y + 1, border) };
            p = corners[0] ? corners[0] : zeros;
            q = corners[1] ? corners[1] : zeros;
            r = corners[2] ? corners[2] : zeros;
            s = corners[3] ? corners[3] : zeros;
        }
        for (int channel = 0; channel < CHANNELS; ++channel)
            dst[channel] = divided(a * p[channel] + b * q[channel] + c * r[channel] + d * s[channel], T());
    }
}

template <int CHANNELS>
void sampleCubic(const Mat& src, float* dst, int columns, const Point* places, const Point start, int border)
{
    static const CubicWeights weights;
    for (int column = 0; column < columns; ++column, dst += CHANNELS)
    {
        const Point place((places[column].x + start.x) >> EXTRA_BITS, (places[column].y + start.y) >> EXTRA_BITS);
        const int x = (place.x >> FRACTION_BITS) - 1, y = (place.y >> FRACTION_BITS) - 1;
        const float* const across = weights.of[place.x & (FRACTIONS - 1)];
        const float* const down = weights.of[place.y & (FRACTIONS - 1)];
        float sums[CUBIC_TAPS * CHANNELS] = {};
        if (x >= 0 && y >= 0 && x <= src.cols - CUBIC_TAPS && y <= src.rows - CUBIC_TAPS)
            for (int k = 0; k < CUBIC_TAPS; ++k)
            {
                const float* const row = src.ptr<float>(y + k) + CHANNELS * x;
                for (int i = 0; i < CUBIC_TAPS * CHANNELS; ++i)
                    sums[i] += down[k] * row[i];
            }
        else
            for (int k = 0; k < CUBIC_TAPS; ++k)
                for (int i = 0; i < CUBIC_TAPS; ++i)
                    if (const float* const pixel = pixelOf<float, CHANNELS>(src, x + i, y + k, border))
                        for (int channel = 0; channel < CHANNELS; ++channel)
                            sums[i * CHANNELS + channel] += down[k] * pixel[channel];
        for (int channel = 0; channel < CHANNELS; ++channel)
        {
            float sum = 0;
            for (int i = 0; i < CUBIC_TAPS; ++i)
                sum += across[i] * sums[i * CHANNELS + channel];
            dst[channel] = sum;
        }
    }
}

template <int CHANNELS>
void sampleRow(const Mat& src, Mat& dst, int row, const Places& all, int interpolation, int border)
{
    const Point* const places = all.ofColumns();
    const Point start = all.ofRow(row);
    if (interpolation == INTER_CUBIC)
        sampleCubic<CHANNELS>(src, dst.ptr<float>(row), dst.cols, places, start, border);
    else if (src.depth() == CV_8U)
        sampleLinear<uchar, int, CHANNELS>(src, dst.ptr<uchar>(row), dst.cols, places, start, border);
    else if (src.depth() == CV_16U)
        sampleLinear<ushort, float, CHANNELS>(src, dst.ptr<ushort>(row), dst.cols, places, start, border);
    else
        sampleLinear<float, float, CHANNELS>(src, dst.ptr<float>(row), dst.cols, places, start, border);
}

} // namespace

void sampleAffine(const Mat& src, Mat& dst, const Matx23d& transform, int interpolation, int border)
{
    CV_Assert(interpolation == INTER_LINEAR || (interpolation == INTER_CUBIC && src.depth() == CV_32F));
    CV_Assert(src.channels() == 1 || src.channels() == 3);
    const Places places(inverseOf(transform), dst.cols);
    const double pixels_of_a_thread = 1 << 16;
    parallel_for_(
        Range(0, dst.rows),
        [&](const Range& rows)
        {
            for (int row = rows.start; row < rows.end; ++row)
                if (src.channels() == 1)
                    sampleRow<1>(src, dst, row, places, interpolation, border);
                else
                    sampleRow<3>(src, dst, row, places, interpolation, border);
        },
        double(dst.total()) / pixels_of_a_thread);
}

}} // namespace cv::sanprivacy
