"""The photos of a batch, one by one: open, find faces, render, write; every failure becomes a row of the report.

While one is rendered and written, the next is read and searched for faces.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Protocol, runtime_checkable

from fvae_studio.core.batch import BatchRow, BatchTask, Outcome
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.export import ExportSource, ExportTask, plan_paths, run_export
from fvae_studio.core.progress import Progress
from fvae_studio.core.types import Face, Photo
from fvae_studio.errors import Cancelled, FaceError, FvaeStudioError
from fvae_studio.pipeline.requests import StudioEngine


class LeftOutFace(Protocol):
    """A face that an edit of all faces passes over."""

    @property
    def reason(self) -> str:
        """A sentence."""


@runtime_checkable
class TellsLeftOut(Protocol):
    """An engine that can tell which faces an edit passes over."""

    def left_out(self, photo: Photo, state: EditState) -> Sequence[LeftOutFace]:
        """Those faces, with the reasons."""


@runtime_checkable
class OpensAside(Protocol):
    """An engine that can read a photo beside what it is doing."""

    def open_aside(self, path: Path) -> tuple[Photo, tuple[Face, ...]]:
        """The photo and its faces (`PhotoError`), from any thread."""


class ReadAhead:
    """Reads photos of a batch, one ahead of the one that is being edited: two are in memory at most.

    Args:
        paths: of the batch, in order.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._next = dict(pairwise(paths))
        self._pool = ThreadPoolExecutor(1, "read-ahead")
        self._coming: tuple[OpensAside, Path, Future[tuple[Photo, tuple[Face, ...]]]] | None = None

    def take(self, engine: StudioEngine, path: Path) -> Photo:
        """A photo, whose faces the engine knows, and have the next one read.

        Raises:
            PhotoError: it cannot be read.
        """
        if not isinstance(engine, OpensAside):
            return engine.open(path)
        coming, self._coming = self._coming, None
        # Another engine may have taken over, and photos may be asked for in another order.
        is_it = coming is not None and coming[:2] == (engine, path)
        try:
            photo, faces = coming[2].result() if coming is not None and is_it else engine.open_aside(path)
        finally:
            following = self._next.get(path)
            if following is not None:
                self._coming = (engine, following, self._pool.submit(engine.open_aside, following))
        engine.set_faces(photo, faces)
        return photo

    def close(self) -> None:
        """Read no more; what is being read is not waited for."""
        is_idle, self._coming = self._coming is None, None
        self._pool.shutdown(wait=is_idle, cancel_futures=True)


def run_batch_photo(
    engine: StudioEngine,
    path: Path,
    task: BatchTask,
    progress: Progress,
    *,
    number: int = 1,
    taken: Iterable[Path] = (),
    ahead: ReadAhead | None = None,
) -> BatchRow:
    """Apply the task to one photo.

    Args:
        engine: in whose thread this runs.
        path: of the photo.
        task: see there.
        progress: of this photo.
        number: for {number} in the name.
        taken: outputs of the photos before it.
        ahead: of the whole batch; None: the photo is read when its turn has come.

    Raises:
        Cancelled: the progress says so; everything else that goes wrong is told in the row.
    """
    began = time.monotonic()
    num_faces = 0

    def row(outcome: Outcome, note: str = "", output: Path | None = None) -> BatchRow:
        return BatchRow(path, outcome, note, output, num_faces, time.monotonic() - began)

    try:
        progress.report(0.0, "opening")
        photo = engine.open(path) if ahead is None else ahead.take(engine, path)
        progress.raise_if_cancelled()
        progress.report(0.1, "finding faces")
        faces = engine.detect(photo)
        num_faces = len(faces)
        if not faces:
            return row("skipped", "No face was found.")
        if task.options.folder is not None:
            task.options.folder.mkdir(parents=True, exist_ok=True)
        (output,) = plan_paths(
            [ExportSource.of(photo)], task.options, today=date.today(), first_number=number, taken=taken
        )
        state = EditState(None, (FaceEdit(None, task.strengths, task.mouth),))
        written = run_export(engine, ExportTask(photo, state, output, task.options), progress.subrange(0.2, 0.8))
    except Cancelled:
        raise
    except FaceError as error:
        return row("skipped", str(error))
    except FvaeStudioError as error:
        return row("failed", str(error))
    except OSError as error:
        where = error.filename or path
        return row("failed", f"{where} cannot be written or read: the system says '{error.strerror or error}'.")
    left_out = [one.reason for one in engine.left_out(photo, state)] if isinstance(engine, TellsLeftOut) else []
    return row("done", " ".join(filter(None, [*left_out, written.note])), written.path)
