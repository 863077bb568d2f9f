"""The pictures of the README and the guide: one script, each picture once, some dark and some light.

`make screenshots` writes them to docs/screenshots. They show the sample portraits, which are averages of many people
and show nobody; a test holds them against the pages that use them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from screenshot_tools import PHOTOS, Hand, Step, close_dialogs, focus_on, make_holiday, screen_of, take_picture

from fvae_studio import paths
from fvae_studio.app import Studio
from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED, MouthChoice
from fvae_studio.gui.widgets.tiles import TileView

GUIDE_SIZE = (1240, 880)
"""Small enough that the window's texts can be read on a page."""

_Widget = TypeVar("_Widget", bound=QWidget)

SUFFIX = ".webp"
QUALITY = 84


class GuidePictures:
    """The Studio in the hands of somebody who makes a guide.

    Args:
        studio: shown and empty.
        hand: mouse and keyboard.
        out: folder of the pictures.
    """

    def __init__(self, studio: Studio, hand: Hand, out: Path) -> None:
        self.studio, self.hand, self.out = studio, hand, out
        self.window, self.document = studio.window, studio.document
        self._full_res = 0
        self.document.rendered.connect(self._on_rendered)

    def play(self) -> Iterator[Step]:
        """All pictures, one scene after the other."""
        yield lambda: self.document.summary is not None
        yield 0.5
        focus_on(self.window)
        for scene in (self.first_look, self.faces, self.mouths, self.eyes, self.dialogs, self.batch, self.clip):
            yield from scene()

    def first_look(self) -> Iterator[Step]:
        """One portrait, before and after; sliders, presets and history; the split line."""
        yield from self.open("dan_neutral.jpg")
        yield from self.click_face(1)
        self.document.set_mouth(BUILT_IN)
        yield from self.slide("brows_up", 40)
        yield from self.slide("smile", 90)
        yield from self.presets_drawn()
        yield from self.hand.keys("ctrl+alt+3")
        self.window.canvas.zoom_in()
        yield 1.5
        self.shoot("studio")
        yield from self.hand.keys("ctrl+alt+1", "ctrl+0")
        yield from self.slide("squint", -70)
        yield 0.5
        self.shoot("sliders", self.window.docks["sliders"])
        yield from self.hand.keys("ctrl+z")
        yield from self.theme("light")
        yield from self.presets_drawn()
        self.shoot("presets", self.window.docks["presets"], self.window.docks["history"])
        yield from self.hand.keys("ctrl+alt+2")
        yield 0.6
        self.shoot("compare-split", self.window.canvas)
        yield from self.hand.keys("ctrl+alt+1")
        yield from self.theme("dark")

    def faces(self) -> Iterator[Step]:
        """Three faces, two of them edited; what the overlays show of one."""
        yield from self.open("group.jpg", faces=3)
        yield from self.click_face(1)
        yield from self.slide("smile", 90)
        yield from self.click_face(3)
        yield from self.slide("disgusted", 80)
        yield from self.presets_drawn()
        self.shoot("group")
        yield from self.click_face(1)
        yield from self.hand.keys("ctrl+2")
        for name, key in (("overlay-colours", "ctrl+alt+4"), ("overlay-grid", "ctrl+alt+6"),
                          ("overlay-confidence", "ctrl+alt+7"), ("overlay-region", "ctrl+alt+9")):  # fmt: skip
            yield from self.hand.keys(key)
            yield 1.0
            self.shoot(name, self.window.canvas, self.window.trust)
        yield from self.hand.keys("ctrl+alt+0", "ctrl+0")

    def mouths(self) -> Iterator[Step]:
        """The same big smile with closed lips, built-in teeth, and teeth of another photo."""
        yield from self.theme("light")
        yield from self.open("bea_neutral.jpg")
        donor = str(shutil.copy(paths.samples_dir() / "bea_smile.jpg", PHOTOS))
        yield from self.click_face(1)
        yield from self.slide("big_smile", 90)
        yield from self.hand.keys("ctrl+2")
        yield 0.5
        strips = []
        for mouth in (CLOSED, BUILT_IN, MouthChoice("photo", donor)):
            before = self._full_res
            self.document.set_mouth(mouth)
            if mouth != CLOSED:
                yield self._full_res_after(before)
            yield 0.8
            strips.append(screen_of(_middle_of(self.window.canvas)))
        _joined(strips).save(self.out / f"mouths{SUFFIX}", quality=QUALITY)
        yield 0.3
        self.shoot("mouth-choice", self.window.sliders._groups["Mouth"])
        yield from self.hand.keys("ctrl+0")

    def eyes(self) -> Iterator[Step]:
        """The same eyes closed, half closed and wide."""
        yield from self.open("ada_neutral.jpg")
        yield from self.click_face(1)
        yield from self.hand.keys("ctrl+2")
        strips = []
        for name, percent in (("close_eyes", 100), ("close_eyes", 45), ("wide_eyes", 70)):
            yield from self.slide(name, percent)
            yield 0.8
            strips.append(screen_of(_eyes_of(self.window.canvas)))
            yield from self.hand.keys("ctrl+z")
            yield 0.3
        _joined(strips, axis=0).save(self.out / f"eyes{SUFFIX}", quality=QUALITY)
        yield from self.hand.keys("ctrl+0")

    def dialogs(self) -> Iterator[Step]:
        """Export, settings, shortcuts, models."""
        for name, key, theme in (
            ("export", "ctrl+e", "light"),
            ("settings", "ctrl+comma", "light"),
            ("shortcuts", "ctrl+slash", "dark"),
        ):
            yield from self.theme(theme)
            yield from self.hand.keys(key)
            yield 1.2
            self.shoot_dialog(name)
            yield from close_dialogs(self.hand)
            focus_on(self.window)
        self.window.actions_table["models"].trigger()
        yield 2.5
        self.shoot_dialog("models")
        yield from close_dialogs(self.hand)
        focus_on(self.window)

    def batch(self) -> Iterator[Step]:
        """A folder with two files that are of no use; the questions and the report."""
        dialog = self.studio.commands.dialogs.open_batch()
        dialog.set_folder(make_holiday())
        dialog.set_preset("Soft smile")
        yield 1.0
        self.shoot_dialog("batch")
        yield from self.hand.click(dialog._start, dialog._start.width() / 2, dialog._start.height() / 2)
        yield lambda: len(dialog.rows) == 6
        yield 0.8
        self.shoot_dialog("batch-report")
        yield from close_dialogs(self.hand)
        focus_on(self.window)

    def clip(self) -> Iterator[Step]:
        """Two photos on the timeline; a slider track; the best moment; writing it."""
        window, document = self.window, self.document
        stage, desk, panel = self.studio.commands.clip.stage, self.studio.commands.clip.desk, window.timeline
        document.close_all()
        yield from self.open("ada_smile.jpg")
        yield from self.open("ada_neutral.jpg")
        yield from self.hand.keys("ctrl+shift+b")
        yield 0.8
        self.shoot_dialog("borrow")
        yield from close_dialogs(self.hand)
        focus_on(window)
        yield lambda: all(photo.thumbnail is not None for photo in document.photos)
        yield from self.hand.keys("ctrl+t")
        yield 0.8
        yield from self.drop(1, 0.0)
        yield from self.drop(0, 1.0)
        yield lambda: stage.is_shown and len(document.timeline.photos) == 2
        desk.add_track("brows_up")
        window.resizeDocks([window.docks["timeline"]], [330], Qt.Orientation.Vertical)
        yield 0.3
        _, view = panel.slider_rows["brows_up"]
        panel._scroll.ensureWidgetVisible(view)
        yield 0.3
        x_of = panel.axis.scale.x_of
        start = view.point_of(document.timeline.track_of("brows_up").keys[0])
        yield from self.hand.drag(view, (start.x(), start.y()), (x_of(0.25), view._y_of(0.5)))
        yield from self.hand.drag(panel.ruler, (x_of(0), 8), (x_of(0.5), 8))
        yield lambda: stage.player.frame in stage.ready_frames
        yield from self.presets_drawn()
        yield 1.5
        self.shoot("timeline")
        yield from self.theme("light")
        window.actions_table["overlay_blend"].trigger()
        yield 1.2
        self.shoot("overlay-blend", window.canvas)
        yield from self.hand.keys("ctrl+alt+0", "ctrl+m")
        yield 1.0
        tiles = _child(QApplication.activeModalWidget(), TileView)
        yield lambda: all(tile.picture is not None for tile in tiles.tile_model.tiles[:12])
        spot = tiles.visualRect(tiles.tile_model.index(6)).center()
        yield from self.hand.click(tiles.viewport(), spot.x(), spot.y())
        yield 0.5
        self.shoot_dialog("best-moment")
        yield from close_dialogs(self.hand)
        focus_on(window)
        yield from self.hand.keys("ctrl+alt+e")
        yield 1.0
        self.shoot_dialog("export-clip")
        yield from close_dialogs(self.hand)

    # Parts of scenes

    def open(self, sample: str, *, faces: int = 1) -> Iterator[Step]:
        """A sample portrait, in the neutral folder of this script."""
        self.studio.commands.open_paths([Path(shutil.copy(paths.samples_dir() / sample, PHOTOS))])
        document = self.document
        yield lambda: document.current is not None and document.current.name == sample
        yield lambda: document.current is not None and len(document.current.faces) == faces
        yield 1.0
        focus_on(self.window)

    def click_face(self, number: int) -> Iterator[Step]:
        """On the canvas."""
        shown = self.document.current
        assert shown is not None
        face = next(face for face in shown.faces if face.index == number)
        spot = self.window.canvas.photo_to_view(*face.box.center)
        yield from self.hand.click(self.window.canvas, spot.x(), spot.y())

    def slide(self, name: str, percent: float) -> Iterator[Step]:
        """Drag a slider from the middle, and wait for full resolution."""
        slider = self.window.sliders.slider(name)
        scroll = _child(self.window.sliders, QScrollArea)
        scroll.verticalScrollBar().setValue(0)
        scroll.ensureWidgetVisible(slider)
        yield 0.2
        track = slider.track
        middle, reach = track.width() / 2, track.width() / 2 - 8
        before = self._full_res
        end = (middle + reach * percent / 100, track.height() / 2)
        yield from self.hand.drag(track, (middle, track.height() / 2), end)
        yield lambda: self._full_res > before
        yield 0.4

    def drop(self, row: int, time_s: float) -> Iterator[Step]:
        """A photo of the strip on the timeline."""
        view, photos = self.window.strip._view, self.window.timeline.photos
        spot = view.viewport().mapTo(self.window, view.visualRect(view.tile_model.index(row)).center())
        target = photos.mapTo(self.window, QPoint(round(self.window.timeline.axis.scale.x_of(time_s)), 30))
        yield from self.hand.drag(self.window, (spot.x(), spot.y()), (target.x(), target.y()))
        yield 0.5

    def theme(self, choice: str) -> Iterator[Step]:
        """Light or dark."""
        self.studio.store.set_value("theme", choice)
        yield 0.5

    def presets_drawn(self) -> Iterator[Step]:
        """Until the pictures of the first presets are there."""
        cards = self.window.preset_panel._view.tile_model
        yield lambda: all(tile.picture is not None for tile in cards.tiles[:6])
        yield 0.5

    def shoot(self, name: str, *widgets: QWidget) -> None:
        """The window, or what these widgets cover."""
        area = QRect()
        for widget in widgets or (self.window,):
            area = area.united(QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size()))
        take_picture(self.out / f"{name}{SUFFIX}", area, quality=QUALITY)

    def shoot_dialog(self, name: str) -> None:
        """The dialog that is open."""
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        self.shoot(name, dialog)

    def _full_res_after(self, before: int) -> Callable[[], bool]:
        return lambda: self._full_res > before

    def _on_rendered(self, edit: object) -> None:
        if edit is not None and edit.request.quality == "full_res":  # type: ignore[attr-defined]
            self._full_res += 1


