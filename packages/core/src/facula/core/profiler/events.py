"""What is recorded while a profile runs: calls of operations, and what the device is given to do.

Nothing on the way of an operation asks whether somebody measures. While a profile runs, the public
functions of the operations are replaced by ones that take the time: wherever a module or Tensor
names them, so that code which holds one of them elsewhere (in a list, as a default argument) goes
on unseen. Afterwards the originals are put back.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable, Iterable
from time import perf_counter_ns
from typing import Any

from facula.core.backends import opencl
from facula.core.operation import operations
from facula.core.slot import decorate
from facula.core.tensor import Tensor


class KernelEvent:
    """One launch or copy on a device; times in microseconds, set when the profile ends."""

    __slots__ = ("name", "start", "end", "mark")

    def __init__(self, name: str, mark: Any) -> None:
        self.name = name
        self.start = self.end = 0.0
        self.mark = mark

    @property
    def duration(self) -> float:
        """Microseconds from start to end."""
        return self.end - self.start


class FunctionEvent:
    """One call of an operation, or one region of ``record_function``; times in microseconds.

    Attributes
    ----------
    name : str
        The operation's name.
    start, end : float
        When it began and ended, on the clock of ``time.perf_counter_ns``.
    thread : int
        The thread's identifier.
    parent : FunctionEvent or None
        The call it was made in.
    children : list of FunctionEvent
        The calls made in it.
    kernels : list of KernelEvent
        What it gave the device to do, calls made in it apart.
    bytes : int
        The sizes of the tensors it was given and gave.
    input_shapes : list of tuple or None
        The tensors' shapes, where ``record_shapes`` was set.
    """

    __slots__ = ("name", "start", "end", "thread", "parent", "children", "kernels", "bytes",
                 "input_shapes", "is_user")

    def __init__(self, name: str, parent: FunctionEvent | None, is_user: bool) -> None:
        self.name = name
        self.start = self.end = 0.0
        self.thread = threading.get_ident()
        self.parent = parent
        self.children: list[FunctionEvent] = []
        self.kernels: list[KernelEvent] = []
        self.bytes = 0
        self.input_shapes: list[tuple[int, ...]] | None = None
        self.is_user = is_user

    @property
    def cpu_time_total(self) -> float:
        """Microseconds on the host."""
        return self.end - self.start

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds on the host, calls made in it apart."""
        return self.cpu_time_total - sum([c.cpu_time_total for c in self.children])

    @property
    def self_device_time_total(self) -> float:
        """Microseconds on the device, calls made in it apart."""
        return sum([k.duration for k in self.kernels])

    @property
    def device_time_total(self) -> float:
        """Microseconds on the device."""
        return self.self_device_time_total + sum([c.device_time_total for c in self.children])

    @property
    def launches(self) -> int:
        """How many launches and copies it caused, calls made in it included."""
        return len(self.kernels) + sum([c.launches for c in self.children])

    def __repr__(self) -> str:
        return (f"<{self.name}: host {self.cpu_time_total:.1f} us, device "
                f"{self.device_time_total:.1f} us, {self.launches} launches>")


class Recorder:
    """The events of one profile; ``host`` and ``device`` say what is recorded."""

    def __init__(self, host: bool, device: bool, shapes: bool) -> None:
        self.host = host
        self.device = device
        self.shapes = shapes
        self.events: list[FunctionEvent] = []
        self.kernels: list[KernelEvent] = []
        self._here = threading.local()

    def open(self, name: str, is_user: bool = False) -> FunctionEvent:
        """Begin an event in this thread."""
        here = self._here
        parent = getattr(here, "event", None)
        event = here.event = FunctionEvent(name, parent, is_user)
        self.events.append(event)
        if parent is not None:
            parent.children.append(event)
        event.start = perf_counter_ns() / 1000
        return event

    def close(self, event: FunctionEvent) -> None:
        """End it."""
        event.end = perf_counter_ns() / 1000
        self._here.event = event.parent

    def hear(self, mark: Any, what: str) -> None:
        """A device was given something to do."""
        kernel = KernelEvent(what, mark)
        self.kernels.append(kernel)
        event = getattr(self._here, "event", None)
        if event is not None:
            event.kernels.append(kernel)

    def start(self) -> None:
        """Put the measuring functions in the operations' places."""
        if self.device:
            opencl.listen(self.hear)
        _replace(functools.partial(_measured, self) if self.host else None)
        _State.recorder = self

    def stop(self) -> None:
        """Put the operations back, and read the device's clock."""
        _State.recorder = None
        _replace(None)
        if not self.device:
            return
        opencl.listen(None)
        for kernel in self.kernels:
            times = kernel.mark.profile
            kernel.start, kernel.end = times.start / 1000, times.end / 1000
            kernel.mark = None


