"""How much of the whole edit: 0 to 150 percent."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from fvae_studio.gui.widgets.number_field import NumberField
from fvae_studio.gui.widgets.strength_slider import NAME_EMS, NUMBER_EMS, fit_width
from fvae_studio.gui.widgets.strength_track import StrengthTrack

MOST: Final = 150.0
"""Percent."""


class AmountSlider(QWidget):
    """One row that scales all strengths of an edit; 100 is the edit as it was made."""

    amount_changed = Signal(float)
    """0..1.5, while it happens."""
    amount_settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_ui()
        self._track.percent_changed.connect(self._on_moved)
        self._track.settled.connect(self.amount_settled)
        self._track.reset_requested.connect(self._on_reset)
        self._number.edited.connect(self._on_number_edited)

    @property
    def amount(self) -> float:
        """What is shown."""
        return self._track.percent / 100

    def set_amount(self, amount: float) -> None:
        """Show an amount; no signal."""
        percent = round(amount * 100, 1)
        if percent == self._track.percent and percent == self._number.value():
            return
        self._track.set_percent(percent)
        with QSignalBlocker(self._number):
            self._number.setValue(percent)

    def _build_ui(self) -> None:
        name, tip = self.tr("Amount"), self.tr("Scales the whole edit; 100 is as it was made. Double click resets.")
        self._title = title = QLabel(name)
        title.setProperty("role", "heading")
        self._track = StrengthTrack(low=0.0, high=MOST)
        self._track.set_origin(100.0)
        self._number = NumberField(0.0, MOST)
        for widget in (title, self._track, self._number):
            widget.setToolTip(tip)
        self._track.setAccessibleName(name)
        self._number.setAccessibleName(self.tr("Amount, number"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (title, self._track, self._number):
            layout.addWidget(widget)
        self._fit()
        self.set_amount(1.0)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Columns go with the text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        fit_width(self._title, NAME_EMS, self.font())
        fit_width(self._number, NUMBER_EMS, self.font())

    @Slot(float)
    def _on_moved(self, percent: float) -> None:
        self.set_amount(percent / 100)
        self.amount_changed.emit(percent / 100)

    @Slot(float)
    def _on_number_edited(self, percent: float) -> None:
        self._on_moved(percent)
        self.amount_settled.emit()

    @Slot()
    def _on_reset(self) -> None:
        if self.amount != 1.0:
            self._on_number_edited(100.0)
