from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED, MouthChoice
from fvae_studio.gui.panels.face_choice import FaceChoice
from fvae_studio.gui.panels.sliders import SliderPanel
from fvae_studio.gui.style_sheet import style_sheet
from fvae_studio.gui.theme import DARK
from fvae_studio.gui.translation import LANGUAGES, install_language, remove_language
from fvae_studio.gui.widgets.amount_slider import AmountSlider
from fvae_studio.gui.widgets.group import CollapsibleGroup
from fvae_studio.gui.widgets.mouth_box import MouthBox
from fvae_studio.gui.widgets.strength_slider import StrengthSlider
from fvae_studio.gui.widgets.strength_track import StrengthTrack
from fvae_studio.pipeline.requests import DirectionInfo

DIRECTIONS = (
    DirectionInfo("smile", "Smile", "Emotions", "A friendly smile.", (-1.0, 1.5)),
    DirectionInfo("sad", "Sad", "Emotions", "Corners down.", (-1.0, 1.5)),
    DirectionInfo("wink_left", "Close left eye", "Eyes", "Left.", (-1.0, 1.0), "wink_right"),
    DirectionInfo("wink_right", "Close right eye", "Eyes", "Right.", (-1.0, 1.0), "wink_left"),
)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot: QtBot) -> SliderPanel:
    panel = SliderPanel()
    qtbot.addWidget(panel)
    panel.set_directions(DIRECTIONS)
    panel.set_faces((1, 2), 1)
    panel.resize(320, 600)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def button(panel: QWidget, name: str) -> QToolButton | QPushButton:
    found = [one for kind in (QToolButton, QPushButton) for one in panel.findChildren(kind)]
    return next(one for one in found if one.accessibleName() == name)


def shown(panel: SliderPanel) -> list[str]:
    return [one.name for one in DIRECTIONS if panel.slider(one.name).isVisible()]


def test_one_slider_per_direction_in_groups(panel: SliderPanel) -> None:
    titles = [group.title for group in panel.findChildren(CollapsibleGroup)]

    assert shown(panel) == ["smile", "sad", "wink_left", "wink_right"]
    assert titles == ["Emotions", "Eyes"]


def test_strengths_are_shown_and_the_rest_is_zero(panel: SliderPanel) -> None:
    panel.set_strengths({"sad": 0.4})
    panel.set_strengths({"smile": 0.6})

    assert panel.slider("smile").strength == pytest.approx(0.6)
    assert panel.slider("sad").strength == 0


def test_a_slider_is_heard_with_its_name(panel: SliderPanel, qtbot: QtBot) -> None:
    heard: list[object] = []
    panel.strength_changed.connect(lambda *args: heard.append(args))
    panel.strength_settled.connect(heard.append)
    qtbot.keyClick(panel.slider("sad").track, Qt.Key.Key_Right)

    assert heard == [("sad", 0.01), "sad"]


def test_linked_pairs_move_as_one_change(panel: SliderPanel, qtbot: QtBot) -> None:
    single: list[str] = []
    panel.strength_changed.connect(lambda name, _value: single.append(name))
    panel.set_linked(True)
    with qtbot.waitSignal(panel.strengths_changed) as blocker:
        qtbot.keyClick(panel.slider("wink_left").track, Qt.Key.Key_PageUp)

    assert blocker.args == [{"wink_left": 0.1, "wink_right": 0.1}]
    assert panel.slider("wink_right").strength == pytest.approx(0.1)
    assert single == []


def test_apart_pairs_move_alone(panel: SliderPanel, qtbot: QtBot) -> None:
    panel.set_linked(False)
    with qtbot.waitSignal(panel.strength_changed):
        qtbot.keyClick(panel.slider("wink_left").track, Qt.Key.Key_PageUp)

    assert panel.slider("wink_right").strength == 0


def test_search_leaves_what_fits_and_opens_closed_groups(panel: SliderPanel, qtbot: QtBot) -> None:
    panel.set_closed_groups({"Eyes"})
    assert shown(panel) == ["smile", "sad"]
    search = panel.findChild(QLineEdit)
    assert search is not None
    qtbot.keyClicks(search, "close left")
    assert shown(panel) == ["wink_left"]
    search.clear()

    assert shown(panel) == ["smile", "sad"]


def test_only_changed_ones(panel: SliderPanel, qtbot: QtBot) -> None:
    panel.set_strengths({"smile": 0.5})
    qtbot.mouseClick(button(panel, "Only changed"), LEFT)
    assert shown(panel) == ["smile"]
    panel.set_strengths({"sad": 0.5})

    assert shown(panel) == ["sad"]


