"""The error function in NumPy, which has none.

float32 by two polynomials after N. Juffa (error about 1 ulp), float64 by the rational
approximations of Sun's fdlibm (s_erf.c, error below 1 ulp).
"""

from __future__ import annotations

import numpy as np

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


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    y = np.full(x.shape, coefficients[-1])
    for c in coefficients[-2::-1]:
        y = y * x + c
    return y


def _double(x: np.ndarray) -> np.ndarray:
    t = np.abs(x)
    y = np.where(np.isnan(x), x, np.sign(x))
    part = t < 0.84375
    z = x[part]
    y[part] = z + z * (_polynomial(_P0, z * z) / _polynomial(_Q0, z * z))
    part = (t >= 0.84375) & (t < 1.25)
    z = t[part] - 1.0
    y[part] = np.copysign(_ERX + _polynomial(_P1, z) / _polynomial(_Q1, z), x[part])
    for low, high, p, q in ((1.25, 1 / 0.35, _P2, _Q2), (1 / 0.35, 6.0, _P3, _Q3)):
        part = (t >= low) & (t < high)
        z = t[part]
        w = 1.0 / (z * z)
        tail = np.exp(-z * z - 0.5625 + _polynomial(p, w) / _polynomial(q, w)) / z
        y[part] = np.copysign(1.0 - tail, x[part])
    return y
