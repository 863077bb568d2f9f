"""Figures: a median, a 95th percentile, and what they are held against."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from fvae_studio.errors import DataError

Verdict: TypeAlias = Literal["met", "missed", ""]

FEWEST_FOR_P95: Final = 5
"""With fewer runs, a 95th percentile would be the largest one under another name."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        part: the part of the bench that measured it.
        name: what was measured.
        unit: of median, p95, goals and floor: "s", "ms", "MB", "/s" or "" for a count.
        median: over `runs`; the figure itself where there is one run.
        p95: 95th percentile, the slow end; None with fewer than `FEWEST_FOR_P95` runs.
        runs: how often it was measured.
        goal: what the median shall be at most, or at least for a rate; None without a goal.
        goal_p95: the same for `p95`.
        floor: what the machine does at best, measured in the same run; None without a floor.
        goal_ratio: how many times the floor the median shall cost at most.
        note: how it was measured, or what the floor is.
    """

    part: str
    name: str
    unit: str
    median: float
    p95: float | None = None
    runs: int = 1
    goal: float | None = None
    goal_p95: float | None = None
    floor: float | None = None
    goal_ratio: float | None = None
    note: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether more is better."""
        return self.unit == "/s"

    @property
    def ratio(self) -> float | None:
        """How many times the floor it costs: 1 is all that the machine can, also for a rate."""
        if self.floor is None:
            return None
        above, below = (self.floor, self.median) if self.is_rate else (self.median, self.floor)
        return above / below if below else None

    @property
    def verdict(self) -> Verdict:
        """Whether every goal is met; "" without any."""
        held = [
            (value <= goal) is not self.is_rate or value == goal
            for value, goal in ((self.median, self.goal), (self.p95, self.goal_p95))
            if value is not None and goal is not None
        ]
        if self.ratio is not None and self.goal_ratio is not None:
            held.append(self.ratio <= self.goal_ratio)
        if not held:
            return ""
        return "met" if all(held) else "missed"

    def to_json(self) -> dict[str, Any]:
        """Plain values, with ratio and verdict for those who only read."""
        return asdict(self) | {"ratio": self.ratio, "verdict": self.verdict}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Row:
        """What `to_json` gave."""
        return Row(**{name: value for name, value in values.items() if name not in ("ratio", "verdict")})


def row_of(part: str, name: str, unit: str, values: Sequence[float], **beside: Any) -> Row:
    """A row from what was measured.

    Args:
        part: see `Row`, as for name and unit.
        name: what was measured.
        unit: of the values, and of all that is held against them.
        values: one for each run, in `unit`; for a rate, the times in seconds of one unit of work.
        beside: other fields of `Row`.

    Raises:
        DataError: there are no values.
    """
    if not values:
        raise DataError(f"Nothing was measured for {name}; run the part {part} again.")
    median, p95 = statistics.median(values), percentile(values, 95)
    if unit == "/s":
        median, p95 = 1 / median, 1 / p95
    return Row(part, name, unit, median, p95 if len(values) >= FEWEST_FOR_P95 else None, runs=len(values), **beside)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of them lie, read linearly between the two nearest ones."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def with_growth(rows: Iterable[Row]) -> list[Row]:
    """Rows of one quantity at growing sizes, each noted with how many times the first one it costs."""
    rows = list(rows)
    grown = rows[:1]
    for row in rows[1:]:
        above, below = (rows[0].median, row.median) if row.is_rate else (row.median, rows[0].median)
        told = f"{above / below:.2f} x the first" if below else ""
        grown.append(replace(row, note=", ".join(filter(None, [told, row.note]))))
    return grown
