"""The profile itself: when it records, what it gives, and the trace it writes."""

from __future__ import annotations

import enum
import gzip
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from facula.core.backends import opencl
from facula.core.profiler.averages import EventAverage, EventList
from facula.core.profiler.events import FunctionEvent, Recorder, _State


class ProfilerActivity(enum.Enum):
    """What is measured: the host's time (``CPU``), and the OpenCL devices' (``OPENCL``).

    ``CUDA`` is another name of ``OPENCL``, for scripts that come from PyTorch.
    """

    CPU = "cpu"
    OPENCL = "opencl"
    CUDA = "opencl"  # noqa: PIE796


class ProfilerAction(enum.Enum):
    """What a profile does in one step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities() -> set[ProfilerActivity]:
    """What can be measured here."""
    found = {ProfilerActivity.CPU}
    if opencl.device_count():
        found.add(ProfilerActivity.OPENCL)
    return found


def schedule(*, wait: int, warmup: int, active: int, repeat: int = 0,
             skip_first: int = 0) -> Callable[[int], ProfilerAction]:
    """A schedule: in each cycle wait, warm up, then record.

    Parameters
    ----------
    wait, warmup, active : int
        How many steps of each a cycle has.
    repeat : int
        How many cycles; 0 for no end.
    skip_first : int
        Steps before the first cycle.

    Raises
    ------
    ValueError
        If nothing would be recorded, or a number is negative.

    Examples
    --------
    >>> import facula
    >>> plan = facula.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if active < 1 or min(wait, warmup, repeat, skip_first) < 0:
        raise ValueError(f"schedule: wait={wait}, warmup={warmup}, active={active}, "
                         f"repeat={repeat}, skip_first={skip_first}: active must be 1 or more, "
                         "the others 0 or more")
    cycle = wait + warmup + active

    def plan(step: int) -> ProfilerAction:
        step -= skip_first
        if step < 0 or (repeat and step >= repeat * cycle) or step % cycle < wait:
            return ProfilerAction.NONE
        if step % cycle < wait + warmup:
            return ProfilerAction.WARMUP
        return (ProfilerAction.RECORD_AND_SAVE if step % cycle == cycle - 1
                else ProfilerAction.RECORD)
    return plan


