/* Pooling over 1 to 3 axes, and convolutions with few channels per group, one value per work-item.
 *
 * A picture has up to three axes (missing leading ones have length 1), planes are batch x channel.
 *
 *     place o, tap k:   the picture is read at  y = o * stride + k * dilation - pad   (if inside)
 *     picture at y:     belongs to the places o with  o * stride = y + pad - k * dilation
 *
 * max_pool keeps the first largest value (a NaN is larger than all) and its flat place in the
 * plane; its gradient adds plane by plane in the order of places, so it repeats bit for bit.
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif
#define AXES(N) const int N##0, const int N##1, const int N##2
#define EACH_AXIS(F) F(0) F(1) F(2)

__kernel GROUP_OF_256 void max_pool(__global STORE *values, __global long *where,
                                    __global const STORE *x, const long at, const long n,
                                    AXES(size), AXES(out), AXES(window), AXES(stride), AXES(pad),
                                    AXES(dilation))
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const int o2 = i % out2, o1 = i / out2 % out1, o0 = i / out2 / out1 % out0;
    const long plane = i / ((long)out0 * out1 * out2);
    __global const STORE *p = x + at + plane * size0 * size1 * size2;
    T best = 0;
    long place = -1;
    for (int k0 = 0; k0 < window0; ++k0) {
        const int y0 = o0 * stride0 + k0 * dilation0 - pad0;
        if (y0 < 0 || y0 >= size0) continue;
        for (int k1 = 0; k1 < window1; ++k1) {
            const int y1 = o1 * stride1 + k1 * dilation1 - pad1;
            if (y1 < 0 || y1 >= size1) continue;
            for (int k2 = 0; k2 < window2; ++k2) {
                const int y2 = o2 * stride2 + k2 * dilation2 - pad2;
                if (y2 < 0 || y2 >= size2) continue;
                const long here = ((long)y0 * size1 + y1) * size2 + y2;
                const T v = LOAD(p[here]);
                if (place < 0 || v > best || v != v) { best = v; place = here; }
            }
        }
    }
    values[i] = SAVE(best);
    where[i] = place;
}

#ifdef FACULA_CPU
/* On CPU devices by lines of places, `run` of them per work-group: for each tap, the places whose
 * value lies inside the picture, side by side. */
#define POOL_LANES 16

__kernel GROUP_OF_ONE void max_pool_rows(__global STORE *values, __global long *where,
                                         __global const STORE *x, const long at, const long lines,
                                         const long run, AXES(size), AXES(out), AXES(window),
                                         AXES(stride), AXES(pad), AXES(dilation))
{
    const long start = get_global_id(0) * run;
    T best[POOL_LANES], v[POOL_LANES];
    int place[POOL_LANES];
    for (int j = 0; j < POOL_LANES; ++j) v[j] = 0;
    for (long line = start; line < min(lines, start + run); ++line) {
        const int o1 = line % out1, o0 = line / out1 % out0;
        __global const STORE *p = x + at + line / out1 / out0 * ((long)size0 * size1 * size2);
        for (int o2 = 0; o2 < out2; o2 += POOL_LANES) {
            const int count = min(POOL_LANES, out2 - o2);
            for (int j = 0; j < POOL_LANES; ++j) { best[j] = 0; place[j] = -1; }
            for (int k0 = 0; k0 < window0; ++k0) {
                const int y0 = o0 * stride0 + k0 * dilation0 - pad0;
                if (y0 < 0 || y0 >= size0) continue;
                for (int k1 = 0; k1 < window1; ++k1) {
                    const int y1 = o1 * stride1 + k1 * dilation1 - pad1;
                    if (y1 < 0 || y1 >= size1) continue;
                    for (int k2 = 0; k2 < window2; ++k2) {
                        const int y2 = o2 * stride2 + k2 * dilation2 - pad2;
                        const int first = y2 < 0 ? (stride2 - 1 - y2) / stride2 : 0;
                        const int end = y2 < size2
                            ? min(count, (size2 - y2 + stride2 - 1) / stride2) : 0;
                        const int here = (y0 * size1 + y1) * size2 + y2;
                        EDGE_LOOP for (int j = first; j < end; ++j)
                            v[j] = LOAD(p[here + (long)j * stride2]);
                        for (int j = 0; j < POOL_LANES; ++j) {  /* no branches: they would miss */
                            const int better = (j >= first) & (j < end)
                                & ((place[j] < 0) | (v[j] > best[j]) | (v[j] != v[j]));
                            best[j] = better ? v[j] : best[j];
                            place[j] = better ? here + j * stride2 : place[j];
                        }
                    }
                }
            }
            __global STORE *to = values + line * out2 + o2;
            __global long *to_where = where + line * out2 + o2;
            EDGE_LOOP for (int j = 0; j < count; ++j) {
                to[j] = SAVE(best[j]);
                to_where[j] = place[j];
            }
        }
    }
}
#endif

