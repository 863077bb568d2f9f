from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication

from fvae_studio.core.timeline import SliderKey
from fvae_studio.core.timeline_keys import KeyPlace, key_at
from fvae_studio.gui.widgets.tiles import PHOTO_MIME

pytestmark = pytest.mark.gui

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def drop(table, data, time_s, modifiers=NONE):
    track = table.panel.photos
    event = QDropEvent(
        QPointF(table.x(time_s), 30), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, modifiers
    )
    track.dropEvent(event)


def drag(qtbot, widget, start, end, modifiers=NONE):
    """Press, move in steps, release."""
    button = Qt.MouseButton.LeftButton
    qtbot.mousePress(widget, button, modifiers, QPoint(round(start[0]), round(start[1])))
    for number in range(1, 6):
        share = number / 5
        spot = QPoint(round(start[0] + share * (end[0] - start[0])), round(start[1] + share * (end[1] - start[1])))
        _move(widget, spot, modifiers)
    qtbot.mouseRelease(widget, button, modifiers, QPoint(round(end[0]), round(end[1])))


def _move(widget, spot, modifiers):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    # qtbot's moves carry neither button nor modifiers.
    where = QPointF(spot)
    buttons = Qt.MouseButton.LeftButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, where, widget.mapToGlobal(where), Qt.MouseButton.NoButton, buttons, modifiers
    )
    QApplication.sendEvent(widget, event)


def press(qtbot, table, key, modifiers=NONE):
    qtbot.keyClick(table.panel.ruler, key, modifiers)


# Photos


def test_photo_dropped_from_the_strip_begins_the_clip(table, qtbot):
    strip = table.studio.window.strip._view
    data = strip.tile_model.mimeData([strip.tile_model.index(1)])
    assert data.hasFormat(PHOTO_MIME)
    drop(table, data, 2.0)

    assert table.photos() == [(2, 0.0)]
    qtbot.waitUntil(lambda: table.stage.is_shown)
    assert table.panel.chosen == KeyPlace(None, 0.0)


def test_files_dropped_from_a_file_manager_follow_each_other(clip, files):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (files[2], files[0])])
    drop(clip, data, 2.0)

    assert clip.photos() == [(1, 0.0), (2, 1.0), (3, 2.0), (1, 3.0)]
    assert len(clip.document.photos) == 3
    clip.document.undo()
    assert clip.photos() == [(1, 0.0), (2, 1.0)]


def test_dropped_photo_snaps_to_seconds_unless_shift_is_held(clip):
    data = QMimeData()
    data.setData(PHOTO_MIME, b"1")
    near = 2.0 + 4 / clip.panel.axis.scale.px_per_s
    drop(clip, data, near)
    assert clip.photos()[-1] == (1, 2.0)
    clip.document.undo()
    drop(clip, data, near, SHIFT)

    assert clip.photos()[-1][1] == pytest.approx(near, abs=0.01)
    assert clip.photos()[-1][1] != 2.0


def test_photo_is_dragged_along_the_axis_as_one_step(clip, qtbot):
    track = clip.panel.photos
    start = (clip.x(1.0) + 8, 30)
    drag(qtbot, track, start, (clip.x(2.0) + 10, 30))
    assert clip.photos() == [(1, 0.0), (2, 2.0)]
    assert clip.panel.chosen == KeyPlace(None, 2.0)
    clip.document.undo()

    assert clip.photos() == [(1, 0.0), (2, 1.0)]


def test_photo_dragged_past_another_changes_the_order(clip, qtbot):
    drag(qtbot, clip.panel.photos, (clip.x(0.0) + 8, 30), (clip.x(1.5) + 8, 30))

    assert [photo for photo, _ in clip.photos()] == [2, 1]
    qtbot.waitUntil(lambda: clip.studio.window.canvas.photo is clip.document.photos[1].photo)


def test_drag_with_control_leaves_the_photo_and_moves_a_copy_as_one_step(clip, qtbot):
    control = Qt.KeyboardModifier.ControlModifier
    drag(qtbot, clip.panel.photos, (clip.x(0.0) + 8, 30), (clip.x(2.0) + 8, 30), control)
    assert [photo for photo, _ in clip.photos()] == [1, 2, 1]
    clip.document.undo()

    assert [photo for photo, _ in clip.photos()] == [1, 2]


