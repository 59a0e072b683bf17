/* Softmax and its logarithm along one axis, forward and backward; sums over classes' values.
 *
 * The array is contiguous and seen as (A, R, B), the axis in the middle; a line is (a, :, b):
 *
 *     y  = e^(x - max x) / sum e^(x - max x)         dx = y (g - sum g y)
 *     ly = x - max x - log(sum e^(x - max x))        dx = g - e^ly sum g
 *
 *     rows   (CPU)  one work-group of one per run of lines, B = 1; LANES values side by side
 *     lines  (all)  one work-item per line, for B > 1, where neighbours in b are neighbours
 *     groups (GPU)  256 work-items per line, B = 1; maximum and sum by trees in local memory
 *
 * With a class t(a, b) for each line, of which `ignored` does not count:
 *
 *     nll_sums    total = -sum x[a, t(a, b), b], count = how many; each work-group adds up `run`
 *                 lines, in an order of their own, and writes one pair
 *                 (with `mean`, of one work-group, the total over the count)
 *     nll_spread  dx[a, c, b] = -g where c = t(a, b), else 0
 *     class_entropy  dx[a, c, b] = (e^ly[a, c, b] - [c = t(a, b)]) g / count, 0 where it is ignored
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

__kernel GROUP_OF_ONE void softmax_rows(__global STORE *y, __global const STORE *x, const long at,
                                        const long lines, const long R, const long run,
                                        const int is_log)
{
    const long first = get_global_id(0) * run;
    for (long line = first; line < min(lines, first + run); ++line) {
        __global const STORE *from = x + at + line * R;
        __global STORE *to = y + line * R;
        const long whole = R / LANES * LANES;
        T top[LANES], sum[LANES];
        for (int j = 0; j < LANES; ++j) { top[j] = -INFINITY; sum[j] = 0; }
        for (long r = 0; r < whole; r += LANES)
            for (int j = 0; j < LANES; ++j) {
                const T v = LOAD(from[r + j]);
                top[j] = v > top[j] || v != v ? v : top[j];
            }
        T m = -INFINITY;
        for (int j = 0; j < LANES; ++j) m = top[j] > m || top[j] != top[j] ? top[j] : m;
        for (long r = whole; r < R; ++r) { const T v = LOAD(from[r]); m = v > m || v != v ? v : m; }
        for (long r = 0; r < whole; r += LANES)
            for (int j = 0; j < LANES; ++j) sum[j] += exp(LOAD(from[r + j]) - m);
        T s = 0;
        for (int j = 0; j < LANES; ++j) s += sum[j];
        for (long r = whole; r < R; ++r) s += exp(LOAD(from[r]) - m);
        if (is_log) {
            const T shift = log(s);
            for (long r = 0; r < R; ++r) { const T v = LOAD(from[r]) - m - shift; to[r] = SAVE(v); }
        } else {
            const T scale = 1 / s;
            for (long r = 0; r < R; ++r) { const T v = exp(LOAD(from[r]) - m) * scale; to[r] = SAVE(v); }
        }
    }
}

__kernel GROUP_OF_ONE void softmax_grad_rows(__global STORE *dx, __global const STORE *g,
                                             __global const STORE *y, const long at_g,
                                             const long at_y, const long lines, const long R,
                                             const long run, const int is_log)
{
    const long first = get_global_id(0) * run;
    for (long line = first; line < min(lines, first + run); ++line) {
        __global const STORE *fg = g + at_g + line * R, *fy = y + at_y + line * R;
        __global STORE *to = dx + line * R;
        const long whole = R / LANES * LANES;
        T sum[LANES];
        for (int j = 0; j < LANES; ++j) sum[j] = 0;
        for (long r = 0; r < whole; r += LANES)
            for (int j = 0; j < LANES; ++j)
                sum[j] += LOAD(fg[r + j]) * (is_log ? (T)1 : LOAD(fy[r + j]));
        T s = 0;
        for (int j = 0; j < LANES; ++j) s += sum[j];
        for (long r = whole; r < R; ++r) s += LOAD(fg[r]) * (is_log ? (T)1 : LOAD(fy[r]));
        if (is_log)
            for (long r = 0; r < R; ++r) { const T v = LOAD(fg[r]) - exp(LOAD(fy[r])) * s; to[r] = SAVE(v); }
        else
            for (long r = 0; r < R; ++r) { const T v = LOAD(fy[r]) * (LOAD(fg[r]) - s); to[r] = SAVE(v); }
    }
}

__kernel GROUP_OF_256 void softmax_lines(__global STORE *y, __global const STORE *x, const long at,
                                         const long lines, const long R, const long B,
                                         const int is_log)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    const long base = line / B * R * B + line % B;
    T m = -INFINITY, s = 0;
    for (long r = 0; r < R; ++r) {
        const T v = LOAD(x[at + base + r * B]);
        m = v > m || v != v ? v : m;
    }
    for (long r = 0; r < R; ++r) s += exp(LOAD(x[at + base + r * B]) - m);
    const T shift = log(s), scale = 1 / s;
    for (long r = 0; r < R; ++r) {
        const T d = LOAD(x[at + base + r * B]) - m;
        const T v = is_log ? d - shift : exp(d) * scale;
        y[base + r * B] = SAVE(v);
    }
}

__kernel GROUP_OF_256 void softmax_grad_lines(__global STORE *dx, __global const STORE *g,
                                              __global const STORE *y, const long at_g,
                                              const long at_y, const long lines, const long R,
                                              const long B, const int is_log)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    const long base = line / B * R * B + line % B;
    T s = 0;
    for (long r = 0; r < R; ++r) {
        const long i = base + r * B;
        s += LOAD(g[at_g + i]) * (is_log ? (T)1 : LOAD(y[at_y + i]));
    }
    for (long r = 0; r < R; ++r) {
        const long i = base + r * B;
        const T gi = LOAD(g[at_g + i]), yi = LOAD(y[at_y + i]);
        const T v = is_log ? gi - exp(yi) * s : yi * (gi - s);
        dx[i] = SAVE(v);
    }
}

#ifndef FACULA_CPU
FN T group_max(__local T *shared, T v)
{
    const int t = get_local_id(0);
    shared[t] = v;
    for (int half_width = 128; half_width; half_width /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (t < half_width) shared[t] = f_max(shared[t], shared[t + half_width]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    v = shared[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return v;
}

FN T group_sum(__local T *shared, T v)
{
    const int t = get_local_id(0);
    shared[t] = v;
    for (int half_width = 128; half_width; half_width /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (t < half_width) shared[t] += shared[t + half_width];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    v = shared[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return v;
}

__kernel GROUP_OF_256 void softmax_groups(__global STORE *y, __global const STORE *x,
                                          const long at, const long lines, const long R,
                                          const int is_log)
{
    __local T shared[256];
    const long base = get_group_id(0) * R;
    T m = -INFINITY, s = 0;
    for (long r = get_local_id(0); r < R; r += 256) {
        const T v = LOAD(x[at + base + r]);
        m = v > m || v != v ? v : m;
    }
    m = group_max(shared, m);
    for (long r = get_local_id(0); r < R; r += 256) s += exp(LOAD(x[at + base + r]) - m);
    s = group_sum(shared, s);
    const T shift = log(s), scale = 1 / s;
    for (long r = get_local_id(0); r < R; r += 256) {
        const T d = LOAD(x[at + base + r]) - m;
        const T v = is_log ? d - shift : exp(d) * scale;
        y[base + r] = SAVE(v);
    }
}

__kernel GROUP_OF_256 void softmax_grad_groups(__global STORE *dx, __global const STORE *g,
                                               __global const STORE *y, const long at_g,
                                               const long at_y, const long lines, const long R,
                                               const int is_log)
{
    __local T shared[256];
    const long base = get_group_id(0) * R;
    T s = 0;
    for (long r = get_local_id(0); r < R; r += 256)
        s += LOAD(g[at_g + base + r]) * (is_log ? (T)1 : LOAD(y[at_y + base + r]));
    s = group_sum(shared, s);
    for (long r = get_local_id(0); r < R; r += 256) {
        const T gi = LOAD(g[at_g + base + r]), yi = LOAD(y[at_y + base + r]);
        const T v = is_log ? gi - exp(yi) * s : yi * (gi - s);
        dx[base + r] = SAVE(v);
    }
}
#endif

/* Minus the value at a line's class, and 1; 0 and 0 where it is ignored; NaN for no class at all. */
FN T class_value(__global const STORE *x, __global const long *classes, const long line,
                 const long C, const long B, const long ignored, T *count)
{
    const long t = classes[line];
    *count = t != ignored;
    if (t == ignored) return 0;
    if (t < 0 || t >= C) return NAN;
    return -LOAD(x[(line / B * C + t) * B + line % B]);
}

