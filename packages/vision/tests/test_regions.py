"""Pooling of regions, deformable convolution, pyramids and DropBlock against loops in float64."""

import math

import numpy as np
import pytest

from facula import core
from facula.autograd import grad, gradcheck, gradgradcheck
from facula.vision import ops

RNG = np.random.default_rng(0)
REGIONS = np.array([[0, 0, 0, 8, 6], [1, 2.5, 1.5, 7, 9], [0, -3, 4, 20, 5], [1, 5, 5, 5, 5],
                    [1, 30, 30, 40, 40.0], [0, 1, 1, 3.5, 2]])


def bilinear(plane: np.ndarray, y: float, x: float) -> float:
    height, width = plane.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    below, right = min(top + 1, height - 1), min(left + 1, width - 1)
    dy, dx = y - top, x - left
    return ((1 - dy) * ((1 - dx) * plane[top, left] + dx * plane[top, right])
            + dy * ((1 - dx) * plane[below, left] + dx * plane[below, right]))


def channel_of(c: int, i: int, j: int, bins: tuple[int, int], split: bool) -> int:
    return (c * bins[0] + i) * bins[1] + j if split else c


def aligned(x, regions, bins, scale=1.0, ratio=-1, shift=0.0, split=False) -> np.ndarray:
    """RoIAlign by its definition."""
    channels = x.shape[1] // (bins[0] * bins[1] if split else 1)
    out = np.zeros((len(regions), channels, *bins))
    for k, (picture, *box) in enumerate(regions):
        x1, y1, x2, y2 = (v * scale - shift for v in box)
        w, h = x2 - x1, y2 - y1
        if not shift:
            w, h = max(w, 1.0), max(h, 1.0)
        parts = [ratio if ratio > 0 else math.ceil(n / b)
                 for n, b in zip((h, w), bins, strict=True)]
        for c, i, j in np.ndindex(*out.shape[1:]):
            plane = x[int(picture), channel_of(c, i, j, bins, split)]
            values = [bilinear(plane, y1 + (i + (a + 0.5) / parts[0]) * h / bins[0],
                               x1 + (j + (b + 0.5) / parts[1]) * w / bins[1])
                      for a in range(parts[0]) for b in range(parts[1])]
            out[k, c, i, j] = sum(values) / max(len(values), 1)
    return out


def rounded(v: float) -> float:
    return math.copysign(math.floor(abs(v) + 0.5), v)


def pooled(x, regions, bins, scale=1.0, split=False) -> np.ndarray:
    """RoIPool (largest values) or its position-sensitive kin (means) by definition."""
    channels = x.shape[1] // (bins[0] * bins[1] if split else 1)
    out = np.zeros((len(regions), channels, *bins))
    limits = [n - split for n in x.shape[2:]]
    for k, (picture, *box) in enumerate(regions):
        x1, y1, x2, y2 = (rounded(v * scale) for v in box)
        sides = [max(b - a + (not split), 1) for a, b in ((y1, y2), (x1, x2))]
        for c, i, j in np.ndindex(*out.shape[1:]):
            ends = []
            for at, start, side, count, limit in zip((i, j), (y1, x1), sides, bins,
                                                     limits, strict=True):
                low, high = math.floor(at * side / count), math.ceil((at + 1) * side / count)
                ends.append(slice(int(min(max(low + start, 0), limit)),
                                  int(min(max(high + start, 0), limit))))
            piece = x[int(picture), channel_of(c, i, j, bins, split)][tuple(ends)]
            if piece.size:
                out[k, c, i, j] = piece.mean() if split else piece.max()
    return out


CASES = {
    "roi_align": [(ops.roi_align, {}, aligned, {}, 3),
                  (ops.roi_align, {"sampling_ratio": 2}, aligned, {"ratio": 2}, 3),
                  (ops.roi_align, {"aligned": True, "spatial_scale": 0.5}, aligned,
                   {"shift": 0.5, "scale": 0.5}, 3)],
    "ps_roi_align": [(ops.ps_roi_align, {}, aligned, {"shift": 0.5, "split": True}, 12)],
    "roi_pool": [(ops.roi_pool, {}, pooled, {}, 3),
                 (ops.roi_pool, {"spatial_scale": 0.5}, pooled, {"scale": 0.5}, 3)],
    "ps_roi_pool": [(ops.ps_roi_pool, {"spatial_scale": 0.5}, pooled,
                     {"scale": 0.5, "split": True}, 12)],
}
ALL = [pytest.param(*case, id=f"{name}-{i}") for name, cases in CASES.items()
       for i, case in enumerate(cases)]


