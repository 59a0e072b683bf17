"""How many launches a training step costs on an OpenCL device: what fusion is there for."""

import pytest

import facula
from facula import nn
from facula.profiler import profile, record_function


@pytest.fixture(autouse=True)
def fused(device):
    if device == "cpu":
        pytest.skip("nothing is launched on the cpu device")
    with facula.opencl.fusion(True):
        yield


def _launches(step):
    for _ in range(2):
        step()
    facula.opencl.synchronize()
    with profile() as prof, record_function("step"):
        step()
        facula.opencl.synchronize()
    return prof.events()[0].launches


def test_a_training_step_of_a_small_network(device):
    net = nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 5)).to(device)
    optimizer = facula.optim.Adam(net.parameters(), weight_decay=0.01)
    x, y = facula.randn(16, 20, device=device), facula.arange(16).to(device) % 5

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert _launches(step) <= 20


@pytest.mark.parametrize("mode", [True, "auto"])
def test_a_training_step_of_a_network_of_three_layers(device, mode):
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
                        nn.Linear(128, 10)).to(device)
    optimizer = facula.optim.Adam(net.parameters())
    x, y = facula.randn(64, 784, device=device), facula.arange(64).to(device) % 10

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    with facula.opencl.fusion(mode):
        assert _launches(step) <= 20


def test_adam_over_a_hundred_parameters(device):
    parameters = [facula.randn(n, 3, device=device).requires_grad_() for n in range(1, 101)]
    for p in parameters:
        p.grad = facula.ones_like(p)
    assert _launches(facula.optim.Adam(parameters).step) <= 3


def test_an_activation_written_by_hand(device):
    x = facula.randn(100, 50, device=device)
    assert _launches(lambda: ((x * 0.7978846 * (1 + 0.044715 * x * x)).tanh() + 1) * x * 0.5) == 0

    def kept():
        held.append(((x * 0.7978846 * (1 + 0.044715 * x * x)).tanh() + 1) * x * 0.5)
    held = []
    assert _launches(kept) == 1
