"""The von Mises distribution on the circle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.core import special
from facula.distributions import constraints
from facula.distributions.distribution import Distribution
from facula.distributions.utils import broadcast_all, lazy_property

__all__ = ["VonMises"]


class VonMises(Distribution):
    """Density ``exp(concentration cos(x - loc)) / (2 pi I0(concentration))`` on the circle.

    Parameters
    ----------
    loc : Tensor or float
        The angle of the mode, in radians.
    concentration : Tensor or float
        Positive.
    validate_args : bool, optional

    References
    ----------
    D. J. Best and N. I. Fisher, "Efficient simulation of the von Mises distribution", Applied
    Statistics 28, 1979.

    Examples
    --------
    >>> import facula
    >>> facula.distributions.VonMises(0.0, 1.0).log_prob(facula.tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        k = self.concentration
        # i0e is exp(-k) I0(k): no overflow
        return (k * (core.cos(value - self.loc) - 1) - math.log(2 * math.pi)
                - special.i0e(k).log())

    @lazy_property
    def _proposal_r(self) -> Any:
        """The parameter of the wrapped Cauchy distribution that proposals come from."""
        k = self.concentration.double()
        tau = 1 + (1 + 4 * k ** 2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * k)
        exact = (1 + rho ** 2) / (2 * rho)
        return core.where(k < 1e-5, 1 / k + k, exact)  # the first terms of its series

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        with core.no_grad():
            shape = self._extended_shape(sample_shape)
            k, r = self.concentration.double().expand(shape), self._proposal_r.expand(shape)
            x = core.zeros_like(k)
            done = core.zeros(shape, dtype=core.bool, device=k.device)
            while not bool(done.all()):
                u = core.rand(3, *shape, dtype=k.dtype, device=k.device)
                z = core.cos(math.pi * u[0])
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                accept = (c * (2 - c) - u[1] > 0) | ((c / u[1]).log() + 1 - c >= 0)
                x = core.where(accept & ~done, (u[2] - 0.5).sign() * core.acos(f), x)
                done = done | accept
            angle = (x + math.pi + self.loc.double()) % (2 * math.pi) - math.pi
            return angle.to(self.loc.dtype)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, VonMises, "loc", "concentration")

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @lazy_property
    def variance(self) -> Any:
        """The circular variance, ``1 - I1(concentration) / I0(concentration)``."""
        k = self.concentration
        return 1 - special.i1e(k) / special.i0e(k)
