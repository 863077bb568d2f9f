from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

# Before any Qt is imported: tests need no screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fvae_studio.app import Studio
from fvae_studio.core.types import Photo
from tests.gui.fakes import FakeEngine
from tests.gui.studio import FakeShelf, RecordedMessages
from tests.helpers.fake_faces import make_photo


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, presets, recovery files and caches of a test lie in a folder of its own."""
    home = tmp_path / "home"
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name))
    monkeypatch.setenv("HOME", str(home))
    home.mkdir(exist_ok=True)
    return home


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests look for English words and numbers, whatever this machine speaks."""
    monkeypatch.setattr("fvae_studio.gui.translation.system_languages", lambda: ["en"])
    before = QLocale()
    QLocale.setDefault(QLocale("en"))
    yield
    QLocale.setDefault(before)


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    """A test that leaves a working thread behind fails."""
    before = set(threading.enumerate())
    yield
    left = [one for one in threading.enumerate() if one not in before and one.is_alive() and not one.daemon]
    assert not left, f"threads live on: {left}"


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """More patient than it is by itself: a machine with other work beside the tests is slow, not wrong."""
    for name in ("waitUntil", "waitSignal", "waitSignals"):
        wait = getattr(qtbot, name)
        monkeypatch.setattr(qtbot, name, partial(wait, timeout=30_000))
    return qtbot


@pytest.fixture
def photo() -> Photo:
    """640 x 480, colours of nobody."""
    return make_photo()


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    """The same as a PNG file."""
    from PIL import Image

    path = tmp_path / "portrait.png"
    Image.fromarray(make_photo().pixels).save(path)
    return path


@pytest.fixture
def engine() -> FakeEngine:
    """Finds two faces in every photo and brightens them instead of moving them."""
    return FakeEngine()


@pytest.fixture
def boxes(monkeypatch) -> RecordedMessages:
    recorded = RecordedMessages()
    monkeypatch.setattr("fvae_studio.gui.main_window.Messages", lambda _window: recorded)
    return recorded


@pytest.fixture
def studio(engine: FakeEngine, qapp: QApplication, boxes, tmp_path, qtbot) -> Iterator[Studio]:
    studio = Studio(qapp, lambda _model, _device: engine, tmp_path / "settings.json", FakeShelf())
    with qtbot.waitSignal(studio.service.ready):
        studio.start()
    yield studio
    # Discard the edits, if closing asks.
    boxes.answer = 1
    studio.close()
    studio.window.close()
    studio.window.deleteLater()
    studio.theme.deleteLater()
