"""Initial values of parameters: PyTorch's distributions, drawn from facula's generators."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core.ops import activation, creation, random, special
from facula.core.slot import no_grad
from facula.core.tensor import Tensor

_GAINS = {"linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "conv_transpose1d": 1.0,
          "conv_transpose2d": 1.0, "conv_transpose3d": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3,
          "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """By how much to scale weights so that a nonlinearity keeps the variance.

    Parameters
    ----------
    nonlinearity : str
        ``"linear"``, ``"conv1d"`` and its kin, ``"sigmoid"``, ``"tanh"``, ``"relu"``,
        ``"leaky_relu"``, ``"selu"``.
    param : float, optional
        The negative slope of ``"leaky_relu"``.

    Raises
    ------
    ValueError
        For another name, or a slope that is no number.

    Examples
    --------
    >>> import facula
    >>> facula.nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        elif isinstance(param, bool) or not isinstance(param, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + param ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform numbers between a and b.

    Examples
    --------
    >>> import facula
    >>> w = facula.nn.init.uniform_(facula.empty(3, 5), -1, 1)
    >>> bool((w.abs() <= 1).all())
    True
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)  # type: ignore[attr-defined]


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal numbers of this mean and standard deviation."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)  # type: ignore[attr-defined]


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0,
                  b: float = 2.0, generator: Any = None) -> Tensor:
    """Normal numbers, those outside a to b drawn again."""
    def below(x: float) -> float:
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn("mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The "
                      "distribution of values may be incorrect.", stacklevel=2)
    low, high = below((a - mean) / std), below((b - mean) / std)
    with no_grad():
        if high - low > 0.3:  # few rounds; inverting the distribution takes seven times as long
            x: Any = tensor
            x.normal_(mean, std, generator=generator)
            outside = (x < a) | (x > b)
            while count := int(outside.sum()):
                again: Any = creation.empty(count, dtype=x.dtype, device=x.device)
                x[outside] = again.normal_(mean, std, generator=generator)
                outside = (x < a) | (x > b)
            return tensor
        tensor.uniform_(2 * low - 1, 2 * high - 1, generator=generator)  # type: ignore
        z = special.erfinv(tensor.double()) * (std * math.sqrt(2.0)) + mean  # type: ignore
        return tensor.copy_(activation.hardtanh(z, a, b))  # type: ignore[attr-defined]


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One number everywhere."""
    with no_grad():
        return tensor.fill_(val)  # type: ignore[attr-defined]


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix.

    Raises
    ------
    ValueError
        If the tensor is no matrix.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return tensor.copy_(creation.eye(*tensor.shape, device=tensor.device))  # type: ignore


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Convolution weights that pass on as many channels as possible.

    Raises
    ------
    ValueError
        If the tensor does not have 3 to 5 dimensions, or its first size does not divide by groups.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    out = tensor.shape[0] // groups
    middle = tuple([n // 2 for n in tensor.shape[2:]])
    with no_grad():
        tensor.zero_()  # type: ignore[attr-defined]
        for group in range(groups):
            for d in range(min(out, tensor.shape[1])):
                tensor[(group * out + d, d, *middle)] = 1  # type: ignore[index]
    return tensor


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input.

    Raises
    ------
    ValueError
        If the tensor has fewer than 2 dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 "
                         "dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    if mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _fans(tensor)[mode.lower() == "fan_out"]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform numbers up to ``gain * sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal numbers of deviation ``gain * sqrt(2 / (fan_in + fan_out))``."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                     nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """Uniform numbers up to ``gain * sqrt(3 / fan)`` (He et al., 2015).

    Parameters
    ----------
    tensor : Tensor
    a : float
        The negative slope that follows.
    mode : str
        ``"fan_in"`` keeps the variance forward, ``"fan_out"`` backward.
    nonlinearity : str
        See :func:`calculate_gain`.
    generator : Generator, optional

    Examples
    --------
    >>> import facula
    >>> w = facula.nn.init.kaiming_uniform_(facula.empty(3, 6), a=5 ** 0.5)
    >>> bool((w.abs() <= 6 ** -0.5).all())
    True
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0 / _fan(tensor, mode)) * calculate_gain(nonlinearity, a)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                    nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """Normal numbers of deviation ``gain / sqrt(fan)``; parameters as :func:`kaiming_uniform_`."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal numbers, with this share of zeros in each column.

    Raises
    ------
    ValueError
        If the tensor is no matrix.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)  # type: ignore[attr-defined]
        for column in range(columns):
            chosen = random.randperm(rows, generator=generator)[:zeros]  # type: ignore[index]
            tensor[chosen.to(tensor.device), column] = 0  # type: ignore
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """A matrix with orthonormal rows or columns (Saxe et al., 2013).

    Made on the host; equal on all devices.

    Raises
    ------
    ValueError
        If the tensor has fewer than 2 dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    flat = tensor.detach().new_empty((rows, columns), device="cpu")  # type: ignore
    flat.normal_(0, 1, generator=generator)
    q = _orthonormal(flat.double().numpy())
    with no_grad():
        value = creation.tensor(q * gain).reshape(*tensor.shape)  # type: ignore[attr-defined]
        return tensor.copy_(value.to(tensor.dtype))  # type: ignore[attr-defined]


def _orthonormal(a: Any) -> Any:
    """Q of the QR decomposition, the signs such that R's diagonal is positive."""
    wide = a.shape[0] < a.shape[1]
    q, r = np.linalg.qr(a.T if wide else a)
    q = q * np.sign(np.diagonal(r))
    return q.T if wide else q


# PyTorch's old names


def _old(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    new = function.__name__
    old = new.rstrip("_")

    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.",
                      FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"The old name of :func:`{new}`."
    return renamed


uniform = _old(uniform_)
normal = _old(normal_)
constant = _old(constant_)
eye = _old(eye_)
dirac = _old(dirac_)
xavier_uniform = _old(xavier_uniform_)
xavier_normal = _old(xavier_normal_)
kaiming_uniform = _old(kaiming_uniform_)
kaiming_normal = _old(kaiming_normal_)
orthogonal = _old(orthogonal_)
sparse = _old(sparse_)
