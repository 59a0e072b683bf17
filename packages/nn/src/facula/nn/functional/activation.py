"""Activation functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.core.errors import describe
from facula.core.ops import activation, masked, random, shape, unary, views
from facula.core.ops import softmax as soft
from facula.core.precision import guarded
from facula.core.tensor import Tensor


def _applied(function: Callable[..., Tensor], input: Tensor, inplace: bool, *rest: Any) -> Tensor:
    """The function's value; written into the input if ``inplace``.

    The derivative may need the input as it was, so where it is recorded a copy is made first.
    """
    if not inplace:
        return function(input, *rest)
    source = shape.clone(input) if input.requires_grad else input
    return input.copy_(function(source, *rest))  # type: ignore[attr-defined]


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.relu(facula.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return input.relu_() if inplace else unary.relu(input)  # type: ignore[attr-defined]


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x, 0), 6)``."""
    return _applied(activation.hardtanh, input, inplace, 0.0, 6.0)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where positive, else ``negative_slope * x``."""
    return _applied(activation.leaky_relu, input, inplace, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, else ``alpha * (exp(x) - 1)``."""
    return _applied(activation.elu, input, inplace, alpha, 1.0, 1.0)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, else ``alpha * (exp(x / alpha) - 1)``."""
    return _applied(activation.elu, input, inplace, alpha, 1.0, 1 / alpha)


_SELU = 1.6732632423543772, 1.0507009873554805


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """:func:`elu` scaled so that mean 0 and variance 1 are kept from layer to layer."""
    return _applied(activation.elu, input, inplace, *_SELU, 1.0)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0,
             inplace: bool = False) -> Tensor:
    """x cut off at ``min_val`` and ``max_val``."""
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val={min_val} is larger than max_val={max_val}")
    return _applied(activation.hardtanh, input, inplace, min_val, max_val)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where above the threshold, else ``value``."""
    return _applied(activation.threshold, input, inplace, threshold, value)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.silu(facula.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """
    return _applied(activation.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * tanh(softplus(x))``."""
    return _applied(lambda x: x * unary.tanh(activation.softplus(x)), input, inplace)  # type: ignore


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x + 3, 0), 6) / 6``."""
    return _applied(lambda x: activation.hardtanh(x + 3, 0.0, 6.0) / 6,  # type: ignore[operator]
                    input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * hardsigmoid(x)``."""
    return _applied(lambda x: x * (activation.hardtanh(x + 3, 0.0, 6.0) / 6),  # type: ignore
                    input, inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``x * P(X <= x)`` for a standard normal X.

    Parameters
    ----------
    input : Tensor
    approximate : str
        ``"none"`` for the error function, ``"tanh"`` for an approximation by it.

    Raises
    ------
    RuntimeError
        For another word.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.gelu(facula.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8413])
    """
    if approximate == "none":
        return activation.gelu_erf(input)
    if approximate == "tanh":
        return activation.gelu_tanh(input)
    raise RuntimeError(f"gelu: approximate={approximate!r} is unknown: use 'none' or 'tanh'")


@guarded
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta x)) / beta``, and x where ``beta x`` is above the threshold."""
    return activation.softplus(input, beta, threshold)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved by ``lambd`` towards zero, and zero within."""
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambd={lambd} must not be negative")
    return activation.softshrink(input, lambd)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x, and zero where it is within ``lambd`` of zero."""
    return activation.hardshrink(input, lambd)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - unary.tanh(input)  # type: ignore[operator]


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return input / (unary.abs(input) + 1)  # type: ignore[operator]


def logsigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(x))``, without overflow."""
    return activation.logsigmoid(input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return unary.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return unary.tanh(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along ``dim`` times the sigmoid of the second.

    Raises
    ------
    RuntimeError
        If the size of ``dim`` is odd.
    """
    if not input.ndim or input.shape[dim] % 2:
        raise RuntimeError(f"glu: input has shape {tuple(input.shape)}: the size of dim={dim} must "
                           "be even")
    a, b = views.chunk(input, 2, dim)
    return a * unary.sigmoid(b)  # type: ignore[operator]


@guarded
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where positive, else ``weight * x``, with one weight or one per channel."""
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: weight is {describe(weight)}: it must be 0-d or 1-d")
    slope = weight
    if weight.numel() > 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.numel() != channels:
            raise RuntimeError(f"prelu: weight has {weight.numel()} elements, the input of shape "
                               f"{tuple(input.shape)} has {channels} channels")
        slope = shape.reshape(weight, -1, *(1,) * (input.ndim - 2))
    return masked.where(input > 0, input, input * slope)  # type: ignore[operator]


def rrelu(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
          inplace: bool = False) -> Tensor:
    """:func:`leaky_relu` with slopes drawn between lower and upper, or (not training) their mean.
    """
    if lower > upper:
        raise RuntimeError(f"rrelu: lower={lower} is larger than upper={upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slopes = random.rand_like(input) * (upper - lower) + lower  # type: ignore[operator]
    return _applied(lambda x: masked.where(x > 0, x, x * slopes), input, inplace)  # type: ignore


# The same, written into the input


def relu_(input: Tensor) -> Tensor:
    """In-place version of :func:`relu`."""
    return relu(input, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """In-place version of :func:`leaky_relu`."""
    return leaky_relu(input, negative_slope, True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place version of :func:`elu`."""
    return elu(input, alpha, True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place version of :func:`celu`."""
    return celu(input, alpha, True)


def selu_(input: Tensor) -> Tensor:
    """In-place version of :func:`selu`."""
    return selu(input, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """In-place version of :func:`hardtanh`."""
    return hardtanh(input, min_val, max_val, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In-place version of :func:`threshold`."""
    return _applied(activation.threshold, input, True, threshold, value)


def rrelu_(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3,
           training: bool = False) -> Tensor:
    """In-place version of :func:`rrelu`."""
    return rrelu(input, lower, upper, training, True)


def _softmax_dim(name: str, ndim: int, dim: int | None) -> int:
    """PyTorch's choice where no dimension is given: 0 for 0, 1 and 3 dimensions, else 1."""
    return dim if dim is not None else (0 if ndim in (0, 1, 3) else 1)


def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """Positive numbers along ``dim`` that sum to one: ``exp(x) / sum(exp(x))``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.softmax(facula.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    return soft.softmax(input, _softmax_dim("softmax", input.ndim, dim), dtype)


def softmin(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """The softmax of ``-x``."""
    return soft.softmax(-input, _softmax_dim("softmin", input.ndim, dim), dtype)  # type: ignore


def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """The logarithm of :func:`softmax`, exact also where that is near 0."""
    return soft.log_softmax(input, _softmax_dim("log_softmax", input.ndim, dim), dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10,
                   dim: int = -1) -> Tensor:
    """Random points near the corners of the simplex, differentiable by the logits.

    Parameters
    ----------
    logits : Tensor
    tau : float
        The temperature.
    hard : bool
        Return corners, with the gradient of the soft points.
    eps : float
        Not used; as in PyTorch.
    dim : int
    """
    noise = -unary.log(-unary.log(random.rand_like(logits)))
    y = soft.softmax((logits + noise) / tau, dim)  # type: ignore[operator]
    if not hard:
        return y
    best = y.detach().argmax(dim, keepdim=True)  # type: ignore[attr-defined]
    corner = y.detach().new_zeros(tuple(y.shape)).scatter(dim, best, 1.0)  # type: ignore
    return corner - y.detach() + y
