"""What a backend is: the interface that both devices fill.

A backend works on *data* objects, never on tensors: ``numpy.ndarray`` on the CPU, ``CLArray`` on
OpenCL. Both offer the small array protocol that the view operations are written on:
``shape``, ``strides`` (bytes), ``ndim``, ``size``, ``dtype`` (a NumPy dtype), ``transpose(axes)``
and basic indexing ``data[ints, slices with a positive step, None, Ellipsis]``; these never copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from facula.core.dtypes import dtype
    from facula.core.operation import Operation
    from facula.core.program import Program

Data = Any
Kernel = Callable[..., Any]


class Backend(Protocol):
    """Everything a device must be able to do; operations are reached through the four factories.

    A *factory* is asked once per combination of types and its answer is kept, so it may take
    its time; the kernel it returns is on the hot path. ``inputs`` holds, per tensor argument of
    the operation, the dtype of the data that will come, or a Python type (``bool``, ``int``,
    ``float``, ``complex``) where a Python scalar will come. ``compute`` is the type in which the
    declared expression is evaluated, ``results`` the types of the outputs. Operands broadcast.

    ``kernels`` holds the primitives' kernels; they take complex data if ``computes_complex``.
    """

    name: str
    computes_complex: bool
    fuse_each: int
    fuse_total: int

    @property
    def kernels(self) -> dict[str, Kernel]:
        """The kernels by the names of their primitives."""

    def elementwise(self, op: Operation, inputs: tuple[Any, ...], compute: dtype,
                    results: tuple[dtype, ...]) -> Kernel:
        """``kernel(*operands, *attributes) -> data`` (a tuple of data where several results)."""

    def elementwise_into(self, op: Operation, inputs: tuple[Any, ...], compute: dtype,
                         result: dtype) -> Kernel:
        """``kernel(out, *operands, *attributes)``: the value cast to ``result``, stored in out.

        ``out`` may be any view, and may be one of the operands or overlap it: the result is as if
        all operands had been read first. Operands broadcast to ``out.shape``, never the reverse.
        """

    def fused(self, program: Program, dtypes: Sequence[dtype],
              shapes: Sequence[tuple[int, ...]]) -> Kernel:
        """``kernel(slots, numbers)``: a program over many tensors of these shapes, in place.

        ``slots`` holds, per slot of the program, a list of data (one per shape, all of that
        slot's dtype), or one contiguous array with all of them end to end. Slots never overlap.
        ``fuse_each`` and ``fuse_total`` are the sizes up to which taking tensors together pays.
        """

    def reduction(self, op: Operation, input: dtype, compute: dtype, result: dtype) -> Kernel:
        """``kernel(data, dims, keepdim, *attributes) -> data``.

        ``dims`` is a sorted tuple of distinct axes in ``range(data.ndim)``, maybe empty (then
        nothing is reduced, only map and finish apply); reduced axes may have length 0.
        """

    def empty(self, shape: tuple[int, ...], dtype: dtype) -> Data:
        """Fresh contiguous memory, contents unspecified."""

    def full(self, shape: tuple[int, ...], value: Any, dtype: dtype) -> Data:
        """Fresh contiguous memory holding one value everywhere."""

    def from_numpy(self, array: np.ndarray, borrow: bool = False) -> Data:
        """The array's values on this device; on the CPU the array itself, sharing memory.

        With ``borrow`` the caller leaves the array as it is until the device has copied it.
        """

    def to_numpy(self, data: Data) -> np.ndarray:
        """The values on the host; on the CPU the data itself; elsewhere waits for the device."""

    def copy(self, data: Data) -> Data:
        """A fresh C-contiguous copy."""

    def cast(self, data: Data, dtype: dtype) -> Data:
        """A fresh C-contiguous copy of another type, by C's rules; float to bool is ``!= 0``."""

    def assign(self, out: Data, source: Data) -> None:
        """Write ``source`` (broadcast, cast) into the view ``out``; the two may overlap."""

    def as_strided(self, data: Data, shape: tuple[int, ...], strides: tuple[int, ...],
                   offset: int) -> Data:
        """A view of the same memory; strides and the offset from ``data``'s first element in bytes.
        """

    def parts(self, data: Data) -> Data:
        """A view of complex data as real numbers: a new last dimension of (real, imaginary)."""

    def unparted(self, data: Data) -> Data:
        """The opposite of ``parts``: the last dimension is dense and of size 2."""

    def memory(self, data: Data) -> tuple[int, int, int]:
        """Of the memory shared by all views, in bytes: its address, where data starts, its size."""

    def same_memory(self, a: Data, b: Data) -> bool:
        """Whether the two may share memory (used to reject or buffer overlapping writes)."""

    def synchronize(self) -> None:
        """Wait until everything asked of the device is done."""
