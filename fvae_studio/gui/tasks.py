"""Long tasks in the engine's thread, each with its own way on when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Slot

from fvae_studio.errors import Cancelled
from fvae_studio.inference.jobs import EngineTask
from fvae_studio.inference.service import InferenceService


@dataclass(frozen=True)
class _Watcher:
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Callable[[float], None] | None


class Tasks(QObject):
    """Runs tasks one after another; the callbacks are called in the window's thread.

    Args:
        service: whose thread works.
        tell: of failures that nobody else wants.
    """

    def __init__(
        self, service: InferenceService, tell: Callable[[Exception], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._service, self._tell = service, tell
        self._watchers: dict[int, _Watcher] = {}
        service.exported.connect(self._on_done)
        service.export_failed.connect(self._on_failed)
        service.export_progress.connect(self._on_progress)

    def run(
        self,
        task: EngineTask,
        done: Callable[[Any], None],
        *,
        failed: Callable[[Exception], None] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> int:
        """Queue a task.

        Args:
            task: called with the engine and a progress.
            done: called with the task's result.
            failed: called with its exception, `Cancelled` where a person stopped it.
            progress: called with 0..1.

        Returns:
            The job's id, for `cancel`.
        """
        job_id = self._service.export(task)
        self._watchers[job_id] = _Watcher(done, failed or self._tell, progress)
        return job_id

    def cancel(self, job_id: int) -> None:
        """Stop a task, or take it out of the queue."""
        self._service.cancel_export(job_id)

    @Slot(int, object)
    def _on_done(self, job_id: int, result: object) -> None:
        watcher = self._watchers.pop(job_id, None)
        if watcher is not None:
            watcher.done(result)

    @Slot(int, object)
    def _on_failed(self, job_id: int, error: Exception) -> None:
        watcher = self._watchers.pop(job_id, None)
        if watcher is not None and not (isinstance(error, Cancelled) and watcher.failed == self._tell):
            watcher.failed(error)

    @Slot(int, float, str)
    def _on_progress(self, job_id: int, fraction: float, _stage: str) -> None:
        watcher = self._watchers.get(job_id)
        if watcher is not None and watcher.progress is not None:
            watcher.progress(fraction)
