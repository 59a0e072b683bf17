"""Convolutions against a plain NumPy one and their gradients by adjointness; pooling."""

import numpy as np
import pytest

CASES = {
    "plain": (2, 3, 4, (7, 8), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    "strided": (3, 4, 6, (9, 10), (3, 2), (2, 1), (1, 0), (1, 2), 2),
    "depthwise": (2, 8, 8, (6, 6), (3, 3), (1, 1), (1, 1), (1, 1), 8),
    "one axis": (1, 1, 5, (20,), (5,), (3,), (2,), (2,), 1),
    "three axes": (2, 2, 3, (5, 6, 7), (2, 3, 2), (1, 2, 1), (0, 1, 1), (1, 1, 1), 1),
    "many channels": (5, 16, 32, (28, 28), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    "many groups": (3, 12, 12, (9, 9), (3, 3), (2, 2), (1, 1), (1, 1), 6),
    "one by one": (2, 20, 3, (5, 5), (1, 1), (1, 1), (0, 0), (1, 1), 1),
    "wide padding": (1, 2, 2, (3, 40), (3, 5), (1, 1), (4, 6), (1, 1), 1),
}


def convolve(x, w, stride, padding, dilation, groups):
    """Cross-correlation tap by tap, in float64."""
    n, co, per_in, axes = len(x), len(w), w.shape[1], x.ndim - 2
    padded = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *[(p, p) for p in padding]])
    out = [(padded.shape[2 + i] - dilation[i] * (w.shape[2 + i] - 1) - 1) // stride[i] + 1
           for i in range(axes)]
    y = np.zeros((n, co, *out))
    per_out = co // groups
    for tap in np.ndindex(*w.shape[2:]):
        part = padded[(slice(None), slice(None), *[
            slice(t * d, t * d + s * (o - 1) + 1, s)
            for t, d, s, o in zip(tap, dilation, stride, out, strict=True)])]
        for g in range(groups):
            own = slice(g * per_out, (g + 1) * per_out)
            y[:, own] += np.einsum("nc...,oc->no...", part[:, g * per_in:(g + 1) * per_in],
                                   w[(own, slice(None), *tap)].astype(np.float64))
    return y


