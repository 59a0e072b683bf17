"""Generated elementwise kernels: layouts, dtypes, numbers, in-place writes, the prelude."""

import math

import ml_dtypes
import numpy as np
import pytest

from facula import core
from facula.core import dtypes

REAL = [d for d in dtypes.ALL if not d.is_complex]


def views(a):
    """The same values in several layouts."""
    yield a
    yield np.asfortranarray(a) if a.ndim else a
    yield np.repeat(a, 2, -1)[..., ::2] if a.ndim else a
    yield np.pad(a, [(1, 2)] * a.ndim)[(slice(1, -2),) * a.ndim] if a.ndim else a


def on_device(backend, a):
    """The array on the device with the same strides, through its base memory."""
    owner = a if a.base is None else a.base
    while owner.base is not None:
        owner = owner.base
    flat = owner.reshape(-1) if owner.flags.c_contiguous else owner.T.reshape(-1)
    data = backend.from_numpy(flat)
    offset = (a.__array_interface__["data"][0] - owner.__array_interface__["data"][0])
    return backend.as_strided(data, a.shape, a.strides, offset)


@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 4), (2, 3, 300), (2, 1, 3, 2), (0,), (3, 0)],
                         ids=str)
def test_every_layout_gives_the_same(backend, declare, rng, shape):
    add = backend.elementwise(declare("add", "input + other", ("input", "other")),
                              (dtypes.float32,) * 2, dtypes.float32, (dtypes.float32,))
    a, b = (np.array(rng.standard_normal(shape), np.float32) for _ in range(2))
    for x in views(a):
        for y in views(b):
            out = backend.to_numpy(add(on_device(backend, x), on_device(backend, y)))
            assert out.shape == shape
            np.testing.assert_array_equal(out, x + y)


@pytest.mark.parametrize(("left", "right"), [
    ((3, 4), (4,)), ((3, 1), (1, 4)), ((2, 3, 100), (3, 1)), ((5,), ()), ((), (2, 2)),
    ((2, 1, 3, 1, 5), (4, 1, 7, 1)), ((0, 3), (1, 3)), ((1, 1, 1), (2, 3, 70))], ids=str)
def test_operands_broadcast(backend, declare, rng, left, right):
    sub = backend.elementwise(declare("sub", "input - other", ("input", "other")),
                              (dtypes.float32,) * 2, dtypes.float32, (dtypes.float32,))
    a = np.array(rng.standard_normal(left), np.float32)
    b = np.array(rng.standard_normal(right), np.float32)
    out = backend.to_numpy(sub(backend.from_numpy(a), backend.from_numpy(b)))
    np.testing.assert_array_equal(out, a - b)


def test_shapes_that_do_not_broadcast_are_refused(backend, declare):
    add = backend.elementwise(declare("add", "input + other", ("input", "other")),
                              (dtypes.float32,) * 2, dtypes.float32, (dtypes.float32,))
    with pytest.raises(ValueError, match=r"add: .*\(2, 3\), \(2, 4\)"):
        add(backend.from_numpy(np.ones((2, 3), np.float32)),
            backend.from_numpy(np.ones((2, 4), np.float32)))


@pytest.mark.parametrize("source", REAL, ids=lambda d: d.name)
@pytest.mark.parametrize("target", REAL, ids=lambda d: d.name)
def test_cast(backend, source, target):
    values = np.array([0, 1, 2, 3, 100, 127]).astype(source.numpy)
    out = backend.to_numpy(backend.cast(backend.from_numpy(values), target))
    assert out.dtype == target.numpy
    np.testing.assert_array_equal(out.astype(np.float64),
                                  values.astype(target.numpy).astype(np.float64))


@pytest.mark.parametrize("half", [dtypes.float16, dtypes.bfloat16], ids=lambda d: d.name)
def test_half_types_round_to_nearest_even_and_keep_special_values(backend, rng, half):
    f = np.concatenate([
        rng.standard_normal(4000) * 10.0 ** rng.integers(-9, 6, 4000),
        [0.0, -0.0, np.inf, -np.inf, np.nan, 65504, 65519, 65520, 6e-8, 2.9e-8, 3e38, -1e-40],
    ]).astype(np.float32)
    ours = backend.to_numpy(backend.cast(backend.from_numpy(f), half))
    with np.errstate(over="ignore"):
        theirs = f.astype(half.numpy)
    np.testing.assert_array_equal(np.isnan(ours.astype(np.float32)),
                                  np.isnan(theirs.astype(np.float32)))
    ok = ~np.isnan(f)
    np.testing.assert_array_equal(ours.view(np.uint16)[ok], theirs.view(np.uint16)[ok])
    every = np.arange(65536, dtype=np.uint16).view(half.numpy)
    back = backend.to_numpy(backend.cast(backend.from_numpy(every), dtypes.float32))
    np.testing.assert_array_equal(back, every.astype(np.float32))


