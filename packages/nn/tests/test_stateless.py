"""Modules as functions of their parameters: ensembles, and normalisation without statistics."""

import numpy as np
import pytest

from facula import core, nn
from facula.autograd.func import vmap
from facula.nn.utils.stateless import (
    functional_call,
    replace_all_batch_norm_modules_,
    stack_module_state,
)


def test_an_ensemble_computes_what_its_modules_do(device: str) -> None:
    nets = [nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).to(device)
            for _ in range(3)]
    parameters, buffers = stack_module_state(nets)
    assert parameters["0.weight"].shape == (3, 4, 3) and parameters["0.weight"].is_leaf
    assert parameters["0.weight"].requires_grad and buffers == {}
    x = core.randn(5, 3, device=device)
    found = vmap(lambda p, x: functional_call(nets[0], p, (x,)), in_dims=(0, None))(parameters, x)
    for net, y in zip(nets, found, strict=True):
        np.testing.assert_allclose(y.detach().cpu().numpy(), net(x).detach().cpu().numpy(),
                                   rtol=1e-5, atol=1e-6)


def test_buffers_are_stacked_too() -> None:
    _, buffers = stack_module_state([nn.BatchNorm1d(2), nn.BatchNorm1d(2)])
    assert buffers["running_var"].tolist() == [[1.0, 1.0]] * 2
    assert buffers["num_batches_tracked"].dtype is core.int64


@pytest.mark.parametrize(("models", "message"), [
    ([], "no modules"), ([nn.Linear(1, 1), nn.ReLU()], "of one class"),
    ([nn.Linear(1, 1), nn.Linear(1, 1).eval()], "training mode"),
    ([nn.Linear(1, 1), nn.Linear(1, 1).requires_grad_(False)], "requires grad in some")])
def test_what_does_not_stack_is_refused(models, message) -> None:
    with pytest.raises(RuntimeError, match=message):
        stack_module_state(models)


def test_batch_norm_without_statistics_normalises_by_the_batch() -> None:
    net = replace_all_batch_norm_modules_(nn.Sequential(nn.BatchNorm1d(2), nn.ReLU())).eval()
    x = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)
    expected = np.maximum((x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), 0)
    np.testing.assert_allclose(net(core.tensor(x)).detach().numpy(), expected, rtol=1e-5)
    assert list(net.buffers()) == []
