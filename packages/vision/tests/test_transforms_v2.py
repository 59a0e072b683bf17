"""Transforms of whole samples: what moves together stays together, and what errors say."""

import copy
import pickle
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from PIL import Image

from facula import core, nn
from facula.vision import tv_tensors as tv
from facula.vision.transforms import v2
from facula.vision.transforms.v2 import functional as F

SIZE = (24, 32)


def sample(device: str = "cpu") -> dict:
    """A picture with three bright rectangles, their boxes, masks, middle pixels and labels."""
    boxes = np.array([[3, 4, 9, 10], [14, 6, 30, 12], [20, 15, 25, 23]])
    picture = np.zeros((3, *SIZE), np.uint8)
    masks = np.zeros((3, *SIZE), bool)
    for i, (x1, y1, x2, y2) in enumerate(boxes):
        picture[i, y1:y2, x1:x2] = 200
        masks[i, y1:y2, x1:x2] = True
    middles = (boxes[:, :2] + boxes[:, 2:]) // 2
    return {"image": tv.Image(picture, device=device), "masks": tv.Mask(masks, device=device),
            "boxes": tv.BoundingBoxes(boxes.astype(np.float32), format="XYXY", canvas_size=SIZE,
                                      device=device),
            "points": tv.KeyPoints(middles, canvas_size=SIZE, device=device),
            "labels": core.tensor([5, 6, 7], device=device), "name": "a picture"}


GEOMETRY = {
    "resize": v2.Resize((48, 50)), "resize short": v2.Resize(15), "center": v2.CenterCrop((20, 40)),
    "crop": v2.RandomCrop((20, 25), padding=3), "resized crop": v2.RandomResizedCrop((30, 28)),
    "pad": v2.Pad([1, 2, 3, 4]), "flip": v2.RandomHorizontalFlip(p=1),
    "upside down": v2.RandomVerticalFlip(p=1), "rotate": v2.RandomRotation(30),
    "expand": v2.RandomRotation((40, 40), expand=True),
    "affine": v2.RandomAffine(20, (0.1, 0.1), (0.8, 1.3), 5),
    "perspective": v2.RandomPerspective(0.3, p=1), "zoom": v2.RandomZoomOut(p=1),
    "jitter": v2.ScaleJitter((40, 40), (0.7, 1.5)), "shortest": v2.RandomShortestSize([20, 30], 40),
    "random size": v2.RandomResize(20, 40), "iou": v2.RandomIoUCrop(),
}


@pytest.mark.parametrize("name", GEOMETRY)
def test_what_belongs_together_stays_together(name: str, device: str) -> None:
    core.manual_seed(sum(map(ord, name)))
    before = sample(device)
    kept = copy.deepcopy(before)
    after = GEOMETRY[name](before)
    for key, value in kept.items():
        assert key == "name" or core.equal(before[key], value), f"{key} was changed in place"
    image, masks, boxes, points = (after[k] for k in ("image", "masks", "boxes", "points"))
    size = tuple(image.shape[-2:])
    assert (type(image), type(masks), type(boxes)) == (tv.Image, tv.Mask, tv.BoundingBoxes)
    assert tuple(masks.shape[-2:]) == boxes.canvas_size == points.canvas_size == size
    assert image.device == before["image"].device
    assert after["labels"] is before["labels"]
    shown = image.cpu().numpy()
    for i, (box, mask) in enumerate(zip(boxes.cpu().numpy(), masks.cpu().numpy(), strict=True)):
        bright = shown[i] > 100
        assert (bright != mask).mean() < 0.05
        rows, columns = np.nonzero(mask)
        if not len(rows) or (box == 0).all():
            continue
        around = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        slack = 4 if name in ("rotate", "affine", "expand", "perspective") else 1.6
        assert np.abs(box - around).max() <= slack
        x, y = points[i].tolist()
        if name not in ("resized crop", "crop", "iou", "center") and min(
                box[2] - box[0], box[3] - box[1]) > 4:
            assert mask[int(y), int(x)]