@pytest.mark.parametrize("dtype", [core.float16, core.float32, core.float64])
@pytest.mark.parametrize(("op", "given", "oracle", "meant", "channels"), ALL)
def test_values(op, given, oracle, meant, channels: int, dtype: core.dtype, device: str) -> None:
    x = RNG.standard_normal((2, channels, 10, 9)).astype(dtype.numpy)
    want = oracle(x.astype(np.float64), REGIONS, (2, 3), **meant) if channels < 12 else oracle(
        x.astype(np.float64), REGIONS, (2, 2), **meant)
    size = (2, 3) if channels < 12 else 2
    t = core.tensor(x, device=device)
    regions = core.tensor(REGIONS, dtype=dtype, device=device)
    got = op(t, regions, size, **given)
    assert got.dtype is dtype
    np.testing.assert_allclose(got.cpu().numpy(), want, atol=2e-3 if dtype.itemsize == 2 else 1e-5)
    strided = op(t.transpose(2, 3).contiguous().transpose(2, 3), regions, size, **given)
    np.testing.assert_array_equal(strided.cpu().numpy(), got.cpu().numpy())
    listed = op(t, [regions[regions[:, 0] == i][:, 1:] for i in (0, 1)], size, **given)
    order = np.argsort(REGIONS[:, 0], kind="stable")
    np.testing.assert_array_equal(listed.cpu().numpy(), got.cpu().numpy()[order])
    assert op(t, regions[:0], size, **given).shape == (0, *got.shape[1:])


@pytest.mark.parametrize(("op", "given", "oracle", "meant", "channels"), ALL)
def test_gradients(op, given, oracle, meant, channels: int, device: str) -> None:
    """Pooling is linear but for the choice of the largest: <g, f(x)> = <f'(g), x>."""
    x = core.tensor(RNG.standard_normal((2, channels, 10, 9)), device=device).requires_grad_()
    y = op(x, core.tensor(REGIONS, device=device), 2, **given)
    g = core.tensor(RNG.standard_normal(tuple(y.shape)), device=device).requires_grad_()
    (dx,) = grad(y, x, g, create_graph=True)
    assert (dx * x).sum().item() == pytest.approx((y * g).sum().item())
    v = core.tensor(RNG.standard_normal(tuple(x.shape)), device=device)
    (dg,) = grad(dx, g, v)  # the derivative in the direction v
    step = op(x + 1e-6 * v, core.tensor(REGIONS, device=device), 2, **given) - y
    np.testing.assert_allclose(dg.cpu().numpy(), step.detach().cpu().numpy() / 1e-6, atol=1e-4)


def test_gradients_by_differences() -> None:
    x = core.tensor(RNG.standard_normal((2, 4, 5, 6))).requires_grad_()
    regions = core.tensor(REGIONS / 2)
    for op in (ops.roi_align, ops.ps_roi_align, ops.roi_pool, ops.ps_roi_pool):
        assert gradcheck(lambda t, op=op: op(t, regions, 2), (x,))
        assert gradgradcheck(lambda t, op=op: op(t, regions, 2), (x,))


def test_halves_add_up_in_float32(device: str) -> None:
    x = core.zeros(1, 1, 4, 4, dtype=core.float16, device=device).requires_grad_()
    regions = core.tensor([[0.0, 0, 0, 3, 3]], device=device).repeat(3000, 1)
    ops.roi_pool(x, regions, 1).sum().backward()
    assert x.grad.sum().item() == 3000  # adding ones in float16 would stop at 2048


def test_errors_of_regions(device: str) -> None:
    x = core.zeros(2, 3, 8, 8)
    with pytest.raises(ValueError, match=r"roi_align: boxes has shape \(4, 4\)"):
        ops.roi_align(x, core.zeros(4, 4), 2)
    with pytest.raises(ValueError, match=r"roi_pool: boxes\[1\] must have shape \(L, 4\)"):
        ops.roi_pool(x, [core.zeros(4, 4), core.zeros(4, 5)], 2)
    with pytest.raises(ValueError, match="ps_roi_align: input has 3 channels"):
        ops.ps_roi_align(x, core.zeros(4, 5), 2)
    with pytest.raises(ValueError, match="input must be a floating tensor"):
        ops.roi_align(x.long(), core.zeros(4, 5), 2)
    with pytest.raises(ValueError, match="output_size=0"):
        ops.roi_align(x, core.zeros(4, 5), 0)
    wrong = core.tensor([[5.0, 0, 0, 2, 2]], device=device)
    if device == "cpu":
        with pytest.raises(IndexError, match="belongs to picture 5"):
            ops.roi_align(x, wrong, 2)
    else:  # the device cannot raise: the answer says that it is none
        assert ops.roi_align(x.to(device), wrong, 2).isnan().all().item()
        assert ops.roi_pool(x.to(device), wrong, 2).isnan().all().item()


