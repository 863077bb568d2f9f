"""A preset for a whole folder: what, where to, and then the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fvae_studio.core.batch import BatchRow, BatchTask, list_photos, write_report
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.presets import Preset
from fvae_studio.errors import PhotoWriteError
from fvae_studio.gui.dialogs.export_format import FormatFields
from fvae_studio.gui.dialogs.export_place import PlaceFields
from fvae_studio.gui.dialogs.frame import StudioDialog, form, heading, label, name, set_role
from fvae_studio.gui.error_words import in_words, notes_in_words
from fvae_studio.gui.messages import Messages
from fvae_studio.gui.theme import colours_of
from fvae_studio.paths import typed_path

_PATH_ROLE: Final = Qt.ItemDataRole.UserRole
OUTPUT_FOLDER: Final = "edited"


class BatchDialog(StudioDialog):
    """First the questions, then a table that grows while the photos are done.

    Args:
        presets: to choose from.
        options: as they were the last time; the folder is set anew.
        messages: tells when the report cannot be saved.
        parent: the window.
    """

    start_requested = Signal(object, object)
    """(`BatchTask`, tuple of paths)."""
    cancel_requested = Signal()
    show_requested = Signal(object)
    """Show this path in its folder."""

    def __init__(
        self,
        presets: Sequence[Preset],
        options: ExportOptions,
        messages: Messages,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", parent)
        self._presets = tuple(presets)
        self._messages = messages
        self._options = options
        self._photos: tuple[Path, ...] = ()
        self._rows: list[BatchRow] = []
        self._is_running = False
        # The place that was set for the outputs by itself.
        self._own_place: Path | None = None
        self._build_ui()
        self._connect()
        self._on_preset_chosen()
        self._refresh()

    def set_folder(self, folder: Path) -> None:
        """Choose the folder of the photos; the outputs go into a folder inside it, unless another one was named."""
        self._folder.setText(str(folder))

    def set_preset(self, preset: str) -> None:
        """Choose a preset by its name."""
        self._preset.setCurrentIndex(max(0, self._preset.findText(preset)))

    def add_row(self, row: BatchRow) -> None:
        """One photo is done."""
        self._rows.append(row)
        at = self._table.rowCount()
        self._table.insertRow(at)
        colours = colours_of(self.palette())
        words = {"done": self.tr("written"), "skipped": self.tr("skipped"), "failed": self.tr("failed")}
        tints = {"done": colours.success, "skipped": colours.warning, "failed": colours.danger}
        note = notes_in_words(row.note) or (row.output.name if row.output else "")
        for column, text in enumerate((row.path.name, words[row.outcome], str(row.num_faces), note)):
            item = QTableWidgetItem(text)
            item.setToolTip(str(row.output or row.path) if column == 0 else text)
            item.setData(_PATH_ROLE, str(row.output or row.path))
            if column == 1:
                item.setForeground(QColor(tints[row.outcome]))
            self._table.setItem(at, column, item)
        self._table.resizeRowToContents(at)
        self._table.scrollToBottom()
        self._bar.setMaximum(max(1, len(self._photos)))
        self._bar.setValue(len(self._rows))
        self._refresh_report()

    def set_finished(self) -> None:
        """No more rows will come: all photos are done, or it was cancelled."""
        self._is_running = False
        self._refresh_report()

    @property
    def rows(self) -> tuple[BatchRow, ...]:
        """The report so far."""
        return tuple(self._rows)

    # Building

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("Apply a preset to a folder"))
        self.resize(620, 600)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._make_questions())
        self._pages.addWidget(self._make_report())
        self.content.addWidget(self._pages, 1)
        role = QDialogButtonBox.ButtonRole
        self._start = self.buttons.addButton(self.tr("Start"), role.AcceptRole)
        name(self._start, self.tr("Start"), self.tr("Edit all photos of the folder; the originals stay"))
        self._save = self.buttons.addButton(self.tr("Save report…"), role.ActionRole)
        name(self._save, self.tr("Save the report"), self.tr("As a table for spreadsheets (CSV)"))
        self._stop = self.buttons.addButton(self.tr("Stop"), role.ActionRole)
        name(self._stop, self.tr("Stop"), self.tr("Finish no further photo; those that are done stay"))
        self._close = self.add_close_button()

    def _make_questions(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self._folder = QLineEdit()
        self._folder.setPlaceholderText(self.tr("Folder with photos"))
        name(self._folder, self.tr("Folder with photos"))
        self._browse = QPushButton(self.tr("Choose…"))
        name(self._browse, self.tr("Choose the folder with photos"))
        self._deep = QCheckBox(self.tr("Also photos in its folders"))
        name(self._deep, self.tr("Also photos in its folders"))
        self._preset = QComboBox()
        self._preset.addItems([preset.name for preset in self._presets])
        name(self._preset, self.tr("Preset"), self.tr("What all faces of all photos get"))
        self._amount = QSpinBox()
        self._amount.lineEdit().setTextMargins(4, 0, 0, 0)
        self._amount.setRange(10, 150)
        self._amount.setValue(100)
        self._amount.setSingleStep(10)
        self._amount.setSuffix(" %")
        name(self._amount, self.tr("Amount"), self.tr("Scales the preset"))
        folder = QHBoxLayout()
        folder.setSpacing(8)
        folder.addWidget(self._folder, 1)
        folder.addWidget(self._browse)
        preset = QHBoxLayout()
        preset.setSpacing(8)
        preset.addWidget(self._preset, 1)
        preset.addWidget(self._amount)
        what = form()
        what.addRow(self.tr("Photos"), folder)
        what.addRow("", self._deep)
        what.addRow(self.tr("Preset"), preset)
        self._mouth = QComboBox()
        self._mouth.addItem(self.tr("Closed lips"), "closed")
        self._mouth.addItem(self.tr("Built-in teeth"), "built_in")
        name(
            self._mouth,
            self.tr("If lips part"),
            self.tr(
                "What is seen where the preset parts lips that are closed in the photo. Built-in teeth are an average "
                "of many people's; the files say so."
            ),
        )
        what.addRow(self.tr("If lips part"), self._mouth)
        self._format = FormatFields(replace(self._options, folder=None))
        self._place = PlaceFields(replace(self._options, folder=None), beside=False)
        self.align_labels(what, self._format.rows, self._place.rows)
        self._keep = QCheckBox(self.tr("Keep camera data, place, author and texts (EXIF, XMP, IPTC)"))
        self._keep.setChecked(self._options.keep_metadata)
        name(self._keep, self.tr("Keep metadata"))
        self._note = QCheckBox(self.tr("Note in the files that the photos were edited"))
        self._note.setChecked(self._options.note_edit)
        name(self._note, self.tr("Note the edit"))
        self._summary = label("", "hint")
        layout.addLayout(what)
        files, place = heading(self.tr("Files")), heading(self.tr("Name and place"))
        shown: tuple[QWidget, ...] = (files, self._format, self._keep, self._note, place, self._place, self._summary)
        for widget in shown:
            layout.addWidget(widget)
        layout.addStretch(1)
        return page

    def _make_report(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self._state = label("", "heading")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of the batch"))
        self._table = QTableWidget(0, 4)
        self._table.setHorizontalHeaderLabels(
            [self.tr("Photo"), self.tr("Result"), self.tr("Faces"), self.tr("File or reason")]
        )
        self._table.verticalHeader().hide()
        self._table.setShowGrid(False)
        self._table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        name(self._table, self.tr("Report"), self.tr("Double click shows a file in its folder"))
        header = self._table.horizontalHeader()
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._table.setColumnWidth(0, 170)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        layout.addWidget(self._state)
        layout.addWidget(self._bar)
        layout.addWidget(self._table, 1)
        return page

    def _connect(self) -> None:
        self._folder.textChanged.connect(self._on_folder_changed)
        self._deep.toggled.connect(self._refresh)
        self._preset.currentIndexChanged.connect(self._on_preset_chosen)
        self._browse.clicked.connect(self._on_browse_clicked)
        self._format.changed.connect(self._refresh)
        self._place.changed.connect(self._refresh)
        self._start.clicked.connect(self._on_start_clicked)
        self._stop.clicked.connect(self.cancel_requested)
        self._save.clicked.connect(self._on_save_clicked)
        self._table.itemDoubleClicked.connect(lambda item: self.show_requested.emit(Path(item.data(_PATH_ROLE))))

    # What people do

    def _task(self) -> BatchTask:
        options = self._place.apply(self._format.apply(ExportOptions()))
        options = replace(options, keep_metadata=self._keep.isChecked(), note_edit=self._note.isChecked())
        preset = self._presets[self._preset.currentIndex()]
        mouth = MouthChoice(self._mouth.currentData())
        return BatchTask(preset.scaled(self._amount.value() / 100).strengths, options, mouth)

    @Slot()
    def _on_preset_chosen(self) -> None:
        """A preset that says what is seen in mouths is taken at its word; it can be changed."""
        at = self._preset.currentIndex()
        mouth = self._presets[at].mouth if 0 <= at < len(self._presets) else None
        self._mouth.setCurrentIndex(self._mouth.findData((mouth or CLOSED).kind))

    @Slot(str)
    def _on_folder_changed(self, text: str) -> None:
        """However it is chosen, the place of the outputs goes along, unless a person named another one."""
        if self._place.folder in (None, self._own_place):
            self._own_place = typed_path(text).absolute() / OUTPUT_FOLDER if text.strip() else None
            self._place.set_folder(self._own_place)
        self._refresh()

    @Slot()
    def _on_browse_clicked(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose the folder with photos"), self._folder.text())
        if chosen:
            self.set_folder(Path(chosen))

    @Slot()
    def _on_start_clicked(self) -> None:
        task = self._task()
        self._is_running = True
        self._pages.setCurrentIndex(1)
        self._bar.setMaximum(max(1, len(self._photos)))
        self._refresh_report()
        self.start_requested.emit(task, self._photos)

    @Slot()
    def _on_save_clicked(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the report"), "report.csv", "CSV (*.csv)")
        if not path:
            return
        try:
            write_report(self._rows, Path(path))
        except PhotoWriteError as error:
            self._messages.show_error(error)

    def reject(self) -> None:
        """Closing the window stops the batch."""
        if self._is_running:
            self.cancel_requested.emit()
        super().reject()

    # What is shown

    @Slot()
    def _refresh(self) -> None:
        folder = typed_path(self._folder.text())
        problem = ""
        self._photos = ()
        try:
            self._place.set_pattern_error("")
            output = self._place.apply(self._options).folder
            if not self._folder.text().strip():
                problem = self.tr("Choose a folder with photos.")
            elif not folder.is_dir():
                problem = self.tr("There is no such folder.")
            elif not self._presets:
                problem = self.tr("There is no preset yet. Save one first.")
            else:
                self._photos = list_photos(folder, recursive=self._deep.isChecked(), leave_out=output)
                if not self._photos:
                    problem = self.tr("There are no photos in this folder.")
        except (PhotoWriteError, OSError) as error:
            problem = in_words(str(error))
        self._summary.setText(problem or self.tr("%n photo(s) will be edited.", "", len(self._photos)))
        set_role(self._summary, "danger" if problem and self._folder.text() else "hint")
        self._start.setEnabled(not problem)
        self._refresh_report()

    def _refresh_report(self) -> None:
        on_report = self._pages.currentIndex() == 1
        self._start.setVisible(not on_report)
        self._save.setVisible(on_report)
        self._stop.setVisible(on_report and self._is_running)
        self._close.setText(self.tr("Close") if on_report else self.tr("Cancel"))
        counts = {one: sum(row.outcome == one for row in self._rows) for one in ("done", "skipped", "failed")}
        text = self.tr("{done} written, {skipped} skipped, {failed} failed").format(**counts)
        if self._is_running:
            text = self.tr("Photo {number} of {total}").format(
                number=min(len(self._rows) + 1, len(self._photos)), total=len(self._photos)
            ) + (f" · {text}" if self._rows else "")
        self._state.setText(text)
        self._bar.setVisible(self._is_running)
