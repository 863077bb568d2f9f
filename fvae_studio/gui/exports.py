"""Exports of open photos and batches over folders: what is asked of the engine, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from fvae_studio.core.batch import BatchRow, BatchTask
from fvae_studio.core.export import ExportOptions, ExportTask, plan_paths, run_export
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.photo_io import WrittenPhoto
from fvae_studio.core.photo_io.atomic import make_folder
from fvae_studio.core.progress import Progress
from fvae_studio.core.project_file import file_hash
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import Cancelled, FvaeStudioError, PhotoError
from fvae_studio.gui.dialogs.export_queue import ExportQueue
from fvae_studio.gui.document import Document
from fvae_studio.gui.error_words import in_words
from fvae_studio.gui.messages import Messages, explain
from fvae_studio.gui.open_photo import OpenPhoto
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.tasks import Tasks
from fvae_studio.inference.jobs import EngineTask
from fvae_studio.pipeline.batch import ReadAhead, run_batch_photo
from fvae_studio.pipeline.requests import StudioEngine

if TYPE_CHECKING:
    # Imported when it is opened: the window comes sooner.
    from fvae_studio.gui.dialogs.batch import BatchDialog
    from fvae_studio.gui.dialogs.export import ExportDialog

_QUEUE_MARGIN_PX: Final = 40


class Exports(QObject):
    """The export dialog, the queue, batches, and the clipboard.

    Args:
        document: whose photos.
        tasks: that do the work.
        store: remembers the options.
        messages: asks and tells.
        window: above which dialogs stand.
    """

    started = Signal()
    """The first export of this session."""
    ended = Signal()
    """Nothing waits or runs any more."""
    summary_changed = Signal(str)
    """One line about what is being exported, "" for nothing."""

    def __init__(
        self, document: Document, tasks: Tasks, store: SettingsStore, messages: Messages, window: QWidget
    ) -> None:
        super().__init__(window)
        self._document, self._tasks, self._store = document, tasks, store
        self._messages, self._window = messages, window
        self._promised: dict[int, Path] = {}
        self._again: dict[int, Callable[[], object]] = {}
        self.queue = ExportQueue(window)
        self.queue.setWindowFlag(Qt.WindowType.Tool)
        self.queue.setWindowTitle(self.tr("Exports"))
        self.queue.resize(460, 380)
        self.queue.hide()
        self.queue.cancel_requested.connect(tasks.cancel)
        self.queue.cancel_all_requested.connect(self.cancel_all)
        self.queue.again_requested.connect(self._on_again)
        self.queue.show_requested.connect(show_in_folder)

    @property
    def num_open(self) -> int:
        """How many wait or run."""
        return self.queue.num_open

    @property
    def promised(self) -> tuple[Path, ...]:
        """Paths of exports that wait or run."""
        return tuple(self._promised.values())

    def run(
        self, task: EngineTask, path: Path, done: Callable[[Path], None], *, again: EngineTask | None = None
    ) -> int:
        """Queue something that writes one file or folder, and show the queue.

        Args:
            task: returns the path that it wrote.
            path: what is promised.
            done: called with what was written.
            again: what a person may start where the task was cancelled or failed: it goes on with it.

        Returns:
            The job's id.
        """

        def written(path: Path) -> None:
            self._end(job_id, path)
            done(path)

        job_id = self._queue_task(task, path, written)
        if again is not None:
            self._again[job_id] = lambda: self.run(again, path, done, again=again)
        self.show_queue()
        return job_id

    def ask(self, scope: Literal["this", "edited"] = "this") -> ExportDialog | None:
        """Open the export dialog; None where there is nothing to export."""
        entry = self._document.current
        this = entry.source if entry is not None else None
        edited = [source for photo in self._edited() if (source := photo.source) is not None]
        if this is None and not edited:
            return None
        options = ExportOptions.from_json(self._store.settings.export)
        from fvae_studio.gui.dialogs.export import ExportDialog

        dialog = ExportDialog(this, edited, options, self._messages, self._window, scope=scope)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.export_requested.connect(self.start)
        dialog.open()
        return dialog

    @Slot(str, object)
    def start(self, scope: str, options: ExportOptions) -> None:
        """Queue exports of the shown photo ("this"), or of all edited ones."""
        self._store.remember(export=options.to_json())
        current = self._document.current
        chosen = self._edited() if scope == "edited" else [current] if current is not None else []
        photos = [photo for photo in chosen if photo.source is not None]
        sources = [source for photo in photos if (source := photo.source) is not None]
        try:
            planned = plan_paths(sources, options, today=date.today(), taken=self._promised.values())
        except FvaeStudioError as error:
            self._messages.show_error(error)
            return
        for photo, path in zip(photos, planned, strict=True):
            self._export(photo, path, options)
        self.show_queue()

    def show_queue(self) -> None:
        """Show how the exports go: in the window's lower right corner, until somebody moves the list elsewhere."""
        if not self.queue.testAttribute(Qt.WidgetAttribute.WA_Moved):
            corner = self._window.mapToGlobal(self._window.rect().bottomRight())
            self.queue.move(
                corner - QPoint(self.queue.width() + _QUEUE_MARGIN_PX, self.queue.height() + _QUEUE_MARGIN_PX)
            )
        self.queue.show()
        self.queue.raise_()

    @Slot()
    def cancel_all(self) -> None:
        """Stop what runs and take out what waits, photos and clips; the queue tells of each."""
        self._cancel_all(self._promised)

    def copy_to_clipboard(self) -> None:
        """The shown photo with its edit at full resolution."""
        entry = self._document.current
        if entry is None or entry.photo is None:
            return
        photo, edit, faces = entry.photo, entry.edit, entry.known_faces

        def render(engine: StudioEngine, progress: Progress) -> Photo:
            if faces is not None:
                engine.set_faces(photo, faces)
            return engine.render(photo, edit.effective, progress).photo

        def put(edited: Photo) -> None:
            image = to_qimage(edited.pixels, edited.metadata.icc, edited.alpha)
            QGuiApplication.clipboard().setImage(image)
            self.summary_changed.emit(self.tr("The edited photo is on the clipboard."))

        self._tasks.run(render, put)

    def run_batch(self, dialog: BatchDialog) -> None:
        """Do what a batch dialog asks for, photo by photo, until it is done or closed."""
        jobs: list[int] = []
        dialog.start_requested.connect(lambda task, paths: self._start_batch(dialog, jobs, task, paths))
        dialog.cancel_requested.connect(lambda: self._cancel_all(jobs))
        dialog.show_requested.connect(show_in_folder)

    def _start_batch(self, dialog: BatchDialog, jobs: list[int], task: BatchTask, paths: Sequence[Path]) -> None:
        taken: list[Path] = []
        left = len(paths)
        ahead = ReadAhead(paths)

        def make(path: Path, number: int) -> EngineTask:
            def run(engine: StudioEngine, progress: Progress) -> BatchRow:
                row = run_batch_photo(engine, path, task, progress, number=number, taken=taken, ahead=ahead)
                if row.output is not None:
                    taken.append(row.output)
                return row

            return run

        def end() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                ahead.close()
                dialog.set_finished()

        def done(row: BatchRow) -> None:
            dialog.add_row(row)
            end()

        def failed(path: Path, error: Exception) -> None:
            if not isinstance(error, Cancelled):
                dialog.add_row(BatchRow(path, "failed", explain(error).sentence))
            end()

        for number, path in enumerate(paths, start=1):
            jobs.append(self._tasks.run(make(path, number), done, failed=partial(failed, path)))

    def _edited(self) -> list[OpenPhoto]:
        return [photo for photo in self._document.photos if photo.is_edited]

    def _export(self, entry: OpenPhoto, path: Path, options: ExportOptions) -> None:
        photo, source_path, edit, faces = entry.photo, entry.path, entry.edit, entry.known_faces
        task = export_task(photo, source_path, edit, faces, path, options, sha256=entry.sha256)
        job_id = self._queue_task(task, path, lambda written: self._on_written(job_id, entry.entry_id, edit, written))

    def _queue_task(self, task: EngineTask, path: Path, done: Callable[[Any], None]) -> int:
        job_id = self._tasks.run(
            task,
            done,
            failed=lambda error: self._on_failed(job_id, error),
            progress=lambda fraction: self._on_progress(job_id, fraction),
        )
        self._promised[job_id] = path
        self.queue.add(job_id, path)
        self.started.emit()
        return job_id

    def _on_written(self, job_id: int, entry_id: int, edit: PhotoEdit, written: WrittenPhoto) -> None:
        self._document.mark_exported(entry_id, edit)
        self._end(job_id, written.path, written.note)

    def _end(self, job_id: int, path: Path, note: str = "") -> None:
        self._promised.pop(job_id, None)
        self._again.pop(job_id, None)
        self.queue.set_done(job_id, path, in_words(note))
        self._tell_of_end()

    def _on_failed(self, job_id: int, error: Exception) -> None:
        path = self._promised.pop(job_id, None)
        can_go_on = job_id in self._again
        if isinstance(error, Cancelled):
            # Only numbered pictures stay where an export is cut.
            self.queue.set_cancelled(job_id, has_pictures=path is not None and path.is_dir(), can_go_on=can_go_on)
        else:
            self.queue.set_failed(job_id, explain(error).sentence, can_go_on=can_go_on)
        self._tell_of_end()

    def _tell_of_end(self) -> None:
        self.summary_changed.emit(self.queue.summary())
        if not self.num_open:
            self.ended.emit()

    def _on_progress(self, job_id: int, fraction: float) -> None:
        self.queue.set_progress(job_id, fraction)
        self.summary_changed.emit(self.queue.summary())

    @Slot(int)
    def _on_again(self, job_id: int) -> None:
        start = self._again.pop(job_id, None)
        if start is not None:
            self.queue.remove(job_id)
            start()

    def _cancel_all(self, jobs: Iterable[int]) -> None:
        # The last ones first: the running one would only make room for the next.
        for job_id in reversed(list(jobs)):
            self._tasks.cancel(job_id)


