"""What all optimisers share: groups, hooks, saving, resuming bit for bit, errors."""

import copy
import pickle

import numpy as np
import pytest

from facula import core, optim
from facula.core import no_grad

RULES = {name: cls for name in optim.__all__
         if isinstance(cls := getattr(optim, name), type)
         and issubclass(cls, optim.Optimizer)
         and cls not in (optim.Optimizer, optim.RuleOptimizer)}
OPTIONS = {"SGD": {"momentum": 0.9, "lr": 0.1}, "LBFGS": {"max_iter": 3}}


def parameters(device="cpu", shapes=((3, 4), (5, 2), (40, 500))):
    rng = np.random.default_rng(0)
    return [core.tensor(rng.standard_normal(s).astype("float32"), device=device,
                        requires_grad=True) for s in shapes]


def make(name, params):
    return RULES[name](params, **OPTIONS.get(name, {}))


def train(step, params, first, last):
    """Steps along gradients that depend on the parameters and the step's number."""
    for t in range(first, last):
        def closure(t=t):
            step.zero_grad()
            loss = sum((p * (p + 0.1 * t)).sum() for p in params)
            loss.backward()
            return loss
        if isinstance(step, optim.LBFGS):
            step.step(closure)
        else:
            closure()
            step.step()


def bits(params):
    return [p.detach().cpu().numpy().tobytes() for p in params]


@pytest.mark.parametrize("name", RULES)
def test_resuming_is_bit_for_bit(name, device) -> None:
    straight = parameters(device)
    train(make(name, straight), straight, 0, 8)
    params = parameters(device)
    step = make(name, params)
    train(step, params, 0, 4)
    saved = pickle.loads(pickle.dumps(step.state_dict()))
    again = [p.detach().clone().requires_grad_() for p in params]
    resumed = make(name, again)
    resumed.load_state_dict(saved)
    train(resumed, again, 4, 8)
    assert bits(again) == bits(straight)


@pytest.mark.parametrize("name", RULES)
def test_pickled_and_copied(name) -> None:
    params = parameters()
    step = make(name, params)
    train(step, params, 0, 2)
    other = pickle.loads(pickle.dumps(step))
    twin = copy.deepcopy(step)
    train(step, params, 2, 4)
    for o in (other, twin):
        theirs = o.param_groups[0]["params"]
        train(o, theirs, 2, 4)
        assert bits(theirs) == bits(params)
    assert repr(other) == repr(step)


def test_parameters_without_gradient_are_left_alone(device) -> None:
    params = parameters(device)
    step = optim.Adam(params)
    want = parameters(device)
    single = [optim.Adam([p]) for p in want]
    for t in range(6):
        for i, (p, q) in enumerate(zip(params, want, strict=True)):
            rested = (t + i) % 3 == 0
            p.grad = None if rested else core.full_like(p, 0.1 * t + 0.1)
            q.grad = None if rested else core.full_like(p, 0.1 * t + 0.1)
        step.step()
        for s in single:
            s.step()
    assert bits(params) == bits(want)


def test_groups_have_their_own_options() -> None:
    a, b = core.ones(2, requires_grad=True), core.ones(2, requires_grad=True)
    step = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    c = core.ones(1, requires_grad=True)
    step.add_param_group({"params": [c], "lr": 0.25})
    for p in (a, b, c):
        p.grad = core.ones(*p.shape)
    step.step()
    assert [round(p[0].item(), 4) for p in (a, b, c)] == [0.9, 0.5, 0.75]
    step.param_groups[0]["lr"] = 1.0
    step.step()
    assert round(a[0].item(), 4) == -0.1


def test_state_replaced_by_hand_is_used() -> None:
    p, q = core.zeros(2, requires_grad=True), core.zeros(3, requires_grad=True)
    step = optim.SGD([p, q], lr=1.0, momentum=0.5)
    p.grad, q.grad = core.zeros(2), core.zeros(3)
    step.step()
    step.state[p]["momentum_buffer"] = core.full((2,), 4.0)
    step.step()
    assert p.tolist() == [-2.0, -2.0]
    assert step.state[p]["momentum_buffer"].tolist() == [2.0, 2.0]


def test_a_replaced_parameter_is_followed(device) -> None:
    p = core.zeros(2, device=device, requires_grad=True)
    step = optim.Adam([p], lr=1.0)
    p.grad = core.ones(2, device=device)
    step.step()
    p.data = core.full((2,), 5.0, device=device)
    step.step()
    np.testing.assert_allclose(p.detach().cpu().numpy(), [4.0, 4.0], rtol=1e-5)


def test_hooks_run_around_the_step() -> None:
    p = core.ones(1, requires_grad=True)
    step = optim.SGD([p], lr=0.1)
    p.grad = core.ones(1)
    seen = []
    first = step.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))
    step.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))
    everyone = optim.register_optimizer_step_post_hook(lambda o, a, k: seen.append("all"))
    step.step()
    first.remove()
    everyone.remove()
    step.step()
    assert seen == ["before", "after", "all", "after"]
    step.register_state_dict_post_hook(lambda o, d: {**d, "more": 1})
    step.register_load_state_dict_pre_hook(lambda o, d: {k: d[k] for k in d if k != "more"})
    assert step.state_dict()["more"] == 1
    step.load_state_dict(step.state_dict())


