"""Parameters and buffers: tensors that a module takes notice of when they are assigned to it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from facula.core.serialization import names, register_global, register_reducer
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor, Version


def _adopt(out: Tensor, data: Tensor) -> None:
    """Let ``out`` share another tensor's memory, outside the graph."""
    if data._version is None:
        data._version = Version()
    out._data, out._kind, out._version, out._autograd = data._data, data._kind, data._version, None


class Parameter(Tensor):
    """A tensor that becomes one of a module's parameters when assigned as its attribute.

    Parameters
    ----------
    data : Tensor, optional
        The values; their memory is shared. An empty tensor where not given.
    requires_grad : bool
        Whether operations on it are recorded.

    Examples
    --------
    >>> import facula
    >>> facula.nn.Parameter(facula.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is None:
            super().__init__()
        elif isinstance(data, Tensor):
            _adopt(self, data)
        else:
            super().__init__(data)
        if requires_grad:
            before, grad_mode.enabled = grad_mode.enabled, True
            try:
                self.requires_grad_()
            finally:
                grad_mode.enabled = before

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that becomes one of a module's buffers when assigned as its attribute.

    Parameters
    ----------
    data : Tensor, optional
        The values; their memory is shared.
    persistent : bool
        Whether the buffer is part of the module's ``state_dict``.

    Examples
    --------
    >>> import facula
    >>> m = facula.nn.Module()
    >>> m.mean = facula.nn.Buffer(facula.zeros(2))
    >>> list(m.state_dict())
    ['mean']
    """

    persistent: bool

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        if isinstance(data, Tensor):
            _adopt(self, data)
        elif data is None:
            super().__init__()
        else:
            super().__init__(data)
        self.persistent = persistent


class UninitializedParameter(Parameter):
    """A parameter whose shape is not known yet: a lazy module fills it at its first call.

    Parameters
    ----------
    requires_grad : bool
        Whether operations on it will be recorded.
    device, dtype : optional
        Of the tensor to come.
    """

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(Tensor().to(device=device, dtype=dtype), requires_grad)

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter of this shape, contents unspecified."""
        _materialize(self, shape, device, dtype)
        self.__class__ = Parameter  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "<UninitializedParameter>"


class UninitializedBuffer(Tensor):
    """A buffer whose shape is not known yet.

    Parameters
    ----------
    requires_grad : bool
        Not used; as in PyTorch.
    device, dtype : optional
        Of the tensor to come.
    """

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: Any = None) -> None:
        _adopt(self, Tensor().to(device=device, dtype=dtype))

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary buffer of this shape, contents unspecified."""
        _materialize(self, shape, device, dtype)
        self.__class__ = Buffer  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "<UninitializedBuffer>"


def _materialize(t: Tensor, shape: tuple[int, ...], device: Any, dtype: Any) -> None:
    t.data = t.detach().new_empty(shape, device=device, dtype=dtype)


def is_lazy(value: Any) -> bool:
    """Whether a parameter or buffer still waits for its shape."""
    return isinstance(value, (UninitializedParameter, UninitializedBuffer))


def _saved(parameter: Parameter) -> tuple[Any, ...]:
    """How a parameter stands in a checkpoint: PyTorch's call on its values."""
    return (names._rebuild_parameter,
            (parameter.detach(), parameter.requires_grad, OrderedDict()))


def _loaded(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    return Parameter(data, requires_grad)


register_reducer(Parameter, _saved)
register_global("torch._utils._rebuild_parameter", _loaded)
