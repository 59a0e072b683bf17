"""Transforms: PIL images and tensors agree, known values, errors, and one seed, one result."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facula import core, nn
from facula.vision import transforms as T
from facula.vision.io import read_image
from facula.vision.transforms import functional as F


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A smooth RGB picture of 30 x 20 pixels."""
    y, x = np.mgrid[0:20, 0:30]
    waves = [127 + 120 * np.sin(x / a + y / b) for a, b in ((5, 9), (7, 4), (9, 11))]
    return Image.fromarray(np.stack(waves, -1).astype(np.uint8))


def tensor_of(picture: Image.Image) -> core.Tensor:
    return F.pil_to_tensor(picture)


SAME = {  # on PIL images and on tensors alike, to the last bit or within so many grey levels
    "hflip": (lambda p: F.hflip(p), 0),
    "vflip": (lambda p: F.vflip(p), 0),
    "crop": (lambda p: F.crop(p, 3, 4, 10, 12), 0),
    "crop outside": (lambda p: F.crop(p, -3, 24, 30, 12), 0),
    "crop far outside": (lambda p: F.crop(p, 25, 35, 4, 4), 0),
    "center_crop": (lambda p: F.center_crop(p, (11, 13)), 0),
    "center_crop larger": (lambda p: F.center_crop(p, (25, 13)), 0),
    "pad": (lambda p: F.pad(p, [1, 2, 3, 4], 7), 0),
    "pad colour": (lambda p: F.pad(p, 2, [1, 2, 3]), 0),
    "pad negative": (lambda p: F.pad(p, [-1, 2]), 0),
    "pad edge": (lambda p: F.pad(p, [1, 2], padding_mode="edge"), 0),
    "pad reflect": (lambda p: F.pad(p, 3, padding_mode="reflect"), 0),
    "pad symmetric": (lambda p: F.pad(p, 3, padding_mode="symmetric"), 0),
    "resize bilinear": (lambda p: F.resize(p, 11), 1),
    "resize larger": (lambda p: F.resize(p, (50, 41)), 1),
    "resize bicubic": (lambda p: F.resize(p, (9, 40), "bicubic"), 1),
    "resize nearest": (lambda p: F.resize(p, (7, 11), "nearest-exact"), 0),
    "rotate 90": (lambda p: F.rotate(p, 90, expand=True), 0),
    "rotate": (lambda p: F.rotate(p, 30, "bilinear", fill=9), 1),
    "rotate nearest": (lambda p: F.rotate(p, -17), 0),
    "affine": (lambda p: F.affine(p, 12, (2, -3), 1.2, (5, -4), "bilinear"), 1),
    "affine center": (lambda p: F.affine(p, 12, (0, 0), 0.8, 3, center=(0, 0)), 0),
    "perspective": (lambda p: F.perspective(
        p, [[0, 0], [29, 0], [29, 19], [0, 19]], [[2, 1], [27, 3], [28, 18], [1, 15]]), 1),
    "brightness": (lambda p: F.adjust_brightness(p, 1.3), 1),
    "contrast": (lambda p: F.adjust_contrast(p, 0.6), 1),
    "saturation": (lambda p: F.adjust_saturation(p, 1.7), 2),
    "hue": (lambda p: F.adjust_hue(p, 0.2), 12),  # Pillow's HSV has 8 bits
    "gamma": (lambda p: F.adjust_gamma(p, 0.7), 1),
    "sharpness": (lambda p: F.adjust_sharpness(p, 1.8), 2),
    "grey": (lambda p: F.rgb_to_grayscale(p, 3), 1),
    "invert": (lambda p: F.invert(p), 0),
    "posterize": (lambda p: F.posterize(p, 3), 0),
    "solarize": (lambda p: F.solarize(p, 100), 0),
    "autocontrast": (lambda p: F.autocontrast(p), 1),
    "equalize": (lambda p: F.equalize(p), 0),
    "blur": (lambda p: F.gaussian_blur(p, (3, 5), 1.1), 0),
}


@pytest.mark.parametrize("name", SAME)
def test_pil_images_and_tensors_agree(picture: Image.Image, name: str) -> None:
    change, levels = SAME[name]
    want, got = np.asarray(change(picture)), change(tensor_of(picture)).numpy()
    want = want.transpose(2, 0, 1)
    assert got.dtype == np.uint8
    assert got.shape == want.shape
    off = np.abs(got.astype(int) - want.astype(int))
    if name in ("rotate", "affine", "perspective"):  # Pillow has no pixel where a neighbour lacks
        off = off[:, 4:-4, 6:-6]
    assert off.max() <= levels, off.max()


