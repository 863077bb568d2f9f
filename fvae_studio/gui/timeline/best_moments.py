"""Looking through the clip for one picture, and keeping it: as a photo, on the clipboard, or under the playhead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget
from shiboken6 import isValid

from fvae_studio.core.export import SUFFIXES, ExportOptions, prepare
from fvae_studio.core.photo_io import write_photo
from fvae_studio.core.progress import Progress
from fvae_studio.core.timeline import Timeline
from fvae_studio.core.types import Photo
from fvae_studio.errors import Cancelled, EditError
from fvae_studio.gui.dialogs.best_moment import PICTURE_PX, BestMomentDialog
from fvae_studio.gui.document import Document
from fvae_studio.gui.exports import Exports
from fvae_studio.gui.messages import Messages, explain
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.gui.tasks import Tasks
from fvae_studio.gui.timeline.sources import ClipScene
from fvae_studio.gui.timeline.stage import ClipStage
from fvae_studio.inference.jobs import EngineTask
from fvae_studio.paths import with_ending
from fvae_studio.pipeline.requests import ClipSource, MomentRequest, StudioEngine, clip_note

_SHARP: Final = 2
"""Pixels of a picture per pixel of its tile: also sharp on a fine screen."""


class BestMoments(QObject):
    """Opens the dialog and does what it asks for.

    Args:
        document: has the timeline.
        stage: has its sources, and the playhead.
        tasks: render the pictures.
        exports: the queue for stills that are written.
        messages: tells what stands in the way.
        window: above which the dialog stands.
    """

    told = Signal(str)
    """A word for the status bar."""

    def __init__(
        self,
        document: Document,
        stage: ClipStage,
        tasks: Tasks,
        exports: Exports,
        messages: Messages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._stage, self._tasks, self._exports = document, stage, tasks, exports
        self._messages, self._window = messages, window
        self._jobs: list[int] = []

    def open(self) -> BestMomentDialog | None:
        """Look through what is played; None where there is no clip, which is told."""
        scene, timeline = self._stage.scene, self._document.timeline
        if scene is None:
            reason = self._stage.problem or self.tr("The timeline's photos are not read yet.")
            self._messages.show_error(EditError(reason))
            return None
        self._stage.player.pause()
        dialog = BestMomentDialog(timeline.in_s, max(timeline.in_s, timeline.end_s), timeline.fps, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.pictures_wanted.connect(lambda times: self._render(dialog, scene, timeline, times))
        dialog.copy_requested.connect(lambda time_s: self._copy(dialog, scene, timeline, time_s))
        dialog.export_requested.connect(lambda time_s: self._export(scene, time_s))
        dialog.visit_requested.connect(lambda time_s: self._stage.seek(round(time_s * timeline.fps)))
        dialog.finished.connect(self._cancel)
        dialog.begin()
        dialog.open()
        return dialog

    def export(self, time_s: float, path: Path) -> int | None:
        """Queue a still of the clip as it is now; it gets a number where the path is taken.

        Returns:
            The job's id; None where there is no clip.
        """
        scene = self._stage.scene
        if scene is None:
            return None
        task = _still_task(scene.sources, self._document.timeline, time_s, path)
        return self._exports.run(task, path, lambda _written: None)

    # --- inside ---

    def _render(self, dialog: BestMomentDialog, scene: ClipScene, timeline: Timeline, times: Sequence[float]) -> None:
        self._cancel()
        largest, level = scene.largest_px, 0
        while largest >> (level + 1) >= _SHARP * PICTURE_PX:
            level += 1
        for time_s in times:
            request = MomentRequest(scene.sources, timeline.at(time_s), "face", "preview", level, 0)
            self._jobs.append(
                self._tasks.run(
                    partial(_picture, request),
                    partial(self._put, dialog, time_s),
                    failed=partial(self._on_failed, dialog),
                )
            )

    def _put(self, dialog: BestMomentDialog, time_s: float, picture: QImage) -> None:
        if isValid(dialog):
            dialog.set_picture(time_s, picture)

    def _on_failed(self, dialog: BestMomentDialog, error: Exception) -> None:
        if isValid(dialog) and not isinstance(error, Cancelled):
            dialog.set_note(explain(error).sentence)

    def _cancel(self, _result: int = 0) -> None:
        for job_id in reversed(self._jobs):
            self._tasks.cancel(job_id)
        self._jobs.clear()

    def _copy(self, dialog: BestMomentDialog, scene: ClipScene, timeline: Timeline, time_s: float) -> None:
        def put(image: QImage) -> None:
            QGuiApplication.clipboard().setImage(image)
            note = self.tr("The moment is on the clipboard.")
            self.told.emit(note)
            if isValid(dialog):
                dialog.set_note(note)

        def render(engine: StudioEngine, progress: Progress) -> QImage:
            still = _still(engine, scene.sources, timeline, time_s, progress)
            return to_qimage(still.pixels, still.metadata.icc, still.alpha)

        self._tasks.run(render, put)

    def _export(self, scene: ClipScene, time_s: float) -> None:
        entry = self._document.photos_of_clip()[0]
        format_name = scene.sources[0].photo.metadata.format
        suffix = entry.path.suffix if format_name in SUFFIXES else ".png"
        name = with_ending(entry.path.stem, "-moment") + suffix
        proposed = (Path.home() if entry.is_pasted else entry.path.parent) / name
        options = QFileDialog.Option.DontConfirmOverwrite
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Export this moment"), str(_free(proposed, self._exports.promised)), options=options
        )
        if chosen:
            self.export(time_s, _free(Path(chosen), self._exports.promised))


def _picture(request: MomentRequest, engine: StudioEngine, progress: Progress) -> QImage:
    rendered = engine.render_moment(request, progress)
    assert rendered.square is not None
    return to_qimage(rendered.square, request.sources[0].photo.metadata.icc)


def _still(
    engine: StudioEngine, sources: tuple[ClipSource, ...], timeline: Timeline, time_s: float, progress: Progress
) -> Photo:
    """One picture of the clip at full resolution."""
    moment = replace(timeline, in_s=time_s, out_s=time_s, repeat="once")
    return next(iter(engine.clip(sources, moment, progress=progress)))


def _still_task(sources: tuple[ClipSource, ...], timeline: Timeline, time_s: float, path: Path) -> EngineTask:
    def run(engine: StudioEngine, progress: Progress) -> Path:
        source = sources[0].photo
        still = _still(engine, sources, timeline, time_s, progress.subrange(0.0, 0.8))
        note = clip_note(sources)
        noted = prepare(still, source, ExportOptions(), when=note.when, mouths=note.mouths)
        return write_photo(noted, path, source=source)

    return run


def _free(path: Path, taken: Sequence[Path]) -> Path:
    """The path, with a number where something is there or promised: nothing is ever replaced."""
    free, copy = path, 1
    while free.exists() or free in taken:
        copy += 1
        free = path.with_name(f"{path.stem}-{copy}{path.suffix}")
    return free
