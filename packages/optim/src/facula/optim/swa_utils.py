"""Averages of weights: stochastic weight averaging and exponential moving averages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from facula.core import Tensor, int64, no_grad, tensor
from facula.optim.checks import require
from facula.optim.lr_scheduler.base import LRScheduler, per_group
from facula.optim.lr_scheduler.cycles import cosine, linear
from facula.optim.optimizer import Optimizer

__all__ = ["AveragedModel", "SWALR", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn",
           "get_swa_multi_avg_fn", "update_bn"]


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """``f(average, current, count)``: the exponential moving average.

    Raises
    ------
    ValueError
        Unless the decay is in [0, 1].
    """
    require(0 <= decay <= 1, "get_ema_avg_fn", "decay", decay, "in [0, 1]")

    def average(averaged: Tensor, current: Tensor, count: Any) -> Any:
        with no_grad():
            return decay * averaged + (1 - decay) * current  # type: ignore[operator]
    return average


def get_swa_avg_fn() -> Callable[..., Any]:
    """``f(average, current, count)``: the mean of all so far."""
    def average(averaged: Any, current: Any, count: Any) -> Any:
        with no_grad():
            return averaged + (current - averaged) / (int(count) + 1)
    return average


def _over_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    def average(averaged: Iterable[Any], current: Iterable[Any], count: Any) -> None:
        with no_grad():
            for a, c in zip(averaged, current, strict=True):
                a.copy_(function(a, c, count))
    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """``f(averages, currents, count)``, in place: exponential moving averages."""
    require(0 <= decay <= 1, "get_ema_multi_avg_fn", "decay", decay, "in [0, 1]")
    return _over_lists(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> Callable[..., Any]:
    """``f(averages, currents, count)``, in place: means of all so far."""
    return _over_lists(get_swa_avg_fn())


class AveragedModel:
    """A copy of a model whose parameters are averages of that model's over time.

    The copy is a module like the model itself and can be called, saved and moved like it.

    Parameters
    ----------
    model : Module
        Copied deeply.
    device : device, optional
        Where the averages live.
    avg_fn : callable, optional
        ``f(average, current, count)``, for one tensor; the mean where not given.
    multi_avg_fn : callable, optional
        The same for lists, in place.
    use_buffers : bool
        Average buffers too; otherwise they are copied.

    References
    ----------
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization",
    https://arxiv.org/abs/1803.05407
    """

    def __init__(self, model: Any, device: Any = None, avg_fn: Callable[..., Any] | None = None,
                 multi_avg_fn: Callable[..., Any] | None = None,
                 use_buffers: bool = False) -> None:
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: avg_fn and multi_avg_fn exclude each other: give one")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.n_averaged = tensor(0, dtype=int64)
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "module":  # while it is being unpickled
            raise AttributeError(name)
        return getattr(self.module, name)

    def __repr__(self) -> str:
        return f"AveragedModel(\n  (module): {self.module!r}\n)"

    def state_dict(self) -> dict[str, Any]:
        """``n_averaged``, and the module's state with the prefix ``module.``."""
        return {"n_averaged": self.n_averaged,
                **{f"module.{k}": v for k, v in self.module.state_dict().items()}}

    def load_state_dict(self, state_dict: dict[str, Any], strict: bool = True) -> Any:
        """Take over a saved state."""
        state = dict(state_dict)
        self.n_averaged = state.pop("n_averaged").detach().clone()
        return self.module.load_state_dict(
            {k.removeprefix("module."): v for k, v in state.items()}, strict=strict)

    def update_parameters(self, model: Any) -> None:
        """Take the model's present parameters into the averages."""
        def tensors(m: Any) -> Any:
            return itertools.chain(m.parameters(), m.buffers()) if self.use_buffers else (
                m.parameters())
        count = int(self.n_averaged)
        with no_grad():
            averaged = [p.detach() for p in tensors(self.module)]
            current = [p.detach().to(a.device) for p, a in zip(tensors(model), averaged,
                                                               strict=True)]
            if count == 0:
                for a, c in zip(averaged, current, strict=True):
                    a.copy_(c)
            elif self.avg_fn is None:
                (self.multi_avg_fn or get_swa_multi_avg_fn())(averaged, current, count)
            else:
                for a, c in zip(averaged, current, strict=True):
                    a.copy_(self.avg_fn(a, c, count))
            if not self.use_buffers:
                for b, c in zip(self.module.buffers(), model.buffers(), strict=True):
                    b.detach().copy_(c.detach().to(b.device))
        self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: Any, device: Any = None) -> None:
    """Compute the running statistics of batch normalisation anew, by a pass over the data.

    Parameters
    ----------
    loader : iterable
        Of batches; of tuples, the first is the input.
    model : Module
    device : device, optional
        Where to move the batches.
    """
    layers = [m for m in model.modules()
              if hasattr(m, "reset_running_stats") and hasattr(m, "momentum")]
    if not layers:
        return
    momenta = [m.momentum for m in layers]
    training = model.training
    model.train()
    for m in layers:
        m.reset_running_stats()
        m.momentum = None  # a cumulative mean
    with no_grad():
        for batch in loader:
            x = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(x if device is None else x.to(device))
    for m, momentum in zip(layers, momenta, strict=True):
        m.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """The rate moves from where it is to ``swa_lr`` within some epochs, and stays.

    Parameters
    ----------
    optimizer : Optimizer
    swa_lr : float or list of float
    anneal_epochs : int
    anneal_strategy : str
        ``"cos"`` or ``"linear"``.
    last_epoch : int

    Examples
    --------
    >>> import facula
    >>> descent = facula.optim.SGD([facula.zeros(1)], lr=1.0)
    >>> schedule = facula.optim.swa_utils.SWALR(descent, 0.5, anneal_epochs=2)
    >>> for _ in range(3):
    ...     descent.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, swa_lr: Any, anneal_epochs: int = 10,
                 anneal_strategy: str = "cos", last_epoch: int = -1) -> None:
        require(anneal_strategy in ("cos", "linear"), "SWALR", "anneal_strategy", anneal_strategy,
                "'cos' or 'linear'")
        require(isinstance(anneal_epochs, int) and anneal_epochs >= 0, "SWALR", "anneal_epochs",
                anneal_epochs, "an int of at least 0")
        for group, value in zip(optimizer.param_groups,
                                per_group("SWALR", "swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = value
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        done = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return (cosine if self._anneal_strategy == "cos" else linear)(0.0, 1.0, done)

    def get_lr(self) -> list[Any]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        out = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            out.append(end * now + start * (1 - now))
        return out
