"""One direction in one row: changed dot, name, track and number."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontInfo, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from fvae_studio.core.edits import MAX_STRENGTH
from fvae_studio.gui.widgets.elided_label import ElidedLabel
from fvae_studio.gui.widgets.number_field import NumberField
from fvae_studio.gui.widgets.strength_track import LIMIT, StrengthTrack

NAME_EMS: Final = 9.8
NUMBER_EMS: Final = 3.9
"""Widths of the columns, in heights of the text: larger text needs wider ones. A number may be -199.9."""


def fit_width(part: QWidget, ems: float, font: QFont) -> None:
    """Give a part of a row a fixed width that goes with the row's text size."""
    part.setFixedWidth(round(ems * QFontInfo(font).pixelSize()))


class ChangedDot(QWidget):
    """A dot that shows while a value differs from its default."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_on = False
        self.setFixedSize(10, 16)

    def set_on(self, on: bool) -> None:
        """Show or hide the dot; the space stays."""
        if on != self.is_on:
            self.is_on = on
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """The dot, if it is on."""
        if not self.is_on:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Highlight))
        painter.drawEllipse(QPointF(self.width() / 2, self.height() / 2), 2.5, 2.5)


class StrengthSlider(QWidget):
    """Shows one strength and tells what a person wants of it.

    The track runs from -100 to 100; numbers up to 200 may be typed, and stand at the end of the track.

    Args:
        name: of the direction.
        label: what people read.
        description: one sentence for the tooltip.
        trusted: smallest and largest strength at which results were checked.
    """

    strength_changed = Signal(str, float)
    """(name, strength), while it happens; 1.0 is 100."""
    strength_settled = Signal(str)
    """The hand let go, a number was committed, or the slider was reset."""

    def __init__(
        self,
        name: str,
        label: str,
        description: str = "",
        trusted: tuple[float, float] = (-1.0, 1.0),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.label = label
        self.description = description
        self._trusted = trusted
        self._tells_beyond: bool | None = None
        self._build_ui()
        self._connect()

    @property
    def strength(self) -> float:
        """What is shown."""
        return self.track.percent / 100

    @property
    def is_changed(self) -> bool:
        """Whether the dot shows."""
        return self._dot.is_on

    def set_strength(self, strength: float) -> None:
        """Show a strength; no signal."""
        percent = round(strength * 100, 1) + 0.0  # -0.0 would be shown as -0
        if percent == self.track.percent and percent == self.number.value():
            # A drag tells every slider of the panel its strength, a hundred times in a second.
            return
        self.track.set_percent(percent)
        with QSignalBlocker(self.number):
            self.number.setValue(percent)
        self._dot.set_on(percent != 0)
        self._refresh_tip()

    @Slot()
    def reset(self) -> None:
        """Back to zero, as a person would do it."""
        if self.strength == 0:
            return
        self._report(0.0)
        self.strength_settled.emit(self.name)

    def _build_ui(self) -> None:
        self._dot = ChangedDot()
        self._title = ElidedLabel(self.label)
        self._title.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.track = StrengthTrack()
        self.track.set_trusted(self._trusted[0] * 100, self._trusted[1] * 100)
        self.track.setAccessibleName(self.label)
        self.track.setAccessibleDescription(self.description)
        self.number = NumberField(-MAX_STRENGTH * LIMIT, MAX_STRENGTH * LIMIT)
        self.number.setAccessibleName(self.tr("{name}, number").format(name=self.label))
        self.number.setToolTip(self.tr("Type a number from -200 to 200"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (self._dot, self._title, self.track, self.number):
            layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit()
        self._refresh_tip()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Columns go with the text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        fit_width(self._title, NAME_EMS, self.font())
        fit_width(self.number, NUMBER_EMS, self.font())

    def _connect(self) -> None:
        self.track.percent_changed.connect(self._on_track_moved)
        self.track.settled.connect(self._on_settled)
        self.track.reset_requested.connect(self.reset)
        self.number.edited.connect(self._on_number_edited)
        self._title.installEventFilter(self)
        self._dot.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """A double click on the name resets as well."""
        if event.type() == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent):
            self.reset()
            return True
        return super().eventFilter(watched, event)

    @Slot(float)
    def _on_track_moved(self, percent: float) -> None:
        self._report(percent / 100)

    @Slot(float)
    def _on_number_edited(self, percent: float) -> None:
        self._report(percent / 100)
        self.strength_settled.emit(self.name)

    @Slot()
    def _on_settled(self) -> None:
        self.strength_settled.emit(self.name)

    def _report(self, strength: float) -> None:
        self.set_strength(strength)
        self.strength_changed.emit(self.name, strength)

    def _refresh_tip(self) -> None:
        is_beyond = self.track.is_beyond_trust
        if is_beyond == self._tells_beyond:
            return
        self._tells_beyond = is_beyond
        lines = [self.description or self.label]
        low, high = self._trusted
        if is_beyond:
            lines.append(
                self.tr("Beyond {low:.0f} to {high:.0f}, results were not checked: look closely.").format(
                    low=low * 100, high=high * 100
                )
            )
        lines.append(self.tr("Double click resets; Shift moves in fine steps."))
        self._title.setToolTip("\n".join(lines))
        self.track.setToolTip("\n".join(lines))
