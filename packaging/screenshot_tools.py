"""A mouse, a keyboard and a camera for `screenshots.py`: everything on the way is as a person does it.

The mouse is moved and pressed by the X server (xdotool); positions are asked of the widgets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageGrab
from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from fvae_studio import paths

PHOTOS = Path(tempfile.gettempdir()) / "Photos"
"""Pictures show paths: none of somebody's own."""

TIMEOUT_S = 240.0

Step = float | Callable[[], bool]
"""Seconds to wait, or what has to become true."""


def make_holiday() -> Path:
    """A folder for the batch dialog: four samples, a picture without a face and a file that is no picture."""
    holiday = PHOTOS / "holiday"
    holiday.mkdir()
    for sample in ("ada_neutral.jpg", "bea_neutral.jpg", "cal_neutral.jpg", "group.jpg"):
        shutil.copy(paths.samples_dir() / sample, holiday)
    Image.new("RGB", (900, 600), (120, 150, 180)).save(holiday / "sky.jpg")
    (holiday / "letter.jpg").write_bytes(b"Dear Ada")
    return holiday


class Hand:
    """A mouse and a keyboard."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def move(self, widget: QWidget, x: float, y: float) -> None:
        """To a position of a widget, logical pixels."""
        spot = widget.mapToGlobal(QPoint(round(x), round(y)))
        self._do("mousemove", str(round(spot.x() * self.scale)), str(round(spot.y() * self.scale)))

    def press(self) -> None:
        """The left button."""
        self._do("mousedown", "1")

    def release(self) -> None:
        """The left button."""
        self._do("mouseup", "1")

    def click(self, widget: QWidget, x: float, y: float) -> Iterator[Step]:
        """Move there and click."""
        self.move(widget, x, y)
        yield 0.1
        self.press()
        yield 0.05
        self.release()
        yield 0.2

    def drag(self, widget: QWidget, start: tuple[float, float], end: tuple[float, float]) -> Iterator[Step]:
        """Press, move in steps that a hand makes, release."""
        self.move(widget, *start)
        yield 0.1
        self.press()
        for number in range(1, 13):
            share = number / 12
            self.move(widget, start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            yield 0.04
        self.release()
        yield 0.1

    def keys(self, *keys: str) -> Iterator[Step]:
        """One after the other, such as "ctrl+z"."""
        for key in keys:
            self._do("key", "--clearmodifiers", key)
            yield 0.3

    def _do(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], check=True)


class Director:
    """Plays a script while the Studio runs.

    Args:
        app: is ended with the script.
        script: yields what to wait for.
    """

    def __init__(self, app: QApplication, script: Iterator[Step]) -> None:
        self._app, self._script = app, script
        self._until: Callable[[], bool] = lambda: True
        self._deadline = time.monotonic() + TIMEOUT_S
        self._timer = QTimer()
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._go_on)
        self._timer.start()

    def _go_on(self) -> None:
        if not self._until():
            if time.monotonic() > self._deadline:
                print(f"what the script waits for did not come: {_place_of(self._script)}", file=sys.stderr)
                screen_of(QApplication.primaryScreen().geometry()).save(
                    Path(tempfile.gettempdir()) / "screenshots-stuck.png"
                )
                self._app.exit(1)
            return
        try:
            step = next(self._script)
        except StopIteration:
            self._timer.stop()
            self._app.exit(0)
            return
        self._deadline = time.monotonic() + TIMEOUT_S
        if callable(step):
            self._until = step
        else:
            end = time.monotonic() + step
            self._until = lambda: time.monotonic() >= end


def _place_of(script: object) -> str:
    """Function and line at which a script waits."""
    frame = None
    while script is not None and (found := getattr(script, "gi_frame", None)) is not None:
        frame, script = found, getattr(script, "gi_yieldfrom", None)
    return "?" if frame is None else f"{frame.f_code.co_name}, line {frame.f_lineno}"


def take_picture(path: Path, area: QRect, *, quality: int = 88) -> None:
    """Part of the screen, logical pixels: a popup or dialog is a window of its own."""
    screen_of(area).save(path, quality=quality)
    print(path, flush=True)


def screen_of(area: QRect) -> Image.Image:
    """What the X server shows there, logical pixels."""
    scale = QApplication.primaryScreen().devicePixelRatio()
    corners = (area.left(), area.top(), area.left() + area.width(), area.top() + area.height())
    left, top, right, bottom = (round(one * scale) for one in corners)
    return ImageGrab.grab((left, top, right, bottom), xdisplay=os.environ["DISPLAY"]).convert("RGB")


def focus_on(window: QWidget) -> None:
    """Without a window manager nobody else gives the keyboard to a window."""
    subprocess.run(["xdotool", "windowfocus", str(int(window.winId()))], check=False)


def close_dialogs(hand: Hand) -> Iterator[Step]:
    """Escape, until only the window is left."""
    for _ in range(4):
        widget = QApplication.activeModalWidget() or next(
            (one for one in QApplication.topLevelWidgets() if one.isVisible() and one.isWindow() and one.parent()), None
        )
        if widget is None:
            return
        subprocess.run(["xdotool", "windowfocus", str(int(widget.winId()))], check=False)
        yield 0.2
        yield from hand.keys("Escape")
        yield 0.3
