"""Functions of functions, as ``torch.func``: ``grad``, ``vjp``, ``jvp``, Jacobians, ``vmap``.

Arguments may be nested tuples, lists and dicts of tensors. The transforms nest, and their results
are differentiable by whatever required grad outside. ``vmap`` here is a loop over the samples with
one stack at the end: it computes what PyTorch's does, without its speed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from facula.autograd import grads as engine
from facula.autograd.meta import Leaf
from facula.autograd.trees import flatten, map_tree
from facula.core.errors import describe
from facula.core.ops import creation, joining, shape, views
from facula.core.slot import enable_grad
from facula.core.tensor import Tensor

__all__ = ["functional_call", "functionalize", "grad", "grad_and_value", "hessian", "jacfwd",
           "jacrev", "jvp", "linearize", "vjp", "vmap"]


class _Inner:
    """The arguments to differentiate by: aliases of the given ones, and of nobody else."""

    def __init__(self, tree: Any) -> None:
        leaves, self.build = flatten(tree)
        self.tensors = [self._alias(t) for t in leaves]
        self.tree = self.build(self.tensors)

    @staticmethod
    def _alias(t: Any) -> Tensor:
        if not isinstance(t, Tensor):
            raise TypeError(f"func: can only differentiate by tensors, but got {describe(t)}")
        if t.requires_grad:
            return shape.view_as_shape(t, tuple(t.shape))
        return t.detach().requires_grad_()

    def depends_outside(self, outputs: Sequence[Any]) -> bool:
        """Whether the outputs depend on anything else that requires grad."""
        own = {t._autograd for t in self.tensors if t.is_leaf}
        stack = [o._autograd for o in outputs if isinstance(o, Tensor) and o.requires_grad]
        stack += [t._autograd for t in self.tensors if not t.is_leaf]
        seen = set(stack)
        while stack:
            slot = stack.pop()
            if type(slot) is Leaf and slot.requires_grad and slot not in own:
                return True
            for parent in slot.parents:
                if parent is not None and parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
        return False

    def pull(self, outputs: Sequence[Tensor], gradients: Sequence[Any],
             create_graph: bool) -> list[Tensor]:
        """The gradients of the arguments, zeros where one plays no part."""
        pairs = [(o, g) for o, g in zip(outputs, gradients, strict=True) if o.requires_grad]
        if not pairs:
            return [creation.zeros_like(t.detach()) for t in self.tensors]
        return list(engine.grad(  # type: ignore[arg-type]
            [o for o, _ in pairs], self.tensors, [g for _, g in pairs], retain_graph=True,
            create_graph=create_graph, allow_unused=True, materialize_grads=True))


def _settle(tree: Any, connected: bool) -> Any:
    """The results, outside the inner graph unless they depend on an outer one."""
    if connected:
        return tree
    return map_tree(lambda t: t.detach() if isinstance(t, Tensor) else t, tree)


def _split(op: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise TypeError(f"{op}: with has_aux=True the function must return (output, aux), but "
                        f"returned {describe(result)}")
    return result


def _chosen(args: tuple[Any, ...], argnums: int | tuple[int, ...]) -> Any:
    return args[argnums] if isinstance(argnums, int) else tuple([args[i] for i in argnums])


def _replaced(args: tuple[Any, ...], argnums: int | tuple[int, ...], value: Any) -> list[Any]:
    changed = list(args)
    pairs = [(argnums, value)] if isinstance(argnums, int) else zip(argnums, value, strict=True)
    for i, v in pairs:
        changed[i] = v
    return changed


def grad_and_value(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0,
                   has_aux: bool = False) -> Callable[..., Any]:
    """The function that returns ``(gradient, value)``.

    Parameters
    ----------
    func, argnums, has_aux
        As for :func:`grad`.

    Examples
    --------
    >>> import facula
    >>> facula.autograd.func.grad_and_value(lambda x: x ** 3)(facula.tensor(2.0))
    (tensor(12.), tensor(8.))
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        with enable_grad():
            inner = _Inner(_chosen(args, argnums))
            y, aux = _split("grad", func(*_replaced(args, argnums, inner.tree), **kwargs), has_aux)
            if not isinstance(y, Tensor) or y.numel() != 1:
                raise RuntimeError(f"grad: the function must return a single number, but returned "
                                   f"{describe(y)}")
            connected = inner.depends_outside([y])
            found = inner.build(inner.pull([y], [creation.ones_like(y.detach())], connected))
        found, y, aux = _settle(found, connected), _settle(y, connected), _settle(aux, connected)
        return (found, (y, aux)) if has_aux else (found, y)
    return call


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0,
         has_aux: bool = False) -> Callable[..., Any]:
    """The function that returns the gradient of ``func``.

    Parameters
    ----------
    func : callable
        Returns a single number; with ``has_aux``, that and anything else.
    argnums : int or tuple of int
        Which arguments to differentiate by.
    has_aux : bool
        Return ``(gradient, aux)``.

    Examples
    --------
    >>> import facula
    >>> facula.autograd.func.grad(facula.autograd.func.grad(lambda x: x ** 3))(facula.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    def call(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found
    return call


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """What the function returns, and a function that multiplies vectors with its Jacobian.

    Parameters
    ----------
    func : callable
    *primals
        Its arguments.
    has_aux : bool
        It returns ``(output, aux)``.

    Returns
    -------
    tuple
        ``(output, vjp_func)`` or ``(output, vjp_func, aux)``; ``vjp_func(cotangents)`` returns
        one gradient per primal.

    Examples
    --------
    >>> import facula
    >>> y, pull = facula.autograd.func.vjp(facula.square, facula.tensor([1.0, 2.0]))
    >>> pull(facula.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    with enable_grad():
        inner = _Inner(primals)
        result, aux = _split("vjp", func(*inner.tree), has_aux)
        outputs, _ = flatten(result)
    connected = inner.depends_outside(outputs)

    def pull(cotangents: Any) -> Any:
        with enable_grad():
            vectors, _ = flatten(cotangents)
            recorded = connected or any(v.requires_grad for v in vectors)
            return _settle(inner.build(inner.pull(outputs, vectors, recorded)), recorded)

    answer = _settle(result, connected), pull
    return (*answer, _settle(aux, connected)) if has_aux else answer


class _Push:
    """Multiplies the Jacobian with vectors: differentiates ``u' J``, which is linear in u, by u."""

    def __init__(self, inner: _Inner, outputs: list[Tensor]) -> None:
        self.connected = inner.depends_outside(outputs)
        self.us = [creation.zeros_like(o.detach()).requires_grad_() for o in outputs]
        self.left = inner.pull(outputs, self.us, True)

    def __call__(self, tangents: Sequence[Tensor]) -> list[Tensor]:
        pairs = [(g, t) for g, t in zip(self.left, tangents, strict=True) if g.requires_grad]
        if not pairs:
            return [creation.zeros_like(u.detach()) for u in self.us]
        recorded = self.connected or any(t.requires_grad for t in tangents)
        return list(engine.grad(  # type: ignore[arg-type]
            [g for g, _ in pairs], self.us, [t for _, t in pairs], retain_graph=True,
            create_graph=recorded, allow_unused=True, materialize_grads=True))


def jvp(func: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...], *,
        has_aux: bool = False) -> Any:
    """What the function returns, and its derivative in a direction.

    Parameters
    ----------
    func : callable
    primals, tangents : tuple
        Its arguments, and a direction for each.
    has_aux : bool
        It returns ``(output, aux)``.

    Returns
    -------
    tuple
        ``(output, derivative)`` or ``(output, derivative, aux)``.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([1.0, 2.0])
    >>> facula.autograd.func.jvp(facula.square, (x,), (facula.tensor([1.0, 10.0]),))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        inner = _Inner(primals)
        result, aux = _split("jvp", func(*inner.tree), has_aux)
        outputs, build = flatten(result)
        push = _Push(inner, outputs)
        directions, _ = flatten(tangents)
        derivative = build(push(directions))
    connected = push.connected or any(t.requires_grad for t in directions)
    answer = _settle(result, push.connected), _settle(derivative, connected)
    return (*answer, _settle(aux, push.connected)) if has_aux else answer


def _units(t: Tensor) -> list[Tensor]:
    grid = creation.eye(t.numel(), dtype=t.dtype, device=t.device)
    return [shape.view_as_shape(row, tuple(t.shape)) for row in views.unbind(grid)]


def _stacked(parts: list[Tensor], size: tuple[int, ...], like: Tensor) -> Tensor:
    if not parts:
        return creation.zeros(size, dtype=like.dtype, device=like.device)
    return shape.view_as_shape(joining.stack(parts), size)


def jacrev(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False,
           **unused: Any) -> Callable[..., Any]:
    """The function that returns the Jacobian, computed row by row: one backward per output element.

    Parameters
    ----------
    func, argnums, has_aux
        As for :func:`grad`, but ``func`` may return tensors of any shape.
    **unused
        PyTorch's ``chunk_size`` and the like, which change no result.

    Examples
    --------
    >>> import facula
    >>> facula.autograd.func.jacrev(lambda x: x * x.sum())(facula.tensor([1.0, 2.0]))
    tensor([[4., 1.],
            [2., 5.]])
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        with enable_grad():
            inner = _Inner(_chosen(args, argnums))
            result, aux = _split("jacrev", func(*_replaced(args, argnums, inner.tree), **kwargs),
                                 has_aux)
            outputs, build = flatten(result)
            connected = inner.depends_outside(outputs)
            blocks = []
            for o in outputs:
                rows = [inner.pull([o], [unit], connected) for unit in _units(o.detach())]
                blocks.append(inner.build([
                    _stacked([r[i] for r in rows], (*o.shape, *t.shape), t.detach())
                    for i, t in enumerate(inner.tensors)]))
        found = _settle(build(blocks), connected)
        return (found, _settle(aux, connected)) if has_aux else found
    return call


