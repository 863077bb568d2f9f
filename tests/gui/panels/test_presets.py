from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont, QFontMetrics, QImage
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from fvae_studio.gui.panels.presets import PresetCard, PresetPanel
from fvae_studio.gui.widgets.tiles import TileView, lines_of

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(qtbot: QtBot) -> PresetPanel:
    panel = PresetPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.set_presets([PresetCard("Mine", is_own=True), PresetCard("Smile"), PresetCard("Frown")])
    panel.set_applicable(True)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def view_of(panel: PresetPanel) -> TileView:
    view = panel.findChild(TileView)
    assert view is not None
    return view


def menu_of(panel: PresetPanel, name: str) -> dict[str, QAction]:
    view = view_of(panel)
    view.menu_requested.emit(name, view.mapToGlobal(view.rect().center()))  # type: ignore[attr-defined]
    menu = panel.findChildren(QMenu)[-1]
    return {action.text(): action for action in menu.actions() if action.text()}


def names(panel: PresetPanel) -> list[str]:
    return [tile.name for tile in view_of(panel).tile_model.tiles]


def test_built_in_presets_come_first(panel: PresetPanel) -> None:
    assert names(panel) == ["Smile", "Frown", "Mine"]


def test_a_click_applies_to_the_face(panel: PresetPanel, qtbot: QtBot) -> None:
    view = view_of(panel)
    place = view.visualRect(view.tile_model.index(1)).center()
    with qtbot.waitSignal(panel.apply_requested) as blocker:
        qtbot.mouseClick(view.viewport(), LEFT, NONE, place)

    assert blocker.args == ["Frown", "face"]


def test_arrows_only_move_and_enter_applies(panel: PresetPanel, qtbot: QtBot) -> None:
    view = view_of(panel)
    view.setFocus()
    with qtbot.assertNotEmitted(panel.apply_requested):
        view.setCurrentIndex(view.tile_model.index(0))
        qtbot.keyClick(view, Qt.Key.Key_Right)
    with qtbot.waitSignal(panel.apply_requested) as blocker:
        qtbot.keyClick(view, Qt.Key.Key_Return)

    assert blocker.args == ["Frown", "face"]


def test_the_menu_applies_to_all(panel: PresetPanel, qtbot: QtBot) -> None:
    actions = menu_of(panel, "Smile")
    with qtbot.waitSignal(panel.apply_requested) as blocker:
        actions["Apply to all open photos"].trigger()

    assert blocker.args == ["Smile", "all_photos"]


def test_only_own_presets_can_be_deleted(panel: PresetPanel, qtbot: QtBot) -> None:
    assert "Delete…" not in menu_of(panel, "Smile")
    with qtbot.waitSignal(panel.delete_requested) as blocker:
        menu_of(panel, "Mine")["Delete…"].trigger()

    assert blocker.args == ["Mine"]


def test_search(panel: PresetPanel, qtbot: QtBot) -> None:
    search = panel.findChild(QLineEdit)
    assert search is not None
    qtbot.keyClicks(search, "fro")

    assert names(panel) == ["Frown"]


def test_thumbnails_are_asked_for_once_and_again_for_another_face(panel: PresetPanel) -> None:
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    asked: list[list[str]] = []
    panel.thumbnails_wanted.connect(asked.append)
    panel.clear_thumbnails()
    assert asked == [["Smile", "Frown", "Mine"]]
    panel.set_thumbnail("Smile", picture)
    assert view_of(panel).tile_model.tiles[0].picture is picture
    panel.resize(320, 410)
    assert len(asked) == 1
    panel.clear_thumbnails()

    assert len(asked) == 2
    assert view_of(panel).tile_model.tiles[0].picture is None


def test_without_a_face_nothing_is_applied(panel: PresetPanel, qtbot: QtBot) -> None:
    panel.set_applicable(False)
    view = view_of(panel)
    with qtbot.assertNotEmitted(panel.apply_requested):
        qtbot.mouseClick(view.viewport(), LEFT, NONE, view.visualRect(view.tile_model.index(0)).center())


@pytest.mark.usefixtures("qapp")
def test_names_that_do_not_fit_end_in_dots_line_by_line() -> None:
    metrics = QFontMetrics(QFont("Sans", 12))
    room = metrics.horizontalAdvance("Strahlend")

    assert lines_of("Smile", metrics, room, 2) == ["Smile"]
    assert lines_of("Frown a bit", metrics, metrics.horizontalAdvance("Frown a") + 2, 2) == ["Frown a", "bit"]
    first, second = lines_of("Unbeschreiblich strahlend von Herzen", metrics, room, 2)
    assert first.startswith("Un")
    assert first.endswith("…")
    assert second.startswith("stra")
    assert second.endswith("…")
    assert max(map(metrics.horizontalAdvance, (first, second))) <= room
    assert lines_of("a-long-name-of-a.jpg", metrics, room, 1)[0].endswith("pg")


def test_a_name_that_looks_like_html_is_told_as_it_is(panel: PresetPanel) -> None:
    panel.set_presets([PresetCard("<b>x</b>"), PresetCard("A & B")])
    model = view_of(panel).tile_model
    tips = [str(model.data(model.index(row), Qt.ItemDataRole.ToolTipRole)) for row in range(2)]

    assert "&lt;b&gt;" in tips[0]
    assert tips[1] == "A & B"