__kernel GROUP_OF_256 void max_pool_grad(__global STORE *dx, __global const STORE *g,
                                         __global const long *where, const long at_g,
                                         const long at_where, const long planes, const long size,
                                         const long places)
{
    const long plane = get_global_id(0);
    if (plane >= planes) return;
    __global STORE *to = dx + plane * size;
    for (long y = 0; y < size; ++y) to[y] = SAVE((T)0);
    for (long o = 0; o < places; ++o) {
        const long y = where[at_where + plane * places + o];
        if (y >= 0 && y < size) {
            const T sum = LOAD(to[y]) + LOAD(g[at_g + plane * places + o]);
            to[y] = SAVE(sum);
        }
    }
}

/* What an average at place o divides by: the window's part inside the padded picture, or inside
 * the picture, or a number given. */
FN long window_part(int o, int window, int stride, int pad, int size, int count_pad)
{
    const int start = o * stride - pad, stop = min(start + window, size + pad);
    return count_pad ? stop - start : min(stop, size) - max(start, 0);
}
#define DIVISOR(o0, o1, o2)                                                                      \
    (divisor ? divisor : window_part(o0, window0, stride0, pad0, size0, count_pad) *             \
                         window_part(o1, window1, stride1, pad1, size1, count_pad) *             \
                         window_part(o2, window2, stride2, pad2, size2, count_pad))

__kernel GROUP_OF_256 void avg_pool(__global STORE *y, __global const STORE *x, const long at,
                                    const long n, AXES(size), AXES(out), AXES(window),
                                    AXES(stride), AXES(pad), const int count_pad,
                                    const long divisor)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const int o2 = i % out2, o1 = i / out2 % out1, o0 = i / out2 / out1 % out0;
    const long plane = i / ((long)out0 * out1 * out2);
    __global const STORE *p = x + at + plane * size0 * size1 * size2;
    const int a0 = o0 * stride0 - pad0, a1 = o1 * stride1 - pad1, a2 = o2 * stride2 - pad2;
    T sum = 0;
    for (int y0 = max(a0, 0); y0 < min(a0 + window0, size0); ++y0)
        for (int y1 = max(a1, 0); y1 < min(a1 + window1, size1); ++y1)
            for (int y2 = max(a2, 0); y2 < min(a2 + window2, size2); ++y2)
                sum += LOAD(p[((long)y0 * size1 + y1) * size2 + y2]);
    sum = sum / (T)DIVISOR(o0, o1, o2);
    y[i] = SAVE(sum);
}

/* The places whose window holds y: from the first with o*stride + window > y + pad. */
#define FIRST(i) max(0, (y##i + pad##i - window##i + stride##i) / stride##i)
#define LAST(i) min(out##i - 1, (y##i + pad##i) / stride##i)

__kernel GROUP_OF_256 void avg_pool_grad(__global STORE *dx, __global const STORE *g,
                                         const long at, const long n, AXES(size), AXES(out),
                                         AXES(window), AXES(stride), AXES(pad),
                                         const int count_pad, const long divisor)
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const int y2 = i % size2, y1 = i / size2 % size1, y0 = i / size2 / size1 % size0;
    const long plane = i / ((long)size0 * size1 * size2);
    __global const STORE *p = g + at + plane * out0 * out1 * out2;
    T sum = 0;
    for (int o0 = FIRST(0); o0 <= LAST(0); ++o0)
        for (int o1 = FIRST(1); o1 <= LAST(1); ++o1)
            for (int o2 = FIRST(2); o2 <= LAST(2); ++o2)
                sum += LOAD(p[((long)o0 * out1 + o1) * out2 + o2]) / (T)DIVISOR(o0, o1, o2);
    dx[i] = SAVE(sum);
}

/* ---- direct convolutions: the products per value are too few for a matrix product ---- */

