"""Ctrl-C and the termination signal of a cluster, held back until a step is complete."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from trainer.run_log import RunLog


class Interruption:
    """Whether somebody asked the program to stop."""

    def __init__(self) -> None:
        self.is_asked_for = False


@contextmanager
def held_back(log: RunLog) -> Iterator[Interruption]:
    """Within it, the first SIGINT or SIGTERM sets a flag, so that a checkpoint can be written; the second stops."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        # Python lets only the main thread have handlers; elsewhere nobody sends signals.
        yield interruption
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature that signal wants)
        interruption.is_asked_for = True
        log.say("stopping after this step, with a checkpoint; once more stops at once")
        restore()

    for number in before:
        signal.signal(number, note)
    try:
        yield interruption
    finally:
        restore()
