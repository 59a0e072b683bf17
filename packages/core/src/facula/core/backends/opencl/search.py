"""The search behind ``facula.opencl.tune``: candidates measured in turn until the time is up."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from facula.core.backends.opencl import probe, tuning
from facula.core.backends.opencl.backend import OpenCLBackend
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.tuning import Parameters
from facula.core.dtypes import as_dtype

REPEATS = 5
CLEARLY = 0.97  # of the present time: less is noise, and no reason to change
Case = tuple[Callable[[Any, list[Any]], Any], list[np.ndarray[Any, Any]]]


def _tiles(device: Device) -> Iterator[Parameters]:
    """Candidates for products, the more promising first."""
    if device.kind != "cpu":
        for tm, tn, tk in itertools.product((64, 128, 32), (64, 128, 32), (16, 8, 32)):
            if 4 * tk * (tm + tn + 2) <= device.local_memory:
                yield {"tm": tm, "tn": tn, "tk": tk}
        return
    vectors = (64, 32) if device.vector_bytes >= 64 else (32, 16)
    for vector, rows in itertools.product(vectors, (12, 8, 6)):
        for mc, nc, kc in ((120, 128, 256), (192, 128, 256), (120, 256, 256), (120, 128, 384),
                           (72, 128, 256), (120, 64, 512)):
            if mc % rows == 0:
                yield {"vector_bytes": vector, "rows": rows, "mc": mc, "nc": nc, "kc": kc}


def _bands(device: Device) -> Iterator[Parameters]:
    """Candidates for convolutions by rows, which CPU devices have."""
    if device.kind == "cpu":
        for padded, places in itertools.product((256, 512, 128), (1024, 512, 2048)):
            yield {"padded_kib": padded, "places": places}


def _products(dtype: np.dtype[Any]) -> dict[str, Case]:
    rng = np.random.default_rng(0)
    cases: dict[str, Case] = {}
    for bucket, n in (("small", 256), ("large", 1024)):
        operands = [rng.standard_normal((n, n)).astype(dtype) for _ in range(2)]
        cases[bucket] = lambda backend, given: backend.kernels["matmul"](*given), operands
    return cases


def _pictures(dtype: np.dtype[Any]) -> dict[str, Case]:
    rng = np.random.default_rng(0)
    operands = [rng.standard_normal(shape).astype(dtype)
                for shape in ((8, 64, 56, 56), (64, 64, 3, 3))]
    return {"*": (lambda backend, given: backend.kernels["convolution"](
        *given, None, (1, 1), (1, 1), (1, 1), 1), operands)}


SEARCHES = {"gemm": (_tiles, _products), "convolution": (_bands, _pictures)}


def _measure(backend: OpenCLBackend, case: Case) -> tuple[float, np.ndarray[Any, Any]]:
    """The best of a few times in seconds, and the result."""
    compute, arrays = case
    given = [backend.from_numpy(a) for a in arrays]
    result = backend.to_numpy(compute(backend, given))
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        kept = compute(backend, given)
        backend.synchronize()
        times.append(time.perf_counter() - start)
        del kept
    return min(times), result


def tune(index: int, seconds: float, operations: tuple[str, ...], dtypes: tuple[str, ...],
         tell: Callable[[str], None]) -> dict[str, Parameters]:
    """Search within ``seconds``; what is clearly better than now is written to the user's file."""
    end = time.monotonic() + seconds
    device = probe.device(index)
    jobs = []
    for operation, dtype in itertools.product(operations, dtypes):
        candidates, cases = SEARCHES[operation]
        d = as_dtype(dtype).numpy
        # CPU devices have one tile for all sizes: the larger product decides.
        named = cases(d)
        if device.kind == "cpu" and operation == "gemm":
            named = {"*": named["large"]}
        jobs += [(operation, dtype, bucket, case, list(candidates(device)))
                 for bucket, case in named.items()]
    jobs = [job for job in jobs if job[4]]
    found: dict[str, Parameters] = {}
    for number, (operation, dtype, bucket, case, given) in enumerate(jobs):
        share = (end - time.monotonic()) / (len(jobs) - number)
        best = _search(index, device, operation, dtype, bucket, case, given,
                       time.monotonic() + share, tell)
        if best is not None:
            found[f"{operation} {dtype} {bucket}"] = best
    return found


def _search(index: int, device: Device, operation: str, dtype: str, bucket: str, case: Case,
            candidates: list[Parameters], end: float,
            tell: Callable[[str], None]) -> Parameters | None:
    now = tuning.choice(device, operation, dtype, bucket)
    least, expected = _measure(_backend(index, operation, now), case)
    tell(f"{operation} {dtype} {bucket}: {now} takes {1e3 * least:.2f} ms")
    allowed = 1e-3 * float(np.abs(expected).max())
    least *= CLEARLY
    best = None
    for candidate in candidates:
        if time.monotonic() >= end:
            break
        if candidate == now:
            continue
        try:
            taken, result = _measure(_backend(index, operation, candidate), case)
        except (RuntimeError, MemoryError, probe.binding().Error):
            continue  # it needs more than the device has
        if taken < least and np.allclose(result, expected, rtol=1e-3, atol=allowed):
            least, best = taken, candidate
            tell(f"  {candidate} takes {1e3 * taken:.2f} ms")
    if best is not None:
        tuning.write(device, operation, dtype, bucket, best)
    return best


def _backend(index: int, operation: str, parameters: Parameters) -> OpenCLBackend:
    """The device once more, with these parameters, which are those of the plain kernels."""
    device = dataclasses.replace(probe.device(index), overrides={operation: parameters},
                                 tensor_cores="")
    return OpenCLBackend(Runtime(probe.binding(), device), f"opencl:{index}")
