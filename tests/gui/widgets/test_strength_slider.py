from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fvae_studio.gui.style_sheet import style_sheet
from fvae_studio.gui.theme import DARK, LIGHT
from fvae_studio.gui.widgets.strength_slider import StrengthSlider

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def slider(qtbot: QtBot) -> StrengthSlider:
    slider = StrengthSlider("smile", "Smile", "A friendly smile.", (-1.0, 0.75))
    qtbot.addWidget(slider)
    slider.resize(360, 24)
    slider.show()
    qtbot.waitExposed(slider)
    return slider


def heard(slider: StrengthSlider) -> list[float]:
    values: list[float] = []
    slider.strength_changed.connect(lambda _name, value: values.append(value))
    return values


def middle_of(slider: StrengthSlider) -> QPoint:
    return slider.track.rect().center()


def test_set_strength_shows_it_without_a_signal(slider: StrengthSlider) -> None:
    values = heard(slider)
    slider.set_strength(0.62)

    assert slider.track.percent == 62
    assert slider.number.text() == "62"
    assert slider.is_changed
    assert values == []


def test_zero_has_no_dot_and_no_sign(slider: StrengthSlider) -> None:
    slider.set_strength(-0.0004)

    assert slider.number.text() == "0"
    assert not slider.is_changed


def test_dragging_reports_every_step_and_settles_once(slider: StrengthSlider, qtbot: QtBot) -> None:
    values = heard(slider)
    settled: list[str] = []
    slider.strength_settled.connect(settled.append)
    start = middle_of(slider)
    qtbot.mousePress(slider.track, LEFT, NONE, start)
    for step in (10, 20, 30):
        qtbot.mouseMove(slider.track, start + QPoint(step, 0))
    assert settled == []
    qtbot.mouseRelease(slider.track, LEFT, NONE, start + QPoint(30, 0))

    assert len(values) == 3
    assert values == sorted(values)
    assert values[-1] > 0.1
    assert settled == ["smile"]


def test_a_drag_rests_on_zero(slider: StrengthSlider, qtbot: QtBot) -> None:
    slider.set_strength(0.5)
    start = middle_of(slider) + QPoint(round(slider.track.width() * 0.225), 0)
    qtbot.mousePress(slider.track, LEFT, NONE, start)
    qtbot.mouseMove(slider.track, middle_of(slider) + QPoint(1, 0))
    qtbot.mouseRelease(slider.track, LEFT, NONE, middle_of(slider))

    assert slider.strength == 0


def test_shift_drags_in_fine_steps(slider: StrengthSlider, qtbot: QtBot) -> None:
    def drag(modifier: Qt.KeyboardModifier) -> float:
        slider.set_strength(0.0)
        start = middle_of(slider)
        qtbot.mousePress(slider.track, LEFT, modifier, start)
        # QTest moves the mouse without modifiers: send the event itself.
        from PySide6.QtGui import QMouseEvent

        place = QPointF(start + QPoint(20, 0))
        event = QMouseEvent(QMouseEvent.Type.MouseMove, place, slider.track.mapToGlobal(place), LEFT, LEFT, modifier)
        QApplication.sendEvent(slider.track, event)
        qtbot.mouseRelease(slider.track, LEFT, modifier, start)
        return slider.strength

    coarse, fine = drag(NONE), drag(SHIFT)

    assert 0 < fine < coarse / 5


def test_escape_takes_a_drag_back(slider: StrengthSlider, qtbot: QtBot) -> None:
    slider.set_strength(0.3)
    qtbot.mousePress(slider.track, LEFT, NONE, middle_of(slider) + QPoint(-40, 0))
    assert slider.strength < 0
    qtbot.keyClick(slider.track, Qt.Key.Key_Escape)

    assert slider.strength == pytest.approx(0.3)


def test_double_click_resets(slider: StrengthSlider, qtbot: QtBot) -> None:
    slider.set_strength(0.3)
    with qtbot.waitSignal(slider.strength_settled):
        qtbot.mouseDClick(slider.track, LEFT, NONE, middle_of(slider) + QPoint(30, 0))

    assert slider.strength == 0


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Right, NONE, 0.21),
        (Qt.Key.Key_Down, NONE, 0.19),
        (Qt.Key.Key_Left, SHIFT, 0.199),
        (Qt.Key.Key_PageUp, NONE, 0.30),
        (Qt.Key.Key_Home, NONE, -1.0),
        (Qt.Key.Key_End, NONE, 1.0),
        (Qt.Key.Key_Delete, NONE, 0.0),
    ],
)
def test_keys(
    slider: StrengthSlider, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier, expected: float
) -> None:
    slider.set_strength(0.2)
    with qtbot.waitSignal(slider.strength_settled):
        qtbot.keyClick(slider.track, key, modifier)

    assert slider.strength == pytest.approx(expected)


