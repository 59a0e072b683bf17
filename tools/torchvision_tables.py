"""Write the tables about torchvision's models out of an installed torchvision.

    python tools/torchvision_tables.py weights   # models/published: addresses, presets, categories
    python tools/torchvision_tables.py models    # tests: keys and shapes, outputs, gradients
    python tools/torchvision_tables.py models resnet18   # the rows of some models only

It needs torch 2.13.0 and torchvision 0.28.0; what it writes is committed, so that neither users nor
tests need them. Only facts are taken over: names, numbers and addresses.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import Any

import torch
import torchvision
from torchvision import models

from monorepo import ROOT

VISION = ROOT / "packages" / "vision"
sys.path.insert(0, str(VISION / "tests"))
import published_models as published  # noqa: E402  (a module of the tests: the values to fill in)

LEFT_OUT = ("quantized_", "raft_", "mvit_", "swin3d_", "s3d", "r3d_", "mc3_", "r2plus1d_")
SOURCE = f"torchvision {torchvision.__version__.split('+')[0]}"


def names() -> list[str]:
    """The models that facula has: those for pictures, in floating point."""
    return [name for name in models.list_models() if not name.startswith(LEFT_OUT)]


def write_weights() -> None:
    """Addresses, metadata and presets of all published weights, and the lists of categories."""
    meta = models._meta
    categories = {"imagenet": meta._IMAGENET_CATEGORIES, "coco": meta._COCO_CATEGORIES,
                  "coco_person": meta._COCO_PERSON_CATEGORIES, "voc": meta._VOC_CATEGORIES,
                  "coco_person_keypoints": meta._COCO_PERSON_KEYPOINT_NAMES}
    table: dict[str, Any] = {}
    for name in names():
        enum = models.get_model_weights(name)
        members = {weights.name: entry(weights, categories) for weights in enum}
        default = getattr(enum, "DEFAULT", None)
        table[name] = {"enum": enum.__name__, "default": default and default.name,
                       "members": members}
    folder = VISION / "src/facula/vision/models/published"
    save(folder / "weights.json", {"source": SOURCE, "models": table})
    save(folder / "categories.json", {"source": SOURCE, **categories})


def entry(weights: Any, categories: dict[str, list[str]]) -> dict[str, Any]:
    """One set of weights; lists of categories become the names of the lists."""
    meta = {key: value for key, value in weights.meta.items() if key != "_docs"}
    for key, value in meta.items():
        if value in categories.values():
            meta[key] = next(name for name, known in categories.items() if known == value)
    transforms = weights.transforms
    preset = transforms.func if isinstance(transforms, partial) else transforms
    options = dict(transforms.keywords) if isinstance(transforms, partial) else {}
    if "interpolation" in options:
        options["interpolation"] = options["interpolation"].value
    return {"url": weights.url, "preset": preset.__name__, "options": options, "meta": meta}


def write_models() -> None:
    """Keys, shapes, outputs and gradients of every model with given weights."""
    table = published.table() if published.PATH.exists() else {}
    for name in sys.argv[2:] or names():
        model = models.get_model(name, **published.none_fetched(name))
        state = {key: (tuple(value.shape), str(value.dtype).removeprefix("torch."))
                 for key, value in model.state_dict().items()}
        count = sum(p.numel() for p in model.parameters())
        del model
        row = {"keys": len(state), "params": count, "sha256": published.digest(state)}
        row |= results(name, count)
        table[name] = row
        print(name, flush=True)
        save(published.PATH,
             {"source": f"{SOURCE}, torch {torch.__version__.split('+')[0]}",
              "models": {name: table[name] for name in names() if name in table}})


def results(name: str, count: int) -> dict[str, Any]:
    """What the model gives for the tests' pictures, and its gradients where it is not large."""
    dtype = torch.float64 if published.in_double(count) else torch.float32
    model = models.get_model(name, **published.none_fetched(name), **published.options(name))
    model = model.to(dtype)
    state = model.state_dict()  # with the versions of the modules, which MNASNet wants
    for key, value in published.filled({key: x.numpy() for key, x in state.items()}).items():
        state[key] = torch.from_numpy(value)
    model.load_state_dict(state)

    def given(array: Any) -> Any:
        made = torch.from_numpy(array)
        return made.to(dtype) if made.dtype == torch.float64 else made

    with torch.no_grad():
        x = given(published.picture(name))
        output = model.eval()(list(x) if published.is_detection(name) else x)
    found: dict[str, Any] = {"eval": published.summary(output)}
    if dtype == torch.float64:
        published.without_chance(model.train())
        x = given(published.training_picture(name))
        if published.is_detection(name):
            output = model(list(x), [{key: given(value) for key, value in one.items()}
                                     for one in published.targets(name)])
        else:
            output = model(x)
        loss = published.loss_of(name, output, given)
        loss.backward()
        found["train"] = published.summary(output)
        found["gradients"] = published.gradients(
            {key: p.grad.numpy() for key, p in model.named_parameters() if p.grad is not None})
    return found


def save(path: Any, data: dict[str, Any]) -> None:
    """A JSON file with a line for each model."""
    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    rows = []
    for key, value in data.items():
        if key == "models":
            inner = ",\n".join(f"  {line(name)}: {line(row)}" for name, row in value.items())
            rows.append(f'"models": {{\n{inner}\n}}')
        else:
            rows.append(f"{line(key)}: {line(value)}")
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    {"weights": write_weights, "models": write_models}[sys.argv[1]]()
