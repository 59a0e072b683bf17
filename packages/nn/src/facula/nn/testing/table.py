"""Every module with constructor arguments and inputs: what the tests are made from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Draw:
    """How to draw one input: a shape and a kind of numbers."""

    shape: tuple[int, ...]
    kind: str = "normal"
    high: int = 0
    values: tuple[int, ...] = ()  # for "exactly"

    @property
    def differentiable(self) -> bool:
        """Whether a gradient is wanted: not for class numbers, counts, signs, probabilities."""
        return self.kind in ("normal", "spread", "unit", "positive", "log_probability")

    def make(self, rng: np.random.Generator) -> np.ndarray:
        """The array, in float64 or int64."""
        return _KINDS[self.kind](rng, self)


def _spread(rng: np.random.Generator, draw: Draw) -> np.ndarray:
    """Numbers that all differ by at least 0.05, so that the largest is clear."""
    n = int(np.prod(draw.shape))
    return ((rng.permutation(n) - n / 2) * 0.05).reshape(draw.shape)


def _log_probabilities(rng: np.random.Generator, draw: Draw, axis: int | None = None
                       ) -> np.ndarray:
    x = rng.standard_normal(draw.shape)
    axis = axis if axis is not None else 1 if x.ndim > 1 else 0
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


_KINDS: dict[str, Callable[[np.random.Generator, Draw], np.ndarray]] = {
    "normal": lambda rng, d: rng.standard_normal(d.shape),
    "spread": _spread,
    "unit": lambda rng, d: rng.uniform(0.05, 0.95, d.shape),
    "positive": lambda rng, d: rng.uniform(0.2, 3.0, d.shape),
    "sign": lambda rng, d: rng.choice([-1.0, 1.0], d.shape),
    "int": lambda rng, d: rng.integers(0, d.high, d.shape),
    "count": lambda rng, d: rng.integers(0, 5, d.shape).astype(np.float64),
    "bit": lambda rng, d: rng.integers(0, 2, d.shape).astype(np.float64),
    "log_probability": _log_probabilities,
    "log_probability_last": lambda rng, d: _log_probabilities(rng, d, -1),
    "probability": lambda rng, d: np.exp(_log_probabilities(rng, d)),
    # different places within `high`, for each of the first two dimensions
    "places": lambda rng, d: np.argsort(rng.random((*d.shape[:2], d.high)), -1)[
        ..., :math.prod(d.shape[2:])].reshape(d.shape),
    # where bags begin: at 0, then anywhere up to `high`
    "begins": lambda rng, d: np.sort(np.append(0, rng.integers(0, d.high, d.shape[0] - 1))),
    "exactly": lambda rng, d: np.array(d.values),
    # right class numbers first, then -1
    "labels": lambda rng, d: np.where(np.arange(d.shape[-1]) < 2, np.argsort(
        rng.random(d.shape), -1), -1),
}


@dataclass(frozen=True)
class Case:
    """One module, built with ``args`` and ``kwargs``, called with ``inputs``.

    An argument may be another case, for a module, or a ``Draw``, for a tensor.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[Draw, ...] = ()
    smooth: bool = True  # whether finite differences agree with the gradient everywhere
    random: bool = False  # whether training mode draws numbers

    def __str__(self) -> str:
        words = [a.name if isinstance(a, Case) else repr(a) for a in self.args]
        words += [f"{k}={v.kind if isinstance(v, Draw) else repr(v)}"
                  for k, v in self.kwargs.items()]
        sizes = ",".join("x".join(map(str, d.shape)) for d in self.inputs)
        return f"{self.name}({', '.join(words)})-{sizes}"

    def build(self, nn: Any, tensor: Callable[[np.ndarray], Any]) -> Any:
        """The module, of ``facula.nn`` or of another library with its names and ``tensor``."""
        rng = np.random.default_rng(7)
        args = [a.build(nn, tensor) if isinstance(a, Case) else a for a in self.args]
        kwargs = {k: tensor(v.make(rng)) if isinstance(v, Draw) else v
                  for k, v in self.kwargs.items()}
        return getattr(nn, self.name)(*args, **kwargs)

    def arrays(self, seed: int = 0) -> list[np.ndarray]:
        """The inputs."""
        rng = np.random.default_rng(seed)
        return [d.make(rng) for d in self.inputs]


