"""Weights divided by a norm, as hooks: the older forms of weight and spectral normalisation."""

from __future__ import annotations

from typing import Any

from facula.core.ops import linalg, random, reduce, shape, unary
from facula.core.slot import no_grad
from facula.core.tensor import Tensor
from facula.nn.functional.normalization import normalize
from facula.nn.layers.convolution import _ConvTranspose
from facula.nn.module import Module
from facula.nn.parameter import Parameter


def norm_except(v: Tensor, dim: int | None) -> Any:
    """The 2-norms of a tensor's slices along ``dim``, in a shape that broadcasts; of all if None.
    """
    if dim is None or dim == -1:
        return unary.sqrt(reduce.sum(v * v))  # type: ignore[operator]
    others = tuple(d for d in range(v.ndim) if d != dim % v.ndim)
    if not others:
        return unary.abs(v)
    return unary.sqrt(reduce.sum(v * v, others, True))  # type: ignore[operator]


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight with ``dim`` first and all other dimensions as one."""
    if dim:
        weight = shape.permute(weight, dim, *(d for d in range(weight.ndim) if d != dim))
    return shape.reshape(weight, weight.shape[0], -1)


def output_dim(module: Module) -> int:
    """Where a layer's weight counts its outputs."""
    return 1 if isinstance(module, _ConvTranspose) else 0


def times(matrix: Tensor, vector: Tensor) -> Any:
    """The product of a matrix and a vector."""
    return linalg.matmul(matrix, vector)


def improved(matrix: Tensor, u: Any, v: Any, rounds: int, eps: float, first: str) -> None:
    """Let u and v come nearer to the first singular vectors, in place, by the power method.

    The older form begins a round with v, the newer with u; trajectories are PyTorch's.
    """
    with no_grad():
        for side in ("uv" if first == "u" else "vu") * rounds:
            if side == "u":
                u.copy_(normalize(times(matrix, v), dim=0, eps=eps))
            else:
                v.copy_(normalize(times(matrix.mT, u), dim=0, eps=eps))


def started(matrix: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Random unit vectors for the two sides of a matrix."""
    def unit(n: int) -> Tensor:
        return normalize(random.randn(n, dtype=matrix.dtype, device=matrix.device), dim=0, eps=eps)
    with no_grad():
        return unit(matrix.shape[0]), unit(matrix.shape[1])


def sigma(matrix: Tensor, u: Tensor, v: Tensor) -> Any:
    """The first singular value, where u and v are its vectors."""
    return linalg.matmul(u, times(matrix, v))


class _Computed:
    """A forward pre-hook that computes a weight from what is stored for it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def weight(self, module: Module) -> Tensor:
        """The weight to compute with."""
        raise NotImplementedError

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.weight(module))


def hook_of(module: Module, kind: type[_Computed], name: str) -> tuple[int, Any] | None:
    """A module's hook of a class for a tensor, with its number."""
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook.function, kind) and hook.function.name == name:
            return number, hook.function
    return None


class WeightNorm(_Computed):
    """The hook of :func:`weight_norm`."""

    def __init__(self, name: str, dim: int | None) -> None:
        super().__init__(name)
        self.dim = -1 if dim is None else dim

    def weight(self, module: Module) -> Tensor:
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return v * (g / norm_except(v, self.dim))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    r"""Split a weight into length and direction: :math:`w = g v / \|v\|`.

    PyTorch's older form: ``weight_g`` and ``weight_v`` take the place of ``weight`` among the
    parameters, and a hook computes it before each call. New programs use
    :func:`facula.nn.utils.parametrizations.weight_norm`.

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

    Raises
    ------
    RuntimeError
        If the weight has this hook already.

    References
    ----------
    Salimans and Kingma, "Weight Normalization", https://arxiv.org/abs/1602.07868

    Examples
    --------
    >>> import facula
    >>> layer = facula.nn.utils.weight_norm(facula.nn.Linear(20, 40))
    >>> layer.weight_g.shape, layer.weight_v.shape
    (facula.Size([40, 1]), facula.Size([40, 20]))
    """
    if hook_of(module, WeightNorm, name):
        raise RuntimeError("Cannot register two weight_norm hooks on the same parameter "
                           f"{name}")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    delattr(module, name)
    with no_grad():
        g = norm_except(weight, hook.dim)
    module.register_parameter(name + "_g", Parameter(g.detach()))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.weight(module))
    module.register_forward_pre_hook(hook)
    return module


