"""Trains a convolutional network to read handwritten digits, and draws what it has learnt.

    python examples/digits.py                                  the digits that come with facula
    python examples/digits.py --dataset fashion-mnist --data DIR
    python examples/digits.py --resume runs/digits/checkpoint.pt --epochs 20

The state is saved after each epoch, so that a training can go on where it stopped.
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
    choose_device,
    count,
    free_folder,
    load_checkpoint,
    prepare_output,
    rate,
    start,
)
from tqdm import tqdm

import facula
from facula import Tensor, nn, optim
from facula.data import DataLoader, Subset
from facula.vision import datasets, transforms

PROGRAM = "examples/digits.py"
DATASETS: dict[str, Any] = {"digits": datasets.Digits, "mnist": datasets.MNIST,
                            "fashion-mnist": datasets.FashionMNIST}
DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"epochs": 10, "batch_size": 32, "lr": 2e-3, "lr_decay": 0.8},
    "mnist": {"epochs": 3, "batch_size": 64, "lr": 1e-3, "lr_decay": 0.4},
    "fashion-mnist": {"epochs": 3, "batch_size": 64, "lr": 1e-3, "lr_decay": 0.4},
}


# ---------------------------------------------------------------------------- network and data


class Net(nn.Module):
    """Two convolutions, each with a pooling that halves the sides, then two linear layers.

    The convolutions have no bias: the normalisation would take it away again, and its gradient
    would be rounding alone, which Adam turns into whole steps that differ between devices.
    """

    def __init__(self, side: int, classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(
            nn.Linear(64 * (side // 4) ** 2, 128), nn.ReLU(), nn.Dropout(0.25),
            nn.Linear(128, classes),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        return self.classifier(self.features(pictures))


def open_data(name: str, folder: str | None) -> tuple[Any, Any]:
    """The pictures to train with, and those held back."""
    to_tensor = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.3,), (0.35,))])
    if name == "digits":
        return (datasets.Digits(train=True, transform=to_tensor),
                datasets.Digits(train=False, transform=to_tensor))
    if folder is None:
        raise UserError(f"--dataset {name} needs --data DIR, the folder with its files")
    try:
        return (DATASETS[name](folder, train=True, transform=to_tensor),
                DATASETS[name](folder, train=False, transform=to_tensor))
    except (OSError, RuntimeError) as error:
        raise UserError(error) from None


# ------------------------------------------------------------------------ training and testing


def train_epoch(model: nn.Module, loader: DataLoader, optimizer: optim.Optimizer,
                device: facula.device, title: str) -> list[float]:
    """One time through the data; gives the loss of each step."""
    model.train()
    losses = []
    with tqdm(total=len(loader.dataset), desc=title, unit=" pictures", leave=False,
              disable=None) as bar:
        for pictures, labels in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(pictures.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
            bar.update(len(labels))
    return losses


@facula.no_grad()
def test(model: nn.Module, loader: DataLoader, device: facula.device) -> tuple[float, np.ndarray]:
    """The mean loss over the pictures, and the probability of each class for each of them."""
    model.eval()
    total, shares = 0.0, []
    for pictures, labels in loader:
        scores = model(pictures.to(device))
        total += nn.functional.cross_entropy(scores, labels.to(device), reduction="sum").item()
        shares.append(scores.softmax(1).cpu().numpy())
    return total / len(loader.dataset), np.concatenate(shares)


# ------------------------------------------------------------------------ what is left on disk


def draw(path: Path, history: dict[str, list[float]], data: Any, shares: np.ndarray) -> None:
    """The learning curve, and held-back pictures with what the network takes them for."""
    targets, guesses = data.targets.numpy()[:len(shares)], shares.argmax(1)
    wrong, sure = guesses != targets, shares.max(1)
    figure = plt.figure(figsize=(13, 7), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.3], wspace=0.03)

    losses, epochs = np.array(history["losses"]), len(history["accuracy"])
    steps = np.arange(1, len(losses) + 1) * epochs / len(losses)
    window = max(1, len(losses) // 50)
    smooth = np.convolve(losses, np.ones(window) / window, "valid")
    left.suptitle("Learning curve")
    above, below = left.subplots(2, 1, sharex=True)
    above.plot(steps, losses, color="#9ecae1", linewidth=0.6)
    above.plot(steps[window - 1:], smooth, color="#08519c", label="training")
    above.plot(range(1, epochs + 1), history["test_loss"], "o-", color="#d94801", label="held back")
    above.set(yscale="log", ylabel="loss")
    above.legend(frameon=False)
    below.plot(range(1, epochs + 1), 100 * np.array(history["accuracy"]), "o-", color="#d94801")
    below.set(xlabel="epoch", ylabel="accuracy on held-back pictures, %", xlim=(0, 1.03 * epochs))
    below.xaxis.get_major_locator().set_params(integer=True)
    for axes in (above, below):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)

    usual = np.linspace(0, len(targets) - 1, 24).astype(int)
    doubtful = np.lexsort((sure, ~wrong))[:16]  # the wrong ones first, then the least sure
    upper, lower = right.subfigures(2, 1, height_ratios=[3, 2.2])
    upper.suptitle("Held-back pictures, and what the network reads")
    lower.suptitle(f"Its mistakes ({wrong.sum():,} of {len(targets):,}: {(~wrong).mean():.2%} are "
                   "right), or what it is least sure of")
    frames = [*upper.subplots(3, 8).flat, *lower.subplots(2, 8).flat]
    for axes in frames:
        axes.set_axis_off()
    for axes, i in zip(frames, [*usual, *doubtful], strict=False):
        read, truth = (data.classes[k].split(" - ")[0] for k in (guesses[i], targets[i]))
        axes.imshow(data.data[int(i)].numpy(), cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(read, fontsize=8, pad=3)
        if wrong[i]:
            axes.set_title(f"{read}\nis {truth}", fontsize=8, pad=3, color="#cb181d")
            axes.add_patch(plt.Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False,
                                         color="#cb181d", linewidth=3))
    figure.savefig(path, dpi=110)
    plt.close(figure)


# ------------------------------------------------------------------------- what the user wants


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(description="Train a convolutional network on pictures of ten classes.")
    parser.add_argument("--dataset", choices=list(DATASETS), help="default: digits")
    parser.add_argument("--data", metavar="DIR", help="the folder with the data set's files")
    parser.add_argument("--device", default="auto", help="auto, cpu, opencl, opencl:1, ...")
    parser.add_argument("--epochs", type=count, help="times through the data, all in all")
    parser.add_argument("--batch-size", type=count, help="pictures in a step")
    parser.add_argument("--lr", type=rate, help="learning rate of the first epoch")
    parser.add_argument("--seed", type=int, help="of weights, order and dropout; default: 0")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="continue this checkpoint")
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: runs/DATASET")
    parser.add_argument("--workers", type=int, choices=range(65), default=0, metavar="N",
                        help="processes that read pictures; default: none but this one")
    parser.add_argument("--limit", type=count, help="use only the first pictures of each part")
    return parser.parse_args(arguments)


def settle(options: argparse.Namespace, state: dict[str, Any] | None) -> dict[str, Any]:
    """What the result depends on: by the checkpoint, else by the options, else by default."""
    if state is None:
        name = options.dataset or "digits"
        settings = {"dataset": name, "seed": 0, "limit": 0, **DEFAULTS[name]}
        asked = {key: getattr(options, key, None) for key in settings}
        return {**settings, **{key: value for key, value in asked.items() if value is not None}}
    settings = state["settings"]
    for key, value in settings.items():
        asked = getattr(options, key, None)
        if key != "epochs" and asked not in (None, value):
            raise UserError(f"{options.resume}: was trained with --{key.replace('_', '-')} "
                            f"{value}, not {asked}")
    epochs = options.epochs or settings["epochs"]
    if epochs <= state["epoch"]:
        raise UserError(f"{options.resume}: has learnt for {state['epoch']} epochs already: ask "
                        "for more with --epochs")
    return {**settings, "epochs": epochs}


def run(options: argparse.Namespace) -> None:
    state = load_checkpoint(options.resume, PROGRAM) if options.resume else None
    settings = settle(options, state)
    device = choose_device(options.device)
    data = open_data(settings["dataset"], options.data)
    parts = [Subset(part, range(min(settings["limit"] or len(part), len(part)))) for part in data]
    folder = options.output or (options.resume.parent if options.resume
                                else free_folder(settings["dataset"]))
    checkpoint = prepare_output(folder, options.resume)
    print(f"data      {settings['dataset']}: {len(parts[0]):,} pictures to learn from, "
          f"{len(parts[1]):,} held back")

    facula.manual_seed(settings["seed"])
    model = Net(side=data[0].data.shape[-1])  # made on the CPU: equal weights on every device
    model.to(device)
    optimizer = optim.Adam(model.parameters(), lr=settings["lr"])
    history: dict[str, list[float]] = {"losses": [], "test_loss": [], "accuracy": []}
    if state:
        try:
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise UserError(f"{options.resume}: does not fit this network: {error}") from None
        history = state["history"]
    print(f"network   {sum(p.numel() for p in model.parameters()):,} weights")

    train_loader = DataLoader(parts[0], settings["batch_size"], shuffle=True,
                              num_workers=options.workers)
    test_loader = DataLoader(parts[1], 256, num_workers=options.workers)
    targets = data[1].targets.numpy()[:len(parts[1])]
    for epoch in range(len(history["accuracy"]), settings["epochs"]):
        title = f"epoch {epoch + 1:2}/{settings['epochs']}"
        start = time.perf_counter()
        # Each epoch has random numbers and a rate of its own, so nothing of them need be saved.
        facula.manual_seed(settings["seed"] + 1000 * (epoch + 1))
        optimizer.param_groups[0]["lr"] = settings["lr"] * settings["lr_decay"] ** epoch
        losses = train_epoch(model, train_loader, optimizer, device, title)
        seconds = time.perf_counter() - start
        test_loss, shares = test(model, test_loader, device)
        accuracy = float((shares.argmax(1) == targets).mean())
        print(f"{title}  loss {np.mean(losses):.4f}, held back {test_loss:.4f}, "
              f"accuracy {accuracy:.2%}  ({seconds:.1f} s, {len(parts[0]) / seconds:,.0f} "
              "pictures/s)", flush=True)
        history["losses"] += losses
        history["test_loss"].append(test_loss)
        history["accuracy"].append(accuracy)
        facula.save({"program": PROGRAM, "settings": settings, "epoch": epoch + 1,
                     "model": model.state_dict(), "optimizer": optimizer.state_dict(),
                     "history": history}, checkpoint)
    draw(folder / "learnt.png", history, data[1], shares)
    print(f"written   {checkpoint} and {folder / 'learnt.png'}")


def main(arguments: list[str] | None = None) -> int:
    return start("digits.py", read_options, run, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
