"""Nested tuples, lists and dicts of tensors, flattened and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of a nested structure, and the function that makes the structure of others."""
    leaves: list[Any] = []
    build = _visit(tree, leaves)
    return leaves, lambda values: build(iter(values))


def _visit(tree: Any, leaves: list[Any]) -> Callable[[Iterator[Any]], Any]:
    if isinstance(tree, dict):
        parts = {k: _visit(v, leaves) for k, v in tree.items()}
        return lambda values: type(tree)((k, b(values)) for k, b in parts.items())
    if isinstance(tree, (tuple, list)):
        builds = [_visit(v, leaves) for v in tree]
        if hasattr(tree, "_fields"):
            return lambda values: type(tree)(*[b(values) for b in builds])
        return lambda values: type(tree)([b(values) for b in builds])
    leaves.append(tree)
    return next


def map_tree(function: Callable[[Any], Any], tree: Any) -> Any:
    """The structure with the function applied to each leaf."""
    leaves, build = flatten(tree)
    return build([function(leaf) for leaf in leaves])
