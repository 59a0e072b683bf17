"""The largest and smallest eigenvalues against NumPy."""

import numpy as np
import pytest

from facula import core
from facula.core.testing.compare import assert_close


@pytest.mark.parametrize("largest", [True, False])
def test_pairs_of_the_general_problem(largest):
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 3, 9, 9))
    a, b = a + a.transpose(0, 2, 1), b @ b.transpose(0, 2, 1) + np.eye(9)
    values, vectors = core.lobpcg(core.tensor(a), 3, core.tensor(b), largest=largest)
    known = np.sort(np.linalg.eigvals(np.linalg.solve(b, a)).real)
    assert_close(values, known[:, :-4:-1] if largest else known[:, :3], rtol=1e-9)
    x = vectors.numpy()
    np.testing.assert_allclose(a @ x, (b @ x) * values.numpy()[:, None], atol=1e-9)


def test_without_a_second_matrix():
    a = core.tensor([[2.0, 1.0], [1.0, 2.0]])
    assert_close(core.lobpcg(a)[0], np.array([3.0]))
    assert core.lobpcg(a, X=core.ones(2, 2))[1].shape == (2, 2)
    with pytest.raises(RuntimeError, match="at least k=3 rows"):
        core.lobpcg(a, 3)