def test_closing_a_group_hides_its_sliders_and_is_told(panel: SliderPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.group_toggled) as blocker:
        qtbot.mouseClick(button(panel, "Emotions"), LEFT)

    assert blocker.args == ["Emotions", False]
    assert shown(panel) == ["wink_left", "wink_right"]


def test_faces_are_offered_and_chosen(panel: SliderPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.face_chosen) as blocker:
        qtbot.mouseClick(button(panel, "Face 2"), LEFT)
    assert blocker.args == [2]
    with qtbot.waitSignal(panel.face_chosen) as blocker:
        qtbot.mouseClick(button(panel, "All faces"), LEFT)

    assert blocker.args == [None]


def test_the_shown_face_follows_the_document(panel: SliderPanel) -> None:
    panel.set_faces((1, 2, 3), 3)
    assert button(panel, "Face 3").isChecked()
    panel.set_faces((1, 2, 3), None)

    assert button(panel, "All faces").isChecked()


def test_without_a_face_nothing_can_be_moved(panel: SliderPanel) -> None:
    panel.set_faces((), None)
    assert not panel.slider("smile").isEnabled()
    panel.set_faces((1,), 1)

    assert panel.slider("smile").isEnabled()


def test_amount_and_reset_are_told(panel: SliderPanel, qtbot: QtBot) -> None:
    amount = panel.findChild(AmountSlider)
    assert amount is not None
    track = amount.findChild(StrengthTrack)
    with qtbot.waitSignal(panel.amount_settled), qtbot.waitSignal(panel.amount_changed) as blocker:
        qtbot.keyClick(track, Qt.Key.Key_PageUp)
    assert blocker.args == [1.1]
    with qtbot.waitSignal(panel.amount_changed) as reset:
        qtbot.keyClick(track, Qt.Key.Key_Delete)
    assert reset.args == [1.0]
    with qtbot.waitSignal(panel.reset_requested):
        qtbot.mouseClick(button(panel, "Reset all sliders"), LEFT)


def test_another_model_replaces_the_sliders(panel: SliderPanel) -> None:
    panel.set_directions(DIRECTIONS[:1])
    panel.set_strengths({"smile": 0.5, "sad": 0.5})

    assert panel.slider("smile").strength == 0.5
    with pytest.raises(KeyError):
        panel.slider("sad")


def test_every_control_has_a_name_and_a_tip(panel: SliderPanel) -> None:
    for kind in (QToolButton, QPushButton, QLineEdit, StrengthTrack):
        for control in panel.findChildren(kind):
            if control.isVisible() and control.objectName() not in ("qt_spinbox_lineedit", "_q_qlineeditclearbutton"):
                if isinstance(control.parent(), QLineEdit):
                    continue
                assert control.accessibleName(), control
                assert control.toolTip(), control.accessibleName()


@pytest.fixture
def mouth_panel(panel: SliderPanel) -> SliderPanel:
    """With a group of sliders for the mouth."""
    opened = DirectionInfo("open_mouth", "Open mouth", "Mouth", "Drops the jaw.", (0.0, 1.0))
    panel.set_directions((*DIRECTIONS, opened))
    # Room for a name in the text size that other tests may have left.
    panel.resize(400, 600)
    return panel


def choose(panel: SliderPanel, index: int) -> QComboBox:
    """As by hand: the list's signal of a click."""
    box = next(one for one in panel.findChildren(QComboBox) if one.accessibleName() == "If lips part")
    box.setCurrentIndex(index)
    box.activated.emit(index)
    return box


def test_no_mouth_is_offered_without_sliders_for_it(panel: SliderPanel) -> None:
    assert not [one for one in panel.findChildren(QComboBox) if one.accessibleName() == "If lips part"]


def test_chosen_mouth_is_told(mouth_panel: SliderPanel) -> None:
    heard: list[object] = []
    mouth_panel.mouth_chosen.connect(heard.append)
    choose(mouth_panel, 1)
    choose(mouth_panel, 1)
    choose(mouth_panel, 0)

    assert heard == [BUILT_IN, CLOSED]


