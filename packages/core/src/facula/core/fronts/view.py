"""View fronts: the result shares the input's memory, and both know of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.core.devices import kind_of
from facula.core.errors import not_a_tensor
from facula.core.fronts.telling import renamed, retell
from facula.core.operation import Operation
from facula.core.tensor import Tensor, alias


def view_front(op: Operation) -> Callable[..., Any]:
    """The public function of a view.

    The declared function returns ``(data, *canonical attributes)``, the data being a view made by
    the small array protocol (see ``facula.core.backends.base``).
    """
    function, retyped = op.function, callable(op.result)

    def apply(input: Tensor, data: Any, attributes: tuple[Any, ...]) -> Tensor:
        """The view, once its data and canonical attributes are known."""
        out = alias(input, data, op, attributes)
        if retyped:
            out._kind = kind_of(input._kind.device, op.result(input._kind.dtype))
        if input._autograd is not None and op.record is not None:
            op.record(out, input, *attributes)
        return out

    def front(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not isinstance(input, Tensor):
            raise not_a_tensor(op.name, "input", input)
        try:
            result = function(input, *args, **kwargs)
        except Exception as error:
            again = renamed(op, error, (input, *args), kwargs)
            if again is None:
                retell(op, op.name, error, (input, *args), kwargs)
            return front(*again[0], **again[1])
        return apply(input, result[0], result[1:])

    op.extra["apply"] = apply  # for operations that know the data by a shorter way
    return front
