from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fvae_studio.core.timeline import Timeline
from fvae_studio.gui.theme import Theme
from fvae_studio.gui.timeline.transport import TransportBar

pytestmark = pytest.mark.gui


@pytest.fixture
def bar(qapp: QApplication, qtbot: QtBot) -> TransportBar:
    Theme(qapp, "dark", text_px=13)
    bar = TransportBar()
    qtbot.addWidget(bar)
    bar.set_time(0.5, Timeline())
    bar.show()
    return bar


@pytest.mark.parametrize("width", [700, 740, 780, 850, 980, 1400])
def test_nothing_lies_on_anything_else(bar: TransportBar, qtbot: QtBot, width: int) -> None:
    bar.resize(width, bar.height())

    def lies_well() -> bool:
        shown = [one.geometry() for one in bar.children() if isinstance(one, QWidget) and one.isVisible()]
        places = sorted(shown, key=lambda place: place.left())
        return places[-1].right() < width and all(a.right() < b.left() for a, b in pairwise(places))

    qtbot.waitUntil(lies_well)


def test_room_brings_back_what_had_to_go(bar: TransportBar, qtbot: QtBot) -> None:
    for width in (700, 1400):
        bar.resize(width, bar.height())
        qtbot.waitUntil(lambda width=width: bar.width() == width)

    assert all(button.isVisible() for button in (*bar._steps, *bar._zooms, bar._in, bar._out))


@pytest.mark.parametrize("chosen", range(3))
def test_what_is_chosen_can_be_read_where_there_is_room(bar: TransportBar, qtbot: QtBot, chosen: int) -> None:
    bar.resize(1400, bar.height())
    bar._repeat.setCurrentIndex(chosen)

    qtbot.waitUntil(lambda: all(box.width() >= box.sizeHint().width() for box in (bar._repeat, bar._fps, bar._mode)))
