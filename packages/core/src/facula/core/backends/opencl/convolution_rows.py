"""Convolutions of stride 1 on CPU devices, by shifted rows: see ``convolution_rows.cl``."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import CPU, declare
from facula.core.backends.opencl.gemm import cpu_tile, product_defines
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS
from facula.core.backends.opencl.tuning import choice
from facula.core.dtypes import FLOATS, dtype

_INT = np.dtype(np.int32)
LENGTH = 1024             # places that a sum of the weight's gradient runs over at least, if it can
LARGE_WEIGHT = 1 << 18    # elements from which the parts' traffic costs more than storing columns


def _sum_tile(vector_bytes: int) -> tuple[int, int]:
    """The register tile of the weight's gradient: 32 vector registers with AVX-512, else 16."""
    return (4, 6) if vector_bytes >= 64 else (2, 4)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a band: elements with its border, on the stack, and places; bytes of a vector."""

    padded: int
    places: int
    vector_bytes: int


def limits_of(device: Device, d: dtype) -> Limits:
    """The limits that this device's kernels are built with."""
    found = choice(device, "convolution", d.name)
    return Limits((found["padded_kib"] << 10) // SCALARS[d].partial.itemsize, found["places"],
                  cpu_tile(device, d)[0])


def _defines(device: Device, d: dtype) -> dict[str, str]:
    limits = limits_of(device, d)
    height, width = _sum_tile(limits.vector_bytes)
    return product_defines(device, d, d, d) | {
        "PADDED": str(limits.padded), "PLACES_MAX": str(limits.places),
        "WM": str(height), "WN": str(width)}


declare("convolution_rows.cl", {
    "convolution_rows": [BUFFER] * 4 + [LONG] * 5 + [_INT] * 17,
    "convolution_weight_rows": [BUFFER] * 3 + [LONG] * 6 + [_INT] * 18,
}, FLOATS, CPU, _defines)


@dataclass(frozen=True, slots=True)
class Rows:
    """A convolution of stride 1 over two axes, seen from its output.

    ``size`` and ``out`` are height and width of what is read and written, ``border`` the zeros
    above and left of it.
    """

    pictures: int
    channels: int
    size: tuple[int, int]
    border: tuple[int, int]
    out: tuple[int, int]
    taps: tuple[int, int]
    dilation: tuple[int, int]

    @property
    def span(self) -> tuple[int, int]:
        """How far the window reaches beyond its first tap."""
        (k1, k2), (d1, d2) = self.taps, self.dilation
        return d1 * (k1 - 1), d2 * (k2 - 1)

    @property
    def width(self) -> int:
        """The width of a band with its border."""
        return self.out[1] + self.span[1]


@functools.lru_cache(maxsize=1024)
def rows_of(geometry: Any, is_backward: bool) -> Rows | None:
    """The convolution, or its gradient by the input, by rows; None if it has another form."""
    if geometry.stride != (1, 1, 1) or geometry.size[0] != 1 or geometry.window[0] != 1 or (
            geometry.pad[0]):
        return None
    taps, dilation = geometry.window[1:], geometry.dilation[1:]
    size, border, out = geometry.size[1:], geometry.pad[1:], geometry.out[1:]
    channels = geometry.per_in
    if is_backward:
        size, out, channels = out, size, geometry.per_out
        border = tuple(d * (k - 1) - p for d, k, p in zip(dilation, taps, border, strict=True))
    if min(border) < 0 or min(size) < 1 or min(out) < 1:
        return None
    return Rows(geometry.pictures, channels, size, border, out, taps, dilation)


@functools.lru_cache(maxsize=1024)
def band_of(rows: Rows, limits: Limits, units: int) -> int:
    """How many rows of the output a work-group computes; 0 if no band fits onto its stack."""
    height, slack = rows.out[0], 2 * rows.width + 64
    most = min(height, limits.places // rows.width,
               (limits.padded - slack) // (rows.channels * rows.width) - rows.span[0])
    while most > 2 and rows.pictures * -(-height // most) < 4 * units:
        most = -(-most // 2)
    return most if most >= min(height, 2) else 0


def run(backend: Any, rows: Rows, band: int, out: CLArray, place: tuple[int, int],
        packed: CLArray, x: CLArray, at: tuple[int, int], m: int, bias: CLArray | None,
        is_backward: bool) -> None:
    """``m`` output planes per picture; ``place`` and ``at`` are (offset, elements per picture)."""
    (s1, s2), start = (rows.dilation[0] * rows.width, rows.dilation[1]), 0
    if is_backward:
        start = rows.span[0] * rows.width + rows.span[1]
        s1, s2 = -s1, -s2
    extra = x if bias is None else bias
    grid = (-(-rows.out[0] // band), rows.pictures)
    backend.runtime.launch(
        backend.families.kernel("convolution_rows", x.dtype), grid, (1, 1), out.mem, packed.mem,
        x.mem, extra.mem, *at, *place, extra.offset, int(bias is not None), rows.channels,
        *rows.size, *rows.border, m, *rows.out, band, rows.span[0], rows.width, *rows.taps,
        start, s1, s2)


@dataclass(frozen=True, slots=True)
class Parts:
    """How the weight's gradient is divided: rows of a band, bands together, bands per part."""

    band: int
    segments: int
    together: int
    per: int
    count: int


@functools.lru_cache(maxsize=1024)
def parts_of(rows: Rows, m: int, d: np.dtype[Any], units: int,
             limits: Limits) -> Parts | None:
    """The division of the weight's gradient among work-groups; None if no band fits."""
    if m * rows.channels * rows.taps[0] * rows.taps[1] > LARGE_WEIGHT:
        return None
    room, height = limits.padded, m + _sum_tile(limits.vector_bytes)[0]
    vector = limits.vector_bytes // SCALARS[BY_NUMPY[d]].partial.itemsize

    def fits(band: int, together: int) -> bool:
        length = together * (band + rows.span[0]) * rows.width + vector
        stride = length + (rows.span[0] + 1) * rows.width
        return height * length <= room and rows.channels * stride + vector <= room

    band = rows.out[0]
    while band > 1 and not fits(band, 1):
        band = -(-band // 2)
    if not fits(band, 1) or band < min(rows.out[0], 2):
        return None
    segments = rows.pictures * -(-rows.out[0] // band)
    per = -(-segments // (4 * units))
    together = 1
    while (together < per and fits(band, together + 1)
           and together * (band + rows.span[0]) * rows.width < LENGTH):
        together += 1
    return Parts(band, segments, together, per, -(-segments // per))


def run_weight(backend: Any, rows: Rows, parts: Parts, sums: CLArray, place: tuple[int, int],
               g: CLArray, at_g: tuple[int, int], x: CLArray, at_x: tuple[int, int],
               m: int) -> None:
    """The parts' sums, one weight-shaped array each; (offset, elements per part or picture)."""
    backend.runtime.launch(
        backend.families.kernel("convolution_weight_rows", x.dtype), (parts.count,), (1,),
        sums.mem, g.mem, x.mem, *place, *at_g, *at_x, parts.segments, parts.per, parts.together,
        rows.channels, *rows.size, *rows.border, m, *rows.out, parts.band, rows.span[0],
        rows.width, *rows.taps, rows.dilation[0] * rows.width, rows.dilation[1])
