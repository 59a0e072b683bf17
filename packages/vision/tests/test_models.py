"""The models by name, their published weights, a step of training, and known photographs."""

import copy
import importlib
import json
import pickle
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from facula import core, nn
from facula.core.serialization import load
from facula.vision import models, transforms
from facula.vision.io import read_image
from facula.vision.models.detection.backbone_utils import resnet_fpn_backbone
from facula.vision.models.detection.rpn import RPNHead
from facula.vision.models.legacy import accepts_old_calls

LIGHT = ["squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5"]


@pytest.mark.parametrize("name", LIGHT)
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


def test_published_weights_and_their_transforms(data_root: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights by name, out of a file that stands for the fetched one."""
    folder = data_root / "weights-imagenet"
    expected = json.loads((folder / "expected_squeezenet1_1.json").read_text())
    weights = models.SqueezeNet1_1_Weights.DEFAULT
    asked = []

    def fetch(url: str, **options: bool) -> dict[str, core.Tensor]:
        asked.append((url, options))
        return load(folder / "squeezenet1_1.pth")

    monkeypatch.setattr("facula.vision.models.weights.load_state_dict_from_url", fetch)
    model = models.squeezenet1_1(weights="DEFAULT", progress=False).eval()
    assert asked == [(weights.url, {"progress": False, "check_hash": True})]
    prepare = weights.transforms()
    for crop, photo in expected["photo_of_crop"].items():
        picture = read_image(data_root / "photos" / photo, "RGB", apply_exif_orientation=True)
        with core.no_grad():
            best = model(prepare(picture).unsqueeze(0)).argmax().item()
        assert best == expected["outputs"][crop]["top5"][0]["class"], photo


def test_weights_with_old_names_of_layers() -> None:
    """The published files of DenseNet, ViT and the first R-CNNs have names from before."""
    model = models.DenseNet(4, (2, 2), 8, num_classes=3)
    old = {re.sub(r"(denselayer\d\.)(norm|conv)(\d)", r"\1\2.\3", key): value
           for key, value in model.state_dict().items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    model.load_state_dict(old)
    vit = models.VisionTransformer(8, 4, 1, 2, 4, 8, num_classes=2)
    state = vit.state_dict()
    for new, name in (("0", "linear_1"), ("3", "linear_2")):
        for kind in ("weight", "bias"):
            prefix = "encoder.layers.encoder_layer_0.mlp."
            state[f"{prefix}{name}.{kind}"] = state.pop(f"{prefix}{new}.{kind}")
    vit.load_state_dict(dict(state))
    head = RPNHead(4, 1)
    state = dict(head.state_dict())
    for kind in ("weight", "bias"):
        state[f"conv.{kind}"] = state.pop(f"conv.0.0.{kind}")
    head.load_state_dict(state)


def test_names() -> None:
    assert models.list_models(include=["vgg*", "alex*"], exclude="*_bn") == [
        "alexnet", "vgg11", "vgg13", "vgg16", "vgg19"]
    assert models.get_model_builder("ResNet18") is models.resnet18
    with pytest.raises(ValueError, match="get_model: unknown model 'resnet19'"):
        models.get_model("resnet19")
    with pytest.raises(ValueError, match="is there already"):
        models.register_model("resnet18")(models.resnet18)


def test_weights_by_name() -> None:
    weights = models.ResNet50_Weights
    assert weights.DEFAULT.meta["categories"][258] == "Samoyed"
    assert weights.DEFAULT is weights.IMAGENET1K_V2 is models.get_weight(
        "ResNet50_Weights.IMAGENET1K_V2")
    assert models.get_model_weights("resnet50") is models.get_model_weights(
        models.resnet50) is weights
    assert weights.verify("IMAGENET1K_V1") is weights.verify(
        "ResNet50_Weights.IMAGENET1K_V1") is weights.IMAGENET1K_V1
    assert pickle.loads(pickle.dumps(weights.DEFAULT)) is copy.deepcopy(
        weights.DEFAULT) is weights.DEFAULT
    for wrong, error in (("IMAGENET", KeyError), (3, TypeError),
                         (models.ResNet18_Weights.DEFAULT, TypeError)):
        with pytest.raises(error, match="ResNet50_Weights"):
            models.resnet50(weights=wrong)
    for wrong in ("ResNet50_Weights", "ResNet51_Weights.DEFAULT"):
        with pytest.raises(ValueError, match="names no weights"):
            models.get_weight(wrong)
    with pytest.raises(ValueError, match="num_classes=10 does not fit the weights"):
        models.resnet50(weights="DEFAULT", num_classes=10)


def test_every_published_file_is_described() -> None:
    for name in models.list_models():
        for weights in models.get_model_weights(name):
            assert weights.url.startswith("https://download.pytorch.org/models/"), weights
            assert {"categories", "num_params", "recipe", "min_size"} <= set(weights.meta)
            categories = weights.meta["categories"]
            assert categories is None or len(categories) in (2, 21, 91, 1000)


def test_users_may_enter_models_with_weights() -> None:
    class Weights(models.WeightsEnum):
        FIRST = models.Weights("https://localhost/first.pth", lambda: None, {})

    def tiny(*, weights: Weights | None = None) -> nn.Module:
        return nn.Identity()

    def bare() -> nn.Module:
        return nn.Identity()

    tiny.__annotations__["weights"] = Weights | None
    assert models.get_model_weights(tiny) is Weights
    with pytest.raises(ValueError, match="bare takes no argument `weights`"):
        models.get_model_weights(bare)


def test_presets(data_root: Path) -> None:
    picture = read_image(data_root / "photos" / "chelsea.png", "RGB")
    preset = models.ResNet50_Weights.IMAGENET1K_V2.transforms()
    by_hand = transforms.Compose([
        transforms.Resize(232), transforms.CenterCrop(224),
        transforms.ConvertImageDtype(core.float32),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    assert np.array_equal(preset(picture).numpy(), by_hand(picture).numpy())


def test_calls_as_they_were_before_weights_had_names():
    with pytest.warns(UserWarning, match="pretrained=False is the old way: use weights=None"):
        assert models.resnet18(pretrained=False, num_classes=3).fc.out_features == 3
    with pytest.warns(UserWarning, match="arguments by position"):
        models.mobilenet_v2(None, True)
    with pytest.warns(UserWarning, match="pretrained_backbone=False"):
        models.segmentation.fcn_resnet50(weights=None, pretrained_backbone=False)
    position, old = pytest.warns(match="by position"), pytest.warns(match="pretrained=False")
    with position, old:
        resnet_fpn_backbone("resnet18", False)
    with pytest.raises(TypeError, match="both weights and pretrained"):
        models.resnet18(pretrained=False, weights=None)
    with pytest.raises(TypeError, match="multiple values for argument 'weights'"):
        models.resnet18(None, weights=None)
    with pytest.raises(TypeError, match="at most 2 arguments"):
        models.resnet18(None, True, 3)


def test_true_means_the_first_weights():
    asked = []

    @accepts_old_calls(weights=("pretrained", models.ResNet50_Weights))
    def build(*, weights=None, width=1):
        asked.append((weights, width))

    with pytest.warns(UserWarning, match="use weights=ResNet50_Weights.IMAGENET1K_V1"):
        build(pretrained=True, width=2)
    with pytest.warns(match="by position"), pytest.warns(match="pretrained=True"):
        build(True)
    build(weights=models.ResNet50_Weights.IMAGENET1K_V2)
    first, second = models.ResNet50_Weights
    assert asked == [(first, 2), (first, 1), (second, 1)]


@pytest.mark.parametrize("name", ["fcn_resnet50", "lraspp_mobilenet_v3_large"])
def test_segmentation_gives_an_ordered_dict(name):
    model = models.get_model(name, weights=None, weights_backbone=None).eval()
    with core.no_grad():
        assert type(model(core.zeros(1, 3, 32, 32))) is OrderedDict


@pytest.mark.parametrize(("room", "names"), [
    ("models.mobilenet", ["MobileNetV2", "mobilenet_v3_large"]),
    ("models.resnet", ["conv1x1", "conv3x3"]), ("transforms.transforms", ["Compose", "Resize"]),
    ("datasets.voc", ["VOCDetection"]), ("datasets.coco", ["CocoDetection"])])
def test_names_are_where_programs_import_them_from(room, names):
    module = importlib.import_module(f"facula.vision.{room}")
    assert all(callable(getattr(module, name)) for name in names)
