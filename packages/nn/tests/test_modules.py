"""Every module of the table on every device: runs, gradients, modes, state, copies, pickles."""

import copy
import pickle
import warnings

import numpy as np
import pytest

from facula import core, nn
from facula.autograd import gradcheck
from facula.nn.testing import CASES, Case


def build(case: Case) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(nn, case.name)(*case.args, **case.kwargs)


def call(module: nn.Module, inputs: list) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return module(*inputs)


def first(value):
    while isinstance(value, (tuple, list)):
        value = value[0]
    return value


def inputs_of(case: Case, dtype: core.dtype, device: str = "cpu") -> list:
    return [core.tensor(a, dtype=dtype if a.dtype.kind == "f" else None, device=device)
            for a in case.arrays()]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same_values_and_gradients_on_the_device_as_in_double_precision(case, device) -> None:
    core.manual_seed(0)
    exact = build(case).double().eval()
    module = copy.deepcopy(exact).float().to(device)
    results = []
    for m, dtype, where in ((exact, core.float64, "cpu"), (module, core.float32, device)):
        inputs = inputs_of(case, dtype, where)
        for x, draw in zip(inputs, case.inputs, strict=True):
            x.requires_grad_(draw.differentiable)
        y = first(call(m, inputs))
        assert y.dtype is dtype
        values = [y]
        if y.requires_grad:
            y.backward(core.ones_like(y))
            values += [t.grad for t in (*inputs, *m.parameters()) if t.grad is not None]
        results.append([v.detach().cpu().double().numpy() for v in values])
    for want, got in zip(*results, strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-5 * max(1, np.abs(want).max()))


SMALL = [c for c in CASES if not c.random and sum(np.prod(d.shape) for d in c.inputs) <= 150]


@pytest.mark.parametrize("case", SMALL, ids=str)
def test_gradients_are_those_of_finite_differences(case: Case) -> None:
    core.manual_seed(0)
    module = build(case).double()
    if "Norm" in case.name:
        module.eval()  # the running statistics must not move between two evaluations
    inputs = inputs_of(case, core.float64)
    at = [i for i, draw in enumerate(case.inputs) if draw.differentiable]
    if not at:
        pytest.skip("no input has a gradient: the table against PyTorch checks the parameters'")

    def function(*values):
        given = list(inputs)
        for i, value in zip(at, values, strict=True):
            given[i] = value
        return first(call(module, given))

    assert gradcheck(function, [inputs[i].detach().requires_grad_() for i in at])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_copies_and_pickles_compute_the_same(case: Case) -> None:
    module = build(case).eval()
    inputs = inputs_of(case, core.float32)
    want = first(call(module, inputs)).detach().numpy()
    other = build(case).eval()
    other.load_state_dict(module.state_dict())
    for same in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), other):
        np.testing.assert_array_equal(first(call(same, inputs)).detach().numpy(), want)
        assert repr(same) == repr(module)
        assert list(same.state_dict()) == list(module.state_dict())
        assert not {id(p) for p in same.parameters()} & {id(p) for p in module.parameters()}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_modes_reach_everything_below(case: Case) -> None:
    module = build(case)
    assert all(m.training for m in module.modules())
    module.eval()
    assert not any(m.training for m in module.modules())
    module.requires_grad_(False)
    assert not any(p.requires_grad for p in module.parameters())
    assert all(p.dtype is core.float64 for p in module.double().parameters())
