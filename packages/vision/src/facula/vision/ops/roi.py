"""Pooling of regions of interest: RoIAlign, RoIPool and their position-sensitive kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.autograd import vjp
from facula.core import Tensor, arange, cat, clamp, dtypes, full, no_grad, stack, where
from facula.core.declare import primitive
from facula.nn import Module
from facula.vision.ops import _kernels  # noqa: F401  (registers what the primitives run)

Shape = tuple[int, ...]
Regions = Tensor | Sequence[Tensor]


@primitive(export=False)
def tap_pool(input: Tensor, pictures: Tensor, rows: Tensor, row_weights: Tensor, columns: Tensor,
             column_weights: Tensor, split: bool) -> Tensor:
    """Weighted sums over rows and columns of regions: see ``regions.cl``."""
    return (input, pictures, rows, row_weights, columns,  # type: ignore[return-value]
            column_weights, split)


@primitive(export=False)
def tap_pool_grad(grad: Tensor, pictures: Tensor, rows: Tensor, row_weights: Tensor,
                  columns: Tensor, column_weights: Tensor, split: bool,
                  input_shape: Shape) -> Tensor:
    """The gradient of :func:`tap_pool`: every weighted element gets its share."""
    return (grad, pictures, rows, row_weights, columns,  # type: ignore[return-value]
            column_weights, split, tuple(input_shape))


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def span_max(input: Tensor, pictures: Tensor, rows: Tensor,
             columns: Tensor) -> tuple[Tensor, Tensor]:
    """The largest element of each bin of regions, and where it stands in its plane."""
    return input, pictures, rows, columns  # type: ignore[return-value]


@primitive(export=False)
def span_max_grad(grad: Tensor, places: Tensor, pictures: Tensor, input_shape: Shape) -> Tensor:
    """The gradient of :func:`span_max`: to the largest elements."""
    return grad, places, pictures, tuple(input_shape)  # type: ignore[return-value]


def _picked(source: Tensor, places: Tensor, pictures: Tensor) -> Tensor:
    """The elements of (N, C, H, W) at flat places of planes; 0 where the place is -1."""
    _, channels, height, width = source.shape
    plane = pictures.unsqueeze(1) * channels + arange(channels, device=source.device)
    flat = plane.unsqueeze(-1).unsqueeze(-1) * (height * width) + clamp(places, min=0)
    taken = source.reshape(-1).index_select(0, flat.reshape(-1)).reshape(places.shape)
    return where(places >= 0, taken, 0.0)


vjp(tap_pool,
    input=lambda g, pictures, rows, row_weights, columns, column_weights, split, input_shape:
    tap_pool_grad(g, pictures, rows, row_weights, columns, column_weights, split, input_shape))
vjp(tap_pool_grad,
    grad=lambda g, pictures, rows, row_weights, columns, column_weights, split:
    tap_pool(g, pictures, rows, row_weights, columns, column_weights, split))
vjp(span_max, constant=(1,),
    input=lambda g0, y1, pictures, input_shape: span_max_grad(g0, y1, pictures, input_shape))
vjp(span_max_grad, grad=lambda g, places, pictures: _picked(g, places, pictures))


def _checked(op: str, input: Any, boxes: Any, output_size: Any) -> tuple[Tensor, int, int]:
    """The regions as one tensor (K, 5), and the bins down and across."""
    if not isinstance(input, Tensor) or input.ndim != 4 or not input.is_floating_point():
        what = (f"{input.dtype.name} of shape {tuple(input.shape)}" if isinstance(input, Tensor)
                else type(input).__name__)
        raise ValueError(f"{op}: input must be a floating tensor (N, C, H, W), but is {what}")
    if isinstance(boxes, Tensor):
        if boxes.ndim != 2 or boxes.shape[1] != 5:
            raise ValueError(f"{op}: boxes has shape {tuple(boxes.shape)}: it must be (K, 5), a "
                             "picture's number and x1, y1, x2, y2; or a list of (L, 4) for each "
                             "picture")
        regions = boxes
    else:
        regions = _numbered(op, boxes, input)
    size = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"{op}: output_size={output_size!r} must be one or two ints above 0")
    return regions.detach(), size[0], size[1]


def _numbered(op: str, boxes: Sequence[Tensor], input: Tensor) -> Tensor:
    """Boxes of each picture as one tensor, each with its picture's number before it."""
    parts = []
    for number, part in enumerate(boxes):
        if not isinstance(part, Tensor) or part.ndim != 2 or part.shape[1] != 4:
            shape = tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__
            raise ValueError(f"{op}: boxes[{number}] must have shape (L, 4), but has {shape}")
        mark = full((len(part), 1), number, dtype=part.dtype, device=part.device)
        parts.append(cat([mark, part], dim=1))
    if not parts:
        return full((0, 5), 0.0, dtype=input.dtype, device=input.device)
    return cat(parts, dim=0)


