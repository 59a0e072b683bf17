"""Functionals that do with each kind of input what it needs: kernels by the input's class."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from facula.core import Tensor
from facula.vision.transforms.functional.kinds import is_pil
from facula.vision.tv_tensors import Image, TVTensor, Video, wrap

F = TypeVar("F", bound=Callable[..., Any])
Kernels = dict[type, Callable[..., Any]]


def functional(pictures: F, *, videos: bool = True) -> Any:
    """A functional of the same signature, whose kernel depends on the class of the first argument.

    Plain tensors and PIL images go to ``pictures``, and so do :class:`Image` and, unless
    ``videos`` is False, :class:`Video`, whose results keep the class. Others need a kernel of
    their own.
    """
    kernels: Kernels = {Image: _keeping(pictures)}
    if videos:
        kernels[Video] = kernels[Image]

    @functools.wraps(pictures)
    def front(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(inpt, TVTensor):
            kernel = find(kernels, type(inpt))
            if kernel is None:
                raise TypeError(f"{front.__name__}: there is no kernel for {type(inpt).__name__}: "
                                f"there are some for {', '.join(k.__name__ for k in kernels)}; "
                                "register_kernel adds one")
            return kernel(inpt, *args, **kwargs)
        if not isinstance(inpt, Tensor) and not is_pil(inpt):
            raise TypeError(f"{front.__name__}: the input must be a Tensor or a PIL image, but is "
                            f"of type {type(inpt).__name__}")
        return pictures(inpt, *args, **kwargs)

    front.kernels = kernels  # type: ignore[attr-defined]
    return front


def _keeping(function: Callable[..., Any]) -> Callable[..., Any]:
    def kernel(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        out = function(inpt, *args, **kwargs)
        if isinstance(out, tuple):
            return tuple([wrap(part, like=inpt) for part in out])
        return wrap(out, like=inpt)
    return kernel


def find(kernels: Kernels, kind: type) -> Callable[..., Any] | None:
    """The kernel of a class or of the nearest of its bases."""
    return next((kernels[base] for base in kind.__mro__ if base in kernels), None)


def register_kernel(functional: Any, tv_tensor_cls: type) -> Callable[[F], F]:
    """Register one's own kernel of a functional, for a class of one's own.

    Parameters
    ----------
    functional : callable
        One of :mod:`facula.vision.transforms.v2.functional`.
    tv_tensor_cls : type
        A subclass of :class:`~facula.vision.tv_tensors.TVTensor`.

    Returns
    -------
    callable
        A decorator; the function gets what the functional gets.

    Raises
    ------
    ValueError
        If the functional has no kernels, or the class is none of these.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> from facula.vision.tv_tensors import TVTensor
    >>> class Depth(TVTensor):
    ...     pass
    >>> @F.register_kernel(F.horizontal_flip, Depth)
    ... def flip_depth(inpt):
    ...     return "flipped"
    >>> F.horizontal_flip(Depth(facula.zeros(2, 2)))
    'flipped'
    """
    kernels = getattr(functional, "kernels", None)
    if kernels is None:
        raise ValueError(f"register_kernel: {getattr(functional, '__name__', functional)} is no "
                         "functional with kernels")
    if not (isinstance(tv_tensor_cls, type) and issubclass(tv_tensor_cls, TVTensor)):
        raise ValueError(f"register_kernel: {tv_tensor_cls!r} is no subclass of TVTensor")
    if tv_tensor_cls.__module__ == TVTensor.__module__:
        raise ValueError(f"register_kernel: {tv_tensor_cls.__name__} is one of facula's own "
                         "classes: use a class of your own")

    def register(function: F) -> F:
        kernels[tv_tensor_cls] = function
        return function
    return register


def is_pure_tensor(inpt: Any) -> bool:
    """Whether it is a tensor that says nothing about what it holds.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.is_pure_tensor(facula.zeros(2))
    True
    """
    return isinstance(inpt, Tensor) and not isinstance(inpt, TVTensor)