def _removed(module: Module, kind: type[_Computed], name: str, what: str) -> Any:
    """Take a hook away and make the weight a parameter again."""
    found = hook_of(module, kind, name)
    if found is None:
        raise ValueError(f"{what} of '{name}' not found in {module}")
    number, hook = found
    with no_grad():
        weight = hook.weight(module).detach()
    delattr(module, name)
    del module._forward_pre_hooks[number]
    setattr(module, name, Parameter(weight))
    return hook


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Undo :func:`weight_norm`: the weight is a parameter again.

    Parameters
    ----------
    module : Module
    name : str

    Raises
    ------
    ValueError
        If the weight has no such hook.
    """
    _removed(module, WeightNorm, name, "weight_norm")
    delattr(module, name + "_g")
    delattr(module, name + "_v")
    return module


class SpectralNorm(_Computed):
    """The hook of :func:`spectral_norm`."""

    version = 1

    def __init__(self, name: str, rounds: int, dim: int, eps: float) -> None:
        if rounds <= 0:
            raise ValueError("Expected n_power_iterations to be positive, but got "
                             f"n_power_iterations={rounds}")
        super().__init__(name)
        self.n_power_iterations = rounds
        self.dim = dim
        self.eps = eps

    def weight(self, module: Module, move: bool = False) -> Tensor:
        """The weight to compute with; ``move``: after steps of the power method."""
        weight = getattr(module, self.name + "_orig")
        u, v = (getattr(module, f"{self.name}_{letter}") for letter in "uv")
        matrix = as_matrix(weight, self.dim)
        if move:
            improved(matrix.detach(), u, v, self.n_power_iterations, self.eps, "v")
        # clones: the graph must not see the next call's in-place steps
        return weight / sigma(matrix, shape.clone(u), shape.clone(v))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.weight(module, module.training))


def _state_version(module: Module, state: Any, prefix: str, metadata: dict[str, Any]) -> None:
    """Note the format in the state dict's metadata, where PyTorch looks for it."""
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook.function, SpectralNorm):
            metadata.setdefault("spectral_norm", {})[
                hook.function.name + ".version"] = SpectralNorm.version


def spectral_norm(module: Module, name: str = "weight", n_power_iterations: int = 1,
                  eps: float = 1e-12, dim: int | None = None) -> Module:
    r"""Divide a weight by its largest singular value, :math:`w / \sigma(w)`.

    PyTorch's older form: ``weight_orig`` takes the place of ``weight`` among the parameters, and a
    hook computes it before each call, in training mode after a step of the power method. New
    programs use :func:`facula.nn.utils.parametrizations.spectral_norm`.

    Parameters
    ----------
    module : Module
    name : str
        Of the weight.
    n_power_iterations : int
        Steps of the power method in each call.
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
    >>> layer = facula.nn.utils.spectral_norm(facula.nn.Linear(20, 40))
    >>> layer.weight_u.shape
    facula.Size([40])
    """
    if hook_of(module, SpectralNorm, name):
        raise RuntimeError("Cannot register two spectral_norm hooks on the same parameter "
                           f"{name}")
    hook = SpectralNorm(name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    weight = module._parameters.get(name)
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    u, v = started(as_matrix(weight, hook.dim), eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())  # a plain attribute until the first call
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    module._register_state_dict_hook(_state_version)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undo :func:`spectral_norm`: the weight is a parameter again.

    Parameters
    ----------
    module : Module
    name : str

    Raises
    ------
    ValueError
        If the weight has no such hook.
    """
    _removed(module, SpectralNorm, name, "spectral_norm")
    for letter in ("u", "v", "orig"):
        delattr(module, f"{name}_{letter}")
    for number, (_, hook) in list(module._state_dict_hooks.items()):
        if hook is _state_version and not any(
                isinstance(h.function, SpectralNorm) for h in module._forward_pre_hooks.values()):
            del module._state_dict_hooks[number]
    return module