@pytest.mark.parametrize("name", [n for n in SAME if "nearest" not in n])
def test_devices_and_batches_agree(picture: Image.Image, device: str, name: str) -> None:
    change, _ = SAME[name]
    x = tensor_of(picture)
    batch = core.stack([x, x]).to(device)
    got = change(batch)
    assert got.device.type == device
    want = change(x).numpy().astype(int)
    spread = 3 if name == "contrast" else 1
    for one in got.cpu().numpy().astype(int):
        assert np.abs(one - want).max() <= spread


def test_resizing_is_differentiable() -> None:
    x = core.rand(1, 6, 8, requires_grad=True)
    F.resize(x, (3, 4)).sum().backward()
    assert x.grad is not None
    assert x.grad.sum().item() == pytest.approx(12.0, rel=1e-5)


def test_real_photographs_are_resized_as_pillow_does(data_root: Path) -> None:
    path = data_root / "photos" / "chelsea.png"
    x = read_image(path)
    with Image.open(path) as photo:
        want = np.asarray(F.center_crop(F.resize(photo, 256), 224)).transpose(2, 0, 1)
    got = F.center_crop(F.resize(x, 256), 224).numpy()
    assert np.abs(got.astype(int) - want).max() <= 1


@pytest.mark.parametrize(("size", "more", "want"), [
    (10, {}, (10, 15)), ((7, 9), {}, (7, 9)), ([12], {}, (12, 18)), (10, {"max_size": 12}, (8, 12)),
    (None, {"max_size": 60}, (40, 60)), (20, {}, (20, 30))])
def test_sizes(picture: Image.Image, size: object, more: dict, want: tuple[int, int]) -> None:
    assert F.resize(picture, size, **more).size == want[::-1]
    assert F.resize(tensor_of(picture), size, **more).shape[1:] == want


def test_to_tensor_and_back(picture: Image.Image) -> None:
    for mode in ("RGB", "L", "RGBA", "LA", "1"):
        one = picture.convert(mode)
        x = T.ToTensor()(one)
        assert x.dtype is core.float32
        assert x.numpy().min() >= 0
        assert x.numpy().max() <= 1
        back = T.ToPILImage()(x)
        want = one.convert("L") if mode == "1" else one
        assert np.array_equal(np.asarray(back), np.asarray(want))
    grey16 = Image.fromarray(np.array([[0, 40000]], np.uint16))
    assert T.ToTensor()(grey16).tolist() == [[[0, 40000]]]
    assert T.ToPILImage("YCbCr")(T.PILToTensor()(picture)).mode == "YCbCr"


def test_dtypes_are_scaled() -> None:
    x = core.tensor([0, 1, 128, 255], dtype=core.uint8)
    assert F.convert_image_dtype(x, core.float32).tolist() == pytest.approx(
        [0, 1 / 255, 128 / 255, 1])
    assert F.convert_image_dtype(F.convert_image_dtype(x), core.uint8).equal(x)
    assert F.convert_image_dtype(x, core.int16).tolist() == [0, 128, 16384, 32640]
    with pytest.raises(RuntimeError, match="cannot reach the largest int32"):
        F.convert_image_dtype(core.rand(2), core.int32)


