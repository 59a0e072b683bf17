"""Optimisers written as one update rule: fused over many tensors, on every device.

A rule says which arrays and numbers an optimiser keeps per parameter, which numbers a step needs,
and how an element changes. The same function of an element is traced once into a program that
NumPy runs by blocks and OpenCL as one kernel over many tensors (``facula.core.program``), and is
called with tensors where ``differentiable=True`` asks for a recorded step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from types import SimpleNamespace
from typing import Any

from facula.core import Tensor, full, get_default_dtype, no_grad, set_grad_enabled
from facula.core import float64 as _float64
from facula.core.program import Program, trace
from facula.core.tensor import Version, from_data
from facula.optim.optimizer import Optimizer

MAX_PLANS = 8


class RuleOptimizer(Optimizer):
    """An optimiser that is told as one update rule; a subclass writes what follows.

    Attributes
    ----------
    scalars : dict
        Numbers kept per parameter, with their initial values. They are 0-d tensors on the host,
        as PyTorch's ``step`` is.

    Examples
    --------
    Lion, from "Symbolic Discovery of Optimization Algorithms", https://arxiv.org/abs/2302.06675:

    >>> import facula
    >>> class Lion(facula.optim.RuleOptimizer):
    ...     scalars = {}
    ...
    ...     def __init__(self, params, lr=1e-4, betas=(0.9, 0.99)):
    ...         super().__init__(params, {"lr": lr, "betas": betas})
    ...
    ...     def slots(self, group):
    ...         return {"exp_avg": 0.0}
    ...
    ...     def numbers(self, group, s, fresh):
    ...         return {"lr": group["lr"], "beta1": group["betas"][0], "beta2": group["betas"][1]}
    ...
    ...     @staticmethod
    ...     def update(p, g, s, n):
    ...         direction = (n.beta1 * s.exp_avg + (1 - n.beta1) * g).sign()
    ...         s.exp_avg = n.beta2 * s.exp_avg + (1 - n.beta2) * g
    ...         return p - n.lr * direction
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> Lion([w], lr=0.25).step()
    >>> w
    tensor([ 0.7500, -1.7500], requires_grad=True)
    """

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        """The arrays kept per parameter, by name, with the value they start from."""
        raise NotImplementedError(f"{type(self).__name__}: slots() is not written")

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        """The numbers of one step; those that are ``bool`` decide about the update's form.

        Parameters
        ----------
        group : dict
            The options.
        s : dict
            The scalars; what is changed in it is stored.
        fresh : bool
            Whether the state was made just now.
        """
        raise NotImplementedError(f"{type(self).__name__}: numbers() is not written")

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        """The new parameter, from parameter, gradient, state and numbers, by elements.

        Assigning an attribute of ``s`` replaces that state. Operators, ``sqrt``, ``abs``,
        ``sign``, ``maximum``, ``minimum`` and ``where`` may be used.
        """
        raise NotImplementedError("update() is not written")

    def _prepare(self) -> None:
        super()._prepare()
        self._plans: dict[Any, list[Bucket]] = {}
        self._programs: dict[Any, Program] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._plans.clear()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient.

        Parameters
        ----------
        closure : callable, optional
            Clears the gradients, computes the loss and its gradients, returns the loss.

        Returns
        -------
        The loss, if there is a closure.
        """
        loss = self._loss(closure)
        for i, group in enumerate(self.param_groups):
            params = [p for p in group["params"]
                      if (slot := p._autograd) is not None and slot.grad is not None]
            if not params:
                continue
            if group.get("differentiable"):
                for p in params:
                    self._recorded(group, p)
            else:
                with no_grad():
                    self._fused(i, group, params)
        return loss

    def _fused(self, i: int, group: dict[str, Any], params: list[Tensor]) -> None:
        key = (i, *map(id, params))
        buckets = self._plans.get(key)
        if buckets is None or not all(b.holds() for b in buckets):
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            # State that another plan has laid out end to end stays where it is.
            buckets = self._plans[key] = self._plan(group, params, not self._plans)
        for bucket in buckets:
            bucket.step(group)

    def _plan(self, group: dict[str, Any], params: list[Tensor], flatten: bool) -> list[Bucket]:
        """The parameters in buckets of one kind and age; state is made where it is missing."""
        slots = self.slots(group)
        sorted_out: dict[Any, list[Tensor]] = {}
        for p in params:
            state = self.state[p] if slots or self.scalars else {}
            fresh = self._complete(state, p, slots)
            kinds = (p._kind, p.grad._kind,  # type: ignore[union-attr]
                     *[state[k]._kind for k in slots])
            ages = tuple([float(state[k]._data) for k in self.scalars])
            sorted_out.setdefault((fresh, kinds, ages), []).append(p)
        buckets = []
        for (fresh, _, _), members in sorted_out.items():
            backend = members[0]._kind.backend
            run: list[Tensor] = []
            total = 0
            for p in members:
                size = p.numel()
                if size > backend.fuse_each:
                    buckets.append(Bucket(self, [p], tuple(slots), fresh, flatten))
                    continue
                if total + size > backend.fuse_total and run:
                    buckets.append(Bucket(self, run, tuple(slots), fresh, flatten))
                    run, total = [], 0
                run.append(p)
                total += size
            if run:
                buckets.append(Bucket(self, run, tuple(slots), fresh, flatten))
        return buckets

    def _complete(self, state: dict[str, Any], p: Tensor, slots: dict[str, float]) -> bool:
        """Fill in missing state; whether an array was missing."""
        scalar = _float64 if get_default_dtype() is _float64 else None
        for name, value in self.scalars.items():
            if not isinstance(state.get(name), Tensor):
                state[name] = full((), float(state.get(name, value)), device="cpu", dtype=scalar)
        fresh = False
        for name, value in slots.items():
            if state.get(name) is None:
                fresh = True
                state[name] = from_data(
                    p._kind.backend.full(p._data.shape, value, p._kind.dtype), p._kind)
        return fresh

    def program(self, slots: Sequence[str], numbers: dict[str, Any]) -> Program:
        """The traced update for these switches."""
        key = tuple([(k, v) if isinstance(v, bool) else k for k, v in numbers.items()])
        program = self._programs.get(key)
        if program is None:
            program = self._programs[key] = trace(type(self).__name__.lower(), self.update, slots,
                                                  numbers)
        return program

    def _recorded(self, group: dict[str, Any], p: Tensor) -> None:
        """One parameter's step by operations on tensors, which autograd records."""
        slots = self.slots(group)
        state = self.state[p]
        fresh = self._complete(state, p, slots)
        scalars = {k: float(state[k]._data) for k in self.scalars}
        n = SimpleNamespace(**self.numbers(group, scalars, fresh))
        for k, v in scalars.items():
            state[k]._data[...] = v
        s = SimpleNamespace(**{k: state[k] for k in slots})
        with set_grad_enabled(True):
            after = self.update(p, p.grad, s, n)
            p.copy_(after)  # type: ignore[attr-defined]
        state.update({k: getattr(s, k) for k in slots})


