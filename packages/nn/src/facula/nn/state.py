"""What ``state_dict`` and ``load_state_dict`` do: keys, hooks and PyTorch's messages."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from facula.core.serialization import register_reducer
from facula.core.slot import no_grad
from facula.core.tensor import Tensor
from facula.nn.parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from facula.nn.module import Module

EXTRA_STATE = "_extra_state"


class StateDict(OrderedDict):
    """The parameters and buffers of a module by name; ``_metadata`` holds the modules' versions."""

    _metadata: OrderedDict[str, Any]

    def __reduce__(self) -> Any:
        return _rebuild, (list(self.items()), self._metadata)


def _rebuild(items: list[Any], metadata: Any) -> StateDict:
    state = StateDict(items)
    state._metadata = metadata
    return state


# In a checkpoint it is an OrderedDict with an attribute, as PyTorch's are.
register_reducer(StateDict, lambda s: (OrderedDict, (), vars(s), None, iter(s.items())))


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` returns: the keys that were missing or unexpected."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (f"IncompatibleKeys(missing_keys={self.missing_keys}, "
                f"unexpected_keys={self.unexpected_keys})")


def collect(module: Module, destination: Any, prefix: str, keep_vars: bool) -> Any:
    """Put a module's tensors and its children's into ``destination``."""
    if destination is None:
        destination = StateDict()
        destination._metadata = OrderedDict()
    metadata = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = metadata
    for hook in module._state_dict_pre_hooks.values():
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.",
                             keep_vars=keep_vars)
    for public, hook in module._state_dict_hooks.values():
        answer = hook(module, destination, prefix, metadata)
        if answer is not None:
            if public:
                raise RuntimeError("state_dict post-hook must return None")
            destination = answer
    return destination


def save_own(module: Module, destination: Any, prefix: str, keep_vars: bool, extra: bool) -> None:
    """Put the tensors of this one module, and its extra state, into ``destination``."""
    for name, tensor in (*module._parameters.items(), *module._buffers.items()):
        if tensor is not None and name not in module._non_persistent_buffers_set:
            whole = keep_vars or is_lazy(tensor)
            destination[prefix + name] = tensor if whole else tensor.detach()
    if extra:
        destination[prefix + EXTRA_STATE] = module.get_extra_state()


def load_own(module: Module, state: dict[str, Any], prefix: str, metadata: dict[str, Any],
             strict: bool, missing: list[str], unexpected: list[str], errors: list[str],
             has_extra: bool) -> None:
    """Copy the state into the tensors of this one module, or assign it."""
    for hook in module._load_state_dict_pre_hooks.values():
        hook(state, prefix, metadata, strict, missing, unexpected, errors)
    own = {k: v for k, v in (*module._parameters.items(), *module._buffers.items())
           if v is not None and k not in module._non_persistent_buffers_set}
    for name, tensor in own.items():
        key = prefix + name
        if key in state:
            error = _load_one(module, name, tensor, key, state[key],
                              metadata.get("assign_to_params_buffers", False))
            if error:
                errors.append(error)
        elif strict:
            missing.append(key)
    extra = prefix + EXTRA_STATE
    if has_extra:
        if extra in state:
            module.set_extra_state(state[extra])
        elif strict:
            missing.append(extra)
    elif strict and extra in state:
        unexpected.append(extra)
    if strict:
        for key in state:
            if key.startswith(prefix) and key != extra:
                first, *rest = key[len(prefix):].split(".", 1)
                if first not in (module._modules if rest else own):
                    unexpected.append(key)


def _load_one(module: Module, name: str, tensor: Tensor, key: str, value: Any,
              assign: bool) -> str | None:
    """Load one tensor; returns what is wrong with it, if anything is."""
    if not isinstance(value, Tensor):
        return (f'While copying the parameter named "{key}", expected facula.Tensor from '
                f"checkpoint but received {type(value)}")
    if is_lazy(value):
        return None if is_lazy(tensor) else (
            f'While copying the parameter named "{key}", the checkpoint holds an uninitialized '
            "parameter, but the current model's is initialized.")
    if is_lazy(tensor) and not assign:
        tensor.materialize(tuple(value.shape))  # type: ignore[attr-defined]
    lazy = is_lazy(tensor)
    if not lazy and tensor.ndim == 0 and tuple(value.shape) == (1,):
        value = value.reshape(())
    if not lazy and value.shape != tensor.shape:
        return (f"size mismatch for {key}: copying a param with shape {value.shape} from "
                f"checkpoint, the shape in current model is {tensor.shape}.")
    try:
        with no_grad():
            if assign:
                if isinstance(tensor, Parameter):
                    if isinstance(value, Parameter):
                        value.requires_grad_(tensor.requires_grad)
                    else:
                        value = Parameter(value, tensor.requires_grad)
                setattr(module, name, value)
            else:
                tensor.copy_(value)
    except Exception as error:
        return (f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{tensor.size()} and whose dimensions in the checkpoint are {value.size()}, an "
                f"exception occurred : {error.args}.")
    return None


def load(module: Module, state_dict: Any, strict: bool, assign: bool) -> IncompatibleKeys:
    """Load a whole state dict into a module and its children.

    Raises
    ------
    TypeError
        If the state dict is no mapping.
    RuntimeError
        If shapes differ or, with ``strict``, keys do; all differences are listed.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []
    versions = getattr(state_dict, "_metadata", None)

    def visit(one: Module, state: dict[str, Any], prefix: str) -> None:
        metadata = dict(versions.get(prefix[:-1], {})) if versions is not None else {}
        if assign:
            metadata["assign_to_params_buffers"] = True
        one._load_from_state_dict(state, prefix, metadata, True, missing, unexpected, errors)
        for name, child in one._modules.items():
            if child is not None:
                start = f"{prefix}{name}."
                visit(child, {k: v for k, v in state.items() if k.startswith(start)}, start)
        keys = IncompatibleKeys(missing, unexpected)
        for hook in one._load_state_dict_post_hooks.values():
            if hook(one, keys) is not None:
                raise AssertionError("Hooks registered with ``register_load_state_dict_post_hook``"
                                     " are not expected to return new values, if incompatible_keys"
                                     " need to be modified, it should be done inplace.")

    visit(module, dict(state_dict), "")
    if strict:
        for keys, word in ((unexpected, "Unexpected"), (missing, "Missing")):
            if keys:
                names = ", ".join(f'"{k}"' for k in keys)
                errors.insert(0, f"{word} key(s) in state_dict: {names}. ")
    if errors:
        raise RuntimeError("Error(s) in loading state_dict for {}:\n\t{}".format(
            type(module).__name__, "\n\t".join(errors)))
    return IncompatibleKeys(missing, unexpected)
