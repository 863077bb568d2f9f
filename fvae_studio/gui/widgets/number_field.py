"""A number that is typed: quiet until it is pointed at, without buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget


class NumberField(QDoubleSpinBox):
    """Percent with at most one decimal; Up and Down step by 1, the Page keys by 10; the wheel does nothing."""

    edited = Signal(float)
    """A person committed another number."""

    def __init__(self, low: float, high: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setDecimals(1)
        self.setRange(low, high)
        self.setKeyboardTracking(False)
        self.setProperty("role", "quiet")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)
        self.valueChanged.connect(self.edited)

    def textFromValue(self, value: float) -> str:  # noqa: N802 (Qt's name)
        """No decimal where it is zero."""
        locale = QLocale(self.locale())
        locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        return locale.toString(value, "f", 0 if value == round(value) else 1)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Whoever comes by Tab or click types a new number."""
        super().focusInEvent(event)
        self.selectAll()
        if event.reason() == Qt.FocusReason.MouseFocusReason:
            # The press that brings the focus also sets the cursor, and so takes the selection away.
            QTimer.singleShot(0, self, self.selectAll)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lay out the text."""
        super().resizeEvent(event)
        self._fit_text()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Lay out the text in the new style."""
        super().changeEvent(event)
        self._fit_text()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Lay out the text when the style is known."""
        super().showEvent(event)
        self._fit_text()

    def _fit_text(self) -> None:
        # WORKAROUND Qt 6.11: with a style sheet and without buttons, the edit field comes out one pixel wide.
        self.lineEdit().setGeometry(self.rect().adjusted(1, 1, -1, -1))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Leave it to the scroll area."""
        event.ignore()
