"""The track of a strength: a slider with zero in the middle that shows where its results can be trusted."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from fvae_studio.gui.theme import colours_of

LIMIT: Final = 100.0
"""Percent at either end."""

_HANDLE_PX: Final = 12
_MARGIN_PX: Final = 9
_DETENT: Final = 2.5
"""Percent on both sides of zero at which a drag rests on zero."""
_FINE: Final = 0.1
"""How much slower the handle is while Shift is held."""


class StrengthTrack(QAbstractSlider):
    """Drag, click or keys change the percentage; Shift is fine, double click or Delete goes back to zero.

    The wheel is left to the panel around it: scrolling a list must not change a face.
    """

    percent_changed = Signal(float)
    """By a person, while it happens."""
    settled = Signal()
    """The hand let go, or a key came up."""
    reset_requested = Signal()

    def __init__(self, parent: QWidget | None = None, *, low: float = -LIMIT, high: float = LIMIT) -> None:
        super().__init__(parent)
        self._low, self._high = low, high
        self._percent = 0.0
        self._origin = 0.0
        self._trusted = (low, high)
        self._press: tuple[float, float] | None = None
        self._before_drag = 0.0
        self._keys_moved = False
        # The integer value of the base class is what assistive technology reads.
        self.setRange(round(low), round(high))
        self.setSingleStep(1)
        self.setPageStep(10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def percent(self) -> float:
        """What is shown, which may lie beyond the ends."""
        return self._percent

    @property
    def is_beyond_trust(self) -> bool:
        """Whether the value lies outside the range in which results were checked."""
        low, high = self._trusted
        return not low <= self._percent <= high

    def set_percent(self, percent: float) -> None:
        """Show a value; no signal."""
        if percent == self._percent:
            return
        self._percent = percent
        with QSignalBlocker(self):
            self.setValue(round(min(max(percent, self._low), self._high)))
        self.update()

    def set_trusted(self, low: float, high: float) -> None:
        """Set the trusted range, in percent."""
        self._trusted = (low, high)
        self.update()

    def set_origin(self, percent: float) -> None:
        """Where the filled part begins and double click leads: 0, or 100 for an amount."""
        self._origin = percent
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Wide enough for a hand."""
        return QSize(140, 22)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Still usable."""
        return QSize(70, 22)

    # Geometry

    def _x_of(self, percent: float) -> float:
        share = (min(max(percent, self._low), self._high) - self._low) / (self._high - self._low)
        return _MARGIN_PX + share * (self.width() - 2 * _MARGIN_PX)

    def _percent_at(self, x: float) -> float:
        share = (x - _MARGIN_PX) / max(1, self.width() - 2 * _MARGIN_PX)
        return self._low + min(max(share, 0.0), 1.0) * (self._high - self._low)

    # Events

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take the handle, or bring it here."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._before_drag = self._percent
        x = event.position().x()
        on_handle = abs(x - self._x_of(self._percent)) <= _HANDLE_PX * 0.7
        if not on_handle and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._move_to(self._detent(self._percent_at(x)))
        # The drag runs on where the handle would be without the detent.
        self._press = (x, min(max(self._percent, self._low), self._high))
        self.setSliderDown(True)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag."""
        if self._press is None:
            return
        x, percent = event.position().x(), self._press[1]
        per_px = (self._high - self._low) / max(1, self.width() - 2 * _MARGIN_PX)
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        percent += (x - self._press[0]) * per_px * (_FINE if fine else 1.0)
        self._press = (x, percent)
        percent = min(max(percent, self._low), self._high)
        self._move_to(round(percent, 1) if fine else self._detent(percent))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        if self._press is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._end_drag()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Back to the origin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = None
            self.setSliderDown(False)
            self.reset_requested.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Leave it to the scroll area."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows by 1 (Shift: 0.1), Page keys by 10, Home, End; Delete resets, Escape takes a drag back."""
        key = event.key()
        if key == Qt.Key.Key_Escape and self._press is not None:
            self._move_to(self._before_drag)
            self._end_drag()
            return
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset_requested.emit()
            return
        step = _FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        target = {
            Qt.Key.Key_Right: self._percent + step,
            Qt.Key.Key_Up: self._percent + step,
            Qt.Key.Key_Left: self._percent - step,
            Qt.Key.Key_Down: self._percent - step,
            Qt.Key.Key_PageUp: self._percent + 10,
            Qt.Key.Key_PageDown: self._percent - 10,
            Qt.Key.Key_Home: self._low,
            Qt.Key.Key_End: self._high,
        }.get(Qt.Key(key))
        if target is None or event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
        ):
            event.ignore()
            return
        self._keys_moved = True
        # A typed number may lie beyond the ends; a step must not throw it back.
        low, high = min(self._low, self._percent), max(self._high, self._percent)
        self._move_to(round(min(max(target, low), high), 1))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """A key came up: what it did is done."""
        if self._keys_moved and not event.isAutoRepeat():
            self._keys_moved = False
            self.settled.emit()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Whoever looks away is done."""
        if self._keys_moved:
            self._keys_moved = False
            self.settled.emit()
        super().focusOutEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Groove with its trusted part, filled from the origin to the handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, enabled = colours_of(self.palette()), self.isEnabled()
        middle = self.height() / 2
        warning = QColor(colours.warning)
        groove = self.palette().color(QPalette.ColorRole.Dark)
        self._paint_groove(painter, middle, groove, warning if enabled else groove)
        x = self._x_of(self._percent)
        origin = self._x_of(self._origin)
        painter.setPen(QPen(groove, 1))
        painter.drawLine(QPointF(origin, middle - 5), QPointF(origin, middle + 5))
        if not enabled:
            return
        fill = warning if self.is_beyond_trust else self.palette().color(QPalette.ColorRole.Highlight)
        if self._percent != self._origin:
            painter.fillRect(QRectF(min(x, origin), middle - 1.5, abs(x - origin), 3), fill)
        handle = QColor(colours.text)
        is_active = self.isSliderDown() or self.underMouse()
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Window), 2))
        painter.setBrush(fill if is_active or self.is_beyond_trust else handle)
        painter.drawEllipse(QPointF(x, middle), _HANDLE_PX / 2, _HANDLE_PX / 2)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(x, middle), _HANDLE_PX / 2 + 1.5, _HANDLE_PX / 2 + 1.5)

    # Parts

    def _paint_groove(self, painter: QPainter, middle: float, groove: QColor, warning: QColor) -> None:
        low, high = max(self._trusted[0], self._low), min(self._trusted[1], self._high)
        left, right = self._x_of(low), self._x_of(high)
        painter.fillRect(QRectF(left, middle - 1, right - left, 2), groove)
        pen = QPen(warning, 2, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([1.0, 1.5])
        painter.setPen(pen)
        if low > self._low:
            painter.drawLine(QPointF(self._x_of(self._low), middle), QPointF(left - 2, middle))
        if high < self._high:
            painter.drawLine(QPointF(right + 2, middle), QPointF(self._x_of(self._high), middle))

    def _detent(self, percent: float) -> float:
        if abs(percent - self._origin) <= _DETENT:
            return self._origin
        return float(round(percent))

    def _move_to(self, percent: float) -> None:
        if percent == self._percent:
            return
        self.set_percent(percent)
        self.percent_changed.emit(percent)

    def _end_drag(self) -> None:
        self._press = None
        self.setSliderDown(False)
        self.update()
        self.settled.emit()
