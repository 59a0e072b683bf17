/* Random numbers by Philox4x64-10, bit for bit NumPy's np.random.Philox(key=[seed, 0]).
 *
 * Method: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011). Block b is the
 * cipher of the counter offset + b + 1 (NumPy counts before it draws) and gives four 64-bit words:
 *
 *     words of the stream    [ block 0: w0 w1 w2 w3 ][ block 1: w0 w1 w2 w3 ] ...
 *     bits                   w >> 1                             4 per block
 *     uniform, 64 bits       (w >> 11) * 2^-53                  4 per block
 *     uniform, 32 bits       (low half >> 8) * 2^-24, then the high half's: 8 per block
 *     normal                 pairs (u0, u1) of uniforms:  r = sqrt(-2 log(1 - u0)),
 *                            r cos(2 pi u1), r sin(2 pi u1)
 *
 * One work-item per block. PER is the count of values per block, U(i) the i-th uniform.
 */
#ifndef T
#define T float
#define STORE float
#define SAVE(x) (x)
#define T_IS_FLOAT 1
#endif

FN void philox(ulong seed, ulong counter, ulong *w)
{
    ulong c0 = counter, c1 = 0, c2 = 0, c3 = 0, k0 = seed, k1 = 0;
    for (int round = 0; round < 10; ++round) {
        const ulong h0 = mul_hi((ulong)0xD2E7470EE14C6C93UL, c0), l0 = 0xD2E7470EE14C6C93UL * c0;
        const ulong h1 = mul_hi((ulong)0xCA5A826395121157UL, c2), l1 = 0xCA5A826395121157UL * c2;
        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 += 0x9E3779B97F4A7C15UL;
        k1 += 0xBB67AE8584CAA73BUL;
    }
    w[0] = c0;
    w[1] = c1;
    w[2] = c2;
    w[3] = c3;
}

__kernel GROUP_OF_256 void random_bits(__global long *y, const long n, const long seed,
                                       const long offset)
{
    const long block = get_global_id(0);
    if (block * 4 >= n) return;
    ulong w[4];
    philox((ulong)seed, (ulong)offset + block + 1, w);
    for (int i = 0; i < 4 && block * 4 + i < n; ++i) y[block * 4 + i] = (long)(w[i] >> 1);
}
#ifdef T_IS_DOUBLE
#define PER 4
#define U(i) ((double)(w[i] >> 11) * 1.1102230246251565e-16)
#define TWO_PI 6.283185307179586
#endif
#ifdef T_IS_FLOAT
#define PER 8
#define U(i) ((float)(int)(((uint)(w[(i) / 2] >> (32 * ((i) % 2)))) >> 8) * 5.9604644775390625e-8f)
#define TWO_PI 6.2831853071795864769f
#endif

#ifdef PER
__kernel GROUP_OF_256 void random_uniform(__global STORE *y, const long n, const long seed,
                                          const long offset)
{
    const long block = get_global_id(0);
    if (block * PER >= n) return;
    ulong w[4];
    philox((ulong)seed, (ulong)offset + block + 1, w);
    for (int i = 0; i < PER && block * PER + i < n; ++i) {
        const T u = U(i);
        y[block * PER + i] = SAVE(u);
    }
}

__kernel GROUP_OF_256 void random_normal(__global STORE *y, const long n, const long seed,
                                         const long offset)
{
    const long block = get_global_id(0);
    if (block * PER >= n) return;
    ulong w[4];
    philox((ulong)seed, (ulong)offset + block + 1, w);
    for (int i = 0; i < PER && block * PER + i < n; i += 2) {
        const T r = sqrt((T)-2 * log((T)1 - U(i))), angle = (T)TWO_PI * U(i + 1);
        const T z0 = r * cos(angle), z1 = r * sin(angle);
        y[block * PER + i] = SAVE(z0);
        if (block * PER + i + 1 < n) y[block * PER + i + 1] = SAVE(z1);
    }
}
#endif
