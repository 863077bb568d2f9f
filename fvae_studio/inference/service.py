"""The window's side of the engine's thread: asks for work, passes on what comes back, and ends it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from fvae_studio.core.edits import EditState
from fvae_studio.core.geometry import Rect
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.timeline import FrameMode, Moment
from fvae_studio.core.types import Photo
from fvae_studio.errors import Cancelled
from fvae_studio.inference.jobs import (
    DetectJob,
    EngineTask,
    ExportJob,
    Faces,
    FaceThumbnailJob,
    FindFaceJob,
    FindMouthJob,
    Job,
    JobQueue,
    Kind,
    LoadJob,
    MomentJob,
    OpenJob,
    RenderJob,
)
from fvae_studio.inference.worker import EngineFactory, InferenceWorker
from fvae_studio.pipeline.requests import ClipSource, MomentRequest, Quality, RenderRequest

log = logging.getLogger(__name__)

FULL_RES_AFTER_MS: Final = 60
_CLOSE_MS: Final = 5000

_unfinished: Final[list[QObject]] = []
"""Threads that would not end, in the middle of an import: Qt aborts the program if one is destroyed."""


class InferenceService(QObject):
    """One thread, one engine.

    A preview that has started finishes, and one waits at most; so the picture follows the hand, and ends where the
    hand ends. Full resolution is asked for once the hand rests, and given up as soon as it moves again.

    Args:
        make_engine: called in the thread.
        model: name or path; None for the default.
        device: "auto", "cpu", "cuda" or "mps".
    """

    ready = Signal(object)
    """`ModelSummary`: the model is loaded, or another one is."""
    load_failed = Signal(object)
    fell_back = Signal(object)
    """The device failed (`DeviceError`); the CPU has taken over."""
    opened = Signal(int, object)
    """(entry id, `OpenedFile`)."""
    open_failed = Signal(int, object)
    detected = Signal(int, object, object)
    """(entry id, `Photo`, faces)."""
    detect_failed = Signal(int, object, object)
    face_found = Signal(int, object, object)
    """(entry id, `Photo`, `Face`)."""
    find_face_failed = Signal(int, object)
    mouth_found = Signal(int, str)
    """(entry id, path of the other photo): it shows one that can be used."""
    find_mouth_failed = Signal(int, str, object)
    rendered = Signal(object)
    """`RenderedEdit`."""
    render_failed = Signal(object, object)
    """(`RenderRequest`, exception)."""
    moment_rendered = Signal(object)
    """`RenderedMoment` of a clip, of `render_moment` or of `render_frame`."""
    moment_failed = Signal(object, object)
    """(`MomentRequest`, exception)."""
    face_thumbnail_made = Signal(int, str, object)
    """(group, name, `Thumbnail`)."""
    exported = Signal(int, object)
    """(job id, what the task returned)."""
    export_failed = Signal(int, object)
    """(job id, exception); `Cancelled` where a person stopped it."""
    export_progress = Signal(int, float, str)
    """(job id, 0..1, stage)."""
    busy_changed = Signal(str)
    """What is being done ("preview", "open", ...), "" for nothing."""

    _wake = Signal()

    def __init__(
        self,
        make_engine: EngineFactory,
        *,
        model: Path | str | None = None,
        device: str = "auto",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._queue = JobQueue()
        self._choice = (model, device)
        self._revision = 0
        self._rested: RenderJob | MomentJob | None = None
        self._thread = QThread(self)
        self._thread.setObjectName("inference")
        self._worker = InferenceWorker(self._queue, make_engine, model, device)
        self._rest_timer = QTimer(self)
        self._rest_timer.setSingleShot(True)
        self._rest_timer.setInterval(FULL_RES_AFTER_MS)
        self._connect()
        # Before the thread runs: what is asked for until then waits for it.
        self._worker.moveToThread(self._thread)

    @property
    def revision(self) -> int:
        """Of the latest request."""
        return self._revision

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being done, waits, or will be asked for by itself."""
        return self._queue.is_idle and not self._rest_timer.isActive()

    def start(self) -> None:
        """Start the thread; photos that were asked for before are read first, then the model is loaded."""
        self.load(*self._choice)
        self._thread.start()

    def load(self, model: Path | str | None, device: str) -> None:
        """Load a model on a device; `ready` tells when."""
        self._put(LoadJob(model=model, device=device))

    def open(self, entry_id: int, path: Path, *, detects: bool = True) -> None:
        """Read a photo and find its faces, unless they are known (`detects` false)."""
        self._put(OpenJob(entry_id=entry_id, path=path, detects=detects))

    def read_thumbnail(self, entry_id: int, path: Path) -> None:
        """Read a photo for its thumbnail only."""
        self._put(OpenJob(entry_id=entry_id, path=path, keeps_pixels=False))

    def forget(self, entry_id: int) -> None:
        """Nothing more is wanted of a photo that was closed."""
        for kind in (Kind.OPEN, Kind.THUMBNAIL, Kind.DETECT, Kind.FIND_FACE):
            self._queue.drop(kind, lambda job: getattr(job, "entry_id", None) == entry_id)

    def detect(self, entry_id: int, photo: Photo) -> None:
        """Find the faces of a photo."""
        self._put(DetectJob(entry_id=entry_id, photo=photo))

    def find_face(self, entry_id: int, photo: Photo, faces: Faces, region: Rect) -> None:
        """Look for a face in a drawn region."""
        self._put(FindFaceJob(entry_id=entry_id, photo=photo, faces=faces, region=region))

    def find_mouth(self, entry_id: int, path: Path) -> None:
        """Look whether another photo shows a mouth that can be seen where lips part in this one."""
        self._put(FindMouthJob(entry_id=entry_id, path=str(path)))

    def render(self, photo: Photo, state: EditState, faces: Faces | None, *, level: int) -> int:
        """Ask for a preview now, and for full resolution when nothing newer was asked for some time.

        Returns:
            The revision of the preview.
        """
        self._queue.drop(Kind.FULL_RES)
        job = self._request(photo, state, faces, "preview", level)
        self._rested = job
        self._rest_timer.start()
        self._put(job)
        return job.request.revision

    def render_moment(
        self,
        sources: Sequence[ClipSource],
        moment: Moment,
        mode: FrameMode,
        *,
        level: int,
        previews: bool = True,
        rests: bool = True,
    ) -> int:
        """Ask for one picture of a clip now, and for full resolution when nothing newer was asked for some time.

        Args:
            sources: one for each photo key; with `moment` and `mode` as in a `MomentRequest`.
            moment: what is to be seen.
            mode: the whole photo or the square.
            level: of the preview.
            previews: False where the preview is known already, and only full resolution is wanted at rest.
            rests: False while the clip plays: no full resolution.

        Returns:
            The revision of the preview.
        """
        self._queue.drop(Kind.FULL_RES)
        job = self._moment(sources, moment, mode, "preview", level)
        self._rested = job if rests else None
        if rests:
            self._rest_timer.start()
        else:
            self._rest_timer.stop()
        if previews:
            self._put(job)
        return job.request.revision

    def render_frame(
        self, sources: Sequence[ClipSource], moment: Moment, mode: FrameMode, *, level: int, is_playing: bool
    ) -> int:
        """Ask for a picture of a clip that will be shown later, when nothing more urgent is to be done.

        Args:
            sources: one for each photo key; with `moment` and `mode` as in a `MomentRequest`.
            moment: what is to be seen.
            mode: the whole photo or the square.
            level: at which.
            is_playing: before thumbnails; else after them, but before exports.

        Returns:
            Its revision.
        """
        job = self._moment(sources, moment, mode, "preview", level, is_ahead=True, is_playing=is_playing)
        self._put(job)
        return job.request.revision

    def drop_frames(self) -> None:
        """No picture that was asked for with `render_frame` is wanted any more."""
        self._queue.drop(Kind.FRAME)
        self._queue.drop(Kind.PLAYED_FRAME)

    def stop_rendering(self) -> int:
        """What was asked for is not wanted any more.

        Returns:
            A revision; answers of it or older ones are out of date.
        """
        self._rest_timer.stop()
        self._rested = None
        self._queue.drop(Kind.PREVIEW)
        self._queue.drop(Kind.FULL_RES)
        self._revision += 1
        return self._revision

    def make_face_thumbnail(
        self,
        photo: Photo,
        faces: Faces,
        face: int,
        strengths: Mapping[str, float],
        *,
        mouth: MouthChoice = CLOSED,
        group: int,
        name: str,
    ) -> None:
        """Picture what some strengths do to a face; see `FaceThumbnailJob`."""
        self._put(
            FaceThumbnailJob(
                photo=photo, faces=faces, face=face, strengths=strengths, mouth=mouth, group=group, name=name
            )
        )

    def drop_face_thumbnails(self) -> None:
        """Another face is present."""
        self._queue.drop(Kind.FACE_THUMBNAIL)

    def export(self, task: EngineTask) -> int:
        """Do something long with the engine, after what was asked for before.

        Args:
            task: called in the thread; its result comes with `exported`.

        Returns:
            The job's id.
        """
        job_id = self._queue.next_id()
        self._put(ExportJob(job_id=job_id, task=task))
        return job_id

    def cancel_export(self, job_id: int) -> None:
        """Stop an export, or take it out of the queue."""
        for job in self._queue.drop(Kind.EXPORT, lambda job: job.job_id == job_id):
            self.export_failed.emit(job.job_id, Cancelled("Stopped: cancelled by the user."))

    def close(self) -> None:
        """End the thread; what is running is asked to stop."""
        self._rest_timer.stop()
        self._queue.close()
        if self._thread.isRunning():
            self._thread.quit()
            if not self._thread.wait(_CLOSE_MS):
                log.error("the engine's thread does not end")
                self._thread.setParent(None)
                _unfinished.extend((self._thread, self._worker))

    def _connect(self) -> None:
        self._rest_timer.timeout.connect(self._on_rested)
        self._wake.connect(self._worker.drain, Qt.ConnectionType.QueuedConnection)
        # Direct: `finished` is told in the thread that ends, the last moment at which its engine can be freed there.
        self._thread.finished.connect(self._worker.shut_down, Qt.ConnectionType.DirectConnection)
        worker = self._worker
        for theirs, ours in (
            (worker.ready, self.ready),
            (worker.load_failed, self.load_failed),
            (worker.fell_back, self.fell_back),
            (worker.opened, self.opened),
            (worker.open_failed, self.open_failed),
            (worker.detected, self.detected),
            (worker.detect_failed, self.detect_failed),
            (worker.face_found, self.face_found),
            (worker.find_face_failed, self.find_face_failed),
            (worker.mouth_found, self.mouth_found),
            (worker.find_mouth_failed, self.find_mouth_failed),
            (worker.rendered, self.rendered),
            (worker.render_failed, self.render_failed),
            (worker.moment_rendered, self.moment_rendered),
            (worker.moment_failed, self.moment_failed),
            (worker.face_thumbnail_made, self.face_thumbnail_made),
            (worker.exported, self.exported),
            (worker.export_failed, self.export_failed),
            (worker.export_progress, self.export_progress),
            (worker.busy_changed, self.busy_changed),
        ):
            theirs.connect(ours)

    def _request(self, photo: Photo, state: EditState, faces: Faces | None, quality: Quality, level: int) -> RenderJob:
        self._revision += 1
        return RenderJob(request=RenderRequest(photo, state, quality, level, self._revision), faces=faces)

    def _moment(
        self,
        sources: Sequence[ClipSource],
        moment: Moment,
        mode: FrameMode,
        quality: Quality,
        level: int,
        *,
        is_ahead: bool = False,
        is_playing: bool = False,
    ) -> MomentJob:
        self._revision += 1
        request = MomentRequest(tuple(sources), moment, mode, quality, level, self._revision)
        return MomentJob(request=request, is_ahead=is_ahead, is_playing=is_playing)

    def _put(self, job: Job) -> None:
        self._queue.put(job)
        self._wake.emit()

    def _on_rested(self) -> None:
        rested, self._rested = self._rested, None
        if isinstance(rested, RenderJob):
            photo = rested.request
            self._put(self._request(photo.photo, photo.state, rested.faces, "full_res", 0))
        elif isinstance(rested, MomentJob):
            clip = rested.request
            self._put(self._moment(clip.sources, clip.moment, clip.mode, "full_res", 0))
