"""Normalisation over batches, examples, groups and neighbouring channels."""

import numpy as np


def scaled(x, w, axis_of_channels=1, names=("weight", "bias")):
    """Times the weight, plus the bias, along the channels."""
    wide = [1] * x.ndim
    wide[axis_of_channels] = -1
    gain, offset = (w[n].reshape(wide) if n in w else None for n in names)
    x = x if gain is None else x * gain
    return x if offset is None else x + offset


def standard(x, axes, eps):
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + eps)


def by_running(x, w, eps):
    wide = (-1, *[1] * (x.ndim - 2))
    return (x - w["running_mean"].reshape(wide)) / np.sqrt(w["running_var"].reshape(wide) + eps)


def batch_norm(o, w, x):
    if o.training or "running_mean" not in w:
        return scaled(standard(x, (0, *range(2, x.ndim)), o.eps), w)
    return scaled(by_running(x, w, o.eps), w)


def instance_norm(rank):
    def formula(o, w, x):
        single = x.ndim == rank + 1
        x = x[None] if single else x
        if o.training or "running_mean" not in w:
            y = standard(x, tuple(range(2, x.ndim)), o.eps)
        else:
            y = by_running(x, w, o.eps)
        y = scaled(y, w)
        return y[0] if single else y
    return formula


def last_axes(o):
    shape = o.normalized_shape
    return tuple(range(-1 if isinstance(shape, int) else -len(shape), 0))


def layer_norm(o, w, x):
    y = standard(x, last_axes(o), o.eps) * w.get("weight", 1.0)
    return y + w.get("bias", 0.0)


def rms_norm(o, w, x):
    eps = np.finfo(o.dtype).eps if o.eps is None else o.eps
    return x / np.sqrt((x * x).mean(last_axes(o), keepdims=True) + eps) * w.get("weight", 1.0)


def group_norm(o, w, x):
    parts = x.reshape(len(x), o.num_groups, -1)
    return scaled(standard(parts, (2,), o.eps).reshape(x.shape), w)


def local_response(o, w, x):
    y = np.zeros_like(x)
    channels = x.shape[1]
    for c in range(channels):
        low = c - o.size // 2
        near = x[:, max(low, 0):min(low + o.size, channels)]
        y[:, c] = x[:, c] / (o.k + o.alpha / o.size * (near ** 2).sum(1)) ** o.beta
    return y


FORMULAS = {
    **{f"{lazy}BatchNorm{r}d": batch_norm for r in (1, 2, 3) for lazy in ("", "Lazy")},
    **{f"{lazy}InstanceNorm{r}d": instance_norm(r) for r in (1, 2, 3) for lazy in ("", "Lazy")},
    "SyncBatchNorm": batch_norm, "LayerNorm": layer_norm, "RMSNorm": rms_norm,
    "GroupNorm": group_norm, "LocalResponseNorm": local_response, "CrossMapLRN2d": local_response,
}
