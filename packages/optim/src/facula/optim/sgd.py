"""Gradient descent with momentum, and the averaged variant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from facula.optim.checks import not_negative, one_of_two
from facula.optim.rule import RuleOptimizer


def penalised(p: Any, g: Any, n: Any) -> Any:
    """The gradient to descend along: its sign for maximisation, and weight decay as a penalty."""
    if n.maximize:
        g = -g
    return g + n.weight_decay * p if n.decay else g


def common(group: dict[str, Any]) -> dict[str, Any]:
    """The numbers that most rules share; ``decay`` says whether there is any weight decay."""
    decay = group["weight_decay"]
    return {"lr": group["lr"], "weight_decay": decay, "maximize": bool(group["maximize"]),
            "decay": bool(decay != 0)}


class SGD(RuleOptimizer):
    r"""Stochastic gradient descent, with momentum if wanted.

    .. math::
        g &= \nabla f(p) + \lambda p \\
        b &\leftarrow \mu b + (1 - \tau) g \qquad (b = g \text{ in the first step}) \\
        p &\leftarrow p - \gamma\, (g + \mu b \text{ if Nesterov, else } b)

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The step size :math:`\gamma`.
    momentum, dampening : float
        :math:`\mu` and :math:`\tau`.
    weight_decay : float
        :math:`\lambda`, an L2 penalty.
    nesterov : bool
        Look ahead along the momentum.
    maximize : bool
        Ascend.
    foreach, fused : bool, optional
        Accepted for PyTorch's sake: updates are always fused here.
    differentiable : bool
        Record the step itself.

    Raises
    ------
    ValueError
        If a number is out of its range, or Nesterov momentum has no momentum or is dampened.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013,
    http://proceedings.mlr.press/v28/sutskever13.html

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> descent = facula.optim.SGD([w], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     descent.zero_grad()
    ...     (w * w).sum().backward()
    ...     descent.step()
    >>> w
    tensor([ 0.4600, -0.9200], requires_grad=True)
    """

    scalars = {}

    def __init__(self, params: Iterable[Any], lr: Any = 1e-3, momentum: float = 0,
                 dampening: float = 0, weight_decay: Any = 0, nesterov: bool = False, *,
                 maximize: bool = False, foreach: bool | None = None,
                 differentiable: bool = False, fused: bool | None = None) -> None:
        not_negative("SGD", lr=lr, momentum=momentum, weight_decay=weight_decay)
        one_of_two("SGD", foreach, fused)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(f"SGD: nesterov=True with momentum={momentum}, dampening={dampening}: "
                             "it needs a momentum, and no dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused})

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if group["momentum"] != 0 else {}

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        return {**common(group), "momentum": group["momentum"], "dampening": group["dampening"],
                "moving": bool(group["momentum"] != 0), "first": fresh,
                "dampened": bool(group["dampening"] != 0), "nesterov": bool(group["nesterov"])}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        g = penalised(p, g, n)
        if n.moving:
            share = (1 - n.dampening) * g if n.dampened else g
            s.momentum_buffer = g if n.first else n.momentum * s.momentum_buffer + share
            g = g + n.momentum * s.momentum_buffer if n.nesterov else s.momentum_buffer
        return p - n.lr * g


class ASGD(RuleOptimizer):
    r"""Averaged stochastic gradient descent: a running mean ``ax`` of the iterates is kept.

    .. math::
        p &\leftarrow (1 - \lambda \eta_t)\, p - \eta_t g, \qquad
        \bar p \leftarrow \bar p + \mu_t (p - \bar p) \\
        \eta_{t+1} &= \gamma / (1 + \lambda \gamma t)^\alpha, \qquad
        \mu_{t+1} = 1 / \max(1, t - t_0)

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The first step size :math:`\gamma`.
    lambd, alpha : float
        The decay :math:`\lambda` and the power :math:`\alpha` of the step size.
    t0 : float
        From which step on to average.
    weight_decay : float
        An L2 penalty.
    foreach, capturable : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992,
    https://doi.org/10.1137/0330046

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.ASGD([w], lr=0.1, lambd=0.0).step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    scalars = {"step": 0.0, "eta": -1.0, "mu": 1.0}

    def __init__(self, params: Iterable[Any], lr: Any = 1e-2, lambd: float = 1e-4,
                 alpha: float = 0.75, t0: float = 1e6, weight_decay: float = 0,
                 foreach: bool | None = None, maximize: bool = False,
                 differentiable: bool = False, capturable: bool = False) -> None:
        not_negative("ASGD", lr=lr, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable})

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"ax": 0.0}

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        lr, lambd = float(group["lr"]), group["lambd"]
        eta = lr if s["eta"] < 0 else s["eta"]  # the first step size is the learning rate
        n = {**common(group), "eta": eta, "mu": s["mu"], "lambd": lambd,
             "averaging": s["mu"] != 1.0}
        step = s["step"] = s["step"] + 1
        s["eta"] = lr / (1 + lambd * lr * step) ** group["alpha"]
        s["mu"] = 1 / max(1.0, step - group["t0"])
        return n

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        g = penalised(p, g, n)
        p = p * (1 - n.lambd * n.eta) - n.eta * g
        s.ax = s.ax + n.mu * (p - s.ax) if n.averaging else p
        return p
