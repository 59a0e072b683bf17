"""PyTorch's public names and what facula makes of each: compat.py write|check|page|shares.

`docs/compatibility/names.json` holds the names that PyTorch documents, with their parameters;
`write` makes it anew from the installed PyTorch, `check` says whether it is stale. All other
commands need no PyTorch: what is supported is looked up in facula, parameters are compared with the
table, and `docs/compatibility/notes.toml` says what differs otherwise and what is out of scope.
`page` prints the page of the documentation, `shares` how much of each namespace is there.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from monorepo import ROOT

FOLDER = ROOT / "docs" / "compatibility"
NAMES = FOLDER / "names.json"
NOTES = FOLDER / "notes.toml"

# PyTorch's namespace -> where facula has the same names.
SPACES = {
    "torch": "facula", "torch.Tensor": "facula.Tensor", "torch.linalg": "facula.linalg",
    "torch.fft": "facula.fft", "torch.special": "facula.special", "torch.nn": "facula.nn",
    "torch.nn.functional": "facula.nn.functional", "torch.nn.init": "facula.nn.init",
    "torch.optim": "facula.optim", "torch.optim.lr_scheduler": "facula.optim.lr_scheduler",
    "torch.utils.data": "facula.utils.data", "torch.autograd": "facula.autograd",
    "torch.distributions": "facula.distributions",
}
STATES = ("supported", "differs", "missing", "out of scope")

# Parameters that say nothing about the result: where to store it, how to lay it out in memory.
IGNORED = {"out", "layout", "pin_memory", "memory_format", "names", "self", "size_average",
           "reduce", "foreach", "fused", "capturable", "differentiable", "non_blocking"}

FACTORY = {"dtype", "device", "requires_grad", "layout", "pin_memory", "memory_format", "names"}


# The side of PyTorch


def find(path: str) -> Any:
    """A module, or a class in one, by its dotted name; None where there is none."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        parent, _, name = path.rpartition(".")
        return getattr(find(parent), name, None) if parent else None


def documented(space: str) -> list[str]:
    """The public names of a namespace that have a docstring of their own."""
    home = find(space)
    names = [n for n in dir(home) if not n.startswith("_")]
    listed = getattr(home, "__all__", None)
    if inspect.isclass(home):
        return [n for n in names if own_doc(getattr(home, n))]
    if listed and space != "torch":
        return sorted(n for n in listed if not isinstance(getattr(home, n), ModuleType))
    return [n for n in names if belongs(space, n, getattr(home, n), listed or ())]


def own_doc(value: Any) -> bool:
    """Whether somebody wrote a docstring for it; numbers and the like carry their type's."""
    return bool(getattr(value, "__doc__", None)) and (
        callable(value) or inspect.isdatadescriptor(value))


def belongs(space: str, name: str, value: Any, listed: Any) -> bool:
    if isinstance(value, ModuleType) or not own_doc(value):
        return False
    module = str(getattr(value, "__module__", None) or space)
    if space == "torch":
        return name in listed or not inspect.isclass(value) and module in (
            "torch", "torch.functional", "torch._C")
    return module.startswith(("torch._C", "torch._VF", space.rpartition(".")[0]))


def signature(value: Any, name: str) -> str | None:
    """The parameters as source text, from Python's signature or the docstring's first line."""
    target = value.__init__ if inspect.isclass(value) else value
    try:
        found = inspect.signature(target)
    except (TypeError, ValueError):
        return from_doc(value, name)
    plain = [p.replace(annotation=p.empty, default=p.default if literal(p.default) else ...)
             if p.default is not p.empty else p.replace(annotation=p.empty)
             for p in found.parameters.values()]
    return str(inspect.Signature(plain)).replace("Ellipsis", "...")


def literal(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str)) or (
        isinstance(value, (tuple, list)) and all(literal(v) for v in value))