def numbers(*shape: int, kind: str = "normal") -> Draw:
    """An input of floating numbers."""
    return Draw(shape, kind)


def integers(*values: int) -> Draw:
    """An input of just these integers."""
    return Draw((len(values),), "exactly", values=values)


def _case(name: str, *args: Any, on: Any, smooth: bool = True, random: bool = False,
          **kwargs: Any) -> Case:
    draws = on if isinstance(on, list) else [on]
    draws = [d if isinstance(d, Draw) else Draw(d) for d in draws]
    return Case(name, args, kwargs, tuple(draws), smooth, random)


_X = (3, 5)
_ACTIVATIONS = [
    _case(name, on=_X) for name in (
        "ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish", "LeakyReLU", "ELU",
        "CELU", "Hardtanh", "GELU", "Softplus", "Softshrink", "Hardshrink", "Tanhshrink",
        "Softsign", "LogSigmoid", "Sigmoid", "Tanh", "PReLU", "Identity")
] + [
    _case("LeakyReLU", 0.2, on=_X), _case("ELU", 1.5, on=_X), _case("CELU", 0.5, on=_X),
    _case("Hardtanh", -0.5, 0.7, on=_X), _case("Threshold", 0.1, -2.0, on=_X),
    _case("GELU", "tanh", on=_X), _case("Softplus", 2.0, 1.0, on=_X), _case("GLU", on=(3, 6)),
    _case("GLU", 0, on=(4, 3)), _case("PReLU", 3, on=(2, 3, 4)), _case("Softmax", 1, on=_X),
    _case("Softmax", 0, on=_X), _case("Softmin", 1, on=_X), _case("LogSoftmax", -1, on=_X),
    _case("Softmax2d", on=(2, 3, 4, 5)), _case("RReLU", on=_X, random=True),
]
_LINEAR = [
    _case("Linear", 5, 4, on=_X), _case("Linear", 5, 4, bias=False, on=(2, 3, 5)),
    _case("Linear", 5, 4, on=(5,)), _case("Bilinear", 3, 4, 5, on=[(6, 3), (6, 4)]),
    _case("Bilinear", 3, 4, 5, bias=False, on=[(2, 6, 3), (2, 6, 4)]),
    _case("LazyLinear", 4, on=_X), _case("LazyLinear", 4, bias=False, on=(2, 3, 5)),
    _case("Flatten", on=(2, 3, 4)), _case("Unflatten", 1, (2, 3), on=(4, 6)),
]
_CONVOLUTION = [
    _case("Conv1d", 3, 4, 3, on=(2, 3, 8)), _case("Conv1d", 3, 4, 3, on=(3, 8)),
    _case("Conv1d", 4, 6, 3, stride=2, padding=2, dilation=2, groups=2, on=(2, 4, 9)),
    _case("Conv2d", 3, 4, 3, on=(2, 3, 7, 6)), _case("Conv2d", 3, 4, 3, on=(3, 7, 6)),
    _case("Conv2d", 3, 4, (3, 2), stride=(2, 1), padding=(1, 0), bias=False, on=(2, 3, 7, 6)),
    _case("Conv2d", 4, 6, 3, groups=2, padding=1, on=(2, 4, 5, 5)),
    _case("Conv2d", 4, 8, 3, groups=4, padding=1, stride=2, on=(2, 4, 6, 5)),
    _case("Conv2d", 4, 6, 1, on=(2, 4, 5, 5)), _case("Conv2d", 4, 6, 1, stride=2, on=(2, 4, 5, 5)),
    _case("Conv2d", 3, 4, (4, 3), padding="same", dilation=(1, 2), on=(2, 3, 7, 6)),
    _case("Conv2d", 3, 4, 3, padding="valid", on=(2, 3, 7, 6)),
    _case("Conv2d", 3, 4, 3, padding=1, padding_mode="reflect", on=(2, 3, 7, 6)),
    _case("Conv2d", 3, 4, 3, padding=(2, 1), padding_mode="replicate", on=(2, 3, 7, 6)),
    _case("Conv2d", 3, 4, 3, padding=1, padding_mode="circular", on=(2, 3, 7, 6)),
    _case("Conv2d", 16, 8, 3, padding=1, on=(2, 16, 15, 14)),
    _case("Conv3d", 2, 3, 2, on=(2, 2, 4, 5, 3)),
    _case("Conv3d", 2, 4, (2, 3, 1), stride=(1, 2, 1), padding=(1, 1, 0), groups=2,
          on=(2, 2, 4, 5, 3)),
    _case("ConvTranspose1d", 3, 4, 3, stride=2, padding=1, output_padding=1, on=(2, 3, 5)),
    _case("ConvTranspose2d", 3, 4, 3, on=(2, 3, 4, 5)),
    _case("ConvTranspose2d", 4, 6, (3, 2), stride=2, padding=(1, 0), groups=2, dilation=(1, 2),
          bias=False, on=(2, 4, 4, 5)),
    _case("ConvTranspose2d", 3, 4, 3, on=(3, 4, 5)),
    _case("ConvTranspose1d", 3, 4, 3, padding=2, output_padding=1, dilation=2, on=(2, 3, 5)),
    _case("ConvTranspose2d", 3, 4, 3, (1, 2), (0, 1), (1, 0), dilation=3, on=(2, 3, 4, 5)),
    _case("ConvTranspose3d", 2, 3, 2, stride=2, on=(1, 2, 3, 2, 3)),
]
_S = "spread"
_POOLING = [
    _case("MaxPool1d", 2, on=numbers(2, 3, 9, kind=_S)),
    _case("MaxPool2d", 2, on=numbers(2, 3, 6, 8, kind=_S)),
    _case("MaxPool2d", 3, 2, 1, on=numbers(2, 3, 7, 8, kind=_S)),
    _case("MaxPool2d", (3, 2), (2, 1), (1, 0), 2, on=numbers(2, 3, 9, 8, kind=_S)),
    _case("MaxPool2d", 3, 2, 1, ceil_mode=True, on=numbers(2, 3, 8, 8, kind=_S)),
    _case("MaxPool2d", 2, on=numbers(3, 6, 8, kind=_S)),
    _case("MaxUnpool1d", 2, on=[(2, 3, 4), Draw((2, 3, 4), "places", 8)]),
    _case("MaxUnpool2d", 2, on=[(3, 2, 3), Draw((3, 2, 3), "places", 24)]),
    _case("MaxUnpool2d", 3, 2, 1, on=[(2, 3, 2, 3), Draw((2, 3, 2, 3), "places", 15)]),
    _case("MaxUnpool3d", 2, on=[(1, 2, 2, 1, 2), Draw((1, 2, 2, 1, 2), "places", 32)]),
    _case("MaxPool3d", 2, on=numbers(1, 2, 4, 4, 5, kind=_S)),
    _case("AvgPool1d", 3, 2, 1, on=(2, 3, 9)), _case("AvgPool2d", 2, on=(2, 3, 6, 8)),
    _case("AvgPool2d", 3, 2, 1, count_include_pad=False, ceil_mode=True, on=(2, 3, 8, 8)),
    _case("AvgPool2d", (3, 2), divisor_override=5, on=(2, 3, 6, 8)),
    _case("AvgPool3d", 2, on=(1, 2, 4, 4, 5)),
    _case("AdaptiveAvgPool1d", 3, on=(2, 3, 8)), _case("AdaptiveAvgPool2d", 1, on=(2, 3, 5, 6)),
    _case("AdaptiveAvgPool2d", (5, None), on=(2, 3, 7, 6)),
    _case("AdaptiveAvgPool2d", (2, 3), on=(3, 4, 6)),
    _case("AdaptiveAvgPool3d", (2, 2, 1), on=(1, 2, 4, 5, 3)),
    _case("AdaptiveMaxPool1d", 3, on=numbers(2, 3, 8, kind=_S)),
    _case("AdaptiveMaxPool2d", (3, 2), on=numbers(2, 3, 7, 6, kind=_S)),
    _case("AdaptiveMaxPool2d", 3, on=numbers(2, 3, 6, 6, kind=_S)),
    _case("AdaptiveMaxPool3d", 2, on=numbers(1, 2, 4, 5, 3, kind=_S)),
    _case("LPPool1d", 2, 3, on=numbers(2, 3, 9, kind="positive")),
    _case("LPPool2d", 3, 2, on=numbers(2, 3, 6, 6, kind="positive")),
    _case("LPPool3d", 2, 2, on=numbers(1, 2, 4, 4, 4, kind="positive")),
]
_NORMALIZATION = [
    _case("BatchNorm1d", 4, on=(5, 4)), _case("BatchNorm1d", 4, on=(3, 4, 5)),
    _case("BatchNorm2d", 3, on=(4, 3, 5, 4)),
    _case("BatchNorm2d", 3, eps=1e-3, momentum=0.3, affine=False, on=(4, 3, 5, 4)),
    _case("BatchNorm2d", 3, momentum=None, on=(4, 3, 5, 4)),
    _case("BatchNorm2d", 3, track_running_stats=False, on=(4, 3, 5, 4)),
    _case("BatchNorm3d", 2, on=(3, 2, 2, 3, 2)),
    _case("InstanceNorm1d", 3, on=(2, 3, 6)), _case("InstanceNorm2d", 3, on=(3, 4, 4)),
    _case("InstanceNorm2d", 3, affine=True, track_running_stats=True, on=(2, 3, 4, 4)),
    _case("InstanceNorm3d", 2, affine=True, on=(2, 2, 2, 3, 2)),
    _case("LayerNorm", 5, on=_X), _case("LayerNorm", (3, 4), on=(2, 3, 4)),
    _case("LayerNorm", 5, bias=False, on=_X),
    _case("LayerNorm", 5, elementwise_affine=False, on=(2, 3, 5)),
    _case("RMSNorm", 5, on=_X), _case("RMSNorm", (3, 4), eps=1e-3, on=(2, 3, 4)),
    _case("GroupNorm", 2, 4, on=(3, 4, 5)), _case("GroupNorm", 4, 4, affine=False, on=(3, 4, 5, 2)),
    _case("SyncBatchNorm", 3, on=(4, 3, 5)), _case("CrossMapLRN2d", 3, on=(2, 5, 4, 3)),
    _case("GroupNorm", 2, 4, bias=False, on=(3, 4, 5)),
    _case("BatchNorm1d", 4, bias=False, on=(5, 4)),
    _case("LocalResponseNorm", 3, on=(2, 5, 4)), _case("LocalResponseNorm", 2, on=(2, 5, 4, 3)),
]
_DROPOUT = [
    _case("Dropout", 0.4, on=_X, random=True), _case("Dropout1d", 0.4, on=(2, 3, 4), random=True),
    _case("Dropout2d", 0.4, on=(2, 3, 4, 4), random=True),
    _case("Dropout3d", 0.4, on=(2, 3, 2, 2, 2), random=True),
    _case("AlphaDropout", 0.4, on=_X, random=True),
    _case("FeatureAlphaDropout", 0.4, on=(2, 3, 4, 4), random=True),
]
_PADDING = [
    _case(f"{kind}Pad{rank}d", 1, on=(2, 3, 4, 5, 6)[:rank + 2])
    for kind in ("Zero", "Reflection", "Replication", "Circular") for rank in (1, 2, 3)
] + [
    _case("ConstantPad1d", (1, 2), 0.5, on=(2, 3, 4)), _case("ConstantPad2d", 1, -1.0,
                                                             on=(2, 3, 4, 5)),
    _case("ConstantPad3d", 1, 2.0, on=(1, 2, 3, 2, 3)),
    _case("ReflectionPad2d", (2, 0, 1, 3), on=(2, 3, 4, 5)),
    _case("ReflectionPad1d", (-1, 3), on=(2, 3, 4)),
    _case("ReflectionPad2d", (2, -1, -2, -1), on=(2, 3, 4, 5)),
    _case("ReplicationPad2d", (-1, 2, 0, 1), on=(2, 3, 4, 5)),
    _case("CircularPad2d", (2, 0, 1, 3), on=(2, 3, 4, 5)),
]
_EMBEDDING = [
    _case("Embedding", 7, 3, on=Draw((2, 4), "int", 7)),
    _case("Embedding", 7, 3, padding_idx=2, on=Draw((12,), "int", 7)),
    _case("Embedding", 7, 3, scale_grad_by_freq=True, on=Draw((12,), "int", 7)),
    _case("EmbeddingBag", 7, 3, on=Draw((2, 4), "int", 7)),
] + [
    _case("EmbeddingBag", 7, 3, mode=mode, on=[Draw((12,), "int", 7), Draw((4,), "begins", 12)],
          padding_idx=row)
    for mode in ("sum", "mean", "max") for row in (None, 2)
] + [
    _case("EmbeddingBag", 7, 3, mode="sum", include_last_offset=True,
          on=[Draw((8,), "int", 7), integers(0, 3, 3, 8)]),
]
_DISTANCE = [
    _case("CosineSimilarity", on=[(4, 5), (4, 5)]),
    _case("CosineSimilarity", 0, on=[(4, 5), (4, 5)]),
    _case("PairwiseDistance", on=[(4, 5), (4, 5)]),
    _case("PairwiseDistance", 3.0, keepdim=True, on=[(4, 5), (4, 5)]),
]
_CLASSES = Draw((4,), "int", 5)
_PAIR = [(4, 5), (4, 5)]


