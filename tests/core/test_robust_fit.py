"""Least squares that some rows may not spoil."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.robust_fit import fit_reweighted


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    given = rng.normal(0, 1, (400, 3))
    true = rng.normal(0, 1, (3, 2))
    return given, given @ true, true


def test_rows_that_fit_nothing_do_not_count(rows):
    given, wanted, true = rows
    wanted = wanted.copy()
    wanted[:100] += 5
    nothing = np.zeros((3, 3)), np.zeros((3, 2))
    solution, left = fit_reweighted(given, wanted, prior=nothing[0], pull=nothing[1], apart=0.1)

    np.testing.assert_allclose(solution, true, atol=1e-3)
    assert left[:100].min() > 5
    assert left[100:].max() < 0.02


def test_what_nothing_determines_is_the_priors(rows):
    given, wanted, true = rows
    known = np.eye(3, 2)
    solution, _ = fit_reweighted(given * (1, 1, 0), wanted, prior=1e-6 * np.eye(3), pull=1e-6 * known, apart=0.1)

    np.testing.assert_allclose(solution[2], known[2], atol=1e-6)
    assert np.abs(solution[:2] - true[:2]).max() < 0.5
