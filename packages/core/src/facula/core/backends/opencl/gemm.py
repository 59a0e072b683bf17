"""Matrix products on the device: operands described by strides, the variant by device class.

``Product`` runs ``C[z, m, n] = sum_k A[z, m, k] B[z, k, n] + bias[m]`` where B is a strided array
or the columns of a picture (see ``gemm_address.cl`` for the formulas).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import CPU, Families, declare, define_lines
from facula.core.backends.opencl.operands import (
    COLUMNS,
    COLUMNS_ROWS,
    LEFT_ARGUMENTS,
    PICTURE_ARGUMENTS,
    STRIDED,
    STRIDED_ARGUMENTS,
    Left,
    Right,
    Sizes,
)
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import BUFFER, LONG, Kernel, read_source
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS, converted
from facula.core.backends.opencl.tensor_cores import tensor_product
from facula.core.backends.opencl.tuning import choice
from facula.core.dtypes import FLOATS, dtype

_INT = np.dtype(np.int32)
_CPU_KERNELS: dict[str, list[Any]] = {
    "gemm_pack_a": [BUFFER] * 2 + [LONG] * 4 + LEFT_ARGUMENTS,
    "gemm_pack_strided": [BUFFER] * 2 + [LONG] * 3 + STRIDED_ARGUMENTS,
    "gemm_pack_columns": [BUFFER] * 2 + [LONG] * 3 + PICTURE_ARGUMENTS,
    "gemm_pack_columns_rows": [BUFFER] * 2 + [LONG] * 3 + PICTURE_ARGUMENTS,
    "gemm_whole": ([BUFFER] * 4 + [LONG] * 10 + [_INT] + [LONG] * 2 + LEFT_ARGUMENTS
                   + STRIDED_ARGUMENTS),
    "gemm_blocks": [BUFFER] * 4 + [LONG] * 9 + [_INT] + [LONG] * 2,
}
_PACKS = {STRIDED: "gemm_pack_strided", COLUMNS: "gemm_pack_columns",
          COLUMNS_ROWS: "gemm_pack_columns_rows"}
WHOLE_WORK = 1 << 26  # up to this number of products one launch does better than three
PACKED_TOGETHER = 8  # panels of A that a work-group packs, if there are enough
LARGE_TILES = 512  # from this size in both directions on a GPU takes the tiles for large products


def cpu_tile(device: Device, d: dtype) -> tuple[int, int]:
    """Bytes of a vector and rows of the register tile: 2 vectors by as many rows as registers hold.

    GFLOP/s at 1024 on two Ice Lake cores: 64 bytes by 12 rows 209, 32 by 12 123, 32 by 6 106
    (OpenBLAS 195).
    """
    found = choice(device, "gemm", d.name)
    return found["vector_bytes"], found["rows"]


def product_defines(device: Device, a: dtype, b: dtype, c: dtype) -> dict[str, str]:
    """The macros of a product of element types a and b into c."""
    left, right, side = SCALARS[a], SCALARS[b], SCALARS[c]
    defines = {"T": side.compute, "STORE_A": left.storage, "STORE_B": right.storage,
            "STORE_CT": side.storage, "LOAD_A(x)": converted(left.load.format("(x)"), a, c),
            "LOAD_B(x)": converted(right.load.format("(x)"), b, c),
            "STORE_C(x)": side.store.format("x")}
    if device.kind != "cpu":
        return defines
    tile = choice(device, "gemm", c.name)
    width = tile["vector_bytes"] // side.partial.itemsize
    if a is b is c and side.storage == side.compute:
        defines["AS_STORED"] = "1"
    return defines | {
        "VW": str(width), "VEC": f"{side.compute}{width}", "VEC4": f"{side.compute}4",
        "MR": str(tile["rows"]),
        "MC": str(tile["mc"]), "NC": str(tile["nc"]), "KC": str(tile["kc"])}


declare(("gemm_address.cl", "gemm_cpu.cl"), _CPU_KERNELS, FLOATS, CPU,
        lambda device, d: product_defines(device, d, d, d))


class Product:
    """The product kernels for one combination of element types and one way to address B."""

    def __init__(self, families: Families, a: dtype, b: dtype, c: dtype, kind: str) -> None:
        self.runtime = families.runtime
        self._compute = SCALARS[c].partial.numpy
        device = self.runtime.device
        if not self.runtime.is_cpu:
            self._tensor = tensor_product(families, a, b, c, kind)
            self._tiles = {bucket: self._gpu_tiles(choice(device, "gemm", c.name, bucket),
                                                   product_defines(device, a, b, c), kind)
                           for bucket in ("small", "large")}
            return
        tile = choice(device, "gemm", c.name)
        self._rows, self._block = tile["rows"], (tile["mc"], tile["nc"])
        self._panel = 2 * tile["vector_bytes"] // self._compute.itemsize
        names = ("gemm_pack_a", _PACKS[kind], "gemm_blocks", "gemm_whole")
        self._takes_whole = kind == STRIDED
        if a is b is c and c in FLOATS:
            kernels = {name: families.kernel(name, c.numpy) for name in names}
        else:
            source = (define_lines(product_defines(self.runtime.device, a, b, c))
                      + read_source("gemm_address.cl") + read_source("gemm_cpu.cl"))
            kernels = self.runtime.kernels(source, (), _CPU_KERNELS)
        self._pack_a, self._pack_b, self._blocks, self._whole = (kernels[n] for n in names)

    def _gpu_tiles(self, tile: dict[str, int], defines: dict[str, str],
                   kind: str) -> tuple[Kernel, int, int]:
        """The kernel of one tile, with the tile's rows and columns."""
        sizes = {name.upper(): str(number) for name, number in tile.items()}
        source = (define_lines({**defines, **sizes, kind: "1"})
                  + read_source("gemm_address.cl") + read_source("gemm_gpu.cl"))
        right = STRIDED_ARGUMENTS if kind == STRIDED else PICTURE_ARGUMENTS
        arguments = [BUFFER] * 4 + [LONG] * 10 + [_INT] + LEFT_ARGUMENTS + right
        return (self.runtime.kernels(source, (), {"gemm_tiles": arguments})["gemm_tiles"],
                tile["tm"], tile["tn"])

    def _split(self, m: int, n: int, batches: int) -> tuple[int, int]:
        """Rows and columns of a work-group's block: large, alike, and enough for all cores.

        Every cut along one axis has all of the other operand packed once more.
        """
        panels = -(-m // self._rows), -(-n // self._panel)
        cuts = [-(-panels[0] // (self._block[0] // self._rows)),
                -(-panels[1] // (self._block[1] // self._panel))]
        axis = int(m < n)
        while (cuts[0] * cuts[1] * batches < self.runtime.device.compute_units
               and cuts[axis] < panels[axis]):
            cuts[axis] += 1
        return -(-panels[0] // cuts[0]) * self._rows, -(-panels[1] // cuts[1]) * self._panel

    def packed_left(self, a: Left, sizes: Sizes) -> CLArray | None:
        """A in panels (CPU devices), so that several products may share it."""
        if not self.runtime.is_cpu:
            return None
        panels = -(-sizes.m // self._rows)
        packed = self.runtime.new((max(1, sizes.left * panels * self._rows * sizes.k),),
                                  self._compute)
        run = max(1, min(PACKED_TOGETHER, panels // (4 * self.runtime.device.compute_units)))
        self.runtime.launch(self._pack_a, (-(-panels // run), sizes.left), (1, 1), packed.mem,
                            a.data.mem, sizes.m, sizes.k, sizes.inner, run, *a.arguments())
        return packed

    def run(self, out: CLArray, place: tuple[int, int, int], a: Left, b: Right, sizes: Sizes,
            bias: CLArray | None = None, packed: CLArray | None = None,
            bias_strides: tuple[int, int] = (1, 0)) -> None:
        """Compute into ``out`` at ``place`` = (offset in elements, batch stride, row stride)."""
        runtime = self.runtime
        extra = bias if bias is not None else a.data
        has_bias = int(bias is not None)
        if not runtime.is_cpu:
            if self._tensor is not None and self._tensor.run(out, place, a, b, sizes, bias,
                                                             bias_strides):
                return
            kernel, rows, columns = self._tiles[
                "large" if min(sizes.m, sizes.n) >= LARGE_TILES else "small"]
            grid = (-(-sizes.n // columns) * 256, -(-sizes.m // rows), sizes.z)
            runtime.launch(kernel, grid, (256, 1, 1), out.mem, a.data.mem, b.data.mem,
                           extra.mem, sizes.m, sizes.n, sizes.k, sizes.inner, *place,
                           extra.offset, *bias_strides, has_bias, *a.arguments(), *b.arguments())
            return
        if (self._takes_whole and packed is None
                and sizes.m * sizes.n * sizes.k <= WHOLE_WORK):
            rows, columns = self._split(sizes.m, sizes.n, sizes.z)
            grid = (-(-sizes.m // rows), -(-sizes.n // columns), sizes.z)
            runtime.launch(self._whole, grid, (1, 1, 1), out.mem, a.data.mem, b.data.mem,
                           extra.mem, sizes.m, sizes.n, sizes.k, sizes.inner, *place,
                           extra.offset, *bias_strides, has_bias, rows, columns,
                           *a.arguments(), *b.arguments())
            return
        if packed is None:
            packed = self.packed_left(a, sizes)
        assert packed is not None
        panels = -(-sizes.n // self._panel)
        right = runtime.new((max(1, sizes.right * panels * self._panel * sizes.k),),
                            self._compute)
        runtime.launch(self._pack_b, (panels, sizes.right), (1, 1), right.mem, b.data.mem,
                       sizes.k, sizes.n, sizes.inner, *b.arguments())
        grid = (-(-sizes.m // self._block[0]), -(-sizes.n // self._block[1]), sizes.z)
        runtime.launch(self._blocks, grid, (1, 1, 1), out.mem, packed.mem, right.mem, extra.mem,
                       sizes.m, sizes.n, sizes.k, *place, extra.offset, *bias_strides, has_bias,
                       int(sizes.left > 1), int(sizes.right > 1))


def product(families: Families, a: CLArray, b: CLArray, out: np.dtype[Any],
            kind: str) -> Product:
    """The product for these arrays' types, built on first use."""
    key = (a.dtype, b.dtype, out, kind)
    found: Product | None = families.products.get(key)
    if found is None:
        found = families.products[key] = Product(families, BY_NUMPY[a.dtype],
                                                 BY_NUMPY[b.dtype], BY_NUMPY[out], kind)
    return found
