"""What a launch on OpenCL costs the host: the backend's own time beside the driver's.

    python benchmarks/opencl_launch.py

Each case is launched many times without waiting; the best round counts. "driver" is the time of
setting the arguments and enqueuing the same kernel with nothing around it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from facula.core import dtypes
from facula.core.backends import opencl
from facula.core.operation import operation


def microseconds(call: Callable[[], object], finish: Callable[[], None], count: int = 300,
                 rounds: int = 40) -> float:
    """The time of one call in the best of several rounds, the queue empty before each."""
    best = float("inf")
    for _ in range(rounds):
        finish()
        start = time.perf_counter()
        for _ in range(count):
            call()
        best = min(best, time.perf_counter() - start)
    finish()
    return 1e6 * best / count


def main() -> None:
    """Print one line per case."""
    backend = opencl.get_backend(0)
    runtime = backend.runtime
    f32 = dtypes.float32
    a, b = (backend.from_numpy(np.ones((8, 64), np.float32)) for _ in range(2))
    row = backend.from_numpy(np.ones(64, np.float32))
    add = backend.elementwise(operation("add"), (f32, f32), f32, (f32,))
    exp = backend.elementwise(operation("exp"), (f32,), f32, (f32,))
    scale = backend.elementwise(operation("mul"), (f32, float), f32, (f32,))
    add_into = backend.elementwise_into(operation("add"), (f32, f32), f32, f32)
    total = backend.reduction(operation("sum"), f32, f32, f32)
    out = add(a, b)
    names = [n for n in backend.generator.requested
             if n.startswith("e_add_f32_f32") and "flat" in n]
    flat = next(k for k in backend.generator._kernels.values() if k.name == names[0])

    def driver() -> None:
        flat.set_args(out.mem, a.mem, b.mem, 512, 0, 0, 0)
        runtime.enqueue(runtime.queue, flat.handle, (512,), (256,))

    cases: dict[str, Callable[[], object]] = {
        "driver: arguments and enqueue": driver,
        "exp(a)": lambda: exp(a), "a + b": lambda: add(a, b), "a * 2.0": lambda: scale(a, 2.0),
        "a += b": lambda: add_into(a, a, b), "a + row": lambda: add(a, row),
        "sum(a, 0)": lambda: total(a, (0,), False),
        "softmax(a, 1)": lambda: backend.kernels["softmax"](a, 1),
        "a @ b.T": lambda: backend.kernels["batched_matmul"](a, b.transpose((1, 0))),
    }
    print(f"{runtime.device.name}: microseconds of host time per call")
    base = 0.0
    for name, call in cases.items():
        cost = microseconds(call, runtime.synchronize)
        base = base or cost
        print(f"{name:32s} {cost:7.2f}   over the driver's {cost - base:7.2f}")


if __name__ == "__main__":
    main()
