"""Parameters and buffers: tensors that a module takes notice of when they are assigned to it."""

from __future__ import annotations

from typing import Any

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


class UninitializedTensorMixin:
    """What a parameter and a buffer have while their shape is not known yet."""

    __slots__ = ()
    cls_to_become: type[Tensor]

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary tensor of this shape, contents unspecified.

        Parameters
        ----------
        shape : tuple of int
        device, dtype : optional
            Those it was made with where not given.
        """
        t: Any = self
        t.data = t.detach().new_empty(shape, device=device, dtype=dtype)
        t.__class__ = t.cls_to_become

    @property
    def shape(self) -> Any:
        """An error: there is no shape yet.

        Raises
        ------
        RuntimeError
            Always.
        """
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes.")

    def numel(self) -> int:
        """An error: the number of elements is not known yet.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError("Attempted to use an uninitialized parameter in numel. This error happens "
                         "when you are using a `LazyModule`: call `forward` first.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        out = memo[id(self)] = self._made_anew()
        return out

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        t: Any = self
        return type(self), (t.requires_grad, str(t.device), t.dtype)

    def _made_anew(self) -> Any:
        maker, arguments = self.__reduce_ex__(2)
        return maker(*arguments)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet: a lazy module fills it at its first call.

    Parameters
    ----------
    requires_grad : bool
        Whether operations on it will be recorded.
    device, dtype : optional
        Of the tensor to come.
    """

    cls_to_become = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        Parameter.__init__(self, Tensor().to(device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape is not known yet.

    Parameters
    ----------
    requires_grad : bool
        Not used; as in PyTorch.
    device, dtype : optional
        Of the tensor to come.
    persistent : bool
        Whether the buffer is part of the module's ``state_dict``.
    """

    cls_to_become = Buffer
    persistent: bool

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: Any = None,
                 persistent: bool = True) -> None:
        _adopt(self, Tensor().to(device=device, dtype=dtype))
        self.persistent = persistent


def is_lazy(value: Any) -> bool:
    """Whether a parameter or buffer still waits for its shape."""
    return isinstance(value, UninitializedTensorMixin)
