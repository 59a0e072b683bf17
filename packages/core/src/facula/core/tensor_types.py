"""PyTorch's older names for tensors of one dtype on one device: ``FloatTensor`` and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facula.core import dtypes
from facula.core.devices import device, set_default_device
from facula.core.dtypes import dtype, set_default_dtype
from facula.core.memory import TYPE_NAMES
from facula.core.ops import convert, creation
from facula.core.tensor import Size, Tensor


class TensorType(type):
    """What :class:`FloatTensor` and the like are made of: calling one makes a tensor."""

    dtype: dtype
    device: device

    def __instancecheck__(cls, instance: Any) -> bool:
        where = cls.device.type
        return (isinstance(instance, Tensor) and instance.dtype is cls.dtype
                and (instance.is_cuda if where == "cuda" else instance.device.type == where))

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        """Sizes give a tensor without values yet; a sequence, array or tensor is copied."""
        where = cls.device if device is None else device
        if not data or isinstance(data[0], Size) or all(type(n) is int for n in data):
            return creation.empty(*(data or (0,)), dtype=cls.dtype, device=where)
        if len(data) > 1:
            raise TypeError(f"{cls.__name__}: takes one argument, or sizes, but got {len(data)}")
        if isinstance(data[0], Tensor):
            return convert.to(data[0], device=where, dtype=cls.dtype)
        return creation.tensor(data[0], dtype=cls.dtype, device=where)

    def __repr__(cls) -> str:
        return f"<class '{cls.__module__}.{cls.__name__}'>"


def types_of(where: str, module: str) -> dict[str, Any]:
    """A class for each dtype on a device, by its name in PyTorch."""
    return {name: TensorType(name, (), {
        "dtype": d, "device": device(where), "__module__": module,
        "__doc__": f"Tensors of dtype {d.name} on {where!r}, for ``isinstance`` and as a maker of "
                   f"such; newer programs write :func:`facula.tensor` and ``dtype=``."})
        for d, name in TYPE_NAMES.items()}


if TYPE_CHECKING:
    (BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, ComplexDoubleTensor, ComplexFloatTensor,
     DoubleTensor, FloatTensor, HalfTensor, IntTensor, LongTensor, ShortTensor) = (Tensor,) * 12
else:
    globals().update(types_of("cpu", "facula"))


def set_default_tensor_type(t: TensorType | str) -> None:
    """Set the default floating dtype and the default device at once, by the name of a type.

    Parameters
    ----------
    t : type or str
        ``facula.DoubleTensor``, or ``"facula.DoubleTensor"``.

    Raises
    ------
    TypeError
        If it is no tensor type, or not one of a floating dtype.

    Examples
    --------
    >>> import facula
    >>> facula.set_default_tensor_type(facula.DoubleTensor)
    >>> facula.tensor(1.5).dtype
    facula.float64
    >>> facula.set_default_tensor_type("facula.FloatTensor")
    """
    if isinstance(t, str):
        place, _, name = t.rpartition(".")
        where = place.rpartition(".")[2]
        found = {v: k for k, v in TYPE_NAMES.items()}.get(name)
        target = where if where in ("opencl", "cuda") else "cpu"
    else:
        found = t.dtype if isinstance(t, TensorType) else None
        target = str(t.device) if isinstance(t, TensorType) else ""
    if found is None or found.category != dtypes.FLOAT:
        raise TypeError(f"set_default_tensor_type: {t!r} is no type of floating tensors: use one "
                        "like facula.FloatTensor")
    set_default_dtype(found)
    set_default_device(target)
