"""Eyes or a mouth of another photo for a face of the shown one, as a new photo."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from shiboken6 import isValid

from fvae_studio.core.export import ExportOptions, ExportSource, plan_paths
from fvae_studio.core.face_parts import Region
from fvae_studio.errors import Cancelled
from fvae_studio.gui.document import Document
from fvae_studio.gui.main_window import MainWindow
from fvae_studio.gui.messages import explain
from fvae_studio.gui.open_photo import OpenPhoto
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.tasks import Tasks
from fvae_studio.pipeline.still_borrowing import BorrowedStill, BorrowWish, borrow_still

if TYPE_CHECKING:
    # Imported when it is opened: the window comes sooner.
    from fvae_studio.gui.dialogs.borrow import BorrowChoice, BorrowDialog


class Borrowing(QObject):
    """Opens the dialog and does what it asks for.

    Args:
        window, document, store, tasks: parts of the Studio.
    """

    def __init__(self, window: MainWindow, document: Document, store: SettingsStore, tasks: Tasks) -> None:
        super().__init__(window)
        self._window, self._document, self._store, self._tasks = window, document, store, tasks

    @Slot()
    def open(self) -> BorrowDialog | None:
        """Ask what is to be taken; None where no photo with a face is shown."""
        entry = self._document.current
        if entry is None or entry.photo is None or not entry.faces:
            return None
        from fvae_studio.gui.dialogs.borrow import BorrowDialog

        dialog = BorrowDialog(
            [(other.name, other.path) for other in self._document.photos if other is not entry and other.error is None],
            [face.index for face in entry.faces],
            entry.chosen_face,
            self._places(entry),
            has_edit=entry.is_edited,
            parent=self._window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.borrow_requested.connect(partial(self._start, dialog, entry))
        dialog.open()
        return dialog

    def _places(self, entry: OpenPhoto) -> dict[tuple[Region, ...], Path]:
        folder = Path.home() if entry.is_pasted else entry.path.parent
        assert entry.photo is not None
        source = entry.source or ExportSource.of(entry.photo)
        words: dict[tuple[Region, ...], str] = {
            ("eyes",): "eyes",
            ("mouth",): "mouth",
            ("eyes", "mouth"): "eyes-mouth",
            ("best",): "face",
        }
        taken = [photo.path for photo in self._document.photos]
        places = {}
        for parts, word in words.items():
            options = ExportOptions(folder=folder, pattern=f"{{name}}-{word}")
            (places[parts],) = plan_paths([source], options, today=date.today(), taken=taken)
        return places

    def _start(self, dialog: BorrowDialog, entry: OpenPhoto, choice: BorrowChoice) -> None:
        photo, note = entry.photo, ExportOptions.from_json(self._store.settings.export).note_edit
        if photo is None:
            dialog.set_failed(self.tr("The photo is not in memory any more; close this window and try again."))
            return
        wish = BorrowWish(
            photo, entry.known_faces, choice.face, choice.donor, choice.donor_face, choice.parts, choice.output, note
        )
        job = self._tasks.run(
            lambda engine, progress: borrow_still(engine, wish, progress),
            partial(self._on_done, dialog, choice),
            failed=partial(self._on_failed, dialog),
            progress=lambda fraction: dialog.set_progress(fraction) if isValid(dialog) else None,
        )
        dialog.cancel_requested.connect(partial(self._tasks.cancel, job))

    def _on_done(self, dialog: BorrowDialog, choice: BorrowChoice, still: BorrowedStill) -> None:
        if isValid(dialog):
            dialog.set_done()
        self._document.open_paths([still.path])
        if still.match.may_be_another_person:
            self._window.messages.tell(
                self.tr("{name} may show another person.").format(name=choice.donor.name),
                self.tr("The faces' shapes differ by {times:.1f} times what one person's do: look closely.").format(
                    times=still.match.shape_distance
                ),
            )
        else:
            self._window.tell(self.tr("{name} was written.").format(name=still.path.name))

    def _on_failed(self, dialog: BorrowDialog, error: Exception) -> None:
        if isinstance(error, Cancelled):
            return
        if isValid(dialog):
            dialog.set_failed(explain(error).sentence)
        else:
            self._window.messages.show_error(error)
