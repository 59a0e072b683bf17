"""Python numbers that are stored in tensors: which a dtype holds, and as what."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.dtypes import BOOL, dtype
from facula.core.errors import describe


def fits(whole: int, target: dtype) -> bool:
    """Whether an integer lies in the range of an integer dtype.

    Unsigned types take negative numbers as well, and wrap them, as in PyTorch.
    """
    info = np.iinfo(target.numpy)
    return (info.min or -info.max) <= whole <= info.max


def fitting_number(op: str, value: Any, target: dtype) -> Any:
    """A Python number as the dtype would hold it.

    Raises
    ------
    RuntimeError
        If it lies outside the dtype's range.
    """
    try:
        if target.category == BOOL:
            return bool(value)
        if target.is_complex:
            return complex(value)
        if target.is_floating_point:
            number = float(value)
            if math.isinf(number) or not abs(number) > float(np.float64(_largest(target))):
                return number
        else:
            whole = int(value)
            if fits(whole, target):
                return whole if target.is_signed else whole % (1 << 8 * target.itemsize)
    except (ValueError, OverflowError, TypeError):
        pass
    raise RuntimeError(f"{op}: the value {describe(value)} can't be stored in a tensor of dtype "
                       f"{target.name}: it lies outside its range")


@functools.cache
def _largest(d: dtype) -> float:
    return dtypes.finfo(d).max
