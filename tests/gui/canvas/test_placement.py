"""Zoom and pan: what is under the cursor stays there, and the photo cannot get lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, QSizeF

from fvae_studio.gui.canvas.placement import LARGEST_ZOOM, Placement

PHOTO, VIEW = QSizeF(6000, 4000), QSizeF(1200, 900)
spots = st.tuples(st.floats(1, 1199), st.floats(1, 899))


def test_fitted_photo_is_whole_and_in_the_middle():
    placement = Placement.fitted(PHOTO, VIEW)

    assert placement.visible == QRectF(0, 0, 6000, 4000)
    assert placement.to_view(3000, 2000) == QPointF(600, 450)


def test_small_photo_is_not_enlarged():
    assert Placement.fitted(QSizeF(300, 200), VIEW).zoom == 1


@given(spots, st.floats(0.02, LARGEST_ZOOM))
def test_what_is_under_the_cursor_stays_there(spot, zoom):
    placement = Placement.fitted(PHOTO, VIEW)
    anchor = QPointF(*spot)
    before = placement.to_photo(anchor)
    if not QRectF(0, 0, 6000, 4000).contains(before):
        return
    zoomed = placement.zoomed(zoom, anchor)
    after = zoomed.to_photo(anchor)

    if zoomed.zoom >= placement.zoom:
        assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=1e-6)


@given(spots)
def test_positions_go_there_and_back(spot):
    placement = Placement.fitted(PHOTO, VIEW).zoomed(1.7, QPointF(200, 300)).moved(31, -77)
    point = QPointF(*spot)
    photo = placement.to_photo(point)
    back = placement.to_view(photo.x(), photo.y())

    assert (back.x(), back.y()) == pytest.approx(spot, abs=1e-6)


@given(st.lists(st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)), max_size=5), st.floats(0.001, 1000))
def test_middle_of_the_view_stays_on_the_photo(steps, zoom):
    placement = Placement.fitted(PHOTO, VIEW).zoomed(zoom, QPointF(3, 3))
    for dx, dy in steps:
        placement = placement.moved(dx, dy)

    assert 0 <= placement.x <= 6000
    assert 0 <= placement.y <= 4000
    assert placement.smallest_zoom <= placement.zoom <= LARGEST_ZOOM


@pytest.mark.parametrize(
    ("zoom", "ratio", "level"), [(1, 1, 0), (4, 1, 0), (0.5, 1, 1), (0.5, 2, 0), (0.2, 1, 2), (0.25, 1, 2)]
)
def test_level_has_a_pixel_for_every_pixel_of_the_screen(zoom, ratio, level):
    placement = Placement(PHOTO, VIEW, zoom, 0, 0)

    assert placement.level(ratio) == level
    assert 2**level * zoom * ratio <= max(1, zoom * ratio) + 1e-6


def test_part_of_the_photo_fills_its_share():
    placement = Placement.fitted(PHOTO, VIEW).around(QRectF(1000, 1000, 600, 600), share=0.5)

    shown = placement.rect_to_view(QRectF(1000, 1000, 600, 600))
    assert shown.height() == pytest.approx(450)
    assert (shown.center().x(), shown.center().y()) == pytest.approx((600, 450))