def test_click_chooses_and_is_no_step_of_the_history(clip, qtbot):
    qtbot.mouseClick(clip.panel.photos, Qt.MouseButton.LeftButton, pos=QPoint(round(clip.x(1.0)) + 9, 30))
    steps = len(clip.document._clip.entries)

    assert clip.panel.chosen == KeyPlace(None, 1.0)
    assert clip.panel.inspector._title.text() == "1.png"
    assert steps == 3


# Sliders


def test_track_begins_with_a_key_at_the_playhead_and_is_open(clip):
    clip.desk.scrub(0.5)
    clip.desk.add_track("smile")
    header, view = clip.panel.slider_rows["smile"]

    assert clip.timeline.track_of("smile").keys == (SliderKey(0.5, 0.0),)
    assert view.height() > 60
    assert header._value.value() == 0


def test_key_is_dragged_in_time_and_value(clip, qtbot):
    clip.desk.add_track("smile")
    _, view = clip.panel.slider_rows["smile"]
    qtbot.waitUntil(lambda: view.width() > 100)
    start = view.point_of(clip.timeline.track_of("smile").keys[0])
    top = view._y_of(0.6)
    drag(qtbot, view, (start.x(), start.y()), (clip.x(0.75), top))
    (key,) = clip.timeline.track_of("smile").keys

    assert key.time_s == pytest.approx(0.75)
    assert key.value == pytest.approx(0.6, abs=0.03)
    assert key.value == round(key.value, 2)
    clip.document.undo()
    assert clip.timeline.track_of("smile").keys == (SliderKey(0.0, 0.0),)


@pytest.mark.parametrize("others", [[], ["smile"]])
def test_new_track_is_scrolled_to(clip, qtbot, others):
    for direction in (*others, "brows_up"):
        clip.desk.add_track(direction)
    view, viewport = clip.panel.slider_rows["brows_up"][1], clip.panel._scroll.viewport()

    def is_seen():
        top = view.mapTo(viewport, QPoint(0, 0)).y()
        return top >= 0 and top + view.height() <= viewport.height()

    assert view.height() <= viewport.height()
    qtbot.waitUntil(is_seen)


def test_keys_of_a_closed_track_keep_their_value(clip, qtbot):
    clip.desk.add_track("smile")
    clip.desk._on_value_edited("smile", 0.4)
    clip.panel.set_track_open("smile", False)
    _, view = clip.panel.slider_rows["smile"]
    start = view.point_of(clip.timeline.track_of("smile").keys[0])
    drag(qtbot, view, (start.x(), start.y()), (clip.x(1.0), start.y() + 9))

    assert clip.timeline.track_of("smile").keys == (SliderKey(1.0, 0.4),)


def test_double_click_puts_a_key(clip, qtbot):
    clip.desk.add_track("smile")
    _, view = clip.panel.slider_rows["smile"]
    spot = QPoint(round(clip.x(1.0)), round(view._y_of(0.5)))
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=spot)
    keys = clip.timeline.track_of("smile").keys

    assert [key.time_s for key in keys] == [0.0, 1.0]
    assert keys[1].value == pytest.approx(0.5, abs=0.03)


def test_value_in_the_header_puts_a_key_at_the_playhead(clip):
    clip.desk.add_track("smile")
    clip.desk.scrub(1.0)
    header, _ = clip.panel.slider_rows["smile"]
    header._value.setValue(70)
    assert key_at(clip.timeline, KeyPlace("smile", 1.0)) == SliderKey(1.0, 0.7)
    clip.desk.scrub(0.5)
    assert header._value.value() == pytest.approx(35)
    header._key.click()

    assert key_at(clip.timeline, KeyPlace("smile", 0.5)).value == pytest.approx(0.35)
    header._key.click()
    assert key_at(clip.timeline, KeyPlace("smile", 0.5)) is None


