"""Painted lashes turn down with the lid that closes."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.lashes import HANGING, TURNING, length_seen
from fvae_studio.core.shown_face import warp_shown
from fvae_studio.core.types import FlowField, Photo, WarpedFace
from tests.helpers.eyes import FALL, HALF_WIDTH, MIDDLES, RISE, ROW, closing_flow, eyes

SCALE = 8
TO_CROP = SimilarityTransform.resize(128 * SCALE, 128)
SKIN, LASH = 180, 60
LENGTH = 2.5
"""Of the painted lashes, crop pixels."""

GAP = 1.5
"""From lash to lash."""


def painted(*, with_lashes: bool = True, dtype: type = np.uint8) -> Photo:
    """Grey skin, darker eyes, and lashes that stand on the upper lids like the teeth of a comb."""
    side = 128 * SCALE
    y, x = ((np.arange(side) + 0.5) / SCALE - 0.5 for _ in range(2))
    pixels = np.full((side, side), SKIN, np.uint8)
    for middle in MIDDLES.values():
        arch = np.maximum(1 - ((x - middle) / HALF_WIDTH) ** 2, 0)[None]
        lid = ROW - RISE * arch
        if with_lashes:
            is_lash = (np.abs((x - middle + GAP / 2) % GAP - GAP / 2) < 0.2)[None] & (arch > 0.2)
            pixels[is_lash & (y[:, None] < lid + 0.3) & (y[:, None] > lid - LENGTH)] = LASH
        pixels[(y[:, None] > lid) & (y[:, None] < ROW + FALL * arch)] = 120
    rgb = np.repeat(pixels[..., None], 3, axis=2)
    return Photo(rgb if dtype is np.uint8 else rgb.astype(np.uint16) * 257)


def shown(amount: float, photo: Photo) -> WarpedFace:
    return warp_shown(photo, FlowField(closing_flow(amount), np.ones((128, 128), np.float32)), TO_CROP, eyes())


def comb(face: WarpedFace, above: float) -> float:
    """How much light lashes take, `above` crop pixels above where closed lids meet, in the middle of an eye."""
    lid = ROW + FALL - 0.2 * (RISE + FALL)
    row = round((lid - above + 0.5) * SCALE) - face.roi.y
    middle = round((MIDDLES["R"] + 0.5) * SCALE) - face.roi.x
    line = face.pixels[row, middle - 3 * SCALE : middle + 3 * SCALE, 0].astype(float)
    return float(np.percentile(line, 95) - np.percentile(line, 5)) / (65535 if face.pixels.dtype == np.uint16 else 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lashes_of_a_closed_eye_hang(dtype):
    face = shown(1.0, painted(dtype=dtype))

    assert comb(face, above=-1.2) > 0.25
    assert comb(face, above=1.2) < 0.05


def test_lashes_of_an_open_eye_stand():
    face = shown(0.3, painted())
    column = round((MIDDLES["R"] + 0.5) * SCALE) - face.roi.x
    rows = slice(round((ROW - RISE) * SCALE) - face.roi.y, round((ROW + 4) * SCALE) - face.roi.y)

    # One stands on the lid, and nothing as dark is seen below it.
    dark = np.flatnonzero(face.pixels[rows, column, 0] < 100)
    assert len(dark) > SCALE
    assert dark.max() - dark.min() < (LENGTH + 2) * SCALE


def test_a_lid_without_lashes_is_left_alone():
    photo, bare = painted(), painted(with_lashes=False)

    face, other = shown(1.0, bare), shown(1.0, photo)

    # Skin stays what it was, and where there are lashes, what is under them becomes as light as the skin beside them.
    lid_row = round((ROW + 0.5) * SCALE) - face.roi.y
    middle = round((MIDDLES["R"] + 0.5) * SCALE) - face.roi.x
    np.testing.assert_allclose(face.pixels[lid_row, middle - 20 : middle + 20], SKIN, atol=1)
    np.testing.assert_allclose(other.pixels[lid_row, middle - 20 : middle + 20], SKIN, atol=12)


def test_white_of_the_eye_that_landmarks_leave_to_the_lid_becomes_skin():
    pixels = painted(with_lashes=False).pixels.copy()
    axis = (np.arange(128 * SCALE) + 0.5) / SCALE - 0.5
    for middle in MIDDLES.values():
        lid = ROW - RISE * np.maximum(1 - ((axis - middle) / HALF_WIDTH) ** 2, 0)[None]
        pixels[(axis[:, None] > lid - 1.3) & (axis[:, None] < lid) & (np.abs(axis - middle) < HALF_WIDTH)] = (
            160,
            200,
            240,
        )

    face = shown(1.0, Photo(pixels))

    lid = ROW + FALL - 0.2 * (RISE + FALL)
    rows = slice(round((lid - 1.5 + 0.5) * SCALE) - face.roi.y, round((lid - 0.2 + 0.5) * SCALE) - face.roi.y)
    middle = round((MIDDLES["R"] + 0.5) * SCALE) - face.roi.x
    strip = face.pixels[rows, middle - 20 : middle + 20].astype(float)
    assert np.ptp(strip, axis=2).max() < 30
    assert np.ptp(strip, axis=2).mean() < 8


def with_shade(dark: int, height: float, *, grain: float = 0.0) -> Photo:
    """Eyes without lashes, whose upper lids are dark along the rim."""
    pixels = painted(with_lashes=False).pixels.astype(float)
    pixels += grain * np.random.default_rng(0).standard_normal(pixels.shape[:2])[..., None] * (pixels == SKIN)
    axis = (np.arange(128 * SCALE) + 0.5) / SCALE - 0.5
    for middle in MIDDLES.values():
        lid = ROW - RISE * np.maximum(1 - ((axis - middle) / HALF_WIDTH) ** 2, 0)[None]
        beside = np.abs(axis - middle) < HALF_WIDTH
        pixels[(axis[:, None] > lid - height) & (axis[:, None] < lid) & beside] = dark
    return Photo(np.clip(np.round(pixels), 0, 255).astype(np.uint8))


def dark_rows(face: WarpedFace, x: float) -> int:
    """How many pixels below each other are dark in a column around an eye, x in crop pixels."""
    column = round((x + 0.5) * SCALE) - face.roi.x
    rows = slice(round((ROW - 4) * SCALE) - face.roi.y, round((ROW + 6) * SCALE) - face.roi.y)
    return int((face.pixels[rows, column, 0] < 100).sum())


def test_the_line_of_closed_lids_runs_out_towards_the_corners():
    face = shown(1.0, with_shade(60, 2.0))

    middle = dark_rows(face, MIDDLES["R"])
    assert middle > 0.5 * SCALE
    for beside in (-0.85 * HALF_WIDTH, 0.85 * HALF_WIDTH):
        assert dark_rows(face, MIDDLES["R"] + beside) < 0.6 * middle


def test_a_lid_keeps_the_grain_of_its_skin_where_shade_was():
    face = shown(1.0, with_shade(110, 2.5, grain=4.0))

    lid = ROW + FALL - 0.2 * (RISE + FALL)
    rows = slice(round((lid - 1.5 + 0.5) * SCALE) - face.roi.y, round((lid - 0.4 + 0.5) * SCALE) - face.roi.y)
    middle = round((MIDDLES["R"] + 0.5) * SCALE) - face.roi.x
    strip = face.pixels[rows, middle - 20 : middle + 20, 0].astype(float)
    assert strip.mean() > 130
    assert 1.0 < np.diff(strip, axis=1).std() / np.sqrt(2) < 4.5


def test_lashes_shorten_before_they_hang():
    closed = np.linspace(0, 1, 101)
    lengths = np.array([length_seen(share) for share in closed])

    assert (lengths[closed <= TURNING[0]] == 1).all()
    assert (np.diff(lengths) <= 0).all()
    assert lengths[-1] == pytest.approx(-HANGING)
    assert np.abs(np.diff(lengths)).max() < 0.1
