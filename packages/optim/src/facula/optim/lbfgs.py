"""L-BFGS: quasi-Newton steps from the last changes of gradient and position."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from facula.core import Tensor, cat, enable_grad, no_grad, zeros
from facula.optim.checks import not_negative, require
from facula.optim.optimizer import Optimizer

SUFFICIENT_DECREASE, CURVATURE = 1e-4, 0.9  # Wolfe's two constants, as Nocedal and Wright advise
SMALLEST_CURVATURE = 1e-10


def _dot(a: Any, b: Any) -> float:
    return float((a * b).sum().item())


def _largest(a: Any) -> float:
    return float(a.abs().amax().item())


@dataclass(slots=True)
class _Point:
    """A point on the search line: how far, the loss, its gradient, its slope along the line."""

    t: float
    loss: float
    gradient: Any
    slope: float


def _cubic_minimum(a: _Point, b: _Point, low: float, high: float) -> float:
    """The minimum of the cubic through two points with slopes, within bounds (N. & W., 3.59)."""
    if a.t > b.t:
        a, b = b, a
    if a.t == b.t:
        return (low + high) / 2
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = square**0.5
    below = b.slope - a.slope + 2 * d2
    if below == 0:
        return (low + high) / 2
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / below)
    return min(max(t, low), high)


def strong_wolfe(evaluate: Callable[[float], _Point], start: _Point, t: float, longest: float,
                 tolerance: float, most: int) -> tuple[_Point, int]:
    """A point on the line that meets the strong Wolfe conditions, and the evaluations it took.

    First the step grows until it brackets such a point, then the bracket shrinks (Nocedal and
    Wright, "Numerical Optimization", algorithms 3.5 and 3.6, with the safeguards of minFunc).

    Parameters
    ----------
    evaluate : callable
        The point at a distance.
    start : _Point
        At distance 0.
    t : float
        The first distance to try.
    longest : float
        The largest component of the direction.
    tolerance : float
        The least change of position worth a further evaluation.
    most : int
        The most further evaluations.
    """
    def armijo_fails(x: _Point) -> bool:
        return x.loss > start.loss + SUFFICIENT_DECREASE * x.t * start.slope

    previous, now = start, evaluate(t)
    count, tries = 1, 0
    bracket = None
    while tries < most:
        if armijo_fails(now) or (tries > 1 and now.loss >= previous.loss):
            bracket = [previous, now]
            break
        if abs(now.slope) <= -CURVATURE * start.slope:
            return now, count
        if now.slope >= 0:
            bracket = [previous, now]
            break
        following = _cubic_minimum(previous, now, now.t + 0.01 * (now.t - previous.t), 10 * now.t)
        previous, now = now, evaluate(following)
        count, tries = count + 1, tries + 1
    if bracket is None:
        bracket = [start, now]
    bracket.sort(key=lambda x: x.loss)  # the better end first
    stuck = False
    while tries < most:
        low, high = sorted(x.t for x in bracket)
        if (high - low) * longest < tolerance:
            break
        t = _cubic_minimum(bracket[0], bracket[1], low, high)
        margin = 0.1 * (high - low)
        if min(high - t, t - low) < margin:
            if stuck or t >= high or t <= low:
                t = high - margin if abs(t - high) < abs(t - low) else low + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        now = evaluate(t)
        count, tries = count + 1, tries + 1
        if armijo_fails(now) or now.loss >= bracket[0].loss:
            bracket[1] = now
            bracket.sort(key=lambda x: x.loss)
            continue
        if abs(now.slope) <= -CURVATURE * start.slope:
            return now, count
        if now.slope * (bracket[1].t - bracket[0].t) >= 0:
            bracket[1] = bracket[0]
        bracket[0] = now
    return bracket[0], count


class LBFGS(Optimizer):
    r"""L-BFGS, as in minFunc: a direction from the two-loop recursion, a line search if wanted.

    The inverse Hessian is approximated from the last ``history_size`` pairs
    :math:`s_k = x_{k+1} - x_k`, :math:`y_k = g_{k+1} - g_k`; the direction is
    :math:`d = -H g`. One :meth:`step` runs up to ``max_iter`` iterations and calls the closure
    several times.

    Parameters
    ----------
    params : iterable of Tensor
        One group, on one device.
    lr : float
        The step along the direction (with a line search: the first to try).
    max_iter : int
        Iterations per step.
    max_eval : int, optional
        Evaluations of the closure per step; 5/4 of ``max_iter`` where not given.
    tolerance_grad, tolerance_change : float
        Stop where the gradient's largest component, or the change of loss or position, is less.
    history_size : int
        How many pairs to keep.
    line_search_fn : str, optional
        ``"strong_wolfe"`` or None.

    References
    ----------
    Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4 and 7.5;
    Schmidt, minFunc, https://www.cs.ubc.ca/~schmidtm/Software/minFunc.html

    Examples
    --------
    >>> import facula
    >>> w = facula.tensor([1.0, -2.0], requires_grad=True)
    >>> newton = facula.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     newton.zero_grad()
    ...     loss = ((w - 3) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> loss = newton.step(closure)
    >>> w
    tensor([3., 3.], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], lr: Any = 1, max_iter: int = 20,
                 max_eval: int | None = None, tolerance_grad: float = 1e-7,
                 tolerance_change: float = 1e-9, history_size: int = 100,
                 line_search_fn: str | None = None) -> None:
        not_negative("LBFGS", lr=lr)
        require(line_search_fn in (None, "strong_wolfe"), "LBFGS", "line_search_fn",
                line_search_fn, "None or 'strong_wolfe'")
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn})
        if len(self.param_groups) != 1:
            raise ValueError(f"LBFGS: {len(self.param_groups)} parameter groups: it takes one")

    def _gradient(self) -> Tensor:
        return cat([(zeros(p.shape, dtype=p.dtype, device=p.device) if p.grad is None
                     else p.grad).reshape(-1) for p in self.param_groups[0]["params"]])

    def _move(self, t: float, direction: Any) -> None:
        start = 0
        for p in self.param_groups[0]["params"]:
            n = p.numel()
            p.add_(direction[start:start + n].reshape(tuple(p.shape)) * t)
            start += n

    def _search(self, closure: Callable[[], Any], t: float, d: Any, start: _Point,
                most: int) -> tuple[_Point, int]:
        params = self.param_groups[0]["params"]
        origin = [p.detach().clone() for p in params]

        def evaluate(distance: float) -> _Point:
            self._move(distance, d)
            with enable_grad():
                loss = float(closure())
            g = self._gradient()
            for p, before in zip(params, origin, strict=True):
                p.copy_(before)
            return _Point(distance, loss, g, _dot(g, d))

        return strong_wolfe(evaluate, start, t, _largest(d),
                            self.param_groups[0]["tolerance_change"], most)

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Run up to ``max_iter`` iterations.

        Parameters
        ----------
        closure : callable
            Clears the gradients, computes the loss and its gradients, returns the loss.

        Returns
        -------
        The loss before the step.
        """
        with no_grad():
            return self._iterate(closure)

    def _iterate(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        lr = float(group["lr"])
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with enable_grad():
            first_loss = closure()
        loss, g = float(first_loss), self._gradient()
        evaluations = 1
        state["func_evals"] += 1
        if _largest(g) <= group["tolerance_grad"]:
            return first_loss
        for i in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            d = self._direction(state, g, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = g, loss
            t = min(1.0, 1 / float(g.abs().sum().item())) * lr if state["n_iter"] == 1 else lr
            state["d"], state["t"] = d, t
            slope = _dot(g, d)
            if slope > -group["tolerance_change"]:
                break
            before, count = loss, 0
            if group["line_search_fn"] is not None:
                found, count = self._search(closure, t, d, _Point(0.0, loss, g, slope),
                                            group["max_eval"] - evaluations)
                loss, g, t = found.loss, found.gradient, found.t
                state["t"] = t
                self._move(t, d)
            else:
                self._move(t, d)
                if i != group["max_iter"]:
                    with enable_grad():
                        loss = float(closure())
                    g, count = self._gradient(), 1
            evaluations += count
            state["func_evals"] += count
            if (i == group["max_iter"] or evaluations >= group["max_eval"]
                    or _largest(g) <= group["tolerance_grad"]
                    or _largest(d) * abs(t) <= group["tolerance_change"]
                    or abs(loss - before) < group["tolerance_change"]):
                break
        return first_loss

    @staticmethod
    def _direction(state: dict[str, Any], g: Any, history_size: int) -> Any:
        """The two-loop recursion, after the newest pair has been stored."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -g
        ys, ss, ro = state["old_dirs"], state["old_stps"], state["ro"]
        y = g - state["prev_flat_grad"]
        s = state["d"] * float(state["t"])
        curvature = _dot(y, s)
        if curvature > SMALLEST_CURVATURE:
            if len(ys) == history_size:
                for past in (ys, ss, ro):
                    past.pop(0)
            ys.append(y)
            ss.append(s)
            ro.append(1 / curvature)
            state["H_diag"] = curvature / _dot(y, y)
        alphas = [0.0] * len(ys)
        q = -g
        for i in reversed(range(len(ys))):
            alphas[i] = _dot(ss[i], q) * float(ro[i])
            q = q - ys[i] * alphas[i]
        r = q * float(state["H_diag"])
        for i in range(len(ys)):
            r = r + ss[i] * (alphas[i] - _dot(ys[i], r) * float(ro[i]))
        state["al"] = alphas + [None] * (history_size - len(alphas))
        return r
