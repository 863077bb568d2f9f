"""Lives in the engine's thread: makes the engine, does the jobs one by one, and tells what came of them."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.core.project_file import file_hash
from fvae_studio.core.thumbnails import Thumbnail, face_thumbnail, face_window, level_for_window, photo_thumbnail
from fvae_studio.core.types import Photo
from fvae_studio.errors import Cancelled, DeviceError
from fvae_studio.inference.jobs import (
    DetectJob,
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
from fvae_studio.inference.memory import give_back_memory
from fvae_studio.pipeline.requests import RenderRequest, StudioEngine

log = logging.getLogger(__name__)

EngineFactory: TypeAlias = Callable[[Path | str | None, str], StudioEngine]
"""(model, device) -> engine; imports what computes, so it is called in the worker's thread only."""

_REPORT_SECONDS = 0.05


@dataclass(frozen=True, eq=False)
class OpenedFile:
    """What became of a photo's file.

    Attributes:
        photo: None where only the thumbnail was wanted.
        thumbnail: of the whole photo.
        sha256: of the file.
        size_bytes: of the file.
        width, height: of the photo.
        format: of the file, see `PhotoMetadata.format`.
    """

    photo: Photo | None
    thumbnail: Thumbnail
    sha256: str
    size_bytes: int
    width: int
    height: int
    format: str


