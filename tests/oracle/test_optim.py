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
    return [library.from_numpy(np.array(a)).requires_grad_() for a in arrays]


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


@pytest.mark.parametrize("options", grid(lr=[0.05], betas=[(0.9, 0.999), (0.5, 0.8)],
                                         eps=[1e-8, 1e-2], maximize=BOTH))
def test_sparse_adam_is_pytorchs_on_looked_up_rows(options) -> None:
    rng = np.random.default_rng(0)
    weight, rows = rng.standard_normal((9, 4)), rng.integers(0, 9, (STEPS, 3))
    results = []
    for library in LIBRARIES.values():
        table = library.from_numpy(weight.copy()).requires_grad_()
        optimiser = library.optim.SparseAdam([table], **options)
        for row in rows:
            optimiser.zero_grad()
            found = library.nn.functional.embedding(library.from_numpy(row), table, sparse=True)
            (found ** 2).sum().backward()
            optimiser.step()
        results.append((table.detach().numpy(), optimiser))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-9)
    assert repr(results[0][1]) == repr(results[1][1])
    check_same_state(results[0][1].state_dict(), results[1][1].state_dict())


def exchanged(state, library):
    """A state dict with its tensors in the other library's type."""
    if isinstance(state, dict):
        return {k: exchanged(v, library) for k, v in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(exchanged(v, library) for v in state)
    if isinstance(state, (torch.Tensor, facula.Tensor)):
        return library.from_numpy(np.array(state.detach().numpy()))
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


def both(library, optimiser):
    """Two parts for schedules made of schedules."""
    s = library.optim.lr_scheduler
    return [s.ConstantLR(optimiser, 0.5, total_iters=6), s.ExponentialLR(optimiser, 0.9)]


def sequence(library, optimiser):
    s = library.optim.lr_scheduler
    return s.SequentialLR(optimiser, [
        s.LinearLR(optimiser, 0.2, total_iters=5), s.CosineAnnealingLR(optimiser, 6),
        s.StepLR(optimiser, 2, gamma=0.5)], milestones=[5, 13])


def half(epoch):
    return 0.5 if epoch % 3 == 0 else 0.95


SCHEDULES = {
    "LambdaLR": grid(lr_lambda=[half]),
    "MultiplicativeLR": grid(lr_lambda=[half]),
    "StepLR": grid(step_size=[1, 3], gamma=[0.1, 0.5]),
    "MultiStepLR": grid(milestones=[[2, 5, 5, 11], [30]], gamma=[0.1, 0.5]),
    "ConstantLR": grid(factor=[0.25, 1.0], total_iters=[0, 5]),
    "LinearLR": grid(start_factor=[0.1, 1.0], end_factor=[0.5, 1.0], total_iters=[5, 30]),
    "ExponentialLR": grid(gamma=[0.5, 1.1]),
    "CosineAnnealingLR": grid(T_max=[3, 7, 50], eta_min=[0, 0.01]),
    "PolynomialLR": grid(total_iters=[5, 30], power=[1.0, 2.5]),
    "CosineAnnealingWarmRestarts": grid(T_0=[3, 5], T_mult=[1, 2], eta_min=[0, 0.01]),
    "CyclicLR": grid(base_lr=[0.01], max_lr=[0.1], step_size_up=[3], step_size_down=[None, 5],
                     mode=["triangular", "triangular2", "exp_range"], gamma=[0.9],
                     cycle_momentum=BOTH),
    "OneCycleLR": grid(max_lr=[0.2], total_steps=[21], pct_start=[0.3, 0.5],
                       anneal_strategy=["cos", "linear"], cycle_momentum=BOTH, three_phase=BOTH)
    + grid(max_lr=[0.2], epochs=[3], steps_per_epoch=[7]),
    "SWALR": grid(swa_lr=[0.01], anneal_epochs=[0, 4, 40], anneal_strategy=["cos", "linear"]),
    "ChainedScheduler": [{}],
    "SequentialLR": [{}],
}
SCHEDULE_CASES = [(n, o) for n, table in SCHEDULES.items() for o in table]


def schedule(library, name, options, optimiser):
    if name == "ChainedScheduler":
        return library.optim.lr_scheduler.ChainedScheduler(both(library, optimiser))
    if name == "SequentialLR":
        return sequence(library, optimiser)
    room = library.optim.swa_utils if name == "SWALR" else library.optim.lr_scheduler
    return getattr(room, name)(optimiser, **options)


def two_groups(library, optimiser):
    a, b = (library.zeros(2) for _ in range(2))
    options = {"SGD": {"momentum": 0.9}, "Adam": {}}[optimiser]
    return getattr(library.optim, optimiser)(
        [{"params": [a]}, {"params": [b], "lr": 0.02}], lr=0.1, **options)


def rates_over(library, name, options, kind, resume=None):
    """Rates and momenta of both groups over 20 epochs; ``resume``: saved and loaded on the way."""
    optimiser = two_groups(library, kind)
    plan = schedule(library, name, options, optimiser)
    rows = []
    for epoch in range(STEPS):
        if epoch == resume:
            states = optimiser.state_dict(), plan.state_dict()
            optimiser = two_groups(library, kind)
            plan = schedule(library, name, options, optimiser)
            plan.load_state_dict(states[1])
            optimiser.load_state_dict(states[0])
        rows.append([(g["lr"], g.get("momentum"), g.get("betas")) for g in optimiser.param_groups])
        optimiser.step()
        plan.step()
        assert plan.get_last_lr() == [g["lr"] for g in optimiser.param_groups]
    return rows


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options"), SCHEDULE_CASES,
                         ids=[f"{n}-{i}" for i, (n, _) in enumerate(SCHEDULE_CASES)])
def test_schedules_are_pytorchs(name, options, kind) -> None:
    mine, theirs = (rates_over(library, name, options, kind) for library in (facula, torch))
    for a, b in zip(mine, theirs, strict=True):
        for (rate, *rest), (their_rate, *their_rest) in zip(a, b, strict=True):
            assert rate == pytest.approx(their_rate, rel=1e-12, abs=1e-15)
            for x, y in zip(rest, their_rest, strict=True):
                assert x == (y if y is None else pytest.approx(y, rel=1e-12))
    assert rates_over(facula, name, options, kind, resume=9) == mine


@pytest.mark.parametrize("options", grid(
    mode=["min", "max"], patience=[0, 2], threshold_mode=["rel", "abs"], threshold=[0.01],
    cooldown=[0, 2], min_lr=[0, 0.02]))
def test_plateaus_are_pytorchs(options) -> None:
    metrics = np.random.default_rng(0).standard_normal(STEPS) + np.linspace(2, -1, STEPS)
    rows = []
    for library in (facula, torch):
        optimiser = two_groups(library, "SGD")
        plan = library.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, **options)
        for m in metrics:
            plan.step(m)
            rows.append(plan.get_last_lr())
    assert rows[:STEPS] == rows[STEPS:]
