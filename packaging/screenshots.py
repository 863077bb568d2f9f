"""Plays the main path through the Studio with a real mouse and keyboard, and takes the pictures of the guide.

    python packaging/screenshots.py [--out out/screenshots] [--scale 1] [--theme dark] [--language en] [--scene main]
    python packaging/screenshots.py --scene guide --out docs/screenshots

Needs an X server (`xvfb-run -a -s "-screen 0 3200x2000x24"` gives one that is large enough for 2x), xdotool,
and the real engine. Nothing of the person who runs it is seen: photos, settings and presets are those of this script.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from guide_pictures import GUIDE_SIZE, guide_path
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication
from screenshot_tools import PHOTOS, Director, Hand, Step, close_dialogs, focus_on, make_holiday, take_picture

from fvae_studio import paths
from fvae_studio.app import Studio
from fvae_studio.gui.translation import LANGUAGES
from fvae_studio.gui.widgets.tiles import TileView
from fvae_studio.settings import SETTINGS_SCHEMA

SIZE = (1440, 900)


def main_path(studio: Studio, hand: Hand, out: Path, suffix: str) -> Iterator[Step]:
    """Empty, a group with two edited faces, comparison, overlays, dialogs, an error, undo back to the start."""
    window, document = studio.window, studio.document
    canvas, sliders = window.canvas, window.sliders
    full_res: list[int] = []
    document.rendered.connect(
        lambda edit: full_res.append(1) if edit is not None and edit.request.quality == "full_res" else None
    )
    shoot = partial(_shoot, out, suffix)
    focus = partial(focus_on, window)

    def drag_slider(name: str, percent: float) -> Iterator[Step]:
        track = sliders.slider(name).track
        middle, reach = track.width() / 2, track.width() / 2 - 8
        full_res.clear()
        yield from hand.drag(track, (middle, track.height() / 2), (middle + reach * percent / 100, track.height() / 2))
        yield lambda: bool(full_res)
        yield 0.4

    def click_face(number: int) -> Iterator[Step]:
        assert document.current is not None
        face = next(face for face in document.current.faces if face.index == number)
        spot = canvas.photo_to_view(*face.box.center)
        yield from hand.click(canvas, spot.x(), spot.y())

    yield lambda: document.summary is not None
    yield 0.5
    focus()
    shoot("empty")
    studio.commands.open_paths([Path(shutil.copy(paths.samples_dir() / "group.jpg", PHOTOS))])
    yield lambda: document.current is not None and len(document.current.faces) == 3
    yield 1.0
    yield from click_face(1)
    yield from drag_slider("big_smile", 90)
    yield from click_face(3)
    yield from drag_slider("surprised", 80)
    shoot("group")
    for name, key in (
        ("compare-split", "ctrl+alt+2"),
        ("compare-side", "ctrl+alt+3"),
        ("overlay-flow", "ctrl+alt+4"),
        ("overlay-arrows", "ctrl+alt+5"),
        ("overlay-grid", "ctrl+alt+6"),
        ("overlay-confidence", "ctrl+alt+7"),
        ("overlay-landmarks", "ctrl+alt+8"),
        ("overlay-region", "ctrl+alt+9"),
    ):
        if name == "overlay-flow":
            yield from hand.keys("ctrl+alt+1")
            yield from click_face(1)
            yield from hand.keys("ctrl+2")
        yield from hand.keys(key)
        yield 0.8
        shoot(name)
    yield from hand.keys("ctrl+alt+0", "ctrl+0")
    cards = window.preset_panel._view
    spot = cards.visualRect(cards.tile_model.index(3)).center()
    yield from hand.click(cards.viewport(), spot.x(), spot.y())
    yield lambda: all(tile.picture is not None for tile in cards.tile_model.tiles[:8])
    yield 1.0
    shoot("presets")
    focus()
    for name, key in (
        ("export", "ctrl+e"),
        ("settings", "ctrl+comma"),
        ("shortcuts", "ctrl+slash"),
        ("first-steps", "F1"),
    ):
        yield from hand.keys(key)
        yield 1.2
        shoot(name)
        yield from close_dialogs(hand)
        focus()
    for name in ("models", "about"):
        window.actions_table[name].trigger()
        yield 2.0
        shoot(name)
        yield from close_dialogs(hand)
        focus()
    with tempfile.TemporaryDirectory() as folder:
        batch = studio.commands.dialogs.open_batch()
        batch.set_folder(make_holiday())
        yield 1.0
        shoot("batch")
        yield from hand.click(batch._start, batch._start.width() / 2, batch._start.height() / 2)
        yield lambda: len(batch.rows) == 6
        yield 0.5
        shoot("batch-report")
        yield from close_dialogs(hand)
        focus()
        broken = Path(folder) / "holiday.jpg"
        broken.write_bytes(b"this is no photo")
        studio.commands.open_paths([broken])
        yield 2.0
        shoot("error")
    yield from close_dialogs(hand)


def timeline_path(studio: Studio, hand: Hand, out: Path, suffix: str) -> Iterator[Step]:
    """Two photos dropped on the timeline, scrubbed and played; a slider track with keys; undo; best moment; export."""
    window, document = studio.window, studio.document
    stage, desk, panel = studio.commands.clip.stage, studio.commands.clip.desk, window.timeline
    axis, shoot, focus = panel.axis, partial(_shoot, out, suffix), partial(focus_on, window)

    def frames_ready(share: float) -> Callable[[], bool]:
        return lambda: len(stage.ready_frames) >= share * len(document.timeline.frame_times())

    def drop(row: int, time_s: float) -> Iterator[Step]:
        view = window.strip._view
        spot = view.viewport().mapTo(window, view.visualRect(view.tile_model.index(row)).center())
        target = panel.photos.mapTo(window, QPoint(round(axis.scale.x_of(time_s)), 30))
        yield from hand.drag(window, (spot.x(), spot.y()), (target.x(), target.y()))
        yield 0.5

    yield lambda: document.summary is not None
    focus()
    samples = [paths.samples_dir() / f"ada_{name}.jpg" for name in ("neutral", "smile")]
    studio.commands.open_paths([Path(shutil.copy(sample, PHOTOS)) for sample in samples])
    yield lambda: len(document.photos) == 2 and document.photos[1].thumbnail is not None
    yield lambda: document.current is not None and bool(document.current.faces)
    focus()
    yield from hand.keys("ctrl+t")
    yield 0.8
    shoot("timeline-empty")
    yield from drop(0, 0.0)
    yield from drop(1, 1.0)
    yield lambda: stage.is_shown and len(document.timeline.photos) == 2
    yield from hand.drag(panel.ruler, (axis.scale.x_of(0), 8), (axis.scale.x_of(0.5), 8))
    yield lambda: stage.player.frame in stage.ready_frames
    yield 1.5
    shoot("timeline")
    desk.add_track("brows_up")
    yield 0.3
    _, view = panel.slider_rows["brows_up"]
    panel._scroll.ensureWidgetVisible(view)
    yield 0.2
    start = view.point_of(document.timeline.track_of("brows_up").keys[0])
    yield from hand.drag(view, (start.x(), start.y()), (axis.scale.x_of(0.25), view._y_of(0.8)))
    yield from hand.keys("Right", "Right", "k")
    yield from hand.keys("alt+Down", "alt+Down")
    yield lambda: stage.player.frame in stage.ready_frames
    yield 1.0
    shoot("timeline-track")
    yield from hand.keys("ctrl+z", "ctrl+z", "ctrl+z", "ctrl+z", "ctrl+z")
    yield lambda: not document.timeline.tracks
    yield frames_ready(0.3)
    yield from hand.keys("space")
    yield 1.0
    shoot("timeline-playing")
    yield from hand.keys("space", "ctrl+m")
    yield 1.0
    dialog = QApplication.activeModalWidget()
    tiles = dialog.findChild(TileView) if dialog is not None else None
    assert tiles is not None
    yield lambda: all(tile.picture is not None for tile in tiles.tile_model.tiles[:8])
    shoot("best-moment")
    yield from close_dialogs(hand)
    focus()
    yield from hand.keys("ctrl+alt+e")
    yield 1.0
    shoot("export-clip")
    yield from close_dialogs(hand)
    focus()
    yield from hand.drag(panel.ruler, (axis.scale.x_of(0), 8), (axis.scale.x_of(0.5), 8))
    for name, key in (("timeline-flow", "ctrl+alt+4"), ("timeline-confidence", "ctrl+alt+7")):
        yield from hand.keys(key)
        yield 0.8
        shoot(name)
    studio.window.actions_table["overlay_blend"].trigger()
    yield 0.8
    shoot("timeline-blend")
    yield from hand.keys("ctrl+alt+0")


def _shoot(out: Path, suffix: str, name: str) -> None:
    take_picture(out / f"{name}{suffix}.jpg", QRect(0, 0, *SIZE))


def main() -> int:
    """Play it once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/screenshots"))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--scene", choices=("main", "timeline", "guide"), default="main")
    options = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        print('there is no X server; run it under: xvfb-run -a -s "-screen 0 1600x1000x24"', file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    shutil.rmtree(PHOTOS, ignore_errors=True)
    PHOTOS.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        # Somebody's own presets, sliders, models and recovered edits are nobody else's business.
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = str(Path(folder) / name)
        app = QApplication([])
        settings = Path(folder) / "settings.json"
        values = {"theme": options.theme, "language": options.language}
        settings.write_text(json.dumps({"schema": SETTINGS_SCHEMA, "values": values}))
        studio = Studio(app, settings_file=settings)
        studio.window.setGeometry(0, 0, *(GUIDE_SIZE if options.scene == "guide" else SIZE))
        studio.start()
        suffix = ("" if options.theme == "dark" else "-light") + ("" if options.language == "en" else "-de")
        suffix += "" if options.scale == 1 else f"@{options.scale:g}x"
        hand = Hand(options.scale)
        scenes: dict[str, Callable[[], Iterator[Step]]] = {
            "main": lambda: main_path(studio, hand, options.out, suffix),
            "timeline": lambda: timeline_path(studio, hand, options.out, suffix),
            "guide": lambda: guide_path(studio, hand, options.out),
        }
        director = Director(app, scenes[options.scene]())
        code = app.exec()
        del director
        studio.close()
    shutil.rmtree(PHOTOS)
    return code


if __name__ == "__main__":
    sys.exit(main())
