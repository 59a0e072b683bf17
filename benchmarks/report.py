"""The results as lines on the terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PEERS = ("torch", "numpy")


def duration(seconds: float | None) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def cells(row: dict[str, Any], bandwidth: float | None) -> list[str]:
    """One row of the table: times, ratios to the peers (below 1: facula is faster), rates."""
    if "text" in row:
        return [f"{row['group']}/{row['name']}", row["text"]]
    seconds = row["seconds"]
    mine = seconds.get("facula")
    out = [f"{row['group']}/{row['name']}", duration(mine)]
    for peer in PEERS:
        theirs = seconds.get(peer)
        out += [duration(theirs), f"{mine / theirs:.2f}" if mine and theirs else "-"]
    rate = ""
    if mine and row["flops"]:
        rate = f"{row['flops'] / mine / 1e9:.0f} GFLOP/s"
    elif mine and row["bytes"]:
        rate = f"{row['bytes'] / mine / 1e9:.1f} GB/s"
        if bandwidth:
            rate += f", {100 * row['bytes'] / mine / bandwidth:.0f} % of copy"
    out.append(rate or row["failures"].get("facula", ""))
    return out


HEAD = ["case", "facula", "torch", "ratio", "numpy", "ratio", "rate"]


def line(row: dict[str, Any], bandwidth: float | None) -> str:
    """One row for the terminal."""
    widths = (44, 10, 10, 6, 10, 6, 0)
    values = cells(row, bandwidth)
    if len(values) == 2:
        return f"{values[0]:44s} {values[1]}"
    return " ".join(f"{v:<{w}s}" if i in (0, 6) else f"{v:>{w}s}"
                    for i, (v, w) in enumerate(zip(values, widths, strict=True)))


def markdown(results: dict[str, Any]) -> str:
    """The whole report."""
    machine = results["machine"]
    text = ["# Benchmark", "", *[f"- {k}: {v}" for k, v in machine.items()],
            f"- copy bandwidth: {results['bandwidth'] / 1e9:.1f} GB/s"
            if results["bandwidth"] else "",
            "", ("Ratios are facula's time over the peer's in the same run: below 1, facula is "
                 "faster."), "", "| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * 5 + "---|"]
    for row in results["rows"]:
        values = cells(row, results["bandwidth"])
        values += [""] * (len(HEAD) - len(values))
        text.append("| " + " | ".join(v.replace("|", "\\|") for v in values) + " |")
    return "\n".join(text) + "\n"


def write(results: dict[str, Any], json_file: str | None, markdown_file: str | None) -> None:
    """Store what was asked for."""
    if json_file:
        Path(json_file).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if markdown_file:
        Path(markdown_file).write_text(markdown(results), encoding="utf-8")
