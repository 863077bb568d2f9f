"""The steps of the edit, oldest first, and where one stands in them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSignalBlocker, QSize, Signal, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from fvae_studio.gui.theme import colours_of


class HistoryPanel(QWidget):
    """A list of steps; those after the present one are undone and shown faintly until another step replaces them."""

    entry_chosen = Signal(int)
    """Go to that step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._current = -1
        self._build_ui()
        self._connect()

    def set_entries(self, labels: Sequence[str], current: int) -> None:
        """Show these steps; `current` is the index of the one that is shown in the photo."""
        with QSignalBlocker(self._list):
            num_before = len(self._labels)
            if tuple(labels) != self._labels:
                self._replace(tuple(labels))
            if current != self._current or len(labels) != num_before:
                self._current = self._delegate.current = current
                if 0 <= current < self._list.count():
                    self._list.setCurrentRow(current)
                    self._list.scrollToItem(self._list.item(current))
                self._list.viewport().update()
        self._list.setVisible(bool(labels))
        self._empty.setVisible(not labels)

    def _build_ui(self) -> None:
        self._list = QListWidget()
        self._list.setProperty("role", "flat")
        self._list.setAccessibleName(self.tr("History"))
        self._list.setToolTip(self.tr("Click a step to go back or forward to it"))
        self._list.setUniformItemSizes(True)
        self._delegate = _StepDelegate(self._list)
        self._list.setItemDelegate(self._delegate)
        self._empty = QLabel(self.tr("Every change of a slider will be listed here."))
        self._empty.setProperty("role", "hint")
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(10, 10, 10, 10)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._empty)
        layout.addStretch(0)
        self._list.hide()

    def _connect(self) -> None:
        self._list.itemClicked.connect(self._on_item_used)
        self._list.itemActivated.connect(self._on_item_used)
        self._list.currentRowChanged.connect(self._on_row_changed)

    def _replace(self, labels: tuple[str, ...]) -> None:
        # Most often one step is added or relabelled: only what differs is touched.
        for row, label in enumerate(labels):
            if row >= self._list.count():
                self._list.addItem(QListWidgetItem())
            item = self._list.item(row)
            if item.text() != label:
                item.setText(label)
                item.setToolTip(f"{label}\n{self._list.toolTip()}")
        while self._list.count() > len(labels):
            self._list.takeItem(self._list.count() - 1)
        self._labels = labels

    @Slot(QListWidgetItem)
    def _on_item_used(self, item: QListWidgetItem) -> None:
        self._choose(self._list.row(item))

    @Slot(int)
    def _on_row_changed(self, row: int) -> None:
        self._choose(row)

    def _choose(self, row: int) -> None:
        # Click, activation and a changed row all tell of one act.
        if row >= 0 and row != self._current:
            self._current = row
            self.entry_chosen.emit(row)


class _StepDelegate(QStyledItemDelegate):
    """Greys out what is undone."""

    current = -1

    def sizeHint(  # noqa: N802 (Qt's name)
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Rows that a hand can hit; a text that is wider than the list ends in dots."""
        return QSize(0, max(26, super().sizeHint(option, index).height()))

    def initStyleOption(  # noqa: N802 (Qt's name)
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The look of one row."""
        super().initStyleOption(option, index)
        if index.row() > self.current:
            palette = option.palette
            palette.setColor(QPalette.ColorRole.Text, QColor(colours_of(palette).disabled))
