"""Transforms v2 against torchvision: pictures, masks, boxes and points of one sample."""

import inspect
from typing import Any

import numpy as np
import pytest
import torch

import facula
from facula.vision import tv_tensors as ours
from facula.vision.transforms import v2 as ours_v2

torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed")
theirs = pytest.importorskip("torchvision.tv_tensors")
theirs_v2 = pytest.importorskip("torchvision.transforms.v2")

HEIGHT, WIDTH = 21, 30
CANVAS = (HEIGHT, WIDTH)
RNG = np.random.default_rng(0)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
PICTURE = np.stack([127 + 120 * np.sin(x / a + y / b) for a, b in ((5, 9), (7, 4), (9, 11))])
BOXES = np.array([[1, 2, 5, 7], [0, 3, 29, 9], [12, 15, 25, 20], [4, 4, 4, 4]], np.float32)
POINTS = np.array([[1, 2], [20, 13], [28, 19], [0, 0]], np.float32)
MOVES = (RNG.random((1, HEIGHT, WIDTH, 2)) * 0.2 - 0.1).astype(np.float32)
MASK = RNG.integers(0, 5, (1, HEIGHT, WIDTH)).astype(np.uint8)
START = [[0, 0], [29, 0], [29, 20], [0, 20]]
END = [[2, 1], [27, 3], [28, 18], [1, 15]]

PLACES = {
    "resize": [([11, 40],), ([12],), ([11], "bilinear", 30)],
    "horizontal_flip": [()], "vertical_flip": [()],
    "crop": [(3, 4, 10, 12), (-3, 20, 30, 12)],
    "center_crop": [([11, 13],), ([25, 13],)],
    "resized_crop": [(3, 4, 10, 12, [20, 18])],
    "pad": [([1, 2, 3, 4],), ([2, 3], 7)],
    "affine": [(12, [2, -3], 1.2, [5, -4]), (30, [0, 0], 0.8, [0, 0], "nearest", None, [3, 4])],
    "rotate": [(30,), (30, "nearest", True), (-17, "nearest", False, [2, 5])],
    "perspective": [(START, END)],
    "elastic": [("moves",)],
}
CASES = [pytest.param(name, args, id=f"{name}-{i}") for name, several in PLACES.items()
         for i, args in enumerate(several)]


def called(functional: Any, name: str, args: Any, inpt: Any, make: Any) -> Any:
    return getattr(functional, name)(inpt, *[make(MOVES) if isinstance(a, str) and a == "moves"
                                             else a for a in args])


def expands(name: str, args: Any) -> bool:
    return name == "rotate" and len(args) > 2 and args[2]


def check_canvas(name: str, args: Any, got: Any, want: Any) -> None:
    """As torchvision's, but for rotations that expand: there only its pictures have this size."""
    if expands(name, args):
        picture = theirs_v2.functional.rotate(torch.zeros(1, *CANVAS), *args)
        assert got.canvas_size == tuple(picture.shape[1:])
    else:
        assert got.canvas_size == tuple(want.canvas_size)


@pytest.mark.parametrize(("name", "args"), CASES)
@pytest.mark.parametrize("form", ["XYXY", "XYWH", "CXCYWH"])
@pytest.mark.parametrize("clamping", ["soft", None])
def test_boxes(name: str, args: Any, form: str, clamping: str | None) -> None:
    for dtype in (np.float32, np.int64):
        data = (BOXES if form == "XYXY" else
                torchvision.ops.box_convert(torch.tensor(BOXES), "xyxy", form.lower()).numpy())
        data = data.astype(dtype)
        want = called(theirs_v2.functional, name, args, theirs.BoundingBoxes(
            data, format=form, canvas_size=CANVAS, clamping_mode=clamping), torch.tensor)
        got = called(ours_v2.functional, name, args, ours.BoundingBoxes(
            data, format=form, canvas_size=CANVAS, clamping_mode=clamping), facula.tensor)
        check_canvas(name, args, got, want)
        assert (got.format.value, got.clamping_mode) == (form, clamping)
        assert got.dtype is facula.tensor(data).dtype
        # integers are cut after each step, from two corners to the centre, too
        limit = 1e-3 if dtype == np.float32 else 1 if form != "CXCYWH" else 2
        limit += 1 if expands(name, args) else 0
        np.testing.assert_allclose(got.numpy(), want.numpy(), atol=limit)


@pytest.mark.parametrize(("name", "args"), CASES)
def test_points(name: str, args: Any) -> None:
    want = called(theirs_v2.functional, name, args,
                  theirs.KeyPoints(POINTS, canvas_size=CANVAS), torch.tensor)
    got = called(ours_v2.functional, name, args,
                 ours.KeyPoints(POINTS, canvas_size=CANVAS), facula.tensor)
    check_canvas(name, args, got, want)
    np.testing.assert_allclose(got.numpy(), want.numpy(), atol=1 if expands(name, args) else 1e-3)


