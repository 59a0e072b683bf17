/* Products on GPUs: tiles of A and B through local memory, a register tile per work-item.
 *
 * Method: CUTLASS's and CLBlast's two-level tiling, without their tuning.
 *
 *                    N                         a work-group of 256 computes TM x TN of C:
 *              +---TN---+
 *           TK |########| B tile, local          for each TK of k
 *              +--------+                          load both tiles, barrier
 *     +--TK--+ +--------+                          each work-item: RM x RN sums over the tile
 *  TM |######| | C tile |                          barrier
 *     +------+ +--------+
 *     A tile, local        work-item (x, y): rows y + i*16, columns x + j*16
 *
 * Elements are fetched by the address formulas of gemm_address.cl, so transposed views and the
 * implicit pictures of convolutions need no copies. This is the plain variant for every GPU.
 * B_STRIDED, B_COLUMNS or B_COLUMNS_ROWS chooses the formula for B.
 */
#ifndef TM
#define TM 64         /* rows of a work-group's tile, a multiple of 16 */
#endif
#ifndef TN
#define TN 64         /* columns of a work-group's tile, a multiple of 16 */
#endif
#ifndef TK
#define TK 16         /* depth of a tile */
#endif
#ifdef B_STRIDED
#define B_PARAMETERS B_STRIDED_PARAMETERS
#else
#define B_PARAMETERS B_PICTURE_PARAMETERS
#endif
#define RM (TM / 16)
#define RN (TN / 16)

__kernel GROUP_OF_256 void gemm_tiles(__global STORE_CT *c, __global const STORE_A *a,
                                      __global const STORE_B *b, __global const STORE_A *bias,
                                      const long M, const long N, const long K, const long Z0,
                                      const long at_c, const long cz, const long cm,
                                      const long at_bias, const long bias_m, const long bias_n,
                                      const int has_bias, A_PARAMETERS, B_PARAMETERS)
{
    __local T tile_a[TK][TM + 1], tile_b[TK][TN + 1];
    const int t = get_local_id(0), x = t % 16, y = t / 16;
    const long m0 = get_group_id(1) * (long)TM, n0 = get_group_id(0) * (long)TN;
    const long z = get_group_id(2);
    T acc[RM][RN];
    for (int i = 0; i < RM; ++i)
        for (int j = 0; j < RN; ++j) acc[i][j] = 0;
    for (long k0 = 0; k0 < K; k0 += TK) {
        for (int e = t; e < TM * TK; e += 256) {
            /* neighbours in a work-group read neighbours in memory, along k or along m */
            const int kk = ak0 == 1 ? e % TK : e / TM, mm = ak0 == 1 ? e / TK : e % TM;
            const long m = m0 + mm, k = k0 + kk;
            tile_a[kk][mm] = m < M && k < K ? LOAD_A(a[A_AT(z, m, k)]) : (T)0;
        }
        for (int e = t; e < TN * TK; e += 256) {
            T value = 0;
#ifdef B_STRIDED
            const int kk = bk == 1 ? e % TK : e / TN, nn = bk == 1 ? e / TK : e % TN;
            const long n = n0 + nn, k = k0 + kk;
            if (n < N && k < K) value = LOAD_B(b[B_AT(z, k, n)]);
#else
            const int kk = e / TN, nn = e % TN;
            const long n = n0 + nn, k = k0 + kk;
            if (n < N && k < K) {
#ifdef B_COLUMNS
                COLUMN(value, z, k / TAPS, (int)(k % TAPS), (int)n)
#else
                COLUMN(value, z * (K / PLACES) + k / PLACES, n / TAPS, (int)(n % TAPS),
                       (int)(k % PLACES))
#endif
            }
#endif
            tile_b[kk][nn] = value;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int kk = 0; kk < TK; ++kk) {
            T right[RN];
            for (int j = 0; j < RN; ++j) right[j] = tile_b[kk][x + 16 * j];
            for (int i = 0; i < RM; ++i) {
                const T left = tile_a[kk][y + 16 * i];
                for (int j = 0; j < RN; ++j) acc[i][j] = left * right[j] + acc[i][j];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int i = 0; i < RM; ++i)
        for (int j = 0; j < RN; ++j) {
            const long m = m0 + y + 16 * i, n = n0 + x + 16 * j;
            if (m < M && n < N) {
                const T extra = has_bias ? LOAD_A(bias[at_bias + m * bias_m + n * bias_n]) : (T)0;
                c[at_c + z * cz + m * cm + n] = STORE_C(acc[i][j] + extra);
            }
        }
}
