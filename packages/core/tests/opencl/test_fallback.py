"""The fallback to the host: silent, told of once, or refused."""

import warnings

import numpy as np
import pytest

from facula import core
from facula.core import Tensor, dtypes
from facula.core.declare import elementwise
from facula.core.operation import _REGISTRY


@pytest.fixture
def sample(backend):
    return core.tensor([3.0, 1.0, 2.0], device="opencl")


@pytest.fixture
def mode(backend):
    yield core.opencl.set_fallback
    core.opencl.set_fallback("silent")


@pytest.fixture
def hosted():
    """An elementwise operation without an OpenCL expression."""
    @elementwise(numpy=lambda x, y: x * 2 + y, opencl=None, method=False, export=False)
    def docs_hosted(input: Tensor, other: Tensor) -> Tensor:
        """Twice the input, and the other."""
    yield docs_hosted
    del _REGISTRY["docs_hosted"]


def test_each_operation_is_told_of_once(sample, hosted, mode):
    mode("warn")
    with pytest.warns(UserWarning, match=r"docs_hosted: has no kernel for opencl:0"):
        hosted(sample, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = hosted(sample, 1)
    assert values.tolist() == [7.0, 3.0, 5.0]


def test_errors_come_before_the_work_is_done(sample, hosted, mode):
    mode("error")
    with pytest.raises(NotImplementedError, match="runs on the host"):
        hosted(sample, 1)
    assert (sample + 1).tolist() == [4.0, 2.0, 3.0]


def test_complex_arithmetic_is_told_of_and_moving_is_not(backend, mode):
    z = core.tensor([1 + 2j, 3 - 1j], device="opencl")
    mode("error")
    for refused in (lambda: z * z, lambda: z.sum(), lambda: z.mul_(2), lambda: z @ z):
        with pytest.raises(NotImplementedError, match="runs on the host"):
            refused()
    z.imag = z.real
    assert z.clone()[1:].tolist() == [3 + 3j]


@pytest.mark.parametrize("d", [dtypes.float32, dtypes.float16, dtypes.int64], ids=str)
def test_an_operation_without_an_expression_runs_on_the_host(hosted, mode, d):
    a, b = core.tensor([[1], [2]], dtype=d, device="opencl"), core.tensor([3, 4], dtype=d)
    result = hosted(a.T.T, b.to("opencl"))
    assert result.device.type == "opencl" and result.dtype is d
    np.testing.assert_array_equal(result.cpu().numpy().astype(float), [[5, 6], [7, 8]])
    mode("error")
    with pytest.raises(NotImplementedError, match="docs_hosted"):
        hosted(a, 1)


def test_other_words_are_refused():
    with pytest.raises(ValueError, match="'loud' is not a mode"):
        core.opencl.set_fallback("loud")