#ifdef FACULA_CPU
__kernel GROUP_OF_ONE void nll_sums(__global T *total, __global T *count, __global const STORE *x,
                                    __global const long *classes, const long at,
                                    const long at_classes, const long lines, const long C,
                                    const long B, const long run, const long ignored,
                                    const int mean)
{
    T sum[LANES], kept = 0, one;
    for (int j = 0; j < LANES; ++j) sum[j] = 0;
    const long first = get_group_id(0) * run, end = min(lines, first + run);
    for (long line = first; line < end; ++line) {
        sum[line % LANES] += class_value(x + at, classes + at_classes, line, C, B, ignored, &one);
        kept += one;
    }
    for (int half_width = LANES / 2; half_width; half_width /= 2)
        for (int j = 0; j < half_width; ++j) sum[j] += sum[j + half_width];
    total[get_group_id(0)] = mean ? sum[0] / kept : sum[0];
    count[get_group_id(0)] = kept;
}
#else
__kernel GROUP_OF_256 void nll_sums(__global T *total, __global T *count, __global const STORE *x,
                                    __global const long *classes, const long at,
                                    const long at_classes, const long lines, const long C,
                                    const long B, const long run, const long ignored,
                                    const int mean)
{
    __local T shared[256];
    T sum = 0, kept = 0, one;
    const long first = get_group_id(0) * run, end = min(lines, first + run);
    for (long line = first + get_local_id(0); line < end; line += 256) {
        sum += class_value(x + at, classes + at_classes, line, C, B, ignored, &one);
        kept += one;
    }
    sum = group_sum(shared, sum);
    kept = group_sum(shared, kept);
    if (get_local_id(0) == 0) {
        total[get_group_id(0)] = mean ? sum / kept : sum;
        count[get_group_id(0)] = kept;
    }
}
#endif

