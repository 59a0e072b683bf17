"""The base of all optimisers: parameter groups, state, saving and loading, hooks."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from facula.autograd import RemovableHandle, enable_grad
from facula.core import Tensor, no_grad
from facula.core.errors import describe


class _Required:
    """The default of an option that every parameter group must give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
_HOOKS = ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre",
          "load_state_dict_post")
_global_pre: dict[int, Any] = OrderedDict()
_global_post: dict[int, Any] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before the step of every optimiser."""
    return _registered(_global_pre, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after the step of every optimiser."""
    return _registered(_global_post, hook)


def _registered(hooks: Any, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step between its hooks; counts calls, so that schedulers can tell whether it ran."""
    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._depth:  # a subclass calls its parent's step
            return step(self, *args, **kwargs)
        for hook in chain(list(_global_pre.values()), list(self._hooks["step_pre"].values())):
            answer = hook(self, (self, *args), kwargs)
            if answer is not None:
                if not (isinstance(answer, tuple) and len(answer) == 2):
                    raise RuntimeError(f"step: a pre-hook must return None or (args, kwargs), "
                                       f"but returned {answer!r}")
                args, kwargs = tuple(answer[0])[1:], answer[1]
        self._depth += 1
        try:
            out = step(self, *args, **kwargs)
        finally:
            self._depth -= 1
        self._steps += 1
        for hook in chain(list(self._hooks["step_post"].values()), list(_global_post.values())):
            hook(self, (self, *args), kwargs)
        return out
    return hooked


class Optimizer:
    """Base class of all optimisers, with PyTorch's interface.

    A subclass fills ``defaults`` and defines ``step``; most are written as one update rule, see
    :class:`facula.optim.RuleOptimizer`.

    Parameters
    ----------
    params : iterable of Tensor, of dict, or of (str, Tensor)
        What to optimise: tensors, named tensors, or parameter groups, each a dict with ``params``
        and options that differ from the defaults.
    defaults : dict
        Options of groups that do not give them.

    Examples
    --------
    >>> import facula
    >>> class Descent(facula.optim.Optimizer):
    ...     @facula.no_grad()
    ...     def step(self, closure=None):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p.sub_(p.grad * group["lr"])
    >>> w = facula.ones(2, requires_grad=True)
    >>> w.sum().backward()
    >>> Descent([w], {"lr": 0.5}).step()
    >>> w
    tensor([0.5000, 0.5000], requires_grad=True)
    """

    scalars: dict[str, float] = {"step": 0.0}
    state: defaultdict[Any, Any]
    param_groups: list[dict[str, Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{name}: params must be an iterable of tensors or dicts, but is "
                            f"{describe(params)}: put it in a list")
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        self._prepare()
        groups = list(params)
        if not groups:
            raise ValueError(f"{name}: params is empty: give at least one tensor")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _prepare(self) -> None:
        """What is not part of the saved state."""
        self._hooks: dict[str, Any] = {name: OrderedDict() for name in _HOOKS}
        self._depth = self._steps = 0

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_hooks" not in self.__dict__:
            self._prepare()

    def __repr__(self) -> str:
        text = type(self).__name__ + " ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            text += "".join(f"    {k}: {group[k]}\n" for k in sorted(group) if k != "params")
        return text + ")"

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once.

        Parameters
        ----------
        closure : callable, optional
            Clears the gradients, computes the loss and its gradients, returns the loss.

        Returns
        -------
        The loss, if there is a closure.
        """
        raise NotImplementedError(f"{type(self).__name__}: step() is not written")

    @staticmethod
    def _loss(closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            return None
        with enable_grad():
            return closure()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters.

        Parameters
        ----------
        set_to_none : bool
            Let go of the memory; otherwise fill it with zeros.
        """
        for group in self.param_groups:
            for p in group["params"]:
                slot = p._autograd
                if slot is None or slot.grad is None:
                    continue
                if set_to_none:
                    slot.grad = None
                    continue
                with no_grad():
                    g = slot.grad
                    if not g.is_leaf:
                        g.detach_()
                    elif g.requires_grad:
                        g.requires_grad_(False)
                    g.zero_()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimise further parameters, with options of their own.

        Parameters
        ----------
        param_group : dict
            ``params`` (a tensor or an ordered collection of them), and options.

        Raises
        ------
        TypeError, ValueError
            If something in it is no tensor or no leaf, stands in another group, or is missing.
        """
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise TypeError(f"{name}: a parameter group must be a dict, not "
                            f"{type(param_group).__name__}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(f"{name}: params is a set, whose order changes between runs: "
                            "use a list")
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        if names and len(names) != len(params):
            raise ValueError(f"{name}: {len(names)} of {len(params)} parameters have names: "
                             "name all or none")
        if names:
            params = [p[1] for p in params]
            param_group["param_names"] = names
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: params must hold tensors, but one is {describe(p)}")
            if not (self.defaults.get("differentiable") or p.is_leaf
                    or getattr(p._autograd, "retained", None) is not None):
                raise ValueError(f"{name}: {describe(p)} is the result of an operation: only "
                                 "leaf tensors can be optimised: use detach()")
        param_group["params"] = params
        for key, value in self.defaults.items():
            if value is required and key not in param_group:
                raise ValueError(f"{name}: a parameter group lacks the option {key!r}")
            param_group.setdefault(key, value)
        if len(set(params)) != len(params):
            warnings.warn(f"{name}: a parameter group holds a parameter twice; it is updated "
                          "twice in each step", stacklevel=3)
        for group in self.param_groups:
            if ("param_names" in group) != bool(names):
                raise ValueError(f"{name}: some parameter groups have names, others not: name "
                                 "all or none")
            if not set(group["params"]).isdisjoint(params):
                raise ValueError(f"{name}: a parameter stands in more than one group")
        self.param_groups.append(param_group)

    # Saving and loading

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, in PyTorch's structure.

        Returns
        -------
        dict
            ``state``: per parameter number, its state; ``param_groups``: the options, with the
            parameters as numbers.
        """
        for hook in list(self._hooks["state_dict_pre"].values()):
            hook(self)
        numbers: dict[Any, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(p, len(numbers))
            groups.append({**{k: v for k, v in group.items() if k != "params"},
                           "params": [numbers[p] for p in group["params"]]})
        state = {numbers[k] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        out: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in list(self._hooks["state_dict_post"].values()):
            answer = hook(self, out)
            if answer is not None:
                out = answer
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a saved state: tensors are copied to each parameter's device and dtype.

        Raises
        ------
        ValueError
            If the groups do not match in number or size.
        """
        name = type(self).__name__
        state_dict = dict(state_dict)
        for hook in list(self._hooks["load_state_dict_pre"].values()):
            answer = hook(self, state_dict)
            if answer is not None:
                state_dict = answer
        groups = deepcopy(state_dict["param_groups"])
        have = [len(g["params"]) for g in self.param_groups]
        given = [len(g["params"]) for g in groups]
        if have != given:
            raise ValueError(f"{name}: the state dict does not fit: it has groups of {given} "
                             f"parameters, the optimiser of {have}: build it in the same way")
        params = dict(zip(chain.from_iterable(g["params"] for g in groups),
                          chain.from_iterable(g["params"] for g in self.param_groups),
                          strict=True))
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = _restored(value, params[key], None, self.scalars)
            else:
                state[key] = deepcopy(value)
        for group, mine in zip(groups, self.param_groups, strict=True):
            group["params"] = mine["params"]
            if "param_names" in mine:
                group.setdefault("param_names", mine["param_names"])
            for key, value in self.defaults.items():
                group.setdefault(key, value)
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in list(self._hooks["load_state_dict_post"].values()):
            hook(self)

    # Hooks

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return both anew."""
        return _registered(self._hooks["step_pre"], hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _registered(self._hooks["step_post"], hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any],
                                     prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before :meth:`state_dict`."""
        return _registered(self._hooks["state_dict_pre"], hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any],
                                      prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after it; it may return another dict."""
        return _registered(self._hooks["state_dict_post"], hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any],
                                          prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before loading; it may return another dict."""
        return _registered(self._hooks["load_state_dict_pre"], hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any],
                                           prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after loading."""
        return _registered(self._hooks["load_state_dict_post"], hook, prepend)


def _restored(value: Any, param: Tensor, key: Any, scalars: Any) -> Any:
    """A copy of a saved value: tensors go to the parameter's device and, floating, to its dtype.

    Scalars such as the step stay what they are, on the host: bfloat16 could not count them.
    """
    if isinstance(value, Tensor):
        value = value.detach()
        if key in scalars:
            return value.to("cpu", copy=True)  # type: ignore[attr-defined]
        if param.is_floating_point() and value.is_floating_point():
            return value.to(dtype=param.dtype, device=param.device, copy=True)  # type: ignore
        return value.to(device=param.device, copy=True)  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return {k: _restored(v, param, k, scalars) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_restored(v, param, None, scalars) for v in value])
    return deepcopy(value)