def _losses() -> list[Case]:
    cases = []
    for reduction in ("mean", "sum", "none"):
        for name, on in (
                ("MSELoss", _PAIR), ("L1Loss", _PAIR), ("SmoothL1Loss", _PAIR),
                ("HuberLoss", _PAIR), ("CrossEntropyLoss", [(4, 5), _CLASSES]),
                ("CrossEntropyLoss", [(4, 5), numbers(4, 5, kind="probability")]),
                ("CrossEntropyLoss", [(2, 5, 3), Draw((2, 3), "int", 5)]),
                ("NLLLoss", [numbers(4, 5, kind="log_probability"), _CLASSES]),
                ("BCELoss", [numbers(4, 5, kind="unit"), numbers(4, 5, kind="unit")]),
                ("BCEWithLogitsLoss", [(4, 5), numbers(4, 5, kind="unit")]),
                ("PoissonNLLLoss", [(4, 5), numbers(4, 5, kind="count")]),
                ("GaussianNLLLoss", [(4, 5), (4, 5), numbers(4, 5, kind="positive")]),
                ("HingeEmbeddingLoss", [(4, 5), numbers(4, 5, kind="sign")]),
                ("SoftMarginLoss", [(4, 5), numbers(4, 5, kind="sign")]),
                ("MultiLabelMarginLoss", [(4, 5), Draw((4, 5), "labels")]),
                ("MultiLabelSoftMarginLoss", [(4, 5), numbers(4, 5, kind="bit")]),
                ("CosineEmbeddingLoss", [(4, 5), (4, 5), numbers(4, kind="sign")]),
                ("MarginRankingLoss", [(6,), (6,), numbers(6, kind="sign")]),
                ("TripletMarginLoss", [(4, 5), (4, 5), (4, 5)]),
                ("TripletMarginWithDistanceLoss", [(4, 5), (4, 5), (4, 5)]),
                ("MultiMarginLoss", [(4, 5), _CLASSES])):
            cases.append(_case(name, reduction=reduction, on=on))
    return cases


