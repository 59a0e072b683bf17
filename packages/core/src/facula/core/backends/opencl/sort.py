"""Sorted orders on the device, and what is read off them: ranks, unique elements, counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.fallback import host_fallback
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import CPU, GPU, declare
from facula.core.backends.opencl.neural import lines_of
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.backends.opencl.scalars import SCALARS
from facula.core.dtypes import dtype

_INT, _INT64 = np.dtype(np.int32), np.dtype(np.int64)
_GPU_BLOCK, _GPU_CHUNK = 1024, 8
_CPU_LEAST = 1 << 15   # a CPU device cuts long lines into blocks of at least this many elements
_CPU_CHUNK = 1 << 13
_FEW = 64              # so many of a line a CPU device keeps in order while it looks at all
_MOST = 2**31 - 1      # places within a line are 32 bits wide
Pair = tuple[CLArray, CLArray]


def _key_type(device: Device, d: dtype) -> Mapping[str, str]:
    return {"K": "ulong" if SCALARS[d].compute in ("long", "ulong", "double") else "uint",
            "BLOCK": str(_GPU_BLOCK)}


_KERNELS: dict[str, list[Any]] = {
    "sort_blocks": [BUFFER] * 5 + [LONG] * 6 + [_INT],
    "sort_merge": [BUFFER] * 4 + [LONG] * 4,
    "sort_pick": [BUFFER] * 4 + [LONG] * 6,
    "sort_median": [BUFFER] * 5 + [LONG] * 4 + [_INT],
    "sort_mode": [BUFFER] * 5 + [LONG] * 4,
    "unsorted_keys": [BUFFER] * 3 + [LONG] * 2,
    "unique_starts": [BUFFER] * 2 + [LONG],
    "unique_spread": [BUFFER] * 6 + [LONG] * 2,
    "bin_starts": [BUFFER] * 2 + [LONG] * 2,
    "search_places": [BUFFER] * 3 + [LONG] * 5 + [_INT],
    "bin_places": [BUFFER] * 3 + [LONG] * 4,
}
_OF_KIND: tuple[tuple[tuple[str, ...], dict[str, list[Any]]], ...] = (
    (CPU, {"sort_few": [BUFFER] * 3 + [LONG] * 3 + [_INT] * 2}), (GPU, {}))
for _kinds, _more in _OF_KIND:
    declare("sort.cl", {**_KERNELS, **_more},
            tuple(d for d in SCALARS if not d.is_floating_point), _kinds, _key_type)
    declare("sort.cl", {**_KERNELS, **_more, "bin_sums": [BUFFER] * 4 + [LONG] * 2},
            dtypes.FLOATS, _kinds, _key_type)


@dataclass(frozen=True, slots=True)
class Order:
    """Lines of a contiguous ``x`` = (A, R, B) in order: keys and places, one line after another."""

    x: CLArray
    sizes: tuple[int, int, int]
    keys: CLArray
    places: CLArray

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self.sizes[0] * self.sizes[2]


def ordered(backend: Any, input: CLArray, dim: int, descending: bool = False) -> Order:
    """The lines along ``dim`` in order, as keys and places."""
    runtime = backend.runtime
    x = backend.contiguous(input)
    before, length, after = sizes = lines_of(x, dim)
    lines = before * after
    find, d = backend.families.kernel, x.dtype
    keys, places, spare_keys, spare_places = (
        runtime.new((lines * length,), np.dtype(t))
        for t in (_key_bytes(d), np.int32, _key_bytes(d), np.int32))
    if not x.size:
        return Order(x, sizes, keys, places)
    if runtime.is_cpu:
        parts = -(-2 * runtime.device.compute_units // lines)
        width = 1 << (max(_CPU_LEAST, -(-length // parts)) - 1).bit_length()
    else:
        width = min(_GPU_BLOCK, 1 << (length - 1).bit_length())
    blocks = -(-length // width)
    if runtime.is_cpu:
        grid: tuple[tuple[int, ...], tuple[int, ...]] = ((lines * blocks,), (1,))
    else:
        grid = ((-(-lines * blocks // (_GPU_BLOCK // width)) * 256,), (256,))
    runtime.launch(find("sort_blocks", d), *grid, keys.mem, places.mem, spare_keys.mem,
                   spare_places.mem, x.mem, x.offset, lines, length, after, width, blocks,
                   int(descending))
    chunk = _CPU_CHUNK if runtime.is_cpu else _GPU_CHUNK
    while width < length:
        runtime.launch_flat(find("sort_merge", d), lines * -(-length // chunk), spare_keys.mem,
                            spare_places.mem, keys.mem, places.mem, lines, length, width, chunk)
        keys, places, spare_keys, spare_places = spare_keys, spare_places, keys, places
        width *= 2
    return Order(x, sizes, keys, places)


def _key_bytes(numpy: np.dtype[Any]) -> type:
    return np.int64 if numpy.itemsize == 8 else np.int32


def _on_host(backend: Any, name: str, input: CLArray, dim: int | None) -> Any:
    """The host's kernel for lines whose places need more than 32 bits."""
    length = input.size if dim is None or not input.ndim else input.shape[dim]
    return host_fallback(backend, name) if length > _MOST else None