@pytest.mark.parametrize("change", [
    v2.ColorJitter(0.3, 0.3, 0.3, 0.1), v2.Grayscale(3), v2.RandomGrayscale(1), v2.RGB(),
    v2.RandomPhotometricDistort(p=1), v2.RandomChannelPermutation(), v2.RandomEqualize(1),
    v2.RandomInvert(1), v2.RandomPosterize(3, 1), v2.RandomSolarize(99, 1),
    v2.RandomAutocontrast(1), v2.RandomAdjustSharpness(1.5, 1), v2.GaussianBlur(3),
    v2.GaussianNoise(sigma=0.1), v2.RandomErasing(1), v2.JPEG(40)], ids=lambda t: type(t).__name__)
def test_colours_leave_places_alone(change: v2.Transform, device: str) -> None:
    before = sample(device)
    after = change(before)
    assert isinstance(after["image"], tv.Image)
    assert after["image"].shape[-2:] == before["image"].shape[-2:]
    assert after["image"].dtype is core.uint8
    for key in ("masks", "boxes", "points", "labels", "name"):
        assert after[key] is before[key]


Pair = namedtuple("Pair", "x y")


def test_any_form_of_sample() -> None:
    double = v2.Lambda(lambda x: x * 2, int)
    given = {"a": [1, (2, "b")], "c": OrderedDict(d=3), "e": Pair(4, None)}
    got = double(given)
    assert got == {"a": [2, (4, "b")], "c": OrderedDict(d=6), "e": Pair(8, None)}
    assert isinstance(got["e"], Pair)
    assert isinstance(got["c"], OrderedDict)
    assert double(1, 2, [3]) == (2, 4, [6])


def test_which_plain_tensors_are_pictures() -> None:
    flip = v2.RandomHorizontalFlip(p=1)
    row = core.tensor([[1, 2, 3]])
    first, second = flip(row, row)
    assert (first.tolist(), second.tolist()) == ([[3, 2, 1]], [[1, 2, 3]])
    image, plain = flip(tv.Image(row), row)
    assert (image.tolist(), plain.tolist()) == ([[[3, 2, 1]]], [[1, 2, 3]])
    pil, plain = flip(Image.fromarray(np.array([[1, 2, 3]], np.uint8)), row)
    assert (np.asarray(pil).tolist(), plain.tolist()) == ([[3, 2, 1]], [[1, 2, 3]])


def test_operations_give_plain_tensors_and_some_keep_the_class(device: str) -> None:
    boxes = tv.BoundingBoxes([[1, 2, 3, 4]], format="xywh", canvas_size=(8, 9))
    assert type(boxes + 1) is core.Tensor
    for same in (boxes.clone(), boxes.to(device), boxes.detach(), copy.deepcopy(boxes),
                 pickle.loads(pickle.dumps(boxes)), boxes.to(core.float64)):
        assert type(same) is tv.BoundingBoxes
        assert (same.format.value, same.canvas_size, same.clamping_mode) == ("XYWH", (8, 9), "soft")
    assert boxes.to(device).device.type == core.device(device).type
    image = tv.Image(core.ones(1, 2, 2), requires_grad=True)
    v2.Resize(4)(image).sum().backward()
    assert image.grad.sum().item() == pytest.approx(16)
    data = core.zeros(1, 2, 2)
    tv.Image(data)[:] = 1
    assert data.sum().item() == 4
    assert "canvas_size=(8, 9)" in repr(boxes)
    assert tv.Image(Image.new("RGB", (4, 3))).shape == (3, 3, 4)


def test_writes_in_place_reach_the_graph_from_both_sides() -> None:
    for write_to in ("image", "tensor"):
        x = core.ones(1, 2, 2, requires_grad=True)
        y = x * 2
        image = tv.Image(y)
        (image if write_to == "image" else y).mul_(3)
        (y.sum() + image.sum()).backward()
        assert x.grad.tolist() == [[[12.0, 12.0], [12.0, 12.0]]]


