"""Classes and functions that users declare safe to load, and those that never are."""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Iterable
from typing import Any

from facula.core.slot import decorate

# What lives in these modules starts programs, reads and writes files, imports, or runs code.
_BARRED_MODULES = frozenset({
    "_asyncio", "_ctypes", "_frozen_importlib", "_frozen_importlib_external", "_imp", "_io",
    "_pickle", "_posixshmem", "_posixsubprocess", "_socket", "_thread", "asyncio", "atexit",
    "bdb", "cProfile", "code", "codeop", "cloudpickle", "commands", "ctypes", "dill", "distutils",
    "ensurepip", "fcntl", "ftplib", "gc", "http", "imp", "importlib", "inspect", "io", "joblib",
    "linecache", "marshal", "mmap", "multiprocessing", "nt", "ntpath", "os", "pdb", "pickle", "pip",
    "pkgutil", "platform", "posix", "posixpath", "profile", "pty", "pydoc", "runpy", "setuptools",
    "shelve", "shutil", "signal", "site", "smtplib", "socket", "sqlite3", "ssl", "subprocess",
    "sys", "tempfile", "threading", "timeit", "tokenize", "trace", "unittest", "urllib", "venv",
    "webbrowser", "xmlrpc", "zipimport",
})
_BARRED_BUILTINS = frozenset({
    "__build_class__", "__import__", "apply", "breakpoint", "compile", "delattr", "eval", "exec",
    "execfile", "exit", "filter", "getattr", "globals", "help", "input", "iter", "license",
    "locals", "map", "memoryview", "object", "open", "print", "quit", "reload", "setattr", "super",
    "type", "vars",
})
_BARRED_OBJECTS = (
    functools.partial, functools.partialmethod, functools.reduce, operator.attrgetter,
    operator.methodcaller, operator.itemgetter, types.FunctionType, types.CodeType,
    types.MethodType, types.ModuleType, type, object,
)
_BARRED_NUMPY = frozenset({
    "DataSource", "ctypeslib", "distutils", "f2py", "fromfile", "fromregex", "genfromtxt", "load",
    "loadtxt", "memmap", "open_memmap", "save", "savetxt", "savez", "savez_compressed", "testing",
})


class Safe:
    """What users have declared safe: the full name in the file, and what it stands for."""

    names: dict[str, Any] = {}
    entries: list[Any] = []


def reason_against(value: Any, name: str) -> str:
    """Why this may not be declared safe; "" if it may."""
    if isinstance(value, types.ModuleType):
        return "it is a module"
    for full in (name, full_name(value)):
        module, _, last = full.rpartition(".")
        top = module.partition(".")[0]
        if top in _BARRED_MODULES:
            return f"the module {top} runs programs or code, or works on files or the interpreter"
        if top in ("builtins", "__builtin__") and last in _BARRED_BUILTINS:
            return f"{last} can run code or change any object"
        if top == "numpy" and not _BARRED_NUMPY.isdisjoint(full.split(".")):
            return "it reads files or runs programs"
    if any(value is barred for barred in _BARRED_OBJECTS):
        return "with it a file can build and call any function"
    if getattr(value, "__self__", None) is not None and not isinstance(
            value.__self__, (type, types.ModuleType)):
        return "it is bound to an object"
    return ""


def full_name(value: Any) -> str:
    """Module and name of a class or function, as a pickle says them."""
    module = getattr(value, "__module__", None) or ""
    return f"{module}.{getattr(value, '__qualname__', getattr(value, '__name__', ''))}"


def _entries(safe_globals: Iterable[Any]) -> list[tuple[Any, str]]:
    out = []
    for entry in safe_globals:
        value, name = entry if isinstance(entry, tuple) else (entry, full_name(entry))
        if not callable(value):
            raise TypeError(f"add_safe_globals: {value!r} is not a class or function: give classes "
                            "and functions, or pairs of one and its name in the file")
        reason = reason_against(value, name)
        if reason:
            raise ValueError(f"add_safe_globals: {name} can't be declared safe: {reason}: load "
                             "the file with weights_only=False if you trust where it comes from")
        out.append((value, name))
    return out


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Declare classes and functions safe to load with ``weights_only=True``.

    Loading a file may then call them with any arguments, make instances, and set their state.

    Parameters
    ----------
    safe_globals : iterable
        Classes and functions, or pairs of one and its full name in the file.

    Raises
    ------
    ValueError
        If one of them can run code: ``eval``, ``exec``, ``getattr``, and all of ``os``,
        ``subprocess``, ``sys``, ``importlib``, ``pickle`` and their like.
    TypeError
        If one is neither a class nor a function.

    Examples
    --------
    >>> import facula
    >>> from facula.core.serialization import add_safe_globals, clear_safe_globals
    >>> import datetime
    >>> add_safe_globals([datetime.timedelta])
    >>> clear_safe_globals()
    """
    entries = _entries(safe_globals)
    for entry, (value, name) in zip(safe_globals, entries, strict=True):
        Safe.names[name] = value
        Safe.entries.append(entry)


def get_safe_globals() -> list[Any]:
    """What has been declared safe, as it was given.

    Returns
    -------
    list
    """
    return list(Safe.entries)


def clear_safe_globals() -> None:
    """Take all such declarations back."""
    Safe.names.clear()
    Safe.entries.clear()


class safe_globals:
    """Declare classes and functions safe inside a ``with`` block, or in a decorated function.

    Parameters
    ----------
    safe_globals : iterable
        As for :func:`add_safe_globals`.

    Examples
    --------
    >>> import io, datetime, facula
    >>> from facula.core.serialization import safe_globals
    >>> file = io.BytesIO()
    >>> facula.save(datetime.timedelta(days=2), file)
    >>> with safe_globals([datetime.timedelta]):
    ...     facula.load(file)
    datetime.timedelta(days=2)
    """

    def __init__(self, safe_globals: Iterable[Any]) -> None:
        self._given = list(safe_globals)

    def __enter__(self) -> None:
        self._before = dict(Safe.names), list(Safe.entries)
        add_safe_globals(self._given)

    def __exit__(self, *exc: object) -> None:
        Safe.names, Safe.entries = self._before

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return decorate(lambda: safe_globals(self._given), function)
