"""Schedules made of schedules: all at once, or one after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from facula.optim.lr_scheduler.base import LRScheduler, rates, set_rate
from facula.optim.lr_scheduler.plateau import ReduceLROnPlateau
from facula.optim.optimizer import Optimizer


def _check(op: str, optimizer: Any, schedulers: Sequence[Any]) -> None:
    for i, s in enumerate(schedulers):
        if not hasattr(s, "optimizer"):
            raise TypeError(f"{op}: schedulers[{i}] is a {type(s).__name__}, which has no "
                            "attribute optimizer: give learning-rate schedules")
        if isinstance(s, ReduceLROnPlateau):
            raise ValueError(f"{op}: schedulers[{i}] is a ReduceLROnPlateau, whose step() needs a "
                             "metric: step it apart")
        if s.optimizer is not optimizer:
            raise ValueError(f"{op}: schedulers[{i}] ({type(s).__name__}) belongs to another "
                             "optimiser: build all on the same")


class _Composed(LRScheduler):
    """What both share: parts, and saving them."""

    _schedulers: Sequence[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser, with the states of the parts."""
        state = super().state_dict()
        state["_schedulers"] = [s.state_dict() for s in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = dict(state_dict)
        for s, part in zip(self._schedulers, state.pop("_schedulers"), strict=True):
            s.load_state_dict(part)
        super().load_state_dict(state)


class ChainedScheduler(_Composed):
    """Several schedules at once: each goes on from what the one before left.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
        Of one optimiser.
    optimizer : Optimizer, optional

    Examples
    --------
    >>> import facula
    >>> from facula.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> parts = [ConstantLR(descent, 0.5, total_iters=9), ExponentialLR(descent, 0.5)]
    >>> schedule = ChainedScheduler(parts)
    >>> descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler],
                 optimizer: Optimizer | None = None) -> None:
        if not schedulers:
            raise ValueError("ChainedScheduler: schedulers is empty: give at least one")
        optimizer = optimizer or getattr(schedulers[0], "optimizer", None)
        _check("ChainedScheduler", optimizer, schedulers)
        assert optimizer is not None
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = rates(optimizer)

    def step(self) -> None:  # type: ignore[override]
        """Step all of them."""
        for s in self._schedulers:
            s.step()
        self._last_lr = rates(self.optimizer)


class SequentialLR(_Composed):
    """Several schedules one after the other.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
        Of this optimiser.
    milestones : list of int
        The epochs at which the next one takes over: one fewer than there are schedules.
    last_epoch : int

    Examples
    --------
    >>> import facula
    >>> from facula.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> parts = [ConstantLR(descent, 0.5, total_iters=2), ExponentialLR(descent, 0.5)]
    >>> schedule = SequentialLR(descent, parts, milestones=[2])
    >>> for _ in range(3):
    ...     descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int],
                 last_epoch: int = -1) -> None:
        if not schedulers:
            raise ValueError("SequentialLR: schedulers is empty: give at least one")
        _check("SequentialLR", optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(f"SequentialLR: {len(milestones)} milestones for {len(schedulers)} "
                             "schedules: give one fewer than schedules")
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Building the parts has stepped each of them once: undo that, then begin with the first.
        for group in optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        _step_back(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Step the schedule whose turn it is."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        turn = self._schedulers[i]
        if i and self._milestones[i - 1] == self.last_epoch:
            turn._update_lr(0)
        else:
            turn.step()
        self._last_lr = turn.get_last_lr()


def _step_back(schedule: Any) -> None:
    if hasattr(schedule, "_schedulers"):
        for s in schedule._schedulers:
            _step_back(s)
    elif hasattr(schedule, "last_epoch"):
        schedule.last_epoch -= 1