@pytest.mark.parametrize("name", CASES)
def test_convolution_and_its_gradients(backend, rng, name):
    n, ci, co, size, window, *rest = CASES[name]
    groups = rest[-1]
    x = rng.standard_normal((n, ci, *size)).astype(np.float32)
    w = rng.standard_normal((co, ci // groups, *window)).astype(np.float32)
    b = rng.standard_normal(co).astype(np.float32)
    X, W = backend.from_numpy(x), backend.from_numpy(w)
    y = convolve(x, w, *rest)
    bias = b.reshape(-1, *[1] * len(size))
    for given, expected in ((None, y), (backend.from_numpy(b), y + bias)):
        out = backend.to_numpy(backend.kernels["convolution"](X, W, given, *rest))
        assert out.shape == expected.shape
        np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
    g = rng.standard_normal(y.shape).astype(np.float32)
    G = backend.from_numpy(g)
    dx = backend.to_numpy(backend.kernels["convolution_input_grad"](G, W, x.shape, *rest))
    dw = backend.to_numpy(backend.kernels["convolution_weight_grad"](G, X, w.shape, *rest))
    for _ in range(3):  # <g, conv(v)> is <dx, v> for every v
        v = rng.standard_normal(x.shape)
        expected = (convolve(v, w, *rest) * g).sum()
        assert (v * dx).sum() == pytest.approx(expected, rel=1e-4, abs=1e-2)
        v = rng.standard_normal(w.shape)
        expected = (convolve(x, v, *rest) * g).sum()
        assert (v * dw).sum() == pytest.approx(expected, rel=1e-4, abs=1e-2)


POOLS = [((7, 8), (2, 2), (2, 2), (0, 0), False), ((7, 8), (3, 3), (2, 2), (1, 1), True),
         ((9,), (3,), (2,), (1,), True), ((4, 5, 6), (2, 2, 3), (2, 1, 2), (1, 0, 1), False),
         ((6, 6), (3, 2), (1, 3), (1, 1), True)]


def pooled(length, window, stride, pad, dilation, ceil_mode):
    reach = length + 2 * pad - dilation * (window - 1) - 1
    out = (-(-reach // stride) if ceil_mode else reach // stride) + 1
    return out - (ceil_mode and (out - 1) * stride >= length + pad)


def windows(size, out, window, stride, pad, dilation):
    """Per place of the output, the places of the input under its window."""
    for place in np.ndindex(*out):
        yield place, np.ix_(*[
            [y for k in range(w) if 0 <= (y := o * s + k * d - p) < n]
            for o, w, s, p, d, n in zip(place, window, stride, pad, dilation, size, strict=True)])


@pytest.mark.parametrize("case", POOLS, ids=str)
@pytest.mark.parametrize("dilated", [False, True])
def test_max_pool(backend, rng, case, dilated):
    size, window, stride, pad, ceil_mode = case
    dilation = tuple(2 if dilated and n > 2 * w else 1 for n, w in zip(size, window, strict=True))
    x = rng.standard_normal((2, 3, *size)).astype(np.float32)
    x.reshape(-1)[3] = np.nan
    values, where = backend.kernels["max_pool"](backend.from_numpy(x), window, stride, pad,
                                                dilation, ceil_mode)
    out = [pooled(*axis, ceil_mode) for axis in zip(size, window, stride, pad, dilation,
                                                    strict=True)]
    y, at = backend.to_numpy(values), backend.to_numpy(where)
    assert y.shape == (2, 3, *out)
    g = rng.standard_normal(y.shape).astype(np.float32)
    dx = backend.to_numpy(backend.kernels["max_pool_grad"](backend.from_numpy(g), where, x.shape))
    expected = np.zeros((2, 3, int(np.prod(size))))
    for plane in np.ndindex(2, 3):
        for place, read in windows(size, out, window, stride, pad, dilation):
            np.testing.assert_array_equal(y[plane + place], x[plane][read].max())
            np.testing.assert_array_equal(x[plane].reshape(-1)[at[plane + place]], y[plane + place])
            expected[(*plane, at[plane + place])] += g[plane + place]
    np.testing.assert_allclose(dx, expected.reshape(x.shape), rtol=1e-5, atol=1e-6)
    picked = backend.kernels["max_pool_pick"](backend.from_numpy(x), where)
    np.testing.assert_array_equal(backend.to_numpy(picked), y)


@pytest.mark.parametrize("case", POOLS, ids=str)
@pytest.mark.parametrize(("count_pad", "divisor"), [(True, None), (False, None), (True, 3)])
def test_avg_pool(backend, rng, case, count_pad, divisor):
    size, window, stride, pad, ceil_mode = case
    x = rng.standard_normal((2, 3, *size)).astype(np.float32)
    rest = (window, stride, pad, ceil_mode, count_pad, divisor)
    y = backend.to_numpy(backend.kernels["avg_pool"](backend.from_numpy(x), *rest))
    one = (1,) * len(size)
    out = [pooled(*axis, ceil_mode) for axis in zip(size, window, stride, pad, one, strict=True)]
    assert y.shape == (2, 3, *out)
    g = rng.standard_normal(y.shape).astype(np.float32)
    dx = backend.to_numpy(backend.kernels["avg_pool_grad"](backend.from_numpy(g), x.shape, *rest))
    expected = np.zeros(x.shape)
    for place, read in windows(size, out, window, stride, pad, one):
        inside = np.prod([len(axis.reshape(-1)) for axis in read])
        whole = np.prod([min(o * s - p + w, n + p) - (o * s - p) for o, w, s, p, n in
                         zip(place, window, stride, pad, size, strict=True)])
        count = divisor or (whole if count_pad else inside)
        for plane in np.ndindex(2, 3):
            np.testing.assert_allclose(y[plane + place], x[plane][read].sum() / count, rtol=1e-5,
                                       atol=1e-6)
            expected[plane][read] += g[plane + place] / count
    np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-6)
