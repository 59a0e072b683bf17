"""Modules and parameters through ``facula.save`` and ``facula.load``."""

import numpy as np

from facula import core, nn


def test_parameters_come_back_as_parameters(tmp_path) -> None:
    file = tmp_path / "weights.pt"
    weight = nn.Parameter(core.tensor([1.0, 2.0]), requires_grad=False)
    core.save({"w": weight, "v": nn.Parameter(core.ones(1)), "same": weight}, file)
    loaded = core.load(file)
    assert isinstance(loaded["w"], nn.Parameter)
    assert not loaded["w"].requires_grad
    assert loaded["v"].requires_grad
    assert loaded["same"] is loaded["w"]
    assert loaded["w"].tolist() == [1.0, 2.0]


def test_state_dicts_of_a_trained_module_come_back(tmp_path) -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    net(core.randn(8, 3))
    core.save(net.state_dict(), tmp_path / "net.pt")
    other = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    other.load_state_dict(core.load(tmp_path / "net.pt"))
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[key].numpy(), value.numpy())