def show_in_folder(path: Path) -> None:
    """Open the folder of a file in the system's file manager."""
    folder = path if path.is_dir() else path.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def export_task(
    photo: Photo | None,
    source_path: Path,
    edit: PhotoEdit,
    faces: tuple[Face, ...] | None,
    path: Path,
    options: ExportOptions,
    *,
    sha256: str = "",
) -> EngineTask:
    """Write one edited photo; the task returns a `WrittenPhoto`.

    It fails with a `PhotoError` where the pixels have to be read again and the file is not the same any more: an export
    may have replaced it, and the edit would be applied twice.

    Args:
        photo: None where its pixels are not in memory: it is read from `source_path` then.
        source_path: its file.
        edit: of it.
        faces: those that can be edited; None leaves them to the detector.
        path: of the file to write.
        options: of the export.
        sha256: of its file when it was read; "" if unknown.
    """

    def run(engine: StudioEngine, progress: Progress) -> WrittenPhoto:
        if photo is None and sha256 and source_path.is_file() and file_hash(source_path) != sha256:
            raise PhotoError(
                f"{source_path} is not the file that was edited. Show the photo, look at its edit, and export it again."
            )
        source = photo if photo is not None else engine.open(source_path)
        if faces is not None:
            engine.set_faces(source, faces)
        if options.folder is not None:
            make_folder(options.folder)
        return run_export(engine, ExportTask(source, edit.effective, path, options), progress)

    return run
