from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from fvae_studio.gui.panels.history import HistoryPanel

LABELS = ["Open", "Smile 62", "Sad 10", "Angry 5"]


@pytest.fixture
def panel(qtbot: QtBot) -> HistoryPanel:
    panel = HistoryPanel()
    qtbot.addWidget(panel)
    panel.resize(240, 300)
    panel.show()
    panel.set_entries(LABELS, 3)
    return panel


def rows(panel: HistoryPanel) -> QListWidget:
    found = panel.findChild(QListWidget)
    assert found is not None
    return found


def test_steps_are_listed_and_the_present_one_marked(panel: HistoryPanel) -> None:
    assert [rows(panel).item(row).text() for row in range(4)] == LABELS
    assert rows(panel).currentRow() == 3


def test_setting_entries_tells_nothing(panel: HistoryPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.entry_chosen):
        panel.set_entries(LABELS[:2], 1)

    assert rows(panel).count() == 2


def test_a_click_chooses_a_step_once(panel: HistoryPanel, qtbot: QtBot) -> None:
    chosen: list[int] = []
    panel.entry_chosen.connect(chosen.append)
    view = rows(panel)
    place = view.visualItemRect(view.item(1)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)

    assert chosen == [1]


def test_arrows_choose_as_well(panel: HistoryPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.entry_chosen) as blocker:
        qtbot.keyClick(rows(panel), Qt.Key.Key_Up)

    assert blocker.args == [2]


def test_the_same_step_is_not_chosen_again(panel: HistoryPanel, qtbot: QtBot) -> None:
    view = rows(panel)
    with qtbot.assertNotEmitted(panel.entry_chosen):
        place = view.visualItemRect(view.item(3)).center()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def test_an_empty_history_says_what_will_be_there(panel: HistoryPanel) -> None:
    panel.set_entries([], -1)

    assert not rows(panel).isVisible()


def test_long_step_ends_in_dots_and_its_tip_tells_all_of_it(panel: HistoryPanel) -> None:
    step = "Put a-photo-with-a-very-long-name-indeed.jpg on the timeline"
    panel.set_entries([step, "Smile 62"], 1)
    found = rows(panel)

    assert found.visualItemRect(found.item(0)).width() <= found.viewport().width()
    assert not found.horizontalScrollBar().isVisible()
    assert step in found.item(0).toolTip()
