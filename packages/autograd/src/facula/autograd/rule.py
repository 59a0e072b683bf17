"""One operation's derivative rule, and the plans made from it: what to save, what to call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.autograd.meta import Node
from facula.autograd.saved import restore, save_output
from facula.core.declare import parameters_of
from facula.core.operation import Operation
from facula.core.tensor import Tensor

# Where our name of an operation is not the one in PyTorch's name of the node.
_TORCH_NAMES = {
    "true_divide": "Div", "view_as_shape": "View", "basic_index": "Slice", "cast": "ToCopy",
    "advanced_index": "Index", "advanced_index_put": "IndexPut", "batched_matmul": "Bmm",
    "copy": "Copy", "select_where": "Where", "transfer": "ToCopy", "floor_divide": "Div",
    "trunc_divide": "Div", "max_dim": "Max", "min_dim": "Min",
}


def node_name(op: str) -> str:
    """The name of an operation's node."""
    short = _TORCH_NAMES.get(op) or "".join(p.capitalize() for p in op.split("_"))
    return f"{short}Backward0"


RULES: dict[str, Rule] = {}


class Plan:
    """For one set of arguments that need gradients: what to save and which functions to call.

    Attributes
    ----------
    subject, name : str
        The operation's name, and the node's.
    positions : tuple of int
        Where the arguments that need gradients stand in the call.
    calls : list
        (function, indices of its arguments: into ``saved``, or -1 - i for gradient i), one per
        position; or, for a joint rule, the single call for all.
    quick : list or None
        The same where every function takes the one gradient first: (function, indices into
        ``saved`` of the others, the function that adds to a gradient instead, or None).
    getters : tuple
        Functions of (outputs, arguments) that produce ``saved``.
    labels : tuple of str
        The names of what is saved.
    tensors : tuple of int
        Which of ``saved`` are tensors whose version is checked.
    outputs : tuple of (int, int)
        Which of ``saved`` are outputs, kept as raw data, with the number of the output.
    anchors : tuple of (int, int)
        Which of ``saved`` are arguments that need gradients, with their place in the parents.
    """

    __slots__ = ("subject", "name", "positions", "calls", "quick", "getters", "labels", "tensors",
                 "outputs", "anchors", "joint", "nested", "several", "needs", "arguments", "holds")
    fresh = True  # what the functions return belongs to nobody else

    def __init__(self, rule: Rule, needed: tuple[int, ...]) -> None:
        op = rule.op
        self.subject = op.name
        self.name = node_name(op.name)
        self.positions = needed
        self.joint = rule.joint is not None
        self.several = op.outputs > 1
        self.nested = rule.nested
        self.arguments = tuple(rule.positions_of_tensors)
        names: list[str] = []
        self.calls: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
        functions = ([(rule.joint, rule.joint_names)] if rule.joint is not None
                     else [rule.functions[rule.parameters[p]] for p in needed])
        gradients = [f"g{i}" for i in range(op.outputs)] if self.several else ["g"]
        for function, wanted in functions:
            for name in wanted:
                if name not in names and name not in gradients:
                    names.append(name)
            self.calls.append((function, tuple(
                [-1 - gradients.index(n) if n in gradients else names.index(n) for n in wanted])))
        self.labels = tuple(names)
        self.needs = tuple([rule.positions_of_tensors.index(p) for p in needed])
        flags = tuple([p in needed for p in rule.positions_of_tensors])
        self.getters = tuple([rule.getter(n, flags) for n in names])
        self.tensors = tuple([i for i, n in enumerate(names) if n in op.tensors])
        numbers = [rule.output_number(n) for n in names]
        self.outputs = tuple([(i, k) for i, k in enumerate(numbers) if k is not None])
        self.anchors = () if self.nested else tuple(
            [(i, needed.index(rule.parameters.index(n))) for i, n in enumerate(names)
             if n in op.tensors and rule.parameters.index(n) in needed])
        self.holds = bool(self.tensors or self.outputs)
        simple = not (self.joint or self.several or self.nested) and all(
            where[:1] == (-1,) for _, where in self.calls)
        self.quick = ([(f, where[1:], rule.adders.get(f)) for f, where in self.calls]
                      if simple else None)

    def gradients(self, node: Node, grads: list[Any], wanted: list[bool]) -> list[Any]:
        """One gradient per parent of the node, None where there is none or none is wanted."""
        values = restore(node)
        results: list[Any] = []
        for function, where in self.calls:
            if not (self.joint or self.nested) and not wanted[len(results)]:
                results.append(None)
                continue
            answer = function(*[grads[-1 - i] if i < 0 else values[i] for i in where])
            for part in [answer[i] for i in self.needs] if self.joint else [answer]:
                results += part if isinstance(part, (tuple, list)) else [part]
        return results

    def spread(self, values: Any, default: Any) -> list[Any]:
        """What stands for each parent, as what stands for each tensor argument."""
        if self.nested:
            return list(values)
        given = dict(zip(self.positions, values, strict=True))
        return [given.get(p, default) for p in self.arguments]

    def gather(self, values: Any) -> list[Any]:
        """The opposite of :meth:`spread`."""
        if self.nested:
            return list(values)
        return [values[self.arguments.index(p)] for p in self.positions]


