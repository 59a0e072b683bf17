"""Attention without the matrix of weights: kernels for heads of up to 128 features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.fallback import host_fallback
from facula.core.backends.opencl import families
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.layout import element_strides, expanded_strides
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS
from facula.core.dtypes import dtype

_INT = np.dtype(np.int32)
WIDTHS = (32, 64, 128)


def _tiles(device: Device, d: dtype, width: int) -> tuple[int, int, int]:
    """Rows forward and backward, and columns, of the tiles for heads of this width.

    On GPUs all tiles of a kernel take at most 48 KB; on CPU devices they stay in the cache.
    """
    if device.kind == "cpu":
        return 96, 96, 64
    return (32, 16, 32) if width < 128 else (16, 16, 16)


def _declare(width: int, d: dtype) -> None:
    number = SCALARS[d].argument
    sizes: list[Any] = [LONG] * 22 + [_INT, _INT, number]
    signatures = {
        f"attention_forward_{width}": [BUFFER] * 7 + sizes,
        f"attention_delta_{width}": [BUFFER] * 3 + [LONG] * 4,
        f"attention_queries_grad_{width}": [BUFFER] * 9 + [LONG] * 2 + sizes,
        f"attention_keys_grad_{width}": [BUFFER] * 10 + [LONG] * 2 + sizes}

    def defines(device: Device, d: dtype) -> Mapping[str, str]:
        long_rows, rows, columns = _tiles(device, d, width)
        compute = SCALARS[d].compute
        size = SCALARS[d].partial.itemsize
        lanes = min(8 if size == 8 else 16, max(2, device.vector_bytes // size))
        return {"NAME(kernel)": f"kernel##_{width}", "DIM": str(width), "ROWS": str(rows),
                "LONG_ROWS": str(long_rows), "COLS": str(columns), "SCALE": compute,
                "VW": str(lanes), "VEC": f"{compute}{lanes}"}

    kinds = families.CPU if d is dtypes.float64 else families.CPU + families.GPU
    families.declare("attention.cl", signatures, (d,), kinds, defines)


for _width in WIDTHS:
    for _d in dtypes.FLOATS:
        _declare(_width, _d)


def _dense(backend: Any, x: CLArray) -> CLArray:
    """The array itself where its last axis is dense, else a contiguous copy."""
    if x.shape[-1] <= 1 or x.strides[-1] == x.dtype.itemsize:
        return x
    return backend.copy(x)  # type: ignore[no-any-return]


def _sizes(query: CLArray, key: CLArray, value: CLArray, mask: CLArray | None, is_causal: bool,
           scale: float) -> tuple[Any, ...]:
    """What the kernels call SIZES."""
    n, heads, length, width = query.shape
    source = key.shape[2]
    places: tuple[int, ...] = (0,) * 5
    kind = 0
    if mask is not None:
        places = (mask.offset, *expanded_strides(mask, (n, heads, length, source)))
        kind = 1 if mask.dtype == np.bool_ else 2
    each = [number for x in (query, key, value) for number in (x.offset, *element_strides(x)[:3])]
    return (heads, length, source, width, value.shape[3], *each, *places, int(is_causal), kind,
            scale)


def _tile_width(backend: Any, query: CLArray, value: CLArray) -> int | None:
    """The width of the tiles; None where there are none: float64 on GPUs, wider heads."""
    if query.dtype == np.float64 and not backend.runtime.is_cpu:
        return None
    most = max(query.shape[3], value.shape[3])
    return next((w for w in WIDTHS if most <= w), None)


@kernel("attention")
def attention(backend: Any, query: CLArray, key: CLArray, value: CLArray, mask: CLArray | None,
              is_causal: bool, scale: float) -> tuple[CLArray, CLArray]:
    """``softmax(query @ key.T * scale + mask) @ value`` and the logarithms of softmax's sums."""
    width = _tile_width(backend, query, value)
    if width is None:
        return host_fallback(backend, "attention")(  # type: ignore[no-any-return]
            query, key, value, mask, is_causal, scale)
    runtime = backend.runtime
    query, key, value = (_dense(backend, x) for x in (query, key, value))
    n, heads, length, _ = query.shape
    d = BY_NUMPY[query.dtype]
    y: CLArray = runtime.new((n, heads, length, value.shape[3]), query.dtype)
    lse = runtime.new((n, heads, length), SCALARS[d].partial.numpy)
    if lse.size:
        numbers = mask if mask is not None else query
        rows = _tiles(runtime.device, d, width)[0]
        _launch(backend, f"attention_forward_{width}", query, -(-length // rows), n * heads, y.mem,
                lse.mem, query.mem, key.mem, value.mem, numbers.mem, numbers.mem,
                *_sizes(query, key, value, mask, is_causal, scale))
    return y, lse


def _launch(backend: Any, name: str, like: CLArray, tiles: int, heads: int,
            *arguments: Any) -> None:
    lanes = 1 if backend.runtime.is_cpu else 256
    backend.runtime.launch(backend.families.kernel(name, like.dtype), (tiles * lanes, heads),
                           (lanes, 1), *arguments)


@kernel("attention_grad")
def attention_grad(backend: Any, grad: CLArray, query: CLArray, key: CLArray, value: CLArray,
                   mask: CLArray | None, y: CLArray, lse: CLArray, is_causal: bool,
                   scale: float) -> tuple[CLArray, CLArray, CLArray]:
    """The gradients by query, key and value."""
    width = _tile_width(backend, query, value)
    if width is None:
        return host_fallback(backend, "attention_grad")(  # type: ignore[no-any-return]
            grad, query, key, value, mask, y, lse, is_causal, scale)
    runtime = backend.runtime
    query, key, value = (_dense(backend, x) for x in (query, key, value))
    grad, y, lse = (backend.contiguous(x) for x in (grad, y, lse))
    n, heads, length, _ = query.shape
    source, features = key.shape[2], value.shape[3]
    d = BY_NUMPY[query.dtype]
    dq, dk, dv = (runtime.new(x.shape, x.dtype) for x in (query, key, value))
    delta = runtime.new((n * heads * length,), lse.dtype)
    if delta.size:
        runtime.launch_flat(backend.families.kernel(f"attention_delta_{width}", query.dtype),
                            delta.size, delta.mem, grad.mem, y.mem, grad.offset, y.offset,
                            delta.size, features)
    numbers = mask if mask is not None else query
    rows = _tiles(runtime.device, d, width)[1]
    rest = (query.mem, key.mem, value.mem, numbers.mem, numbers.mem, grad.offset, lse.offset,
            *_sizes(query, key, value, mask, is_causal, scale))
    if delta.size:
        _launch(backend, f"attention_queries_grad_{width}", query, -(-length // rows), n * heads,
                dq.mem, grad.mem, lse.mem, delta.mem, *rest)
    if n * heads * source:
        _launch(backend, f"attention_keys_grad_{width}", query, -(-source // rows), n * heads,
                dk.mem, dv.mem, grad.mem, lse.mem, delta.mem, *rest)
    return dq, dk, dv
