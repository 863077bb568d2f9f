"""Edits that open closed mouths, through the engine."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED, MouthChoice
from fvae_studio.core.progress import NoProgress
from fvae_studio.core.types import Photo
from fvae_studio.errors import EditError, PhotoNotFoundError
from fvae_studio.pipeline.requests import RenderRequest
from tests.helpers.fake_faces import make_photo
from tests.helpers.mouths import SEAM, OpeningEngine, face_with_mouth

OPEN = EditState(None, (FaceEdit.of({"smile": 1.0}),))


@pytest.fixture
def photo() -> Photo:
    return make_photo()


def engine(*, gap: float = 0.0) -> OpeningEngine:
    return OpeningEngine(face_with_mouth((300, 240), crop_px=400, gap=gap))


def at_gap(engine: OpeningEngine, photo: Photo, shown: Photo) -> np.ndarray:
    """A tooth of the middle, as it is seen."""
    to_crop = engine.crop(photo, engine.detect(photo)[0]).photo_to_crop
    x, y = to_crop.inverse.apply(np.array([61.0, SEAM - 0.5])).round().astype(int)
    return shown.pixels[y, x]


def test_mouths_stay_closed_by_default(photo):
    plain = engine().render(photo, OPEN)
    said = engine().render(photo, OPEN.with_mouth(CLOSED))

    np.testing.assert_array_equal(plain.photo.pixels, said.photo.pixels)
    assert not plain.mouths


def test_built_in_teeth_are_seen_and_told(photo):
    used = engine()
    closed, opened = (used.render(photo, state) for state in (OPEN, OPEN.with_mouth(BUILT_IN)))

    assert opened.mouths == {1: BUILT_IN}
    tooth = at_gap(used, photo, opened.photo).astype(int)
    assert tooth.min() > 90
    # Whatever colours there are in the photo: teeth have hardly any.
    assert np.ptp(tooth) < 60
    assert (closed.photo.pixels != opened.photo.pixels).any()


def test_choice_without_an_edit_gives_the_very_photo(photo):
    assert engine().render(photo, EditState().with_mouth(BUILT_IN)).photo is photo


def test_edit_that_opens_nothing_is_the_same_with_every_choice(photo):
    state = OPEN.with_strength("smile", -0.5)
    plain, chosen = (engine().render(photo, one) for one in (state, state.with_mouth(BUILT_IN)))

    np.testing.assert_array_equal(plain.photo.pixels, chosen.photo.pixels)
    assert not chosen.mouths


def test_mouth_that_is_open_in_the_photo_keeps_its_own_teeth(photo):
    plain, chosen = (engine(gap=4).render(photo, one) for one in (OPEN, OPEN.with_mouth(BUILT_IN)))

    np.testing.assert_array_equal(plain.photo.pixels, chosen.photo.pixels)


def test_nothing_beyond_the_face_changes(photo):
    result = engine().render(photo, OPEN.with_mouth(BUILT_IN))
    changed = (result.photo.pixels != photo.pixels).any(axis=2)
    for roi in result.rois:
        changed[roi.slices] = False

    assert not changed.any()


def test_rendering_again_gives_the_same_pixels(photo):
    used = engine()
    first = used.render(photo, OPEN.with_mouth(BUILT_IN)).photo.pixels
    used.render(photo, OPEN)

    np.testing.assert_array_equal(used.render(photo, OPEN.with_mouth(BUILT_IN)).photo.pixels, first)
    np.testing.assert_array_equal(engine().render(photo, OPEN.with_mouth(BUILT_IN)).photo.pixels, first)


def test_full_resolution_patches_are_what_is_exported(photo):
    used, state = engine(), OPEN.with_mouth(BUILT_IN)
    whole = used.render(photo, state).photo.pixels
    rendered = used.render_patches(RenderRequest(photo, state, "full_res", 0, 1), NoProgress())
    pasted = photo.pixels.copy()
    for patch in rendered.patches:
        pasted[patch.roi.slices] = patch.pixels

    np.testing.assert_array_equal(pasted, whole)
    assert rendered.flows[0].lips is not None
    assert rendered.flows[0].mouth == BUILT_IN


def test_preview_shows_the_same_smaller(photo):
    used, state = engine(), OPEN.with_mouth(BUILT_IN)
    whole = used.render(photo, state).photo.pixels
    rendered = used.render_patches(RenderRequest(photo, state, "preview", 1, 1), NoProgress())
    reduced = photo.pixels.reshape(240, 2, 320, 2, 3).mean(axis=(1, 3))
    for patch in rendered.patches:
        reduced[patch.roi.slices] = patch.pixels

    assert np.abs(whole.reshape(240, 2, 320, 2, 3).mean(axis=(1, 3)) - reduced).mean() < 0.5


def test_faces_cheek_to_cheek_both_open_and_agree_where_they_meet(photo):
    faces = face_with_mouth((240, 240), crop_px=260), face_with_mouth((330, 240), crop_px=260)
    used, state = OpeningEngine(*faces), OPEN.with_mouth(BUILT_IN)
    result = used.render(photo, state)
    left, right = used.render_patches(RenderRequest(photo, state, "full_res", 0, 1), NoProgress()).patches
    shared = left.roi.intersect(right.roi)

    assert set(result.mouths) == {1, 2}
    assert not shared.is_empty
    cut = [
        patch.pixels[shared.y - patch.roi.y :, shared.x - patch.roi.x :][: shared.height, : shared.width]
        for patch in (left, right)
    ]
    np.testing.assert_array_equal(*cut)


def test_one_face_may_open_while_the_other_stays_closed(photo):
    faces = face_with_mouth((160, 240), crop_px=260), face_with_mouth((480, 240), crop_px=260)
    result = OpeningEngine(*faces).render(photo, OPEN.with_mouth(BUILT_IN).with_mouth(CLOSED, face=2))

    assert set(result.mouths) == {1}


def test_another_photos_mouth_is_seen(photo, tmp_path):
    donor = tmp_path / "laughing.png"
    pixels = np.full_like(photo.pixels, (190, 60, 60))
    # Around the middle of the mouth of the face that the detector finds in every photo.
    used = engine(gap=5)
    to_crop = used.crop(photo, used.detect(photo)[0]).photo_to_crop
    x, y = to_crop.inverse.apply(np.array([63.5, SEAM])).round().astype(int)
    pixels[y - 6 : y + 7, x - 40 : x + 41] = (60, 190, 60)
    Image.fromarray(pixels).save(donor)
    shut, open_ = engine(), engine(gap=5)
    # The photo's mouth is closed, the other one's open.
    shut.open = lambda path: open_.open(path)  # type: ignore[method-assign]
    plain_detect = shut.detect
    shut.detect = lambda one: plain_detect(one) if one is photo else open_.detect(one)  # type: ignore[method-assign]
    choice = MouthChoice("photo", str(donor))
    result = shut.render(photo, OPEN.with_mouth(choice))

    assert result.mouths == {1: choice}
    red, green, _ = at_gap(shut, photo, result.photo).astype(int)
    assert green > red


def test_photo_that_is_gone_is_told(photo):
    with pytest.raises(PhotoNotFoundError, match=r"^The mouth cannot be taken from laughing\.jpg: There is no file"):
        engine().render(photo, OPEN.with_mouth(MouthChoice("photo", "/nowhere/laughing.jpg")))


def test_photo_with_a_closed_mouth_is_told(photo, tmp_path):
    Image.fromarray(photo.pixels).save(tmp_path / "stern.png")
    with pytest.raises(EditError, match=r"taken from stern\.png: .* closed"):
        engine().render(photo, OPEN.with_mouth(MouthChoice("photo", str(tmp_path / "stern.png"))))


def test_photo_of_several_people_lends_no_mouth(photo, tmp_path):
    Image.fromarray(photo.pixels).save(tmp_path / "party.png")
    used = OpeningEngine(
        face_with_mouth((160, 240), crop_px=260, gap=5), face_with_mouth((480, 240), crop_px=260, gap=5)
    )
    with pytest.raises(EditError, match=r"taken from party\.png: It shows 2 faces"):
        used.photo_mouth(str(tmp_path / "party.png"))
