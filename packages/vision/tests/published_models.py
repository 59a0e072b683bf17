"""What torchvision's models are compared by: given weights, given pictures, summaries of results.

`published_models.json` holds what torchvision gives (its first line says which version), written by
`tools/torchvision_tables.py`, which imports this module as well: nothing here needs either library.
"""

import hashlib
import json
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).with_name("published_models.json")


def table() -> dict[str, dict[str, Any]]:
    """What torchvision gives, by the name of the model."""
    rows: dict[str, dict[str, Any]] = json.loads(PATH.read_text(encoding="utf-8"))["models"]
    return rows


def is_segmentation(name: str) -> bool:
    return name.startswith(("fcn_", "deeplabv3_", "lraspp_"))


def is_detection(name: str) -> bool:
    return name.startswith(("fasterrcnn", "maskrcnn", "keypointrcnn", "retinanet", "ssd", "fcos"))


def none_fetched(name: str) -> dict[str, Any]:
    """Arguments with which no file is fetched, and no long drawing of weights done."""
    if is_segmentation(name) or is_detection(name):
        return {"weights": None, "weights_backbone": None}
    if name in ("googlenet", "inception_v3"):
        return {"init_weights": False}
    return {}


def options(name: str) -> dict[str, Any]:
    """Arguments that make the model small or repeatable enough for a test."""
    if name.startswith("vit_"):
        return {"image_size": 2 * int(name.rpartition("_")[2])}
    if is_segmentation(name):
        return {} if name.startswith("lraspp") else {"aux_loss": True}
    if is_detection(name):
        return detection_options(name)
    return {}


def detection_options(name: str) -> dict[str, Any]:
    """Small pictures; all candidates take part in the losses, so that none is drawn by chance."""
    if name == "ssd300_vgg16":
        return {"image_std": [0.25] * 3}  # its own make the given weights' scores all 0 or 1
    if name.startswith("ssd"):
        return {}
    found: dict[str, Any] = {"min_size": 96, "max_size": 128}
    if "rcnn" in name:
        found |= {"rpn_batch_size_per_image": 10 ** 6, "box_batch_size_per_image": 10 ** 6,
                  "rpn_post_nms_top_n_train": 60, "rpn_post_nms_top_n_test": 60,
                  "rpn_pre_nms_top_n_train": 200, "rpn_pre_nms_top_n_test": 200,
                  "rpn_score_thresh": 0.0}
    return found


def side(name: str) -> int:
    """Height and width of the test's pictures."""
    if name.startswith("vit_"):
        return options(name)["image_size"]
    return {"maxvit_t": 224, "inception_v3": 107}.get(name, 64)


def picture(name: str) -> np.ndarray:
    """Two pictures."""
    pixels = np.random.RandomState(1).rand(2, 3, side(name), side(name))
    return pixels if is_detection(name) else pixels * 4 - 2


def training_picture(name: str) -> np.ndarray:
    """Two pictures to train on; Inception's auxiliary classifier needs larger ones."""
    if name == "inception_v3":
        return np.random.RandomState(1).rand(2, 3, 299, 299) * 4 - 2
    return picture(name)


