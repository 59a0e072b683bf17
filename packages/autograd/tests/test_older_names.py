"""Names and arguments of PyTorch's first versions that programs still use."""

import numpy as np
import pytest

from facula import autograd, core
from facula.autograd import Variable, func


def test_a_variable_is_a_tensor_of_a_new_graph() -> None:
    data = core.ones(2)
    v = Variable(data, requires_grad=True)
    assert v.requires_grad and not data.requires_grad
    assert isinstance(v, Variable) and isinstance(data, Variable)
    assert not isinstance(np.ones(2), Variable)
    assert not Variable(v * 2).requires_grad
    v.data.add_(1)
    assert data.tolist() == [2.0, 2.0]


def test_grad_takes_pytorchs_arguments_in_their_order() -> None:
    x = core.tensor(3.0, requires_grad=True)
    (g,) = autograd.grad(x ** 3, x, None, True, True, True)
    assert g.item() == 27.0
    (second,) = autograd.grad(g, x, only_inputs=True)
    assert second.item() == 18.0
    autograd.backward([x * 2], grad_variables=[core.tensor(5.0)])
    assert x.grad.item() == 10.0


def test_gradients_of_a_batch_of_output_gradients() -> None:
    x = core.tensor([1.0, 2.0, 3.0], requires_grad=True)
    unused = core.ones(1, requires_grad=True)
    y = x ** 2 + x.sum()
    jacobian, nothing = autograd.grad(y, [x, unused], core.eye(3), is_grads_batched=True,
                                      allow_unused=True)
    np.testing.assert_allclose(jacobian.numpy(), np.diag([2.0, 4.0, 6.0]) + 1.0)
    assert nothing is None
    with pytest.raises(RuntimeError, match=r"graph|saved"):
        y.sum().backward()  # was freed with the last of the batch


def test_linearize_is_the_derivative_at_a_point() -> None:
    x = core.tensor([0.5, 1.5], dtype=core.float64)
    value, push = func.linearize(lambda t: t.sin() * t, x)
    np.testing.assert_allclose(value.numpy(), np.sin(x.numpy()) * x.numpy())
    slope = np.cos(x.numpy()) * x.numpy() + np.sin(x.numpy())
    for direction in (core.ones(2, dtype=core.float64), x):
        np.testing.assert_allclose(push(direction).numpy(), slope * direction.numpy())


def test_functionalize_gives_the_function_back() -> None:
    assert func.functionalize(core.sin) is core.sin
