"""Reduction fronts: one way to read ``dim``, ``keepdim`` and ``dtype`` for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.core import promotion
from facula.core.devices import Kind, kind_of
from facula.core.errors import canonical_dims, not_a_tensor
from facula.core.fronts.elementwise import check_dtype
from facula.core.fronts.telling import renamed, retell
from facula.core.operation import Operation
from facula.core.precision import HALVES, guard_of, mode
from facula.core.tensor import Tensor

_new = object.__new__


def reduction_front(op: Operation) -> Callable[..., Any]:
    """The public function ``(input, dim, keepdim, *, dtype, **attributes)`` of a reduction.

    Rules and kernels receive the canonical dims: sorted, distinct, non-negative.
    """
    table: dict[Any, tuple[Callable[..., Any], Kind]] = {}
    halves: dict[Any, tuple[Callable[..., Any], Kind]] = {}  # asked after autocast
    memo: dict[Any, tuple[int, ...]] = {}
    default_dim = op.attributes["dim"]
    takes_dtype = "dtype" in op.attributes
    nonempty = op.extra["nonempty"]
    guard = guard_of(op.name)
    names = [n for n in op.attributes if n not in ("dim", "keepdim", "dtype")]

    def resolve(kind: Kind, dtype: Any) -> tuple[Callable[..., Any], Kind]:
        if dtype is None:
            compute, result = promotion.apply_rule(op.result, kind.dtype)
        elif takes_dtype:
            compute = result = promotion.dtypes.as_dtype(dtype)
        else:
            raise TypeError(f"{op.name}: takes no argument dtype")
        check_dtype(op, compute)
        return kind.backend.reduction(op, kind.dtype, compute, result), kind_of(kind.device, result)

    def read(attributes: dict[str, Any]) -> list[Any]:
        unknown = attributes.keys() - set(names)
        if unknown:
            raise TypeError(f"{op.name}{op.signature}: unknown argument {min(unknown)!r}")
        return [attributes.get(n, op.attributes[n]) for n in names]

    def front(input: Tensor, dim: Any = default_dim, keepdim: bool = False,
              dtype: Any = None, **attributes: Any) -> Tensor:
        try:
            try:
                kernel, kind = table[input._kind, dtype]
            except (KeyError, AttributeError):
                if not isinstance(input, Tensor):
                    raise not_a_tensor(op.name, "input", input) from None
                if guard is not None and mode.on and dtype is None:
                    (input,) = guard((input,))
                known = table if guard is None or input._kind.dtype not in HALVES else halves
                try:
                    kernel, kind = known[input._kind, dtype]
                except KeyError:
                    kernel, kind = known[input._kind, dtype] = resolve(input._kind, dtype)
            data = input._data
            try:
                dims = memo[dim, data.ndim]
            except (KeyError, TypeError):
                dims = canonical_dims(op.name, None if dim == () else dim, data.ndim)
                if not isinstance(dim, list):
                    memo[dim, data.ndim] = dims
            if not data.size and nonempty and any(not data.shape[d] for d in dims):
                raise IndexError(f"{op.name}: a reduced dimension has size 0 (shape "
                                 f"{tuple(data.shape)}, dim {dims}): an empty set has no extremum")
            extra = read(attributes) if names or attributes else ()
            out = _new(Tensor)
            out._data = kernel(data, dims, keepdim, *extra)
            out._kind = kind
            out._autograd = None
            out._version = None
            if input._autograd is not None and op.record is not None:
                op.record(out, input, dims, keepdim, *extra)
            return out
        except Exception as error:
            again = renamed(op, error, (), attributes)
            if again is None:
                retell(op, op.name, error, (input, dim, keepdim), attributes)
        return front(input, **({"dim": dim, "keepdim": keepdim, "dtype": dtype} | again[1]))

    return front