def _compute(regions: Tensor, input: Tensor) -> tuple[Tensor, Tensor]:
    """The pictures' numbers, and the boxes in the type in which positions are found."""
    wide = dtypes.float64 if input.dtype is dtypes.float64 else dtypes.float32
    return regions[:, 0].long(), regions[:, 1:].to(wide)


def _samples(start: Tensor, extent: Tensor, bins: int, sampling_ratio: int,
             size: int) -> tuple[Tensor, Tensor]:
    """Positions and weights of the samples along one axis: two taps for each.

    Each bin is sampled at the middles of equal parts, and a sample lies between two pixels.
    """
    step = (extent / bins).reshape(-1, 1, 1)
    if sampling_ratio > 0:
        parts, most = full((1, 1, 1), float(sampling_ratio), dtype=start.dtype,
                           device=start.device), sampling_ratio
    else:
        parts = clamp(step.ceil(), min=0.0)
        most = int(parts.amax().item()) if len(start) else 0
    bin_ = arange(bins, dtype=start.dtype, device=start.device).reshape(1, bins, 1)
    sample = arange(max(most, 1), dtype=start.dtype, device=start.device).reshape(1, 1, -1)
    at = start.reshape(-1, 1, 1) + bin_ * step + (sample + 0.5) * step / parts
    valid = (at >= -1.0) & (at <= float(size)) & (sample < parts)
    at = clamp(where(valid, at, 0.0), 0.0, float(max(size - 1, 0)))
    low = at.floor()
    share = where(valid, 1.0 / clamp(parts, min=1.0), 0.0)
    high = clamp(low + 1.0, max=float(max(size - 1, 0)))
    places = cat([low, high], dim=2).long()
    return places, cat([(1.0 - (at - low)) * share, (at - low) * share], dim=2)


def _aligned(op: str, input: Tensor, boxes: Regions, output_size: Any, spatial_scale: float,
             sampling_ratio: int, aligned: bool, split: bool) -> Tensor:
    regions, down, across = _checked(op, input, boxes, output_size)
    if split and input.shape[1] % (down * across):
        raise ValueError(f"{op}: input has {input.shape[1]} channels: they must be a multiple of "
                         f"the {down} x {across} bins")
    with no_grad():
        pictures, corners = _compute(regions, input)
        corners = corners * spatial_scale - (0.5 if aligned else 0.0)
        extent = corners[:, 2:] - corners[:, :2]
        if not aligned:
            extent = clamp(extent, min=1.0)
        _, _, height, width = input.shape
        columns = _samples(corners[:, 0], extent[:, 0], across, sampling_ratio, width)
        rows = _samples(corners[:, 1], extent[:, 1], down, sampling_ratio, height)
    return tap_pool(input, pictures, *rows, *columns, split)  # type: ignore[no-any-return]


