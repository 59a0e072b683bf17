"""One version for all distributions, in every place that states it."""

import pytest

import facula
import version


def test_every_place_states_the_same_version() -> None:
    assert version.problems() == []


def test_the_umbrella_says_it() -> None:
    assert facula.__version__ == version.current()


def test_set_refuses_what_is_no_version() -> None:
    with pytest.raises(SystemExit, match="'one' is not of the form"):
        version.write("one")
