"""Times and pixels: the one axis that ruler and tracks share, and the marks upon it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, Signal

from fvae_studio.core.timeline import MAX_SECONDS

MARGIN_PX: Final = 14
"""Left of the axis' start, so that a key at 0 can be grabbed."""

LEAST_PX_PER_S, MOST_PX_PER_S = 0.5, 6000.0
LEAST_SEEN_S: Final = 3.0
"""A clip that is shorter leaves room for its next photos."""

LABEL_PX: Final = 64
_TICK_PX: Final = 7
_SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)


@dataclass(frozen=True)
class TimeScale:
    """Which times are seen.

    Attributes:
        px_per_s: zoom.
        start_s: time at the left end, right of the margin.
    """

    px_per_s: float = 120.0
    start_s: float = 0.0

    def x_of(self, time_s: float) -> float:
        """View position of a time."""
        return MARGIN_PX + (time_s - self.start_s) * self.px_per_s

    def time_at(self, x: float) -> float:
        """Time at a view position, not below 0."""
        return max(0.0, self.start_s + (x - MARGIN_PX) / self.px_per_s)

    def zoomed(self, factor: float, x: float) -> TimeScale:
        """A copy with another zoom; what is at `x` stays there."""
        zoom = min(max(self.px_per_s * factor, LEAST_PX_PER_S), MOST_PX_PER_S)
        anchor_s = self.start_s + (x - MARGIN_PX) / self.px_per_s
        return TimeScale(zoom, max(0.0, anchor_s - (x - MARGIN_PX) / zoom))


@dataclass(frozen=True)
class Tick:
    """A mark of the ruler; without a text it is a small one."""

    time_s: float
    text: str = ""


def ticks(scale: TimeScale, width_px: float, fps: float) -> list[Tick]:
    """The marks that are seen: texts where there is room, small ones in between."""
    end_s = min(scale.time_at(width_px), MAX_SECONDS)
    per_second = round(fps)
    # Only parts of a second: the marks of frames meet those of seconds.
    frames = [count for count in range(1, per_second) if per_second % count == 0] if per_second == fps else [1]
    steps = [*(count / fps for count in frames), *_SECONDS]
    large = next((step for step in steps if step * scale.px_per_s >= LABEL_PX), steps[-1])
    fitting = [step for step in steps if step * scale.px_per_s >= _TICK_PX and _divides(step, large)]
    small = fitting[0] if fitting else large
    per_label = max(1, round(large / small))
    first = int(scale.start_s / small)
    found = []
    for number in range(first, int(end_s / small + 1e-6) + 1):
        time_s = number * small
        found.append(Tick(time_s, time_text(time_s, fps, with_frames=large < 1) if number % per_label == 0 else ""))
    return found


def time_text(time_s: float, fps: float, *, with_frames: bool = True) -> str:
    """Minutes, seconds and the frame within the second: "1:07:12"; without frames "1:07"."""
    frame = round(time_s * fps)
    second = int(frame / fps + 1e-6)
    within = frame - round(second * fps)
    text = f"{second // 60}:{second % 60:02d}"
    return f"{text}:{within:02d}" if with_frames else text


class TimeAxis(QObject):
    """The scale that all rows of the timeline share, and where the playhead is."""

    changed = Signal()
    """Zoom or start."""
    playhead_moved = Signal(float, float)
    """(from, to), seconds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scale = TimeScale()
        self.playhead_s = 0.0
        self.width_px = 400.0

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Zoom around a view position; None: around the playhead."""
        self._set(self.scale.zoomed(factor, self.scale.x_of(self.playhead_s) if x is None else x))

    def scroll_to(self, start_s: float) -> None:
        """Another time at the left end."""
        self._set(replace(self.scale, start_s=min(max(start_s, 0.0), MAX_SECONDS)))

    def fit(self, length_s: float) -> None:
        """Show everything, with some room after it."""
        room = max(self.width_px - 3 * MARGIN_PX, 40.0)
        self._set(TimeScale(min(max(room / max(1.15 * length_s, LEAST_SEEN_S), LEAST_PX_PER_S), MOST_PX_PER_S)))

    def reveal(self, time_s: float) -> None:
        """Scroll so far that a time is seen."""
        x = self.scale.x_of(time_s)
        if x > self.width_px - MARGIN_PX or x < 0:
            # Most of the view is what comes next.
            self.scroll_to(time_s - 0.1 * self.width_px / self.scale.px_per_s)

    def move_playhead(self, time_s: float) -> None:
        """The playhead is somewhere else."""
        before, self.playhead_s = self.playhead_s, time_s
        if before != time_s:
            self.playhead_moved.emit(before, time_s)

    def _set(self, scale: TimeScale) -> None:
        if scale != self.scale:
            self.scale = scale
            self.changed.emit()


def _divides(step: float, large: float) -> bool:
    ratio = large / step
    return abs(ratio - round(ratio)) < 1e-6