def test_normalize() -> None:
    x = core.rand(2, 3, 4, 5)
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    want = (x.numpy() - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    assert np.allclose(F.normalize(x, mean, std).numpy(), want, atol=1e-6)
    y = x.clone()
    assert F.normalize(y, mean, std, inplace=True) is y
    assert np.allclose(y.numpy(), want, atol=1e-6)


ERRORS = {
    "normalize: needs a floating tensor": lambda x, p: F.normalize(x, [0.5], [0.5]),
    "normalize: std=.* holds a zero": lambda x, p: F.normalize(x.float(), [0.5], [0.0]),
    "normalize: mean has 2 values, but": lambda x, p: F.normalize(x.float(), [0, 0], [1, 1]),
    "to_tensor: the picture must be": lambda x, p: F.to_tensor("x"),
    "resize: the picture must be": lambda x, p: F.resize("x", 3),
    "resize: unknown interpolation 'best'": lambda x, p: F.resize(x, 3, "best"),
    "resize: interpolation 'lanczos' is not for tensors": lambda x, p: F.resize(x, 3, "lanczos"),
    "resize: size=0 leaves nothing": lambda x, p: F.resize(x, 0),
    "resize: max_size=3 must be above": lambda x, p: F.resize(x, 3, max_size=3),
    "RandomCrop: size=.* above the picture": lambda x, p: T.RandomCrop(99)(p),
    "pad: unknown padding_mode 'wrap'": lambda x, p: F.pad(p, 1, padding_mode="wrap"),
    "pad: padding=.* must be": lambda x, p: F.pad(x, [1, 2, 3]),
    "five_crop: size=": lambda x, p: F.five_crop(x, 99),
    "adjust_hue: hue_factor=0.7": lambda x, p: F.adjust_hue(x, 0.7),
    "adjust_contrast: the factor -1": lambda x, p: F.adjust_contrast(p, -1),
    "adjust_saturation: the picture has 2 channels": lambda x, p: F.adjust_saturation(x[:2], 1),
    "gaussian_blur: kernel_size=4": lambda x, p: F.gaussian_blur(x, 4),
    "ColorJitter: brightness=-1": lambda x, p: T.ColorJitter(-1),
    "RandomErasing: p=2": lambda x, p: T.RandomErasing(2),
    "affine: scale=0": lambda x, p: F.affine(x, 0, (0, 0), 0, 0),
    "affine: interpolation 'bicubic' is not for": lambda x, p: F.affine(x, 0, (0, 0), 1, 0,
                                                                        "bicubic"),
    "rotate: fill has 2 values": lambda x, p: F.rotate(x, 5, fill=[1, 2]),
    "to_pil_image: 5 channels": lambda x, p: F.to_pil_image(core.zeros(5, 2, 2)),
}


@pytest.mark.parametrize("says", ERRORS)
def test_errors(picture: Image.Image, says: str) -> None:
    with pytest.raises((ValueError, TypeError), match=says):
        ERRORS[says](tensor_of(picture), picture)


RANDOM = [T.RandomCrop(9), T.RandomCrop(25, padding=4), T.RandomCrop(33, pad_if_needed=True),
          T.RandomHorizontalFlip(), T.RandomVerticalFlip(), T.RandomResizedCrop(8),
          T.RandomRotation(20), T.RandomAffine(10, (0.1, 0.2), (0.8, 1.2), 5),
          T.RandomPerspective(p=1.0), T.ElasticTransform(), T.ColorJitter(0.3, 0.3, 0.3, 0.1),
          T.RandomGrayscale(0.5), T.RandomInvert(), T.RandomPosterize(3), T.RandomSolarize(99),
          T.RandomAdjustSharpness(2), T.RandomAutocontrast(), T.RandomEqualize(),
          T.GaussianBlur(5), T.RandomApply([T.RandomRotation(9)]),
          T.RandomChoice([T.Pad(1), T.CenterCrop(4)]), T.RandomChoice([T.Pad(1), T.Pad(2)], [1, 3]),
          T.RandomOrder([T.Pad(1), T.Grayscale(3)]), T.AutoAugment(),
          T.AutoAugment(T.AutoAugmentPolicy.CIFAR10), T.AutoAugment(T.AutoAugmentPolicy.SVHN),
          T.RandAugment(3), T.TrivialAugmentWide(), T.AugMix()]


@pytest.mark.parametrize("change", RANDOM, ids=lambda t: type(t).__name__)
def test_one_seed_one_result(picture: Image.Image, change: object) -> None:
    for kind in (picture, tensor_of(picture)):
        results = []
        for _ in range(2):
            core.manual_seed(5)
            results.append([np.asarray(F.to_tensor(r) if isinstance(r, Image.Image) else r).tolist()
                            for r in (change(kind) for _ in range(3))])  # type: ignore[operator]
        assert results[0] == results[1]
    assert type(change).__name__ in repr(change)


@pytest.mark.parametrize("policy", list(T.AutoAugmentPolicy))
def test_every_learnt_change(policy: T.AutoAugmentPolicy, picture: Image.Image) -> None:
    core.manual_seed(0)
    change = T.AutoAugment(policy)
    seen = {np.asarray(change(picture)).tobytes() for _ in range(60)}
    assert len(seen) > 20
    x = tensor_of(picture)
    assert all(change(x).shape == x.shape for _ in range(60))


def test_random_erasing() -> None:
    x = core.ones(3, 20, 20)
    core.manual_seed(1)
    hit = T.RandomErasing(1.0, value=[2.0, 3.0, 4.0])(x).numpy()
    assert (x.numpy() == 1).all()
    for channel, value in zip(hit, (2, 3, 4), strict=True):
        share = (channel == value).mean()
        assert 0.01 < share < 0.4
        assert set(np.unique(channel)) == {1, value}
    noise = T.RandomErasing(1.0, value="random")(x).numpy()
    assert len(np.unique(noise)) > 20


def test_flips_come_half_of_the_time() -> None:
    core.manual_seed(0)
    x = core.tensor([[0, 1]])
    flips = sum(T.RandomHorizontalFlip()(x).tolist() == [[1, 0]] for _ in range(400))
    assert 150 < flips < 250


def test_crops_reach_every_place() -> None:
    core.manual_seed(0)
    x = core.arange(9).view(1, 3, 3)
    corners = {T.RandomCrop(2)(x)[0, 0, 0].item() for _ in range(60)}
    assert corners == {0, 1, 3, 4}


def test_five_and_ten_crops(picture: Image.Image) -> None:
    x = tensor_of(picture)
    five, ten = T.FiveCrop((8, 10))(x), T.TenCrop(8)(x)
    assert [tuple(c.shape) for c in five] == [(3, 8, 10)] * 5
    assert five[3].equal(x[:, -8:, -10:])
    assert len(ten) == 10
    assert ten[5].equal(F.hflip(x)[:, :8, :8])
    assert [c.size for c in T.FiveCrop(8)(picture)] == [(8, 8)] * 5


def test_linear_transformation() -> None:
    whiten = T.LinearTransformation(core.eye(8) * 2, core.ones(8))
    assert whiten(core.ones(2, 2, 2) * 3).tolist() == [[[4.0, 4.0], [4.0, 4.0]]] * 2
    with pytest.raises(ValueError, match="the matrix must be square"):
        T.LinearTransformation(core.ones(4, 8), core.ones(8))


def test_reprs_are_readable() -> None:
    assert repr(T.Compose([T.Resize(4), T.RandomApply([T.ToTensor()], 0.2)])) == (
        "Compose(\n    Resize(size=4, interpolation=bilinear, max_size=None, antialias=True)\n"
        "    RandomApply(\n        p=0.2\n        ToTensor()\n    )\n)")


@pytest.mark.parametrize(("kernel", "sigma"), list(itertools.product((3, 7), (0.5, 2.0))))
def test_blur_by_the_definition(kernel: int, sigma: float) -> None:
    x = core.rand(1, 9, 8)
    offsets = np.arange(kernel) - kernel // 2
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights /= weights.sum()
    half = kernel // 2
    wide = np.pad(x.numpy()[0], half, "reflect").astype(np.float64)
    want = sum(weights[i] * weights[j] * wide[i:i + 9, j:j + 8]
               for i in range(kernel) for j in range(kernel))
    assert np.allclose(F.gaussian_blur(x, kernel, sigma).numpy()[0], want, atol=1e-5)


def test_representations():
    assert repr(T.RandomResizedCrop(8)) == (
        "RandomResizedCrop(size=(8, 8), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
        "interpolation=bilinear, antialias=True)")
    assert repr(T.RandomAffine(5, scale=(1, 2))) == (
        "RandomAffine(degrees=[-5.0, 5.0], scale=(1, 2))")
    assert repr(T.RandomRotation(5)) == (
        "RandomRotation(degrees=[-5.0, 5.0], interpolation=nearest, expand=False, fill=0)")
    assert repr(T.AutoAugment(fill=3)) == (
        "AutoAugment(policy=AutoAugmentPolicy.IMAGENET, fill=3)")
    assert repr(T.TrivialAugmentWide()) == (
        "TrivialAugmentWide(num_magnitude_bins=31, interpolation=InterpolationMode.NEAREST, "
        "fill=None)")
    assert repr(T.RandomChoice([T.Pad(1)], p=[1])).endswith("\n)(p=[1])")
    assert repr(T.RandomCrop(3)) == "RandomCrop(size=(3, 3), padding=None)"


def test_random_apply_is_a_module():
    chain = nn.Sequential(T.RandomApply([T.CenterCrop(2)], p=1.0))
    assert chain(core.zeros(1, 4, 4)).shape == (1, 2, 2)
    with pytest.raises(TypeError, match=r"RandomChoice.*sequence"):
        T.RandomChoice(T.CenterCrop(2))


def test_affine_parameters_with_two_numbers_for_shear():
    *_, (x, y) = T.RandomAffine.get_params([0, 0], None, None, [5, 5], (8, 8))
    assert (x, y) == (5.0, 0.0)


@pytest.mark.parametrize(("have", "want", "white"), [
    (core.float32, core.uint16, 65535), (core.float16, core.uint8, 255),
    (core.bfloat16, core.uint8, 255), (core.float32, core.int16, 32767)])
def test_white_stays_white(have, want, white):
    picture = core.tensor([[[0.0, 1.0]]], dtype=have)
    assert F.convert_image_dtype(picture, want).tolist() == [[[0, white]]]
