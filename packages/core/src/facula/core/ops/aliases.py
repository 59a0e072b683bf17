"""Second names of operations, as PyTorch has them."""

from __future__ import annotations

from typing import Any

from facula.core.declare import alias, composite
from facula.core.memory import UntypedStorage
from facula.core.ops import binary, compare, pointwise, unary
from facula.core.tensor import Tensor

_NAMES = {
    "multiply": binary.mul, "subtract": binary.sub, "arctan2": binary.atan2,
    "negative": unary.neg, "arccos": unary.acos, "arcsin": unary.asin, "arctan": unary.atan,
    "arccosh": unary.acosh, "arcsinh": unary.asinh, "arctanh": unary.atanh,
    "greater": compare.gt, "greater_equal": compare.ge, "less": compare.lt,
    "less_equal": compare.le, "not_equal": compare.ne, "clip": pointwise.clamp,
}
for _name, _first in _NAMES.items():
    alias(_name, _first)


@composite(export=False)
def div_(input: Tensor, other: Tensor, *, rounding_mode: str | None = None) -> Tensor:
    """:func:`facula.div` in place."""
    names = {None: "true_divide_", "floor": "floor_divide_"}
    if rounding_mode in names:
        return getattr(input, names[rounding_mode])(other)
    return input.copy_(binary.div(input, other, rounding_mode=rounding_mode))  # type: ignore


@composite(export=False)
def divide_(input: Tensor, other: Tensor, *, rounding_mode: str | None = None) -> Tensor:
    """The same as :func:`facula.Tensor.div_`."""
    return div_(input, other, rounding_mode=rounding_mode)


@composite(export=False)
def clip_(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """The same as :func:`facula.Tensor.clamp_`."""
    return pointwise.clamp_(input, min, max)


@composite(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether the object is a tensor."""
    return isinstance(obj, Tensor)


@composite(method=False)
def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


@composite
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero."""
    return bool(input)


@composite(export=False)
def nelement(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


@composite(export=False)
def ndimension(input: Tensor) -> int:
    """The number of dimensions."""
    return input.ndim


@composite
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return input.shape == other.shape


@composite(export=False)
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return input.dtype.is_signed


@composite(method=False)
def is_inference(input: Tensor) -> bool:
    """False: tensors made in :class:`facula.inference_mode` are ordinary ones."""
    return False


@composite(method=False)
def is_storage(obj: Any) -> bool:
    """Whether the object is the memory of a tensor."""
    return isinstance(obj, UntypedStorage)


@composite(method=False)
def typename(obj: Any) -> str:
    """The name of an object's type, with its module unless it is Python's own.

    Examples
    --------
    >>> import facula
    >>> facula.typename(facula.ones(1))
    'facula.Tensor'
    """
    if isinstance(obj, Tensor):
        return f"facula.{type(obj).__name__}"
    name = obj if isinstance(obj, type) else type(obj)
    module = name.__module__
    return name.__qualname__ if module == "builtins" else f"{module}.{name.__qualname__}"
