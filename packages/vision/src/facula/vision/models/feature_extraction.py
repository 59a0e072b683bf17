"""What a network's inner modules give: features of pictures, by the modules' names."""

from __future__ import annotations

import difflib
import inspect
import re
from typing import Any

from facula import nn

__all__ = ["create_feature_extractor", "get_graph_node_names"]

_HOLDERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


class _Enough(Exception):
    """All that is wanted has been seen: the rest of the network need not run."""


class FeatureExtractor(nn.Module):
    """A network that gives the outputs of some of its modules; :func:`create_feature_extractor`
    makes it.

    It shares the network's modules, parameters and mode, and its ``state_dict`` is the network's.
    What comes after the last module that is wanted does not run.
    """

    def __init__(self, model: nn.Module, train_nodes: dict[str, str],
                 eval_nodes: dict[str, str]) -> None:
        super().__init__()
        object.__setattr__(self, "_model", model)  # not a child: the keys stay the network's
        self._parameters, self._buffers = model._parameters, model._buffers
        self._modules = model._modules
        self.training = model.training
        self._nodes = {True: train_nodes, False: eval_nodes}

    def train(self, mode: bool = True) -> FeatureExtractor:
        """As a module's; the network's mode follows."""
        super().train(mode)
        self._model.training = mode
        return self

    def forward(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The outputs by the names that were asked for, in the order of computation."""
        wanted = self._nodes[self.training]
        found: dict[str, Any] = {}
        calls: dict[str, int] = {}
        modules = dict(self._model.named_modules(remove_duplicate=False))

        def watch(path: str) -> Any:
            def hook(module: nn.Module, inputs: Any, output: Any) -> None:
                count = calls[path] = calls.get(path, -1) + 1
                node = f"{path}_{count}" if count else path
                if node in wanted and not (node != path and node in modules):
                    found[node] = output
                elif path in wanted and not _is_leaf(module):
                    found.pop(path)  # of several calls the last
                    found[path] = output
                # Modules that hold others may be called again: nothing is certain before the end.
                if len(found) == len(wanted) and leaves:
                    raise _Enough
            return hook

        leaves = all(_is_leaf(modules[_place(name, modules)]) for name in wanted)
        places = {_place(name, modules) for name in wanted}
        handles = [modules[place].register_forward_hook(watch(place)) for place in places]
        try:
            self._model(*args, **kwargs)
        except _Enough:
            pass
        finally:
            for handle in handles:
                handle.remove()
        missing = [name for name in wanted if name not in found]
        if missing:
            raise RuntimeError(f"create_feature_extractor: forward did not call {missing}")
        return {wanted[name]: output for name, output in found.items()}


def _is_leaf(module: nn.Module) -> bool:
    own = type(module).__module__
    if own.startswith("facula.nn."):
        return not isinstance(module, _HOLDERS)
    return own.startswith("facula.vision.ops.") or not module._modules


def _place(node: str, modules: dict[str, nn.Module]) -> str:
    """The name of the module whose output, of whichever call, the node is; "" is none."""
    if node in modules:
        return node
    again = re.fullmatch(r"(.+)_[1-9]\d*", node)
    return again[1] if again is not None and again[1] in modules else ""


def _asked(model: nn.Module, nodes: Any) -> dict[str, str]:
    """The nodes with the names to return them under, all of them the model's."""
    if nodes is None:
        raise ValueError("create_feature_extractor: give return_nodes, or both train_return_nodes "
                         "and eval_return_nodes")
    asked = ({str(k): str(v) for k, v in nodes.items()} if isinstance(nodes, dict)
             else {str(n): str(n) for n in nodes})
    modules = dict(model.named_modules(remove_duplicate=False))
    for node in asked:
        if not _place(node, modules):
            near = difflib.get_close_matches(node, modules, 3, 0.5) or list(modules)[1:4]
            raise ValueError(f"create_feature_extractor: {node!r} is no module of "
                             f"{type(model).__name__}: only outputs of modules can be returned, "
                             f"such as {', '.join(map(repr, near))}")
    return asked


def get_graph_node_names(model: nn.Module, tracer_kwargs: dict[str, Any] | None = None,
                         suppress_diff_warning: bool = False,
                         concrete_args: dict[str, Any] | None = None,
                         ) -> tuple[list[str], list[str]]:
    """The names of a network's modules, for training and for evaluation.

    The networks are not traced: the names are those of modules that hold no others, in the order
    in which they are defined, and operations outside of modules have none.

    Parameters
    ----------
    model : Module
        The network.
    tracer_kwargs, suppress_diff_warning, concrete_args
        Accepted for compatibility.

    Returns
    -------
    tuple of two lists of str
        Both the same.

    Examples
    --------
    >>> from facula.vision.models import resnet18
    >>> from facula.vision.models.feature_extraction import get_graph_node_names
    >>> get_graph_node_names(resnet18())[1][-3:]
    ['layer4.1.bn2', 'avgpool', 'fc']
    """
    names: list[str] = []

    def walk(module: nn.Module, path: str) -> None:
        for name, child in module.named_children():
            if _is_leaf(child):
                names.append(path + name)
            else:
                walk(child, f"{path}{name}.")
    walk(model, "")
    inputs = [p.name for p in inspect.signature(model.forward).parameters.values()
              if p.kind is p.POSITIONAL_OR_KEYWORD][:1]
    return inputs + names, inputs + names


def create_feature_extractor(model: nn.Module, return_nodes: Any = None,
                             train_return_nodes: Any = None, eval_return_nodes: Any = None,
                             tracer_kwargs: dict[str, Any] | None = None,
                             suppress_diff_warning: bool = False,
                             concrete_args: dict[str, Any] | None = None) -> FeatureExtractor:
    """A network that gives a dictionary of the outputs of some of its modules.

    Parameters
    ----------
    model : Module
        The network; its modules and parameters are shared, not copied.
    return_nodes : list of str, or dict
        The names of modules (``"layer2"``, ``"layer4.1.relu"``), or for each under which name to
        return its output. A module that is called several times has the nodes ``relu``,
        ``relu_1``, ...; one that holds others gives the output of its last call.
    train_return_nodes, eval_return_nodes : list of str, or dict, optional
        The same for training and evaluation, instead of ``return_nodes``.
    tracer_kwargs, suppress_diff_warning, concrete_args
        Accepted for compatibility.

    Raises
    ------
    ValueError
        If the network has no such module. Results of operations that are no modules, such as the
        ``flatten`` or ``add`` in a forward, can't be returned.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import resnet18
    >>> from facula.vision.models.feature_extraction import create_feature_extractor
    >>> extractor = create_feature_extractor(resnet18(), {"layer1": "near", "layer3": "far"})
    >>> [(name, y.shape) for name, y in extractor(facula.zeros(1, 3, 64, 64)).items()]
    [('near', facula.Size([1, 64, 16, 16])), ('far', facula.Size([1, 256, 4, 4]))]
    """
    if return_nodes is not None and (train_return_nodes is not None
                                     or eval_return_nodes is not None):
        raise ValueError("create_feature_extractor: give return_nodes, or both train_return_nodes "
                         "and eval_return_nodes, not all")
    train = train_return_nodes if return_nodes is None else return_nodes
    evaluate = eval_return_nodes if return_nodes is None else return_nodes
    return FeatureExtractor(model, _asked(model, train), _asked(model, evaluate))
