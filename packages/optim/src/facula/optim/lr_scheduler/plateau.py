"""The schedule that waits for a metric to stop improving."""

from __future__ import annotations

import math
import warnings
from typing import Any, SupportsFloat

from facula.optim.checks import require
from facula.optim.lr_scheduler.base import LRScheduler, check_optimizer, rates, set_rate
from facula.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """The rate times ``factor`` when a metric has not improved for ``patience`` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : str
        Whether ``"min"`` or ``"max"`` is good.
    factor : float
        Below 1.
    patience : int
        Epochs without improvement to wait.
    threshold : float
        How much counts as an improvement.
    threshold_mode : str
        ``"rel"``: relative to the best; ``"abs"``.
    cooldown : int
        Epochs after a reduction in which nothing is counted.
    min_lr : float or list of float
        The lowest rate.
    eps : float
        A smaller change of the rate is not made.

    Raises
    ------
    ValueError
        If an option is unknown, the factor not below 1, or ``min_lr`` misfits the groups.

    Examples
    --------
    >>> import facula
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> schedule = facula.optim.lr_scheduler.ReduceLROnPlateau(descent, patience=1, factor=0.5)
    >>> for loss in (1.0, 1.0, 1.0):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1,
                 patience: int = 10, threshold: float = 1e-4, threshold_mode: str = "rel",
                 cooldown: int = 0, min_lr: Any = 0, eps: float = 1e-8) -> None:
        name = "ReduceLROnPlateau"
        require(factor < 1, name, "factor", factor, "below 1")
        check_optimizer(name, optimizer)
        require(mode in ("min", "max"), name, "mode", mode, "'min' or 'max'")
        require(threshold_mode in ("rel", "abs"), name, "threshold_mode", threshold_mode,
                "'rel' or 'abs'")
        count = len(optimizer.param_groups)
        several = isinstance(min_lr, (list, tuple))
        require(not several or len(min_lr) == count, name, "min_lr", min_lr,
                f"a number or one for each of {count} groups")
        self.factor = factor
        self.optimizer = optimizer
        self.default_min_lr = None if several else min_lr
        self.min_lrs = list(min_lr) if several else [min_lr] * count
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = rates(optimizer)
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        """Whether a reduction was made a short time ago."""
        return self.cooldown_counter > 0

    def _is_better(self, a: float, best: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            return sign * a > sign * best * (1 + sign * self.threshold)
        return sign * a > sign * best + self.threshold

    def step(self, metrics: SupportsFloat,  # type: ignore[override]
             epoch: int | None = None) -> None:
        """Go on by one epoch.

        Parameters
        ----------
        metrics : float or Tensor
            What was measured.
        epoch : int, optional
            Deprecated.
        """
        value = float(metrics)
        if epoch is not None:
            warnings.warn("ReduceLROnPlateau: the argument epoch of step() is deprecated: call "
                          "step(metrics)", UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(value, self.best):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = rates(self.optimizer)

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(f"ReduceLROnPlateau: min_lrs has {len(self.min_lrs)} values, "
                                   f"but there are {len(groups)} parameter groups by now: add "
                                   "to min_lrs")
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            before = float(group["lr"])
            after = max(before * self.factor, lowest)
            if before - after > self.eps:
                set_rate(group, after)
