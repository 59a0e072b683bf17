"""Checkpointing: a function's intermediate results are dropped and computed again in backward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from facula.autograd.graph import saved_tensors_hooks
from facula.autograd.saved import count
from facula.core.errors import describe
from facula.core.precision import mode, restored
from facula.core.random import default_generator
from facula.core.slot import enable_grad
from facula.core.tensor import Tensor


class _Enough(BaseException):
    """Everything that backward needs has been computed again.

    No error, so that the function's own ``except Exception`` does not catch it.
    """


class _Region:
    """One checkpointed call: how to repeat it, and what repeating it saved."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any],
                 preserve: bool) -> None:
        self.call = function, args, kwargs
        self.written = count(args)
        self.states = [(default_generator, default_generator.get_state())] if preserve else []
        self.autocast = mode.snapshot()
        self.count = 0
        self.shapes: list[tuple[int, ...]] = []
        self.found: dict[int, Tensor] = {}

    def pack(self, t: Tensor) -> int:
        """Remember only which of the saved tensors this is."""
        self.shapes.append(tuple(t.shape))
        self.count += 1
        return self.count - 1

    def unpack(self, number: int) -> Tensor:
        """The tensor, after computing all of them again where that was not done yet."""
        if number not in self.found:
            self._repeat()
        return self.found.pop(number)

    def _repeat(self) -> None:
        if count(self.call[1]) != self.written:
            raise RuntimeError("checkpoint: an argument was changed in place since the call, so it "
                               "can't be repeated: clone() it before writing")
        self.found = {}

        def keep(t: Tensor) -> None:
            number = len(self.found)
            if number >= self.count or self.shapes[number] != tuple(t.shape):
                raise RuntimeError(
                    f"checkpoint: the repeated call saved {describe(t)} as tensor {number}, which "
                    "the first call did not: the function must compute the same both times")
            self.found[number] = t
            if len(self.found) == self.count:
                raise _Enough

        function, args, kwargs = self.call
        now = [(generator, generator.get_state()) for generator, _ in self.states]
        for generator, state in self.states:
            generator.set_state(state)
        try:
            with enable_grad(), restored(self.autocast), saved_tensors_hooks(keep, _unused):
                function(*args, **kwargs)
        except _Enough:
            pass
        finally:
            for generator, state in now:
                generator.set_state(state)
        if len(self.found) < self.count:
            raise RuntimeError(f"checkpoint: the repeated call saved {len(self.found)} tensors, "
                               f"the first {self.count}: the function must compute the same both "
                               "times")


def _unused(value: Any) -> Tensor:
    raise RuntimeError("checkpoint: the repeated call's own graph can't be differentiated")


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool = False,
               preserve_rng_state: bool = True, **kwargs: Any) -> Any:
    """Call a function without keeping what its backward needs; backward calls it again.

    Memory for time: of the whole function only the arguments stay alive until backward.

    Parameters
    ----------
    function : callable
        Must compute the same when called again.
    *args, **kwargs
        Its arguments.
    use_reentrant : bool
        Only False, PyTorch's recommended variant, exists.
    preserve_rng_state : bool
        Draw the same random numbers (for dropout) in the second call.

    Returns
    -------
    Any
        What the function returns.

    Raises
    ------
    ValueError
        For ``use_reentrant=True``.

    Examples
    --------
    >>> import facula
    >>> from facula.autograd.checkpoint import checkpoint
    >>> x = facula.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda t: (t * t).exp().sum(), x).backward()
    >>> x.grad
    tensor([  5.4366, 218.3926])
    """
    if use_reentrant:
        raise ValueError("checkpoint: use_reentrant=True does not exist: leave it out")
    region = _Region(function, args, kwargs, preserve_rng_state)
    with saved_tensors_hooks(region.pack, region.unpack):
        return function(*args, **kwargs)


def checkpoint_sequential(functions: Any, segments: int, input: Any, use_reentrant: bool = False,
                          preserve_rng_state: bool = True) -> Any:
    """Call functions one after the other, checkpointed in segments of about equal length.

    Parameters
    ----------
    functions : sequence of callable
        Or a sequential module.
    segments : int
        How many; the last one is called without checkpointing.
    input : Any
        The first one's argument.
    use_reentrant, preserve_rng_state
        As for :func:`checkpoint`.

    Examples
    --------
    >>> import facula
    >>> from facula.autograd.checkpoint import checkpoint_sequential
    >>> x = facula.tensor([2.0], requires_grad=True)
    >>> checkpoint_sequential([facula.square, facula.exp, facula.log], 2, x)
    tensor([4.], grad_fn=<LogBackward0>)
    """
    steps: Sequence[Callable[..., Any]] = list(functions)
    size = max(len(steps) // segments, 1)

    def run(first: int, last: int) -> Callable[[Any], Any]:
        def segment(value: Any) -> Any:
            for step in steps[first:last]:
                value = step(value)
            return value
        return segment

    at = 0
    for _ in range(segments - 1):
        input = checkpoint(run(at, at + size), input, use_reentrant=use_reentrant,
                           preserve_rng_state=preserve_rng_state)
        at += size
    return run(at, len(steps))(input)
