"""Building programs: source in, kernels with typed arguments out, each text compiled only once.

Kernels that are used together are built together: see ``batch.py`` for the generated ones and
``families.py`` for those written by hand. Processor time under PoCL 3.0: a program 40 ms with
``pocl.cl`` (180 with PoCL's header), 1.5 more for each kernel in it, and 50 to 90 when a kernel
first runs, 15 of them for the system's linker. The drivers keep compiled programs on disk
themselves (PoCL under ``XDG_CACHE_HOME``, NVIDIA under ``~/.nv``), and a cache of our own above
theirs has been found to cost time rather than save it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facula.core.backends.opencl.probe import Device

BUFFER = None
LONG = np.dtype(np.int64)


class Kernel:
    """A kernel object held for the life of the process, ready for launches.

    ``set_args`` takes buffers and Python numbers; it must run under the runtime's lock together
    with the launch that uses the arguments, because they are state of the kernel object.
    """

    __slots__ = ("handle", "set_args", "name")

    def __init__(self, handle: Any, name: str, arguments: Sequence[Any]) -> None:
        if any(argument is not None for argument in arguments):
            handle.set_scalar_arg_dtypes(list(arguments))
        self.handle = handle
        self.set_args = handle.set_args
        self.name = name


@functools.cache
def read_source(name: str) -> str:
    """The text of a ``.cl`` file: of this package by its name, of another by its whole path."""
    return Path(__file__).parent.joinpath(name).read_text(encoding="utf-8")


def numbered(source: str) -> str:
    """The source with line numbers, as shown beside a compiler's messages."""
    return "\n".join(f"{i:4d}  {line}" for i, line in enumerate(source.splitlines(), 1))


class Programs:
    """All programs of one context, by their text."""

    def __init__(self, cl: Any, context: Any, device: Device) -> None:
        self._cl = cl
        self._context = context
        self._built: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._lean = device.platform == "Portable Computing Language"
        self.count = 0
        self.options = ["-cl-std=CL1.2", "-cl-mad-enable", "-w",
                        f"-DFACULA_{device.kind.upper()}=1"]
        if device.fp64:
            self.options.append("-DFACULA_FP64=1")
        if device.handle.single_fp_config & cl.device_fp_config.CORRECTLY_ROUNDED_DIVIDE_SQRT:
            self.options.append("-cl-fp32-correctly-rounded-divide-sqrt")

    def build(self, source: str, defines: tuple[str, ...] = (), is_trial: bool = False) -> Any:
        """The program of ``prelude.cl`` followed by ``source``.

        Raises
        ------
        RuntimeError
            If it does not compile; the whole source and the compiler's log go to stderr, unless
            it was a trial.
        """
        key = (source, defines)
        program = self._built.get(key)
        if program is None:
            text = read_source("prelude.cl") + source
            options = [*self.options, *defines]
            program = self._lean_program(text, options) if self._lean else None
            if program is None:
                program = self._cl.Program(self._context, text)
                try:
                    program.build(options=options)
                except self._cl.RuntimeError as error:
                    if is_trial:
                        raise RuntimeError(f"OpenCL: {error}") from error
                    print(numbered(text), file=sys.stderr)
                    print(error, file=sys.stderr)
                    raise RuntimeError(f"OpenCL: a kernel program did not compile (options "
                                       f"{' '.join(defines) or 'none'}); its source and the "
                                       f"compiler's messages are printed above") from error
            self._built[key] = program
            self.count += 1
        return program

    def _lean_program(self, text: str, options: Sequence[str]) -> Any:
        """The program with ``pocl.cl`` for PoCL's header; None if it needs more than that has."""
        program = self._cl.Program(self._context, read_source("pocl.cl") + text)
        try:
            program.build(options=[*options, "-D_OPENCL_H_=1"])
        except self._cl.RuntimeError:
            return None
        return program

    def kernel(self, program: Any, name: str, arguments: Sequence[Any]) -> Kernel:
        """One kernel of a program; ``arguments`` has None per buffer, a dtype per number."""
        return Kernel(self._cl.Kernel(program, name), name, arguments)
