"""Trains a network to understand spoken digits: WAV files, mel spectrograms, convolutions.

    python examples/speech.py --data free-spoken-digit-dataset/recordings

Of each speaker and digit, recordings 0 to 4 are held back, as the data set's authors ask.
"""

from __future__ import annotations

import argparse
import time
import wave
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
from facula.data import DataLoader, TensorDataset

PROGRAM = "examples/speech.py"
RATE, SECONDS = 8000, 1.0
WINDOW, HOP, MELS = 256, 80, 40
F = nn.functional


# ------------------------------------------------------------------------------------- sounds


def read_wave(path: Path) -> np.ndarray:
    """The samples of a mono 16-bit file, between -1 and 1."""
    try:
        with wave.open(str(path)) as file:
            form = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise UserError(f"{path}: can't be read as a WAV file: {error}") from None
    if form != (1, 2, RATE):
        raise UserError(f"{path}: has {form[0]} channels of {8 * form[1]} bits at {form[2]} Hz, "
                        f"not one of 16 at {RATE}")
    return np.frombuffer(frames, "<i2").astype(np.float32) / 32768


def open_data(folder: Path) -> tuple[Any, Any]:
    """(sounds, digits) to learn from and held back; files are DIGIT_SPEAKER_NUMBER.wav."""
    parts: tuple[Any, Any] = ([], []), ([], [])
    for path in sorted(folder.glob("*.wav")):
        digit, _, number = path.stem.split("_")
        sounds, digits = parts[int(number) < 5]
        samples = read_wave(path)[:int(RATE * SECONDS)]
        sounds.append(np.pad(samples, (0, int(RATE * SECONDS) - len(samples))))
        digits.append(int(digit))
    if not all(digits for _, digits in parts):
        raise UserError(f"--data {folder}: has no recordings named like 7_jackson_12.wav")
    return tuple([(facula.from_numpy(np.stack(sounds)), facula.tensor(digits))
                  for sounds, digits in parts])  # type: ignore[return-value]


def mel_filters() -> Tensor:
    """Triangles of equal width on the mel scale (Stevens et al. 1937), (frequencies, MELS)."""
    def mel(f: Any) -> Any:
        return 2595 * np.log10(1 + f / 700)

    corners = 700 * (10 ** (np.linspace(mel(60), mel(RATE / 2), MELS + 2) / 2595) - 1)
    f = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    low, top, high = corners[:-2], corners[1:-1], corners[2:]
    shape = np.minimum((f - low) / (top - low), (high - f) / (high - top))
    return facula.from_numpy(np.maximum(shape, 0).astype(np.float32))


class Spectrogram(nn.Module):
    """The logarithm of the energy in each band of frequencies over time, (N, 1, MELS, T)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filters", mel_filters(), persistent=False)
        self.register_buffer("window", facula.hann_window(WINDOW), persistent=False)

    def forward(self, sounds: Tensor) -> Tensor:
        waves = facula.stft(sounds, WINDOW, HOP, window=self.window, return_complex=True)
        energy = waves.abs().square().transpose(1, 2) @ self.filters
        levels = (energy + 1e-6).log().transpose(1, 2)[:, None]
        return (levels - levels.mean((1, 2, 3), True)) / levels.std((1, 2, 3), keepdim=True)


# ----------------------------------------------------------------------- network and training


class Net(nn.Module):
    """Four convolutions with pooling, then the mean over time."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, 16), (16, 32), (32, 64), (64, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                       nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.3), nn.Linear(64 * (MELS // 16), 10))

    def forward(self, levels: Tensor) -> Tensor:
        return self.classifier(self.features(levels).mean(3).flatten(1))


def varied(levels: Tensor, rng: np.random.Generator) -> Tensor:
    """Moved in time, and with a stretch of time and a band taken out (Park et al. 2019)."""
    rolled = facula.roll(levels, int(rng.integers(-12, 13)), 3)
    mask = np.ones(levels.shape[2:], np.float32)
    time, band = rng.integers(0, levels.shape[3] - 12), rng.integers(0, MELS - 6)
    mask[:, time:time + rng.integers(0, 13)] = 0
    mask[band:band + rng.integers(0, 7)] = 0
    return rolled * facula.from_numpy(mask).to(levels.device)


