"""A worker's exception on its way to the parent: the same type, the worker's traceback as text."""

from __future__ import annotations

import pickle
import traceback
from typing import Any


class Failure:
    """What is sent instead of a batch when loading it raised.

    Parameters
    ----------
    error : BaseException
        With its traceback.
    where : str
        For example ``"in worker 0 (process 4711)"``.
    """

    def __init__(self, error: BaseException, where: str) -> None:
        kind = type(error)
        lines = "".join(traceback.format_exception(error))
        self.name = f"{kind.__module__}.{kind.__qualname__}"
        self.text = f"{str(error) or kind.__name__}\n\nRaised {where}:\n\n{lines}"
        self.kind: bytes | None = None
        self.attributes: bytes | None = None
        try:
            self.kind = pickle.dumps(kind)
            self.attributes = pickle.dumps(vars(error))
        except Exception:  # a class inside a function, an attribute that can't be pickled
            pass

    def rebuild(self) -> BaseException:
        """The exception to raise in the parent."""
        kind: Any = None
        try:
            kind = pickle.loads(self.kind) if self.kind else None
        except Exception:  # a class that the parent can't import
            pass
        if kind is None or issubclass(kind, StopIteration):
            # StopIteration would end the parent's loop as if all were well.
            return RuntimeError(f"{self.name}: {self.text}")
        error = _with_text(kind, self.text)
        try:
            vars(error).update(pickle.loads(self.attributes) if self.attributes else {})
        except Exception:
            pass
        return error


def _with_text(kind: type[BaseException], text: str) -> BaseException:
    """An exception of this type whose text is ``text``, however its own constructor works."""
    try:
        error = kind(text)
        if str(error) == text:
            return error
    except Exception:
        pass
    subclass: Any = type(kind.__name__, (kind,), {
        "__str__": lambda self: text, "__module__": kind.__module__, "__doc__": kind.__doc__})
    return subclass.__new__(subclass, text)
