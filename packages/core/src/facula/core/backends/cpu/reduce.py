"""Reductions on NumPy: the declared function over axes, with the accumulator in the right type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core.backends.cpu.elementwise import call_quietly, cast, working_dtype
from facula.core.dtypes import dtype

# NumPy's public functions are wrappers written in Python: 1 to 3 us each.
PLAIN = {np.sum: np.add.reduce, np.prod: np.multiply.reduce, np.any: np.logical_or.reduce,
         np.all: np.logical_and.reduce}


def _direct(function: Callable[..., Any], target: np.dtype) -> Callable[..., Any]:
    """The kernel where neither the input has to be converted nor attributes passed on."""
    def kernel(data: np.ndarray, dims: tuple[int, ...], keepdim: bool) -> Any:
        try:
            y = function(data, axis=dims, keepdims=keepdim)
        except RuntimeWarning:
            y = call_quietly(function, data, axis=dims, keepdims=keepdim)
        if y.dtype is not target:
            return cast(np.asarray(y), target)
        return y if type(y) is np.ndarray else np.asarray(y)
    return kernel


def reduction(op: Any, input: dtype, compute: dtype, result: dtype) -> Callable[..., Any]:
    """The factory of ``Backend.reduction``."""
    function = op.numpy
    work, target = working_dtype(compute), result.numpy
    convert = input.numpy != work
    names = [n for n in op.attributes if n not in ("dim", "keepdim", "dtype")]
    if not names and not convert:
        return _direct(PLAIN.get(function, function), target)

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
