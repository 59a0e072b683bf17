"""What a tensor says of its memory, and the few methods that exchange or resize it."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl.pinned import is_pinned
from facula.core.devices import CPU, Kind
from facula.core.dtypes import as_dtype
from facula.core.errors import canonical_shape, describe

if TYPE_CHECKING:
    from facula.core.tensor import Tensor

TYPE_NAMES = {
    dtypes.float32: "FloatTensor", dtypes.float64: "DoubleTensor", dtypes.float16: "HalfTensor",
    dtypes.bfloat16: "BFloat16Tensor", dtypes.uint8: "ByteTensor", dtypes.int8: "CharTensor",
    dtypes.int16: "ShortTensor", dtypes.int32: "IntTensor", dtypes.int64: "LongTensor",
    dtypes.bool_: "BoolTensor", dtypes.complex64: "ComplexFloatTensor",
    dtypes.complex128: "ComplexDoubleTensor", dtypes.uint16: "UInt16Tensor",
    dtypes.uint32: "UInt32Tensor", dtypes.uint64: "UInt64Tensor",
}
_BY_TYPE_NAME = {name: d for d, name in TYPE_NAMES.items()}


class layout:
    """How a tensor's elements lie in memory; there is one way, :data:`facula.strided`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "facula.strided"


strided = layout()


