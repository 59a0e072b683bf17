"""What the distributions share: broadcasting of parameters, probabilities and logits, triangles."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from numbers import Number
from typing import Any

from facula import core
from facula.core import Tensor

__all__ = ["broadcast_all", "logits_to_probs", "clamp_probs", "probs_to_logits", "lazy_property",
           "tril_matrix_to_vec", "vec_to_tril_matrix"]

EULER = 0.57721566490153286060  # Euler's constant


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Tensors and numbers as tensors of one shape; numbers take the dtype of the first tensor.

    Raises
    ------
    ValueError
        If a value is neither.

    Examples
    --------
    >>> import facula
    >>> from facula.distributions.utils import broadcast_all
    >>> broadcast_all(facula.zeros(2), 1.0)
    (tensor([0., 0.]), tensor([1., 1.]))
    """
    first = None
    for v in values:
        if isinstance(v, Tensor):
            first = v if first is None else first
        elif not isinstance(v, Number):
            raise ValueError("Input arguments must all be instances of Number or torch.Tensor: "
                             f"{v!r} is neither")
    dtype = core.get_default_dtype() if first is None else first.dtype
    device = None if first is None else first.device
    tensors = [v if isinstance(v, Tensor) else core.tensor(v, dtype=dtype, device=device)
               for v in values]
    return tuple(core.broadcast_tensors(*tensors))


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """The probabilities of log-odds (binary) or of unnormalised log-probabilities."""
    return core.sigmoid(logits) if is_binary else core.softmax(logits, -1)


def clamp_probs(probs: Any) -> Any:
    """Probabilities kept away from 0 and 1 by the dtype's epsilon."""
    eps = core.finfo(probs.dtype).eps
    return probs.clamp(eps, 1 - eps)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """The log-odds (binary) or the log-probabilities of probabilities."""
    p = clamp_probs(probs)
    return p.log() - (-p).log1p() if is_binary else p.log()


class lazy_property:
    """A property that is computed at its first use and kept; also usable without an instance."""

    def __init__(self, wrapped: Callable[..., Any]) -> None:
        self.wrapped = wrapped
        functools.update_wrapper(self, wrapped)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return property(self.wrapped)
        with core.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def tril_matrix_to_vec(mat: Any, diag: int = 0) -> Any:
    """The lower triangle of matrices, row by row, as vectors.

    Raises
    ------
    ValueError
        If ``diag`` names no diagonal.
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = core.tril_indices(n, n, diag, device=mat.device)
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Any, diag: int = 0) -> Any:
    """Vectors as lower triangles, row by row, the rest zero.

    Raises
    ------
    ValueError
        If the length is no triangle's.
    """
    n = (-(1 + 2 * diag) + math.sqrt((1 + 2 * diag) ** 2 + 8 * vec.shape[-1]
                                     + 4 * abs(diag) * (diag + 1))) / 2
    if round(n) - n > core.finfo(vec.dtype).eps:
        raise ValueError(f"The size of last dimension is {vec.shape[-1]} which cannot be expressed "
                         "as the lower triangular part of a square D x D matrix.")
    n = round(n)
    rows, columns = core.tril_indices(n, n, diag, device=vec.device)
    flat = vec.new_zeros((*vec.shape[:-1], n * n))
    index = (rows * n + columns).expand(vec.shape)
    return flat.scatter(-1, index, vec).reshape(*vec.shape[:-1], n, n)


def sum_rightmost(value: Any, dims: int) -> Any:
    """The sum over the last ``dims`` dimensions."""
    return value if dims == 0 else value.sum(tuple(range(-dims, 0)))


def uniform_open(shape: Sequence[int], like: Any) -> Any:
    """Uniform numbers in (0, 1), for quantile functions: neither end ever comes."""
    info = core.finfo(like.dtype)
    u = core.rand(shape, dtype=like.dtype, device=like.device)
    return u.clamp(info.tiny, 1 - info.eps / 2)


def standard_normal(shape: Sequence[int], like: Any) -> Any:
    """Numbers of the standard normal distribution in the dtype and on the device of a tensor."""
    return core.randn(shape, dtype=like.dtype, device=like.device)


def constant(value: float, shape: Sequence[int], like: Any) -> Any:
    """One number in a shape, in the dtype and on the device of a tensor."""
    return core.full(shape, value, dtype=like.dtype, device=like.device)
