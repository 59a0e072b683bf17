"""Trains a variational autoencoder on MNIST, and draws digits that nobody wrote.

    python examples/vae.py --data DIR

The picture shows held-back digits with what the network makes of them, and new ones.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")  # it draws into files here, and needs no screen

import matplotlib.pyplot as plt
import numpy as np
from common import (
    Parser,
    UserError,
    add_options,
    choose_device,
    draw_curve,
    free_folder,
    prepare_output,
    start,
)
from tqdm import tqdm

import facula
from facula import Tensor, nn, optim
from facula.vision import datasets, utils

PROGRAM = "examples/vae.py"
SIDE = 28
F = nn.functional


class VAE(nn.Module):
    """A variational autoencoder (Kingma and Welling 2014) of linear layers.

    The encoder gives the mean and the log variance of each number of the code, the decoder
    the logit of each pixel.
    """

    def __init__(self, code: int = 20, width: int = 400) -> None:
        super().__init__()
        self.code = code
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, width), nn.ReLU(),
                                     nn.Linear(width, 2 * code))
        self.decoder = nn.Sequential(nn.Linear(code, width), nn.ReLU(),
                                     nn.Linear(width, SIDE * SIDE), nn.Unflatten(1, (SIDE, SIDE)))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(pictures).chunk(2, 1)
        code = mean
        if self.training:
            code = mean + (0.5 * log_variance).exp() * facula.randn_like(mean)
        return self.decoder(code), mean, log_variance


def loss_of(model: VAE, pictures: Tensor) -> Tensor:
    """The negative evidence lower bound in nats per picture."""
    logits, mean, log_variance = model(pictures)
    pixels = F.binary_cross_entropy_with_logits(logits, pictures, reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
    return (pixels + divergence) / len(pictures)


def open_data(folder: str) -> list[Tensor]:
    """The pictures to learn from and those held back, between 0 and 1."""
    try:
        parts = [datasets.MNIST(folder, train=train) for train in (True, False)]
    except (OSError, RuntimeError) as error:
        raise UserError(error) from None
    return [part.data.to(facula.float32) / 255 for part in parts]


def train_epoch(model: VAE, pictures: Tensor, optimizer: optim.Optimizer, batch_size: int,
                device: facula.device, title: str) -> list[float]:
    """One time through the pictures; gives the loss of each step."""
    model.train()
    losses = []
    order = facula.randperm(len(pictures))
    with tqdm(order.split(batch_size), desc=title, unit=" steps", leave=False,
              disable=None) as bar:
        for chosen in bar:
            optimizer.zero_grad()
            loss = loss_of(model, pictures[chosen].to(device))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.1f}", refresh=False)
    return losses


@facula.no_grad()
def evaluate(model: VAE, pictures: Tensor, device: facula.device) -> float:
    """The mean loss, with each code at its mean."""
    model.eval()
    total = sum(loss_of(model, part.to(device)).item() * len(part)
                for part in pictures.split(1000))
    return total / len(pictures)


@facula.no_grad()
def draw(path: Path, model: VAE, losses: list[float], held_back: list[float], pictures: Tensor,
         device: facula.device) -> None:
    """The curve, eight held-back pictures above what comes out for them, and 64 new ones."""
    model.eval()
    some = pictures[:8]
    again = model(some.to(device))[0].sigmoid().cpu()
    new = model.decoder(facula.randn(64, model.code, device=device)).sigmoid().cpu()
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained",
                                                 width_ratios=[1.3, 1, 1])
    draw_curve(left, losses, {"held back": held_back}, "nats per picture")
    left.set_ylim(min(held_back) - 10, min(250, max(losses)))
    for axes, shown, title in ((middle, facula.cat([some, again]), "Held back, and rebuilt"),
                               (right, new, "Written by nobody")):
        grid = utils.make_grid(shown[:, None], nrow=8, padding=1, pad_value=0.5)
        axes.imshow(grid[0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(title)
        axes.set_axis_off()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(description="Train a variational autoencoder on MNIST.")
    parser.add_argument("--data", required=True, metavar="DIR", help="the folder with MNIST")
    add_options(parser, epochs=10, batch_size=128, lr=1e-3)
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> None:
    device = choose_device(options.device)
    pictures, others = open_data(options.data)
    folder = options.output or free_folder("vae")
    checkpoint = prepare_output(folder, None)
    print(f"data      MNIST: {len(pictures):,} pictures to learn from, {len(others):,} held back")
    facula.manual_seed(options.seed)
    model = VAE().to(device)
    print(f"network   {sum(p.numel() for p in model.parameters()):,} weights")
    optimizer = optim.Adam(model.parameters(), lr=options.lr)
    losses: list[float] = []
    held_back: list[float] = []
    for epoch in range(options.epochs):
        title = f"epoch {epoch + 1:2}/{options.epochs}"
        begin = time.perf_counter()
        now = train_epoch(model, pictures, optimizer, options.batch_size, device, title)
        seconds = time.perf_counter() - begin
        losses += now
        held_back.append(evaluate(model, others, device))
        print(f"{title}  loss {np.mean(now):.2f}, held back {held_back[-1]:.2f}  "
              f"({seconds:.1f} s, {len(pictures) / seconds:,.0f} pictures/s)", flush=True)
        state: dict[str, Any] = {"program": PROGRAM, "model": model.state_dict(),
                                 "losses": losses, "held_back": held_back}
        facula.save(state, checkpoint)
    draw(folder / "pictures.png", model, losses, held_back, others, device)
    print(f"written   {checkpoint} and {folder / 'pictures.png'}")


def main(arguments: list[str] | None = None) -> int:
    return start("vae.py", read_options, run, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
