"""Painted eyes that are closed, and opened wider, at the photo's resolution."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.eye_composite import draw_eyes, eyes_window, join_eyes
from fvae_studio.core.eye_layers import layer_eyes
from fvae_studio.core.flow_export import picture_flow
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.shown_face import warp_shown
from fvae_studio.core.types import FlowField, Photo, WarpedFace
from fvae_studio.core.warp import FaceWarp, warp_faces
from tests.helpers.eyes import FALL, HALF_WIDTH, MIDDLES, RISE, ROW, closing_flow, eyes

SCALE = 6
TO_CROP = SimilarityTransform.resize(128 * SCALE, 128)
EYE = (200, 30, 30)
SKIN_ABOVE, SKIN_BELOW = (60, 160, 60), (60, 60, 160)


def painted(dtype: type = np.uint8) -> Photo:
    """Red eyes with a white bar across, green skin above them, blue skin below."""
    side = 128 * SCALE
    y, x = ((np.arange(side) + 0.5) / SCALE - 0.5 for _ in range(2))
    pixels = np.where((y > ROW)[:, None, None], np.array(SKIN_BELOW), np.array(SKIN_ABOVE)) + np.zeros((side, side, 3))
    for middle in MIDDLES.values():
        arch = np.maximum(1 - ((x - middle) / HALF_WIDTH) ** 2, 0)[None]
        inside = (y[:, None] > ROW - RISE * arch) & (y[:, None] < ROW + FALL * arch)
        pixels[inside] = EYE
        pixels[inside & (np.abs(y - ROW) < 0.5)[:, None]] = 250
    pixels = pixels.astype(np.uint8)
    return Photo(pixels if dtype is np.uint8 else pixels.astype(np.uint16) * 257)


def field(amount: float) -> FlowField:
    return FlowField(closing_flow(amount), np.ones((128, 128), np.float32))


def shown(amount: float, photo: Photo | None = None) -> WarpedFace:
    return warp_shown(photo or painted(), field(amount), TO_CROP, eyes())


def redness(pixels: np.ndarray) -> np.ndarray:
    """How much redder than skin a pixel is."""
    return pixels[..., 0].astype(int) - np.maximum(pixels[..., 1], pixels[..., 2])


@pytest.mark.parametrize("amount", [0.7, 1.0])
def test_nothing_of_a_closed_eye_is_seen(amount):
    face = shown(amount)
    (flow_alone,) = warp_faces(painted(), [(field(amount), TO_CROP)])

    assert redness(flow_alone.pixels).max() > 60 or amount == 1.0
    assert redness(face.pixels).max() < 20


def test_eye_behind_half_closed_lids_is_where_it_was():
    photo, face = painted(), shown(0.35)
    column = round((MIDDLES["R"] + 0.5) * SCALE)
    before = photo.pixels[:, column]
    after = face.pixels[:, column - face.roi.x]
    bar = np.flatnonzero(before.min(axis=1) > 200)

    # The white bar in the middle is as high as it was, and in its place.
    np.testing.assert_allclose(after[bar - face.roi.y].min(axis=1), 250, atol=25)
    assert (after.min(axis=1) > 200).sum() == len(bar)


def test_pixels_away_from_the_eyes_are_those_of_the_flow_alone():
    photo, flow = painted(), field(0.8)
    (before,) = warp_faces(photo, [(flow, TO_CROP)])
    lids = layer_eyes(flow.flow, eyes())
    assert lids is not None
    after = draw_eyes(FaceWarp(photo, [(flow, TO_CROP)]), before, lids)
    window = eyes_window(lids, TO_CROP, before.roi)
    inside = Rect(window.x - before.roi.x, window.y - before.roi.y, window.width, window.height).slices
    outside = np.ones(before.moved.shape, np.bool_)
    outside[inside] = False

    assert not outside.all()
    np.testing.assert_array_equal(after.pixels[outside], before.pixels[outside])
    np.testing.assert_array_equal(after.moved[outside], before.moved[outside])
    assert (after.pixels != before.pixels).any()


def test_sixteen_bits_look_like_eight():
    narrow, wide = shown(0.6), shown(0.6, painted(np.uint16))

    assert wide.pixels.dtype == np.uint16
    assert np.abs(narrow.pixels - wide.pixels / 257).max() < 2.0


def test_layers_of_the_warped_picture_itself_change_nothing():
    photo, flow = painted(), field(0.3)
    (face,) = warp_faces(photo, [(flow, TO_CROP)])
    lids = layer_eyes(flow.flow, eyes())
    assert lids is not None
    window = eyes_window(lids, TO_CROP, face.roi)
    part = face.pixels[Rect(window.x - face.roi.x, window.y - face.roi.y, window.width, window.height).slices]

    np.testing.assert_array_equal(join_eyes(part, dict.fromkeys(lids.flows, part), lids, window, TO_CROP), part)


def test_a_face_that_moves_nothing_is_left():
    face = shown(0.0)

    assert face.roi.is_empty


@pytest.mark.parametrize("amount", [0.35, 0.8])
def test_exported_flow_shows_the_same_picture(amount):
    photo, flow = painted(), field(amount)
    lids = layer_eyes(flow.flow, eyes())
    face = shown(amount)
    read = []
    for given in ([], [lids]):
        dense = picture_flow([(flow, TO_CROP)], photo.bounds, eyes=given)
        places = dense + np.stack(np.meshgrid(*(np.arange(photo.width, dtype=np.float32),) * 2), axis=-1)
        picture = cv2.remap(photo.pixels, places.astype(np.float32), None, cv2.INTER_LINEAR)
        read.append(np.abs(picture[face.roi.slices].astype(int) - face.pixels).max(axis=2) > 60)

    # Where layers meet, a still has a soft edge and a flow a jump.
    assert read[1].sum() < 0.2 * read[0].sum()


def with_pupils() -> Photo:
    """White eyes with a black disc in the middle of each."""
    photo = painted()
    pixels = photo.pixels.copy()
    pixels[redness(pixels) > 60] = 230
    pixels[pixels.min(axis=2) > 240] = 230
    side = np.arange(len(pixels))
    y, x = (side + 0.5) / SCALE - 0.5, (side + 0.5) / SCALE - 0.5
    for middle in MIDDLES.values():
        pixels[np.hypot(y[:, None] - ROW, x[None] - middle) < 1.4] = 0
    return Photo(pixels)


def black_height(face: WarpedFace) -> float:
    column = face.pixels[:, round((MIDDLES["R"] + 0.5) * SCALE) - face.roi.x]
    return float((column.max(axis=1) < 60).sum()) / SCALE


def test_pupils_of_wide_eyes_stay_round():
    photo, flow = with_pupils(), field(-0.4)
    (alone,) = warp_faces(photo, [(flow, TO_CROP)])
    face = shown(-0.4, photo)

    assert black_height(alone) > 1.25 * 2.8
    assert black_height(face) == pytest.approx(2.8, abs=0.35)


def test_white_of_wide_eyes_reaches_up_to_the_lid():
    photo, face = with_pupils(), shown(-0.4, with_pupils())
    (alone,) = warp_faces(photo, [(field(-0.4), TO_CROP)])
    column = round((MIDDLES["R"] + 3.0) * SCALE)
    height = [(each.pixels[:, column - each.roi.x].min(axis=1) > 180).sum() for each in (alone, face)]

    assert height[1] == pytest.approx(height[0], abs=0.12 * height[0])


def test_reflection_that_lay_in_the_lids_shade_stays():
    pixels = with_pupils().pixels.copy()
    x, y = round((MIDDLES["R"] + 0.5) * SCALE), round((ROW - 1.6 + 0.5) * SCALE)
    pixels[y - 3 : y + 3, x - 3 : x + 3] = 255
    pixels[y - 12 : y - 3, x - 20 : x + 20] = 40
    photo = Photo(pixels)
    face = shown(-0.4, photo)
    place = face.pixels[y - 3 - face.roi.y : y + 3 - face.roi.y, x - 3 - face.roi.x : x + 3 - face.roi.x]

    assert place.max() > 200