def test_photo_is_asked_for_and_the_list_waits(mouth_panel: SliderPanel, qtbot: QtBot) -> None:
    mouth_panel.set_mouth(BUILT_IN)
    with qtbot.waitSignal(mouth_panel.mouth_photo_requested):
        box = choose(mouth_panel, 2)

    assert box.currentIndex() == 1
    mouth_panel.set_mouth(MouthChoice("photo", "/photos/laughing.jpg"))
    assert "laughing.jpg" in box.currentText()


def test_open_mouth_marks_its_group_and_stays_in_the_filter(mouth_panel: SliderPanel) -> None:
    mouth_panel.set_mouth(BUILT_IN)
    button(mouth_panel, "Only changed").click()
    groups = {group.title: group for group in mouth_panel.findChildren(CollapsibleGroup)}

    assert groups["Mouth"].isVisible()
    assert not groups["Emotions"].isVisible()
    mouth_panel.set_mouth(CLOSED)
    assert not groups["Mouth"].isVisible()


def test_mouth_is_found_by_searching_for_teeth(mouth_panel: SliderPanel, qtbot: QtBot) -> None:
    search = mouth_panel.findChild(QLineEdit)
    assert search is not None
    qtbot.keyClicks(search, "teeth")
    box = next(one for one in mouth_panel.findChildren(QComboBox) if one.accessibleName() == "If lips part")

    assert box.isVisible()
    assert not mouth_panel.slider("open_mouth").isVisible()


def test_tab_goes_down_the_panel_as_one_reads_it(panel: SliderPanel) -> None:
    panel.set_faces((1, 2), None)
    place = panel._faces.controls[1]
    order = []
    for _ in range(40):
        order.append(place)
        place = place.nextInFocusChain()
    wanted = [
        *panel._faces.controls[1:],
        panel._search,
        panel._groups["Emotions"].head,
        panel.slider("smile").track,
        panel.slider("smile").number,
        panel._groups["Eyes"].head,
        panel.slider("wink_left").track,
    ]
    places = [order.index(widget) for widget in wanted]

    assert places == sorted(places)


WITH_MOUTH = (*DIRECTIONS, DirectionInfo("jaw_drop", "Open mouth", "Mouth", "The jaw falls.", (-1.0, 1.0)))


@pytest.fixture(params=[11, 13, 18, 24])
def text_size(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    before, font = qapp.styleSheet(), qapp.font()
    larger = QFont(font)
    larger.setPixelSize(request.param)
    qapp.setFont(larger)
    qapp.setStyleSheet(style_sheet(DARK, request.param))
    yield
    qapp.setStyleSheet(before)
    qapp.setFont(font)


@pytest.mark.usefixtures("text_size")
@pytest.mark.parametrize("language", LANGUAGES)
def test_at_its_narrowest_everything_has_room(qtbot: QtBot, qapp: QApplication, language: str) -> None:
    installed = install_language(qapp, language)
    panel = SliderPanel()
    qtbot.addWidget(panel)
    group = "Mund" if language == "de" else "Mouth"
    panel.set_directions(tuple(replace(one, group=group) for one in WITH_MOUTH))
    remove_language(qapp, installed)
    panel.set_faces((1, 2, 3, 4, 5, 6), None)
    panel.resize(1, 300)
    panel.show()
    qtbot.waitExposed(panel)
    assert panel.width() == panel.minimumWidth()
    number = panel.slider("smile").number
    number.setValue(-199.9)
    room = number.lineEdit().contentsRect().width() - 6

    for inside in panel.findChildren(QWidget):
        parent = inside.parentWidget()
        if not inside.isVisible() or isinstance(parent, QLineEdit):
            continue
        assert parent is not None
        assert inside.geometry().right() < parent.width(), inside
        if isinstance(inside, StrengthSlider | AmountSlider | MouthBox | FaceChoice | QComboBox | QToolButton):
            assert inside.width() >= inside.minimumSizeHint().width(), inside
    assert number.fontMetrics().horizontalAdvance(number.text()) <= room


def test_a_photos_long_name_does_not_widen_the_panel(panel: SliderPanel) -> None:
    panel.set_directions(WITH_MOUTH)
    before = panel.minimumWidth()
    panel.set_mouth(MouthChoice("photo", "a-very-long-name-of-a-photo-from-a-holiday.jpg"))

    assert panel.minimumWidth() == before


def test_the_panel_grows_with_the_text(qtbot: QtBot, panel: SliderPanel) -> None:
    font = panel.font()
    font.setPixelSize(24)
    panel.setFont(font)

    qtbot.waitUntil(lambda: panel.width() >= panel.slider("smile").minimumSizeHint().width() + 32)