def test_labels_go_with_their_boxes() -> None:
    before = sample()
    before["boxes"] = tv.wrap(before["boxes"] - core.tensor([5.0, 0, 5, 0]), like=before["boxes"])
    after = v2.SanitizeBoundingBoxes()(before)
    assert after["labels"].tolist() == [6, 7]
    assert (len(after["boxes"]), len(after["masks"])) == (2, 2)
    assert len(v2.SanitizeBoundingBoxes(labels_getter=None)(before)["labels"]) == 3
    got = v2.SanitizeBoundingBoxes(labels_getter=lambda s: (s["labels"], s["more"]))(
        {**before, "more": core.arange(3)})
    assert got["more"].tolist() == [1, 2]
    two = v2.SanitizeBoundingBoxes()(before["image"], {k: before[k] for k in ("boxes", "labels")})
    assert two[1]["labels"].tolist() == [6, 7]
    points = v2.SanitizeKeyPoints()({"p": tv.KeyPoints([[1, 2], [40, 2]], canvas_size=SIZE)})["p"]
    assert points.tolist() == [[1, 2]]


@pytest.mark.parametrize("kind", [v2.MixUp, v2.CutMix])
@pytest.mark.parametrize("labels", ["numbers", "shares"])
def test_mixtures(kind: type, labels: str, device: str) -> None:
    core.manual_seed(3)
    count = 6
    x = core.arange(count, dtype=core.float32, device=device).reshape(-1, 1, 1, 1)
    x = tv.Image(x.expand(count, 1, 8, 10).contiguous())
    y = core.arange(count, device=device)
    if labels == "shares":
        y = nn.functional.one_hot(y, count).float()
    mixed, shares = kind(num_classes=count)({"image": x, "labels": y}).values()
    assert isinstance(mixed, tv.Image)
    np.testing.assert_allclose(shares.sum(1).cpu().numpy(), 1, rtol=1e-6)
    share = shares[1, 1].item()
    assert 0 < share < 1
    assert shares[1, 0].item() == pytest.approx(1 - share)
    means = mixed.mean((1, 2, 3)).cpu().numpy()
    np.testing.assert_allclose(means, [share * i + (1 - share) * ((i - 1) % count)
                                       for i in range(count)], rtol=1e-5, atol=1e-5)


def test_policies_change_the_picture_alone() -> None:
    core.manual_seed(0)
    x = tv.Image(core.randint(0, 256, (3, 16, 16)).to(core.uint8))
    for policy in (v2.AutoAugment(), v2.RandAugment(3), v2.TrivialAugmentWide(), v2.AugMix()):
        image, label = policy(x, 3)
        assert (type(image), tuple(image.shape), label) == (tv.Image, (3, 16, 16), 3)
        assert policy(Image.new("RGB", (9, 9))).size == (9, 9)
        with pytest.raises(TypeError, match="is not for Mask"):
            policy(sample())


def test_types() -> None:
    chain = v2.Compose([v2.ToImage(), v2.ToDtype(core.float32, scale=True),
                        v2.Normalize([0.5], [0.25]), v2.ToPureTensor()])
    got, label = chain(Image.new("L", (2, 1), 255), 3)
    assert type(got) is core.Tensor
    assert (got.tolist(), label) == ([[[2.0, 2.0]]], 3)
    by_class = v2.ToDtype({tv.Image: core.float32, tv.Mask: core.int64, "others": None}, scale=True)
    after = by_class(sample())
    assert (after["image"].dtype, after["masks"].dtype) == (core.float32, core.int64)
    assert after["image"].amax().item() == pytest.approx(200 / 255)
    assert isinstance(v2.ToPILImage()(sample())["image"], Image.Image)
    assert v2.FiveCrop(4)(tv.Image(core.zeros(1, 8, 8)))[4].shape == (1, 4, 4)
    video = tv.Video(core.arange(8.0).reshape(8, 1, 1, 1))
    assert v2.UniformTemporalSubsample(3)(video).reshape(-1).tolist() == [0, 3, 7]
    assert isinstance(v2.Resize(4)(video), tv.Video)


