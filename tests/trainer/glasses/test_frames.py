"""Drawn glasses: they lie where their mask says, before both eyes, and no two pairs are alike."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.worn_glasses import WornGlasses
from trainer.glasses.frames import CANVAS, MIDDLE, UNIT, draw_glasses
from trainer.glasses.photographs import add_clutter, photograph


@pytest.fixture
def face() -> np.ndarray:
    y, x = np.mgrid[:CANVAS, :CANVAS] / CANVAS
    shade = 150 + 40 * np.sin(7 * x + 5 * y)
    return np.stack([shade, 0.8 * shade, 0.7 * shade], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("seed", range(12))
def test_frames_are_painted_where_the_mask_is(face, seed):
    drawn = draw_glasses(face, np.random.default_rng(seed))

    assert drawn.mask.shape == (CANVAS, CANVAS)
    assert 0 <= drawn.mask.min() <= drawn.mask.max() <= 1
    inside = drawn.mask > 0.9
    assert inside.sum() > 60
    changed = np.abs(drawn.pixels.astype(int) - face).sum(axis=2)
    # Wire may have the colour of skin here and there.
    assert (changed[inside] > 10).mean() > 0.5
    rows, columns = np.nonzero(inside)
    assert (columns < MIDDLE[0]).any()
    assert (columns > MIDDLE[0]).any()
    assert abs(rows.mean() - MIDDLE[1]) < 0.5 * UNIT


def test_most_drawn_pairs_are_pairs_of_glasses(face):
    pairs = [draw_glasses(face, np.random.default_rng(seed)).mask for seed in range(40)]

    assert sum(WornGlasses.of(mask) is not None for mask in pairs) > 30


def test_the_same_seed_draws_the_same_pair(face):
    first, second, other = (draw_glasses(face, np.random.default_rng(seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert (first.mask != other.mask).any()


@pytest.mark.parametrize("seed", range(10))
def test_a_photograph_keeps_pixels_and_mask_together(face, seed):
    drawn = draw_glasses(face, np.random.default_rng(seed))

    taken = photograph(drawn, np.random.default_rng(seed))

    assert taken.pixels.shape == face.shape
    assert taken.pixels.dtype == np.uint8
    assert 0.3 < taken.mask.sum() / drawn.mask.sum() < 3


def test_clutter_is_painted_on_some_faces(face):
    changed = [(add_clutter(face, np.random.default_rng(seed)) != face).any() for seed in range(30)]

    assert any(changed)
    assert not all(changed)
