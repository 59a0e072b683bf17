"""Activations, linear maps, padding, looking up, distances, and rearranging."""

import math

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x, axis):
    return np.log(softmax(x, axis))


erf = np.vectorize(math.erf, otypes=[float])


def clip(x, low, high):
    return np.minimum(np.maximum(x, low), high)


def gelu(x, approximate="none"):
    if approximate == "tanh":
        return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    return x / 2 * (1 + erf(x / math.sqrt(2)))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al., equation 14


def prelu(o, w, x):
    slope = w["weight"]
    if slope.size > 1:
        slope = slope.reshape(-1, *[1] * (x.ndim - 2))
    return np.where(x > 0, x, slope * x)


def glu(o, w, x):
    a, b = np.split(x, 2, o.dim)
    return a * sigmoid(b)


def linear(o, w, x):
    y = x @ w["weight"].T
    return y + w["bias"] if "bias" in w else y


def bilinear(o, w, x, y):
    out = np.einsum("...i,oij,...j->...o", x, w["weight"], y)
    return out + w["bias"] if "bias" in w else out


def flatten(o, w, x):
    first, last = o.start_dim % x.ndim, o.end_dim % x.ndim
    return x.reshape(*x.shape[:first], -1, *x.shape[last + 1:])


def unflatten(o, w, x):
    return x.reshape(*x.shape[:o.dim], *o.unflattened_size, *x.shape[o.dim + 1:])


def pairs(padding, rank):
    """PyTorch's padding, last dimension first, as NumPy's pairs in order."""
    flat = [padding] * (2 * rank) if isinstance(padding, int) else list(padding)
    return [(flat[2 * i], flat[2 * i + 1]) for i in reversed(range(rank))]


def padded(x, edges, mode, **options):
    """Spatial padding, where a negative width crops."""
    edges = [(0, 0)] * (x.ndim - len(edges)) + edges
    y = np.pad(x, [(max(a, 0), max(b, 0)) for a, b in edges], mode, **options)
    return y[tuple(slice(max(-a, 0), n - max(-b, 0))
                   for (a, b), n in zip(edges, y.shape, strict=True))]


def padding(mode, rank):
    def formula(o, w, x):
        options = {}
        if mode == "constant":
            options["constant_values"] = getattr(o, "value", 0.0)
        return padded(x, pairs(o.padding, rank), mode, **options)
    return formula


def embedding(o, w, numbers):
    return w["weight"][numbers]


def embedding_bag(o, w, numbers, begins=None):
    table = w["weight"]
    if begins is None:
        bags = list(numbers)
    else:
        ends = [*begins[1:]] if o.include_last_offset else [*begins[1:], len(numbers)]
        bags = [numbers[a:b] for a, b in zip(begins, ends, strict=False)]
    out = []
    for bag in bags:
        rows = table[[n for n in bag if n != o.padding_idx]]
        fold = {"sum": np.sum, "mean": np.mean, "max": np.max}[o.mode]
        out.append(fold(rows, 0) if len(rows) else np.zeros(table.shape[1]))
    return np.stack(out)


def cosine(o, w, x, y):
    def length(v):
        return np.maximum(np.sqrt((v * v).sum(o.dim, keepdims=True)), o.eps)
    return ((x / length(x)) * (y / length(y))).sum(o.dim)


def distance(o, w, x, y):
    return (np.abs(x - y + o.eps) ** o.p).sum(-1, keepdims=o.keepdim) ** (1 / o.p)


def pixel_shuffle(o, w, x):
    r = o.upscale_factor
    *lead, c, h, width = x.shape
    y = np.zeros((*lead, c // r ** 2, h * r, width * r))
    for i in range(r):
        for j in range(r):
            y[..., i::r, j::r] = x[..., i * r + j::r * r, :, :]
    return y


def pixel_unshuffle(o, w, x):
    r = o.downscale_factor
    *lead, c, h, width = x.shape
    y = np.zeros((*lead, c * r * r, h // r, width // r))
    for i in range(r):
        for j in range(r):
            y[..., i * r + j::r * r, :, :] = x[..., i::r, j::r]
    return y


def channel_shuffle(o, w, x):
    size = x.shape[1] // o.groups
    order = [g * size + i for i in range(size) for g in range(o.groups)]
    return x[:, order]


def same(o, w, x):
    return x


FORMULAS = {
    "ReLU": lambda o, w, x: np.maximum(x, 0),
    "ReLU6": lambda o, w, x: clip(x, 0, 6),
    "SELU": lambda o, w, x: SELU_SCALE * elu(x, SELU_ALPHA),
    "SiLU": lambda o, w, x: x * sigmoid(x),
    "Mish": lambda o, w, x: x * np.tanh(np.log1p(np.exp(x))),
    "Hardsigmoid": lambda o, w, x: clip(x / 6 + 0.5, 0, 1),
    "Hardswish": lambda o, w, x: x * clip(x / 6 + 0.5, 0, 1),
    "LeakyReLU": lambda o, w, x: np.where(x > 0, x, o.negative_slope * x),
    "RReLU": lambda o, w, x: np.where(x > 0, x, (o.lower + o.upper) / 2 * x),
    "ELU": lambda o, w, x: elu(x, o.alpha),
    "CELU": lambda o, w, x: np.where(x > 0, x, o.alpha * (np.exp(x / o.alpha) - 1)),
    "Hardtanh": lambda o, w, x: clip(x, o.min_val, o.max_val),
    "GELU": lambda o, w, x: gelu(x, o.approximate),
    "Softplus": lambda o, w, x: np.where(
        o.beta * x > o.threshold, x, np.log1p(np.exp(o.beta * x)) / o.beta),
    "Softshrink": lambda o, w, x: np.sign(x) * np.maximum(np.abs(x) - o.lambd, 0),
    "Hardshrink": lambda o, w, x: np.where(np.abs(x) > o.lambd, x, 0),
    "Tanhshrink": lambda o, w, x: x - np.tanh(x),
    "Softsign": lambda o, w, x: x / (1 + np.abs(x)),
    "LogSigmoid": lambda o, w, x: np.log(sigmoid(x)),
    "Sigmoid": lambda o, w, x: sigmoid(x),
    "Tanh": lambda o, w, x: np.tanh(x),
    "Threshold": lambda o, w, x: np.where(x > o.threshold, x, o.value),
    "PReLU": prelu, "GLU": glu, "Identity": same,
    "Softmax": lambda o, w, x: softmax(x, o.dim),
    "Softmax2d": lambda o, w, x: softmax(x, -3),
    "Softmin": lambda o, w, x: softmax(-x, o.dim),
    "LogSoftmax": lambda o, w, x: log_softmax(x, o.dim),
    "Linear": linear, "LazyLinear": linear, "Bilinear": bilinear,
    "Flatten": flatten, "Unflatten": unflatten,
    "Embedding": embedding, "EmbeddingBag": embedding_bag,
    "CosineSimilarity": cosine, "PairwiseDistance": distance,
    "PixelShuffle": pixel_shuffle, "PixelUnshuffle": pixel_unshuffle,
    "ChannelShuffle": channel_shuffle,
    # what is dropped is random; evaluation drops nothing
    **{name: same for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout",
                               "FeatureAlphaDropout")},
    **{f"{kind}Pad{rank}d": padding(mode, rank) for rank in (1, 2, 3) for kind, mode in (
        ("Zero", "constant"), ("Constant", "constant"), ("Reflection", "reflect"),
        ("Replication", "edge"), ("Circular", "wrap"))},
}
