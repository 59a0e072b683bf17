"""Reductions on NumPy: the declared function over axes, with the accumulator in the right type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core.backends.cpu.elementwise import call_quietly, cast, working_dtype
from facula.core.dtypes import dtype


def reduction(op: Any, input: dtype, compute: dtype, result: dtype) -> Callable[..., Any]:
    """The factory of ``Backend.reduction``."""
    function = op.numpy
    work, target = working_dtype(compute), result.numpy
    convert = input.numpy != work
    names = [n for n in op.attributes if n not in ("dim", "keepdim", "dtype")]

    def kernel(data: np.ndarray, dims: tuple[int, ...], keepdim: bool, *attributes: Any) -> Any:
        if convert:
            data = cast(data, work)
        extra = dict(zip(names, attributes, strict=True)) if names else {}
        try:
            y = function(data, axis=dims, keepdims=keepdim, **extra)
        except RuntimeWarning:
            y = call_quietly(function, data, axis=dims, keepdims=keepdim, **extra)
        if type(y) is not np.ndarray or y.dtype != target:
            y = cast(np.asarray(y), target)
        return y

    return kernel