class _State:
    """The profile that runs, and what stands in the operations' places meanwhile."""

    recorder: Recorder | None = None
    standing: dict[int, tuple[Any, Any]] = {}


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    found = []
    for v in values:
        if isinstance(v, Tensor):
            found.append(v)
        elif isinstance(v, (tuple, list)):
            found += [x for x in v if isinstance(x, Tensor)]
    return found


def _measured(recorder: Recorder, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def measured(*args: Any, **kwargs: Any) -> Any:
        event = recorder.open(name)
        try:
            result = function(*args, **kwargs)
        finally:
            recorder.close(event)
        given = _tensors((*args, *kwargs.values()))
        event.bytes = sum([t.nbytes for t in (*given, *_tensors((result,)))])
        if recorder.shapes:
            event.input_shapes = [tuple(t._data.shape) for t in given]
        return result
    return functools.update_wrapper(measured, function)


def _fronts() -> dict[int, tuple[str, Callable[..., Any]]]:
    """All public functions of operations by identity, each with the operation's name."""
    found: dict[int, tuple[str, Callable[..., Any]]] = {}
    for op in operations():
        found[id(op.public)] = op.name, op.public  # type: ignore[assignment]
        methods = {"": op.extra.get("method"), "_": op.extra.get("inplace"),
                   " ": op.extra.get("operator"), "_ ": op.extra.get("operator_inplace")}
        for suffix, front in methods.items():
            if front is not None:
                found.setdefault(id(front), (op.name + suffix.strip(), front))
    return found


def _replace(wrap: Callable[[str, Callable[..., Any]], Callable[..., Any]] | None) -> None:
    """Let modules and Tensor name ``wrap(name, function)`` for each operation; None undoes it."""
    if wrap is not None:
        swaps = {key: (front, wrap(name, front)) for key, (name, front) in _fronts().items()}
        _State.standing = {id(new): (new, old) for old, new in swaps.values()}
    else:
        swaps, _State.standing = _State.standing, {}
    if not swaps:
        return
    for op in operations():
        swap = swaps.get(id(op.public))
        if swap is not None:
            op.public = swap[1]
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if isinstance(module, types.ModuleType) and names:
            for name, value in list(names.items()):
                swap = swaps.get(id(value))
                if swap is not None:
                    names[name] = swap[1]
    for name, value in list(vars(Tensor).items()):
        swap = swaps.get(id(value))
        if swap is not None:
            setattr(Tensor, name, swap[1])
        elif isinstance(value, property) and id(value.fget) in swaps:
            setattr(Tensor, name, property(swaps[id(value.fget)][1], value.fset, doc=value.__doc__))
        elif isinstance(value, types.FunctionType):  # reflected operators and comparisons
            for cell in value.__closure__ or ():
                swap = swaps.get(id(cell.cell_contents))
                if swap is not None:
                    cell.cell_contents = swap[1]


class record_function:
    """Names a region in the profile that runs; without one it does nothing.

    A context manager and a decorator.

    Parameters
    ----------
    name : str
        What to call it.

    Examples
    --------
    >>> import facula
    >>> with facula.profiler.profile() as prof:
    ...     with facula.profiler.record_function("my part"):
    ...         y = facula.ones(3) + 1
    >>> [e.name for e in prof.events() if e.parent is None]
    ['my part']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self._open: list[tuple[Recorder, FunctionEvent] | None] = []

    def __enter__(self) -> record_function:
        recorder = _State.recorder
        self._open.append(None if recorder is None else
                          (recorder, recorder.open(self.name, is_user=True)))
        return self

    def __exit__(self, *exception: object) -> None:
        opened = self._open.pop()
        if opened is not None:
            opened[0].close(opened[1])

    def __call__(self, function: Any) -> Any:
        return decorate(lambda: record_function(self.name), function)