def test_zero_grad() -> None:
    p = core.ones(2, requires_grad=True)
    step = optim.SGD([p], lr=0.1)
    (p * 2).sum().backward()
    step.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    step.zero_grad()
    assert p.grad is None


def test_the_closures_loss_is_returned() -> None:
    p = core.ones(2, requires_grad=True)
    step = optim.Adam([p])

    def closure():
        loss = (p * p).sum()
        loss.backward()
        return loss
    with no_grad():
        assert step.step(closure).item() == 2.0
    assert optim.Adam([p]).step() is None


def test_named_parameters() -> None:
    p, q = core.ones(1), core.ones(2)
    step = optim.SGD([("a", p), ("b", q)], lr=0.1)
    assert step.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    with pytest.raises(ValueError, match="name all or none"):
        optim.SGD([("a", p), q], lr=0.1)


def test_differentiable_steps_are_recorded() -> None:
    w = core.tensor([2.0], requires_grad=True)
    p = w.clone()
    p.retain_grad()
    lr = core.tensor(0.1, requires_grad=True)
    step = optim.SGD([p], lr=lr, differentiable=True)
    p.grad = core.tensor([3.0])
    step.step()
    p.sum().backward()
    assert w.grad.tolist() == [1.0]
    assert lr.grad.item() == pytest.approx(-3.0)


def test_a_saved_tensor_notices_the_step() -> None:
    p = core.ones(2, requires_grad=True)
    loss = (p * p).sum()
    p.grad = core.ones(2)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="in-place"):
        loss.backward()


@pytest.mark.parametrize(("make", "error", "match"), [
    (lambda p: optim.SGD([p], lr=-1), ValueError, "lr=-1: it must be at least 0"),
    (lambda p: optim.SGD([p], nesterov=True), ValueError, "it needs a momentum"),
    (lambda p: optim.Adam([p], betas=(0.9, 1.0)), ValueError, r"betas\[1\]"),
    (lambda p: optim.Adam([p], foreach=True, fused=True), RuntimeError, "exclude each other"),
    (lambda p: optim.Adadelta([p], rho=1.5), ValueError, "rho"),
    (lambda p: optim.Rprop([p], etas=(1.1, 1.2)), ValueError, "etas"),
    (lambda p: optim.Muon([p]), ValueError, "only matrices"),
    (lambda p: optim.LBFGS([{"params": [p]}, {"params": [core.ones(1)]}]), ValueError,
     "it takes one"),
    (lambda p: optim.Adafactor([p], d=0.5), ValueError, "d is out of range"),
    (lambda p: optim.SGD([]), ValueError, "is empty"),
    (lambda p: optim.SGD(p), TypeError, "put it in a list"),
    (lambda p: optim.SGD([1.0]), TypeError, "must hold tensors"),
    (lambda p: optim.SGD([p * 2]), ValueError, "only leaf tensors"),
    (lambda p: optim.SGD([{"params": {p}}]), TypeError, "is a set"),
    (lambda p: optim.SGD([{"params": [p]}, {"params": [p]}]), ValueError, "more than one group"),
])
def test_mistakes_are_named(make, error, match) -> None:
    with pytest.raises(error, match=match):
        make(core.ones(3, requires_grad=True))


def test_a_state_of_another_shape_is_refused() -> None:
    step = optim.SGD([core.ones(1)], lr=0.1)
    with pytest.raises(ValueError, match="does not fit"):
        step.load_state_dict(optim.SGD([core.ones(1), core.ones(1)]).state_dict())


def test_a_schedule_before_the_optimiser_warns() -> None:
    step = optim.SGD([core.ones(1)], lr=0.1)
    plan = optim.lr_scheduler.StepLR(step, 1)
    with pytest.warns(UserWarning, match="before the optimiser"):
        plan.step()


class Net:
    """As much of a module as averaging needs."""

    def __init__(self, value):
        self.w, self.b = core.full((2,), value), core.full((1,), value)

    def parameters(self):
        return iter([self.w])

    def buffers(self):
        return iter([self.b])

    def __call__(self, x):
        return self.w * x


def test_averages_of_weights() -> None:
    mean = optim.swa_utils.AveragedModel(Net(0.0))
    moving = optim.swa_utils.AveragedModel(
        Net(0.0), multi_avg_fn=optim.swa_utils.get_ema_multi_avg_fn(0.5))
    for value in (1.0, 3.0, 5.0):
        mean.update_parameters(Net(value))
        moving.update_parameters(Net(value))
    assert mean(1.0).tolist() == [3.0, 3.0]
    assert moving(1.0).tolist() == [3.5, 3.5]
    assert mean.module.b.tolist() == [5.0]
    assert mean.n_averaged.item() == 3
