"""The networks whose training is measured, written once against the interface of both libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BATCH = 64
VOCABULARY, CONTEXT, WIDTH = 65, 64, 128


def mlp(library: Any) -> tuple[Any, Any, Any]:
    """Two hidden layers on 784 numbers."""
    nn = library.nn
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
                          nn.Linear(128, 10))
    return model, library.tensor(BATCH, 784), library.labels(BATCH, 10)


def lenet(library: Any) -> tuple[Any, Any, Any]:
    """LeNet-5 with max pooling, on 28x28."""
    nn = library.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return model, library.tensor(BATCH, 1, 28, 28), library.labels(BATCH, 10)


def cnn(library: Any) -> tuple[Any, Any, Any]:
    """Two 3x3 convolutions with batch norm, on 28x28."""
    nn = library.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 49, 10))
    return model, library.tensor(BATCH, 1, 28, 28), library.labels(BATCH, 10)


def resnet18(library: Any) -> tuple[Any, Any, Any]:
    """ResNet-18 (He et al. 2015) with a 3x3 stem, on 16 pictures of 3x32x32."""
    nn = library.nn

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs),
                nn.ReLU(), nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
                nn.BatchNorm2d(outputs))
            self.skip = nn.Identity() if inputs == outputs else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

        def forward(self, x: Any) -> Any:
            return (self.body(x) + self.skip(x)).relu()

    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    inputs = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
        inputs = outputs
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    return model, library.tensor(16, 3, 32, 32), library.labels(16, 10)


def lstm(library: Any) -> tuple[Any, Any, Any]:
    """Characters through an embedding, one LSTM of 256 and a linear layer; 32 texts of 64."""
    nn = library.nn

    class Characters(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, 64)
            self.lstm = nn.LSTM(64, 256, batch_first=True)
            self.head = nn.Linear(256, VOCABULARY)

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(self.embedding(x))[0]).flatten(0, 1)

    return Characters(), *_texts(library, 32)


def gpt(library: Any) -> tuple[Any, Any, Any]:
    """A GPT of 4 blocks, 4 heads, width 128; 16 texts of 64 characters."""
    nn = library.nn

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(),
                                     nn.Linear(4 * WIDTH, WIDTH))

        def forward(self, x: Any) -> Any:
            shape = (x.shape[0], x.shape[1], 4, WIDTH // 4)
            q, k, v = (part.reshape(shape).transpose(1, 2)
                       for part in self.qkv(self.norm1(x)).split(WIDTH, -1))
            seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(seen.transpose(1, 2).reshape(x.shape))
            return x + self.mlp(self.norm2(x))

    class Model(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(
                CONTEXT, WIDTH)
            self.blocks = nn.Sequential(*[Block() for _ in range(4)])
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY)

        def forward(self, x: Any) -> Any:
            x = self.token(x) + self.position.weight[:x.shape[1]]
            return self.head(self.norm(self.blocks(x))).flatten(0, 1)

    return Model(), *_texts(library, 16)


def _texts(library: Any, count: int) -> tuple[Any, Any]:
    characters = library.labels(count * CONTEXT, VOCABULARY)
    return characters.reshape(count, CONTEXT), characters


NETWORKS: dict[str, Callable[[Any], tuple[Any, Any, Any]]] = {
    "MLP 784-256-128-10, batch 64": mlp,
    "LeNet, batch 64": lenet,
    "CNN 3x3 32-64 with batch norm, batch 64": cnn,
    "ResNet-18 on 32x32, batch 16": resnet18,
    "LSTM 256, 32 x 64 characters": lstm,
    "GPT 4 x 128, 16 x 64 characters": gpt,
}


def training(library: Any, name: str) -> Callable[[], Any]:
    """One training step of a network with Adam, as a function."""
    model, x, y = NETWORKS[name](library)
    model = model.to(library.device)
    loss_of = library.nn.CrossEntropyLoss()
    optimiser = library.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        optimiser.zero_grad()
        loss_of(model(x), y).backward()
        optimiser.step()
    return step
