/* What every program starts with: the vocabulary of the declared expressions.
 *
 * An expression reads its operation's parameters as variables of the compute type (float, double,
 * int, long, uint or ulong; bool, uint8, int8 and int16 compute as int, uint16 as uint, float16 and
 * bfloat16 as float)
 * and may use, besides OpenCL C's operators and ?:,
 *
 *   floating    exp exp2 expm1 log log1p log2 log10 sqrt rsqrt cbrt hypot atan2
 *               sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
 *               erf erfc lgamma tgamma sigmoid softplus copysign
 *               floor ceil trunc rint (halves to even) fabs
 *   any type    ABS(x) SIGN(x) MAX(a, b) MIN(a, b) (a NaN wins)  isnan(x) isinf(x) isfinite(x)
 *               floor_divide(a, b) remainder(a, b) (Python's: the sign of the divisor; integer
 *               division by zero gives 0)  trunc_divide(a, b) FMOD(a, b) (C's)  POW(a, b)
 *               FLOOR CEIL TRUNC RINT (integers stay as they are) ISNAN ISINF ISFINITE SIGNBIT
 *               BITNOT(x) (! for bool)
 *   integer     GCD(a, b) LCM(a, b)
 *               shift_left(a, b) shift_right(a, b) (a count outside the width gives 0 or the sign)
 *   literals    0.5 takes the compute type (write no f); integer literals mix with all types
 *   constants   INFINITY NAN M_PI_F M_PI; TYPE_MIN TYPE_MAX, the limits of the compute type
 *               (-INFINITY, INFINITY for floating types); T is the compute type's name
 *
 * On CPU devices exp, log, tanh, erf, sigmoid and their kin are the polynomials below, because
 * PoCL's builtins are calls that do not vectorise (gelu on 4M floats: 83 ms with them, 6 without);
 * their error is at most 2 ulp against 1 for the builtins. double always uses the builtins.
 */
#ifdef FACULA_FP64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

#define FN static inline __attribute__((overloadable))
/* Before loops over few elements: the compiler's wide copies of them would cost more than they save
 * (a third of the time that a product's kernel takes to compile under PoCL). */
#ifdef FACULA_CPU
#define EDGE_LOOP _Pragma("clang loop unroll(disable) vectorize(disable)")
/* Before a loop whose passes touch no memory in common. */
#define EACH_ALONE _Pragma("clang loop vectorize(assume_safety)")
#else
#define EDGE_LOOP
#define EACH_ALONE
#endif
#define GROUP_OF_256 __attribute__((reqd_work_group_size(256, 1, 1)))
#define GROUP_OF_ONE __attribute__((reqd_work_group_size(1, 1, 1)))

/* ---- float16 and bfloat16 are stored as ushort and computed in float ---- */

FN float half_to_float(ushort h)
{
    uint sign = (uint)(h & 0x8000) << 16, rest = h & 0x7fff;
    float small = (float)(int)rest * 5.9604644775390625e-8f; /* subnormals: units of 2^-24 */
    uint large = rest >= 0x7c00 ? (rest << 13) | 0x7f800000u : (rest << 13) + 0x38000000u;
    return as_float((rest < 0x0400 ? as_uint(small) : large) | sign);
}

FN ushort float_to_half(float f)
{
    uint x = as_uint(f), sign = (x >> 16) & 0x8000u;
    x &= 0x7fffffffu;
    uint normal = (x + 0xc8000fffu + ((x >> 13) & 1u)) >> 13;  /* round to nearest even */
    uint small = as_uint(as_float(x) + 0.5f) - 0x3f000000u;   /* the sum rounds at 2^-24 */
    uint h = x < 0x38800000u ? small : normal;
    h = x >= 0x477ff000u ? 0x7c00u : h;
    h = x > 0x7f800000u ? 0x7e00u : h;
    return (ushort)(h | sign);
}

FN float bfloat_to_float(ushort b) { return as_float((uint)b << 16); }

