"""What the canvas shows, and what it tells of mouse and keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColorSpace, QFocusEvent, QImage, QNativeGestureEvent, QPainter, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton

from fvae_studio.core.edits import EditState
from fvae_studio.core.project_file import PhotoView
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas.compare import CompareMode
from fvae_studio.gui.canvas.overlays import Overlay, paint_overlay
from fvae_studio.gui.canvas.placement import LARGEST_ZOOM, Placement
from fvae_studio.gui.canvas.trust import FAIR, GOOD, TrustReadout
from fvae_studio.gui.canvas.view import CanvasView
from fvae_studio.gui.qimage import to_pixels
from tests.gui.fakes import make_rendered, make_request, two_faces


@pytest.fixture
def canvas(qtbot):
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(700, 540)
    view.show()
    yield view
    view.close_threads()


@pytest.fixture
def shown(canvas, photo, qtbot):
    """With the photo of 640 x 480, one screen pixel per photo pixel."""
    canvas.set_photo(photo)
    canvas.zoom_actual()
    settle(canvas, qtbot)
    return canvas


def settle(canvas, qtbot):
    """Until all that can be seen has been made."""

    def is_done():
        canvas.grab()
        return canvas.is_settled

    qtbot.waitUntil(is_done)


def pixels_of(canvas):
    return to_pixels(canvas.grab().toImage())


def photo_part(canvas, grabbed, photo):
    """The middle of the view as (view pixels, photo pixels), away from frames and labels."""
    corner = canvas._placement.to_view(0, 0)
    x, y = round(corner.x()), round(corner.y())
    return grabbed[y + 60 : y + 90, x + 300 : x + 330], photo.pixels[60:90, 300:330]


def at(canvas, x, y):
    return canvas._placement.to_view(x, y).toPoint()


def test_actual_pixels_are_the_photos_own(shown, photo):
    seen, wanted = photo_part(shown, pixels_of(shown), photo)

    np.testing.assert_array_equal(seen, wanted)


def test_edit_changes_pixels_only_inside_its_patches(shown, photo, qtbot):
    before = pixels_of(shown)
    edit = make_rendered(make_request(photo, quality="full_res"))
    shown.set_edit(edit)
    qtbot.waitUntil(lambda: bool(shown._layer.pictures(0)))
    after = pixels_of(shown)

    changed = np.any(before != after, axis=2)
    inside = np.zeros_like(changed)
    for patch in edit.patches:
        corner = at(shown, patch.roi.x, patch.roi.y)
        inside[corner.y() : corner.y() + patch.roi.height, corner.x() : corner.x() + patch.roi.width] = True
    assert changed.any()
    assert not changed[~inside].any()


class PaintedAreas(QObject):
    """What a widget was asked to paint."""

    def __init__(self, widget):
        super().__init__(widget)
        self.areas = []
        widget.installEventFilter(self)

    def eventFilter(self, _watched, event):  # noqa: N802 (Qt's name)
        if event.type() == QEvent.Type.Paint:
            self.areas.append(event.region().boundingRect())
        return False


@pytest.mark.parametrize("mode", list(CompareMode))
def test_preview_paints_only_what_it_changes(shown, photo, qtbot, mode):
    shown.set_compare_mode(mode)
    settle(shown, qtbot)
    QApplication.processEvents()
    painted = PaintedAreas(shown)
    edit = make_rendered(make_request(photo))
    shown.set_edit(edit)

    qtbot.waitUntil(lambda: bool(painted.areas))

    pane = shown._panes()[-1]
    for patch in edit.patches:
        roi = patch.roi
        seen = shown._placement.rect_to_view(QRectF(roi.x, roi.y, roi.width, roi.height))
        seen = seen.translated(pane.rect.topLeft()).intersected(pane.clip)
        assert seen.isEmpty() or any(area.toRectF().contains(seen) for area in painted.areas)
    assert all(area.width() * area.height() < 0.8 * shown.width() * shown.height() for area in painted.areas)


def test_no_edit_brings_the_photo_back(shown, photo):
    before = pixels_of(shown)
    shown.set_edit(make_rendered(make_request(photo)))
    assert (pixels_of(shown) != before).any()

    shown.set_edit(make_rendered(make_request(photo, EditState())))
    np.testing.assert_array_equal(pixels_of(shown), before)


def test_edit_of_another_photo_is_not_shown(shown, photo):
    before = pixels_of(shown)
    other = Photo(photo.pixels.copy())
    shown.set_edit(make_rendered(make_request(other)))

    np.testing.assert_array_equal(pixels_of(shown), before)


def test_sharper_picture_of_the_same_edit_takes_over_without_a_flash(shown, photo, qtbot):
    preview = make_rendered(make_request(photo, level=1))
    shown.set_edit(preview)
    full = make_rendered(replace(preview.request, quality="full_res", level=0, revision=2))
    shown.set_edit(full)

    # Until the sharp one is ready, the preview stays.
    assert shown._layer.pictures(0)
    qtbot.waitUntil(lambda: 0 in shown._layer._by_level)


@pytest.mark.parametrize("mode", [CompareMode.SPLIT, CompareMode.SIDE_BY_SIDE])
def test_original_is_on_the_left_when_comparing(shown, photo, mode):
    original = pixels_of(shown)
    shown.set_edit(make_rendered(make_request(photo)))
    edited = pixels_of(shown)
    shown.set_compare_mode(mode)
    both = pixels_of(shown)

    if mode is CompareMode.SPLIT:
        np.testing.assert_array_equal(both[100:400, 30:330], original[100:400, 30:330])
        np.testing.assert_array_equal(both[100:250, 370:650], edited[100:250, 370:650])
    else:
        assert (both[:, :350] != both[:, 350:]).any()


def test_split_line_follows_the_mouse(shown, photo, qtbot):
    shown.set_edit(make_rendered(make_request(photo)))
    shown.set_compare_mode(CompareMode.SPLIT)
    qtbot.mousePress(shown, Qt.MouseButton.LeftButton, pos=QPoint(350, 100))
    qtbot.mouseMove(shown, QPoint(200, 120))
    qtbot.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=QPoint(200, 120))

    assert shown._split == pytest.approx(200 / 700, abs=0.01)


@pytest.mark.parametrize("key", [Qt.Key.Key_Backslash, Qt.Key.Key_O])
def test_a_key_shows_the_original_while_it_is_held(shown, photo, qtbot, key):
    original = photo_part(shown, pixels_of(shown), photo)[0]
    shown.set_edit(make_rendered(make_request(photo)))
    edited = pixels_of(shown)
    shown.setFocus()
    qtbot.keyPress(shown, key)
    held = pixels_of(shown)
    qtbot.keyRelease(shown, key)

    np.testing.assert_array_equal(photo_part(shown, held, photo)[0], original)
    assert (held != edited).any()


def test_wheel_zooms_to_the_cursor(shown):
    spot = QPointF(200, 150)
    before = shown._placement.to_photo(spot)
    wheel = QWheelEvent(
        spot, shown.mapToGlobal(spot), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(shown, wheel)
    after = shown._placement.to_photo(spot)

    assert shown.zoom == pytest.approx(1.25)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def turn_wheel(canvas, modifiers=Qt.KeyboardModifier.NoModifier, *, pixels=0, phase=Qt.ScrollPhase.NoScrollPhase):
    spot = QPointF(200, 150)
    wheel = QWheelEvent(
        spot, canvas.mapToGlobal(spot), QPoint(0, pixels), QPoint(0, 120), Qt.MouseButton.NoButton, modifiers, phase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, wheel)


def test_wheel_that_scrolls_zooms_with_ctrl(shown):
    shown.zoom_to(3)
    before = shown._placement.to_view(100, 100)
    shown.set_wheel_zooms(False)
    turn_wheel(shown)
    moved = shown._placement.to_view(100, 100) - before

    assert (moved.x(), moved.y()) == pytest.approx((0, 60))
    assert shown.zoom == pytest.approx(3)
    turn_wheel(shown, Qt.KeyboardModifier.ControlModifier)
    assert shown.zoom == pytest.approx(3.75)


def test_two_fingers_on_a_touchpad_scroll(shown):
    shown.zoom_to(3)
    before = shown._placement.to_view(100, 100)
    turn_wheel(shown, pixels=17, phase=Qt.ScrollPhase.ScrollUpdate)

    assert (shown._placement.to_view(100, 100) - before).y() == pytest.approx(17)
    assert shown.zoom == pytest.approx(3)


def test_pinch_zooms_to_the_fingers(shown):
    spot = QPointF(200, 150)
    before = shown._placement.to_photo(spot)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, spot, spot,
        shown.mapToGlobal(spot), 0.5, QPointF(),
    )  # fmt: skip
    QApplication.sendEvent(shown, pinch)
    after = shown._placement.to_photo(spot)

    assert shown.zoom == pytest.approx(1.5)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_photo_comes_back_as_it_was_looked_at(shown, photo, qtbot):
    assert shown.photo_view == PhotoView(1.0, 320.0, 240.0)
    shown.zoom_to(3, QPointF(0, 0))
    view = shown.photo_view
    shown.zoom_fit()
    assert shown.photo_view is None
    shown.set_photo(None)
    with qtbot.waitSignal(shown.view_changed):
        shown.set_photo(photo, view=view)

    assert shown.photo_view == view


def test_view_of_a_larger_photo_is_brought_into_this_one(canvas, photo):
    canvas.set_photo(photo, view=PhotoView(900.0, 5000.0, -10.0))

    assert canvas.photo_view == PhotoView(LARGEST_ZOOM, 640.0, 0.0)


def test_drag_pans(shown, qtbot):
    shown.zoom_to(3)
    before = shown._placement.to_view(100, 100)
    qtbot.mousePress(shown, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    qtbot.mouseMove(shown, QPoint(310, 310))
    qtbot.mouseMove(shown, QPoint(350, 260))
    qtbot.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=QPoint(350, 260))
    moved = shown._placement.to_view(100, 100) - before

    assert (moved.x(), moved.y()) == pytest.approx((50, -40), abs=1)


@pytest.mark.parametrize(("key", "dx", "dy"), [(Qt.Key.Key_Left, 60, 0), (Qt.Key.Key_Down, 0, -60)])
def test_arrow_keys_pan(shown, qtbot, key, dx, dy):
    shown.zoom_to(3)
    before = shown._placement.to_view(0, 0)
    qtbot.keyClick(shown, key)
    moved = shown._placement.to_view(0, 0) - before

    assert (moved.x(), moved.y()) == pytest.approx((dx, dy))


def test_click_chooses_a_face_and_the_ground_lets_go(shown, qtbot):
    faces = two_faces()
    shown.set_faces(faces, None, ())
    clicks = []
    shown.face_clicked.connect(clicks.append)

    qtbot.mouseClick(shown, Qt.MouseButton.LeftButton, pos=at(shown, *faces[1].box.center))
    qtbot.mouseClick(shown, Qt.MouseButton.LeftButton, pos=at(shown, 315, 10))

    assert clicks == [2, None]


def test_drag_chooses_no_face(shown, qtbot):
    faces = two_faces()
    shown.set_faces(faces, None, ())
    clicks = []
    shown.face_clicked.connect(clicks.append)
    start = at(shown, *faces[0].box.center)
    qtbot.mousePress(shown, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(shown, start + QPoint(20, 0))
    qtbot.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=start + QPoint(20, 0))

    assert clicks == []


def test_tab_goes_through_the_faces_and_then_on(qtbot, shown):
    shown.set_faces(two_faces(), None, ())
    shown.face_clicked.connect(lambda number: shown.set_faces(two_faces(), number, ()))
    shown.setFocus()
    seen = []
    for _ in range(2):
        qtbot.keyClick(shown, Qt.Key.Key_Tab)
        seen.append(shown._chosen)

    assert seen == [1, 2]
    # A lone widget has nowhere to go on to; but no face is chosen again.
    qtbot.keyClick(shown, Qt.Key.Key_Tab)
    assert shown._chosen == 2


def test_frame_around_a_missed_face_is_told_in_photo_pixels(shown, qtbot):
    shown.set_draw_mode(True)
    drawn = []
    shown.face_drawn.connect(drawn.append)
    with qtbot.waitSignal(shown.draw_mode_left):
        start, end = at(shown, 50, 40), at(shown, 150, 160)
        qtbot.mousePress(shown, Qt.MouseButton.LeftButton, pos=end)
        qtbot.mouseMove(shown, start)
        qtbot.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=start)

    (rect,) = drawn
    assert (rect.x, rect.y, rect.width, rect.height) == pytest.approx((50, 40, 100, 120), abs=2)


def test_slip_of_the_hand_draws_no_face(shown, qtbot):
    shown.set_draw_mode(True)
    drawn = []
    shown.face_drawn.connect(drawn.append)
    qtbot.mousePress(shown, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=QPoint(303, 204))

    assert drawn == []


def test_space_pans_even_while_drawing(shown, qtbot):
    shown.zoom_to(3)
    shown.set_draw_mode(True)
    shown.setFocus()
    before = shown.photo_to_view(0, 0)
    qtbot.keyPress(shown, Qt.Key.Key_Space)
    qtbot.mousePress(shown, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(shown, QPoint(310, 210))
    qtbot.mouseMove(shown, QPoint(350, 230))
    qtbot.mouseRelease(shown, Qt.MouseButton.LeftButton, pos=QPoint(350, 230))
    qtbot.keyRelease(shown, Qt.Key.Key_Space)
    moved = shown.photo_to_view(0, 0) - before

    assert (moved.x(), moved.y()) == pytest.approx((50, 30))
    assert shown._is_drawing


def test_side_by_side_zooms_to_the_cursor_in_either_half(shown):
    shown.set_compare_mode(CompareMode.SIDE_BY_SIDE)
    for spot in (QPointF(150, 200), QPointF(520, 300)):
        before = shown._photo_position(spot)
        shown.zoom_to(shown.zoom * 1.5, spot)
        after = shown._photo_position(spot)

        assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_side_by_side_shows_one_part_of_the_photo_twice(shown, qtbot):
    shown.set_compare_mode(CompareMode.SIDE_BY_SIDE)
    shown.zoom_to(1.3, QPointF(100, 100))
    settle(shown, qtbot)
    both = pixels_of(shown)

    np.testing.assert_array_equal(both[60:500, 10:340], both[60:500, 360:690])


def test_split_line_moves_by_keys(shown, qtbot):
    shown.set_compare_mode(CompareMode.SPLIT)
    for _ in range(5):
        qtbot.keyClick(shown, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)

    assert shown._split == pytest.approx(0.6)


def test_key_let_go_of_elsewhere_is_not_held_for_ever(shown, qtbot):
    shown.setFocus()
    qtbot.keyPress(shown, Qt.Key.Key_Backslash)
    assert shown._is_original_held
    QApplication.sendEvent(shown, QFocusEvent(QEvent.Type.FocusOut))

    assert not shown._is_original_held


def test_edited_face_keeps_its_number_in_view(shown):
    face = two_faces()[1]
    shown.set_faces(two_faces(), 1, ())
    before = pixels_of(shown)
    shown.set_faces(two_faces(), 1, {2})
    marked = np.any(before != pixels_of(shown), axis=2)
    corner = at(shown, face.box.x, face.box.y)

    assert marked[corner.y() - 8 : corner.y() + 8, corner.x() - 8 : corner.x() + 8].any()


def test_menu_of_a_face(shown, qtbot):
    shown.set_faces(two_faces(), None, ())
    menu = shown.face_menu(2)
    choose, zoom, _, remove = menu.actions()
    with qtbot.waitSignal(shown.face_clicked) as told:
        choose.trigger()
    assert told.args == [2]
    before = shown.zoom
    zoom.trigger()
    assert shown.zoom != before
    with qtbot.waitSignal(shown.face_remove_requested) as told:
        remove.trigger()
    assert told.args == [2]


def test_tip_says_why_a_face_is_left_out(shown, photo):
    edit = make_rendered(make_request(photo))
    shown.set_faces(two_faces(), None, {1})
    shown.set_edit(replace(edit, left_out={2: "Face 2 is too small."}))

    assert shown._tip_of(1) == "Face 1, edited"
    assert shown._tip_of(2) == "Face 2 is too small."


def test_tip_says_why_an_edit_of_a_face_was_refused_until_one_is_shown(shown, photo):
    shown.set_faces(two_faces(), 2, {2})
    shown.set_refused({2: "Face 2 is too small."})
    assert shown._tip_of(2) == "Face 2 is too small."
    shown.set_edit(make_rendered(make_request(photo)))
    assert shown._tip_of(2) == "Face 2, edited"

    shown.set_refused({2: "Face 2 is too small."})
    shown.set_edit(None)
    assert shown._tip_of(2) == "Face 2, edited"


def test_mouse_that_leaves_tells_of_no_pixel(shown, qtbot):
    with qtbot.waitSignal(shown.pixel_hovered) as told:
        QApplication.sendEvent(shown, QEvent(QEvent.Type.Leave))

    assert told.args == [-1, -1, None]


def test_value_of_the_edit_is_told(shown, photo, qtbot):
    edit = make_rendered(make_request(photo))
    shown.set_edit(edit)
    patch = edit.patches[0]
    with qtbot.waitSignal(shown.pixel_hovered) as told:
        qtbot.mouseMove(shown, at(shown, patch.roi.x + 20, patch.roi.y + 20))
    x, y, value = told.args

    assert list(value) == patch.pixels[y - patch.roi.y, x - patch.roi.x].tolist()
    assert list(value) != photo.pixels[y, x].tolist()


def test_legend_says_what_is_seen(shown, photo):
    shown.set_overlay(Overlay.FLOW)
    assert shown._legend.isVisible()
    before = shown._legend.text
    shown.set_edit(make_rendered(make_request(photo)))
    assert shown._legend.text != before
    assert "%" in shown._legend.text
    shown.set_overlay(Overlay.NONE)
    assert not shown._legend.isVisible()


def test_opacity_of_an_overlay(shown, photo):
    shown.set_edit(make_rendered(make_request(photo)))
    plain = pixels_of(shown).astype(int)
    strength = []
    for opacity in (0.2, 0.9):
        shown.set_overlay(Overlay.FLOW, opacity=opacity)
        strength.append(np.abs(pixels_of(shown)[100:400, 50:400] - plain[100:400, 50:400]).sum())

    assert strength[1] > 2 * strength[0] > 0


@pytest.mark.parametrize("key", [Qt.Key.Key_0, Qt.Key.Key_1, Qt.Key.Key_Plus, Qt.Key.Key_Minus])
def test_plain_keys_zoom(shown, qtbot, key):
    shown.zoom_to(2)
    qtbot.keyClick(shown, key)
    wanted = {Qt.Key.Key_1: 1.0, Qt.Key.Key_Plus: 2.5, Qt.Key.Key_Minus: 1.6}

    assert shown.zoom == pytest.approx(
        wanted.get(key, shown._placement.fitted(QSizeF(640, 480), QSizeF(700, 540)).zoom)
    )


def test_escape_leaves_drawing(shown, qtbot):
    shown.set_draw_mode(True)
    with qtbot.waitSignal(shown.draw_mode_left):
        qtbot.keyClick(shown, Qt.Key.Key_Escape)


def test_delete_asks_to_remove_the_chosen_face(shown, qtbot):
    shown.set_faces(two_faces(), 2, ())
    with qtbot.waitSignal(shown.face_remove_requested) as told:
        qtbot.keyClick(shown, Qt.Key.Key_Delete)

    assert told.args == [2]


def test_pixel_under_the_mouse_is_told(shown, photo, qtbot):
    with qtbot.waitSignal(shown.pixel_hovered) as told:
        qtbot.mouseMove(shown, at(shown, 200.5, 100.5))

    x, y, value = told.args
    assert list(value) == photo.pixels[y, x].tolist()
    assert (x, y) == pytest.approx((200, 100), abs=1)


def test_blend_of_a_clip_is_drawn_on_the_face_only_while_a_clip_is_shown(shown, photo):
    edit = make_rendered(make_request(photo))
    shares = np.stack([np.full((128, 128), share, np.float32) for share in (0.25, 0.75)])
    shown.set_overlay(Overlay.BLEND, opacity=1.0)
    shown.set_clip_edit(edit, shares)
    drawn = pixels_of(shown)
    shown.set_edit(edit)
    plain = pixels_of(shown)
    changed = np.any(plain != drawn, axis=2)
    centre = at(shown, *two_faces()[1].box.center)

    assert changed[centre.y() - 20 : centre.y() + 20, centre.x() - 20 : centre.x() + 20].all()
    assert not changed[: at(shown, 0, 40).y()].any()


@pytest.mark.parametrize("overlay", [each for each in Overlay if each not in (Overlay.NONE, Overlay.BLEND)])
def test_overlay_is_drawn_on_the_face(shown, photo, overlay):
    shown.set_faces(two_faces(), 1, {1, 2})
    shown.set_edit(make_rendered(make_request(photo)))
    plain = pixels_of(shown)
    shown.set_overlay(overlay, opacity=1.0)
    drawn = pixels_of(shown)
    changed = np.any(plain != drawn, axis=2)
    centre = at(shown, *two_faces()[0].box.center)

    assert changed[centre.y() - 90 : centre.y() + 90, centre.x() - 90 : centre.x() + 90].any()
    # Nothing is drawn beside the faces; only the region dims what cannot change.
    assert changed[: at(shown, 0, 40).y()].any() == (overlay is Overlay.REGION)
    shown.set_overlay(Overlay.NONE)
    np.testing.assert_array_equal(pixels_of(shown), plain)


@pytest.mark.parametrize("ratio", [1, 2])
def test_lines_of_an_overlay_are_as_wide_on_a_fine_screen(photo, ratio):
    edit = make_rendered(make_request(photo))
    image = QImage(640 * ratio, 480 * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    placement = Placement.fitted(QSizeF(640, 480), QSizeF(640, 480))
    paint_overlay(painter, placement, Overlay.GRID, edit=edit, faces=(), opacity=1.0)
    painter.end()
    drawn = np.frombuffer(image.constBits(), np.uint8).reshape(480 * ratio, 640 * ratio, 4)[..., 3] > 60

    # The share of the picture that is drawn is the same; at 2x it was half as much with lines of device pixels.
    assert drawn.mean() == pytest.approx(0.035, abs=0.006)


@pytest.mark.parametrize(("zoom", "level"), [(3.0, 0), (1.0, 0), (0.75, 0), (0.7, 1), (0.25, 2), (0.18, 2), (0.17, 3)])
def test_preview_is_enlarged_by_half_at_most(zoom, level):
    placement = Placement(QSizeF(6000, 4000), QSizeF(1000, 700), zoom, 0, 0)

    assert placement.preview_level(1.0) == level
    assert placement.preview_level(0.5) == level + (1 if zoom <= 1 else 0)


def test_large_faces_are_previewed_at_a_smaller_level(shown):
    assert shown.level_for_view() == 0
    face = two_faces()[0]
    large = replace(face, box=replace(face.box, width=3000, height=3000))
    shown.set_faces([large], None, ())

    assert shown.level_for_view() == 3


def test_empty_canvas_offers_a_sample(canvas, qtbot):
    buttons = [button for button in canvas.findChildren(QPushButton) if button.isVisible()]
    assert len(buttons) == 2
    with qtbot.waitSignal(canvas.sample_requested):
        buttons[1].click()


def test_photo_and_edit_are_shown_for_the_screen_and_stay_where_they_are(shown, photo, qtbot):
    shown.zoom_to(2.0)
    shown.set_edit(make_rendered(make_request(photo)))
    settle(shown, qtbot)
    before, view = pixels_of(shown).astype(int), shown.photo_view
    shown.set_screen_profile(bytes(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3).iccProfile()))
    settle(shown, qtbot)
    wide = pixels_of(shown).astype(int)
    shown.set_screen_profile(None)
    settle(shown, qtbot)

    assert shown.photo_view == view
    assert (abs(wide - before).max(axis=2) > 3).mean() > 0.5
    np.testing.assert_array_equal(pixels_of(shown), before)


def test_photo_goes_away(shown, photo):
    shown.set_photo(None)

    assert shown._tiles is None
    assert any(button.isVisible() for button in shown.findChildren(QPushButton))
    shown.set_edit(make_rendered(make_request(photo)))
    shown.grab()


def test_translucent_and_sixteen_bit_photos_are_shown(canvas, photo, qtbot):
    alpha = np.full(photo.pixels.shape[:2], 65535, np.uint16)
    alpha[:, 320:] = 0
    deep = Photo(photo.pixels.astype(np.uint16) * 257, alpha)
    canvas.set_photo(deep)
    canvas.zoom_actual()
    settle(canvas, qtbot)
    grabbed = pixels_of(canvas)
    left, top = at(canvas, 0, 0).x(), at(canvas, 0, 0).y()

    np.testing.assert_array_equal(grabbed[top + 50 : top + 80, left + 100 : left + 130], photo.pixels[50:80, 100:130])
    transparent = grabbed[top + 50 : top + 80, left + 400 : left + 430]
    assert set(np.unique(transparent)) <= {150, 200}


def test_trust_speaks_plainly(qtbot):
    readout = TrustReadout()
    qtbot.addWidget(readout)
    assert readout.isHidden()
    sentences = []
    for share in (GOOD, FAIR, 0.2):
        readout.set_trust({1: share, 2: 0.99}, None)
        sentences.append(readout.sentence.removeprefix("Face 1: "))

    assert len(set(sentences)) == 3
    assert "teeth" in sentences[2]
    readout.set_trust({1: 0.2, 2: 0.99}, 2)
    assert readout.sentence == sentences[0]


def test_trust_tells_whose_teeth_are_seen(qtbot):
    readout = TrustReadout()
    qtbot.addWidget(readout)
    readout.set_trust({1: 0.9}, None, opened="built_in")
    built_in = readout.sentence
    readout.set_trust({1: 0.9}, None, opened="photo")

    assert "not this person's own" in built_in
    assert "other photo" in readout.sentence


def test_trust_tells_that_the_dark_below_teeth_is_drawn(qtbot):
    readout = TrustReadout()
    qtbot.addWidget(readout)
    readout.set_trust({1: 0.1}, None, part="mouth", shows_gap=True)
    drawn = readout.sentence
    readout.set_trust({1: 0.1}, None, part="eyes", shows_gap=True)

    assert "below the teeth is drawn" in drawn
    assert "eyes" in readout.sentence
