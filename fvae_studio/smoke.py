"""`fvae-studio --smoke`: open a photo, edit it, see the picture come, and leave with a line of figures."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from fvae_studio.gui.document import Document
from fvae_studio.inference.service import InferenceService
from fvae_studio.pipeline.requests import RenderedEdit

log = logging.getLogger(__name__)

TIMEOUT_MS: Final = 120_000


class Smoke(QObject):
    """Plays a person who smiles once and goes.

    Args:
        document, service: of the running Studio.
        app: is ended with exit code 0 when the full-resolution picture came, else 1.
        began: `time.perf_counter` at the start of the program.
    """

    def __init__(self, document: Document, service: InferenceService, app: QApplication, *, began: float) -> None:
        super().__init__(app)
        self._document, self._app, self._began = document, app, began
        self._seconds: dict[str, float] = {}
        self._is_edited = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self._leave("nothing came of it in time"))
        self._timer.start(TIMEOUT_MS)
        document.photo_changed.connect(self._on_photo_changed)
        document.faces_changed.connect(self._on_progress)
        document.summary_changed.connect(self._on_progress)
        document.rendered.connect(self._on_rendered)
        document.failed.connect(lambda error: self._leave(str(error)))
        document.render_failed.connect(lambda error: self._leave(str(error)))
        service.load_failed.connect(lambda error: self._leave(str(error)))

    def note_window(self) -> None:
        """The window was shown: note the time of its first picture."""
        self._app.processEvents()
        self._note("window")

    def _note(self, event: str) -> None:
        self._seconds.setdefault(event, round(time.perf_counter() - self._began, 3))

    @Slot()
    def _on_photo_changed(self) -> None:
        if self._document.current is not None and self._document.current.photo is not None:
            self._note("photo")

    @Slot()
    def _on_progress(self) -> None:
        entry, summary = self._document.current, self._document.summary
        if entry is not None and entry.faces:
            self._note("faces")
        if summary is not None:
            self._note("model")
        if entry is not None and entry.faces and summary is not None and not self._is_edited:
            self._is_edited = True
            self._document.set_strength(summary.directions[0].name, 0.8)

    @Slot(object)
    def _on_rendered(self, rendered: RenderedEdit | None) -> None:
        if rendered is None:
            return
        self._note(rendered.request.quality)
        if rendered.request.quality == "full_res":
            self._leave("" if rendered.patches else "the edit changed nothing")

    def _leave(self, failure: str) -> None:
        if not self._timer.isActive():
            return
        self._timer.stop()
        print(json.dumps({"ok": not failure, "failure": failure, "seconds": self._seconds}))
        sys.stdout.flush()
        self._app.exit(1 if failure else 0)
