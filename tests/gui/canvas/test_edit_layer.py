"""The edit over the photo: the newest one, without a flash in between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColorSpace

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.levels import reduce_photo
from fvae_studio.core.types import Photo, PhotoMetadata
from fvae_studio.gui.canvas import edit_layer
from fvae_studio.gui.canvas.edit_layer import EditLayer, make_pictures
from fvae_studio.gui.qimage import to_alpha, to_pixels, to_qimage
from tests.gui.canvas.test_tiles import Patient
from tests.gui.fakes import make_rendered, make_request


def smile(strength):
    return EditState(None, (FaceEdit.of({"smile": strength}),))


@pytest.fixture
def background():
    return Patient()


@pytest.fixture
def layer(background):
    return EditLayer(background, lambda _area: None)


def test_preview_is_shown_where_it_arrives(layer, photo, background):
    layer.set_edit(make_rendered(make_request(photo)))

    assert len(layer.pictures(0)) == 2
    assert not background.jobs


def test_large_previews_follow_each_other_without_a_gap(layer, photo, background, monkeypatch):
    monkeypatch.setattr(edit_layer, "AT_ONCE_PIXELS", 0)
    shown = []
    for number in range(1, 6):
        layer.set_edit(make_rendered(make_request(photo, smile(number / 10), revision=number)))
        if number % 2 == 0:
            background.work(1)
        shown.append(layer.pictures(0))
    background.work()

    # What was converted first is shown although newer ones wait, and stays until the next is there.
    assert shown[0] == ()
    assert shown[1] != ()
    assert shown[3] != shown[1]
    _, last = make_pictures(make_rendered(make_request(photo, smile(0.5))), 0)
    np.testing.assert_array_equal(to_pixels(layer.pictures(0)[0].image), to_pixels(last[0].image))
    assert layer.is_settled
    assert background.num_done < 5


def test_undo_of_all_edits_shows_the_photo_at_once(layer, photo, background):
    layer.set_edit(make_rendered(make_request(photo, quality="full_res")))
    layer.set_edit(make_rendered(make_request(photo, EditState())))
    background.work()

    assert layer.pictures(0) == ()


def test_pictures_of_another_photo_go_at_once(layer, photo, monkeypatch):
    layer.set_edit(make_rendered(make_request(photo)))
    monkeypatch.setattr(edit_layer, "AT_ONCE_PIXELS", 0)
    layer.set_edit(make_rendered(make_request(Photo(photo.pixels.copy()))))

    assert layer.pictures(0) == ()


def test_full_resolution_is_made_smaller_for_a_view_from_afar(layer, photo, background):
    edit = make_rendered(make_request(photo, quality="full_res"))
    layer.want(2)
    layer.set_edit(edit)
    background.work()
    assert layer.is_settled
    patch, picture = edit.patches[0], layer.pictures(2)[0]
    side = 4
    x, y = int(picture.rect.x()), int(picture.rect.y())
    whole = photo.pixels.copy()
    whole[patch.roi.slices] = patch.pixels
    wanted = reduce_photo(Photo(whole), 2).pixels
    rows = slice(y // side, y // side + picture.image.height())
    columns = slice(x // side, x // side + picture.image.width())

    assert (x % side, y % side) == (0, 0)
    assert np.abs(to_pixels(picture.image).astype(int) - wanted[rows, columns]).max() <= 1


def test_another_zoom_brings_another_level(layer, photo, background):
    layer.want(2)
    layer.set_edit(make_rendered(make_request(photo, quality="full_res")))
    background.work()
    small = layer.pictures(0)[0].image.width()
    layer.want(0)
    assert layer.pictures(0)[0].image.width() == small
    background.work()

    assert layer.pictures(0)[0].image.width() > 3 * small
    assert layer.pictures(2)[0].image.width() == small


def test_patches_are_never_made_so_small_that_they_vanish(layer, photo, background):
    layer.want(30)
    layer.set_edit(make_rendered(make_request(photo, quality="full_res")))
    background.work()

    assert layer.is_settled
    assert all(min(picture.image.width(), picture.image.height()) >= 3 for picture in layer.pictures(30))


def test_edit_of_a_translucent_photo_stays_translucent(photo):
    alpha = np.tile(np.arange(640, dtype=np.uint16) * 100, (480, 1))
    clear = Photo(photo.pixels.astype(np.uint16) * 257, alpha)
    edit = make_rendered(make_request(clear, level=1))
    level, (picture, _) = make_pictures(edit, 0)
    roi = edit.patches[0].roi
    assert level == 1
    wanted = alpha[0].reshape(320, 2).mean(axis=1)[roi.x : roi.right] / 257

    found = to_alpha(picture.image)
    assert found is not None
    assert np.abs(found[0] - wanted).max() <= 1


def test_edit_has_the_photos_profile(photo):
    icc = bytes(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3).iccProfile())
    wide = Photo(photo.pixels, None, PhotoMetadata(icc=icc))
    edit = make_rendered(make_request(wide))
    picture = make_pictures(edit, 0)[1][0]

    np.testing.assert_array_equal(to_pixels(picture.image), to_pixels(to_qimage(edit.patches[0].pixels, icc)))
    assert (to_pixels(picture.image) != edit.patches[0].pixels).any()


def test_value_under_the_mouse_is_the_edited_one(layer, photo):
    edit = make_rendered(make_request(photo, level=1))
    layer.set_edit(edit)
    roi = edit.patches[0].roi

    assert layer.pixel(2 * roi.x + 1, 2 * roi.y) == tuple(edit.patches[0].pixels[0, 0].tolist())
    assert layer.pixel(0, 0) is None
    layer.set_edit(replace(edit, patches=()))
    assert layer.pixel(2 * roi.x, 2 * roi.y) is None
