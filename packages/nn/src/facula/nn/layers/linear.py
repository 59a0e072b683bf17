"""Layers that multiply with a matrix."""

from __future__ import annotations

import math
from typing import Any

from facula.core.ops import creation
from facula.core.tensor import Tensor
from facula.nn import functional as F
from facula.nn import init
from facula.nn.module import Module
from facula.nn.parameter import Parameter


def empty(*size: int, device: Any = None, dtype: Any = None) -> Parameter:
    """A parameter of this shape, contents unspecified."""
    return Parameter(creation.empty(*size, device=device, dtype=dtype))


class Identity(Module):
    """Returns its input; takes and forgets any arguments.

    Examples
    --------
    >>> import facula
    >>> facula.nn.Identity(54, unused=0.1)(facula.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """``y = x @ weight.T + bias``.

    Parameters
    ----------
    in_features, out_features : int
        The sizes of each example.
    bias : bool
        Whether something is added.
    device, dtype : optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter
        ``(out_features, in_features)``, uniform within ``1 / sqrt(in_features)`` of 0.
    bias : Parameter
        ``(out_features,)``, likewise.

    Examples
    --------
    >>> import facula
    >>> facula.nn.Linear(3, 2)(facula.ones(5, 3)).shape
    facula.Size([5, 2])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = empty(out_features, in_features, device=device, dtype=dtype)
        if bias:
            self.bias = empty(out_features, device=device, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (f"in_features={self.in_features}, out_features={self.out_features}, "
                f"bias={self.bias is not None}")


class Bilinear(Module):
    """``y[o] = x1 @ weight[o] @ x2 + bias[o]``.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
        The sizes of each example.
    bias : bool
        Whether something is added.
    device, dtype : optional
        Of the parameters.

    Examples
    --------
    >>> import facula
    >>> facula.nn.Bilinear(2, 3, 4)(facula.ones(5, 2), facula.ones(5, 3)).shape
    facula.Size([5, 4])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True,
                 device: Any = None, dtype: Any = None) -> None:
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = empty(out_features, in1_features, in2_features, device=device, dtype=dtype)
        if bias:
            self.bias = empty(out_features, device=device, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
                f"out_features={self.out_features}, bias={self.bias is not None}")