def _scalar(backend: Any, input: CLArray) -> Pair:
    return backend.copy(input), backend.full((), 0, dtypes.int64)


def _picked(backend: Any, order: Order, dim: int, first: int, count: int,
            keepdim: bool = True) -> Pair:
    """``count`` elements of each line from the ``first`` in order on."""
    _, length, after = order.sizes
    shape = order.x.shape
    out = (*shape[:dim], *((count,) if keepdim else ()), *shape[dim + 1:])
    values, where = backend.runtime.new(out, order.x.dtype), backend.runtime.new(out, _INT64)
    if values.size:
        backend.runtime.launch_flat(
            backend.families.kernel("sort_pick", order.x.dtype), values.size, values.mem,
            where.mem, order.places.mem, order.x.mem, order.x.offset, values.size, length, after,
            count, first)
    return values, where


@kernel("sort_indices")
def sort_indices(backend: Any, input: CLArray, dim: int, descending: bool) -> Pair:
    """The elements in order, stable, NaN the largest; and where they stood."""
    if not input.ndim:
        return _scalar(backend, input)
    if host := _on_host(backend, "sort_indices", input, dim):
        return host(input, dim, descending)  # type: ignore[no-any-return]
    order = ordered(backend, input, dim, descending)
    return _picked(backend, order, dim, 0, input.shape[dim])


