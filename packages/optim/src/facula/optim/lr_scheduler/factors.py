"""Schedules that multiply the learning rate from epoch to epoch."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from facula.optim.checks import require
from facula.optim.lr_scheduler.base import (
    LRScheduler,
    per_group,
    rates,
    restore_functions,
    saved_functions,
)
from facula.optim.optimizer import Optimizer


class _Functions(LRScheduler):
    """What the two schedules by functions share."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.lr_lambdas = per_group(type(self).__name__, "lr_lambda", optimizer, lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"{type(self).__name__}: lr_lambda must be a function, not "
                                f"{type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser; of functions, what callable objects hold."""
        return {**super().state_dict(), "lr_lambdas": saved_functions(self.lr_lambdas)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = dict(state_dict)
        restore_functions(self.lr_lambdas, state.pop("lr_lambdas"))
        super().load_state_dict(state)


class LambdaLR(_Functions):
    """The first rate times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable or list of callable
        ``f(epoch)``, for all groups or one each.
    last_epoch : int

    Examples
    --------
    >>> import facula
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> schedule = facula.optim.lr_scheduler.LambdaLR(descent, lambda epoch: 1 / (1 + epoch))
    >>> descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer,
                 lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
                 last_epoch: int = -1) -> None:
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> list[Any]:
        return [base * f(self.last_epoch)
                for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(_Functions):
    """The rate times a function of the epoch, at each epoch.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable or list of callable
        ``f(epoch)``, for all groups or one each.
    last_epoch : int

    Examples
    --------
    >>> import facula
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> schedule = facula.optim.lr_scheduler.MultiplicativeLR(descent, lambda epoch: 0.5)
    >>> descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer,
                 lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
                 last_epoch: int = -1) -> None:
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self) -> list[Any]:
        now = rates(self.optimizer)
        if self._is_initial:
            return now
        return [rate * f(self.last_epoch) for rate, f in zip(now, self.lr_lambdas, strict=True)]


class StepLR(LRScheduler):
    """The rate times ``gamma`` every ``step_size`` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
    gamma : float
    last_epoch : int

    Examples
    --------
    >>> import facula
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> schedule = facula.optim.lr_scheduler.StepLR(descent, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1,
                 last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        falls = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self._times(self.gamma) if falls else rates(self.optimizer)

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """The rate times ``gamma`` at given epochs.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        One that stands twice counts twice.
    gamma : float
    last_epoch : int
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1,
                 last_epoch: int = -1) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        times = self.milestones.get(self.last_epoch, 0)  # [] would enter it
        return self._times(self.gamma**times) if times else rates(self.optimizer)

    def _get_closed_form_lr(self) -> list[Any]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """A fraction of the rate for the first epochs, then all of it.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
        In [0, 1].
    total_iters : int
        How many epochs.
    last_epoch : int
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5,
                 last_epoch: int = -1) -> None:
        require(0 <= factor <= 1, "ConstantLR", "factor", factor, "in [0, 1]")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        if self.last_epoch == 0:
            return self._times(self.factor)
        return self._times(1 / self.factor if self.last_epoch == self.total_iters else 1.0)

    def _get_closed_form_lr(self) -> list[Any]:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """A fraction of the rate that moves linearly over the first epochs: a warm-up.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float
        In (0, 1].
    end_factor : float
        In [0, 1].
    total_iters : int
        How many epochs.
    last_epoch : int

    Examples
    --------
    >>> import facula
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> schedule = facula.optim.lr_scheduler.LinearLR(descent, 0.5, total_iters=2)
    >>> descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.75]
    """

    def __init__(self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0,
                 total_iters: int = 5, last_epoch: int = -1) -> None:
        require(0 < start_factor <= 1, "LinearLR", "start_factor", start_factor, "in (0, 1]")
        require(0 <= end_factor <= 1, "LinearLR", "end_factor", end_factor, "in [0, 1]")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int) -> float:
        done = min(self.total_iters, epoch) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done

    def get_lr(self) -> list[Any]:
        if self.last_epoch == 0:
            return self._times(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return rates(self.optimizer)
        return self._times(self._factor(self.last_epoch) / self._factor(self.last_epoch - 1))

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self._factor(self.last_epoch) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """The rate times ``gamma`` at every epoch.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
    last_epoch : int
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        return rates(self.optimizer) if self._is_initial else self._times(self.gamma)

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    r"""The rate times :math:`(1 - t/T)^p`, down to 0 after ``total_iters`` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int
        :math:`T`.
    power : float
        :math:`p`.
    last_epoch : int
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0,
                 last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int) -> float:
        return (1 - min(self.total_iters, epoch) / self.total_iters) ** self.power

    def get_lr(self) -> list[Any]:
        if self._is_initial or self.last_epoch > self.total_iters:
            return rates(self.optimizer)
        return self._times(self._factor(self.last_epoch) / self._factor(self.last_epoch - 1))

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self._factor(self.last_epoch) for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    r"""Half a cosine wave between the first rate and ``eta_min``, and back.

    .. math::
        \eta_t = \eta_{min} + \tfrac12 (\eta_0 - \eta_{min}) (1 + \cos(\pi t / T_{max}))

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        Epochs from the top to the bottom.
    eta_min : float
        The lowest rate.
    last_epoch : int

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
    https://arxiv.org/abs/1608.03983

    Examples
    --------
    >>> import facula
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> schedule = facula.optim.lr_scheduler.CosineAnnealingLR(descent, T_max=4)
    >>> for _ in range(2):
    ...     descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0,
                 last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _height(self, epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2

    def get_lr(self) -> list[Any]:
        now = rates(self.optimizer)
        if self._is_initial:
            return now
        if self._step_count == 1 and self.last_epoch > 0:
            return self._get_closed_form_lr()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # from the bottom, where
            return [rate + (base - self.eta_min) * (1 - self._height(1))  # the ratio is 0 / 0
                    for rate, base in zip(now, self.base_lrs, strict=True)]
        ratio = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return [self.eta_min + (rate - self.eta_min) * ratio for rate in now]

    def _get_closed_form_lr(self) -> list[Any]:
        return [self.eta_min + (base - self.eta_min) * self._height(self.last_epoch)
                for base in self.base_lrs]
