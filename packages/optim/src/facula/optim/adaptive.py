"""Step sizes per element from past gradients: Adagrad, Adadelta, RMSprop, Rprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from facula.optim.checks import not_negative, one_of_two, require
from facula.optim.rule import RuleOptimizer
from facula.optim.sgd import common, penalised


class Adagrad(RuleOptimizer):
    r"""Steps divided by the root of the sum of all squared gradients.

    .. math::
        G \leftarrow G + g^2, \qquad
        p \leftarrow p - \frac{\gamma}{1 + (t - 1) \eta} \frac{g}{\sqrt G + \epsilon}

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr, lr_decay : float
        The step size :math:`\gamma` and its decay :math:`\eta`.
    weight_decay : float
        An L2 penalty.
    initial_accumulator_value : float
        Where :math:`G` starts.
    eps : float
        Added to the denominator.
    foreach, fused : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive Subgradient Methods", JMLR 2011,
    https://jmlr.org/papers/v12/duchi11a.html

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.Adagrad([w], lr=0.5).step()
    >>> w
    tensor([ 0.5000, -1.5000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-2, lr_decay: float = 0,
                 weight_decay: float = 0, initial_accumulator_value: float = 0,
                 eps: float = 1e-10, foreach: bool | None = None, *, maximize: bool = False,
                 differentiable: bool = False, fused: bool | None = None) -> None:
        not_negative("Adagrad", lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
                     initial_accumulator_value=initial_accumulator_value, eps=eps)
        one_of_two("Adagrad", foreach, fused)
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused})
        self.share_memory()

    def share_memory(self) -> None:
        """Make the state of all parameters now, as PyTorch's Adagrad does, not at the first step.
        """
        for group in self.param_groups:
            for p in group["params"]:
                self._complete(self.state[p], p, self.slots(group))

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"sum": float(group["initial_accumulator_value"])}

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        s["step"] += 1
        n = common(group)
        return {**n, "step_size": n["lr"] / (1 + (s["step"] - 1) * group["lr_decay"]),
                "eps": group["eps"]}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        g = penalised(p, g, n)
        s.sum = s.sum + g * g
        return p - n.step_size * g / (s.sum.sqrt() + n.eps)


class Adadelta(RuleOptimizer):
    r"""Steps in units of past steps, so that no step size has to be chosen.

    .. math::
        v &\leftarrow \rho v + (1 - \rho) g^2, \qquad
        \Delta = g \sqrt{u + \epsilon} / \sqrt{v + \epsilon} \\
        u &\leftarrow \rho u + (1 - \rho) \Delta^2, \qquad p \leftarrow p - \gamma \Delta

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        A factor :math:`\gamma` on the step.
    rho : float
        The decay of both means.
    eps : float
        Added under the roots.
    weight_decay : float
        An L2 penalty.
    foreach, capturable : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Zeiler, "ADADELTA: An Adaptive Learning Rate Method", https://arxiv.org/abs/1212.5701

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.Adadelta([w]).step()
    >>> w
    tensor([0.9968], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6,
                 weight_decay: float = 0, foreach: bool | None = None, *,
                 capturable: bool = False, maximize: bool = False,
                 differentiable: bool = False) -> None:
        not_negative("Adadelta", lr=lr, eps=eps, weight_decay=weight_decay)
        require(0 <= rho <= 1, "Adadelta", "rho", rho, "in [0, 1]")
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "capturable": capturable, "foreach": foreach,
            "differentiable": differentiable})

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        s["step"] += 1
        return {**common(group), "rho": group["rho"], "eps": group["eps"]}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        g = penalised(p, g, n)
        s.square_avg = n.rho * s.square_avg + (1 - n.rho) * g * g
        step = (s.acc_delta + n.eps).sqrt() / (s.square_avg + n.eps).sqrt() * g
        s.acc_delta = n.rho * s.acc_delta + (1 - n.rho) * step * step
        return p - n.lr * step


class RMSprop(RuleOptimizer):
    r"""Steps divided by the root of a running mean of squared gradients.

    .. math::
        v &\leftarrow \alpha v + (1 - \alpha) g^2, \qquad
        \sigma = \sqrt{v - \bar g^2 \text{ if centered}} + \epsilon \\
        b &\leftarrow \mu b + g / \sigma, \qquad p \leftarrow p - \gamma b

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The step size.
    alpha : float
        The decay of the mean.
    eps : float
        Added to the denominator.
    weight_decay : float
        An L2 penalty.
    momentum : float
        :math:`\mu`.
    centered : bool
        Divide by an estimate of the deviation instead.
    capturable, foreach : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5, 2012;
    Graves, "Generating Sequences With Recurrent Neural Networks", for the centered version,
    https://arxiv.org/abs/1308.0850

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.RMSprop([w], lr=0.1).step()
    >>> w
    tensor([ 0.0000, -1.0000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-2, alpha: float = 0.99,
                 eps: float = 1e-8, weight_decay: float = 0, momentum: float = 0,
                 centered: bool = False, capturable: bool = False, foreach: bool | None = None,
                 maximize: bool = False, differentiable: bool = False) -> None:
        not_negative("RMSprop", lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay,
                     alpha=alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable})

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        slots = {"square_avg": 0.0}
        if group["momentum"] > 0:
            slots["momentum_buffer"] = 0.0
        if group["centered"]:
            slots["grad_avg"] = 0.0
        return slots

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        s["step"] += 1
        return {**common(group), "alpha": group["alpha"], "eps": group["eps"],
                "momentum": group["momentum"], "moving": bool(group["momentum"] > 0),
                "centered": bool(group["centered"])}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        g = penalised(p, g, n)
        s.square_avg = n.alpha * s.square_avg + (1 - n.alpha) * g * g
        spread = s.square_avg
        if n.centered:
            s.grad_avg = s.grad_avg + (1 - n.alpha) * (g - s.grad_avg)
            spread = spread - s.grad_avg * s.grad_avg
        step = g / (spread.sqrt() + n.eps)
        if n.moving:
            step = s.momentum_buffer = n.momentum * s.momentum_buffer + step
        return p - n.lr * step


