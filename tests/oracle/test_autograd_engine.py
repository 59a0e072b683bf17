"""What backward does in all its variants: the same scenes in facula and PyTorch, the same answers.

A scene takes the library and returns numbers and words, or raises; both must agree.
"""

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

SCENES = []


def scene(function):
    SCENES.append(function)
    return function


def leaf(lib, *values):
    return lib.tensor(list(values), dtype=lib.float64).requires_grad_()


@scene
def accumulates(lib):
    x = leaf(lib, 1.0, 2.0)
    (x * x).sum().backward()
    (x * x).sum().backward()
    return [x.grad]


@scene
def shared_gradients_are_separate_memory(lib):
    a, b = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    g = lib.tensor([1.0, 10.0], dtype=lib.float64)
    (a + b).backward(g)
    a.grad.mul_(100)
    g.mul_(7)
    return [a.grad, b.grad, g]


@scene
def shared_gradients_with_create_graph(lib):
    a, b = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    g = leaf(lib, 1.0, 10.0)
    lib.autograd.backward([a + b], [g], create_graph=True, inputs=[a, b])
    with lib.no_grad():
        a.grad.mul_(100)
    return [a.grad, b.grad, g]


@scene
def second_backward_raises(lib):
    x = leaf(lib, 1.0)
    y = x.exp()
    y.backward()
    y.backward()


@scene
def second_backward_without_saved_values(lib):
    x = leaf(lib, 1.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return [x.grad]


@scene
def retained(lib):
    x = leaf(lib, 1.0)
    y = x.exp()
    y.backward(retain_graph=True)
    y.backward()
    return [x.grad]


@scene
def hooks_in_order_and_retain_last(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: g + 1)
    handle = y.register_hook(lambda g: g * 1000)
    handle.remove()
    x.register_hook(lambda g: -g)
    y.sum().backward()
    return [x.grad, y.grad, y.retains_grad]


@scene
def retained_gradients_accumulate(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return [x.grad, y.grad]


@scene
def post_accumulate_hooks(lib):
    x = leaf(lib, 1.0, 2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.sum().item()))
    (x * 3).sum().backward()
    (x * 3).sum().backward()
    return [*seen, x.grad]


@scene
def post_accumulate_hook_on_non_leaf(lib):
    (leaf(lib, 1.0) * 2).register_post_accumulate_grad_hook(print)


@scene
def node_hooks(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    seen = []
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 5,))
    y.grad_fn.register_hook(lambda ins, outs: seen.append((ins[0].sum().item(),
                                                           outs[0].sum().item())))
    y.grad_fn.register_hook(lambda ins, outs: (ins[0] + 1, *ins[1:]))
    y.sum().backward()
    return [x.grad, *seen[0]]


@scene
def only_some_inputs(lib):
    a, b = leaf(lib, 1.0), leaf(lib, 2.0)
    (a * b).backward(inputs=[a])
    return [a.grad, b.grad is None]


@scene
def inputs_that_are_no_leaves(lib):
    a = leaf(lib, 3.0)
    m = a * 2
    (m * m).backward(inputs=[m, a])
    return [a.grad, m.grad]


@scene
def empty_inputs(lib):
    (leaf(lib, 1.0) * 2).backward(inputs=[])


@scene
def repeated_and_overlapping_inputs(lib):
    x = leaf(lib, 3.0)
    y = x * x
    z = y * 2 + x
    return lib.autograd.grad(z, [x, y, x, z])


@scene
def unused_raises(lib):
    lib.autograd.grad(leaf(lib, 1.0) * 2, leaf(lib, 1.0))


@scene
def unused_allowed(lib):
    x, unused = leaf(lib, 1.0), leaf(lib, 1.0, 2.0)
    g = lib.autograd.grad(x * 2, [x, unused], allow_unused=True)
    h = lib.autograd.grad(x * 2, [x, unused], materialize_grads=True)
    return [g[0], g[1] is None, *h]


@scene
def grad_leaves_no_grad_behind(lib):
    x = leaf(lib, 1.0)
    lib.autograd.grad(x * 2, x)
    return [x.grad is None]


@scene
def several_outputs(lib):
    x = leaf(lib, 1.0, 2.0)
    return lib.autograd.grad([x * 2, x.exp()], x, [lib.ones(2, dtype=lib.float64)] * 2)


@scene
def one_of_several_outputs(lib):
    x = leaf(lib, 1.0, 5.0, 3.0)
    values, _ = lib.sort(x)
    top, _ = lib.topk(x, 2)
    return lib.autograd.grad(values[0] * 3 + top[1], x)


@scene
def non_scalar_needs_gradient(lib):
    leaf(lib, 1.0, 2.0).exp().backward()


@scene
def wrong_gradient_shape(lib):
    leaf(lib, 1.0, 2.0).exp().backward(lib.ones(3, dtype=lib.float64))


