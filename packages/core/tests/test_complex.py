"""Complex numbers: parts that share memory, conjugates, and what is refused, against NumPy."""

import numpy as np
import pytest

from facula import core
from facula.core.testing.compare import assert_close


@pytest.fixture
def numbers():
    rng = np.random.default_rng(3)
    return (rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))).astype(np.complex64)


@pytest.mark.parametrize("index", [np.s_[...], np.s_[::2, 1:], np.s_[1], np.s_[:, 2]], ids=str)
def test_parts_are_views_of_any_layout(numbers, index, device):
    z = core.tensor(numbers).to(device)
    part = z[index]
    assert_close(part.real, numbers[index].real)
    assert_close(part.imag, numbers[index].imag)
    assert_close(core.view_as_complex(core.view_as_real(part)), numbers[index])
    part.imag.zero_()
    part.real = part.real * 2
    numbers[index] = numbers[index].real * 2
    assert_close(z, numbers)


def test_a_transposed_tensor_is_seen_in_its_parts(numbers, device):
    z = core.tensor(numbers).to(device)
    assert_close(z.T.imag, numbers.T.imag)
    z.T.real = 1.0
    assert_close(z, 1 + 1j * numbers.imag)


@pytest.mark.parametrize("source", [core.complex64, core.complex128, core.float32, core.int32])
@pytest.mark.parametrize("target", [core.complex64, core.complex128, core.float16, core.int64,
                                    core.bool])
def test_conversions_drop_or_add_the_imaginary_part(numbers, source, target, device):
    values = (3 * numbers).astype(np.complex128)
    values = values if source.is_complex else values.real
    given = core.tensor(values.round(1)).to(source)
    expected = given.numpy() != 0 if target is core.bool else given.numpy()
    if given.is_complex() and not target.is_complex and target is not core.bool:
        expected = expected.real
    out = core.zeros(4, 3, dtype=target, device=device).T
    out.copy_(given.to(device))
    for result in (given.to(device).to(target), out):
        assert result.dtype is target
        assert_close(result, expected.astype(target.numpy))


def test_conjugate_transposes(numbers, device):
    z = core.tensor(numbers).to(device)
    assert_close(z.H, numbers.conj().T)
    batch = core.stack([z, z])
    assert_close(batch.mH, np.stack([numbers.conj().T] * 2))
    assert_close(batch.adjoint(), batch.mH)
    with pytest.raises(RuntimeError, match="H: takes a matrix"):
        _ = batch.H


def test_parts_of_real_tensors():
    x = core.tensor([1.0, -2.0])
    assert x.real is x
    assert core.conj(x) is x
    assert core.resolve_conj(x) is x and core.resolve_neg(x) is x
    assert not core.is_conj(x) and not core.is_neg(x)
    with pytest.raises(TypeError, match="imag: takes complex tensors"):
        _ = x.imag


def test_angles_meet_the_axes(device):
    angles = core.angle(core.tensor([-0.0, 0.0, -3.0, 2.0, float("nan")]).to(device)).cpu()
    assert_close(angles, np.array([0.0, 0.0, np.pi, 0.0, np.nan]))
    assert core.angle(core.tensor([-1, 1])).dtype is core.float32


def test_infinite_parts_stay_apart():
    z = core.complex(core.tensor([np.inf, 1.0]), core.tensor([2.0, -np.inf]))
    assert z.tolist() == [complex(np.inf, 2), complex(1, -np.inf)]


def test_what_cannot_be_a_complex_view():
    with pytest.raises(RuntimeError, match="must have size 2"):
        core.view_as_complex(core.zeros(3))
    with pytest.raises(RuntimeError, match="last stride must be 1"):
        core.view_as_complex(core.zeros(2, 3).T)
    with pytest.raises(RuntimeError, match="all others even"):
        core.view_as_complex(core.zeros(3, 3)[:, :2])
    with pytest.raises(TypeError, match="float32 or float64"):
        core.view_as_complex(core.zeros(2, dtype=core.float16))
    with pytest.raises(TypeError, match="they must be the same"):
        core.complex(core.zeros(2), core.zeros(2, dtype=core.float64))
