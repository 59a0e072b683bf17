/* Products on CPU devices: A and B packed into panels, then a register tile per work-group of one.
 *
 * Method: Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).
 *
 *            B packed: panels of NR columns          A packed: panels of MR rows, k by k
 *            +--NR--+--NR--+--                       C block of MC x NC per work-group:
 *          K |      |      |                           for each KC of k
 *            +------+------+--                           for each panel of B (KC x NR in L1)
 *                                                          for each panel of A (MC x KC in L2)
 *     packed A[z, p, k, i] = A[z, p*MR + i, k]                 MR x NR accumulators in registers
 *     packed B[z, q, k, j] = B[z, k, q*NR + j]       (beyond the edges the last line again)
 *
 * Loads go through aligned vector types and sums are written a*b+c: PoCL's vload and fma are
 * calls. Measured with PoCL on one AVX2 core: 76-78 GFLOP/s against 79-90 of OpenBLAS.
 */
#ifndef MR
#define MR 6          /* rows of a register tile */
#endif
#ifndef VW
#define VW 8          /* lanes of a vector */
#define VEC float8
#define VEC4 float4
#endif
#ifndef NV
#define NV 2          /* vectors in a row of a register tile */
#endif
#ifndef MC
#define MC 120        /* rows of a block, a multiple of MR */
#endif
#ifndef NC
#define NC 128        /* columns of a block, a multiple of NR */
#endif
#ifndef KC
#define KC 256        /* depth of a block */
#endif
#define NR (NV * VW)
typedef VEC4 PACKED4 __attribute__((aligned(sizeof(T))));

/* A panel: `count` lines (of WIDTH; the last one stands in for those that are not there) side by
 * side, `depth` values each. Neighbours in k are turned by fours: a load and a store for each value
 * cost as much as the product itself where an operand is used only some dozen times. */
#define PACK(SPACE, to, WIDTH, count, depth, from, TYPE, LOAD_X, line_step, k_step)              \
    if ((line_step) == 1 && (count) == WIDTH) {                                                  \
        for (long k = 0; k < (depth); ++k)                                                       \
            for (int i = 0; i < WIDTH; ++i)                                                      \
                (to)[k * WIDTH + i] = LOAD_X((from)[k * (k_step) + i]);                          \
    } else {                                                                                     \
        const long turned = (k_step) == 1 ? (depth) / 4 * 4 : 0;                                 \
        EDGE_LOOP for (int i = 0; i < WIDTH; ++i) {                                              \
            __global const TYPE *x0 = (from) + min(i, (count) - 1) * (line_step);                \
            if (i % 4 == 0 && i + 4 <= WIDTH && turned) {                                        \
                __global const TYPE *x1 = (from) + min(i + 1, (count) - 1) * (line_step);        \
                __global const TYPE *x2 = (from) + min(i + 2, (count) - 1) * (line_step);        \
                __global const TYPE *x3 = (from) + min(i + 3, (count) - 1) * (line_step);        \
                EDGE_LOOP for (long k = 0; k < turned; k += 4) {                                 \
                    const VEC4 r0 = FOUR(LOAD_X, x0 + k), r1 = FOUR(LOAD_X, x1 + k);             \
                    const VEC4 r2 = FOUR(LOAD_X, x2 + k), r3 = FOUR(LOAD_X, x3 + k);             \
                    FOURTH(SPACE, to, k * WIDTH, i) = (VEC4)(r0.x, r1.x, r2.x, r3.x);            \
                    FOURTH(SPACE, to, (k + 1) * WIDTH, i) = (VEC4)(r0.y, r1.y, r2.y, r3.y);      \
                    FOURTH(SPACE, to, (k + 2) * WIDTH, i) = (VEC4)(r0.z, r1.z, r2.z, r3.z);      \
                    FOURTH(SPACE, to, (k + 3) * WIDTH, i) = (VEC4)(r0.w, r1.w, r2.w, r3.w);      \
                }                                                                                \
            }                                                                                    \
            EDGE_LOOP for (long k = i < WIDTH / 4 * 4 ? turned : 0; k < (depth); ++k)            \
                (to)[k * WIDTH + i] = LOAD_X(x0[k * (k_step)]);                                  \
        }                                                                                        \
    }
#define FOURTH(SPACE, to, at, i) *(SPACE PACKED4 *)((to) + (at) + (i))
#ifdef AS_STORED  /* nothing to convert: one load, which is also quicker to compile */
#define FOUR(LOAD_X, p) (*(__global const PACKED4 *)(p))
#else
#define FOUR(LOAD_X, p) (VEC4)(LOAD_X((p)[0]), LOAD_X((p)[1]), LOAD_X((p)[2]), LOAD_X((p)[3]))
#endif

