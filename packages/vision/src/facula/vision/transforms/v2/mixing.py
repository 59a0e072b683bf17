"""Mixtures of the samples of a batch: MixUp and CutMix."""

from __future__ import annotations

import math
from typing import Any

from facula.core import Tensor
from facula.nn.functional import one_hot
from facula.vision.transforms import _random
from facula.vision.transforms.v2.base import PICTURES, Transform, labels_getter
from facula.vision.transforms.v2.tree import flatten
from facula.vision.tv_tensors import BoundingBoxes, KeyPoints, Mask, TVTensor, Video, wrap


class _Mixing(Transform):
    """The base: pictures (B, ...) and labels (B,) or (B, classes) are mixed with their neighbours.

    Parameters
    ----------
    alpha : float
        The share is drawn from the distribution Beta(alpha, alpha).
    num_classes : int, optional
        Needed for labels that are numbers of classes.
    labels_getter : callable, str or None
        Finds the labels in the sample: a function, a key, ``"default"`` for the usual places.
    """

    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None,
                 labels_getter: Any = "default") -> None:
        super().__init__()
        if alpha <= 0:
            raise ValueError(f"{type(self).__name__}: alpha={alpha} must be above 0")
        self.alpha = alpha
        self.num_classes = num_classes
        self._getter = labels_getter

    def forward(self, *inputs: Any) -> Any:
        """The batch, each sample mixed with the one before it."""
        name = type(self).__name__
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves, build = flatten(sample)
        for x in leaves:
            if isinstance(x, (BoundingBoxes, Mask, KeyPoints, *PICTURES[2:])):
                raise ValueError(f"{name}: is not for {type(x).__name__}")
        labels = labels_getter(name, self._getter)(sample)
        if not isinstance(labels, Tensor):
            raise ValueError(f"{name}: the labels must be a tensor, but are "
                             f"{type(labels).__name__}")
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError(f"{name}: labels (B,) are numbers of classes: num_classes must be "
                             "given")
        if labels.ndim not in (1, 2):
            raise ValueError(f"{name}: labels have shape {tuple(labels.shape)}: they must be (B,) "
                             "or (B, classes)")
        wanted = [yes or x is labels for x, yes in zip(leaves, self._wanted(leaves), strict=True)]
        pictures = [x for x, yes in zip(leaves, wanted, strict=True) if yes and x is not labels]
        for x in pictures:
            if x.ndim != (5 if isinstance(x, Video) else 4) or len(x) != len(labels):
                raise ValueError(f"{name}: a batch of pictures has shape (B, C, H, W) with as many "
                                 f"as there are labels ({len(labels)}), not {tuple(x.shape)}")
        share = _beta(self.alpha)
        params = self.shares(pictures[0], share) if pictures else {"share": share}
        return build([self.mixed(x, params, x is labels) if yes else x
                      for x, yes in zip(leaves, wanted, strict=True)])

    def shares(self, picture: Tensor, share: float) -> dict[str, Any]:
        """What is drawn for the batch."""
        raise NotImplementedError

    def mixed(self, x: Tensor, params: dict[str, Any], is_labels: bool) -> Tensor:
        """Labels, or pictures, with those of the neighbours."""
        if not is_labels:
            return self.pictures(x, params)
        if x.ndim == 1:
            x = one_hot(x, self.num_classes or -1).float()
        elif not x.is_floating_point():
            x = x.float()
        return _blended(x, params["share"])

    def pictures(self, x: Tensor, params: dict[str, Any]) -> Tensor:
        """Pictures with parts of their neighbours."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """The settings."""
        return f"alpha={self.alpha}, num_classes={self.num_classes}"


def _beta(alpha: float) -> float:
    return _random.dirichlet(alpha, 2)[0]


def _blended(x: Tensor, share: float) -> Tensor:
    return x * share + x.roll(1, 0) * (1.0 - share)


def _kept(out: Tensor, like: Tensor) -> Tensor:
    return wrap(out, like=like) if isinstance(like, TVTensor) else out


class MixUp(_Mixing):
    """Each sample of a batch mixed with the one before it: pictures and labels alike.

    Parameters
    ----------
    alpha, num_classes, labels_getter
        The share is drawn from Beta(alpha, alpha); labels (B,) need ``num_classes``; a function or
        a key says where the labels are.

    References
    ----------
    H. Zhang et al., mixup: beyond empirical risk minimization, arXiv:1710.09412, 2017.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> x, y = v2.MixUp(num_classes=3)(facula.rand(4, 1, 2, 2), facula.arange(4) % 3)
    >>> y.shape, y.sum(1)
    (facula.Size([4, 3]), tensor([1., 1., 1., 1.]))
    """

    def shares(self, picture: Tensor, share: float) -> dict[str, Any]:
        """The share alone."""
        return {"share": share}

    def pictures(self, x: Tensor, params: dict[str, Any]) -> Tensor:
        """See :class:`MixUp`."""
        if not x.is_floating_point():
            raise ValueError(f"MixUp: pictures must be floating, not {x.dtype.name}: use ToDtype "
                             "first")
        return _kept(_blended(x, params["share"]), x)


class CutMix(_Mixing):
    """Each picture of a batch with a rectangle of the one before it; labels mixed by area.

    Parameters
    ----------
    alpha, num_classes, labels_getter
        The share of the area is drawn from Beta(alpha, alpha); labels (B,) need ``num_classes``; a
        function or a key says where the labels are.

    References
    ----------
    S. Yun et al., CutMix, ICCV 2019, arXiv:1905.04899.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> x, y = v2.CutMix(num_classes=3)(facula.rand(4, 1, 2, 2), facula.arange(4) % 3)
    >>> y.sum(1)
    tensor([1., 1., 1., 1.])
    """

    def shares(self, picture: Tensor, share: float) -> dict[str, Any]:
        """The rectangle, and the share of the area that stays."""
        height, width = picture.shape[-2:]
        x, y = _random.integer(0, width - 1), _random.integer(0, height - 1)
        half = 0.5 * math.sqrt(1.0 - share)
        left, right = max(int(x - half * width), 0), min(int(x + half * width), width)
        top, bottom = max(int(y - half * height), 0), min(int(y + half * height), height)
        area = (right - left) * (bottom - top)
        return {"box": (top, bottom, left, right), "share": 1.0 - area / (width * height)}

    def pictures(self, x: Tensor, params: dict[str, Any]) -> Tensor:
        """See :class:`CutMix`."""
        top, bottom, left, right = params["box"]
        out = x.clone()
        out[..., top:bottom, left:right] = x.roll(1, 0)[..., top:bottom, left:right]
        return _kept(out, x)
