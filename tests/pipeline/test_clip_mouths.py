"""Mouths that open in clips: as in the still at a photo's key, and steadily between."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.geometry import Rect
from fvae_studio.core.levels import reduce_photo
from fvae_studio.core.mouth_choice import BUILT_IN, CLOSED
from fvae_studio.core.progress import NoProgress
from fvae_studio.core.timeline import Moment, PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.core.types import Photo
from fvae_studio.pipeline.requests import ClipSource, MomentRequest, RenderRequest, clip_note
from tests.helpers.fake_faces import make_photo
from tests.helpers.mouths import SEAM, OpeningEngine, face_with_mouth

PAIR = Timeline((PhotoKey(0, 0), PhotoKey(1, 1)))
OPEN = EditState(None, (FaceEdit(None, (("smile", 1.0),), BUILT_IN),))
TEETH = EditState().with_mouth(BUILT_IN)
SLIDE = Timeline((PhotoKey(0, 0),), (SliderTrack("smile", (SliderKey(0, 0.0, "linear"), SliderKey(1, 1.0))),), fps=20)


@pytest.fixture
def photo() -> Photo:
    return make_photo()


@pytest.fixture
def engine() -> OpeningEngine:
    return OpeningEngine(face_with_mouth((300, 240), crop_px=400))


def at(engine, sources, moment, *, mode="photo", quality="full_res", level=0) -> np.ndarray:
    """The whole picture, or the square."""
    asked = MomentRequest(tuple(sources), moment, mode, quality, level, 1)
    rendered = engine.render_moment(asked, NoProgress())
    if rendered.square is not None:
        return rendered.square
    pixels = sources[0].photo.pixels.copy()
    for patch in rendered.patches:
        pixels[patch.roi.slices] = patch.pixels
    return pixels


def mouth_of(engine, photo, pixels: np.ndarray) -> np.ndarray:
    """The part around the gap, whole numbers with a sign."""
    to_crop = engine.crop(photo, engine.detect(photo)[0]).photo_to_crop
    corners = to_crop.inverse.apply(np.array([[52.0, SEAM - 4], [75.0, SEAM + 4]], np.float32))
    return pixels[Rect.around(corners).slices].astype(int)


def test_key_of_the_first_photo_shows_its_teeth_bit_by_bit(engine, photo):
    sources = [ClipSource(photo, edit=OPEN), ClipSource(make_photo(seed=2))]
    still = engine.render(photo, OPEN)

    assert still.mouths == {1: BUILT_IN}
    np.testing.assert_array_equal(at(engine, sources, PAIR.at(0)), still.photo.pixels)


def test_track_opens_the_mouth_as_the_slider_does(engine, photo):
    frames = list(engine.clip([ClipSource(photo, edit=TEETH)], replace(SLIDE, fps=2)))
    for share, frame in zip((0.0, 0.5, 1.0), frames, strict=True):
        state = TEETH.with_strength("smile", share)
        np.testing.assert_array_equal(frame.pixels, engine.render(photo, state).photo.pixels)


def test_small_pictures_for_a_video_show_what_the_still_shows_at_that_size(engine, photo):
    (*_, shown) = engine.clip([ClipSource(photo, edit=TEETH)], SLIDE, longer_side=320)
    still, closed = (preview(engine, photo, edit) for edit in (OPEN, OPEN.with_mouth(CLOSED)))

    assert np.abs(shown.pixels.astype(int) - still).max() < 10
    assert np.abs(still.astype(int) - closed).max() > 50


def preview(engine, photo, edit) -> np.ndarray:
    pixels = reduce_photo(photo, 1).pixels.copy()
    for patch in engine.render_patches(RenderRequest(photo, edit, "preview", 1, 1), NoProgress()).patches:
        pixels[patch.roi.slices] = patch.pixels
    return pixels


@pytest.mark.parametrize("mode", ["photo", "face"])
def test_mouth_opens_without_a_pop(engine, photo, mode):
    frames = list(engine.clip([ClipSource(photo, edit=TEETH)], replace(SLIDE, mode=mode), longer_side=320))
    steps = [np.abs(a.pixels.astype(int) - b.pixels).mean() for a, b in pairwise(frames)]

    assert max(steps) < 3 * np.mean(steps)


def test_teeth_stay_when_the_clip_leaves_the_key(engine, photo):
    sources = [ClipSource(photo, edit=OPEN), ClipSource(make_photo(seed=2))]
    there, soon = (mouth_of(engine, photo, at(engine, sources, PAIR.at(time_s))) for time_s in (0, 0.02))
    closed = mouth_of(engine, photo, engine.render(photo, OPEN.with_mouth(CLOSED)).photo.pixels)

    assert np.abs(there - soon).mean() < 0.2 * np.abs(there - closed).mean()


def test_closed_lips_of_another_photo_do_not_veil_the_teeth(engine, photo):
    """At the expression of the first key, most of the blend the other photo's: in the gap, only the first is seen."""
    sources = [ClipSource(photo, edit=OPEN), ClipSource(make_photo(seed=2))]
    there, blended = (
        mouth_of(engine, photo, at(engine, sources, Moment((1.0, 0.0), blend))) for blend in ((1.0, 0.0), (0.45, 0.55))
    )
    middle = np.s_[there.shape[0] // 2 - 3 : there.shape[0] // 2 + 3, 20:-20]

    assert np.abs(there[middle] - blended[middle]).mean() < 3
    assert np.abs(there - blended).mean() > 5


def test_second_photos_own_teeth_are_seen_at_its_key(engine, photo):
    other = make_photo(seed=2)
    shown = [
        mouth_of(engine, photo, at(engine, [ClipSource(photo), ClipSource(other, edit=edit)], PAIR.at(1)))
        for edit in (OPEN, OPEN.with_mouth(CLOSED))
    ]

    assert np.abs(shown[0] - shown[1]).mean() > 10
    middle = shown[0][shown[0].shape[0] // 2, shown[0].shape[1] // 2]
    # Teeth have hardly any colour.
    assert np.ptp(middle) < 60


def test_flows_tell_the_parted_lips(engine, photo):
    sources = (ClipSource(photo, edit=OPEN), ClipSource(make_photo(seed=2)))
    rendered = engine.render_moment(MomentRequest(sources, PAIR.at(0.2), "photo", "preview", 1, 1), NoProgress())

    assert rendered.flows[0].mouth == BUILT_IN
    assert rendered.flows[0].lips is not None
    assert rendered.flows[1].lips is None


@pytest.mark.parametrize("time_s", [0.2, 0.6])
def test_overlays_tell_the_very_flow_that_parts_the_lips(engine, photo, time_s):
    sources = (ClipSource(photo, edit=OPEN), ClipSource(make_photo(seed=2)))
    rendered = engine.render_moment(MomentRequest(sources, PAIR.at(time_s), "photo", "preview", 1, 1), NoProgress())
    told, lips = rendered.flows[0].field.flow, rendered.flows[0].lips
    assert lips is not None
    row, columns = round(SEAM), np.s_[56:72]

    np.testing.assert_allclose(told[row, columns], lips.flow[row, columns], atol=0.05)


def test_mouth_that_is_open_in_its_photo_is_left_alone(photo):
    pictures = [
        at(
            OpeningEngine(face_with_mouth((300, 240), crop_px=400, gap=4)),
            [ClipSource(photo, edit=edit), ClipSource(make_photo(seed=2))],
            PAIR.at(0.4),
        )
        for edit in (OPEN, OPEN.with_mouth(CLOSED))
    ]

    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize("time_s", [0.0, 0.5, 1.0])
def test_other_faces_of_the_first_photo_are_seen_as_they_are_edited(photo, time_s):
    engine = OpeningEngine(face_with_mouth((150, 240), crop_px=260), face_with_mouth((480, 240), crop_px=260))
    edit = EditState(None, (FaceEdit(1, (("smile", 0.4),)), FaceEdit(2, (("smile", 1.0),), BUILT_IN)))
    sources = [ClipSource(photo, face=1, edit=edit), ClipSource(make_photo(seed=2), face=1)]
    still = engine.render(photo, edit).photo.pixels
    shown = at(engine, sources, PAIR.at(time_s))

    np.testing.assert_array_equal(shown[:, 320:], still[:, 320:])
    assert (still[:, 320:] != photo.pixels[:, 320:]).any()
    frames = list(engine.clip(sources, PAIR))
    np.testing.assert_array_equal(frames[round(time_s * PAIR.fps)].pixels, shown)


def test_other_faces_edits_of_another_photo_do_not_matter(photo):
    engine = OpeningEngine(face_with_mouth((150, 240), crop_px=260), face_with_mouth((480, 240), crop_px=260))
    other, edit = make_photo(seed=2), EditState(None, (FaceEdit(2, (("smile", 1.0),)),))
    pictures = [
        at(engine, [ClipSource(photo, face=1), ClipSource(other, face=1, edit=one)], PAIR.at(0.5))
        for one in (EditState(), edit)
    ]

    np.testing.assert_array_equal(*pictures)


def test_what_is_seen_in_mouths_is_told_of_every_photo_that_takes_part(photo):
    group = EditState(None, (FaceEdit(1, (("smile", 0.4),)), FaceEdit(2, (("smile", 1.0),), BUILT_IN)))

    assert clip_note([ClipSource(photo, face=1, edit=group)]).mouths == (BUILT_IN,)
    assert clip_note([ClipSource(photo, face=1), ClipSource(photo, face=1, edit=group)]).mouths == ()
    assert clip_note([ClipSource(photo, face=1), ClipSource(photo, face=2, edit=group)]).mouths == (BUILT_IN,)
