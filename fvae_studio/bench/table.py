"""The table of all figures, for people (Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fvae_studio.bench.figures import Row

_HEADINGS: Final = ("part", "what", "median", "95 %", "goal", "floor", "x floor", "goal", "", "runs", "note")
_LEFT: Final = frozenset({0, 1, 8, 10})
"""Columns of texts; figures stand at the right."""


@dataclass(frozen=True)
class BenchTable:
    """What was measured, and on what.

    Attributes:
        machine: name and value of everything that figures depend on; see `machine.describe`.
        rows: in the order of the parts.
    """

    machine: Mapping[str, str]
    rows: Sequence[Row]

    def to_markdown(self) -> str:
        """A heading line and the table, columns aligned so that a terminal shows it as well."""
        lines = [_HEADINGS, *map(_cells, self.rows)]
        widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(_HEADINGS))]
        rule = ["-" * width if at in _LEFT else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
        drawn = [_line(lines[0], widths), "| " + " | ".join(rule) + " |"]
        drawn += [_line(line, widths) for line in lines[1:]]
        told = ", ".join(f"{name} {value}" if name else value for name, value in self.machine.items())
        return "\n".join([told + ".", "", *drawn, "", _summary(self.rows), ""])

    def to_json(self) -> str:
        """All values, unrounded."""
        return (
            json.dumps({"machine": dict(self.machine), "rows": [row.to_json() for row in self.rows]}, indent=2) + "\n"
        )


def _cells(row: Row) -> tuple[str, ...]:
    bound = "at least " if row.is_rate else ""
    goals = [f"{bound}{number(goal)}" for goal in (row.goal, row.goal_p95) if goal is not None]
    return (
        row.part,
        row.name.replace("|", "\\|"),
        _with_unit(row.median, row.unit),
        _with_unit(row.p95, row.unit),
        " / ".join(goals),
        _with_unit(row.floor, row.unit),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.goal_ratio is None else f"{row.goal_ratio:g}",
        row.verdict,
        str(row.runs),
        row.note.replace("|", "\\|"),
    )


def number(value: float) -> str:
    """Three digits that count, without an exponent."""
    if value == 0:
        return "0"
    size = abs(value)
    return (
        f"{value:.0f}"
        if size >= 100
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 0.1
        else f"{value:.3g}"
    )


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{number(value)} {unit}".strip()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    placed = (
        cell.ljust(width) if at in _LEFT else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "| " + " | ".join(placed) + " |"


def _summary(rows: Sequence[Row]) -> str:
    missed = [row.name for row in rows if row.verdict == "missed"]
    num_met = sum(row.verdict == "met" for row in rows)
    told = f"{num_met} of {num_met + len(missed)} goals are met."
    return told if not missed else f"{told} Missed: {'; '.join(missed)}."
