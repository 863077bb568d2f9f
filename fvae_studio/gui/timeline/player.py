"""The playhead and its motion in real time: the clock decides which frame is due, never how many were painted."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from fvae_studio.core.timeline import Repeat


def due_frame(elapsed: int, begin: int, first: int, last: int, repeat: Repeat) -> int | None:
    """Which frame is due some frames after playing began.

    Args:
        elapsed: frames since then.
        begin: where it began, in [first, last].
        first: of what is played.
        last: of what is played, included.
        repeat: how it goes on after the last one.

    Returns:
        The frame; None where a clip that plays once is over.
    """
    length = last - first
    place = begin - first + elapsed
    if repeat == "once":
        return first + place if place <= length else None
    if length == 0:
        return first
    if repeat == "loop":
        return first + place % (length + 1)
    place %= 2 * length
    return first + min(place, 2 * length - place)


class Player(QObject):
    """Where the playhead is, in frames, and whether it moves.

    Args:
        clock: seconds, rising; tests have their own.
    """

    frame_changed = Signal(int)
    playing_changed = Signal(bool)

    def __init__(self, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._frame = 0
        self._first = self._last = 0
        self._fps = 24.0
        self._repeat: Repeat = "loop"
        self._began_s = 0.0
        self._began_frame = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    @property
    def frame(self) -> int:
        """Where the playhead is."""
        return self._frame

    @property
    def is_playing(self) -> bool:
        """Whether it moves by itself."""
        return self._timer.isActive()

    def set_range(self, first: int, last: int, fps: float, repeat: Repeat) -> None:
        """What is played, both ends included, and how; playing goes on from where it is."""
        if (first, last, fps, repeat) == (self._first, self._last, self._fps, self._repeat):
            return
        if fps != self._fps:
            # The playhead stays at its time.
            self._frame = round(self._frame * fps / self._fps)
        self._first, self._last, self._fps, self._repeat = first, max(first, last), fps, repeat
        if self.is_playing:
            self._begin()

    def seek(self, frame: int) -> None:
        """Put the playhead somewhere; playing goes on from there."""
        self._move(max(0, frame))
        if self.is_playing:
            self._begin()

    def play(self) -> None:
        """Go on from the playhead, or from the start where it is at the end or outside."""
        if not self._first <= self._frame <= self._last or (self._repeat == "once" and self._frame == self._last):
            self._move(self._first)
        self._begin()
        # Twice as often as frames are due: none is late by more than half of its time.
        self._timer.start(max(4, round(500 / self._fps)))
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stand still."""
        if self.is_playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Play or pause."""
        self.pause() if self.is_playing else self.play()

    @Slot()
    def tick(self) -> None:
        """Move to the frame that is due by the clock."""
        elapsed = int((self._clock() - self._began_s) * self._fps + 1e-6)
        due = due_frame(elapsed, self._began_frame, self._first, self._last, self._repeat)
        self._move(self._last if due is None else due)
        if due is None:
            self.pause()

    def _begin(self) -> None:
        self._began_s = self._clock()
        self._began_frame = min(max(self._frame, self._first), self._last)

    def _move(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.frame_changed.emit(frame)
