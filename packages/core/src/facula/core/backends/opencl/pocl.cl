/* What our programs use of OpenCL C's own declarations, for PoCL.
 *
 * PoCL puts Clang's opencl-c.h before every program: 980 KB that it reads twice, 140 of the 180 ms
 * of processor time that a small program costs (PoCL 3.0, two cores). Defining that header's guard
 * leaves it out, and this file stands in its place. A program that needs more than is declared
 * here does not compile and is built again with PoCL's own header (see programs.py).
 */
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef float float2 __attribute__((ext_vector_type(2)));
typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));
typedef float float16 __attribute__((ext_vector_type(16)));
#ifdef FACULA_FP64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double double2 __attribute__((ext_vector_type(2)));
typedef double double4 __attribute__((ext_vector_type(4)));
typedef double double8 __attribute__((ext_vector_type(8)));
#endif

#define INFINITY (__builtin_inff())
#define NAN as_float(0x7fffffff)
#define M_PI_F 3.14159265358979323846f
#define M_PI 3.14159265358979323846
#define FLT_MAX 0x1.fffffep127f
#define FLT_MIN 0x1.0p-126f
#define FLT_EPSILON 0x1.0p-23f
#define DBL_MAX 0x1.fffffffffffffp1023
#define DBL_MIN 0x1.0p-1022
#define DBL_EPSILON 0x1.0p-52
#define UCHAR_MAX 255
#define CHAR_MAX 127
#define CHAR_MIN (-128)
#define SHRT_MAX 32767
#define SHRT_MIN (-32768)
#define INT_MAX 2147483647
#define INT_MIN (-2147483647 - 1)
#define UINT_MAX 0xffffffff
#define LONG_MAX 0x7fffffffffffffffL
#define LONG_MIN (-0x7fffffffffffffffL - 1)
#define ULONG_MAX 0xffffffffffffffffUL

#define as_int(x) __builtin_astype((x), int)
#define as_uint(x) __builtin_astype((x), uint)
#define as_float(x) __builtin_astype((x), float)
#define as_long(x) __builtin_astype((x), long)
#define as_ulong(x) __builtin_astype((x), ulong)
#define as_double(x) __builtin_astype((x), double)

#define BUILTIN __attribute__((overloadable)) __attribute__((const))
uint BUILTIN get_work_dim(void);
size_t BUILTIN get_global_id(uint);
size_t BUILTIN get_local_id(uint);
size_t BUILTIN get_group_id(uint);
size_t BUILTIN get_global_size(uint);
size_t BUILTIN get_local_size(uint);
size_t BUILTIN get_num_groups(uint);
#define CLK_LOCAL_MEM_FENCE 1
#define CLK_GLOBAL_MEM_FENCE 2
void __attribute__((overloadable)) __attribute__((convergent)) barrier(uint);

#define OF_ONE(T)                                                                                \
    T BUILTIN exp(T); T BUILTIN exp2(T); T BUILTIN expm1(T); T BUILTIN log(T);                   \
    T BUILTIN log1p(T); T BUILTIN log2(T); T BUILTIN log10(T); T BUILTIN sqrt(T);                \
    T BUILTIN rsqrt(T); T BUILTIN cbrt(T); T BUILTIN sin(T); T BUILTIN cos(T);                   \
    T BUILTIN tan(T); T BUILTIN asin(T); T BUILTIN acos(T); T BUILTIN atan(T);                   \
    T BUILTIN sinh(T); T BUILTIN cosh(T); T BUILTIN tanh(T); T BUILTIN asinh(T);                 \
    T BUILTIN acosh(T); T BUILTIN atanh(T); T BUILTIN erf(T); T BUILTIN erfc(T);                 \
    T BUILTIN lgamma(T); T BUILTIN tgamma(T); T BUILTIN floor(T); T BUILTIN ceil(T);             \
    T BUILTIN trunc(T); T BUILTIN rint(T); T BUILTIN round(T); T BUILTIN fabs(T);                \
    int BUILTIN isnan(T); int BUILTIN isinf(T); int BUILTIN isfinite(T); int BUILTIN signbit(T);
#define OF_TWO(T)                                                                                \
    T BUILTIN pow(T, T); T BUILTIN fmod(T, T); T BUILTIN fmin(T, T); T BUILTIN fmax(T, T);       \
    T BUILTIN hypot(T, T); T BUILTIN atan2(T, T); T BUILTIN copysign(T, T);                      \
    int BUILTIN ilogb(T);                                                                        \
    T BUILTIN nextafter(T, T); T BUILTIN ldexp(T, int); T BUILTIN fma(T, T, T);                  \
    T BUILTIN min(T, T); T BUILTIN max(T, T); T BUILTIN clamp(T, T, T);
#define OF_INTEGERS(T, U)                                                                        \
    T BUILTIN min(T, T); T BUILTIN max(T, T); T BUILTIN clamp(T, T, T); U BUILTIN abs(T);        \
    T BUILTIN mul_hi(T, T); T BUILTIN clz(T); T BUILTIN popcount(T);
OF_ONE(float)
OF_TWO(float)
#ifdef FACULA_FP64
OF_ONE(double)
OF_TWO(double)
#endif
OF_INTEGERS(int, uint)
OF_INTEGERS(uint, uint)
OF_INTEGERS(long, ulong)
OF_INTEGERS(ulong, ulong)
