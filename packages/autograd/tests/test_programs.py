"""Random programs with views, writes, indexing and broadcasting: finite differences, or an error.

A program that runs has the gradient of what it computes, or backward raises: never a wrong one.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from facula import autograd, core
from facula.autograd import gradcheck

CALLS = {
    "tanh": lambda a, b: a.tanh(), "sin": lambda a, b: a.sin(), "square": lambda a, b: a * a,
    "add": lambda a, b: a + b, "mul": lambda a, b: a * b, "rsub": lambda a, b: 1.0 - a,
    "div": lambda a, b: a / (b * b + 1.0), "sum": lambda a, b: a.sum(0),
    "mean": lambda a, b: a.mean(),
    "where": lambda a, b: core.where(a.detach() > b.detach(), a, b),
    "matmul": lambda a, b: a @ b.T, "gather": lambda a, b: a[[0, -1, 0]],
    "mask": lambda a, b: a[a.detach() > 0], "cat": lambda a, b: core.cat([a, b]),
    "first": lambda a, b: a[0], "tail": lambda a, b: a[1:], "even": lambda a, b: a[..., ::2],
    "t": lambda a, b: a.transpose(0, -1), "flat": lambda a, b: a.reshape(-1),
    "expand": lambda a, b: a.expand(2, *a.shape), "diagonal": lambda a, b: a.diagonal(),
    "unfold": lambda a, b: a.unfold(0, 2, 1), "detach": lambda a, b: a.detach(),
    "add_": lambda a, b: a.add_(b), "mul_": lambda a, b: a.mul_(b), "sin_": lambda a, b: a.sin_(),
    "copy_": lambda a, b: a.copy_(b), "zero_": lambda a, b: a.zero_(),
    "[0]=": lambda a, b: a.__setitem__(0, b), "[1:]=": lambda a, b: a.__setitem__(
        slice(1, None), b),
    "[list]=": lambda a, b: a.__setitem__([0, -1], b),
    "[0]*=": lambda a, b: a[0].mul_(b), "t*=": lambda a, b: a.T.mul_(b),
    "mask=": lambda a, b: a.__setitem__(a.detach() > 0.5, 0.25),
}
STEP = st.tuples(st.sampled_from(sorted(CALLS)), st.integers(0, 20), st.integers(0, 20))


def run(steps, *leaves):
    """The weighted sum of everything that a program made; steps that are refused are left out."""
    registers = [*leaves, leaves[0] * 1.0, leaves[1] * 1.0]
    for name, i, j in steps:
        a, b = registers[i % len(registers)], registers[j % len(registers)]
        try:
            result = CALLS[name](a, b)
        except (RuntimeError, IndexError, TypeError, ValueError):
            continue
        if isinstance(result, core.Tensor) and result.numel() < 100:
            registers.append(result)
    return sum((r * r * (0.1 + 0.1 * k)).sum() for k, r in enumerate(registers))


@given(st.lists(STEP, min_size=1, max_size=10))
def test_gradients_are_right_or_refused(steps):
    rng = np.random.default_rng(3)
    leaves = [core.from_numpy(rng.uniform(-0.9, 0.9, s)).requires_grad_() for s in ((3, 3), (3,))]
    detached = any(name == "detach" for name, _, _ in steps)
    before = [t.detach().clone() for t in leaves]
    try:
        out = run(steps, *leaves)
        autograd.grad(out, leaves, retain_graph=True, allow_unused=True)
    except RuntimeError as error:
        assert "changed by an in-place operation" in str(error) or "does not require" in str(error)
        return
    # Through detach() values flow that gradients do not; writes to leaves are refused.
    if not detached and all(bool((a == b).all()) for a, b in zip(before, leaves, strict=True)):
        gradcheck(lambda *x: run(steps, *x), leaves, fast_mode=True, eps=1e-7, atol=1e-4, rtol=1e-3)
