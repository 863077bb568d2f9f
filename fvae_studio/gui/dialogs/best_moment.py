"""Many in-betweens side by side, to find the one that is worth keeping."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, QModelIndex, QSize, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialogButtonBox, QHBoxLayout, QPushButton, QWidget

from fvae_studio.gui.dialogs.frame import StudioDialog, label, name
from fvae_studio.gui.timeline.time_axis import time_text
from fvae_studio.gui.widgets.tiles import Tile, TileView

GRID: Final = (4, 3)
"""Columns and rows."""

PICTURE_PX: Final = 160


class BestMomentDialog(StudioDialog):
    """Shows the moments of a stretch of the clip; a finer stretch around the chosen one on demand.

    Args:
        start_s, end_s: of the clip that is looked through.
        fps: of the clip, for times.
        parent: the window.
    """

    pictures_wanted = Signal(list)
    """Times (seconds) of the tiles, in order; all others are not wanted any more."""
    export_requested = Signal(float)
    copy_requested = Signal(float)
    visit_requested = Signal(float)
    """Put the playhead there."""

    def __init__(self, start_s: float, end_s: float, fps: float, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._whole = (start_s, end_s)
        self._range = self._whole
        self._fps = fps
        self._times: list[float] = []
        self._build_ui()
        self._connect()

    @property
    def times(self) -> tuple[float, ...]:
        """Of the tiles."""
        return tuple(self._times)

    @property
    def chosen_s(self) -> float | None:
        """The time of the chosen tile."""
        # Not the current one: a view that gets the focus makes its first tile that.
        chosen = self._view.selectionModel().selectedIndexes()
        return self._times[chosen[0].row()] if chosen else None

    def begin(self) -> None:
        """Ask for the pictures of the whole clip."""
        self._show_range(self._whole)

    def set_picture(self, time_s: float, picture: QImage) -> None:
        """Show the picture of a moment, if it is still wanted."""
        if time_s in self._times:
            self._view.tile_model.set_picture(time_s, picture)

    def set_note(self, note: str) -> None:
        """A word about what went wrong, or what was done."""
        self._note.setText(note)

    def choose(self, row: int) -> None:
        """Choose a tile."""
        self._view.setCurrentIndex(self._view.tile_model.index(row))

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("Best moment"))
        size = QSize(PICTURE_PX, PICTURE_PX)
        self._view = TileView(size)
        self._view.setAccessibleName(self.tr("Moments of the clip"))
        columns, rows = GRID
        self._view.setMinimumSize(columns * (PICTURE_PX + 12) + 24, rows * (PICTURE_PX + 32) + 12)
        self._finer = QPushButton(self.tr("Finer around it"))
        self._all = QPushButton(self.tr("Whole clip"))
        self._visit = QPushButton(self.tr("Go there"))
        self._copy = QPushButton(self.tr("Copy"))
        name(
            self._finer,
            self.tr("Finer around the chosen moment"),
            self.tr("Twelve moments between its neighbours (double click)"),
        )
        name(self._all, self.tr("Whole clip"), self.tr("Twelve moments of the whole clip"))
        name(self._visit, self.tr("Go there"), self.tr("Put the playhead on the chosen moment and close"))
        name(self._copy, self.tr("Copy"), self.tr("Put the chosen moment on the clipboard, at full resolution"))
        self._note = label("", "hint")
        row = QHBoxLayout()
        row.addWidget(self._note, 1)
        for button in (self._all, self._finer):
            button.setAutoDefault(False)
            row.addWidget(button)
        self.content.addWidget(self._view, 1)
        self.content.addLayout(row)
        self._export = self.buttons.addButton(self.tr("Export as a photo…"), QDialogButtonBox.ButtonRole.ActionRole)
        name(self._export, self.tr("Export as a photo"), self.tr("Write the chosen moment at full resolution"))
        self._export.setProperty("role", "primary")
        for button in (self._copy, self._visit):
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        self.add_close_button()

    def _connect(self) -> None:
        self._view.selectionModel().selectionChanged.connect(self._refresh)
        self._view.doubleClicked.connect(self._on_finer)
        self._finer.clicked.connect(self._on_finer)
        self._all.clicked.connect(self.begin)
        self._export.clicked.connect(lambda: self._tell(self.export_requested))
        self._copy.clicked.connect(lambda: self._tell(self.copy_requested))
        self._visit.clicked.connect(self._on_visit)

    def _show_range(self, stretch: tuple[float, float]) -> None:
        self._range = stretch
        self._times = moments_between(*stretch)
        texts = [time_text(time_s, self._fps) for time_s in self._times]
        if len(set(texts)) < len(texts):
            # Nearer to each other than frames are.
            texts = [f"{QLocale().toString(time_s, 'f', 3)} s" for time_s in self._times]
        moments = zip(self._times, texts, strict=True)
        tiles = [Tile(time_s, text, placeholder="film-strip") for time_s, text in moments]
        # A new set: pictures are not taken over from tiles that happen to have the same time.
        self._view.tile_model.set_tiles([])
        self._view.tile_model.set_tiles(tiles)
        self._refresh()
        self.pictures_wanted.emit(list(self._times))

    def _tell(self, signal: object) -> None:
        if self.chosen_s is not None:
            signal.emit(self.chosen_s)  # type: ignore[attr-defined]

    @Slot()
    def _refresh(self, _selected: object = None, _deselected: object = None) -> None:
        has_choice = self.chosen_s is not None
        self._note.setText("" if has_choice else self.tr("Choose a moment."))
        step_s = self._times[1] - self._times[0] if len(self._times) > 1 else 0.0
        # Nothing can be seen between moments that are a thousandth of a second apart.
        self._finer.setEnabled(has_choice and step_s > 2e-3)
        self._all.setEnabled(self._range != self._whole)
        for button in (self._export, self._copy, self._visit):
            button.setEnabled(has_choice)

    @Slot()
    def _on_finer(self, _index: QModelIndex | None = None) -> None:
        chosen = self.chosen_s
        if chosen is None or not self._finer.isEnabled():
            return
        row = self._times.index(chosen)
        self._show_range((self._times[max(0, row - 1)], self._times[min(len(self._times) - 1, row + 1)]))

    @Slot()
    def _on_visit(self) -> None:
        if self.chosen_s is not None:
            self.visit_requested.emit(self.chosen_s)
            self.accept()


def moments_between(start_s: float, end_s: float) -> list[float]:
    """As many times as the grid has places, evenly from start to end; one where they are the same."""
    count = GRID[0] * GRID[1]
    if end_s <= start_s:
        return [start_s]
    return [start_s + (end_s - start_s) * number / (count - 1) for number in range(count)]