__kernel GROUP_OF_256 void convolution_direct(__global STORE *y, __global const STORE *x,
                                              __global const STORE *w, __global const STORE *bias,
                                              const long at_x, const long at_w, const long at_bias,
                                              const int has_bias, const long n, const int inputs,
                                              const int outputs, const int groups, AXES(size),
                                              AXES(out), AXES(window), AXES(stride), AXES(pad),
                                              AXES(dilation))
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const int o2 = i % out2, o1 = i / out2 % out1, o0 = i / out2 / out1 % out0;
    const long plane = i / ((long)out0 * out1 * out2);
    const int co = plane % outputs, per_in = inputs / groups, per_out = outputs / groups;
    const long picture = plane / outputs, taps = (long)window0 * window1 * window2;
    const long area = (long)size0 * size1 * size2;
    __global const STORE *p = x + at_x + (picture * inputs + (long)(co / per_out) * per_in) * area;
    __global const STORE *q = w + at_w + (long)co * per_in * taps;
    T sum = has_bias ? LOAD(bias[at_bias + co]) : (T)0;
    for (int c = 0; c < per_in; ++c, p += area)
        for (int k0 = 0; k0 < window0; ++k0)
            for (int k1 = 0; k1 < window1; ++k1)
                for (int k2 = 0; k2 < window2; ++k2, ++q) {
                    const int y0 = o0 * stride0 + k0 * dilation0 - pad0;
                    const int y1 = o1 * stride1 + k1 * dilation1 - pad1;
                    const int y2 = o2 * stride2 + k2 * dilation2 - pad2;
                    if (y0 >= 0 && y0 < size0 && y1 >= 0 && y1 < size1 && y2 >= 0 && y2 < size2)
                        sum += LOAD(*q) * LOAD(p[((long)y0 * size1 + y1) * size2 + y2]);
                }
    y[i] = SAVE(sum);
}

__kernel GROUP_OF_256 void convolution_direct_input(
    __global STORE *dx, __global const STORE *g, __global const STORE *w, const long at_g,
    const long at_w, const long n, const int inputs, const int outputs, const int groups,
    AXES(size), AXES(out), AXES(window), AXES(stride), AXES(pad), AXES(dilation))
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const int y2 = i % size2, y1 = i / size2 % size1, y0 = i / size2 / size1 % size0;
    const long plane = i / ((long)size0 * size1 * size2);
    const int ci = plane % inputs, per_in = inputs / groups, per_out = outputs / groups;
    const int group = ci / per_in;
    const long picture = plane / inputs, taps = (long)window0 * window1 * window2;
    const long area = (long)out0 * out1 * out2;
    T sum = 0;
    for (int c = group * per_out; c < (group + 1) * per_out; ++c) {
        __global const STORE *p = g + at_g + (picture * outputs + c) * area;
        __global const STORE *q = w + at_w + ((long)c * per_in + ci % per_in) * taps;
        for (int k0 = 0; k0 < window0; ++k0)
            for (int k1 = 0; k1 < window1; ++k1)
                for (int k2 = 0; k2 < window2; ++k2, ++q) {
                    const int t0 = y0 + pad0 - k0 * dilation0, o0 = t0 / stride0;
                    const int t1 = y1 + pad1 - k1 * dilation1, o1 = t1 / stride1;
                    const int t2 = y2 + pad2 - k2 * dilation2, o2 = t2 / stride2;
                    if (t0 >= 0 && t1 >= 0 && t2 >= 0 && o0 * stride0 == t0 && o1 * stride1 == t1
                        && o2 * stride2 == t2 && o0 < out0 && o1 < out1 && o2 < out2)
                        sum += LOAD(*q) * LOAD(p[((long)o0 * out1 + o1) * out2 + o2]);
                }
    }
    dx[i] = SAVE(sum);
}

__kernel GROUP_OF_256 void convolution_direct_weight(
    __global STORE *dw, __global const STORE *g, __global const STORE *x, const long at_g,
    const long at_x, const long n, const int pictures, const int inputs, const int outputs,
    const int groups, AXES(size), AXES(out), AXES(window), AXES(stride), AXES(pad),
    AXES(dilation))
{
    const long i = get_global_id(0);
    if (i >= n) return;
    const int k2 = i % window2, k1 = i / window2 % window1, k0 = i / window2 / window1 % window0;
    const long plane = i / ((long)window0 * window1 * window2);
    const int per_in = inputs / groups, per_out = outputs / groups;
    const int co = plane / per_in, ci = co / per_out * per_in + plane % per_in;
    T total = 0;
    for (int picture = 0; picture < pictures; ++picture) {
        __global const STORE *p = g + at_g + ((long)picture * outputs + co) * out0 * out1 * out2;
        __global const STORE *q = x + at_x + ((long)picture * inputs + ci) * size0 * size1 * size2;
        T sum = 0;
        for (int o0 = 0; o0 < out0; ++o0)
            for (int o1 = 0; o1 < out1; ++o1)
                for (int o2 = 0; o2 < out2; ++o2, ++p) {
                    const int y0 = o0 * stride0 + k0 * dilation0 - pad0;
                    const int y1 = o1 * stride1 + k1 * dilation1 - pad1;
                    const int y2 = o2 * stride2 + k2 * dilation2 - pad2;
                    if (y0 >= 0 && y0 < size0 && y1 >= 0 && y1 < size1 && y2 >= 0 && y2 < size2)
                        sum += LOAD(*p) * LOAD(q[((long)y0 * size1 + y1) * size2 + y2]);
                }
        total += sum;
    }
    dw[i] = SAVE(total);
}
