from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QComboBox, QKeySequenceEdit, QLabel, QLineEdit, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from fvae_studio.gui.dialogs.settings import SettingsDialog
from fvae_studio.gui.dialogs.shortcuts import ShortcutsDialog
from fvae_studio.settings import DEFAULTS, OPTIONS, Settings

LEFT = Qt.MouseButton.LeftButton


def press(qtbot: QtBot, dialog: QWidget, name: str) -> None:
    button = next(one for one in dialog.findChildren(QAbstractButton) if one.accessibleName() == name)
    qtbot.mouseClick(button, LEFT)


@pytest.fixture
def settings(qtbot: QtBot) -> SettingsDialog:
    dialog = SettingsDialog(Settings())
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


@pytest.fixture
def shortcuts(qtbot: QtBot) -> ShortcutsDialog:
    dialog = ShortcutsDialog({"open": ("Ctrl+Alt+X",)})
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_every_option_has_a_control_with_name_and_help(settings: SettingsDialog) -> None:
    for option in OPTIONS:
        control = settings.control(option.key)

        assert control.accessibleName()
        assert option.help in control.toolTip()


def test_showing_settings_tells_nothing(settings: SettingsDialog, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(settings.setting_changed):
        settings.set_settings(Settings(theme="light", link_sides=False, autosave_seconds=60))

    box: Any = settings.control("theme")
    assert box.currentData() == "light"


def test_every_change_is_a_value_that_settings_take(settings: SettingsDialog, qtbot: QtBot) -> None:
    taken = DEFAULTS
    told: list[tuple[str, Any]] = []
    settings.setting_changed.connect(lambda key, value: told.append((key, value)))
    for option in OPTIONS:
        control: Any = settings.control(option.key)
        if option.kind == "choice":
            control.setCurrentIndex(control.count() - 1)
        elif option.kind == "switch":
            control.click()
        elif option.kind == "number":
            qtbot.keyClick(control, Qt.Key.Key_Up)
        else:
            qtbot.keyClicks(control, "x.icc")
            qtbot.keyClick(control, Qt.Key.Key_Return)
    for key, value in told:
        taken = taken.with_value(key, value)

    assert {key for key, _ in told} == {option.key for option in OPTIONS}
    assert all(taken.value(option.key) != DEFAULTS.value(option.key) for option in OPTIONS)


def test_defaults_can_be_restored(settings: SettingsDialog, qtbot: QtBot) -> None:
    settings.set_settings(Settings(theme="light"))
    told: dict[str, Any] = {}
    settings.setting_changed.connect(told.__setitem__)
    press(qtbot, settings, "Restore defaults")

    assert told["theme"] == "system"
    box: Any = settings.control("theme")
    assert isinstance(box, QComboBox)
    assert box.currentData() == "system"


# Shortcuts.


def key_of(dialog: ShortcutsDialog, title: str) -> str:
    tree = dialog.findChild(QTreeWidget)
    assert tree is not None
    (item,) = tree.findItems(title, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive, 0)
    return item.text(1)


def type_key(dialog: ShortcutsDialog, key: str) -> None:
    edit = dialog.findChild(QKeySequenceEdit)
    assert edit is not None
    edit.setKeySequence(QKeySequence(key))
    edit.editingFinished.emit()


def test_a_file_is_chosen_or_typed(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = SettingsDialog(Settings())
    qtbot.addWidget(dialog)
    asked: list[str] = []
    monkeypatch.setattr(
        "fvae_studio.gui.dialogs.settings.QFileDialog.getOpenFileName",
        lambda *args: (asked.append(args[-1]), ("/profiles/screen.icc", ""))[1],
    )
    line = dialog.control("screen_profile")
    with qtbot.waitSignal(dialog.setting_changed) as told:
        line.actions()[0].trigger()

    assert told.args == ["screen_profile", "/profiles/screen.icc"]
    assert line.text() == "/profiles/screen.icc"
    assert asked == ["Colour profiles (*.icc *.icm)"]


def test_a_setting_that_waits_for_the_next_start_says_so(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings())
    qtbot.addWidget(dialog)
    dialog.control("theme").setCurrentIndex(1)
    assert "next start" not in dialog._note.text()
    dialog.control("language").setCurrentIndex(2)

    assert dialog._note.text() == "Language: works from the next start on."


def test_changed_keys_are_shown(shortcuts: ShortcutsDialog) -> None:
    assert key_of(shortcuts, "Open photos") == QKeySequence("Ctrl+Alt+X").toString()
    assert key_of(shortcuts, "Undo") == "Ctrl+Z"


def test_a_new_key_is_told(shortcuts: ShortcutsDialog, qtbot: QtBot) -> None:
    shortcuts.choose("batch")
    with qtbot.waitSignal(shortcuts.keys_changed) as blocker:
        type_key(shortcuts, "Ctrl+Alt+B")

    assert blocker.args == [{"open": ("Ctrl+Alt+X",), "batch": ("Ctrl+Alt+B",)}]


def test_a_key_that_is_taken_moves_and_that_is_said(shortcuts: ShortcutsDialog) -> None:
    shortcuts.choose("export")
    type_key(shortcuts, "Ctrl+Z")

    assert key_of(shortcuts, "Undo") == ""
    assert shortcuts.keys["undo"] == ()
    assert any("Undo" in one.text() for one in shortcuts.findChildren(QLabel))


def test_only_the_taken_key_of_several_is_lost(shortcuts: ShortcutsDialog) -> None:
    shortcuts.choose("export")
    type_key(shortcuts, "Ctrl+Y")

    assert shortcuts.keys["redo"] == ("Ctrl+Shift+Z",)


def test_a_key_can_be_taken_away(shortcuts: ShortcutsDialog) -> None:
    shortcuts.choose("export")
    type_key(shortcuts, "")

    assert shortcuts.keys["export"] == ()


def test_defaults_come_back(shortcuts: ShortcutsDialog, qtbot: QtBot) -> None:
    shortcuts.choose("open")
    press(qtbot, shortcuts, "Default key")
    assert shortcuts.keys == {}
    shortcuts.set_key("undo", "F5")
    press(qtbot, shortcuts, "Restore all defaults")

    assert shortcuts.keys == {}
    assert key_of(shortcuts, "Undo") == "Ctrl+Z"


def test_search_finds_commands_and_keys(shortcuts: ShortcutsDialog, qtbot: QtBot) -> None:
    search = next(one for one in shortcuts.findChildren(QLineEdit) if one.accessibleName().startswith("Search"))
    tree = shortcuts.findChild(QTreeWidget)
    assert tree is not None
    qtbot.keyClicks(search, "ctrl+z")
    shown = [
        item.text(0)
        for item in tree.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive, 0)
        if not item.isHidden() and item.parent() is not None
    ]

    assert shown == ["Undo"]


def test_keys_of_the_timeline_are_listed_and_found(shortcuts: ShortcutsDialog, qtbot: QtBot) -> None:
    search, tree = shortcuts.findChild(QLineEdit), shortcuts.findChild(QTreeWidget)
    assert search is not None
    assert tree is not None
    qtbot.keyClicks(search, "playhead")
    shown = [
        top.child(row).text(1)
        for top in (tree.topLevelItem(number) for number in range(tree.topLevelItemCount()))
        if not top.isHidden()
        for row in range(top.childCount())
        if not top.child(row).isHidden()
    ]

    assert shown == ["K", "I, O"]
