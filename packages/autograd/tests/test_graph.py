"""Saved-tensor hooks, checkpointing, anomaly mode, drawing, functional, func."""

import numpy as np
import pytest

from facula import autograd, core
from facula.autograd import detect_anomaly, func, functional, graph
from facula.autograd.checkpoint import checkpoint, checkpoint_sequential


def leaf(*values):
    return core.tensor(list(values), dtype=core.float64).requires_grad_()


def program(x, w):
    y = (x * w).exp()
    y = core.cat([y, y.tanh()]) * 2
    values, _ = core.sort(y)
    return (values * values).sum()


def both(make):
    """First and second gradients of the program as ``make`` runs it, and plainly."""
    results = []
    for run in (make, lambda f, *a: f(*a)):
        x, w = leaf(0.1, 0.2, 0.3), leaf(1.0, -1.0, 0.5)
        g = autograd.grad(run(program, x, w), (x, w), create_graph=True)
        h = autograd.grad((g[0] * g[1]).sum(), (x, w))
        results.append([t.tolist() for t in (*g, *h)])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)


def packed(run):
    def call(function, *args):
        seen = []

        def pack(t):
            seen.append(t)
            return t.numpy().copy()
        with graph.saved_tensors_hooks(pack, core.from_numpy):
            out = function(*args)
        assert seen
        assert not any(t.requires_grad for t in seen)
        return out
    return call


def test_saved_tensor_hooks_change_no_gradient():
    both(packed(program))


def test_checkpoint_changes_no_gradient():
    both(lambda f, *args: checkpoint(f, *args))
    both(lambda f, *args: checkpoint(lambda *a: checkpoint(f, *a) * 1, *args))


@pytest.mark.parametrize("pin_memory", [False, True])
def test_save_on_cpu(device, pin_memory):
    x = core.ones(3).to(device).requires_grad_()
    with graph.save_on_cpu(pin_memory):
        y = (x.exp() * x).sum()
    y.backward()
    assert x.grad.device.type == device
    np.testing.assert_allclose(x.grad.cpu().numpy(), 2 * np.exp(np.ones(3)), rtol=1e-6)


def test_gradients_flow_through_pinned_memory(device):
    if device == "cpu":
        pytest.skip("is about the other devices")
    x = core.tensor([1.0, 2.0, 3.0], requires_grad=True)
    pinned = x.pin_memory()
    assert not pinned.is_leaf
    (pinned.to(device, non_blocking=True) ** 2).sum().backward()
    assert x.grad.tolist() == [2, 4, 6]
    assert not x.grad.is_pinned()


def test_only_the_innermost_hooks_count_and_others_come_back():
    outer, inner = [], []
    x = leaf(1.0)

    def keep(where):
        return lambda t: (where.append(t), t)[1]
    with graph.saved_tensors_hooks(keep(outer), lambda t: t):
        x.exp()
        with graph.saved_tensors_hooks(keep(inner), lambda t: t):
            x.exp()
        x.exp()
    x.exp()
    assert (len(outer), len(inner)) == (2, 1)


def test_unpacking_something_else_is_an_error():
    x = leaf(1.0)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: 5):
        y = x.exp()
    with pytest.raises(TypeError, match="unpack function must return a Tensor"):
        y.backward()


def test_checkpoint_repeats_the_function_and_its_random_numbers():
    calls = []

    def noisy(x):
        calls.append(1)
        return (x * core.rand(3, dtype=core.float64)).exp().sum()
    x = leaf(1.0, 2.0, 3.0)
    core.manual_seed(3)
    checkpoint(noisy, x).backward()
    after = core.rand(1).item()
    y = leaf(1.0, 2.0, 3.0)
    core.manual_seed(3)
    noisy(y).backward()
    assert core.rand(1).item() == after
    assert x.grad.tolist() == y.grad.tolist()
    assert len(calls) == 3


