"""The array of the OpenCL backend: a pool buffer seen through shape, strides and an offset."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.opencl.memory import Block


def contiguous_strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The strides in bytes of a C-contiguous array."""
    strides = []
    step = itemsize
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return tuple(reversed(strides))


def is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> bool:
    """Whether the elements lie in C order without gaps (axes of length 1 do not count)."""
    step = itemsize
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length == 0:
            return True
        if length != 1:
            if stride != step:
                return False
            step *= length
    return True


class CLArray:
    """A view of device memory with the part of ndarray's interface that views are written on.

    ``block`` keeps the memory out of the pool, ``mem`` is the buffer handed to kernels, and
    ``offset`` counts *elements* from the buffer's start; ``strides`` are bytes, as in NumPy.
    While ``node`` is not None the values are still to be computed: there is no ``block`` and no
    ``mem``, and asking for either has the work put on the queue (see ``fusion.py``).
    """

    __slots__ = ("block", "mem", "shape", "strides", "offset", "dtype", "ndim", "size",
                 "contiguous", "node", "__weakref__")
    node: Any

    def __init__(self, block: Block, shape: tuple[int, ...], strides: tuple[int, ...], offset: int,
                 dtype: np.dtype[Any], size: int, contiguous: bool) -> None:
        self.block = block
        self.mem = block.mem
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.dtype = dtype
        self.ndim = len(shape)
        self.size = size
        self.contiguous = contiguous
        self.node = None

    def __getattr__(self, name: str) -> Any:
        """Only asked where a slot is empty: the memory of an array that waits to be computed."""
        if name not in ("block", "mem"):
            raise AttributeError(f"CLArray has no attribute {name!r}")
        node = self.node
        if node is not None:  # else another thread was faster
            node.force()
        return object.__getattribute__(self, name)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements, gaps not counted."""
        return self.size * self.dtype.itemsize

    def view(self, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> CLArray:
        """Another view of the same memory; strides in bytes, offset in elements from the start."""
        size = 1
        for length in shape:
            size *= length
        return CLArray(self.block, shape, strides, offset, self.dtype, size,
                       is_contiguous(shape, strides, self.dtype.itemsize))

    def reshaped(self, shape: tuple[int, ...]) -> CLArray:
        """A view of a contiguous array under another shape of the same size."""
        return CLArray(self.block, shape, contiguous_strides(shape, self.dtype.itemsize),
                       self.offset, self.dtype, self.size, True)

    def transpose(self, axes: tuple[int, ...]) -> CLArray:
        """The view with axes in the given order."""
        shape, strides = self.shape, self.strides
        return self.view(tuple([shape[a] for a in axes]), tuple([strides[a] for a in axes]),
                         self.offset)

    def __getitem__(self, index: Any) -> CLArray:
        """The view that basic indexing gives: integers, slices, ``None`` and ``Ellipsis``."""
        items = index if type(index) is tuple else (index,)
        given = sum(1 for item in items if item is not None and item is not Ellipsis)
        if given > self.ndim:
            raise IndexError(f"index: too many indices: {given} for shape {self.shape}")
        if Ellipsis not in [item for item in items if item is None or item is Ellipsis]:
            items = (*items, Ellipsis)
        shape: list[int] = []
        strides: list[int] = []
        start = 0
        axis = 0
        for item in items:
            if item is None:
                shape.append(1)
                strides.append(0)
            elif item is Ellipsis:
                rest = self.ndim - given
                shape += self.shape[axis:axis + rest]
                strides += self.strides[axis:axis + rest]
                axis += rest
            elif type(item) is slice:
                first, stop, step = item.indices(self.shape[axis])
                if step < 0:
                    raise ValueError(f"index: slice step {step} is negative: use flip")
                length = max(0, -(-(stop - first) // step))
                start += first * self.strides[axis] if length else 0
                shape.append(length)
                strides.append(step * self.strides[axis])
                axis += 1
            else:
                length = self.shape[axis]
                where = int(item)
                if not -length <= where < length:
                    raise IndexError(f"index: {where} is out of range for axis {axis} "
                                     f"of length {length}")
                start += (where % length) * self.strides[axis]
                axis += 1
        return self.view(tuple(shape), tuple(strides), self.offset + start // self.dtype.itemsize)

    def __repr__(self) -> str:
        return (f"CLArray(shape={self.shape}, strides={self.strides}, offset={self.offset}, "
                f"dtype={self.dtype})")
