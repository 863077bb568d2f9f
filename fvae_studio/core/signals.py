"""Ctrl-C and termination, where several processes get them at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_to_parent() -> Iterator[None]:
    """Processes started within it never hear a signal that is sent to all of them, by Ctrl-C or by a cluster.

    The parent wants what they are at until that is complete; when it ends, so do they. The signals are blocked before a
    process is there, since one that ignores them itself can be hit before it does. Windows has no such mask, and hands
    Ctrl-C to every process of a console.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
