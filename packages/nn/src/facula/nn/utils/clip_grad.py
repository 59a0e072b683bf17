"""Limits for gradients."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from facula.core.ops import activation, binary, creation, joining, reduce, unary
from facula.core.slot import no_grad
from facula.core.tensor import Tensor


def _gradients(parameters: Any) -> list[Tensor]:
    listed = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in listed if p.grad is not None]


def get_total_norm(tensors: Iterable[Tensor] | Tensor, norm_type: float = 2.0,
                   error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """The norm of all elements of some tensors together.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensor
    norm_type : float
        The p of the norm; infinity for the largest element.
    error_if_nonfinite : bool
        Raise if the norm is not finite.
    foreach : bool, optional
        Accepted for PyTorch's sake.

    Raises
    ------
    RuntimeError
        If the norm is not finite and that shall be an error.
    """
    listed = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not listed:
        return creation.zeros(())
    p = float(norm_type)
    with no_grad():
        if p == float("inf"):
            total: Any = reduce.amax(joining.stack(
                [reduce.amax(unary.abs(t)) for t in listed]))
        elif p == 2:
            total = unary.sqrt(reduce.sum(joining.stack(
                [reduce.sum(unary.square(t)) for t in listed])))
        else:
            total = reduce.sum(joining.stack(
                [reduce.sum(unary.abs(t) ** p) for t in listed])) ** (1 / p)  # type: ignore
    if error_if_nonfinite and not bool(total.isfinite()):
        raise RuntimeError(f"The total norm of order {p} for gradients from `parameters` is "
                           "non-finite, so it cannot be clipped. To disable this error and scale "
                           "the gradients by the non-finite norm anyway, set "
                           "`error_if_nonfinite=False`")
    return total


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor,
                          foreach: bool | None = None) -> None:
    """Scale the gradients as if their common norm, which is known, had to be at most ``max_norm``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose gradients; written in place.
    max_norm : float
    total_norm : Tensor
        The norm, as :func:`get_total_norm` computes it.
    foreach : bool, optional
        Accepted for PyTorch's sake.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.utils import clip_grads_with_norm_, get_total_norm
    >>> w = facula.nn.Parameter(facula.tensor([3.0, 4.0]))
    >>> (w * w / 2).sum().backward()
    >>> clip_grads_with_norm_([w], 1.0, get_total_norm([w.grad]))
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    with no_grad():
        factor = binary.minimum(max_norm / (total_norm + 1e-6), 1.0)  # type: ignore
        for g in _gradients(parameters):
            g.mul_(factor.to(device=g.device))  # type: ignore[attr-defined]


def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """Scale the gradients so that their common norm is at most ``max_norm``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose gradients; written in place.
    max_norm : float
    norm_type : float
        The p of the norm; infinity for the largest element.
    error_if_nonfinite : bool
        Raise if the norm is not finite.
    foreach : bool, optional
        Accepted for PyTorch's sake.

    Returns
    -------
    Tensor
        The norm before; 0-d.

    Examples
    --------
    >>> import facula
    >>> w = facula.nn.Parameter(facula.tensor([3.0, 4.0]))
    >>> (w * w / 2).sum().backward()
    >>> facula.nn.utils.clip_grad_norm_([w], 1.0)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    listed = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Cut the gradients' elements off at ``clip_value`` and its negative.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose gradients; written in place.
    clip_value : float
    foreach : bool, optional
        Accepted for PyTorch's sake.
    """
    limit = float(clip_value)
    with no_grad():
        for g in _gradients(parameters):
            g.copy_(activation.hardtanh(g, -limit, limit))  # type: ignore[attr-defined]


def clip_grad_norm(parameters: Any, max_norm: float, norm_type: float = 2.0,
                   error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """The old name of :func:`clip_grad_norm_`."""
    warnings.warn("`nn.utils.clip_grad_norm` is now deprecated in favor of "
                  "`nn.utils.clip_grad_norm_`.", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)
