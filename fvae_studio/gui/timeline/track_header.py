"""The left ends of the rows: names, the value at the playhead, and what can be done with a whole track."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from fvae_studio.core.edits import MAX_STRENGTH
from fvae_studio.gui.dialogs.frame import name
from fvae_studio.gui.icons import icon
from fvae_studio.gui.widgets.elided_label import ElidedLabel
from fvae_studio.gui.widgets.number_field import NumberField

WIDTH_PX: Final = 212


def tool_button(glyph: str, accessible: str, tip: str = "", *, size_px: int = 15) -> QToolButton:
    """A small quiet button; a click leaves the keyboard with the tracks."""
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setIconSize(QSize(size_px, size_px))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    name(button, accessible, tip)
    return button


class TrackHeader(QWidget):
    """Of the photos: a name, and a button that puts the shown photo on the timeline."""

    add_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        title = QLabel(self.tr("Photos"))
        title.setProperty("role", "heading")
        title.setToolTip(self.tr("The first photo gives frame, size and background"))
        self.add = tool_button("plus", self.tr("Put the shown photo on the timeline, after the last one"))
        self.add.clicked.connect(self.add_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 6, 0)
        layout.addWidget(title, 1)
        layout.addWidget(self.add)


class SliderHeader(QWidget):
    """Of a slider track: opens the curve, shows and sets the strength at the playhead, puts and takes keys.

    Args:
        direction: whose strength.
        label: for people.
        tip: what it does.
    """

    opened = Signal(str, bool)
    """(direction, is open)."""
    value_edited = Signal(str, float)
    """(direction, strength): there shall be a key with it at the playhead."""
    key_toggled = Signal(str)
    """Put a key at the playhead, or take the one away that is there."""
    remove_requested = Signal(str)

    def __init__(self, direction: str, label: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.direction = direction
        self._is_open = False
        self._build_ui(label, tip)
        self._caret.clicked.connect(self._on_caret_clicked)
        self._value.edited.connect(lambda percent: self.value_edited.emit(direction, percent / 100))
        self._key.clicked.connect(lambda: self.key_toggled.emit(direction))
        self._remove.clicked.connect(lambda: self.remove_requested.emit(direction))

    def set_open(self, is_open: bool) -> None:
        """Whether the curve shows; no signal."""
        self._is_open = is_open
        self._caret.setIcon(icon("caret-down-bold" if is_open else "caret-right-bold"))

    def set_value(self, value: float, *, has_key: bool) -> None:
        """The strength at the playhead, and whether a key stands there."""
        with QSignalBlocker(self._value):
            self._value.setValue(round(value * 100, 1))
        self._key.setIcon(icon("diamond-fill" if has_key else "diamond"))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """The same by a menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Key at the playhead")).triggered.connect(lambda: self.key_toggled.emit(self.direction))
        menu.addAction(icon("trash"), self.tr("Remove this track")).triggered.connect(
            lambda: self.remove_requested.emit(self.direction)
        )
        menu.popup(event.globalPos())

    def _build_ui(self, label: str, tip: str) -> None:
        self.setFixedWidth(WIDTH_PX)
        self._caret = tool_button(
            "caret-right-bold",
            self.tr("Curve of {name}").format(name=label),
            self.tr("Open or close the curve"),
            size_px=11,
        )
        title = ElidedLabel(label)
        added = self.tr("What is set here comes on top of the photos' own edits.")
        title.setToolTip("\n".join(filter(None, (label, tip, added))))
        self._value = NumberField(-MAX_STRENGTH * 100, MAX_STRENGTH * 100)
        self._value.setFixedWidth(48)
        name(
            self._value,
            self.tr("{name} at the playhead, per cent").format(name=label),
            self.tr("Strength at the playhead; another one puts a key there"),
        )
        self._key = tool_button("diamond", self.tr("Key of {name} at the playhead").format(name=label),
                                self.tr("Put a key at the playhead, or take it away"), size_px=13)  # fmt: skip
        self._remove = tool_button("x", self.tr("Remove the track of {name}").format(name=label), size_px=12)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.setSpacing(2)
        layout.addWidget(self._caret)
        layout.addWidget(title, 1)
        for widget in (self._value, self._key, self._remove):
            layout.addWidget(widget)

    @Slot()
    def _on_caret_clicked(self) -> None:
        self.set_open(not self._is_open)
        self.opened.emit(self.direction, self._is_open)
