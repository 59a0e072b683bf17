"""The base of all schedules: counts epochs and writes each group's learning rate."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from typing import Any

from facula.core import Tensor, no_grad
from facula.optim.optimizer import Optimizer


def per_group(op: str, name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for each parameter group, from one for all or a list.

    Raises
    ------
    ValueError
        If the list's length is not the number of groups.
    """
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{op}: {name} has {len(value)} values for {count} parameter groups: "
                         "give one for all, or one for each")
    return list(value)


def rates(optimizer: Optimizer, key: str = "lr") -> list[Any]:
    """The groups' present values; tensors are copied."""
    return [v.detach().clone() if isinstance(v, Tensor) else v
            for v in (group[key] for group in optimizer.param_groups)]


def set_rate(group: dict[str, Any], value: Any) -> None:
    """Store a learning rate; one that is a tensor stays that tensor."""
    if isinstance(group["lr"], Tensor):
        with no_grad():
            group["lr"].fill_(float(value))
    else:
        group["lr"] = value


def check_optimizer(op: str, optimizer: Any) -> None:
    """Refuse what is no optimiser.

    Raises
    ------
    TypeError
        Naming the type.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{op}: {type(optimizer).__name__} is not an Optimizer")


class LRScheduler:
    """Base class of schedules: a subclass says in ``get_lr`` what the rates are now.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups' ``lr`` to write.
    last_epoch : int
        The last epoch done, when training goes on; -1 to begin.

    Raises
    ------
    KeyError
        If training goes on with groups that have no ``initial_lr``.
    """

    # Chainable: ``get_lr`` continues from the groups' present rates, so that schedules combine.
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(type(self).__name__, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                rate = group["lr"]
                group.setdefault("initial_lr", rate.detach().clone()
                                 if isinstance(rate, Tensor) else rate)
            elif "initial_lr" not in group:
                raise KeyError(f"{type(self).__name__}: parameter group {i} has no 'initial_lr', "
                               f"which last_epoch={last_epoch} needs: load the optimiser's state "
                               "first")
        self.base_lrs = rates(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a saved state."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """The rates written last, by group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates of the present epoch, from the groups' rates of the last."""
        raise NotImplementedError(f"{type(self).__name__}: get_lr() is not written")

    def step(self, epoch: int | None = None) -> None:
        """Go on by one epoch.

        Parameters
        ----------
        epoch : int, optional
            Go to this epoch instead, by the closed form where there is one (deprecated).
        """
        if self._step_count == 1 and self.optimizer._steps == 0:
            warnings.warn(f"{type(self).__name__}: step() was called before the optimiser's "
                          "step(), so the first rate of the schedule is never used: call "
                          "optimizer.step() first", UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(f"{type(self).__name__}: the argument epoch of step() is deprecated: "
                          "call step() without it", UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            values = self.get_lr()
        else:
            self.last_epoch = epoch
            closed = getattr(self, "_get_closed_form_lr", self.get_lr)
            values = closed()
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            set_rate(group, value)
        self._last_lr = rates(self.optimizer)

    def _times(self, factor: float) -> list[Any]:
        """The groups' rates, multiplied."""
        return [rate * factor for rate in rates(self.optimizer)]


def saved_functions(functions: list[Any]) -> list[Any]:
    """What can be saved of callables: the attributes of objects, nothing of plain functions."""
    return [None if isinstance(f, types.FunctionType) else dict(f.__dict__) for f in functions]


def restore_functions(functions: list[Callable[..., Any]], saved: list[Any]) -> None:
    """Give callable objects their attributes back."""
    for function, attributes in zip(functions, saved, strict=True):
        if attributes is not None:
            function.__dict__.update(attributes)
