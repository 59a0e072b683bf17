/* Attention without the matrix of weights, forward and backward, by tiles of rows and columns.
 *
 * Method: Dao et al., "FlashAttention" (2022), Milakov and Gimelshein (2018). For each of N x H
 * heads, with Q (L, E), K (S, E), V (S, V):
 *
 *     s[i, j] = scale sum_e Q[i, e] K[j, e] + mask[i, j]      -inf where j must not be seen
 *     y[i]    = sum_j e^(s[i, j] - lse[i]) V[j]               lse[i] = log sum_j e^s[i, j]
 *
 *                 keys  0 ..... COLS ....... S
 *     queries  0   | tile   | tile   | tile  |     forward: one group per ROWS queries goes along
 *            ROWS  | tile   | tile   | tile  |     the keys, with the largest score m so far, and
 *             ...  |        |        |       |     sums l and o; where m grows by d they are
 *                                                  multiplied by e^-d first
 *
 * Backward, with p = e^(s - lse), D = sum_v g y and dS = p (g V' - D) scale:
 *
 *     dQ = dS K     one group per ROWS queries, along the keys
 *     dK = dS' Q    one group per ROWS keys, along the queries (rows and columns change places)
 *     dV = p' g
 *
 * so that every sum has one order and one writer. Each step is a product of tiles: on GPUs tiles lie
 * in local memory and 256 work-items compute 2 x 2 elements each; on CPU devices a work-group of one
 * computes 6 rows by two vectors in registers, its tiles in the cache. DIM is the width that tiles
 * have room for: E and V are at most that.
 *
 * Strides are (n, h, row); the last axis is dense. mask_kind is 0 for none, 1 for bool (a query that
 * may look nowhere gives zeros), 2 for numbers to add; masks have strides along all four axes.
 */
#ifndef NAME
#define NAME(kernel) kernel##_64
#define T float
#define STORE float
#define LOAD(x) (x)
#define SAVE(x) (x)
#define SCALE float
#define DIM 64
#define ROWS 16
#define LONG_ROWS 32
#define COLS 32
#define VEC float4
#define VW 4
#endif

#ifdef FACULA_CPU
#define GROUP GROUP_OF_ONE
#define TILE
#define TILES(name, n) T name[n] __attribute__((aligned(64)))
#define EACH(i, n) for (int i = 0; i < (n); ++i)
#define EACH_OF(r, c, rows, cols) for (int r = 0; r < (rows); ++r) for (int c = 0; c < (cols); ++c)
#define SYNC

#define EACH_ROW(F) F(0) F(1) F(2) F(3) F(4) F(5)
#define AT(r, h) ((VEC *)(to + r * ldc + h * VW))
#define BEGIN(r) VEC s##r##0 = adds ? *AT(r, 0) : zero, s##r##1 = adds ? *AT(r, 1) : zero;
#define STEP(r) s##r##0 += from[r * lda + k] * b0; s##r##1 += from[r * lda + k] * b1;
#define END(r) *AT(r, 0) = s##r##0; *AT(r, 1) = s##r##1;

/* C (+)= A B for rows a multiple of 6 and cols one of two vectors. */
FN void product(T *c, const int ldc, const T *a, const int lda, const T *b, const int ldb,
                const int rows, const int depth, const int cols, const int adds)
{
    const VEC zero = (VEC)(0);
    for (int i = 0; i < rows; i += 6)
        for (int j = 0; j < cols; j += 2 * VW) {
            T *to = c + i * ldc + j;
            const T *from = a + i * lda, *line = b + j;
            EACH_ROW(BEGIN)
            for (int k = 0; k < depth; ++k, line += ldb) {
                const VEC b0 = *(const VEC *)line, b1 = *(const VEC *)(line + VW);
                EACH_ROW(STEP)
            }
            EACH_ROW(END)
        }
}
#define WHOLE(rows, most) min(most, ((rows) + 5) / 6 * 6)

