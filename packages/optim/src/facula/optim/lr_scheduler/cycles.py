"""Schedules in cycles: warm restarts, triangles, and one cycle for a whole training."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

from facula.optim.checks import require
from facula.optim.lr_scheduler.base import (
    LRScheduler,
    check_optimizer,
    per_group,
    rates,
    set_rate,
)
from facula.optim.optimizer import Optimizer


def cosine(start: float, end: float, done: float) -> float:
    """Half a cosine wave from start to end."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * done))


def linear(start: float, end: float, done: float) -> float:
    """A straight line from start to end."""
    return start + (end - start) * done


class _Momentum:
    """What cycling the momentum (or Adam's first beta) against the rate needs."""

    def __init__(self, op: str, optimizer: Optimizer, base: Any, top: Any, begin: bool) -> None:
        if not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(f"{op}: cycle_momentum=True, but {type(optimizer).__name__} has "
                             "neither momentum nor betas: give cycle_momentum=False")
        self.use_beta1 = "betas" in optimizer.defaults
        self.base = per_group(op, "base_momentum", optimizer, base)
        self.top = per_group(op, "max_momentum", optimizer, top)
        if begin:
            for group, low, high in zip(optimizer.param_groups, self.base, self.top, strict=True):
                group.update(base_momentum=low, max_momentum=high)
                set_momentum(group, self.use_beta1, high)


