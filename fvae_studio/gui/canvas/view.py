"""The canvas: shows the photo with its edit, and tells what people do on it."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from fvae_studio.core.geometry import Rect
from fvae_studio.core.project_file import PhotoView
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.compare import CompareMode, is_on_line
from fvae_studio.gui.canvas.display import CanvasDisplay
from fvae_studio.gui.canvas.faces import face_at, frame_of, next_face
from fvae_studio.gui.error_words import in_words

CLICK_PX: Final = 4
"""A press that moves less than this is a click."""

SMALLEST_FRAME_PX: Final = 8
"""A drawn frame with a shorter side (photo pixels) is a slip of the hand."""

HOLD_KEYS: Final = frozenset({Qt.Key.Key_Backslash, Qt.Key.Key_O})
"""While one of them is held, the original shows. The backslash is what photo editors use, and hard to reach on many
keyboards."""

_LAYOUT_MODIFIERS: Final = Qt.KeyboardModifier.GroupSwitchModifier | Qt.KeyboardModifier.ShiftModifier
"""What a keyboard may need for a backslash."""

_SPLIT_STEP: Final = 0.02


class _Drag(Enum):
    NONE = auto()
    PRESSED = auto()
    PAN = auto()
    SPLIT = auto()
    OUT = auto()
    FRAME = auto()


class CanvasView(CanvasDisplay):
    """One photo, its faces, its edit, overlays and comparison. Holds nothing but what is shown."""

    face_clicked = Signal(object)
    """Number of a face, or None for the ground beside them."""
    face_drawn = Signal(object)
    """A `Rect` in photo pixels that a person drew around a face."""
    face_remove_requested = Signal(int)
    pixel_hovered = Signal(int, int, object)
    """Position and value (r, g, b) as seen, in the photo's depth; the value is None outside of it."""
    split_moved = Signal()
    """A person moved the line between original and edit."""
    drag_out_began = Signal()
    """A person drags the result out of the window, with Ctrl held."""
    draw_mode_left = Signal()
    """Drawing a face ended, by a frame or by Escape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drag = _Drag.NONE
        self._is_space_held = self._is_drawing = False
        self._pressed = self._last = QPointF()

    def _show_photo(self, photo: Photo | None, view: PhotoView | None) -> None:
        # What a hand was at was meant for the photo before.
        self._drag = _Drag.NONE
        super()._show_photo(photo, view)

    def set_draw_mode(self, drawing: bool) -> None:
        """The next drag draws a frame around a face that was missed."""
        self._is_drawing = drawing
        self._refresh_cursor()

    # --- mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Begin a pan, a frame, a move of the split line, or (with Ctrl) to drag the result out."""
        if self._placement is None:
            return
        self._pressed = self._last = event.position()
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and self._is_drawing and not self._is_space_held:
            self._drag = _Drag.FRAME
        elif is_left and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._drag = _Drag.OUT
        elif is_left and self._is_on_line(event.position()):
            self._drag = _Drag.SPLIT
        elif is_left or event.button() == Qt.MouseButton.MiddleButton:
            self._drag = _Drag.PRESSED

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on with it, or show what is under the mouse."""
        position = event.position()
        if self._placement is None:
            return
        if self._drag is _Drag.SPLIT:
            self._move_split(position.x() / max(self.width(), 1))
        elif self._drag is _Drag.PRESSED and (position - self._pressed).manhattanLength() > CLICK_PX:
            self._drag = _Drag.PAN
            self._refresh_cursor()
        elif self._drag is _Drag.OUT:
            if (position - self._pressed).manhattanLength() >= QApplication.startDragDistance():
                # Whoever hears it takes over the mouse until it is let go.
                self._drag = _Drag.NONE
                self.drag_out_began.emit()
            return
        if self._drag is _Drag.PAN:
            step = position - self._last
            self._pan(step.x(), step.y())
        elif self._drag is _Drag.FRAME:
            self.update()
        elif self._drag is _Drag.NONE:
            self._hover(position)
        self._last = position

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """End it; a click chooses a face."""
        ended, self._drag = self._drag, _Drag.NONE
        if ended is _Drag.FRAME:
            self._finish_frame(event.position())
        elif ended is _Drag.PRESSED and event.button() == Qt.MouseButton.LeftButton and not self._is_space_held:
            self.face_clicked.emit(face_at(self._faces, self._photo_position(event.position())))
        self._refresh_cursor()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """A face fills the view; the ground switches between fitted and actual pixels; the line goes to the middle."""
        if event.button() != Qt.MouseButton.LeftButton or self._placement is None:
            return
        number = face_at(self._faces, self._photo_position(event.position()))
        if self._is_on_line(event.position()):
            self._move_split(0.5)
        elif number is not None:
            self.zoom_face(number)
        elif self._is_fitted:
            self.zoom_to(1.0, event.position())
        else:
            self.zoom_fit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """What can be done with the face under the mouse, or with the chosen one."""
        is_by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        number = face_at(self._faces, self._photo_position(QPointF(event.pos()))) if is_by_mouse else self._chosen
        if number is None or self._drag is not _Drag.NONE:
            event.ignore()
            return
        self.face_menu(number).popup(event.globalPos() if is_by_mouse else self.mapToGlobal(self._middle_of(number)))

    def face_menu(self, number: int) -> QMenu:
        """The menu of one face; it goes away by itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        choose = menu.addAction(self.tr("Edit face {number}").format(number=number))
        choose.triggered.connect(lambda: self.face_clicked.emit(number))
        zoom = menu.addAction(self.tr("Zoom to face {number}").format(number=number))
        zoom.triggered.connect(lambda: self.zoom_face(number))
        menu.addSeparator()
        remove = menu.addAction(self.tr("This is no face: remove its frame"))
        remove.triggered.connect(lambda: self.face_remove_requested.emit(number))
        return menu

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Nothing is under the mouse."""
        super().leaveEvent(event)
        self._hovered = None
        self.pixel_hovered.emit(-1, -1, None)
        self.update()

    def event(self, event: QEvent) -> bool:
        """A tooltip tells what is known of the face under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = face_at(self._faces, self._photo_position(QPointF(event.pos())))
            QToolTip.showText(event.globalPos(), self._tip_of(number) if number is not None else "", self)
            return True
        return super().event(event)

    # --- keyboard ---

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Hold the original, move the split line, remove or leave a face; else pan and zoom."""
        key = event.key()
        is_shifted = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if key in HOLD_KEYS and not event.modifiers() & ~_LAYOUT_MODIFIERS:
            if not event.isAutoRepeat():
                self.set_original_shown(True)
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = True
            self._refresh_cursor()
        elif is_shifted and self._mode is CompareMode.SPLIT and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._move_split(self._split + (_SPLIT_STEP if key == Qt.Key.Key_Right else -_SPLIT_STEP))
        elif key == Qt.Key.Key_Delete and self._chosen is not None:
            self.face_remove_requested.emit(self._chosen)
        elif key == Qt.Key.Key_Escape and self._is_drawing:
            self._drag = _Drag.NONE
            self.set_draw_mode(False)
            self.draw_mode_left.emit()
            self.update()
        elif key == Qt.Key.Key_Escape and self._chosen is not None:
            self.face_clicked.emit(None)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """The edit comes back; the hand lets go."""
        if event.key() in HOLD_KEYS:
            if not event.isAutoRepeat():
                self.set_original_shown(False)
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = False
            self._refresh_cursor()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """The focus ring appears."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """A key that is let go of elsewhere is not held for ever."""
        super().focusOutEvent(event)
        self._is_space_held = False
        self._refresh_cursor()
        self.set_original_shown(False)

    def focusNextPrevChild(self, forwards: bool) -> bool:  # noqa: N802 (Qt's signature)
        """Tab goes through the faces first, then on to the next widget."""
        after = next_face(self._faces, self._chosen, backwards=not forwards) if self.hasFocus() else None
        if after is None:
            return super().focusNextPrevChild(forwards)
        self.face_clicked.emit(after)
        return True

    # --- inside ---

    def _move_split(self, split: float) -> None:
        self.set_split(split)
        self.split_moved.emit()

    def _drawn_frame(self) -> QRectF | None:
        return QRectF(self._pressed, self._last).normalized() if self._drag is _Drag.FRAME else None

    def _middle_of(self, number: int) -> QPoint:
        centre = next(frame_of(face).center() for face in self._faces if face.index == number)
        return self.photo_to_view(centre.x(), centre.y()).toPoint()

    def _is_on_line(self, point: QPointF) -> bool:
        return is_on_line(self._mode, QRectF(self.rect()), self._split, point)

    def _hover(self, point: QPointF) -> None:
        if self._tiles is None:
            return
        position = self._photo_position(point)
        hovered = face_at(self._faces, position)
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()
        x, y = int(position.x() // 1), int(position.y() // 1)
        value = self._tiles.pixel(x, y)
        if value is not None and self._pane_under(point).is_edited:
            value = self._layer.pixel(x, y) or value
        self.pixel_hovered.emit(x, y, value)
        self._refresh_cursor(point)

    def _refresh_cursor(self, point: QPointF | None = None) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._drag is _Drag.PAN:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._is_space_held:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._is_drawing:
            shape = Qt.CursorShape.CrossCursor
        elif self._is_on_line(self._last if point is None else point):
            shape = Qt.CursorShape.SplitHCursor
        elif self._hovered is not None:
            shape = Qt.CursorShape.PointingHandCursor
        if shape != self.cursor().shape():
            self.setCursor(shape)

    def _finish_frame(self, end: QPointF) -> None:
        self.set_draw_mode(False)
        self.draw_mode_left.emit()
        if self._tiles is None:
            return
        frame = QRectF(self._photo_position(self._pressed), self._photo_position(end)).normalized()
        left, top = round(frame.left()), round(frame.top())
        drawn = Rect(left, top, round(frame.right()) - left, round(frame.bottom()) - top)
        drawn = drawn.intersect(self._tiles.photo.bounds)
        if min(drawn.width, drawn.height) >= SMALLEST_FRAME_PX:
            self.face_drawn.emit(drawn)

    def _tip_of(self, number: int) -> str:
        name = self.tr("Face {number}").format(number=number)
        if number in self._left_out:
            return in_words(self._left_out[number])
        return self.tr("{face}, edited").format(face=name) if number in self._edited else name