def jacfwd(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False,
           **unused: Any) -> Callable[..., Any]:
    """The function that returns the Jacobian, column by column: for more outputs than inputs.

    Parameters
    ----------
    func, argnums, has_aux, **unused
        As for :func:`jacrev`.

    Examples
    --------
    >>> import facula
    >>> facula.autograd.func.jacfwd(lambda x: x * x.sum())(facula.tensor([1.0, 2.0]))
    tensor([[4., 1.],
            [2., 5.]])
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        with enable_grad():
            inner = _Inner(_chosen(args, argnums))
            result, aux = _split("jacfwd", func(*_replaced(args, argnums, inner.tree), **kwargs),
                                 has_aux)
            outputs, build = flatten(result)
            push = _Push(inner, outputs)
            nothing = [creation.zeros_like(t.detach()) for t in inner.tensors]
            columns = []
            for i, t in enumerate(inner.tensors):
                columns.append([push([*nothing[:i], unit, *nothing[i + 1:]])
                                for unit in _units(t.detach())])
            blocks = []
            for k, o in enumerate(outputs):
                parts = []
                for t, found in zip(inner.tensors, columns, strict=True):
                    n = t.ndim
                    part = _stacked([f[k] for f in found], (*t.shape, *o.shape), o.detach())
                    parts.append(shape.permute(part, (*range(n, part.ndim), *range(n))))
                blocks.append(inner.build(parts))
        jacobian = _settle(build(blocks), push.connected)
        return (jacobian, _settle(aux, push.connected)) if has_aux else jacobian
    return call


def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The function that returns all second derivatives.

    Parameters
    ----------
    func, argnums
        As for :func:`grad`.

    Examples
    --------
    >>> import facula
    >>> facula.autograd.func.hessian(lambda x: (x ** 3).sum())(facula.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of ``func`` at ``primals``, and the linear function that approximates it there.

    Parameters
    ----------
    func : callable
        A function of tensors.
    *primals : Tensor
        Where.

    Returns
    -------
    tuple
        ``func(*primals)``, and a function of tangents that returns their :func:`jvp`.

    Examples
    --------
    >>> import facula
    >>> value, push = facula.autograd.func.linearize(facula.sin, facula.tensor(0.0))
    >>> value, push(facula.tensor(3.0))
    (tensor(0.), tensor(3.))
    """
    return func(*primals), lambda *tangents: jvp(func, primals, tangents)[1]


