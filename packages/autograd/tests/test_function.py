"""``autograd.Function``: every part of its context, in place, several outputs, second order."""

import gc
import weakref

import pytest

from facula import autograd, core
from facula.autograd import Function, gradcheck, gradgradcheck
from facula.autograd.function import once_differentiable


def leaf(*values):
    return core.tensor(list(values), dtype=core.float64).requires_grad_()


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Product(Function):
    """In the style with setup_context, with an argument that is no tensor."""

    @staticmethod
    def forward(a, b, factor):
        return a * b * factor

    @staticmethod
    def setup_context(ctx, inputs, output):
        a, b, ctx.factor = inputs
        ctx.save_for_backward(a, b)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return (g * b * ctx.factor if ctx.needs_input_grad[0] else None,
                g * a * ctx.factor if ctx.needs_input_grad[1] else None, None)


def test_gradients_to_second_order():
    x, y = leaf(0.5, 2.0), leaf(3.0, -1.0)
    assert gradcheck(Exp.apply, x)
    assert gradgradcheck(Exp.apply, x)
    assert gradcheck(lambda a, b: Product.apply(a, b, 3.0), (x, y))
    assert gradgradcheck(lambda a, b: Product.apply(a, b, 3.0), (x, y))


def test_needs_input_grad_and_names():
    x, w = leaf(1.0), core.ones(1, dtype=core.float64)
    out = Product.apply(x, w, 2.0)
    assert out.grad_fn.needs_input_grad == (True, False, False)
    assert out.grad_fn.name() == "ProductBackward"
    assert out.grad_fn.factor == 2.0
    assert out.grad_fn.next_functions[1] == (None, 0)
    out.backward()
    assert (x.grad.item(), w.grad) == (2.0, None)


def test_without_anything_to_differentiate_nothing_is_recorded():
    x = leaf(1.0)
    with core.no_grad():
        assert not Exp.apply(x).requires_grad
    assert not Exp.apply(x.detach()).requires_grad


def test_no_cycle_keeps_a_saved_output_alive():
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0)
        y = Exp.apply(x)
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_changed_saved_tensors_and_second_backward_are_errors():
    x = leaf(1.0)
    y = Exp.apply(x)
    y.backward()
    with pytest.raises(RuntimeError, match="freed at ExpBackward"):
        y.backward()
    y = Exp.apply(x)
    y.detach().add_(1)
    with pytest.raises(RuntimeError, match="changed by an in-place operation"):
        y.backward()


class Scale_(Function):
    @staticmethod
    def forward(ctx, x, by):
        ctx.mark_dirty(x)
        ctx.by = by
        return x.mul_(by)

    @staticmethod
    def backward(ctx, g):
        return g * ctx.by, None


def test_mark_dirty_follows_views_and_refuses_leaves():
    x = leaf(1.0, 2.0, 3.0)
    base = x * 1
    out = Scale_.apply(base[1:], 5.0)
    assert out.tolist() == [10.0, 15.0]
    (base.sum() + out.sum()).backward()
    assert x.grad.tolist() == [1.0, 10.0, 10.0]
    with pytest.raises(RuntimeError, match="leaf"):
        Scale_.apply(leaf(1.0), 5.0)


class Halves(Function):
    """Two outputs, an integer one, and a constant one."""

    @staticmethod
    def forward(ctx, x, materialize):
        ctx.set_materialize_grads(materialize)
        constant = x.floor()
        ctx.mark_non_differentiable(constant)
        return x * 1, x * 10, x.long(), constant

    @staticmethod
    def backward(ctx, g, h, i, c):
        ctx.seen = [None if t is None else t.tolist() for t in (g, h)]
        total = 0 if g is None else g
        return (total + h * 10 if h is not None else total), None


@pytest.mark.parametrize("materialize", [True, False])
def test_several_outputs(materialize):
    x = leaf(1.5, 2.5)
    a, b, i, c = Halves.apply(x, materialize)
    assert (i.requires_grad, c.requires_grad, b.requires_grad) == (False, False, True)
    node = a.grad_fn
    b.sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]
    assert node.seen == [[0.0, 0.0] if materialize else None, [1.0, 1.0]]


def test_an_output_that_is_the_input():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 7
    x = leaf(1.0)
    y = Same.apply(x)
    assert y is not x
    assert x.is_leaf
    y.backward()
    assert x.grad.item() == 7.0


@pytest.mark.parametrize(("result", "error"), [
    (lambda g: (g, g), "returned 2 gradients"),
    (lambda g: core.ones(5, dtype=core.float64), "gradient of shape .5,."),
    (lambda g: 3.0, "must return tensors or None"),
])
def test_wrong_gradients_are_named(result, error):
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return result(g)
    with pytest.raises((RuntimeError, TypeError), match=f"WrongBackward.*{error}"):
        Wrong.apply(leaf(1.0, 2.0)).sum().backward()


def test_once_differentiable():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            assert not core.is_grad_enabled()
            return core.from_numpy(g.numpy() * 2 * ctx.saved_tensors[0].detach().numpy())
    x = leaf(3.0)
    Once.apply(x).backward()
    assert x.grad.item() == 6.0
    (g,) = autograd.grad(Once.apply(x) * x, x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.backward()


def test_a_gradient_kept_by_backward_is_not_handed_out():
    kept = core.ones(2, dtype=core.float64)

    class Keeping(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return kept
    x = leaf(1.0, 2.0)
    Keeping.apply(x).sum().backward()
    Keeping.apply(x).sum().backward()
    assert kept.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [2.0, 2.0]
