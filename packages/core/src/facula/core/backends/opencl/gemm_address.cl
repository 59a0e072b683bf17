/* Where the operands of a product lie: the index formulas shared by gemm_cpu.cl and gemm_gpu.cl.
 *
 *     C[z, m, n] = sum over k of A[z, m, k] * B[z, k, n]  (+ bias[m * bias_m + n * bias_n])
 *
 * z counts batches. Each operand is found by a sum of products of indices and strides, in two
 * levels where one does not do: z = z1 * Z0 + z0 (two collapsed batch axes) and, for A,
 * k = k1 * K0 + k0 (channel and tap of a convolution, or picture and place):
 *
 *     A: at_a + z1*az1 + z0*az0 + m*am + k1*ak1 + k0*ak0
 *     B: at_b + z1*bz1 + z0*bz0 + k*bk + n*bn                                   (strided)
 *     C: at_c + z*cz + m*cm + n
 *
 * For convolutions B is never stored; its elements are read out of the picture. One picture axis:
 *
 *        tap k   0     1     2            place t = o*so + k*dk + off     (off = -padding)
 *               [.]...[.]...[.]           the picture is read at t / si if si divides t and the
 *     place o ----^                       quotient lies in the picture, else the value is 0
 *
 * with so = stride, si = 1, dk = dilation for the forward product, and so = 1, si = stride,
 * dk = -dilation for the gradient of the input.
 *
 *     columns        k = (channel, tap), n = place, z = picture
 *     columns_rows   k = (picture, place), n = (channel, tap)    (gradient of the weight)
 *
 * T is the compute type; LOAD_A(x), LOAD_B(x) read a stored element, STORE_C(x) writes one.
 */
#ifndef T
#define T float
#define STORE_A float
#define STORE_B float
#define STORE_CT float
#define LOAD_A(x) (x)
#define LOAD_B(x) (x)
#define STORE_C(x) (x)
#endif

#define A_PARAMETERS const long at_a, const long az1, const long az0, const long am,             \
    const long ak1, const long ak0, const long K0
#define A_AT(z, m, k) (at_a + (z) / Z0 * az1 + (z) % Z0 * az0 + (m) * am + (k) / K0 * ak1 +      \
                       (k) % K0 * ak0)

#define B_STRIDED_PARAMETERS const long at_b, const long bz1, const long bz0, const long bk,       \
    const long bn
#define B_AT(z, k, n) (at_b + (z) / Z0 * bz1 + (z) % Z0 * bz0 + (k) * bk + (n) * bn)

/* Per axis: places, taps, picture length, so, si, dk, off, picture stride. */
#define AXIS(i) const int places##i, const int taps##i, const int length##i, const int so##i,    \
    const int si##i, const int dk##i, const int off##i, const long step##i
#define B_PICTURE_PARAMETERS const long at_b, const long bz, const long bc, AXIS(0), AXIS(1),      \
    AXIS(2)

FN long axis_place(int o, int k, int so, int si, int dk, int off, int length)
{
    int t = o * so + k * dk + off;
    int q = si == 1 ? t : t / si;
    return t >= 0 && q < length && q * si == t ? q : -1;
}
#define PLACE(i, o, k) axis_place(o, k, so##i, si##i, dk##i, off##i, length##i)
#define PLACES (places0 * places1 * places2)
#define TAPS (taps0 * taps1 * taps2)

/* The element of the picture under tap `tap` of channel c when the output is at place `place`. */
#define COLUMN(value, picture, c, tap, place)                                                    \
    {                                                                                            \
        const int u = (place), w = (tap);                                                        \
        const long y0 = PLACE(0, u / (places1 * places2), w / (taps1 * taps2));                  \
        const long y1 = PLACE(1, u / places2 % places1, w / taps2 % taps1);                      \
        const long y2 = PLACE(2, u % places2, w % taps2);                                        \
        value = y0 < 0 || y1 < 0 || y2 < 0 ? (T)0 : LOAD_B(b[at_b + (picture) * bz + (c) * bc +  \
                                             y0 * step0 + y1 * step1 + y2 * step2]);             \
    }