class Bucket:
    """Parameters of one kind and age that are updated together.

    Small tensors are taken together; their state then lives in one array per slot, of which the
    state's tensors are views, so that only parameters and gradients have to be gathered.
    """

    def __init__(self, optimizer: RuleOptimizer, params: list[Tensor], slots: tuple[str, ...],
                 fresh: bool, flatten: bool) -> None:
        self.optimizer = optimizer
        self.params = params
        self.slots = slots
        self.fresh = fresh
        self.kernels: dict[int, Any] = {}
        self.shapes = [p._data.shape for p in params]
        for p in params:
            p._begin_write(type(optimizer).__name__, False)
        self.states = [optimizer.state[p] for p in params] if slots or optimizer.scalars else []
        self.flat = {name: self._laid_out(name) for name in slots
                     } if flatten and len(params) > 1 else {}
        self.kinds = [p._kind for p in params]
        self.grad_kind = params[0].grad._kind  # type: ignore[union-attr]
        self.held = {name: [s[name]._data for s in self.states] for name in slots}

    def _laid_out(self, name: str) -> Any:
        """The state's arrays end to end; the state's tensors become views of it."""
        kind = self.states[0][name]._kind
        backend = kind.backend
        sizes = [p.numel() for p in self.params]
        flat = backend.empty((sum(sizes),), kind.dtype)
        start = 0
        for state, shape, size in zip(self.states, self.shapes, sizes, strict=True):
            steps, strides = kind.dtype.itemsize, []
            for n in reversed(shape):
                strides.append(steps)
                steps *= max(n, 1)
            view = backend.as_strided(flat, shape, tuple(reversed(strides)),
                                      start * kind.dtype.itemsize)
            backend.assign(view, state[name]._data)
            state[name] = from_data(view, kind)
            start += size
        return flat

    def holds(self) -> bool:
        """Whether parameters and state are what they were when the bucket was filled."""
        params = self.params
        state = self.optimizer.state
        if not all(map(is_, [p._kind for p in params], self.kinds)):
            return False
        if any(p._autograd.grad._kind is not self.grad_kind for p in params):
            return False
        if not self.states:
            return True
        if not all(map(is_, [state.get(p) for p in params], self.states)):
            return False
        try:
            for name, held in self.held.items():
                if not all(map(is_, [s[name]._data for s in self.states], held)):
                    return False
            return all(len({float(s[name]._data) for s in self.states}) == 1
                       for name in self.optimizer.scalars)
        except (KeyError, AttributeError):
            return False

    def step(self, group: dict[str, Any]) -> None:
        """Update the parameters and their state."""
        optimizer = self.optimizer
        params = self.params
        first = self.states[0] if self.states else {}
        scalars = {k: float(first[k]._data) for k in optimizer.scalars}
        numbers = optimizer.numbers(group, scalars, self.fresh)
        self.fresh = False
        program = optimizer.program(self.slots, numbers)
        kernel = self.kernels.get(id(program))
        if kernel is None:
            dtypes = [params[0]._kind.dtype, self.grad_kind.dtype,
                      *[first[k]._kind.dtype for k in self.slots]]
            kernel = self.kernels[id(program)] = params[0]._kind.backend.fused(
                program, dtypes, self.shapes)
        kernel([[p._data for p in params], [p._autograd.grad._data for p in params],
                *[self.flat.get(k) if self.flat else self.held[k] for k in self.slots]], numbers)
        for k, v in scalars.items():
            for state in self.states:
                state[k]._data[...] = v
        for p in params:
            version = p._version
            if version is None:
                version = p._version = Version()
            version.count += 1
