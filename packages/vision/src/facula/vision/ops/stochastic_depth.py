"""Stochastic depth: a residual branch that is left out at random while training."""

from __future__ import annotations

from facula import nn
from facula.core import Tensor, empty


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """Leave out examples with probability p, and divide the others by ``1 - p``.

    Parameters
    ----------
    input : Tensor
        ``(N, ...)``.
    p : float
        The probability, from 0 to 1.
    mode : str
        ``"row"`` decides for each example, ``"batch"`` for all of them at once.
    training : bool
        Without it the input comes back as it is.

    Raises
    ------
    ValueError
        For another probability or mode.

    References
    ----------
    G. Huang et al., Deep networks with stochastic depth, arXiv:1603.09382, 2016.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import stochastic_depth
    >>> y = stochastic_depth(facula.ones(100, 3), 0.5, "row")
    >>> sorted(set(y.flatten().tolist()))
    [0.0, 2.0]
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"stochastic_depth: p={p} is no probability: it must be from 0 to 1")
    if mode not in ("batch", "row"):
        raise ValueError(f"stochastic_depth: mode={mode!r} is unknown: use 'batch' or 'row'")
    if not training or p == 0.0:
        return input
    shape = (input.shape[0] if mode == "row" else 1, *[1] * (input.ndim - 1))
    kept = empty(shape, dtype=input.dtype, device=input.device).bernoulli_(1.0 - p)
    return input * (kept if p == 1.0 else kept / (1.0 - p))


class StochasticDepth(nn.Module):
    """The module of :func:`stochastic_depth`.

    Parameters
    ----------
    p : float
        The probability, from 0 to 1.
    mode : str
        ``"row"`` decides for each example, ``"batch"`` for all of them at once.
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"StochasticDepth(p={self.p}, mode={self.mode})"