def test_boxes_formats_and_fills() -> None:
    after = v2.Compose([v2.ConvertBoundingBoxFormat("cxcywh"), v2.SetClampingMode(None),
                        v2.Pad(2, fill={tv.Image: 9, "others": 0})])(sample())
    assert after["boxes"][0].tolist() == [8, 9, 6, 6]
    assert after["boxes"].clamping_mode is None
    assert (after["image"][0, 0, 0].item(), after["masks"][0, 0, 0].item()) == (9, False)
    with pytest.raises(ValueError, match="there is none for Mask"):
        v2.Pad(2, fill={tv.Image: 9})(sample())
    wild = tv.BoundingBoxes([[-3, 2, 99, 9]], format="XYXY", canvas_size=SIZE)
    assert v2.ClampBoundingBoxes()(wild).tolist() == [[0, 2, 32, 9]]
    assert v2.ClampKeyPoints()(tv.KeyPoints([-3, 99], canvas_size=SIZE)).tolist() == [[0, 23]]
    assert F.get_size(wild) == list(SIZE)
    plain = F.clamp_bounding_boxes(core.tensor([[0, 0, 99, 9]]), "XYWH", SIZE)
    assert plain.tolist() == [[0, 0, 32, 9]]


@pytest.mark.parametrize(("call", "says"), [
    (lambda: tv.BoundingBoxes([[1, 2, 3]], format="XYXY", canvas_size=SIZE), r"shape \(N, 4\)"),
    (lambda: tv.BoundingBoxes([1, 2, 3, 4], format="yx", canvas_size=SIZE), "unknown format 'yx'"),
    (lambda: tv.Video(core.zeros(3, 4, 4)), r"needs shape \(..., T, C, H, W\)"),
    (lambda: tv.KeyPoints([[1, 2, 3]], canvas_size=SIZE), r"shape \(..., 2\)"),
    (lambda: F.sanitize_bounding_boxes(core.zeros(2, 4)), "must be given with a plain tensor"),
    (lambda: F.pad(sample()["boxes"], 2, padding_mode="reflect"), "is not for boxes and points"),
    (lambda: F.permute_channels(core.zeros(3, 2, 2), [0, 0, 1]), "each of the 3 channels once"),
    (lambda: v2.RandomCrop(4)({"image": tv.Image(core.zeros(1, 8, 8)),
                               "masks": tv.Mask(core.zeros(9, 9))}), "have 2 sizes"),
    (lambda: v2.MixUp()(core.zeros(2, 1, 2, 2), core.arange(2)), "num_classes must be given"),
    (lambda: v2.CutMix(num_classes=2)(core.zeros(3, 1, 2, 2), core.arange(2)), "as many as there"),
    (lambda: v2.SanitizeBoundingBoxes()({"boxes": sample()["boxes"], "x": 1}), "found no labels"),
    (lambda: v2.JPEG(0), "from 1 to 100"),
    (lambda: v2.RandomZoomOut(side_range=(0.5, 2)), "from 1 on"),
])
def test_values_that_are_wrong(call, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize(("call", "says"), [
    (lambda: F.adjust_hue(sample()["boxes"], 0.1), "there is no kernel for BoundingBoxes"),
    (lambda: F.resize("picture", 3), "must be a Tensor or a PIL image"),
    (lambda: v2.RandomIoUCrop()(core.zeros(3, 4, 4)), "must hold a picture and BoundingBoxes"),
    (lambda: v2.TenCrop(3)(sample()), "is not for Mask"),
    (lambda: v2.Normalize([0], [1])(Image.new("L", (2, 2))), "is not for PIL images"),
])
def test_types_that_are_wrong(call, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        call()


class Depth(tv.TVTensor):
    """A class of one's own."""


def test_kernels_of_ones_own() -> None:
    depth = Depth(core.tensor([[1.0, 2.0]]))
    with pytest.raises(TypeError, match="no kernel for Depth"):
        F.vertical_flip(depth)
    assert v2.RandomVerticalFlip(p=1)(depth) is depth

    @F.register_kernel(F.vertical_flip, Depth)
    def flip(inpt: Depth) -> Depth:
        return tv.wrap(inpt * -1, like=inpt)

    assert v2.RandomVerticalFlip(p=1)(depth).tolist() == [[-1.0, -2.0]]
    with pytest.raises(ValueError, match="one of facula's own classes"):
        F.register_kernel(F.vertical_flip, tv.Image)


def test_one_seed_one_result_and_workers_can_have_them() -> None:
    change = v2.Compose([v2.RandomResizedCrop(9), v2.RandomRotation(20), v2.ColorJitter(0.5)])
    other = pickle.loads(pickle.dumps(change))
    core.manual_seed(4)
    one = change(sample())
    core.manual_seed(4)
    two = other(sample())
    for key in ("image", "masks", "boxes"):
        assert core.equal(one[key], two[key])
    assert repr(change) == repr(other)
    chain = nn.Sequential(v2.Resize(4), v2.RandomHorizontalFlip())
    assert chain(core.zeros(3, 8, 8)).shape == (3, 4, 4)


def test_containers_hand_over_all_arguments_and_are_modules():
    def swapped(image, label):
        return image + 1, label * 2

    both = v2.Compose([swapped, v2.RandomApply([swapped], p=1.0), v2.RandomOrder([swapped]),
                       v2.RandomChoice([swapped], p=[3])])
    image, label = both(core.zeros(1, 1, 1), 1)
    assert image.item() == 4 and label == 16
    assert all(isinstance(t, (nn.Module, v2.Transform)) for t in both.transforms[1:])
    out = nn.Sequential(v2.Compose([v2.Identity()]), v2.RandomHorizontalFlip(1.0))(
        core.tensor([[[1, 2]]]))
    assert out.tolist() == [[[2, 1]]]
    with pytest.raises(TypeError, match=r"Compose.*sequence"):
        v2.Compose(v2.Identity())
    with pytest.raises(ValueError, match=r"Compose.*empty"):
        v2.Compose([])
    with pytest.raises(ValueError, match="p=2"):
        v2.RandomApply([v2.Identity()], p=2)


def test_representations():
    assert repr(v2.Compose([v2.CenterCrop(3), v2.ToDtype(core.float32, scale=True)])) == (
        "Compose(\n      CenterCrop(size=(3, 3))\n      ToDtype(scale=True)\n)")
    assert repr(v2.RandomZoomOut()) == "RandomZoomOut(p=0.5, fill=0, side_range=(1.0, 4.0))"
    assert repr(v2.ScaleJitter((4, 5))) == (
        "ScaleJitter(target_size=(4, 5), scale_range=(0.1, 2.0), interpolation=bilinear, "
        "antialias=True)")
    assert repr(v2.AutoAugment()) == (
        "AutoAugment(interpolation=nearest, policy=AutoAugmentPolicy.IMAGENET)")
    assert repr(v2.Lambda(abs, int)) == "Lambda(abs, types=['int'])"


def test_plain_tensors_and_prints_of_the_classes():
    image = tv.Image(core.zeros(1, 2, 2))
    plain = image.as_subclass(core.Tensor)
    plain += 1
    assert type(plain) is core.Tensor and image.sum() == 4
    assert type(image.as_subclass(tv.Mask)) is tv.Mask
    with pytest.raises(TypeError, match="use wrap"):
        image.as_subclass(tv.BoundingBoxes)
    assert str(tv.Mask(core.tensor([[1, 2], [3, 4]]))) == "Mask([[1, 2],\n      [3, 4]])"


def test_what_a_transform_asks_of_its_sample():
    boxes = tv.BoundingBoxes([[0, 0, 1, 1]], format="XYXY", canvas_size=(4, 5))
    parts = [core.zeros(3, 4, 5), boxes, "a label"]
    assert v2.query_size(parts) == (4, 5) and v2.query_chw(parts) == (3, 4, 5)
    assert v2.get_bounding_boxes(parts) is boxes
    assert v2.has_any(parts, tv.Mask, str) and not v2.has_any(parts, tv.Mask)
    assert v2.has_all(parts, str, tv.BoundingBoxes) and not v2.has_all(parts, str, tv.Mask)
    with pytest.raises(ValueError, match="no KeyPoints"):
        v2.get_keypoints(parts)
    with pytest.raises(TypeError, match="no part of the sample has sizes"):
        v2.query_size(["a label"])