def roi_align(input: Tensor, boxes: Regions, output_size: int | Sequence[int],
              spatial_scale: float = 1.0, sampling_ratio: int = -1,
              aligned: bool = False) -> Tensor:
    """Means of bilinear samples in the bins of regions.

    Each region is cut into ``output_size`` bins of equal size; in each bin the feature map is
    sampled at the middles of ``sampling_ratio ** 2`` parts, and the mean of the samples is the
    result. Nothing is rounded, so that small shifts of a box have small effects.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    boxes : Tensor or list of Tensor
        Shape (K, 5): a picture's number, x1, y1, x2, y2; or for each picture shape (L, 4).
    output_size : int or tuple of int
        The bins down and across.
    spatial_scale : float
        From the boxes' coordinates to the input's.
    sampling_ratio : int
        Samples along each side of a bin; 0 or less for one a pixel.
    aligned : bool
        Whether a pixel's middle has coordinates of one half, as it should; False is the behaviour
        of the first implementations.

    Returns
    -------
    Tensor
        Shape ``(K, C, *output_size)``. Gradients flow to the input, not to the boxes.

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    K. He et al., Mask R-CNN, ICCV 2017, arXiv:1703.06870.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import roi_align
    >>> x = facula.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_align(x, [facula.tensor([[0.0, 0.0, 4.0, 4.0]])], 2, aligned=True)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    return _aligned("roi_align", input, boxes, output_size, spatial_scale, sampling_ratio, aligned,
                    False)


def ps_roi_align(input: Tensor, boxes: Regions, output_size: int | Sequence[int],
                 spatial_scale: float = 1.0, sampling_ratio: int = -1) -> Tensor:
    """:func:`roi_align` with channels of its own for every bin.

    Bin (i, j) of output channel c reads input channel ``(c * P + i) * Q + j`` of P x Q bins.

    Parameters
    ----------
    input : Tensor
        Shape (N, C * P * Q, H, W).
    boxes, output_size, spatial_scale, sampling_ratio
        As for :func:`roi_align`; the positions are those of ``aligned=True``.

    Returns
    -------
    Tensor
        Shape (K, C, P, Q).

    References
    ----------
    Z. Li et al., Light-Head R-CNN, arXiv:1711.07264, 2017.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import ps_roi_align
    >>> x = facula.arange(4.0).reshape(1, 4, 1, 1).expand(1, 4, 6, 6)
    >>> ps_roi_align(x, [facula.tensor([[1.0, 1.0, 5.0, 5.0]])], 2)
    tensor([[[[0., 1.],
              [2., 3.]]]])
    """
    return _aligned("ps_roi_align", input, boxes, output_size, spatial_scale, sampling_ratio, True,
                    True)


def _half_away(x: Tensor) -> Tensor:
    """To the nearest integer, halves away from 0."""
    return x.sign() * (x.abs() + 0.5).floor()


def _spans(start: Tensor, extent: Tensor, bins: int, size: int) -> Tensor:
    """The first position of each bin and the one after its last: (K, bins, 2)."""
    step = (extent / bins).unsqueeze(1)
    bin_ = arange(bins, dtype=start.dtype, device=start.device)
    first, last = (step * bin_).floor(), (step * (bin_ + 1)).ceil()
    ends = stack([first, last], dim=2) + start.reshape(-1, 1, 1)
    return clamp(ends, 0.0, float(size)).long()


def roi_pool(input: Tensor, boxes: Regions, output_size: int | Sequence[int],
             spatial_scale: float = 1.0) -> Tensor:
    """The largest values in the bins of regions, with corners rounded to pixels.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    boxes, output_size, spatial_scale
        As for :func:`roi_align`.

    Returns
    -------
    Tensor
        Shape ``(K, C, *output_size)``; empty bins hold 0.

    References
    ----------
    R. Girshick, Fast R-CNN, ICCV 2015, arXiv:1504.08083.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import roi_pool
    >>> x = facula.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_pool(x, [facula.tensor([[0.0, 0.0, 3.0, 3.0]])], 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    regions, down, across = _checked("roi_pool", input, boxes, output_size)
    with no_grad():
        pictures, corners = _compute(regions, input)
        corners = _half_away(corners * spatial_scale)
        extent = clamp(corners[:, 2:] - corners[:, :2] + 1.0, min=1.0)
        columns = _spans(corners[:, 0], extent[:, 0], across, input.shape[3])
        rows = _spans(corners[:, 1], extent[:, 1], down, input.shape[2])
    values, _ = span_max(input, pictures, rows, columns)
    return values  # type: ignore[no-any-return]


def _means(spans: Tensor, dtype: Any) -> tuple[Tensor, Tensor]:
    """The positions of spans and equal weights: a mean as taps."""
    first, last = spans[..., :1], spans[..., 1:]
    count = last - first
    most = int(count.amax().item()) if count.numel() else 0
    step = arange(max(most, 1), device=spans.device)
    inside = step < count
    weight = where(inside, 1.0 / clamp(count, min=1).to(dtype), 0.0)
    return where(inside, first + step, 0), weight


def ps_roi_pool(input: Tensor, boxes: Regions, output_size: int | Sequence[int],
                spatial_scale: float = 1.0) -> Tensor:
    """Means over the pixels in the bins of regions, with channels of its own for every bin.

    Parameters
    ----------
    input : Tensor
        Shape (N, C * P * Q, H, W).
    boxes, output_size, spatial_scale
        As for :func:`roi_align`.

    Returns
    -------
    Tensor
        Shape (K, C, P, Q); empty bins hold 0.

    References
    ----------
    J. Dai et al., R-FCN, NIPS 2016, arXiv:1605.06409.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import ps_roi_pool
    >>> x = facula.arange(4.0).reshape(1, 4, 1, 1).expand(1, 4, 6, 6)
    >>> ps_roi_pool(x, [facula.tensor([[1.0, 1.0, 5.0, 5.0]])], 2)
    tensor([[[[0., 1.],
              [2., 3.]]]])
    """
    op = "ps_roi_pool"
    regions, down, across = _checked(op, input, boxes, output_size)
    if input.shape[1] % (down * across):
        raise ValueError(f"{op}: input has {input.shape[1]} channels: they must be a multiple of "
                         f"the {down} x {across} bins")
    with no_grad():
        pictures, corners = _compute(regions, input)
        dtype = corners.dtype
        corners = _half_away(corners * spatial_scale)
        extent = clamp(corners[:, 2:] - corners[:, :2], min=1.0)
        # the last row and column belong to no bin, as in the implementations in use
        columns = _spans(corners[:, 0], extent[:, 0], across, max(input.shape[3] - 1, 0))
        rows = _spans(corners[:, 1], extent[:, 1], down, max(input.shape[2] - 1, 0))
        taps = (*_means(rows, dtype), *_means(columns, dtype))
    return tap_pool(input, pictures, *taps, True)  # type: ignore[no-any-return]


class _Pooling(Module):
    """A module over one of the functions, whose repr shows its settings."""

    _settings: tuple[str, ...] = ("output_size", "spatial_scale")

    def __init__(self, output_size: Any, spatial_scale: float) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def extra_repr(self) -> str:
        """The settings."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._settings)


class RoIAlign(_Pooling):
    """:func:`roi_align` as a module.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import RoIAlign
    >>> pool = RoIAlign(7, spatial_scale=0.25, sampling_ratio=2)
    >>> pool(facula.zeros(1, 8, 16, 16), [facula.tensor([[0.0, 0.0, 32.0, 32.0]])]).shape
    facula.Size([1, 8, 7, 7])
    """

    _settings = ("output_size", "spatial_scale", "sampling_ratio", "aligned")

    def __init__(self, output_size: Any, spatial_scale: float, sampling_ratio: int,
                 aligned: bool = False) -> None:
        super().__init__(output_size, spatial_scale)
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input: Tensor, rois: Regions) -> Tensor:
        """See :func:`roi_align`."""
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio,
                         self.aligned)


class PSRoIAlign(_Pooling):
    """:func:`ps_roi_align` as a module."""

    _settings = ("output_size", "spatial_scale", "sampling_ratio")

    def __init__(self, output_size: Any, spatial_scale: float, sampling_ratio: int) -> None:
        super().__init__(output_size, spatial_scale)
        self.sampling_ratio = sampling_ratio

    def forward(self, input: Tensor, rois: Regions) -> Tensor:
        """See :func:`ps_roi_align`."""
        return ps_roi_align(input, rois, self.output_size, self.spatial_scale,
                            self.sampling_ratio)


class RoIPool(_Pooling):
    """:func:`roi_pool` as a module."""

    def forward(self, input: Tensor, rois: Regions) -> Tensor:
        """See :func:`roi_pool`."""
        return roi_pool(input, rois, self.output_size, self.spatial_scale)


class PSRoIPool(_Pooling):
    """:func:`ps_roi_pool` as a module."""

    def forward(self, input: Tensor, rois: Regions) -> Tensor:
        """See :func:`ps_roi_pool`."""
        return ps_roi_pool(input, rois, self.output_size, self.spatial_scale)
