"""Switches that are remembered, and control flow that runs at once."""

import pytest

from facula import core


@pytest.fixture(autouse=True)
def restored():
    yield
    core.use_deterministic_algorithms(False)
    core.set_float32_matmul_precision("highest")


def test_the_deterministic_switch_by_all_its_names():
    for mode, number, on, warns in (("warn", 1, True, True), (2, 2, True, False),
                                    ("default", 0, False, False)):
        core.set_deterministic_debug_mode(mode)
        assert core.get_deterministic_debug_mode() == number
        assert core.are_deterministic_algorithms_enabled() is on
        assert core.is_deterministic_algorithms_warn_only_enabled() is warns
    with pytest.raises(ValueError, match="must be 0, 1, 2"):
        core.set_deterministic_debug_mode("often")


def test_adding_in_one_place_is_deterministic(device):
    core.manual_seed(0)
    source = core.randn(5000).to(device)
    places = core.randint(0, 3, (5000,)).to(device)
    sums = [core.zeros(3, device=device).index_add(0, places, source).tolist() for _ in range(3)]
    assert sums[0] == sums[1] == sums[2]


def test_what_is_remembered():
    core.set_float32_matmul_precision("high")
    assert core.get_float32_matmul_precision() == "high"
    with pytest.raises(ValueError, match="'lowest' must be one of"):
        core.set_float32_matmul_precision("lowest")
    assert core.set_flush_denormal(True) is False
    with pytest.raises(ValueError, match="must be positive"):
        core.set_num_interop_threads(0)


def test_inference_mode_is_known_inside_only():
    assert not core.is_inference_mode_enabled()
    with core.inference_mode():
        assert core.is_inference_mode_enabled()
        with core.inference_mode(False), core.no_grad():
            assert not core.is_inference_mode_enabled()
        assert core.is_inference_mode_enabled()
    assert not core.is_inference_mode_enabled() and core.is_grad_enabled()


def test_control_flow():
    x = core.tensor(3.0)
    assert core.cond(x > 1, lambda x: x * 2, lambda x: x, (x,)).item() == 6
    assert core.cond(False, lambda: 1, lambda: 2) == 2
    (y,) = core.while_loop(lambda x: x < 100, lambda x: (x * x,), (x,))
    assert y.item() == 6561
    assert core.compile(abs) is abs and core.compile(mode="x")(abs) is abs