@pytest.mark.parametrize("d", REAL, ids=lambda d: d.name)
def test_numbers_of_every_type(backend, declare, d):
    x = backend.full((3,), 2, d)
    filled = backend.to_numpy(x).astype(float)
    np.testing.assert_array_equal(filled, [1 if d is dtypes.bool_ else 2] * 3)
    op = declare("mul", "input * other", ("input", "other"))
    mul = backend.elementwise(op, (d, int), d, (d,))
    out = backend.to_numpy(mul(x, 3)).astype(float)
    np.testing.assert_array_equal(out, [1 if d is dtypes.bool_ else 6] * 3)


@pytest.mark.parametrize("value", [True, 3, 2.5])
def test_python_numbers_are_arguments(backend, declare, value):
    kernel = backend.elementwise(declare("mul", "input * other", ("input", "other")),
                                 (dtypes.float32, type(value)), dtypes.float32, (dtypes.float32,))
    x = np.arange(4, dtype=np.float32)
    before = len(backend.generator)
    for factor in (value, type(value)(1)):
        np.testing.assert_array_equal(backend.to_numpy(kernel(backend.from_numpy(x), factor)),
                                      x * np.float32(factor))
    assert len(backend.generator) <= before + 1


def test_number_on_the_left_attributes_and_literals(backend, declare):
    op = declare("affine", "input - other * scale + 0.5", ("input", "other"), (("scale", "float"),))
    kernel = backend.elementwise(op, (float, dtypes.float64), dtypes.float64, (dtypes.float64,))
    x = np.array([1.0, 2.0])
    out = backend.to_numpy(kernel(10.0, backend.from_numpy(x), 0.1))
    np.testing.assert_allclose(out, 10.0 - x * 0.1 + 0.5, rtol=1e-15)


def test_several_outputs(backend, declare, rng):
    op = declare("sum_and_sign", ("input + other", "input > other"), ("input", "other"), outputs=2)
    kernel = backend.elementwise(op, (dtypes.float32,) * 2, dtypes.float32,
                                 (dtypes.float32, dtypes.bool_))
    a, b = rng.standard_normal((2, 9)).astype(np.float32)
    total, greater = kernel(backend.from_numpy(a), backend.from_numpy(b))
    np.testing.assert_array_equal(backend.to_numpy(total), a + b)
    np.testing.assert_array_equal(backend.to_numpy(greater), a > b)


def test_complex_numbers_are_computed_on_the_host(backend, declare):
    op = declare("add", "input + other", ("input", "other"))
    op.numpy = np.add
    kernel = backend.elementwise(op, (dtypes.complex64,) * 2, dtypes.complex64,
                                 (dtypes.complex64,))
    x = backend.from_numpy(np.array([1 + 2j, 3j], np.complex64))
    np.testing.assert_array_equal(backend.to_numpy(kernel(x, x)), [2 + 4j, 6j])


class TestInPlace:
    def test_out_may_be_an_operand(self, backend, declare):
        op = declare("add", "input + other", ("input", "other"))
        kernel = backend.elementwise_into(op, (dtypes.float32,) * 2, dtypes.float32,
                                          dtypes.float32)
        x = backend.from_numpy(np.arange(6, dtype=np.float32))
        kernel(x, x, x)
        np.testing.assert_array_equal(backend.to_numpy(x), 2 * np.arange(6))

    def test_overlapping_operands_are_read_first(self, backend, declare):
        op = declare("add", "input + other", ("input", "other"))
        kernel = backend.elementwise_into(op, (dtypes.float32,) * 2, dtypes.float32,
                                          dtypes.float32)
        a = np.arange(2000, dtype=np.float32)
        x = backend.from_numpy(a)
        kernel(x[1:], x[:-1], x[1:])
        np.testing.assert_array_equal(backend.to_numpy(x)[1:], a[:-1] + a[1:])

    def test_operands_broadcast_to_out_but_never_out_to_them(self, backend, declare):
        op = declare("mul", "input * other", ("input", "other"))
        kernel = backend.elementwise_into(op, (dtypes.float32,) * 2, dtypes.float32,
                                          dtypes.float32)
        x = backend.from_numpy(np.ones((3, 4), np.float32))
        row = backend.from_numpy(np.arange(4, dtype=np.float32))
        kernel(x.transpose((1, 0)), x.transpose((1, 0)), row[:, None])
        np.testing.assert_array_equal(backend.to_numpy(x), np.tile(np.arange(4), (3, 1)))
        with pytest.raises(ValueError, match="does not fit"):
            kernel(row, row, x)

    def test_assign_shifts_within_one_array(self, backend):
        for shift in (1, 300):
            a = np.arange(5000, dtype=np.int32)
            x = backend.from_numpy(a)
            backend.assign(x[shift:], x[:-shift])
            a[shift:] = a[:-shift].copy()
            np.testing.assert_array_equal(backend.to_numpy(x), a)

    def test_assign_broadcasts_and_casts(self, backend):
        x = backend.full((3, 4), 1, dtypes.int16)
        backend.assign(x[:, ::2], backend.from_numpy(np.array([2.7, -3.9], np.float64)))
        np.testing.assert_array_equal(backend.to_numpy(x), [[2, 1, -3, 1]] * 3)
        with pytest.raises(ValueError, match="does not broadcast"):
            backend.assign(x[0], x)