_LOSSES = _losses() + [
    _case("CrossEntropyLoss", label_smoothing=0.2, on=[(4, 5), _CLASSES]),
    _case("CrossEntropyLoss", ignore_index=2, on=[(4, 5), _CLASSES]),
    _case("CrossEntropyLoss", ignore_index=2, label_smoothing=0.2, on=[(4, 5), _CLASSES]),
    _case("CrossEntropyLoss", label_smoothing=0.2, on=[(4, 5), numbers(4, 5, kind="probability")]),
    _case("CrossEntropyLoss", on=[(5,), Draw((), "int", 5)]),
    _case("SmoothL1Loss", beta=0.5, on=_PAIR), _case("HuberLoss", delta=0.5, on=_PAIR),
    _case("KLDivLoss", reduction="batchmean", on=[numbers(4, 5, kind="log_probability"),
                                                  numbers(4, 5, kind="probability")]),
    _case("KLDivLoss", reduction="sum", log_target=True,
          on=[numbers(4, 5, kind="log_probability"), numbers(4, 5, kind="log_probability")]),
    _case("PoissonNLLLoss", False, True, on=[numbers(4, 5, kind="positive"),
                                             numbers(4, 5, kind="count")]),
    _case("GaussianNLLLoss", full=True, on=[(4, 5), (4, 5), numbers(4, 1, kind="positive")]),
    _case("TripletMarginLoss", 0.5, 3, swap=True, on=[(4, 5), (4, 5), (4, 5)]),
    _case("MultiMarginLoss", 2, 0.7, on=[(4, 5), _CLASSES]),
    _case("CosineEmbeddingLoss", 0.3, on=[(4, 5), (4, 5), numbers(4, kind="sign")]),
]