FN T row_max(const T *s, const T start)
{
    VEC high = (VEC)(start);
    for (int j = 0; j < COLS; j += VW) {
        const VEC here = *(const VEC *)(s + j);
        high = here > high ? here : high;
    }
    T all[VW] __attribute__((aligned(64))), top = start;
    *(VEC *)all = high;
    for (int j = 0; j < VW; ++j) top = all[j] > top ? all[j] : top;
    return top;
}

FN T row_sum(const T *s)
{
    VEC sum = (VEC)(0);
    for (int j = 0; j < COLS; j += VW) sum += *(const VEC *)(s + j);
    T all[VW] __attribute__((aligned(64))), total = 0;
    *(VEC *)all = sum;
    for (int j = 0; j < VW; ++j) total += all[j];
    return total;
}
#else
#define GROUP GROUP_OF_256
#define TILE __local
#define TILES(name, n) __local T name[n]
/* All work-items make as many passes: PoCL 3.0 gets loops wrong that only some enter. */
#define EACH(i, n)                                                                               \
    for (int i0_ = 0, i; i0_ < (n); i0_ += 256) if ((i = i0_ + (int)get_local_id(0)) < (n))
#define EACH_OF(r, c, rows, cols)                                                                \
    for (int i0_ = 0, i_, r, c; i0_ < (rows) * (cols); i0_ += 256)                               \
        if (i_ = i0_ + (int)get_local_id(0), r = i_ / (cols), c = i_ % (cols),                   \
            i_ < (rows) * (cols))
#define SYNC barrier(CLK_LOCAL_MEM_FENCE);

/* C (+)= A B for even rows and cols; work-items without elements of their own go along. */
FN void product(__local T *c, const int ldc, __local const T *a, const int lda, __local const T *b,
                const int ldb, const int rows, const int depth, const int cols, const int adds)
{
    const int items = rows / 2 * (cols / 2);
    for (int t0 = 0; t0 < items; t0 += 256) {
        const int own = t0 + (int)get_local_id(0), t = min(own, items - 1);
        const int i = t / (cols / 2), j = t % (cols / 2), i2 = i + rows / 2, j2 = j + cols / 2;
        T s00 = 0, s01 = 0, s10 = 0, s11 = 0;
        for (int k = 0; k < depth; ++k) {
            const T x = a[i * lda + k], x2 = a[i2 * lda + k];
            const T u = b[k * ldb + j], u2 = b[k * ldb + j2];
            s00 += x * u;
            s01 += x * u2;
            s10 += x2 * u;
            s11 += x2 * u2;
        }
        if (own < items) {
            c[i * ldc + j] = adds ? c[i * ldc + j] + s00 : s00;
            c[i * ldc + j2] = adds ? c[i * ldc + j2] + s01 : s01;
            c[i2 * ldc + j] = adds ? c[i2 * ldc + j] + s10 : s10;
            c[i2 * ldc + j2] = adds ? c[i2 * ldc + j2] + s11 : s11;
        }
    }
}
#define WHOLE(rows, most) (most)

FN T row_max(__local const T *s, T top)
{
    for (int j = 0; j < COLS; ++j) top = s[j] > top ? s[j] : top;
    return top;
}

FN T row_sum(__local const T *s)
{
    T total = 0;
    for (int j = 0; j < COLS; ++j) total += s[j];
    return total;
}
#endif

/* Some rows of x as a tile of `most` x DIM, zero where there is nothing. */
FN void load_rows(TILE T *tile, __global const STORE *x, const long step, const int rows,
                  const int most, const int width)
{
    EACH_OF(r, e, most, DIM)
        tile[r * DIM + e] = r < rows && e < width ? (T)LOAD(x[r * step + e]) : (T)0;
}

