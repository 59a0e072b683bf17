"""The categorical distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.distribution import Distribution
from facula.distributions.odds import Odds, exactly_one
from facula.distributions.utils import constant

__all__ = ["Categorical"]


class Categorical(Odds, Distribution):
    """The numbers 0 to K - 1, each with its probability.

    Parameters
    ----------
    probs : Tensor, optional
        Not negative, at least one-dimensional; the last dimension is divided by its sum.
    logits : Tensor, optional
        Unnormalised logarithms of the probabilities; exactly one of the two is given.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> d = facula.distributions.Categorical(facula.tensor([1.0, 3.0]))
    >>> d.probs, d.log_prob(facula.tensor(1)).exp()
    (tensor([0.2500, 0.7500]), tensor(0.7500))
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _binary = False

    def __init__(self, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        name = exactly_one(probs, logits)
        given = probs if name == "probs" else logits
        if given.ndim < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = probs / probs.sum(-1, True)
        else:
            self.logits = logits - logits.logsumexp(-1, True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        shape = (*batch_shape, self._num_events)
        given = {n: self.__dict__[n].expand(shape) for n in ("probs", "logits")
                 if n in self.__dict__}
        return self._expanded(batch_shape, _instance, Categorical,
                              _num_events=self._num_events, **given)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Any:
        return constant(math.nan, self._extended_shape(), self.probs)

    @property
    def mode(self) -> Any:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Any:
        return constant(math.nan, self._extended_shape(), self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with core.no_grad():
            rows = self.probs.reshape(-1, self._num_events)
            count = core.Size(sample_shape).numel()
            return core.multinomial(rows, count, True).T.reshape(shape)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        shape = core.broadcast_shapes(value.shape, self._batch_shape)
        index = value.long().expand(shape).unsqueeze(-1)
        return self.logits.expand((*shape, self._num_events)).gather(-1, index).squeeze(-1)

    def entropy(self) -> Any:
        lowest = core.finfo(self.logits.dtype).min
        return -(self.logits.clamp(min=lowest) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        values = core.arange(self._num_events, device=self._param.device)
        values = values.reshape((-1, *(1,) * len(self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values


class OfCategorical:
    """The parameters of a distribution that keeps a :class:`Categorical` in `_categorical`."""

    _categorical: Categorical

    @property
    def _param(self) -> Any:
        return self._categorical._param

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Any:
        """The parameter's shape."""
        return self._categorical.param_shape
