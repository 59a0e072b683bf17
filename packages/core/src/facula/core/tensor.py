"""The tensor: five slots, Python's protocols, and nothing else.

Operations are not written here: each is declared once in ``facula.core.ops`` and attached as a
method by ``facula.core.methods``.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from facula.core import slot
from facula.core.devices import CPU, Kind, as_device, device, kind_of
from facula.core.dtypes import FLOAT, as_dtype, dtype
from facula.core.errors import canonical_dim, describe
from facula.core.interop import Interop
from facula.core.memory import CHANNELS_LAST, Memory, memory_format
from facula.core.printing import format_tensor

if TYPE_CHECKING:
    from facula.core._methods import Methods  # a stub: what methods.attach adds at run time
    from facula.core.operation import Operation
else:
    Methods = object

_new = object.__new__


class Size(tuple):
    """A shape: a tuple of ints that can count its elements.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(2, 3).shape.numel()
    6
    """

    __slots__ = ()

    def numel(self) -> int:
        """The product of the sizes."""
        n = 1
        for size in self:
            n *= size
        return n

    def __getitem__(self, key: Any) -> Any:
        part = tuple.__getitem__(self, key)
        return Size(part) if isinstance(key, slice) else part

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, other))

    def __repr__(self) -> str:
        return f"facula.Size({list(self)})"


class Version:
    """What tensors on the same memory share: the count of in-place writes, and the known views."""

    __slots__ = ("count", "views", "limit")

    def __init__(self) -> None:
        self.count = 0
        self.views: list[weakref.ref[Tensor]] = []
        self.limit = 16

    def add_view(self, view: Tensor) -> None:
        """Remember a view, weakly; the dead are dropped when the list has doubled."""
        self.views.append(weakref.ref(view))
        if len(self.views) > self.limit:
            self.views = [r for r in self.views if r() is not None]
            self.limit = 16 + 2 * len(self.views)

    def live_views(self) -> list[Tensor]:
        """The views that still exist."""
        return [v for v in (r() for r in self.views) if v is not None]


class View:
    """How a view came from its base: the base itself and the steps from there, each replayable."""

    __slots__ = ("base", "steps")

    def __init__(self, base: Tensor, steps: tuple[tuple[Operation, tuple[Any, ...]], ...]) -> None:
        self.base = base
        self.steps = steps


class Tensor(Interop, Memory, Methods):
    """A multi-dimensional array of one dtype on one device, as PyTorch's ``torch.Tensor``.

    Parameters
    ----------
    *data
        Nested sequences of numbers, a NumPy array or a tensor; copied, in the default floating
        dtype. Ints are sizes instead: ``Tensor(2, 3)`` has elements without a value yet. Prefer
        :func:`facula.tensor`, which keeps the dtype of what it is given, and :func:`facula.empty`.

    Examples
    --------
    >>> import facula
    >>> facula.Tensor([[1, 2], [3, 4]]).shape
    facula.Size([2, 2])
    """

    __slots__ = ("_data", "_kind", "_autograd", "_version", "_view", "__weakref__")

    _data: Any
    _kind: Kind
    _autograd: Any
    _version: Version | None
    _view: View

    def __init__(self, *data: Any) -> None:
        d = as_dtype(float)
        if data and (isinstance(data[0], Size) or all([type(n) is int for n in data])):
            self._data = np.empty(data[0] if isinstance(data[0], Size) else data, d.numpy)
        elif len(data) > 1:
            raise TypeError(f"Tensor: takes one argument, or sizes, but got {describe(data)}")
        else:
            given = data[0] if data else ()
            given = given.numpy() if isinstance(given, Tensor) else given
            self._data = np.array(given, dtype=d.numpy)
        self._kind = kind_of(CPU, d)
        self._autograd = None
        self._version = None

    # What it is

    @property
    def shape(self) -> Size:
        """The sizes of all dimensions."""
        return Size(self._data.shape)

    @property
    def dtype(self) -> dtype:
        """The type of the elements."""
        return self._kind.dtype

    @property
    def device(self) -> device:
        """Where the elements live."""
        return self._kind.device

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._data.ndim

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._kind.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._data.size * self._kind.dtype.itemsize

    @property
    def is_opencl(self) -> bool:
        """Whether the elements live on an OpenCL device."""
        return self._kind.device is not CPU

    @property
    def is_cuda(self) -> bool:
        """The same as :attr:`is_opencl`, for scripts that come from PyTorch."""
        return self._kind.device is not CPU

    def dim(self) -> int:
        """The number of dimensions."""
        return self._data.ndim

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        if dim is None:
            return self.shape
        if not self._data.shape:
            raise IndexError(f"size: dim={dim} is out of range: the tensor has 0 dimensions")
        return self._data.shape[canonical_dim("size", dim, self._data.ndim)]

    def numel(self) -> int:
        """The number of elements."""
        return int(self._data.size)

    def element_size(self) -> int:
        """Bytes per element."""
        return self._kind.dtype.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """The steps between neighbours along each dimension, or along one, in elements."""
        steps = tuple(s // self._kind.dtype.itemsize for s in self._data.strides)
        return steps if dim is None else steps[canonical_dim("stride", dim, len(steps))]

    def is_contiguous(self, memory_format: memory_format | None = None) -> bool:
        """Whether the elements lie in memory without gaps, in C order or another that is asked."""
        if memory_format in CHANNELS_LAST:
            return (self.ndim == CHANNELS_LAST[memory_format]
                    and self.movedim(1, -1).is_contiguous())
        expected = self._kind.dtype.itemsize
        for size, step in zip(reversed(self._data.shape), reversed(self._data.strides),
                              strict=True):
            if size == 0:
                return True
            if size != 1 and step != expected:
                return False
            expected *= size
        return True

    def is_floating_point(self) -> bool:
        """Whether the dtype is one of the real floating types."""
        return self._kind.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self._kind.dtype.is_complex

    # Differentiation: the slot's own words; the work is the tape's

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded for backward."""
        return self._autograd is not None and self._autograd.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start or stop recording operations on this (leaf) tensor.

        Raises
        ------
        RuntimeError
            If the dtype has no gradients, if the tensor is not a leaf and shall stop, or if no
            tape is installed.
        """
        if requires_grad:
            if self.requires_grad:
                return self
            if self._kind.dtype.category < FLOAT:
                raise RuntimeError(f"requires_grad_: only floating and complex tensors have "
                                   f"gradients, but this one is {self._kind.dtype.name}: "
                                   "convert it first")
            if self._autograd is None:
                self._autograd = slot.tape("requires_grad_").leaf(self)
            self._autograd.requires_grad = True
        elif self._autograd is not None:
            if not self._autograd.is_leaf:
                raise RuntimeError("requires_grad_: this tensor is the result of a recorded "
                                   "operation and can't stop requiring grad: use detach()")
            self._autograd.requires_grad = False  # the slot stays: it may hold a gradient
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor is not the result of a recorded operation."""
        return self._autograd is None or self._autograd.is_leaf

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated by backward, of the same shape, dtype and device; or None."""
        return None if self._autograd is None else self._autograd.grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"grad: must be a Tensor or None, but is {describe(value)}")
            if value._data.shape != self._data.shape or value._kind is not self._kind:
                raise RuntimeError(f"grad: {describe(value)} does not fit {describe(self)}: "
                                   "shape, dtype and device must be equal")
        if self._autograd is None:
            if value is None:
                return
            self._autograd = slot.tape("grad").leaf(self)
            self._autograd.requires_grad = False
        self._autograd.grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    @property
    def grad_fn(self) -> Any:
        """The node that recorded the operation this tensor came from; None for leaves."""
        return None if self._autograd is None else self._autograd.grad_fn

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad`` was called on this tensor, which is no leaf."""
        return not self.is_leaf and self._autograd.retains_grad

    def backward(self, gradient: Tensor | None = None, retain_graph: bool | None = None,
                 create_graph: bool = False, inputs: Any = None) -> None:
        """Add to ``.grad`` of the leaves (or of ``inputs``) this tensor's derivative by them.

        Parameters
        ----------
        gradient : Tensor, optional
            The gradient with respect to this tensor; needed unless it has one element.
        retain_graph : bool, optional
            Keep what the graph saved, so that backward may run again.
        create_graph : bool
            Record the backward pass itself, for higher derivatives.
        inputs : sequence of Tensor, optional
            Only these receive gradients.

        Examples
        --------
        >>> import facula
        >>> x = facula.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
        """
        slot.tape("backward").backward(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Any) -> Any:
        """Call ``hook(grad)`` when this tensor's gradient is computed; it may return another."""
        return slot.tape("register_hook").register_hook(self, hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> Any:
        """Call ``hook(tensor)`` each time after this leaf's ``.grad`` has grown."""
        return slot.tape("register_post_accumulate_grad_hook").register_post_accumulate_grad_hook(
            self, hook)

    def retain_grad(self) -> None:
        """Keep ``.grad`` for this tensor even if it is not a leaf."""
        slot.tape("retain_grad").retain_grad(self)

    def detach(self) -> Tensor:
        """The same memory, outside the graph."""
        out = from_data(self._data, self._kind)
        if self._version is None:
            self._version = Version()
        out._version = self._version
        return out

    def detach_(self) -> Tensor:
        """Leave the graph in place: the tensor becomes a leaf that does not require grad."""
        if hasattr(self, "_view"):
            raise RuntimeError("detach_: this tensor is a view, which can't leave the graph in "
                               "place: use detach()")
        self._autograd = None
        return self

    @property
    def data(self) -> Tensor:
        """The same memory, outside the graph; assigning replaces the elements without recording."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"data: must be a Tensor, but is {describe(value)}")
        self._replace(value)

    def _replace(self, value: Tensor) -> None:
        """Take over another tensor's memory; what saved this tensor for backward will notice."""
        if self._version is None:
            self._version = Version()
        self._version.count += 1
        self._data, self._kind = value._data, value._kind
        if self._autograd is not None and self._autograd.is_leaf:
            self._autograd.fits(self)

    def _adopt(self, data: Any, source: Tensor | None = None) -> None:
        """Stand on other memory from now on: that of ``source``, if given, together with it."""
        self._data = data
        if hasattr(self, "_view"):
            del self._view
        if source is not None:
            if source._version is None:
                source._version = Version()
            self._version = source._version

    # In-place writes

    def _check_write(self, name: str) -> None:
        """Refuse an in-place write that memory or the graph does not allow."""
        data = self._data
        if 0 in data.strides and data.size and any(
                not step and size > 1 for step, size in zip(data.strides, data.shape, strict=True)):
            raise RuntimeError(f"{name}: several elements of this tensor are the same memory (it "
                               "was expanded): clone() it before writing")
        if self._kind.device is CPU and not data.flags.writeable:
            raise RuntimeError(f"{name}: the memory is read-only: clone() the tensor first")
        if slot.Installed.tape is not None and slot.grad_mode.enabled:
            slot.Installed.tape.before_inplace(self, name)

    def _begin_write(self, name: str, recorded: bool) -> Tensor | None:
        """Check that an in-place write is possible and count it.

        Returns what the recorder needs: this tensor as it stood in the graph before; None where
        the write is not recorded.
        """
        self._check_write(name)
        data = self._data
        recorded = recorded and slot.grad_mode.enabled
        before = None
        version = self._version
        if version is None:
            version = self._version = Version()
        if recorded:
            before = from_data(data, self._kind)
            before._autograd, before._version = self._autograd, version
        version.count += 1
        return before

    # To Python and NumPy

    def __array_wrap__(self, array: np.ndarray, context: Any = None,
                       return_scalar: bool = False) -> Any:
        """What NumPy's functions make of their result: a tensor, if it has such a dtype."""
        try:
            return tensor_from_numpy(np.asarray(array))
        except TypeError:
            return array

    def item(self) -> Any:
        """The only element, as a Python number.

        Raises
        ------
        RuntimeError
            If there is not exactly one element.
        """
        if self._data.size != 1:
            raise RuntimeError(f"item: the tensor has {self._data.size} elements, not 1: "
                               "use tolist()")
        value = self._kind.backend.to_numpy(self._data).item()
        return float(value) if self._kind.dtype.is_floating_point else value

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        array = self._kind.backend.to_numpy(self._data)
        if self._kind.dtype.is_floating_point:
            array = array.astype(np.float64)
        return array.tolist()

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise RuntimeError(f"bool: the truth of a tensor with {self._data.size} elements is "
                               "ambiguous: use .any() or .all()")
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self._kind.dtype.category >= FLOAT:
            raise TypeError(f"index: only integer tensors can be an index, not "
                            f"{self._kind.dtype.name}")
        return int(self.item())

    def __len__(self) -> int:
        if not self._data.shape:
            raise TypeError("len: a 0-d tensor has no length")
        return self._data.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.shape:
            raise TypeError("iter: a 0-d tensor can't be iterated over")
        return iter([self[i] for i in range(self._data.shape[0])])  # type: ignore[index]

    def __reversed__(self) -> Tensor:
        return self.flip(0) if self._data.ndim else self

    def __delitem__(self, key: Any) -> None:
        raise TypeError("del: a tensor's elements can't be deleted: index the others instead")

    def __contains__(self, value: Any) -> bool:
        if not isinstance(value, (Tensor, bool, int, float, complex, np.generic)):
            raise TypeError(f"in: a tensor holds numbers, not {describe(value)}: use a number or a "
                            "tensor")
        return bool((self == value).any())  # type: ignore[attr-defined]

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return format_tensor(self)

    def __format__(self, spec: str) -> str:
        if self._data.ndim == 0 and (spec or type(self) is Tensor):
            return format(self.item(), spec)
        return object.__format__(self, spec)

    # Copying

    def __copy__(self) -> Tensor:
        if not self.is_leaf:  # a view, so that writes to either are known to both
            return self.view(self.shape)
        out = type(self).__new__(type(self))
        out._data, out._kind, out._version = self._data, self._kind, self._version
        out._autograd = self._autograd
        return out

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError("deepcopy: only leaf tensors can be copied deeply: "
                               "use detach().clone()")
        out = type(self).__new__(type(self))
        out._data, out._kind = self._kind.backend.copy(self._data), self._kind
        out._autograd = out._version = None
        memo[id(self)] = out
        if self._autograd is not None:
            out.requires_grad_(self._autograd.requires_grad)
            out.grad = copy.deepcopy(self._autograd.grad, memo)
        for name, value in getattr(self, "__dict__", {}).items():
            out.__dict__[name] = copy.deepcopy(value, memo)
        return out

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise RuntimeError("pickle: only leaf tensors can be pickled: use detach()")
        state = getattr(self, "__dict__", None) or None
        return (_rebuild, (type(self), np.ascontiguousarray(self.numpy(force=True)).reshape(
            self._data.shape), self._kind.dtype, str(self._kind.device), self.requires_grad), state)


def _rebuild(cls: type, array: np.ndarray, dtype: dtype, where: str, requires_grad: bool) -> Tensor:
    kind = kind_of(as_device(where), dtype)
    out: Tensor = object.__new__(cls)
    out._data, out._kind = kind.backend.from_numpy(array), kind
    out._autograd = out._version = None
    return out.requires_grad_() if requires_grad else out


def from_data(data: Any, kind: Kind) -> Tensor:
    """A tensor around a backend's array."""
    out = _new(Tensor)
    out._data = data
    out._kind = kind
    out._autograd = None
    out._version = None
    return out


def tensor_from_numpy(array: np.ndarray) -> Tensor:
    """A CPU tensor that shares the array's memory (byte order is made native by copying)."""
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return from_data(array, kind_of(CPU, as_dtype(array.dtype)))


def alias(input: Tensor, data: Any, op: Operation, attributes: tuple[Any, ...]) -> Tensor:
    """A view of ``input``: shares memory and version, and knows how to be replayed."""
    out = _new(Tensor)
    out._data = data
    out._kind = input._kind
    out._autograd = None
    version = input._version
    if version is None:
        version = input._version = Version()
    out._version = version
    step = (op, attributes)
    view = getattr(input, "_view", None)  # 0.4 us less than to catch an AttributeError
    if view is None:
        out._view = View(input, (step,))
    else:
        out._view = View(view.base, (*view.steps, step))
    version.add_view(out)
    return out
