"""Optimisers and schedules follow PyTorch's trajectories, over a table of option combinations."""

import itertools

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

STEPS = 20
SHAPES = [(4, 3), (7,), (), (2, 3, 5)]
LIBRARIES = {"facula": facula, "torch": torch}


def grid(**options):
    """All combinations of the options' values."""
    return [dict(zip(options, values, strict=True))
            for values in itertools.product(*options.values())]


DECAY = [0, 0.1]
BOTH = [False, True]
OPTIMISERS = {
    "SGD": grid(lr=[0.1], weight_decay=DECAY, maximize=BOTH)
    + grid(lr=[0.1], momentum=[0.9], dampening=[0, 0.3], weight_decay=DECAY, maximize=BOTH)
    + grid(lr=[0.1], momentum=[0.9], nesterov=[True], weight_decay=DECAY, maximize=BOTH),
    "Adam": grid(lr=[0.05], amsgrad=BOTH, weight_decay=DECAY, maximize=BOTH,
                 decoupled_weight_decay=BOTH, betas=[(0.9, 0.999), (0.5, 0.8)]),
    "AdamW": grid(lr=[0.05], amsgrad=BOTH, weight_decay=DECAY, maximize=BOTH),
    "Adamax": grid(lr=[0.05], weight_decay=DECAY, maximize=BOTH),
    "NAdam": grid(lr=[0.05], weight_decay=DECAY, maximize=BOTH, decoupled_weight_decay=BOTH,
                  momentum_decay=[4e-3, 0.1]),
    "RAdam": grid(lr=[0.05], weight_decay=DECAY, maximize=BOTH, decoupled_weight_decay=BOTH),
    "Adagrad": grid(lr=[0.1], lr_decay=[0, 0.1], weight_decay=DECAY, maximize=BOTH,
                    initial_accumulator_value=[0, 0.5]),
    "Adadelta": grid(lr=[1.0], rho=[0.9, 0.5], weight_decay=DECAY, maximize=BOTH),
    "RMSprop": grid(lr=[0.01], momentum=[0, 0.9], centered=BOTH, weight_decay=DECAY,
                    maximize=BOTH),
    "Rprop": grid(lr=[0.01], etas=[(0.5, 1.2), (0.3, 2.0)], step_sizes=[(1e-6, 50), (0.005, 0.1)],
                  maximize=BOTH),
    "Adafactor": grid(lr=[0.05], beta2_decay=[-0.8, -0.5], d=[1.0, 2.0], weight_decay=DECAY,
                      maximize=BOTH),
    "LBFGS": grid(lr=[1, 0.5], max_iter=[4], history_size=[100, 3])
    + grid(line_search_fn=["strong_wolfe"], max_iter=[4]),
    "Muon": grid(lr=[0.02], nesterov=BOTH, weight_decay=DECAY,
                 adjust_lr_fn=[None, "original", "match_rms_adamw"]),
    "ASGD": grid(lr=[0.05], lambd=[1e-4, 0.1], t0=[1e6, 5], weight_decay=DECAY, maximize=BOTH),
}
CASES = [(name, options) for name, table in OPTIMISERS.items() for options in table
         if hasattr(facula.optim, name)]
CASE_IDS = [f"{n}-{'-'.join(f'{k}={v}' for k, v in o.items())}" for n, o in CASES]


def start(seed=0, shapes=SHAPES, dtype="float64"):
    """The same first parameters for both libraries."""
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(s), dtype) for s in shapes]


def parameters(library, arrays):
    return [getattr(library, "from_numpy")(np.array(a)).requires_grad_() for a in arrays]


def loss(library, params):
    """A bowl with bends, so that gradients change sign and size."""
    total = 0
    for k, p in enumerate(params):
        total = total + ((p - 0.3 * k) ** 2).sum() + (2.0 * p).sin().sum()
    return total


def closure(library, params, optimiser):
    def run():
        optimiser.zero_grad()
        value = loss(library, params)
        value.backward()
        return value
    return run


def train(name, library, optimiser, params, steps):
    run = closure(library, params, optimiser)
    for _ in range(steps):
        if name == "LBFGS":
            optimiser.step(run)
        else:
            run()
            optimiser.step()


