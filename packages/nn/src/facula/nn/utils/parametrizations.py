"""Parametrizations that are ready to use: weight and spectral normalisation."""

from __future__ import annotations

from typing import Any

from facula.core.ops import shape
from facula.core.tensor import Tensor
from facula.nn.functional.normalization import normalize
from facula.nn.module import Module
from facula.nn.utils.normalized import as_matrix, improved, norm_except, output_dim, sigma, started
from facula.nn.utils.parametrize import register_parametrization

__all__ = ["spectral_norm", "weight_norm"]


def _known(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Tensor:
        return weight_v * (weight_g / norm_except(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    r"""Split a weight into length and direction: :math:`w = g v / \|v\|`.

    ``parametrizations.weight.original0`` is g, ``original1`` is v.

    Parameters
    ----------
    module : Module
    name : str
        Of the weight.
    dim : int or None
        The dimension along which there are as many lengths; None for a single one.

    Returns
    -------
    Module
        ``module``.

    References
    ----------
    Salimans and Kingma, "Weight Normalization", https://arxiv.org/abs/1602.07868

    Examples
    --------
    >>> import facula
    >>> layer = facula.nn.utils.parametrizations.weight_norm(facula.nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape
    facula.Size([40, 1])
    """
    _known(module, name)
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def from_older(state: Any, prefix: str, *rest: Any) -> None:
        """State dicts of the older form say ``weight_g`` and ``weight_v``."""
        for old, new in (("_g", "original0"), ("_v", "original1")):
            if prefix + name + old in state:
                state[f"{prefix}parametrizations.{name}.{new}"] = state.pop(prefix + name + old)

    module._register_load_state_dict_pre_hook(from_older)
    return module


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0,
                 eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{weight.ndim}, "
                             f"{weight.ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError("Expected n_power_iterations to be positive, but got "
                             f"n_power_iterations={n_power_iterations}")
        self.dim = dim % weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)
            u, v = started(matrix, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            improved(matrix, u, v, 15, eps, "u")  # a good beginning, for evaluation too

    def forward(self, weight: Any) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            improved(matrix.detach(), self._u, self._v, self.n_power_iterations, self.eps, "u")
        # clones: the graph must not see the next call's in-place steps
        return weight / sigma(matrix, shape.clone(self._u), shape.clone(self._v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value  # it may have to be scaled, which the forward does


def spectral_norm(module: Module, name: str = "weight", n_power_iterations: int = 1,
                  eps: float = 1e-12, dim: int | None = None) -> Module:
    r"""Divide a weight by its largest singular value, :math:`w / \sigma(w)`.

    The singular vectors are buffers, ``parametrizations.weight.0._u`` and ``_v``; in training mode
    each use of the weight brings them nearer by the power method.

    Parameters
    ----------
    module : Module
    name : str
        Of the weight.
    n_power_iterations : int
        Steps of the power method for each use.
    eps : float
        Keeps norms above zero.
    dim : int, optional
        Where the weight counts outputs; 1 for transposed convolutions and else 0 if not given.

    Returns
    -------
    Module
        ``module``.

    References
    ----------
    Miyato et al., "Spectral Normalization for Generative Adversarial Networks",
    https://arxiv.org/abs/1802.05957

    Examples
    --------
    >>> import facula
    >>> layer = facula.nn.utils.parametrizations.spectral_norm(facula.nn.Linear(20, 40))
    >>> list(layer.state_dict())[1:]  # doctest: +NORMALIZE_WHITESPACE
    ['parametrizations.weight.original', 'parametrizations.weight.0._u',
     'parametrizations.weight.0._v']
    """
    weight = _known(module, name)
    if dim is None:
        dim = output_dim(module)
    register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module