def test_checkpoint_notices_what_it_can_not_repeat():
    x = leaf(1.0)
    a = x * 1
    y = checkpoint(lambda t: t.exp() * 2, a)
    a.add_(1)
    with pytest.raises(RuntimeError, match="checkpoint: an argument was changed in place"):
        y.backward()
    turns = iter([lambda t: t.exp().sin(), lambda t: t * 1])
    y = checkpoint(lambda t: next(turns)(t), x)
    with pytest.raises(RuntimeError, match="compute the same both times"):
        y.backward()
    with pytest.raises(ValueError, match="use_reentrant"):
        checkpoint(core.exp, x, use_reentrant=True)


def test_checkpoint_sequential():
    steps = [core.exp, core.sin, core.square, core.tanh]
    x, y = leaf(0.3), leaf(0.3)
    checkpoint_sequential(steps, 3, x).backward()
    core.tanh(core.square(core.sin(core.exp(y)))).backward()
    assert x.grad.item() == y.grad.item()


def where_it_went_wrong(x):
    return x.log()


def test_anomaly_names_the_node_and_shows_its_stack():
    x = leaf(0.0)
    with detect_anomaly():
        y = where_it_went_wrong(x) * 0
        with pytest.raises(RuntimeError, match="LogBackward0 returned NaN in gradient 0") as caught:
            y.backward()
    assert "where_it_went_wrong" in str(caught.value)
    assert not autograd.is_anomaly_enabled()
    assert core.exp(x).grad_fn.plan is not None


def test_anomaly_explains_errors():
    x = leaf(1.0)
    with detect_anomaly(check_nan=False):
        y = x.exp()
        y.add_(1)
        with pytest.raises(RuntimeError, match="in-place") as caught:
            y.backward()
    assert "The error came from ExpBackward0" in caught.value.__notes__[0]
    assert "test_anomaly_explains_errors" in caught.value.__notes__[0]


def test_set_detect_anomaly():
    with autograd.set_detect_anomaly(True):
        assert autograd.is_anomaly_enabled()
        with autograd.set_detect_anomaly(False):
            assert not autograd.is_anomaly_enabled()
        assert autograd.is_anomaly_enabled()
    assert not autograd.is_anomaly_enabled()


def test_drawings_show_shared_nodes_once():
    x, w = leaf(1.0, 2.0), leaf(3.0)
    y = (x * w).exp()
    text = graph.to_text((y + y).sum(), {"x": x, "weight": w})
    assert text.splitlines() == [
        "0 Sum -> 1", "1 Add -> 2, 2", "2 Exp -> 3", "3 Mul -> 5, 4", "4 weight (1,) float64",
        "5 x (2,) float64"]
    dot = graph.to_dot(y, {"x": x})
    assert dot.startswith("digraph {")
    assert dot.count("->") == 3
    with pytest.raises(RuntimeError, match="does not require grad"):
        graph.to_text(core.ones(1))


def cubes(x, y):
    return (x ** 3).sum() * y.sum()


def test_functional_products_agree_with_the_matrices():
    x, y = leaf(1.0, 2.0).detach(), leaf(3.0, 4.0, 5.0).detach()
    v = (core.tensor([0.5, -1.0]).double(), core.tensor([1.0, 2.0, -3.0]).double())
    hessian = functional.hessian(cubes, (x, y))
    full = np.block([[np.asarray(b) for b in row] for row in hessian])
    flat = np.concatenate([np.asarray(t) for t in v])
    for product in (functional.vhp, functional.hvp):
        value, parts = product(cubes, (x, y), v)
        np.testing.assert_allclose(np.concatenate([np.asarray(t) for t in parts]), full @ flat)
        assert value.item() == cubes(x, y).item()

    def outer(a, b):
        return a.unsqueeze(1) * b, a.sum()
    forward = functional.jacobian(outer, (x, y), strategy="forward-mode")
    backward = functional.jacobian(outer, (x, y))
    assert [[tuple(b.shape) for b in r] for r in backward] == [[(2, 3, 2), (2, 3, 3)], [(2,), (3,)]]
    for a, b in zip(forward, backward, strict=True):
        for s, t in zip(a, b, strict=True):
            np.testing.assert_allclose(np.asarray(s), np.asarray(t))
    _, pushed = functional.jvp(outer, (x, y), v)
    np.testing.assert_allclose(
        np.asarray(pushed[0]),
        np.asarray(backward[0][0]) @ np.asarray(v[0])
        + np.asarray(backward[0][1]) @ np.asarray(v[1]))


