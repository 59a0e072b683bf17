"""Parametrizations that are ready to use: weight and spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes, linalg
from facula.core.ops import creation, decompose, joining, random, shape
from facula.core.slot import no_grad
from facula.core.tensor import Tensor
from facula.nn.functional.normalization import normalize
from facula.nn.module import Module
from facula.nn.utils.normalized import as_matrix, improved, norm_except, output_dim, sigma, started
from facula.nn.utils.parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


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


class _FromOlder:
    """State dicts of the older form say ``weight_g`` and ``weight_v``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, state: Any, prefix: str, *rest: Any) -> None:
        for old, new in (("_g", "original0"), ("_v", "original1")):
            key = prefix + self.name + old
            if key in state:
                state[f"{prefix}parametrizations.{self.name}.{new}"] = state.pop(key)


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
    module._register_load_state_dict_pre_hook(_FromOlder(name))
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


_MAPS = ("matrix_exp", "cayley", "householder")


def _adjoint(x: Any) -> Any:
    return x.mT.conj() if x.is_complex() else x.mT


def _orthonormal(x: Any) -> Any:
    """The nearest to x that its QR decomposition offers: R's diagonal is made positive."""
    q, r = linalg.qr(x)
    diagonal = r.diagonal(dim1=-2, dim2=-1)
    return q * (diagonal / diagonal.abs()).unsqueeze(-2)


def _is_orthonormal(x: Any) -> bool:
    k = x.shape[-1]
    near = _adjoint(x) @ x - creation.eye(k, dtype=x.dtype, device=x.device)
    return bool((near.abs() < 10 * x.shape[-2] * dtypes.finfo(x.dtype).eps).all())


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = tuple(weight.shape)
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Any) -> Any:
        wide = X.shape[-2] < X.shape[-1]
        if wide:
            X = X.mT
        n, k = X.shape[-2:]
        if self.orthogonal_map == "householder":
            below = X.tril(-1)
            tau = 2.0 / (1.0 + (below * below).sum(-2))
            # The diagonal holds signs, which are not trained.
            signs = X.detach().diagonal(dim1=-2, dim2=-1).to(dtype=dtypes.int32)
            Q = linalg.householder_product(below, tau) * signs.unsqueeze(-2)
        else:
            half = X.tril()
            if n != k:
                half = joining.cat([half, half.new_zeros((*half.shape[:-1], n - k))], -1)
            skew = half - _adjoint(half)
            if self.orthogonal_map == "matrix_exp":
                Q = linalg.matrix_exp(skew)
            else:
                one = creation.eye(n, dtype=skew.dtype, device=skew.device)
                Q = linalg.solve(one - skew / 2, one + skew / 2)
            Q = Q[..., :k]
        base = getattr(self, "base", None)
        if base is not None:
            Q = base @ Q
        return Q.mT if wide else Q

    def right_inverse(self, Q: Any) -> Any:
        if tuple(Q.shape) != self.shape:
            raise ValueError(f"Expected a matrix or batch of matrices of shape {self.shape}. Got a "
                             f"tensor of shape {tuple(Q.shape)}.")
        with no_grad():
            tall = Q.mT if Q.shape[-2] < Q.shape[-1] else Q
            if "base" in self._buffers:
                return self._moved(tall, Q)
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley "
                    "parametrizations when use_trivialization=False.")
            packed, tau = decompose.geqrf(tall)  # the reflectors, with signs on the diagonal
            diagonal: Any = packed.diagonal(dim1=-2, dim2=-1)
            signs = diagonal.sign() * (1 - 2 * (tau == 0).to(dtype=tau.dtype))
            packed = packed - _with_diagonal(diagonal - signs, packed)
            return packed.mT if tall is not Q else packed

    def _moved(self, tall: Any, Q: Any) -> Any:
        """Keep the value in ``base``; what is trained begins anew, where the map is the identity.
        """
        n, k = tall.shape[-2:]
        if n == k:
            self.base = tall.clone() if _is_orthonormal(tall) else _orthonormal(tall)
        else:  # filled up to a square matrix
            more = random.randn(*tall.shape[:-1], n - k, dtype=tall.dtype, device=tall.device)
            self.base = _orthonormal(joining.cat([tall, more], -1))
        start = creation.zeros_like(Q)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)  # type: ignore[attr-defined]
        return start


def _with_diagonal(diagonal: Any, like: Any) -> Any:
    """Matrices of ``like``'s shape with a given diagonal."""
    out = creation.zeros_like(like)
    out.diagonal(dim1=-2, dim2=-1).copy_(diagonal)  # type: ignore[attr-defined]
    return out


def orthogonal(module: Module, name: str = "weight", orthogonal_map: str | None = None, *,
               use_trivialization: bool = True) -> Module:
    r"""Keep a matrix orthogonal (or unitary) while it is trained.

    The stored tensor X gives a skew-symmetric matrix :math:`A = L - L^H`, where L is the lower
    triangle of X, and :math:`Q = B \exp(A)` or Cayley's :math:`B (I - A/2)^{-1} (I + A/2)`; or Q is
    B times a product of Householder's reflections. Columns are orthonormal where there are no
    more of them than rows, else rows are.

    Parameters
    ----------
    module : Module
    name : str
        Of a tensor of at least two dimensions: a matrix, or a batch of them.
    orthogonal_map : str, optional
        ``"matrix_exp"``, ``"cayley"`` or ``"householder"``; where not given the first for square
        and complex matrices, and the last for others.
    use_trivialization : bool
        Keep a matrix B, the buffer ``base``, so that training goes on from any value; else B is
        the identity.

    Returns
    -------
    Module
        ``module``.

    Raises
    ------
    ValueError
        If there is no such tensor, it has less than two dimensions, or the map is unknown.

    References
    ----------
    Lezcano Casado, "Trivializations for Gradient-Based Optimization on Manifolds",
    https://arxiv.org/abs/1909.09501

    Examples
    --------
    >>> import facula
    >>> layer = facula.nn.utils.parametrizations.orthogonal(facula.nn.Linear(20, 40))
    >>> Q = layer.weight
    >>> bool((Q.mT @ Q - facula.eye(20)).abs().max() < 1e-5)
    True
    """
    weight = _known(module, name)
    if weight.ndim < 2:
        raise ValueError("Expected a matrix or batch of matrices. Got a tensor of "
                         f"{weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError('orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
                         f"Got: {orthogonal_map}")
    register_parametrization(module, name,
                             _Orthogonal(weight, orthogonal_map, use_trivialization), unsafe=True)
    return module
