"""Name pattern, folder and what happens to files that are there already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

from fvae_studio.core.export import FIELDS, ExportOptions, check_pattern
from fvae_studio.errors import PhotoWriteError
from fvae_studio.gui.dialogs.frame import form, name, set_role
from fvae_studio.gui.error_words import in_words
from fvae_studio.paths import typed_path


class PlaceFields(QWidget):
    """Rows for where the files go."""

    changed = Signal()

    def __init__(self, options: ExportOptions, parent: QWidget | None = None, *, beside: bool = True) -> None:
        super().__init__(parent)
        self._allows_beside = beside
        self._build_ui()
        self._pattern.setText(options.pattern)
        self._existing.setCurrentIndex(max(0, self._existing.findData(options.existing)))
        self._folder.setText(str(options.folder or ""))
        self._where.setCurrentIndex(self._where.findData("beside" if beside and options.folder is None else "folder"))
        self._connect()
        self._refresh()

    @property
    def folder(self) -> Path | None:
        """The chosen folder; None beside the photo."""
        text = self._folder.text().strip()
        return typed_path(text) if self._where.currentData() == "folder" and text else None

    def set_folder(self, folder: Path | None) -> None:
        """Choose a folder; None: none yet."""
        self._where.setCurrentIndex(self._where.findData("folder"))
        self._folder.setText(str(folder or ""))

    def apply(self, options: ExportOptions) -> ExportOptions:
        """A copy with what these fields say.

        Raises:
            PhotoWriteError: the pattern gives no name, or the folder is missing or none.
        """
        if self._where.currentData() == "folder":
            if self.folder is None:
                raise PhotoWriteError(self.tr("Choose a folder."))
            if self.folder.exists() and not self.folder.is_dir():
                raise PhotoWriteError(self.tr("{path} is a file, not a folder.").format(path=self.folder))
            if not self.folder.is_absolute():
                raise PhotoWriteError(self.tr("Give the whole path of the folder."))
        try:
            check_pattern(self._pattern.text())
        except PhotoWriteError as error:
            self.set_pattern_error(in_words(str(error)))
            raise
        return replace(options, pattern=self._pattern.text(), folder=self.folder, existing=self._existing.currentData())

    def set_pattern_error(self, error: str) -> None:
        """Mark the pattern as wrong, or as right again."""
        set_role(self._pattern, "invalid" if error else "")
        if error:
            self._pattern.setToolTip(error)

    def set_needs_folder(self, needs: bool) -> None:
        """Photos that were pasted have no folder of their own."""
        if needs and self._where.currentData() == "beside":
            self._where.setCurrentIndex(self._where.findData("folder"))
        self._where.setEnabled(self._allows_beside and not needs)

    def _build_ui(self) -> None:
        self._pattern = QLineEdit()
        name(self._pattern, self.tr("Name pattern"), self.tr("Name without suffix; fields stand in braces"))
        self._insert = QPushButton(self.tr("Insert"))
        name(self._insert, self.tr("Insert a field"), self.tr("Put a field into the name pattern"))
        menu = QMenu(self._insert)
        texts = {
            "name": self.tr("Name of the photo"),
            "number": self.tr("Number"),
            "date": self.tr("Date of today"),
            "width": self.tr("Width"),
            "height": self.tr("Height"),
        }
        for field in FIELDS:
            action = menu.addAction(f"{texts[field]}  {{{field}}}")
            action.setData(field)
        self._insert.setMenu(menu)
        self._where = QComboBox()
        if self._allows_beside:
            self._where.addItem(self.tr("Beside the photo"), "beside")
        self._where.addItem(self.tr("In a folder"), "folder")
        name(self._where, self.tr("Place"), self.tr("Where the files go"))
        self._folder = QLineEdit()
        self._folder.setPlaceholderText(self.tr("Folder"))
        name(self._folder, self.tr("Folder"), self.tr("Folder of the exported files; it is made if it is not there"))
        self._browse = QPushButton(self.tr("Choose…"))
        name(self._browse, self.tr("Choose a folder"))
        self._existing = QComboBox()
        self._existing.addItem(self.tr("Keep it and add a number"), "number")
        self._existing.addItem(self.tr("Replace it"), "replace")
        name(
            self._existing,
            self.tr("If a file is there"),
            self.tr("What happens when a file of that name exists; an original is never replaced without a question"),
        )
        pattern = QHBoxLayout()
        pattern.setSpacing(8)
        pattern.addWidget(self._pattern, 1)
        pattern.addWidget(self._insert)
        place = QHBoxLayout()
        place.setSpacing(8)
        place.addWidget(self._where)
        place.addWidget(self._folder, 1)
        place.addWidget(self._browse)
        self.rows: QFormLayout = form()
        self.setLayout(self.rows)
        self.rows.addRow(self.tr("Name"), pattern)
        self.rows.addRow(self.tr("Place"), place)
        self.rows.addRow(self.tr("If it exists"), self._existing)

    def _connect(self) -> None:
        self._pattern.textChanged.connect(self.changed)
        self._insert.menu().triggered.connect(lambda action: self._pattern.insert(f"{{{action.data()}}}"))
        self._where.currentIndexChanged.connect(self._on_where_changed)
        self._folder.textChanged.connect(self.changed)
        self._browse.clicked.connect(self._on_browse_clicked)
        self._existing.currentIndexChanged.connect(self.changed)

    def _refresh(self) -> None:
        in_folder = self._where.currentData() == "folder"
        self._folder.setVisible(in_folder)
        self._browse.setVisible(in_folder)

    @Slot()
    def _on_where_changed(self) -> None:
        self._refresh()
        self.changed.emit()

    @Slot()
    def _on_browse_clicked(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose a folder"), self._folder.text())
        if chosen:
            self._folder.setText(chosen)
