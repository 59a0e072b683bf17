"""Writing several values to one place: only the one that stays has a gradient."""

import numpy as np
import pytest

from facula import core
from facula.autograd import gradcheck, gradgradcheck

TWICE = core.tensor([0, 1, 1, 0])


def assigned(x, v):
    y = x * 1.0
    y[TWICE] = v
    return y


WRITES = {
    "assignment": (assigned, (3, 2), (4, 2)),
    "assignment of one row": (assigned, (3, 2), (2,)),
    "index_put": (lambda x, v: x.index_put((TWICE,), v), (3, 2), (4, 2)),
    "index_put, accumulating": (lambda x, v: x.index_put((TWICE,), v, True), (3, 2), (4, 2)),
    "index_copy": (lambda x, v: x.index_copy(1, TWICE, v), (2, 3), (2, 4)),
    "put": (lambda x, v: x.put(TWICE, v), (3, 2), (4,)),
    "put, accumulating": (lambda x, v: x.put(TWICE, v, True), (3, 2), (4,)),
    "scatter": (lambda x, v: x.scatter(0, TWICE[:, None].expand(4, 2), v), (3, 2), (4, 2)),
}


@pytest.mark.parametrize("name", WRITES)
def test_gradients_of_what_stays(name):
    write, *shapes = WRITES[name]
    rng = np.random.default_rng(0)
    arguments = [core.from_numpy(rng.normal(size=s)).requires_grad_() for s in shapes]
    gradcheck(write, arguments)
    gradgradcheck(lambda x, v: write(x, v) ** 2, arguments)
