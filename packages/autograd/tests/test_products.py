"""Products over scattered elements: the gradient is right where factors are zero."""

import numpy as np
import pytest

from facula import autograd, core


@pytest.mark.parametrize("zeros", [(), (0,), (0, 2), (4,), (0, 4), (3, 5)])
def test_gradients_of_scattered_products(zeros):
    values = np.array([2.0, 3.0, 0.5, -1.5, 4.0, 1.5])
    values[list(zeros)] = 0.0
    x = core.tensor(values[:3], requires_grad=True)
    src = core.tensor(values[3:], requires_grad=True)
    index = core.tensor([0, 0, 2])

    def product(a, b):
        return a.scatter_reduce(0, index, b, "prod")

    assert autograd.gradcheck(product, (x, src))
    if not zeros:
        assert autograd.gradgradcheck(product, (x, src))
    else:
        with pytest.raises(RuntimeError, match="no second derivative here where a factor is 0"):
            autograd.grad(product(x, src).sum(), x, create_graph=True)
