/* Batch and layer normalisation: the statistics and sums of one channel or row per work-group.
 *
 *     batch norm   x is (N, C, L), channel c holds x[:, c, :]         layer norm   a row of (N, D)
 *     mean = sum x / count      variance = sum (x - mean)^2 / count   (two passes: no cancellation)
 *     dx = w f (g - mean(g) - xhat mean(g xhat)),   xhat = (x - mean) f,   f = (variance + eps)^-1/2
 *     dw = sum g xhat                                db = sum g
 *
 * On CPU devices a group is one work-item with LANES sums side by side, on GPUs 256 work-items and
 * a tree; both orders are fixed. The elementwise parts of batch norm are generated kernels.
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif
#ifndef LANES
#define LANES 16
#endif

#ifdef FACULA_CPU
#define NORM_GROUP GROUP_OF_ONE
#define NORM_SHARED
#define IS_FIRST 1
/* Sum of expression(r) for r in 0 .. count. */
#define SUM_OVER(result, count, r, expression)                                                   \
    {                                                                                            \
        T lanes[LANES];                                                                          \
        for (int j = 0; j < LANES; ++j) lanes[j] = 0;                                            \
        long start = 0;                                                                          \
        for (; start + LANES <= (count); start += LANES)                                         \
            for (int j = 0; j < LANES; ++j) { const long r = start + j; lanes[j] += expression; }\
        EDGE_LOOP for (long r = start; r < (count); ++r) lanes[r - start] += expression;         \
        for (int width = LANES / 2; width; width /= 2)                                           \
            for (int j = 0; j < width; ++j) lanes[j] += lanes[j + width];                        \
        result = lanes[0];                                                                       \
    }
/* Sum of expression(i) over the elements i of channel c. */
#define CHANNEL_SUM(result, i, expression)                                                       \
    {                                                                                            \
        T total = 0;                                                                             \
        for (long n = 0; n < N; ++n) {                                                           \
            T part;                                                                              \
            const long line = (n * C + c) * L;                                                   \
            SUM_OVER(part, L, q, ({ const long i = line + q; expression; }))                     \
            total += part;                                                                       \
        }                                                                                        \
        result = total;                                                                          \
    }
#define EACH_OF(r, count) for (long r = 0; r < (count); ++r)
#else
#define NORM_GROUP GROUP_OF_256
#define NORM_SHARED __local T shared[256];
#define IS_FIRST (get_local_id(0) == 0)
#define SUM_OVER(result, count, r, expression)                                                   \
    {                                                                                            \
        T mine = 0;                                                                              \
        for (long r = get_local_id(0); r < (count); r += 256) mine += expression;                \
        result = group_sum(shared, mine);                                                        \
    }
#define CHANNEL_SUM(result, i, expression)                                                       \
    {                                                                                            \
        T mine = 0;                                                                              \
        for (long r = get_local_id(0); r < N * L; r += 256) {                                    \
            const long i = (r / L * C + c) * L + r % L;                                          \
            mine += expression;                                                                  \
        }                                                                                        \
        result = group_sum(shared, mine);                                                        \
    }
#define EACH_OF(r, count) for (long r = get_local_id(0); r < (count); r += 256)
#endif

__kernel NORM_GROUP void batch_norm_stats(__global STORE *means, __global STORE *variances,
                                          __global const STORE *x, const long at, const long N,
                                          const long C, const long L)
{
    NORM_SHARED
    const long c = get_group_id(0);
    T sum, squares;
    x += at;
    CHANNEL_SUM(sum, i, LOAD(x[i]))
    const T mean = sum / (T)(N * L);
    CHANNEL_SUM(squares, i, (LOAD(x[i]) - mean) * (LOAD(x[i]) - mean))
    const T variance = squares / (T)(N * L);
    if (IS_FIRST) {
        means[c] = SAVE(mean);
        variances[c] = SAVE(variance);
    }
}

/* sums[c] = sum g, products[c] = sum g xhat. */
__kernel NORM_GROUP void batch_norm_sums(__global STORE *sums, __global STORE *products,
                                         __global const STORE *g, __global const STORE *x,
                                         __global const STORE *means,
                                         __global const STORE *variances, const long at_g,
                                         const long at_x, const long at_mean, const long at_var,
                                         const long N, const long C, const long L, const T eps)
{
    NORM_SHARED
    const long c = get_group_id(0);
    const T mean = LOAD(means[at_mean + c]), f = rsqrt(LOAD(variances[at_var + c]) + eps);
    T sum, product;
    g += at_g;
    x += at_x;
    CHANNEL_SUM(sum, i, LOAD(g[i]))
    CHANNEL_SUM(product, i, LOAD(g[i]) * (LOAD(x[i]) - mean))
    product *= f;
    if (IS_FIRST) {
        sums[c] = SAVE(sum);
        products[c] = SAVE(product);
    }
}

__kernel NORM_GROUP void layer_norm_rows(__global STORE *y, __global STORE *means,
                                         __global STORE *factors, __global const STORE *x,
                                         __global const STORE *w, __global const STORE *b,
                                         const long at_x, const long at_w, const long at_b,
                                         const int has_w, const int has_b, const long D,
                                         const T eps)
{
    NORM_SHARED
    const long row = get_group_id(0);
    T sum, squares;
    x += at_x + row * D;
    y += row * D;
    w += at_w;
    b += at_b;
    SUM_OVER(sum, D, r, LOAD(x[r]))
    const T mean = sum / (T)D;
    SUM_OVER(squares, D, r, (LOAD(x[r]) - mean) * (LOAD(x[r]) - mean))
    const T f = rsqrt(squares / (T)D + eps);
    EACH_OF(r, D) {
        T v = (LOAD(x[r]) - mean) * f;
        if (has_w) v *= LOAD(w[r]);
        if (has_b) v += LOAD(b[r]);
        y[r] = SAVE(v);
    }
    if (IS_FIRST) {
        means[row] = SAVE(mean);
        factors[row] = SAVE(f);
    }
}

__kernel NORM_GROUP void layer_norm_rows_grad(__global STORE *dx, __global const STORE *g,
                                              __global const STORE *x, __global const STORE *w,
                                              __global const STORE *means,
                                              __global const STORE *factors, const long at_g,
                                              const long at_x, const long at_w, const long at_mean,
                                              const long at_factor, const int has_w, const long D)
{
    NORM_SHARED
    const long row = get_group_id(0);
    const T mean = LOAD(means[at_mean + row]), f = LOAD(factors[at_factor + row]);
    T level, slope;
    x += at_x + row * D;
    g += at_g + row * D;
    dx += row * D;
    w += at_w;
    SUM_OVER(level, D, r, LOAD(g[r]) * (has_w ? LOAD(w[r]) : (T)1))
    SUM_OVER(slope, D, r, LOAD(g[r]) * (has_w ? LOAD(w[r]) : (T)1) * (LOAD(x[r]) - mean))
    level = level / (T)D;
    slope = slope * f * f / (T)D;
    EACH_OF(r, D) {
        const T gw = LOAD(g[r]) * (has_w ? LOAD(w[r]) : (T)1);
        const T v = f * (gw - level - (LOAD(x[r]) - mean) * slope);
        dx[r] = SAVE(v);
    }
}
