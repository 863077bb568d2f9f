"""Work for a thread pool."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRunnable


class Job(QRunnable):
    """Calls a function in one of the pool's threads."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        """Call it."""
        self._work()
