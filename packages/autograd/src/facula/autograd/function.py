"""``Function``: operations with a forward and a backward written by the user."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from facula.autograd import observe
from facula.autograd.inplace import Fixed, before_inplace, rebase
from facula.autograd.meta import FREED, Node, new_output, next_seq
from facula.autograd.recorders import needs_grad, new_node
from facula.autograd.saved import count, restore, save_output
from facula.core.dtypes import FLOAT
from facula.core.errors import describe
from facula.core.slot import grad_mode, no_grad
from facula.core.tensor import Tensor


class FunctionPlan:
    """The plan of one call of a :class:`Function`; see ``facula.autograd.rule.Plan``."""

    quick = None
    nested = joint = False
    fresh = False  # a user's backward may return memory that it keeps

    def __init__(self, function: type[Function]) -> None:
        self.function = function
        self.subject = function.__name__
        self.name = f"{function.__name__}Backward"
        self.labels: tuple[str, ...] = ()
        self.tensors: tuple[int, ...] = ()
        self.outputs: tuple[tuple[int, int], ...] = ()
        self.anchors: tuple[tuple[int, int], ...] = ()
        self.several = self.holds = False
        self.fills = True
        self.arguments: tuple[int, ...] = ()
        self.given = 0

    def gradients(self, node: Any, grads: list[Any], wanted: list[bool]) -> list[Any]:
        """What the user's backward returns for the tensor arguments.

        Raises
        ------
        RuntimeError
            If it returns too few or too many gradients, or one that fits no argument.
        """
        if node.saved is FREED:
            restore(node)  # raises
        answer = self.function.backward(node, *grads)
        answer = list(answer) if isinstance(answer, (tuple, list)) else [answer]
        extra = answer[self.given:]
        if len(answer) < self.given or any(x is not None for x in extra):
            raise RuntimeError(f"{self.name}: backward returned {len(answer)} gradients, but "
                               f"forward has {self.given} arguments: return one for each, None "
                               "where there is none")
        results = [answer[i] for i in self.arguments]
        for i, (g, slot) in enumerate(zip(results, node.parents, strict=True)):
            if g is None or slot is None:
                continue
            if not isinstance(g, Tensor):
                raise TypeError(f"{self.name}: backward must return tensors or None, but gradient "
                                f"{i} is {describe(g)}")
            have, want = tuple(g.shape), tuple(slot.shape)
            lead = len(have) - len(want)
            if lead < 0 or any(n not in (1, m) for n, m in zip(want, have[lead:], strict=True)):
                raise RuntimeError(f"{self.name}: backward returned a gradient of shape {have} for "
                                   f"argument {self.arguments[i]}, which has shape {want}: they "
                                   "must be equal")
        return results

    def spread(self, values: Any, default: Any) -> list[Any]:
        """The values, one per tensor argument."""
        return list(values)

    gather = list


class Context(Node):
    """What ``forward`` and ``backward`` share: ``ctx``, which is the graph's node as well.

    Any other attribute may be set on it too; but save tensors with :meth:`save_for_backward`, which
    checks them for in-place changes and keeps no cycles alive.

    Attributes
    ----------
    needs_input_grad : tuple of bool
        For each argument of forward, whether its gradient is wanted.
    """

    def __init__(self, function: type[Function], args: tuple[Any, ...]) -> None:
        self.plan = FunctionPlan(function)
        self.needs_input_grad = tuple([needs_grad(a) for a in args])
        self.hooks = None
        self.saved = ()
        self.parents = ()
        self._to_save: tuple[Any, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (or None) for ``saved_tensors`` in backward."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(f"save_for_backward: takes tensors and None, but got {describe(t)}:"
                                " set anything else as an attribute of ctx")
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted for PyTorch's sake; there is no forward mode."""

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward changed in place; it must return them too."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (else None) for outputs that nothing used."""
        self.plan.fills = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What :meth:`save_for_backward` was given.

        Raises
        ------
        RuntimeError
            If one was changed in place since, or the graph was freed.
        """
        return tuple(restore(self))

    def _freeze(self, args: tuple[Any, ...], outs: tuple[Any, ...]) -> None:
        """Become a node: keep outputs as raw data, inputs as they are."""
        plan = self.plan
        plan.given = len(args)
        plan.arguments = tuple([i for i, a in enumerate(args) if isinstance(a, Tensor)])
        self.parents = tuple([args[i]._autograd if needs_grad(args[i]) else None
                              for i in plan.arguments])
        saved, tensors, outputs, anchors = [], [], [], []
        for i, t in enumerate(self._to_save):
            number = next((k for k, o in enumerate(outs) if o is t and t is not None), None)
            argument = next((k for k, j in enumerate(plan.arguments) if args[j] is t), None)
            if number is not None and not any(t is a for a in args):
                saved.append(save_output(t))
                outputs.append((i, number))
            else:
                saved.append(t)
                tensors.append(i)
                if argument is not None and self.parents[argument] is not None:
                    anchors.append((i, argument))
        self._to_save = ()
        self.saved = tuple(saved)
        plan.labels = tuple([f"saved tensor {i}" for i in range(len(saved))])
        plan.tensors, plan.outputs, plan.anchors = tuple(tensors), tuple(outputs), tuple(anchors)
        plan.holds = bool(saved)
        numbers = dict(outputs)
        self.versions = tuple([t[2].count if i in numbers else count(t)
                               for i, t in enumerate(saved)])


class Function:
    """Base class of differentiable operations with a backward of their own.

    Write ``forward`` and ``backward`` as static methods, and call the operation by ``apply``.
    ``forward(ctx, *args)`` runs unrecorded; or ``forward(*args)`` with
    ``setup_context(ctx, inputs, output)`` beside it. ``backward(ctx, *grad_outputs)`` returns one
    gradient per argument of forward, None where there is none; if it calls operations on tensors,
    its gradient works too.

    Examples
    --------
    >>> import facula
    >>> class Cube(facula.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x * x
    >>> x = facula.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result; to be overridden."""
        raise NotImplementedError("Function: write a static method forward(ctx, *args)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what backward needs, if ``forward`` takes no ``ctx``."""
        raise NotImplementedError("Function: write a static method setup_context")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of forward's arguments; to be overridden."""
        raise NotImplementedError("Function: write a static method backward(ctx, *grad_outputs)")

    vjp = backward

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call the operation."""
        ctx = Context(cls, args)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                output = cls.forward(ctx, *args)
            else:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
        several = isinstance(output, (tuple, list))
        outs = tuple(output) if several else (output,)
        if not (grad_mode.enabled and any(ctx.needs_input_grad)):
            return output
        outs = tuple([_apart(ctx, o, args) for o in outs])
        for t in ctx._dirty:
            if not any(t is o for o in outs):
                raise RuntimeError(f"{cls.__name__}: {describe(t)} was marked dirty, but forward "
                                   "does not return it")
        _record(ctx, args, outs, several)
        return outs if several else outs[0]


def _apart(ctx: Context, out: Any, args: tuple[Any, ...]) -> Any:
    """An output that is an unchanged input becomes a tensor of its own on the same memory."""
    if any(out is a for a in args) and not any(out is d for d in ctx._dirty):
        return out.detach() if isinstance(out, Tensor) else out
    return out


def _record(ctx: Context, args: tuple[Any, ...], outs: tuple[Any, ...], several: bool) -> None:
    floating = [isinstance(o, Tensor) and o._kind.dtype.category >= FLOAT
                and not any(o is c for c in ctx._constant) for o in outs]
    if not any(floating):
        return
    for t in ctx._dirty:
        before_inplace(t, ctx.plan.function.__name__)
    ctx._freeze(args, outs)
    first = outs[floating.index(True)]
    ctx.seq, ctx.shape, ctx.kind = next_seq(), first._data.shape, first._kind
    ctx.plan.several = len(outs) > 1
    ctx.outputs = tuple([(o._data.shape, o._kind) if f else None
                         for o, f in zip(outs, floating, strict=True)])
    dirty, ctx._dirty, ctx._constant = ctx._dirty, (), ()
    for i, (o, f) in enumerate(zip(outs, floating, strict=True)):
        if f:
            o._autograd = new_output(ctx, i, o) if ctx.plan.several else ctx
            if any(o is d for d in dirty):
                rebase(o, o._autograd)
    observe.tell(ctx)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a ``backward`` whose own gradient can't be had: asking for it becomes an error.

    Examples
    --------
    >>> import facula
    >>> class Double(facula.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     @facula.autograd.function.once_differentiable
    ...     def backward(ctx, g):
    ...         return facula.from_numpy(g.numpy() * 2)
    """
    @functools.wraps(backward)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            results = backward(ctx, *grads)
        past = tuple([g._autograd for g in grads if needs_grad(g)])
        if not (grad_mode.enabled and past):
            return results
        several = isinstance(results, (tuple, list))
        plan = Fixed("Error", *[functools.partial(_refuse, ctx.name())] * len(past))
        found = []
        for r in results if several else (results,):
            if isinstance(r, Tensor) and r._kind.dtype.category >= FLOAT:
                r = r.detach()
                r._autograd = new_node(plan, past, (), None, r)
            found.append(r)
        return tuple(found) if several else found[0]
    return wrapper


def _refuse(name: str, g: Tensor) -> Tensor:
    raise RuntimeError(f"{name}: its backward is marked once_differentiable: its gradient can't "
                       "be computed")
