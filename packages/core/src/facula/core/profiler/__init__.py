"""Where the time goes: a table by operation, and a trace for Chrome's viewer."""

from facula.core.profiler.averages import EventAverage, EventList
from facula.core.profiler.events import FunctionEvent, KernelEvent, record_function
from facula.core.profiler.session import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    schedule,
    supported_activities,
)

__all__ = ["EventAverage", "EventList", "FunctionEvent", "KernelEvent", "ProfilerAction",
           "ProfilerActivity", "profile", "record_function", "schedule", "supported_activities"]
