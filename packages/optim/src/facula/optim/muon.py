"""Muon: momentum whose matrix is made orthogonal before each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from facula.core import Tensor, bfloat16, no_grad, zeros_like
from facula.optim.checks import not_negative, require
from facula.optim.optimizer import Optimizer

MOST_STEPS = 100


def orthogonalised(g: Any, coefficients: tuple[float, float, float], steps: int,
                   eps: float) -> Any:
    r"""The nearest matrix with singular values near 1, by Newton and Schulz's iteration.

    In bfloat16, :math:`X \leftarrow a X + (b A + c A^2) X` with :math:`A = X X^\top`; the
    quintic's slope at 0 is steep, so five steps take singular values to about 0.7 to 1.2.
    """
    a, b, c = coefficients
    x = g.to(bfloat16)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    norm = float((x.float() * x.float()).sum().sqrt().to(bfloat16).item())
    x = x / max(norm, eps)
    for _ in range(steps):
        gram = (x @ x.T).float()
        polynomial = (b * gram + c * (gram @ gram)).to(bfloat16)
        x = (a * x.float() + polynomial.float() @ x.float()).to(bfloat16)
    return x.T if tall else x


class Muon(Optimizer):
    r"""Momentum, orthogonalised by a Newton-Schulz iteration; for matrices of hidden layers.

    .. math::
        b &\leftarrow \mu b + (1 - \mu) g, \qquad
        u = \mathrm{NS}(\mu b + (1 - \mu) g \text{ if Nesterov, else } b) \\
        p &\leftarrow (1 - \gamma \lambda)\, p - \gamma' u

    Parameters
    ----------
    params : iterable of Tensor or dict
        Matrices; optimise embeddings, biases and heads with AdamW.
    lr : float
        The step size :math:`\gamma`.
    weight_decay : float
        Decoupled, :math:`\lambda`.
    momentum : float
        :math:`\mu`.
    nesterov : bool
        Look ahead along the momentum.
    ns_coefficients : tuple of float
        The quintic's three coefficients.
    eps : float
        The least norm to divide by.
    ns_steps : int
        The number of iterations.
    adjust_lr_fn : str, optional
        ``"original"`` (also None): :math:`\gamma' = \gamma \sqrt{\max(1, n/m)}` for an n by m
        matrix; ``"match_rms_adamw"``: :math:`0.2\,\gamma \sqrt{\max(n, m)}`.

    Raises
    ------
    ValueError
        If a parameter is no matrix, or a number is out of its range.

    References
    ----------
    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
    https://kellerjordan.github.io/posts/muon/; Liu et al., "Muon is Scalable for LLM Training",
    https://arxiv.org/abs/2502.16982

    Examples
    --------
    >>> import facula
    >>> w = facula.eye(3).requires_grad_()
    >>> (w * w).sum().backward()
    >>> facula.optim.Muon([w], lr=0.1, weight_decay=0.0).step()
    >>> bool((w.detach().sum() < 3).item())
    True
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1e-3, weight_decay: float = 0.1,
                 momentum: float = 0.95, nesterov: bool = True,
                 ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
                 eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: str | None = None) -> None:
        not_negative("Muon", lr=lr, momentum=momentum, weight_decay=weight_decay)
        require(adjust_lr_fn in (None, "original", "match_rms_adamw"), "Muon", "adjust_lr_fn",
                adjust_lr_fn, "None, 'original' or 'match_rms_adamw'")
        require(ns_steps < MOST_STEPS, "Muon", "ns_steps", ns_steps, f"below {MOST_STEPS}")
        require(len(ns_coefficients) == 3, "Muon", "ns_coefficients", ns_coefficients,
                "three numbers")
        super().__init__(params, {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            if p.ndim != 2:
                self.param_groups.pop()
                raise ValueError(f"Muon: a parameter has shape {tuple(p.shape)}: only matrices "
                                 "can be made orthogonal: give the others to AdamW")

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
        g: Tensor = p.grad
        buffer = state.get("momentum_buffer")
        if buffer is None:
            buffer = state["momentum_buffer"] = zeros_like(g)
        mu, lr = group["momentum"], float(group["lr"])
        buffer.add_((g - buffer) * (1 - mu))
        direction = g + (buffer - g) * mu if group["nesterov"] else buffer
        u = orthogonalised(direction, group["ns_coefficients"], group["ns_steps"], group["eps"])
        n, m = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            size = lr * 0.2 * math.sqrt(max(n, m))
        else:
            size = lr * math.sqrt(max(1, n / m))
        p.mul_(1 - lr * group["weight_decay"])
        p.sub_(u.to(p.dtype) * size)
