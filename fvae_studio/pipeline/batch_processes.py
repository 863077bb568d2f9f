"""A batch on many cores: photos shared out to processes, each with an engine of its own.

One process keeps about one and a half cores busy: reading ahead, finding faces and warping run beside each other, but
whatever holds Python's lock does not. Processes share nothing but files.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from fvae_studio.core.batch import BatchRow, BatchTask
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.signals import left_to_parent
from fvae_studio.errors import EditError
from fvae_studio.pipeline.batch import run_batch_photo
from fvae_studio.pipeline.engine import Engine


@dataclass(frozen=True)
class _Share:
    """Photos that could get the same name, in their order: one process does them, so none takes another's place."""

    numbers: list[int] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)


def run_in_processes(
    photos: Sequence[Path],
    task: BatchTask,
    *,
    jobs: int,
    model: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Iterator[BatchRow]:
    """Apply a task to many photos; the rows come in the photos' order, as if one process had done all.

    Args:
        photos: of the batch.
        task: see there.
        jobs: how many processes; each takes about 0.7 GB for photos of 24 megapixels.
        model: as for `Engine`.
        device: as for `Engine`.
        progress: told after each photo; asked for cancelling, which waits for the photos that are under way.

    Raises:
        Cancelled: the progress says so.
        EditError: a process died, killed by the system for its memory or by a broken library.
    """
    progress = progress or NoProgress()
    shares = _shares(photos, task)
    waiting: dict[int, Future[list[BatchRow]]] = {}
    # Not forked: the parent may have threads, and a fork copies their locks but not them.
    pool = ProcessPoolExecutor(
        min(jobs, len(shares)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(model, device, max(1, (os.cpu_count() or 1) // jobs)),
    )
    try:
        # It is now that the processes begin.
        with left_to_parent():
            for share in shares:
                found = pool.submit(_edit, share, task)
                waiting |= dict.fromkeys(share.numbers, found)
        for number in range(1, len(photos) + 1):
            progress.report((number - 1) / len(photos), "editing")
            progress.raise_if_cancelled()
            share_rows = waiting.pop(number).result()
            (row,) = (row for row in share_rows if row.path == photos[number - 1])
            yield row
    except BrokenProcessPool as error:
        raise EditError(
            "A process of the batch died, perhaps for want of memory. Photos that were written are whole; go on with "
            "fewer --jobs."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _shares(photos: Sequence[Path], task: BatchTask) -> list[_Share]:
    pattern, folder = task.options.pattern, task.options.folder
    shares: dict[object, _Share] = {}
    for number, path in enumerate(photos, start=1):
        key: object = number
        if "{number}" not in pattern:
            key = (folder or path.parent, path.stem.casefold() if "{name}" in pattern else "")
        share = shares.setdefault(key, _Share())
        share.numbers.append(number)
        share.paths.append(path)
    return list(shares.values())


_engine: Engine | None = None
"""Of this process, which does nothing but edit photos of one batch."""


def _begin(model: str | None, device: str, threads: int) -> None:
    global _engine
    # Ctrl-C reaches all processes of a terminal: the parent decides, and lets what is under way be finished. Where
    # signals cannot be kept from a process before it is there (`left_to_parent`), this comes a second late.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from fvae_studio.core._cv2 import cv2
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    cv2.setNumThreads(threads)
    _engine = Engine(model, device=device, detector=MediaPipeFaceDetector(num_threads=threads))
    _engine.preload()


def _edit(share: _Share, task: BatchTask) -> list[BatchRow]:
    assert _engine is not None
    rows: list[BatchRow] = []
    for number, path in zip(share.numbers, share.paths, strict=True):
        taken = [row.output for row in rows if row.output is not None]
        rows.append(run_batch_photo(_engine, path, task, NoProgress(), number=number, taken=taken))
    return rows
