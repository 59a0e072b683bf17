"""The relaxed one-hot categorical distribution on the simplex."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import ExpTransform
from facula.distributions.categorical import Categorical, OfCategorical
from facula.distributions.distribution import Distribution
from facula.distributions.transformed_distribution import TransformedDistribution
from facula.distributions.utils import broadcast_all, clamp_probs, uniform_open

__all__ = ["ExpRelaxedCategorical", "RelaxedOneHotCategorical"]


class ExpRelaxedCategorical(OfCategorical, Distribution):
    """The logarithms of a relaxed one-hot vector.

    Parameters
    ----------
    temperature : Tensor
        Positive.
    probs, logits : Tensor, optional
        As for :class:`facula.distributions.Categorical`.
    validate_args : bool, optional

    References
    ----------
    E. Jang, S. Gu and B. Poole, "Categorical reparametrization with Gumbel-softmax", ICLR 2017.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector  # whose exponentials sum to one
    has_rsample = True

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:],
                         validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, ExpRelaxedCategorical,
                              temperature=self.temperature,
                              _categorical=self._categorical.expand(batch_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        u = clamp_probs(uniform_open(shape, self.logits))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, True)

    def log_prob(self, value: Any) -> Any:
        k = self._categorical._num_events
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        factor = math.lgamma(k) + (k - 1) * core.log(self.temperature)
        score = logits - value * self.temperature
        return (score - score.logsumexp(-1, True)).sum(-1) + factor


class RelaxedOneHotCategorical(TransformedDistribution):
    """Points of the simplex, differentiable by the probabilities; cold ones are near a corner.

    Parameters
    ----------
    temperature : Tensor
        Positive.
    probs, logits : Tensor, optional
        As for :class:`facula.distributions.Categorical`.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> d = facula.distributions.RelaxedOneHotCategorical(facula.tensor(0.5), facula.ones(3))
    >>> d.rsample().sum()
    tensor(1.)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape,
                              self._get_checked_instance(RelaxedOneHotCategorical, _instance))

    @property
    def temperature(self) -> Any:
        """How far from the corners the points are."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self.base_dist.probs