class memory_format:
    """The order of a tensor's dimensions in memory, which PyTorch's programs ask for by name.

    There is one, C order: the others are accepted wherever PyTorch takes them, and change nothing.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(1, 3, 8, 8).to(memory_format=facula.channels_last).stride()
    (192, 64, 8, 1)
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"facula.{self._name}"

    def __reduce__(self) -> str:
        return self._name


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
CHANNELS_LAST = {channels_last: 4, channels_last_3d: 5}


class UntypedStorage:
    """The stretch of memory that a tensor and its views share, in bytes.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(2, 3)[1].untyped_storage().nbytes()
    24
    """

    __slots__ = ("_data", "_kind")

    def __init__(self, data: Any, kind: Kind) -> None:
        self._data = data
        self._kind = kind

    @property
    def device(self) -> Any:
        """Where the memory is."""
        return self._kind.device

    def data_ptr(self) -> int:
        """The address of the first byte; on OpenCL, a number that names the buffer."""
        return self._kind.backend.memory(self._data)[0]

    def nbytes(self) -> int:
        """How many bytes it has."""
        return self._kind.backend.memory(self._data)[2]

    def size(self) -> int:
        """How many bytes it has."""
        return self.nbytes()

    def __len__(self) -> int:
        return self.nbytes()

    def element_size(self) -> int:
        """Bytes per element: 1."""
        return 1

    def is_shared(self) -> bool:
        """Whether other processes may see the memory."""
        return _is_shared(self._data)

    def __repr__(self) -> str:
        return f"UntypedStorage(device={self.device}, nbytes={self.nbytes()})"


def _is_shared(data: Any) -> bool:
    while data is not None and not isinstance(data, (mmap.mmap, memoryview)):
        data = getattr(data, "base", None)
    return isinstance(data.obj if isinstance(data, memoryview) else data, mmap.mmap)


def _contiguous(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    steps, step = [], itemsize
    for size in reversed(shape):
        steps.append(step)
        step *= max(size, 1)
    return tuple(reversed(steps))


class Memory:
    """The part of Tensor that is about memory."""

    __slots__ = ()

    _data: Any
    _kind: Kind
    requires_grad: bool
    is_contiguous: Callable[[], bool]
    _begin_write: Callable[..., Any]
    _adopt: Callable[..., None]

    @property
    def layout(self) -> layout:
        """How the elements lie in memory: always :data:`facula.strided`."""
        return strided

    @property
    def is_cpu(self) -> bool:
        """Whether the elements are in the host's memory."""
        return self._kind.device is CPU

    @property
    def is_meta(self) -> bool:
        """Always False: every tensor has elements."""
        return False

    @property
    def is_sparse(self) -> bool:
        """Always False: every tensor is dense."""
        return False

    @property
    def is_quantized(self) -> bool:
        """Always False: no tensor is quantized."""
        return False

    def is_inference(self) -> bool:
        """Always False: tensors made in :class:`facula.inference_mode` are ordinary ones."""
        return False

    def get_device(self) -> int:
        """The number of the OpenCL device, or -1 on the CPU."""
        return -1 if self._kind.device is CPU else self._kind.device.index or 0

    def storage_offset(self) -> int:
        """How many elements of the shared memory come before the first of this tensor.

        Examples
        --------
        >>> import facula
        >>> facula.zeros(2, 3)[1].storage_offset()
        3
        """
        return self._kind.backend.memory(self._data)[1] // self._kind.dtype.itemsize

    def data_ptr(self) -> int:
        """The address of the first element (0 where there is none).

        On OpenCL it is a number that names the buffer, counted on by the offset; not a pointer.
        """
        if not self._data.size:
            return 0
        address, start, _ = self._kind.backend.memory(self._data)
        return address + start

    def untyped_storage(self) -> UntypedStorage:
        """The memory that this tensor shares with its views."""
        return UntypedStorage(self._data, self._kind)

    def is_set_to(self, tensor: Tensor) -> bool:
        """Whether the two are the same memory, in the same shape and with the same strides."""
        return (self._kind is tensor._kind and self._data.shape == tensor._data.shape
                and self._data.strides == tensor._data.strides
                and self._kind.backend.memory(self._data)[:2]
                == self._kind.backend.memory(tensor._data)[:2])

    def dim_order(self) -> tuple[int, ...]:
        """The dimensions from the one with the largest step in memory to the smallest.

        Examples
        --------
        >>> import facula
        >>> facula.zeros(2, 3, 4).permute(2, 0, 1).dim_order()
        (1, 2, 0)
        """
        steps = self._data.strides
        return tuple(sorted(range(len(steps)), key=lambda d: -steps[d]))

    def is_pinned(self, device: Any = None) -> bool:
        """Whether the elements lie in pinned host memory: see :meth:`Tensor.pin_memory`.

        Parameters
        ----------
        device : optional
            Accepted for PyTorch's sake: pinned memory serves all devices.
        """
        return is_pinned(self._data)

    def is_shared(self) -> bool:
        """Whether the memory is one that forked processes see; see :meth:`share_memory_`."""
        return _is_shared(self._data)

    def share_memory_(self) -> Tensor:
        """Move the elements to memory that this process and those it forks later write in common.

        A tensor that is sent through a pipe or a queue, or to a spawned process, is still copied.

        Raises
        ------
        RuntimeError
            If the tensor is not on the CPU.
        """
        if self._kind.device is not CPU:
            raise RuntimeError(f"share_memory_: the tensor is on {self._kind.device}: only host "
                               "memory can be shared: use cpu() first")
        if not self.is_shared():
            region = mmap.mmap(-1, max(self._data.nbytes, 1))
            data = np.ndarray(self._data.shape, self._data.dtype, region)
            data[...] = self._data
            self._data = data
        return self  # type: ignore[return-value]

    def resize_(self, *size: Any) -> Tensor:
        """Give the tensor another shape over the same memory, or over more where it must grow.

        Elements that are new have no value yet. Other views keep the memory that they have.

        Raises
        ------
        RuntimeError
            If the tensor requires grad.
        """
        shape = canonical_shape("resize_", size)
        if min(shape, default=0) < 0:
            raise RuntimeError(f"resize_: size {shape} holds a negative number")
        if self.requires_grad:
            raise RuntimeError("resize_: a tensor that requires grad can't be resized: "
                               "use detach() or reshape()")
        backend, d, data = self._kind.backend, self._kind.dtype, self._data
        self._begin_write("resize_", False)
        steps = _contiguous(shape, d.itemsize)
        count = int(np.prod(shape, dtype=np.int64))
        _, start, nbytes = backend.memory(data)
        have = (nbytes - start) // d.itemsize
        if count > have:
            fresh = backend.empty((count,), d)
            if have:
                backend.assign(fresh[:have], backend.as_strided(data, (have,), (d.itemsize,), 0))
            data = fresh
        self._adopt(backend.as_strided(data, shape, steps, 0) if count
                    else backend.empty(shape, d))
        return self  # type: ignore[return-value]

    def resize_as_(self, other: Tensor) -> Tensor:
        """:meth:`resize_` to the other tensor's shape."""
        return self.resize_(tuple(other.shape))

    def set_(self, source: Any = None, storage_offset: int = 0, size: Any = None,
             stride: Any = None) -> Tensor:
        """Make this tensor one of another's memory; without arguments, an empty one.

        Parameters
        ----------
        source : Tensor or UntypedStorage
            Whose memory to take. A tensor gives its shape too, unless a size is given.
        storage_offset : int
            The first element, counted from the start of the memory.
        size, stride : sequence of int, optional
            The shape, and the steps in elements (without gaps where not given).

        Raises
        ------
        RuntimeError
            If dtype or device differ, or the shape reaches beyond the memory.
        """
        kind = self._kind
        backend, item = kind.backend, kind.dtype.itemsize
        if source is None:
            data = backend.empty((0,), kind.dtype)
        elif not isinstance(source, (Memory, UntypedStorage)):
            raise TypeError(f"set_: source must be a Tensor or an UntypedStorage, but is "
                            f"{describe(source)}")
        elif source._kind is not kind:
            raise RuntimeError(f"set_: the source has {source._kind.dtype.name} elements on "
                               f"{source._kind.device}, but this tensor {kind.dtype.name} on "
                               f"{kind.device}: they must be the same")
        elif isinstance(source, Memory) and size is None:
            data = source._data
        else:
            _, start, nbytes = backend.memory(source._data)
            if size is None:
                size = (nbytes // item - storage_offset,)
            shape = canonical_shape("set_", (tuple(size),))
            steps = (_contiguous(shape, item) if stride is None
                     else tuple([int(s) * item for s in stride]))
            last = sum((n - 1) * s for n, s in zip(shape, steps, strict=True))
            if storage_offset < 0 or 0 not in shape and (
                    storage_offset * item + last + item > nbytes):
                raise RuntimeError(f"set_: size {shape} from element {storage_offset} reaches "
                                   f"beyond the memory of {nbytes // item} elements")
            data = backend.as_strided(source._data, shape, steps, storage_offset * item - start)
        if self.requires_grad:
            raise RuntimeError("set_: a tensor that requires grad can't change its memory: "
                               "use detach()")
        self._begin_write("set_", False)
        self._adopt(data, source if isinstance(source, Memory) else None)
        return self  # type: ignore[return-value]

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of the tensor's type, or the tensor converted to another type.

        Parameters
        ----------
        dtype : dtype, type or str, optional
            What to convert to: a dtype, ``facula.FloatTensor``, or its name as a string.
        non_blocking : bool
            Accepted for PyTorch's sake.

        Examples
        --------
        >>> import facula
        >>> facula.tensor([1, 2]).type()
        'facula.LongTensor'
        >>> facula.tensor([1, 2]).type("facula.FloatTensor")
        tensor([1., 2.])
        """
        if dtype is None:
            where = "" if self._kind.device is CPU else f"{self._kind.device.type}."
            return f"facula.{where}{TYPE_NAMES[self._kind.dtype]}"
        if isinstance(dtype, type) and dtype.__name__ in _BY_TYPE_NAME:
            dtype = f"{dtype.__module__}.{dtype.__name__}"
        if not isinstance(dtype, str):
            return self.to(as_dtype(dtype))  # type: ignore[attr-defined]
        place, _, name = dtype.rpartition(".")
        if name not in _BY_TYPE_NAME:
            raise ValueError(f"type: {dtype!r} is no tensor type: use a dtype, or one of "
                             f"{', '.join(_BY_TYPE_NAME)}")
        where = place.rpartition(".")[2]
        device = where if where in ("opencl", "cuda") else "cpu"
        return self.to(device, _BY_TYPE_NAME[name])  # type: ignore[attr-defined]

    def apply_(self, callable: Callable[[Any], Any]) -> Tensor:
        """Replace each element by ``callable(element)``, in Python: slow, and on the CPU only.

        Raises
        ------
        TypeError
            If the tensor is not on the CPU.

        Examples
        --------
        >>> import facula
        >>> facula.tensor([1.0, 4.0]).apply_(lambda v: v + 1)
        tensor([2., 5.])
        """
        return self._mapped("apply_", callable)

    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Replace each element by ``callable(element, the other tensor's)``; as :meth:`apply_`."""
        return self._mapped("map_", callable, tensor)

    def _mapped(self, name: str, function: Callable[..., Any], *others: Tensor) -> Tensor:
        if any(x._kind.device is not CPU for x in (self, *others)):
            raise TypeError(f"{name}: a Python function needs host memory, but this tensor is on "
                            f"{self._kind.device}: use cpu() first")
        if any(x.requires_grad for x in (self, *others)):
            raise RuntimeError(f"{name}: a Python function has no derivative: use detach() first")
        self._begin_write(name, False)
        data = self._data
        columns = [data, *(np.broadcast_to(x._data, data.shape) for x in others)]
        values = [function(*row) for row in zip(*(c.ravel().tolist() for c in columns),
                                                strict=True)]
        data[...] = np.array(values, data.dtype).reshape(data.shape)
        return self  # type: ignore[return-value]
