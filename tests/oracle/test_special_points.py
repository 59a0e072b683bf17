"""Values and gradients at zeros, ties, borders, infinities and NaN against PyTorch's."""

import math

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

POINTS = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 6.0, 20.0, -20.0, math.inf, -math.inf]
ROWS = [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 2.0], [2.0, 1.0, 2.0], [0.0, 1.0, 2.0],
        [0.0, 0.0, 2.0], [2.0, 0.0, 3.0], [-1.0, -2.0, -2.0], [3.0, 3.0, -3.0]]
TAILS = [[math.inf, 1.0, 2.0], [-math.inf, 1.0, 2.0], [-math.inf, -math.inf, -math.inf]]

F = "lib.nn.functional"
ONE = ["abs(x)", "sign(x)", "x.relu()", "sigmoid(x)", "tanh(x)", "exp(x)", "expm1(x)", "square(x)",
       "sinc(x)", "clamp(x, -1, 1)", "clamp(x, min=0)", "clamp(x, max=2)", "x ** 0", "x ** 1",
       "x ** 2", "x ** 3", "x ** -1", "where(x > 0, x, x * 0)", "lgamma(x)", "erf(x)", "erfinv(x)",
       "xlogy(x, 2.0)", "floor(x)", "frac(x)", "fmod(x, 2)", "x % 2", "nan_to_num(x)", "atan(x)",
       "pow(x, lib.zeros_like(x))", "copysign(x, 1.0)"]
TWO = ["maximum(x, y)", "minimum(x, y)", "fmax(x, y)", "fmin(x, y)", "atan2(x, y)", "hypot(x, y)",
       "x * y", "x / y", "pow(x, y)", "xlogy(x, y)", "fmod(x, y)", "x % y", "copysign(x, y)",
       "where(x > y, x, y)"]
OF_ROWS = ["prod(x)", "prod(x, 0)", "amax(x)", "amin(x, 0)", "max(x)", "median(x)", "std(x)",
           "var(x)", "logsumexp(x, 0)", "cumsum(x, 0)", "cumprod(x, 0)", "cummax(x, 0)[0]",
           "cummin(x, 0)[0]", "logcumsumexp(x, 0)", "softmax(x, 0)", "log_softmax(x, 0)",
           "sort(x)[0]", "quantile(x, 0.3)", "std(x, correction=0)", "aminmax(x)[1]",
           *[f"linalg.vector_norm(x, {p})" for p in (0.5, 1, 1.5, 2, 3, math.inf, -math.inf)],
           *[f"cdist(x[:, None], y[:, None], {p})" for p in (0.0, 0.5, 1.0, 1.5, 2.0, math.inf)],
           "cosine_similarity(x, y, dim=0)", "dist(x, y)", "renorm(x[None], 2, 0, 1.0)",
           *[f"scatter_reduce(y[:2], 0, lib.tensor([0, 0, 1]), x, '{how}')"
             for how in ("prod", "mean", "amax", "amin")]]
OF_TAILS = ["amax(x)", "amin(x)", "logsumexp(x, 0)", "softmax(x, 0)", "log_softmax(x, 0)",
            "logcumsumexp(x, 0)", "cummax(x, 0)[0]", "sort(x)[0]", "quantile(x, 0.3)"]
FUNCTIONAL = ["elu(x)", "leaky_relu(x)", "hardtanh(x)", "softshrink(x)", "hardshrink(x)",
              "threshold(x, 1.0, 5.0)", "relu6(x)", "gelu(x)", "softplus(x)"]


def called(lib, expression, arrays):
    """The result and the gradients by every array of its sum with weights 1, 2, 3, 1, ..."""
    leaves = {k: lib.tensor(v, dtype=lib.float64).requires_grad_() for k, v in arrays.items()}
    called_by_name = expression[:4] != "lib." and expression[:2] not in ("x ", "x.")
    known = {"lib": lib, "inf": math.inf, "math": math, **leaves}
    y = eval("lib." * called_by_name + expression, known)
    weights = lib.arange(y.numel(), dtype=lib.float64) % 3 + 1
    (y * weights.reshape(tuple(y.shape))).sum().backward()
    return [y.detach().numpy()] + [
        np.zeros(len(arrays[k])) if leaf.grad is None else leaf.grad.numpy()
        for k, leaf in leaves.items()]


def agree(expression, **arrays):
    for ours, theirs in zip(called(facula, expression, arrays), called(torch, expression, arrays),
                            strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12,
                                   err_msg=f"{expression} of {arrays}")


@pytest.mark.parametrize("expression", [*ONE, *[f"{F}.{e}" for e in FUNCTIONAL]])
def test_one_tensor(expression):
    agree(expression, x=POINTS)


@pytest.mark.parametrize("expression", TWO)
def test_pairs(expression):
    agree(expression, x=[x for x in POINTS for _ in POINTS], y=POINTS * len(POINTS))


@pytest.mark.parametrize("expression", OF_ROWS)
def test_rows_with_zeros_and_ties(expression):
    for row in ROWS:
        agree(expression, x=row, **({"y": [0.0, 1.0, 2.0]} if "y" in expression else {}))


@pytest.mark.parametrize("expression", OF_TAILS)
def test_rows_with_infinities(expression):
    for row in TAILS:
        agree(expression, x=row)


@pytest.mark.parametrize("expression", [
    "margin_ranking_loss(x, y, lib.ones_like(x))", "hinge_embedding_loss(x, -lib.ones_like(x))",
    "triplet_margin_loss(x[None], x[None] + 1, x[None] + 2, margin=math.sqrt(3), eps=0.0)",
    "smooth_l1_loss(x, y)", "huber_loss(x, y)", "l1_loss(x, y)",
    "multi_margin_loss(x, lib.tensor(1))"])
def test_losses_at_their_corners(expression):
    for row in ROWS:
        arrays = {"x": row, "y": [1.0, 1.0, 1.0]} if "y" in expression else {"x": row}
        agree(f"{F}.{expression}", **arrays)
