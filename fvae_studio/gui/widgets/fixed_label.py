"""A label whose place does not depend on its text."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QWidget


class FixedLabel(QLabel):
    """One line of a fixed size, which goes with the text's size only.

    Another text in an ordinary label lays out the whole window anew; a preview changes such texts many times a second.

    Args:
        ems: width in heights of the text.
        parent: as usual.
    """

    def __init__(self, ems: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ems = ems
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The size goes with the text's."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        height = self.fontMetrics().height()
        self.setFixedSize(round(self._ems * height), height + 4)
