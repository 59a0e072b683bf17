"""Pruning: masks that take weights out of a network, chosen by size or at random."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from numbers import Integral
from typing import Any, ClassVar

from facula.core.ops import creation, joining, random, reduce, shape, unary
from facula.core.ops import sort as order
from facula.core.slot import no_grad
from facula.core.tensor import Tensor
from facula.nn.module import Module
from facula.nn.utils.convert_parameters import parameters_to_vector

__all__ = ["BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured",
           "PruningContainer", "RandomStructured", "RandomUnstructured", "custom_from_mask",
           "global_unstructured", "identity", "is_pruned", "l1_unstructured", "ln_structured",
           "random_structured", "random_unstructured", "remove"]


def _hooks(module: Module, name: str | None = None) -> list[tuple[int, Any]]:
    """A module's pruning methods, by number of their hooks."""
    return [(number, hook.function) for number, hook in module._forward_pre_hooks.items()
            if isinstance(hook.function, BasePruningMethod)
            and name in (None, hook.function._tensor_name)]


class BasePruningMethod(ABC):
    """What all ways of pruning share; a subclass says which weights to keep.

    It sets ``PRUNING_TYPE`` to ``"unstructured"``, ``"structured"`` (with an attribute ``dim``) or
    ``"global"``, and defines ``compute_mask(t, default_mask)``. In the pruned module
    ``weight_orig`` is the parameter, ``weight_mask`` a buffer, and a hook computes ``weight``,
    their product, before each call.

    Examples
    --------
    >>> import facula
    >>> class EveryOther(facula.nn.utils.prune.BasePruningMethod):
    ...     PRUNING_TYPE = "unstructured"
    ...     def compute_mask(self, t, default_mask):
    ...         mask = default_mask.clone()
    ...         mask.view(-1)[::2] = 0
    ...         return mask
    >>> layer = facula.nn.Linear(2, 2)
    >>> _ = EveryOther.apply(layer, "bias")
    >>> layer.bias_mask
    tensor([0., 1.])
    """

    PRUNING_TYPE: ClassVar[str] = "unstructured"
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for a tensor: 1 to keep, 0 to prune.

        Parameters
        ----------
        t : Tensor
            The weights, or how much each matters.
        default_mask : Tensor
            The mask so far; what it prunes stays pruned.
        """

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned tensor of a module.

        Parameters
        ----------
        module : Module
        """
        mask = getattr(module, self._tensor_name + "_mask")
        return getattr(module, self._tensor_name + "_orig") * mask.to(
            dtype=getattr(module, self._tensor_name + "_orig").dtype)

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None,
              **kwargs: Any) -> Any:
        """Prune a tensor of a module, also one that is pruned already.

        Parameters
        ----------
        module : Module
        name : str
            Of the parameter.
        *args, **kwargs
            For the method's constructor.
        importance_scores : Tensor, optional
            How much each weight matters; the weights themselves where not given.

        Returns
        -------
        BasePruningMethod
            The hook: the method, or a container of all methods.
        """
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        earlier = _hooks(module, name)
        if earlier:
            number, old = earlier[0]
            del module._forward_pre_hooks[number]
            if not isinstance(old, PruningContainer):
                old = PruningContainer(old)
            old.add_pruning_method(method)
            method = old
        original = getattr(module, name)
        scores = original if importance_scores is None else importance_scores
        if scores.shape != original.shape:
            raise AssertionError("importance_scores should have the same shape as parameter "
                                 f"{name} of {module}, got {scores.shape} vs {original.shape}")
        if earlier:
            mask = getattr(module, name + "_mask")
        else:
            mask = creation.ones_like(original.detach())
        with no_grad():  # an error leaves an unpruned module as it was
            mask = method.compute_mask(scores.detach(), mask)
        if not earlier:
            delattr(module, name)
            module.register_parameter(name + "_orig", original)
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None,
              importance_scores: Tensor | None = None) -> Tensor:
        """A pruned copy of a tensor.

        Parameters
        ----------
        t : Tensor
        default_mask : Tensor, optional
            The mask so far.
        importance_scores : Tensor, optional
            How much each element matters; the elements themselves where not given.
        """
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise AssertionError("importance_scores should have the same shape as tensor t, got "
                                 f"{scores.shape} vs {t.shape}")
        mask = creation.ones_like(t.detach()) if default_mask is None else default_mask
        with no_grad():
            mask = self.compute_mask(scores.detach(), mask)
        return t * mask  # type: ignore[operator]

    def remove(self, module: Module) -> None:
        """Make the pruned weights the parameter; what is pruned stays zero, and can be trained.

        Parameters
        ----------
        module : Module
        """
        name = self._tensor_name
        with no_grad():
            weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters[name + "_orig"]
        assert original is not None
        original.data = weight
        delattr(module, name + "_orig")
        delattr(module, name + "_mask")
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several pruning methods of one tensor; each goes on with what those before it left.

    Parameters
    ----------
    *args : BasePruningMethod
    """

    def __init__(self, *args: Any) -> None:
        methods = list(args[0]) if len(args) == 1 and isinstance(args[0], Iterable) else list(args)
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if methods:
            self._tensor_name = methods[0]._tensor_name
        for method in methods:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method at the end.

        Raises
        ------
        TypeError, ValueError
            If it is none, or for another tensor.
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method._tensor_name != self._tensor_name:
            raise ValueError("Can only add pruning methods acting on the parameter named "
                             f"'{self._tensor_name}' to PruningContainer {self}. Found "
                             f"'{method._tensor_name}'")
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Tensor:
        """The mask so far, and what the last method prunes of what is left."""
        method: Any = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)
        if method.PRUNING_TYPE == "global":
            return method.compute_mask(t, mask)
        if method.PRUNING_TYPE == "unstructured":
            at: Any = mask == 1
            mask = mask.clone()
            mask[at] = method.compute_mask(t[at], mask[at])
            return mask
        if method.PRUNING_TYPE != "structured":
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        dim = _dim_within(t, method.dim)
        others = tuple(d for d in range(t.ndim) if d != dim)
        kept: Any = reduce.any(mask != 0, others)
        index = (slice(None),) * dim + (kept,)
        mask = mask.clone()
        mask[index] = method.compute_mask(t[index], mask[index])
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing, but makes the parameter and mask of a pruned tensor."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far."""
        return default_mask


