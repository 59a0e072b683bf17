"""The models have torchvision's keys and sizes, run on every device, and classify photographs."""

import json
from pathlib import Path

import numpy as np
import pytest

from facula import core, nn
from facula.core.serialization import load
from facula.vision import models, transforms
from facula.vision.io import read_image

# Weights of each model for 1,000 classes, as torchvision's documentation states them (num_params).
COUNTS = {
    "alexnet": 61100840, "vgg11": 132863336, "vgg11_bn": 132868840, "vgg13": 133047848,
    "vgg13_bn": 133053736, "vgg16": 138357544, "vgg16_bn": 138365992, "vgg19": 143667240,
    "vgg19_bn": 143678248, "resnet18": 11689512, "resnet34": 21797672, "resnet50": 25557032,
    "resnet101": 44549160, "resnet152": 60192808, "resnext50_32x4d": 25028904,
    "resnext101_32x8d": 88791336, "resnext101_64x4d": 83455272, "wide_resnet50_2": 68883240,
    "wide_resnet101_2": 126886696, "squeezenet1_0": 1248424, "squeezenet1_1": 1235496,
    "densenet121": 7978856, "densenet161": 28681000, "densenet169": 14149480,
    "densenet201": 20013928, "mobilenet_v2": 3504872, "mobilenet_v3_large": 5483032,
    "mobilenet_v3_small": 2542856,
}
LIGHT = [name for name, count in COUNTS.items() if count < 12_000_000]
# A few keys of each family that torchvision's published files hold.
KEYS = {
    "resnet18": ["conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight",
                 "layer2.0.downsample.0.weight", "layer4.1.bn2.num_batches_tracked", "fc.bias"],
    "squeezenet1_1": ["features.0.weight", "features.3.squeeze.weight",
                      "features.12.expand3x3.bias", "classifier.1.weight"],
    "densenet121": ["features.conv0.weight", "features.denseblock1.denselayer1.norm1.weight",
                    "features.transition3.conv.weight", "features.norm5.running_var",
                    "classifier.weight"],
    "mobilenet_v2": ["features.0.0.weight", "features.1.conv.0.0.weight",
                     "features.1.conv.1.weight", "features.18.1.bias", "classifier.1.weight"],
    "mobilenet_v3_small": ["features.0.0.weight", "features.1.block.1.fc1.weight",
                           "features.12.0.weight", "classifier.0.weight", "classifier.3.bias"],
}


def test_every_model_is_counted() -> None:
    assert models.list_models() == sorted(COUNTS)


@pytest.mark.parametrize("name", [
    name if name in LIGHT else pytest.param(name, marks=pytest.mark.slow) for name in COUNTS])
def test_sizes(name: str) -> None:
    model = models.get_model(name)
    assert sum(p.numel() for p in model.parameters()) == COUNTS[name]


@pytest.mark.parametrize("name", KEYS)
def test_keys(name: str) -> None:
    keys = list(models.get_model(name, num_classes=2).state_dict())
    assert not set(KEYS[name]) - set(keys)
    assert keys[0] == KEYS[name][0]
    assert keys[-1].startswith(KEYS[name][-1].rpartition(".")[0])


@pytest.mark.parametrize("name", [
    name if name in ("squeezenet1_1", "mobilenet_v3_small") else pytest.param(
        name, marks=pytest.mark.slow) for name in LIGHT])
def test_a_step_of_training(name: str, device: str) -> None:
    core.manual_seed(0)
    model = models.get_model(name, num_classes=3).to(device)
    x, y = core.rand(2, 3, 64, 64).to(device), core.tensor([0, 2]).to(device)
    model.train()
    nn.functional.cross_entropy(model(x), y).backward()
    grads = [p.grad for p in model.parameters()]
    assert all(g is not None for g in grads)
    assert all(np.isfinite(g.cpu().numpy()).all() for g in grads)


def test_squeezenet_knows_photographs(data_root: Path, device: str) -> None:
    folder = data_root / "weights-imagenet"
    expected = json.loads((folder / "expected_squeezenet1_1.json").read_text())
    model = models.squeezenet1_1()
    model.load_state_dict(load(folder / "squeezenet1_1.pth"))
    model.to(device).eval()
    scale = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    crops = sorted((folder / "crops").glob("*.png"))
    batch = core.stack([scale(transforms.ConvertImageDtype(core.float32)(read_image(p)))
                          for p in crops])
    with core.no_grad():
        logits = model(batch.to(device)).cpu().numpy()
    for path, row in zip(crops, logits, strict=True):
        want = expected["outputs"][f"crops/{path.name}"]
        assert np.argsort(-row)[:5].tolist() == [top["class"] for top in want["top5"]]
        assert np.abs(row - np.array(want["logits"])).max() < 2e-3, path.name


def test_squeezenet_from_untouched_photographs(data_root: Path) -> None:
    folder = data_root / "weights-imagenet"
    expected = json.loads((folder / "expected_squeezenet1_1.json").read_text())
    model = models.squeezenet1_1().eval()
    model.load_state_dict(load(folder / "squeezenet1_1.pth"))
    prepare = transforms.Compose([
        transforms.Resize(256), transforms.CenterCrop(224),
        transforms.ConvertImageDtype(core.float32),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    for crop, photo in expected["photo_of_crop"].items():
        picture = read_image(data_root / "photos" / photo, "RGB", apply_exif_orientation=True)
        with core.no_grad():
            best = model(prepare(picture).unsqueeze(0)).argmax().item()
        assert best == expected["outputs"][crop]["top5"][0]["class"], photo


def test_errors() -> None:
    with pytest.raises(ValueError, match="get_model: unknown model 'resnet19'"):
        models.get_model("resnet19")
    with pytest.raises(ValueError, match="weights='DEFAULT': pretrained weights are not fetched"):
        models.resnet18(weights="DEFAULT")
    with pytest.raises(ValueError, match="is there already"):
        models.register_model("resnet18")(models.resnet18)
    assert models.list_models(["vgg*", "alex*"], exclude="*_bn") == [
        "alexnet", "vgg11", "vgg13", "vgg16", "vgg19"]