@kernel("topk_indices")
def topk_indices(backend: Any, input: CLArray, k: int, dim: int, largest: bool) -> Pair:
    """The first k in order."""
    if not input.ndim:
        return _scalar(backend, input)
    if host := _on_host(backend, "topk_indices", input, dim):
        return host(input, k, dim, largest)  # type: ignore[no-any-return]
    if backend.runtime.is_cpu and 0 < k <= min(_FEW, input.shape[dim] // 8):
        return _few(backend, input, k, dim, largest)
    return _picked(backend, ordered(backend, input, dim, largest), dim, 0, k)


def _few(backend: Any, input: CLArray, k: int, dim: int, largest: bool) -> Pair:
    """The first few in order on a CPU device."""
    x = backend.contiguous(input)
    before, length, after = lines_of(x, dim)
    shape = (*x.shape[:dim], k, *x.shape[dim + 1:])
    values, where = backend.runtime.new(shape, x.dtype), backend.runtime.new(shape, _INT64)
    if values.size:
        backend.runtime.launch(
            backend.families.kernel("sort_few", x.dtype), (before * after,), (1,), values.mem,
            where.mem, x.mem, x.offset, length, after, k, int(largest))
    return values, where


@kernel("kth_index")
def kth_index(backend: Any, input: CLArray, k: int, dim: int, keepdim: bool) -> Pair:
    """The k-th in order, counted from 1."""
    if not input.ndim:
        return _scalar(backend, input)
    if host := _on_host(backend, "kth_index", input, dim):
        return host(input, k, dim, keepdim)  # type: ignore[no-any-return]
    return _picked(backend, ordered(backend, input, dim), dim, k - 1, 1, keepdim)


def _of_lines(backend: Any, name: str, input: CLArray, dim: int, keepdim: bool,
              *numbers: int) -> Pair:
    """One element per line, found in its order by the kernel of this name."""
    order = ordered(backend, input, dim)
    _, length, after = order.sizes
    shape = (*input.shape[:dim], *((1,) if keepdim else ()), *input.shape[dim + 1:])
    values, where = backend.runtime.new(shape, input.dtype), backend.runtime.new(shape, _INT64)
    if values.size:
        backend.runtime.launch_flat(
            backend.families.kernel(name, input.dtype), values.size, values.mem, where.mem,
            order.keys.mem, order.places.mem, order.x.mem, order.x.offset, order.lines, length,
            after, *numbers)
    return values, where


@kernel("median_index")
def median_index(backend: Any, input: CLArray, dim: int, keepdim: bool, ignore_nan: bool) -> Pair:
    """The middle element, the lower one of two; the first NaN unless those are left out."""
    if not input.ndim:
        return _scalar(backend, input)
    if host := _on_host(backend, "median_index", input, dim):
        return host(input, dim, keepdim, ignore_nan)  # type: ignore[no-any-return]
    return _of_lines(backend, "sort_median", input, dim, keepdim, int(ignore_nan))


@kernel("mode_index")
def mode_index(backend: Any, input: CLArray, dim: int, keepdim: bool) -> Pair:
    """The smallest of the most frequent elements, and where the last of them stands."""
    if not input.ndim:
        return _scalar(backend, input)
    if host := _on_host(backend, "mode_index", input, dim):
        return host(input, dim, keepdim)  # type: ignore[no-any-return]
    return _of_lines(backend, "sort_mode", input, dim, keepdim)


@kernel("unique_all")
def unique_all(backend: Any, input: CLArray, dim: int | None,
               consecutive: bool) -> tuple[CLArray, CLArray, CLArray]:
    """Unique elements, which one each was, and how often it came; slices on the host."""
    if dim is not None or input.size > _MOST:
        return host_fallback(backend, "unique_all")(  # type: ignore[no-any-return]
            input, dim, consecutive)
    runtime, find, d = backend.runtime, backend.families.kernel, input.dtype
    flat, n = backend.contiguous(input).reshaped((input.size,)), input.size
    if not n:
        empty = runtime.new((0,), _INT64)
        return runtime.new((0,), d), runtime.new(input.shape, _INT64), empty
    if consecutive:
        order = Order(flat, (1, n, 1), runtime.new((n,), np.dtype(_key_bytes(d))),
                      runtime.new((n,), _INT))
        runtime.launch_flat(find("unsorted_keys", d), n, order.keys.mem, order.places.mem,
                            flat.mem, flat.offset, n)
    else:
        order = ordered(backend, flat, 0)
    starts = runtime.new((n,), _INT64)
    runtime.launch_flat(find("unique_starts", d), n, starts.mem, order.keys.mem, n)
    ranks = backend.kernels["cumsum"](starts, 0)
    count = int(backend.to_numpy(ranks[n - 1]))
    values, inverse = runtime.new((count,), d), runtime.new(input.shape, _INT64)
    first = runtime.new((count + 1,), _INT64)
    runtime.launch_flat(find("unique_spread", d), n, values.mem, inverse.mem, first.mem,
                        ranks.mem, order.places.mem, flat.mem, flat.offset, n)
    return values, inverse, _gaps(backend, first)


def _gaps(backend: Any, first: CLArray) -> CLArray:
    """What lies between neighbours in an ascending list."""
    integers = {"a": dtypes.int64, "b": dtypes.int64}
    return backend.mapped("b - a", integers, (), dtypes.int64)(  # type: ignore[no-any-return]
        first[:-1], first[1:])


def _binned(backend: Any, input: CLArray, bins: int, weights: CLArray | None) -> CLArray:
    """How often each of 0 .. bins - 1 comes in the contiguous 1-D input, or the sums of weights.

    The input holds no negative number; weights are added in their own order.
    """
    order = ordered(backend, input, 0)
    starts = backend.runtime.new((bins + 1,), _INT64)
    backend.runtime.launch_flat(backend.families.kernel("bin_starts", input.dtype), bins + 1,
                                starts.mem, order.keys.mem, input.size, bins)
    if weights is None:
        return _gaps(backend, starts)
    out: CLArray = backend.runtime.new((bins,), weights.dtype)
    weights = backend.contiguous(weights)
    if bins:
        backend.runtime.launch_flat(
            backend.families.kernel("bin_sums", weights.dtype), bins, out.mem, weights.mem,
            order.places.mem, starts.mem, weights.offset, bins)
    return out


@kernel("bincount")
def bincount(backend: Any, input: CLArray, weights: CLArray | None, minlength: int) -> CLArray:
    """How often each number comes, or the sums of weights; waits for the largest number."""
    result = dtypes.float32 if weights is not None and weights.dtype == np.float32 else (
        dtypes.float64)
    wide = dtypes.float64 if backend.runtime.device.fp64 else dtypes.float32
    if input.size > _MOST or (result is not wide and wide is dtypes.float32
                              and weights is not None):
        return host_fallback(backend, "bincount")(  # type: ignore[no-any-return]
            input, weights, minlength)
    bins = minlength
    if input.size:
        low, high = (int(backend.to_numpy(backend.kernels[name](input, 0, False)[0]))
                     for name in ("min_dim", "max_dim"))
        if low < 0:
            raise RuntimeError(f"bincount: the input holds {low}: numbers must not be negative")
        bins = max(bins, high + 1)
    flat = backend.contiguous(input)
    if weights is None:
        return _binned(backend, flat, bins, None)
    sums = _binned(backend, flat, bins, backend.cast(weights, wide))
    return sums if result is wide else backend.cast(sums, result)  # type: ignore[no-any-return]


@kernel("search_rows")
def search_rows(backend: Any, sequence: CLArray, values: CLArray, right: bool) -> CLArray:
    """Where values would be inserted into sorted rows, by bisection."""
    if sequence.dtype != values.dtype:
        return host_fallback(backend, "search_rows")(  # type: ignore[no-any-return]
            sequence, values, right)
    found: CLArray = backend.runtime.new(values.shape, _INT64)
    if found.size:
        sequence, values = backend.contiguous(sequence), backend.contiguous(values)
        each = values.shape[-1] if sequence.ndim > 1 else 0
        backend.runtime.launch_flat(
            backend.families.kernel("search_places", values.dtype), found.size, found.mem,
            sequence.mem, values.mem, sequence.offset, values.offset, found.size,
            sequence.shape[-1], each, int(right))
    return found


@kernel("histogram_counts")
def histogram_counts(backend: Any, input: CLArray, edges: CLArray,
                     weight: CLArray | None) -> CLArray:
    """How many elements (or how much weight) lie between edges; the last bin holds its end."""
    d = dtypes.as_dtype(input.dtype)
    wide = dtypes.float64 if backend.runtime.device.fp64 else dtypes.float32
    if input.size > _MOST or input.dtype != edges.dtype:
        return host_fallback(backend, "histogram_counts")(  # type: ignore[no-any-return]
            input, edges, weight)
    flat, bins = backend.contiguous(input).reshaped((input.size,)), edges.shape[0] - 1
    edges = backend.contiguous(edges)
    place = backend.runtime.new(flat.shape, _INT64)
    if flat.size:  # elements outside go to a bin of their own behind the last
        backend.runtime.launch_flat(
            backend.families.kernel("bin_places", flat.dtype), flat.size, place.mem, edges.mem,
            flat.mem, edges.offset, flat.offset, flat.size, bins)
    weights = None if weight is None else backend.cast(
        backend.contiguous(weight).reshaped((weight.size,)), wide)
    return backend.cast(_binned(backend, place, bins + 1, weights)[:bins],  # type: ignore
                        d)
