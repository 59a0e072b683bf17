/* Products on NVIDIA's tensor cores: the tiles of gemm_gpu.cl, multiplied by mma.sync.
 *
 *     float16, bfloat16    m16n8k16, products exact, sums in float32
 *     float32 as TF32      m16n8k8, the operands rounded to 10 bits of mantissa first
 *
 * A word is 32 bits: two neighbours along k of a 16-bit type, or one float. Seen in words the two
 * instructions have the same fragments (PTX ISA, "Matrix Fragments for mma.m16n8k16" and
 * "mma.m16n8k8"): a warp's lane with g = lane / 4, q = lane % 4 holds
 *
 *          q   q+4  (word of k)            g  (column)              2q 2q+1  (column)
 *      g  [a.x a.z]               q       [b.x]                g   [ c0 c1 ]
 *    g+8  [a.y a.w]               q+4     [b.y]                g+8 [ c2 c3 ]
 *     A, 16 rows                  B, 8 columns                 C, 16 x 8, float
 *
 * Both operands wait in local memory as rows of words along k (a row of A, a column of B), KW to a
 * row and 4 more, so that the 32 lanes' reads of a fragment (20 g + q) fall into 32 banks and a row
 * starts at 16 bytes. There are two such buffers: while the warps multiply out of one, the next
 * tile is on its way, in registers, and then goes to the other; one barrier for each tile.
 *
 * LAYOUT_A and LAYOUT_B say how an operand lies in memory, and so how it is fetched:
 *
 *     ALONG     16 bytes at a time along k          ACROSS    16 bytes at a time along m or n, two
 *     ANY       element by element, by                        of them turned into words of k
 *               the formulas of gemm_address.cl
 *
 * For the first two the host has made sure that every 16 bytes are aligned and lie wholly inside
 * the matrix or wholly outside (see tensor_cores.py). What lies outside is 0.
 *
 * With FACULA_EMULATE_MMA the lanes hand their fragments round in local memory and add up exact
 * products in float32, so that everything but the instruction itself runs, and is tested, on any
 * device. HALF (float16), BFLOAT or neither (TF32) chooses the type.
 */
#ifndef TM
#define TM 64         /* rows of a work-group's tile */
#endif
#ifndef TN
#define TN 64         /* columns of a work-group's tile */
#endif
#ifndef KW
#define KW 16         /* words along k of a tile */
#endif
#ifndef WARPS_M
#define WARPS_M 2     /* the warps of a work-group share the tile: so many along m, */
#endif
#ifndef WARPS_N
#define WARPS_N 2     /* so many along n */
#endif
#ifndef TO_FLOAT
#define TO_FLOAT(x) (x)  /* of the bias */
#endif
#define ANY 0
#define ALONG 1
#define ACROSS 2
#ifndef LAYOUT_A
#define LAYOUT_A ANY
#endif
#ifndef LAYOUT_B
#define LAYOUT_B ANY
#endif

#define GROUP (32 * WARPS_M * WARPS_N)
#define STEPS_M (TM / WARPS_M / 16)  /* a warp's fragments along m and n */
#define STEPS_N (TN / WARPS_N / 8)
#define LINE (KW + 4)
#if defined(HALF) || defined(BFLOAT)
#define PER_WORD 2
#define BITS(x) ((uint)(x))
#define FINISHED(w) (w)
#else
#define PER_WORD 1
#define BITS(x) as_uint(x)
#define FINISHED(w) to_tf32(w)
#endif
#define TK (KW * PER_WORD)
#define EACH(ROWS) ((ROWS) * KW / GROUP)  /* words that a work-item fetches */
#if TM % (16 * WARPS_M) || TN % (8 * WARPS_N) || KW % 8 || TM * KW % (8 * GROUP) ||                \
    TN * KW % (8 * GROUP)
#error "the tile does not divide among the work-items"
#endif
#define BAND 8  /* rows of tiles that work-groups walk side by side, for the cache's sake */

#ifdef B_STRIDED
#define B_PARAMETERS B_STRIDED_PARAMETERS
#else
#define B_PARAMETERS B_PICTURE_PARAMETERS
#endif

