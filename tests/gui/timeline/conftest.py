from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from fvae_studio.app import Studio
from fvae_studio.gui.timeline.desk import TimelineDesk
from fvae_studio.gui.timeline.panel import TimelinePanel
from fvae_studio.gui.timeline.stage import ClipStage
from tests.gui.fakes import make_face
from tests.helpers.fake_faces import make_photo


class Clock:
    """Goes on only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Table:
    """A window with its timeline open, and what belongs to it."""

    studio: Studio
    panel: TimelinePanel
    desk: TimelineDesk
    stage: ClipStage
    clock: Clock

    @property
    def document(self):
        return self.studio.document

    @property
    def timeline(self):
        return self.studio.document.timeline

    def x(self, time_s: float) -> float:
        """Where a time is seen in ruler and tracks."""
        return self.panel.axis.scale.x_of(time_s)

    def photos(self):
        return [(key.photo, round(key.time_s, 6)) for key in self.timeline.photos]


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Three different photos."""
    found = []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        Image.fromarray(make_photo(640, 480, seed=number + 5).pixels).save(path)
        found.append(path)
    return found


@pytest.fixture
def table(studio, engine, files, clock, qtbot) -> Table:
    """Two photos of one face each are open, neither is on the timeline."""
    engine.faces = (make_face(1, (320, 240)),)
    clip = studio.commands.clip
    clip.stage.player._clock = clock
    studio.window.resize(1500, 1000)
    studio.commands.open_paths(files[:2])
    qtbot.waitUntil(lambda: all(photo.thumbnail is not None for photo in studio.document.photos))
    qtbot.waitUntil(lambda: bool(studio.document.current.faces))
    clip.show_dock()
    qtbot.waitUntil(lambda: clip.stage._is_used)
    return Table(studio, studio.window.timeline, clip.desk, clip.stage, clock)


@pytest.fixture
def clip(table, qtbot) -> Table:
    """Both photos are on the timeline, at 0 and at 1 s, and the canvas shows the first frame."""
    for photo in table.document.photos:
        table.document.put_photo(photo.entry_id)
    qtbot.waitUntil(lambda: table.stage.scene is not None)
    table.desk.scrub(0.0)
    qtbot.waitUntil(lambda: table.stage.is_shown and table.stage.player.frame in table.stage.ready_frames)
    return table
