"""A Studio with the real engine, driven by the bench: how fast a slider reaches the screen, how much memory it takes.

This module alone of the bench needs Qt; the others ask for it in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

DRAG_SECONDS: Final = 10.0
EVENT_MS: Final = 12
"""A mouse tells of its place about every 12 ms."""

VIEW: Final = (1600, 1000)
_NAME: Final = "smile"


def open_studio() -> tuple[Any, Any]:
    """The Qt application and a Studio with the real engine, not shown yet."""
    # Here: the parts run in processes of their own, the measuring one needs no Qt.
    from PySide6.QtWidgets import QApplication

    from fvae_studio.app import Studio

    app = QApplication.instance() or QApplication([])
    studio = Studio(app)  # type: ignore[arg-type]
    studio.window.resize(*VIEW)
    return app, studio


def wait_until(app: Any, is_true: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Let the window live until something is true.

    Raises:
        TimeoutError: it did not become true.
    """
    began = time.perf_counter()
    while not is_true():
        app.processEvents()
        time.sleep(0.001)
        if time.perf_counter() - began > timeout_s:
            raise TimeoutError("the Studio did not get there in time")


def drag(photo: Path, *, rests: int) -> dict[str, Any]:
    """Drag a slider to and fro, then let it rest a few times.

    Args:
        photo: is opened first.
        rests: how often.

    Returns:
        "sent" and "shown": (moment, value) of each event and of each value on the screen, in seconds; "gaps_ms": of the
        window's thread between two turns of its loop; "rests_ms": from the last event to full resolution.
    """
    app, studio = open_studio()
    document = studio.document
    screen = _Screen(document, studio.window.canvas)
    studio.start([photo], offers_recovery=False)
    wait_until(app, lambda: _has_faces(document))
    document.choose_face(1)

    def rest(value: float) -> float:
        document.set_strength(_NAME, value)
        return time.perf_counter()

    def settle(value: float) -> None:
        wait_until(app, lambda: screen.has_full(value))

    rest(0.001)
    settle(0.001)
    screen.shown.clear()
    sent: list[tuple[float, float]] = []
    gaps: list[float] = []
    began = last = time.perf_counter()
    while last - began < DRAG_SECONDS:
        now = time.perf_counter()
        gaps.append((now - last) * 1000)
        last = now
        if (now - began) * 1000 >= (len(sent) + 1) * EVENT_MS:
            number = len(sent) + 1
            # Every value is new, so that each picture tells which event it answers.
            value = round(0.5 + 0.4 * (number % 80) / 80 + number * 1e-6, 7)
            sent.append((now, value))
            document.set_strength(_NAME, value)
        app.processEvents()
        screen.look()
        time.sleep(0.0005)
    settle(sent[-1][1])
    shown = [(one.moment, one.value) for one in screen.shown]
    waits = []
    for number in range(rests):
        value = 0.3 + number / 100
        began = rest(value)
        settle(value)
        waits.append((screen.shown[-1].moment - began) * 1000)
    studio.close()
    return {"sent": sent, "shown": shown, "gaps_ms": gaps, "rests_ms": waits}


def memory(photos: Sequence[Path]) -> float:
    """Open photos, edit each, look at each; the most memory that took, in megabytes."""
    import psutil

    app, studio = open_studio()
    document = studio.document
    studio.start(photos, offers_recovery=False)
    wait_until(app, lambda: _has_faces(document) and len(document.photos) == len(photos))
    full: list[Any] = []
    document.rendered.connect(lambda r: full.append(r) if r is not None and r.request.quality == "full_res" else None)
    process, peak = psutil.Process(), 0.0
    for photo in document.photos:
        document.choose_photo(photo.entry_id)
        wait_until(app, lambda: _has_faces(document))
        full.clear()
        document.choose_face(1)
        document.set_strength(_NAME, 0.8)
        wait_until(app, lambda: bool(full))
        peak = max(peak, process.memory_info().rss / 1e6)
    studio.close()
    return peak


def _has_faces(document: Any) -> bool:
    return document.current is not None and bool(document.current.faces) and document.summary is not None


class _Shown(NamedTuple):
    moment: float
    quality: str
    value: float


class _Screen:
    """What the canvas has painted of the edit, and when."""

    def __init__(self, document: Any, canvas: Any) -> None:
        from PySide6.QtCore import QEvent, QObject

        screen = self

        class Filter(QObject):
            def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
                screen._painted = screen._painted or event.type() == QEvent.Type.Paint
                return False

        self.shown: list[_Shown] = []
        self._painted = False
        self._waiting: list[tuple[str, float]] = []
        self._filter = Filter()
        canvas.installEventFilter(self._filter)
        document.rendered.connect(self._on_rendered)

    def look(self) -> None:
        """Note what was painted since the last look; call it after each turn of Qt's loop."""
        # The canvas paints when Qt's loop comes round to it; a picture is on the screen when that is done.
        if not (self._painted and self._waiting):
            return
        now = time.perf_counter()
        self.shown.extend(_Shown(now, quality, value) for quality, value in self._waiting)
        self._waiting.clear()
        self._painted = False

    def has_full(self, value: float) -> bool:
        """Whether the screen shows that value at full resolution."""
        self.look()
        return bool(self.shown) and self.shown[-1].quality == "full_res" and self.shown[-1].value == value

    def _on_rendered(self, rendered: Any) -> None:
        if rendered is not None:
            value = dict(rendered.request.state.for_face(1).strengths).get(_NAME, 0.0)
            self._waiting.append((rendered.request.quality, value))
