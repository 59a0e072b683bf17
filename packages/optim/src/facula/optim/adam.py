"""Adam and its relatives: step sizes from running means of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from facula.optim.checks import fractions, not_negative, one_of_two
from facula.optim.rule import RuleOptimizer
from facula.optim.sgd import common, penalised


def adam_numbers(group: dict[str, Any], s: dict[str, float]) -> dict[str, Any]:
    """The numbers of Adam's family: the step counted on, the betas, the bias corrections."""
    step = s["step"] = s["step"] + 1
    beta1, beta2 = (float(b) for b in group["betas"])
    return {**common(group), "beta1": beta1, "beta2": beta2, "eps": group["eps"], "step": step,
            "bias1": 1 - beta1**step, "bias2": 1 - beta2**step,
            "decoupled": bool(group.get("decoupled_weight_decay", False))}


def decayed(p: Any, g: Any, n: Any) -> tuple[Any, Any]:
    """Parameter and gradient after weight decay, which shrinks one or penalises the other."""
    if not n.decoupled:
        return p, penalised(p, g, n)
    if n.maximize:
        g = -g
    return (p * (1 - n.lr * n.weight_decay) if n.decay else p), g


def moments(s: Any, g: Any, n: Any) -> tuple[Any, Any]:
    """The running means of the gradient and of its square, a step on."""
    s.exp_avg = s.exp_avg + (1 - n.beta1) * (g - s.exp_avg)
    s.exp_avg_sq = n.beta2 * s.exp_avg_sq + (1 - n.beta2) * g * g
    return s.exp_avg, s.exp_avg_sq


class TwoMoments(RuleOptimizer):
    """What keeps the two running means."""

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}


class Adam(TwoMoments):
    r"""Adam: adaptive moments.

    .. math::
        m &\leftarrow m + (1 - \beta_1)(g - m), \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        p &\leftarrow p - \frac{\gamma}{1 - \beta_1^t}
        \Big/ \Big(\sqrt{v / (1 - \beta_2^t)} + \epsilon\Big) \cdot m

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The step size :math:`\gamma`.
    betas : tuple of float
        The decays of the two means.
    eps : float
        Added to the denominator.
    weight_decay : float
        An L2 penalty; with ``decoupled_weight_decay`` AdamW's.
    amsgrad : bool
        Divide by the largest second moment so far.
    foreach, fused : bool, optional
        Accepted for PyTorch's sake: updates are always fused here.
    maximize : bool
        Ascend.
    capturable : bool
        Accepted for PyTorch's sake.
    differentiable : bool
        Record the step itself.
    decoupled_weight_decay : bool
        Shrink the parameter instead of penalising it.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", https://arxiv.org/abs/1412.6980;
    Reddi et al., "On the Convergence of Adam and Beyond", https://arxiv.org/abs/1904.09237

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> adam = facula.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> adam.step()
    >>> w
    tensor([ 0.9000, -1.9000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *,
                 foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
                 differentiable: bool = False, fused: bool | None = None,
                 decoupled_weight_decay: bool = False) -> None:
        name = type(self).__name__
        not_negative(name, lr=lr, eps=eps, weight_decay=weight_decay)
        fractions(name, betas=betas)
        one_of_two(name, foreach, fused)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay})

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        slots = super().slots(group)
        return {**slots, "max_exp_avg_sq": 0.0} if group["amsgrad"] else slots

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        n = adam_numbers(group, s)
        return {**n, "step_size": n["lr"] / n["bias1"], "root_bias2": math.sqrt(n["bias2"]),
                "amsgrad": bool(group["amsgrad"])}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        p, g = decayed(p, g, n)
        first, second = moments(s, g, n)
        if n.amsgrad:
            second = s.max_exp_avg_sq = s.max_exp_avg_sq.maximum(second)
        return p - n.step_size * first / (second.sqrt() / n.root_bias2 + n.eps)


class AdamW(Adam):
    r"""Adam with decoupled weight decay: :math:`p \leftarrow (1 - \gamma \lambda) p` beforehand.

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr, betas, eps, amsgrad, maximize, foreach, capturable, differentiable, fused
        As for :class:`facula.optim.Adam`.
    weight_decay : float
        :math:`\lambda`.

    References
    ----------
    Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
    https://arxiv.org/abs/1711.05101

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.AdamW([w], lr=0.1, weight_decay=0.5).step()
    >>> w
    tensor([ 0.8500, -1.8000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *,
                 maximize: bool = False, foreach: bool | None = None, capturable: bool = False,
                 differentiable: bool = False, fused: bool | None = None) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach,
                         maximize=maximize, capturable=capturable, differentiable=differentiable,
                         fused=fused, decoupled_weight_decay=True)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
