"""Running sums, products, maxima and minima, and the places of what is not zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl import families
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.neural import lines_of
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS
from facula.core.dtypes import dtype

_INT, _INT64 = np.dtype(np.int32), np.dtype(np.int64)
_GPU_CHUNK, _GPU_LINES = 8192, 1 << 15   # elements of a chunk; items that keep a GPU busy
_CPU_CHUNK = 1 << 15
_LEAST = 64                              # no chunk is shorter
_COMPACT_CHUNK = 1 << 14


def _declare(name: str, define: str, types: tuple[dtype, ...]) -> None:
    """The kernels of one scan: a program of its own for each element type."""
    arguments: list[Any] = [BUFFER] * 5 + [LONG] * 6 + [_INT]
    shared: dict[str, list[Any]] = {f"scan_{name}_lines": arguments,
                                    f"scan_{name}_carries": [BUFFER] * 2 + [LONG] * 2}

    def defines(device: Device, d: dtype) -> Mapping[str, str]:
        places = {"HAS_PLACES": "1"} if name in ("max", "min") else {}
        return {"NAME(kernel)": f"scan_{name}_##kernel", define: "1", **places}

    families.declare("scan.cl", {**shared, f"scan_{name}_rows": arguments}, types, families.CPU,
                     defines)
    families.declare("scan.cl", {**shared, f"scan_{name}_groups": arguments}, types, families.GPU,
                     defines)


_declare("sum", "SCAN_SUM", tuple(SCALARS))
_declare("product", "SCAN_PRODUCT", tuple(SCALARS))
_declare("logaddexp", "SCAN_LOGADDEXP", dtypes.FLOATS)
_declare("max", "SCAN_MAX", tuple(SCALARS))
_declare("min", "SCAN_MIN", tuple(SCALARS))
families.declare("compact.cl", {
    "compact_counts": [BUFFER] * 2 + [LONG] * 3,
    "compact_places": [BUFFER] * 3 + [LONG] * 3,
    "compact_axis": [BUFFER] * 2 + [LONG] * 4,
})


def _scan(backend: Any, name: str, input: CLArray, dim: int,
          has_places: bool = False) -> tuple[CLArray, CLArray]:
    """The running combination, and where each stood (else the same array again)."""
    runtime = backend.runtime
    x = backend.contiguous(input)
    out: CLArray = runtime.new(x.shape, x.dtype)
    where = runtime.new(x.shape, _INT64) if has_places else out
    if not out.size:
        return out, where
    before, length, after = lines_of(x, dim) if x.ndim else (1, 1, 1)
    lines = before * after
    chunk = _chunk(runtime, lines, length, after)
    chunks = -(-length // chunk)
    wide = SCALARS[BY_NUMPY[x.dtype]].partial.numpy
    carry, carry_at = runtime.new((lines * chunks,), wide), runtime.new((lines * chunks,), _INT64)

    def find(part: str) -> Any:
        return backend.families.kernel(f"scan_{name}_{part}", x.dtype)

    for phase in ((0, 1) if chunks > 1 else (1,)):
        arguments = (out.mem, where.mem, carry.mem, carry_at.mem, x.mem, x.offset, lines, length,
                     after, chunk, chunks, phase)
        if after == 1 and runtime.is_cpu:
            runtime.launch(find("rows"), (lines * chunks,), (1,), *arguments)
        elif after == 1 and length > _LEAST:
            runtime.launch(find("groups"), (lines * chunks * 256,), (256,), *arguments)
        else:
            runtime.launch_flat(find("lines"), lines * chunks, *arguments)
        if not phase:
            runtime.launch_flat(find("carries"), lines, carry.mem, carry_at.mem, lines, chunks)
    return out, where


def _chunk(runtime: Any, lines: int, length: int, after: int) -> int:
    """How many elements of a line one work-item (or group) takes: all, where there are lines."""
    if runtime.is_cpu:
        groups = -(-lines // 256) if after > 1 else lines
        parts = -(-2 * runtime.device.compute_units // groups)
        return max(_CPU_CHUNK if after == 1 else _LEAST, -(-length // parts))
    if after == 1 and length > _LEAST:
        return _GPU_CHUNK
    return max(_LEAST, -(-length // -(-_GPU_LINES // lines)))


@kernel("cumsum")
def cumsum(backend: Any, input: CLArray, dim: int) -> CLArray:
    """Running sums along ``dim``."""
    return _scan(backend, "sum", input, dim)[0]


@kernel("cumprod")
def cumprod(backend: Any, input: CLArray, dim: int) -> CLArray:
    """Running products along ``dim``."""
    return _scan(backend, "product", input, dim)[0]


@kernel("logcumsumexp")
def logcumsumexp(backend: Any, input: CLArray, dim: int) -> CLArray:
    """Logarithms of running sums of exponentials along ``dim``."""
    return _scan(backend, "logaddexp", input, dim)[0]


@kernel("cummax_indices")
def cummax_indices(backend: Any, input: CLArray, dim: int) -> tuple[CLArray, CLArray]:
    """The largest elements so far and where they stood, the last of equal ones."""
    return _scan(backend, "max", input, dim, True)


@kernel("cummin_indices")
def cummin_indices(backend: Any, input: CLArray, dim: int) -> tuple[CLArray, CLArray]:
    """The smallest elements so far and where they stood, the last of equal ones."""
    return _scan(backend, "min", input, dim, True)


@kernel("nonzero_positions")
def nonzero_positions(backend: Any, input: CLArray) -> CLArray:
    """One row of positions per dimension; waits for their number."""
    runtime, find = backend.runtime, backend.families.kernel
    x = backend.contiguous(input)
    if not x.size:
        return runtime.new((x.ndim, 0), _INT64)  # type: ignore[no-any-return]
    chunks = -(-x.size // _COMPACT_CHUNK)
    local = 1 if runtime.is_cpu else 256
    counts = runtime.new((chunks,), _INT64)
    runtime.launch(find("compact_counts", x.dtype), (chunks * local,), (local,), counts.mem, x.mem,
                   x.offset, x.size, _COMPACT_CHUNK)
    ends = cumsum(backend, counts, 0) if chunks > 1 else counts
    count = int(backend.to_numpy(ends[chunks - 1]))
    if not x.ndim:
        return runtime.new((0, count), _INT64)  # type: ignore[no-any-return]
    places: CLArray = runtime.new((1, count), _INT64)
    if not count:
        return runtime.new((x.ndim, 0), _INT64)  # type: ignore[no-any-return]
    runtime.launch(find("compact_places", x.dtype), (chunks * local,), (local,), places.mem,
                   ends.mem, x.mem, x.offset, x.size, _COMPACT_CHUNK)
    if x.ndim == 1:
        return places
    out: CLArray = runtime.new((x.ndim, count), _INT64)
    step = x.size
    for axis, length in enumerate(x.shape):
        step //= length
        runtime.launch_flat(find("compact_axis", x.dtype), count, out.mem, places.mem,
                            axis * count, count, step, length)
    return out
