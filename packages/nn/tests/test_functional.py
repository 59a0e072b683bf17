"""Functions that no module stands for, against loops in NumPy, on every device."""

import itertools
import math

import numpy as np
import pytest

from facula import core, nn
from facula.autograd import gradcheck, gradgradcheck

F = nn.functional


def tensors(device, *arrays):
    return [core.tensor(np.asarray(a), dtype=core.float32, device=device) for a in arrays]


def array(t) -> np.ndarray:
    return t.detach().cpu().double().numpy()


# Reading pictures at points


def folded(x: float, n: int, padding: str, align: bool) -> float:
    """Where the padding says that a coordinate along n pixels is."""
    if padding == "border":
        return min(max(x, 0), n - 1)
    if padding == "reflection":
        low, high = (0, n - 1) if align else (-0.5, n - 0.5)
        while not low <= x <= high and high > low:
            x = 2 * low - x if x < low else 2 * high - x
        return min(max(x if high > low else 0, 0), n - 1)
    return x


def hat(t: float) -> float:
    return max(0.0, 1 - abs(t))


def keys(t: float, a: float = -0.75) -> float:
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def sampled(picture, point, mode, padding, align):
    """One picture (C, *sizes) at one point, x first."""
    sizes = picture.shape[1:]
    at = [(p + 1) / 2 * (n - 1) if align else ((p + 1) * n - 1) / 2
          for p, n in zip(point[::-1], sizes, strict=True)]
    if mode != "bicubic":
        at = [folded(x, n, padding, align) for x, n in zip(at, sizes, strict=True)]
    total = np.zeros(len(picture))
    near = [range(math.floor(x) - 1, math.floor(x) + 3) for x in at]
    for place in itertools.product(*near):
        if mode == "nearest":
            weight = float(all(q == np.round(x) for q, x in zip(place, at, strict=True)))
        else:
            kernel = keys if mode == "bicubic" else hat
            weight = math.prod(kernel(x - q) for q, x in zip(place, at, strict=True))
        seen = place
        if mode == "bicubic":
            seen = [folded(q, n, padding, align) for q, n in zip(place, sizes, strict=True)]
        if weight and all(0 <= q < n for q, n in zip(seen, sizes, strict=True)):
            total += weight * picture[(slice(None), *map(int, seen))]
    return total


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize(("mode", "rank"), [("bilinear", 2), ("nearest", 2), ("bicubic", 2),
                                            ("bilinear", 3), ("nearest", 3)])
