"""Fail where a public name is not in the documentation: check_docs.py OBJECTS.INV."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from sphinx.util.inventory import InventoryFile

import api_pages


def documented(inventory: Path) -> set[str]:
    """Every Python name in an inventory."""
    with inventory.open("rb") as file:
        invdata = InventoryFile.load(file, "", lambda base, uri: uri)
    return {name for domain, names in invdata.items() if domain.startswith("py:") for name in names}


def wanted() -> set[str]:
    """Every public name of every layer, and of the public modules in them."""
    names: set[str] = set()
    queue = [(importlib.import_module(m), prefix) for _, m, prefix in api_pages.LAYERS]
    while queue:
        module, prefix = queue.pop()
        for name in api_pages.public(module):
            value = getattr(module, name)
            if not api_pages.is_ours(value):
                names.add(f"{prefix}.{name}")
            elif f"{prefix}.{name}" not in names:
                names.add(f"{prefix}.{name}")
                queue.append((value, f"{prefix}.{name}"))
    return names


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    want = wanted()
    missing = sorted(want - documented(Path(arguments[0])))
    print("\n".join(f"not documented: {n}" for n in missing) or f"all {len(want)} names are there")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