def functionalize(func: Callable[..., Any], **unused: Any) -> Callable[..., Any]:
    """The function itself: in-place writes need no removing before it is differentiated."""
    return func


def functional_call(module: Any, parameter_and_buffer_dicts: Any, args: Any = None,
                    kwargs: Mapping[str, Any] | None = None, *, tie_weights: bool = True,
                    strict: bool = False) -> Any:
    """Call a module with other parameters and buffers than its own.

    Parameters
    ----------
    module : Module
    parameter_and_buffer_dicts : dict or tuple of dict
        Name -> tensor; names left out keep the module's own.
    args : tuple or Any
        The call's positional arguments (a single one need not be in a tuple).
    kwargs : dict, optional
    tie_weights : bool
        Replace a parameter under all the names it has.
    strict : bool
        Raise for unknown and missing names.

    Raises
    ------
    RuntimeError
        With ``strict``, for unknown and missing names.
    """
    given: dict[str, Tensor] = {}
    dicts = parameter_and_buffer_dicts
    for d in (dicts,) if isinstance(dicts, Mapping) else dicts:
        given.update(d)
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _swapped(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def _homes(module: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each parameter's and buffer's full name, the dict that holds it, its name there."""
    for prefix, part in module.named_modules(remove_duplicate=False):
        for holder in (part._parameters, part._buffers):
            for name, value in holder.items():
                if value is not None:
                    yield f"{prefix}.{name}" if prefix else name, holder, name


@contextlib.contextmanager
def _swapped(module: Any, given: dict[str, Tensor], tie: bool, strict: bool) -> Iterator[None]:
    homes = list(_homes(module))
    own = {full: holder[name] for full, holder, name in homes}
    unknown, missing = given.keys() - own.keys(), own.keys() - given.keys()
    if strict and (unknown or missing):
        raise RuntimeError(f"functional_call: unknown names {sorted(unknown)}, missing names "
                           f"{sorted(missing)}: give exactly the module's own, or strict=False")
    by_identity = {id(own[n]): v for n, v in given.items() if n in own} if tie else {}
    changed = []
    try:
        for full, holder, name in homes:
            new = given.get(full, by_identity.get(id(own[full])))
            if new is not None:
                changed.append((holder, name, holder[name]))
                holder[name] = new
        yield
    finally:
        for holder, name, before in reversed(changed):
            holder[name] = before


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0,
         **unused: Any) -> Callable[..., Any]:
    """The function over one dimension of its arguments, as a loop with a stack at the end.

    Parameters
    ----------
    func : callable
        Takes one sample.
    in_dims : int, None or nested structure
        The dimension of each argument that holds the samples; None where it has none.
    out_dims : int or tuple of int
        Where the samples' dimension stands in the results.
    **unused
        PyTorch's ``randomness`` and ``chunk_size``; each sample draws its own random numbers.

    Raises
    ------
    ValueError
        If no argument has samples, or their numbers differ.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> facula.autograd.func.vmap(facula.autograd.func.grad(lambda row: (row * row).sum()))(x)
    tensor([[2., 4.],
            [6., 8.]])
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, build = flatten(args)
        dims = _dims(in_dims, args)
        if len(dims) != len(leaves):
            raise ValueError(f"vmap: in_dims={in_dims!r} does not have the structure of the "
                             "arguments")
        sizes = {t.shape[d] for t, d in zip(leaves, dims, strict=True) if d is not None}
        if len(sizes) != 1:
            raise ValueError(f"vmap: the arguments must have one number of samples, but have "
                             f"{sorted(sizes)}")
        results = []
        for i in range(sizes.pop()):
            sample = [t if d is None else views.select(t, d, i)
                      for t, d in zip(leaves, dims, strict=True)]
            results.append(flatten(func(*build(sample), **kwargs)))
        if not results:
            raise ValueError("vmap: there are no samples")
        columns = zip(*[r for r, _ in results], strict=True)
        places = flatten(out_dims)[0]
        stacked = [joining.stack(list(c), p) for c, p in zip(
            columns, places if len(places) > 1 else places * len(results[0][0]), strict=True)]
        return results[0][1](stacked)
    return call


def _dims(dims: Any, tree: Any) -> list[Any]:
    """The dimension for each leaf of the arguments."""
    if dims is None or isinstance(dims, int):
        return [dims if isinstance(t, Tensor) else None for t in flatten(tree)[0]]
    if isinstance(tree, dict):
        return [d for k in tree for d in _dims(dims[k], tree[k])]
    return [d for part, t in zip(dims, tree, strict=True) for d in _dims(part, t)]
