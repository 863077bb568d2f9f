"""The tools below the menus, and the strength of the overlay where one is shown."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QSlider, QToolBar, QToolButton, QWidget

from fvae_studio.gui.actions import Actions
from fvae_studio.gui.icons import icon

DRAG_OUT: Final = "drag out"
OVERLAYS: Final = "overlays"

TOOLS: Final = (
    "open", "save_project", "export", DRAG_OUT, "", "undo", "redo", "", "zoom_fit", "zoom_actual", "zoom_face", "",
    "compare_off", "compare_split", "compare_side", OVERLAYS, "", "draw_face", "remove_face", "", "reset_all",
)  # fmt: skip
"""Ids of actions; "" is a line, `DRAG_OUT` the handle by which the result is dragged, `OVERLAYS` a menu."""


class DragHandle(QToolButton):
    """Is dragged, not clicked."""

    drag_began = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._press: QPoint | None = None
        self.setIcon(icon("arrow-square-out"))
        self.setAccessibleName(self.tr("Drag the result"))
        self.setToolTip(
            self.tr(
                "Drag the edited photo from here into a folder or another program; or drag the photo with Ctrl held"
            )
        )
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        # Nothing that a keyboard could do with it; it has Copy and Export.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's names)
        """Perhaps a drag begins."""
        self._press = event.position().toPoint() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """It does."""
        if self._press is None:
            return
        if (event.position().toPoint() - self._press).manhattanLength() >= QApplication.startDragDistance():
            self._press = None
            self.drag_began.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802 (Qt's signature)
        """It does not."""
        self._press = None


class StudioToolBar(QToolBar):
    """Icons of the actions that are used most.

    Args:
        actions: the table.
        parent: the window.
    """

    opacity_changed = Signal(float)
    """Of the overlay, 0..1."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_ui(actions)
        self._opacity.valueChanged.connect(lambda percent: self.opacity_changed.emit(percent / 100))
        self.set_overlay_shown(False)

    def set_opacity(self, opacity: float) -> None:
        """Of the overlay, 0..1."""
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(opacity * 100))

    def set_overlay_shown(self, shown: bool) -> None:
        """The strength is offered while there is an overlay."""
        for action in self._of_overlay:
            action.setVisible(shown)
        self.overlay_button.setProperty("active", shown)
        self.overlay_button.style().unpolish(self.overlay_button)
        self.overlay_button.style().polish(self.overlay_button)

    def _build_ui(self, actions: Actions) -> None:
        self.setObjectName("tools")
        self.setWindowTitle(self.tr("Tools"))
        self.setIconSize(QSize(18, 18))
        self.setMovable(False)
        self.drag_handle = DragHandle()
        self.overlay_button = QToolButton()
        self.overlay_button.setIcon(icon("stack"))
        self.overlay_button.setAccessibleName(self.tr("Overlay"))
        self.overlay_button.setToolTip(self.tr("Show what happens: motion, confidence, landmarks"))
        self.overlay_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for button in (self.drag_handle, self.overlay_button):
            button.setIconSize(self.iconSize())
        for name in TOOLS:
            if name == DRAG_OUT:
                self.addWidget(self.drag_handle)
            elif name == OVERLAYS:
                self.addWidget(self.overlay_button)
            elif name:
                self.addAction(actions[name])
            else:
                self.addSeparator()
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        text = QLabel(self.tr("Overlay"))
        text.setProperty("role", "hint")
        text.setContentsMargins(0, 0, 6, 0)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(10, 100)
        self._opacity.setFixedWidth(110)
        self._opacity.setAccessibleName(self.tr("Strength of the overlay"))
        self._opacity.setToolTip(self.tr("How strongly the overlay covers the photo"))
        self._of_overlay = (self.addWidget(text), self.addWidget(self._opacity))
