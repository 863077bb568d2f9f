"""The canvas: shows the photo with its edit, and tells what people do on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QThreadPool, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QStackedLayout, QWidget

from fvae_studio.core.geometry import Rect
from fvae_studio.core.types import Face, Photo
from fvae_studio.gui.canvas.compare import CompareMode, is_on_line, paint_label, paint_line, panes
from fvae_studio.gui.canvas.edit_layer import EditLayer
from fvae_studio.gui.canvas.empty_state import EmptyState
from fvae_studio.gui.canvas.faces import face_at, frame_of, next_face, paint_faces
from fvae_studio.gui.canvas.overlays import Overlay, paint_legend, paint_overlay
from fvae_studio.gui.canvas.photo_painter import paint_photo
from fvae_studio.gui.canvas.placement import Placement
from fvae_studio.gui.canvas.tiles import PhotoTiles
from fvae_studio.gui.theme import colours_of
from fvae_studio.pipeline.requests import RenderedEdit

ZOOM_STEP: Final = 1.25
PAN_STEP_PX: Final = 60
CLICK_PX: Final = 4
"""A press that moves less than this is a click."""

PREVIEW_FACE_PX: Final = 640
"""Previews are made at a level where the largest face is no larger than this: more does not follow a hand."""


class CanvasView(QWidget):
    """One photo, its faces, its edit, overlays and comparison. Holds nothing but what is shown."""

    face_clicked = Signal(object)
    """Number of a face, or None for the ground beside them."""
    face_drawn = Signal(object)
    """A `Rect` in photo pixels that a person drew around a face."""
    face_remove_requested = Signal(int)
    view_changed = Signal(float, object)
    """Zoom (screen pixels per photo pixel) and the visible part of the photo (`QRectF`)."""
    pixel_hovered = Signal(int, int, object)
    """Position and value (r, g, b) in the photo's depth; the value is None outside of it."""
    open_requested = Signal()
    sample_requested = Signal()
    draw_mode_left = Signal()
    """Drawing a face ended, by a frame or by Escape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)
        self._tiles: PhotoTiles | None = None
        self._layer = EditLayer(self._pool, self)
        self._placement: Placement | None = None
        self._is_fitted = True
        self._faces: tuple[Face, ...] = ()
        self._chosen: int | None = None
        self._edited: frozenset[int] = frozenset()
        self._hovered: int | None = None
        self._mode = CompareMode.OFF
        self._split = 0.5
        self._overlay, self._opacity = Overlay.NONE, 0.7
        self._is_original_held = self._is_space_held = self._is_drawing = False
        self._pressed = QPointF()
        self._dragging: str | None = None
        self._last = QPointF()
        self._build_ui()
        self._layer.changed.connect(self.update)

    def _build_ui(self) -> None:
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 200)
        self.setAccessibleName(self.tr("Photo"))
        self._empty = EmptyState(self)
        self._empty.open_requested.connect(self.open_requested)
        self._empty.sample_requested.connect(self.sample_requested)
        QStackedLayout(self).addWidget(self._empty)

    # --- what is shown ---

    def set_photo(self, photo: Photo | None, *, loading: str | None = None) -> None:
        """Show a photo, fitted; None shows what to do, or that `loading` is being read."""
        if self._tiles is not None and photo is self._tiles.photo:
            return
        if self._tiles is not None:
            self._tiles.close()
            self._tiles.deleteLater()
            self._tiles = None
        self._layer.set_edit(None)
        self._faces, self._chosen, self._hovered, self._edited = (), None, None, frozenset()
        self._empty.setVisible(photo is None)
        self._empty.set_loading(loading)
        self._placement = None
        if photo is not None:
            self._tiles = PhotoTiles(photo, self._pool, self)
            self._tiles.changed.connect(self.update)
            self.zoom_fit()
        self.update()

    def set_edit(self, edit: RenderedEdit | None) -> None:
        """Show an edit of the photo; one of another photo is not shown."""
        if edit is not None and (self._tiles is None or edit.request.photo is not self._tiles.photo):
            return
        self._layer.set_edit(edit)

    def set_faces(self, faces: Sequence[Face], chosen: int | None, edited: Collection[int]) -> None:
        """The faces that can be clicked, the chosen one's number (None for all), and those with an edit."""
        shown = (tuple(faces), chosen, frozenset(edited))
        if shown == (self._faces, self._chosen, self._edited):
            return
        self._faces, self._chosen, self._edited = shown
        if self._hovered not in {face.index for face in faces}:
            self._hovered = None
        self.setAccessibleDescription(self.tr("%n face(s) found", "", len(faces)))
        self.update()

    def set_compare_mode(self, mode: CompareMode) -> None:
        """How the original is shown beside the edit."""
        self._mode = mode
        if self._is_fitted:
            self.zoom_fit()
        self.update()

    def set_overlay(self, overlay: Overlay, *, opacity: float | None = None) -> None:
        """Which overlay is drawn, and how strongly (None: as before)."""
        self._overlay = overlay
        self._opacity = self._opacity if opacity is None else min(max(opacity, 0.0), 1.0)
        self.update()

    def set_original_shown(self, shown: bool) -> None:
        """While a key or button is held: the photo without its edit."""
        self._is_original_held = shown
        self.update()

    def set_draw_mode(self, drawing: bool) -> None:
        """The next drag draws a frame around a face that was missed."""
        self._is_drawing = drawing
        self.setCursor(Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.ArrowCursor)

    # --- zoom and pan ---

    @property
    def zoom(self) -> float:
        """Screen pixels (of the device) per photo pixel."""
        return self._placement.zoom * self.devicePixelRatioF() if self._placement else 1.0

    def zoom_fit(self) -> None:
        """The whole photo."""
        if self._tiles is None:
            return
        view = self._view_size()
        if self._mode is CompareMode.SIDE_BY_SIDE:
            view = QSizeF(view.width() / 2, view.height())
        fitted = Placement.fitted(QSizeF(self._tiles.photo.width, self._tiles.photo.height), view)
        self._place(fitted.resized(self._view_size()), is_fitted=True)

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Device pixels per photo pixel; `anchor` (view position, None: the middle) stays where it is."""
        if self._placement is not None:
            anchor = anchor or QPointF(self.width() / 2, self.height() / 2)
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

    def zoom_face(self, number: int | None = None) -> None:
        """The face of that number (None: the chosen one, else all of them) fills the view."""
        number = self._chosen if number is None else number
        frames = [frame_of(face) for face in self._faces if number is None or face.index == number]
        if self._placement is None or not frames:
            return
        around = frames[0]
        for frame in frames[1:]:
            around = around.united(frame)
        self._place(self._placement.around(around))

    def photo_to_view(self, x: float, y: float) -> QPointF:
        """Where a photo position (from the photo's corner) is seen now."""
        return self._placement.to_view(x, y) if self._placement is not None else QPointF()

    def level_for_view(self) -> int:
        """The level at which a preview is worth rendering: the view's, or a smaller one for very large faces."""
        if self._placement is None:
            return 0
        level = self._placement.level(self.devicePixelRatioF())
        largest = max((max(face.box.width, face.box.height) for face in self._faces), default=0)
        while largest >> level > PREVIEW_FACE_PX:
            level += 1
        return level

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Ground, photo, edit, overlay, faces, comparison."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(colours_of(self.palette()).canvas))
        if self._tiles is None or self._placement is None:
            painter.end()
            return
        view = QRectF(self.rect())
        for pane in panes(self._mode, view, self._split, original_only=self._is_original_held):
            painter.save()
            painter.setClipRect(pane.clip)
            placed = self._placement.moved_freely(pane.offset_x)
            layer = self._layer if pane.is_edited else None
            paint_photo(painter, placed, self._tiles, layer, clip=pane.clip, device_ratio=self.devicePixelRatioF())
            if pane.is_edited and self._overlay is not Overlay.NONE:
                paint_overlay(
                    painter, placed, self._overlay, edit=self._layer.edit, faces=self._faces, opacity=self._opacity
                )
            paint_faces(
                painter,
                placed,
                self._faces,
                chosen=self._chosen,
                hovered=self._hovered,
                edited=self._edited,
                show_all=self._chosen is None and not self._edited,
                accent=self.palette().color(QPalette.ColorRole.Highlight),
            )
            painter.restore()
        self._paint_above(painter, view)
        painter.end()

    def _paint_above(self, painter: QPainter, view: QRectF) -> None:
        if self._is_original_held:
            paint_label(painter, view, self.tr("Original"), at_right=False)
        elif self._mode is not CompareMode.OFF:
            paint_line(painter, self._mode, view, self._split)
            for pane in panes(self._mode, view, self._split, original_only=False):
                text = self.tr("Edited") if pane.is_edited else self.tr("Original")
                paint_label(painter, pane.clip, text, at_right=pane.is_edited)
        paint_legend(painter, view, self._overlay, self._layer.edit)
        if self._dragging == "draw":
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self._pressed, self._last).normalized())
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(view.adjusted(1, 1, -1, -1))

    # --- mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Begin a pan, a frame, or a move of the split line."""
        if self._tiles is None or self._placement is None:
            return
        self._pressed = self._last = event.position()
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and self._is_drawing:
            self._dragging = "draw"
        elif is_left and is_on_line(self._mode, QRectF(self.rect()), self._split, event.position()):
            self._dragging = "split"
        elif is_left or event.button() == Qt.MouseButton.MiddleButton:
            self._dragging = "maybe_pan"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on with it, or show what is under the mouse."""
        position = event.position()
        if self._tiles is None or self._placement is None:
            return
        if self._dragging == "split":
            self._split = min(max(position.x() / max(self.width(), 1), 0.0), 1.0)
        elif self._dragging == "maybe_pan" and (position - self._pressed).manhattanLength() > CLICK_PX:
            self._dragging = "pan"
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._dragging == "pan":
            step = position - self._last
            self._place(self._placement.moved(step.x(), step.y()))
        self._last = position
        if self._dragging is None:
            self._hover(position)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """End it; a click chooses a face."""
        kind, pressed = self._dragging, self._pressed
        self._dragging = None
        if kind == "pan":
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._is_space_held else Qt.CursorShape.ArrowCursor)
        elif kind == "draw":
            self._finish_frame(QRectF(self._photo_position(pressed), self._photo_position(event.position())))
        elif kind == "maybe_pan" and event.button() == Qt.MouseButton.LeftButton:
            self.face_clicked.emit(face_at(self._faces, self._photo_position(event.position())))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """A face: fill the view with it. The ground: between the whole photo and its pixels."""
        number = face_at(self._faces, self._photo_position(event.position())) if self._placement else None
        if number is not None:
            self.zoom_face(number)
        elif self._is_fitted:
            self.zoom_to(1.0, event.position())
        else:
            self.zoom_fit()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: ARG002, N802 (Qt's signature)
        """Nothing is under the mouse."""
        self._hovered = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """A wheel zooms to the cursor; a touchpad, or Shift, scrolls."""
        if self._placement is None:
            return
        modifiers = event.modifiers()
        turns, pixels = event.angleDelta(), event.pixelDelta()
        is_touchpad = not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            step = turns.y() or turns.x()
            self._place(self._placement.moved(step / 2, 0))
        elif is_touchpad and not modifiers & Qt.KeyboardModifier.ControlModifier:
            self._place(self._placement.moved(pixels.x(), pixels.y()))
        elif turns.y():
            self.zoom_to(self.zoom * ZOOM_STEP ** (turns.y() / 120), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Pinch on a touchpad zooms."""
        is_pinch = (
            isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        )
        if isinstance(event, QNativeGestureEvent) and is_pinch and self._placement is not None:
            self.zoom_to(self.zoom * (1 + event.value()), event.position())
            return True
        return super().event(event)

    # --- keyboard ---

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Pan, zoom, hold the original, remove or leave a face."""
        key = event.key()
        pans = {
            Qt.Key.Key_Left: (PAN_STEP_PX, 0),
            Qt.Key.Key_Right: (-PAN_STEP_PX, 0),
            Qt.Key.Key_Up: (0, PAN_STEP_PX),
            Qt.Key.Key_Down: (0, -PAN_STEP_PX),
        }
        if self._placement is not None and key in pans:
            self._place(self._placement.moved(*pans[Qt.Key(key)]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        elif key == Qt.Key.Key_Backslash and not event.isAutoRepeat():
            self.set_original_shown(True)
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif key == Qt.Key.Key_Delete and self._chosen is not None:
            self.face_remove_requested.emit(self._chosen)
        elif key == Qt.Key.Key_Escape and self._is_drawing:
            self._dragging = None
            self.set_draw_mode(False)
            self.draw_mode_left.emit()
        elif key == Qt.Key.Key_Escape and self._chosen is not None:
            self.face_clicked.emit(None)
        else:
            super().keyPressEvent(event)
            return
        self.update()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """The edit comes back; the hand lets go."""
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Backslash:
            self.set_original_shown(False)
        elif event.key() == Qt.Key.Key_Space:
            self._is_space_held = False
            self.setCursor(Qt.CursorShape.CrossCursor if self._is_drawing else Qt.CursorShape.ArrowCursor)
        else:
            super().keyReleaseEvent(event)

    def focusNextPrevChild(self, forwards: bool) -> bool:  # noqa: N802 (Qt's signature)
        """Tab goes through the faces first, then on to the next widget."""
        after = next_face(self._faces, self._chosen, backwards=not forwards) if self.hasFocus() else None
        if after is None:
            return super().focusNextPrevChild(forwards)
        self.face_clicked.emit(after)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """A fitted photo stays fitted."""
        super().resizeEvent(event)
        if self._placement is None:
            return
        if self._is_fitted:
            self.zoom_fit()
        else:
            self._place(self._placement.resized(self._view_size()))

    def close_threads(self, timeout_ms: int = 5000) -> None:
        """Wait for what is being made; before the window goes away."""
        if self._tiles is not None:
            self._tiles.close()
        self._pool.clear()
        self._pool.waitForDone(timeout_ms)

    # --- inside ---

    @Slot()
    def _place(self, placement: Placement, *, is_fitted: bool = False) -> None:
        self._placement, self._is_fitted = placement, is_fitted
        self.view_changed.emit(self.zoom, placement.visible)
        self.update()

    def _view_size(self) -> QSizeF:
        return QSizeF(max(self.width(), 1), max(self.height(), 1))

    def _photo_position(self, point: QPointF) -> QPointF:
        """View position -> photo position, in whichever pane it lies."""
        if self._placement is None:
            return QPointF()
        view = QRectF(self.rect())
        for pane in panes(self._mode, view, self._split, original_only=self._is_original_held):
            if pane.clip.contains(point):
                return self._placement.to_photo(point - QPointF(pane.offset_x, 0))
        return self._placement.to_photo(point)

    def _hover(self, point: QPointF) -> None:
        if self._tiles is None:
            return
        position = self._photo_position(point)
        self._hovered = face_at(self._faces, position)
        x, y = int(position.x() // 1), int(position.y() // 1)
        self.pixel_hovered.emit(x, y, self._tiles.pixel(x, y))
        if not self._is_drawing and not self._is_space_held:
            on_line = is_on_line(self._mode, QRectF(self.rect()), self._split, point)
            shape = Qt.CursorShape.SplitHCursor if on_line else Qt.CursorShape.ArrowCursor
            if self._hovered is not None and not on_line:
                shape = Qt.CursorShape.PointingHandCursor
            self.setCursor(shape)

    def _finish_frame(self, frame: QRectF) -> None:
        self.set_draw_mode(False)
        self.draw_mode_left.emit()
        if self._tiles is None:
            return
        frame = frame.normalized()
        left, top = round(frame.left()), round(frame.top())
        drawn = Rect(left, top, round(frame.right()) - left, round(frame.bottom()) - top)
        drawn = drawn.intersect(self._tiles.photo.bounds)
        if drawn.width >= 8 and drawn.height >= 8:
            self.face_drawn.emit(drawn)
