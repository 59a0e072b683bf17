"""Automatic mixed precision: autocast and gradient scaling, as ``torch.amp``."""

from facula.core.amp.custom import custom_bwd, custom_fwd
from facula.core.amp.region import (
    autocast,
    clear_autocast_cache,
    get_autocast_dtype,
    is_autocast_available,
    is_autocast_cache_enabled,
    is_autocast_enabled,
    set_autocast_cache_enabled,
    set_autocast_dtype,
    set_autocast_enabled,
)
from facula.core.amp.scaler import GradScaler

__all__ = [
    "autocast", "GradScaler", "custom_fwd", "custom_bwd", "is_autocast_available",
    "is_autocast_enabled", "get_autocast_dtype", "set_autocast_enabled", "set_autocast_dtype",
    "is_autocast_cache_enabled", "set_autocast_cache_enabled", "clear_autocast_cache",
]
