"""SparseAdam: Adam that leaves the rows alone that had no part in the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from facula.core import no_grad, where, zeros_like
from facula.core.errors import describe
from facula.optim.checks import fractions, not_negative, require
from facula.optim.optimizer import Optimizer


class SparseAdam(Optimizer):
    r"""Adam whose moments, and parameters, change only in rows that have a gradient.

    .. math::
        m_r \leftarrow m_r + (1 - \beta_1)(g_r - m_r), \qquad
        v_r \leftarrow v_r + (1 - \beta_2)(g_r^2 - v_r) \\
        p_r \leftarrow p_r - \gamma \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}
        \frac{m_r}{\sqrt{v_r} + \epsilon}
        \qquad\text{for the rows } r \text{ where } g_r \neq 0

    Gradients are dense here, also those of ``Embedding(sparse=True)``: a row takes part where its
    gradient has an element that is not zero, which are the rows that were looked up.

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
    maximize : bool
        Ascend.

    Raises
    ------
    ValueError
        If a number is out of its range, or a parameter is complex.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", https://arxiv.org/abs/1412.6980

    Examples
    --------
    >>> import facula
    >>> w = facula.ones(3, 2, requires_grad=True)
    >>> w[1].sum().backward()
    >>> facula.optim.SparseAdam([w], lr=0.1).step()
    >>> w
    tensor([[1.0000, 1.0000],
            [0.9000, 0.9000],
            [1.0000, 1.0000]], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 maximize: bool = False) -> None:
        not_negative("SparseAdam", lr=lr)
        require(bool(lr > 0), "SparseAdam", "lr", lr, "above 0")
        require(eps > 0, "SparseAdam", "eps", eps, "above 0")
        fractions("SparseAdam", betas=betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        for group in self.param_groups:
            for p in group["params"]:
                if p.is_complex():
                    raise ValueError("SparseAdam: parameters must be real, but one is "
                                     f"{describe(p)}")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient; returns the closure's loss."""
        loss = self._loss(closure)
        with no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._update(group, p)
        return loss

    def _update(self, group: dict[str, Any], p: Any) -> None:
        state = self.state[p]
        if not state:
            state.update(step=0, exp_avg=zeros_like(p), exp_avg_sq=zeros_like(p))
        state["step"] += 1
        step = state["step"]
        beta1, beta2 = group["betas"]
        g = -p.grad if group["maximize"] else p.grad
        touched = g != 0
        if p.ndim > 1:
            touched = touched.flatten(1).any(1).reshape(-1, *(1,) * (p.ndim - 1))
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.add_(where(touched, (g - mean) * (1 - beta1), 0.0))
        square.add_(where(touched, (g * g - square) * (1 - beta2), 0.0))
        size = float(group["lr"]) * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        p.sub_(where(touched, mean / (square.sqrt() + group["eps"]) * size, 0.0))