_WEIGHT = numbers(5, kind="positive")
_LOSSES += [
    _case(name, reduction=reduction, weight=_WEIGHT, on=on)
    for reduction in ("mean", "sum", "none")
    for name, on in (("CrossEntropyLoss", [(4, 5), _CLASSES]),
                     ("NLLLoss", [numbers(4, 5, kind="log_probability"), _CLASSES]),
                     ("BCELoss", [numbers(4, 5, kind="unit"), numbers(4, 5, kind="unit")]),
                     ("MultiLabelSoftMarginLoss", [(4, 5), numbers(4, 5, kind="bit")]),
                     ("MultiMarginLoss", [(4, 5), _CLASSES]))
] + [
    _case("CrossEntropyLoss", weight=_WEIGHT, label_smoothing=0.3, ignore_index=2,
          on=[(4, 5), _CLASSES]),
    _case("BCEWithLogitsLoss", weight=_WEIGHT, pos_weight=_WEIGHT,
          on=[(4, 5), numbers(4, 5, kind="unit")]),
]
_TIMES = [numbers(4, 3, 3, kind="log_probability_last"), Draw((3, 2), "int", 2)]
_LOSSES += [
    _case("CTCLoss", 2, reduction, on=[*_TIMES, integers(4, 4, 3), integers(2, 1, 0)])
    for reduction in ("mean", "sum", "none")
] + [
    _case("CTCLoss", 2, "none", True, on=[*_TIMES, integers(4, 1, 4), integers(2, 2, 2)]),
    _case("NLLLoss2d", on=[numbers(2, 5, 2, 3, kind="log_probability"),
                           Draw((2, 2, 3), "int", 5)]),
    _case("AdaptiveLogSoftmaxWithLoss", 6, 9, [3, 6], 2.0,
          on=[(5, 6), Draw((5,), "int", 9)]),
    _case("AdaptiveLogSoftmaxWithLoss", 6, 9, [2, 4, 8], 1.5, True,
          on=[(5, 6), Draw((5,), "int", 9)]),
    _case("LinearCrossEntropyLoss", 5, 7, bias=True, on=[(4, 5), Draw((4,), "int", 7)]),
    _case("LinearCrossEntropyLoss", 5, 7, out_features=(2,), reduction="sum",
          on=[(4, 5), Draw((4, 2), "int", 7)]),
    _case("LinearCrossEntropyLoss", 5, 7, ignore_index=1, label_smoothing=0.2,
          on=[(4, 5), Draw((4,), "int", 7)]),
]

