"""The error function in NumPy, which has none, its complements and its inverses.

float32 by two polynomials after N. Juffa (error about 1 ulp), float64 by the rational
approximations of Sun's fdlibm (s_erf.c, error below 1 ulp), which serve the complements as well.
The inverses follow by Newton's method from S. Winitzki's approximation.
"""

from __future__ import annotations

import numpy as np

from facula.core.numerics.tools import polynomial, wide

_TAIL = (-1.72853470e-5, 3.83197126e-4)
_TAIL_EVEN = (-3.88396438e-3, 2.42546219e-2)
_TAIL_REST = (-1.06777877e-1, -6.34846687e-1, -1.28717512e-1)
_CENTRE = (-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1,
           1.28379166e-1)

_P0 = (1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
       -5.77027029648944159157e-03, -2.37630166566501626084e-05)
_Q0 = (1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
       1.32494738004321644526e-04, -3.96022827877536812320e-06)
_ERX = 8.45062911510467529297e-01
_P1 = (-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01,
       3.18346619901161753674e-01, -1.10894694282396677476e-01, 3.54783043256182359371e-02,
       -2.16637559486879084300e-03)
_Q1 = (1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02,
       1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02)
_P2 = (-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01,
       -6.23753324503260060396e+01, -1.62396669462573470355e+02, -1.84605092906711035994e+02,
       -8.12874355063065934246e+01, -9.81432934416914548592e+00)
_Q2 = (1.0, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02,
       6.45387271733267880336e+02, 4.29008140027567833386e+02, 1.08635005541779435134e+02,
       6.57024977031928170135e+00, -6.04244152148580987438e-02)
_P3 = (-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01,
       -1.60636384855821916062e+02, -6.37566443368389627722e+02, -1.02509513161107724954e+03,
       -4.83519191608651397019e+02)
_Q3 = (1.0, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03,
       3.19985821950859553908e+03, 2.55305040643316442583e+03, 4.74528541206955367215e+02,
       -2.24409524465858183362e+01)


def erf(x: np.ndarray) -> np.ndarray:
    """The error function of each element, in the array's own type."""
    return _single(x) if x.dtype == np.float32 else _double(x)


def _single(x: np.ndarray) -> np.ndarray:
    f = np.float32
    t = np.abs(x)
    s = x * x
    r = (f(_TAIL[0]) * t + f(_TAIL[1])) * s
    r += f(_TAIL_EVEN[0]) * t + f(_TAIL_EVEN[1])
    for c in _TAIL_REST:
        r *= t
        r += f(c)
    r *= t
    r -= t
    np.exp(r, out=r)
    np.subtract(f(1), r, out=r)
    np.copysign(r, x, out=r)
    q = f(_CENTRE[0]) * s
    for c in _CENTRE[1:-1]:
        q += f(c)
        q *= s
    q += f(_CENTRE[-1])
    q *= x
    q += x
    np.copyto(r, q, where=t <= f(0.927734375))
    return r


def _double(x: np.ndarray) -> np.ndarray:
    t = np.abs(x)
    y = np.where(np.isnan(x), x, np.sign(x))
    part = t < 0.84375
    z = x[part]
    y[part] = z + z * (polynomial(_P0, z * z) / polynomial(_Q0, z * z))
    part = (t >= 0.84375) & (t < 1.25)
    z = t[part] - 1.0
    y[part] = np.copysign(_ERX + polynomial(_P1, z) / polynomial(_Q1, z), x[part])
    for low, high, p, q in ((1.25, 1 / 0.35, _P2, _Q2), (1 / 0.35, 6.0, _P3, _Q3)):
        part = (t >= low) & (t < high)
        z = t[part]
        w = 1.0 / (z * z)
        tail = np.exp(-z * z - 0.5625 + polynomial(p, w) / polynomial(q, w)) / z
        y[part] = np.copysign(1.0 - tail, x[part])
    return y


def _log_scaled(t: np.ndarray, w: np.ndarray) -> np.ndarray:
    """log(t * erfcx(t)) for t >= 1.25 with w = 1 / t**2; its end is -log(pi) / 2."""
    near = t < 1 / 0.35
    return -0.5625 + np.where(near, polynomial(_P2, w) / polynomial(_Q2, w),
                              polynomial(_P3, w) / polynomial(_Q3, w))


