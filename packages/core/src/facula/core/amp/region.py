"""The region in which operations choose their dtype, and the switches behind it."""

from __future__ import annotations

import warnings
from typing import Any

from facula.core.dtypes import as_dtype, dtype
from facula.core.precision import DEVICES, HALVES, mode
from facula.core.slot import decorate

_TYPES = {**dict(zip(DEVICES, DEVICES, strict=True)), "cuda": "opencl"}


def _known(device_type: Any) -> str:
    """The name under which the state of a type of device is kept.

    Raises
    ------
    ValueError, RuntimeError
        If it is no string, or no such type exists.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if device_type not in _TYPES:
        raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}': "
                           f"use one of {', '.join(map(repr, _TYPES))}")
    return _TYPES[device_type]


class autocast:
    """Operations inside choose their dtype: products in half precision, the delicate in float32.

    A context manager and a decorator. It follows PyTorch's lists: matrix products, convolutions
    and linear layers convert their arguments to ``dtype``; exponentials, sums, norms, softmax and
    losses convert half precision to float32; what combines several tensors takes the widest of
    their dtypes; all else computes in the dtype that comes. float64 is never converted.
    Parameters and inputs stay as they are, so the model needs no conversion. Leave the region
    before ``backward()``, which computes in the dtypes of the forward pass.

    Parameters
    ----------
    device_type : str
        ``"opencl"`` (or ``"cuda"``, which means the same) or ``"cpu"``.
    dtype : dtype, optional
        float16 or bfloat16; by default float16 for OpenCL and bfloat16 for the CPU.
    enabled : bool
        False makes a region without autocast, also within one that has it.
    cache_enabled : bool, optional
        Whether a parameter that is used several times is converted once.

    Raises
    ------
    ValueError, RuntimeError
        If the device type is not a string, or unknown.

    References
    ----------
    P. Micikevicius et al., "Mixed precision training", ICLR 2018.

    Examples
    --------
    >>> import facula
    >>> a, b = facula.ones(2, 3), facula.ones(3, 2)
    >>> with facula.autocast("cpu"):
    ...     c = a @ b
    ...     loss = facula.nn.functional.mse_loss(c, facula.ones(2, 2))
    >>> c.dtype, loss.dtype
    (facula.bfloat16, facula.float32)
    """

    def __init__(self, device_type: str, dtype: dtype | None = None, enabled: bool = True,
                 cache_enabled: bool | None = None) -> None:
        self.device = _known(device_type)
        self.fast_dtype = mode.dtypes[self.device] if dtype is None else as_dtype(dtype)
        self._cache_enabled = mode.caching if cache_enabled is None else bool(cache_enabled)
        self._enabled = bool(enabled)
        if self._enabled and self.fast_dtype not in HALVES:
            warnings.warn(
                f"In {self.device.upper()} autocast, but the target dtype {self.fast_dtype} is not "
                "supported. Disabling autocast.\nIt supports the dtypes "
                f"{', '.join(map(str, HALVES))}.", stacklevel=2)
            self._enabled = False
        self._before: list[Any] = []

    def __enter__(self) -> autocast:
        enabled, dtypes, caching = mode.snapshot()
        self._before.append((enabled, dtypes, caching))
        mode.set((enabled | {self.device: self._enabled},
                  dtypes | {self.device: self.fast_dtype}, self._cache_enabled))
        mode.depth += 1
        return self

    def __exit__(self, *exc: object) -> None:
        mode.depth -= 1
        if not mode.depth:
            mode.cache.clear()
        mode.set(self._before.pop())

    def __call__(self, function: Any) -> Any:
        return decorate(lambda: autocast(self.device, self.fast_dtype, self._enabled,
                                         self._cache_enabled), function)


def is_autocast_available(device_type: str) -> bool:
    """Whether there is autocast for a type of device."""
    return device_type in _TYPES


def is_autocast_enabled(device_type: str = "opencl") -> bool:
    """Whether this thread is in an enabled region for a type of device.

    Examples
    --------
    >>> import facula
    >>> with facula.autocast("cpu"):
    ...     facula.is_autocast_enabled("cpu"), facula.is_autocast_enabled("opencl")
    (True, False)
    """
    return mode.on and mode.enabled[_known(device_type)]


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    """Switch autocast on or off in this thread; prefer the region :class:`facula.autocast`."""
    states, dtypes, caching = mode.snapshot()
    mode.set((states | {_known(device_type): bool(enabled)}, dtypes, caching))


def get_autocast_dtype(device_type: str) -> dtype:
    """The dtype to which a type of device lowers products.

    Examples
    --------
    >>> import facula
    >>> facula.get_autocast_dtype("cpu"), facula.get_autocast_dtype("opencl")
    (facula.bfloat16, facula.float16)
    """
    return mode.dtypes[_known(device_type)]


def set_autocast_dtype(device_type: str, dtype: dtype) -> None:
    """Choose, in this thread, the dtype to which a type of device lowers products."""
    mode.dtypes[_known(device_type)] = as_dtype(dtype)


def is_autocast_cache_enabled() -> bool:
    """Whether a parameter that is used several times in a region is converted once."""
    return mode.caching


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Choose whether a parameter that is used several times in a region is converted once."""
    mode.caching = bool(enabled)


def clear_autocast_cache() -> None:
    """Forget the converted parameters of this thread's region."""
    mode.cache.clear()
