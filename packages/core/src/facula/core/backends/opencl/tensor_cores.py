"""Products on NVIDIA's tensor cores: which products they take, and the check before they do.

No kernel is used before it has computed a small product to within its type's rounding. One that
does not compile, does not run or is wrong switches the tensor cores off for its element type, and
the plain kernels go on; ``report`` says so and why.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.opencl import TensorCores
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import Families, define_lines
from facula.core.backends.opencl.operands import (
    COLUMNS,
    LEFT_ARGUMENTS,
    PICTURE_ARGUMENTS,
    STRIDED,
    STRIDED_ARGUMENTS,
    Left,
    Right,
    Sizes,
)
from facula.core.backends.opencl.programs import BUFFER, LONG, Kernel, read_source
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.scalars import SCALARS
from facula.core.backends.opencl.tuning import choice
from facula.core.dtypes import bfloat16, dtype, float16, float32
from facula.core.settings import get_float32_matmul_precision

ANY, ALONG, ACROSS = "ANY", "ALONG", "ACROSS"  # how an operand lies, see gemm_mma.cl
ON = "on"
_NAMES = {float16: "float16", bfloat16: "bfloat16", float32: "tf32"}
_MACROS = {float16: "HALF", bfloat16: "BFLOAT", float32: "TF32"}
_INT = np.dtype(np.int32)
# The plain kernels have tiles of 64 too, so that a product which fills a quarter of one gains as
# long as it is not mere overhead: reasoned, not measured.
LEAST_SIDE, LEAST_DEPTH, LEAST_WORK = 16, 16, 1 << 18
MOST_DEPTH = 1 << 30  # the kernel counts k in int
# A tensor core's sums of a hundred products may be off by as many units in float32's last place;
# as TF32 each operand is off by 2^-11 of itself.
_PRODUCT_ERROR = {float16: 2.0**-15, bfloat16: 2.0**-15, float32: 2.0**-9.9}
_RESULT_ERROR = {float16: 2.0**-10, bfloat16: 2.0**-7, float32: 2.0**-20}
Place = tuple[int, int, int]


def _vectors(width: int, *steps: int) -> bool:
    """Whether all of these are whole numbers of 16 bytes."""
    return all(step % width == 0 for step in steps)


def left_layout(a: Left, sizes: Sizes) -> str:
    """How A is fetched: 16 bytes at a time only if none of them cross the matrix's edge."""
    z1, z0, am, k1, k0 = a.strides
    width = 16 // a.data.dtype.itemsize
    two_levels = a.inner < sizes.k
    if not _vectors(width, a.data.offset, z1, z0) or (two_levels and not _vectors(width, k1)):
        return ANY
    if (k0 == 1 and _vectors(width, am, sizes.k)
            and (not two_levels or _vectors(width, a.inner))):
        return ALONG
    return ACROSS if am == 1 and _vectors(width, k0, sizes.m) else ANY


def right_layout(b: Right, sizes: Sizes) -> str:
    """The same for B; elements of pictures are fetched one by one."""
    if b.kind != STRIDED:
        return ANY
    z1, z0, bk, bn = b.numbers
    width = 16 // b.data.dtype.itemsize
    if not _vectors(width, b.data.offset, z1, z0):
        return ANY
    if bk == 1 and _vectors(width, bn, sizes.k):
        return ALONG
    return ACROSS if bn == 1 and _vectors(width, bk, sizes.n) else ANY


def _told(error: BaseException) -> str:
    """The compiler's own words, where there are any, in one line."""
    lines = str(error).splitlines()
    said = [line for line in lines if "error" in line.lower() and "clBuildProgram" not in line]
    return " ".join(" ".join(said[:3] or lines).split())[:400] or type(error).__name__