def test_functional_strict_and_create_graph():
    x = leaf(2.0)
    with pytest.raises(RuntimeError, match="do not depend on input 1"):
        functional.jacobian(lambda a, b: a * 2, (x, x), strict=True)
    jacobian = functional.jacobian(lambda a: a ** 3, x, create_graph=True)
    jacobian.sum().backward()
    assert x.grad.item() == 12.0
    assert not functional.jacobian(lambda a: a ** 3, x).requires_grad


def test_func_nests_and_stays_differentiable_outside():
    x, w = core.tensor(2.0).double(), leaf(3.0)
    third = func.grad(func.grad(func.grad(lambda t: t ** 4)))(x)
    assert third.item() == 48.0
    assert not third.requires_grad
    g = func.grad(lambda t: (t * t * w).sum())(x)
    g.backward()
    assert w.grad.item() == 4.0
    params = {"a": core.ones(2), "b": [core.zeros(1)]}
    found = func.grad(lambda p: (p["a"] * 3).sum() + p["b"][0].exp().sum())(params)
    assert found["a"].tolist() == [3.0, 3.0]
    assert found["b"][0].tolist() == [1.0]


def test_func_jacobians_and_aux():
    x = core.tensor([1.0, 2.0]).double()

    def f(t):
        return core.stack([t.prod(), t.sum(), (t * t).sum()]), t.max()
    rows, aux = func.jacrev(f, has_aux=True)(x)
    columns, _ = func.jacfwd(f, has_aux=True)(x)
    assert rows.tolist() == columns.tolist() == [[2.0, 1.0], [1.0, 1.0], [2.0, 4.0]]
    assert aux.item() == 2.0
    assert func.hessian(lambda t: t.prod())(x).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    y, pushed = func.jvp(lambda t: t * t, (x,), (core.ones(2).double(),))
    assert (y.tolist(), pushed.tolist()) == ([1.0, 4.0], [2.0, 4.0])
    value, pull = func.vjp(lambda a, b: (a * b, a.sum()), x, x + 1)
    assert pull((core.ones(2).double(), core.tensor(10.0).double()))[0].tolist() == [12.0, 13.0]
    gradient, value = func.grad_and_value(lambda a, b: (a * b).sum(), argnums=(0, 1))(x, x + 1)
    assert ([t.tolist() for t in gradient], value.item()) == ([[2.0, 3.0], [1.0, 2.0]], 8.0)


def test_vmap_is_a_loop_with_a_stack():
    x, w = core.arange(6.0).reshape(2, 3), core.tensor([1.0, 2.0, 3.0])
    out = func.vmap(lambda row, v: (row @ v, row * 2), in_dims=(0, None), out_dims=(0, 1))(x, w)
    assert out[0].tolist() == [8.0, 26.0]
    assert tuple(out[1].shape) == (3, 2)
    with pytest.raises(ValueError, match="one number of samples"):
        func.vmap(lambda a, b: a)(x, w)


class Holder:
    """A module as functional_call sees it."""

    def __init__(self):
        self._parameters = {"weight": leaf(2.0)}
        self._buffers = {"shift": core.tensor([1.0]).double()}

    def named_modules(self, remove_duplicate=True):
        yield "", self

    def __call__(self, x, scale=1.0):
        return (x * self._parameters["weight"] + self._buffers["shift"]) * scale


def test_functional_call_swaps_and_puts_back():
    module, x = Holder(), core.tensor([3.0]).double()
    own = module._parameters["weight"]
    out = func.functional_call(module, {"weight": core.tensor([5.0]).double()}, x, {"scale": 2.0})
    assert out.item() == 32.0
    assert module._parameters["weight"] is own
    g = func.grad(lambda p: func.functional_call(module, p, (x,)).sum())({"weight": own.detach()})
    assert g["weight"].item() == 3.0
    with pytest.raises(RuntimeError, match=r"unknown names .'other'., missing names"):
        func.functional_call(module, {"other": x}, x, strict=True)