def digest(state: Mapping[str, tuple[tuple[int, ...], str]]) -> str:
    """SHA-256 of the sorted lines `key shape dtype`."""
    lines = sorted(f"{key} {'x'.join(map(str, shape))} {dtype}\n"
                   for key, (shape, dtype) in state.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def in_double(count: int) -> bool:
    """Whether results are computed in float64: with so many parameters they are."""
    return count < 100_000_000


# Buffers that the model computes: they are compared through what it gives.
COMPUTED = ("relative_coords_table", "relative_position_index", "num_batches_tracked")


def filled(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Other values for a state dict, drawn by key from a stream that NumPy keeps for ever."""
    return {key: value if key.endswith(COMPUTED) else _drawn(key, value)
            for key, value in state.items()}


def _drawn(key: str, like: np.ndarray) -> np.ndarray:
    chance = np.random.RandomState(zlib.crc32(key.encode()))
    normal = np.resize(chance.standard_normal(min(like.size, 65521)), like.shape)
    if key.endswith("running_var"):
        values = 0.5 + np.abs(normal)
    elif key.endswith("running_mean"):
        values = 0.1 * normal
    elif like.ndim >= 2 and math.prod(like.shape[1:]) > 1:
        values = normal * math.sqrt(1.5 / math.prod(like.shape[1:]))
    elif key.endswith("bias"):
        values = 0.1 * normal
    else:
        values = 0.7 + 0.2 * normal  # factors of normalisations
    return values.astype(like.dtype)


def without_chance(model: Any) -> None:
    """Switch off all dropout and stochastic depth."""
    for module in model.modules():
        if type(module).__name__ in ("Dropout", "StochasticDepth"):
            module.p = 0.0


def parts(output: Any) -> dict[str, Any]:
    """An output as tensors by name: a tensor, a named tuple, a dictionary or a list of those."""
    if isinstance(output, Mapping):
        return dict(output)
    if isinstance(output, list):
        return {f"{i}.{key}": value for i, one in enumerate(output) for key, value in one.items()}
    if hasattr(output, "_asdict"):
        return output._asdict()
    return {"out": output}


def numbers(value: np.ndarray) -> dict[str, Any]:
    """What is kept of an array: its shape, its norm, and some of its values."""
    flat = np.asarray(value, np.float64).ravel()
    return {"shape": list(value.shape), "norm": float(np.sqrt((flat ** 2).sum())),
            "values": [float(x) for x in flat[np.linspace(0, len(flat) - 1, 6).astype(int)]]
            if len(flat) else []}


def summary(output: Any) -> dict[str, Any]:
    """The numbers of each part of an output."""
    return {key: numbers(value.detach().cpu().numpy()) for key, value in parts(output).items()}


def coefficients(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """What each number of an output is multiplied with in the loss."""
    return np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)


def targets(name: str) -> list[dict[str, np.ndarray]]:
    """The boxes, and what belongs to them, in the two pictures."""
    boxes = [[[4, 6, 40, 44], [20, 22, 60, 50]], [[10, 2, 50, 60]]]
    labels = [[1, 1 if "keypoint" in name else 3], [1 if "keypoint" in name else 2]]
    found = []
    for box, label in zip(boxes, labels, strict=True):
        one = {"boxes": np.array(box, np.float64), "labels": np.array(label, np.int64)}
        if name.startswith("maskrcnn"):
            masks = np.zeros((len(box), 64, 64), np.uint8)
            for mask, (left, top, right, bottom) in zip(masks, box, strict=True):
                mask[top + 4:bottom, left:right - 3] = 1
            one["masks"] = masks
        if name.startswith("keypointrcnn"):
            chance = np.random.RandomState(3)
            corner, size = one["boxes"][:, None, :2], (one["boxes"][:, 2:] - one["boxes"][:, :2])
            places = corner + chance.rand(len(box), 17, 2) * size[:, None]
            one["keypoints"] = np.concatenate(
                [places, np.ones((len(box), 17, 1))], -1).astype(np.float32)
        found.append(one)
    return found


def loss_of(name: str, output: Any, as_tensor: Any) -> Any:
    """A number that all parts of an output take part in."""
    pieces = parts(output)
    if is_detection(name):
        return sum(pieces.values())
    return sum((value * as_tensor(coefficients(key, tuple(value.shape)))).sum()
               for key, value in pieces.items())


def gradients(found: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The norms of all gradients together, and of eight of them by the parameter's name."""
    names = list(found)
    chosen = [names[i] for i in np.linspace(0, len(names) - 1, 8).astype(int)]
    norms = {key: float(np.sqrt((value.astype(np.float64) ** 2).sum()))
             for key, value in found.items()}
    return {"count": len(names), "all": math.sqrt(sum(x * x for x in norms.values())),
            **{key: norms[key] for key in chosen}}