class profile:
    """Records what operations cost while it is open. A context manager.

    Host time is what passes in an operation's function; operations called within it (those that
    composites are made of) have rows of their own, and are left out of its *self* time. Device
    time is taken by the device's own clock, for each launch and copy that the operation asked for;
    with fusion, a chain's launch counts for the operation that needed its result. Recording costs
    a few microseconds a call.
    Nothing is measured, or slower, while no profile is open.

    Parameters
    ----------
    activities : iterable of ProfilerActivity, optional
        What to measure; all that is supported if not given.
    schedule : callable, optional
        From the step's number to a :class:`ProfilerAction`; :func:`schedule` makes one. Without
        it all is recorded.
    on_trace_ready : callable, optional
        Called with the profile when a cycle of the schedule (or the whole) has been recorded.
    record_shapes : bool
        Whether the shapes of the tensors are kept.

    Raises
    ------
    RuntimeError
        If another profile is open.

    Examples
    --------
    >>> import facula
    >>> x = facula.ones(100, 100)
    >>> with facula.profiler.profile() as prof:
    ...     y = (x @ x).relu().sum()
    >>> {e.key: e.count for e in prof.key_averages()}
    {'matmul': 1, 'batched_matmul': 1, 'relu': 1, 'sum': 1}
    >>> print(prof.key_averages().table(sort_by="cpu_time_total", row_limit=10))  # doctest: +SKIP
    """

    def __init__(self, activities: Iterable[ProfilerActivity] | None = None,
                 schedule: Callable[[int], ProfilerAction] | None = None,
                 on_trace_ready: Callable[[profile], Any] | None = None,
                 record_shapes: bool = False) -> None:
        self.activities = supported_activities() if activities is None else set(activities)
        self.step_num = 0
        self._schedule = schedule
        self._ready = on_trace_ready
        self._shapes = record_shapes
        self._recorder: Recorder | None = None
        self._last = Recorder(False, False, False)
        self._action = ProfilerAction.NONE

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin; ``with`` does it."""
        self.step_num = 0
        self._enter(self._planned(0))

    def stop(self) -> None:
        """End; ``with`` does it."""
        self._finish(self._action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE))

    def step(self) -> None:
        """Say that the next step begins: what the schedule plans for it comes into force."""
        before = self._action
        self.step_num += 1
        after = self._planned(self.step_num)
        if before is ProfilerAction.RECORD_AND_SAVE or after is ProfilerAction.NONE:
            self._finish(before is not ProfilerAction.NONE and before is not ProfilerAction.WARMUP)
        elif before is ProfilerAction.WARMUP and after is not before:
            self._finish(False)
        self._enter(after)

    def _planned(self, step: int) -> ProfilerAction:
        return ProfilerAction.RECORD if self._schedule is None else self._schedule(step)

    def _enter(self, action: ProfilerAction) -> None:
        self._action = action
        if action is ProfilerAction.NONE or self._recorder is not None:
            return
        if _State.recorder is not None:
            raise RuntimeError("profile: another profile is open: close it first")
        self._recorder = Recorder(ProfilerActivity.CPU in self.activities,
                                  ProfilerActivity.OPENCL in self.activities, self._shapes)
        self._recorder.start()

    def _finish(self, keep: bool) -> None:
        recorder, self._recorder = self._recorder, None
        self._action = ProfilerAction.NONE
        if recorder is None:
            return
        recorder.stop()
        if keep:
            self._last = recorder
            if self._ready is not None:
                self._ready(self)

    def events(self) -> list[FunctionEvent]:
        """Every recorded call, in the order in which they began."""
        return list(self._last.events)

    def key_averages(self, group_by_input_shape: bool = False) -> EventList:
        """The calls added up by operation.

        Parameters
        ----------
        group_by_input_shape : bool
            Whether calls with different shapes stand apart (``record_shapes`` keeps them).
        """
        groups: dict[Any, EventAverage] = {}
        caused: set[int] = set()
        for event in self._last.events:
            shapes = event.input_shapes if group_by_input_shape else None
            key = event.name, str(shapes)
            if key not in groups:
                groups[key] = EventAverage(event.name, shapes)
            groups[key].add(event)
            caused.update(map(id, event.kernels))
        found = EventList(groups.values())
        found.outside = sum([k.duration for k in self._last.kernels if id(k) not in caused])
        return found

    def export_chrome_trace(self, path: str | Path) -> None:
        """Write a JSON file for ``chrome://tracing`` or https://ui.perfetto.dev.

        Parameters
        ----------
        path : str or path
            Where to; a name that ends in ``.gz`` is compressed.
        """
        process = os.getpid()
        trace: list[dict[str, Any]] = [
            {"ph": "M", "name": "thread_name", "pid": process, "tid": 0,
             "args": {"name": "OpenCL device"}}]
        for e in self._last.events:
            trace.append({
                "ph": "X", "cat": "user_annotation" if e.is_user else "cpu_op", "name": e.name,
                "pid": process, "tid": e.thread, "ts": e.start, "dur": e.cpu_time_total,
                "args": {"bytes": e.bytes, "launches": len(e.kernels)}
                | ({} if e.input_shapes is None else {"Input Dims": e.input_shapes})})
        offset = _offset(self._last)
        for k in self._last.kernels:
            trace.append({"ph": "X", "cat": "kernel", "name": k.name, "pid": process, "tid": 0,
                          "ts": k.start + offset, "dur": k.duration})
        text = json.dumps({"traceEvents": trace, "displayTimeUnit": "ms"})
        path = Path(path)
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text, encoding="utf-8")


def _offset(recorder: Recorder) -> float:
    """From the device's clock to the host's: no kernel starts before the call that asked for it."""
    shifts = [e.start - e.kernels[0].start for e in recorder.events if e.kernels]
    return max(shifts, default=0.0)
