"""Zoom and pan of a photo in a widget, by wheel, touchpad, fingers and keys; what is drawn there is up to others."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QInputDevice, QKeyEvent, QNativeGestureEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from fvae_studio.core.project_file import PhotoView
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.background import Background
from fvae_studio.gui.canvas.photo_painter import visible_keys
from fvae_studio.gui.canvas.placement import Placement
from fvae_studio.gui.canvas.tiles import PhotoTiles

ZOOM_STEP: Final = 1.25
PAN_STEP_PX: Final = 60
_NOTCH: Final = 120
"""`angleDelta` of one notch of a wheel."""

_PANS: Final = {
    Qt.Key.Key_Left: (PAN_STEP_PX, 0),
    Qt.Key.Key_Right: (-PAN_STEP_PX, 0),
    Qt.Key.Key_Up: (0, PAN_STEP_PX),
    Qt.Key.Key_Down: (0, -PAN_STEP_PX),
}

ZOOM_KEYS: Final = frozenset(
    {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_1}
)  # fmt: skip


class Viewport(QWidget):
    """A photo's tiles and where they lie. Panes (halves of the widget) share one placement."""

    view_changed = Signal(float, object)
    """Zoom (screen pixels per photo pixel) and the visible part of the photo (`QRectF`)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._tiles: PhotoTiles | None = None
        self._placement: Placement | None = None
        self._is_fitted = True
        self._screen: bytes | None = None
        self._wheel_zooms = True
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.grabGesture(Qt.GestureType.PinchGesture)

    @property
    def zoom(self) -> float:
        """Screen pixels (of the device) per photo pixel."""
        return self._placement.zoom * self.devicePixelRatioF() if self._placement else 1.0

    @property
    def photo_view(self) -> PhotoView | None:
        """The part of the photo that is looked at; None while it is fitted."""
        if self._placement is None or self._is_fitted:
            return None
        return PhotoView(self.zoom, self._placement.x, self._placement.y)

    @property
    def is_settled(self) -> bool:
        """Whether all that can be seen now is drawn as sharply as it can be."""
        return self._tiles is None or self._tiles.is_complete

    def photo_to_view(self, x: float, y: float) -> QPointF:
        """Where a photo position (from the photo's corner) is seen now."""
        return self._placement.to_view(x, y) if self._placement is not None else QPointF()

    def set_wheel_zooms(self, zooms: bool) -> None:
        """Whether a wheel zooms by itself, or scrolls and zooms with Ctrl."""
        self._wheel_zooms = zooms

    def set_screen_profile(self, icc: bytes | None) -> None:
        """Show colours for the screen of this profile; None for sRGB."""
        if icc == self._screen:
            return
        self._screen = icc
        if self._tiles is not None:
            self._tiles.close()
            self._tiles = PhotoTiles(self._tiles.photo, self._background, self.update, screen=icc)
        self.update()

    def zoom_fit(self) -> None:
        """The whole photo."""
        if self._tiles is not None:
            size = QSizeF(self._tiles.photo.width, self._tiles.photo.height)
            fitted = Placement.fitted(size, self._pane_size(), device_ratio=self.devicePixelRatioF())
            self._place(fitted, is_fitted=True)

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Device pixels per photo pixel; `anchor` (view position, None: the middle) stays where it is."""
        if self._placement is not None:
            pane = self._pane_size()
            middle = QPointF(pane.width() / 2, pane.height() / 2)
            anchor = middle if anchor is None else anchor - self._pane_at(anchor).topLeft()
            self._place(self._placement.zoomed(zoom / self.devicePixelRatioF(), anchor))

    def zoom_in(self) -> None:
        """One step closer."""
        self.zoom_to(self.zoom * ZOOM_STEP)

    def zoom_out(self) -> None:
        """One step back."""
        self.zoom_to(self.zoom / ZOOM_STEP)

    def zoom_actual(self) -> None:
        """One photo pixel per pixel of the screen."""
        self.zoom_to(1.0)

    def close_threads(self, timeout_ms: int = 5000) -> None:
        """Wait for what is being made; before the window goes away."""
        if self._tiles is not None:
            self._tiles.close()
        self._background.close(timeout_ms)

    # --- for the canvas ---

    def _show_photo(self, photo: Photo | None, view: PhotoView | None) -> None:
        if self._tiles is not None:
            self._tiles.close()
        self._tiles, self._placement = None, None
        if photo is not None:
            self._tiles = PhotoTiles(photo, self._background, self.update, screen=self._screen)
            if view is None:
                self.zoom_fit()
            else:
                size = QSizeF(photo.width, photo.height)
                zoom = view.zoom / self.devicePixelRatioF()
                self._place(Placement.at(size, self._pane_size(), zoom, view.x, view.y))
        self.update()

    def _pane_size(self) -> QSizeF:
        return QSizeF(max(self.width(), 1), max(self.height(), 1))

    def _pane_at(self, _point: QPointF) -> QRectF:
        return QRectF(self.rect())

    def _photo_position(self, point: QPointF) -> QPointF:
        """View position -> photo position, in whichever pane it lies."""
        if self._placement is None:
            return QPointF()
        return self._placement.to_photo(point - self._pane_at(point).topLeft())

    def _place(self, placement: Placement, *, is_fitted: bool = False) -> None:
        self._placement, self._is_fitted = placement, is_fitted
        self.view_changed.emit(self.zoom, placement.visible)
        self.update()

    def _pan(self, dx: float, dy: float) -> None:
        if self._placement is not None and (dx or dy):
            self._place(self._placement.moved(dx, dy))

    def _want_visible(self) -> None:
        """Ask for the tiles of what is seen now."""
        if self._tiles is not None and self._placement is not None:
            self._tiles.want(*visible_keys(self._placement, self._tiles, device_ratio=self.devicePixelRatioF()))

    def _refit(self) -> None:
        """After the panes' size changed: a fitted photo stays fitted, another keeps its middle."""
        if self._placement is None:
            return
        if self._is_fitted:
            self.zoom_fit()
        else:
            self._place(self._placement.resized(self._pane_size()))

    # --- events ---

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """A wheel zooms to the cursor, or scrolls if that is wanted; Ctrl always zooms. A touchpad scrolls.

        Shift and a wheel that is tilted scroll sideways.
        """
        if self._placement is None:
            return
        modifiers, turns, pixels = event.modifiers(), event.angleDelta(), event.pixelDelta()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._pan((turns.y() or turns.x()) / 2, 0)
        elif turns.y() and (
            modifiers & Qt.KeyboardModifier.ControlModifier or (self._wheel_zooms and not _is_touchpad(event))
        ):
            self.zoom_to(self.zoom * ZOOM_STEP ** (turns.y() / _NOTCH), event.position())
        elif pixels.isNull():
            self._pan(turns.x() / 2, turns.y() / 2)
        else:
            self._pan(pixels.x(), pixels.y())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Pinch on a touchpad or on a screen."""
        if isinstance(event, QNativeGestureEvent) and self._placement is not None:
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_to(self.zoom * (1 + event.value()), event.position())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture) and self._placement is not None:
                moved = pinch.centerPoint() - pinch.lastCenterPoint()
                self._pan(moved.x(), moved.y())
                self.zoom_to(self.zoom * pinch.scaleFactor(), QPointF(self.mapFromGlobal(pinch.centerPoint())))
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows pan, + and - zoom, 0 fits, 1 shows actual pixels."""
        key = event.key()
        is_plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        zooms = {
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Equal: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_0: self.zoom_fit,
            Qt.Key.Key_1: self.zoom_actual,
        }
        if is_plain and self._placement is not None and key in _PANS:
            self._pan(*_PANS[Qt.Key(key)])
        elif is_plain and key in zooms:
            zooms[Qt.Key(key)]()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """A fitted photo stays fitted."""
        super().resizeEvent(event)
        self._refit()


def _is_touchpad(event: QWheelEvent) -> bool:
    """Two fingers on a touchpad; only some systems say so of the device, others send the motion in phases."""
    is_phased = not event.pixelDelta().isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
    return is_phased or event.device().type() == QInputDevice.DeviceType.TouchPad