def test_typed_numbers_may_lie_beyond_the_track_and_keys_do_not_throw_them_back(
    slider: StrengthSlider, qtbot: QtBot
) -> None:
    values = heard(slider)
    slider.number.selectAll()
    qtbot.keyClicks(slider.number, "150")
    qtbot.keyClick(slider.number, Qt.Key.Key_Return)
    assert values == [1.5]
    assert slider.track.value() == 100
    qtbot.keyClick(slider.track, Qt.Key.Key_Right)

    assert slider.strength == 1.5


def entered(slider: StrengthSlider, qtbot: QtBot, text: str) -> float:
    slider.number.selectAll()
    qtbot.keyClicks(slider.number, text)
    qtbot.keyClick(slider.number, Qt.Key.Key_Return)
    return slider.number.value()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("text", ["12.5", "12,5", "+12,5"])
def test_point_and_comma_are_decimal_in_every_language(
    slider: StrengthSlider, qtbot: QtBot, language: str, text: str
) -> None:
    slider.number.setLocale(QLocale(language))

    assert entered(slider, qtbot, text) == 12.5
    assert slider.number.text() == ("12,5" if language == "de" else "12.5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("999", 200), ("-250", -200), ("200.4", 200), ("-", 20), ("", 20), ("1.2.6", 1.3), ("12x", 12), ("-.5", -0.5)],
)
def test_what_is_typed_is_held_to_the_limits_when_it_is_entered(
    slider: StrengthSlider, qtbot: QtBot, text: str, expected: float
) -> None:
    slider.set_strength(0.2)
    if not text:
        slider.number.clear()

    # A second separator, and what is no number, is not taken.
    assert entered(slider, qtbot, text) == expected


def test_a_click_into_the_number_lets_one_type_a_new_one(slider: StrengthSlider, qtbot: QtBot) -> None:
    slider.set_strength(0.71)
    slider.show()
    edit = slider.number.lineEdit()
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton, pos=edit.rect().center())
    # As the window system does it: the focus comes with the press.
    QApplication.sendEvent(slider.number, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.MouseFocusReason))
    edit.deselect()
    qtbot.waitUntil(edit.hasSelectedText)
    qtbot.keyClicks(slider.number, "37")
    qtbot.keyClick(slider.number, Qt.Key.Key_Return)

    assert slider.strength == 0.37


def test_the_wheel_changes_nothing(slider: StrengthSlider) -> None:
    values = heard(slider)
    for widget in (slider.track, slider.number):
        place = QPointF(widget.rect().center())
        event = QWheelEvent(
            place, widget.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

        assert not event.isAccepted()
    assert values == []


def test_beyond_the_trusted_range_is_said(slider: StrengthSlider) -> None:
    slider.set_strength(0.7)
    assert "not checked" not in slider.track.toolTip()
    slider.set_strength(0.8)

    assert slider.track.is_beyond_trust
    assert "not checked" in slider.track.toolTip()


def test_screen_readers_get_name_and_value(slider: StrengthSlider) -> None:
    slider.set_strength(0.4)

    assert slider.track.accessibleName() == "Smile"
    assert slider.track.value() == 40
    assert slider.number.accessibleName()


def test_the_number_stays_readable_when_the_theme_changes(qapp: QApplication, qtbot: QtBot) -> None:
    slider = StrengthSlider("smile", "Smile")
    qtbot.addWidget(slider)
    slider.show()
    before = qapp.styleSheet()
    try:
        for colours in (DARK, LIGHT):
            qapp.setStyleSheet(style_sheet(colours, 13))
            qapp.processEvents()

            assert slider.number.lineEdit().width() > slider.number.width() - 8
    finally:
        qapp.setStyleSheet(before)


def test_names_have_room_in_any_text_size(slider: StrengthSlider) -> None:
    small = slider._title.width()
    font = slider.font()
    font.setPixelSize(2 * font.pixelSize() if font.pixelSize() > 0 else 26)
    slider.setFont(font)

    assert slider._title.width() > 1.5 * small
    assert slider._title.width() > slider.fontMetrics().horizontalAdvance("Smile")
