"""Adamax, NAdam and RAdam: Adam with another norm, with Nesterov momentum, with a rectified start.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from facula.optim.adam import TwoMoments, adam_numbers, decayed, moments
from facula.optim.checks import fractions, not_negative
from facula.optim.rule import RuleOptimizer
from facula.optim.sgd import penalised


class Adamax(RuleOptimizer):
    r"""Adam with the infinity norm in place of the second moment.

    .. math::
        m &\leftarrow m + (1 - \beta_1)(g - m), \qquad
        u \leftarrow \max(\beta_2 u, |g| + \epsilon) \\
        p &\leftarrow p - \frac{\gamma}{1 - \beta_1^t} \frac{m}{u}

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The step size.
    betas : tuple of float
        The decays of mean and norm.
    eps : float
        Keeps the norm above zero.
    weight_decay : float
        An L2 penalty.
    foreach, capturable : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", section 7.1,
    https://arxiv.org/abs/1412.6980

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.Adamax([w], lr=0.5).step()
    >>> w
    tensor([ 0.5000, -1.5000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 2e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False,
                 differentiable: bool = False, capturable: bool = False) -> None:
        not_negative("Adamax", lr=lr, eps=eps, weight_decay=weight_decay)
        fractions("Adamax", betas=betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable})

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_inf": 0.0}

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        n = adam_numbers(group, s)
        return {**n, "step_size": n["lr"] / n["bias1"]}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        g = penalised(p, g, n)
        s.exp_avg = s.exp_avg + (1 - n.beta1) * (g - s.exp_avg)
        s.exp_inf = (n.beta2 * s.exp_inf).maximum(g.abs() + n.eps)
        return p - n.step_size * s.exp_avg / s.exp_inf


class NAdam(TwoMoments):
    r"""Adam with Nesterov momentum, whose weight :math:`\mu_t` grows along a schedule.

    .. math::
        \mu_t &= \beta_1 (1 - \tfrac12\, 0.96^{t \psi}), \qquad
        P_t = \textstyle\prod_{i \le t} \mu_i \\
        p &\leftarrow p - \gamma \left(\frac{1 - \mu_t}{1 - P_t} g
        + \frac{\mu_{t+1}}{1 - P_{t+1}} m\right) \Big/
        \left(\sqrt{v / (1 - \beta_2^t)} + \epsilon\right)

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The step size.
    betas : tuple of float
        The decays of the two means.
    eps : float
        Added to the denominator.
    weight_decay : float
        An L2 penalty, or AdamW's where ``decoupled_weight_decay``.
    momentum_decay : float
        :math:`\psi`.
    decoupled_weight_decay : bool
        Shrink the parameter instead of penalising it.
    foreach, capturable : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Dozat, "Incorporating Nesterov Momentum into Adam", 2016,
    https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.NAdam([w], lr=0.1).step()
    >>> w.detach() < facula.tensor([1.0, 0.0])
    tensor([True, True])
    """

    scalars = {"step": 0.0, "mu_product": 1.0}

    def __init__(self, params: Iterable[Any], lr: Any = 2e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, momentum_decay: float = 4e-3,
                 decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
                 maximize: bool = False, capturable: bool = False,
                 differentiable: bool = False) -> None:
        not_negative("NAdam", lr=lr, eps=eps, weight_decay=weight_decay,
                     momentum_decay=momentum_decay)
        fractions("NAdam", betas=betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable})

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        n = adam_numbers(group, s)
        step, decay = n["step"], group["momentum_decay"]
        mu = n["beta1"] * (1 - 0.5 * 0.96 ** (step * decay))
        mu_next = n["beta1"] * (1 - 0.5 * 0.96 ** ((step + 1) * decay))
        product = s["mu_product"] = s["mu_product"] * mu
        return {**n, "now": n["lr"] * (1 - mu) / (1 - product),
                "ahead": n["lr"] * mu_next / (1 - product * mu_next)}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        p, g = decayed(p, g, n)
        first, second = moments(s, g, n)
        return p - (n.now * g + n.ahead * first) / ((second / n.bias2).sqrt() + n.eps)


class RAdam(TwoMoments):
    r"""Adam whose adaptive step is held back until its variance is bounded.

    .. math::
        \rho_\infty &= \frac{2}{1 - \beta_2} - 1, \qquad
        \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t} \\
        r_t &= \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\rho_\infty}
        {(\rho_\infty - 4)(\rho_\infty - 2)\rho_t}} \\
        p &\leftarrow p - \gamma\, \frac{m}{1 - \beta_1^t} \cdot
        \begin{cases} r_t \sqrt{1 - \beta_2^t} / (\sqrt v + \epsilon) & \rho_t > 5 \\
        1 & \text{else} \end{cases}

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The step size.
    betas : tuple of float
        The decays of the two means.
    eps : float
        Added to the denominator.
    weight_decay : float
        An L2 penalty, or AdamW's where ``decoupled_weight_decay``.
    decoupled_weight_decay : bool
        Shrink the parameter instead of penalising it.
    foreach, capturable : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond",
    https://arxiv.org/abs/1908.03265

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.RAdam([w], lr=0.1).step()
    >>> w
    tensor([ 0.8000, -1.6000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, decoupled_weight_decay: bool = False, *,
                 foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
                 differentiable: bool = False) -> None:
        not_negative("RAdam", lr=lr, eps=eps, weight_decay=weight_decay)
        fractions("RAdam", betas=betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable})

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        n = adam_numbers(group, s)
        longest = 2 / (1 - n["beta2"]) - 1
        length = longest - 2 * n["step"] * n["beta2"] ** n["step"] / n["bias2"]
        rectified = length > 5
        step_size = n["lr"] / n["bias1"]
        if rectified:
            step_size = step_size * math.sqrt(
                n["bias2"] * (length - 4) * (length - 2) * longest
                / ((longest - 4) * (longest - 2) * length))
        return {**n, "step_size": step_size, "rectified": rectified}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        p, g = decayed(p, g, n)
        first, second = moments(s, g, n)
        step = n.step_size * first
        return p - (step / (second.sqrt() + n.eps) if n.rectified else step)
