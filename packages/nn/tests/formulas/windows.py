"""What looks at windows of a signal, picture or volume: convolution, pooling, resizing."""

import itertools
import math
from types import SimpleNamespace

import numpy as np

from formulas.elements import padded


def each(value, rank):
    return (value,) * rank if isinstance(value, (int, float)) or value is None else tuple(value)


def batched(rank):
    """Formulas are written for batches; a single example is a batch of one."""
    def wrap(formula):
        def either(o, w, x, *more):
            if x.ndim == rank + 2:
                return formula(o, w, x, *more)
            y = formula(o, w, x[None], *[m[None] for m in more])
            return y[0]
        return either
    return wrap


def convolution(rank):
    @batched(rank)
    def formula(o, w, x):
        weight = w["weight"]
        kernel, stride, dilation = weight.shape[2:], each(o.stride, rank), each(o.dilation, rank)
        reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        if o.padding == "same":
            edges = [(r // 2, r - r // 2) for r in reach]
        else:
            edges = [(p, p) for p in each(0 if o.padding == "valid" else o.padding, rank)]
        mode = {"zeros": "constant", "reflect": "reflect", "replicate": "edge",
                "circular": "wrap"}[o.padding_mode]
        x = padded(x, edges, mode)
        out = [(n - r - 1) // s + 1 for n, r, s in zip(x.shape[2:], reach, stride, strict=True)]
        y = np.zeros((len(x), len(weight), *out))
        ins, outs = weight.shape[1], len(weight) // o.groups
        for g in range(o.groups):
            part, filters = x[:, g * ins:(g + 1) * ins], weight[g * outs:(g + 1) * outs]
            for at in itertools.product(*map(range, kernel)):
                seen = part[(..., *[slice(a * d, a * d + (n - 1) * s + 1, s) for a, d, n, s in zip(
                    at, dilation, out, stride, strict=True)])]
                y[:, g * outs:(g + 1) * outs] += np.einsum(
                    "nc...,oc->no...", seen, filters[(slice(None), slice(None), *at)])
        return y + w["bias"].reshape(-1, *[1] * rank) if "bias" in w else y
    return formula


def transposed(rank):
    @batched(rank)
    def formula(o, w, x):
        weight = w["weight"]
        kernel, stride, dilation = weight.shape[2:], each(o.stride, rank), each(o.dilation, rank)
        full = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in zip(
            x.shape[2:], stride, dilation, kernel, strict=True)]
        pads, more = each(o.padding, rank), each(o.output_padding, rank)
        y = np.zeros((len(x), weight.shape[1] * o.groups,
                      *[n + e for n, e in zip(full, more, strict=True)]))
        ins, outs = len(weight) // o.groups, weight.shape[1]
        for g in range(o.groups):
            part, filters = x[:, g * ins:(g + 1) * ins], weight[g * ins:(g + 1) * ins]
            for at in itertools.product(*map(range, kernel)):
                where = [slice(a * d, a * d + (n - 1) * s + 1, s) for a, d, n, s in zip(
                    at, dilation, x.shape[2:], stride, strict=True)]
                y[(slice(None), slice(g * outs, (g + 1) * outs), *where)] += np.einsum(
                    "nc...,co->no...", part, filters[(slice(None), slice(None), *at)])
        y = y[(..., *[slice(p, n - p) for p, n in zip(pads, y.shape[2:], strict=True)])]
        return y + w["bias"].reshape(-1, *[1] * rank) if "bias" in w else y
    return formula


def counted(n, k, s, p, d, ceil):
    """How many windows fit; with ``ceil`` one more may hang over, if it begins inside."""
    free = n + 2 * p - d * (k - 1) - 1
    count = (math.ceil(free / s) if ceil else free // s) + 1
    return count - 1 if ceil and (count - 1) * s >= n + p else count


def spans(n, k, s, p, d, ceil):
    """For each window along a dimension the positions it covers, padding and beyond included."""
    return [[i * s - p + j * d for j in range(k)] for i in range(counted(n, k, s, p, d, ceil))]


def over_windows(x, lines, fold):
    """``fold(values, positions)`` of each window, given the positions along each dimension."""
    rank = len(lines)
    sizes = x.shape[2:]
    y = np.zeros((*x.shape[:2], *map(len, lines)))
    for at in np.ndindex(*map(len, lines)):
        covered = [lines[i][at[i]] for i in range(rank)]
        inside = [[q for q in line if 0 <= q < n] for line, n in zip(covered, sizes, strict=True)]
        values = x[(slice(None), slice(None), *np.ix_(*inside))].reshape(*x.shape[:2], -1)
        y[(..., *at)] = fold(values, covered)
    return y


def lines_of(o, x, rank):
    kernel = each(o.kernel_size, rank)
    stride = each(o.kernel_size if o.stride is None else o.stride, rank)
    pads, spread = (each(getattr(o, name, default), rank)
                    for name, default in (("padding", 0), ("dilation", 1)))
    return [spans(*args, o.ceil_mode) for args in zip(
        x.shape[2:], kernel, stride, pads, spread, strict=True)]


def max_pool(rank):
    @batched(rank)
    def formula(o, w, x):
        return over_windows(x, lines_of(o, x, rank), lambda v, _: v.max(-1))
    return formula


def avg_pool(rank):
    @batched(rank)
    def formula(o, w, x):
        pads = each(o.padding, rank)

        def mean(values, covered):
            count = values.shape[-1]
            if getattr(o, "divisor_override", None):
                count = o.divisor_override
            elif o.count_include_pad:  # the padding counts, what hangs over it does not
                count = math.prod(sum(q < n + p for q in line) for line, n, p in zip(
                    covered, x.shape[2:], pads, strict=True))
            return values.sum(-1) / count
        return over_windows(x, lines_of(o, x, rank), mean)
    return formula


def lp_pool(rank):
    @batched(rank)
    def formula(o, w, x):
        p = o.norm_type
        return over_windows(x, lines_of(o, x, rank), lambda v, _: (v ** p).sum(-1) ** (1 / p))
    return formula


def adaptive(rank, fold):
    @batched(rank)
    def formula(o, w, x):
        lines = []
        for n, m in zip(x.shape[2:], each(o.output_size, rank), strict=True):
            m = n if m is None else m
            lines.append([list(range(i * n // m, math.ceil((i + 1) * n / m))) for i in range(m)])
        return over_windows(x, lines, lambda v, _: fold(v, -1))
    return formula


def max_unpool(rank):
    @batched(rank)
    def formula(o, w, x, places):
        kernel = each(o.kernel_size, rank)
        stride = each(o.kernel_size if o.stride is None else o.stride, rank)
        sizes = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(
            x.shape[2:], stride, each(o.padding, rank), kernel, strict=True)]
        y = np.zeros((*x.shape[:2], math.prod(sizes)))
        for n, c in np.ndindex(*x.shape[:2]):
            y[n, c, places[n, c].ravel()] = x[n, c].ravel()
        return y.reshape(*x.shape[:2], *sizes)
    return formula


def patches(o, sizes):
    """The positions of each patch: (patch, element of the window) -> row, column."""
    kernel, stride, pads, spread = (each(v, 2) for v in (
        o.kernel_size, o.stride, o.padding, o.dilation))
    rows, columns = (spans(*args, False) for args in zip(
        sizes, kernel, stride, pads, spread, strict=True))
    return [[(r, c) for r in row for c in column] for row in rows for column in columns]


@batched(2)
def unfold(o, w, x):
    n, channels, height, width = x.shape
    found = patches(o, (height, width))
    y = np.zeros((n, channels, len(found[0]), len(found)))
    for i, patch in enumerate(found):
        for j, (r, c) in enumerate(patch):
            if 0 <= r < height and 0 <= c < width:
                y[:, :, j, i] = x[:, :, r, c]
    return y.reshape(n, -1, len(found))


def fold(o, w, x):
    height, width = each(o.output_size, 2)
    found = patches(o, (height, width))
    x = x.reshape(len(x), -1, len(found[0]), len(found))
    y = np.zeros((*x.shape[:2], height, width))
    for i, patch in enumerate(found):
        for j, (r, c) in enumerate(patch):
            if 0 <= r < height and 0 <= c < width:
                y[:, :, r, c] += x[:, :, j, i]
    return y


def keys(t, a=-0.75):
    """Keys' cubic convolution kernel (1981)."""
    t = abs(t)
    if t <= 1:
        return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1
    return a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a if t < 2 else 0.0


def resized(x, axis, m, scale, mode, align):
    """One dimension with m elements: nearest, or a sum of neighbours weighted by a kernel."""
    n = x.shape[axis]
    x = np.moveaxis(x, axis, -1)
    y = np.zeros((*x.shape[:-1], m))
    ratio = 1 / scale if scale else n / m
    for i in range(m):
        if mode == "nearest":
            y[..., i] = x[..., min(int(i * ratio), n - 1)]
            continue
        if align:
            at = i * (n - 1) / (m - 1) if m > 1 else 0.0
        else:
            at = (i + 0.5) * ratio - 0.5
        cubic = mode == "bicubic"
        if not cubic:
            at = max(at, 0.0)
        low = math.floor(at)
        for q in range(low - 1, low + 3):
            weight = keys(at - q) if cubic else max(0.0, 1 - abs(at - q))
            y[..., i] += weight * x[..., min(max(q, 0), n - 1)]
    return np.moveaxis(y, -1, axis)


def upsample(o, w, x):
    rank = x.ndim - 2
    factors = each(o.scale_factor, rank)
    sizes = each(o.size, rank) if o.size is not None else [
        int(n * f) for n, f in zip(x.shape[2:], factors, strict=True)]
    for i in range(rank):
        x = resized(x, 2 + i, sizes[i], factors[i], o.mode, o.align_corners)
    return x


def upsample_as(mode, align):
    def formula(o, w, x):
        return upsample(SimpleNamespace(size=o.size, scale_factor=o.scale_factor, mode=mode,
                                        align_corners=align), w, x)
    return formula


FORMULAS = {
    **{f"{lazy}Conv{r}d": convolution(r) for r in (1, 2, 3) for lazy in ("", "Lazy")},
    **{f"{lazy}ConvTranspose{r}d": transposed(r) for r in (1, 2, 3) for lazy in ("", "Lazy")},
    **{f"MaxPool{r}d": max_pool(r) for r in (1, 2, 3)},
    **{f"AvgPool{r}d": avg_pool(r) for r in (1, 2, 3)},
    **{f"LPPool{r}d": lp_pool(r) for r in (1, 2, 3)},
    **{f"AdaptiveAvgPool{r}d": adaptive(r, np.mean) for r in (1, 2, 3)},
    **{f"AdaptiveMaxPool{r}d": adaptive(r, np.max) for r in (1, 2, 3)},
    **{f"MaxUnpool{r}d": max_unpool(r) for r in (1, 2, 3)},
    "Unfold": unfold, "Fold": fold, "Upsample": upsample,
    "UpsamplingNearest2d": upsample_as("nearest", False),
    "UpsamplingBilinear2d": upsample_as("bilinear", True),
}
