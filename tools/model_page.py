"""Writes the documentation's page of networks for pictures: parameters, published weights."""

from __future__ import annotations

from facula.vision import models

OPENING = """# Networks for pictures

`facula.vision.models` has torchvision's networks with its constructors, key names and published
weights, so that its files load as they are:

```python
from facula.vision.models import ResNet50_Weights, resnet50

weights = ResNet50_Weights.DEFAULT
model = resnet50(weights=weights).eval()   # fetched once, checked, kept
prepare = weights.transforms()             # resizes, crops and normalises as the weights want it
best = model(prepare(picture).unsqueeze(0)).argmax()
print(weights.meta["categories"][best])
```

`get_model("resnet50", weights="DEFAULT")` does the same by name; `list_models`, `get_model_weights`
and `get_weight` tell what there is. Networks in `segmentation` and `detection` fetch the weights
of their backbone unless `weights_backbone=None`. In brackets: the share of ImageNet's pictures
(or the measure named) that the weights' authors state.
"""
SECTIONS = (("Classification", models), ("Segmentation", models.segmentation),
            ("Detection", models.detection))


def measure(weights: models.WeightsEnum) -> str:
    """The first published measure of a set of weights, or nothing."""
    for values in weights.meta.get("_metrics", {}).values():
        for name, value in values.items():
            if value == value:  # NaN where nothing was measured
                return f" ({name} {value:g})"
    return ""


def row(name: str) -> str:
    """A model's line of the table."""
    found = list(models.get_model_weights(name))
    names = ", ".join(f"`{one.name}`{measure(one)}" for one in found)
    return f"| `{name}` | {found[0].meta['num_params']:,} | {names} |"


def page() -> str:
    """The page, in Markdown."""
    parts = [OPENING]
    for title, module in SECTIONS:
        parts.append(f"## {title}\n\n| model | parameters | weights |\n|---|--:|---|\n"
                     + "\n".join(row(name) for name in models.list_models(module)) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page())