/* The same rows as the columns of a DIM x COLS tile. */
FN void load_columns(TILE T *tile, __global const STORE *x, const long step, const int rows,
                     const int width)
{
#ifdef FACULA_CPU
    if (rows == COLS) { /* eight rows are read side by side, eight neighbours written */
        for (int r = 0; r < COLS; r += 8) {
            __global const STORE *from = x + r * step;
            for (int e = 0; e < width; ++e)
                _Pragma("unroll") for (int j = 0; j < 8; ++j)
                    tile[e * COLS + r + j] = (T)LOAD(from[j * step + e]);
        }
        return;
    }
#endif
    EACH_OF(e, r, width, COLS)
        tile[e * COLS + r] = r < rows ? (T)LOAD(x[r * step + e]) : (T)0;
}

FN void store_rows(__global STORE *y, TILE const T *tile, const long step, const int rows,
                   const int width)
{
    EACH_OF(r, e, rows, width) y[r * step + e] = SAVE(tile[r * DIM + e]);
}

/* A tile of products as scores; `mask` and `allowed` are those of its first element. Element (r, c)
 * may not be seen where causal * (c + ahead - r) > 0. */
FN void to_scores(TILE T *s, const int whole, const int rows, const int cols, const int causal,
                  const long ahead, __global const STORE *mask, __global const uchar *allowed,
                  const long row_step, const long col_step, const int mask_kind, const T scale)
{
    const int from = ahead > 1 << 20 ? 1 << 20 : ahead < -(1 << 20) ? -(1 << 20) : (int)ahead;
    EACH_OF(r, c, whole, COLS) {
        const int hidden = (r >= rows) | (c >= cols) | (causal * (c + from - r) > 0);
        s[r * COLS + c] = hidden ? -(T)INFINITY : s[r * COLS + c] * scale;
    }
    if (mask_kind == 1) {
        EACH_OF(r, c, whole, COLS)
            if (r < rows && c < cols && !allowed[r * row_step + c * col_step])
                s[r * COLS + c] = -INFINITY;
    } else if (mask_kind == 2) {
        EACH_OF(r, c, whole, COLS)
            if (r < rows && c < cols) s[r * COLS + c] += (T)LOAD(mask[r * row_step + c * col_step]);
    }
}

#define SIZES                                                                                    \
    const long H, const long L, const long S, const long E, const long V, const long at_q,       \
    const long qn, const long qh, const long ql, const long at_k, const long kn, const long kh,  \
    const long kl, const long at_v, const long vn, const long vh, const long vl,                 \
    const long at_mask, const long mn, const long mh, const long ml, const long ms,              \
    const int is_causal, const int mask_kind, const SCALE scale
#define HEAD                                                                                     \
    const long z = get_group_id(1), n = z / H, h = z % H;                                        \
    const long mask_base = at_mask + n * mn + h * mh;                                            \
    q += at_q + n * qn + h * qh;                                                                 \
    k += at_k + n * kn + h * kh;                                                                 \
    v += at_v + n * vn + h * vh;