def test_pictures_are_read_at_points(mode, rank, padding, align, device) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 4, 5, 3)[:rank + 2])
    grid = rng.uniform(-1.8, 1.8, (2, *(3, 4, 2)[:rank], rank)).astype("float32")
    want = np.zeros((2, 3, *grid.shape[1:-1]))
    for n, *at in np.ndindex(*grid.shape[:-1]):
        want[(n, slice(None), *at)] = sampled(x[n], grid[(n, *at)].astype(float), mode, padding,
                                              align)
    got = F.grid_sample(*tensors(device, x, grid), mode, padding, align)
    np.testing.assert_allclose(array(got), want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_gradients_of_reading_at_points(mode) -> None:
    rng = np.random.default_rng(0)
    x = core.tensor(rng.standard_normal((1, 1, 3, 3)), requires_grad=True)
    grid = core.tensor(rng.uniform(-0.9, 0.9, (1, 2, 2, 2)), requires_grad=True)

    def function(x, grid):
        return F.grid_sample(x, grid, mode, "border", align_corners=False)
    assert gradcheck(function, [x, grid])
    assert gradgradcheck(function, [x, grid])


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("size", [(2, 1, 3, 4), (2, 1, 2, 1, 3)])
def test_affine_grids(size, align, device) -> None:
    rank = len(size) - 2
    theta = np.random.default_rng(0).standard_normal((2, rank, rank + 1))
    lines = [np.linspace(-1, 1, n) if align else (2 * np.arange(n) + 1) / n - 1
             for n in size[2:]]
    lines = [np.zeros(1) if len(v) == 1 else v for v in lines]
    want = np.zeros((*size[:1], *size[2:], rank))
    for n, *at in np.ndindex(size[0], *size[2:]):
        point = [v[i] for v, i in zip(lines, at, strict=True)][::-1]
        want[(n, *at)] = theta[n] @ [*point, 1]
    got = F.affine_grid(*tensors(device, theta), size, align)
    np.testing.assert_allclose(array(got), want, rtol=1e-5, atol=1e-6)
    still = core.eye(rank, rank + 1).expand(2, rank, rank + 1)
    x = core.randn(*size)
    same = F.grid_sample(x, F.affine_grid(still, size, align), align_corners=align)
    np.testing.assert_allclose(array(same), array(x), atol=1e-5)


def test_grids_that_do_not_fit_are_refused() -> None:
    x, grid = core.ones(1, 1, 3, 3), core.zeros(1, 2, 2, 2)
    for args, error, message in (
            ((x, grid, "cubic"), ValueError, "expected mode"),
            ((x, grid, "nearest", "wrap"), ValueError, "expected padding_mode"),
            ((x, core.zeros(2, 2, 2, 2)), RuntimeError, "the shapes do not fit"),
            ((x, core.zeros(1, 2, 2, 3)), RuntimeError, "the shapes do not fit"),
            ((x, grid.double()), RuntimeError, "same dtype"),
            ((core.ones(1, 1, 2, 2, 2), core.zeros(1, 2, 2, 2, 3), "bicubic"), RuntimeError,
             "only supports 4D")):
        with pytest.raises(error, match=message):
            F.grid_sample(*args, align_corners=False)
    with pytest.warns(UserWarning, match="align_corners=False"):
        F.grid_sample(x, grid)
    for theta, size, message in ((core.zeros(1, 2, 3), (1, 1, 0, 3), "non-zero, positive"),
                                 (core.zeros(1, 2, 3), (2, 1, 3, 3), "batch of affine matrices"),
                                 (core.zeros(1, 2, 3, dtype=core.int64), (1, 1, 2, 2), "floating")):
        with pytest.raises(ValueError, match=message):
            F.affine_grid(theta, size, False)


# Others


def test_convolution_with_time_first(device) -> None:
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s) for s in ((6, 2, 3), (3, 3, 4), (4,)))
    wide = np.pad(x, [(1, 1), (0, 0), (0, 0)])
    want = np.stack([sum(wide[t + k] @ w[k] for k in range(3)) + b for t in range(6)])
    np.testing.assert_allclose(array(F.conv_tbc(*tensors(device, x, w, b), pad=1)), want,
                               rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_means_over_weights_and_over_elements(name, device) -> None:
    rng = np.random.default_rng(0)
    x, t, weight = rng.standard_normal((3, 4, 5)), rng.standard_normal((3, 4, 5)), rng.random(
        (3, 4, 5))
    gap = np.abs(x - t)
    losses = {"mse_loss": gap**2, "l1_loss": gap,
              "huber_loss": np.where(gap < 1, gap**2 / 2, gap - 0.5)}[name] * weight
    for reduction, want in (("none", losses), ("sum", losses.sum()), (
            "mean", losses.mean() if name == "huber_loss" else losses.sum() / weight.sum())):
        a, b, w = tensors(device, x, t, weight)
        got = getattr(F, name)(a, b, reduction=reduction, weight=w)
        np.testing.assert_allclose(array(got), want, rtol=1e-5)
    with pytest.raises(ValueError, match="same size"):
        getattr(F, name)(a, b, weight=w[0])


def test_binary_cross_entropy_of_what_is_certain_and_wrong(device) -> None:
    p, t = tensors(device, [0.0, 1, 1, 0, 0.25], [0.0, 1, 0, 1, 1])
    p.requires_grad_()
    losses = F.binary_cross_entropy(p, t, reduction="none")
    np.testing.assert_allclose(array(losses), [0, 0, 100, 100, math.log(4)], rtol=1e-6)
    losses.sum().backward()
    np.testing.assert_allclose(array(p.grad), [0, 0, 1e12, -1e12, -4], rtol=1e-5)
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        F.binary_cross_entropy(core.tensor([1.5]), core.tensor([1.0]))


@pytest.mark.parametrize(("reduction", "want"), [("mean", math.nan), ("sum", 0.0), ("none", [])])
def test_the_loss_of_no_examples(reduction, want, device) -> None:
    x = core.zeros(0, 5, device=device, requires_grad=True)
    target = core.zeros(0, dtype=core.int64, device=device)
    loss = F.cross_entropy(x, target, reduction=reduction)
    np.testing.assert_equal(loss.tolist(), want)
    loss.sum().backward()
    assert tuple(x.grad.shape) == (0, 5)


IN_PLACE = {
    "relu_": lambda x: np.maximum(x, 0), "leaky_relu_": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu_": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "celu_": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "hardtanh_": lambda x: np.clip(x, -1, 1),
    "rrelu_": lambda x: np.where(x > 0, x, (1 / 8 + 1 / 3) / 2 * x),
    "selu_": lambda x: 1.0507009873554805 * np.where(
        x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_activations_in_place(name, device) -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    leaf, = tensors(device, x)
    leaf.requires_grad_()
    y = leaf * 1
    assert getattr(F, name)(y) is y
    np.testing.assert_allclose(array(y), IN_PLACE[name](x), rtol=1e-5, atol=1e-6)
    y.sum().backward()
    h = 1e-6
    slope = (IN_PLACE[name](x + h) - IN_PLACE[name](x - h)) / (2 * h)
    np.testing.assert_allclose(array(leaf.grad), slope, rtol=1e-4, atol=1e-5)
    assert F.threshold_(core.tensor([1.0, -1.0]), 0.0, 7.0).tolist() == [1.0, 7.0]


@pytest.mark.parametrize("name", ["max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool1d",
                                  "adaptive_max_pool2d", "adaptive_max_pool3d"])
def test_pools_with_indices(name) -> None:
    rank = int(name[-2])
    x = core.tensor(np.random.default_rng(0).permutation(6**rank * 2).reshape(
        1, 2, *[6] * rank).astype("float32"))
    y, where = getattr(F, f"{name}_with_indices")(x, 2)
    assert (y == getattr(F, name)(x, 2)).all()
    assert (x.reshape(1, 2, -1).gather(2, where.reshape(1, 2, -1)) == y.reshape(1, 2, -1)).all()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_in_pieces_is_that_of_the_whole(reduction, weighted, device) -> None:
    rng = np.random.default_rng(0)
    x, w, b, g = tensors(device, *(rng.standard_normal(s) for s in ((11, 4), (9, 4), (9,), (11,))))
    target = rng.integers(0, 9, 11)
    target[2] = -100
    weight = tensors(device, rng.uniform(0.5, 2, 9))[0] if weighted else None
    results = []
    for options in (None, nn.LinearCrossEntropyOptions(batch_chunk_size=3),
                    nn.LinearCrossEntropyOptions()):
        leaves = [t.clone().requires_grad_() for t in (x, w, b)]
        loss = F.linear_cross_entropy(
            leaves[0], leaves[1], core.tensor(target, device=device), linear_bias=leaves[2],
            weight=weight, reduction=reduction, options=options)
        loss.backward(g if reduction == "none" else None)
        results.append([array(t) for t in (loss, *(t.grad for t in leaves))])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="batch_chunk_size=0 must be at least 1"):
        nn.LinearCrossEntropyOptions(batch_chunk_size=0)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, float("inf")])