def _squared(x: np.ndarray, sign: float) -> np.ndarray:
    """exp(sign * x**2) with the rounding of the square taken into account."""
    high = (x.view(np.int64) & np.int64(-1 << 32)).view(np.float64)
    return np.exp(sign * high * high) * np.exp(sign * (x - high) * (x + high))


@wide
def erfc(x: np.ndarray) -> np.ndarray:
    """1 - erf(x) without cancellation."""
    y = 1.0 - _double(x)
    part = x >= 1.25
    t = x[part]
    y[part] = np.where(t > 30, 0.0, _squared(np.minimum(t, 30), -1.0)
                       * np.exp(_log_scaled(t, 1 / (t * t))) / t)
    part = (x >= 0.84375) & (x < 1.25)
    t = x[part] - 1.0
    y[part] = (1.0 - _ERX) - polynomial(_P1, t) / polynomial(_Q1, t)
    part = (x >= 0.25) & (x < 0.84375)
    t = x[part]
    r = t * (polynomial(_P0, t * t) / polynomial(_Q0, t * t))
    y[part] = 0.5 - (t - 0.5 + r)
    return y


@wide
def erfcx(x: np.ndarray) -> np.ndarray:
    """exp(x**2) * erfc(x)."""
    y = np.empty_like(x)
    part = x >= 1.25
    t = x[part]
    y[part] = np.exp(_log_scaled(t, 1 / (t * t))) / t
    part = ~part
    t = x[part]
    y[part] = np.where(t < -27, np.inf, _squared(np.maximum(t, -27), 1.0) * erfc(t))
    y[np.isnan(x)] = np.nan
    return y


_TWO_BY_ROOT_PI = 2 / np.sqrt(np.pi)


def _start(log_term: np.ndarray) -> np.ndarray:
    """Winitzki's approximation of erfinv(y) from log(1 - y**2), good to 2 in 1000."""
    a = 0.147
    b = 2 / (np.pi * a) + 0.5 * log_term
    return np.sqrt(np.sqrt(b * b - log_term / a) - b)


def _erfc_inverse(q: np.ndarray) -> np.ndarray:
    """x with erfc(x) = q for 0 < q <= 0.5."""
    x = _start(np.log(q) + np.log(2 - q))
    target = np.log(q)
    for _ in range(4):  # Newton's method on log(erfc)
        scaled = erfcx(x)
        x = x + (np.log(scaled) - x * x - target) * scaled / _TWO_BY_ROOT_PI
    return x


@wide
def erfinv(y: np.ndarray) -> np.ndarray:
    """x with erf(x) = y."""
    x = np.where(np.abs(y) == 1, np.copysign(np.inf, y), np.nan)
    part = np.abs(y) <= 0.5
    target = y[part]
    t = np.copysign(_start(np.log1p(-target * target)), target)
    for _ in range(3):  # Halley's method
        miss = (_double(t) - target) / (_TWO_BY_ROOT_PI * np.exp(-t * t))
        t = t - miss / (1 + t * miss)
    x[part] = np.where(target == 0, target, t)
    part = (np.abs(y) > 0.5) & (np.abs(y) < 1)
    x[part] = np.copysign(_erfc_inverse(1 - np.abs(y[part])), y[part])
    return x


_ROOT_HALF = np.sqrt(0.5)


@wide
def ndtr(x: np.ndarray) -> np.ndarray:
    """The normal distribution function."""
    return np.asarray(0.5 * erfc(-x * _ROOT_HALF))


@wide
def log_ndtr(x: np.ndarray) -> np.ndarray:
    """The logarithm of the normal distribution function."""
    t = x * _ROOT_HALF
    low = np.minimum(t, 0)
    return np.where(x < -1, np.log(0.5 * erfcx(-low)) - low * low, np.log1p(-0.5 * erfc(t)))


@wide
def ndtri(p: np.ndarray) -> np.ndarray:
    """The inverse of the normal distribution function."""
    x = np.where(p == 0, -np.inf, np.where(p == 1, np.inf, np.nan))
    middle = (p >= 0.25) & (p <= 0.75)
    x[middle] = erfinv(2 * p[middle] - 1) / _ROOT_HALF
    low = (p > 0) & (p < 0.25)
    x[low] = -_erfc_inverse(2 * p[low]) / _ROOT_HALF
    high = (p > 0.75) & (p < 1)
    x[high] = _erfc_inverse(2 * (1 - p[high])) / _ROOT_HALF
    return x