/* A register tile of `block` plus the product of a panel of A and one of B, `depth` deep. */
#define TILE_SUM(block, is_first, pa, pb, depth)                                                 \
    {                                                                                            \
        VEC acc[MR][NV];                                                                         \
        _Pragma("unroll") for (int i = 0; i < MR; ++i)                                           \
            _Pragma("unroll") for (int v = 0; v < NV; ++v)                                       \
                acc[i][v] = (is_first) ? (VEC)0 : (block)[i * (NC / VW) + v];                    \
        for (long k = 0; k < (depth); ++k) {                                                     \
            VEC right_k[NV];                                                                     \
            _Pragma("unroll") for (int v = 0; v < NV; ++v) right_k[v] = (pb)[k * NV + v];        \
            _Pragma("unroll") for (int i = 0; i < MR; ++i) {                                     \
                const T left_k = (pa)[k * MR + i];                                               \
                _Pragma("unroll") for (int v = 0; v < NV; ++v)                                   \
                    acc[i][v] = left_k * right_k[v] + acc[i][v];                                 \
            }                                                                                    \
        }                                                                                        \
        _Pragma("unroll") for (int i = 0; i < MR; ++i)                                           \
            _Pragma("unroll") for (int v = 0; v < NV; ++v)                                       \
                (block)[i * (NC / VW) + v] = acc[i][v];                                          \
    }

/* A finished block goes to C; the bias is one number per row or one per column. */
FN void store_block(__global STORE_CT *c, const T *block, __global const STORE_A *bias,
                    const long rows, const long columns, const long cm, const long bias_m,
                    const long bias_n, const int has_bias)
{
    T by_column[NC];
    const int each_column = has_bias && bias_n;
    EDGE_LOOP for (long n = 0; n < columns; ++n)
        by_column[n] = each_column ? LOAD_A(bias[n * bias_n]) : (T)0;
    for (long m = 0; m < rows; ++m) {
        const T by_row = has_bias && !bias_n ? LOAD_A(bias[m * bias_m]) : (T)0;
        EACH_ALONE for (long n = 0; n < columns; ++n) {
            const T value = block[m * NC + n] + (by_column[n] + by_row);
            c[m * cm + n] = STORE_C(value);
        }
    }
}

/* A work-group packs `run` panels, KC deep at a time: where A lies by columns they share its cache
 * lines, which at strides of whole pages would not stay (1024 x 2048 x 256: 14.0 ms, now 12.8). */
__kernel GROUP_OF_ONE void gemm_pack_a(__global T *packed, __global const STORE_A *a,
                                       const long M, const long K, const long Z0,
                                       const long run, A_PARAMETERS)
{
    const long first = get_global_id(0) * run, z = get_global_id(1), panels = (M + MR - 1) / MR;
    const long after = min(panels, first + run);
    for (long k0 = 0; k0 < K; k0 += KC) {
        const long depth = min((long)KC, K - k0);
        for (long panel = first; panel < after; ++panel) {
            __global T *to = packed + ((z * panels + panel) * K + k0) * MR;
            const long m0 = panel * MR;
            const int rows = (int)min((long)MR, M - m0);
            if (K0 >= K) {
                __global const STORE_A *from = a + A_AT(z, m0, 0) + k0 * ak0;
                PACK(__global, to, MR, rows, depth, from, STORE_A, LOAD_A, am, ak0)
            } else
                EDGE_LOOP for (int i = 0; i < MR; ++i) {
                    const long m = m0 + min(i, rows - 1);
                    for (long k = 0; k < depth;) {
                        const long at = A_AT(z, m, k0 + k);
                        const long count = min(depth - k, K0 - (k0 + k) % K0);
                        EDGE_LOOP for (long j = 0; j < count; ++j, ++k)
                            to[k * MR + i] = LOAD_A(a[at + j * ak0]);
                    }
                }
        }
    }
}

__kernel GROUP_OF_ONE void gemm_pack_strided(__global T *packed, __global const STORE_B *b,
                                             const long K, const long N, const long Z0,
                                             B_STRIDED_PARAMETERS)
{
    const long panel = get_global_id(0), z = get_global_id(1), panels = get_global_size(0);
    __global T *to = packed + (z * panels + panel) * K * NR;
    const long n0 = panel * NR, at = B_AT(z, 0, n0);
    const int columns = (int)min((long)NR, N - n0);
    for (long k0 = 0; k0 < K; k0 += KC) {
        __global const STORE_B *from = b + at + k0 * bk;
        const long depth = min((long)KC, K - k0);
        PACK(__global, to + k0 * NR, NR, columns, depth, from, STORE_B, LOAD_B, bn, bk)
    }
}

