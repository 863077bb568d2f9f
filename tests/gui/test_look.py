"""Theme, icons, the table of commands and the wording of errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fvae_studio import errors
from fvae_studio.gui.actions import ACTION_ROWS, Actions
from fvae_studio.gui.dialogs.settings import SettingsDialog
from fvae_studio.gui.icons import icon
from fvae_studio.gui.messages import MessageDialog, Messages, explain
from fvae_studio.gui.theme import DARK, LIGHT, Theme, colours_of, palette_of
from fvae_studio.settings import DEFAULTS, OPTIONS


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    palette, font = qapp.palette(), qapp.font()
    theme = Theme(qapp, "dark")
    yield theme
    theme.set_choice("system")
    theme.deleteLater()
    qapp.setStyleSheet("")
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_text_can_be_read(colours: object) -> None:
    # WCAG AA: 4.5 for text, 3 for marks and the borders of focused things.
    for name in ("text", "muted", "warning", "danger", "success"):
        assert contrast(getattr(colours, name), colours.window) >= 4.5, name
    assert contrast(colours.accent, colours.window) >= 3


def test_switching_changes_palette_and_tells(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed) as blocker:
        theme.set_choice("light")

    assert blocker.args == ["light"]
    assert colours_of(qapp.palette()) is LIGHT
    assert colours_of(palette_of(DARK)) is DARK


def test_a_system_that_does_not_tell_gets_dark(theme: Theme, qapp: QApplication) -> None:
    theme.set_choice("light")
    theme.set_choice("system")
    if qapp.styleHints().colorScheme() == Qt.ColorScheme.Unknown:
        assert theme.colours is DARK


def test_an_open_dialog_grows_with_the_text(theme: Theme, qtbot: QtBot) -> None:
    dialog = SettingsDialog(DEFAULTS)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    controls = [dialog.control(option.key) for option in OPTIONS]
    parts = [*controls, *dialog.findChildren(QLabel)]
    theme.set_text_px(24)
    line = QFontMetrics(dialog.font()).height()

    qtbot.waitUntil(lambda: all(one.width() >= one.minimumSizeHint().width() for one in parts))
    assert all(one.height() >= line for one in parts)
    assert dialog.height() >= dialog.minimumSizeHint().height()


def test_titles_of_panels_go_with_the_text(theme: Theme, window: QMainWindow) -> None:
    dock = QDockWidget("HHH")
    dock.setWidget(QWidget())
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.show()

    def height_of_title() -> int:
        QApplication.processEvents()
        image = dock.grab(QRect(0, 0, dock.width(), 60)).toImage()
        rows = [any(image.pixelColor(x, y).lightness() > 150 for x in range(image.width())) for y in range(60)]
        return sum(rows)

    before = height_of_title()
    theme.set_text_px(26)

    assert height_of_title() >= 1.7 * before > 0


def test_icons_follow_the_theme(theme: Theme) -> None:
    def brightest(name: str) -> int:
        image = icon(name).pixmap(QSize(32, 32)).toImage()
        pixels = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
        return max(pixel.lightness() for pixel in pixels if pixel.alpha() > 200)

    dark = brightest("floppy-disk")
    theme.set_choice("light")

    assert dark > 180
    assert brightest("floppy-disk") < 80


@pytest.mark.usefixtures("qapp")
def test_every_command_has_its_icon() -> None:
    for row in ACTION_ROWS:
        if row.icon:
            assert not icon(row.icon).isNull()
    with pytest.raises(KeyError):
        icon("no-such-icon")


def test_no_two_commands_share_a_key_or_a_name() -> None:
    keys = [QKeySequence(key).toString() for row in ACTION_ROWS for key in row.keys]

    assert all(keys)
    assert len(set(keys)) == len(keys)
    assert len({row.name for row in ACTION_ROWS}) == len(ACTION_ROWS)


def test_commands_wait_for_their_conditions(window: QMainWindow) -> None:
    actions = Actions(window)
    assert actions["open"].isEnabled()
    assert not actions["export"].isEnabled()
    actions.set_conditions(["photo"])
    assert actions["export"].isEnabled()
    assert not actions["undo"].isEnabled()
    actions.set_conditions(["photo", "undo"])

    assert actions["undo"].isEnabled()


def test_commands_tell_their_name(window: QMainWindow, qtbot: QtBot) -> None:
    actions = Actions(window)
    with qtbot.waitSignal(actions.triggered) as blocker:
        actions["open"].trigger()
    assert blocker.args == ["open"]
    with qtbot.waitSignal(actions.toggled) as switched:
        actions["full_screen"].trigger()

    assert switched.args == ["full_screen", True]


def test_choosing_one_of_a_group_tells_nothing(window: QMainWindow, qtbot: QtBot) -> None:
    actions = Actions(window)
    with qtbot.assertNotEmitted(actions.triggered):
        actions.choose("compare_split")
        actions.choose("compare_side")

    assert not actions["compare_split"].isChecked()


def test_changed_keys_replace_the_defaults(window: QMainWindow) -> None:
    actions = Actions(window, {"open": ("Ctrl+Alt+Shift+O",), "undo": ()})

    assert actions["open"].shortcut() == QKeySequence("Ctrl+Alt+Shift+O")
    assert actions["undo"].shortcut().isEmpty()
    assert actions["redo"].shortcuts() == [QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")]


def test_menus_hold_every_command_once(window: QMainWindow) -> None:
    actions = Actions(window)
    menus = actions.fill(window.menuBar())
    listed = [action.objectName() for menu in menus.values() for action in menu.actions() if action.objectName()]

    assert sorted(listed) == sorted(actions)
    assert set(menus) == {"file", "edit", "view", "compare", "overlay", "theme", "face", "timeline", "help"}


def test_known_errors_speak_for_themselves() -> None:
    message = explain(errors.PhotoDamagedError("a.jpg breaks off after 20 bytes"))
    other = explain(errors.EditError("there is no preset of that name."))

    assert message.title == "The photo is damaged"
    assert message.sentence == "a.jpg breaks off after 20 bytes."
    assert other.sentence == "There is no preset of that name."


def test_unknown_errors_keep_their_trace_for_the_details() -> None:
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError as error:
        message = explain(error)

    assert "division" not in message.sentence
    assert "ZeroDivisionError: division by zero" in message.details
    assert "FVAE Studio" in message.details


@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if isinstance(kind, type)])
def test_every_error_of_the_program_has_a_title(kind: type[Exception]) -> None:
    unexpected = explain(ZeroDivisionError()).title
    if kind in (errors.FvaeStudioError, errors.Cancelled, errors.DataError, errors.ConfigError, errors.TrainingError):
        return

    assert explain(kind("x")).title != unexpected


def test_details_can_be_copied_without_closing(window: QMainWindow, qtbot: QtBot) -> None:
    dialog = MessageDialog(explain(errors.PhotoError("It is odd.")), window)
    qtbot.addWidget(dialog)
    dialog.open()
    button = next(one for one in dialog.findChildren(QPushButton) if "Copy" in one.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    assert "It is odd." in QGuiApplication.clipboard().text()
    assert dialog.isVisible()
    dialog.close()


def test_question_closes_by_itself_when_there_is_nothing_left_to_ask(window: QMainWindow) -> None:
    timer = QTimer()
    timer.setSingleShot(True)
    timer.start(20)

    assert Messages(window).ask("Stop them?", "They run.", ["Stop"], closes_at=timer.timeout) is None
    assert QApplication.activeModalWidget() is None


def test_cancelling_is_no_error(window: QMainWindow) -> None:
    Messages(window).show_error(errors.Cancelled("Stopped."))
    assert not window.findChildren(QMessageBox)
    Messages(window).show_error(errors.PhotoError("It is odd."))

    assert len(window.findChildren(QMessageBox)) == 1


@pytest.mark.parametrize("kind", ["tell", "ask", "error"])
def test_names_that_look_like_html_are_shown_as_they_are(
    window: QMainWindow, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    odd = "<b>x</b>"
    messages = Messages(window)
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: 0)
    if kind == "tell":
        messages.tell(f"{odd} is done", f"See {odd}.")
    elif kind == "ask":
        messages.ask(f"Delete {odd}?", f"It is {odd}.", ["Delete"])
    else:
        messages.show_error(errors.PhotoError(f"{odd}.jpg is odd."))
    (box,) = window.findChildren(QMessageBox)
    labels = [one for one in box.findChildren(QLabel) if odd in one.text()]

    assert labels
    assert all(one.textFormat() == Qt.TextFormat.PlainText for one in labels)