def test_normalize_of_zeros_has_a_finite_gradient(p: float, device: str) -> None:
    x = core.tensor([[0.0, 0.0], [3.0, 4.0]], device=device, requires_grad=True)
    y = nn.functional.normalize(x, p, eps=0.5)
    y.sum().backward()
    assert array(y)[0].tolist() == [0.0, 0.0]
    assert array(x.grad)[0].tolist() == [2.0, 2.0]  # x / eps, as in PyTorch
    assert np.isfinite(array(x.grad)).all()


BAD = {
    "max_pool2d": lambda x, n: F.max_pool2d(x, n),
    "avg_pool2d": lambda x, n: F.avg_pool2d(x, (n, 2)),
    "conv2d": lambda x, n: F.conv2d(x, x[:, :, :2, :2], stride=n),
    "unfold": lambda x, n: F.unfold(x, n), "pad": lambda x, n: F.pad(x, (n, 0)),
    "adaptive_avg_pool2d": lambda x, n: F.adaptive_avg_pool2d(x, (n, None)),
    "interpolate": lambda x, n: F.interpolate(x, n),
    "one_hot": lambda x, n: F.one_hot(x.long(), n),
    "affine_grid": lambda x, n: F.affine_grid(core.ones(1, 2, 3), (1, 1, n, 2), False),
}


@pytest.mark.parametrize("name", BAD)
def test_sizes_of_windows_are_whole_numbers(name, device) -> None:
    x = core.rand(1, 1, 4, 4, device=device)
    for wrong in (1.5, 2.0, core.tensor(2.0), "2"):
        with pytest.raises(TypeError, match=name):
            BAD[name](x, wrong)
    right = BAD[name](x, 2)
    for same in (core.tensor(2), core.tensor(2, dtype=core.uint8, device=device), np.int32(2)):
        assert core.equal(BAD[name](x, same), right)


@pytest.mark.parametrize("size", [0, -2, (2, 0)])
def test_nothing_is_interpolated_to_nothing(size, device) -> None:
    with pytest.raises(RuntimeError, match="interpolate: sizes must be positive"):
        F.interpolate(core.rand(1, 1, 4, 4, device=device), size)
    with pytest.raises(RuntimeError, match="interpolate: sizes must be positive"):
        F.interpolate(core.rand(1, 1, 4, 4, device=device), scale_factor=0.1)


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (2, 1, 2)])
def test_a_nan_is_the_largest_of_its_windows(stride, padding, dilation, device) -> None:
    """Of several the last, in PyTorch's order; the gradient goes where the index points."""
    x = np.random.default_rng(0).standard_normal((2, 3, 9, 8)).astype(np.float32)
    x[np.random.default_rng(1).random(x.shape) < 0.1] = np.nan
    t = core.tensor(x, device=device, requires_grad=True)
    y, at = F.max_pool2d(t, 3, stride, padding, dilation, return_indices=True)
    found, places = array(y), at.cpu().numpy()
    for n, c, i, j in np.ndindex(found.shape):
        rows = [r for r in (i * stride - padding + k * dilation for k in range(3)) if 0 <= r < 9]
        columns = [s for s in (j * stride - padding + k * dilation for k in range(3)) if 0 <= s < 8]
        window = [(x[n, c, r, s], r * 8 + s) for r in rows for s in columns]
        lost = [place for value, place in window if np.isnan(value)]
        assert np.isnan(found[n, c, i, j]) == bool(lost)
        largest = lost[-1] if lost else max(window, key=lambda pair: pair[0])[1]
        assert places[n, c, i, j] == largest
    y.sum().backward()
    expected = np.zeros((6, 72))
    np.add.at(expected, (np.arange(6)[:, None], places.reshape(6, -1)), 1)
    np.testing.assert_array_equal(array(t.grad).reshape(6, 72), expected)