FN ushort float_to_bfloat(float f)
{
    uint x = as_uint(f);
    uint r = (x + 0x7fffu + ((x >> 16) & 1u)) >> 16;
    return (ushort)((x & 0x7fffffffu) > 0x7f800000u ? (x >> 16) | 0x40u : r);
}

/* ---- helpers for every type ---- */

#ifdef FACULA_FP64
#define FOR_FLOATS(F) F(float, int) F(double, long)
#else
#define FOR_FLOATS(F) F(float, int)
#endif
#define FOR_SIGNED(F) F(int, uint, 32) F(long, ulong, 64)
#define FOR_UNSIGNED(F) F(uint, 32) F(ulong, 64)

#define FLOAT_HELPERS(T, I)                                                                      \
FN int f_isnan(T x) { return x != x; }                                                           \
FN int f_signbit(T x) { return signbit(x) != 0; }                                                  \
FN int f_isinf(T x) { return x == (T)INFINITY || x == -(T)INFINITY; }                            \
FN int f_isfinite(T x) { return x - x == (T)0; }                                                 \
FN T f_abs(T x) { return fabs(x); }                                                              \
FN T f_sign(T x) { return x != x ? x : (T)((x > 0) - (x < 0)); }                                 \
FN T f_max(T a, T b) { return a > b || a != a ? a : b; }                                         \
FN T f_min(T a, T b) { return a < b || a != a ? a : b; }                                         \
FN T f_mod(T a, T b) { return fmod(a, b); }                                                      \
FN T truncated_quotient(T a, T b) { return trunc(a / b); }                                       \
FN T remainder_python(T a, T b)                                                                  \
{                                                                                                \
    T m = fmod(a, b);                                                                            \
    return m != 0 ? ((b < 0) != (m < 0) ? m + b : m) : (b != b ? b : copysign(m, b));            \
}                                                                                                \
FN T floor_quotient(T a, T b)                                                                    \
{                                                                                                \
    if (b == 0) return a / b;                                                                    \
    T m = fmod(a, b), q = (a - m) / b;                                                           \
    if (m != 0 && (b < 0) != (m < 0)) q -= 1;                                                    \
    T f = floor(q);                                                                              \
    return q != 0 ? (q - f > (T)0.5 ? f + 1 : f) : copysign((T)0, a / b);                        \
}
FOR_FLOATS(FLOAT_HELPERS)

#define INTEGER_HELPERS(T, U, BITS)                                                              \
FN int f_isnan(T x) { return 0; }                                                                \
FN int f_signbit(T x) { return x < 0; }                                                            \
FN int f_isinf(T x) { return 0; }                                                                \
FN int f_isfinite(T x) { return 1; }                                                             \
FN T f_floor(T x) { return x; }                                                                  \
FN T f_ceil(T x) { return x; }                                                                   \
FN T f_trunc(T x) { return x; }                                                                  \
FN T f_rint(T x) { return x; }                                                                   \
FN T f_abs(T x) { return x < 0 ? (T)(0 - (U)x) : x; }                                            \
FN T f_sign(T x) { return (x > 0) - (x < 0); }                                                   \
FN T f_max(T a, T b) { return a > b ? a : b; }                                                   \
FN T f_min(T a, T b) { return a < b ? a : b; }                                                   \
/* Dividing by 0, or the smallest number by -1, stops the process on an x86 CPU device. */       \
FN T truncated_quotient(T a, T b)                                                                \
{                                                                                                \
    T safe = b == 0 || b == -1 ? 1 : b;                                                          \
    return b == 0 ? 0 : b == -1 ? (T)(0 - (U)a) : a / safe;                                      \
}                                                                                                \
FN T f_mod(T a, T b) { T safe = b == 0 || b == -1 ? 1 : b; return a % safe; }                    \
FN T remainder_python(T a, T b)                                                                  \
{                                                                                                \
    T m = f_mod(a, b);                                                                           \
    return m != 0 && (b < 0) != (m < 0) ? m + b : m;                                             \
}                                                                                                \
FN T floor_quotient(T a, T b)                                                                    \
{                                                                                                \
    return truncated_quotient(a, b) - (f_mod(a, b) != 0 && (b < 0) != (a < 0));                  \
}                                                                                                \
FN T f_pow(T a, T b)                                                                             \
{                                                                                                \
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;                               \
    U r = 1, x = (U)a;                                                                           \
    for (U e = (U)b; e; e >>= 1, x *= x) r *= e & 1 ? x : 1;                                     \
    return (T)r;                                                                                 \
}                                                                                                \
FN T f_gcd(T a, T b)                                                                             \
{                                                                                                \
    U x = a < 0 ? 0 - (U)a : (U)a, y = b < 0 ? 0 - (U)b : (U)b;                                  \
    while (y) { U r = x % y; x = y; y = r; }                                                     \
    return (T)x;                                                                                 \
}                                                                                                \
FN T f_lcm(T a, T b)                                                                             \
{                                                                                                \
    T d = f_gcd(a, b);                                                                           \
    return d ? f_abs((T)((U)truncated_quotient(a, d) * (U)b)) : 0;                               \
}                                                                                                \
FN T f_shift_left(T a, T b) { return b < 0 || b >= BITS ? 0 : (T)((U)a << b); }                  \
FN T f_shift_right(T a, T b) { return b < 0 || b >= BITS ? (a < 0 ? -1 : 0) : a >> b; }
FOR_SIGNED(INTEGER_HELPERS)