@scene
def no_graph(lib):
    lib.ones(1).backward()


@scene
def mixed_dtypes(lib):
    a = leaf(lib, 1.0, 2.0)
    b = lib.tensor([3.0, 4.0], dtype=lib.float32).requires_grad_()
    (a * b).sum().backward()
    return [a.grad, b.grad, str(a.grad.dtype)[-7:], str(b.grad.dtype)[-7:]]


@scene
def integers_do_not_require_grad(lib):
    lib.ones(2, dtype=lib.int64).requires_grad_()


@scene
def integer_results_have_no_graph(lib):
    x = leaf(lib, 1.5, 2.5)
    return [x.long().requires_grad, (x > 2).requires_grad, x.argmax().requires_grad,
            x.float().requires_grad]


@scene
def scalars_and_zero_dim(lib):
    a, b = lib.tensor(2.0, dtype=lib.float64).requires_grad_(), leaf(lib, 1.0, 2.0)
    (a * b + 3 / (1 + a) - 2 ** b).sum().backward()
    return [a.grad, b.grad]


@scene
def leaf_in_place(lib):
    leaf(lib, 1.0).add_(1)


@scene
def view_of_leaf_in_place(lib):
    leaf(lib, 1.0, 2.0)[0].add_(1)


@scene
def leaf_in_place_without_grad(lib):
    x = leaf(lib, 1.0)
    with lib.no_grad():
        x.add_(1)
    (x * x).backward()
    return [x, x.grad]


@scene
def saved_then_changed_through_detach(lib):
    x = leaf(lib, 1.0) * 1
    y = x * x
    x.detach().add_(1)
    y.sum().backward()


@scene
def output_changed(lib):
    x = leaf(lib, 1.0)
    y = x.exp()
    y.add_(1)
    y.sum().backward()


@scene
def output_not_needed_changed(lib):
    x = leaf(lib, 1.0)
    y = x + 2
    y.mul_(3)
    y.sum().backward()
    return [x.grad]


@scene
def in_place_by_itself(lib):
    x = leaf(lib, 1.0, 3.0)
    y = x * 1
    y.mul_(y)
    y.sum().backward()
    return [x.grad]


@scene
def in_place_saves_the_old_value(lib):
    x, w = leaf(lib, 1.0, 3.0), leaf(lib, 2.0, 5.0)
    y = x * 1
    y.mul_(w)
    y.sin_()
    y.sum().backward()
    return [x.grad, w.grad]


@scene
def base_and_views_after_writes(lib):
    x, w = leaf(lib, 1.0, 2.0, 3.0), leaf(lib, 5.0)
    base = x * 1
    first, tail = base[0], base[1:]
    tail.mul_(w)
    first.add_(tail[0])
    base.sin_()
    (base.sum() * 2 + first + tail.sum()).sum().backward()
    return [x.grad, w.grad, type(base.grad_fn).__name__ != ""]


@scene
def write_into_constant_base(lib):
    w = leaf(lib, 2.0, 3.0)
    base = lib.zeros(3, dtype=lib.float64)
    base[1:] = w * w
    base[0] = 7.0
    (base * base).sum().backward()
    return [w.grad, base.requires_grad]


@scene
def accumulate_in_a_loop(lib):
    w = leaf(lib, 0.5)
    x = lib.ones(4, dtype=lib.float64)
    for i in range(1, 4):
        x[i] = x[i - 1] * w[0]
    for i in range(3):
        x[i] += x[i + 1] * w[0]
    x.sum().backward()
    return [w.grad]


@scene
def detach_in_place(lib):
    x = leaf(lib, 2.0)
    y = x * 3
    y.detach_()
    return [y.requires_grad, y.is_leaf, *lib.autograd.grad(y * x, x)]


@scene
def requires_grad_off_keeps_grad(lib):
    x = leaf(lib, 2.0)
    (x * 3).backward()
    x.requires_grad_(False)
    kept = x.grad.clone()
    x.requires_grad_()
    (x * 3).backward()
    return [kept, x.grad]


@scene
def grad_set_by_hand(lib):
    x = lib.ones(2)
    x.grad = lib.tensor([5.0, 6.0])
    x.requires_grad_()
    x.sum().backward()
    return [x.grad]


@scene
def data_replaced(lib):
    x = leaf(lib, 2.0)
    x.data = lib.tensor([3.0, 4.0, 5.0], dtype=lib.float64)
    (x * x).sum().backward()
    return [x.grad]


@scene
def third_derivative(lib):
    x = leaf(lib, 0.7)
    g = x.sin() * x.exp()
    for _ in range(3):
        (g,) = lib.autograd.grad(g.sum(), x, create_graph=True)
    return [g]