def _check_amount(amount: Any) -> None:
    if isinstance(amount, bool) or not isinstance(amount, (Integral, float)):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if amount < 0 or (isinstance(amount, float) and amount > 1):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a "
                         "non-negative integer")


def _count(amount: Any, size: int) -> int:
    """How many of ``size`` to prune."""
    if isinstance(amount, Integral):
        if int(amount) > size:
            raise ValueError(f"amount={amount} should be smaller than the number of parameters to "
                             f"prune={size}")
        return int(amount)
    return round(amount * size)


def _dim_within(t: Tensor, dim: int) -> int:
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {tuple(t.shape)}")
    return dim % t.ndim


def _without_least(scores: Any, default_mask: Any, count: int) -> Tensor:
    """The mask without the ``count`` elements of the lowest scores."""
    mask = default_mask.clone()
    if count:
        lowest = order.topk(shape.reshape(scores, -1), count, largest=False)[1]
        flat = shape.reshape(mask, -1)
        flat[lowest] = 0
        mask = shape.reshape(flat, *mask.shape)
    return mask


def _without_channels(t: Tensor, default_mask: Any, scores: Any, dim: int, count: int) -> Tensor:
    """The mask without the ``count`` slices along ``dim`` of the lowest scores."""
    kept = _without_least(scores, creation.ones_like(scores), count)
    wide = shape.reshape(kept, *(t.shape[dim] if d == dim else 1 for d in range(t.ndim)))
    return default_mask * wide.to(dtype=default_mask.dtype)  # type: ignore[attr-defined]


def _check_structure(t: Tensor) -> None:
    if t.ndim <= 1:
        raise ValueError("Structured pruning can only be applied to multidimensional tensors. "
                         f"Found tensor of shape {tuple(t.shape)} with {t.ndim} dims")


class RandomUnstructured(BasePruningMethod):
    """Prunes elements at random.

    Parameters
    ----------
    amount : int or float
        How many; or, as a float between 0 and 1, what share.
    """

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far without some elements."""
        return _without_least(random.rand_like(t), default_mask, _count(self.amount, t.numel()))


class L1Unstructured(BasePruningMethod):
    """Prunes the smallest elements.

    Parameters
    ----------
    amount : int or float
        How many; or, as a float between 0 and 1, what share.
    """

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far without the smallest elements."""
        return _without_least(unary.abs(t), default_mask, _count(self.amount, t.numel()))


class RandomStructured(BasePruningMethod):
    """Prunes slices along a dimension at random.

    Parameters
    ----------
    amount : int or float
        How many; or, as a float between 0 and 1, what share.
    dim : int
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far without some slices."""
        _check_structure(t)
        dim = _dim_within(t, self.dim)
        n = t.shape[dim]
        return _without_channels(t, default_mask, random.rand(n, device=t.device), dim,
                                 _count(self.amount, n))


