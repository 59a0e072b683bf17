"""The LKJ distribution of correlation matrices, by their Cholesky factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.beta import Beta
from facula.distributions.distribution import Distribution
from facula.distributions.utils import broadcast_all, standard_normal

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices of density ``|L L^T|^(concentration - 1)``.

    Parameters
    ----------
    dim : int
        The matrices' size, at least 2.
    concentration : Tensor or float
        Positive; 1 is uniform over correlation matrices, larger is nearer to the identity.
    validate_args : bool, optional

    References
    ----------
    D. Lewandowski, D. Kurowicka and H. Joe, "Generating random correlation matrices based on vines
    and extended onion method", Journal of Multivariate Analysis 100, 2009.

    Examples
    --------
    >>> import facula
    >>> factor = facula.distributions.LKJCholesky(3, 0.5).sample()
    >>> (factor @ factor.T).diagonal()
    tensor([1.0000, 1.0000, 1.0000])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None
                 ) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found "
                             f"dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        c = self.concentration
        # row i holds a direction of i dimensions; the paper's section 3.2. (PyTorch's first
        # parameter is i - 1/2, which agrees for two rows only.) Row 0 needs none.
        rows = core.arange(1, dim, dtype=c.dtype, device=c.device)
        rows = core.cat([rows[:1], rows])
        self._beta = Beta(0.5 * rows, c.unsqueeze(-1) + 0.5 * (dim - 1 - rows))
        super().__init__(c.shape, (dim, dim), validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, LKJCholesky, "concentration", dim=self.dim,
                              _beta=self._beta.expand((*batch_shape, self.dim)))

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        # the onion method: each row is a direction times a length of a beta distribution
        with core.no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            normal = standard_normal(self._extended_shape(sample_shape), self.concentration)
            u = normal.tril(-1)
            length = u.square().sum(-1, True).sqrt()
            u = core.where(length > 0, u / length.clamp(min=core.finfo(u.dtype).tiny), 0.0)
            w = core.sqrt(y) * u
            left = 1 - w.square().sum(-1)
            diagonal = left.clamp(min=core.finfo(w.dtype).tiny).sqrt()
            return w + core.diag_embed(diagonal)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        c = self.concentration
        order = core.arange(2, self.dim + 1, dtype=c.dtype, device=c.device)
        powers = 2 * (c - 1).unsqueeze(-1) + self.dim - order
        unnormalized = (powers * diagonal.log()).sum(-1)
        n = self.dim - 1
        alpha = c + 0.5 * n
        # (D - 1) lnGamma(alpha) - ln Gamma_(D-1)(alpha - 1/2)  of the paper's equation
        constant = 0.5 * n * math.log(math.pi)
        steps = core.arange(n, dtype=c.dtype, device=c.device)
        # ln Gamma_n(a) = n (n - 1) / 4 ln pi + sum of lnGamma(a - j / 2)
        multi = (0.25 * n * (n - 1) * math.log(math.pi)
                 + core.lgamma((alpha - 0.5).unsqueeze(-1) - 0.5 * steps).sum(-1))
        return unnormalized - (constant + multi - n * core.lgamma(alpha))
