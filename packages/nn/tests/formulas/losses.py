"""Losses."""

import itertools
import math
from itertools import pairwise

import numpy as np

from formulas.elements import linear, log_softmax, sigmoid


def reduced(formula):
    """The losses' mean or sum, as the constructor's `reduction` says."""
    def whole(o, w, *inputs):
        losses = formula(o, w, *inputs)
        return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[o.reduction](losses)
    return whole


def squared(o, w, x, t):
    return (x - t) ** 2


def huber(delta_of, scale):
    def formula(o, w, x, t):
        delta, gap = delta_of(o), np.abs(x - t)
        return np.where(gap < delta, gap ** 2 / 2, delta * (gap - delta / 2)) / scale(o)
    return formula


def weighted_nll(o, w, logp, t):
    """Of log-probabilities (N, C, *) and class numbers (N, *), with the mean over weights."""
    if logp.ndim == 1:
        logp, t = logp[None], np.asarray(t)[None]
        single = o.reduction == "none"
    else:
        single = False
    weight = w.get("weight", np.ones(logp.shape[1]))
    losses, counts = np.zeros(t.shape), np.zeros(t.shape)
    for at in np.ndindex(*t.shape):
        if t[at] != o.ignore_index:
            counts[at] = weight[t[at]]
            losses[at] = -counts[at] * logp[(at[0], t[at], *at[1:])]
    if o.reduction == "none":
        return losses[0] if single else losses
    return losses.sum() / (counts.sum() if o.reduction == "mean" else 1)


def cross_entropy(o, w, x, t):
    axis = 0 if x.ndim == 1 else 1
    logp = log_softmax(x, axis)
    smooth, classes = o.label_smoothing, x.shape[axis]
    if t.dtype.kind == "f":
        t = t * (1 - smooth) + smooth / classes
        losses = -(t * logp).sum(axis)
        return losses if o.reduction == "none" else losses.sum() / (
            losses.size if o.reduction == "mean" else 1)
    right = weighted_nll(o, w, logp, t)
    if not smooth:
        return right
    weight = w.get("weight", np.ones(classes))
    kept = t != o.ignore_index
    even = np.where(kept, -(logp * weight).mean(axis), 0)  # scores of two dimensions
    if o.reduction != "none":
        even = even.sum() / (weight[t[kept]].sum() if o.reduction == "mean" else 1)
    return (1 - smooth) * right + smooth * even


def bce(p, t):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


def kl(o, w, x, t):
    losses = np.exp(t) * (t - x) if o.log_target else t * (np.log(t) - x)
    if o.reduction == "batchmean":
        return losses.sum() / len(x)
    return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[o.reduction](losses)


def poisson(o, w, x, t):
    losses = np.exp(x) - t * x if o.log_input else x - t * np.log(x + o.eps)
    if o.full:  # Stirling's approximation of log(t!)
        big = np.where(t > 1, t, 1.0)
        more = big * np.log(big) - big + np.log(2 * np.pi * big) / 2
        losses = losses + np.where(t > 1, more, 0)
    return losses


def gaussian(o, w, x, t, var):
    var = np.maximum(var, o.eps)
    return (np.log(var) + (x - t) ** 2 / var) / 2 + (math.log(2 * math.pi) / 2 if o.full else 0)


def multi_label_margin(o, w, x, t):
    losses = np.zeros(len(x))
    for n, row in enumerate(t):
        right = list(itertools.takewhile(lambda c: c >= 0, row))
        wrong = [c for c in range(x.shape[1]) if c not in right]
        losses[n] = sum(max(0, 1 - x[n, i] + x[n, j]) for i in right for j in wrong) / x.shape[1]
    return losses


def multi_label_soft(o, w, x, t):
    return (bce(sigmoid(x), t) * w.get("weight", 1)).mean(-1)


def bce_with_logits(o, w, x, t):
    p, yes = sigmoid(x), w.get("pos_weight", 1)
    return -(yes * t * np.log(p) + (1 - t) * np.log(1 - p)) * w.get("weight", 1)


def multi_margin(o, w, x, t):
    weight = w.get("weight", np.ones(x.shape[1]))
    losses = [weight[c] * sum(max(0, o.margin - row[c] + row[j]) ** o.p
                              for j in range(len(row)) if j != c) / len(row)
              for row, c in zip(x, t, strict=True)]
    return np.array(losses)


def cosine_embedding(o, w, x, y, t):
    angle = (x * y).sum(1) / np.sqrt((x * x).sum(1) * (y * y).sum(1))
    return np.where(t > 0, 1 - angle, np.maximum(0, angle - o.margin))


