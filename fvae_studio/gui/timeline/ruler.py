"""The ruler above the tracks: times, what is played, which frames are ready, and the playhead to be dragged."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from fvae_studio.gui.theme import colours_of
from fvae_studio.gui.timeline.time_axis import LABEL_PX, Tick, TimeAxis, TimeScale, ticks
from fvae_studio.gui.timeline.track_view import AxisView

HEIGHT_PX: Final = 38
RANGE_PX: Final = 9
"""Height of the strip at the lower edge where in and out point are dragged."""

_GRAB_PX: Final = 7
_READY_PX: Final = 3


class _Drag(Enum):
    NONE = auto()
    PLAYHEAD = auto()
    IN = auto()
    OUT = auto()


class TimeRuler(AxisView):
    """A press anywhere moves the playhead there; the marks at the lower edge move the in and the out point."""

    scrubbed = Signal(float)
    """Seconds, while it happens."""
    scrub_ended = Signal()
    range_dragged = Signal(float, object)
    """(in, out or None), while it happens."""
    range_settled = Signal()

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, parent)
        self._ready: Collection[int] = ()
        self._drag = _Drag.NONE
        self.setFixedHeight(HEIGHT_PX)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Time of the clip"))
        self.setToolTip(self.tr("Drag to look at the clip; drag the marks below for what is played"))

    def set_ready(self, frames: Collection[int]) -> None:
        """Which frames can be shown at once."""
        if frames == self._ready:
            return
        self._ready = frames
        self.update(0, HEIGHT_PX - RANGE_PX - _READY_PX - 1, self.width(), _READY_PX + 2)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As wide as there is room."""
        return QSize(400, HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Ground, ticks, ready frames, range, playhead."""
        painter = QPainter(self)
        role, colours = QPalette.ColorRole, colours_of(self.palette())
        painter.fillRect(event.rect(), self.palette().color(role.Base))
        self.paint_range(painter)
        if event.rect().top() < HEIGHT_PX - RANGE_PX - _READY_PX - 1:
            self._paint_ticks(painter, event.rect())
        self._paint_ready(painter, QColor(colours.success))
        self._paint_range_marks(painter)
        painter.setPen(QPen(self.palette().color(role.Mid), 1))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        self.paint_playhead(painter)
        self._paint_head(painter)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(role.Highlight), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take the playhead, or a mark of the range."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._drag = self._what_is_at(event.position())
        if self._drag is _Drag.PLAYHEAD:
            self._scrub(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag it."""
        if self._drag is _Drag.PLAYHEAD:
            self._scrub(event)
        elif self._drag is _Drag.NONE:
            is_mark = self._what_is_at(event.position()) is not _Drag.PLAYHEAD
            self.setCursor(Qt.CursorShape.SizeHorCursor if is_mark else Qt.CursorShape.ArrowCursor)
        else:
            timeline = self.timeline
            time_s = self.axis.scale.time_at(event.position().x())
            is_free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            time_s = self.snap(time_s, leaving_out=None, is_free=is_free)
            if self._drag is _Drag.IN:
                self.range_dragged.emit(min(time_s, timeline.end_s), timeline.out_s)
            else:
                self.range_dragged.emit(timeline.in_s, max(time_s, timeline.in_s))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        ended, self._drag = self._drag, _Drag.NONE
        if ended is _Drag.PLAYHEAD:
            self.scrub_ended.emit()
        elif ended is not _Drag.NONE:
            self.range_settled.emit()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """On a mark of the range: all of the clip again."""
        if self._what_is_at(event.position()) in (_Drag.IN, _Drag.OUT):
            self.range_dragged.emit(0.0, None)
            self.range_settled.emit()

    # --- inside ---

    def _what_is_at(self, point: QPointF) -> _Drag:
        if point.y() < self.height() - RANGE_PX - 1:
            return _Drag.PLAYHEAD
        begin, end = self._range_x()
        near = min((abs(point.x() - begin), 0, _Drag.IN), (abs(point.x() - end), 1, _Drag.OUT))
        # Where both marks are at one place, the one that can move that way is meant.
        if begin == end and abs(point.x() - begin) <= _GRAB_PX:
            return _Drag.OUT if point.x() >= begin else _Drag.IN
        return near[2] if near[0] <= _GRAB_PX else _Drag.PLAYHEAD

    def _range_x(self) -> tuple[float, float]:
        scale, timeline = self.axis.scale, self.timeline
        return scale.x_of(timeline.in_s), scale.x_of(max(timeline.in_s, timeline.end_s))

    def _scrub(self, event: QMouseEvent) -> None:
        self.scrubbed.emit(self.axis.scale.time_at(event.position().x()))

    def _paint_ticks(self, painter: QPainter, rect: QRect) -> None:
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        muted, line = (
            self.palette().color(role) for role in (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Dark)
        )
        scale, bottom = self.axis.scale, self.height() - RANGE_PX - _READY_PX - 2
        for tick in _ticks(scale, self.width(), self.timeline.fps):
            x = round(scale.x_of(tick.time_s)) + 0.5
            # The playhead's strip alone, mostly.
            if x > rect.right() + 1 or x + (LABEL_PX if tick.text else 1) < rect.left():
                continue
            painter.setPen(line)
            painter.drawLine(QPointF(x, bottom - (8 if tick.text else 4)), QPointF(x, bottom))
            if tick.text:
                painter.setPen(muted)
                painter.drawText(QPointF(x + 4, 13), tick.text)

    def _paint_ready(self, painter: QPainter, colour: QColor) -> None:
        scale, fps = self.axis.scale, self.timeline.fps
        top = self.height() - RANGE_PX - _READY_PX
        for first, last in runs(self._ready):
            left, right = scale.x_of(max(0.0, (first - 0.5) / fps)), scale.x_of((last + 0.5) / fps)
            painter.fillRect(QRectF(left, top, right - left, _READY_PX), colour)

    def _paint_range_marks(self, painter: QPainter) -> None:
        if self.timeline.is_empty:
            return
        begin, end = self._range_x()
        top = self.height() - RANGE_PX
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        bar = QColor(self.palette().color(QPalette.ColorRole.Dark))
        painter.fillRect(QRectF(begin, top + 3, end - begin, 3), bar)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(begin - 4, top, 4, RANGE_PX - 1), 1.5, 1.5)
        painter.drawRoundedRect(QRectF(end, top, 4, RANGE_PX - 1), 1.5, 1.5)

    def _paint_head(self, painter: QPainter) -> None:
        x = round(self.axis.scale.x_of(self.axis.playhead_s)) + 0.5
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Highlight))
        corners = [(-6, 0), (6, 0), (6, 7), (0, 13), (-6, 7)]
        painter.drawPolygon(QPolygonF([QPointF(x + dx, dy) for dx, dy in corners]))


@lru_cache(maxsize=4)
def _ticks(scale: TimeScale, width_px: float, fps: float) -> tuple[Tick, ...]:
    return tuple(ticks(scale, width_px, fps))


def runs(frames: Collection[int]) -> list[tuple[int, int]]:
    """Frames that follow each other, as (first, last)."""
    found: list[tuple[int, int]] = []
    for frame in sorted(frames):
        if found and found[-1][1] == frame - 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found
