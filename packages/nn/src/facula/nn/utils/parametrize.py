"""Parameters as functions of others: what a module computes with is not what it stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from facula.core.slot import no_grad
from facula.core.tensor import Tensor
from facula.nn.container import ModuleDict, ModuleList
from facula.nn.module import Module
from facula.nn.parameter import Parameter

__all__ = ["ParametrizationList", "cached", "is_parametrized", "register_parametrization",
           "remove_parametrizations", "transfer_parametrizations_and_params",
           "type_before_parametrizations"]

_cache: dict[tuple[int, str], Tensor] = {}
_depth = 0


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once within the block, however often it is used.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.utils import parametrize
    >>> cell = facula.nn.utils.parametrizations.weight_norm(facula.nn.RNNCell(3, 3), "weight_hh")
    >>> with parametrize.cached():
    ...     cell.weight_hh is cell.weight_hh
    True
    """
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _cache.clear()


def _put(module: Module, name: str, value: Any) -> None:
    """Register a parameter or a buffer, whichever it is."""
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


def _check_same(what: str, kept: Tensor, new: Any) -> None:
    if not isinstance(new, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(new).__name__}.")
    for word, a, b in (("dtype", kept.dtype, new.dtype),
                       ("shape", tuple(kept.shape), tuple(new.shape))):
        if a != b:
            raise ValueError(f"{what} may not change the {word} of the tensor, unless `unsafe` "
                             f"flag is enabled: unparametrized {word}: {a}, parametrized {word}: "
                             f"{b}")


def _inverted(parametrization: Module, value: Any) -> Any:
    """What the parametrization has to be given to return a value; the value itself if unknown."""
    inverse = getattr(parametrization, "right_inverse", None)
    if inverse is None:
        return value
    try:
        return inverse(value)
    except NotImplementedError:
        return value


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, and what they start from.

    ``module.parametrizations[name]`` is one. It holds the stored tensor as ``original`` or, where
    the first parametrization's ``right_inverse`` returns several, as ``original0``,
    ``original1``, ...

    Parameters
    ----------
    modules : sequence of Module
        The parametrizations, in the order in which they are applied.
    original : Tensor
        The tensor as it is so far.
    unsafe : bool
        Whether dtype and shape may change.

    Raises
    ------
    ValueError
        If a parametrization does not return what it has to.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        before = original.detach()
        new: Any = before
        with no_grad():
            for module in reversed(list(modules)):
                new = _inverted(module, new)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(self._several(new))
        if self.is_tensor:
            self._check_kind("original", original, new)
            if new is not before:
                original.data = new
            _put(self, "original", original)
        else:
            for i, tensor in enumerate(new):
                if isinstance(original, Parameter):
                    tensor = Parameter(tensor.detach(), original.requires_grad)
                _put(self, f"original{i}", tensor)
        if not unsafe:
            _check_same("Registering a parametrization", before, self())

    @staticmethod
    def _several(value: Any) -> Sequence[Tensor]:
        if not isinstance(value, Sequence) or not all(isinstance(v, Tensor) for v in value):
            raise ValueError("'right_inverse' must return a Tensor or a Sequence of tensors "
                             f"(list, tuple...). Got {type(value).__name__}")
        return value

    @staticmethod
    def _check_kind(name: str, stored: Tensor, new: Tensor) -> None:
        if stored.dtype is not new.dtype or stored.device != new.device:
            raise ValueError(f"The tensor returned by `right_inverse` has dtype {new.dtype} on "
                             f"{new.device}, while `{name}` has dtype {stored.dtype} on "
                             f"{stored.device}: it may change neither")

    def originals(self) -> list[Tensor]:
        """The stored tensors."""
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Any) -> None:
        """Store what makes the parametrizations return a value, as well as they can.

        Parameters
        ----------
        value : Tensor

        Raises
        ------
        RuntimeError
            If a parametrization has no ``right_inverse``.
        ValueError
            If one returns something else than before.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not "
                                       "implement right_inverse.")
                value = module.right_inverse(value)
            new = [value] if self.is_tensor else list(self._several(value))
            if len(new) != self.ntensors or not isinstance(new[0], Tensor):
                raise ValueError(f"'right_inverse' must return {self.ntensors} tensors, as it did "
                                 f"before. Got {type(value).__name__} of {len(new)}")
            for i, (stored, tensor) in enumerate(zip(self.originals(), new, strict=True)):
                self._check_kind("original" if self.is_tensor else f"original{i}", stored, tensor)
                stored.data = tensor.detach()

    def forward(self) -> Tensor:
        first, *rest = self
        value = first(*self.originals())
        for module in rest:
            value = module(value)
        return value


class _Parametrized:
    """What a module's class is mixed with while tensors of it are parametrized."""

    _base: type[Module]
    __dict__: dict[str, Any]

    def _lists(self) -> Any:
        found = self.__dict__.get("_modules", {}).get("parametrizations")
        return {} if found is None else found._modules

    def __getattr__(self, name: str) -> Any:
        lists = self._lists()
        if name not in lists:
            return super().__getattr__(name)  # type: ignore[misc]
        if not _depth:
            return lists[name]()
        key = id(self), name
        if key not in _cache:
            _cache[key] = lists[name]()
        return _cache[key]

    def __setattr__(self, name: str, value: Any) -> None:
        lists = self._lists()
        if name in lists:
            lists[name].right_inverse(value)
            _cache.pop((id(self), name), None)
        else:
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._lists()})

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuilt, (self._base,), self.__dict__


