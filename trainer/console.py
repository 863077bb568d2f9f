"""How `fvae-train` shows progress: a bar with the time left on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

LINE_EVERY_S: Final = 5.0


class ConsoleProgress:
    """Implements `core.progress.Progress`; Ctrl-C ends the program by itself."""

    def __init__(self) -> None:
        self._offset, self._length = 0.0, 1.0
        self._last_line = 0.0
        self._bar: RichProgress | None = None
        if sys.stderr.isatty():
            # Where the question was asked: standard output may be piped elsewhere.
            self._bar = RichProgress(
                BarColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task("", total=1.0)
            self._bar.start()

    def report(self, fraction: float, stage: str = "") -> None:
        """Show how far it is."""
        done = self._offset + fraction * self._length
        if self._bar is not None:
            self._bar.update(self._task, completed=done, description=stage)
        elif time.monotonic() - self._last_line > LINE_EVERY_S or "end_point" in stage:
            self._last_line = time.monotonic()
            print(f"{done:6.1%} {stage}", file=sys.stderr, flush=True)

    def subrange(self, offset: float, length: float) -> ConsoleProgress:
        """A part of the same bar."""
        part = object.__new__(ConsoleProgress)
        part.__dict__.update(self.__dict__)
        part._offset, part._length = self._offset + offset * self._length, length * self._length
        return part

    def raise_if_cancelled(self) -> None:
        """Nothing to do: Ctrl-C raises where the work is."""

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.stop()
