"""Tables and cells of reports in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, all others to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def number(value: float, digits: int) -> str:
    """With so many digits after the point; "not known" for NaN."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "not known"


def percent(value: float, digits: int = 0) -> str:
    """A share in per cent; "not known" for NaN."""
    return f"{100 * value:.{digits}f} %" if math.isfinite(value) else "not known"
