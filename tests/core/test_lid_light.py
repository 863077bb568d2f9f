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