def test_easing_and_blend_are_chosen_in_the_row_and_in_the_menu(clip):
    clip.panel.choose(KeyPlace(None, 0.0))
    inspector = clip.panel.inspector
    inspector._motion.setCurrentIndex(inspector._motion.findData("hold"))
    inspector._motion.activated.emit(0)
    inspector._blend.setCurrentIndex(inspector._blend.findData("linear"))
    inspector._blend.activated.emit(0)
    key = clip.timeline.photos[0]
    assert (key.motion, key.blend) == ("hold", "linear")
    menu = clip.desk.key_menu(KeyPlace(None, 0.0))
    motion = menu.actions()[0].menu()
    next(action for action in motion.actions() if action.text() == "Ease in").trigger()
    menu.deleteLater()

    assert clip.timeline.photos[0].motion == "ease-in"
    assert clip.timeline.at(0.5).motion[1] == 0.25
    assert clip.timeline.at(0.5).blend[1] == 0.5


def test_track_goes_with_its_button_and_comes_back(clip):
    clip.desk.add_track("smile")
    clip.panel.slider_rows["smile"][0]._remove.click()
    assert clip.timeline.tracks == ()
    assert clip.panel.slider_rows == {}
    clip.document.undo()

    assert list(clip.panel.slider_rows) == ["smile"]


# Playhead and range


def test_ruler_is_scrubbed_with_the_mouse(clip, qtbot):
    drag(qtbot, clip.panel.ruler, (clip.x(0.1), 10), (clip.x(0.5), 10))

    assert clip.stage.player.frame == 12
    assert clip.panel.axis.playhead_s == 0.5


def test_in_and_out_point_are_dragged_and_limit_playing(clip, clock, qtbot):
    ruler = clip.panel.ruler
    y = ruler.height() - 4
    drag(qtbot, ruler, (clip.x(0.0) - 2, y), (clip.x(0.25), y))
    drag(qtbot, ruler, (clip.x(1.0) + 2, y), (clip.x(0.5), y))
    assert (clip.timeline.in_s, clip.timeline.out_s) == pytest.approx((0.25, 0.5))
    clip.desk.do("play")
    assert clip.stage.player.frame == 6
    clock.now += 6 / 24
    clip.stage.player.tick()
    assert clip.stage.player.frame == 12
    clock.now += 1 / 24
    clip.stage.player.tick()
    assert clip.stage.player.frame == 6
    clip.stage.player.pause()
    clip.document.undo()
    clip.document.undo()

    assert (clip.timeline.in_s, clip.timeline.out_s) == (0.0, None)


