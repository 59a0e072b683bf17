"""Elementwise operations against PyTorch's of the same name: values and result dtypes."""

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

NAMES = [op.name for op in facula.operations("elementwise") if op.export]
DTYPES = ["float32", "float64", "int32", "int64", "uint8", "bool"]


def samples(op, dtype: str) -> list[np.ndarray]:
    """One array for each tensor argument, drawn from the operation's domain."""
    rng = np.random.default_rng(0)
    domains = op.domain
    if not isinstance(domains[0], (tuple, list)):
        domains = (domains,) * len(op.tensors)
    drawn = []
    for low, high in domains:
        if dtype == "uint8":
            low, high = max(low, 0), max(high, 4)
        array = rng.uniform(low, high, (7, 11)).astype(dtype)
        if drawn and array.dtype.kind in "iub":
            array[array == 0] = 1  # PyTorch raises for an integer divided by zero
        drawn.append(array)
    return drawn


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_values_and_dtypes_are_pytorchs(name: str, dtype: str) -> None:
    theirs = getattr(torch, name, None)
    if theirs is None:
        pytest.skip(f"torch has no function {name}")
    op = facula.operation(name)
    arrays = samples(op, dtype)
    try:
        want = theirs(*(torch.from_numpy(a) for a in arrays))
    except (RuntimeError, TypeError) as refusal:
        pytest.skip(f"PyTorch refuses {dtype}: {refusal}")
    got = getattr(facula, name)(*(facula.from_numpy(a) for a in arrays))
    assert str(got.dtype).removeprefix("facula.") == str(want.dtype).removeprefix("torch.")
    np.testing.assert_allclose(
        got.numpy(), want.numpy(), rtol=2e-6 if dtype != "float64" else 1e-12, atol=1e-6
    )
