"""Pictures without a file, pasted or dropped from a browser: they get a file of the program's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Slot
from PySide6.QtGui import QGuiApplication, QImage

from fvae_studio.core.progress import Progress
from fvae_studio.errors import PhotoWriteError
from fvae_studio.gui.document import Document
from fvae_studio.gui.recovery import Recovery
from fvae_studio.gui.tasks import Tasks
from fvae_studio.pipeline.requests import StudioEngine


class Pasting(QObject):
    """Makes photos of pictures.

    Args:
        document: opens them.
        recovery: has a folder for them.
        tasks: encode them, which takes seconds for a large one.
        open_paths: for files on the clipboard.
        tell: says that there is nothing.
    """

    def __init__(
        self,
        document: Document,
        recovery: Recovery,
        tasks: Tasks,
        open_paths: Callable[[Sequence[Path]], None],
        tell: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._recovery, self._tasks = document, recovery, tasks
        self._open_paths, self._tell = open_paths, tell
        self._taken: set[Path] = set()

    def paste(self) -> None:
        """Open the files or the picture on the clipboard."""
        # None on an empty clipboard, whatever the type says.
        data = QGuiApplication.clipboard().mimeData() or QMimeData()
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            self._open_paths(files)
        elif data.hasImage():
            self.take([QImage(data.imageData())])
        else:
            self._tell(self.tr("There is no photo on the clipboard."))

    @Slot(list)
    def take(self, images: Sequence[QImage]) -> None:
        """Open these pictures."""
        for image in images:
            path = self._recovery.pasted_path(taken=self._taken)
            self._taken.add(path)
            self._tasks.run(
                partial(_write, image, path),
                lambda written: self._document.open_paths([written], is_pasted=True),
            )


def _write(image: QImage, path: Path, _engine: StudioEngine, _progress: Progress) -> Path:
    if not image.save(str(path)):
        raise PhotoWriteError(f"The pasted picture could not be kept in {path}.")
    return path