__kernel GROUP void NAME(attention_forward)(__global STORE *y, __global T *lse,
                                            __global const STORE *q, __global const STORE *k,
                                            __global const STORE *v, __global const STORE *mask,
                                            __global const uchar *allowed, SIZES)
{
    TILES(a, LONG_ROWS * DIM);
    TILES(o, LONG_ROWS * DIM);
    TILES(b, COLS * DIM);
    TILES(s, LONG_ROWS * COLS);
    TILES(top, LONG_ROWS);
    TILES(sum, LONG_ROWS);
    TILES(factor, LONG_ROWS);
    HEAD
    const long first = get_group_id(0) * (long)LONG_ROWS;
    const int rows = min((long)LONG_ROWS, L - first), whole = WHOLE(rows, LONG_ROWS);
    load_rows(a, q + first * ql, ql, rows, LONG_ROWS, E);
    EACH(i, LONG_ROWS * DIM) o[i] = 0;
    EACH(i, LONG_ROWS) { top[i] = -INFINITY; sum[i] = 0; }
    const long end = is_causal ? min(S, first + rows) : S;
    for (long j0 = 0; j0 < end; j0 += COLS) {
        const int cols = min((long)COLS, S - j0);
        const long at = mask_base + first * ml + j0 * ms;
        load_columns(b, k + j0 * kl, kl, cols, E);
        SYNC
        product(s, COLS, a, DIM, b, COLS, whole, E, COLS, 0);
        SYNC
        to_scores(s, whole, rows, cols, is_causal, j0 - first, mask + at, allowed + at, ml, ms,
                  mask_kind, scale);
        load_rows(b, v + j0 * vl, vl, cols, COLS, V);
        SYNC
        EACH(i, whole) {
            const T high = row_max(s + i * COLS, top[i]);
            factor[i] = high == -INFINITY ? (T)1 : exp(top[i] - high);
            top[i] = high;
        }
        SYNC
        EACH_OF(r, c, whole, COLS)
            s[r * COLS + c] = exp(s[r * COLS + c] - (top[r] == -INFINITY ? (T)0 : top[r]));
        EACH_OF(r, e, whole, DIM) o[r * DIM + e] *= factor[r];
        SYNC
        EACH(i, whole) sum[i] = sum[i] * factor[i] + row_sum(s + i * COLS);
        product(o, DIM, s, COLS, b, DIM, whole, COLS, DIM, 1);
        SYNC
    }
    EACH_OF(r, e, rows, DIM) {
        const int is_blind = sum[r] == 0 && (mask_kind == 1 || S == 0);
        o[r * DIM + e] = is_blind ? (T)0 : o[r * DIM + e] / sum[r];
    }
    EACH(i, rows)
        lse[z * L + first + i] = sum[i] == 0 && mask_kind != 1 ? (T)NAN : top[i] + log(sum[i]);
    SYNC
    store_rows(y + (z * L + first) * V, o, V, rows, V);
}

/* D[i] = sum_v g[i, v] y[i, v] */
__kernel GROUP_OF_256 void NAME(attention_delta)(__global T *delta, __global const STORE *g,
                                                 __global const STORE *y, const long at_g,
                                                 const long at_y, const long rows, const long V)
{
    const long row = get_global_id(0);
    if (row >= rows) return;
    T sum = 0;
    for (long e = 0; e < V; ++e) sum += (T)LOAD(g[at_g + row * V + e]) * (T)LOAD(y[at_y + row * V + e]);
    delta[row] = sum;
}

/* p and dS of one element from its score and from g V'. */
#define WEIGHT(score, t, level, d)                                                               \
    const T p = score == -INFINITY && level == level ? (T)0 : exp(score - level);                \
    const T ds = p * (t - d) * scale;

__kernel GROUP void NAME(attention_queries_grad)(
    __global STORE *dq, __global const STORE *g, __global const T *lse, __global const T *delta,
    __global const STORE *q, __global const STORE *k, __global const STORE *v,
    __global const STORE *mask, __global const uchar *allowed, const long at_g, const long at_lse,
    SIZES)
{
    TILES(a, ROWS * DIM);
    TILES(ga, ROWS * DIM);
    TILES(o, ROWS * DIM);
    TILES(b, COLS * DIM);
    TILES(s, ROWS * COLS);
    TILES(t, ROWS * COLS);
    HEAD
    const long first = get_group_id(0) * (long)ROWS, row = z * L + first;
    const int rows = min((long)ROWS, L - first), whole = WHOLE(rows, ROWS);
    load_rows(a, q + first * ql, ql, rows, ROWS, E);
    load_rows(ga, g + at_g + row * V, V, rows, ROWS, V);
    EACH(i, ROWS * DIM) o[i] = 0;
    const long end = is_causal ? min(S, first + rows) : S;
    for (long j0 = 0; j0 < end; j0 += COLS) {
        const int cols = min((long)COLS, S - j0);
        const long at = mask_base + first * ml + j0 * ms;
        load_columns(b, k + j0 * kl, kl, cols, E);
        SYNC
        product(s, COLS, a, DIM, b, COLS, whole, E, COLS, 0);
        SYNC
        load_columns(b, v + j0 * vl, vl, cols, V);
        to_scores(s, whole, rows, cols, is_causal, j0 - first, mask + at, allowed + at, ml, ms,
                  mask_kind, scale);
        SYNC
        product(t, COLS, ga, DIM, b, COLS, whole, V, COLS, 0);
        SYNC
        EACH_OF(r, c, whole, COLS) {
            const T level = r < rows ? lse[at_lse + row + r] : (T)0;
            const T d = r < rows ? delta[row + r] : (T)0;
            WEIGHT(s[r * COLS + c], t[r * COLS + c], level, d)
            s[r * COLS + c] = ds;
        }
        load_rows(b, k + j0 * kl, kl, cols, COLS, E);
        SYNC
        product(o, DIM, s, COLS, b, DIM, whole, COLS, DIM, 1);
        SYNC
    }
    store_rows(dq + row * E, o, E, rows, E);
}

