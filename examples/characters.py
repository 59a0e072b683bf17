"""Trains a network to write like a text, character by character: a small GPT, or an LSTM.

    python examples/characters.py --data shakespeare.txt
    python examples/characters.py --data shakespeare.txt --model lstm

The last tenth of the text is held back. What the network writes is printed at the end.
"""

from __future__ import annotations

import argparse
import math
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

PROGRAM = "examples/characters.py"
CONTEXT = 64       # characters that the network looks back
STEPS = 250        # training steps in what is called an epoch here
HELD_BACK = 200    # stretches of the held-back text that the loss is taken over
WRITTEN = 400      # characters that the network writes at the end
F = nn.functional


# -------------------------------------------------------------------------------------- networks


class Attention(nn.Module):
    """Causal self-attention with rotary positions (Su et al. 2021)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        half = width // heads // 2
        angles = facula.outer(facula.arange(CONTEXT), 1 / 100 ** (facula.arange(half) / half))
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def turned(self, x: Tensor) -> Tensor:
        """Each pair of features turned by an angle that grows with the position."""
        n = x.shape[-2]
        a, b = x.chunk(2, -1)
        cos, sin = self.cos[:n], self.sin[:n]
        return facula.cat([a * cos - b * sin, a * sin + b * cos], -1)

    def forward(self, x: Tensor) -> Tensor:
        shape = (*x.shape[:2], self.heads, -1)
        q, k, v = (part.reshape(shape).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        seen = F.scaled_dot_product_attention(self.turned(q), self.turned(k), v, is_causal=True)
        return self.out(seen.transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    """Attention, then two linear layers with a squared ReLU (So et al. 2021), each added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.attention = Attention(width, heads)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.down(self.up(self.norm2(x)).relu().square())


class GPT(nn.Module):
    """A decoder-only transformer (Radford et al. 2018)."""

    def __init__(self, characters: int, width: int = 128, blocks: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(blocks)])
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, characters, bias=False)
        nn.init.normal_(self.embedding.weight, std=0.02)
        for block in self.blocks:  # each block begins as the identity
            nn.init.zeros_(block.attention.out.weight)
            nn.init.zeros_(block.down.weight)

    def forward(self, text: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks(self.embedding(text))))


class LSTM(nn.Module):
    """An embedding, two layers of LSTM (Hochreiter and Schmidhuber 1997), a linear layer."""

    def __init__(self, characters: int, width: int = 256) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, 64)
        self.lstm = nn.LSTM(64, width, num_layers=2, batch_first=True)
        self.head = nn.Linear(width, characters)

    def forward(self, text: Tensor) -> Tensor:
        return self.head(self.lstm(self.embedding(text))[0])


MODELS = {"gpt": GPT, "lstm": LSTM}


# -------------------------------------------------------------------------------- text and steps


