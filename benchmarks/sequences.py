"""Training on sequences of random lengths: does memory grow, and how many kernels are compiled?

    python -m benchmarks.sequences      # --steps 10000 --device opencl --longest 96 --fusion

A small GPT learns to predict the next character; each step has another length and another number
of texts. Every tenth of the way a line says what the device and the process hold
and how many kernels there are: fused ones, all generated ones, and programs.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import facula
from facula import nn
from facula.core.backends import opencl

VOCABULARY, WIDTH, HEADS = 40, 32, 2


class Block(nn.Module):
    """Causal attention and two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(),
                                 nn.Linear(2 * WIDTH, WIDTH), nn.Dropout(0.1))

    def forward(self, x: Any) -> Any:
        """Of (texts, steps, width)."""
        shape = (*x.shape[:2], HEADS, WIDTH // HEADS)
        q, k, v = (part.reshape(shape).transpose(1, 2)
                   for part in self.qkv(self.norm1(x)).split(WIDTH, -1))
        seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(x.shape))
        return x + self.mlp(self.norm2(x))


def stepper(device: str, longest: int) -> Callable[[], Any]:
    """A function that makes one training step on texts of a random length."""
    facula.manual_seed(0)
    rng = np.random.default_rng(0)
    token, position = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(longest, WIDTH)
    blocks, head = nn.Sequential(Block(), Block()), nn.Linear(WIDTH, VOCABULARY)
    model = nn.ModuleList([token, position, blocks, head]).to(device)
    optimiser = facula.optim.AdamW(model.parameters(), lr=1e-3)

    def step() -> Any:
        texts, length = rng.integers(1, 9), rng.integers(2, longest + 1)
        first = rng.integers(0, VOCABULARY, (texts, 1))
        text = facula.from_numpy((first + 3 * np.arange(length + 1)) % VOCABULARY).to(device)
        x = token(text[:, :-1]) + position.weight[:length]
        loss = nn.functional.cross_entropy(head(blocks(x)).flatten(0, 1), text[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        return loss
    return step


def kilobytes() -> int:
    """What the process holds in memory now; the most it has held where that is not known."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024 if sys.platform == "darwin" else 1)


def held(device: str) -> dict[str, int]:
    """What there is at this moment: memory in bytes, kernels, programs."""
    gc.collect()
    out = {"process_kb": kilobytes()}
    if device.startswith("opencl"):
        facula.opencl.synchronize(device)
        backend = opencl.get_backend(facula.device(device).index or 0)
        stats = facula.opencl.memory_stats(device)
        out |= {"in_use": stats["allocated_bytes"], "reserved": stats["reserved_bytes"],
                "fused": backend.fuser.built, "generated": len(backend.generator.requested),
                "programs": backend.runtime.programs.count}
    return out


def main(argv: list[str] | None = None) -> list[dict[str, int]]:
    """Train, print a line per tenth, and return what the lines say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--longest", type=int, default=96)
    parser.add_argument("--device", default="opencl")
    parser.add_argument("--fusion", action="store_true", help="fuse all, of any size, at once")
    options = parser.parse_args(argv)
    if options.fusion:
        facula.opencl.fusion(True)
    step = stepper(options.device, options.longest)
    lines = []
    start = time.perf_counter()
    for done in range(1, options.steps + 1):
        loss = step()
        if done % max(1, options.steps // 10) == 0:
            value = loss.item()
            del loss
            lines.append(held(options.device))
            print(f"{done:6d} steps {time.perf_counter() - start:6.0f} s  loss {value:.3f}",
                  *[f"{name} {number}" for name, number in lines[-1].items()], sep="  ",
                  flush=True)
    return lines


if __name__ == "__main__":
    main()
