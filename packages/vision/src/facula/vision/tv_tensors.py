"""Tensors that know what they hold: pictures, videos, masks, boxes and points.

The transforms of :mod:`facula.vision.transforms.v2` treat each as it needs to be: a flip mirrors
the pixels of an :class:`Image` and the corners of :class:`BoundingBoxes`. All other operations
treat them as tensors, and their results are plain tensors; only ``clone``, ``to``, ``detach`` and
``requires_grad_`` keep the class.
"""

from __future__ import annotations

import enum
from typing import Any

from PIL import Image as PIL

from facula.core import Tensor, as_tensor
from facula.vision.transforms.functional.convert import pil_to_tensor

__all__ = ["BoundingBoxFormat", "BoundingBoxes", "Image", "KeyPoints", "Mask", "TVTensor",
           "Video", "set_return_type", "wrap"]


class TVTensor(Tensor):
    """The base of all classes here: a tensor that shares the memory of what it is given.

    Parameters
    ----------
    data : Tensor, array_like
        The values.
    dtype, device
        As for ``facula.as_tensor``.
    requires_grad : bool, optional
        Whether operations on it are recorded.
    """

    _notes: tuple[str, ...] = ()

    def __init__(self, data: Any, *, dtype: Any = None, device: Any = None,
                 requires_grad: bool | None = None) -> None:
        _take(self, as_tensor(data, dtype=dtype, device=device))
        if requires_grad is not None:
            self.requires_grad_(requires_grad)

    def _like_me(self, tensor: Tensor) -> Any:
        return wrap(tensor, like=self)

    def clone(self) -> Any:
        """As a tensor's; keeps the class."""
        return self._like_me(super().clone())

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """As a tensor's; keeps the class."""
        return self._like_me(super().to(*args, **kwargs))

    def detach(self) -> Any:
        """As a tensor's; keeps the class."""
        return self._like_me(super().detach())

    def as_subclass(self, cls: type[Tensor]) -> Any:
        """The same memory as a plain tensor (``cls=Tensor``), or as another class without notes."""
        if cls is not Tensor and getattr(cls, "_notes", None) != ():
            raise TypeError(f"as_subclass: {cls.__name__} can't be made of values alone: use wrap, "
                            "or call the class")
        out: Any = object.__new__(cls)
        _take(out, self)
        return out

    def __repr__(self) -> str:
        notes = [f"{name}={getattr(self, name)}" for name in self._notes]
        name = type(self).__name__
        inner = Tensor.__repr__(self).removeprefix("tensor(").removesuffix(")")
        first, *rest = inner.split("\n")
        lines = [first, *(" " * (len(name) + 1) + line.removeprefix(" " * len("tensor("))
                          for line in rest)]
        values = "\n".join(lines)
        return f"{name}({', '.join([values, *notes])})"


def _take(out: Any, tensor: Tensor) -> None:
    """Make ``out`` the same tensor: same memory, same place in the graph.

    What a graph computed is taken as a view, so that in-place writes to either reach both.
    """
    if not tensor.is_leaf:
        tensor = tensor.view(tensor.shape) if tensor.is_contiguous() else tensor[...]
    out._data, out._kind = tensor._data, tensor._kind
    out._autograd, out._version = tensor._autograd, tensor._version
    if hasattr(tensor, "_view"):
        out._view = tensor._view
        if out._version is not None:
            out._version.add_view(out)


class Image(TVTensor):
    """A picture, or a batch of them: (..., C, H, W).

    Parameters
    ----------
    data : Tensor, PIL image or array_like
        Two dimensions are taken as one channel.
    dtype, device, requires_grad
        As for :class:`TVTensor`.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.tv_tensors import Image
    >>> Image(facula.zeros(3, 4, 5)).shape
    facula.Size([3, 4, 5])
    """

    def __init__(self, data: Any, **settings: Any) -> None:
        super().__init__(pil_to_tensor(data) if isinstance(data, PIL.Image) else data, **settings)
        if self.ndim < 2:
            raise ValueError(f"Image: a picture needs at least 2 dimensions, but has shape "
                             f"{tuple(self.shape)}")
        if self.ndim == 2:
            _take(self, self.unsqueeze(0))


class Video(TVTensor):
    """Pictures in their order in time: (..., T, C, H, W).

    Parameters
    ----------
    data : Tensor or array_like
        At least four dimensions.
    dtype, device, requires_grad
        As for :class:`TVTensor`.
    """

    def __init__(self, data: Any, **settings: Any) -> None:
        super().__init__(data, **settings)
        if self.ndim < 4:
            raise ValueError(f"Video: needs shape (..., T, C, H, W), but has {tuple(self.shape)}")


class Mask(TVTensor):
    """A label or a truth value for each pixel: (..., H, W).

    Parameters
    ----------
    data : Tensor, PIL image or array_like
        The values.
    dtype, device, requires_grad
        As for :class:`TVTensor`.
    """

    def __init__(self, data: Any, **settings: Any) -> None:
        super().__init__(pil_to_tensor(data) if isinstance(data, PIL.Image) else data, **settings)


