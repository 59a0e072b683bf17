"""Einstein summation: an equation, read into permutations, sums and batched matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import binary, linalg, reduce, shape
from facula.core.tensor import Tensor


def _letters(equation: str, operands: tuple[Tensor, ...]) -> tuple[list[list[Any]], list[Any]]:
    """The labels of each operand's dimensions and of the result's; an ellipsis becomes numbers."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise RuntimeError(f"einsum: {equation!r} names {len(terms)} operands, but "
                           f"{len(operands)} are given")
    labels, widest = [], 0
    for term, t in zip(terms, operands, strict=True):
        head, dots, tail = term.partition("...")
        extra = t.ndim - len(head) - len(tail)
        if extra < 0 or (extra and not dots):
            raise RuntimeError(f"einsum: {term!r} in {equation!r} names {len(head) + len(tail)} "
                               f"dimensions of {describe(t)}")
        if not (head + tail).isalpha() and head + tail:
            raise RuntimeError(f"einsum: {term!r} in {equation!r} holds what is not a letter")
        widest = max(widest, extra)
        labels.append([*head, *range(-extra, 0), *tail])
    if arrow:
        head, dots, tail = right.partition("...")
        result: list[Any] = [*head, *(range(-widest, 0) if dots else ()), *tail]
        if len(set(result)) != len(result):
            raise RuntimeError(f"einsum: {right!r} in {equation!r} names a dimension twice")
    else:
        everything = [x for row in labels for x in row if isinstance(x, str)]
        result = [*range(-widest, 0), *sorted(x for x in set(everything)
                                              if everything.count(x) == 1)]
    for x in result:
        if isinstance(x, str) and not any(x in row for row in labels):
            raise RuntimeError(f"einsum: the result's {x!r} in {equation!r} is in no operand")
    return labels, result


def _diagonals(t: Tensor, row: list[Any]) -> tuple[Tensor, list[Any]]:
    """Dimensions of one label within an operand become their diagonal."""
    for label in [x for i, x in enumerate(row) if x in row[:i]]:
        i, j = [k for k, x in enumerate(row) if x == label][:2]
        t = t.diagonal(0, i, j)  # type: ignore[attr-defined]
        row = [x for k, x in enumerate(row) if k not in (i, j)] + [label]
    return t, row


def _sum_out(t: Tensor, row: list[Any], keep: set[Any],
             dtype: Any = None) -> tuple[Tensor, list[Any]]:
    gone = [i for i, x in enumerate(row) if x not in keep]
    if gone:
        t = reduce.sum(t, tuple(gone), dtype=dtype)
    return t, [x for x in row if x in keep]


def _laid_out(t: Tensor, row: list[Any], wanted: list[Any]) -> Tensor:
    """The operand with exactly the wanted labels, in order; those it lacks have size 1."""
    order = [row.index(x) for x in wanted if x in row]
    t = shape.permute(t, tuple(order))
    for i, x in enumerate(wanted):
        if x not in row:
            t = shape.unsqueeze(t, i)
    return t


def _sizes(*pairs: tuple[Tensor, list[Any]]) -> dict[Any, int]:
    sizes: dict[Any, int] = {}
    for t, row in pairs:
        for x, n in zip(row, t.shape, strict=True):
            if sizes.get(x, 1) not in (1, n) and n != 1:
                raise RuntimeError(f"einsum: dimension {x!r} has size {sizes[x]} and {n}")
            sizes[x] = max(sizes.get(x, 1), n)
    return sizes


def _pair(a: Tensor, ra: list[Any], b: Tensor, rb: list[Any],
          keep: set[Any]) -> tuple[Tensor, list[Any]]:
    """Two operands contracted over the labels that nothing else needs."""
    a, ra = _sum_out(a, ra, keep | set(rb), a.dtype)
    b, rb = _sum_out(b, rb, keep | set(ra), b.dtype)
    sizes = _sizes((a, ra), (b, rb))
    summed = [x for x in ra if x in rb and x not in keep]
    if not summed:
        row = list(dict.fromkeys([*ra, *rb]))
        return binary.mul(_laid_out(a, ra, row), _laid_out(b, rb, row)), row
    batch = [x for x in ra if x in rb and x in keep]
    rows = [x for x in ra if x not in rb]
    columns = [x for x in rb if x not in ra]

    def block(t: Tensor, row: list[Any], first: list[Any], second: list[Any]) -> Tensor:
        laid = _laid_out(t, row, [*batch, *first, *second])
        full = [sizes[x] for x in (*batch, *first, *second)]
        laid = shape.expand(laid, full)
        return shape.reshape(laid, [*full[:len(batch)],
                                    int(np.prod([sizes[x] for x in first], dtype=np.int64)),
                                    int(np.prod([sizes[x] for x in second], dtype=np.int64))])

    product = linalg.batched_matmul(block(a, ra, rows, summed), block(b, rb, summed, columns))
    row = [*batch, *rows, *columns]
    return shape.reshape(product, [sizes[x] for x in row]), row


@composite(method=False)
def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products in Einstein's notation.

    Parameters
    ----------
    equation : str
        For each operand a letter per dimension, separated by commas, then ``->`` and the letters
        of the result; without the arrow, those that occur once, in alphabetical order. ``...``
        stands for further dimensions, which broadcast.
    *operands : Tensor
        They may also be given as one list.

    Returns
    -------
    Tensor

    Raises
    ------
    RuntimeError
        If the equation does not fit the operands.

    Examples
    --------
    >>> import facula
    >>> a, b = facula.ones(2, 3, 4), facula.ones(2, 4, 5)
    >>> facula.einsum("bij,bjk->bik", a, b).shape
    facula.Size([2, 3, 5])
    """
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not isinstance(equation, str) or not operands:
        raise TypeError(f"einsum: needs an equation and tensors, but got {describe(equation)} and "
                        f"{len(operands)} operands")
    labels, result = _letters(equation, operands)
    terms = [_diagonals(t, row) for t, row in zip(operands, labels, strict=True)]
    _sizes(*terms)
    wanted = set(result)
    if len(terms) == 1:
        t, row = _sum_out(*terms[0], wanted)
    else:
        for i, j in _order(terms, wanted):
            (a, ra), (b, rb) = terms[i], terms[j]
            rest = [x for k, x in enumerate(terms) if k not in (i, j)]
            keep = wanted | {x for _, r in rest for x in r}
            terms = [*rest, _pair(a, ra, b, rb, keep)]
        t, row = _sum_out(*terms[0], wanted, terms[0][0].dtype)
    return shape.permute(t, tuple([row.index(x) for x in result]))


def _order(terms: list[tuple[Tensor, list[Any]]], wanted: set[Any]) -> list[tuple[int, int]]:
    """Which two operands to contract in each step: the cheapest next, as NumPy finds it."""
    if len(terms) == 2:
        return [(0, 1)]
    names: dict[Any, str] = {}
    for _, row in terms:
        for x in row:
            names.setdefault(x, chr(ord("A") + len(names)) if len(names) < 26
                             else chr(ord("a") + len(names) - 26))
    text = ",".join("".join(names[x] for x in row) for _, row in terms)
    text += "->" + "".join(names[x] for x in names if x in wanted)
    dummies = [np.broadcast_to(np.float32(0), tuple(t.shape)) for t, _ in terms]
    path = np.einsum_path(text, *dummies, optimize="greedy")[0][1:]
    if any(len(step) != 2 for step in path):
        return [(0, 1)] * (len(terms) - 1)
    return [(step[0], step[1]) for step in path]
