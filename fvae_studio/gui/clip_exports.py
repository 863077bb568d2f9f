"""Exports of the clip: the dialog, the task for the engine's thread, and its row in the queue of exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QWidget

from fvae_studio.core.clip_export import (
    ClipOptions,
    exported_timeline,
    missing_pictures,
    picture_side,
    plan_clip_path,
    write_clip,
)
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.timeline import Timeline
from fvae_studio.core.types import Photo
from fvae_studio.errors import EditError, PhotoWriteError
from fvae_studio.gui.document import Document
from fvae_studio.gui.exports import Exports
from fvae_studio.gui.messages import Messages
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.timeline.stage import ClipStage
from fvae_studio.inference.jobs import EngineTask, JobProgress
from fvae_studio.paths import with_ending
from fvae_studio.pipeline.requests import ClipSource, StudioEngine, clip_note

if TYPE_CHECKING:
    # Imported when it is opened: the window comes sooner.
    from fvae_studio.gui.dialogs.clip_export import ClipExportDialog


class ClipExports(QObject):
    """Writes the document's clip.

    Args:
        document: has the timeline.
        stage: has its sources.
        exports: the queue that all exports share.
        store: remembers the options.
        messages: tells what stands in the way.
        window: above which the dialog stands.
    """

    def __init__(
        self,
        document: Document,
        stage: ClipStage,
        exports: Exports,
        store: SettingsStore,
        messages: Messages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._stage, self._exports = document, stage, exports
        self._store, self._messages, self._window = store, messages, window

    def ask(self) -> ClipExportDialog | None:
        """Open the dialog; None where there is no clip, which is told."""
        scene = self._stage.scene
        if scene is None:
            self._messages.show_error(
                EditError(self._stage.problem or self.tr("The timeline's photos are not read yet."))
            )
            return None
        stills = ExportOptions.from_json(self._store.settings.export)
        from fvae_studio.gui.dialogs.clip_export import ClipExportDialog

        dialog = ClipExportDialog(
            self._document.timeline,
            self._proposed(),
            max(scene.canvas_photo.width, scene.canvas_photo.height),
            # One choice for stills and clips.
            replace(ClipOptions.from_json(self._store.settings.clip_export), note_edit=stills.note_edit),
            self._exports.promised,
            self._window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.export_requested.connect(self.start)
        dialog.open()
        return dialog

    @Slot(object, object)
    def start(self, options: ClipOptions, path: Path) -> int | None:
        """Queue an export of the clip as it is now.

        Returns:
            The job's id; None where there is no clip.
        """
        stills = replace(ExportOptions.from_json(self._store.settings.export), note_edit=options.note_edit)
        self._store.remember(clip_export=options.to_json(), export=stills.to_json())
        scene, timeline = self._stage.scene, self._document.timeline
        if scene is None:
            return None
        path = plan_clip_path(path, options, self._exports.promised)
        if any(photo.path == path for photo in self._document.photos):
            self._messages.show_error(PhotoWriteError(self.tr("{path} is one of the photos.").format(path=path)))
            return None
        self._stage.player.pause()
        shown = exported_timeline(timeline, options)
        return self._exports.run(
            clip_task(scene.sources, shown, options, path),
            path,
            lambda _written: self._document.mark_clip_exported(timeline),
            again=clip_task(scene.sources, shown, options, path, resumes=True),
        )

    def _proposed(self) -> Path:
        entry = self._document.photos_of_clip()[0]
        folder = Path.home() if entry.is_pasted else entry.path.parent
        return folder / f"{with_ending(entry.path.stem, '-clip')}.mp4"


def clip_task(
    sources: Sequence[ClipSource], timeline: Timeline, options: ClipOptions, path: Path, *, resumes: bool = False
) -> EngineTask:
    """What writes a clip in the engine's thread.

    Args:
        sources: one for each photo key.
        timeline: from `exported_timeline`.
        options: how.
        path: from `plan_clip_path`.
        resumes: whether pictures of a sequence that are there stay, and the others are added.
    """
    is_tried = False

    def run(engine: StudioEngine, progress: JobProgress) -> Path:
        nonlocal is_tried
        # A second time where a device failed: what it has written is done again by the one that took over.
        replaces, is_tried = is_tried and not resumes, True
        only = missing_pictures(path, options, timeline) if resumes else None

        def frames() -> Iterator[Photo]:
            pictures = engine.clip(sources, timeline, longer_side=picture_side(options), only=only, progress=progress)
            for picture in pictures:
                yield picture
                # Between two pictures people can go on looking at photos and clip.
                progress.give_way()
                progress.raise_if_cancelled()

        note = clip_note(sources)
        return write_clip(frames(), path, options, timeline, note=note, replaces=replaces, resumes=resumes)

    return run
