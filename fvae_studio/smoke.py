"""`fvae-studio --smoke`: open a photo, edit it, see the picture come, and leave with a line of figures.

`--smoke=FOLDER` exports the edited photo there as well, as a PNG, and writes the figures to `smoke.json` beside it: a
window on Windows has no output. `packaging/smoke_test.py` looks at both.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
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
        export: starts an export of the shown photo, which is then waited for as well; None for no export.
        folder: where the figures are written to as well; None for nowhere.
    """

    def __init__(
        self,
        document: Document,
        service: InferenceService,
        app: QApplication,
        *,
        began: float,
        export: Callable[[], None] | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__(app)
        self._document, self._app, self._began = document, app, began
        self._export, self._folder = export, folder
        self._shown_at = 0.0
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
        service.exported.connect(self._on_exported)
        service.export_failed.connect(lambda _, error: self._leave(str(error)))

    def note_window(self) -> None:
        """The window was shown: note the time of its first picture."""
        self._app.processEvents()
        self._note("window")
        self._shown_at = time.time()

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
        if rendered.request.quality != "full_res":
            return
        if not rendered.patches:
            self._leave("the edit changed nothing")
        elif self._export is None:
            self._leave("")
        else:
            self._export()

    @Slot(int, object)
    def _on_exported(self) -> None:
        self._note("export")
        self._leave("")

    def _leave(self, failure: str) -> None:
        if not self._timer.isActive():
            return
        self._timer.stop()
        # The time of day of the first picture: whoever started the program counts what came before Python, too.
        found = {"ok": not failure, "failure": failure, "seconds": self._seconds, "shown_at": self._shown_at}
        print(json.dumps(found), flush=True)
        if self._folder is not None:
            (self._folder / "smoke.json").write_text(json.dumps(found), encoding="utf-8")
        self._app.exit(1 if failure else 0)