class InferenceWorker(QObject):
    """Moved to its thread by the service. All signals are received in the window's thread."""

    ready = Signal(object)
    load_failed = Signal(object)
    fell_back = Signal(object)
    """A `DeviceError`: the work goes on on the CPU."""
    opened = Signal(int, object)
    open_failed = Signal(int, object)
    detected = Signal(int, object, object)
    detect_failed = Signal(int, object, object)
    face_found = Signal(int, object, object)
    find_face_failed = Signal(int, object)
    mouth_found = Signal(int, str)
    find_mouth_failed = Signal(int, str, object)
    rendered = Signal(object)
    render_failed = Signal(object, object)
    moment_rendered = Signal(object)
    moment_failed = Signal(object, object)
    face_thumbnail_made = Signal(int, str, object)
    exported = Signal(int, object)
    export_failed = Signal(int, object)
    export_progress = Signal(int, float, str)
    busy_changed = Signal(str)
    """The kind of the running job in lower case, "" when there is nothing to do."""

    def __init__(self, queue: JobQueue, make_engine: EngineFactory, model: Path | str | None, device: str) -> None:
        super().__init__()
        self._queue = queue
        self._make_engine = make_engine
        self._choice = (model, device)
        self._engine: StudioEngine | None = None
        self._settled: set[type[Job]] = set()
        self._has_searched = False

    @Slot()
    def drain(self) -> None:
        """Do all jobs that wait."""
        busy = ""
        while (job := self._queue.take()) is not None:
            if job.kind.name.lower() != busy:
                busy = job.kind.name.lower()
                self.busy_changed.emit(busy)
            self._run(job)
        if busy:
            self.busy_changed.emit("")

    def _run(self, job: Job) -> None:
        try:
            self._do_with_fallback(job)
        except Cancelled as stop:
            if isinstance(job, ExportJob):
                self.export_failed.emit(job.job_id, stop)
        except Exception as error:
            log.warning("%s failed", type(job).__name__, exc_info=True)
            self._tell_failure(job, error)
        finally:
            self._queue.finish()
        self._settle(job)

    def _settle(self, job: Job) -> None:
        """Tidy up before the next one."""
        if isinstance(job, LoadJob | OpenJob | DetectJob | RenderJob) and type(job) not in self._settled:
            # What a first job of its kind imported stays for good, so Python's collector may leave it alone. Else it
            # looks through all libraries again and again, and stops all threads for 180 ms in a drag. And what was only
            # needed to get there is given back.
            self._settled.add(type(job))
            gc.freeze()
            give_back_memory()
        if self._has_searched and self._engine is not None and not self._queue.is_waiting(before=Kind.LOAD):
            # No other photo is about to be searched. Whoever opens one later does not mind a tenth of a second.
            self._has_searched = False
            self._engine.rest()
            give_back_memory()

    def _give_way(self) -> None:
        """Do what people wait for in front of the canvas; called by a long export between two of its pictures."""
        # Not beyond opening: another model must not take the engine away from the export.
        while (job := self._queue.take(before=Kind.LOAD)) is not None:
            self._run(job)

    @Slot()
    def shut_down(self) -> None:
        """Free the engine, in the thread that made it."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _engine_now(self) -> StudioEngine:
        if self._engine is None:
            self._engine = self._make_engine(*self._choice)
        return self._engine

    def _do_with_fallback(self, job: Job) -> None:
        choice = self._choice
        try:
            self._do(job)
        except DeviceError as error:
            if choice[1] == "cpu":
                raise
            if self._choice[1] != "cpu":
                log.warning("the device %s failed, the CPU takes over", self._choice[1], exc_info=True)
                self._choice = (self._choice[0], "cpu")
                self.shut_down()
                self.fell_back.emit(error)
                self.ready.emit(self._engine_now().summary())
            # Else a job that this one gave way to met it before.
            if not isinstance(job, LoadJob):
                self._do(job)

    def _do(self, job: Job) -> None:
        match job:
            case RenderJob():
                self._set_faces(job.request.photo, job.faces)
                self.rendered.emit(self._engine_now().render_patches(job.request, NoProgress(job.token)))
            case MomentJob():
                self.moment_rendered.emit(self._engine_now().render_moment(job.request, NoProgress(job.token)))
            case DetectJob():
                self._detect(job.entry_id, job.photo)
            case FindFaceJob():
                self._has_searched = True
                self._set_faces(job.photo, job.faces)
                self.face_found.emit(job.entry_id, job.photo, self._engine_now().find_face(job.photo, job.region))
            case FindMouthJob():
                self._has_searched = True
                self._engine_now().photo_mouth(job.path)
                self.mouth_found.emit(job.entry_id, job.path)
            case OpenJob():
                self._open(job)
            case LoadJob():
                self._load(job)
            case FaceThumbnailJob():
                self.face_thumbnail_made.emit(job.group, job.name, self._face_thumbnail(job))
            case ExportJob():
                self._export(job)
            case _:
                raise AssertionError(f"nobody does {job}")

    def _tell_failure(self, job: Job, error: Exception) -> None:
        match job:
            case RenderJob():
                self.render_failed.emit(job.request, error)
            case MomentJob():
                self.moment_failed.emit(job.request, error)
            case DetectJob():
                self.detect_failed.emit(job.entry_id, job.photo, error)
            case FindFaceJob():
                self.find_face_failed.emit(job.entry_id, error)
            case FindMouthJob():
                self.find_mouth_failed.emit(job.entry_id, job.path, error)
            case OpenJob():
                self.open_failed.emit(job.entry_id, error)
            case LoadJob():
                self.load_failed.emit(error)
            case ExportJob():
                self.export_failed.emit(job.job_id, error)

    def _load(self, job: LoadJob) -> None:
        choice = (job.model, job.device)
        if self._engine is None or choice == self._choice:
            self._choice = choice
            self.ready.emit(self._engine_now().summary())
            return
        # The old engine works on until the new one is known to be good.
        engine = self._make_engine(*choice)
        try:
            summary = engine.summary()
        except DeviceError:
            engine.close()
            self._choice = choice
            raise
        except Exception:
            engine.close()
            raise
        self.shut_down()
        self._engine, self._choice = engine, choice
        self.ready.emit(summary)

    def _set_faces(self, photo: Photo, faces: Faces | None) -> None:
        if faces is not None:
            self._engine_now().set_faces(photo, faces)

    def _open(self, job: OpenJob) -> None:
        file = self._read(job)
        self.opened.emit(job.entry_id, file)
        if job.detects and file.photo is not None:
            # At once, before a waiting model is loaded: faces need no model, and people wait for them.
            try:
                self._detect(job.entry_id, file.photo)
            except Cancelled:
                raise
            except Exception as error:
                log.warning("detection failed", exc_info=True)
                self.detect_failed.emit(job.entry_id, file.photo, error)

    def _detect(self, entry_id: int, photo: Photo) -> None:
        self._has_searched = True
        self.detected.emit(entry_id, photo, self._engine_now().detect(photo))

    def _read(self, job: OpenJob) -> OpenedFile:
        photo = self._engine_now().open(job.path)
        return OpenedFile(
            photo if job.keeps_pixels else None,
            photo_thumbnail(photo),
            file_hash(job.path),
            job.path.stat().st_size,
            photo.width,
            photo.height,
            photo.metadata.format,
        )

    def _face_thumbnail(self, job: FaceThumbnailJob) -> Thumbnail:
        self._set_faces(job.photo, job.faces)
        face = next(face for face in job.faces if face.index == job.face)
        window = face_window(face, job.photo)
        state = EditState(None, (FaceEdit.of(job.strengths, face=job.face),)).with_mouth(job.mouth, face=job.face)
        request = RenderRequest(job.photo, state, "preview", level_for_window(window), 0)
        rendered = self._engine_now().render_patches(request, NoProgress(job.token))
        return face_thumbnail(job.photo, window, [(patch.level, patch.roi, patch.pixels) for patch in rendered.patches])

    def _export(self, job: ExportJob) -> None:
        def tell(done: float, stage: str) -> None:
            self.export_progress.emit(job.job_id, done, stage)

        progress = _Reporter(job.token, tell, give_way=self._give_way)
        result = job.task(self._engine_now(), progress)
        progress.report(1.0, "done")
        self.exported.emit(job.job_id, result)


class _Reporter:
    """Progress that is told some times in a second, not at each tile."""

    def __init__(
        self,
        token: CancelToken,
        tell: Callable[[float, str], None],
        offset: float = 0.0,
        length: float = 1.0,
        *,
        give_way: Callable[[], None],
    ) -> None:
        self._token, self._tell, self._offset, self._length = token, tell, offset, length
        self._give_way = give_way
        self._told = 0.0

    def report(self, fraction: float, stage: str = "") -> None:
        """Pass it on, if the last time was long enough ago or it is the end."""
        now = time.monotonic()
        if fraction >= 1 or now - self._told >= _REPORT_SECONDS:
            self._told = now
            self._tell(self._offset + fraction * self._length, stage)

    def subrange(self, offset: float, length: float) -> _Reporter:
        """A part of this progress."""
        offset = self._offset + offset * self._length
        return _Reporter(self._token, self._tell, offset, self._length * length, give_way=self._give_way)

    def give_way(self) -> None:
        """Do the more urgent jobs that wait."""
        self._give_way()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the job's token was set."""
        self._token.raise_if_cancelled()
