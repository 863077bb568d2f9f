from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from fvae_studio.core.timeline import PhotoKey, SliderKey, Timeline
from fvae_studio.gui.theme import Theme
from fvae_studio.gui.timeline.inspector import KeyInspector
from fvae_studio.gui.timeline.transport import TransportBar

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def theme(qapp: QApplication) -> Iterator[None]:
    """Widths are those of the program's own look, which other tests do without."""
    palette, font = qapp.palette(), qapp.font()
    theme = Theme(qapp, "dark", text_px=13)
    yield
    theme.set_choice("system")
    theme.deleteLater()
    qapp.setStyleSheet("")
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.fixture
def bar(qtbot: QtBot) -> TransportBar:
    bar = TransportBar()
    qtbot.addWidget(bar)
    bar.set_time(0.5, Timeline())
    bar.show()
    return bar


@pytest.mark.parametrize("width", [0, 400, 480, 560, 640, 700, 740, 780, 850, 980, 1400])
def test_nothing_lies_on_anything_else(bar: TransportBar, qtbot: QtBot, width: int) -> None:
    bar.resize(width, bar.height())

    def lies_well() -> bool:
        shown = [one.geometry() for one in bar.children() if isinstance(one, QWidget) and one.isVisible()]
        places = sorted(shown, key=lambda place: place.left())
        return places[-1].right() < bar.width() and all(a.right() < b.left() for a, b in pairwise(places))

    qtbot.waitUntil(lies_well)


def test_room_brings_back_what_had_to_go(bar: TransportBar, qtbot: QtBot) -> None:
    for width in (400, 1400):
        bar.resize(width, bar.height())
        qtbot.waitUntil(lambda width=width: bar.width() == width)

    assert all(button.isVisible() for button in (*bar._steps, *bar._zooms, bar._in, bar._out))
    assert all(box.isVisible() for box in (bar._repeat, bar._fps, bar._mode))
    assert not bar._choices.isVisible()


def test_choices_without_room_are_in_a_menu(bar: TransportBar, qtbot: QtBot) -> None:
    bar.resize(0, bar.height())
    qtbot.waitUntil(lambda: not bar._mode.isVisible() and bar._choices.isVisible())
    bar._choices.click()
    (menu,) = (one for one in bar.findChildren(QMenu) if one.isVisible())
    menus = {action.text(): action.menu() for action in menu.actions()}
    modes = menus["What is seen"]
    assert isinstance(modes, QMenu)
    (face,) = (action for action in modes.actions() if action.text() == "Face only")
    with qtbot.waitSignal(bar.mode_chosen) as blocker:
        face.trigger()
    menu.close()

    assert blocker.args == ["face"]
    assert bar._mode.currentData() == "face"


@pytest.mark.parametrize("width", [0, 400, 480, 560, 640, 900, 1400])
@pytest.mark.parametrize("key", [PhotoKey(1.0, 1), SliderKey(1.0, 0.5)], ids=["photo", "slider"])
def test_fields_of_a_key_lie_beside_each_other(qtbot: QtBot, key: PhotoKey | SliderKey, width: int) -> None:
    inspector = KeyInspector()
    qtbot.addWidget(inspector)
    inspector.set_key(key, "portrait.jpg", (1, 2))
    inspector.resize(width, inspector.height())
    inspector.show()
    row = inspector._time.parentWidget()

    def lies_well() -> bool:
        shown = [one for one in row.children() if isinstance(one, QWidget) and one.isVisible()]
        places = sorted((one.geometry() for one in shown), key=lambda place: place.left())
        if any(one.width() < one.minimumWidth() for one in shown) or places[-1].right() >= inspector.width():
            return False
        return all(a.right() < b.left() for a, b in pairwise(places))

    qtbot.waitUntil(lies_well)
    assert inspector._time.isVisible()
    assert inspector._motion.isVisible()
    assert inspector._face.isVisible() == isinstance(key, PhotoKey)
    assert inspector._delete.isVisible() or width < 500


@pytest.mark.parametrize("chosen", range(3))
def test_what_is_chosen_can_be_read_where_there_is_room(bar: TransportBar, qtbot: QtBot, chosen: int) -> None:
    bar.resize(1400, bar.height())
    bar._repeat.setCurrentIndex(chosen)

    qtbot.waitUntil(lambda: all(box.width() >= box.sizeHint().width() for box in (bar._repeat, bar._fps, bar._mode)))
