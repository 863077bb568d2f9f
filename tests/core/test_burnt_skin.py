"""Skin that is burnt out in one photo gets its colour from another one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.burnt_skin import fit_burnt_skin
from fvae_studio.core.face_parts import part_mask
from tests.helpers.eyes import eyes
from tests.helpers.mouths import mouth

SKIN = np.array([190, 150, 125], np.float32)
CHEEK = np.s_[68:74, 38:44]


def _face() -> NDArray[np.float32]:
    """Eyes and a mouth within an oval."""
    turn = np.linspace(0, 2 * np.pi, 478)
    landmarks = np.stack([63.5 + 40 * np.cos(turn), 64 + 50 * np.sin(turn)], axis=1).astype(np.float32)
    for part in (eyes(), mouth()):
        known = part.any(axis=1)
        landmarks[known] = part[known]
    return landmarks


LANDMARKS = _face()


@pytest.fixture
def first() -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return np.clip(SKIN + rng.normal(0, 2, (CROP_SIZE, CROP_SIZE, 3)), 0, 255).astype(np.uint8)


def burnt(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lit half again as much; and that with the light taken back, as well as it can be."""
    crop = np.clip(1.5 * picture.astype(np.float32), 0, 255).astype(np.uint8)
    return crop, (crop / 1.5).astype(np.uint8)


def test_burnt_skin_gets_the_colour_of_the_others(first):
    crop, coloured = burnt(first)
    mended = coloured + 255 * fit_burnt_skin(crop, coloured, first, LANDMARKS)

    assert np.abs(coloured[CHEEK].mean(axis=(0, 1)) - first[CHEEK].mean(axis=(0, 1))).max() > 15
    assert np.abs(mended[CHEEK].mean(axis=(0, 1)) - first[CHEEK].mean(axis=(0, 1))).max() < 2


def test_what_is_not_burnt_out_is_left(first):
    dark = (first * 0.8).astype(np.uint8)
    assert not fit_burnt_skin(dark, dark, first, LANDMARKS).any()

    crop, coloured = burnt(first)
    crop[:64] = 120
    added = fit_burnt_skin(crop, coloured, first, LANDMARKS)
    assert not added[:58].any()
    assert added[CHEEK].any()


def test_teeth_and_whites_of_eyes_stay_white(first):
    crop, coloured = burnt(first)
    added = fit_burnt_skin(crop, coloured, first, LANDMARKS)
    lips = part_mask(LANDMARKS, "mouth", grow_px=0, feather_px=0.5) == 1
    eyes = part_mask(LANDMARKS, "eyes", grow_px=0, feather_px=0.5) == 1

    assert lips.any()
    assert eyes.any()
    assert np.abs(added[lips]).max() < 0.02
    assert np.abs(added[eyes]).max() < 0.02


def test_what_the_other_shows_of_something_else_is_no_colour_of_skin(first):
    crop, coloured = burnt(first)
    hidden = first.copy()
    hidden[60:90, 34:50] = (20, 20, 25)  # hair

    assert np.abs(fit_burnt_skin(crop, coloured, hidden, LANDMARKS)[CHEEK]).max() < 0.2


def test_without_landmarks_nothing_is_known_to_be_skin(first):
    crop, coloured = burnt(first)
    assert not fit_burnt_skin(crop, coloured, first, None).any()