_classes: dict[type[Module], type[Module]] = {}


def _parametrized_class(base: type[Module]) -> type[Module]:
    """The class of parametrized modules of a class, ``ParametrizedLinear`` for ``Linear``."""
    found = _classes.get(base)
    if found is None:
        found = _classes[base] = type(f"Parametrized{base.__name__}", (_Parametrized, base), {
            "_base": base, "__module__": base.__module__, "__doc__": base.__doc__})
    return found


def _rebuilt(base: type[Module]) -> Module:
    return object.__new__(_parametrized_class(base))


def register_parametrization(module: Module, tensor_name: str, parametrization: Module, *,
                             unsafe: bool = False) -> Module:
    """Let a module compute one of its tensors from what it stores, each time it is used.

    ``module.parametrizations[tensor_name]`` then holds the parametrization and the stored tensor,
    ``original``, which is what is trained and saved. Another parametrization of the same tensor is
    applied after those there are. Where a parametrization has a method ``right_inverse``, it says
    what to store for a value: at first for the tensor as it is, and then for each assignment
    ``module.weight = value``.

    Parameters
    ----------
    module : Module
    tensor_name : str
        A parameter or a buffer of it.
    parametrization : Module
        From the stored tensor, or tensors, to the one to use.
    unsafe : bool
        Let the parametrization change dtype and shape.

    Returns
    -------
    Module
        ``module``, whose class is now called ``Parametrized...``.

    Raises
    ------
    ValueError
        If there is no such tensor, or dtype or shape would change.

    Examples
    --------
    >>> import facula
    >>> class Symmetric(facula.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> layer = facula.nn.Linear(3, 3)
    >>> _ = facula.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.mT).all())
    True
    >>> list(layer.state_dict())
    ['bias', 'parametrizations.weight.original']
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        held = module.parametrizations[tensor_name]
        if not unsafe:
            with no_grad():
                now = getattr(module, tensor_name)
                _check_same("Registering a parametrization", now, parametrization(now))
                _check_same("The right_inverse of a parametrization", now,
                            _inverted(parametrization, now))
        held.append(parametrization)
        held.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(f"Module '{module}' does not have a parameter, a buffer, or a parametrized"
                         f" element with name '{tensor_name}'")
    original = getattr(module, tensor_name)
    held = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.__class__ = _parametrized_class(type(module))
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = held
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a tensor of a module, or any, is parametrized.

    Parameters
    ----------
    module : Module
    tensor_name : str, optional
    """
    if not isinstance(module, _Parametrized):
        return False
    lists = module._lists()
    return bool(lists) if tensor_name is None else tensor_name in lists


def remove_parametrizations(module: Module, tensor_name: str,
                            leave_parametrized: bool = True) -> Module:
    """Make a tensor an ordinary parameter or buffer again.

    Parameters
    ----------
    module : Module
    tensor_name : str
    leave_parametrized : bool
        Keep the value that the parametrizations give, instead of the stored one.

    Returns
    -------
    Module
        ``module``.

    Raises
    ------
    ValueError
        If the tensor is not parametrized; or if several tensors are stored for it and
        ``leave_parametrized`` is False.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.utils import parametrizations, parametrize
    >>> layer = parametrizations.weight_norm(facula.nn.Linear(2, 2))
    >>> list(parametrize.remove_parametrizations(layer, "weight").state_dict())
    ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    held = module.parametrizations[tensor_name]
    if not held.is_tensor and not leave_parametrized:
        raise ValueError("Cannot leave unparametrized (`leave_parametrized=False`) a tensor that "
                         "is parametrized in terms of a sequence of tensors.")
    kept = held.originals()[0]
    if leave_parametrized:
        with no_grad():
            value = getattr(module, tensor_name).detach()
        if held.is_tensor:  # the same object, which an optimiser may know
            kept.data = value
        else:
            kept = Parameter(value, kept.requires_grad) if isinstance(kept, Parameter) else value
    del module.parametrizations[tensor_name]
    if not module.parametrizations:
        delattr(module, "parametrizations")
        module.__class__ = type_before_parametrizations(module)
    _put(module, tensor_name, kept)
    return module


def type_before_parametrizations(module: Module) -> type:
    """A module's class as it was before any tensor of it was parametrized.

    Parameters
    ----------
    module : Module
    """
    return module._base if isinstance(module, _Parametrized) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: Module,
                                         tensor_name: str | None = None) -> Module:
    """Give a module the parametrizations, and the stored tensors, of another; both then share them.

    Parameters
    ----------
    from_module, to_module : Module
    tensor_name : str, optional
        Only this tensor; all where not given.

    Returns
    -------
    Module
        ``to_module``.

    Raises
    ------
    ValueError
        If the tensor is not parametrized.
    """
    if tensor_name is not None and not is_parametrized(from_module, tensor_name):
        raise ValueError(f"Module {from_module} does not have a parametrization on {tensor_name}")
    names = ([tensor_name] if tensor_name is not None
             else list(from_module.parametrizations) if is_parametrized(from_module) else [])
    for name in names:
        source = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            _put(to_module, name, getattr(from_module, name).detach())
        for parametrization in source:
            register_parametrization(to_module, name, parametrization, unsafe=source.unsafe)
        target = to_module.parametrizations[name]
        for key, stored in (*source._parameters.items(), *source._buffers.items()):
            setattr(target, key, stored)
    return to_module
