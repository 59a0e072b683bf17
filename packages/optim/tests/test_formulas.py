"""Every optimiser against its paper's formula in float64 NumPy, on every device."""

import math

import numpy as np
import pytest

from facula import core, optim

LR, STEPS = 0.05, 6
SHAPES = [(3, 4), (5,), (), (130, 257)]  # the last is large enough for blocks of its own


def sgd(p, g, s, t):
    s["v"] = 0.9 * s["v"] + g if "v" in s else g
    return p - LR * s["v"]


def nesterov(p, g, s, t):
    g = g + 0.1 * p
    s["v"] = 0.9 * s["v"] + g if "v" in s else g
    return p - LR * (g + 0.9 * s["v"])


def asgd(p, g, s, t):
    eta = LR / (1 + 0.1 * LR * (t - 1)) ** 0.75
    p = (1 - 0.1 * eta) * p - eta * g
    s["mean"] = p if t <= 3 else s["mean"] + (p - s["mean"]) / (t - 2)
    return p


def moments(g, s, b1=0.9, b2=0.999):
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    return s["m"], s["v"]


def adam(p, g, s, t):
    m, v = moments(g, s)
    return p - LR * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def adamw(p, g, s, t):
    return adam(p, g, s, t) - LR * 0.1 * p


def amsgrad(p, g, s, t):
    m, v = moments(g, s, 0.5, 0.8)
    s["top"] = np.maximum(s.get("top", 0), v)
    return p - LR * (m / (1 - 0.5**t)) / (np.sqrt(s["top"] / (1 - 0.8**t)) + 1e-8)


def adamax(p, g, s, t):
    m, _ = moments(g, s)
    s["u"] = np.maximum(0.999 * s.get("u", 0), np.abs(g) + 1e-8)
    return p - LR / (1 - 0.9**t) * m / s["u"]


def nadam(p, g, s, t):
    m, v = moments(g, s)
    mu = [0.9 * (1 - 0.5 * 0.96 ** (i * 0.004)) for i in range(1, t + 2)]
    now, ahead = math.prod(mu[:-1]), math.prod(mu)
    mean = mu[-1] * m / (1 - ahead) + (1 - mu[-2]) * g / (1 - now)
    return p - LR * mean / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def radam(p, g, s, t):
    m, v = moments(g, s, 0.9, 0.9)
    top = 2 / (1 - 0.9) - 1
    rho = top - 2 * t * 0.9**t / (1 - 0.9**t)
    m = m / (1 - 0.9**t)
    if rho <= 5:
        return p - LR * m
    r = math.sqrt((rho - 4) * (rho - 2) * top / ((top - 4) * (top - 2) * rho))
    return p - LR * m * r * math.sqrt(1 - 0.9**t) / (np.sqrt(v) + 1e-8)


def adagrad(p, g, s, t):
    s["sum"] = s.get("sum", 0.5) + g * g
    return p - LR / (1 + (t - 1) * 0.1) * g / (np.sqrt(s["sum"]) + 1e-10)


def adadelta(p, g, s, t):
    s["g"] = 0.9 * s.get("g", 0) + 0.1 * g * g
    step = np.sqrt(s.get("x", 0) + 1e-6) / np.sqrt(s["g"] + 1e-6) * g
    s["x"] = 0.9 * s.get("x", 0) + 0.1 * step * step
    return p - step


def rmsprop(p, g, s, t):
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    s["mean"] = 0.9 * s.get("mean", 0) + 0.1 * g
    s["b"] = 0.9 * s.get("b", 0) + g / (np.sqrt(s["v"] - s["mean"] ** 2) + 1e-4)
    return p - 0.01 * s["b"]


def rprop(p, g, s, t):
    turn = g * s.get("g", np.zeros_like(g))
    size = s.get("size", np.full_like(g, LR))
    size = np.clip(np.where(turn > 0, size * 1.2, np.where(turn < 0, size * 0.5, size)), 1e-6, 50)
    s["size"], s["g"] = size, np.where(turn < 0, 0, g)
    return p - np.sign(s["g"]) * size