@scene
def linear_gradient_has_no_graph(lib):
    x = leaf(lib, 0.7)
    (g,) = lib.autograd.grad((x * 3).sum(), x, create_graph=True)
    return [g.requires_grad]


@scene
def relu_penalty(lib):
    x, w = leaf(lib, -1.0, 2.0), leaf(lib, 3.0, 4.0)
    (g,) = lib.autograd.grad(lib.relu(x * w).sum(), x, create_graph=True)
    return [g, *lib.autograd.grad((g * g).sum(), [x, w], materialize_grads=True)]


SUBGRADIENTS = {
    "abs": lambda lib, x: x.abs(), "relu": lambda lib, x: lib.relu(x),
    "max": lambda lib, x: x.max(), "amax": lambda lib, x: x.amax(0),
    "max_dim": lambda lib, x: x.max(0)[0], "min_dim": lambda lib, x: x.min(0).values,
    "maximum": lambda lib, x: lib.maximum(x, x.flip(0)),
    "minimum": lambda lib, x: lib.minimum(x, lib.zeros_like(x)),
    "clamp": lambda lib, x: x.clamp(-1.0, 1.0), "clamp_min": lambda lib, x: x.clamp(min=0.0),
    "norm": lambda lib, x: (x * 0).norm(), "sort": lambda lib, x: lib.sort(x)[0] ** 2,
    "sqrt": lambda lib, x: x.abs().sqrt(), "prod": lambda lib, x: x.prod(),
    "pow": lambda lib, x: x ** lib.tensor([0.0, 1.0, 2.0, 0.0, 3.0], dtype=lib.float64),
    "sign": lambda lib, x: x.sign(), "median": lambda lib, x: x.median(),
    "where": lambda lib, x: lib.where(x > 0, x.abs().log(), x),
    "leaky": lambda lib, x: lib.nn.functional.leaky_relu(x, 0.1),
    "hardtanh": lambda lib, x: lib.nn.functional.hardtanh(x),
    "elu": lambda lib, x: lib.nn.functional.elu(x),
    "sinc": lambda lib, x: lib.sinc(x), "atan2": lambda lib, x: lib.atan2(x, x * 0 + 1),
}


@pytest.mark.parametrize("name", SUBGRADIENTS)
def test_subgradients_at_kinks_and_ties(name):
    found = []
    for lib in (facula, torch):
        x = leaf(lib, 0.0, 1.0, -1.0, 1.0, 0.0)
        y = SUBGRADIENTS[name](lib, x)
        y.backward(lib.arange(1, y.numel() + 1, dtype=lib.float64).reshape(y.shape))
        found.append(x.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-12)


COMPLEX = {
    "mul": lambda lib, z, w: z * w, "div": lambda lib, z, w: z / w,
    "exp": lambda lib, z, w: z.exp(),
    "abs": lambda lib, z, w: z.abs() + 0 * w, "log": lambda lib, z, w: (z * w).log(),
    "pow": lambda lib, z, w: z ** w, "square": lambda lib, z, w: z ** 2,
    "tanh": lambda lib, z, w: z.tanh(),
    "sum": lambda lib, z, w: (z.sum() * w.mean()).reshape(1),
    "prod": lambda lib, z, w: z.prod() * w,
    "matmul": lambda lib, z, w: z.reshape(1, 2) @ w.reshape(2, 1),
    "with real": lambda lib, z, w: z * z.abs() + w, "acos": lambda lib, z, w: z.acos(),
    "sqrt": lambda lib, z, w: z.sqrt(), "sigmoid": lambda lib, z, w: lib.sigmoid(z),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_gradients(name):
    found = []
    for lib in (facula, torch):
        z = lib.tensor([0.3 + 0.4j, -0.5 + 0.2j], dtype=lib.complex128).requires_grad_()
        w = lib.tensor([1.3 - 0.4j, 0.5 + 0.7j], dtype=lib.complex128).requires_grad_()
        y = COMPLEX[name](lib, z, w)
        g = lib.ones_like(y) * (1 if not y.is_complex() else 0.5 - 2j)
        got = lib.autograd.grad(y, (z, w), g, materialize_grads=True)
        found.append([t.numpy(force=True) for t in got])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def outcome(function, lib):
    try:
        return function(lib) or []
    except (RuntimeError, ValueError, TypeError) as error:
        return error


@pytest.mark.parametrize("function", SCENES, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore:Using backward", "ignore:The .grad attribute")
def test_scene(function):
    ours, theirs = outcome(function, facula), outcome(function, torch)
    assert isinstance(ours, Exception) == isinstance(theirs, Exception), (ours, theirs)
    if isinstance(ours, Exception):
        return
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(a, facula.Tensor):
            a, b = a.detach().numpy(), b.detach().numpy()
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-12)
        else:
            assert a == b
