"""Presets as cards with the present face in them: a click applies one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from fvae_studio.gui.icons import icon
from fvae_studio.gui.widgets.tiles import Tile, TileView

PresetTarget: TypeAlias = Literal["face", "all_faces", "all_photos"]
_PICTURE_PX = QSize(84, 84)


@dataclass(frozen=True)
class PresetCard:
    """One preset, as the panel shows it.

    Attributes:
        name: by which it is known.
        is_own: made by the person, so that it can be renamed and deleted.
        description: for the tooltip, such as "Smile 60, Squint 20".
    """

    name: str
    is_own: bool = False
    description: str = ""


class PresetPanel(QWidget):
    """Cards; a click or Enter applies one to the chosen face, the menu has the rest."""

    apply_requested = Signal(str, str)
    """(name, target): "face" is what the sliders are for, "all_faces" of this photo, "all_photos" that are open."""
    save_requested = Signal()
    """Make a preset of the present strengths."""
    rename_requested = Signal(str)
    delete_requested = Signal(str)
    import_requested = Signal()
    export_requested = Signal(str)
    thumbnails_wanted = Signal(list)
    """Names of the cards that have come into view and have no thumbnail of the present face."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[PresetCard, ...] = ()
        self._asked: set[str] = set()
        self._build_ui()
        self._connect()

    def set_presets(self, cards: Sequence[PresetCard]) -> None:
        """Show these presets, built-in ones first."""
        self._cards = tuple(sorted(cards, key=lambda card: card.is_own))
        self._refresh()

    def set_thumbnail(self, name: str, thumbnail: QImage) -> None:
        """Show what a preset does to the present face, about 160 x 160 pixels."""
        self._view.tile_model.set_picture(name, thumbnail)

    def clear_thumbnails(self) -> None:
        """Another face is present: forget all thumbnails, and ask for those in view if the panel is visible."""
        self._view.tile_model.clear_pictures()
        self._asked.clear()
        self._ask_for_thumbnails()

    def set_applicable(self, applicable: bool) -> None:
        """Whether there is a face to apply presets to."""
        self._view.setEnabled(applicable)
        self._save.setEnabled(applicable)
        self._hint.setText(
            self.tr("Click a preset to apply it.")
            if applicable
            else self.tr("Open a photo with a face to use presets.")
        )

    def _build_ui(self) -> None:
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search presets"))
        self._search.setToolTip(self.tr("Show only presets whose name has this in it"))
        self._search.setClearButtonEnabled(True)
        self._search.addAction(
            icon("magnifying-glass", QPalette.ColorRole.PlaceholderText), QLineEdit.ActionPosition.LeadingPosition
        )
        self._save = self._tool_button("plus", self.tr("Save the present edit as a preset"))
        self._more = self._tool_button("dots-three-vertical", self.tr("More about presets"))
        head = QHBoxLayout()
        head.setSpacing(4)
        for widget in (self._search, self._save, self._more):
            head.addWidget(widget)
        self._view = _PresetView(_PICTURE_PX, name_lines=2)
        self._view.setAccessibleName(self.tr("Presets"))
        self._hint = QLabel()
        self._hint.setProperty("role", "hint")
        self._hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 10, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._hint)
        # Two columns, with the scroll bar.
        self.setMinimumWidth(2 * (_PICTURE_PX.width() + 12) + 34)
        self.set_applicable(False)

    def _connect(self) -> None:
        self._search.textChanged.connect(self._refresh)
        self._save.clicked.connect(self.save_requested)
        self._more.clicked.connect(self._on_more_clicked)
        self._view.used.connect(self._on_used)
        self._view.menu_requested.connect(self._on_menu_requested)
        self._view.verticalScrollBar().valueChanged.connect(self._ask_for_thumbnails)
        self._view.shown.connect(self._ask_for_thumbnails)

    def _tool_button(self, icon_name: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(icon_name))
        button.setIconSize(QSize(16, 16))
        button.setAccessibleName(name)
        button.setToolTip(name)
        return button

    @Slot()
    def _refresh(self) -> None:
        words = self._search.text().casefold().split()
        tiles = [
            Tile(
                key=card.name,
                name=card.name,
                tip=f"{card.name}\n{card.description}" if card.description else card.name,
                placeholder="smiley",
            )
            for card in self._cards
            if all(word in card.name.casefold() for word in words)
        ]
        self._view.tile_model.set_tiles(tiles)
        self._ask_for_thumbnails()

    @Slot()
    def _ask_for_thumbnails(self) -> None:
        if not self._view.isVisible() or not self._view.isEnabled():
            return
        viewport, model = self._view.viewport().rect(), self._view.tile_model
        in_view = [
            str(tile.key)
            for row, tile in enumerate(model.tiles)
            if tile.picture is None and self._view.visualRect(model.index(row)).intersects(viewport)
        ]
        # Asking for a rectangle may lay the view out, and so come here again: look at `_asked` last.
        wanted = [name for name in in_view if name not in self._asked]
        if wanted:
            self._asked.update(wanted)
            self.thumbnails_wanted.emit(wanted)

    @Slot(str)
    def _on_used(self, name: str) -> None:
        self.apply_requested.emit(name, "face")

    @Slot()
    def _on_more_clicked(self) -> None:
        tile = self._view.tile_at(self._view.currentIndex())
        corner = self._more.mapToGlobal(self._more.rect().bottomLeft())
        self._menu_for(str(tile.key) if tile else None).popup(corner)

    @Slot(str, QPoint)
    def _on_menu_requested(self, name: str, position: QPoint) -> None:
        self._menu_for(name).popup(position)

    def _menu_for(self, name: str | None) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        card = next((card for card in self._cards if card.name == name), None)
        if card is not None and self._view.isEnabled():
            targets: tuple[tuple[PresetTarget, str], ...] = (
                ("face", self.tr("Apply “{name}”")),
                ("all_faces", self.tr("Apply to all faces of this photo")),
                ("all_photos", self.tr("Apply to all open photos")),
            )
            for target, text in targets:
                action = menu.addAction(text.format(name=card.name))
                action.triggered.connect(
                    lambda _checked=False, target=target: self.apply_requested.emit(card.name, target)
                )
            menu.addSeparator()
        if card is not None and card.is_own:
            rename = menu.addAction(icon("pencil-simple"), self.tr("Rename…"))
            rename.triggered.connect(lambda: self.rename_requested.emit(card.name))
            delete = menu.addAction(icon("trash"), self.tr("Delete…"))
            delete.triggered.connect(lambda: self.delete_requested.emit(card.name))
        if card is not None:
            export = menu.addAction(icon("export"), self.tr("Export “{name}”…").format(name=card.name))
            export.triggered.connect(lambda: self.export_requested.emit(card.name))
            menu.addSeparator()
        menu.addAction(icon("download-simple"), self.tr("Import presets…")).triggered.connect(self.import_requested)
        return menu


class _PresetView(TileView):
    """A click or Enter uses a card; arrows only move to it."""

    used = Signal(str)
    menu_requested = Signal(str, QPoint)
    shown = Signal()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's names)
        """Use the card under the mouse."""
        super().mouseReleaseEvent(event)
        tile = self.tile_at(self.indexAt(event.position().toPoint()))
        if event.button() == Qt.MouseButton.LeftButton and tile is not None:
            self.used.emit(str(tile.key))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter and Space use the current card."""
        tile = self.tile_at(self.currentIndex())
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and tile is not None:
            self.used.emit(str(tile.key))
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Of the card under the mouse, or of the current one."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index: QModelIndex = self.currentIndex() if by_key else self.indexAt(event.pos())
        tile = self.tile_at(index)
        if tile is not None:
            self.menu_requested.emit(str(tile.key), event.globalPos())

    def updateGeometries(self) -> None:  # noqa: N802
        """Shown, resized or laid out again: other cards may be in view."""
        super().updateGeometries()
        self.shown.emit()
