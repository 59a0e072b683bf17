"""Non-maximum suppression against its definition, and losses of overlap against formulas."""

import math

import numpy as np
import pytest

from facula import core
from facula.autograd import gradcheck
from facula.vision import ops


def boxes(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner, sides = rng.uniform(0, 50, (n, 2)), rng.uniform(1, 30, (n, 2))
    return np.concatenate([corner, corner + sides], 1)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    w = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return w * h / (sum(area) - w * h)


def chosen(b: np.ndarray, scores: np.ndarray, groups: np.ndarray, limit: float) -> list[int]:
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if all(groups[i] != groups[j] or iou(b[i], b[j]) <= limit for j in kept):
            kept.append(int(i))
    return kept


@pytest.mark.parametrize("dtype", [core.float32, core.float64])
@pytest.mark.parametrize("count", [0, 1, 63, 64, 150])
def test_the_boxes_that_stay(count: int, dtype: core.dtype, device: str) -> None:
    b = boxes(count).astype(dtype.numpy)
    rng = np.random.default_rng(3)
    scores = rng.random(count).round(2)  # some are equal: the first of them comes first
    groups = rng.integers(0, 3, count)
    t, s, g = (core.tensor(x, device=device) for x in (b, scores, groups))
    assert ops.nms(t, s, 0.3).tolist() == chosen(b, scores, np.zeros(count), 0.3)
    assert ops.batched_nms(t, s, g, 0.3).tolist() == chosen(b, scores, groups, 0.3)
    assert ops.nms(t, s, 0.3).dtype is core.int64


def test_a_threshold_is_met_exactly(device: str) -> None:
    b = core.tensor([[0.0, 0, 10, 10], [0, 0, 10, 7]], device=device)  # overlap: float32 of 0.7
    s = core.tensor([0.9, 0.8], device=device)
    over = float(np.float32(70) / np.float32(100))  # below 0.7
    assert ops.nms(b, s, 0.7).tolist() == [0, 1]
    assert ops.nms(b, s, over).tolist() == [0, 1]
    assert ops.nms(b, s, np.nextafter(over, 0.0)).tolist() == [0]


def test_boxes_of_integers_views_and_without_area(device: str) -> None:
    b = core.tensor([[9, 0, 0, 4, 4], [9, 0, 0, 4, 3], [9, 5, 5, 5, 5]], device=device)[:, 1:]
    s = core.tensor([0.8, 0.9, 0.1], device=device)
    assert ops.nms(b, s, 0.5).tolist() == [1, 2]


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"nms: boxes have shape \(3, 4\) and scores \(2,\)"):
        ops.nms(core.zeros(3, 4), core.zeros(2), 0.5)
    with pytest.raises(ValueError, match=r"batched_nms: idxs has shape \(2,\)"):
        ops.batched_nms(core.zeros(3, 4), core.zeros(3), core.zeros(2), 0.5)
    with pytest.raises(ValueError, match="they must be equal"):
        ops.complete_box_iou_loss(core.zeros(3, 4), core.zeros(2, 4))
    with pytest.raises(ValueError, match="reduction='best'"):
        ops.distance_box_iou_loss(core.zeros(3, 4), core.zeros(3, 4), "best")
    with pytest.raises(ValueError, match="alpha=3"):
        ops.sigmoid_focal_loss(core.zeros(3), core.zeros(3), 3)


def formulas(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """Generalized, distance and complete overlap of two boxes."""
    w, h = max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])
    both = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    overlap = iou(a, b)
    union = sum(both) / (1 + overlap)
    gap = ((a[0] + a[2] - b[0] - b[2]) / 2) ** 2 + ((a[1] + a[3] - b[1] - b[3]) / 2) ** 2
    far = overlap - gap / (w * w + h * h)
    angles = [math.atan((c[2] - c[0]) / (c[3] - c[1])) for c in (a, b)]
    v = 4 / math.pi ** 2 * (angles[0] - angles[1]) ** 2
    return overlap - (w * h - union) / (w * h), far, far - v * v / (1 - overlap + v)


def test_measures_of_overlap(device: str) -> None:
    a, b = boxes(7), boxes(7, 1)
    want = np.array([[formulas(p, q) for q in b] for p in a])
    one, two = core.tensor(a, device=device), core.tensor(b, device=device)
    names = ("generalized", "distance", "complete")
    for i, name in enumerate(names):
        pairs = getattr(ops, f"{name}_box_iou")(one, two).cpu().numpy()
        np.testing.assert_allclose(pairs, want[..., i], atol=1e-5)
        loss = getattr(ops, f"{name}_box_iou_loss")
        np.testing.assert_allclose(loss(one, two).cpu().numpy(), 1 - np.diag(want[..., i]),
                                   atol=1e-5)
        assert loss(one, two, "mean").item() == pytest.approx((1 - np.diag(want[..., i])).mean())
        assert loss(one[:0], two[:0], "mean").item() == 0


@pytest.mark.parametrize("loss", [ops.generalized_box_iou_loss, ops.distance_box_iou_loss])
def test_gradients_of_losses(loss) -> None:
    one = core.tensor(boxes(5)).requires_grad_()
    two = core.tensor(boxes(5, 1)).requires_grad_()
    assert gradcheck(loss, (one, two))


def test_other_forms() -> None:
    a, b = boxes(4), boxes(3, 1)
    for form in ("xywh", "cxcywh"):
        one, two = (ops.box_convert(core.tensor(x), "xyxy", form) for x in (a, b))
        np.testing.assert_allclose(ops.box_iou(one, two, fmt=form).numpy(),
                                   [[iou(p, q) for q in b] for p in a])
        np.testing.assert_allclose(ops.box_area(one, fmt=form).numpy(),
                                   (a[:, 2:] - a[:, :2]).prod(1))
    with pytest.raises(ValueError, match="box_area: unknown form 'cwh'"):
        ops.box_area(core.tensor(a), "cwh")