#define UNSIGNED_HELPERS(T, BITS)                                                                \
FN int f_isnan(T x) { return 0; }                                                                \
FN int f_signbit(T x) { return 0; }                                                              \
FN int f_isinf(T x) { return 0; }                                                                \
FN int f_isfinite(T x) { return 1; }                                                             \
FN T f_floor(T x) { return x; }                                                                  \
FN T f_ceil(T x) { return x; }                                                                   \
FN T f_trunc(T x) { return x; }                                                                  \
FN T f_rint(T x) { return x; }                                                                   \
FN T f_abs(T x) { return x; }                                                                    \
FN T f_sign(T x) { return x != 0; }                                                              \
FN T f_max(T a, T b) { return a > b ? a : b; }                                                   \
FN T f_min(T a, T b) { return a < b ? a : b; }                                                   \
FN T truncated_quotient(T a, T b) { T safe = b == 0 ? 1 : b; return b == 0 ? 0 : a / safe; }     \
FN T f_mod(T a, T b) { T safe = b == 0 ? 1 : b; return a % safe; }                               \
FN T remainder_python(T a, T b) { return f_mod(a, b); }                                          \
FN T floor_quotient(T a, T b) { return truncated_quotient(a, b); }                               \
FN T f_pow(T a, T b)                                                                             \
{                                                                                                \
    T r = 1;                                                                                     \
    for (; b; b >>= 1, a *= a) r *= b & 1 ? a : 1;                                               \
    return r;                                                                                    \
}                                                                                                \
FN T f_gcd(T a, T b)                                                                             \
{                                                                                                \
    while (b) { T r = a % b; a = b; b = r; }                                                     \
    return a;                                                                                    \
}                                                                                                \
FN T f_lcm(T a, T b) { T d = f_gcd(a, b); return d ? a / d * b : 0; }                            \
FN T f_shift_left(T a, T b) { return b >= BITS ? 0 : a << b; }                                   \
FN T f_shift_right(T a, T b) { return b >= BITS ? 0 : a >> b; }
FOR_UNSIGNED(UNSIGNED_HELPERS)

/* To unsigned: C leaves it undefined for floating numbers out of range; below 0 they wrap here. */
FN uint to_uint(int x) { return (uint)x; }
FN uint to_uint(uint x) { return x; }
FN uint to_uint(long x) { return (uint)x; }
FN uint to_uint(ulong x) { return (uint)x; }
FN uint to_uint(float x) { return (uint)(long)x; }
FN ulong to_ulong(int x) { return (ulong)x; }
FN ulong to_ulong(uint x) { return x; }
FN ulong to_ulong(long x) { return (ulong)x; }
FN ulong to_ulong(ulong x) { return x; }
FN ulong to_ulong(float x)
{
    return x < 0x1p63f ? (ulong)(long)x : x < 0x1p64f ? (ulong)x : 0;
}
#ifdef FACULA_FP64
FN uint to_uint(double x) { return (uint)(long)x; }
FN ulong to_ulong(double x) { return x < 0x1p63 ? (ulong)(long)x : x < 0x1p64 ? (ulong)x : 0; }
#endif

