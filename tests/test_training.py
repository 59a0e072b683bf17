"""Training as a whole: the same on every run and device, and without growth in memory."""

import gc
import tracemalloc

import numpy as np
import pytest

import facula
from facula import nn, optim
from facula.data import DataLoader, TensorDataset


class Net(nn.Module):
    """A small network with everything that draws numbers or keeps state."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.25)
        self.head = nn.Linear(8 * 4 * 4, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(nn.functional.relu(self.norm(self.conv(x))), 2)
        return self.head(self.drop(x.flatten(1)))


def pictures(n=160):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, n)
    x = rng.normal(size=(n, 1, 8, 8)).astype(np.float32)
    x[np.arange(n), 0, labels % 8, labels // 8] += 4  # something to learn
    return TensorDataset(facula.from_numpy(x), facula.from_numpy(labels))


def train(device, steps, seed=0, make=lambda p: optim.Adam(p, lr=1e-2)):
    """Losses of the first steps, and the trained network."""
    facula.manual_seed(seed)
    model = Net().to(device)
    optimizer = make(model.parameters())
    losses = []
    while len(losses) < steps:
        for x, y in DataLoader(pictures(), batch_size=16, shuffle=True):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                break
    return losses, model


def test_same_seed_same_device_same_losses_to_the_bit(device):
    first, model = train(device, 20)
    second, again = train(device, 20)
    assert first == second
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().cpu().numpy(), b.detach().cpu().numpy())
    assert train(device, 5, seed=1)[0] != first[:5]


@pytest.mark.parametrize("make", [lambda p: optim.Adam(p, lr=1e-3),
                                  lambda p: optim.SGD(p, lr=1e-2, momentum=0.9)],
                         ids=["Adam", "SGD"])
def test_same_seed_on_another_device_follows_the_same_losses(device, make):
    if device == "cpu":
        pytest.skip("compares the other devices with the CPU")
    here, _ = train("cpu", 50, make=make)
    there, _ = train(device, 50, make=make)
    assert here[0] == pytest.approx(there[0], rel=1e-5)
    np.testing.assert_allclose(there, here, rtol=1e-3, atol=1e-3)


def test_training_learns(device):
    losses, _ = train(device, 60)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_a_hundred_trainings_leave_no_memory_behind(device):
    def held():
        if device == "cpu":
            return 0
        facula.opencl.synchronize()
        return facula.opencl.memory_allocated(device)

    for _ in range(3):  # caches fill
        train(device, 5)
    gc.collect()
    on_device = held()
    tracemalloc.start()
    try:
        train(device, 5)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            train(device, 5)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # One tensor (with its slots, array and shape) kept by each of the 500 steps would be 150 kB;
    # the memory pool's own lists still settle by about 20 kB.
    assert grown < 50_000, f"{grown} bytes more after 100 trainings"
    assert held() <= on_device

