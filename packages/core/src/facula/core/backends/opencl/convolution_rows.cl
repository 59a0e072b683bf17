/* Convolutions of stride 1 over one or two axes on CPU devices, without storing columns.
 *
 * A work-group of one copies a band of a picture, with its border of zeros, onto its stack. With
 * the band's width Wp (border included) the place o = r*Wp + c of the output reads, under tap
 * (k1, k2), the element o + k1*s1 + k2*s2 + start: the same vector of neighbours, shifted.
 *
 *      0 0 0 0 0 0         forward   s1 = dilation*Wp, s2 = dilation, start = 0
 *      0 a b c d 0         backward  the picture is the output's gradient, the taps turn round:
 *      0 e f g h 0                   s1, s2 negative, start = the last tap's shift
 *      0 0 0 0 0 0         places with c >= OW are computed and thrown away
 *
 *     convolution_rows         y[m, o]    = sum over (channel c, tap t) of w[m, c, t] x[c, o + t]
 *     convolution_weight_rows  w[m, c, t] = sum over places o of g[m, o] x[c, o + t]
 *
 * The first keeps MR x NR places in registers as gemm_blocks does, and takes w in its panels; the
 * second WM x WN sums, VW places side by side, over segments (bands of pictures) laid end to end.
 */
#ifndef T
#define T float
#define STORE_A float
#define STORE_B float
#define STORE_CT float
#define LOAD_A(x) (x)
#define LOAD_B(x) (x)
#define STORE_C(x) (x)
#endif
#ifndef MR
#define MR 6
#endif
#ifndef VW
#define VW 8
#define VEC float8
#endif
#ifndef NV
#define NV 2
#endif
#define NR (NV * VW)
#ifndef WM
#define WM 2          /* rows and columns of the register tile of the weight's gradient */
#define WN 4
#endif
#ifndef PADDED
#define PADDED 65536  /* elements of a padded band on the stack */
#endif
#ifndef PLACES_MAX
#define PLACES_MAX 1024
#endif
typedef VEC UNALIGNED __attribute__((aligned(sizeof(T))));

/* `rows` rows of one picture from row `top` on, W of `width` columns, the rest zeros. */
FN void copy_band(T *to, __global const STORE_B *from, const int top, const int rows,
                  const int width, const int H, const int W, const int left)
{
    for (int r = 0; r < rows; ++r, to += width) {
        const int row = top + r, is_inside = row >= 0 && row < H;
        const int last = is_inside ? min(width, left + W) : 0;
        const int first = is_inside ? left : 0;
        __global const STORE_B *line = from + (long)row * W - left;
        EDGE_LOOP for (int c = 0; c < first; ++c) to[c] = 0;
        for (int c = first; c < last; ++c) to[c] = LOAD_B(line[c]);
        EDGE_LOOP for (int c = last; c < width; ++c) to[c] = 0;
    }
}

__kernel GROUP_OF_ONE void convolution_rows(
    __global STORE_CT *y, __global const T *packed, __global const STORE_B *x,
    __global const STORE_A *bias, const long at_x, const long x_picture, const long at_y,
    const long y_picture, const long at_bias, const int has_bias, const int channels, const int H,
    const int W, const int top, const int left, const int M, const int OH, const int OW,
    const int rows, const int span, const int Wp, const int taps1, const int taps2,
    const int start, const int s1, const int s2)
{
    T padded[PADDED] __attribute__((aligned(64)));
    T tile[MR * (PLACES_MAX + NR)] __attribute__((aligned(64)));
    const int band = (int)get_global_id(0) * rows, count = min(rows, OH - band);
    const long picture = get_global_id(1);
    const int plane = (rows + span) * Wp;
    for (int c = 0; c < channels; ++c)
        copy_band(padded + c * plane, x + at_x + picture * x_picture + (long)c * H * W,
                  band - top, count + span, Wp, H, W, left);
    EDGE_LOOP for (int j = 0; j < NR + Wp; ++j) padded[channels * plane + j] = 0;
    const int places = (count - 1) * Wp + OW;
    const long K = (long)channels * taps1 * taps2;
    for (int m = 0; m < M; m += MR) {
        for (int n = 0; n < places; n += NR) {
            __global const T *pa = packed + m * K;
            VEC acc[MR][NV];
#pragma unroll
            for (int i = 0; i < MR; ++i)
#pragma unroll
                for (int v = 0; v < NV; ++v) acc[i][v] = (VEC)0;
            for (int c = 0; c < channels; ++c)
                for (int k1 = 0; k1 < taps1; ++k1)
                    EDGE_LOOP for (int k2 = 0; k2 < taps2; ++k2, pa += MR) {
                        const UNALIGNED *pb = (const UNALIGNED *)(padded + c * plane + n + start +
                                                                  k1 * s1 + k2 * s2);
                        VEC right[NV];
#pragma unroll
                        for (int v = 0; v < NV; ++v) right[v] = pb[v];
#pragma unroll
                        for (int i = 0; i < MR; ++i) {
                            const T l = pa[i];
#pragma unroll
                            for (int v = 0; v < NV; ++v) acc[i][v] = l * right[v] + acc[i][v];
                        }
                    }
#pragma unroll
            for (int i = 0; i < MR; ++i)
#pragma unroll
                for (int v = 0; v < NV; ++v)
                    ((VEC *)(tile + i * (PLACES_MAX + NR) + n))[v] = acc[i][v];
        }
        for (int i = 0; i < min(MR, M - m); ++i) {
            const T shift = has_bias ? LOAD_A(bias[at_bias + m + i]) : (T)0;
            __global STORE_CT *to = y + at_y + picture * y_picture +
                                    ((long)(m + i) * OH + band) * OW;
            const T *from = tile + i * (PLACES_MAX + NR);
            for (int r = 0; r < count; ++r, to += OW, from += Wp)
                for (int c = 0; c < OW; ++c) {
                    const T value = from[c] + shift;
                    to[c] = STORE_C(value);
                }
        }
    }
}

