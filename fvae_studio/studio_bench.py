"""What the window costs on this machine: start, first face, how fast a slider reaches the screen, memory.

Run as `python -m fvae_studio.studio_bench`; without a screen it uses Qt's offscreen platform. Every part is a process
of its own, so that none inherits another's memory.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from fvae_studio.__main__ import ONE_CORE_SUMS
from fvae_studio.bench import Row, make_photos, print_row

DRAG_SECONDS: Final = 10.0
EVENT_MS: Final = 12
"""A mouse tells of its place about every 12 ms."""

VIEW: Final = (1600, 1000)
MEGAPIXELS: Final = 24


def main() -> int:
    """Measure and print; with `--part NAME PHOTO...`, one part of it in this process."""
    if len(sys.argv) > 2 and sys.argv[1] == "--part":
        print(json.dumps({"drag": _drag, "memory": _memory}[sys.argv[2]]([Path(path) for path in sys.argv[3:]])))
        return 0
    for row in measure():
        print_row(row)
    return 0


def measure() -> Iterator[Row]:
    """The rows, one by one."""
    with tempfile.TemporaryDirectory() as folder:
        first = make_photos(Path(folder), [MEGAPIXELS])[MEGAPIXELS]
        photos = [first, *(first.with_name(f"photo-{number}.jpg") for number in range(2, 11))]
        for path in photos[1:]:
            path.write_bytes(first.read_bytes())
        starts = [_smoke(photos[0]) for _ in range(3)]
        name = f"a {MEGAPIXELS}-megapixel JPEG"
        yield Row("Studio: start to window", _median(starts, "window"), "s", goal=1.0)
        yield Row(f"Studio: start to the first face of {name}", _median(starts, "faces"), "s", goal=None)
        yield Row(f"Studio: opening {name} to its first face", _first_face(starts), "s", goal=2.0)
        drag = _part("drag", photos[:1])
        yield Row("slider to screen, median over all events", drag["median_ms"], "ms", goal=33.0)
        yield Row("  95th percentile", drag["p95_ms"], "ms", goal=60.0)
        yield Row("  of values that are shown themselves, median", drag["shown_median_ms"], "ms", goal=None)
        yield Row("  pictures per second while dragging", drag["pictures_per_second"], "", goal=None)
        yield Row(f"  stalls over 50 ms in {DRAG_SECONDS:g} s", drag["stalls"], "", goal=0.0)
        yield Row("  longest stall", drag["longest_ms"], "ms", goal=None)
        yield Row("  rest to full resolution", drag["full_res_ms"], "ms", goal=None)
        for count, goal in ((1, 800.0), (10, 1500.0)):
            used = _part("memory", photos[:count])["peak_mb"]
            yield Row(f"memory with {count} photos of {MEGAPIXELS} megapixels", used, "MB", goal=goal)


def _median(starts: Sequence[dict[str, float]], event: str) -> float:
    return statistics.median(start[event] for start in starts)


def _first_face(starts: Sequence[dict[str, float]]) -> float:
    return statistics.median(start["faces"] - start["window"] for start in starts)


def _smoke(photo: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "fvae_studio", "--smoke", str(photo)],
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])["seconds"]
    return seconds


def _part(name: str, photos: Sequence[Path]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "fvae_studio.studio_bench", "--part", name, *map(str, photos)],
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _environment() -> dict[str, str]:
    # As `fvae-studio` sets it for itself.
    settings = ONE_CORE_SUMS | dict(os.environ)
    if sys.platform.startswith("linux") and not (settings.get("DISPLAY") or settings.get("WAYLAND_DISPLAY")):
        settings.setdefault("QT_QPA_PLATFORM", "offscreen")
    return settings


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


def _has_faces(document: Any) -> bool:
    return document.current is not None and bool(document.current.faces) and document.summary is not None


def _drag(photos: Sequence[Path]) -> dict[str, float]:
    """Drag a slider to and fro; how long until the screen shows each value, or a newer one."""
    app, studio = open_studio()
    document, canvas = studio.document, studio.window.canvas
    shown: list[tuple[float, float]] = []
    full: list[float] = []
    waiting: list[tuple[str, float]] = []
    painted = _PaintWatch()
    canvas.installEventFilter(painted.filter)

    def on_rendered(rendered: Any) -> None:
        if rendered is None:
            return
        waiting.append((rendered.request.quality, dict(rendered.request.state.for_face(1).strengths).get("smile", 0.0)))

    def note_painted() -> None:
        # The canvas paints when Qt's loop comes round to it; a picture is on the screen when that is done.
        if not (painted.seen and waiting):
            return
        now = time.perf_counter()
        shown.extend((now, value) for _, value in waiting)
        full.extend(now for quality, _ in waiting if quality == "full_res")
        waiting.clear()
        painted.seen = False

    studio.start(photos)
    wait_until(app, lambda: _has_faces(document))
    document.rendered.connect(on_rendered)
    document.choose_face(1)
    document.set_strength("smile", 0.001)

    def has_full() -> bool:
        note_painted()
        return bool(full) and full[-1] > rested

    rested = 0.0
    wait_until(app, has_full)
    shown.clear()
    full.clear()
    sent: list[tuple[float, float]] = []
    gaps: list[float] = []
    began = last = time.perf_counter()
    number = 0
    while last - began < DRAG_SECONDS:
        now = time.perf_counter()
        gaps.append((now - last) * 1000)
        last = now
        if (now - began) * 1000 >= number * EVENT_MS:
            number += 1
            # Every value is new, so that each picture tells which event it answers.
            value = round(0.5 + 0.4 * (number % 80) / 80 + number * 1e-6, 7)
            sent.append((now, value))
            document.set_strength("smile", value)
        app.processEvents()
        note_painted()
        time.sleep(0.0005)
    rested = time.perf_counter()
    wait_until(app, has_full)
    order = {value: index for index, (_, value) in enumerate(sent)}
    # An event is answered by its own value or by a newer one, as most are: the latest value wins.
    waits, own = [], []
    next_event = 0
    for moment, value in shown:
        answered = order.get(value)
        if answered is not None and next_event <= answered:
            own.append((moment - sent[answered][0]) * 1000)
        while answered is not None and next_event <= answered:
            waits.append((moment - sent[next_event][0]) * 1000)
            next_event += 1
    pictures = [moment for moment, _ in shown if moment <= rested]
    studio.close()
    return {
        "median_ms": statistics.median(waits),
        "p95_ms": statistics.quantiles(waits, n=20)[-1],
        "shown_median_ms": statistics.median(own),
        "pictures_per_second": len(pictures) / DRAG_SECONDS,
        "stalls": float(sum(gap > 50 for gap in gaps)),
        "longest_ms": max(gaps),
        "full_res_ms": (full[-1] - rested) * 1000,
    }


class _PaintWatch:
    """Notes that a widget was painted."""

    def __init__(self) -> None:
        from PySide6.QtCore import QEvent, QObject

        watch = self

        class Filter(QObject):
            def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
                watch.seen = watch.seen or event.type() == QEvent.Type.Paint
                return False

        self.seen = False
        self.filter = Filter()


def _memory(photos: Sequence[Path]) -> dict[str, float]:
    """Open photos, edit each, look at each; the most memory that took."""
    import psutil

    app, studio = open_studio()
    document = studio.document
    studio.start(photos)
    wait_until(app, lambda: _has_faces(document) and len(document.photos) == len(photos))
    full: list[Any] = []
    document.rendered.connect(lambda r: full.append(r) if r is not None and r.request.quality == "full_res" else None)
    process, peak = psutil.Process(), 0.0
    for photo in document.photos:
        document.choose_photo(photo.entry_id)
        wait_until(app, lambda: _has_faces(document))
        full.clear()
        document.choose_face(1)
        document.set_strength("smile", 0.8)
        wait_until(app, lambda: bool(full))
        peak = max(peak, process.memory_info().rss / 1e6)
    studio.close()
    return {"peak_mb": peak}


if __name__ == "__main__":
    sys.exit(main())