class LnStructured(BasePruningMethod):
    """Prunes the slices along a dimension whose norms are smallest.

    Parameters
    ----------
    amount : int or float
        How many; or, as a float between 0 and 1, what share.
    n : int, float or str
        The norm's p; ``"fro"`` is 2.
    dim : int
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.n = n
        self.dim = dim

    def compute_mask(self, t: Any, default_mask: Tensor) -> Tensor:
        """The mask so far without the slices of the smallest norms."""
        _check_structure(t)
        dim = _dim_within(t, self.dim)
        others = tuple(d for d in range(t.ndim) if d != dim)
        norms = t.norm(self.n, others)
        return _without_channels(t, default_mask, norms, dim, _count(self.amount, t.shape[dim]))


class CustomFromMask(BasePruningMethod):
    """Prunes what a given mask says.

    Parameters
    ----------
    mask : Tensor
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Any) -> Tensor:
        """The mask so far times the given one."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(f"default_mask shape {default_mask.shape} must match self.mask "
                                 f"shape {self.mask.shape}")
        return default_mask * self.mask.to(dtype=default_mask.dtype)  # type: ignore[attr-defined]


def identity(module: Module, name: str) -> Module:
    """Make a parameter look pruned without pruning anything; returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune elements of a parameter at random; returns the module.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many; or, as a float between 0 and 1, what share.

    Examples
    --------
    >>> import facula
    >>> layer = facula.nn.utils.prune.random_unstructured(facula.nn.Linear(2, 3), "weight", 2)
    >>> int((layer.weight_mask == 0).sum())
    2
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: float,
                    importance_scores: Tensor | None = None) -> Module:
    """Prune the smallest elements of a parameter; returns the module.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many; or, as a float between 0 and 1, what share.
    importance_scores : Tensor, optional
        How much each element matters; the elements themselves where not given.

    Examples
    --------
    >>> import facula
    >>> layer = facula.nn.Linear(4, 1)
    >>> layer.weight.data = facula.tensor([[0.1, -3.0, 2.0, -0.2]])
    >>> facula.nn.utils.prune.l1_unstructured(layer, "weight", amount=0.5).weight_mask
    tensor([[0., 1., 1., 0.]])
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune slices of a parameter at random; returns the module.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many; or, as a float between 0 and 1, what share.
    dim : int
        The slices are along it.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Module, name: str, amount: float, n: Any, dim: int,
                  importance_scores: Tensor | None = None) -> Module:
    """Prune the slices of a parameter whose norms are smallest; returns the module.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many; or, as a float between 0 and 1, what share.
    n : int, float or str
        The norm's p.
    dim : int
        The slices are along it.
    importance_scores : Tensor, optional
        How much each element matters; the elements themselves where not given.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune a parameter by a given mask; returns the module.

    Parameters
    ----------
    module : Module
    name : str
    mask : Tensor
        1 to keep, 0 to prune.
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters: Iterable[tuple[Module, str]], pruning_method: Any,
                        importance_scores: dict[tuple[Module, str], Tensor] | None = None,
                        **kwargs: Any) -> None:
    """Prune several parameters as if they were one.

    Parameters
    ----------
    parameters : iterable of (Module, str)
        The modules and the names of their parameters.
    pruning_method : type
        An unstructured method, such as :class:`L1Unstructured`.
    importance_scores : dict, optional
        For some of the pairs, how much each element matters.
    **kwargs
        For the method's constructor, such as ``amount``.

    Raises
    ------
    TypeError
        If ``parameters`` can't be gone through, or the method is not unstructured.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.utils import prune
    >>> a, b = facula.nn.Linear(3, 3), facula.nn.Linear(3, 1)
    >>> pairs = [(a, "weight"), (b, "weight")]
    >>> prune.global_unstructured(pairs, prune.L1Unstructured, amount=5)
    >>> int((a.weight == 0).sum() + (b.weight == 0).sum())
    5
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    if importance_scores is not None and not isinstance(importance_scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = list(parameters)
    given = importance_scores or {}
    scores = parameters_to_vector([given.get(pair, getattr(*pair)) for pair in pairs])
    masks = [getattr(module, name + "_mask", None) for module, name in pairs]
    mask = joining.cat([shape.reshape(
        creation.ones_like(getattr(*pair).detach()) if m is None else m, -1)
        for pair, m in zip(pairs, masks, strict=True)])
    container = PruningContainer()
    container._tensor_name = "temp"
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    container.add_pruning_method(method)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError('Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. '
                        f"Found method {pruning_method} of type {method.PRUNING_TYPE}")
    with no_grad():
        final: Any = container.compute_mask(scores.detach(), mask)
    start = 0
    for module, name in pairs:
        parameter = getattr(module, name)
        stop = start + parameter.numel()
        custom_from_mask(module, name, shape.reshape(final[start:stop], *parameter.shape))
        start = stop


def remove(module: Module, name: str) -> Module:
    """Make pruning permanent: the parameter is ordinary again, its pruned elements zero.

    Parameters
    ----------
    module : Module
    name : str

    Raises
    ------
    ValueError
        If the parameter is not pruned.
    """
    for number, method in _hooks(module, name):
        method.remove(module)
        del module._forward_pre_hooks[number]
        return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can "
                     "be removed")


def is_pruned(module: Module) -> bool:
    """Whether a module, or one below it, has a pruned parameter.

    Parameters
    ----------
    module : Module
    """
    return any(_hooks(m) for m in module.modules())