/* Rounded to 10 bits of mantissa, ties away from 0, as cvt.rna.tf32 does; NaN and infinity stay,
 * and nothing finite becomes infinite. */
FN uint to_tf32(uint x)
{
    const uint size = x & 0x7fffffffu, sign = x & 0x80000000u;
    const uint rounded = (size + 0x1000u) & 0xffffe000u;
    return size < 0x7f7ff000u ? rounded | sign
                              : (size > 0x7f800000u ? x | 0x400000u : x & 0xffffe000u);
}

#ifdef FACULA_EMULATE_MMA
#define UNROLLED
#ifdef HALF
#define ELEMENT(w, i) half_to_float((ushort)((w) >> (16 * (i))))
#elif defined(BFLOAT)
#define ELEMENT(w, i) bfloat_to_float((ushort)((w) >> (16 * (i))))
#else
#define ELEMENT(w, i) as_float(w)
#endif
#define FRAGMENT (6 * PER_WORD)  /* elements of A and B that a lane holds */

/* Element (row, word) of A stands at lane row % 8 * 4 + word % 4, register row / 8 + word / 4 * 2,
 * element (word, column) of B at lane column * 4 + word % 4, register word / 4. */
FN void mma(float *c, uint4 a, uint2 b, __local float *handed)
{
    const int t = get_local_id(0), lane = t % 32, g = lane / 4, q = lane % 4;
    __local float *warp = handed + (t - lane) * FRAGMENT;
    const uint words[6] = {a.x, a.y, a.z, a.w, b.x, b.y};
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < FRAGMENT; ++i)
        warp[lane * FRAGMENT + i] = ELEMENT(words[i / PER_WORD], i % PER_WORD);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < 4; ++i) {
        const int row = g + i / 2 * 8, column = 2 * q + i % 2;
        float sum = c[i];
        for (int k = 0; k < 8 * PER_WORD; ++k) {
            const int w = k / PER_WORD, e = k % PER_WORD;
            const int x = (row % 8 * 4 + w % 4) * FRAGMENT + (row / 8 + w / 4 * 2) * PER_WORD + e;
            const int y = (column * 4 + w % 4) * FRAGMENT + (4 + w / 4) * PER_WORD + e;
            sum += warp[x] * warp[y];
        }
        c[i] = sum;
    }
}
#define MMA(c, a, b) mma(c, a, b, handed)
#else
#ifdef HALF
#define INSTRUCTION "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
#elif defined(BFLOAT)
#define INSTRUCTION "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
#else
#define INSTRUCTION "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
#endif
/* volatile and the clobber: without them NVIDIA's compiler has been seen to drop stores to local
 * memory (KataGo, commit af6e46d1). */
FN void mma(float *c, uint4 a, uint2 b)
{
    float c0 = c[0], c1 = c[1], c2 = c[2], c3 = c[3];
    const uint a0 = a.x, a1 = a.y, a2 = a.z, a3 = a.w, b0 = b.x, b1 = b.y;
    asm volatile(INSTRUCTION "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c0), "+f"(c1), "+f"(c2), "+f"(c3)
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1)
                 : "memory");
    c[0] = c0;
    c[1] = c1;
    c[2] = c2;
    c[3] = c3;
}
#define MMA(c, a, b) mma(c, a, b)
#define UNROLLED _Pragma("unroll")
#endif

/* ---- from global memory into registers, and on into local memory ----
 *
 * In all of these r counts rows of A or columns of B in the tile, INSIDE of which are the matrix's;
 * AT(r, k) is an element's place and VALUE(r, k) its bits. Counts are int to save registers: the
 * large tile needs 125, and with long ones 165 (Clang 22 and ptxas 12.9 for sm_90), so that two
 * work-groups fit on a multiprocessor instead of one. */

#define SIXTEEN_BYTES(p) (*(__global const uint4 *)(p))
#define NOTHING ((uint4)(0, 0, 0, 0))