class BoundingBoxFormat(enum.Enum):
    """Which four numbers describe a box.

    Examples
    --------
    >>> from facula.vision.tv_tensors import BoundingBoxFormat
    >>> BoundingBoxFormat("XYWH")
    <BoundingBoxFormat.XYWH: 'XYWH'>
    """

    XYXY = "XYXY"
    """Two corners."""
    XYWH = "XYWH"
    """The first corner, width and height."""
    CXCYWH = "CXCYWH"
    """The centre, width and height."""


CLAMPING = ("soft", "hard", None)


class BoundingBoxes(TVTensor):
    """Boxes in a picture: (N, 4).

    Parameters
    ----------
    data : Tensor or array_like
        One box (4,) is taken as one of (1, 4).
    format : BoundingBoxFormat or str
        What the four numbers are.
    canvas_size : tuple of int
        Height and width of the picture.
    clamping_mode : str, optional
        ``"soft"`` or ``"hard"``: geometric transforms cut boxes at the picture's edges; None: they
        do not.
    dtype, device, requires_grad
        As for :class:`TVTensor`.

    Examples
    --------
    >>> from facula.vision.tv_tensors import BoundingBoxes
    >>> BoundingBoxes([[1, 2, 3, 4]], format="XYXY", canvas_size=(8, 8))
    BoundingBoxes([[1, 2, 3, 4]], format=BoundingBoxFormat.XYXY, canvas_size=(8, 8),
                  clamping_mode=soft)
    """

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]
    clamping_mode: str | None
    _notes = ("format", "canvas_size", "clamping_mode")

    def __init__(self, data: Any, *, format: BoundingBoxFormat | str, canvas_size: tuple[int, int],
                 clamping_mode: str | None = "soft", **settings: Any) -> None:
        super().__init__(data, **settings)
        if self.ndim == 1:
            _take(self, self.unsqueeze(0))
        if self.ndim != 2 or self.shape[-1] != 4:
            raise ValueError(f"BoundingBoxes: boxes have shape (N, 4), not {tuple(self.shape)}")
        self.format = format_of(format)
        self.canvas_size = (int(canvas_size[0]), int(canvas_size[1]))
        if clamping_mode not in CLAMPING:
            raise ValueError(f"BoundingBoxes: clamping_mode={clamping_mode!r} must be one of "
                             f"{CLAMPING}")
        self.clamping_mode = clamping_mode


def format_of(value: BoundingBoxFormat | str) -> BoundingBoxFormat:
    """The format, from itself or its name in any case."""
    try:
        return BoundingBoxFormat(value.upper() if isinstance(value, str) else value)
    except ValueError:
        raise ValueError(f"BoundingBoxFormat: unknown format {value!r}: use "
                         + ", ".join(f.value for f in BoundingBoxFormat)) from None


class KeyPoints(TVTensor):
    """Positions in a picture: (..., 2), x before y.

    Parameters
    ----------
    data : Tensor or array_like
        One point (2,) is taken as one of (1, 2).
    canvas_size : tuple of int
        Height and width of the picture.
    dtype, device, requires_grad
        As for :class:`TVTensor`.
    """

    canvas_size: tuple[int, int]
    _notes = ("canvas_size",)

    def __init__(self, data: Any, *, canvas_size: tuple[int, int], **settings: Any) -> None:
        super().__init__(data, **settings)
        if self.ndim == 1:
            _take(self, self.unsqueeze(0))
        if self.shape[-1] != 2:
            raise ValueError(f"KeyPoints: points have shape (..., 2), not {tuple(self.shape)}")
        self.canvas_size = (int(canvas_size[0]), int(canvas_size[1]))


def wrap(wrappee: Tensor, *, like: TVTensor, **kwargs: Any) -> Any:
    """A tensor as an instance of the class of ``like``, with its notes or with others.

    Parameters
    ----------
    wrappee : Tensor
        The values; their memory is shared.
    like : TVTensor
        Of which class, and with which format, canvas size and clamping mode.
    **kwargs
        What differs.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.tv_tensors import Mask, wrap
    >>> mask = Mask(facula.zeros(2, 2))
    >>> type(wrap(mask + 1, like=mask)).__name__
    'Mask'
    """
    out = object.__new__(type(like))
    _take(out, wrappee)
    for name, value in vars(like).items():
        setattr(out, name, kwargs.get(name, value))
    return out


class set_return_type:
    """Which class results of operations have: here always ``"Tensor"``.

    torchvision can let them keep the class of their first argument, for a while or for good; here
    :func:`wrap` says it for each result. A context manager, as there.

    Parameters
    ----------
    return_type : str
        ``"Tensor"``, in any case.

    Raises
    ------
    NotImplementedError
        For ``"TVTensor"``.
    ValueError
        For another name.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import tv_tensors
    >>> with tv_tensors.set_return_type("Tensor"):
    ...     type(tv_tensors.Mask(facula.zeros(2, 2)) + 1).__name__
    'Tensor'
    """

    def __init__(self, return_type: str) -> None:
        kind = str(return_type).lower()
        if kind == "tvtensor":
            raise NotImplementedError("set_return_type: results of operations are plain tensors: "
                                      "give one its class by tv_tensors.wrap(result, like=...)")
        if kind != "tensor":
            raise ValueError(f"set_return_type: return_type={return_type!r} must be 'Tensor' or "
                             "'TVTensor'")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        pass
