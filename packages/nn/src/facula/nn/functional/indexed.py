"""The max pools under the names that always return where the elements stand as well."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from facula.nn.functional import fractional, pooling


def _indexed(pool: Callable[..., Any]) -> Callable[..., Any]:
    name = f"{pool.__name__}_with_indices"

    @functools.wraps(pool)
    def with_indices(*args: Any, **kwargs: Any) -> Any:
        kwargs["return_indices"] = True
        return pool(*args, **kwargs)

    with_indices.__name__ = with_indices.__qualname__ = name
    with_indices.__module__ = __name__
    with_indices.__doc__ = (f":func:`{pool.__name__}`, which returns the elements' flat positions "
                            "in their channels as well.")
    return with_indices


adaptive_max_pool1d_with_indices = _indexed(pooling.adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _indexed(pooling.adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _indexed(pooling.adaptive_max_pool3d)
fractional_max_pool2d_with_indices = _indexed(fractional.fractional_max_pool2d)
fractional_max_pool3d_with_indices = _indexed(fractional.fractional_max_pool3d)
max_pool1d_with_indices = _indexed(pooling.max_pool1d)
max_pool2d_with_indices = _indexed(pooling.max_pool2d)
max_pool3d_with_indices = _indexed(pooling.max_pool3d)
