"""A pickle machine that builds data and calls nothing that is not on a list.

Python's own ``Unpickler`` can be told which names to resolve, but then calls, sets attributes of,
and instantiates whatever it has resolved. Here every one of these steps is checked: calls only of
what a name on the list stands for, state only into instances of declared classes.
"""

from __future__ import annotations

import collections
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from facula.core.serialization.errors import CheckpointError, UnsafeCheckpointError
from facula.core.serialization.rebuild import GUARDS, MissingType, NumpyArray, Registry
from facula.core.serialization.safe import Safe, reason_against

_OLD_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_PROTOCOLS = range(6)
Code = dict[int, Callable[["SafeUnpickler"], None]]


def resolve(name: str) -> Any:
    """What a name in a file stands for.

    Raises
    ------
    UnsafeCheckpointError
        If it is not known to be safe; the message says what can be done.
    """
    module, _, last = name.rpartition(".")
    full = f"{_OLD_MODULES.get(module, module)}.{last}"
    for known in (name, full):
        if known in Registry.globals:
            return Registry.globals[known]
        if known in Safe.names:
            return Safe.names[known]
    if full.startswith(("torch._utils._rebuild_", "torch._tensor._rebuild")):
        raise CheckpointError(f"it holds a tensor of a kind that facula does not have ({last}): "
                              "convert it to an ordinary tensor before saving")
    against = reason_against(None, full)
    if against:
        raise UnsafeCheckpointError(f"it asks for {full}, which is never loaded: {against}; be "
                                    "suspicious of where this file comes from")
    if full.startswith(("torch.nn.modules.", "torchvision.models.")):
        raise UnsafeCheckpointError(f"it holds a whole module ({full}), not its weights: save "
                                    "model.state_dict() in PyTorch and load that")
    raise UnsafeCheckpointError(
        f"it asks for {full}, which is not known to be safe: if it is, declare it with "
        f"facula.serialization.add_safe_globals([{last}]); or load with weights_only=False if you "
        "trust where the file comes from, as then it may run any code")


class SafeUnpickler:
    """Reads one pickle.

    Parameters
    ----------
    file : binary file
    persistent_load : callable
        What a persistent id stands for: a storage.
    encoding : str
        How strings of Python 2 are read; ``"bytes"`` leaves them as bytes.
    """

    def __init__(self, file: BinaryIO, persistent_load: Callable[[Any], Any],
                 encoding: str = "utf-8") -> None:
        self._read = file.read
        self._readline = file.readline
        self._persistent_load = persistent_load
        self._encoding = encoding
        self._size = _remaining(file)
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self._last_put = -1
        self._granted: set[int] = set()
        self._held: list[Any] = []  # what is granted stays alive, so that ids stay unique
        self._result: Any = None
        self._done = False

    def load(self) -> Any:
        """The object.

        Raises
        ------
        CheckpointError
            If the pickle is damaged, or asks for what is not known to be safe.
        """
        read, codes = self._read, CODES
        try:
            while not self._done:
                byte = read(1)
                if not byte:
                    raise CheckpointError("it ends in the middle of its pickle")
                step = codes.get(byte[0])
                if step is None:
                    raise CheckpointError(f"its pickle holds the byte {byte[0]:#04x} where an "
                                          "operation should stand")
                step(self)
        except CheckpointError:
            raise
        except RecursionError:
            raise CheckpointError("its pickle is nested too deeply") from None
        except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, TypeError,
                ValueError, struct.error) as error:
            raise CheckpointError(f"its pickle is damaged ({type(error).__name__}: {error})"
                                  ) from error
        return self._result

    # Reading

    def take(self, n: int) -> bytes:
        """Exactly n bytes."""
        if not 0 <= n <= self._size:
            raise CheckpointError(f"its pickle asks for {n} bytes, more than the file has")
        data = self._read(n)
        if len(data) != n:
            raise CheckpointError("it ends in the middle of its pickle")
        return data

    def number(self, form: str) -> int:
        """A number in ``struct``'s form."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> bytes:
        """The bytes up to the end of the line."""
        data = self._readline()
        if not data.endswith(b"\n"):
            raise CheckpointError("it ends in the middle of its pickle")
        return data[:-1]

    def old_text(self, data: bytes) -> Any:
        """A string of Python 2."""
        return data if self._encoding == "bytes" else data.decode(self._encoding, "strict")

    # The stack

    def pop_mark(self) -> list[Any]:
        """What was pushed since the last mark."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def put(self, key: int) -> None:
        """Remember the top."""
        self.memo[key] = self.stack[-1]
        self._last_put = key

    def replace(self, old: Any, new: Any) -> None:
        """Another object for the top, also where it was remembered just now."""
        self.stack[-1] = new
        if self.memo.get(self._last_put) is old:
            self.memo[self._last_put] = new

    # What could do harm

    def find(self, module: str, name: str) -> None:
        """Push what a name stands for."""
        value = resolve(f"{module}.{name}")
        if isinstance(value, MissingType):
            raise CheckpointError(f"it holds tensors of PyTorch's type {value.name}, which facula "
                                  "does not have: convert them before saving")
        if callable(value) and id(value) not in self._granted:
            self._granted.add(id(value))
            self._held.append(value)
        self.stack.append(value)

    def call(self, function: Any, args: Any, kwargs: Any = None) -> Any:
        """Call what a name on the list stands for."""
        if id(function) not in self._granted or not isinstance(args, tuple):
            raise UnsafeCheckpointError(f"its pickle calls {function!r}, which it may not")
        if type(function).__hash__ is not None and function in GUARDS:
            guard = GUARDS[function]
            if guard is None:
                raise UnsafeCheckpointError(f"its pickle calls {function.__name__}, which it "
                                            "may not")
            function = guard
        try:
            return function(*args, **(kwargs or {}))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(f"{getattr(function, '__name__', function)}, called by its "
                                  f"pickle, says: {error}") from error

    def new(self, kind: Any, args: Any, kwargs: Any = None) -> Any:
        """An instance of a class without calling its constructor."""
        if id(kind) not in self._granted or not isinstance(kind, type) or not _is_declared(kind):
            if kind in (collections.OrderedDict, collections.Counter):
                return self.call(kind, args, kwargs)
            raise UnsafeCheckpointError(f"its pickle makes an instance of {kind!r}, which it may "
                                        "not")
        return kind.__new__(kind, *args, **(kwargs or {}))

    def build(self, value: Any, state: Any) -> None:
        """Give an object its state."""
        if isinstance(value, NumpyArray):
            self.replace(value, value.fill(state))
        elif isinstance(value, np.dtype):
            if len(state) > 4 and state[1] in ("<", ">"):
                self.replace(value, value.newbyteorder(state[1]))
        elif type(value) is collections.OrderedDict and isinstance(state, dict):
            vars(value).update(state)
        elif _is_declared(type(value)):
            _set_state(value, state)
        else:
            raise UnsafeCheckpointError(f"its pickle sets the state of a {type(value).__name__}, "
                                        "which it may not")