/* ---- polynomials for CPU devices ---- */

FN float p_round(float x) { return (x + 12582912.0f) - 12582912.0f; } /* for |x| < 2^22 */

/* |x| with the sign of s: odd functions keep -0 so. */
FN float p_signed(float x, float s)
{
    return as_float((as_uint(x) & 0x7fffffffu) | (as_uint(s) & 0x80000000u));
}

/* e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2 (Cody and Waite), e^r by a minimax
 * polynomial of degree 6; 2^n in two factors so that results may be subnormal or overflow. */
FN float p_exp(float x)
{
    x = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
    float n = p_round(x * 1.44269504f);
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.3882476e-3f;
    p = p * r + 8.3733089e-3f;
    p = p * r + 4.1668226e-2f;
    p = p * r + 1.6666520e-1f;
    p = p * r + 4.9999994e-1f;
    p = p * r * r + r + 1.0f;
    int i = (int)n, half_i = i >> 1;
    return p * as_float((half_i + 127) << 23) * as_float((i - half_i + 127) << 23);
}

/* log x = e ln 2 + log m with m in [sqrt 1/2, sqrt 2) and log m by Cephes' polynomial. */
FN float p_log(float x)
{
    int tiny = x < 1.17549435e-38f;
    float y = tiny ? x * 8388608.0f : x;
    uint bits = as_uint(y);
    int e = (int)((bits - 0x3f3504f3u) >> 23) - ((bits < 0x3f3504f3u) << 9);
    float m = as_float(bits - ((uint)e << 23)) - 1.0f;
    float k = (float)(tiny ? e - 23 : e);
    float z = m * m, p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * z - 2.12194440e-4f * k - 0.5f * z;
    float r = m + p + 0.693359375f * k;
    r = x == INFINITY ? INFINITY : r;
    r = x == 0.0f ? -INFINITY : r;
    return x < 0.0f || x != x ? NAN : r;
}

/* x^y = 2^(y log2 |x|) in double, rounded once: log2 by the series of artanh((m - 1) / (m + 1)) with
 * m in [sqrt 1/2, sqrt 2), 2^f by Taylor's series on [-1/2, 1/2]; errors below 1e-9 of the result.
 * PoCL's builtin takes 180 ns a number, this 4. The last lines are C's special cases. */
#ifdef FACULA_FP64
FN float p_pow(float x, float y)
{
    float size = as_float(as_uint(x) & 0x7fffffffu);
    long bits = as_long((double)size), from_root = bits - 0x3fe6a09e667f3bcdL;
    long top = from_root & (long)0xfff0000000000000UL;
    double k = (double)((int)(from_root >> 32) >> 20), m = as_double(bits - top);
    double s = (m - 1.0) / (m + 1.0), z = s * s;
    double p = 0.2623081892525388; /* 2 / (n ln 2), n = 11, 9, ..., 1 */
    p = p * z + 0.3205988979753252;
    p = p * z + 0.4121985831111324;
    p = p * z + 0.5770780163555854;
    p = p * z + 0.9617966939259757;
    p = p * z + 2.8853900817779268;
    double log2_x = p * s + k;
    log2_x = size == 0.0f ? -INFINITY : size == INFINITY ? INFINITY : log2_x;
    double t = (double)y * log2_x;
    t = t > 1000.0 ? 1000.0 : t >= -1000.0 ? t : -1000.0;
    double n = (t + 6755399441055744.0) - 6755399441055744.0, u = (t - n) * 0.6931471805599453;
    double e = 2.48015873015873e-5; /* 1 / 8!, 1 / 7!, ... */
    e = e * u + 1.984126984126984e-4;
    e = e * u + 1.388888888888889e-3;
    e = e * u + 8.333333333333333e-3;
    e = e * u + 4.1666666666666664e-2;
    e = e * u + 0.16666666666666666;
    e = e * u + 0.5;
    e = e * u + 1.0;
    e = e * u + 1.0;
    float r = (float)(e * as_double((long)((int)n + 1023) << 52));
    int is_whole = __builtin_rintf(y) == y;
    int is_odd = is_whole && 2.0f * __builtin_rintf(0.5f * y) != y;
    r = size == 1.0f ? 1.0f : r;
    r = is_odd ? p_signed(r, x) : r;
    r = x < 0.0f && size != INFINITY && !is_whole ? NAN : r;
    r = x != x || y != y ? NAN : r;
    return x == 1.0f || y == 0.0f ? 1.0f : r;
}
#endif