def train_epoch(model: nn.Module, loader: DataLoader, optimizer: optim.Optimizer,
                scheduler: Any, rng: np.random.Generator, device: facula.device,
                title: str) -> list[float]:
    """One time through the recordings; gives the loss of each step."""
    model.train()
    losses = []
    with tqdm(loader, desc=title, unit=" steps", leave=False, disable=None) as bar:
        for levels, digits in bar:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(varied(levels.to(device), rng)), digits.to(device))
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    return losses


@facula.no_grad()
def evaluate(model: nn.Module, levels: Tensor, digits: Tensor,
             device: facula.device) -> tuple[float, np.ndarray]:
    """The mean loss, and what each recording is taken for."""
    model.eval()
    scores = facula.cat([model(part.to(device)).cpu() for part in levels.split(100)])
    return F.cross_entropy(scores, digits).item(), scores.argmax(1).numpy()


def draw(path: Path, losses: list[float], held_back: list[float], levels: Tensor,
         digits: np.ndarray, guesses: np.ndarray) -> None:
    """The curve, how often each digit is taken for which, and what the network hears."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    draw_curve(left, losses, {"held back": held_back}, "nats")
    left.set_yscale("log")
    table = np.zeros((10, 10), int)
    np.add.at(table, (digits, guesses), 1)
    middle.imshow(table, cmap="Blues")
    for said, heard in zip(*np.nonzero(table), strict=True):
        often = table[said, heard]
        middle.text(heard, said, often, ha="center", va="center", fontsize=8,
                    color="white" if often > table.max() / 2 else "black")
    middle.set(xlabel="heard", ylabel="said", xticks=range(10), yticks=range(10),
               title=f"{(digits == guesses).mean():.1%} of the held-back recordings are right")
    first = [int(np.flatnonzero(digits == d)[0]) for d in (3, 7)]
    both = np.concatenate([levels[i, 0].numpy() for i in first], 1)
    right.imshow(both, origin="lower", aspect="auto", cmap="magma",
                 extent=(0, 2 * SECONDS, 0, MELS))
    right.set(xlabel="seconds", ylabel="mel band", title="A three, and a seven")
    figure.savefig(path, dpi=110)
    plt.close(figure)


# ------------------------------------------------------------------------- what the user wants


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(description="Train a network to understand spoken digits.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="the folder with the WAV files")
    add_options(parser, epochs=25, batch_size=32, lr=3e-3)
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> None:
    device = choose_device(options.device)
    (sounds, digits), (others, truth) = open_data(options.data)
    folder = options.output or free_folder("speech")
    checkpoint = prepare_output(folder, None)
    print(f"data      {len(sounds):,} recordings to learn from, {len(others):,} held back")
    facula.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    spectrogram = Spectrogram()
    levels, held = spectrogram(sounds), spectrogram(others)
    model = Net().to(device)
    print(f"network   {sum(p.numel() for p in model.parameters()):,} weights, spectrograms of "
          f"{MELS} bands and {levels.shape[3]} moments")
    loader = DataLoader(TensorDataset(levels, digits), options.batch_size, shuffle=True)
    optimizer = optim.AdamW(model.parameters(), lr=options.lr, weight_decay=0.01)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, options.lr,
                                              total_steps=options.epochs * len(loader))
    losses: list[float] = []
    held_back: list[float] = []
    for epoch in range(options.epochs):
        title = f"epoch {epoch + 1:2}/{options.epochs}"
        begin = time.perf_counter()
        now = train_epoch(model, loader, optimizer, scheduler, rng, device, title)
        seconds = time.perf_counter() - begin
        losses += now
        loss, guesses = evaluate(model, held, truth, device)
        held_back.append(loss)
        print(f"{title}  loss {np.mean(now):.4f}, held back {loss:.4f}, accuracy "
              f"{(guesses == truth.numpy()).mean():.1%}  ({seconds:.1f} s)", flush=True)
        facula.save({"program": PROGRAM, "model": model.state_dict(), "losses": losses,
                     "held_back": held_back}, checkpoint)
    draw(folder / "heard.png", losses, held_back, held, truth.numpy(), guesses)
    print(f"written   {checkpoint} and {folder / 'heard.png'}")


def main(arguments: list[str] | None = None) -> int:
    return start("speech.py", read_options, run, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
