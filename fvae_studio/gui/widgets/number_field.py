"""Numbers that are typed, as people type them; and one that is quiet until it is pointed at, without buttons."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QEvent, QLocale, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent, QShowEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

# A sign, digits, and one sign for the decimals: Unicode has several for each.
_NUMBER: Final = re.compile(r"[-+\u2212]?(?:\d+[.,\u066b]?\d*|[.,\u066b]\d+)")
_BEGUN: Final = re.compile(r"[-+\u2212]?[.,\u066b]?")


class DecimalBox(QDoubleSpinBox):
    """Comma and point both begin the decimals, in any language; beyond the limits, the limit is taken.

    Qt takes the other language's decimal separator for one of thousands: "12.5" would be 125 in German. And it swallows
    a digit with which a number is beyond the limits: 999 would be 99 where 200 is the most.
    """

    def validate(self, text: str, pos: int) -> tuple[QValidator.State, str, int]:
        """Let every number be typed, also one that is still, or will be, beyond the limits."""
        typed = self._bare(text)
        if not _NUMBER.fullmatch(typed):
            state = QValidator.State.Intermediate if _BEGUN.fullmatch(typed) else QValidator.State.Invalid
        elif self.minimum() <= self.valueFromText(text) <= self.maximum():
            state = QValidator.State.Acceptable
        else:
            state = QValidator.State.Intermediate
        return state, text, pos

    def fixup(self, text: str) -> str:
        """Hold a number that was entered to the limits; without a number, the one before comes back."""
        if not _NUMBER.fullmatch(self._bare(text)):
            return text
        held = min(max(self.valueFromText(text), self.minimum()), self.maximum())
        return self.prefix() + self.textFromValue(held) + self.suffix()

    def valueFromText(self, text: str) -> float:  # noqa: N802 (Qt's name)
        """The number, whichever separator it has."""
        typed = self._bare(text)
        return round(float(re.sub("[,\u066b]", ".", typed.replace("\u2212", "-"))), self.decimals())

    def _bare(self, text: str) -> str:
        # Some languages put marks without width before a sign.
        bare = text.removeprefix(self.prefix()).removesuffix(self.suffix())
        return re.sub("[\u200e\u200f\u061c]", "", bare).strip()


class NumberField(DecimalBox):
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
