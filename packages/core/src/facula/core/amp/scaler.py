"""Gradient scaling: small gradients stay above half precision's smallest number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from facula.core.dtypes import float16, float32
from facula.core.ops import creation, joining, reduce, unary
from facula.core.slot import no_grad
from facula.core.tensor import Tensor

_READY, _UNSCALED, _STEPPED = range(3)


class _Progress:
    """How far one optimiser is since the last update, and whether its gradients are finite."""

    def __init__(self) -> None:
        self.stage = _READY
        self.finite: list[Tensor] = []  # one flag per device, read only when needed

    def found_inf(self) -> bool:
        return not all(bool(flag) for flag in self.finite)


class GradScaler:
    """Multiplies the loss, divides the gradients, and skips steps whose gradients overflowed.

    The factor grows after ``growth_interval`` steps without infinities or NaN, and shrinks after
    a step that had one. float16 needs it; with bfloat16, whose range is float32's, the factor
    does nothing useful.

    Parameters
    ----------
    device : str
        Kept for PyTorch's sake: any device's gradients are served.
    init_scale : float
        The first factor.
    growth_factor, backoff_factor : float
        By what the factor is multiplied to grow (above 1) and to shrink (below 1).
    growth_interval : int
        How many good steps in a row make it grow.
    enabled : bool
        False makes every method do nothing but the plain ``optimizer.step()``.

    References
    ----------
    P. Micikevicius et al., "Mixed precision training", ICLR 2018, section 3.2.

    Examples
    --------
    >>> import facula
    >>> w = facula.ones(2, requires_grad=True)
    >>> optimizer = facula.optim.SGD([w], lr=0.5)
    >>> scaler = facula.amp.GradScaler(init_scale=8.0)
    >>> with facula.autocast("cpu"):
    ...     loss = (w * w).sum()
    >>> scaler.scale(loss).backward()
    >>> w.grad
    tensor([16., 16.])
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w
    tensor([0., 0.], requires_grad=True)
    """

    def __init__(self, device: str = "cuda", init_scale: float = 2.0 ** 16,
                 growth_factor: float = 2.0, backoff_factor: float = 0.5,
                 growth_interval: int = 2000, enabled: bool = True) -> None:
        self._device = device
        self._enabled = bool(enabled)
        if self._enabled:
            if growth_factor <= 1.0:
                raise ValueError(f"GradScaler: growth_factor={growth_factor} must be > 1.0")
            if backoff_factor >= 1.0:
                raise ValueError(f"GradScaler: backoff_factor={backoff_factor} must be < 1.0")
        self._scale = float(np.float32(init_scale))
        self._started = False
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._growth_tracker = 0
        self._progress: dict[int, _Progress] = {}

    def scale(self, outputs: Any) -> Any:
        """The tensor, or the tensors of an iterable, times the factor.

        Raises
        ------
        ValueError
            If the outputs hold something else.
        """
        if not self._enabled:
            return outputs
        self._started = True
        return self._scaled(outputs, creation.tensor(self._scale, dtype=float32))

    def _scaled(self, value: Any, factor: Tensor) -> Any:
        if isinstance(value, Tensor):
            # a 0-d float32, not a number: a 0-d loss in half precision must not overflow
            return value * factor  # type: ignore[operator]
        if isinstance(value, Iterable):
            scaled = [self._scaled(v, factor) for v in value]
            return type(value)(scaled) if isinstance(value, (list, tuple)) else iter(scaled)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def _of(self, what: str, optimizer: Any) -> _Progress:
        if not self._started:
            raise RuntimeError(f"GradScaler: attempted {what} before anything was scaled: call "
                               "scale(loss).backward() first")
        return self._progress.setdefault(id(optimizer), _Progress())

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimiser by the factor: call it before clipping them.

        Raises
        ------
        RuntimeError
            If it was done since the last update, or after ``step``.
        ValueError
            If a gradient is float16: keep the parameters in float32.
        """
        if not self._enabled:
            return
        progress = self._of("unscale_", optimizer)
        if progress.stage == _UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the "
                               "last update().")
        if progress.stage == _STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        inverse = float(np.float32(1.0 / self._scale))
        flags: dict[Any, list[Tensor]] = {}
        with no_grad():
            for group in optimizer.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    if p.grad.dtype is float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    flags.setdefault(p.grad.device, []).append(
                        reduce.all(unary.isfinite(p.grad)))
                    p.grad.mul_(inverse)
            progress.finite = [reduce.all(joining.stack(found)) for found in flags.values()]
        progress.stage = _UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step()``, with gradients divided by the factor; nothing if one overflowed.

        Raises
        ------
        RuntimeError
            If called twice without an update between, or with a closure.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        progress = self._of("step", optimizer)
        if progress.stage == _STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if progress.stage == _READY:
            self.unscale_(optimizer)
        if not progress.finite:
            raise RuntimeError("No inf checks were recorded for this optimizer: none of its "
                               "parameters has a gradient")
        result = None if progress.found_inf() else optimizer.step(*args, **kwargs)
        progress.stage = _STEPPED
        return result

    def update(self, new_scale: Any = None) -> None:
        """Let the factor grow or shrink by what was found since the last update, or set it.

        Raises
        ------
        RuntimeError
            If no gradient was looked at since then.
        """
        if not self._enabled:
            return
        if not self._started:
            raise RuntimeError("GradScaler: attempted update before anything was scaled: call "
                               "scale(loss).backward() first")
        if new_scale is not None:
            self._scale = float(np.float32(float(new_scale)))
        else:
            looked = [p for p in self._progress.values() if p.finite]
            if not looked:
                raise RuntimeError("No inf checks were recorded prior to update.")
            self._move(any(p.found_inf() for p in looked))
        self._progress = {}

    def _move(self, found_inf: bool) -> None:
        if found_inf:
            self._scale = float(np.float32(self._scale * self._backoff_factor))
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            grown = self._scale * self._growth_factor
            if grown <= np.finfo(np.float32).max:
                self._scale = float(np.float32(grown))
            self._growth_tracker = 0

    def get_scale(self) -> float:
        """The factor; 1.0 if disabled."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """By what the factor grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Choose by what the factor grows."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """By what the factor shrinks."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Choose by what the factor shrinks."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many good steps the factor grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Choose after how many good steps the factor grows."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether the scaler does anything."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """What to save: PyTorch's keys; empty if disabled."""
        if not self._enabled:
            return {}
        return {"scale": self._scale, "growth_factor": self._growth_factor,
                "backoff_factor": self._backoff_factor,
                "growth_interval": self._growth_interval, "_growth_tracker": self._growth_tracker}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go back to a saved state.

        Raises
        ------
        RuntimeError
            If it is empty, as a disabled scaler's is.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError("The source state dict is empty, possibly because it was saved from "
                               "a disabled instance of GradScaler.")
        self._scale = float(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]