def _is_declared(kind: type) -> bool:
    return any(kind is known for known in Safe.names.values())


def _set_state(value: Any, state: Any) -> None:
    setter = getattr(value, "__setstate__", None)
    if setter is not None:
        setter(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if state:
        vars(value).update(state)
    for name, part in (slots or {}).items():
        setattr(value, name, part)


def _remaining(file: BinaryIO) -> int:
    """How many bytes a file still has; as many as there can be where it can't tell."""
    try:
        here = file.tell()
        end = file.seek(0, 2)
        file.seek(here)
    except (OSError, AttributeError):
        return 1 << 62
    return end - here


def _codes() -> Code:
    """The operations by their byte; the names are those of the module ``pickletools``."""
    def push(value: Any) -> Callable[[SafeUnpickler], None]:
        return lambda u: u.stack.append(value)

    def made(make: Callable[[SafeUnpickler], Any]) -> Callable[[SafeUnpickler], None]:
        def run(u: SafeUnpickler) -> None:
            value = make(u)  # before the stack is looked at: after a mark it is another one
            u.stack.append(value)
        return run

    def protocol(u: SafeUnpickler) -> None:
        version = u.number("<B")
        if version not in _PROTOCOLS:
            raise CheckpointError(f"its pickle has protocol {version}; 0 to 5 are known")

    def top_of(n: int) -> Callable[[SafeUnpickler], None]:
        def run(u: SafeUnpickler) -> None:
            items = tuple(u.stack[-n:])
            if len(items) < n:
                raise IndexError("the stack is empty")
            u.stack[-n:] = [items]
        return run

    def mark(u: SafeUnpickler) -> None:
        u.marks.append(u.stack)
        u.stack = []

    def append(u: SafeUnpickler) -> None:
        item = u.stack.pop()
        _list(u.stack[-1]).append(item)

    def appends(u: SafeUnpickler) -> None:
        items = u.pop_mark()
        _list(u.stack[-1]).extend(items)

    def additems(u: SafeUnpickler) -> None:
        items = u.pop_mark()
        if not isinstance(u.stack[-1], set):
            raise TypeError("items are added to what is not a set")
        u.stack[-1].update(items)

    def setitem(u: SafeUnpickler) -> None:
        value, key = u.stack.pop(), u.stack.pop()
        _dict(u.stack[-1])[key] = value

    def setitems(u: SafeUnpickler) -> None:
        items = u.pop_mark()
        target = _dict(u.stack[-1])
        for i in range(0, len(items), 2):
            target[items[i]] = items[i + 1]

    def pairs(u: SafeUnpickler) -> dict[Any, Any]:
        items = u.pop_mark()
        return {items[i]: items[i + 1] for i in range(0, len(items), 2)}

    def reduce(u: SafeUnpickler) -> None:
        args = u.stack.pop()
        u.stack[-1] = u.call(u.stack[-1], args)

    def newobj(u: SafeUnpickler) -> None:
        args = u.stack.pop()
        u.stack[-1] = u.new(u.stack[-1], args)

    def newobj_ex(u: SafeUnpickler) -> None:
        kwargs, args = u.stack.pop(), u.stack.pop()
        u.stack[-1] = u.new(u.stack[-1], args, kwargs)

    def build(u: SafeUnpickler) -> None:
        state = u.stack.pop()
        u.build(u.stack[-1], state)

    def glob(u: SafeUnpickler) -> None:
        module = u.line().decode("utf-8")
        u.find(module, u.line().decode("utf-8"))

    def stack_global(u: SafeUnpickler) -> None:
        name, module = u.stack.pop(), u.stack.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError("a name is not a string")
        u.find(module, name)

    def persistent(u: SafeUnpickler) -> None:
        u.stack.append(u._persistent_load(u.stack.pop()))

    def integer(text: bytes) -> Any:
        return {b"00": False, b"01": True}.get(text) if text in (b"00", b"01") else int(text)

    def pop(u: SafeUnpickler) -> None:
        if u.stack:
            u.stack.pop()
        else:
            u.pop_mark()

    def pop_marked(u: SafeUnpickler) -> None:
        u.pop_mark()

    def frame(u: SafeUnpickler) -> None:
        u.take(8)  # how much to read ahead: of no use here

    def stop(u: SafeUnpickler) -> None:
        u._result, u._done = u.stack.pop(), True

    def text(form: str) -> Callable[[SafeUnpickler], Any]:
        return lambda u: u.take(u.number(form)).decode("utf-8", "surrogatepass")

    def quoted(u: SafeUnpickler) -> Any:
        data = u.line().strip()
        if len(data) < 2 or data[:1] not in (b"'", b'"') or data[-1:] != data[:1]:
            raise ValueError("a string has no quotes")
        return u.old_text(data[1:-1].decode("unicode_escape").encode("latin-1"))

    return {ord(byte): step for byte, step in {
        "\x80": protocol, ".": stop, "(": mark, "0": pop,
        "\x95": frame, "1": pop_marked,
        "2": made(lambda u: u.stack[-1]),
        "N": push(None), "\x88": push(True), "\x89": push(False),
        "I": made(lambda u: integer(u.line())), "L": made(lambda u: int(u.line().rstrip(b"L"))),
        "J": made(lambda u: u.number("<i")), "K": made(lambda u: u.number("<B")),
        "M": made(lambda u: u.number("<H")),
        "\x8a": made(lambda u: int.from_bytes(u.take(u.number("<B")), "little", signed=True)),
        "\x8b": made(lambda u: int.from_bytes(u.take(u.number("<i")), "little", signed=True)),
        "F": made(lambda u: float(u.line())), "G": made(lambda u: u.number(">d")),
        "X": made(text("<I")), "\x8c": made(text("<B")), "\x8d": made(text("<Q")),
        "V": made(lambda u: u.line().decode("raw-unicode-escape")),
        "S": made(quoted), "T": made(lambda u: u.old_text(u.take(u.number("<i")))),
        "U": made(lambda u: u.old_text(u.take(u.number("<B")))),
        "B": made(lambda u: u.take(u.number("<I"))), "C": made(lambda u: u.take(u.number("<B"))),
        "\x8e": made(lambda u: u.take(u.number("<Q"))),
        "\x96": made(lambda u: bytearray(u.take(u.number("<Q")))),
        "]": made(lambda u: []), "}": made(lambda u: {}), ")": push(()),
        "\x8f": made(lambda u: set()), "l": made(lambda u: u.pop_mark()), "d": made(pairs),
        "t": made(lambda u: tuple(u.pop_mark())),
        "\x91": made(lambda u: frozenset(u.pop_mark())),
        "\x85": top_of(1), "\x86": top_of(2), "\x87": top_of(3),
        "a": append, "e": appends, "s": setitem, "u": setitems, "\x90": additems,
        "p": lambda u: u.put(int(u.line())), "q": lambda u: u.put(u.number("<B")),
        "r": lambda u: u.put(u.number("<I")), "\x94": lambda u: u.put(len(u.memo)),
        "g": made(lambda u: u.memo[int(u.line())]), "h": made(lambda u: u.memo[u.number("<B")]),
        "j": made(lambda u: u.memo[u.number("<I")]),
        "c": glob, "\x93": stack_global, "R": reduce, "\x81": newobj, "\x92": newobj_ex, "b": build,
        "Q": persistent, "P": made(lambda u: u._persistent_load(u.line().decode("ascii"))),
    }.items()}


def _list(value: Any) -> Any:
    if not isinstance(value, list):
        raise TypeError("items are appended to what is not a list")
    return value


def _dict(value: Any) -> Any:
    if not isinstance(value, dict):
        raise TypeError("items are set in what is not a dict")
    return value


CODES = _codes()
