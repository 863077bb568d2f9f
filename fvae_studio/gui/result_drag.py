"""Dragging the edited photo out of the window, into a folder or another program."""

from __future__ import annotations

import shutil
import tempfile
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QMetaType, QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QDrag, QPixmap
from PySide6.QtWidgets import QWidget

from fvae_studio.core.export import ExportOptions, plan_paths
from fvae_studio.core.photo_io import WrittenPhoto
from fvae_studio.errors import FvaeStudioError
from fvae_studio.gui.document import Document
from fvae_studio.gui.exports import export_task
from fvae_studio.gui.messages import Messages
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.tasks import Tasks
from fvae_studio.inference.jobs import EngineTask, JobProgress
from fvae_studio.pipeline.requests import StudioEngine

WAIT_S: Final = 60.0
"""How long a program that takes the file waits for it at most."""

_PICTURE_PX: Final = 96


class PromisedFile:
    """A file that is being made in the engine's thread."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._is_over = threading.Event()

    def keep(self, task: EngineTask) -> EngineTask:
        """The same task, which also tells this promise of its end."""

        def run(engine: StudioEngine, progress: JobProgress) -> WrittenPhoto:
            try:
                written = task(engine, progress)
                assert isinstance(written, WrittenPhoto)
                self._path = written.path
                return written
            finally:
                self._is_over.set()

        return run

    def wait(self, timeout_s: float = WAIT_S) -> Path | None:
        """Block until the file is there; None where it could not be made in time."""
        self._is_over.wait(timeout_s)
        return self._path


class ResultMime(QMimeData):
    """Names the file at once and waits for it when somebody takes it.

    Args:
        path: where the file will be.
        promise: of it.
    """

    def __init__(self, path: Path, promise: PromisedFile) -> None:
        super().__init__()
        self._promise = promise
        self.setUrls([QUrl.fromLocalFile(str(path))])

    def retrieveData(self, mime_type: str, kind: QMetaType | QMetaType.Type) -> Any:  # noqa: N802 (Qt's name)
        """The file's address, as soon as there is a file; nothing where it could not be made."""
        return super().retrieveData(mime_type, kind) if self._promise.wait() is not None else None


class ResultDrag(QObject):
    """Writes the shown photo with its edit while the hand is on its way, as the export dialog was left the last time.

    The window's thread waits at the drop, and only for what is left to write: whoever takes a file wants it whole.

    Args:
        document: whose photo.
        tasks: write the file.
        store: has the options.
        messages: tell what went wrong.
        parent: the window.
    """

    def __init__(
        self, document: Document, tasks: Tasks, store: SettingsStore, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._tasks, self._store, self._messages = document, tasks, store, messages
        self._folder: Path | None = None
        self._count = 0

    def begin(self, source: QWidget) -> None:
        """A drag of the shown photo began on this widget; returns when it is over."""
        entry = self._document.current
        if entry is None or entry.photo is None or entry.source is None:
            return
        try:
            mime, job_id = self.promise()
        except (FvaeStudioError, OSError) as error:
            self._messages.show_error(error)
            return
        drag = QDrag(source)
        drag.setMimeData(mime)
        if entry.thumbnail is not None:
            picture = QPixmap.fromImage(to_qimage(entry.thumbnail.pixels, entry.thumbnail.icc))
            smooth = Qt.TransformationMode.SmoothTransformation
            drag.setPixmap(picture.scaled(_PICTURE_PX, _PICTURE_PX, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        if drag.exec(Qt.DropAction.CopyAction) == Qt.DropAction.IgnoreAction:
            self._tasks.cancel(job_id)

    def promise(self) -> tuple[ResultMime, int]:
        """Begin to write the shown photo.

        Returns:
            What a drag carries, and the id of the task.

        Raises:
            PhotoWriteError: the export's options give no name.
        """
        entry = self._document.current
        assert entry is not None
        assert entry.source is not None
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="fvae-studio-"))
        # A folder for each: the name is the export's, without numbers.
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        options = replace(ExportOptions.from_json(self._store.settings.export), folder=folder)
        (path,) = plan_paths([entry.source], options, today=date.today())
        promise = PromisedFile()
        task = export_task(entry.photo, entry.path, entry.edit, entry.known_faces, path, options)
        job_id = self._tasks.run(promise.keep(task), lambda _written: None)
        return ResultMime(path, promise), job_id

    def close(self) -> None:
        """The Studio ends: so do the files that nobody copied."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
