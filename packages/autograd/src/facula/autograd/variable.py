"""``Variable``: what tensors with gradients were called in PyTorch's first versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facula.core.tensor import Tensor


class _Tensors(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)

    def __call__(cls, data: Tensor, requires_grad: bool = False, volatile: bool = False) -> Tensor:
        return data.detach().requires_grad_(requires_grad)


if TYPE_CHECKING:
    Variable = Tensor
else:
    class Variable(metaclass=_Tensors):
        """An alias of the data that begins a new graph; tensors need no wrapping any more.

        Parameters
        ----------
        data : Tensor
        requires_grad : bool
            Record operations on it.
        volatile : bool
            Without effect: use :class:`facula.no_grad`.

        Examples
        --------
        >>> import facula
        >>> x = facula.autograd.Variable(facula.ones(2), requires_grad=True)
        >>> isinstance(x, facula.autograd.Variable), x.requires_grad
        (True, True)
        """