#define FETCH_ALONG(words, p, ROWS, INSIDE, AT)                                                  \
    UNROLLED for (int i = 0; i < EACH(ROWS) / 4; ++i) {                                          \
        const int e = t + i * GROUP;                                                             \
        const int r = e / (KW / 4), k = k0 + e % (KW / 4) * 4 * PER_WORD;                        \
        const uint4 found = r < INSIDE && k < depth ? SIXTEEN_BYTES(p + AT(r, k)) : NOTHING;     \
        words[4 * i] = found.x;                                                                  \
        words[4 * i + 1] = found.y;                                                              \
        words[4 * i + 2] = found.z;                                                              \
        words[4 * i + 3] = found.w;                                                              \
    }
#define PUT_ALONG(tile, words, ROWS)                                                             \
    UNROLLED for (int i = 0; i < EACH(ROWS) / 4; ++i) {                                          \
        const int e = t + i * GROUP;                                                             \
        *(__local uint4 *)(tile + e / (KW / 4) * LINE + e % (KW / 4) * 4) =                      \
            (uint4)(FINISHED(words[4 * i]), FINISHED(words[4 * i + 1]),                          \
                    FINISHED(words[4 * i + 2]), FINISHED(words[4 * i + 3]));                     \
    }

/* A work-item has 4 * PER_WORD rows of one word: PER_WORD times 16 bytes. */
#if PER_WORD == 2
#define PAIR(words, i, x, y)                                                                     \
    words[i] = (x & 0xffffu) | (y << 16);                                                        \
    words[i + 1] = (x >> 16) | (y & 0xffff0000u);
#define FETCH_ACROSS(words, p, ROWS, INSIDE, AT)                                                 \
    UNROLLED for (int i = 0; i < EACH(ROWS) / 8; ++i) {                                          \
        const int e = t + i * GROUP;                                                             \
        const int r = e / KW * 8, k = k0 + e % KW * 2;                                           \
        const uint4 x = r < INSIDE && k < depth ? SIXTEEN_BYTES(p + AT(r, k)) : NOTHING;         \
        const uint4 y = r < INSIDE && k + 1 < depth ? SIXTEEN_BYTES(p + AT(r, k + 1)) : NOTHING; \
        PAIR(words, 8 * i, x.x, y.x)                                                             \
        PAIR(words, 8 * i + 2, x.y, y.y)                                                         \
        PAIR(words, 8 * i + 4, x.z, y.z)                                                         \
        PAIR(words, 8 * i + 6, x.w, y.w)                                                         \
    }
#else
#define FETCH_ACROSS(words, p, ROWS, INSIDE, AT)                                                 \
    UNROLLED for (int i = 0; i < EACH(ROWS) / 4; ++i) {                                          \
        const int e = t + i * GROUP;                                                             \
        const int r = e / KW * 4, k = k0 + e % KW;                                               \
        const uint4 found = r < INSIDE && k < depth ? SIXTEEN_BYTES(p + AT(r, k)) : NOTHING;     \
        words[4 * i] = found.x;                                                                  \
        words[4 * i + 1] = found.y;                                                              \
        words[4 * i + 2] = found.z;                                                              \
        words[4 * i + 3] = found.w;                                                              \
    }
#endif
#define PUT_ACROSS(tile, words, ROWS)                                                            \
    UNROLLED for (int i = 0; i < EACH(ROWS); ++i) {                                              \
        const int e = t + i / (4 * PER_WORD) * GROUP, row = e / KW * 4 * PER_WORD;               \
        tile[(row + i % (4 * PER_WORD)) * LINE + e % KW] = FINISHED(words[i]);                   \
    }

