"""Rows of widgets in windows that have no room for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtWidgets import QLayout, QWidget


def make_room(row: QLayout, width_px: int, steps: Iterable[Callable[[], None]]) -> None:
    """Do one step after the other until a row fits into a width.

    Args:
        row: with all of its widgets.
        width_px: that there is.
        steps: each of them hides something, or makes it smaller; what can be missed soonest comes first.
    """
    for step in steps:
        # It hears of what was hidden only when its events are handled.
        row.invalidate()
        if row.minimumSize().width() <= width_px:
            break
        step()


def hide_all(widgets: Iterable[QWidget]) -> None:
    """Hide each of them."""
    for widget in widgets:
        widget.hide()
