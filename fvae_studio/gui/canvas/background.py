"""Work behind the canvas's back: pictures are made in a few threads and handed over in the window's own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QObject, QRunnable, Qt, QThreadPool, Signal, Slot

NUM_THREADS: Final = 2

_log = logging.getLogger(__name__)


class Background(QObject):
    """Threads of one canvas. It lives as long as the canvas, so that no result comes to an object that has gone."""

    _finished = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(NUM_THREADS)
        self._is_closed = False
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        app = QCoreApplication.instance()
        if app is not None:
            # A pool that is deleted waits for its threads while Python's lock is held: never let it come to that.
            app.aboutToQuit.connect(self.close)

    def run(self, work: Callable[[], Any], done: Callable[[Any], None], *, priority: int = 0) -> None:
        """Call `work` in a thread, then `done` with its result in this object's thread.

        What `work` raises is logged; `done` is then called with None.
        """
        if not self._is_closed:
            self._pool.start(_Job(self, work, done), priority)

    @property
    def is_idle(self) -> bool:
        """Whether no thread works; results may still be on their way."""
        return self._pool.activeThreadCount() == 0

    @property
    def is_closed(self) -> bool:
        """Whether nothing is started any more."""
        return self._is_closed

    @Slot()
    def close(self, timeout_ms: int = 5000) -> None:
        """Start nothing more and wait for what runs."""
        self._is_closed = True
        self._pool.clear()
        self._pool.waitForDone(timeout_ms)

    @Slot(object, object)
    def _on_finished(self, done: Callable[[Any], None], result: Any) -> None:
        if not self._is_closed:
            done(result)


class _Job(QRunnable):
    def __init__(self, background: Background, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        super().__init__()
        self._background, self._work, self._done = background, work, done

    def run(self) -> None:
        if self._background.is_closed:
            return
        result = None
        try:
            result = self._work()
        except Exception:
            _log.exception("a picture of the canvas could not be made")
        with suppress(RuntimeError):  # the canvas went away meanwhile
            self._background._finished.emit(self._done, result)
