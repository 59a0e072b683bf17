/* Pooling of regions: weighted sums and largest values over parts of a plane.
 *
 *   tap_pool    y[k,c,i,j] = sum_a sum_b  u[k,i,a] v[k,j,b] x[n_k, c', row[k,i,a], column[k,j,b]]
 *
 * for a region k of picture n_k, whose bin (i, j) touches A rows and B columns:
 *
 *              column[k,j,:]          c' = c for RoIAlign; (c P + i) Q + j where every bin has
 *               |   |                 channels of its own ("position sensitive", split != 0)
 *    row[k,i,:]-o---o-   bin (i, j)
 *              -o---o-                P x Q bins
 *
 *   span_max    y[k,c,i,j] = max of x[n_k, c, top <= h < bottom, left <= w < right], and where
 *
 * The gradients give each plane of x to one work-item, which goes through the regions in order:
 * sums do not depend on timing, and no atomics are needed. A region of a picture that does not exist
 * gives NaN, and no gradient.
 *
 *   suppress    bit j of word (i, j / 64) is set where box j > i of the same group overlaps box i
 *               by more than the threshold
 */
#ifndef T
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#endif

__kernel GROUP_OF_256 void tap_pool(
    __global STORE *y, __global const STORE *x, __global const long *picture,
    __global const long *row, __global const T *u, __global const long *column,
    __global const T *v, const long at, const long n, const long N, const long channels,
    const long planes, const long H, const long W, const int P, const int Q, const int A,
    const int B, const int split)
{
    const long o = get_global_id(0);
    if (o >= n) return;
    const int j = o % Q, i = o / Q % P;
    const long c = o / Q / P % channels, k = o / Q / P / channels, which = picture[k];
    if (which < 0 || which >= N) {
        const T none = NAN;
        y[o] = SAVE(none);
        return;
    }
    const long plane = which * planes + (split ? (c * P + i) * Q + j : c);
    const long first = at + plane * H * W, rows = (k * P + i) * A, columns = (k * Q + j) * B;
    T sum = 0;
    for (int a = 0; a < A; ++a) {
        if (u[rows + a] == 0) continue;
        T line = 0;
        for (int b = 0; b < B; ++b)
            line += v[columns + b] * LOAD(x[first + row[rows + a] * W + column[columns + b]]);
        sum += u[rows + a] * line;
    }
    y[o] = SAVE(sum);
}

__kernel void tap_pool_grad(
    __global STORE *dx, __global const STORE *g, __global const long *picture,
    __global const long *row, __global const T *u, __global const long *column,
    __global const T *v, const long at, const long n, const long K, const long channels,
    const long planes, const long H, const long W, const int P, const int Q, const int A,
    const int B, const int split)
{
    const long plane = get_global_id(0);
    if (plane >= n) return;
    const long which = plane / planes, p = plane % planes, c = split ? p / (P * Q) : p;
    __global STORE *out = dx + plane * H * W;
    for (long z = 0; z < H * W; ++z) out[z] = SAVE((T)0);
    const int from = split ? p % (P * Q) : 0, to = split ? from + 1 : P * Q;
    for (long k = 0; k < K; ++k) {
        if (picture[k] != which) continue;
        for (int bin = from; bin < to; ++bin) {
            const int i = bin / Q, j = bin % Q;
            const long rows = (k * P + i) * A, columns = (k * Q + j) * B;
            const T grad = LOAD(g[at + ((k * channels + c) * P + i) * Q + j]);
            for (int a = 0; a < A; ++a) {
                const T share = grad * u[rows + a];
                if (share == 0) continue;
                for (int b = 0; b < B; ++b) {
                    const long z = row[rows + a] * W + column[columns + b];
                    const T sum = LOAD(out[z]) + share * v[columns + b];
                    out[z] = SAVE(sum);
                }
            }
        }
    }
}

__kernel GROUP_OF_256 void span_max(
    __global STORE *y, __global long *where, __global const STORE *x, __global const long *picture,
    __global const long *rows, __global const long *columns, const long at, const long n,
    const long N, const long channels, const long H, const long W, const int P, const int Q)
{
    const long o = get_global_id(0);
    if (o >= n) return;
    const int j = o % Q, i = o / Q % P;
    const long c = o / Q / P % channels, k = o / Q / P / channels, which = picture[k];
    const int known = which >= 0 && which < N;
    const long first = at + (known ? which * channels + c : 0) * H * W;
    const long top = rows[(k * P + i) * 2], bottom = rows[(k * P + i) * 2 + 1];
    const long left = columns[(k * Q + j) * 2], right = columns[(k * Q + j) * 2 + 1];
    T best = known ? (T)0 : (T)NAN;
    long place = -1;
    for (long h = top; known && h < bottom; ++h)
        for (long w = left; w < right; ++w) {
            const T value = LOAD(x[first + h * W + w]);
            if (place < 0 || value > best || value != value) {
                if (best != best && place >= 0) continue; /* the first NaN stays */
                best = value;
                place = h * W + w;
            }
        }
    y[o] = SAVE(best);
    where[o] = place;
}

__kernel void span_max_grad(
    __global STORE *dx, __global const STORE *g, __global const long *where,
    __global const long *picture, const long at, const long n, const long K, const long channels,
    const long area, const int bins)
{
    const long plane = get_global_id(0);
    if (plane >= n) return;
    const long which = plane / channels, c = plane % channels;
    __global STORE *out = dx + plane * area;
    for (long z = 0; z < area; ++z) out[z] = SAVE((T)0);
    for (long k = 0; k < K; ++k) {
        if (picture[k] != which) continue;
        for (int bin = 0; bin < bins; ++bin) {
            const long i = (k * channels + c) * bins + bin, z = where[i];
            if (z < 0) continue;
            const T sum = LOAD(out[z]) + LOAD(g[at + i]);
            out[z] = SAVE(sum);
        }
    }
}

__kernel GROUP_OF_256 void suppress(
    __global ulong *bits, __global const STORE *boxes, __global const long *group, const long at,
    const long n, const long words, const float high, const float low)
{
    const long o = get_global_id(0);
    if (o >= n * words) return;
    const long i = o / words, start = o % words * 64;
    const long b = at + i * 4;
    const T x1 = LOAD(boxes[b]), y1 = LOAD(boxes[b + 1]);
    const T x2 = LOAD(boxes[b + 2]), y2 = LOAD(boxes[b + 3]), area = (x2 - x1) * (y2 - y1);
    const T threshold = (T)high + (T)low;
    ulong word = 0;
    for (int bit = 0; bit < 64; ++bit) {
        const long j = start + bit;
        if (j <= i || j >= n || group[i] != group[j]) continue;
        const long d = at + j * 4;
        const T u1 = LOAD(boxes[d]), v1 = LOAD(boxes[d + 1]);
        const T u2 = LOAD(boxes[d + 2]), v2 = LOAD(boxes[d + 3]);
        const T across = MAX(MIN(x2, u2) - MAX(x1, u1), 0), down = MAX(MIN(y2, v2) - MAX(y1, v1), 0);
        const T inside = across * down, overlap = inside / (area + (u2 - u1) * (v2 - v1) - inside);
        word |= (ulong)(overlap > threshold) << bit;
    }
    bits[o] = word;
}
