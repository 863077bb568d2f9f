from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fvae_studio.gui.panels.strip import PhotoStrip, StripEntry
from fvae_studio.gui.widgets.tiles import TileView

ENTRIES = (
    StripEntry(7, "one.jpg", Path("/photos/one.jpg"), is_edited=True),
    StripEntry(8, "two.jpg", is_loading=True),
    StripEntry(9, "three.jpg", error="It is damaged."),
)
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def strip(qtbot: QtBot) -> PhotoStrip:
    strip = PhotoStrip()
    qtbot.addWidget(strip)
    strip.resize(600, 130)
    strip.show()
    qtbot.waitExposed(strip)
    strip.set_entries(ENTRIES, 7)
    return strip


def view_of(strip: PhotoStrip) -> TileView:
    view = strip.findChild(TileView)
    assert view is not None
    return view


def test_setting_photos_chooses_nothing(strip: PhotoStrip, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(strip.chosen):
        strip.set_entries(ENTRIES[1:], 9)
        strip.set_current(8)

    assert view_of(strip).currentIndex().row() == 0


def test_click_and_arrows_choose(strip: PhotoStrip, qtbot: QtBot) -> None:
    view = view_of(strip)
    place = view.visualRect(view.tile_model.index(1)).center()
    with qtbot.waitSignal(strip.chosen) as blocker:
        qtbot.mouseClick(view.viewport(), LEFT, NONE, place)
    assert blocker.args == [8]
    with qtbot.waitSignal(strip.chosen) as blocker:
        qtbot.keyClick(view, Qt.Key.Key_Right)

    assert blocker.args == [9]


def test_states_are_badges_and_words(strip: PhotoStrip) -> None:
    tiles = view_of(strip).tile_model.tiles

    assert [len(tile.badges) for tile in tiles] == [1, 1, 1]
    assert "edited" in tiles[0].tip
    assert "damaged" in tiles[2].tip


def test_a_thumbnail_stays_when_states_change(strip: PhotoStrip) -> None:
    picture = QImage(20, 20, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    strip.set_thumbnail(8, picture)
    strip.set_entries((ENTRIES[0], StripEntry(8, "two.jpg", is_edited=True)), 7)

    assert view_of(strip).tile_model.tiles[1].picture is picture


def test_the_cross_closes_without_choosing(strip: PhotoStrip, qtbot: QtBot) -> None:
    view = view_of(strip)
    corner = view.visualRect(view.tile_model.index(1)).topLeft() + QPoint(17, 17)
    with qtbot.waitSignal(strip.close_requested) as blocker, qtbot.assertNotEmitted(strip.chosen):
        qtbot.mouseMove(view.viewport(), corner)
        qtbot.mouseClick(view.viewport(), LEFT, NONE, corner)

    assert blocker.args == [8]


def test_delete_closes(strip: PhotoStrip, qtbot: QtBot) -> None:
    with qtbot.waitSignal(strip.close_requested) as blocker:
        qtbot.keyClick(view_of(strip), Qt.Key.Key_Delete)

    assert blocker.args == [7]


def test_dropped_files_are_told(strip: PhotoStrip, qtbot: QtBot, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.jpg")), QUrl("https://example.org/b.jpg")])
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(strip, QDragEnterEvent(QPoint(5, 5), copy, mime, LEFT, NONE))
    with qtbot.waitSignal(strip.files_dropped) as blocker:
        QApplication.sendEvent(strip, QDropEvent(QPointF(5, 5), copy, mime, LEFT, NONE))

    assert blocker.args == [[tmp_path / "a.jpg"]]