/* One panel is NR neighbouring places of one picture; rows run over (channel, tap). Where the
 * places lie in one line and all fall inside the picture, the NR values are neighbours. */
__kernel GROUP_OF_ONE void gemm_pack_columns(__global T *packed, __global const STORE_B *b,
                                             const long K, const long N, const long Z0,
                                             B_PICTURE_PARAMETERS)
{
    const long panel = get_global_id(0), z = get_global_id(1), panels = get_global_size(0);
    __global T *to = packed + (z * panels + panel) * K * NR;
    const int n0 = (int)panel * NR, columns = (int)min((long)NR, N - n0);
    const int channels = (int)(K / TAPS), x0 = n0 % places2;
    int one_line = columns == NR && x0 + NR <= places2 && so2 == 1 && si2 == 1 && step2 == 1;
    int o0[NR], o1[NR], o2[NR];
    for (int j = 0; j < NR; ++j) {
        const int u = min(n0 + j, (int)N - 1);
        o0[j] = u / (places1 * places2);
        o1[j] = u / places2 % places1;
        o2[j] = u % places2;
    }
    for (int k0 = 0; k0 < taps0; ++k0)
    for (int k1 = 0; k1 < taps1; ++k1)
    for (int k2 = 0; k2 < taps2; ++k2) {
        const int tap = (k0 * taps1 + k1) * taps2 + k2;
        __global T *line = to + tap * NR;
        const long stride = (long)TAPS * NR;
        if (one_line) {
            const long y0 = PLACE(0, o0[0], k0), y1 = PLACE(1, o1[0], k1);
            const int t = o2[0] + k2 * dk2 + off2;
            if (y0 < 0 || y1 < 0) {
                for (int c = 0; c < channels; ++c)
                    for (int j = 0; j < NR; ++j) line[c * stride + j] = 0;
                continue;
            }
            const long at = at_b + z * bz + y0 * step0 + y1 * step1 + t;
            if (t >= 0 && t + NR <= length2) {
                for (int c = 0; c < channels; ++c)
                    for (int j = 0; j < NR; ++j) line[c * stride + j] = LOAD_B(b[at + c * bc + j]);
                continue;
            }
            const int first = max(0, -t), last = min(NR, length2 - t);
            for (int c = 0; c < channels; ++c)
                for (int j = 0; j < NR; ++j)
                    line[c * stride + j] = j >= first && j < last ? LOAD_B(b[at + c * bc + j])
                                                                  : (T)0;
            continue;
        }
        long from[NR];
        for (int j = 0; j < NR; ++j) {
            const long y0 = PLACE(0, o0[j], k0), y1 = PLACE(1, o1[j], k1), y2 = PLACE(2, o2[j], k2);
            from[j] = y0 < 0 || y1 < 0 || y2 < 0 || j >= columns
                ? -1 : at_b + z * bz + y0 * step0 + y1 * step1 + y2 * step2;
        }
        for (int c = 0; c < channels; ++c)
            for (int j = 0; j < NR; ++j)
                line[c * stride + j] = from[j] < 0 ? (T)0 : LOAD_B(b[from[j] + c * bc]);
    }
}

/* One panel is NR neighbouring (channel, tap) pairs; rows run over the places of the pictures
 * z*per .. of batch z, where per = K / PLACES pictures belong to one batch. */
__kernel GROUP_OF_ONE void gemm_pack_columns_rows(__global T *packed, __global const STORE_B *b,
                                                  const long K, const long N, const long Z0,
                                                  B_PICTURE_PARAMETERS)
{
    const long panel = get_global_id(0), z = get_global_id(1), panels = get_global_size(0);
    __global T *to = packed + (z * panels + panel) * K * NR;
    const long pictures = K / PLACES;
    for (int j = 0; j < NR; ++j) {
        const long n = panel * NR + j;
        if (n >= N) {
            EDGE_LOOP for (long k = 0; k < K; ++k) to[k * NR + j] = 0;
            continue;
        }
        const int tap = (int)(n % TAPS);
        const int k0 = tap / (taps1 * taps2), k1 = tap / taps2 % taps1, k2 = tap % taps2;
        long row = 0;
        for (long p = 0; p < pictures; ++p) {
            const long at = at_b + (z * pictures + p) * bz + n / TAPS * bc;
            for (int i0 = 0; i0 < places0; ++i0) {
                const long y0 = PLACE(0, i0, k0);
                for (int i1 = 0; i1 < places1; ++i1) {
                    const long y1 = PLACE(1, i1, k1);
                    const int inside = y0 >= 0 && y1 >= 0;
                    const long line = at + y0 * step0 + y1 * step1;
                    EDGE_LOOP for (int i2 = 0; i2 < places2; ++i2, ++row) {
                        const long y2 = PLACE(2, i2, k2);
                        to[row * NR + j] = inside && y2 >= 0 ? LOAD_B(b[line + y2 * step2]) : (T)0;
                    }
                }
            }
        }
    }
}

