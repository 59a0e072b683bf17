"""One version for all distributions, in every place that states it."""

import pytest

import facula
import monorepo
import version


def test_every_place_states_the_same_version() -> None:
    assert version.problems() == []


def test_the_umbrella_says_it() -> None:
    assert facula.__version__ == version.current()


def test_set_refuses_what_is_no_version() -> None:
    with pytest.raises(SystemExit, match="'one' is not of the form"):
        version.write("one")


def test_every_package_asks_for_the_same_oldest_numpy() -> None:
    wanted = {r for p in monorepo.packages() for r in p.dependencies if r.startswith("numpy")}
    assert len(wanted) == 1
    assert f'"{wanted.pop()}"' in (monorepo.ROOT / "hatch.toml").read_text(encoding="utf-8")
