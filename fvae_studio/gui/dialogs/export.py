"""The export dialog: how, how large, with what beside the pixels, under which name and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QDialogButtonBox, QHBoxLayout, QRadioButton, QWidget

from fvae_studio.core.credentials import has_credentials
from fvae_studio.core.export import (
    ExportOptions,
    ExportSource,
    format_of,
    plan_paths,
    replaces_source,
    size_of,
)
from fvae_studio.errors import PhotoWriteError
from fvae_studio.gui.dialogs.export_format import FormatFields
from fvae_studio.gui.dialogs.export_place import PlaceFields
from fvae_studio.gui.dialogs.frame import StudioDialog, heading, label, name, set_role
from fvae_studio.gui.error_words import in_words
from fvae_studio.gui.messages import Messages

Scope = Literal["this", "edited"]


class ExportDialog(StudioDialog):
    """Asks how photos shall be exported.

    Args:
        this: the photo that is shown; None exports only `edited`.
        edited: all photos with edits.
        options: as they were the last time.
        messages: asks before a photo's own file is replaced.
        parent: the window.
        today: for names; a fixed day in tests.
    """

    export_requested = Signal(str, object)
    """(scope, `ExportOptions`): scope "this" or "edited"; the paths come from `plan_paths` when exports are queued."""

    def __init__(
        self,
        this: ExportSource | None,
        edited: Sequence[ExportSource],
        options: ExportOptions,
        messages: Messages,
        parent: QWidget | None = None,
        *,
        scope: Scope = "this",
        today: date | None = None,
    ) -> None:
        super().__init__("", parent)
        self._this = this
        self._edited = tuple(edited)
        self._messages = messages
        self._today = today or date.today()
        self._build_ui(options)
        self.set_scope(scope if this is not None else "edited")
        self._connect()
        self._refresh()

    @property
    def scope(self) -> Scope:
        """The shown photo, or all edited ones."""
        return "edited" if self._all.isChecked() else "this"

    @property
    def sources(self) -> tuple[ExportSource, ...]:
        """What would be exported."""
        return self._edited if self.scope == "edited" or self._this is None else (self._this,)

    def set_scope(self, scope: Scope) -> None:
        """Choose which photos."""
        with QSignalBlocker(self._scopes):
            (self._all if scope == "edited" else self._one).setChecked(True)

    def options(self) -> ExportOptions:
        """What the controls say.

        Raises:
            PhotoWriteError: the name pattern gives no name.
        """
        options = self._place.apply(self._format.apply(ExportOptions()))
        return replace(
            options,
            keep_metadata=self._keep.isChecked(),
            note_edit=self._note.isChecked(),
            credentials=self._sign.isChecked(),
        )

    def _build_ui(self, options: ExportOptions) -> None:
        self.setWindowTitle(self.tr("Export"))
        self.set_least_width(560)
        self._one = QRadioButton(self.tr("This photo"))
        self._all = QRadioButton(self.tr("All edited photos (%n)", "", len(self._edited)))
        name(self._one, self.tr("Export this photo"))
        name(self._all, self.tr("Export all edited photos"))
        self._scopes = QButtonGroup(self)
        scope_row = QHBoxLayout()
        scope_row.setSpacing(18)
        for button in (self._one, self._all):
            self._scopes.addButton(button)
            scope_row.addWidget(button)
        scope_row.addStretch(1)
        self._one.setEnabled(self._this is not None)
        self._all.setEnabled(bool(self._edited))

        self._format = FormatFields(options)
        self._place = PlaceFields(options)
        self.align_labels(self._format.rows, self._place.rows)
        self._keep = QCheckBox(self.tr("Keep camera data, place, author and texts (EXIF, XMP, IPTC)"))
        self._keep.setChecked(options.keep_metadata)
        name(self._keep, self.tr("Keep metadata"), self.tr("The colour profile is kept in any case"))
        self._note = QCheckBox(self.tr("Note in the file that the photo was edited"))
        self._note.setChecked(options.note_edit)
        name(
            self._note,
            self.tr("Note the edit"),
            self.tr("Writes IPTC's digital source type into XMP, so that others can know"),
        )
        self._sign = QCheckBox(self.tr("Sign what was done (Content Credentials)"))
        self._sign.setEnabled(has_credentials())
        self._sign.setChecked(options.credentials and has_credentials())
        name(
            self._sign,
            self.tr("Content Credentials"),
            self.tr("With a certificate of this computer that names nobody")
            if has_credentials()
            else self.tr("Needs the library c2pa-python, which is not installed"),
        )
        self._summary = label("", "hint")
        self._summary.setMinimumHeight(self.fontMetrics().lineSpacing() * 3)

        self.content.addLayout(scope_row)
        self.content.addWidget(heading(self.tr("File")))
        self.content.addWidget(self._format)
        self.content.addWidget(heading(self.tr("Metadata")))
        self.content.addWidget(self._keep)
        self.content.addWidget(self._note)
        self.content.addWidget(self._sign)
        self.content.addWidget(heading(self.tr("Name and place")))
        self.content.addWidget(self._place)
        self.content.addWidget(self._summary)
        self.content.addStretch(1)
        self._export = self.buttons.addButton(self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setDefault(True)
        cancel = self.buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        name(self._export, self.tr("Export"), self.tr("Write the files; you can go on editing meanwhile"))
        name(cancel, self.tr("Cancel"), self.tr("Write nothing"))

    def _connect(self) -> None:
        self._scopes.buttonClicked.connect(self._refresh)
        self._format.changed.connect(self._refresh)
        self._place.changed.connect(self._refresh)
        self._keep.toggled.connect(self._refresh)
        self._note.toggled.connect(self._refresh)
        self._sign.toggled.connect(self._refresh)
        self.buttons.accepted.connect(self._on_accepted)

    @Slot()
    def _refresh(self) -> None:
        """What will be written, or why it cannot be."""
        sources = self.sources
        self._place.set_needs_folder(any(source.path is None for source in sources))
        if sources:
            self._format.set_source(sources[0] if len(sources) == 1 else None)
        count = len(sources)
        self._export.setText(self.tr("Export") if count == 1 else self.tr("Export %n photos", "", count))
        try:
            options = self.options()
            self._place.set_pattern_error("")
            paths = plan_paths(sources, options, today=self._today)
        except PhotoWriteError as error:
            self._say(in_words(str(error)), "danger")
            self._export.setEnabled(False)
            return
        self._export.setEnabled(bool(paths))
        if not paths:
            self._say(self.tr("No photo has edits."), "danger")
            return
        replaced = replaces_source(sources, options, today=self._today)
        if replaced:
            paths = plan_paths(sources, replace(options, replace_source=True), today=self._today)
        more = "" if count == 1 else "\n" + self.tr("and %n more", "", count - 1)
        text = str(paths[0]) + more
        if replaced:
            self._say(text + "\n" + self.tr("Replaces %n original photo(s).", "", len(replaced)), "warning")
            return
        first = sources[0]
        if count == 1:
            width, height = size_of(first.width, first.height, options)
            text += "\n" + self.tr("{format}, {width} × {height} pixels").format(
                format=format_of(first, options), width=width, height=height
            )
        self._say(text, "hint")

    def _say(self, text: str, role: str) -> None:
        self._summary.setText(text)
        set_role(self._summary, role)

    @Slot()
    def _on_accepted(self) -> None:
        options = self.options()
        replaced = replaces_source(self.sources, options, today=self._today)
        if replaced:
            names = ", ".join(path.name for path in replaced[:3]) + ("…" if len(replaced) > 3 else "")
            answer = self._messages.ask(
                self.tr("Replace the original photo?")
                if len(replaced) == 1
                else self.tr("Replace %n original photos?", "", len(replaced)),
                self.tr("{names} will hold the edited photo. The original cannot be brought back.").format(names=names),
                [self.tr("Replace"), self.tr("Keep both")],
                dangerous=0,
            )
            if answer is None:
                return
            options = replace(options, replace_source=answer == 0)
        self.export_requested.emit(self.scope, options)
        self.accept()
