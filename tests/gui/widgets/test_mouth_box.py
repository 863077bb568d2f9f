from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from fvae_studio.core.mouth_choice import CLOSED, MouthChoice
from fvae_studio.gui.widgets.mouth_box import MouthBox

pytestmark = pytest.mark.gui

PHOTO = MouthChoice("photo", "/photos/a rather long name of a photo.jpg")


@pytest.fixture
def box(qtbot: QtBot) -> MouthBox:
    box = MouthBox()
    qtbot.addWidget(box)
    box.resize(290, box.height())
    box.show()
    return box


def text_of(box: MouthBox) -> str:
    shown = box.findChild(QComboBox)
    assert shown is not None
    return shown.itemText(2)


def test_a_long_name_is_shortened_in_its_middle_and_told_in_full(box: MouthBox) -> None:
    box.set_mouth(PHOTO)
    shown = box.findChild(QComboBox)

    assert text_of(box).startswith("From a")
    assert text_of(box).endswith("g…")
    assert shown.fontMetrics().horizontalAdvance(text_of(box)) < shown.width()
    assert shown.itemData(2, Qt.ItemDataRole.ToolTipRole) == "a rather long name of a photo.jpg"


def test_more_room_shows_more_of_it(box: MouthBox, qtbot: QtBot) -> None:
    box.set_mouth(PHOTO)
    narrow = text_of(box)
    box.resize(900, box.height())
    qtbot.waitUntil(lambda: text_of(box) == "From a rather long name of a photo.jpg…")

    assert len(narrow) < len(text_of(box))


def test_without_a_photo_it_asks_for_one(box: MouthBox) -> None:
    box.set_mouth(PHOTO)
    box.set_mouth(CLOSED)

    assert text_of(box) == "From a photo…"
