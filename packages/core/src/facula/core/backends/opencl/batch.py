"""Generated kernels by name, built together where they are likely to be used together."""

from __future__ import annotations

from facula.core.backends.opencl.codegen import Source
from facula.core.backends.opencl.programs import Kernel
from facula.core.backends.opencl.runtime import Runtime


class Generator:
    """Answers for each generated source the built kernel, each text compiled once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kernels: dict[str, Kernel] = {}

    def kernel(self, source: Source) -> Kernel:
        """The kernel of this text."""
        kernel = self._kernels.get(source.text)
        if kernel is None:
            built = self._runtime.kernels(source.text, (), {source.name: source.arguments})
            kernel = self._kernels[source.text] = built[source.name]
        return kernel

    def __len__(self) -> int:
        return len(self._kernels)
