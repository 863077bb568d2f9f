"""The open photos as a row of thumbnails with their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from fvae_studio.gui.icons import icon
from fvae_studio.gui.widgets.tiles import PHOTO_MIME, Badge, Tile, TileView

_PICTURE_PX = QSize(104, 72)
_NAMES_PX, _LOW_PX = 46, 8
"""What is around the pictures: with names and scroll bar, and without."""


@dataclass(frozen=True)
class StripEntry:
    """One open photo, as the strip shows it.

    Attributes:
        entry_id: the document's id of it.
        name: file name or "Pasted photo".
        path: shown in the tooltip; None for a pasted photo.
        is_loading, is_edited, is_exported: its state; an edit after an export takes the mark of the export away.
        error: why it could not be opened.
    """

    entry_id: int
    name: str
    path: Path | None = None
    is_loading: bool = False
    is_edited: bool = False
    is_exported: bool = False
    error: str = ""


class PhotoStrip(QWidget):
    """Arrows and clicks choose a photo, Delete or the cross closes it, files may be dropped on it."""

    chosen = Signal(int)
    """The id of the entry to show."""
    close_requested = Signal(int)
    show_folder_requested = Signal(int)
    current_clicked = Signal()
    """The photo that is shown already was clicked."""
    files_dropped = Signal(list)
    """Paths (`Path`) of files and folders."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: dict[int, Path | None] = {}
        self._current: int | None = None
        self._build_ui()
        self._connect()

    def set_entries(self, entries: Sequence[StripEntry], current: int | None) -> None:
        """Show these photos; thumbnails that were set stay."""
        self._current = current
        self._view.tile_model.set_tiles([self._tile(entry) for entry in entries])
        self._paths = {entry.entry_id: entry.path for entry in entries}
        self.set_current(current)

    def set_current(self, entry_id: int | None) -> None:
        """Mark the photo that is shown."""
        self._current = entry_id
        row = -1 if entry_id is None else self._view.tile_model.row_of(entry_id)
        if row < 0:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())
            return
        index = self._view.tile_model.index(row)
        self._view.setCurrentIndex(index)
        self._view.scrollTo(index)

    def set_thumbnail(self, entry_id: int, thumbnail: QImage) -> None:
        """Show a thumbnail; about 208 x 144 pixels look sharp on any screen."""
        self._view.tile_model.set_picture(entry_id, thumbnail)

    def set_low(self, is_low: bool) -> None:
        """Whether the names may go, where the window has no room for them; tooltips tell them."""
        self._view.setMinimumHeight(_PICTURE_PX.height() + (_LOW_PX if is_low else _NAMES_PX))

    def _build_ui(self) -> None:
        self._view = _StripView(_PICTURE_PX, in_one_row=True, closable=True, mime_type=PHOTO_MIME)
        self._view.setAccessibleName(self.tr("Open photos"))
        self._view.setMaximumHeight(_PICTURE_PX.height() + _NAMES_PX)
        self.set_low(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.addWidget(self._view)
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        self._view.selectionModel().currentChanged.connect(self._on_current_changed)
        self._view.delegate.close_clicked.connect(self._on_close_clicked)
        self._view.clicked.connect(self._on_clicked)
        self._view.delete_pressed.connect(self.close_requested)
        self._view.menu_requested.connect(self._on_menu_requested)

    def _tile(self, entry: StripEntry) -> Tile:
        badges, states = [], []
        if entry.error:
            badges.append(Badge("warning-fill", "danger"))
            states.append(entry.error)
        if entry.is_loading:
            badges.append(Badge("hourglass-medium", "muted"))
            states.append(self.tr("being opened"))
        if entry.is_exported:
            badges.append(Badge("check-circle-fill", "success"))
            states.append(self.tr("exported"))
        if entry.is_edited:
            badges.append(Badge("faders-bold", "accent"))
            states.append(self.tr("edited"))
        lines = [str(entry.path) if entry.path else entry.name]
        if states:
            lines.append(", ".join(states))
        placeholder = "image-square" if not entry.error else "warning"
        return Tile(entry.entry_id, entry.name, None, tuple(badges), "\n".join(lines), placeholder)

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        tile = self._view.tile_at(current)
        # What the document itself has set is no choice of a person.
        if tile is not None and tile.key != self._current:
            self._current = _id_of(tile)
            self.chosen.emit(self._current)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        tile = self._view.tile_at(index)
        if tile is not None and tile.key == self._current:
            self.current_clicked.emit()

    @Slot(object)
    def _on_close_clicked(self, entry_id: int) -> None:
        self.close_requested.emit(entry_id)

    @Slot(int, QPoint)
    def _on_menu_requested(self, entry_id: int, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        close = menu.addAction(icon("x"), self.tr("Close photo"))
        close.triggered.connect(lambda: self.close_requested.emit(entry_id))
        if self._paths.get(entry_id) is not None:
            show = menu.addAction(icon("folder-open"), self.tr("Show its folder"))
            show.triggered.connect(lambda: self.show_folder_requested.emit(entry_id))
        menu.popup(position)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 (Qt's names)
        """Take files."""
        # The window's own results are not opened again by a slip of the hand.
        if event.source() is None and _dropped_paths(event):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """Anywhere on the strip."""
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Tell which files."""
        paths = _dropped_paths(event)
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


class _StripView(TileView):
    """Keys and wheel of a strip."""

    delete_pressed = Signal(int)
    menu_requested = Signal(int, QPoint)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Delete closes."""
        tile = self.tile_at(self.currentIndex())
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and tile is not None:
            self.delete_pressed.emit(_id_of(tile))
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """The wheel goes along the row."""
        delta = event.angleDelta()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (delta.y() or delta.x()))
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Of the photo under the mouse, or of the chosen one."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        tile = self.tile_at(self.currentIndex() if by_key else self.indexAt(event.pos()))
        if tile is not None:
            self.menu_requested.emit(_id_of(tile), event.globalPos())


def _dropped_paths(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


def _id_of(tile: Tile) -> int:
    assert isinstance(tile.key, int)
    return tile.key