def from_doc(value: Any, name: str) -> str | None:
    text = inspect.getdoc(value) or ""
    match = re.match(rf"(?:\w+\.)*{re.escape(name)}(\(.*?\))\s*(?:->.*)?$", text, re.M)
    if match is None or text.count(f"\n{name}(") > 0:
        return None
    words = re.sub(r"\b(?:Tensor|int|float|bool)\s+(\w+)", r"\1", match[1])
    try:
        arguments = parse(words)
    except SyntaxError:
        return None
    return words if taken(arguments, name) else None


def taken(arguments: ast.arguments, name: str) -> bool:
    """Whether PyTorch takes the parameters by the names that its docstring gives them."""
    import torch

    schemas = torch._C._jit_get_schemas_for_operator(f"aten::{name}")
    known = {a.name for s in schemas for a in s.arguments} | {"input", "out", "generator"}
    return not schemas or all(
        a.arg in known for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if a.arg not in FACTORY)


def parse(text: str) -> ast.arguments:
    """The parameters of a signature's text."""
    node = ast.parse(f"def f{text}: ...").body[0]
    assert isinstance(node, ast.FunctionDef)
    return node.args


def table() -> dict[str, Any]:
    """The names of the installed PyTorch, with their parameters."""
    import torch

    spaces = {}
    for space in SPACES:
        home = find(space)
        spaces[space] = {n: signature(getattr(home, n), n) for n in documented(space)}
    return {"version": torch.__version__.partition("+")[0], "spaces": spaces}


# The side of facula


@dataclass
class Entry:
    """One name: its state, and how it differs or why it is not there."""

    name: str
    state: str
    note: str = ""


def parameters(arguments: ast.arguments) -> tuple[dict[str, Any], list[str], bool, bool]:
    """Names with defaults (`...`: no literal), the positional ones, and whether it takes more."""
    found: dict[str, Any] = {}
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    defaults = [inspect.Parameter.empty] * (len(positional) - len(arguments.defaults))
    defaults += [value_of(d) for d in arguments.defaults]
    found.update(zip(positional, defaults, strict=True))
    for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found[a.arg] = inspect.Parameter.empty if d is None else value_of(d)
    return found, positional, arguments.vararg is not None, arguments.kwarg is not None