__kernel GROUP_OF_256 void nll_spread(__global STORE *dx, __global const STORE *g,
                                      __global const long *classes, const long at_g,
                                      const long at_classes, const long n, const long C,
                                      const long B, const long ignored)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const long t = classes[at_classes + i / (B * C) * B + i % B];
    const T v = t != ignored && t == i / B % C ? -LOAD(g[at_g]) : (T)0;
    dx[i] = SAVE(v);
}

#define ENTROPY_PARAMETERS __global STORE *dx, __global const STORE *g, __global const STORE *ly, \
    __global const long *classes, __global const STORE *count, const long at_g, const long at_y,  \
    const long at_classes, const long at_count, const long lines, const long C
#define ENTROPY_FACTOR (LOAD(g[at_g]) / (has_count ? LOAD(count[at_count]) : (T)1))

#ifdef FACULA_CPU
__kernel GROUP_OF_ONE void class_entropy_rows(ENTROPY_PARAMETERS, const long run,
                                              const long ignored, const int has_count)
{
    const long first = get_global_id(0) * run;
    const T factor = ENTROPY_FACTOR;
    for (long line = first; line < min(lines, first + run); ++line) {
        const long t = classes[at_classes + line];
        __global const STORE *from = ly + at_y + line * C;
        __global STORE *to = dx + line * C;
        if (t == ignored) {
            for (long c = 0; c < C; ++c) to[c] = SAVE((T)0);
            continue;
        }
        for (long c = 0; c < C; ++c) { const T v = exp(LOAD(from[c])) * factor; to[c] = SAVE(v); }
        if (t >= 0 && t < C) { const T v = (exp(LOAD(from[t])) - 1) * factor; to[t] = SAVE(v); }
    }
}

__kernel GROUP_OF_256 void class_entropy_lines(ENTROPY_PARAMETERS, const long B,
                                               const long ignored, const int has_count)
{
    const long line = get_global_id(0);
    if (line >= lines) return;
    const long base = line / B * C * B + line % B, t = classes[at_classes + line];
    const T factor = t == ignored ? (T)0 : ENTROPY_FACTOR;
    for (long c = 0; c < C; ++c) {
        const long i = base + c * B;
        const T v = t == ignored ? (T)0 : (exp(LOAD(ly[at_y + i])) - (T)(c == t)) * factor;
        dx[i] = SAVE(v);
    }
}
#else
__kernel GROUP_OF_256 void class_entropy_each(ENTROPY_PARAMETERS, const long B,
                                              const long ignored, const int has_count)
{
    const long i = get_global_id(0);
    if (i >= lines * C) return;
    const long t = classes[at_classes + i / (B * C) * B + i % B];
    const T v = t == ignored ? (T)0
        : (exp(LOAD(ly[at_y + i])) - (T)(t == i / B % C)) * ENTROPY_FACTOR;
    dx[i] = SAVE(v);
}
#endif
