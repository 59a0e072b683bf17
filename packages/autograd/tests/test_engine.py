"""The engine: deep graphs, threads, release of memory, errors, hooks, what they leave behind."""

import gc
import threading
import weakref

import numpy as np
import pytest

from facula import autograd, core
from facula.autograd import grad


def leaf(*values):
    return core.tensor(list(values), dtype=core.float64).requires_grad_()


def test_a_chain_of_100000_nodes_runs_and_is_freed_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    del y
    z = x
    for _ in range(100_000):
        z = z.neg()
    del z


def graph_and_watch(saved):
    """A graph with views, writes and saved outputs; weak references to its nodes."""
    x = leaf(1.0, 2.0, 3.0)
    with saved():
        a = x.exp()
        b = a * x
        c = b[1:]
        c.mul_(2.0)
        m = core.stack([b.sum(), c.tanh().sum()])
        top, _ = core.sort(m)
    loss = top.sum()
    nodes, stack = [], [loss.grad_fn]
    while stack:
        node = stack.pop()
        nodes.append(weakref.ref(node))
        stack += [n for n, _ in node.next_functions
                  if n is not None and n.name() != "AccumulateGrad"]
    return x, loss, nodes


@pytest.mark.parametrize("run", [False, True])
@pytest.mark.parametrize("saved", [core.enable_grad, autograd.graph.save_on_cpu],
                         ids=["plain", "packed"])
def test_graphs_are_freed_by_reference_count(run, saved):
    gc.collect()
    gc.disable()
    try:
        x, loss, nodes = graph_and_watch(saved)
        assert all(node() is not None for node in nodes)
        if run:
            loss.backward()
        del loss
        assert [node() for node in nodes if node() is not None] == []
    finally:
        gc.enable()


def test_saved_tensors_are_freed_by_backward():
    x = leaf(1.0, 2.0)
    a = x * 2
    b = (a * a).sum()
    data = weakref.ref(a)
    del a
    assert data() is not None
    b.backward()
    assert data() is None


def test_threads_may_share_leaves():
    x = leaf(1.0, 2.0)
    errors = []

    def work():
        try:
            for _ in range(50):
                (x * x).sum().backward()
        except Exception as error:
            errors.append(error)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    assert x.grad.tolist() == [800.0, 1600.0]


def test_the_grad_switch_is_of_the_thread():
    seen = []
    with core.no_grad():
        t = threading.Thread(target=lambda: seen.append(core.is_grad_enabled()))
        t.start()
        t.join()
        assert not core.is_grad_enabled()
    assert seen == [True]


class Failing(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, g):
        raise ValueError("on purpose")


def test_a_failing_backward_says_what_it_did_and_leaves_the_engine_usable():
    x = leaf(1.0)
    late = Failing.apply(x)
    w = leaf(2.0)  # newer than the failing node: it has its gradient by then
    with pytest.raises(ValueError, match="on purpose") as caught:
        (late * w).backward()
    assert "after 1 of the tensors had received their gradients" in caught.value.__notes__[0]
    assert core.is_grad_enabled()
    assert x.grad is None
    (x * x).backward()
    assert x.grad.item() == 2.0


