"""A heading that opens and closes what stands below it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from fvae_studio.gui.icons import icon
from fvae_studio.gui.widgets.strength_slider import ChangedDot

INDENT_PX: Final = 4
"""By which the content stands further right than the heading."""


class CollapsibleGroup(QWidget):
    """A titled stack of widgets; a dot beside the title tells that something inside was changed."""

    toggled = Signal(bool)
    """A person opened (True) or closed it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self._is_open = False
        self._build_ui()
        self.head.clicked.connect(self._on_clicked)

    @property
    def is_open(self) -> bool:
        """Whether the content shows."""
        return self._is_open

    def add(self, widget: QWidget) -> None:
        """Append a widget to the content."""
        self._rows.addWidget(widget)

    def set_open(self, is_open: bool) -> None:
        """Open or close it; no signal."""
        if is_open == self._is_open:
            return
        self._is_open = is_open
        self._content.setVisible(is_open)
        self.head.setIcon(icon("caret-down-bold" if is_open else "caret-right-bold"))
        self.head.setToolTip((self.tr("Close {name}") if is_open else self.tr("Open {name}")).format(name=self.title))

    def set_changed(self, changed: bool) -> None:
        """Show or hide the dot."""
        self._dot.set_on(changed)

    def _build_ui(self) -> None:
        self.head = QToolButton()
        self.head.setText(self.title)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setIconSize(QSize(11, 11))
        self.head.setAccessibleName(self.title)
        self.head.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        font = self.head.font()
        font.setBold(True)
        self.head.setFont(font)
        self._dot = ChangedDot()
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(2)
        head.addWidget(self.head)
        head.addWidget(self._dot)
        head.addStretch(1)
        self._content = QWidget()
        self._rows = QVBoxLayout(self._content)
        self._rows.setContentsMargins(INDENT_PX, 0, 0, 6)
        self._rows.setSpacing(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addLayout(head)
        layout.addWidget(self._content)
        self.set_open(True)

    @Slot()
    def _on_clicked(self) -> None:
        self.set_open(not self.is_open)
        self.toggled.emit(self.is_open)