class Rule:
    """The derivative rule of one operation."""

    def __init__(self, op: Operation, joint: Callable[..., Any] | None, constant: tuple[int, ...],
                 functions: dict[str, Callable[..., Any] | None]) -> None:
        self.op = op
        self.constant = constant
        self.nested = bool(op.extra.get("nested"))
        self.parameters = op.parameters
        if op.family == "reduction":  # dtype is not passed on to rules
            self.parameters = tuple(p for p in self.parameters if p != "dtype")
        self.positions_of_tensors = [self.parameters.index(t) for t in op.tensors]
        for name in functions:
            if name not in op.tensors:
                raise TypeError(f"vjp({op.name}): {name!r} is not a tensor argument: "
                                f"they are {', '.join(op.tensors)}")
        self.joint = joint
        self.joint_names = self._names(joint) if joint is not None else ()
        self.functions = {n: (f, self._names(f)) for n, f in functions.items() if f is not None}
        self.differentiable = (tuple(self.positions_of_tensors) if joint is not None else tuple(
            self.parameters.index(n) for n in self.functions))
        self.plans: dict[tuple[int, ...], Plan] = {}
        self.adders: dict[Callable[..., Any], Callable[..., None]] = {}

    def _names(self, function: Callable[..., Any]) -> tuple[str, ...]:
        names = parameters_of(function)[0]
        several = self.op.outputs > 1
        for name in names:
            gradient = name in ([f"g{i}" for i in range(self.op.outputs)] if several else ["g"])
            base = name.removesuffix("_shape").removesuffix("_dtype")
            known = (gradient or name == "needs" or self.output_number(name) is not None
                     or name in self.parameters or (base != name and base in self.op.tensors))
            if not known:
                raise TypeError(
                    f"vjp({self.op.name}): a rule names {name!r}, which is neither g, y nor an "
                    f"argument: the arguments are {', '.join(self.parameters)}")
        return names

    def output_number(self, name: str) -> int | None:
        """Which output a name means, if it means one."""
        if self.op.outputs == 1:
            return 0 if name == "y" else None
        return int(name[1:]) if name[:1] == "y" and name[1:].isdecimal() else None

    def getter(self, name: str, needs: tuple[bool, ...]) -> Callable[[Any, Any], Any]:
        """The function of (outputs, arguments) that reads what the name means."""
        if name == "needs":
            return lambda outs, args: needs
        number = self.output_number(name)
        if number is not None:
            return lambda outs, args: save_output(outs[number])
        if name in self.parameters:
            at = self.parameters.index(name)
            return lambda outs, args: args[at]
        base, _, what = name.rpartition("_")
        at = self.parameters.index(base)
        read = _shape_of if what == "shape" else _dtype_of
        return lambda outs, args: read(args[at])

    def plan(self, needed: tuple[int, ...]) -> Plan:
        """The plan for these arguments, made once."""
        try:
            return self.plans[needed]
        except KeyError:
            return self.plans.setdefault(needed, Plan(self, needed))


def _shape_of(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple([tuple(v._data.shape) for v in value])
    return tuple(value._data.shape) if isinstance(value, Tensor) else ()


def _dtype_of(value: Any) -> Any:
    return value._kind.dtype if isinstance(value, Tensor) else None