__kernel GROUP_OF_ONE void gemm_blocks(__global STORE_CT *c, __global const T *packed_a,
                                       __global const T *packed_b, __global const STORE_A *bias,
                                       const long M, const long N, const long K,
                                       const long at_c, const long cz, const long cm,
                                       const long at_bias, const long bias_m,
                                       const long bias_n, const int has_bias, const long za,
                                       const long zb)
{
    const long m0 = get_global_id(0) * MC, n0 = get_global_id(1) * NC, z = get_global_id(2);
    const long a_panels = (M + MR - 1) / MR, b_panels = (N + NR - 1) / NR;
    const long m_end = min(M, m0 + MC), n_end = min(N, n0 + NC);
    T block[MC * NC] __attribute__((aligned(64)));
    for (long k0 = 0; k0 < K || k0 == 0; k0 += KC) {
        const long depth = min((long)KC, K - k0);
        for (long n = n0; n < n_end; n += NR) {
            __global const VEC *pb = (__global const VEC *)
                (packed_b + ((z * zb * b_panels + n / NR) * K + k0) * NR);
            for (long m = m0; m < m_end; m += MR) {
                __global const T *pa = packed_a + ((z * za * a_panels + m / MR) * K + k0) * MR;
                VEC *tile = (VEC *)(block + (m - m0) * NC + (n - n0));
                TILE_SUM(tile, k0 == 0, pa, pb, depth)
            }
        }
    }
    store_block(c + at_c + z * cz + m0 * cm + n0, block,
                bias + at_bias + m0 * bias_m + n0 * bias_n, m_end - m0, n_end - n0, cm, bias_m,
                bias_n, has_bias);
}

/* The whole product in one launch: each work-group packs what it needs, on its stack. Blocks are
 * block_m (at most MC) by block_n (at most NC). */
__kernel GROUP_OF_ONE void gemm_whole(__global STORE_CT *c, __global const STORE_A *a,
                                      __global const STORE_B *b, __global const STORE_A *bias,
                                      const long M, const long N, const long K, const long Z0,
                                      const long at_c, const long cz, const long cm,
                                      const long at_bias, const long bias_m, const long bias_n,
                                      const int has_bias, const long block_m, const long block_n,
                                      A_PARAMETERS, B_STRIDED_PARAMETERS)
{
    T left[MC * KC] __attribute__((aligned(64)));
    T right[KC * NR] __attribute__((aligned(64)));
    T block[MC * NC] __attribute__((aligned(64)));
    const long m0 = get_global_id(0) * block_m, n0 = get_global_id(1) * block_n;
    const long z = get_global_id(2);
    const long m_end = min(M, m0 + block_m), n_end = min(N, n0 + block_n);
    for (long k0 = 0; k0 < K || k0 == 0; k0 += KC) {
        const long depth = min((long)KC, K - k0);
        for (long m = m0; m < m_end; m += MR) {
            T *to = left + (m - m0) * KC;
            __global const STORE_A *from = a + A_AT(z, m, 0) + k0 * ak0;
            const int rows = (int)min((long)MR, M - m);
            PACK(__private, to, MR, rows, depth, from, STORE_A, LOAD_A, am, ak0)
        }
        for (long n = n0; n < n_end; n += NR) {
            __global const STORE_B *from = b + B_AT(z, k0, n);
            const int columns = (int)min((long)NR, N - n);
            PACK(__private, right, NR, columns, depth, from, STORE_B, LOAD_B, bn, bk)
            const VEC *pb = (const VEC *)right;
            for (long m = m0; m < m_end; m += MR) {
                const T *pa = left + (m - m0) * KC;
                VEC *tile = (VEC *)(block + (m - m0) * NC + (n - n0));
                TILE_SUM(tile, k0 == 0, pa, pb, depth)
            }
        }
    }
    store_block(c + at_c + z * cz + m0 * cm + n0, block,
                bias + at_bias + m0 * bias_m + n0 * bias_n, m_end - m0, n_end - n0, cm, bias_m,
                bias_n, has_bias);
}
