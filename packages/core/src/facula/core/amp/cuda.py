"""``torch.cuda.amp``: mixed precision without naming the device, for ported scripts."""

from __future__ import annotations

from typing import Any

from facula.core.amp import custom, region, scaler
from facula.core.dtypes import dtype, float16

__all__ = ["autocast", "GradScaler", "custom_fwd", "custom_bwd"]


class autocast(region.autocast):
    """:class:`facula.autocast` for OpenCL devices.

    Parameters
    ----------
    enabled : bool
    dtype : dtype
    cache_enabled : bool
        As for :class:`facula.autocast`.
    """

    def __init__(self, enabled: bool = True, dtype: dtype = float16,
                 cache_enabled: bool = True) -> None:
        super().__init__("opencl", dtype, enabled, cache_enabled)


class GradScaler(scaler.GradScaler):
    """:class:`facula.amp.GradScaler` without its first parameter."""

    def __init__(self, init_scale: float = 2.0 ** 16, growth_factor: float = 2.0,
                 backoff_factor: float = 0.5, growth_interval: int = 2000,
                 enabled: bool = True) -> None:
        super().__init__("opencl", init_scale, growth_factor, backoff_factor, growth_interval,
                         enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: Any = None) -> Any:
    """:func:`facula.amp.custom_fwd` for OpenCL devices."""
    return custom.custom_fwd(fwd, device_type="opencl", cast_inputs=cast_inputs)


def custom_bwd(bwd: Any) -> Any:
    """:func:`facula.amp.custom_bwd` for OpenCL devices."""
    return custom.custom_bwd(bwd, device_type="opencl")
