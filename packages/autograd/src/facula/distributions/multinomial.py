"""The multinomial distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.binomial import Binomial
from facula.distributions.categorical import Categorical, OfCategorical
from facula.distributions.distribution import Distribution
from facula.distributions.utils import broadcast_all

__all__ = ["Multinomial"]


class Multinomial(OfCategorical, Distribution):
    """How often each of K outcomes comes in several draws.

    Parameters
    ----------
    total_count : int
        The number of draws.
    probs, logits : Tensor, optional
        As for :class:`facula.distributions.Categorical`.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> d = facula.distributions.Multinomial(4, facula.tensor([0.5, 0.5]))
    >>> d.log_prob(facula.tensor([2.0, 2.0])).exp()
    tensor(0.3750)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(self, total_count: int = 1, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:],
                         validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        shape = core.Size(batch_shape)
        return self._expanded(shape, _instance, Multinomial, total_count=self.total_count,
                              _categorical=self._categorical.expand(shape),
                              _binomial=self._binomial.expand(shape + self.event_shape))

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with core.no_grad():
            drawn = self._categorical.sample((self.total_count, *sample_shape))
            order = (*range(1, drawn.ndim), 0)
            counts = core.zeros(*shape, dtype=self.probs.dtype, device=self.probs.device)
            drawn = drawn.permute(order)
            return counts.scatter_add(-1, drawn, core.ones_like(drawn, dtype=counts.dtype))

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        logits = core.where((value == 0) & (logits == -math.inf), 0.0, logits)
        return (core.lgamma(value.sum(-1) + 1) - core.lgamma(value + 1).sum(-1)
                + (logits * value).sum(-1))

    def entropy(self) -> Any:
        n = core.tensor(float(self.total_count), dtype=self.probs.dtype, device=self.probs.device)
        counts = self._binomial.enumerate_support(expand=False)[1:]
        weights = self._binomial.log_prob(counts).exp()
        return (n * self._categorical.entropy() - core.lgamma(n + 1)
                + (weights * core.lgamma(counts + 1)).sum((0, -1)))
