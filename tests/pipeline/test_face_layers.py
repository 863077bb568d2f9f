"""Lids that close in stills, in previews, in clips, and beside another face."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.progress import NoProgress
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import Photo
from fvae_studio.core.warp import warp_faces
from fvae_studio.pipeline.requests import ClipSource, MomentRequest, RenderRequest
from tests.helpers.eyes import closing_flow, face_with_eyes
from tests.helpers.fake_faces import make_photo
from tests.helpers.mouths import OpeningEngine


def closing_engine(*faces) -> OpeningEngine:
    return OpeningEngine(*(faces or (face_with_eyes((300, 240), crop_px=400),)), flow=closing_flow)


def closed(amount: float = 0.8, face: int | None = None) -> EditState:
    return EditState(None, (FaceEdit.of({"close_eyes": amount}, face=face),))


def rendered(engine: OpeningEngine, photo: Photo, state: EditState) -> np.ndarray:
    return engine.render(photo, state).photo.pixels


@pytest.fixture
def photo() -> Photo:
    return make_photo()


def at(engine: OpeningEngine, sources: list[ClipSource], moment: Moment, *, mode: str = "photo") -> np.ndarray:
    """The whole picture, or the square."""
    shown = engine.render_moment(MomentRequest(tuple(sources), moment, mode, "full_res", 0, 1), NoProgress())
    if shown.square is not None:
        return shown.square
    pixels = sources[0].photo.pixels.copy()
    for patch in shown.patches:
        pixels[patch.roi.slices] = patch.pixels
    return pixels


def test_flows_tell_the_eyes_that_close_or_open(photo):
    engine = closing_engine()

    (half,), (wide,), (still,) = (engine.flows(photo, closed(amount)) for amount in (0.5, -0.3, 0.02))

    assert half.eyes is not None
    assert wide.eyes is not None
    assert [eye.side for eye in half.eyes.closing] == ["R", "L"]
    assert [eye.side for eye in wide.eyes.wide] == ["R", "L"]
    assert not half.eyes.wide
    assert not wide.eyes.closing
    assert still.eyes is None


def test_full_resolution_patches_are_what_is_exported(photo):
    engine = closing_engine()
    shown = engine.render_patches(RenderRequest(photo, closed(), "full_res", 0, 1), NoProgress())
    pasted = photo.pixels.copy()
    for patch in shown.patches:
        pasted[patch.roi.slices] = patch.pixels

    np.testing.assert_array_equal(pasted, engine.render(photo, closed()).photo.pixels)


def test_preview_shows_the_same_smaller(photo):
    engine = closing_engine()
    whole = engine.render(photo, closed()).photo.pixels.reshape(240, 2, 320, 2, 3).mean(axis=(1, 3))
    shown = engine.render_patches(RenderRequest(photo, closed(), "preview", 1, 1), NoProgress())
    reduced = photo.pixels.reshape(240, 2, 320, 2, 3).mean(axis=(1, 3))
    for patch in shown.patches:
        reduced[patch.roi.slices] = patch.pixels

    assert np.abs(whole - reduced).mean() < 0.5


def test_faces_cheek_to_cheek_agree_where_they_meet(photo):
    engine = closing_engine(face_with_eyes((240, 240), crop_px=260), face_with_eyes((300, 240), crop_px=260))
    left, right = engine.render_patches(RenderRequest(photo, closed(), "full_res", 0, 1), NoProgress()).patches
    shared = left.roi.intersect(right.roi)

    assert not shared.is_empty
    cut = [
        patch.pixels[shared.y - patch.roi.y :, shared.x - patch.roi.x :][: shared.height, : shared.width]
        for patch in (left, right)
    ]
    np.testing.assert_array_equal(*cut)


def test_tilted_face_closes_its_eyes_as_an_upright_one(photo):
    shares = []
    for angle in (0.0, 0.5):
        engine = closing_engine(face_with_eyes((300, 240), crop_px=300, angle=angle))
        (flow,) = engine.flows(photo, closed(0.4))
        assert flow.eyes is not None
        shares.append([eye.closed for eye in flow.eyes.closing])

    np.testing.assert_allclose(shares[0], shares[1], atol=0.02)


def test_key_of_a_clip_is_the_still_bit_by_bit(photo):
    engine = closing_engine()
    sources = [ClipSource(photo, edit=closed()), ClipSource(make_photo(seed=2))]

    shown = at(engine, sources, Moment((1.0, 0.0), (1.0, 0.0)))

    np.testing.assert_array_equal(shown, engine.render(photo, closed()).photo.pixels)


def test_in_betweens_close_eyes_in_layers_too(photo):
    engine = closing_engine()
    sources = [ClipSource(photo, edit=closed(0.65)), ClipSource(photo)]
    moment = Moment((1.0, 0.0), (0.999, 0.001))
    still = engine.render(photo, closed(0.65)).photo.pixels.astype(int)
    (flow,) = engine.flows(photo, closed(0.65))
    (alone,) = warp_faces(photo, [(flow.field, flow.photo_to_crop)])
    without = photo.pixels.astype(int)
    without[alone.roi.slices] = alone.pixels
    shown = at(engine, sources, moment).astype(int)

    # What lids add is seen in the moment beside the key.
    added = np.abs(still - without).max(axis=2) > 6
    assert added.sum() > 50
    assert np.abs(shown - still)[added].mean() < 0.25 * np.abs(without - still)[added].mean()


@pytest.mark.parametrize("end", [1.0, -0.4])
@pytest.mark.parametrize("mode", ["photo", "face"])
def test_eyes_move_without_a_pop(photo, mode, end):
    engine = closing_engine()
    steps = np.linspace(0, end, 41)
    shown = [at(engine, [ClipSource(photo, edit=closed(step))], Moment((1.0,), (1.0,)), mode=mode) for step in steps]
    jumps = [np.abs(after.astype(int) - before).mean() for before, after in pairwise(shown)]

    assert max(jumps) < 6 * np.mean(jumps)
