"""What ruler and tracks have in common: the axis, the playhead, and a key that is dragged."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPainter, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from fvae_studio.core.timeline import Timeline
from fvae_studio.core.timeline_keys import KeyPlace, key_times, snapped
from fvae_studio.gui.timeline.time_axis import TimeAxis

SNAP_PX: Final = 7
_NOTCH: Final = 120


class AxisView(QWidget):
    """A widget along the time axis.

    Args:
        axis: shared by all.
    """

    scroll_requested = Signal(float)
    """By so many pixels to the right."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.timeline = Timeline()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        axis.changed.connect(self.update)
        axis.playhead_moved.connect(self._on_playhead_moved)

    def set_timeline(self, timeline: Timeline) -> None:
        """Show another one."""
        self.timeline = timeline
        self.update()

    def snap(self, time_s: float, *, leaving_out: float | None, is_free: bool) -> float:
        """Where a time comes to rest that is `SNAP_PX` or less from something.

        Args:
            time_s: where the hand is.
            leaving_out: the time of the key that is moved: it does not hold itself.
            is_free: Shift is held.
        """
        if is_free:
            return round(max(0.0, time_s), 3)
        magnets = [one for one in key_times(self.timeline) if leaving_out is None or abs(one - leaving_out) > 1e-6]
        magnets.append(self.axis.playhead_s)
        return snapped(time_s, self.timeline.fps, magnets, SNAP_PX / self.axis.scale.px_per_s)

    def paint_playhead(self, painter: QPainter) -> None:
        """The line through this row."""
        x = round(self.axis.scale.x_of(self.axis.playhead_s)) + 0.5
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1))
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))

    def paint_range(self, painter: QPainter) -> None:
        """What is not played is darker."""
        timeline, scale = self.timeline, self.axis.scale
        shade = QColor(self.palette().color(QPalette.ColorRole.Shadow))
        shade.setAlphaF(0.22)
        left, right = scale.x_of(timeline.in_s), scale.x_of(max(timeline.in_s, timeline.end_s))
        painter.fillRect(QRectF(0, 0, left, self.height()), shade)
        painter.fillRect(QRectF(right, 0, self.width() - right, self.height()), shade)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Control zooms around the mouse; sideways or with Shift goes along; the rest scrolls the tracks."""
        turns, modifiers = event.angleDelta(), event.modifiers()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self.axis.zoom(1.25 ** (turns.y() / _NOTCH), event.position().x())
        elif modifiers & Qt.KeyboardModifier.ShiftModifier or abs(turns.x()) > abs(turns.y()):
            self.scroll_requested.emit(-(turns.y() or turns.x()) / 2)
        else:
            event.ignore()
            return
        event.accept()

    @Slot(float, float)
    def _on_playhead_moved(self, before: float, now: float) -> None:
        # Only two strips: while it plays, the curves need not be drawn anew.
        for time_s in (before, now):
            x = round(self.axis.scale.x_of(time_s))
            self.update(QRect(x - 8, 0, 17, self.height()))


class TrackView(AxisView):
    """A row with keys that can be chosen and dragged.

    Args:
        axis: shared by all.
        direction: of a slider track; None: photos.
    """

    key_chosen = Signal(object)
    """`KeyPlace` of the key that was pressed, or None for the ground."""
    key_dragged = Signal(object, float, object)
    """(place at the press, time, value or None), while it happens."""
    key_settled = Signal()
    """The hand let go."""
    key_copied = Signal(object, float)
    """(place, time): dragged with Control."""
    menu_requested = Signal(object, object)
    """(`KeyPlace`, global position)."""

    def __init__(self, axis: TimeAxis, direction: str | None, parent: QWidget | None = None) -> None:
        super().__init__(axis, parent)
        self.direction = direction
        self.chosen: KeyPlace | None = None
        self._hovered: KeyPlace | None = None
        self._pressed: KeyPlace | None = None
        self._press_at = QPointF()
        self._is_dragging = False
        self.setMouseTracking(True)
        # The ruler has the keyboard for all: a scroll area would keep the arrows for itself.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_chosen(self, place: KeyPlace | None) -> None:
        """Mark a key, if it is of this row."""
        chosen = place if place is not None and place.direction == self.direction else None
        if chosen != self.chosen:
            self.chosen = chosen
            self.update()

    def place_at(self, point: QPointF) -> KeyPlace | None:
        """The key under a view position."""
        raise NotImplementedError

    def value_at(self, point: QPointF) -> float | None:  # noqa: ARG002 (of rows whose keys have a value)
        """The value that a key has which is dragged there; None where keys have none."""
        return None

    def is_chosen(self, time_s: float) -> bool:
        """Whether the key at a time is the chosen one."""
        return self.chosen is not None and math.isclose(self.chosen.time_s, time_s, abs_tol=1e-6)

    def is_hovered(self, time_s: float) -> bool:
        """Whether the mouse is over the key at a time."""
        return self._hovered is not None and math.isclose(self._hovered.time_s, time_s, abs_tol=1e-6)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's names)
        """Choose a key, and perhaps begin to drag it."""
        place = self.place_at(event.position())
        self._press_at, self._is_dragging = event.position(), False
        self._pressed = place if event.button() == Qt.MouseButton.LeftButton else None
        self.key_chosen.emit(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag it."""
        if self._pressed is None:
            hovered = self.place_at(event.position())
            if hovered != self._hovered:
                self._hovered = hovered
                self.setCursor(Qt.CursorShape.PointingHandCursor if hovered else Qt.CursorShape.ArrowCursor)
                self.update()
            return
        moved = event.position() - self._press_at
        if not self._is_dragging and moved.manhattanLength() < QApplication.startDragDistance():
            return
        if not self._is_dragging:
            self._is_dragging = True
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.key_copied.emit(self._pressed, self._pressed.time_s)
                # What is dragged on is the copy.
                self._pressed = self.chosen or self._pressed
        is_free = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        time_s = self._pressed.time_s + moved.x() / self.axis.scale.px_per_s
        time_s = self.snap(time_s, leaving_out=self._own_time(), is_free=is_free)
        self.key_dragged.emit(self._pressed, time_s, self.value_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        if self._is_dragging:
            self.key_settled.emit()
        self._pressed, self._is_dragging = None, False
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Of the key under the mouse."""
        place = self.place_at(QPointF(event.pos()))
        if place is not None:
            self.key_chosen.emit(place)
            self.menu_requested.emit(place, event.globalPos())

    def leaveEvent(self, event: object) -> None:  # noqa: ARG002, N802
        """Nothing is under the mouse."""
        self._hovered = None
        self.update()

    def _own_time(self) -> float:
        # The key that is dragged stands in the timeline where the last move put it.
        return self.chosen.time_s if self.chosen is not None else (self._pressed.time_s if self._pressed else 0.0)