class TensorProduct:
    """The kernels for one element type of the operands, one of the result, one way to address B."""

    def __init__(self, families: Families, operand: dtype, result: dtype, kind: str) -> None:
        self._runtime: Runtime = families.runtime
        self._states = families.tensor_cores
        self._operand, self._result, self._kind = operand, result, kind
        self.name = _NAMES[operand]
        device = self._runtime.device
        self._is_emulated = device.tensor_cores == "emulated"
        self._tiles = {size: choice(device, "mma", self.name, size) for size in ("small", "large")}
        self._kernels: dict[tuple[str, str, str], Kernel] = {}

    def _wants(self, sizes: Sizes) -> bool:
        return (TensorCores.enabled and min(sizes.m, sizes.n) >= LEAST_SIDE
                and LEAST_DEPTH <= sizes.k <= MOST_DEPTH
                and sizes.m * sizes.n * sizes.k >= LEAST_WORK
                and self._states.get(self.name, ON) == ON
                and (self._operand is not float32 or get_float32_matmul_precision() != "highest"))

    def run(self, out: CLArray, place: Place, a: Left, b: Right, sizes: Sizes,
            bias: CLArray | None, bias_strides: tuple[int, int]) -> bool:
        """Compute as ``Product.run`` does; False, and nothing done, where that is not for us."""
        if not self._wants(sizes):
            return False
        large = self._tiles["large"]
        groups = -(-sizes.m // large["tm"]) * -(-sizes.n // large["tn"]) * sizes.z
        size = "large" if groups >= self._runtime.device.compute_units else "small"
        key = size, left_layout(a, sizes), right_layout(b, sizes)
        kernel = self._kernels.get(key) or self.checked(*key)
        if kernel is None:
            return False
        self._launch(kernel, size, out, place, a, b, sizes, bias, bias_strides)
        return True

    def _launch(self, kernel: Kernel, size: str, out: CLArray, place: Place, a: Left, b: Right,
                sizes: Sizes, bias: CLArray | None, bias_strides: tuple[int, int]) -> None:
        tile = self._tiles[size]
        local = 32 * tile["warps_m"] * tile["warps_n"]
        groups = -(-sizes.m // tile["tm"]) * -(-sizes.n // tile["tn"]) * sizes.z
        extra = bias if bias is not None else a.data
        self._runtime.launch(
            kernel, (groups * local,), (local,), out.mem, a.data.mem, b.data.mem, extra.mem,
            sizes.m, sizes.n, sizes.k, sizes.inner, *place, extra.offset, *bias_strides,
            int(bias is not None), *a.arguments(), *b.arguments())

    def source(self, size: str, left: str, right: str) -> str:
        """The program for a tile and two layouts."""
        operand, result = SCALARS[self._operand], SCALARS[self._result]
        bits = "as_uint(x)" if self._operand is float32 else "(uint)(x)"
        defines = {
            "T": "uint", "STORE_A": operand.storage, "STORE_B": operand.storage,
            "STORE_CT": result.storage, "LOAD_A(x)": bits, "LOAD_B(x)": bits,
            "STORE_C(x)": result.store.format("x"), "TO_FLOAT(x)": operand.load.format("(x)"),
            self._kind: "1", _MACROS[self._operand]: "1", "LAYOUT_A": left, "LAYOUT_B": right}
        defines |= {name.upper(): str(number) for name, number in self._tiles[size].items()}
        if self._is_emulated:
            defines["FACULA_EMULATE_MMA"] = "1"
        return define_lines(defines) + read_source("gemm_address.cl") + read_source("gemm_mma.cl")

    def checked(self, size: str, left: str, right: str) -> Kernel | None:
        """The kernel, built and found right; None if it is not, and the reason is kept."""
        runtime = self._runtime
        try:
            arguments = ([BUFFER] * 4 + [LONG] * 10 + [_INT] + LEFT_ARGUMENTS
                         + (STRIDED_ARGUMENTS if self._kind == STRIDED else PICTURE_ARGUMENTS))
            with runtime.build_lock, runtime.lock:
                # the emulation takes PoCL 0.5 s to compile this way, and 5 s with optimisation
                options = ("-cl-opt-disable",) if self._is_emulated else ()
                program = runtime.programs.build(self.source(size, left, right), options, True)
                kernel = runtime.programs.kernel(program, "gemm_mma", arguments)
            wrong = self._error(kernel, size, left, right)
        except (RuntimeError, MemoryError, runtime.cl.Error) as error:
            wrong = _told(error)
        if wrong:
            self._states[self.name] = f"off: {wrong}"
            return None
        self._states[self.name] = ON
        self._kernels[size, left, right] = kernel
        return kernel

    def _error(self, kernel: Kernel, size: str, left: str, right: str) -> str:
        """What is wrong with a small product of two batches with a bias; nothing if it is right.

        It has more than one tile each way, edges that are no multiple of a tile, and of nothing
        where elements are fetched one by one.
        """
        tile, runtime = self._tiles[size], self._runtime
        m = tile["tm"] + (23 if left == ANY else 24)
        n = tile["tn"] + (37 if right == ANY else 40)
        k = 3 * tile["kw"] * 4 // self._operand.itemsize + (9 if left == right == ANY else 8)
        rng = np.random.default_rng(0)
        a, b, bias = (rng.standard_normal(shape).astype(self._operand.numpy)
                      for shape in ((2, m, k), (2, k, n), (n,)))
        k_first = self._kind != COLUMNS and right != ACROSS
        given = []
        for values in (a.swapaxes(1, 2) if left == ACROSS else a,
                       b.swapaxes(1, 2) if k_first else b, bias):
            given.append(runtime.new(values.shape, values.dtype))
            with runtime.lock:
                runtime.enqueue_copy(runtime.queue, given[-1].mem,
                                     np.ascontiguousarray(values).reshape(-1).view(np.uint8))
        strides = (1, m) if left == ACROSS else (k, 1)
        if self._kind == STRIDED:
            numbers: tuple[int, ...] = (0, k * n, 1, k) if k_first else (0, k * n, n, 1)
        else:  # a convolution with a window of 1: k channels of n places, or n of k
            one, line = (1, 1, 1, 1, 1, 1, 0, 1), k if k_first else n
            numbers = (k * n, line, *one, *one, line, 1, line, 1, 1, 1, 0, 1)
        out = runtime.new((2, m, n), self._result.numpy)
        self._launch(kernel, size, out, (0, m * n, n),
                     Left(given[0], (0, m * k, strides[0], 0, strides[1]), k),
                     Right(given[1], self._kind, numbers), Sizes(m, n, k, 2, 2, 2, 2),
                     given[2], (0, 1))
        found = runtime.download(out).astype(np.float64)
        a, b, bias = (x.astype(np.float64) for x in (a, b, bias))
        expected, total = a @ b + bias, np.abs(a) @ np.abs(b) + np.abs(bias)
        bound = (_PRODUCT_ERROR[self._operand] * total
                 + _RESULT_ERROR[self._result] * np.abs(expected) + 1e-7)
        apart = np.abs(found - expected)
        bad = int(np.sum(~(apart <= bound)))
        return bad and (f"{bad} of {found.size} numbers of a product are wrong, by up to "
                        f"{apart.max():.3g} ({size}, {left}, {right})") or ""


def tensor_product(families: Families, a: dtype, b: dtype, c: dtype,
                   kind: str) -> TensorProduct | None:
    """The product on tensor cores for these types; None where there is none.

    As PyTorch has it, float32's lower precision is for products of matrices, not for convolutions.
    """
    if (not families.runtime.device.tensor_cores or a is not b or a not in _NAMES
            or c not in (a, float32) or (a is float32 and kind != STRIDED)):
        return None
    return TensorProduct(families, a, c, kind)


def report(families: Families) -> dict[str, str]:
    """By element type, "on" or why not; what has not been tried yet is tried."""
    for operand, name in _NAMES.items():
        trial: Any = tensor_product(families, operand, operand, operand, STRIDED)
        if trial is not None and name not in families.tensor_cores:
            trial.checked("large", ALONG, ALONG)
    return dict(families.tensor_cores)
