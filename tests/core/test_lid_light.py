"""A painted fold above an open eye gives way to skin when the eye closes."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.shown_face import warp_shown
from fvae_studio.core.types import FlowField, Photo
from tests.helpers.eyes import FALL, HALF_WIDTH, MIDDLES, RISE, ROW, closing_flow, eyes

SCALE = 6
TO_CROP = SimilarityTransform.resize(128 * SCALE, 128)
SKIN = np.array((210.0, 160.0, 130.0))
SHADE = SKIN * (0.5, 0.42, 0.35)
"""Of the fold above the eye; shade on skin is redder than skin."""

PAINT = np.array((90.0, 80.0, 150.0))
LID_ROW = ROW + FALL - 0.2 * (RISE + FALL)
"""Where the lids of a closed eye meet, in its middle."""


def painted(fold: np.ndarray, *, under: np.ndarray = SKIN) -> Photo:
    """Skin, with a band of another colour above the eyes, and under them."""
    side = 128 * SCALE
    y, x = ((np.arange(side) + 0.5) / SCALE - 0.5 for _ in range(2))
    pixels = np.zeros((side, side, 3)) + SKIN
    pixels[y > ROW + FALL + 1] = under
    for middle in MIDDLES.values():
        arch = np.maximum(1 - ((x - middle) / HALF_WIDTH) ** 2, 0)[None]
        lid = ROW - RISE * arch
        pixels[(y[:, None] < lid) & (y[:, None] > lid - 5) & (arch > 0)] = fold
        pixels[(y[:, None] > lid) & (y[:, None] < ROW + FALL * arch)] = 120
    return Photo(np.round(pixels).astype(np.uint8))


def closed(photo: Photo, above: tuple[float, float]) -> np.ndarray:
    """(h, w, 3) between two heights above where lids meet, crop pixels, in the middle of a closed eye; 0 to 255."""
    face = warp_shown(photo, FlowField(closing_flow(1.0), np.ones((128, 128), np.float32)), TO_CROP, eyes())
    rows = slice(*(round((LID_ROW - height + 0.5) * SCALE) - face.roi.y for height in above))
    middle = round((MIDDLES["R"] + 0.5) * SCALE) - face.roi.x
    return face.pixels[rows, middle - 2 * SCALE : middle + 2 * SCALE].astype(float)


def lid(photo: Photo) -> np.ndarray:
    """(3,) mean colour of the lid near its rim."""
    return closed(photo, (4, 2)).mean(axis=(0, 1))


def test_shade_of_the_fold_is_not_spread_over_the_closed_eye():
    colour = lid(painted(SHADE))

    assert colour.mean() > SHADE.mean() + 0.3 * (SKIN.mean() - SHADE.mean())
    assert colour.mean() < SKIN.mean()
    # Its red is shade as well.
    assert colour[0] / colour[2] < 0.5 * (SHADE[0] / SHADE[2] + SKIN[0] / SKIN[2])


def test_lid_as_light_as_the_skin_stays_about_so():
    assert lid(painted(SKIN)) == pytest.approx(SKIN, rel=0.08)


def test_painted_lid_keeps_its_tint():
    colour = lid(painted(PAINT))

    assert colour / colour.mean() == pytest.approx(PAINT / PAINT.mean(), abs=0.06)


def test_what_is_dark_under_the_eye_does_not_darken_the_lid():
    assert lid(painted(SKIN, under=np.array((20.0, 20.0, 20.0)))).mean() > 0.9 * SKIN.mean()


def test_grain_stays():
    photo = painted(SHADE)
    grain = np.random.default_rng(0).normal(0, 6, photo.pixels.shape[:2])
    rough = Photo(np.clip(photo.pixels + grain[..., None], 0, 255).astype(np.uint8))

    assert (closed(rough, (7, 5)) - closed(photo, (7, 5))).std() > 2


def test_lid_passes_into_what_is_dark_beside_the_outer_corner():
    """Lashes stand there, and paint; a lid without them had ended in an upright edge."""
    photo = painted(SKIN)
    x = (np.arange(128 * SCALE) + 0.5) / SCALE - 0.5
    pixels = photo.pixels.copy()
    # The whole of the face beyond the corners is dark.
    pixels[:, np.min([np.abs(x - middle) for middle in MIDDLES.values()], axis=0) > HALF_WIDTH] = 60
    face = warp_shown(Photo(pixels), FlowField(closing_flow(1.0), np.ones((128, 128), np.float32)), TO_CROP, eyes())
    row = round((LID_ROW - 2 + 0.5) * SCALE) - face.roi.y
    first = round((MIDDLES["R"] - HALF_WIDTH - 3 + 0.5) * SCALE) - face.roi.x
    light = face.pixels[row, first : first + 3 * SCALE + round(HALF_WIDTH * SCALE)].mean(axis=-1)

    assert light[0] < 70
    assert light[-1] > 0.9 * SKIN.mean()
    # A step there had taken all of it within one crop pixel.
    assert np.abs(light[SCALE:] - light[:-SCALE]).max() < 0.6 * (light[-1] - light[0])


def test_white_of_the_eye_that_landmarks_leave_to_the_lower_lid_becomes_skin():
    photo = painted(SKIN)
    axis = (np.arange(128 * SCALE) + 0.5) / SCALE - 0.5
    pixels = photo.pixels.copy()
    for middle in MIDDLES.values():
        rim = ROW + FALL * np.maximum(1 - ((axis - middle) / HALF_WIDTH) ** 2, 0)[None]
        below = axis[:, None] - rim
        pixels[(below > 0) & (below < 1.5) & (np.abs(axis - middle) < HALF_WIDTH)] = 240
    rows = closed(Photo(pixels), (-0.3, -2.0))

    assert rows.max(axis=-1).max() < SKIN.max() + 8