def test_keyboard_does_it_all(clip, qtbot):
    key = Qt.Key
    press(qtbot, clip, key.Key_Right)
    assert clip.stage.player.frame == 1
    press(qtbot, clip, key.Key_Right, SHIFT)
    assert clip.stage.player.frame == 11
    press(qtbot, clip, key.Key_I)
    assert clip.timeline.in_s == pytest.approx(11 / 24)
    press(qtbot, clip, key.Key_Down)
    assert clip.stage.player.frame == 24
    press(qtbot, clip, key.Key_Left)
    press(qtbot, clip, key.Key_O)
    assert clip.timeline.out_s == pytest.approx(23 / 24)
    press(qtbot, clip, key.Key_Home)
    assert clip.stage.player.frame == 11
    press(qtbot, clip, key.Key_End)
    assert clip.stage.player.frame == 23
    press(qtbot, clip, key.Key_Up)
    assert clip.stage.player.frame == 0
    clip.panel.choose(KeyPlace(None, 1.0))
    press(qtbot, clip, key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert clip.photos()[1][1] == pytest.approx(25 / 24, abs=1e-5)
    press(qtbot, clip, key.Key_Delete)
    assert [photo for photo, _ in clip.photos()] == [1]
    press(qtbot, clip, key.Key_Space)
    assert clip.stage.player.is_playing
    press(qtbot, clip, key.Key_Space)
    assert not clip.stage.player.is_playing
    press(qtbot, clip, key.Key_Escape)
    assert not clip.stage.is_shown


def test_rate_and_repeat_are_steps_of_the_history(clip):
    clip.panel.transport.fps_chosen.emit(60.0)
    clip.panel.transport.repeat_chosen.emit("ping-pong")
    assert (clip.timeline.fps, clip.timeline.repeat) == (60.0, "ping-pong")
    clip.document.undo()
    clip.document.undo()

    assert (clip.timeline.fps, clip.timeline.repeat) == (24.0, "loop")
    assert clip.panel.transport._fps.currentData() == 24.0


def test_everything_has_a_name_for_those_who_cannot_see_it(clip):
    from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QToolButton

    clip.desk.add_track("smile")
    nameless = [
        widget
        for kind in (QToolButton, QComboBox, QAbstractSpinBox)
        for widget in clip.panel.findChildren(kind)
        if not widget.accessibleName() or not widget.toolTip()
    ]

    assert nameless == []
    assert "0.png at 0.00 s" in clip.panel.photos.accessibleDescription()


def test_project_with_a_clip_shows_the_timeline(clip, tmp_path):
    clip.document.save_project(tmp_path / "clip.fvae")
    clip.document.close_all()
    clip.studio.commands.clip.show_dock(False)
    clip.studio.commands.open_paths([tmp_path / "clip.fvae"])

    assert clip.studio.window.docks["timeline"].isVisible()
    assert len(clip.timeline.photos) == 2


# What is left when nothing is


def test_an_emptied_timeline_is_at_its_start(clip):
    clip.desk.scrub(1.0)
    assert clip.stage.player.frame > 0
    clip.studio.window.actions_table["clear_timeline"].trigger()

    assert clip.stage.player.frame == 0
    assert clip.panel.axis.playhead_s == 0
    assert clip.panel.transport._time.text() == "0:00:00 / 0:00:00"


def test_a_hidden_timeline_gives_its_room_to_the_photo(table, qtbot):
    window = table.studio.window
    strip, dock = window.docks["strip"], window.docks["timeline"]
    before, with_timeline = strip.height(), window.canvas.height()
    height = dock.height()
    window.actions_table["show_timeline"].trigger()

    qtbot.waitUntil(lambda: strip.height() <= before + 2 and window.canvas.height() > with_timeline + height / 2)
    window.actions_table["show_timeline"].trigger()
    qtbot.waitUntil(lambda: abs(dock.height() - height) <= 4)
    # By its own button as well.
    dock.close()
    qtbot.waitUntil(lambda: strip.height() <= before + 2 and window.canvas.height() > with_timeline + height / 2)


def test_a_timeline_that_comes_up_first_leaves_most_of_the_window_to_the_photo(studio, qtbot):
    window = studio.window
    window.resize(1500, 900)
    QApplication.processEvents()
    studio.commands.clip.show_dock()
    qtbot.waitUntil(window.timeline.isVisible)
    QApplication.processEvents()

    assert window.docks["timeline"].height() < window.canvas.height()


def test_a_small_window_keeps_its_size_with_the_timeline(studio, qtbot):
    window = studio.window
    window.resize(900, 600)
    studio.commands.clip.show_dock(False)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == (900, 600))
    qtbot.waitUntil(lambda: window.docks["strip"].minimumSizeHint().height() < window.docks["strip"].height())
    QApplication.processEvents()
    for way in (window.actions_table["show_timeline"].trigger, window.docks["timeline"].toggleViewAction().trigger):
        way()
        qtbot.waitUntil(window.timeline.isVisible)
        QApplication.processEvents()
        hint = window.minimumSizeHint()

        assert (window.width(), window.height()) == (900, 600)
        assert hint.width() <= 900
        assert hint.height() <= 600
        assert not window.timeline.inspector.isVisible()
        studio.commands.clip.show_dock(False)
        qtbot.waitUntil(lambda: window.strip._view.height() == window.strip._view.maximumHeight())
    window.docks["timeline"].show()
    qtbot.waitUntil(window.timeline.isVisible)
    window.resize(1300, 900)

    qtbot.waitUntil(window.timeline.inspector.isVisible)
    qtbot.waitUntil(lambda: window.strip._view.height() == window.strip._view.maximumHeight())
