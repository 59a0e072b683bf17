"""Every model has torchvision's keys and shapes, and gives what torchvision's gives.

The numbers come from torchvision itself, for weights and pictures that `published_models` makes.
"""

from typing import Any

import numpy as np
import published_models as published
import pytest

from facula import core, nn
from facula.vision import models

TABLE = published.table()
# In each family the lightest model: the quick suite runs these on every device.
QUICK = ["squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5",
         "regnet_x_400mf", "regnet_y_400mf", "resnet18", "densenet121", "efficientnet_b0",
         "googlenet", "lraspp_mobilenet_v3_large"]
QUICK_TO_TRAIN = ["squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5",
                  "regnet_x_400mf", "resnet18", "lraspp_mobilenet_v3_large"]
LIGHT = [name for name in TABLE if TABLE[name]["params"] < 60_000_000]


def marked(names: list[str], quick: list[str]) -> list[Any]:
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow)
            for name in names]


@pytest.fixture
def nothing_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Initialisation leaves memory as it is: fast, and pages never touched take no memory."""
    for name in dir(nn.init):
        if name.endswith("_") and not name.startswith("_"):
            monkeypatch.setattr(nn.init, name, lambda tensor, *args, **kwargs: tensor)


def test_the_models_are_those_of_the_table() -> None:
    assert models.list_models() == sorted(TABLE)


@pytest.mark.parametrize("name", marked(list(TABLE), LIGHT))
def test_keys_and_shapes(name: str, nothing_drawn: None) -> None:
    model = models.get_model(name, **published.none_fetched(name))
    row = TABLE[name]
    state = {key: (tuple(value.shape), str(value.dtype).removeprefix("facula."))
             for key, value in model.state_dict().items()}
    assert len(state) == row["keys"]
    assert sum(p.numel() for p in model.parameters()) == row["params"]
    assert published.digest(state) == row["sha256"]


@pytest.mark.parametrize("name", marked(list(TABLE), LIGHT))
def test_models_for_published_weights_have_the_stated_size(
        name: str, nothing_drawn: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With weights: their arguments are set, the statistics of detectors' backbones fixed."""
    monkeypatch.setattr(models.WeightsEnum, "get_state_dict", lambda self, **options: {})
    monkeypatch.setattr(nn.Module, "load_state_dict", lambda self, state: None)
    for weights in models.get_model_weights(name):
        model = models.get_model(name, weights=weights)
        assert sum(p.numel() for p in model.parameters()) == weights.meta["num_params"], weights


def made(name: str, device: str) -> tuple[nn.Module, Any]:
    """The model with the given weights, and what makes tensors of its dtype for it."""
    dtype = core.float64 if published.in_double(TABLE[name]["params"]) else core.float32

    def given(array: np.ndarray) -> core.Tensor:
        made = core.tensor(array).to(device)
        return made.to(dtype) if array.dtype == np.float64 else made

    model = models.get_model(name, **published.none_fetched(name), **published.options(name))
    model.to(dtype)
    model.load_state_dict({key: core.tensor(value) for key, value in published.filled(
        {key: value.numpy() for key, value in model.state_dict().items()}).items()})
    return model.to(device), given


def agree(found: dict[str, Any], want: dict[str, Any], tolerance: float) -> None:
    assert list(found) == list(want)
    for key, wanted in want.items():
        assert found[key]["shape"] == wanted["shape"], key
        scale = wanted["norm"] / max(1.0, np.sqrt(np.prod(wanted["shape"])))
        for kind in ("norm", "values"):
            np.testing.assert_allclose(found[key][kind], wanted[kind], rtol=tolerance,
                                       atol=tolerance * scale, err_msg=f"{key}: {kind}")


@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.parametrize("name", marked([name for name in TABLE if "eval" in TABLE[name]], QUICK))
def test_outputs_are_torchvisions(name: str, device: str) -> None:
    model, given = made(name, device)
    with core.no_grad():
        x = given(published.picture(name))
        output = model.eval()(list(x) if published.is_detection(name) else x)
    tolerance = 1e-7 if published.in_double(TABLE[name]["params"]) else 2e-3
    agree(published.summary(output), TABLE[name]["eval"], tolerance)


@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.parametrize("name", marked(
    [name for name in TABLE if "train" in TABLE[name]], QUICK_TO_TRAIN))
def test_gradients_are_torchvisions(name: str, device: str) -> None:
    model, given = made(name, device)
    published.without_chance(model.train())
    x = given(published.training_picture(name))
    if published.is_detection(name):
        output = model(list(x), [{key: given(value) for key, value in one.items()}
                                 for one in published.targets(name)])
    else:
        output = model(x)
    published.loss_of(name, output, given).backward()
    agree(published.summary(output), TABLE[name]["train"], 1e-6)
    found = published.gradients({key: p.grad.cpu().numpy() for key, p in model.named_parameters()
                                 if p.grad is not None})
    want = TABLE[name]["gradients"]
    assert list(found) == list(want)
    for key, value in want.items():
        assert found[key] == pytest.approx(value, rel=1e-5, abs=1e-9 * want["all"]), key