def between(x, y, p=2, eps=1e-6):
    return (np.abs(x - y + eps) ** p).sum(-1) ** (1 / p)


def triplet(o, w, a, p, n):
    near, far = between(a, p, o.p), between(a, n, o.p)
    if o.swap:
        far = np.minimum(far, between(p, n, o.p))
    return np.maximum(near - far + o.margin, 0)


def triplet_with(o, w, a, p, n):
    far = between(a, n)
    if o.swap:
        far = np.minimum(far, between(p, n))
    return np.maximum(between(a, p) - far + o.margin, 0)


def collapsed(path, blank):
    """Repeated symbols merged, then blanks taken out."""
    return tuple(s for i, s in enumerate(path) if s != blank and (i == 0 or s != path[i - 1]))


def ctc(o, w, logp, targets, frames, lengths):
    """By definition: the sum over all paths that collapse to the labels."""
    losses = []
    for n, (t, length) in enumerate(zip(frames, lengths, strict=True)):
        want = tuple(targets[n, :length])
        total = sum(math.exp(sum(logp[i, n, s] for i, s in enumerate(path)))
                    for path in itertools.product(range(logp.shape[2]), repeat=int(t))
                    if collapsed(path, o.blank) == want)
        losses.append(-math.log(total) if total else 0.0 if o.zero_infinity else math.inf)
    losses = np.array(losses)
    if o.reduction == "mean":
        return (losses / np.maximum(lengths, 1)).mean()
    return losses.sum() if o.reduction == "sum" else losses


def adaptive(o, w, x, t):
    """The log-probability of each target: of its cluster, and of it within the cluster."""
    edges = [*o.cutoffs, o.n_classes]
    head = log_softmax(x @ w["head.weight"].T + w.get("head.bias", 0), -1)
    columns = [head[:, :edges[0]]]
    for i, _ in enumerate(pairwise(edges)):
        inner = x @ w[f"tail.{i}.0.weight"].T @ w[f"tail.{i}.1.weight"].T
        columns.append(head[:, edges[0] + i, None] + log_softmax(inner, -1))
    return np.concatenate(columns, 1)[np.arange(len(x)), t]


def linear_cross_entropy(o, w, x, t):
    inner = {k.removeprefix("linear."): v for k, v in w.items()}
    weight = inner["weight"]
    scores = linear(o, {"weight": weight, **{k: inner[k] for k in ("bias",) if k in inner}}, x)
    scores = scores.reshape(len(x), o.num_classes, *o.out_features)
    o.ignore_index = -100 if o.ignore_index is None else o.ignore_index
    return cross_entropy(o, {}, scores, t)


FORMULAS = {
    "MSELoss": reduced(squared), "L1Loss": reduced(lambda o, w, x, t: np.abs(x - t)),
    "SmoothL1Loss": reduced(huber(lambda o: o.beta, lambda o: o.beta)),
    "HuberLoss": reduced(huber(lambda o: o.delta, lambda o: 1)),
    "CrossEntropyLoss": cross_entropy, "NLLLoss": weighted_nll, "NLLLoss2d": weighted_nll,
    "BCELoss": reduced(lambda o, w, p, t: bce(p, t) * w.get("weight", 1)),
    "BCEWithLogitsLoss": reduced(bce_with_logits),
    "KLDivLoss": kl, "PoissonNLLLoss": reduced(poisson), "GaussianNLLLoss": reduced(gaussian),
    "HingeEmbeddingLoss": reduced(
        lambda o, w, x, t: np.where(t == 1, x, np.maximum(0, o.margin - x))),
    "SoftMarginLoss": reduced(lambda o, w, x, t: np.log1p(np.exp(-t * x))),
    "MultiLabelMarginLoss": reduced(multi_label_margin),
    "MultiLabelSoftMarginLoss": reduced(multi_label_soft),
    "MultiMarginLoss": reduced(multi_margin),
    "CosineEmbeddingLoss": reduced(cosine_embedding),
    "MarginRankingLoss": reduced(lambda o, w, x, y, t: np.maximum(0, -t * (x - y) + o.margin)),
    "TripletMarginLoss": reduced(triplet),
    "TripletMarginWithDistanceLoss": reduced(triplet_with),
    "CTCLoss": ctc, "AdaptiveLogSoftmaxWithLoss": adaptive,
    "LinearCrossEntropyLoss": linear_cross_entropy,
}
