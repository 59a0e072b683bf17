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
 *     packed B[z, q, k, j] = B[z, k, q*NR + j]       (zeros beyond the edges)
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
#ifndef SMALL_K
#define SMALL_K 1024  /* depth up to which gemm_small holds whole panels */
#endif
#ifndef SMALL_M
#define SMALL_M 48    /* rows of a block of gemm_small, a multiple of MR */
#endif
#define NR (NV * VW)

__kernel GROUP_OF_ONE void gemm_pack_a(__global T *packed, __global const STORE_A *a,
                                       const long M, const long K, const long Z0, A_PARAMETERS)
{
    const long panel = get_global_id(0), z = get_global_id(1), panels = get_global_size(0);
    __global T *to = packed + (z * panels + panel) * K * MR;
    const long m0 = panel * MR, rows = min((long)MR, M - m0);
    for (long i = 0; i < MR; ++i) {
        if (i >= rows) {
            EDGE_LOOP for (long k = 0; k < K; ++k) to[k * MR + i] = 0;
        } else if (K0 >= K) {
            const long at = A_AT(z, m0 + i, 0);
            EDGE_LOOP for (long k = 0; k < K; ++k) to[k * MR + i] = LOAD_A(a[at + k * ak0]);
        } else {
            const long at = A_AT(z, m0 + i, 0);
            for (long k1 = 0, k = 0; k < K; ++k1)
                EDGE_LOOP for (long k0 = 0; k0 < K0; ++k0, ++k)
                    to[k * MR + i] = LOAD_A(a[at + k1 * ak1 + k0 * ak0]);
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
    if (columns == NR && bn == 1) {
        for (long k = 0; k < K; ++k)
            for (int j = 0; j < NR; ++j) to[k * NR + j] = LOAD_B(b[at + k * bk + j]);
        return;
    }
    if (columns < NR)
        EDGE_LOOP for (long i = 0; i < K * NR; ++i) to[i] = 0;
    for (int j = 0; j < columns; ++j)
        EDGE_LOOP for (long k = 0; k < K; ++k) to[k * NR + j] = LOAD_B(b[at + k * bk + j * bn]);
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
                VEC acc[MR][NV];
#pragma unroll
                for (int i = 0; i < MR; ++i)
#pragma unroll
                    for (int v = 0; v < NV; ++v)
                        acc[i][v] = k0 ? tile[i * (NC / VW) + v] : (VEC)0;
                for (long k = 0; k < depth; ++k) {
                    VEC right[NV];
#pragma unroll
                    for (int v = 0; v < NV; ++v) right[v] = pb[k * NV + v];
#pragma unroll
                    for (int i = 0; i < MR; ++i) {
                        const T left = pa[k * MR + i];
#pragma unroll
                        for (int v = 0; v < NV; ++v) acc[i][v] = left * right[v] + acc[i][v];
                    }
                }
#pragma unroll
                for (int i = 0; i < MR; ++i)
#pragma unroll
                    for (int v = 0; v < NV; ++v) tile[i * (NC / VW) + v] = acc[i][v];
            }
        }
    }
    for (long m = m0; m < m_end; ++m)
        for (long n = n0; n < n_end; ++n) {
            T value = block[(m - m0) * NC + (n - n0)];
            if (has_bias) value += LOAD_A(bias[at_bias + m * bias_m + n * bias_n]);
            c[at_c + z * cz + m * cm + n] = STORE_C(value);
        }
}

/* Small products in one launch: each work-group packs its own panels, on its stack. */
__kernel GROUP_OF_ONE void gemm_small(__global STORE_CT *c, __global const STORE_A *a,
                                      __global const STORE_B *b, __global const STORE_A *bias,
                                      const long M, const long N, const long K, const long Z0,
                                      const long at_c, const long cz, const long cm,
                                      const long at_bias, const long bias_m, const long bias_n,
                                      const int has_bias, A_PARAMETERS, B_STRIDED_PARAMETERS)
{
    T right[SMALL_K * NR] __attribute__((aligned(64)));
    T left[SMALL_K * MR] __attribute__((aligned(64)));
    T tile[MR * NR] __attribute__((aligned(64)));
    const long n0 = get_global_id(0) * NR, m0 = get_global_id(1) * SMALL_M, z = get_global_id(2);
    const int columns = (int)min((long)NR, N - n0);
    const long from_b = B_AT(z, 0, n0);
    if (columns < NR)
        EDGE_LOOP for (long i = 0; i < K * NR; ++i) right[i] = 0;
    if (bn == 1)
        for (long k = 0; k < K; ++k)
            for (int j = 0; j < columns; ++j) right[k * NR + j] = LOAD_B(b[from_b + k * bk + j]);
    else
        for (int j = 0; j < columns; ++j)
            EDGE_LOOP for (long k = 0; k < K; ++k)
                right[k * NR + j] = LOAD_B(b[from_b + k * bk + j * bn]);
    for (long m = m0; m < min(M, m0 + SMALL_M); m += MR) {
        const int rows = (int)min((long)MR, M - m);
        for (int i = 0; i < MR; ++i) {
            const long from_a = A_AT(z, m + min(i, rows - 1), 0);
            EDGE_LOOP for (long k = 0; k < K; ++k) left[k * MR + i] = LOAD_A(a[from_a + k * ak0]);
        }
        const VEC *pb = (const VEC *)right;
        VEC acc[MR][NV];
#pragma unroll
        for (int i = 0; i < MR; ++i)
#pragma unroll
            for (int v = 0; v < NV; ++v) acc[i][v] = (VEC)0;
        for (long k = 0; k < K; ++k) {
            VEC r[NV];
#pragma unroll
            for (int v = 0; v < NV; ++v) r[v] = pb[k * NV + v];
#pragma unroll
            for (int i = 0; i < MR; ++i) {
                const T l = left[k * MR + i];
#pragma unroll
                for (int v = 0; v < NV; ++v) acc[i][v] = l * r[v] + acc[i][v];
            }
        }
#pragma unroll
        for (int i = 0; i < MR; ++i)
#pragma unroll
            for (int v = 0; v < NV; ++v) ((VEC *)tile)[i * NV + v] = acc[i][v];
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j) {
                T value = tile[i * NR + j];
                if (has_bias)
                    value += LOAD_A(bias[at_bias + (m + i) * bias_m + (n0 + j) * bias_n]);
                c[at_c + z * cz + (m + i) * cm + n0 + j] = STORE_C(value);
            }
    }
}
