"""The keys of one direction along the axis: closed a row of marks, open a curve whose keys have a height."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from fvae_studio.core.edits import MAX_STRENGTH
from fvae_studio.core.timeline import SliderKey, SliderTrack, Timeline
from fvae_studio.core.timeline_keys import KeyPlace
from fvae_studio.gui.theme import colours_of
from fvae_studio.gui.timeline.photo_track import diamond
from fvae_studio.gui.timeline.time_axis import TimeAxis
from fvae_studio.gui.timeline.track_view import TrackView

CLOSED_PX, OPEN_PX = 30, 96
_PAD_PX: Final = 10
_REACH_PX: Final = 5
_GRAB_PX: Final = 9
_STEP_PX: Final = 3
_VALUE_STEP: Final = 0.01
_DETENT: Final = 0.03


class SliderTrackView(TrackView):
    """Marks are dragged in time; in an open track also in value.

    Args:
        axis: shared by all.
        direction: whose strength.
        label: of the direction, for people.
    """

    key_added = Signal(str, float, object)
    """(direction, time, value or None for that of the curve): a double click."""

    def __init__(self, axis: TimeAxis, direction: str, label: str, parent: QWidget | None = None) -> None:
        super().__init__(axis, direction, parent)
        self._track = SliderTrack(direction)
        self._is_open = False
        self.setAccessibleName(self.tr("Keys of {name}").format(name=label))
        self.setToolTip(self.tr("Double click puts a key; drag keys in time, in an open track also in strength"))
        self.set_open(False)

    def set_open(self, is_open: bool) -> None:
        """Show the curve, or the marks only."""
        self._is_open = is_open
        self.setFixedHeight(OPEN_PX if is_open else CLOSED_PX)
        self.update()

    def set_timeline(self, timeline: Timeline) -> None:
        """Show another one."""
        super().set_timeline(timeline)
        self._track = timeline.track_of(self.direction or "")
        texts = (
            self.tr("{percent:.0f} % at {seconds:.2f} s").format(percent=key.value * 100, seconds=key.time_s)
            for key in self._track.keys
        )
        self.setAccessibleDescription("; ".join(texts))

    @property
    def limit(self) -> float:
        """The strength at the upper edge."""
        most = max((abs(key.value) for key in self._track.keys), default=0.0)
        return 1.0 if most <= 1 else MAX_STRENGTH

    def point_of(self, key: SliderKey) -> QPointF:
        """Where a key's mark is."""
        return QPointF(self.axis.scale.x_of(key.time_s), self._y_of(key.value) if self._is_open else self.height() / 2)

    def place_at(self, point: QPointF) -> KeyPlace | None:
        """The key whose mark is nearest, if it is near."""
        found = [(self.point_of(key) - point, key) for key in self._track.keys]
        near = [(away.manhattanLength(), key.time_s) for away, key in found if away.manhattanLength() <= _GRAB_PX]
        return KeyPlace(self.direction, min(near)[1]) if near else None

    def value_at(self, point: QPointF) -> float | None:
        """The strength at a height, in whole per cent, resting at zero; None in a closed track."""
        if not self._is_open:
            return None
        room = self.height() / 2 - _PAD_PX
        value = (self.height() / 2 - point.y()) / room * self.limit
        value = 0.0 if abs(value) < _DETENT * self.limit else round(value / _VALUE_STEP) * _VALUE_STEP
        return min(max(round(value, 4), -self.limit), self.limit)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's names)
        """Put a key."""
        if self.place_at(event.position()) is None and event.button() == Qt.MouseButton.LeftButton:
            is_free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            time_s = self.snap(self.axis.scale.time_at(event.position().x()), leaving_out=None, is_free=is_free)
            self.key_added.emit(self.direction or "", time_s, self.value_at(event.position()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Ground, zero line, curve, keys, playhead."""
        painter = QPainter(self)
        role = QPalette.ColorRole
        painter.fillRect(event.rect(), self.palette().color(role.Base if self._is_open else role.Window))
        self.paint_range(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self.palette().color(role.Mid), 1))
        middle = self.height() // 2
        painter.drawLine(event.rect().left(), middle, event.rect().right(), middle)
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_open:
            self._paint_curve(painter, event.rect().left() - _STEP_PX, event.rect().right() + _STEP_PX)
            self._paint_limits(painter)
        for key in self._track.keys:
            point = self.point_of(key)
            if QRectF(event.rect()).adjusted(-8, -8, 8, 8).contains(point):
                self._paint_key(painter, key, point)
        self.paint_playhead(painter)
        painter.end()

    # --- inside ---

    def _y_of(self, value: float) -> float:
        room = self.height() / 2 - _PAD_PX
        return self.height() / 2 - value / self.limit * room

    def _paint_curve(self, painter: QPainter, left: int, right: int) -> None:
        scale = self.axis.scale
        path = QPainterPath()
        # The keys themselves, so that a corner or a jump is not cut.
        times = {scale.time_at(x) for x in range(left, right + _STEP_PX, _STEP_PX)}
        for key in self._track.keys:
            if scale.time_at(left) < key.time_s < scale.time_at(right):
                times |= {key.time_s, max(0.0, key.time_s - 1e-5)}
        for number, time_s in enumerate(sorted(times)):
            point = QPointF(scale.x_of(time_s), self._y_of(self._track.value_at(time_s)))
            path.lineTo(point) if number else path.moveTo(point)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1.6))
        painter.drawPath(path)

    def _paint_limits(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        percent = round(self.limit * 100)
        right = self.width() - 6
        for text, y in ((f"+{percent}", 12), (f"−{percent}", self.height() - 5)):
            painter.drawText(QPointF(right - painter.fontMetrics().horizontalAdvance(text), y), text)

    def _paint_key(self, painter: QPainter, key: SliderKey, point: QPointF) -> None:
        role = QPalette.ColorRole
        is_chosen = self.is_chosen(key.time_s)
        reach = _REACH_PX + (1 if is_chosen or self.is_hovered(key.time_s) else 0)
        painter.setPen(QPen(self.palette().color(role.Window), 1.5))
        painter.setBrush(self.palette().color(role.Highlight) if is_chosen else QColor(colours_of(self.palette()).text))
        painter.drawPath(diamond(point.x(), point.y(), reach))