def deformed(x, offset, weight, mask, stride, pad, dilation, groups) -> np.ndarray:
    """Deformable convolution by its definition; zero outside the picture."""
    count, channels, height, width = x.shape
    outputs, per_group, kh, kw = weight.shape
    kinds = offset.shape[1] // (2 * kh * kw)
    out = np.zeros((count, outputs, *offset.shape[2:]))
    around = np.pad(x, ((0, 0), (0, 0), (60, 60), (60, 60)))
    for n, o, r, s in np.ndindex(out.shape):
        for c in range(per_group):
            channel = o // (outputs // groups) * per_group + c
            kind = channel // (channels // kinds)
            for i, j in np.ndindex(kh, kw):
                tap = (kind * kh + i) * kw + j
                y = r * stride - pad + i * dilation + offset[n, 2 * tap, r, s] + 60
                z = s * stride - pad + j * dilation + offset[n, 2 * tap + 1, r, s] + 60
                share = 1 if mask is None else mask[n, tap, r, s]
                out[n, o, r, s] += share * weight[o, c, i, j] * bilinear(around[n, channel], y, z)
    return out


@pytest.mark.parametrize(("groups", "kinds", "stride", "pad", "dilation", "masked"), [
    (1, 1, 1, 0, 1, False), (2, 1, 2, 1, 1, True), (1, 2, 1, 2, 2, True), (2, 4, 1, 1, 1, False)])
def test_deformable_convolution(groups, kinds, stride, pad, dilation, masked, device: str) -> None:
    x = RNG.standard_normal((2, 4, 6, 7))
    weight = RNG.standard_normal((4, 4 // groups, 3, 2))
    rows = (6 + 2 * pad - dilation * 2 - 1) // stride + 1
    columns = (7 + 2 * pad - dilation - 1) // stride + 1
    offset = RNG.standard_normal((2, 2 * kinds * 6, rows, columns)) * 2
    mask = RNG.random((2, kinds * 6, rows, columns)) if masked else None
    want = deformed(x, offset, weight, mask, stride, pad, dilation, groups)
    given = [None if v is None else core.tensor(v, device=device).requires_grad_()
             for v in (x, offset, weight, mask)]
    got = ops.deform_conv2d(given[0], given[1], given[2], None, stride, pad, dilation, given[3])
    np.testing.assert_allclose(got.detach().cpu().numpy(), want, atol=1e-9)
    if device == "cpu" and groups == 2:
        small = [None if v is None else v.detach()[:1].requires_grad_() for v in given]
        small[2] = given[2]
        some = [v for v in small if v is not None]
        assert gradcheck(lambda *t: ops.deform_conv2d(
            t[0], t[1], t[2], None, stride, pad, dilation, t[3] if masked else None), some)


def test_a_deformable_layer_without_offsets_is_a_convolution() -> None:
    layer = ops.DeformConv2d(4, 6, 3, stride=2, padding=1, groups=2)
    x = core.rand(2, 4, 7, 7)
    plain = core.ops.spatial.convolution(x, layer.weight, layer.bias, (2, 2), (1, 1), (1, 1), 2)
    got = layer(x, core.zeros(2, 18, 4, 4))
    np.testing.assert_allclose(got.detach().numpy(), plain.detach().numpy(), atol=1e-5)
    assert "groups=2" in repr(layer)
    with pytest.raises(ValueError, match="offset has shape"):
        layer(x, core.zeros(2, 17, 4, 4))
    with pytest.raises(ValueError, match="mask has shape"):
        layer(x, core.zeros(2, 18, 4, 4), core.zeros(2, 9, 4, 3))


def test_a_pyramid_of_regions(device: str) -> None:
    maps = {str(i): core.full((2, 3, s, s), float(i), device=device)
            for i, s in enumerate((64, 32, 16, 8))}
    pool = ops.MultiScaleRoIAlign(["0", "1", "2", "3"], 2, 2)
    sides = [10.0, 111.0, 113.0, 225.0, 250.0]
    boxes = [core.tensor([[0.0, 0, s, s] for s in sides], device=device),
             core.tensor([[0.0, 0, 120, 120]], device=device)]
    got = pool(maps, boxes, [(256, 256), (256, 250)])
    assert got.amax((1, 2, 3)).tolist() == [0, 0, 1, 2, 2, 1]
    with pytest.raises(ValueError, match="image_shapes is empty"):
        pool(maps, boxes, [])


@pytest.mark.parametrize("block", [1, 3, 4])
def test_blocks_are_dropped(block: int) -> None:
    core.manual_seed(0)
    x = core.ones(8, 8, 20, 20)
    y = ops.drop_block2d(x, 0.2, block)
    zero = (y == 0).numpy()
    assert 0.1 < zero.mean() < 0.3
    assert y.mean().item() == pytest.approx(1, abs=1e-3)
    for n, c in np.ndindex(8, 8):  # every zero belongs to a whole block of zeros
        covered = np.zeros((20, 20), bool)
        for i, j in np.ndindex(21 - block, 21 - block):
            if zero[n, c, i:i + block, j:j + block].all():
                covered[i:i + block, j:j + block] = True
        assert (covered == zero[n, c]).all()
    assert ops.drop_block2d(x, 0.2, block, training=False) is x
    assert ops.DropBlock3d(0.5, block)(core.ones(1, 2, 6, 6, 6)).shape == (1, 2, 6, 6, 6)
    with pytest.raises(ValueError, match=r"p=2 must be from 0 to 1"):
        ops.drop_block2d(x, 2, block)
