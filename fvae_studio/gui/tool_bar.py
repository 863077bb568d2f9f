"""The tools below the menus, and the strength of the overlay where one is shown."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QToolBar, QWidget

from fvae_studio.gui.actions import Actions

TOOLS: Final = (
    "open", "save_project", "export", "", "undo", "redo", "", "zoom_fit", "zoom_actual", "zoom_face", "",
    "compare_off", "compare_split", "compare_side", "", "draw_face", "remove_face", "", "reset_all",
)  # fmt: skip
"""Ids of actions; "" is a line between them."""


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

    def _build_ui(self, actions: Actions) -> None:
        self.setObjectName("tools")
        self.setWindowTitle(self.tr("Tools"))
        self.setIconSize(QSize(18, 18))
        self.setMovable(False)
        for name in TOOLS:
            if name:
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
