"""Charts of reports, drawn without a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from trainer.experiments.intervals import Interval


def interval_chart(rows: Mapping[str, Interval], *, title: str, label: str) -> NDArray[np.uint8]:
    """(H, W, 3): one dot with its interval for each name, the first on top.

    Args:
        rows: by name; those that are NaN are left out.
        title: above.
        label: of the axis, with its unit.
    """
    known = {name: row for name, row in rows.items() if np.isfinite(row.value)}
    figure = Figure(figsize=(8.0, 0.9 + 0.38 * len(known)), dpi=110, layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(known.values()):
        if np.isfinite(row.low):
            axes.plot([row.low, row.high], [place, place], color="0.55", linewidth=2.5, solid_capstyle="butt")
        axes.plot(row.value, place, "o", color="C0", markersize=6)
    axes.set_yticks(range(len(known)), list(known))
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.set_title(title, fontsize=11)
    axes.grid(axis="x", color="0.9")
    return _pixels(figure)


def line_chart(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    x_label: str,
    y_label: str,
    reference: float | None = None,
) -> NDArray[np.uint8]:
    """(H, W, 3): one line for each name.

    Args:
        lines: (x, y) by name.
        title: above.
        x_label: with its unit.
        y_label: likewise.
        reference: a dashed horizontal line.
    """
    figure = Figure(figsize=(7.0, 4.0), dpi=110, layout="constrained")
    axes = figure.subplots()
    for name, (x, y) in lines.items():
        axes.plot(x, y, marker="o", markersize=4, label=name)
    if reference is not None:
        axes.axhline(reference, color="0.5", linestyle="--", linewidth=1)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(title, fontsize=11)
    axes.grid(color="0.9")
    axes.legend(fontsize=8)
    return _pixels(figure)


def _pixels(figure: Figure) -> NDArray[np.uint8]:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib has no types here
    pixels: NDArray[Any] = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(pixels[..., :3])
