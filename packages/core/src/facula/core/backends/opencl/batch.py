"""Generated kernels by name, built together where they are likely to be used together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facula.core.backends.opencl.codegen import Source
from facula.core.backends.opencl.programs import Kernel
from facula.core.backends.opencl.runtime import Runtime


class Generator:
    """Answers for each generated source the built kernel, each text compiled once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kernels: dict[str, Kernel] = {}

    def kernel(self, source: Source,
               family: Callable[[], Sequence[Source]] | None = None) -> Kernel:
        """The kernel of this text; ``family`` lists more kernels to build in the same program."""
        kernel = self._kernels.get(source.text)
        if kernel is None:
            sources = {s.name: s for s in (family() if family else ())} | {source.name: source}
            text = "".join(s.text for s in sources.values())
            built = self._runtime.kernels(
                text, (), {s.name: s.arguments for s in sources.values()})
            for s in sources.values():
                self._kernels.setdefault(s.text, built[s.name])
            kernel = self._kernels[source.text]
        return kernel

    def __len__(self) -> int:
        return len(self._kernels)
