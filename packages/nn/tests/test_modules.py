"""Every module of the table on every device: values, gradients, modes, state, copies, pickles."""

import copy
import inspect
import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from formulas import FORMULAS

from facula import core, nn
from facula.autograd import gradcheck
from facula.nn.testing import CASES, Case

# Public modules that are not in the table, and why.
NOT_IN_THE_TABLE = {
    "Module": "has no forward", "Sequential": "see test_module.py",
    "DataParallel": "see test_layers.py",
    "ModuleList": "has no forward", "ModuleDict": "has no forward",
    "ParameterList": "has no forward", "ParameterDict": "has no forward",
    "RNNBase": "the base of RNN, LSTM and GRU", "RNNCellBase": "the base of the cells",
    "FractionalMaxPool2d": "random in evaluation too: see test_layers.py",
    "FractionalMaxPool3d": "random in evaluation too: see test_layers.py",
}


def build(case: Case) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return case.build(nn, core.tensor).float()


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


def test_every_module_is_in_the_table() -> None:
    public = {n for n in nn.__all__
              if isinstance(getattr(nn, n), type) and issubclass(getattr(nn, n), nn.Module)}
    listed = {case.name for case in CASES}
    assert public == listed | NOT_IN_THE_TABLE.keys()
    assert not listed & NOT_IN_THE_TABLE.keys()
    assert listed == FORMULAS.keys()


def options_of(case: Case) -> SimpleNamespace:
    """The constructor's arguments by name; those of a module inside as well."""
    bound = inspect.signature(getattr(nn, case.name)).bind(*case.args, **case.kwargs)
    bound.apply_defaults()
    return SimpleNamespace(**{k: options_of(v) if isinstance(v, Case) else v
                              for k, v in bound.arguments.items()})


def settle(module: nn.Module) -> None:
    """Other numbers for parameters and running averages than those that modules begin with."""
    rng = np.random.default_rng(3)
    with core.no_grad():
        for name, t in (*module.named_parameters(), *module.named_buffers()):
            if name.endswith("running_var"):
                t.copy_(core.tensor(rng.uniform(0.5, 2.0, t.shape)))
            elif isinstance(t, nn.Parameter) or name.endswith("running_mean"):
                t.copy_(core.tensor(rng.normal(0.0, 0.5, t.shape)))


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_are_those_of_the_formula(case: Case, training: bool, device) -> None:
    if case.random and training:
        pytest.skip("draws random numbers: other tests look at what it drops")
    dtype = core.float64 if device == "cpu" else core.float32
    module = build(case).to(dtype).train(training)
    call(module, inputs_of(case, dtype))  # a lazy module has parameters from here on
    settle(module)
    state = {k: v.double().numpy().copy() for k, v in module.state_dict().items()}
    got = first(call(module.to(device), inputs_of(case, dtype, device)))
    options = options_of(case)
    options.training, options.dtype = training, str(dtype).split(".")[1]
    want = FORMULAS[case.name](options, state, *case.arrays())
    assert tuple(got.shape) == np.shape(want)
    close = {"rtol": 1e-9, "atol": 1e-11} if dtype is core.float64 else {
        "rtol": 2e-4, "atol": 2e-5 * max(1, np.abs(np.asarray(want)[np.isfinite(want)]).max())}
    np.testing.assert_allclose(got.detach().cpu().double().numpy(), want, **close)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same_values_and_gradients_on_the_device_as_in_double_precision(case, device) -> None:
    core.manual_seed(0)
    exact = build(case).double().eval()
    call(exact, inputs_of(case, core.float64))  # a lazy module has parameters from here on
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