/* Neighbours in a warp read neighbours in memory: along k where k_first, else along the rows. */
#define ROW(e, ROWS) (k_first ? (e) / KW : (e) % (ROWS))
#define WORD(e, ROWS) (k_first ? (e) % KW : (e) / (ROWS))
#if PER_WORD == 2
#define BOTH(VALUE, r, k) (VALUE(r, k) | (k + 1 < depth ? VALUE(r, k + 1) << 16 : 0u))
#else
#define BOTH(VALUE, r, k) VALUE(r, k)
#endif
#define FETCH_ANY(words, ROWS, INSIDE, VALUE, FIRST)                                             \
    {                                                                                            \
        const int k_first = FIRST;                                                               \
        UNROLLED for (int i = 0; i < EACH(ROWS); ++i) {                                          \
            const int e = t + i * GROUP;                                                         \
            const int r = ROW(e, ROWS), k = k0 + WORD(e, ROWS) * PER_WORD;                       \
            words[i] = r < INSIDE && k < depth ? BOTH(VALUE, r, k) : 0u;                         \
        }                                                                                        \
    }
#define PUT_ANY(tile, words, ROWS, FIRST)                                                        \
    {                                                                                            \
        const int k_first = FIRST;                                                               \
        UNROLLED for (int i = 0; i < EACH(ROWS); ++i) {                                          \
            const int e = t + i * GROUP;                                                         \
            tile[ROW(e, ROWS) * LINE + WORD(e, ROWS)] = FINISHED(words[i]);                      \
        }                                                                                        \
    }

/* A: k is divided only where it has two levels. */
#define PLACE_A(r, k) (base_a + (r) * am + (K0 >= K ? (k) * ak0 :                                \
                                            (k) / (int)K0 * ak1 + (k) % (int)K0 * ak0))
#define VALUE_A(r, k) BITS(a[PLACE_A(r, k)])
#if LAYOUT_A == ALONG
#define FETCH_A FETCH_ALONG(words_a, a, TM, inside_m, PLACE_A)
#define PUT_A(tile) PUT_ALONG(tile, words_a, TM)
#elif LAYOUT_A == ACROSS
#define FETCH_A FETCH_ACROSS(words_a, a, TM, inside_m, PLACE_A)
#define PUT_A(tile) PUT_ACROSS(tile, words_a, TM)
#else
#define FETCH_A FETCH_ANY(words_a, TM, inside_m, VALUE_A, ak0 == 1)
#define PUT_A(tile) PUT_ANY(tile, words_a, TM, ak0 == 1)
#endif