def set_momentum(group: dict[str, Any], use_beta1: bool, value: float) -> None:
    """Store a group's momentum, or its first beta."""
    if use_beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Cosine annealing that starts anew after ``T_0`` epochs, then ``T_0 T_mult``, ...

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Epochs of the first cycle.
    T_mult : int
        The factor from one cycle's length to the next.
    eta_min : float
        The lowest rate.
    last_epoch : int

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
    https://arxiv.org/abs/1608.03983
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0,
                 last_epoch: int = -1) -> None:
        name = "CosineAnnealingWarmRestarts"
        require(isinstance(T_0, int) and T_0 > 0, name, "T_0", T_0, "a positive int")
        require(isinstance(T_mult, int) and T_mult >= 1, name, "T_mult", T_mult,
                "an int of at least 1")
        require(isinstance(eta_min, (int, float)), name, "eta_min", eta_min, "a number")
        self.T_0 = self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        return [cosine(base, self.eta_min, self.T_cur / self.T_i) for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:  # type: ignore[override]
        """Go on by one epoch, or to any, fractions of epochs included.

        Raises
        ------
        ValueError
            If the epoch is negative.
        """
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = 0 if epoch is None else epoch
            require(epoch >= 0, type(self).__name__, "epoch", epoch, "at least 0")
            self._find(epoch)
        self.last_epoch = math.floor(epoch)
        for group, value in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            set_rate(group, value)
        self._last_lr = rates(self.optimizer)

    def _find(self, epoch: float) -> None:
        """The cycle in which an epoch lies."""
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            n = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**n


class CyclicLR(LRScheduler):
    r"""The rate rises and falls between two bounds, after each batch.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr, max_lr : float or list of float
        The bounds.
    step_size_up, step_size_down : int
        Batches in each half of a cycle.
    mode : str
        ``"triangular"`` (constant height), ``"triangular2"`` (halved with each cycle),
        ``"exp_range"`` (times ``gamma`` with each batch).
    gamma : float
    scale_fn : callable, optional
        Any other height, a function of the cycle or the batch by ``scale_mode``.
    scale_mode : str
        ``"cycle"`` or ``"iterations"``.
    cycle_momentum : bool
        Move the momentum the other way, between ``base_momentum`` and ``max_momentum``.
    base_momentum, max_momentum : float or list of float
    last_epoch : int

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks",
    https://arxiv.org/abs/1506.01186
    """

    def __init__(self, optimizer: Optimizer, base_lr: Any, max_lr: Any, step_size_up: int = 2000,
                 step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
                 scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle",
                 cycle_momentum: bool = True, base_momentum: Any = 0.8, max_momentum: Any = 0.9,
                 last_epoch: int = -1) -> None:
        check_optimizer("CyclicLR", optimizer)
        base = per_group("CyclicLR", "base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, value in zip(optimizer.param_groups, base, strict=True):
                set_rate(group, value)
        self.max_lrs = per_group("CyclicLR", "max_lr", optimizer, max_lr)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        require(mode in ("triangular", "triangular2", "exp_range") or scale_fn is not None,
                "CyclicLR", "mode", mode, "'triangular', 'triangular2' or 'exp_range'")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            momentum = _Momentum("CyclicLR", optimizer, base_momentum, max_momentum,
                                 last_epoch == -1)
            self.use_beta1 = momentum.use_beta1
            self.base_momentums, self.max_momentums = momentum.base, momentum.top
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base

    def scale_fn(self, x: float) -> float:
        """The height of a cycle."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / 2 ** (x - 1)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[Any]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        rise = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums,
                                        self.max_momentums, strict=True):
                set_momentum(group, self.use_beta1, high - (high - low) * rise * height)
        return [low + (high - low) * rise * height
                for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser and a plain ``scale_fn``."""
        state = super().state_dict()
        f = self._scale_fn_custom
        plain = f is None or isinstance(f, types.FunctionType)
        state["_scale_fn_custom"] = None if plain else dict(f.__dict__)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = dict(state_dict)
        attributes = state.pop("_scale_fn_custom")
        if attributes is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)
        super().load_state_dict(state)


class OneCycleLR(LRScheduler):
    r"""One rise and one long fall of the rate over a whole training, after each batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float or list of float
        The top.
    total_steps : int, optional
        Batches in all; else from ``epochs`` and ``steps_per_epoch``.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        The share of the rise, in [0, 1].
    anneal_strategy : str
        ``"cos"`` or ``"linear"``.
    cycle_momentum : bool
        Move the momentum the other way, between ``base_momentum`` and ``max_momentum``.
    base_momentum, max_momentum : float or list of float
    div_factor : float
        From the first rate to the top.
    final_div_factor : float
        From the last rate to the first.
    three_phase : bool
        Fall to the first rate as fast as it rose, then to the last.
    last_epoch : int

    Raises
    ------
    ValueError
        If the number of steps is not given, or steps are taken beyond it.

    References
    ----------
    Smith and Topin, "Super-Convergence", https://arxiv.org/abs/1708.07120
    """

    def __init__(self, optimizer: Optimizer, max_lr: Any, total_steps: int | None = None,
                 epochs: int | None = None, steps_per_epoch: int | None = None,
                 pct_start: float = 0.3, anneal_strategy: str = "cos", cycle_momentum: bool = True,
                 base_momentum: Any = 0.85, max_momentum: Any = 0.95, div_factor: float = 25.0,
                 final_div_factor: float = 1e4, three_phase: bool = False,
                 last_epoch: int = -1) -> None:
        name = "OneCycleLR"
        check_optimizer(name, optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError(f"{name}: total_steps={total_steps}, epochs={epochs}, "
                                 f"steps_per_epoch={steps_per_epoch}: give the first, or the "
                                 "other two")
            require(isinstance(epochs, int) and epochs > 0, name, "epochs", epochs,
                    "a positive int")
            require(isinstance(steps_per_epoch, int) and steps_per_epoch > 0, name,
                    "steps_per_epoch", steps_per_epoch, "a positive int")
            total_steps = epochs * steps_per_epoch
        require(isinstance(total_steps, int) and total_steps > 0, name, "total_steps", total_steps,
                "a positive int")
        require(isinstance(pct_start, float) and 0 <= pct_start <= 1, name, "pct_start", pct_start,
                "a float in [0, 1]")
        require(anneal_strategy in ("cos", "linear"), name, "anneal_strategy", anneal_strategy,
                "'cos' or 'linear'")
        self.total_steps = total_steps
        self._anneal_func_type = anneal_strategy
        up, last = pct_start * total_steps - 1, total_steps - 1
        rise = _phase(up, "initial_lr", "max_lr", "max_momentum", "base_momentum")
        if three_phase:
            self._schedule_phases = [
                rise, _phase(2 * pct_start * total_steps - 2, "max_lr", "initial_lr",
                             "base_momentum", "max_momentum"),
                _phase(last, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
        else:
            self._schedule_phases = [
                rise, _phase(last, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        tops = per_group(name, "max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, tops, strict=True):
                first = top / div_factor
                group.update(initial_lr=first, max_lr=top, min_lr=first / final_div_factor)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _Momentum(name, optimizer, base_momentum, max_momentum,
                                       last_epoch == -1).use_beta1
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        now = self.last_epoch
        require(now <= self.total_steps, "OneCycleLR", "the number of steps", now,
                f"at most total_steps={self.total_steps}")
        anneal = cosine if self._anneal_func_type == "cos" else linear
        start = 0.0
        for phase in self._schedule_phases:
            if now <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        done = (now - start) / (phase["end_step"] - start)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                set_momentum(group, self.use_beta1, anneal(
                    group[phase["start_momentum"]], group[phase["end_momentum"]], done))
        return [anneal(group[phase["start_lr"]], group[phase["end_lr"]], done)
                for group in self.optimizer.param_groups]


def _phase(end: float, start_lr: str, end_lr: str, start_momentum: str,
           end_momentum: str) -> dict[str, Any]:
    return {"end_step": float(end), "start_lr": start_lr, "end_lr": end_lr,
            "start_momentum": start_momentum, "end_momentum": end_momentum}
