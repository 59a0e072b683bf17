"""Samples as flat lists: nested dicts, lists and tuples taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def flatten(sample: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of a sample, and what builds a sample of the same form from others."""
    leaves: list[Any] = []

    def walk(part: Any) -> Any:
        if isinstance(part, Mapping):
            return part, {key: walk(value) for key, value in part.items()}
        if isinstance(part, (list, tuple)):
            return part, [walk(value) for value in part]
        leaves.append(part)
        return None

    form = walk(sample)

    def build(node: Any, values: Iterator[Any]) -> Any:
        if node is None:
            return next(values)
        part, inside = node
        if isinstance(part, Mapping):
            new = {key: build(value, values) for key, value in inside.items()}
            if type(part) is dict:
                return new
            copied = part.copy()  # type: ignore[attr-defined]  # keeps a defaultdict's factory
            copied.update(new)
            return copied
        items = [build(value, values) for value in inside]
        if hasattr(part, "_fields"):
            return type(part)(*items)
        return items if type(part) is list else type(part)(items)

    return leaves, lambda values: build(form, iter(values))
