"""The logistic normal distribution on the simplex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.distributions import constraints
from facula.distributions.bijections import StickBreakingTransform
from facula.distributions.independent import Independent
from facula.distributions.normal import Normal
from facula.distributions.transformed_distribution import TransformedDistribution

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    """Normal numbers that break a stick: a distribution on the simplex.

    Parameters
    ----------
    loc, scale : Tensor
        Mean and standard deviation of the base; values have one element more.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.LogisticNormal(facula.zeros(2), facula.ones(2)).event_shape
    facula.Size([3])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand((1,))
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(LogisticNormal, _instance))

    @property
    def loc(self) -> Any:
        """The base's mean."""
        return self._normal.loc

    @property
    def scale(self) -> Any:
        """The base's standard deviation."""
        return self._normal.scale

    @property
    def _normal(self) -> Any:
        base = self.base_dist
        return base.base_dist if isinstance(base, Independent) else base