#define SUM_LANES(T, HALF, WHOLE) FN T sum_lanes(WHOLE a) { return sum_lanes((HALF)(a.lo + a.hi)); }
FN float sum_lanes(float2 a) { return a.x + a.y; }
SUM_LANES(float, float2, float4)
SUM_LANES(float, float4, float8)
SUM_LANES(float, float8, float16)
#ifdef FACULA_FP64
FN double sum_lanes(double2 a) { return a.x + a.y; }
SUM_LANES(double, double2, double4)
SUM_LANES(double, double4, double8)
#endif

/* Work-group z sums over its segments: bands [z*per, (z+1)*per) of all pictures' bands. */
__kernel GROUP_OF_ONE void convolution_weight_rows(
    __global T *sums, __global const STORE_A *g, __global const STORE_B *x, const long at_sums,
    const long sums_part, const long at_g, const long g_picture, const long at_x,
    const long x_picture, const int segments, const int per, const int together,
    const int channels, const int H, const int W, const int top, const int left, const int M,
    const int OH, const int OW, const int rows, const int span, const int Wp, const int taps1,
    const int taps2, const int s1, const int s2)
{
    T px[PADDED] __attribute__((aligned(64)));
    T pg[PADDED] __attribute__((aligned(64)));
    const int z = get_global_id(0), bands = (OH + rows - 1) / rows, plane = (rows + span) * Wp;
    const int length = (together * plane + VW - 1) / VW * VW, stride = length + span * Wp + Wp;
    const int taps = taps1 * taps2, N = channels * taps;
    const int last = min(segments, (z + 1) * per);
    EDGE_LOOP for (int i = 0; i < (M + WM) * length; ++i) pg[i] = 0;
    EDGE_LOOP for (int i = 0; i < channels * stride + VW; ++i) px[i] = 0;
    __global T *to = sums + at_sums + z * sums_part;
    for (int first = z * per; first < last || first == z * per; first += together) {
        for (int s = 0; s < together; ++s) {
            const int segment = first + s, band = segment % bands * rows;
            const long picture = segment / bands;
            const int count = segment < last ? min(rows, OH - band) : 0;
            for (int m = 0; m < M; ++m)
                for (int r = 0; r < rows; ++r) {
                    T *line = pg + m * length + s * plane + r * Wp;
                    __global const STORE_A *from = g + at_g + picture * g_picture +
                                                   ((long)m * OH + band + r) * OW;
                    if (r < count)
                        for (int c = 0; c < OW; ++c) line[c] = LOAD_A(from[c]);
                    else
                        EDGE_LOOP for (int c = 0; c < OW; ++c) line[c] = 0;
                }
            if (count > 0)
                for (int c = 0; c < channels; ++c)
                    copy_band(px + c * stride + s * plane,
                              x + at_x + picture * x_picture + (long)c * H * W, band - top,
                              count + span, Wp, H, W, left);
        }
        for (int n = 0; n < N; n += WN) {
            const T *pb[WN];
#pragma unroll
            for (int j = 0; j < WN; ++j) {
                const int k = min(n + j, N - 1), t = k % taps;
                pb[j] = px + k / taps * stride + t / taps2 * s1 + t % taps2 * s2;
            }
            for (int m = 0; m < M; m += WM) {
                VEC acc[WM][WN];
#pragma unroll
                for (int i = 0; i < WM; ++i)
#pragma unroll
                    for (int j = 0; j < WN; ++j) acc[i][j] = (VEC)0;
                for (int o = 0; o < length; o += VW) {
                    VEC a[WM];
#pragma unroll
                    for (int i = 0; i < WM; ++i)
                        a[i] = *(const VEC *)(pg + (m + i) * length + o);
#pragma unroll
                    for (int j = 0; j < WN; ++j) {
                        const VEC b = *(const UNALIGNED *)(pb[j] + o);
#pragma unroll
                        for (int i = 0; i < WM; ++i) acc[i][j] = a[i] * b + acc[i][j];
                    }
                }
                T tile[WM * WN];
#pragma unroll
                for (int i = 0; i < WM; ++i)
#pragma unroll
                    for (int j = 0; j < WN; ++j) tile[i * WN + j] = sum_lanes(acc[i][j]);
                EDGE_LOOP for (int i = 0; i < min(WM, M - m); ++i)
                    EDGE_LOOP for (int j = 0; j < min(WN, N - n); ++j) {
                        __global T *here = to + (long)(m + i) * N + n + j;
                        *here = first == z * per ? tile[i * WN + j] : *here + tile[i * WN + j];
                    }
            }
        }
    }
}