_SEQUENCE = (5, 3, 4)
_RECURRENT = [
    _case(name, 4, 6, on=_SEQUENCE, **kwargs)
    for name in ("RNN", "LSTM", "GRU")
    for kwargs in ({}, {"bias": False, "batch_first": True}, {"num_layers": 2},
                   {"num_layers": 2, "bidirectional": True})
] + [
    _case("RNN", 4, 6, nonlinearity="relu", on=(5, 4)), _case("LSTM", 4, 6, on=(5, 4)),
    _case("LSTM", 4, 6, proj_size=3, num_layers=2, bidirectional=True, on=_SEQUENCE),
    _case("GRU", 4, 6, bidirectional=True, on=(5, 4)),
    _case("RNNCell", 4, 6, on=[(3, 4), (3, 6)]), _case("RNNCell", 4, 6, False, "relu", on=(4,)),
    _case("LSTMCell", 4, 6, on=(3, 4)), _case("GRUCell", 4, 6, on=[(3, 4), (3, 6)]),
]
_TRANSFORMER = [
    _case("MultiheadAttention", 8, 2, on=[(5, 3, 8), (4, 3, 8), (4, 3, 8)]),
    _case("MultiheadAttention", 8, 4, batch_first=True, bias=False, add_zero_attn=True,
          on=[(3, 5, 8), (3, 4, 8), (3, 4, 8)]),
    _case("MultiheadAttention", 8, 2, kdim=5, vdim=6, add_bias_kv=True,
          on=[(5, 3, 8), (4, 3, 5), (4, 3, 6)]),
    _case("MultiheadAttention", 8, 2, on=[(5, 8), (4, 8), (4, 8)]),
    _case("TransformerEncoderLayer", 8, 2, 16, 0.0, on=(5, 3, 8)),
    _case("TransformerEncoderLayer", 8, 2, 16, 0.0, "gelu", norm_first=True, batch_first=True,
          on=(3, 5, 8)),
    _case("TransformerDecoderLayer", 8, 2, 16, 0.0, on=[(5, 3, 8), (4, 3, 8)]),
    _case("TransformerDecoderLayer", 8, 2, 16, 0.0, norm_first=True, bias=False,
          on=[(5, 3, 8), (4, 3, 8)]),
    _case("Transformer", 8, 2, 2, 2, 16, 0.0, on=[(4, 3, 8), (5, 3, 8)]),
    _case("TransformerEncoder", _case("TransformerEncoderLayer", 8, 2, 16, 0.0, on=()), 2,
          enable_nested_tensor=False, on=(5, 3, 8)),
    _case("TransformerDecoder", _case("TransformerDecoderLayer", 8, 2, 16, 0.0, "gelu",
                                      batch_first=True, on=()), 2, on=[(3, 5, 8), (3, 4, 8)]),
]
_VISION = [
    _case("PixelShuffle", 2, on=(2, 8, 3, 4)), _case("PixelUnshuffle", 2, on=(2, 3, 4, 6)),
    _case("ChannelShuffle", 2, on=(2, 6, 3, 4)), _case("Unfold", 2, on=(2, 3, 4, 5)),
    _case("Unfold", (2, 3), 2, 1, (1, 2), on=(2, 3, 5, 6)),
    _case("Fold", (4, 5), 2, on=(2, 12, 12)), _case("Fold", (5, 6), 3, 1, 1, 2, on=(2, 18, 9)),
    _case("Upsample", scale_factor=2, on=(2, 3, 4, 5)), _case("Upsample", 7, on=(2, 3, 4)),
    _case("Upsample", scale_factor=1.7, mode="bilinear", on=(2, 3, 4, 5)),
    _case("Upsample", (7, 3), mode="bilinear", align_corners=True, on=(2, 3, 4, 5)),
    _case("Upsample", (7, 3), mode="bicubic", on=(2, 3, 4, 5)),
    _case("Upsample", scale_factor=2, mode="bicubic", align_corners=True, on=(2, 3, 4, 5)),
    _case("Upsample", scale_factor=3, mode="linear", on=(2, 3, 4)),
    _case("Upsample", scale_factor=2, mode="trilinear", on=(1, 2, 2, 3, 2)),
    _case("UpsamplingNearest2d", scale_factor=3, on=(2, 3, 4, 5)),
    _case("UpsamplingBilinear2d", (6, 8), on=(2, 3, 4, 5)),
]

_LAZY = [
    _case(f"Lazy{kind}{rank}d", 4, 2, groups=2, stride=2, on=(2, 6, 5, 4, 3)[:rank + 2])
    for kind in ("Conv", "ConvTranspose") for rank in (1, 2, 3)
] + [
    _case(f"Lazy{kind}Norm{rank}d", on=(3, 4, 3, 2, 3)[:rank + 2], **options)
    for kind in ("Batch", "Instance") for rank in (1, 2, 3)
    for options in ({}, {"bias": False, "track_running_stats": False})
]

CASES: list[Case] = [*_ACTIVATIONS, *_LINEAR, *_CONVOLUTION, *_POOLING, *_NORMALIZATION, *_DROPOUT,
                     *_PADDING, *_EMBEDDING, *_DISTANCE, *_LOSSES, *_RECURRENT, *_TRANSFORMER,
                     *_VISION, *_LAZY]


def named(*names: str) -> list[Case]:
    """The cases of some modules."""
    return [case for case in CASES if case.name in names]
