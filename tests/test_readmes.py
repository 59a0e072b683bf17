"""The code in every README runs as it stands."""

import re

import pytest

import monorepo

READMES = [monorepo.ROOT / "README.md"] + [p.folder / "README.md" for p in monorepo.packages()]
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", READMES, ids=lambda p: p.parent.name)
def test_the_code_runs(path) -> None:
    blocks = CODE.findall(path.read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        exec(compile(block, str(path), "exec"), {"__name__": "readme"})
