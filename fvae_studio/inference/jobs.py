"""What the engine's thread is asked to do, and in which order. No Qt; any thread may call the queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from fvae_studio.core.geometry import Rect
from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.core.progress import CancelToken, Progress
from fvae_studio.core.types import Face, Photo
from fvae_studio.pipeline.requests import MomentRequest, RenderRequest, StudioEngine

Faces: TypeAlias = tuple[Face, ...]


class Kind(IntEnum):
    """What a job is; the smaller one is done first."""

    PREVIEW = 0
    FULL_RES = 1
    DETECT = 2
    FIND_FACE = 3
    OPEN = 4
    LOAD = 5
    PLAYED_FRAME = 6
    THUMBNAIL = 7
    FACE_THUMBNAIL = 8
    FRAME = 9
    EXPORT = 10


LATEST_ONLY = frozenset({Kind.PREVIEW, Kind.FULL_RES, Kind.LOAD})
"""Of these one waits at most: a newer one takes its place."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One thing to do.

    Attributes:
        job_id: of its own.
        token: set to stop it.
    """

    job_id: int = 0
    token: CancelToken = field(default_factory=CancelToken)

    @property
    def kind(self) -> Kind:
        """Decides when it is done."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class LoadJob(Job):
    """Make the engine's model ready; another model or device takes the place of the present one."""

    model: Path | str | None
    device: str

    @property
    def kind(self) -> Kind:
        """Loading."""
        return Kind.LOAD


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenJob(Job):
    """Read a photo, and find its faces if they are not known; without `keeps_pixels` only thumbnail and hash."""

    entry_id: int
    path: Path
    keeps_pixels: bool = True
    detects: bool = True

    @property
    def kind(self) -> Kind:
        """Opening or a thumbnail."""
        return Kind.OPEN if self.keeps_pixels else Kind.THUMBNAIL


@dataclass(frozen=True, eq=False, kw_only=True)
class DetectJob(Job):
    """Find the faces."""

    entry_id: int
    photo: Photo

    @property
    def kind(self) -> Kind:
        """Detection."""
        return Kind.DETECT


@dataclass(frozen=True, eq=False, kw_only=True)
class FindFaceJob(Job):
    """Look for one face in a drawn region, beside those that are known."""

    entry_id: int
    photo: Photo
    faces: Faces
    region: Rect

    @property
    def kind(self) -> Kind:
        """Finding a face."""
        return Kind.FIND_FACE


@dataclass(frozen=True, eq=False, kw_only=True)
class FindMouthJob(Job):
    """Look whether the mouth of a face of `entry_id` can be taken from another photo, at `path`."""

    entry_id: int
    path: str

    @property
    def kind(self) -> Kind:
        """Finding a face: it is as urgent."""
        return Kind.FIND_FACE


@dataclass(frozen=True, eq=False, kw_only=True)
class RenderJob(Job):
    """Render patches; `faces` None leaves the photo's faces to the detector."""

    request: RenderRequest
    faces: Faces | None

    @property
    def kind(self) -> Kind:
        """A preview or full resolution."""
        return Kind.PREVIEW if self.request.quality == "preview" else Kind.FULL_RES


@dataclass(frozen=True, eq=False, kw_only=True)
class MomentJob(Job):
    """Render one picture of a clip: for the hand that scrubs, or ahead of the playhead.

    Attributes:
        request: see there.
        is_ahead: it will be shown later.
        is_playing: the playhead comes nearer meanwhile.
    """

    request: MomentRequest
    is_ahead: bool = False
    is_playing: bool = False

    @property
    def kind(self) -> Kind:
        """A preview or full resolution, like a photo's own: there is one canvas. Or a frame for later."""
        if self.is_ahead:
            return Kind.PLAYED_FRAME if self.is_playing else Kind.FRAME
        return Kind.PREVIEW if self.request.quality == "preview" else Kind.FULL_RES


@dataclass(frozen=True, eq=False, kw_only=True)
class FaceThumbnailJob(Job):
    """Show what some strengths do to a face, small: the picture of a preset's card.

    Attributes:
        mouth: what is seen where closed lips part.
        group: of those thumbnails that are thrown away together, when another face is present.
        name: of the preset.
    """

    photo: Photo
    faces: Faces
    face: int
    strengths: Mapping[str, float]
    mouth: MouthChoice = CLOSED
    group: int
    name: str

    @property
    def kind(self) -> Kind:
        """A preset's picture."""
        return Kind.FACE_THUMBNAIL


class JobProgress(Progress, Protocol):
    """Progress of something long, which lets people go on working in between."""

    def give_way(self) -> None:
        """Do the more urgent jobs that wait, such as previews; called where the engine is between two pictures."""


EngineTask: TypeAlias = Callable[[StudioEngine, JobProgress], object]
"""What an export does with the engine; its result comes back."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ExportJob(Job):
    """Something long that a person waits for and may cancel: an export, a photo of a batch."""

    task: EngineTask

    @property
    def kind(self) -> Kind:
        """An export."""
        return Kind.EXPORT


class JobQueue:
    """Jobs by kind, first come first served within a kind; one runs at a time, and may give way to more urgent ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Kind, deque[Job]] = {kind: deque() for kind in Kind}
        self._running: list[Job] = []
        self._last_id = 0
        self._is_closed = False

    def next_id(self) -> int:
        """A number that no other job has."""
        with self._lock:
            self._last_id += 1
            return self._last_id

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        with self._lock:
            return not self._running and not any(self._waiting.values())

    def put(self, job: Job) -> None:
        """Add a job; it takes the place of a waiting one of a kind of which only the latest matters."""
        with self._lock:
            if self._is_closed:
                return
            waiting = self._waiting[job.kind]
            if job.kind in LATEST_ONLY:
                waiting.clear()
            waiting.append(job)

    def take(self, *, before: Kind | None = None) -> Job | None:
        """The most urgent job; it counts as running until `finish`.

        Args:
            before: only of kinds that are more urgent than this one; None: of any kind.
        """
        with self._lock:
            for kind in Kind:
                if before is not None and kind >= before:
                    break
                if self._waiting[kind]:
                    self._running.append(self._waiting[kind].popleft())
                    return self._running[-1]
            return None

    def is_waiting(self, *, before: Kind) -> bool:
        """Whether a job of a kind that is more urgent than this one waits."""
        with self._lock:
            return any(self._waiting[kind] for kind in Kind if kind < before)

    def finish(self) -> None:
        """The job that was taken last is done; one that gave way to it goes on."""
        with self._lock:
            self._running.pop()

    def drop(self, kind: Kind, matching: Callable[[Job], bool] = lambda _job: True) -> tuple[Job, ...]:
        """Take waiting jobs of a kind out, and ask the running one to stop; those that waited come back."""
        with self._lock:
            waiting = self._waiting[kind]
            dropped = tuple(job for job in waiting if matching(job))
            self._waiting[kind] = deque(job for job in waiting if not matching(job))
            for running in self._running:
                if running.kind == kind and matching(running):
                    running.token.cancel()
            return dropped

    def close(self) -> None:
        """Drop everything, ask the running job to stop, and take nothing more."""
        with self._lock:
            self._is_closed = True
            for waiting in self._waiting.values():
                waiting.clear()
            for running in self._running:
                running.token.cancel()
