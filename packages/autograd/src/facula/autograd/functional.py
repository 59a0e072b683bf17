"""Jacobians, Hessians and their products with vectors, as ``torch.autograd.functional``.

``inputs`` is a tensor or a tuple of tensors; results have the same structure. Products with
vectors from the right are had by differentiating a product from the left by the vector, twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.autograd.grads import grad
from facula.core.errors import describe
from facula.core.ops import creation, joining, shape
from facula.core.slot import enable_grad
from facula.core.tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _tuple(op: str, value: Any, what: str) -> tuple[tuple[Tensor, ...], bool]:
    """The tensors as a tuple, and whether there was a single one.

    Raises
    ------
    TypeError
        If it is neither a tensor nor a tuple or list of tensors.
    """
    single = isinstance(value, Tensor)
    values = (value,) if single else value
    if not isinstance(values, (tuple, list)) or not all(isinstance(t, Tensor) for t in values):
        raise TypeError(f"{op}: {what} must be a Tensor or a tuple of tensors, but is "
                        f"{describe(value)}")
    return tuple(values), single


def _fresh(inputs: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """Tensors to differentiate by: still connected if the result shall be differentiable."""
    return tuple([shape.view_as_shape(t, tuple(t.shape)) if create_graph and t.requires_grad
                  else t.detach().requires_grad_() for t in inputs])


def _grads(op: str, outputs: Any, inputs: tuple[Tensor, ...], gradients: Any, create_graph: bool,
           strict: bool) -> tuple[Tensor, ...]:
    """Gradients, zeros where an input plays no part.

    Raises
    ------
    RuntimeError
        With ``strict``, if one does not.
    """
    pairs = [(o, g) for o, g in zip(outputs, gradients, strict=True) if o.requires_grad]
    found: tuple[Any, ...] = (None,) * len(inputs)
    if pairs:
        found = grad([o for o, _ in pairs], inputs, [g for _, g in pairs], retain_graph=True,
                     create_graph=create_graph, allow_unused=True)
    if strict and any(g is None for g in found):
        at = next(i for i, g in enumerate(found) if g is None)
        raise RuntimeError(f"{op}: the outputs do not depend on input {at} "
                           f"({describe(inputs[at])}): leave strict out if that is meant")
    return tuple([creation.zeros_like(t.detach()) if g is None else g
                  for g, t in zip(found, inputs, strict=True)])


def _finish(values: tuple[Any, ...], single: bool, create_graph: bool) -> Any:
    values = values if create_graph else tuple([v.detach() for v in values])
    return values[0] if single else values


def _call(op: str, func: Callable[..., Any],
          inputs: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], bool]:
    return _tuple(op, func(*inputs), "what func returns")


def _vectors(op: str, v: Any, like: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The given vectors, checked; 1 for a single element where none is given.

    Raises
    ------
    RuntimeError
        If they don't fit, or are missing.
    """
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"{op}: v may be left out only for a single element: give v=")
        return (creation.ones_like(like[0].detach()),)
    vectors, _ = _tuple(op, v, "v")
    have, want = [tuple(t.shape) for t in vectors], [tuple(t.shape) for t in like]
    if have != want:
        raise RuntimeError(f"{op}: v has shapes {have}, but must have {want}")
    return vectors


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """The product of a vector with the Jacobian, ``v' J``: ordinary backward.

    Parameters
    ----------
    func : callable
        Takes tensors, returns a tensor or a tuple.
    inputs : Tensor or tuple of Tensor
    v : Tensor or tuple of Tensor, optional
        Of the outputs' shapes; may be left out for a single element.
    create_graph : bool
        Make the results differentiable.
    strict : bool
        Raise if an input plays no part, instead of returning zeros for it.

    Returns
    -------
    tuple
        What ``func`` returns, and the product.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([1.0, 2.0])
    >>> facula.autograd.functional.vjp(lambda x: x * x, x, facula.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    given, single = _tuple("vjp", inputs, "inputs")
    with enable_grad():
        ins = _fresh(given, create_graph)
        outs, one = _call("vjp", func, ins)
        found = _grads("vjp", outs, ins, _vectors("vjp", v, outs), create_graph, strict)
    return _finish(outs, one, create_graph), _finish(found, single, create_graph)


def _push(op: str, outs: tuple[Tensor, ...], ins: tuple[Tensor, ...], v: tuple[Tensor, ...],
          create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    """``J v``: the derivative of ``u' J``, which is linear in u, by u."""
    us = tuple([creation.zeros_like(o.detach()).requires_grad_() for o in outs])
    left = _grads(op, outs, ins, us, True, strict)
    return _grads(op, left, us, v, create_graph, False)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """The product of the Jacobian with a vector, ``J v``.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for :func:`vjp`.
    v : Tensor or tuple of Tensor, optional
        Of the inputs' shapes.

    Returns
    -------
    tuple
        What ``func`` returns, and the product.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([1.0, 2.0])
    >>> facula.autograd.functional.jvp(lambda x: x * x, x, facula.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    given, _ = _tuple("jvp", inputs, "inputs")
    with enable_grad():
        ins = _fresh(given, create_graph)
        outs, one = _call("jvp", func, ins)
        found = _push("jvp", outs, ins, _vectors("jvp", v, ins), create_graph, strict)
    return _finish(outs, one, create_graph), _finish(found, one, create_graph)


def jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool = False,
             strict: bool = False, vectorize: bool = False,
             strategy: str = "reverse-mode") -> Any:
    """All derivatives of all outputs by all inputs.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As for :func:`vjp`.
    vectorize : bool
        Accepted for PyTorch's sake.
    strategy : str
        ``"reverse-mode"``: one backward per output element; ``"forward-mode"``: two per input
        element, for more outputs than inputs.

    Returns
    -------
    Tensor or tuple
        Of shape ``(*output.shape, *input.shape)``; with several outputs or inputs, tuples of
        them, outputs first.

    Examples
    --------
    >>> import facula
    >>> facula.autograd.functional.jacobian(lambda x: x * x.sum(), facula.tensor([1.0, 2.0]))
    tensor([[4., 1.],
            [2., 5.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f"jacobian: strategy={strategy!r} is unknown: use 'reverse-mode' or "
                         "'forward-mode'")
    given, single = _tuple("jacobian", inputs, "inputs")
    with enable_grad():
        ins = _fresh(given, create_graph)
        outs, one = _call("jacobian", func, ins)
        if strategy == "reverse-mode":
            rows = [_rows(o, ins, create_graph, strict) for o in outs]
        else:
            columns = [_columns(outs, ins, i, create_graph, strict) for i in range(len(ins))]
            rows = [tuple([c[k] for c in columns]) for k in range(len(outs))]
    parts = tuple([_finish(r, single, create_graph) for r in rows])
    return parts[0] if one else parts


def _units(t: Tensor) -> list[Tensor]:
    """One tensor per element: 1 there, 0 elsewhere."""
    n = t.numel()
    grid = creation.eye(n, dtype=t.dtype, device=t.device)
    return [shape.view_as_shape(grid[i], tuple(t.shape)) for i in range(n)]


def _stacked(parts: list[Tensor], lead: tuple[int, ...], like: Tensor) -> Tensor:
    size = (*lead, *like.shape)
    if not parts:
        return creation.zeros(size, dtype=like.dtype, device=like.device)
    return shape.view_as_shape(joining.stack(parts), size)


def _rows(output: Tensor, ins: tuple[Tensor, ...], create_graph: bool,
          strict: bool) -> tuple[Tensor, ...]:
    found = [_grads("jacobian", (output,), ins, (unit,), create_graph, strict)
             for unit in _units(output)]
    return tuple([_stacked([f[i] for f in found], tuple(output.shape), t)
                  for i, t in enumerate(ins)])


def _columns(outs: tuple[Tensor, ...], ins: tuple[Tensor, ...], at: int, create_graph: bool,
             strict: bool) -> list[Tensor]:
    us = tuple([creation.zeros_like(o.detach()).requires_grad_() for o in outs])
    left = _grads("jacobian", outs, ins, us, True, strict)[at]
    found = [_grads("jacobian", (left,), us, (unit,), create_graph, False)
             for unit in _units(ins[at])]
    size, n = tuple(ins[at].shape), len(ins[at].shape)
    columns = []
    for k, o in enumerate(outs):
        stacked = _stacked([f[k] for f in found], size, o)
        columns.append(shape.permute(stacked, (*range(n, stacked.ndim), *range(n))))
    return columns


def _scalar(op: str, func: Callable[..., Any], ins: tuple[Tensor, ...]) -> Tensor:
    """What the function returns.

    Raises
    ------
    RuntimeError
        If it is not a single number.
    """
    outs, one = _call(op, func, ins)
    if not one or outs[0].numel() != 1:
        raise RuntimeError(f"{op}: func must return a single number, but returned "
                           f"{', '.join(map(describe, outs))}")
    return outs[0]


def hessian(func: Callable[..., Any], inputs: Any, create_graph: bool = False,
            strict: bool = False, vectorize: bool = False,
            outer_jacobian_strategy: str = "reverse-mode") -> Any:
    """All second derivatives of a function that returns a number.

    Parameters
    ----------
    func, inputs, create_graph, strict, vectorize
        As for :func:`jacobian`.
    outer_jacobian_strategy : str
        The ``strategy`` for differentiating the gradient.

    Returns
    -------
    Tensor or tuple of tuples
        Of shape ``(*input.shape, *input.shape)``.

    Examples
    --------
    >>> import facula
    >>> facula.autograd.functional.hessian(lambda x: (x ** 3).sum(), facula.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _, single = _tuple("hessian", inputs, "inputs")

    def gradient(*ins: Tensor) -> Any:
        found = _grads("hessian", (_scalar("hessian", func, ins),), ins,
                       (None,), True, strict)
        return found[0] if single else found
    return jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """The product of a vector with the Hessian, ``v' H``.

    Parameters
    ----------
    func : callable
        Returns a single number.
    inputs, create_graph, strict
        As for :func:`vjp`.
    v : Tensor or tuple of Tensor, optional
        Of the inputs' shapes.

    Returns
    -------
    tuple
        What ``func`` returns, and the product.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([1.0, 2.0])
    >>> facula.autograd.functional.vhp(lambda x: (x ** 3).sum(), x, facula.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    given, single = _tuple("vhp", inputs, "inputs")
    with enable_grad():
        ins = _fresh(given, create_graph)
        y = _scalar("vhp", func, ins)
        first = _grads("vhp", (y,), ins, (None,), True, strict)
        found = _grads("vhp", first, ins, _vectors("vhp", v, ins), create_graph, strict)
    return _finish((y,), True, create_graph), _finish(found, single, create_graph)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """The product of the Hessian with a vector, ``H v``; :func:`vhp` is the same and cheaper.

    Parameters
    ----------
    func, inputs, v, create_graph, strict
        As for :func:`vhp`.

    Returns
    -------
    tuple
        What ``func`` returns, and the product.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([1.0, 2.0])
    >>> facula.autograd.functional.hvp(lambda x: (x ** 3).sum(), x, facula.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    given, single = _tuple("hvp", inputs, "inputs")
    with enable_grad():
        ins = _fresh(given, create_graph)
        y = _scalar("hvp", func, ins)
        first = _grads("hvp", (y,), ins, (None,), True, strict)
        found = _push("hvp", first, ins, _vectors("hvp", v, ins), create_graph, strict)
    return _finish((y,), True, create_graph), _finish(found, single, create_graph)