FUNCTIONS = [
    ("exp(input)", np.exp, (-103, 88)), ("log(input)", np.log, (1e-38, 1e38)),
    ("log1p(input)", np.log1p, (-0.99, 50)), ("expm1(input)", np.expm1, (-20, 20)),
    ("tanh(input)", np.tanh, (-10, 10)), ("sqrt(input)", np.sqrt, (0, 1e30)),
    ("rsqrt(input)", lambda x: 1 / np.sqrt(x), (1e-30, 1e30)),
    ("erf(input)", np.vectorize(math.erf), (-5, 5)),
    ("sigmoid(input)", lambda x: 1 / (1 + np.exp(-x)), (-80, 80)),
    ("softplus(input)", lambda x: np.logaddexp(0, x), (-80, 80)),
    ("sin(input)", np.sin, (-10, 10)), ("cos(input)", np.cos, (-10, 10)),
    ("log2(input)", np.log2, (1e-3, 1e3)), ("atan(input)", np.arctan, (-9, 9)),
]


@pytest.mark.parametrize(("expression", "function", "domain"), FUNCTIONS,
                         ids=[f[0] for f in FUNCTIONS])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_of_the_prelude(run, rng, expression, function, domain, dtype):
    low, high = domain
    x = np.concatenate([rng.uniform(low, high, 20000), rng.uniform(-1, 1, 20000),
                        rng.uniform(-1, 1, 20000) * 1e-3])
    x = np.clip(x, low, high).astype(dtype)
    expected = function(x.astype(np.float64))
    rtol = 1e-6 if dtype is np.float32 else 1e-13
    atol = 1e-38 if "sin" not in expression and "cos" not in expression else rtol
    np.testing.assert_allclose(run(expression, x), expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(run, dtype):
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1000, -1000], dtype)
    with np.errstate(all="ignore"):
        for expression, function in [("exp(input)", np.exp), ("log(input)", np.log),
                                     ("tanh(input)", np.tanh), ("log1p(input)", np.log1p),
                                     ("expm1(input)", np.expm1), ("ABS(input)", np.abs),
                                     ("floor(input)", np.floor), ("rint(input)", np.rint)]:
            out, expected = run(expression, x), function(x)
            np.testing.assert_allclose(out, expected, rtol=1e-6, err_msg=expression)
            zero = (expected == 0)
            np.testing.assert_array_equal(np.signbit(out[zero]), np.signbit(expected[zero]),
                                          err_msg=expression)
    tiny = np.array([1e-40, 1e-45], np.float32)
    np.testing.assert_allclose(run("log(input)", tiny), np.log(tiny.astype(np.float64)), rtol=1e-6)
    np.testing.assert_allclose(run("exp(input)", np.array([-95, -100], np.float32)),
                               np.exp([-95.0, -100.0]), atol=3e-45)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.float32])
def test_division_follows_python(run, dtype):
    a = np.array([7, 7, 100, 0, 5, 6, 9] + ([-7, -7, -128] if dtype != np.uint8 else []), dtype)
    b = np.array([3, 2, 7, 5, 5, 4, 2] + ([3, -3, 3] if dtype != np.uint8 else []), dtype)
    np.testing.assert_array_equal(run("floor_divide(input, other)", a, b), a // b)
    np.testing.assert_array_equal(run("remainder(input, other)", a, b), a % b)
    np.testing.assert_array_equal(run("FMOD(input, other)", a, b), np.fmod(a, b))


def test_integer_division_by_zero_does_not_stop_the_process(run):
    for dtype in (np.int32, np.int64):
        low = np.iinfo(dtype).min
        a, b = np.array([5, 0, low], dtype), np.array([0, 0, -1], dtype)
        assert run("floor_divide(input, other)", a, b).tolist()[:2] == [0, 0]
        assert run("remainder(input, other)", a, b).tolist()[2] == 0


def test_integer_powers(run):
    a, b = np.array([2, 3, -2, 0, 7, 1, -1]), np.array([10, 4, 3, 0, 1, -5, -3])
    assert run("POW(input, other)", a, b).tolist() == [1024, 81, -8, 1, 7, 1, -1]


def test_extremes_let_nan_through(run):
    a = np.array([1, np.nan, 3, np.nan], np.float32)
    b = np.array([np.nan, 2, 1, np.nan], np.float32)
    np.testing.assert_array_equal(run("MAX(input, other)", a, b), np.maximum(a, b))
    np.testing.assert_array_equal(run("MIN(input, other)", a, b), np.minimum(a, b))


def test_bfloat16_computes_in_float(run, rng):
    x = rng.standard_normal(100).astype(ml_dtypes.bfloat16)
    out = run("exp(input)", x)
    np.testing.assert_array_equal(out, np.exp(x.astype(np.float32)).astype(ml_dtypes.bfloat16))


def test_a_wider_0d_operand_wraps_as_on_the_cpu(backend):
    x, low = core.tensor([4, 250], dtype=dtypes.uint8), core.tensor(-1)
    device = x.to("opencl"), low.to("opencl")
    for operation in (core.lt, core.maximum, core.eq, core.add):
        np.testing.assert_array_equal(operation(*device).cpu().numpy(), operation(x, low).numpy())
