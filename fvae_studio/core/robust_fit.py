"""Least squares for which what fits worse than the rest counts less."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_ROUNDS: Final = 6


def fit_reweighted(
    given: NDArray[np.float64],
    wanted: NDArray[np.float64],
    *,
    prior: NDArray[np.float64],
    pull: NDArray[np.float64],
    apart: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The linear map of rows, by iteratively reweighted least squares (weights of Geman and McClure 1985).

    Args:
        given: (N, K).
        wanted: (N, C).
        prior: (K, K), added to the normal equations for each row: what nothing given determines.
        pull: (K, C), likewise on their right side.
        apart: distance of a row from what is wanted at which it counts a quarter of one that fits.

    Returns:
        (K, C), and the rows' distances (N,).
    """
    count = len(given)
    solution, left, weights = pull, np.zeros(count), np.ones(count)
    for _ in range(_ROUNDS):
        weighted = given * weights[:, None]
        solution = np.linalg.solve(weighted.T @ given + count * prior, weighted.T @ wanted + count * pull)
        left = np.linalg.norm(wanted - given @ solution, axis=1)
        weights = 1 / np.square(1 + np.square(left / apart))
    return solution, left
