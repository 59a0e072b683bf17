"""Training on sequences of random lengths: memory stays flat, and kernels do not multiply."""

import pytest

import facula
from benchmarks.sequences import held, stepper


@pytest.mark.parametrize("mode", [True, "auto"])
def test_memory_is_flat_and_kernels_are_bounded(device, mode):
    if device == "cpu":
        pytest.skip("is about kernels and memory of the other devices")
    with facula.opencl.fusion(mode):
        step = stepper(device, 24)
        for _ in range(60):
            step()
        before = held(device)
        for _ in range(120):
            step()
        after = held(device)
    assert after["in_use"] == before["in_use"]
    assert after["reserved"] <= before["reserved"] + (1 << 20)
    assert after["generated"] <= before["generated"] + 3
    assert after["fused"] < 60


def test_lengths_differ_and_learning_goes_on(device):
    step = stepper(device, 24)
    losses = [step().item() for _ in range(40)]
    assert len(set(losses)) == 40
    assert sum(losses[-10:]) < sum(losses[:10])