class Text:
    """A file as numbers of characters."""

    def __init__(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--data {path}: can't be read as text: {error}") from None
        if len(text) < 20 * CONTEXT:
            raise UserError(f"--data {path}: has {len(text)} characters, which is too short: "
                            f"{20 * CONTEXT} are needed")
        self.characters = sorted(set(text))
        number = {c: i for i, c in enumerate(self.characters)}
        numbers = np.array([number[c] for c in text])
        split = len(numbers) * 9 // 10
        self.train, self.held_back = numbers[:split], numbers[split:]

    def write(self, numbers: Any) -> str:
        return "".join(self.characters[i] for i in numbers)


def stretches(numbers: np.ndarray, starts: np.ndarray, device: facula.device) -> Any:
    """Texts from these places, and the same one character on."""
    at = starts[:, None] + np.arange(CONTEXT + 1)
    rows = facula.from_numpy(numbers[at]).to(device)
    return rows[:, :-1], rows[:, 1:]


def loss_of(model: nn.Module, text: Any) -> Tensor:
    """The mean of -log p of each next character, in nats."""
    return F.cross_entropy(model(text[0]).flatten(0, 1), text[1].flatten())


def train_epoch(model: nn.Module, text: Text, optimizer: optim.Optimizer, scheduler: Any,
                rng: np.random.Generator, batch_size: int, device: facula.device,
                title: str) -> list[float]:
    """Some hundred steps; gives the loss of each."""
    model.train()
    losses = []
    with tqdm(range(STEPS), desc=title, unit=" steps", leave=False, disable=None) as bar:
        for _ in bar:
            starts = rng.integers(0, len(text.train) - CONTEXT, batch_size)
            optimizer.zero_grad()
            loss = loss_of(model, stretches(text.train, starts, device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    return losses


@facula.no_grad()
def evaluate(model: nn.Module, text: Text, device: facula.device, count: int) -> float:
    """The mean loss over stretches spread evenly over the held-back text."""
    model.eval()
    starts = np.linspace(0, len(text.held_back) - CONTEXT - 1, count).astype(int)
    parts = np.array_split(starts, max(1, count // 50))
    return float(np.mean([loss_of(model, stretches(text.held_back, part, device)).item()
                          for part in parts]))


@facula.no_grad()
def sample(model: nn.Module, begin: list[int], length: int, device: facula.device) -> list[int]:
    """A text that the network goes on with, each character drawn by its probability."""
    model.eval()
    written = list(begin)
    for _ in range(length):
        seen = facula.tensor([written[-CONTEXT:]], device=device)
        chances = (model(seen)[0, -1] / 0.8).softmax(-1)
        written.append(int(facula.multinomial(chances, 1)))
    return written


# ------------------------------------------------------------------------- what the user wants


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(description="Train a network to write like a text.")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="a text, UTF-8")
    parser.add_argument("--model", choices=list(MODELS), default="gpt", help="default: %(default)s")
    add_options(parser, epochs=14, batch_size=16, lr=3e-3)
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> None:
    device = choose_device(options.device)
    text = Text(options.data)
    folder = options.output or free_folder(f"characters-{options.model}")
    checkpoint = prepare_output(folder, None)
    print(f"data      {options.data.name}: {len(text.train):,} characters to learn from, "
          f"{len(text.held_back):,} held back, {len(text.characters)} different ones")
    facula.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    model = MODELS[options.model](len(text.characters)).to(device)
    print(f"network   {options.model}, {sum(p.numel() for p in model.parameters()):,} weights")

    total = options.epochs * STEPS
    optimizer = optim.AdamW(model.parameters(), lr=options.lr, betas=(0.9, 0.98))

    def factor(step: int) -> float:
        """Up in the first 100 steps, then down to a twentieth along a cosine."""
        return min((step + 1) / 100, 0.05 + 0.475 * (1 + math.cos(math.pi * step / total)))

    scheduler = optim.lr_scheduler.LambdaLR(optimizer, factor)
    losses: list[float] = []
    held_back: list[float] = []
    begin = time.perf_counter()
    for epoch in range(options.epochs):
        title = f"epoch {epoch + 1:2}/{options.epochs}"
        before = time.perf_counter()
        losses += train_epoch(model, text, optimizer, scheduler, rng, options.batch_size, device,
                              title)
        seconds = time.perf_counter() - before
        held_back.append(evaluate(model, text, device, HELD_BACK))
        print(f"{title}  loss {np.mean(losses[-STEPS:]):.4f}, held back {held_back[-1]:.4f}  "
              f"({seconds:.1f} s, {STEPS * options.batch_size * CONTEXT / seconds:,.0f} "
              "characters/s)", flush=True)
        facula.save({"program": PROGRAM, "characters": text.characters, "kind": options.model,
                     "model": model.state_dict(), "losses": losses, "held_back": held_back},
                    checkpoint)
    seconds, many = time.perf_counter() - begin, 10 * HELD_BACK
    print(f"trained   in {seconds:.0f} s; loss on {many:,} held-back stretches "
          f"{evaluate(model, text, device, many):.4f}")
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    draw_curve(axes, losses, {"held back": held_back}, "nats per character")
    figure.savefig(folder / "curve.png", dpi=110)
    plt.close(figure)
    begins = list(text.held_back[:1])
    print(text.write(sample(model, begins, WRITTEN, device)))
    print(f"written   {checkpoint} and {folder / 'curve.png'}")


def main(arguments: list[str] | None = None) -> int:
    return start("characters.py", read_options, run, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