#ifdef B_STRIDED
#define PLACE_B(r, k) (base_b + (k) * bk + (r) * bn)
#define VALUE_B(r, k) BITS(b[PLACE_B(r, k)])
#define K_FIRST_B (bk == 1)
#else
#define VALUE_B(r, k) picture_bits(b, z, (int)n0 + (r), k, depth, B_NAMES)
#define K_FIRST_B 0
#define AXIS_NAMES(i) places##i, taps##i, length##i, so##i, si##i, dk##i, off##i, step##i
#define B_NAMES at_b, bz, bc, AXIS_NAMES(0), AXIS_NAMES(1), AXIS_NAMES(2)
FN uint picture_bits(__global const STORE_B *b, const long z, const int n, const int k,
                     const int depth, B_PARAMETERS)
{
    T value;
#ifdef B_COLUMNS
    COLUMN(value, z, k / TAPS, k % TAPS, n)
#else
    COLUMN(value, z * (depth / PLACES) + k / PLACES, n / TAPS, n % TAPS, k % PLACES)
#endif
    return value;
}
#endif
#if LAYOUT_B == ALONG
#define FETCH_B FETCH_ALONG(words_b, b, TN, inside_n, PLACE_B)
#define PUT_B(tile) PUT_ALONG(tile, words_b, TN)
#elif LAYOUT_B == ACROSS
#define FETCH_B FETCH_ACROSS(words_b, b, TN, inside_n, PLACE_B)
#define PUT_B(tile) PUT_ACROSS(tile, words_b, TN)
#else
#define FETCH_B FETCH_ANY(words_b, TN, inside_n, VALUE_B, K_FIRST_B)
#define PUT_B(tile) PUT_ANY(tile, words_b, TN, K_FIRST_B)
#endif

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void gemm_mma(__global STORE_CT *c, __global const STORE_A *a, __global const STORE_B *b,
              __global const STORE_A *bias, const long M, const long N, const long K,
              const long Z0, const long at_c, const long cz, const long cm, const long at_bias,
              const long bias_m, const long bias_n, const int has_bias, A_PARAMETERS, B_PARAMETERS)
{
    __local uint tile_a[2][TM * LINE] __attribute__((aligned(16)));
    __local uint tile_b[2][TN * LINE] __attribute__((aligned(16)));
#ifdef FACULA_EMULATE_MMA
    __local float handed[GROUP * FRAGMENT];
#endif
    const int t = get_local_id(0), warp = t / 32, g = t % 32 / 4, q = t % 4;
    const int warp_m = warp / WARPS_N * (TM / WARPS_M), warp_n = warp % WARPS_N * (TN / WARPS_N);

    /* the work-groups in one line: batch by batch, and in each by bands of BAND rows of tiles */
    const long tiles_m = (M + TM - 1) / TM, tiles_n = (N + TN - 1) / TN;
    const long number = get_group_id(0), z = number / (tiles_m * tiles_n);
    const long in_batch = number % (tiles_m * tiles_n), first = in_batch / (BAND * tiles_n) * BAND;
    const long deep = tiles_m - first < BAND ? tiles_m - first : BAND;
    const long in_band = in_batch - first * tiles_n;
    const long m0 = (first + in_band % deep) * TM, n0 = in_band / deep * TN;

    const int inside_m = (int)(M - m0 < TM ? M - m0 : TM);
    const int inside_n = (int)(N - n0 < TN ? N - n0 : TN);
    const int depth = (int)K;
    const long base_a = at_a + z / Z0 * az1 + z % Z0 * az0 + m0 * am;
#ifdef B_STRIDED
    const long base_b = at_b + z / Z0 * bz1 + z % Z0 * bz0 + n0 * bn;
#endif
    float acc[STEPS_M][STEPS_N][4];
    UNROLLED for (int i = 0; i < STEPS_M; ++i)
        UNROLLED for (int j = 0; j < STEPS_N; ++j)
            UNROLLED for (int e = 0; e < 4; ++e) acc[i][j][e] = 0;

    uint words_a[EACH(TM)], words_b[EACH(TN)];
    int k0 = 0;
    FETCH_A
    FETCH_B
    PUT_A(tile_a[0])
    PUT_B(tile_b[0])
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int now = 0; k0 < depth; now = 1 - now) {
        k0 += TK;
        if (k0 < depth) {
            FETCH_A
            FETCH_B
        }
        UNROLLED for (int s = 0; s < KW; s += 8) {
            const int w = s + q;
            uint2 right[STEPS_N];
            UNROLLED for (int j = 0; j < STEPS_N; ++j) {
                __local const uint *p = tile_b[now] + (warp_n + 8 * j + g) * LINE + w;
                right[j] = (uint2)(p[0], p[4]);
            }
            UNROLLED for (int i = 0; i < STEPS_M; ++i) {
                __local const uint *p = tile_a[now] + (warp_m + 16 * i + g) * LINE + w;
                const uint4 left = (uint4)(p[0], p[8 * LINE], p[4], p[8 * LINE + 4]);
                UNROLLED for (int j = 0; j < STEPS_N; ++j) MMA(acc[i][j], left, right[j]);
            }
        }
        if (k0 < depth) {
            PUT_A(tile_a[1 - now])
            PUT_B(tile_b[1 - now])
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    __global STORE_CT *corner = c + at_c + z * cz + m0 * cm + n0;
    __global const STORE_A *bias_corner = bias + at_bias + m0 * bias_m + n0 * bias_n;
    UNROLLED for (int i = 0; i < STEPS_M; ++i)
        UNROLLED for (int j = 0; j < STEPS_N; ++j)
            UNROLLED for (int e = 0; e < 4; ++e) {
                const int m = warp_m + 16 * i + g + e / 2 * 8, n = warp_n + 8 * j + 2 * q + e % 2;
                if (m < inside_m && n < inside_n) {
                    const float extra =
                        has_bias ? TO_FLOAT(bias_corner[m * bias_m + n * bias_n]) : 0.0f;
                    corner[m * cm + n] = STORE_C(acc[i][j][e] + extra);
                }
            }
}
