"""Vision's operations and drawings against torchvision's."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch

import facula
from facula.vision import ops, utils

torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed")
RNG = np.random.default_rng(0)


def regions(count: int, pictures: int) -> np.ndarray:
    corner, sides = RNG.uniform(-4, 40, (count, 2)), RNG.uniform(0, 40, (count, 2))
    number = RNG.integers(0, pictures, (count, 1))
    return np.concatenate([number, corner, corner + sides], 1)


def both(array: np.ndarray, device: str) -> tuple[Any, Any]:
    return (torch.tensor(array, requires_grad=True),
            facula.tensor(array, device=device).requires_grad_())


def close(got: Any, want: Any, limit: float) -> None:
    np.testing.assert_allclose(got.detach().cpu().numpy(), want.detach().numpy(), atol=limit)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["roi_align", "ps_roi_align", "roi_pool", "ps_roi_pool"])
def test_regions(name: str, dtype: str, device: str) -> None:
    limit = 1e-4 if dtype == "float32" else 1e-9
    for scale, ratio, aligned in itertools.product((1.0, 0.25), (-1, 2), (False, True)):
        x, fx = both(RNG.standard_normal((2, 8, 12, 15)).astype(dtype), device)
        boxes = regions(9, 2).astype(dtype)
        given: dict[str, Any] = {}
        if name.endswith("align"):
            given["sampling_ratio"] = ratio
        else:
            boxes[:, 1:] = np.round(boxes[:, 1:] * 2) / 2  # halves: how they are rounded matters
        if name == "roi_align":
            given["aligned"] = aligned
        want = getattr(torchvision.ops, name)(x, torch.tensor(boxes), 2, scale, **given)
        got = getattr(ops, name)(fx, facula.tensor(boxes, device=device), 2, scale, **given)
        close(got, want, limit)
        g = RNG.standard_normal(tuple(want.shape)).astype(dtype)
        want.backward(torch.tensor(g))
        got.backward(facula.tensor(g, device=device))
        if name == "ps_roi_pool":  # torchvision's backward counts a row that its forward does not
            inner = (fx.grad * fx.detach()).sum().item()
            assert inner == pytest.approx((got.detach().cpu().numpy() * g).sum(), abs=1e-3)
        else:
            close(fx.grad, x.grad, limit)


@pytest.mark.parametrize("limit", [0.1, 0.3, 0.5, 0.7])
def test_suppression(limit: float, device: str) -> None:
    for count in (1, 70, 300):
        boxes = regions(count, 1)[:, 1:].astype(np.float32)
        scores = RNG.random(count).astype(np.float32).round(2)
        groups = RNG.integers(0, 3, count)
        t, s, i = (torch.tensor(v) for v in (boxes, scores, groups))
        ft, fs, fi = (facula.tensor(v, device=device) for v in (boxes, scores, groups))
        assert ops.nms(ft, fs, limit).tolist() == torchvision.ops.nms(t, s, limit).tolist()
        got = ops.batched_nms(ft, fs, fi, limit).tolist()
        assert sorted(got) == sorted(torchvision.ops.batched_nms(t, s, i, limit).tolist())


@pytest.mark.parametrize("masked", [False, True])
def test_deformable_convolution(masked: bool, device: str) -> None:
    for groups, kinds, stride, pad, dilation in itertools.product((1, 2), (1, 2), (1, 2), (0, 1),
                                                                  (1, 2)):
        rows, columns = (8 + 2 * pad - 2 * dilation - 1) // stride + 1, (
            9 + 2 * pad - dilation - 1) // stride + 1
        arrays = [RNG.standard_normal(shape) for shape in (
            (2, 4, 8, 9), (2, 2 * kinds * 6, rows, columns), (6, 4 // groups, 3, 2), (6,),
            (2, kinds * 6, rows, columns))]
        arrays[1] *= 2
        pairs = [both(a, device) for a in arrays[:5 if masked else 4]]
        mine, other = [p[1] for p in pairs], [p[0] for p in pairs]
        want = torchvision.ops.deform_conv2d(*other[:4], stride, pad, dilation, *other[4:])
        got = ops.deform_conv2d(*mine[:4], stride, pad, dilation, *mine[4:])
        close(got, want, 1e-9)
        g = RNG.standard_normal(tuple(want.shape))
        want.backward(torch.tensor(g))
        got.backward(facula.tensor(g, device=device))
        for one, two in zip(mine, other, strict=True):
            close(one.grad, two.grad, 1e-9)


@pytest.mark.parametrize("kind", ["generalized", "distance", "complete"])
def test_overlaps_and_losses(kind: str) -> None:
    a, b = (regions(6, 1)[:, 1:] + np.array([0, 0, 1, 1]) for _ in range(2))
    close(getattr(ops, f"{kind}_box_iou")(facula.tensor(a), facula.tensor(b)),
          getattr(torchvision.ops, f"{kind}_box_iou")(torch.tensor(a), torch.tensor(b)), 1e-9)
    for reduction in ("none", "mean", "sum"):
        (t1, f1), (t2, f2) = both(a, "cpu"), both(b, "cpu")
        want = getattr(torchvision.ops, f"{kind}_box_iou_loss")(t1, t2, reduction)
        got = getattr(ops, f"{kind}_box_iou_loss")(f1, f2, reduction)
        close(got, want, 1e-9)
        want.sum().backward()
        got.sum().backward()
        close(f1.grad, t1.grad, 1e-9)
        close(f2.grad, t2.grad, 1e-9)


def test_pyramids() -> None:
    theirs = torchvision.ops.FeaturePyramidNetwork([4, 8], 6)
    mine = ops.FeaturePyramidNetwork([4, 8], 6)
    mine.load_state_dict({k: facula.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    maps = [RNG.standard_normal((1, c, s, s)).astype(np.float32) for c, s in ((4, 32), (8, 16))]
    want = theirs({str(i): torch.tensor(m) for i, m in enumerate(maps)})
    got = mine({str(i): facula.tensor(m) for i, m in enumerate(maps)})
    assert list(want) == list(got)
    for name in want:
        close(got[name], want[name], 1e-5)
    maps = [RNG.standard_normal((2, 4, s, s)).astype(np.float32) for s in (64, 32, 16)]
    boxes = [np.array(b, np.float32) for b in (
        [[0, 0, 9, 9], [3, 2, 100, 120], [5, 5, 250, 255]], [[3, 2, 30, 40]])]
    sizes = [(256, 256), (200, 256)]
    names = ["0", "1", "2"]
    want = torchvision.ops.MultiScaleRoIAlign(names, 5, 2)(
        {str(i): torch.tensor(m) for i, m in enumerate(maps)}, list(map(torch.tensor, boxes)),
        sizes)
    got = ops.MultiScaleRoIAlign(names, 5, 2)(
        {str(i): facula.tensor(m) for i, m in enumerate(maps)}, list(map(facula.tensor, boxes)),
        sizes)
    close(got, want, 1e-5)


def test_drawings() -> None:
    flow = RNG.standard_normal((2, 2, 30, 40)).astype(np.float32)
    want = torchvision.utils.flow_to_image(torch.tensor(flow)).numpy().astype(int)
    got = utils.flow_to_image(facula.tensor(flow)).numpy().astype(int)
    assert np.abs(got - want).max() <= 1
    picture = RNG.integers(0, 255, (3, 40, 50)).astype(np.uint8)
    boxes = np.array([[2, 3, 20, 30], [10, 5, 45, 38]], np.float32)
    points = np.array([[[5, 6], [30, 20], [40, 9]]], np.float32)
    masks = RNG.random((2, 40, 50)) > 0.7
    for name, args, given in (
            ("draw_bounding_boxes", (boxes,), {"colors": ["red", "blue"], "width": 2}),
            ("draw_bounding_boxes", (boxes,), {"colors": "lime", "fill": True}),
            ("draw_keypoints", (points,), {"colors": "red", "connectivity": [(0, 1), (1, 2)]}),
            ("draw_segmentation_masks", (masks,), {"colors": ["red", "blue"], "alpha": 0.5})):
        want, got = (getattr(library, name)(kind(picture), *map(kind, args), **given).numpy()
                     for library, kind in ((torchvision.utils, torch.tensor),
                                           (utils, facula.tensor)))
        assert np.abs(got.astype(int) - want.astype(int)).max() <= 1, name