__kernel GROUP void NAME(attention_keys_grad)(
    __global STORE *dk, __global STORE *dv, __global const STORE *g, __global const T *lse,
    __global const T *delta, __global const STORE *q, __global const STORE *k,
    __global const STORE *v, __global const STORE *mask, __global const uchar *allowed,
    const long at_g, const long at_lse, SIZES)
{
    TILES(ka, ROWS * DIM);
    TILES(va, ROWS * DIM);
    TILES(ko, ROWS * DIM);
    TILES(vo, ROWS * DIM);
    TILES(b, COLS * DIM);
    TILES(s, ROWS * COLS);
    TILES(t, ROWS * COLS);
    TILES(levels, COLS);
    TILES(deltas, COLS);
    HEAD
    g += at_g + z * L * V;
    const long first = get_group_id(0) * (long)ROWS, row = z * S + first;
    const int rows = min((long)ROWS, S - first), whole = WHOLE(rows, ROWS);
    load_rows(ka, k + first * kl, kl, rows, ROWS, E);
    load_rows(va, v + first * vl, vl, rows, ROWS, V);
    EACH(i, ROWS * DIM) { ko[i] = 0; vo[i] = 0; }
    for (long i0 = is_causal ? first / COLS * COLS : 0; i0 < L; i0 += COLS) {
        const int cols = min((long)COLS, L - i0);
        const long at = mask_base + i0 * ml + first * ms;
        load_columns(b, q + i0 * ql, ql, cols, E);
        EACH(i, COLS) {
            levels[i] = i < cols ? lse[at_lse + z * L + i0 + i] : (T)0;
            deltas[i] = i < cols ? delta[z * L + i0 + i] : (T)0;
        }
        SYNC
        product(s, COLS, ka, DIM, b, COLS, whole, E, COLS, 0);
        SYNC
        load_columns(b, g + i0 * V, V, cols, V);
        to_scores(s, whole, rows, cols, -is_causal, i0 - first, mask + at, allowed + at, ms, ml,
                  mask_kind, scale);
        SYNC
        product(t, COLS, va, DIM, b, COLS, whole, V, COLS, 0);
        SYNC
        EACH_OF(r, c, whole, COLS) {
            WEIGHT(s[r * COLS + c], t[r * COLS + c], levels[c], deltas[c])
            s[r * COLS + c] = p;
            t[r * COLS + c] = ds;
        }
        load_rows(b, g + i0 * V, V, cols, COLS, V);
        SYNC
        product(vo, DIM, s, COLS, b, DIM, whole, COLS, DIM, 1);
        SYNC
        load_rows(b, q + i0 * ql, ql, cols, COLS, E);
        SYNC
        product(ko, DIM, t, COLS, b, DIM, whole, COLS, DIM, 1);
        SYNC
    }
    store_rows(dk + row * E, ko, E, rows, E);
    store_rows(dv + row * V, vo, V, rows, V);
}
