"""Sequences, memory laid out as asked, and what shares it, against NumPy."""

import numpy as np
import pytest

from facula import core
from facula.core.testing.compare import assert_close


def test_logspace_and_range():
    assert_close(core.logspace(-1, 2, 5, base=2.0), np.logspace(-1, 2, 5, base=2.0))
    assert core.logspace(0, 2, 3, dtype=core.int64).tolist() == [1, 10, 100]
    with pytest.warns(DeprecationWarning, match="arange"):
        assert core.range(1, 2, 0.5).tolist() == [1.0, 1.5, 2.0]


def test_asarray_shares_or_says_why_not():
    array = np.zeros(3)
    shared = core.asarray(array)
    shared[0] = 5
    assert array[0] == 5
    assert core.asarray(array, copy=True)[0] is not shared and array[0] == 5
    core.asarray(array, copy=True)[0] = 7
    assert array[0] == 5
    for refused in (lambda: core.asarray([1, 2], copy=False),
                    lambda: core.asarray(array, dtype=core.float32, copy=False)):
        with pytest.raises(ValueError, match="can't be shared"):
            refused()
    assert core.asarray(bytearray(8), dtype=core.float32).tolist() == [0.0, 0.0]


def test_frombuffer_reads_a_part():
    memory = bytearray(np.arange(6, dtype=np.int16).tobytes())
    part = core.frombuffer(memory, dtype=core.int16, count=2, offset=4)
    part[0] = 9
    assert np.frombuffer(memory, np.int16).tolist() == [0, 1, 9, 3, 4, 5]
    halves = core.frombuffer(core.ones(2, dtype=core.bfloat16).view(core.int16).numpy().tobytes(),
                             dtype=core.bfloat16)
    assert halves.tolist() == [1.0, 1.0]
    for bad in ({"offset": 12}, {"count": 9}, {"offset": 1}):
        with pytest.raises(ValueError, match="frombuffer"):
            core.frombuffer(memory, dtype=core.int16, **bad)


def test_empty_with_strides(device):
    x = core.empty_strided((2, 3), (1, 2), device=device)
    x.copy_(core.arange(6).reshape(2, 3).to(device))
    assert x.stride() == (1, 2) and x.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert core.empty_permuted((2, 3, 5), (0, 2, 1), device=device).stride() == (15, 1, 3)
    with pytest.raises(RuntimeError, match="each of the 2 dimensions once"):
        core.empty_permuted((2, 3), (0, 0))


def test_common_dtypes():
    x = core.zeros(2, dtype=core.float16)
    assert core.result_type(x, 1.0) is core.float16
    assert core.result_type(x, core.zeros((), dtype=core.float64)) is core.float16
    assert core.result_type(x, 1j) is core.complex64
    assert core.result_type(1, 2.0) is core.float32
    assert core.result_type(core.zeros(2, dtype=core.int8), 5) is core.int8


def test_divisors_of_extreme_numbers(device):
    a = core.tensor([0, 0, -12, 2**40], device=device)
    b = core.tensor([0, 7, -18, 2**35 * 3], device=device)
    assert core.gcd(a, b).tolist() == np.gcd(a.cpu().numpy(), b.cpu().numpy()).tolist()
    assert core.lcm(a, b).tolist() == np.lcm(a.cpu().numpy(), b.cpu().numpy()).tolist()


def test_frexp_of_all_kinds_of_numbers(device):
    x = np.array([0.0, -5.0, 1e-38, 1e30, 0.5, 1.0, np.inf, -np.inf, np.nan], np.float32)
    mantissa, exponent = core.frexp(core.tensor(x, device=device))
    m, e = np.frexp(x)
    assert exponent.dtype is core.int32
    assert_close(mantissa, m)
    assert exponent.tolist() == np.where(np.isfinite(x), e, 0).tolist()


def test_binomial_counts(device):
    core.manual_seed(3)
    count, prob = core.full((20000,), 10.0).to(device), core.full((20000,), 0.3).to(device)
    drawn = core.binomial(count, prob).cpu().numpy()
    assert set(np.unique(drawn)) <= set(range(11))
    assert abs(drawn.mean() - 3) < 0.05 and abs(drawn.var() - 2.1) < 0.1
    with pytest.raises(ValueError, match="probabilities"):
        core.binomial(core.ones(2), core.tensor([0.5, 1.5]))


def test_tensors_on_a_file(tmp_path):
    path = tmp_path / "numbers"
    shared = core.from_file(str(path), shared=True, size=4, dtype=core.int32)
    shared[1] = 7
    private = core.from_file(str(path), size=3, dtype=core.int32)
    private[0] = 5
    assert core.from_file(str(path), size=4, dtype=core.int32).tolist() == [0, 7, 0, 0]
    with pytest.raises(ValueError, match="need 20 bytes"):
        core.from_file(str(path), size=5, dtype=core.int32)