def test_backward_inside_backward():
    inner = []

    class Nested(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            with core.enable_grad():
                y = leaf(3.0)
                (y * y).backward()
                inner.append(y.grad.item())
            return g * 2
    x = leaf(1.0)
    Nested.apply(x).backward()
    assert (inner, x.grad.item()) == ([6.0], 2.0)


def test_gradients_never_share_memory():
    a, b, c = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
    g = core.tensor([1.0, 1.0], dtype=core.float64)
    (a + b + c.view(2)).backward(g)
    for t in (a, b, c):
        t.grad.mul_(3.0)
        assert t.grad.tolist() == [3.0, 3.0]
    assert g.tolist() == [1.0, 1.0]
    found = grad(a + b, [a, b], g)
    found[0].zero_()
    assert found[1].tolist() == g.tolist() == [1.0, 1.0]


def test_a_gradient_kept_by_a_hook_does_not_change_later():
    x = leaf(1.0, 2.0)
    kept = []
    y = x * 2
    y.register_hook(kept.append)
    (y.sum() + (x * 5).sum()).backward()
    x.grad.zero_()
    assert kept[0].tolist() == [1.0, 1.0]


def test_a_saved_tensor_that_left_the_graph_keeps_its_place_in_it():
    x = leaf(2.0)
    y = x * 3
    z = y * y
    y.detach_()
    (g,) = grad(z, x, create_graph=True)
    assert grad(g, x)[0].item() == 18.0


def test_the_errors_name_operation_argument_and_shape():
    x = leaf(1.0, 2.0)
    a = x * 1
    y = a * a
    a.add_(1)
    with pytest.raises(RuntimeError, match=r"mul: other, of shape \(2,\), is needed .* version 1, "
                                           r"expected 0"):
        y.sum().backward()
    z = x.exp().sum()
    z.backward()
    with pytest.raises(RuntimeError, match=r"freed at ExpBackward0.*retain_graph=True"):
        z.backward()


def test_names_and_edges():
    x, w = leaf(1.0), core.ones(1, dtype=core.float64)
    y = x * w
    node = y.grad_fn
    assert node.name() == "MulBackward0"
    assert repr(node).startswith("<MulBackward0 object at 0x")
    assert node.next_functions[1] == (None, 0)
    (accumulate, index), _ = node.next_functions
    assert (accumulate.name(), index) == ("AccumulateGrad", 0)
    assert accumulate.variable is x
    assert "grad_fn=<MulBackward0>" in repr(y)
    values, _ = core.sort(x * 2)
    assert (values * 1).grad_fn.next_functions[0][0] is values.grad_fn


def test_gradients_arrive_in_dtype_and_device_of_the_tensor(device):
    x = core.ones(3, dtype=core.float32).requires_grad_()
    y = x.to(device).double() * core.tensor(2.0, device=device)
    y.sum().cpu().backward()
    assert (x.grad.dtype, x.grad.device.type, x.grad.tolist()) == (core.float32, "cpu", [2.0] * 3)


def test_a_zero_gradient_of_infinity_is_zero():
    x = leaf(1.0)
    y = x * 2
    y.zero_()
    (y * float("inf")).backward()
    assert x.grad.item() == 0.0


@pytest.mark.parametrize("switch", [core.no_grad, core.inference_mode, core.enable_grad])
def test_switches_decorate_functions_and_generators(switch):
    inside = switch is core.enable_grad

    @switch()
    def plain():
        return core.is_grad_enabled()

    @switch()
    def steps():
        got = yield core.is_grad_enabled()
        yield core.is_grad_enabled(), got
    with core.set_grad_enabled(not inside):
        assert plain() is inside
        generator = steps()
        assert next(generator) is inside
        assert core.is_grad_enabled() is not inside
        assert generator.send(5) == (inside, 5)


def test_gradients_of_parts_add_up(device):
    """Many parts of one tensor, used early and late, also in a recorded pass."""
    rng = np.random.default_rng(3)
    values, scale = rng.normal(size=(6, 5)), rng.normal(size=5)
    x = core.tensor(values, device=device, dtype=core.float32, requires_grad=True)
    w = core.tensor(scale, device=device, dtype=core.float32)
    y = (x * x).sum() + (x[-1, ..., None, :2] * 3).sum() + x[2, 1] * x[3, 4] * 7
    for row in x[1:5]:
        y = y + (row * row * row * w).sum()
    want = 2 * values
    want[-1, :2] += 3
    want[2, 1] += 7 * values[3, 4]
    want[3, 4] += 7 * values[2, 1]
    want[1:5] += 3 * values[1:5] ** 2 * scale
    for recorded in (True, False):
        (g,) = autograd.grad(y, [x], create_graph=recorded, retain_graph=True)
        np.testing.assert_allclose(g.detach().cpu().numpy(), want, rtol=1e-5, atol=1e-5)


def test_the_gradient_of_a_part_leaves_what_others_hold_alone():
    x = core.ones(4, requires_grad=True)
    given = core.full((4,), 2.0)
    y = x * 1
    autograd.backward([y, y[1]], [given, core.tensor(5.0)])
    assert given.tolist() == [2, 2, 2, 2]
    assert x.grad.tolist() == [2, 7, 2, 2]
