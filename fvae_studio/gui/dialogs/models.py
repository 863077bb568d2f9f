"""The models that can be loaded: choose one, import one, see what it was made of and how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fvae_studio.gui.dialogs.frame import StudioDialog, form, heading, label, name
from fvae_studio.gui.shipped_texts import figure, model_text
from fvae_studio.gui.translation import in_digits


@dataclass(frozen=True)
class ModelCard:
    """One model, as this window shows it.

    Attributes:
        name: what the settings keep.
        title, description: for people.
        path: of its file.
        size_bytes: of its file.
        is_shipped: it came with the program and cannot be removed.
        is_default: it is taken when none is chosen.
        metrics, provenance, sha256: from its header; empty where they are not known.
    """

    name: str
    title: str
    description: str = ""
    path: Path | None = None
    size_bytes: int = 0
    is_shipped: bool = False
    is_default: bool = False
    metrics: Mapping[str, Any] = field(default_factory=dict)
    provenance: Sequence[Mapping[str, Any]] = ()
    sha256: str = ""


class ModelsDialog(StudioDialog):
    """A list on the left, the facts of the chosen model on the right."""

    use_requested = Signal(str)
    """Load this model from now on."""
    import_requested = Signal(object)
    """Path of a weights file that shall be copied to the user's models."""
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._cards: tuple[ModelCard, ...] = ()
        self._loaded = ""
        self._build_ui()
        self._connect()
        self._show_card()

    def set_models(self, cards: Sequence[ModelCard], loaded: str) -> None:
        """Show these models; `loaded` is the name of the one in use, "" while none is."""
        chosen = self._current.name if self._current else loaded
        self._cards, self._loaded = tuple(cards), loaded
        with QSignalBlocker(self._list):
            self._list.clear()
            for card in self._cards:
                item = QListWidgetItem(card.title + ("  ✓" if card.name == loaded else ""))
                item.setToolTip(self.tr("in use") if card.name == loaded else card.title)
                self._list.addItem(item)
            names = [card.name for card in self._cards]
            self._list.setCurrentRow(names.index(chosen) if chosen in names else 0)
        self._show_card()

    def choose(self, model: str) -> None:
        """Show the facts of this one."""
        self._list.setCurrentRow([card.name for card in self._cards].index(model))

    def set_note(self, note: str) -> None:
        """A line below the list, such as that a model is being loaded, or why it cannot be."""
        self._note.setText(note)

    @property
    def _current(self) -> ModelCard | None:
        row = self._list.currentRow()
        return self._cards[row] if 0 <= row < len(self._cards) else None

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("Models"))
        self.resize(820, 560)
        self._list = QListWidget()
        self._list.setFixedWidth(220)
        name(self._list, self.tr("Models"), self.tr("Models that are installed"))
        self._facts = QWidget()
        self._facts_layout = QVBoxLayout(self._facts)
        self._facts_layout.setContentsMargins(4, 0, 8, 0)
        self._facts_layout.setSpacing(8)
        scroll = QScrollArea()
        scroll.setWidget(self._facts)
        name(scroll, self.tr("About this model"), self.tr("Where it comes from, and what was measured"))
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        columns = QHBoxLayout()
        columns.setSpacing(18)
        columns.addWidget(self._list)
        columns.addWidget(scroll, 1)
        self._note = label("", "hint")
        self.content.addLayout(columns, 1)
        self.content.addWidget(self._note)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self._use = self.buttons.addButton(self.tr("Use this model"), role)
        name(self._use, self.tr("Use this model"), self.tr("Load it now and at every start"))
        self._import = self.buttons.addButton(self.tr("Import…"), role)
        name(self._import, self.tr("Import a model"), self.tr("Copy a weights file (.safetensors) to your models"))
        self._remove = self.buttons.addButton(self.tr("Remove…"), role)
        name(self._remove, self.tr("Remove this model"), self.tr("Delete its file from your models"))
        for button in (self._use, self._import, self._remove):
            button.setAutoDefault(False)
        self.add_close_button()

    def _connect(self) -> None:
        self._list.currentRowChanged.connect(self._show_card)
        self._list.itemActivated.connect(self._on_use_clicked)
        self._use.clicked.connect(self._on_use_clicked)
        self._import.clicked.connect(self._on_import_clicked)
        self._remove.clicked.connect(self._on_remove_clicked)

    @Slot()
    def _show_card(self) -> None:
        while (item := self._facts_layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        card = self._current
        self._use.setEnabled(card is not None and card.name != self._loaded)
        self._remove.setEnabled(card is not None and not card.is_shipped and card.name != self._loaded)
        if card is None:
            self._facts_layout.addWidget(label(self.tr("No model is installed. Import one."), "hint"))
            self._facts_layout.addStretch(1)
            return
        self._facts_layout.addWidget(label(card.title, "title"))
        if card.description:
            self._facts_layout.addWidget(label(model_text(card.description)))
        self._add_rows(
            "",
            [
                (self.tr("Origin"), self.tr("Came with the program") if card.is_shipped else self.tr("Your own")),
                (self.tr("File"), card.path.name if card.path else ""),
                (self.tr("Size"), f"{in_digits(card.size_bytes / 1e6, 1)} MB" if card.size_bytes else ""),
                (self.tr("Checksum"), card.sha256[:16] + "…" if card.sha256 else ""),
            ],
        )
        self._add_rows(
            self.tr("Measured on people it has not seen"), [figure(*one)[::-1] for one in card.metrics.items()]
        )
        made_of = [(str(one.get("name", "?")), _source(one)) for one in card.provenance]
        self._add_rows(self.tr("Made of"), made_of)
        self._facts_layout.addStretch(1)

    def _add_rows(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        rows = [row for row in rows if row[1]]
        if not rows:
            return
        holder = QWidget()
        layout = form()
        holder.setLayout(layout)
        for left, right in rows:
            value = label(right)
            # A long address must not make the whole column wider than the window.
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            title_of_row = label(left, "hint")
            # As narrow as its words: the value has the rest and wraps.
            title_of_row.setWordWrap(False)
            layout.addRow(title_of_row, value)
        if title:
            self._facts_layout.addWidget(heading(title))
        self._facts_layout.addWidget(holder)

    @Slot()
    def _on_use_clicked(self) -> None:
        card = self._current
        if card is not None and card.name != self._loaded:
            self.use_requested.emit(card.name)

    @Slot()
    def _on_import_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Import a model"), "", self.tr("Models (*.safetensors);;All files (*)")
        )
        if path:
            self.import_requested.emit(Path(path))

    @Slot()
    def _on_remove_clicked(self) -> None:
        card = self._current
        if card is not None:
            self.remove_requested.emit(card.name)


def _source(source: Mapping[str, Any]) -> str:
    parts = [str(source[key]) for key in ("authors", "licence", "doi", "url") if source.get(key)]
    return "\n".join(parts) or "?"