def guide_path(studio: Studio, hand: Hand, out: Path) -> Iterator[Step]:
    """All pictures of the guide."""
    return GuidePictures(studio, hand, out).play()


def _child(parent: QWidget | None, kind: type[_Widget]) -> _Widget:
    found = None if parent is None else parent.findChild(kind)
    assert found is not None
    return found


def _joined(strips: Sequence[Image.Image], *, axis: int = 1) -> Image.Image:
    """Pictures of one size beside each other (axis 1) or one above the other (0), with white between them."""
    width, height = strips[0].size
    right, down = (width + 8, 0) if axis == 1 else (0, height + 8)
    last = len(strips) - 1
    joined = Image.new("RGB", (width + last * right, height + last * down), "white")
    for number, strip in enumerate(strips):
        joined.paste(strip, (number * right, number * down))
    return joined


def _middle_of(canvas: QWidget) -> QRect:
    """The middle third of the canvas."""
    width = canvas.width() // 3
    return QRect(canvas.mapToGlobal(QPoint(width, 0)), canvas.size()).intersected(
        QRect(canvas.mapToGlobal(QPoint(width, 0)), canvas.mapToGlobal(QPoint(2 * width, canvas.height())))
    )


def _eyes_of(canvas: QWidget) -> QRect:
    """Where the eyes of a face are that fills the canvas."""
    width, height = canvas.width(), canvas.height()
    corner = canvas.mapToGlobal(QPoint(round(0.15 * width), round(0.26 * height)))
    return QRect(corner, QSize(round(0.7 * width), round(0.2 * height)))
