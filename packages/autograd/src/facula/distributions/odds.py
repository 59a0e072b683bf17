"""Parameters that are given as probabilities or as logits: each is computed from the other."""

from __future__ import annotations

from typing import Any

from facula.distributions.utils import (
    broadcast_all,
    lazy_property,
    logits_to_probs,
    probs_to_logits,
)


def exactly_one(probs: Any, logits: Any) -> str:
    """The name of the parameter that is given.

    Raises
    ------
    ValueError
        If both or neither are.
    """
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")
    return "logits" if probs is None else "probs"


class Odds:
    """A distribution's parameters `probs` and `logits`."""

    _binary = True  # the probability of success; else probabilities along the last dimension

    def _take(self, probs: Any, logits: Any) -> Any:
        """Keep the parameter that is given, as a tensor, and return it."""
        name = exactly_one(probs, logits)
        (parameter,) = broadcast_all(probs if name == "probs" else logits)
        setattr(self, name, parameter)
        return parameter

    def _take_counted(self, total_count: Any, probs: Any, logits: Any) -> None:
        """The same beside a number of trials, in one shape and dtype."""
        count, parameter = broadcast_all(total_count, self._take(probs, logits))
        setattr(self, exactly_one(probs, logits), parameter)
        self.total_count = count.type_as(parameter)

    @lazy_property
    def logits(self) -> Any:
        """The log-odds of success, or the logarithms of the probabilities."""
        return probs_to_logits(self.probs, self._binary)

    @lazy_property
    def probs(self) -> Any:
        """The probability of success, or the probabilities."""
        return logits_to_probs(self.logits, self._binary)

    @property
    def _param(self) -> Any:
        return self.__dict__["probs"] if "probs" in self.__dict__ else self.__dict__["logits"]

    @property
    def param_shape(self) -> Any:
        """The parameter's shape."""
        return self._param.shape
