"""A profile's events added up by operation, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core.profiler.events import FunctionEvent

_SORTS = {"cuda": "device", "opencl": "device"}
_COLUMNS = ("self_cpu_time_total", "cpu_time_total", "cpu_time", "self_device_time_total",
            "device_time_total", "device_time", "launches", "bytes", "count")


class EventAverage:
    """All calls of one operation; times in microseconds.

    Attributes
    ----------
    key : str
        The operation's name.
    count : int
        How many calls.
    cpu_time_total, self_cpu_time_total : float
        On the host; ``self`` leaves out the operations called within.
    device_time_total, self_device_time_total : float
        On the device.
    launches : int
        Launches and copies on the device.
    bytes : int
        The sizes of the tensors given and received.
    input_shapes : list of tuple or None
        The tensors' shapes, where the calls were grouped by them.
    """

    def __init__(self, key: str, input_shapes: Any = None) -> None:
        self.key = key
        self.input_shapes = input_shapes
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.device_time_total = self.self_device_time_total = 0.0
        self.launches = 0
        self.bytes = 0

    def add(self, event: FunctionEvent) -> None:
        """Count one more call; in a call of its own name, only as a part of that one."""
        self.count += 1
        self.self_cpu_time_total += event.self_cpu_time_total
        self.self_device_time_total += event.self_device_time_total
        above = event.parent
        while above is not None and above.name != event.name:
            above = above.parent
        if above is None:
            self.cpu_time_total += event.cpu_time_total
            self.device_time_total += event.device_time_total
            self.launches += event.launches
            self.bytes += event.bytes

    @property
    def cpu_time(self) -> float:
        """Microseconds on the host per call."""
        return self.cpu_time_total / self.count

    @property
    def device_time(self) -> float:
        """Microseconds on the device per call."""
        return self.device_time_total / self.count

    def __repr__(self) -> str:
        return (f"<{self.key}: {self.count} calls, host {self.cpu_time_total:.1f} us, device "
                f"{self.device_time_total:.1f} us, {self.launches} launches>")


def _time(microseconds: float) -> str:
    if microseconds >= 1e6:
        return f"{microseconds / 1e6:.3f}s"
    if microseconds >= 1e3:
        return f"{microseconds / 1e3:.3f}ms"
    return f"{microseconds:.3f}us"


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if n >= size:
            return f"{n / size:.2f} {unit}"
    return f"{n} B"


class EventList(list[EventAverage]):
    """What :meth:`profile.key_averages` gives: a list with a table."""

    outside: float = 0.0  # microseconds on the device that no recorded call caused

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds on the host in all."""
        return sum([e.self_cpu_time_total for e in self])

    @property
    def self_device_time_total(self) -> float:
        """Microseconds on the device in all."""
        return self.outside + sum([e.self_device_time_total for e in self])

    def table(self, sort_by: str | None = None, row_limit: int = 100,
              max_name_column_width: int = 55, header: str | None = None) -> str:
        """The table by operation.

        Parameters
        ----------
        sort_by : str, optional
            ``"self_cpu_time_total"`` (as where none is given), ``"cpu_time_total"``,
            ``"cpu_time"``, the same with ``device`` (or ``cuda``), ``"launches"``, ``"bytes"`` or
            ``"count"``; the largest first.
        row_limit : int
            How many rows; -1 for all.
        max_name_column_width : int
            Where names are cut.
        header : str, optional
            A line above.

        Raises
        ------
        ValueError
            If there is nothing of that name to sort by.
        """
        column = sort_by or "self_cpu_time_total"
        for theirs, ours in _SORTS.items():
            column = column.replace(theirs, ours)
        if column not in _COLUMNS:
            raise ValueError(f"table: sort_by is {sort_by!r}: use one of {', '.join(_COLUMNS)}")
        rows: list[EventAverage] = sorted(self, key=lambda e: getattr(e, column), reverse=True)
        host, device = self.self_cpu_time_total, self.self_device_time_total
        titles = ["Name", "Self CPU %", "Self CPU", "CPU total", "CPU time avg", "Self device",
                  "Device total", "Launches", "Bytes", "# of Calls"]
        if any(e.input_shapes is not None for e in self):
            titles.append("Input Shapes")
        lines = [titles]
        for e in rows if row_limit < 0 else rows[:row_limit]:
            name = e.key
            if len(name) > max_name_column_width:
                name = name[:max_name_column_width - 3] + "..."
            share = 100 * e.self_cpu_time_total / host if host else 0.0
            line = [name, f"{share:.2f}%", _time(e.self_cpu_time_total), _time(e.cpu_time_total),
                    _time(e.cpu_time), _time(e.self_device_time_total), _time(e.device_time_total),
                    str(e.launches), _bytes(e.bytes), str(e.count)]
            lines.append(line if len(titles) == 10 else [*line, str(e.input_shapes or [])])
        return _ruled(lines, header) + (
            f"Self CPU time total: {_time(host)}\nSelf device time total: {_time(device)}\n")

    def __str__(self) -> str:
        return self.table()


def _ruled(lines: Sequence[Sequence[str]], header: str | None) -> str:
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    rule = "  ".join("-" * w for w in widths)
    text = ["  ".join([line[0].ljust(widths[0]),
                       *[cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True)]])
            for line in lines]
    above = [header] if header else []
    return "\n".join([*above, rule, text[0], rule, *text[1:], rule, ""])