TABLE = {
    "SGD": (sgd, optim.SGD, {"lr": LR, "momentum": 0.9}),
    "SGD-nesterov": (nesterov, optim.SGD, {
        "lr": LR, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "ASGD": (asgd, optim.ASGD, {"lr": LR, "lambd": 0.1, "t0": 1}),
    "Adam": (adam, optim.Adam, {"lr": LR}),
    "AdamW": (adamw, optim.AdamW, {"lr": LR, "weight_decay": 0.1}),
    "Adam-amsgrad": (amsgrad, optim.Adam, {"lr": LR, "amsgrad": True, "betas": (0.5, 0.8)}),
    "Adamax": (adamax, optim.Adamax, {"lr": LR}),
    "NAdam": (nadam, optim.NAdam, {"lr": LR}),
    "RAdam": (radam, optim.RAdam, {"lr": LR, "betas": (0.9, 0.9)}),
    "Adagrad": (adagrad, optim.Adagrad, {
        "lr": LR, "lr_decay": 0.1, "initial_accumulator_value": 0.5}),
    "Adadelta": (adadelta, optim.Adadelta, {}),
    "RMSprop": (rmsprop, optim.RMSprop, {
        "lr": 0.01, "alpha": 0.9, "momentum": 0.9, "centered": True, "eps": 1e-4}),
    "Rprop": (rprop, optim.Rprop, {"lr": LR}),
}


def run(name: str, device: str, dtype: str, shapes=None, maximize: bool = False):
    """Parameters after some steps along the same gradients: computed here, and by the formula."""
    formula, make, options = TABLE[name]
    rng = np.random.default_rng(1)
    shapes = SHAPES if shapes is None else shapes
    arrays = [rng.standard_normal(s) for s in shapes]
    gradients = [[rng.standard_normal(s) for s in shapes] for _ in range(STEPS)]
    params = [core.tensor(a, dtype=getattr(core, dtype), device=device, requires_grad=True)
              for a in arrays]
    arrays = [p.detach().cpu().double().numpy() for p in params]
    step = make(params, **options, maximize=maximize)
    states = [{} for _ in params]
    for t, row in enumerate(gradients, 1):
        for i, (p, g) in enumerate(zip(params, row, strict=True)):
            p.grad = core.tensor(g, dtype=p.dtype, device=device)
            g = p.grad.cpu().double().numpy()
            arrays[i] = formula(arrays[i], -g if maximize else g, states[i], t)
        step.step()
    return [p.detach().cpu().double().numpy() for p in params], arrays, step


@pytest.mark.parametrize("name", TABLE)
def test_the_formula_holds(name: str, device: str) -> None:
    for got, want in zip(*run(name, device, "float32")[:2], strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=5e-6)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_maximize_ascends(name: str, device: str) -> None:
    for got, want in zip(*run(name, device, "float32", maximize=True)[:2], strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=5e-6)


@pytest.mark.parametrize(("dtype", "tolerance"), [
    ("float64", 1e-6), ("float16", 2e-2), ("bfloat16", 8e-2)])
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_other_dtypes(name: str, dtype: str, tolerance: float, device: str) -> None:
    got, want, step = run(name, device, dtype, shapes=[(3, 4), (5,)])
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    state = next(iter(step.state.values()))
    assert all(v.dtype is getattr(core, dtype) for k, v in state.items() if k != "step")


@pytest.mark.parametrize("shape", [(0,), (1,), (16385,), (3, 50000)])
def test_sizes_around_the_blocks(shape, device: str) -> None:
    for got, want in zip(*run("Adam", device, "float32", shapes=[shape])[:2], strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=5e-6)


def test_strided_parameters_and_gradients(device: str) -> None:
    base = core.arange(24, dtype=core.float32, device=device).reshape(4, 6)
    p = base.t()[::2].detach().requires_grad_()
    q = core.ones(3, 4, device=device, requires_grad=True)
    p.grad = core.ones(4, 3, device=device).t()
    q.grad = core.ones(4, 3, device=device).t()
    optim.SGD([p, q], lr=1.0).step()
    want = np.arange(24.0).reshape(4, 6)
    want[:, ::2] -= 1
    np.testing.assert_array_equal(base.cpu().numpy(), want)
    np.testing.assert_array_equal(q.detach().cpu().numpy(), np.zeros((3, 4)))


def test_sparse_adam_leaves_rows_without_gradient_alone(device: str) -> None:
    rng = np.random.default_rng(0)
    shapes = [(6, 3), (5,)]
    want = [rng.standard_normal(s).astype("float32").astype("float64") for s in shapes]
    params = [core.tensor(a, dtype=core.float32, device=device, requires_grad=True) for a in want]
    step = optim.SparseAdam(params, lr=LR)
    mean, square = ([np.zeros_like(a) for a in want] for _ in range(2))
    for t in range(1, STEPS + 1):
        for i, p in enumerate(params):
            rows = rng.random(len(want[i])) < 0.5
            g = rng.standard_normal(want[i].shape)
            g[~rows] = 0
            p.grad = core.tensor(g, dtype=core.float32, device=device)
            mean[i][rows] = 0.9 * mean[i][rows] + 0.1 * g[rows]
            square[i][rows] = 0.999 * square[i][rows] + 0.001 * g[rows] ** 2
            rate = LR * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            want[i][rows] -= rate * mean[i][rows] / (np.sqrt(square[i][rows]) + 1e-8)
        step.step()
    for p, a in zip(params, want, strict=True):
        np.testing.assert_allclose(p.detach().cpu().numpy(), a, rtol=2e-5, atol=5e-6)
    with pytest.raises(ValueError, match="lr is out of range"):
        optim.SparseAdam(params, lr=0.0)


def test_parameters_and_state_are_swapped_for_a_while() -> None:
    own, other = ([core.ones(2, requires_grad=True), core.ones(3, requires_grad=True)]
                  for _ in range(2))
    adam = optim.Adam(own, lr=LR)
    for p in (*own, *other):
        p.grad = core.ones_like(p)
    adam.step()
    state = adam.state_dict()
    guest = {"state": {k: {n: v.clone() for n, v in s.items()} for k, s in state["state"].items()},
             "param_groups": [{**g, "lr": 1.0} for g in state["param_groups"]]}
    before = [p.detach().clone() for p in own]
    with optim.swap_in_optimizer_params_and_state(adam, dict(zip("ab", other, strict=True)), guest):
        assert adam.param_groups[0]["lr"] == 1.0
        adam.step()
    assert all((p == b).all() for p, b in zip(own, before, strict=True))
    np.testing.assert_allclose(other[0].detach().numpy(), [0, 0], atol=1e-6)
    assert float(guest["state"][0]["step"]) == 2
    np.testing.assert_allclose(guest["state"][0]["exp_avg"].numpy(), [0.19, 0.19], rtol=1e-6)
    assert float(adam.state[own[0]]["step"]) == 1
    adam.step()
    assert float(adam.state[own[0]]["step"]) == 2
    with pytest.raises(ValueError, match="do not fit"), optim.swap_in_optimizer_params_and_state(
            adam, {"a": other[0]}, guest):
        pass


def test_adafactor_keeps_a_row_and_a_column(device: str) -> None:
    p = core.ones(4, 3, device=device, requires_grad=True)
    step = optim.Adafactor([p], lr=0.1)
    g = np.random.default_rng(0).standard_normal((4, 3)).astype("float32")
    p.grad = core.tensor(g, device=device)
    step.step()
    row, col = (g * g).mean(1, keepdims=True), (g * g).mean(0, keepdims=True)
    u = g / np.sqrt(row @ col / row.mean())
    want = 1 - 0.1 * u / max(1, math.sqrt((u * u).mean()))
    np.testing.assert_allclose(p.detach().cpu().numpy(), want, rtol=1e-5)
    assert tuple(step.state[p]["row_var"].shape) == (4, 1)


def test_muon_steps_are_nearly_orthogonal(device: str) -> None:
    p = core.zeros(6, 4, device=device, requires_grad=True)
    p.grad = core.tensor(np.random.default_rng(0).standard_normal((6, 4)).astype("float32"),
                         device=device)
    optim.Muon([p], lr=1.0, weight_decay=0).step()
    values = np.linalg.svd(p.detach().cpu().numpy() / math.sqrt(6 / 4), compute_uv=False)
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_lbfgs_finds_rosenbrocks_valley(device: str) -> None:
    p = core.tensor([-1.2, 1.0], dtype=core.float64, device=device, requires_grad=True)
    step = optim.LBFGS([p], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        step.zero_grad()
        x, y = p[0], p[1]
        loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
        loss.backward()
        return loss

    step.step(closure)
    np.testing.assert_allclose(p.detach().cpu().numpy(), [1, 1], atol=1e-4)