@pytest.mark.parametrize(("name", "args"), CASES)
def test_masks(name: str, args: Any) -> None:
    want = called(theirs_v2.functional, name, args, theirs.Mask(MASK), torch.tensor)
    got = called(ours_v2.functional, name, args, ours.Mask(MASK), facula.tensor)
    assert isinstance(got, ours.Mask)
    assert got.dtype is facula.uint8
    assert tuple(got.shape) == tuple(want.shape)
    assert (got.numpy() != want.numpy()).mean() < 0.02  # where two pixels are equally near


COLOURS = {
    "adjust_brightness": (1.3,), "adjust_contrast": (0.6,), "adjust_saturation": (1.7,),
    "adjust_hue": (0.2,), "adjust_gamma": (0.7,), "adjust_sharpness": (1.8,),
    "rgb_to_grayscale": (3,), "invert": (), "posterize": (3,), "autocontrast": (), "equalize": (),
    "gaussian_blur": ([5, 3], [1.0, 0.7]), "permute_channels": ([2, 0, 1],),
}
PICTURES = CASES + [pytest.param(name, args, id=name) for name, args in COLOURS.items()]


@pytest.mark.parametrize(("name", "args"), PICTURES)
@pytest.mark.parametrize("floating", [False, True])
def test_pictures(name: str, args: Any, floating: bool) -> None:
    data = (PICTURE / 255).astype(np.float32) if floating else PICTURE.astype(np.uint8)
    want = called(theirs_v2.functional, name, args, theirs.Image(data), torch.tensor)
    got = called(ours_v2.functional, name, args, ours.Image(data), facula.tensor)
    assert isinstance(got, ours.Image)
    assert tuple(got.shape) == tuple(want.shape)
    off = np.abs(got.numpy().astype(float) - want.numpy().astype(float))
    limit = (2 / 255 if floating else 2) if name == "adjust_hue" else 1e-3 if floating else 1
    assert (off > limit).mean() < 0.02  # nearest: where two pixels are equally near


@pytest.mark.parametrize("clamping", ["auto", "soft", None])
def test_formats_cuts_and_drops(clamping: str | None) -> None:
    wild = BOXES + np.array([-3, 0, 8, 3], np.float32)
    pair = [kind.BoundingBoxes(wild, format="XYXY", canvas_size=CANVAS) for kind in (theirs, ours)]
    for new in ("XYWH", "CXCYWH", "XYXY"):
        want, got = (v2.functional.convert_bounding_box_format(b, new_format=new)
                     for v2, b in zip((theirs_v2, ours_v2), pair, strict=True))
        np.testing.assert_allclose(got.numpy(), want.numpy())
        want, got = (v2.functional.clamp_bounding_boxes(b, clamping_mode=clamping)
                     for v2, b in zip((theirs_v2, ours_v2), (want, got), strict=True))
        np.testing.assert_allclose(got.numpy(), want.numpy(), atol=1e-5)
    want, got = (v2.functional.sanitize_bounding_boxes(b)[1]
                 for v2, b in zip((theirs_v2, ours_v2), pair, strict=True))
    assert got.tolist() == want.tolist()
    points = POINTS + np.array([3, -1], np.float32)
    for name in ("clamp_keypoints", "sanitize_keypoints"):
        want, got = (getattr(v2.functional, name)(kind.KeyPoints(points, canvas_size=CANVAS))
                     for v2, kind in ((theirs_v2, theirs), (ours_v2, ours)))
        for a, b in zip(*(v if isinstance(v, tuple) else (v,) for v in (want, got)), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_every_name_is_there() -> None:
    """Kernels for one class (`resize_image`) are reached through the functional."""
    kinds = ("_image", "_mask", "_video", "_bounding_boxes", "_keypoints")
    names = {n for n, v in vars(theirs_v2.functional).items()
             if callable(v) and not n.startswith("_") and not n.endswith(kinds)}
    assert names - set(ours_v2.functional.__all__) == set()
    classes = {n for n in dir(theirs_v2) if isinstance(getattr(theirs_v2, n), type)}
    assert classes - set(ours_v2.__all__) == set()


def test_signatures_and_defaults() -> None:
    for name in ours_v2.__all__:
        one, two = getattr(theirs_v2, name), getattr(ours_v2, name)
        if not isinstance(two, type) or name in ("InterpolationMode", "AutoAugmentPolicy"):
            continue
        first, second = (inspect.signature(c.__init__).parameters for c in (one, two))
        if name in ("Identity", "RGB", "Transform") or list(first)[1:] == ["args", "kwargs"]:
            continue
        want = {n: p.default for n, p in first.items() if n not in ("self", "args", "kwargs")}
        have = {n: p.default for n, p in second.items() if n not in ("self", "args", "kwargs")}
        assert list(want) == list(have), name
        for key, value in want.items():
            if isinstance(value, (int, float, tuple, type(None), str)) and key != "fill":
                assert getattr(have[key], "value", have[key]) == value, (name, key)