class Rprop(RuleOptimizer):
    r"""Resilient propagation: only the gradient's sign counts, each element has its step size.

    .. math::
        \eta &\leftarrow \mathrm{clip}(\eta \cdot \{\eta^+ \text{ where } g g' > 0,\;
        \eta^- \text{ where } g g' < 0,\; 1\}) \\
        p &\leftarrow p - \eta\, \mathrm{sign}(g), \qquad g = 0 \text{ where } g g' < 0

    with :math:`g'` the last step's gradient.

    Parameters
    ----------
    params : iterable of Tensor or dict
        Parameters or parameter groups.
    lr : float or Tensor
        The first step size.
    etas : tuple of float
        The factors :math:`\eta^-` and :math:`\eta^+`.
    step_sizes : tuple of float
        The smallest and the largest step size.
    capturable, foreach : bool, optional
        Accepted for PyTorch's sake.
    maximize, differentiable : bool
        Ascend; record the step itself.

    References
    ----------
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning", 1993,
    https://doi.org/10.1109/ICNN.1993.298623

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> facula.optim.Rprop([w], lr=0.5).step()
    >>> w
    tensor([ 0.5000, -1.5000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-2,
                 etas: tuple[float, float] = (0.5, 1.2),
                 step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False,
                 foreach: bool | None = None, maximize: bool = False,
                 differentiable: bool = False) -> None:
        not_negative("Rprop", lr=lr)
        require(0 < etas[0] < 1 < etas[1], "Rprop", "etas", etas, "below and above 1")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable})

    def slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"prev": 0.0, "step_size": float(group["lr"])}

    def numbers(self, group: dict[str, Any], s: dict[str, float], fresh: bool) -> dict[str, Any]:
        s["step"] += 1
        (shrink, grow), (low, high) = group["etas"], group["step_sizes"]
        return {"shrink": shrink, "grow": grow, "low": low, "high": high, "none": 0.0, "one": 1.0,
                "maximize": bool(group["maximize"])}

    @staticmethod
    def update(p: Any, g: Any, s: Any, n: Any) -> Any:
        if n.maximize:
            g = -g
        agreement = g * s.prev
        up, down = agreement > 0, agreement < 0
        size = s.step_size
        size = (size * n.grow).where(up, (size * n.shrink).where(down, size))
        s.step_size = size.maximum(n.low).minimum(n.high)
        s.prev = (g * 0.0).where(down, g)
        return p - s.prev.sign() * s.step_size
