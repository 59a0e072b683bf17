"""Devices, and kinds: the interned pairs (device, dtype) on which everything is looked up."""

from __future__ import annotations

from typing import Any, ClassVar

from facula.core.backends import cpu, opencl
from facula.core.backends.base import Backend
from facula.core.dtypes import dtype

TYPES = ("cpu", "opencl", "cuda")


class device:
    """Where a tensor's elements live, as PyTorch's ``torch.device``.

    Parameters
    ----------
    type : str, int or device
        ``"cpu"``, ``"opencl"``, ``"opencl:1"``; ``"cuda"`` names the first NVIDIA OpenCL GPU.
        A number alone is that of an OpenCL device.
    index : int, optional
        The device's number, if the type does not carry it.

    Raises
    ------
    ValueError
        If the name is not understood.

    Examples
    --------
    >>> import facula
    >>> facula.device("opencl:0").type, facula.device("cpu")
    ('opencl', device(type='cpu'))

    In a ``with`` block it is where new tensors go when no device is named:

    >>> with facula.device("cpu"):
    ...     facula.zeros(1).device
    device(type='cpu')
    """

    __slots__ = ("type", "index")
    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            self.type, self.index = type.type, type.index if index is None else index
            return
        if isinstance(type, int) and index is None:  # the number of a GPU
            self.type, self.index = "opencl", type
            return
        if not isinstance(type, str):
            raise TypeError(f"device: {type!r} is not a name: use one like 'cpu' or 'opencl:0'")
        name, colon, number = type.partition(":")
        if name not in TYPES or (colon and not number.isdecimal()):
            raise ValueError(f"device: {type!r} is not a device: use 'cpu', 'opencl', 'opencl:0', "
                             f"... (python -m facula lists what this machine has)")
        if colon and index is not None:
            raise ValueError(f"device: {type!r} carries a number, and index={index} was given too")
        self.type = name
        self.index = int(number) if colon else index

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, device) and self.type == other.type
                and self.index == other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        number = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{number})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (device, (self.type, self.index))

    def __enter__(self) -> device:
        _Default.outer.append(_Default.current)
        set_default_device(self)
        return self

    def __exit__(self, *error: object) -> None:
        _Default.current = _Default.outer.pop()


class Kind:
    """One dtype on one device. Interned, so identity is equality and hashing is free."""

    __slots__ = ("device", "dtype", "backend")

    def __init__(self, device: device, dtype: dtype, backend: Backend) -> None:
        self.device = device
        self.dtype = dtype
        self.backend = backend

    def __repr__(self) -> str:
        return f"<Kind {self.device} {self.dtype.name}>"


CPU = device("cpu")
_KINDS: dict[tuple[device, dtype], Kind] = {}
_BACKENDS: dict[device, Backend] = {CPU: cpu.BACKEND}
_NAMED: dict[Any, device] = {"cpu": CPU, CPU: CPU}


class _Default:
    """The device of new tensors when none is named."""

    current: device = CPU
    outer: ClassVar[list[device]] = []  # those of the `with` blocks around


def as_device(value: Any) -> device:
    """The one interned device meant: with a number for OpenCL, none for the CPU.

    Raises
    ------
    RuntimeError
        If OpenCL, or the device of that number, is not available; the message says what to do.
    """
    if value is None:
        return _Default.current
    try:
        return _NAMED[value]
    except (KeyError, TypeError):
        return _open(value)


def _open(value: Any) -> device:
    wanted = device(f"opencl:{value}") if isinstance(value, int) else device(value)
    if wanted.type == "cpu":
        return CPU
    number = wanted.index or 0
    if wanted.type == "cuda":
        number = opencl.nvidia_index(number)
    found = device("opencl", number)
    if found in _NAMED:
        found = _NAMED[found]
    else:
        _BACKENDS[found] = opencl.get_backend(number)
        _NAMED[found] = found
    _NAMED[wanted] = found
    if isinstance(value, str):
        _NAMED[value] = found
    return found


def kind_of(device: device, dtype: dtype) -> Kind:
    """The interned kind; ``device`` must come from :func:`as_device`."""
    try:
        return _KINDS[device, dtype]
    except KeyError:
        return _KINDS.setdefault((device, dtype), Kind(device, dtype, _BACKENDS[device]))


def get_default_device() -> device:
    """The device of new tensors when none is named: the CPU unless changed."""
    return _Default.current


def set_default_device(device: Any) -> None:
    """Choose the device of new tensors when none is named."""
    _Default.current = CPU if device is None else as_device(device)
