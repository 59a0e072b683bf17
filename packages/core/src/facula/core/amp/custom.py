"""Autocast in a user's ``autograd.Function``: the dtypes of forward, and the same in backward."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from facula.core.amp.region import autocast, get_autocast_dtype, is_autocast_enabled
from facula.core.dtypes import dtype, float64
from facula.core.tensor import Tensor


def _cast(value: Any, device_type: str, target: dtype) -> Any:
    """Floating tensors of the device in the target dtype, also within containers."""
    if isinstance(value, Tensor):
        there = (value.device.type == "cpu") == (device_type == "cpu")
        return (value.to(target)  # type: ignore[attr-defined]
                if value.is_floating_point() and there and value.dtype is not float64 else value)
    if isinstance(value, Mapping):
        return {_cast(k, device_type, target): _cast(v, device_type, target)
                for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(v, device_type, target) for v in value)
    return value


def custom_fwd(fwd: Callable[..., Any] | None = None, *, device_type: str,
               cast_inputs: dtype | None = None) -> Any:
    """Decorate ``forward`` of an :class:`facula.autograd.Function` for use in autocast.

    Parameters
    ----------
    fwd : callable
        The method, whose first argument is ``ctx``.
    device_type : str
        As for :class:`facula.autocast`.
    cast_inputs : dtype, optional
        In an enabled region, convert floating tensors (but float64) to this dtype and run without
        autocast. Where not given, the operations inside follow autocast.

    Examples
    --------
    >>> import facula
    >>> from facula.amp import custom_bwd, custom_fwd
    >>> class Double(facula.autograd.Function):
    ...     @staticmethod
    ...     @custom_fwd(device_type="cpu", cast_inputs=facula.float32)
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     @custom_bwd(device_type="cpu")
    ...     def backward(ctx, g):
    ...         return g * 2
    >>> with facula.autocast("cpu"):
    ...     Double.apply(facula.ones(1, dtype=facula.bfloat16))
    tensor([2.])
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        ctx, on = args[0], is_autocast_enabled(device_type)
        ctx._dtype = get_autocast_dtype(device_type)
        ctx._fwd_used_autocast = on and cast_inputs is None
        if cast_inputs is None or not on:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs),
                       **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """Decorate ``backward`` of a Function whose forward has :func:`facula.amp.custom_fwd`.

    It runs with autocast as forward did.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        ctx = args[0]
        with autocast(device_type, ctx._dtype, ctx._fwd_used_autocast):
            return bwd(*args, **kwargs)

    return backward
