"""Comparing results: by dtype, with the tolerance that its precision allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.dtypes import dtype
from facula.core.tensor import Tensor

# (relative, absolute): a few units in the last place per operation, PyTorch's own defaults.
TOLERANCES: dict[dtype, tuple[float, float]] = {
    dtypes.float64: (1e-7, 1e-7), dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float16: (1e-3, 1e-3), dtypes.bfloat16: (1.6e-2, 1e-2),
    dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}


def to_float64(value: Any) -> np.ndarray:
    """A tensor or array as float64 (complex128 where complex) on the host."""
    array = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def assert_close(actual: Any, expected: Any, *, rtol: float | None = None,
                 atol: float | None = None, check_dtype: bool = True, what: str = "") -> None:
    """Shapes, dtypes and values agree; NaN equals NaN; sequences are compared item by item.

    Raises
    ------
    AssertionError
        Saying what differs.
    """
    if isinstance(actual, (tuple, list)):
        assert len(actual) == len(expected), f"{what}: {len(actual)} results, not {len(expected)}"
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            assert_close(a, e, rtol=rtol, atol=atol, check_dtype=check_dtype, what=f"{what}[{i}]")
        return
    if not isinstance(actual, Tensor):
        assert actual == expected, f"{what}: {actual!r} is not {expected!r}"
        return
    shape = tuple(np.shape(expected)) if not isinstance(expected, Tensor) else expected.shape
    assert tuple(actual.shape) == tuple(shape), f"{what}: shape {actual.shape}, not {shape}"
    if check_dtype and isinstance(expected, Tensor):
        assert actual.dtype is expected.dtype, f"{what}: {actual.dtype}, not {expected.dtype}"
    r, a = TOLERANCES.get(actual.dtype, (0.0, 0.0))
    np.testing.assert_allclose(to_float64(actual), to_float64(expected),
                               rtol=r if rtol is None else rtol, atol=a if atol is None else atol,
                               err_msg=what)