def values(params):
    return [p.detach().numpy() for p in params]


def shapes_for(name):
    return [(4, 3), (5, 5), (3, 8)] if name == "Muon" else SHAPES


# float64 tells formulas apart that differ only in their rounding; scalar state is float32 in both,
# and Muon works in bfloat16. float32 follows as far as the descent does not amplify rounding.
TOLERANCE = {"float64": {"rtol": 1e-6, "atol": 1e-7}, "float32": {"rtol": 2e-4, "atol": 2e-5},
             "Muon": {"rtol": 1e-2, "atol": 1e-3}}


@pytest.mark.parametrize(("name", "options"), CASES, ids=CASE_IDS)
def test_trajectories_are_pytorchs(name, options) -> None:
    check_trajectory(name, options, "float64")


@pytest.mark.parametrize("name", [n for n in OPTIMISERS if n != "Muon"])
def test_trajectories_are_pytorchs_in_float32(name) -> None:
    check_trajectory(name, OPTIMISERS[name][0], "float32")


def check_trajectory(name, options, dtype) -> None:
    results = {}
    for key, library in LIBRARIES.items():
        params = parameters(library, start(shapes=shapes_for(name), dtype=dtype))
        optimiser = getattr(library.optim, name)(params, **options)
        train(name, library, optimiser, params, STEPS)
        results[key] = params, optimiser
    (mine, ours), (theirs, peer) = results["facula"], results["torch"]
    for a, b in zip(values(mine), values(theirs), strict=True):
        np.testing.assert_allclose(a, b, **TOLERANCE["Muon" if name == "Muon" else dtype])
    assert repr(ours) == repr(peer)
    if name == "LBFGS":  # its history holds Python numbers here, and is sensitive to rounding
        mine, theirs = (next(iter(o.state_dict()["state"].values())) for o in (ours, peer))
        assert set(mine) == set(theirs)
    else:
        check_same_state(ours.state_dict(), peer.state_dict())


def check_same_state(mine, theirs) -> None:
    assert mine["param_groups"] == theirs["param_groups"]
    assert list(mine["state"]) == list(theirs["state"])
    for k, state in theirs["state"].items():
        assert set(mine["state"][k]) == set(state)
        for name, value in state.items():
            got = mine["state"][k][name]
            if isinstance(value, torch.Tensor):
                assert tuple(got.shape) == tuple(value.shape), name
                assert str(got.dtype).split(".")[1] == str(value.dtype).split(".")[1], name
                np.testing.assert_allclose(got.numpy(), value.numpy(), rtol=1e-3, atol=1e-4)


def exchanged(state, library):
    """A state dict with its tensors in the other library's type."""
    if isinstance(state, dict):
        return {k: exchanged(v, library) for k, v in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(exchanged(v, library) for v in state)
    if isinstance(state, (torch.Tensor, facula.Tensor)):
        return getattr(library, "from_numpy")(np.array(state.detach().numpy()))
    return state


@pytest.mark.parametrize("name", [n for n in OPTIMISERS if hasattr(facula.optim, n)])
def test_state_dicts_can_be_exchanged(name) -> None:
    """Ten steps in one library, ten in the other, both ways."""
    options = OPTIMISERS[name][-1]
    ends = []
    for first, second in (("facula", "torch"), ("torch", "facula"), ("torch", "torch")):
        params = parameters(LIBRARIES[first], start(shapes=shapes_for(name)))
        optimiser = getattr(LIBRARIES[first].optim, name)(params, **options)
        train(name, LIBRARIES[first], optimiser, params, 10)
        library = LIBRARIES[second]
        params = parameters(library, values(params))
        after = getattr(library.optim, name)(params, **options)
        after.load_state_dict(exchanged(optimiser.state_dict(), library))
        train(name, library, after, params, 10)
        ends.append(values(params))
    for end in ends[:2]:
        for a, b in zip(end, ends[2], strict=True):
            np.testing.assert_allclose(a, b, **TOLERANCE["Muon" if name == "Muon" else "float32"])
