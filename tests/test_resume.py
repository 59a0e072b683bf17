"""Training that is saved, loaded and continued goes on bit for bit as if it had not stopped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import facula
from facula import nn, optim
from facula.data import DataLoader, TensorDataset

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.003, momentum=0.5, centered=True),
}


class Training:
    """A network with dropout and running statistics, and everything that its steps depend on."""

    def __init__(self, kind: str, device: str, workers: int) -> None:
        facula.manual_seed(1)
        self.device = device
        self.net = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout2d(0.3), nn.Flatten(),
            nn.Linear(4 * 36, 16), nn.Tanh(), nn.Dropout(0.5), nn.Linear(16, 3)).to(device)
        self.optimiser = OPTIMISERS[kind](self.net.parameters())
        self.scheduler = optim.lr_scheduler.CosineAnnealingLR(self.optimiser, T_max=7)
        self.order = facula.Generator()
        self.order.manual_seed(5)
        rng = np.random.default_rng(0)
        pictures = facula.tensor(rng.standard_normal((20, 1, 8, 8)), dtype=facula.float32)
        data = TensorDataset(pictures, facula.tensor(rng.integers(0, 3, 20)))
        self.loader = DataLoader(data, batch_size=6, shuffle=True, generator=self.order,
                                 num_workers=workers)

    def epoch(self) -> list[float]:
        losses = []
        for x, y in self.loader:
            self.optimiser.zero_grad()
            loss = nn.functional.cross_entropy(self.net(x.to(self.device)), y.to(self.device))
            loss.backward()
            self.optimiser.step()
            losses.append(loss.item())
        self.scheduler.step()
        return losses

    def state(self) -> dict[str, Any]:
        return {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict(),
                "scheduler": self.scheduler.state_dict(), "order": self.order.get_state(),
                "random": facula.get_rng_state()}

    def resume(self, state: dict[str, Any]) -> None:
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.order.set_state(state["order"])
        facula.set_rng_state(state["random"])


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_it_goes_on_bit_for_bit(kind: str, device: str, tmp_path: Path) -> None:
    workers = 2 if kind == "adam" and device == "cpu" else 0
    whole = Training(kind, device, workers)
    for _ in range(2):
        whole.epoch()
    facula.save(whole.state(), tmp_path / "stopped.pt")
    want = [whole.epoch() for _ in range(2)]

    other = Training(kind, device, workers)
    other.epoch()  # whatever happened before in this process does not matter
    other.resume(facula.load(tmp_path / "stopped.pt"))
    assert [other.epoch() for _ in range(2)] == want
    assert other.scheduler.get_last_lr() == whole.scheduler.get_last_lr()
    for name, value in whole.net.state_dict().items():
        assert facula.equal(value, other.net.state_dict()[name]), name


def test_without_the_random_state_it_would_not(device: str, tmp_path: Path) -> None:
    whole = Training("sgd", device, 0)
    facula.save(whole.state(), tmp_path / "stopped.pt")
    want = whole.epoch()
    other = Training("sgd", device, 0)
    other.resume(facula.load(tmp_path / "stopped.pt"))
    facula.manual_seed(99)
    assert other.epoch() != want
