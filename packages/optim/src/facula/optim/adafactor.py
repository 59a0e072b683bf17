"""Adafactor: Adam's second moment kept as a row and a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from facula.core import Tensor, finfo, no_grad, tensor, zeros
from facula.optim.checks import not_negative, require
from facula.optim.optimizer import Optimizer


def _mean_square(x: Tensor, dim: int) -> Tensor:
    return (x * x).mean(dim, True)  # type: ignore[attr-defined]


def _root_mean_square(x: Tensor) -> float:
    return float((x * x).sum().item() / max(1, x.numel())) ** 0.5  # type: ignore[attr-defined]


class Adafactor(Optimizer):
    r"""Adaptive steps with sublinear memory.

    For a matrix, the second moment is approximated by the outer product of its row means
    :math:`R` and column means :math:`C`:

    .. math::
        R &\leftarrow R + t^{\tau} (\overline{g^2}_{\text{rows}} - R), \qquad
        C \leftarrow C + t^{\tau} (\overline{g^2}_{\text{columns}} - C), \qquad
        \hat v = R C / \bar R \\
        u &= g / \sqrt{\hat v}, \qquad
        \alpha = \max(\epsilon_2, \mathrm{RMS}(p)) \min(\gamma, 1/\sqrt t) \\
        p &\leftarrow (1 - \gamma\lambda)\, p - \alpha\, u / \max(1, \mathrm{RMS}(u) / d)

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The bound :math:`\gamma` of the relative step size.
    beta2_decay : float
        The power :math:`\tau` by which the second moment forgets.
    eps : tuple of (float or None, float)
        The floors of the second moment's root (the dtype's eps where None) and of RMS(p).
    d : float
        The clipping threshold of an update's RMS.
    weight_decay : float
        Decoupled, :math:`\lambda`.
    foreach : bool, optional
        Accepted for PyTorch's sake.
    maximize : bool
        Ascend.

    References
    ----------
    Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
    https://arxiv.org/abs/1804.04235

    Examples
    --------
    >>> import facula
    >>> w = facula.ones(2, 2, requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.Adafactor([w], lr=0.1).step()
    >>> w
    tensor([[0.9000, 0.9000],
            [0.9000, 0.9000]], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-2, beta2_decay: float = -0.8,
                 eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0,
                 weight_decay: float = 0.0, *, foreach: bool | None = None,
                 maximize: bool = False) -> None:
        not_negative("Adafactor", lr=lr, weight_decay=weight_decay)
        require(beta2_decay <= 0, "Adafactor", "beta2_decay", beta2_decay, "at most 0")
        require(eps[0] is None or eps[0] >= 0, "Adafactor", "eps[0]", eps[0],
                "None or at least 0")
        require(eps[1] >= 0, "Adafactor", "eps[1]", eps[1], "at least 0")
        require(d >= 1, "Adafactor", "d", d, "at least 1")
        super().__init__(params, {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d,
            "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient; returns the closure's loss."""
        loss = self._loss(closure)
        with no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._update(group, p)
        return loss

    def _begin(self, p: Any) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["step"] = tensor(0.0)
            like = {"dtype": p.grad.dtype, "device": p.device}
            if p.ndim > 1:
                state["row_var"] = zeros((*p.shape[:-1], 1), **like)
                state["col_var"] = zeros((*p.shape[:-2], 1, p.shape[-1]), **like)
            else:
                state["variance"] = zeros(p.shape, **like)
        return state

    def _update(self, group: dict[str, Any], p: Any) -> None:
        state = self._begin(p)
        g = -p.grad if group["maximize"] else p.grad
        state["step"].add_(1)
        step = float(state["step"])
        lr = float(group["lr"])
        low, floor = group["eps"]
        low = finfo(p.dtype).eps if low is None else low
        forget = step ** group["beta2_decay"]
        size = max(floor, _root_mean_square(p)) * min(lr, step**-0.5)
        if group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        if p.ndim > 1:
            row, col = state["row_var"], state["col_var"]
            row.add_((_mean_square(g, -1) - row) * forget)
            col.add_((_mean_square(g, -2) - col) * forget)
            second = (row @ col) / row.mean(-2, True).maximum(low)
        else:
            second = state["variance"]
            second.add_((g * g - second) * forget)
        u = second.maximum(low * low).rsqrt() * g
        p.sub_(u * (size / max(1.0, _root_mean_square(u) / group["d"])))
