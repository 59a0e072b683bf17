"""Hand-written kernel families: a ``.cl`` file instantiated for element types, once per device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from facula.core.backends.opencl.programs import Kernel, read_source
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.scalars import BY_NUMPY, scalar

Signatures = Mapping[str, Sequence[Any]]


class Families:
    """The instantiated families of one device, by file and element type."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[Any, dict[str, Kernel]] = {}

    def get(self, file: str, dtype: Any, signatures: Signatures,
            defines: tuple[str, ...] = ()) -> dict[str, Kernel]:
        """The kernels of ``file`` for arrays of the NumPy type ``dtype`` (None: no type at all).

        In the file, T is the compute type, STORE the type in memory, LOAD(x) and SAVE(x) convert
        between them, TYPE_MIN and TYPE_MAX are T's limits.
        """
        kernels = self._known.get((file, dtype, defines))
        if kernels is None:
            head = ""
            if dtype is not None:
                side = scalar(BY_NUMPY[dtype], file.removesuffix(".cl"))
                head = (f"#define T {side.compute}\n#define STORE {side.storage}\n"
                        f"#define LOAD(x) ({side.load.format('(x)')})\n"
                        f"#define SAVE(x) {side.store.format('x')}\n"
                        f"#define TYPE_MIN {side.limits[0]}\n#define TYPE_MAX {side.limits[1]}\n")
            kernels = self._known[file, dtype, defines] = self._runtime.kernels(
                head + read_source(file), defines, dict(signatures))
        return kernels
