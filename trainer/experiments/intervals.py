"""Confidence intervals by bootstrap over people: two pairs of one person are not two independent cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 2000
LEVEL: Final = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure with the range in which it lies for other people like these.

    Attributes:
        value: of the people at hand.
        low: lower end of the 95 % interval; NaN with fewer than two people.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def text(self, digits: int, *, scale: float = 1.0) -> str:
        """As in a table: "29.2 [28.4, 30.1]"; "not known" for NaN."""
        if not np.isfinite(self.value):
            return "not known"
        shown = f"{self.value * scale:.{digits}f}"
        if not (np.isfinite(self.low) and np.isfinite(self.high)):
            return shown
        return f"{shown} [{self.low * scale:.{digits}f}, {self.high * scale:.{digits}f}]"

    def to_dict(self) -> dict[str, float | None]:
        """For JSON: NaN as None."""
        return {
            name: float(number) if np.isfinite(number) else None
            for name, number in (("value", self.value), ("low", self.low), ("high", self.high))
        }


def over_people(
    statistic: Callable[[NDArray[np.int64]], float],
    people: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap: people are drawn with replacement, each with all of their rows.

    Args:
        statistic: of the rows with these numbers.
        people: whose each row is.
        resamples: draws.
        seed: the same draws for every figure of a table, so that its columns belong together.
    """
    everybody = np.arange(len(people))
    value = statistic(everybody)
    names = sorted(set(people))
    rows = [np.flatnonzero([person == name for person in people]) for name in names]
    if len(names) < 2:
        return Interval(value, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(names), size=(resamples, len(names)))
    values = [statistic(np.concatenate([rows[index] for index in draw])) for draw in draws]
    low, high = (
        np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if np.isfinite(values).any() else (np.nan,) * 2
    )
    return Interval(value, float(low), float(high))


def mean_over_people(values: NDArray[np.floating[Any]], people: Sequence[str]) -> Interval:
    """Of the mean of one value per row; rows that are NaN are left out."""

    def mean(rows: NDArray[np.int64]) -> float:
        known = values[rows][np.isfinite(values[rows])]
        return float(known.mean()) if known.size else float("nan")

    return over_people(mean, people)


def ratio_of_sums(part: NDArray[np.float64], whole: NDArray[np.float64], rows: NDArray[np.int64]) -> float:
    """Share of some rows; NaN where there is nothing to share."""
    total = float(whole[rows].sum())
    return float(part[rows].sum()) / total if total > 0 else float("nan")
