"""Features by the names of modules: values, repeated modules, modes, and names that are none."""

import copy
from typing import Any

import numpy as np
import pytest

from facula import core, nn
from facula.vision.models import resnet18
from facula.vision.models.feature_extraction import (
    create_feature_extractor,
    get_graph_node_names,
)


class Twice(nn.Module):
    """Calls one module twice, and counts how often its last part runs."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
        self.act = nn.ReLU()
        self.head = nn.Linear(3, 2)
        self.scale = nn.Parameter(core.tensor(2.0))
        self.count = 0

    def forward(self, x: core.Tensor) -> core.Tensor:
        x = self.act(self.body(x) * self.scale)
        x = self.act(self.body(x) - 0.1)
        self.count += 1
        return self.head(x)


def test_values_and_repeated_modules(device: str) -> None:
    core.manual_seed(0)
    model = Twice().to(device)
    x = core.randn(4, 3, device=device)
    extractor = create_feature_extractor(model, {"act": "one", "act_1": "two", "body": "last"})
    found = extractor(x)
    assert list(found) == ["one", "last", "two"]
    one = (model.body(x) * model.scale).relu()
    last = model.body(one)
    for name, want in (("one", one), ("last", last), ("two", (last - 0.1).relu())):
        np.testing.assert_array_equal(found[name].numpy(force=True), want.numpy(force=True))
    found["two"].sum().backward()
    assert model.scale.grad is not None
    assert model.head.weight.grad is None


def test_what_comes_later_does_not_run_and_hooks_are_gone() -> None:
    model = Twice()
    create_feature_extractor(model, ["body.0"])(core.ones(1, 3))
    assert model.count == 0
    assert model(core.ones(1, 3)).shape == (1, 2)
    assert not any(module._forward_hooks for module in model.modules())


def test_it_has_the_networks_parameters_and_mode() -> None:
    model = resnet18()
    extractor = create_feature_extractor(model, train_return_nodes={"layer1": "x"},
                                         eval_return_nodes={"fc": "y"})
    assert list(extractor.state_dict()) == list(model.state_dict())
    assert extractor.conv1.weight is model.conv1.weight
    pictures = core.zeros(2, 3, 32, 32)
    assert list(extractor(pictures)) == ["x"]
    extractor.eval()
    assert not model.training
    assert not model.layer1[0].training
    assert list(extractor(pictures)) == ["y"]
    other = copy.deepcopy(extractor)
    other.conv1.weight.data.zero_()
    assert not core.equal(other(pictures + 1)["y"], extractor(pictures + 1)["y"])


def test_names() -> None:
    training, evaluation = get_graph_node_names(resnet18())
    assert training == evaluation
    assert evaluation[:3] == ["x", "conv1", "bn1"]
    assert {"layer2.0.downsample.0", "layer4.1.conv2", "avgpool", "fc"} <= set(evaluation)


@pytest.mark.parametrize(("nodes", "error", "match"), [
    (["layer5"], ValueError, "layer"), (["flatten"], ValueError, "only outputs of modules"),
    (["layer4.1.relu_7"], RuntimeError, "relu_7"), (None, ValueError, "return_nodes")])
def test_wrong_names(nodes: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        create_feature_extractor(resnet18().eval(), nodes)(core.zeros(1, 3, 32, 32))