/* Kahan's corrections turn log and exp into log1p and expm1 without loss near 0. */
FN float p_log1p(float x)
{
    float u = 1.0f + x, d = u - 1.0f;
    float r = d == 0.0f ? x : p_log(u) * (x / d);
    return u == INFINITY ? INFINITY : r;
}

FN float p_expm1(float x)
{
    float p = 1.9841270e-4f; /* the series where e^x - 1 would cancel */
    p = p * x + 1.3888889e-3f;
    p = p * x + 8.3333333e-3f;
    p = p * x + 4.1666668e-2f;
    p = p * x + 1.6666667e-1f;
    p = p * x + 0.5f;
    float s = x == 0.0f ? x : p * x * x + x;
    return x > -0.35f && x < 0.35f ? s : p_exp(x) - 1.0f;
}

FN float p_sigmoid(float x)
{
    float e = p_exp(-fabs(x));
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

FN float p_tanh(float x)
{
    float a = fabs(x), z = x * x;
    float p = -5.70498872745e-3f; /* Cephes, |x| < 0.625 */
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float small = p * z * x + x;
    float large = 1.0f - 2.0f / (p_exp(2.0f * a) + 1.0f);
    return p_signed(a < 0.625f ? small : large, x);
}

/* erf by two polynomials after N. Juffa (maximum error about 1 ulp). */
FN float p_erf(float x)
{
    float t = fabs(x), s = x * x;
    float r = -1.72853470e-5f * t + 3.83197126e-4f;
    float u = -3.88396438e-3f * t + 2.42546219e-2f;
    r = r * s + u;
    r = r * t - 1.06777877e-1f;
    r = r * t - 6.34846687e-1f;
    r = r * t - 1.28717512e-1f;
    r = r * t - t;
    r = 1.0f - p_exp(r);
    r = t > 3.95f ? 1.0f : r;
    float q = -5.96761703e-4f;
    q = q * s + 4.99119423e-3f;
    q = q * s - 2.67681349e-2f;
    q = q * s + 1.12819925e-1f;
    q = q * s - 3.76125336e-1f;
    q = q * s + 1.28379166e-1f;
    q = q * x + x;
    return x != x ? x : p_signed(t > 0.927734375f ? r : q, x);
}

#ifdef FACULA_CPU
FN float f_exp(float x) { return p_exp(x); }
FN float f_exp2(float x) { return exp2(x); }
FN float f_log(float x) { return p_log(x); }
FN float f_log1p(float x) { return p_log1p(x); }
FN float f_expm1(float x) { return p_expm1(x); }
FN float f_tanh(float x) { return p_tanh(x); }
FN float f_erf(float x) { return p_erf(x); }
FN float f_sqrt(float x) { return __builtin_sqrtf(x); }
FN float f_rsqrt(float x) { return 1.0f / __builtin_sqrtf(x); }
FN float f_floor(float x) { return __builtin_floorf(x); }
FN float f_ceil(float x) { return __builtin_ceilf(x); }
FN float f_trunc(float x) { return __builtin_truncf(x); }
FN float f_rint(float x) { return __builtin_rintf(x); }
FN float f_fabs(float x) { return as_float(as_uint(x) & 0x7fffffffu); }
FN float sigmoid(float x) { return p_sigmoid(x); }
#define PLAIN_NAMES(T, I)
#else
#define PLAIN_NAMES(T, I) BUILTIN_NAMES(T)
#endif
#define BUILTIN_NAMES(T)                                                                         \
FN T f_exp(T x) { return exp(x); }                                                               \
FN T f_exp2(T x) { return exp2(x); }                                                             \
FN T f_log(T x) { return log(x); }                                                               \
FN T f_log1p(T x) { return log1p(x); }                                                           \
FN T f_expm1(T x) { return expm1(x); }                                                           \
FN T f_tanh(T x) { return tanh(x); }                                                             \
FN T f_erf(T x) { return erf(x); }                                                               \
FN T f_sqrt(T x) { return sqrt(x); }                                                             \
FN T f_rsqrt(T x) { return (T)1 / sqrt(x); }                                                     \
FN T f_floor(T x) { return floor(x); }                                                           \
FN T f_ceil(T x) { return ceil(x); }                                                             \
FN T f_trunc(T x) { return trunc(x); }                                                           \
FN T f_rint(T x) { return rint(x); }                                                             \
FN T f_fabs(T x) { return fabs(x); }                                                             \
FN T sigmoid(T x) { T e = exp(-fabs(x)); return (x < 0 ? e : (T)1) / ((T)1 + e); }
#ifndef FACULA_CPU
BUILTIN_NAMES(float)
#endif
#if defined(FACULA_CPU) && defined(FACULA_FP64)
FN float f_pow(float a, float b) { return p_pow(a, b); }
#else
FN float f_pow(float a, float b) { return pow(a, b); }
#endif
#ifdef FACULA_FP64
BUILTIN_NAMES(double)
FN double f_pow(double a, double b) { return pow(a, b); }
#endif
#define FLOAT_COMPOSITES(T, I)                                                                   \
FN T softplus(T x) { return f_log1p(f_exp(-f_fabs(x))) + (x > 0 || x != x ? x : (T)0); }
FOR_FLOATS(FLOAT_COMPOSITES)

/* From here on the plain names mean the functions above. */
#define exp f_exp
#define exp2 f_exp2
#define log f_log
#define log1p f_log1p
#define expm1 f_expm1
#define tanh f_tanh
#define erf f_erf
#define sqrt f_sqrt
#define rsqrt f_rsqrt
#define floor f_floor
#define ceil f_ceil
#define trunc f_trunc
#define rint f_rint
#define fabs f_fabs
#define isnan f_isnan
#define isinf f_isinf
#define isfinite f_isfinite
/* T is the compute type, defined around each expression: casting to it lets literals mix. */
#define ABS(x) f_abs((T)(x))
#define SIGN(x) f_sign((T)(x))
#define FLOOR(x) f_floor((T)(x))
#define CEIL(x) f_ceil((T)(x))
#define TRUNC(x) f_trunc((T)(x))
#define RINT(x) f_rint((T)(x))
#define ISNAN(x) f_isnan((T)(x))
#define SIGNBIT(x) f_signbit((T)(x))
#define ISINF(x) f_isinf((T)(x))
#define ISFINITE(x) f_isfinite((T)(x))
#define MAX(a, b) f_max((T)(a), (T)(b))
#define MIN(a, b) f_min((T)(a), (T)(b))
#define FMOD(a, b) f_mod((T)(a), (T)(b))
#define POW(a, b) f_pow((T)(a), (T)(b))
#define remainder(a, b) remainder_python((T)(a), (T)(b))
#define floor_divide(a, b) floor_quotient((T)(a), (T)(b))
#define trunc_divide(a, b) truncated_quotient((T)(a), (T)(b))
#define GCD(a, b) f_gcd((T)(a), (T)(b))
#define LCM(a, b) f_lcm((T)(a), (T)(b))
#define shift_left(a, b) f_shift_left((T)(a), (T)(b))
#define shift_right(a, b) f_shift_right((T)(a), (T)(b))