def value_of(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...


def compare(theirs: str, ours: str) -> str:
    """How parameters differ, in words; empty where a call for one is a call for the other."""
    wanted, order, _, _ = parameters(parse(theirs))
    have, our_order, open_args, open_kwargs = parameters(parse(ours))
    lacking = [n for n in wanted if n not in have and n not in IGNORED and n[0] != "_"]
    if lacking and (open_kwargs or open_args and all(n in order for n in lacking)):
        lacking = []
    notes = []
    if lacking:
        notes.append("takes no " + ", ".join(f"`{n}`" for n in lacking))
    for name, default in wanted.items():
        mine = have.get(name, ...)
        if name in IGNORED or default in (..., inspect.Parameter.empty) or mine is ...:
            continue
        if mine is inspect.Parameter.empty:
            notes.append(f"`{name}` must be given")
        elif mine != default and mine is not None and default is not None:
            notes.append(f"`{name}` is {mine!r} where not given, not {default!r}")
    common = [n for n in order if n in our_order and n not in IGNORED]
    if not open_args and common != [n for n in our_order if n in common]:
        notes.append("the order of parameters is " + ", ".join(f"`{n}`" for n in our_order))
    return "; ".join(notes)


def ours(space: str, name: str) -> Any:
    """Facula's object of a name, or None."""
    home = find(SPACES[space])
    try:
        return None if home is None else getattr(home, name, None)
    except RuntimeError:
        return None


@cache
def notes() -> dict[str, Any]:
    return tomllib.loads(NOTES.read_text(encoding="utf-8"))


def out_of_scope(space: str, name: str) -> str:
    """Why a name is out of scope; empty where it is not."""
    for rule in notes()["out_of_scope"]:
        if space in rule.get("spaces", [space]) and any(
                re.fullmatch(p, name) for p in rule["names"]):
            return rule["why"]
    return ""


def entry(space: str, name: str, theirs: str | None) -> Entry:
    """What facula makes of one name."""
    mine = ours(space, name)
    known = notes()["differs"].get(space, {}).get(name, "")
    if mine is None:
        why = out_of_scope(space, name)
        return Entry(name, "out of scope", why) if why else Entry(name, "missing")
    found = ""
    if theirs is not None and callable(mine):
        text = signature(mine, name)
        if text is not None:
            if space == "torch.Tensor" and not theirs.startswith("(self"):
                text = without_self(text, theirs)
            found = compare(theirs, text)
    note = "; ".join(n for n in (known, found) if n)
    return Entry(name, "differs" if note else "supported", note)


def without_self(ours: str, theirs: str) -> str:
    """A method's parameters behind the tensor's own, which comes first unless PyTorch names it."""
    match = re.match(r"\((\w+)(, )?(/, )?", ours)
    if match is None or re.search(rf"\b{match[1]}\b", theirs):
        return ours
    return "(" + ours[match.end():]


@cache
def entries() -> dict[str, list[Entry]]:
    """All names of all namespaces."""
    data = json.loads(NAMES.read_text(encoding="utf-8"))
    return {space: [entry(space, name, names[name]) for name in sorted(names, key=str.lower)]
            for space, names in data["spaces"].items()}


def shares() -> dict[str, Counter[str]]:
    """How many names of each namespace are in which state."""
    return {space: Counter(e.state for e in found) for space, found in entries().items()}


def share(counts: Counter[str]) -> float:
    """The part of the names in scope that is there."""
    there = counts["supported"] + counts["differs"]
    return there / max(there + counts["missing"], 1)


def page() -> str:
    """The page of the documentation, in Markdown."""
    version = json.loads(NAMES.read_text(encoding="utf-8"))["version"]
    lines = [
        "# Compatibility with PyTorch", "",
        f"Every public name that PyTorch {version} documents in these namespaces, and what facula",
        "makes of it. The page is made from facula itself: a name is supported if it is there and",
        "takes the parameters that PyTorch's takes, with the same defaults; what differs",
        "otherwise stands in [differences](../../differences.md). Parameters that only say where a",
        "result is stored or how (`out`, `layout`, `memory_format`, ...) are left aside.", "",
        "| namespace | supported | differs | missing | out of scope | share of those in scope |",
        "|---|---:|---:|---:|---:|---:|"]
    for space, counts in shares().items():
        numbers = " | ".join(str(counts[s]) for s in STATES)
        lines.append(f"| [`{space}`](#{anchor(space)}) | {numbers} | {share(counts):.0%} |")
    for space, found in entries().items():
        lines += ["", f"## {space}", ""]
        for state in STATES:
            chosen = [e for e in found if e.state == state]
            if not chosen:
                continue
            lines += [f"**{state.capitalize()}** ({len(chosen)})", ""]
            if state in ("supported", "missing"):
                lines += [", ".join(f"`{e.name}`" for e in chosen), ""]
            elif state == "differs":
                lines += [f"- `{e.name}`: {e.note}" for e in chosen] + [""]
            else:
                reasons: dict[str, list[str]] = {}
                for e in chosen:
                    reasons.setdefault(e.note, []).append(f"`{e.name}`")
                lines += [f"- {why}: {', '.join(n)}" for why, n in reasons.items()] + [""]
    return "\n".join(lines).rstrip() + "\n"


def anchor(space: str) -> str:
    return space.lower().replace(".", "")


def main(arguments: list[str]) -> int:
    if arguments in (["write"], ["check"]):
        text = json.dumps(table(), indent=1) + "\n"
        if arguments == ["write"]:
            NAMES.write_text(text, encoding="utf-8")
            return 0
        if NAMES.read_text(encoding="utf-8") == text:
            return 0
        print(f"{NAMES.relative_to(ROOT)} is stale: python tools/compat.py write", file=sys.stderr)
        return 1
    if arguments == ["page"]:
        print(page(), end="")
        return 0
    if arguments == ["shares"]:
        for space, counts in shares().items():
            print(f"{space:26} {share(counts):6.1%}  {dict(counts)}")
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
